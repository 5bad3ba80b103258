"""The folder that imported chains are kept in: Parquet by root and month, and what it came from.

``chains.json`` lists every source by the SHA-256 of its content with the parts its rows are in.
A source counts from the moment it is listed; a part that is not listed belongs to an import that
was cut off, is not read, and is written anew. Every file is written beside its place and renamed,
under a name that its content decides: what has other rows has another name, and no part that is
listed is ever written over or removed.
"""

import hashlib
import io
import json
import os
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import polars as pl

from alvh.errors import DataError
from alvh.locks import lock
from alvh.market.sources.manifest import whole_file

INDEX = "chains.json"
VERSION = 3  # of the table; a later one is not read by an earlier program
READER = 3  # of the files; what an earlier one took is read again at the next import
_PARQUET = b"PAR1"  # how such a file ends
PREFIX = 12  # hex digits of the content hash that ``source`` and file names carry


@dataclass(frozen=True, slots=True)
class Source:
    """One imported file.

    Parameters
    ----------
    name : str
        File name, with the name of the member where it is an archive's.
    layout : str
        What it was recognised as.
    rows, rejected : int
        Rows kept, and lines refused.
    parts : tuple of str
        Files of its rows, relative to the folder: ``quotes/ROOT/YYYY-MM/hash.parquet``, by the
        hashes of the source and of the rows.
    rejects : str
        File of what was refused and why, relative to the folder; empty if nothing was.
    reasons : dict of str to int
        Number of lines refused, by kind of reason.
    notes : tuple of str
        What was decided where the file does not say, e.g. on which session it was taken.
    third_fridays : str
        What the caller declared SPX third Fridays to be ("AM", "PM"), or empty.
    reader : int
        Version of the reader that took it; 0 before it was noted.
    displaced : int
        Rows that gave way to those of later sources.
    displaced_by : tuple of str
        Names of these.
    """

    name: str
    layout: str
    rows: int
    rejected: int
    parts: tuple[str, ...]
    rejects: str = ""
    reasons: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    third_fridays: str = ""
    reader: int = 0
    displaced: int = 0
    displaced_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Displaced:
    """Rows of a source that give way to those of another.

    Parameters
    ----------
    content : str
        SHA-256 of the source.
    part : str
        The part that they are in.
    left : str or None
        The part with what is left of it; None where nothing is.
    rows : int
        Their number.
    """

    content: str
    part: str
    left: str | None
    rows: int


@dataclass(slots=True)
class Store:
    """The sources of a folder of chains, by the SHA-256 of their content.

    ``gave_way`` counts rows by the names of the file that they were of and the one that has them
    now, since the folder was opened.
    """

    folder: Path
    sources: dict[str, Source] = field(default_factory=dict)
    gave_way: Counter[tuple[str, str]] = field(default_factory=Counter)
    _unsaved: int = 0
    _obsolete: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, folder: Path) -> "Store":
        """Open a folder of chains.

        Raises
        ------
        DataError
            If it holds none, or its index cannot be read.
        """
        if not (folder / INDEX).is_file():
            raise DataError(
                f"{folder}: no imported chains ({INDEX} is not there); import a folder of "
                f"downloads with 'alvh chain import SOURCE --to {folder}'"
            )
        return cls.at(folder)

    @classmethod
    def at(cls, folder: Path) -> "Store":
        """Open a folder of chains, or begin one.

        Raises
        ------
        DataError
            If its index cannot be read.
        """
        path = folder / INDEX
        if not path.is_file():
            return cls(folder)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            version = int(stored["version"])
            sources = {key: _source(entry) for key, entry in stored["sources"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
            raise DataError(
                f"{path}: not an index of chains ({type(fault).__name__}); delete it and import "
                "the sources again"
            ) from fault
        if version > VERSION:
            raise DataError(
                f"{path}: chains of version {version}, this program reads up to {VERSION}; "
                "use the program they were imported with, or import them anew"
            )
        return cls(folder, sources)

    @property
    def digest(self) -> str:
        """SHA-256 over the names of the parts, which carry the hashes of source and rows.

        The same rows of the same files have the same digest, however they came there; other rows
        have another.
        """
        parts = sorted(part for source in self.sources.values() for part in source.parts)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def add(self, content: str, source: Source, displaced: Collection[Displaced] = ()) -> None:
        """List a source whose parts are in place, and take what gave way to it off the others.

        The list is written once a sixteenth of it is new, so that its cost per source stays the
        same however many there are; `save` writes what is left.

        Parameters
        ----------
        content : str
            SHA-256 of the source.
        source : Source
        displaced : collection of Displaced
            Rows of other sources that it has other quotes of.
        """
        for one in displaced:
            self._displace(one, source.name)
        held = self.sources.get(content)
        self._obsolete += held.parts if held is not None else ()
        self.sources[content] = source
        self._unsaved += 1
        if 16 * self._unsaved >= len(self.sources):
            self.save()

    def forget(self, content: str) -> None:
        """Take a source off the list; its parts go once the list is written."""
        self._obsolete += self.sources.pop(content).parts

    def _displace(self, one: Displaced, name: str) -> None:
        """Let rows of a source give way to those of the one of a name."""
        source = self.sources[one.content]
        parts = (one.left if part == one.part else part for part in source.parts)
        self.sources[one.content] = replace(
            source,
            parts=tuple(part for part in parts if part is not None),
            rows=source.rows - one.rows,
            displaced=source.displaced + one.rows,
            displaced_by=tuple(dict.fromkeys([*source.displaced_by, name])),
        )
        self.gave_way[source.name, name] += one.rows
        self._obsolete.append(one.part)

    def is_whole(self, source: Source) -> bool:
        """Tell whether all parts of a source are there and complete."""
        return all(_is_complete(self.folder / part) for part in source.parts)

    def save(self) -> None:
        """Write the list, whole or not at all, if anything in it is new."""
        if not self._unsaved:
            return
        kept = {key: asdict(self.sources[key]) for key in sorted(self.sources)}
        text = json.dumps({"version": VERSION, "sources": kept}, indent=1) + "\n"
        with whole_file(self.folder / INDEX) as partial:
            partial.write_text(text, encoding="utf-8")
        self._unsaved = 0
        for part in {*self._obsolete} - self._listed():
            (self.folder / part).unlink(missing_ok=True)
        self._obsolete.clear()

    def sweep(self) -> None:
        """Remove the parts that an import which was cut off left unlisted; under the lock."""
        listed = self._listed()
        for part in self.folder.glob("quotes/*/*/*.parquet"):
            if part.relative_to(self.folder).as_posix() not in listed:
                part.unlink(missing_ok=True)

    def _listed(self) -> set[str]:
        return {part for source in self.sources.values() for part in source.parts}

    def parts(self, roots: Collection[str], months: Collection[str] | None = None) -> list[Path]:
        """Return the files of some roots and months ("2019-04"), in path order.

        Raises
        ------
        DataError
            If one is missing or was cut off.
        """
        found = []
        for source in self.sources.values():
            for part in source.parts:
                _, root, month, _ = part.split("/")
                if root in roots and (months is None or month in months):
                    if not _is_complete(self.folder / part):
                        raise DataError(
                            f"{self.folder / part}: quotes of {source.name} are missing or were "
                            "cut off; import that file again with 'alvh chain import'"
                        )
                    found.append(self.folder / part)
        return sorted(found)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a folder of chains, made if absent, from other imports.

    Raises
    ------
    DataError
        If another import is writing into it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        if not lock(handle):
            raise DataError(
                f"{folder}: another import is writing into this folder; wait until it has ended"
            )
        yield
    finally:
        os.close(handle)


def part_name(root: str, month: str, content: str, rows: str = "") -> str:
    """Return where rows of one source, root and month are kept, by the SHA-256 of both."""
    name = content[:16] + (f"-{rows[:16]}" if rows else "")
    return f"quotes/{root}/{month}/{name}.parquet"


def write_part(folder: Path, root: str, month: str, content: str, rows: pl.DataFrame) -> str:
    """Write rows of one source, root and month; return the part's name, which they decide."""
    raw = io.BytesIO()
    rows.write_parquet(raw, compression="zstd")
    name = part_name(root, month, content, hashlib.sha256(raw.getbuffer()).hexdigest())
    with whole_file(folder / name) as partial:
        partial.write_bytes(raw.getbuffer())
    return name


def _is_complete(part: Path) -> bool:
    """Tell whether a Parquet file ends as it should."""
    try:
        with part.open("rb") as file:
            file.seek(-len(_PARQUET), os.SEEK_END)
            return file.read() == _PARQUET
    except OSError:
        return False


def _source(entry: dict[str, object]) -> Source:
    fields = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }
    return Source(**fields)  # type: ignore[arg-type]
