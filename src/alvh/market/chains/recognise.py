"""Whose table is it? The header decides; the name says only what no column does."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Final

from alvh.errors import DataError
from alvh.market.chains import layouts
from alvh.market.chains.layouts import Layout, View
from alvh.market.chains.moments import place, read_printed

_HEADER_WITHIN: Final = 6  # lines
_FEW, _OF_MANY = 2, 4  # columns lacking, one in so many at most, of a header that is still known
_LEAN_MINUTES = re.compile(
    r"(\d{8})_(spxw?|vixw?)_minute_quote_european_(call|put)_(\d+)_(\d{8})\.csv$"
)
_NAMED_BY = re.compile(
    r"(?:optionsdx_)?([a-z]{1,5})_(?:eod|\d+x\d+|q[1-4]|\d{4,})"
)  # spy_eod_201201.txt
_LINE_END = re.compile(r"\r*\n|\r")
_SHORT: Final = {"vol": "volume", "open int": "open interest"}  # of older quote tables
_LAST = re.compile(r"Last:\s*([^A-Za-z]*)|^[^,]*,\s*(\d{1,3}(?:,\d{3})+\.\d*|\d+(?:\.\d*)?)(?=,)")


class OtherTicker(DataError):
    """A table that its name says is of something else than SPX or VIX."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A layout, found in a file.

    Parameters
    ----------
    layout : Layout
        The layout.
    header : tuple of str
        Columns of the file, lower case.
    skip : int
        Lines above the first quote.
    says : dict of str to str
        Field → text that holds for the whole file.
    notes : tuple of str
        What was decided where the file does not say it.
    """

    layout: Layout
    header: tuple[str, ...]
    skip: int
    says: dict[str, str]
    notes: tuple[str, ...] = ()

    def columns(self, view: View) -> dict[str, str]:
        """Return field → column of those that the file has."""
        return {field: name for field, name in view.columns.items() if name in self.header}

    @property
    def kept(self) -> tuple[tuple[int, str], ...]:
        """Positions and names of the columns that any view reads."""
        wanted = {name for view in self.layout.views for name in view.columns.values()}
        return tuple((at, name) for at, name in enumerate(self.header) if name in wanted)


def bind(path: str, head: bytes) -> Bound | None:
    """Find the layout of a table of quotes.

    Parameters
    ----------
    path : str
        Path, with forward slashes; of a member of an archive: with the archive's.
    head : bytes
        The first bytes of the file.

    Returns
    -------
    Bound or None
        None for a file that is no table of option quotes.

    Raises
    ------
    OtherTicker
        If it is one, of something else by its name.
    DataError
        If it is one and does not say when, or of what, or lacks one or two of its columns.
    """
    if _LEAN_MINUTES.search(path):
        return Bound(layouts.LEAN_MINUTES, layouts.LEAN_MINUTES_HEADER, 0, _lean_contract(path))
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    lines = _LINE_END.split(text)[:_HEADER_WITHIN]
    for at, line in enumerate(lines):
        names = tuple(_name(field) for field in line.split(","))
        found = _layout(names)
        if found is not None:
            return _bound(path, found, names, lines[:at], lines[at + 1 :])
    if not _other_ticker(path):
        _refuse_nearly(lines)
    return None


def _refuse_nearly(lines: list[str]) -> None:
    """Refuse a header that is one of a known layout but for one or two of its names."""
    for line in lines:
        names = frozenset(_name(field) for field in line.split(","))
        for layout in layouts.BY_NAME:
            absent = sorted(layout.needs - names)
            few = len(absent) <= _FEW and len(absent) * _OF_MANY <= len(layout.needs)
            if absent and few and not names & set(layout.lacks):
                named = " and ".join(f"'{name}'" for name in absent)
                raise DataError(
                    f"its header is that of {layout.name}, without {named}; download it again with "
                    "all columns, or name them as the vendor does"
                )


def separator(path: str, head: bytes) -> str:
    """Return, in words, what separates the columns of a table of quotes other than commas."""
    for byte, words in ((b";", "semicolons"), (b"\t", "tabs"), (b"|", "bars")):
        try:
            if bind(path, head.replace(b",", b".").replace(byte, b",")) is not None:
                return words
        except DataError:
            return words
    return ""


def _name(field: str) -> str:
    name = field.strip().strip('"[]').strip().lower()
    return _SHORT.get(name, name)


def _layout(names: tuple[str, ...]) -> Layout | None:
    if names[: len(layouts.QUOTE_TABLE_HEADER)] == layouts.QUOTE_TABLE_HEADER:
        return layouts.QUOTE_TABLE
    return next((one for one in layouts.BY_NAME if one.fits(frozenset(names))), None)


def _bound(
    path: str, layout: Layout, names: tuple[str, ...], above: list[str], below: list[str]
) -> Bound:
    header = layout.exact + names[len(layout.exact) :] if layout.exact else names
    twice = sorted({name for name in header if header.count(name) > 1 and name in layout.reads})
    if twice:
        raise DataError(
            f"the header has the column '{twice[0]}' twice; once was wanted, to know which is meant"
        )
    says: dict[str, str] = {}
    notes = _lacking(layout, header)
    skip = len(above) + 1
    if layout is layouts.QUOTE_TABLE:
        says, printed = _printed(above)
        notes += printed
    elif layout is layouts.OPTIONSDX:
        says = {"index": _index_of(path)}
    elif layout is layouts.LEAN_UNIVERSE:
        says = {"root": _root_of(path), "date": _date_of(path)}
        index = below[0].split(",") if below else []
        if len(index) == len(names) and not any(index[:3]):  # the first line is the index's
            says["underlying"] = index[names.index("close")] if names.count("close") == 1 else ""
            skip += 1
    return Bound(layout, header, skip, says, notes)


def _lean_contract(path: str) -> dict[str, str]:
    found = _LEAN_MINUTES.search(path)
    if found is None:
        raise DataError(f"{path}: not the name of a Lean minute file")
    day, root, right, strike, expiry = found.groups()
    return {
        "date": day,
        "root": root.upper(),
        "right": right,
        "strike": f"{int(strike) / 10_000}",
        "expiry": expiry,
    }


def _printed(above: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read the lines above a quote table: the index's level and when the file was made."""
    line = next((one for one in reversed(above) if one.strip()), "")
    text = line.replace('"', "").removeprefix("Date:")
    printed = re.split(r",?\s*Bid\b", text)[0].strip()
    moment = place(read_printed(printed))
    says = {"date": moment.date.isoformat()}
    if moment.time is not None:
        says["time"] = moment.time
    level, notes = _index_level(above[-2].replace('"', "") if len(above) > 1 else "")
    if level:
        says["underlying"] = level
    of = "the end of" if moment.time is None else f"{moment.time} New York in"
    return says, (f"printed {printed}: quotes of {of} the session {moment.date}", *notes)


def _index_level(line: str) -> tuple[str, tuple[str, ...]]:
    """Return the index's level in a line above a quote table, or what to say where it has none."""
    found = _LAST.search(line)
    text = (found[1] or found[2] or "").strip(" ,") if found else ""
    level = _plain_number(text)
    if level:
        return level, ()
    said = f"'{text}' is no level that can be read in one way only" if text else "it names no level"
    return "", (f"quotes without an index: above the table {said}",)


def _plain_number(text: str) -> str:
    """Return a number without marks of thousands and with a decimal point; empty if in doubt."""
    if re.fullmatch(r"\d+(\.\d*)?", text):
        return text
    if re.fullmatch(r"\d{1,3}(,\d{3})+\.\d*", text):
        return text.replace(",", "")
    if re.fullmatch(r"\d{1,3}(\.\d{3})+,\d*", text):
        return text.replace(".", "").replace(",", ".")
    whole, comma, part = text.partition(",")
    decimal = comma and re.fullmatch(r"\d+", whole) and re.fullmatch(r"\d+", part)
    return f"{whole}.{part}" if decimal and (len(whole) > 3 or len(part) != 3) else ""


def _lacking(layout: Layout, header: tuple[str, ...]) -> tuple[str, ...]:
    absent = [name for name in layout.spare if name not in header]
    return (f"without the columns {', '.join(absent)}",) if absent else ()


def _word_of(path: str, words: tuple[str, ...]) -> str | None:
    """Return the one of some words that the file's name, or else a folder's, has."""
    for part in reversed(PurePosixPath(path).parts):
        found = set(re.split(r"[^a-z0-9]+", part.lower())) & set(words)
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _index_of(path: str) -> str:
    found = _word_of(path, ("spx", "vix"))
    other = _other_ticker(path)
    if found is None or other:
        raise (OtherTicker if other else DataError)(
            "no column of this table says what it is of; 'spx' or 'vix' was wanted as a word of "
            "the file's name, as in spx_eod_202003.txt"
            + (f", and it has '{other}'" if other else "; rename it if it is of one of them")
        )
    return found.upper()


def _other_ticker(path: str) -> str:
    """Return the ticker of something else that a file of OptionsDX, or its archive, is named by."""
    for part in PurePosixPath(path).parts:
        found = _NAMED_BY.match(part.lower())
        if found and found[1] not in ("spx", "vix"):
            return found[1]
    return ""


def _root_of(path: str) -> str:
    found = _word_of(path, ("spx", "spxw", "vix", "vixw"))
    if found is None:
        raise DataError(
            "no column of this table says what it is of; the root was wanted as a word of the "
            "file's name or folder, as in universes/spxw/20230623.csv"
        )
    return found.upper()


def _date_of(path: str) -> str:
    found = re.search(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})(?!\d)", PurePosixPath(path).name)
    if found is None:
        raise DataError(
            "no column of this table says of what day it is; the date was wanted in the file's "
            "name, as in spxw/20230623.csv"
        )
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError as fault:
        raise DataError(f"the file's name has {found[0]}, which is no day") from fault
