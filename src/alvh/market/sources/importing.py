"""Copy the files that the readers know out of a heap of downloads into a tidy folder."""

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from alvh.errors import DataError
from alvh.market.sources.folder import gather, survey
from alvh.market.sources.manifest import Entry, Manifest, digest, sweep, whole_file
from alvh.market.sources.recognise import Found
from alvh.market.sources.records import Unread

_PLACES = {
    "value": "cboe",
    "fred": "fred",
    "ladder": "cfe",
    "panel": "cfe",
    "curve": "cfe",
    "final_settlements": "cfe",
    "etf": "etf",
    "breadth": "breadth",
    "table": "breadth",
    "events": "macro",
    "shiller_csv": "macro",
    "shiller_xls": "macro",
    "baker_wurgler": "macro",
    "chain": "chains",
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Parameters
    ----------
    copied : tuple of (str, str)
        Path in the source and path in the destination, both relative.
    same : tuple of str
        Paths in the source whose content the destination holds already.
    left : tuple of Unread
        Files that no reader is for.
    """

    copied: tuple[tuple[str, str], ...]
    same: tuple[str, ...]
    left: tuple[Unread, ...]


def import_folder(source: Path, destination: Path) -> ImportReport:
    """Copy every recognised file of a folder into a tidy one, with a manifest.

    The source is read in full first; if any file of it has a fault, nothing is written. Each file
    is written whole or not at all. A destination that did not exist before is removed again if the
    import fails.

    Parameters
    ----------
    source : pathlib.Path
        Searched recursively.
    destination : pathlib.Path
        Made if absent; must not lie inside ``source``, nor ``source`` inside it.

    Returns
    -------
    ImportReport
        What was copied, what was there already, what was left.

    Raises
    ------
    DataError
        For a fault in a file of the source, or folders that contain each other.
    """
    here, there = source.resolve(), destination.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise DataError(
            f"{destination}: source and destination contain each other; two separate folders were "
            "wanted; choose another destination"
        )
    gather(source)
    found = survey(source)
    existed = destination.exists()
    try:
        return _copy_all(source, destination, found)
    except BaseException:
        if not existed:
            shutil.rmtree(destination, ignore_errors=True)
        raise


def _copy_all(source: Path, destination: Path, found: list[Found]) -> ImportReport:
    destination.mkdir(parents=True, exist_ok=True)
    sweep(destination)
    manifest = Manifest.of(destination)
    held = {entry.sha256 for name, entry in manifest.entries.items() if manifest.holds(name)}
    copied, same, left = [], [], []
    for one in found:
        if one.kind == "unknown":
            left.append(Unread(one.path, one.reason))
            continue
        content = digest(source / one.path)
        if content in held:
            same.append(one.path)
            continue
        name = _free_name(destination, one)
        with whole_file(destination / name) as partial:
            shutil.copyfile(source / one.path, partial)
        size = (destination / name).stat().st_size
        manifest.entries[name] = Entry(origin=str(source / one.path), sha256=content, size=size)
        held.add(content)
        copied.append((one.path, name))
    manifest.save()
    return ImportReport(tuple(copied), tuple(same), tuple(left))


def _place(found: Found) -> str:
    if found.kind == "contract":
        legacy = found.stem.upper().startswith("CFE_") or "CFE_VX" in found.stem.upper()
        return "cfe/contracts_legacy" if legacy else "cfe/contracts_current"
    if found.kind == "prices":
        symbol = found.symbol.lstrip("^").upper()
        if symbol in ("SPX", "GSPC", "SP500", "INX"):
            return "spx"
        return "etf" if symbol in ("SPY", "VNQ", "IYR", "BIL") else "cboe"
    return _PLACES[found.kind]


def _free_name(destination: Path, found: Found) -> str:
    """Return a path that no other file has; the words of a name that tell its content stay."""
    path = PurePosixPath(found.path)
    name = f"{_place(found)}/{path.name}"
    number = 2
    while (destination / name).exists():
        name = f"{_place(found)}/{number}/{path.name}"
        number += 1
    return name
