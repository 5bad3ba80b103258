"""Shards of a long run: kept on disk as they are finished, taken up again, never mixed."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alvh.cluster import in_pieces
from alvh.errors import DataError

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]


class ShardJob(Protocol):
    """What is the same for every shard."""

    @property
    def meta(self) -> dict[str, Any]:
        """All that the figures depend on but the number of worlds, as JSON."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the figures of one world."""

    def __call__(self, first: int, count: int) -> Floats:
        """Return the figures of worlds ``first`` …, shape (count, *shape)."""


def run_shards(
    job: ShardJob, total: int, size: int, *, folder: Path | None = None,
    progress: Progress | None = None, cluster: str | None = None,
) -> Floats:  # fmt: skip
    """Return the figures of all worlds, shard by shard.

    Parameters
    ----------
    job : ShardJob
    total, size : int
        Worlds in all, and of a shard.
    folder : Path, optional
        Where finished shards are kept; a run that was interrupted takes them up again.
    progress : callable, optional
        Called with (worlds done, worlds in all) after each shard.
    cluster : str, optional
        Address of a dask scheduler that shards are run by.

    Returns
    -------
    ndarray, shape (total, *shape)
        The same bytes whatever the shards, and wherever they ran.

    Raises
    ------
    DataError
        If the folder holds shards of another run, or a file is none.
    """
    if folder is not None:
        _open_folder(folder, job.meta)
    bounds = [(first, min(size, total - first)) for first in range(0, total, size)]
    files = [None if folder is None else folder / f"shard-{low:08d}.npy" for low, _ in bounds]
    wanted = [(count, *job.shape) for _, count in bounds]
    parts = [_kept(file, shape) for file, shape in zip(files, wanted, strict=True)]
    left = [place for place, part in enumerate(parts) if part is None]
    done = total - sum(bounds[place][1] for place in left)
    for turn, found in in_pieces(job, [bounds[place] for place in left], cluster):
        place = left[turn]
        parts[place] = _keep(found, files[place])
        done += bounds[place][1]
        if progress is not None:
            progress(done, total)
    return np.concatenate([part for part in parts if part is not None])


def _open_folder(folder: Path, meta: dict[str, Any]) -> None:
    """Make the folder this run's, or refuse one that is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest, mine = folder / "manifest.json", meta | {"n_paths": None}  # more worlds may follow
    if manifest.exists():
        theirs = json.loads(manifest.read_text(encoding="utf-8"))
        other = [key for key in mine if theirs.get(key) != mine[key]]
        if other:
            raise DataError(
                f"{folder} holds worlds of another run: {other[0]} was {theirs.get(other[0])!r}, "
                f"now {mine[other[0]]!r}; choose another folder"
            )
        return
    _write(manifest, (json.dumps(mine, indent=2) + "\n").encode())


def _kept(file: Path | None, shape: tuple[int, ...]) -> Floats | None:
    """Return a shard from its file, or None where it does not hold as many worlds."""
    if file is None or not file.exists():
        return None
    try:
        kept: Floats = np.load(file)
    except (ValueError, EOFError) as error:
        raise DataError(f"{file} is no shard of worlds ({error}); delete it") from error
    return kept if kept.shape == shape else None


def _keep(found: Floats, file: Path | None) -> Floats:
    if file is not None:
        content = BytesIO()
        np.save(content, found)
        _write(file, content.getvalue())
    return found


def _write(file: Path, content: bytes) -> None:
    beside = file.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(file)
