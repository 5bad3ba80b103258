"""Where a split of the hedge stands among all splits, and which cannot be told from the best.

Every split of the hedge's capital between the three layers, in steps of five per cent, is run on
the same condors and the same days. Each is judged by its growth, by the risk that it removes, and
by the risk that it removes for what it carries. Resampled histories, the same days for every
split, say how sure the order is: the rank of one split has an interval, and the splits that the
best cannot be told from are a region that holds the true best as often as is said.

References
----------
Hsu, J. (1981). Simultaneous confidence intervals for all distances from the "best". Annals of
Statistics 9, 1026-1034. Politis, D. and Romano, J. (1994). The stationary bootstrap. JASA 89.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numba import get_num_threads
from numpy.typing import NDArray

from alvh.engine import DEFAULT_EQUITY, DEFAULT_FILL
from alvh.errors import DataError, PolicyError
from alvh.evidence.intervals import block_length, growth_and_tail, resampled_days
from alvh.evidence.selection import superior_ability
from alvh.evidence.sweeps import run_sweep
from alvh.market.history import History
from alvh.measures import SESSIONS_PER_MONTH, SESSIONS_PER_YEAR, Array
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme, policy_hash
from alvh.priced import Priced
from alvh.version import VERSION

CRITERIA = ("growth", "risk_removed", "per_carry")
LEAST_CARRY = 1e-5  # a year, of the account: below it nothing is carried and no ratio is formed
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Standing:
    """How the splits are ordered by one criterion.

    Attributes
    ----------
    values : ndarray, shape (n,)
        More is better; NaN where a split carries nothing.
    best : int
        Row of the best.
    region : ndarray of bool, shape (n,)
        Splits that cannot be told from the best: the true best is among them at the level.
    rank, rank_low, rank_high : int
        Of the split that is asked about, 1 the best, and the interval of it.
    """

    values: Array
    best: int
    region: Flags
    rank: int
    rank_low: int
    rank_high: int


@dataclass(frozen=True)
class Simplex:
    """All splits of one hedge on one history.

    Attributes
    ----------
    splits : ndarray, shape (n, 3)
        Shares of the short, medium and tail layer.
    marked : int
        Row of the split that is asked about.
    growth, cvar_month, carry, hedge_pnl : ndarray, shape (n,)
        Growth a year; mean of the worst twentieth of months; what the hedge gains a year in an
        unchanged market, and what it gained, fractions of the account at the start.
    twin_growth, twin_cvar_month : float
        Of the condors without a hedge.
    standings : dict of str to Standing
        By criterion; without resamples the intervals are the points.
    spa : float
        P-value of Hansen's test that no split grows faster than the marked one; NaN without
        resamples.
    meta : dict
    """

    splits: Array
    marked: int
    growth: Array
    cvar_month: Array
    carry: Array
    hedge_pnl: Array
    twin_growth: float
    twin_cvar_month: float
    standings: dict[str, Standing]
    spa: float
    meta: dict[str, Any]

    def table(self) -> pl.DataFrame:
        """Return one row a split."""
        columns: dict[str, Any] = {
            name: self.splits[:, k] for k, name in enumerate(("short", "medium", "tail"))
        }
        columns |= {
            "growth": self.growth, "cvar_month": self.cvar_month, "carry": self.carry,
            "hedge_pnl": self.hedge_pnl,
        }  # fmt: skip
        for name, standing in self.standings.items():
            if name not in columns:
                columns[name] = standing.values
            columns[f"{name}_like_best"] = standing.region
        return pl.DataFrame(columns)


def all_splits(step: int = 5) -> Array:
    """Return every split of three layers in steps of ``step`` per cent, shape (n, 3).

    Raises
    ------
    DataError
        If the step does not divide 100.
    """
    if step < 1 or 100 % step:
        raise DataError(f"a step of {step} per cent: one that divides 100 is needed, as 5")
    n = 100 // step
    grid = [(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)]
    return np.array(grid, dtype=np.float64) / n


def with_split(policy: HedgePolicy, split: Array) -> HedgePolicy:
    """Return a policy with the weights of its three layers replaced."""
    values = policy.model_dump()
    by_name = dict(zip(("short", "medium", "tail"), split.tolist(), strict=True))
    for layer in values["layers"]:
        layer["weight"] = by_name[layer["name"]]
    return HedgePolicy.model_validate(values)


def simplex(
    history: History,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "monthly45",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    step: int = 5,
    resamples: int = 500,
    seed: int = 0,
    level: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
    cluster: str | None = None,
) -> Simplex:
    """Run every split of a hedge, and say where its own stands.

    Parameters
    ----------
    history, condors, start, end, equity, fill
        As for ``alvh.backtest``.
    hedge : str or HedgePolicy
        With a short, a medium and a tail layer; its own weights are the split asked about.
    step : int
        Of the grid, per cent; the hedge's own weights are added where they are not on it.
    resamples : int
        Resampled histories; 0 for none.
    seed : int
    level : float
        Of intervals and region.
    progress : callable, optional
        Called with (done, total) while runs and resamples are made.
    cluster : str, optional
        Address of a dask scheduler that the splits are run by; the same bytes come back.

    Raises
    ------
    PolicyError
        If the hedge does not have the three layers.
    """
    policy = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    splits, marked = grid_of(policy, step)
    policies = [with_split(policy, split) for split in splits]
    found = judge(
        history, policies, programme, start, end, equity, fill, marked=marked,
        resamples=resamples, seed=seed, level=level, progress=progress, cluster=cluster,
    )  # fmt: skip
    meta = meta_of(history, policy, programme, found, fill, resamples, seed, level)
    return Simplex(
        splits, marked, found.growth[1:], found.cvar_month[1:], found.carry, found.hedge_pnl,
        float(found.growth[0]), float(found.cvar_month[0]), found.standings, found.spa,
        meta | {"step": step},
    )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """Many hedges of one book, judged together.

    Attributes
    ----------
    growth, cvar_month : ndarray, shape (n + 1,)
        The first without a hedge.
    carry, hedge_pnl : ndarray, shape (n,)
        A year, fractions of the account at the start.
    standings : dict of str to Standing
    spa : float
    block : int
    start, end : str
    priced : Priced
        What the fills of all hedges rest on.
    """

    growth: Array
    cvar_month: Array
    carry: Array
    hedge_pnl: Array
    standings: dict[str, Standing]
    spa: float
    block: int
    start: str
    end: str
    priced: Priced


def judge(
    history: History,
    policies: list[HedgePolicy],
    programme: CondorProgramme,
    start: str | date | None,
    end: str | date | None,
    equity: float,
    fill: float,
    *,
    marked: int,
    resamples: int,
    seed: int,
    level: float,
    progress: Callable[[int, int], None] | None = None,
    cluster: str | None = None,
) -> Judged:
    """Run many hedges on the same condors and days, and order them; see ``simplex``."""
    total = len(policies) + 1 + resamples

    def ran(done: int, _: int) -> None:
        if progress is not None:
            progress(done, total)

    hedges = [load_policy("none"), *policies]
    runs = run_sweep(history, hedges, programme, start, end, equity, fill, ran, cluster)
    logs = np.diff(np.log(np.maximum(runs.nav, 1e-9)), axis=1)
    carry = np.diff(runs.carry, axis=1) / equity
    block = block_length(logs[[0, marked + 1]])
    draws = np.empty((resamples, len(CRITERIA), len(policies)))
    days = resampled_days(logs.shape[1], block, resamples, seed)
    for place, values in enumerate(_of_resamples(logs, carry, days)):
        draws[place] = values
        ran(len(policies) + 2 + place, 0)
    (growth, tail), values = criteria_of(logs, carry)
    standings = {
        name: standing_of(values[k], draws[:, k], marked, level) for k, name in enumerate(CRITERIA)
    }
    years = logs.shape[1] / SESSIONS_PER_YEAR
    return Judged(
        growth, tail, runs.carry[1:, -1] / equity / years, runs.hedge_pnl[1:, -1] / equity / years,
        standings, superiority_of(logs, marked, block, seed, resamples), block,
        str(runs.dates[0]), str(runs.dates[-1]), Priced(*runs.fills[1:].sum(axis=0).tolist()),
    )  # fmt: skip


def _of_resamples(logs: Array, carry: Array, days: Iterator[NDArray[np.intp]]) -> Iterator[Array]:
    """Yield the criteria of each resampled history in its turn, worked out on all threads."""

    def one(rows: NDArray[np.intp]) -> Array:
        return criteria_of(logs[:, rows], carry[:, rows])[1]

    with ThreadPoolExecutor(get_num_threads()) as pool:
        yield from pool.map(one, days)


def grid_of(policy: HedgePolicy, step: int) -> tuple[Array, int]:
    """Return all splits of a policy's three layers, shape (n, 3), and the row of its own."""
    names = sorted(layer.name for layer in policy.layers)
    if names != ["medium", "short", "tail"]:
        raise PolicyError(
            f"{policy.name} has the layers {', '.join(names) or 'none'}; a split needs short, "
            "medium and tail"
        )
    splits = all_splits(step)
    own = np.array([layer.weight for layer in policy.layers])
    own = own[[[one.name for one in policy.layers].index(name) for name in
               ("short", "medium", "tail")]] / own.sum()  # fmt: skip
    gap = np.abs(splits - own).max(axis=1)
    if gap.min() > 1e-9:
        return np.vstack([splits, own]), len(splits)
    return splits, int(gap.argmin())


def criteria_of(logs: Array, carry: Array) -> tuple[Array, Array]:
    """Return growth and tail of every book, and the three criteria of every split.

    Shapes (2, n + 1) and (3, n); the first book is the one without a hedge.
    """
    found = growth_and_tail(logs, SESSIONS_PER_YEAR)
    removed = found[1, 1:] - found[1, 0]
    paid = -carry[1:].mean(axis=1) * SESSIONS_PER_YEAR
    ratio = np.full(len(paid), np.nan)
    np.divide(removed, paid, out=ratio, where=paid > LEAST_CARRY)
    return found, np.stack([found[0, 1:], removed, ratio])


def standing_of(values: Array, draws: Array, marked: int, level: float) -> Standing:
    """Return the order of the splits with what the resampled histories say of it."""
    known = np.isfinite(values)
    best = int(np.nanargmax(values))
    rank = _rank(values, marked)
    if not len(draws):
        return Standing(values, best, values == values[best], rank, rank, rank)
    region = known & _may_be_best(values, draws, level)
    ranks = [_rank(row, marked) for row in draws]
    low, high = np.quantile(ranks, [(1 - level) / 2, (1 + level) / 2])
    return Standing(values, best, region, rank, round(float(low)), round(float(high)))


def _may_be_best(values: Array, draws: Array, level: float) -> Flags:
    """Say of each split whether it may be the best (Hsu 1981).

    It may, where no other leads it by more than the largest lead over it that chance gives some
    other in ``level`` of the resampled histories: the true best is kept so often. A history in
    which the split has no value of its own says nothing of it; where none has, it is kept.
    """
    out = np.zeros(len(values), bool)
    for i in np.flatnonzero(np.isfinite(values)):
        told = draws[np.isfinite(draws[:, i])]
        if not len(told):
            out[i] = True
            continue
        chance = np.nanmax(told - told[:, [i]] - (values - values[i]), axis=1)
        out[i] = np.nanmax(values) - values[i] <= np.quantile(chance, level)
    return out


def _rank(values: Array, marked: int) -> int:
    return 1 + int((values > values[marked]).sum())


def superiority_of(logs: Array, marked: int, block: int, seed: int, resamples: int) -> float:
    if not resamples:
        return float("nan")
    others = np.delete(logs[1:], marked, axis=0)
    return superior_ability(
        logs[marked + 1], others.T, block=block, seed=seed, resamples=resamples
    ).consistent


def meta_of(
    history: History, policy: HedgePolicy, programme: CondorProgramme, found: Judged, fill: float,
    resamples: int, seed: int, level: float,
) -> dict[str, Any]:  # fmt: skip
    """Return what made a result."""
    return {
        "hedge": policy.name, "programme": programme.name, "policy_hash": policy_hash(policy),
        "programme_hash": policy_hash(programme), "data_digest": history.digest,
        "code_version": VERSION, "fill": fill, "start": found.start, "end": found.end,
        "resamples": resamples, "seed": seed, "block": found.block, "level": level,
        "month": SESSIONS_PER_MONTH,
        "fills": found.priced.count,
        "model_priced_share": found.priced.shares.get("modelled", 0.0),
        "fitted_share": found.priced.shares.get("fitted", 0.0),
    }  # fmt: skip
