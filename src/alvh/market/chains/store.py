"""The folder that imported chains are kept in: Parquet by root and month, and what it came from.

``chains.json`` lists every source by the SHA-256 of its content with the parts its rows are in.
A source counts from the moment it is listed; a part that is not listed belongs to an import that
was cut off, is not read, and is written anew. Every file is written beside its place and renamed.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path

from alvh.errors import DataError
from alvh.market.sources.manifest import whole_file

INDEX = "chains.json"
VERSION = 1  # of the table; a later one is not read by an earlier program
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
        Files of its rows, relative to the folder: ``quotes/ROOT/YYYY-MM/hash.parquet``.
    rejects : str
        File of what was refused and why, relative to the folder; empty if nothing was.
    reasons : dict of str to int
        Number of lines refused, by kind of reason.
    notes : tuple of str
        What was decided where the file does not say, e.g. on which session it was taken.
    third_fridays : str
        What the caller declared SPX third Fridays to be ("AM", "PM"), or empty.
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


@dataclass(slots=True)
class Store:
    """The sources of a folder of chains, by the SHA-256 of their content."""

    folder: Path
    sources: dict[str, Source] = field(default_factory=dict)

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
        """SHA-256 over the sources' hashes: the same quotes have the same digest."""
        return hashlib.sha256("\n".join(sorted(self.sources)).encode()).hexdigest()

    def add(self, content: str, source: Source) -> None:
        """List a source whose parts are in place, under the SHA-256 of its content."""
        self.sources[content] = source
        kept = {key: asdict(self.sources[key]) for key in sorted(self.sources)}
        text = json.dumps({"version": VERSION, "sources": kept}, indent=1) + "\n"
        with whole_file(self.folder / INDEX) as partial:
            partial.write_text(text, encoding="utf-8")

    def parts(self, roots: Collection[str], months: Collection[str] | None = None) -> list[Path]:
        """Return the files of some roots and months ("2019-04"), in path order."""
        found = []
        for source in self.sources.values():
            for part in source.parts:
                _, root, month, _ = part.split("/")
                if root in roots and (months is None or month in months):
                    found.append(self.folder / part)
        return sorted(found)


def part_name(root: str, month: str, content: str) -> str:
    """Return where the rows of one source, root and month are kept."""
    return f"quotes/{root}/{month}/{content[:16]}.parquet"


def _source(entry: dict[str, object]) -> Source:
    fields = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }
    return Source(**fields)  # type: ignore[arg-type]
