"""What a folder of downloads holds: one JSON file beside the data, always whole.

Every write goes to a hidden file beside its target and is renamed over it, so that a reader sees
the old content or the new, never a part.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from alvh.errors import DataError

NAME = "manifest.json"
PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a folder of downloads.

    Parameters
    ----------
    origin : str
        URL, or the path it was copied from.
    sha256 : str
        Of the content, hex; empty for a file that the source does not have.
    size : int
        Bytes.
    on : str
        Day it was last asked for, ISO.
    etag, last_modified : str
        What the server said, to ask again only for changes.
    absent : bool
        The source answered that there is no such file.
    """

    origin: str
    sha256: str = ""
    size: int = 0
    on: str = ""
    etag: str = ""
    last_modified: str = ""
    absent: bool = False


@dataclass(slots=True)
class Manifest:
    """The entries of a folder, by path relative to it."""

    folder: Path
    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "Manifest":
        """Read a folder's manifest; an empty one if there is none.

        Raises
        ------
        DataError
            If it is there and cannot be read.
        """
        path = folder / NAME
        if not path.is_file():
            return cls(folder)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            entries = {name: Entry(**entry) for name, entry in stored["files"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
            raise DataError(
                f"{path}: not a manifest ({type(fault).__name__}); delete it and the files will "
                "be fetched anew"
            ) from fault
        return cls(folder, entries)

    def save(self) -> None:
        """Write the manifest, whole or not at all."""
        stored = {"files": {name: asdict(self.entries[name]) for name in sorted(self.entries)}}
        text = json.dumps(stored, indent=1) + "\n"
        with whole_file(self.folder / NAME) as partial:
            partial.write_text(text, encoding="utf-8")

    def holds(self, name: str) -> bool:
        """Tell whether a file is there with the recorded content."""
        entry, path = self.entries.get(name), self.folder / name
        if entry is None or entry.absent or not path.is_file():
            return False
        return path.stat().st_size == entry.size and digest(path) == entry.sha256


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a hidden path to write to; rename it over ``path`` if nothing was raised.

    Whatever is raised, the hidden file is gone afterwards.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.parent / f".{path.name}{PARTIAL}"
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what a killed run left behind."""
    for left in folder.rglob(f".*{PARTIAL}"):
        if left.is_file():
            left.unlink(missing_ok=True)
