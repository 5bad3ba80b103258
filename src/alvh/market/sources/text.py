"""Delimited text with the line of every cell: read fast, judged strictly.

Cells stay text until a reader asks for dates or numbers, so that nothing is guessed on the way
in. A row with the wrong number of fields, or a last line that was cut, stops the read.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.market.sources.records import Days, Floats

_BLANK = ("", ".", "null", "NA", "N/A", "#N/A", "ND", "-")
_FIRST_DAY, _LAST_DAY = -62_091, 84_005  # 1800-01-01 … 2199-12-31
_NO_DAY = -(10**9)
_TAIL_LINES = 20  # rows that a last line without a line end is compared with
_ENOUGH_DECIMALS = 4  # a number cut after them is the number
_MANY = 64  # doubtful cells beyond which the whole column is stripped of spaces first
_FORMATS = (
    (re.compile(rb"\d{4}-\d{1,2}-\d{1,2}$"), "%Y-%m-%d"),
    (re.compile(rb"\d{1,2}/\d{1,2}/\d{4}$"), "%m/%d/%Y"),
    (re.compile(rb"\d{8}$"), "%Y%m%d"),
    (re.compile(rb"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}$"), "%Y-%m-%d %H:%M:%S"),
)


@dataclass(frozen=True, slots=True)
class Body:
    """The data lines of one file.

    Parameters
    ----------
    name : str
        File, relative to the folder that is read.
    data : bytes
        Lines without carriage returns, blank lines or trailing commas; every line ends in ``\\n``.
    lines : ndarray of int32, shape (n,)
        Line of the file for each line of ``data``.
    """

    name: str
    data: bytes
    lines: Days


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of text of one file, or of several files of the same shape.

    Parameters
    ----------
    names : tuple of str
        Files.
    cells : polars.DataFrame
        Text columns ``column_1`` … in the order of the file.
    file, lines : ndarray of int32, shape (n,)
        Index into ``names`` and line of each row.
    """

    names: tuple[str, ...]
    cells: pl.DataFrame
    file: Days
    lines: Days

    def where(self, row: int) -> str:
        """Name the file and line of a row."""
        return f"{self.names[self.file[row]]}:{self.lines[row]}"

    def text(self, column: int) -> pl.Series:
        """Return one column as text; a blank cell is null."""
        return self.cells.to_series(column)

    def cell(self, row: int, column: int) -> str:
        """Return one cell as stripped text; a blank one is the empty string."""
        return (self.text(column)[int(row)] or "").strip()


def clean(raw: bytes) -> bytes:
    """Drop a byte-order mark and carriage returns."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw


def body(name: str, raw: bytes, header: int) -> Body:
    """Cut the data lines out of a file.

    Parameters
    ----------
    name : str
        File, for messages.
    raw : bytes
        Content, already through `clean`.
    header : int
        Number of lines above the first data line.

    Raises
    ------
    DataError
        If the last line was cut.
    """
    start = 0
    for _ in range(header):
        end = raw.find(b"\n", start)
        if end < 0:
            return Body(name, b"", np.empty(0, np.int32))
        start = end + 1
    data = raw[start:]
    if data and not data.endswith(b"\n"):
        _refuse_cut_line(name, data, header)
        data += b"\n"
    data = data.rstrip(b"\n") + b"\n" if data.strip(b"\n") else b""
    if b"\n\n" in data or data.startswith(b"\n") or b'"' in data:
        return _slow_body(name, data, header)
    first = header + 1
    return Body(name, data, np.arange(first, first + data.count(b"\n"), dtype=np.int32))


def _slow_body(name: str, data: bytes, header: int) -> Body:
    """Body of a file with blank lines inside or quoted fields: rare, so one line at a time."""
    kept, numbers = [], []
    for number, line in enumerate(data.split(b"\n"), start=header + 1):
        if not line.strip():
            continue
        if b'"' in line:
            fields = next(csv.reader(io.StringIO(line.decode("utf-8", "replace"))))
            line = ",".join(field.replace(",", "") for field in fields).encode()
        kept.append(line)
        numbers.append(number)
    return Body(name, b"".join(line + b"\n" for line in kept), np.array(numbers, np.int32))


def _refuse_cut_line(name: str, data: bytes, header: int) -> None:
    """Refuse a last line without a line end, unless nothing of value can be missing from it.

    Its last number must have as many digits as the longest of the lines before it, or decimals
    enough that further ones do not matter.
    """
    lines = data.split(b"\n")
    last, before = lines[-1], [line for line in lines[-1 - _TAIL_LINES : -1] if line]
    if not before:
        return
    if last.count(b",") == before[-1].count(b",") and _digits(last) >= max(map(_digits, before)):
        return
    raise DataError(
        f"{name}:{header + len(lines)}: the file ends in the middle of the line "
        f"'{last[:60].decode('utf-8', 'replace')}'; a line end after a whole line was wanted; "
        "download the file again, or add the line end if nothing is missing"
    )


def _digits(line: bytes) -> tuple[bool, int]:
    """Whether the last field has a point, and how many digits stand after it (or in all)."""
    field = line.rsplit(b",", 1)[-1].strip()
    digits = len(field.rpartition(b".")[2])
    return b"." in field, min(digits, _ENOUGH_DECIMALS) if b"." in field else digits


def rows(bodies: Sequence[Body], fields: int) -> Rows:
    """Split the data lines of files of one shape into text cells.

    Parameters
    ----------
    bodies : sequence of Body
        The files.
    fields : int
        Number of fields that every line must have. One more is let pass if it is empty: some
        exchange files end their lines with a comma.

    Raises
    ------
    DataError
        Naming the first line with another number of fields.
    """
    names = tuple(part.name for part in bodies)
    data = b"".join(part.data for part in bodies)
    lines = np.concatenate([part.lines for part in bodies]) if bodies else np.empty(0, np.int32)
    counts = [len(part.lines) for part in bodies]
    file = np.repeat(np.arange(len(bodies), dtype=np.int32), counts)
    schema = {f"column_{i + 1}": pl.String for i in range(fields)}
    if not data:
        return Rows(names, pl.DataFrame(schema=schema), file, lines)
    data = _check_fields(data, fields, names, file, lines)
    cells = pl.read_csv(
        data,
        has_header=False,
        infer_schema=False,
        schema=schema,
        quote_char=None,
        encoding="utf8-lossy",
    )
    return Rows(names, cells, file, lines)


def _check_fields(
    data: bytes, fields: int, names: tuple[str, ...], file: Days, lines: Days
) -> bytes:
    """Return the data with trailing commas dropped, or raise on the first ragged line."""
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    commas = np.flatnonzero(text == ord(","))
    found = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
    odd = np.flatnonzero(found != fields)
    if not len(odd):
        return data
    starts = np.concatenate([[0], ends[:-1] + 1])
    for row in odd:
        line = data[starts[row] : ends[row]]
        if found[row] == fields + 1 and line.endswith(b","):
            continue
        raise DataError(
            f"{names[file[row]]}:{lines[row]}: {found[row]} fields "
            f"('{line[:60].decode('utf-8', 'replace')}'), wanted {fields}; the file is cut short "
            "or damaged; download it again"
        )
    kept = (data[s:e].rstrip(b",") if e - s and n > fields else data[s:e]
            for s, e, n in zip(starts, ends, found, strict=True))  # fmt: skip
    return b"".join(line + b"\n" for line in kept)


def dates(source: Rows, column: int = 0) -> Days:
    """Read a column of dates, in whichever of the known forms each file uses.

    Returns
    -------
    ndarray of int32, shape (n,)
        Days since 1970-01-01.

    Raises
    ------
    DataError
        Naming the first cell that is not a date.
    """
    text = source.text(column)
    if not len(text):
        return np.empty(0, np.int32)
    firsts = np.flatnonzero(np.diff(source.file, prepend=-1))
    wanted = {_date_format(source.cell(int(row), column)) for row in firsts}
    parsed = _parse(text, sorted(form for form in wanted if form))
    if parsed.null_count():
        parsed = _parse(text.str.strip_chars(), [form for _, form in _FORMATS])
    days = parsed.to_physical().fill_null(_NO_DAY).to_numpy().astype(np.int32)
    wrong = np.flatnonzero((days < _FIRST_DAY) | (days > _LAST_DAY))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"{source.where(row)}: '{source.cell(row, column)[:40]}' is not a date; "
            "a date such as 2020-03-16 or 03/16/2020 was wanted; correct or delete the line"
        )
    return days


def _date_format(cell: str) -> str | None:
    return next((form for pattern, form in _FORMATS if pattern.match(cell.encode())), None)


def _parse(text: pl.Series, forms: Sequence[str]) -> pl.Series:
    """Parse by the first of several forms that fits each cell; null where none does."""
    tried = [text.str.to_date(form, strict=False) for form in forms]
    if len(tried) == 1:
        return tried[0]
    return (
        pl.select(pl.coalesce(tried)).to_series() if tried else text.clear(len(text)).cast(pl.Date)
    )


def numbers(source: Rows, column: int) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Read a column of numbers.

    Returns
    -------
    values : ndarray of float64, shape (n,)
        NaN where blank or unreadable.
    blank : ndarray of bool, shape (n,)
        The cell is empty or one of the usual signs of a missing value.
    unreadable : ndarray of bool, shape (n,)
        The cell is neither blank nor a finite number (``NaN`` is not a number either).
    """
    text = source.text(column)
    values = _cast(text)
    doubtful = np.flatnonzero(~np.isfinite(values))
    if len(doubtful) > _MANY:  # a padded column, not a few blanks
        text = text.str.strip_chars()
        values = _cast(text)
        doubtful = np.flatnonzero(~np.isfinite(values))
    blank = np.zeros(len(values), np.bool_)
    unreadable = np.zeros(len(values), np.bool_)
    for row in doubtful:
        cell = (text[int(row)] or "").strip()
        values[row] = _number(cell)
        blank[row] = cell in _BLANK
        unreadable[row] = not blank[row] and not np.isfinite(values[row])
    return values, blank, unreadable


def _cast(text: pl.Series) -> Floats:
    return np.array(text.cast(pl.Float64, strict=False).to_numpy(), np.float64)


def _number(cell: str) -> float:
    try:
        value = float(cell.replace("_", "x"))
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan
