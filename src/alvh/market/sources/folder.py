"""Find, recognise and read every file of a folder of downloads, searched recursively."""

import os
from functools import partial
from pathlib import Path

from alvh.errors import DataError
from alvh.market.chains.store import INDEX
from alvh.market.sources import cfe, cfe_tables, tables
from alvh.market.sources.kept import Kept
from alvh.market.sources.recognise import HEAD, Found, recognise
from alvh.market.sources.records import Gathered, Unread
from alvh.market.sources.series_files import read_series
from alvh.market.sources.walking import walk

_SERIES = {"prices", "value", "fred", "etf", "breadth", "table"}
_QUOTES = {
    "ladder": cfe_tables.read_ladder,
    "panel": cfe_tables.read_panel,
    "curve": cfe_tables.read_curve,
}
_WORKBOOKS = {"shiller_xls": tables.read_shiller_xls, "baker_wurgler": tables.read_baker_wurgler}
_TABLE_NAMES = {
    "shiller_xls": "shiller",
    "shiller_csv": "shiller",
    "baker_wurgler": "baker_wurgler",
}


def survey(folder: Path) -> list[Found]:
    """Recognise every file of a folder from its first bytes.

    Parameters
    ----------
    folder : pathlib.Path
        Searched recursively, links followed; names that start with a dot, and folders of imported
        chains, are passed over.

    Returns
    -------
    list of Found
        In path order; files that no reader is for have kind ``"unknown"``.

    Raises
    ------
    DataError
        If the folder is absent or empty, or a file is not what its name promises.
    """
    return [found for found, _ in _surveyed(folder)]


def _surveyed(folder: Path) -> list[tuple[Found, bytes]]:
    """Recognise every file; return with each its first bytes, `HEAD` of them or all."""
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder; 'bundled' or a folder of downloads was wanted; "
            "check the path"
        )
    heads = [(name, _read(f"{folder}/{name}", HEAD)) for name in _names(folder)]
    if not heads:
        raise DataError(
            f"{folder}: the folder is empty; files with S&P 500 and VIX prices were wanted; "
            "add downloads, or pull them with 'alvh data pull'"
        )
    return [(recognise(name, head), head) for name, head in heads]


def _names(folder: Path) -> list[str]:
    names = []
    for base, inner, files in walk(folder):
        if INDEX in files:  # a folder of imported chains
            inner.clear()
            continue
        relative = os.path.relpath(base, folder)
        for name in files:
            path = name if relative == "." else f"{relative}{os.sep}{name}"
            names.append(path.replace(os.sep, "/"))
    return sorted(names)


def _read(path: str | Path, size: int = -1) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError as fault:
        raise DataError(
            f"{path}: cannot be read ({fault.strerror or fault}); check its permissions"
        ) from fault


def gather(folder: Path) -> Gathered:
    """Read every recognised file of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Searched recursively.

    Returns
    -------
    Gathered
        What the files hold; option chains are listed, not read; the rest is listed as ignored.

    Raises
    ------
    DataError
        For a fault of structure in any recognised file.
    """
    gathered, kept = Gathered(), Kept(folder)
    contracts: list[tuple[Found, bytes]] = []
    for found, head in _surveyed(folder):
        if found.kind == "unknown":
            gathered.ignored.append(Unread(found.path, found.reason))
        elif found.kind == "chain":
            gathered.chains.append(found.path)
        elif found.kind == "contract":
            contracts.append((found, _rest(folder, found, head)))
        else:
            raw = _rest(folder, found, head)
            _merge(gathered, kept.part([(found.path, raw)], partial(_taken, found, raw)))
    files = [(found.path, raw) for found, raw in contracts]
    quotes, unread = kept.part(files, partial(cfe.read_contracts, contracts))
    gathered.quotes += quotes
    gathered.ignored += unread
    kept.save()
    return gathered


def _rest(folder: Path, found: Found, head: bytes) -> bytes:
    return head if len(head) < HEAD else _read(f"{folder}/{found.path}")


def _taken(found: Found, raw: bytes) -> Gathered:
    """Read one file."""
    gathered = Gathered()
    _take(gathered, found, raw)
    return gathered


def _merge(gathered: Gathered, part: Gathered) -> None:
    """Add what one file holds."""
    for name in ("series", "quotes", "settlements", "refused", "ignored"):
        getattr(gathered, name).extend(getattr(part, name))
    for name in ("events", "monthly"):
        for key, found in getattr(part, name).items():
            getattr(gathered, name).setdefault(key, []).extend(found)
    for held in gathered.monthly.values():
        held.sort(key=lambda one: not one[0].lower().endswith((".xls", ".xlsx")))  # originals first


def _take(gathered: Gathered, found: Found, raw: bytes) -> None:
    """Read one file into the right place."""
    if found.kind in _SERIES:
        gathered.series += read_series(found, raw)
    elif found.kind in _QUOTES:
        gathered.quotes.append(_QUOTES[found.kind](found, raw))
    elif found.kind == "final_settlements":
        gathered.settlements.append(cfe_tables.read_final_settlements(found, raw))
    elif found.kind == "events":
        gathered.events.setdefault(found.symbol, []).append(
            (found.path, tables.read_events(found, raw))
        )
    else:
        _take_monthly(gathered, found, raw)


def _take_monthly(gathered: Gathered, found: Found, raw: bytes) -> None:
    if found.kind == "shiller_csv":
        table = tables.read_shiller_csv(found, raw)
    else:
        read = _WORKBOOKS[found.kind](found.path, raw)
        if read is None:
            gathered.ignored.append(Unread(found.path, "a workbook without the known data sheet"))
            return
        table = read
    gathered.monthly.setdefault(_TABLE_NAMES[found.kind], []).append((found.path, table[0]))
    gathered.refused += table[1]


def check_file(path: Path, name: str) -> Found:
    """Recognise and read one file, for its faults only.

    Parameters
    ----------
    path : pathlib.Path
        Where it is.
    name : str
        What it is to be called; recognition goes by this name.

    Returns
    -------
    Found
        What it was recognised as.

    Raises
    ------
    DataError
        For a fault of structure.
    """
    raw = _read(path)
    found = recognise(name, raw[:HEAD])
    if found.kind == "contract":
        cfe.read_contracts([(found, raw)])
    elif found.kind not in ("unknown", "chain"):
        _take(Gathered(), found, raw)
    return found
