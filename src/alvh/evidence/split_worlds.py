"""Where a split stands in worlds: every split of a hedge in every one of many long histories.

`alvh.simplex` resamples the days of one run. Here every history is drawn first and every split is
traded through it, so that expiries, rolls and meters see the order of the days. A world is a shard
of its own: a long run that stops goes on from the last world that it finished.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.engine import (
    DEFAULT_COMMISSION,
    DEFAULT_DEBIT_SPREAD,
    DEFAULT_EQUITY,
    DEFAULT_FILL,
)
from alvh.errors import DataError
from alvh.evidence.simplex import CRITERIA, criteria_of, grid_of, with_split
from alvh.guides import NO_SCENARIOS, neutral_guides
from alvh.kernel.policies import DAILY
from alvh.kernel.records import NO_QUOTES
from alvh.kernel.run import new_books, new_log, run_batch
from alvh.measures import SESSIONS_PER_YEAR, Array
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme, policy_hash
from alvh.version import VERSION
from alvh.worlds import Worlds
from alvh.worlds.calendar import expiries_of
from alvh.worlds.run import refuse_listening
from alvh.worlds.shards import run_shards

BATCH = 29  # splits at once: bounds memory, the result does not depend on it
TAIL = 0.05


@dataclass(frozen=True)
class SplitWorlds:
    """Every split of one hedge in every world.

    Attributes
    ----------
    splits : ndarray, shape (n, 3)
    marked : int
        Row of the split that is asked about.
    values : ndarray, shape (n_worlds, 3, n)
        Growth, risk removed, and risk removed per dollar of carry, of every split in every world;
        NaN where a split carries nothing.
    twin : ndarray, shape (n_worlds, 2)
        Growth and monthly tail without a hedge.
    years : float
        Of one world.
    meta : dict
    """

    splits: Array
    marked: int
    values: Array
    twin: Array
    years: float
    meta: dict[str, Any]

    def ranks(self, criterion: str) -> Array:
        """Return the rank of the marked split in every world, 1 the best, shape (n_worlds,).

        NaN where the marked split carries nothing, so that there is no ratio to order by.
        """
        values = self._of(criterion)
        mine = values[:, [self.marked]]
        ranks = 1.0 + (values > mine).sum(axis=1)
        return np.where(np.isfinite(mine[:, 0]), ranks, np.nan)

    def summary(self) -> dict[str, dict[str, float]]:
        """Return by criterion how the rank of the marked split is distributed over worlds.

        ``rank_05``, ``rank_50``, ``rank_95``; ``best`` and ``first_tenth``, shares of worlds;
        ``above_half``, that it is in the better half; ``behind_best``, the mean distance to the
        best split of each world; ``share_best``, of worlds in which the most frequent best is best.
        """
        return {name: self._summary(name) for name in CRITERIA}

    def table(self) -> pl.DataFrame:
        """Return one row a split: shares, mean of each criterion, share of worlds it is best in."""
        columns: dict[str, Any] = {
            name: self.splits[:, k] for k, name in enumerate(("short", "medium", "tail"))
        }
        for name in CRITERIA:
            values = self._of(name)
            columns[name] = np.nanmean(values, axis=0)
            columns[f"{name}_best"] = self._best(values) / len(values)
        return pl.DataFrame(columns)

    def _of(self, criterion: str) -> Array:
        if criterion not in CRITERIA:
            raise DataError(f"no criterion {criterion!r}; there are {', '.join(CRITERIA)}")
        return self.values[:, CRITERIA.index(criterion)]

    def _best(self, values: Array) -> Any:
        known = values[np.isfinite(values).any(axis=1)]
        return np.bincount(np.nanargmax(known, axis=1), minlength=values.shape[1])

    def _summary(self, criterion: str) -> dict[str, float]:
        values, ranks = self._of(criterion), self.ranks(criterion)
        ranks = ranks[np.isfinite(ranks)]
        n = len(self.splits)
        low, middle, high = np.quantile(ranks, [TAIL, 0.5, 1.0 - TAIL])
        behind = np.nanmax(values, axis=1) - values[:, self.marked]
        return {
            "rank_05": float(low), "rank_50": float(middle), "rank_95": float(high),
            "best": float((ranks == 1).mean()), "first_tenth": float((ranks <= 0.1 * n).mean()),
            "above_half": float((ranks <= 0.5 * n).mean()),
            "behind_best": float(np.nanmean(behind)),
            "share_best": float(self._best(values).max() / len(values)),
        }  # fmt: skip


def split_worlds(
    worlds: Worlds,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "monthly45",
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    step: int = 5,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    cluster: str | None = None,
) -> SplitWorlds:
    """Run every split of a hedge through every world.

    Parameters
    ----------
    worlds : Worlds
        From ``alvh.simulate``; of years rather than of one, as 4,788 sessions.
    hedge, condors, equity, fill, step
        As for ``alvh.simplex``.
    folder : Path, optional
        Where finished worlds are kept; a run that was interrupted takes them up again.
    progress : callable, optional
        Called with (worlds done, worlds in all).
    cluster : str, optional
        Address of a dask scheduler; the same bytes come back.

    Returns
    -------
    SplitWorlds

    Raises
    ------
    PolicyError
        If the hedge does not have the three layers, or a rule listens to signals.
    DataError
        If the folder holds another run.
    """
    policy = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    job = _SplitJob(worlds, policy, programme, equity, fill, step)
    found = run_shards(job, worlds.n_paths, 1, folder=folder, progress=progress, cluster=cluster)
    n = len(job.splits)
    return SplitWorlds(
        job.splits, job.marked, found[:, :3, :n], found[:, 3, :2],
        (worlds.n_days - 1) / SESSIONS_PER_YEAR, job.meta,
    )  # fmt: skip


class _SplitJob:
    """What is the same for every world: all splits and the condors that they hedge."""

    def __init__(
        self, worlds: Worlds, policy: HedgePolicy, programme: CondorProgramme, equity: float,
        fill: float, step: int,
    ) -> None:  # fmt: skip
        refuse_listening(policy, programme)
        self.worlds, self.equity = worlds, equity
        self.splits, self.marked = grid_of(policy, step)
        hedges = [load_policy("none"), *(with_split(policy, split) for split in self.splits)]
        self.hedges = [compile_hedge(one) for one in hedges]
        self.rules = compile_programme(programme, fill)
        self.account = compile_account(equity, fill, 1.0, DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD)
        self.shape = (4, len(self.splits))
        self.meta = {
            "model": worlds.model.name, "n_paths": worlds.n_paths, "n_days": worlds.n_days,
            "seed": worlds.seed, "first": worlds.first, "hedge": policy.name,
            "programme": programme.name, "policy_hash": policy_hash(policy),
            "programme_hash": policy_hash(programme), "data_digest": worlds.model.digest,
            "code_version": VERSION, "equity": equity, "fill": fill, "step": step,
            "what": "splits", "model_priced_share": 1.0,
        }  # fmt: skip

    def __call__(self, first: int, count: int) -> Array:
        """Return criteria of every split, and the unhedged book's figures, shape (count, 4, n)."""
        return np.stack([self._world(number) for number in range(first, first + count)])

    def _world(self, number: int) -> Array:
        days = self.worlds.shard(number, 1)
        expiries = expiries_of(self.worlds.dates)
        parts = [
            self._batch(days, expiries, self.hedges[low : low + BATCH])
            for low in range(0, len(self.hedges), BATCH)
        ]
        nav, carry = (np.concatenate(column) for column in zip(*parts, strict=True))
        if not np.isfinite(nav).all():
            raise DataError(
                f"the account value in world {number} is not a number: a day that it was drawn "
                "from lacks a price input; draw from years that `alvh data check` finds complete"
            )
        logs = np.diff(np.log(np.maximum(nav, 1e-9)), axis=1)
        (growth, tail), values = criteria_of(logs, np.diff(carry, axis=1) / self.equity)
        out = np.zeros(self.shape)
        out[:3], out[3, :2] = values, (growth[0], tail[0])
        return out

    def _batch(self, days: Any, expiries: tuple[Any, Any], hedges: Any) -> tuple[Array, Array]:
        count = len(hedges)
        daily = np.zeros((count, days.shape[1]), DAILY)
        run_batch(
            days, neutral_guides()[None], NO_SCENARIOS[None], *expiries, NO_QUOTES,
            np.concatenate([one for one, _ in hedges]), np.stack([layers for _, layers in hedges]),
            np.repeat(self.rules, count), np.repeat(self.account, count), new_books(count), daily,
            new_log(0, 0, 0),
        )  # fmt: skip
        return daily["nav"].copy(), daily["carry"].sum(axis=2)
