"""Search a folder of downloads: links are followed, and each real folder is entered once."""

import os
from collections.abc import Iterator
from pathlib import Path


def walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield folders from the top as ``os.walk`` does, their names sorted.

    A folder may be a link to one elsewhere. One that was entered already, by whatever way, is
    passed over, so that a link to a folder above it ends. Names that start with a dot are passed
    over.

    Parameters
    ----------
    folder : pathlib.Path
        Where the search begins.

    Yields
    ------
    tuple of str, list of str, list of str
        A folder's path, the names of the folders in it, which the caller may clear to go no
        deeper, and those of its files.
    """
    entered: set[str] = set()
    for base, inner, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(base)
        if real in entered:
            inner.clear()
            continue
        entered.add(real)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield base, inner, sorted(name for name in names if not name.startswith("."))
