"""Many hedges on one history, here or on a cluster: the same numbers wherever they were run."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from alvh.cluster import in_pieces
from alvh.engine import Sweep, sweep
from alvh.market.history import History
from alvh.policy import CondorProgramme, HedgePolicy

PIECE = 16  # hedges that are sent at once: some seconds of a worker, the first time around


class _SweepJob:
    """What is the same for every piece: the history and the book that is hedged."""

    def __init__(
        self, history: History, hedges: Sequence[HedgePolicy], *book: Any
    ) -> None:  # fmt: skip
        self.history, self.hedges, self.book = history, tuple(hedges), book

    def __call__(self, first: int, count: int) -> Sweep:
        """Run hedges ``first`` …"""
        return sweep(self.history, self.hedges[first : first + count], *self.book)


def run_sweep(
    history: History,
    hedges: Sequence[HedgePolicy],
    condors: CondorProgramme,
    start: str | date | None,
    end: str | date | None,
    equity: float,
    fill: float,
    progress: Callable[[int, int], None] | None = None,
    cluster: str | None = None,
) -> Sweep:
    """Run many hedges against the same condors; see ``alvh.engine.sweep``.

    Parameters
    ----------
    history, hedges, condors, start, end, equity, fill, progress
        As for ``sweep``.
    cluster : str, optional
        Address of a dask scheduler whose workers run pieces of sixteen hedges. The history is
        sent once, but a folder of option chains is not: workers must see it at the same path.

    Returns
    -------
    Sweep
        The same bytes with a cluster and without.

    Raises
    ------
    DataError
        If the cluster cannot be reached, runs another version, or loses a piece again and again.
    """
    book = condors, start, end, equity, fill
    if cluster is None:
        return sweep(history, hedges, *book, progress)
    bounds = [(low, min(PIECE, len(hedges) - low)) for low in range(0, len(hedges), PIECE)]
    parts: list[Sweep | None] = [None] * len(bounds)
    done = 0
    for place, found in in_pieces(_SweepJob(history, hedges, *book), bounds, cluster):
        parts[place], done = found, done + bounds[place][1]
        if progress is not None:
            progress(done, len(hedges))
    whole = [part for part in parts if part is not None]
    return Sweep(
        whole[0].dates,
        *(np.concatenate([getattr(part, name) for part in whole])
          for name in ("nav", "hedge_pnl", "carry", "fills")),
    )  # fmt: skip
