"""Books as files that a person can write: YAML, or CSV with one entry a row.

Every row is read or none is. A message names the file and the line; a file is written beside its
place and moved there in one step.
"""

import csv
import io
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from alvh.advise.account import read_memory
from alvh.desk.book import Book
from alvh.desk.entries import FLOWS, Entry, Fill, Flow, read_instrument
from alvh.errors import BookError, DataError
from alvh.formats import hushed, quoted
from alvh.locks import lock

COLUMNS = (
    "date", "kind", "sleeve", "order", "symbol", "quantity", "price", "fees", "amount", "closes",
    "key",
)  # fmt: skip
# The same safe subset, ten times as fast where the C library is there.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_TRADES = ("trade", "settle")
_KEYS = {"book", "entries", "memory"}
_WAIT_SECONDS = 10.0  # for another program that changes the book


def read_book(path: str | Path) -> Book:
    """Read a book from a ``.yaml`` or ``.csv`` file.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    Book

    Raises
    ------
    BookError
        Names the file and line of the first entry that cannot be.
    """
    place = Path(path).expanduser()
    text = read_text(place)
    if place.suffix.lower() in (".yaml", ".yml"):
        return _from_yaml(text, place)
    if place.suffix.lower() == ".csv":
        return Book(place.stem, tuple(csv_entries(text, place.name)))
    raise BookError(f"{place}: a book is a .yaml or .csv file; name it so")


def read_text(place: Path) -> str:
    """Return the text of a file, or refuse it in one line."""
    try:
        return place.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BookError(f"{place}: there is no such file; check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(
            f"{place}: cannot be read as UTF-8 text ({error}); save it as such"
        ) from error


def _from_yaml(text: str, place: Path) -> Book:
    try:
        told = yaml.load(text, _LOADER)
        lines = _entry_lines(text)
    except (yaml.YAMLError, ValueError, LookupError, OverflowError) as error:
        raise BookError(_no_yaml(error, place.name)) from None  # it shows the line
    if not isinstance(told, dict) or not isinstance(told.get("entries", []), list):
        raise BookError(f"{place.name}: a mapping with book and a list of entries was wanted")
    if set(told) - _KEYS:
        raise BookError(f"{place.name}: unknown key {quoted(min(set(told) - _KEYS))}; use {_KEYS}")
    rows = told.get("entries") or []
    entries = tuple(
        _entry(row, f"{place.name} line {line}") for row, line in zip(rows, lines, strict=True)
    )
    try:
        memory = read_memory(told["memory"]) if told.get("memory") else None
    except DataError as error:
        raise BookError(f"{place.name}: {error}") from error
    return Book(str(told.get("book", place.stem)), entries, memory)


def _no_yaml(error: Exception, name: str) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f" line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or "cannot be read"
    return f"{name}{line}: is no YAML: {hushed(' '.join(str(problem).split()))}"


def _entry_lines(text: str) -> list[int]:
    """Return the line on which each entry begins."""
    root = yaml.compose(text, Loader=_LOADER)
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "entries" and isinstance(value, yaml.SequenceNode):
            return [node.start_mark.line + 1 for node in value.value]
    return []


def csv_entries(text: str, name: str) -> Iterator[Entry]:
    """Yield the entries of a CSV; see `read_book`.

    Raises
    ------
    BookError
        Names the line that cannot be.
    """
    for where, row in csv_rows(text, name, COLUMNS):
        if None in row or None in row.values():
            raise BookError(f"{where}: has not as many cells as the heading; add or take out")
        yield _entry({key: value for key, value in row.items() if value != ""}, where)


def csv_rows(
    text: str, name: str, known: Collection[str] = (), needed: Collection[str] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of a CSV by their headings, each with its file and line for messages.

    Parameters
    ----------
    text, name : str
        Its content, and how it is called in messages.
    known, needed : collection of str
        Headings that there may be and no others, where any are given; and those there must be.

    Raises
    ------
    BookError
        Names the line that is no CSV, as one with a cell of more than 131,072 characters.
    """
    reader = csv.DictReader(io.StringIO(text))
    with csv_refusals(name):
        headings = reader.fieldnames
    if headings is None or (known and set(headings) - set(known)):
        raise BookError(f"{name} line 1: a heading of {', '.join(known)} was wanted")
    missing = [column for column in needed if column not in headings]
    if missing:
        raise BookError(f"{name} line 1: the column {missing[0]!r} is missing")
    while True:
        with csv_refusals(name, reader.line_num):
            row = next(reader, None)
        if row is None:
            return
        yield f"{name} line {reader.line_num}", row


@contextmanager
def csv_refusals(name: str, line: int = 0) -> Iterator[None]:
    """Refuse what the block cannot read of a CSV, in the row after ``line``, in one line."""
    try:
        yield
    except csv.Error as error:
        raise BookError(f"{name} line {line + 1}: is no CSV: {error}; correct the row") from error


def _entry(row: Any, where: str) -> Entry:
    if not isinstance(row, Mapping):
        raise BookError(f"{where}: a mapping of {', '.join(COLUMNS)} was wanted")
    unknown = set(row) - set(COLUMNS)
    if unknown:
        raise BookError(f"{where}: unknown key {quoted(min(unknown))}; use {', '.join(COLUMNS)}")
    on, kind = _day(row, where), str(row.get("kind", "trade"))
    if kind in FLOWS:
        return Flow(on, kind, _number(row, "amount", where), str(row.get("key", "")), where)
    if kind not in _TRADES:
        kinds = _TRADES + FLOWS
        raise BookError(
            f"{where}: {quoted(kind, kinds)} is no kind of row; write {', '.join(kinds)}"
        )
    return Fill(
        on=on,
        sleeve=str(row.get("sleeve", "unassigned")),
        order=str(row.get("order", "")),
        instrument=read_instrument(str(row.get("symbol", "")), where),
        quantity=_number(row, "quantity", where),
        price=_number(row, "price", where),
        fees=_number(row, "fees", where, 0.0),
        settles=kind == "settle",
        closes=str(row.get("closes", "")),
        key=str(row.get("key", "")),
        where=where,
    )


def _day(row: Mapping[str, Any], where: str) -> date:
    try:
        return date.fromisoformat(str(row["date"]))
    except (KeyError, ValueError):
        raise BookError(
            f"{where}: date {quoted(row.get('date'))} is no day; write it as 2020-03-16"
        ) from None


def _number(row: Mapping[str, Any], key: str, where: str, default: float | None = None) -> float:
    value = row.get(key, default)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BookError(
            f"{where}: {key} {quoted(value)} is not a number; write it as 3.15"
        ) from None


def write_book(path: str | Path, book: Book) -> None:
    """Write a book to a ``.yaml`` or ``.csv`` file; a CSV has no room for the memory.

    Parameters
    ----------
    path : str or pathlib.Path
    book : Book

    Raises
    ------
    BookError
        If the place cannot be written, or a CSV is asked to hold a memory.
    """
    place = Path(path).expanduser()
    rows = [entry_row(entry) for entry in book.entries]
    if place.suffix.lower() == ".csv":
        if book.memory is not None:
            raise BookError(f"{place}: a CSV cannot hold what rules remember; write .yaml")
        write_text(place, csv_text(rows))
        return
    told: dict[str, Any] = {"book": book.name, "entries": rows}
    if book.memory is not None:
        told["memory"] = book.memory.plain()
    write_text(place, yaml.dump(told, Dumper=_DUMPER, sort_keys=False, width=100))


def entry_row(entry: Entry) -> dict[str, Any]:
    """Return an entry as the columns of a file, empty ones left out."""
    if isinstance(entry, Flow):
        row: dict[str, Any] = {"kind": entry.kind, "amount": entry.amount, "key": entry.key}
    else:
        row = {
            "kind": "settle" if entry.settles else "trade",
            "sleeve": entry.sleeve,
            "order": entry.order,
            "symbol": entry.instrument.symbol,
            "quantity": entry.quantity,
            "price": entry.price,
            "fees": entry.fees,
            "closes": entry.closes,
            "key": entry.key,
        }
    return {"date": entry.on.isoformat()} | {k: v for k, v in row.items() if v != ""}


def csv_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as CSV with all columns; numbers in their shortest exact form."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_text(place: Path, text: str) -> None:
    """Write a text beside its place, sync it, and move it there in one step.

    Raises
    ------
    BookError
        If the place cannot be written; what was there stays.
    """
    draft = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except OSError as error:
        raise BookError(
            f"{place}: cannot be written ({error.strerror or error}); choose another place"
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def remove(place: Path) -> None:
    """Remove a file that may not be there.

    Raises
    ------
    BookError
        If it is there and stays.
    """
    try:
        place.unlink(missing_ok=True)
    except OSError as error:
        raise BookError(
            f"{place}: cannot be taken away ({error.strerror or error}); do so by hand"
        ) from error


@contextmanager
def alone(book: str | Path) -> Iterator[None]:
    """Keep every other program that changes a book waiting while the block runs.

    What is read of the book in the block is still so when the block writes it. The lock is a hidden
    file beside the book, which stays; it goes with the process, not with the file.

    Parameters
    ----------
    book : str or pathlib.Path
        The book's file, which need not be there yet.

    Raises
    ------
    BookError
        If another program keeps it for long, or its folder is not there or cannot be written.
    """
    place = Path(book).expanduser().resolve()
    try:
        handle = os.open(place.with_name(f".{place.name}.lock"), os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise BookError(
            f"{place}: cannot be changed ({error.strerror or error}); choose another place"
        ) from error
    try:
        if not lock(handle, _WAIT_SECONDS):
            raise BookError(
                f"{place}: another program is changing it; nothing was taken in; try again"
            )
        yield
    finally:
        os.close(handle)
