"""Trials of claims about books: one hedge against another, or against none, same condors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from alvh.evidence.ablation import with_changes
from alvh.evidence.claims.desk import Desk, Finding, NotTestable, Reading
from alvh.evidence.intervals import growth_and_tail
from alvh.evidence.motion import HOLD, motion_policies
from alvh.evidence.simplex import simplex
from alvh.evidence.workbench import RATES, equalise
from alvh.formats import p_value
from alvh.measures import SESSIONS_PER_YEAR, Array
from alvh.policy import HedgePolicy, load_policy

UNITS = {"growth": "share a year", "drawdown": "share", "tail_month": "share"}


def log_returns(run: Any) -> Array:
    """Return the account's log returns, shape (n − 1,)."""
    return np.diff(np.log(np.maximum(run.nav, 1e-9)))


def growth(logs: Array) -> float:
    """Return growth a year."""
    return float(np.expm1(logs.mean() * SESSIONS_PER_YEAR))


def drawdown(logs: Array) -> float:
    """Return the maximum drawdown, a fraction, negative."""
    path = np.concatenate([np.zeros(1), np.cumsum(logs)])
    return float(np.expm1((path - np.maximum.accumulate(path)).min()))


def tail_month(logs: Array) -> float:
    """Return the mean of the worst twentieth of the 21-session returns."""
    return float(growth_and_tail(logs[None, :], SESSIONS_PER_YEAR)[1, 0])


FIGURES = {"growth": growth, "drawdown": drawdown, "tail_month": tail_month}


def less(desk: Desk, name: str, unit: str, figure: Any, first: Array, second: Array) -> Reading:
    """Return a figure of one book less that of another, resampled together."""
    return desk.reading(name, unit, lambda a, b: figure(a) - figure(b), first, second)


def books(
    desk: Desk, hedge: str, against: str, figures: Sequence[str], *, terms: str = "",
    changes: dict[str, Any] | None = None, against_held: bool = False,
) -> Finding:  # fmt: skip
    """Set one hedge against another.

    Parameters
    ----------
    hedge, against : str
    figures : sequence of {"growth", "drawdown", "tail_month"}
    terms : {"", "carry", "outlay"}
        What the second is made equal to the first in.
    changes : dict, optional
        Of the first hedge's policy.
    against_held : bool
        Whether the second is held to settlement.
    """
    policy, other = load_policy(hedge), load_policy(against)
    if changes:
        policy = with_changes(policy, **changes)
    if against_held:
        other = motion_policies(other)[HOLD]
    run, note = desk.run(policy), ""
    if terms:
        other, note = _equal(desk, run, other, terms)
    twin = desk.run(other)
    if np.array_equal(run.nav, twin.nav):
        raise NotTestable(f"{policy.name} and {other.name} are the same account on every session")
    logs = log_returns(run), log_returns(twin)
    readings = tuple(less(desk, name, UNITS[name], FIGURES[name], *logs) for name in figures)
    return desk.finding(run, readings, twin=twin, note=note)


def _equal(desk: Desk, run: Any, other: HedgePolicy, terms: str) -> tuple[HedgePolicy, str]:
    """Return the other hedge at the size at which it carries what the run does."""
    match = equalise(desk.bench, other, RATES[terms](run), RATES[terms])
    if not match.reached:
        raise NotTestable(f"{other.name} cannot be made equal in {terms}: {match.note}")
    return other.scaled(match.scale), f"{other.name} at {match.scale:.2f} times its size"


def drawdown_cut(desk: Desk, hedge: str) -> Finding:
    """Measure the share of the unhedged drawdown that is gone, and the growth given up for it."""
    run, twin = desk.run(hedge), desk.run(None)
    logs = log_returns(run), log_returns(twin)

    def cut(hedged: Array, unhedged: Array) -> float:
        return 1.0 - drawdown(hedged) / min(drawdown(unhedged), -1e-9)

    readings = (
        desk.reading("cut", "share", cut, *logs),
        less(desk, "given_up", "share a year", lambda x: -growth(x), *logs),
    )
    return desk.finding(run, readings, twin=twin)


def alpha(desk: Desk, hedge: str) -> Finding:
    """Measure what the hedge gains beyond its beta, and what it adds to growth."""
    run, twin = desk.run(hedge), desk.run(None)
    gains = np.diff(run.hedge_pnl()) / run.nav[:-1]
    spx = np.diff(np.log(desk.history["spx"][desk.rows_of(run)]))
    spx = spx - run.rates[:-1] / SESSIONS_PER_YEAR

    def beyond(gain: Array, market: Array) -> float:
        known = np.isfinite(market)
        gain, market = gain[known], market[known]
        beta = np.cov(gain, market)[0, 1] / market.var(ddof=1)
        return float((gain.mean() - beta * market.mean()) * SESSIONS_PER_YEAR)

    logs = log_returns(run), log_returns(twin)
    readings = (
        desk.reading("alpha", "share a year", beyond, gains, spx),
        less(desk, "growth", "share a year", growth, *logs),
    )
    return desk.finding(run, readings, twin=twin)


def decay(desk: Desk, hedge: str, against: str) -> Finding:
    """Measure carry a year for each dollar of hedge held, of one hedge less another."""
    runs = [desk.run(name) for name in (hedge, against)]
    columns = [column for run in runs for column in _carry_and_value(run)]

    def gap(lost: Array, held: Array, lost_too: Array, held_too: Array) -> float:
        return _rate(lost, held) - _rate(lost_too, held_too)

    return desk.finding(runs[0], (desk.reading("decay", "share a year", gap, *columns),),
                        note=_sides(columns))  # fmt: skip


def _sides(columns: Sequence[Array]) -> str:
    """Say what both hedges lose."""
    first, second = _rate(*columns[:2]), _rate(*columns[2:])
    return f"{100 * first:.0f} % a year against {100 * second:.0f} %"


def _carry_and_value(run: Any) -> tuple[Array, Array]:
    """Return each session's carry and the hedge's value at the close before, USD."""
    return np.diff(sum(run.carry.values())), run.hedge_value[:-1]


def _rate(carry: Array, value: Array) -> float:
    held = value > 0.0
    return float(carry[held].sum() / value[held].sum() * SESSIONS_PER_YEAR) if held.any() else 0.0


def construction(desk: Desk, hedge: str) -> Finding:
    """Build every leg the cheaper way, where calls and puts were quoted apart."""
    run = desk.run(hedge)
    on_vix = (pl.col("root") == "VIX") & (pl.col("provenance") == "quoted")
    if run.trades.filter(on_vix).is_empty():
        raise NotTestable(
            "every price of a VIX option here is worked out from its future, so that calls, puts "
            "and futures agree by construction; quotes of calls and of puts are needed"
        )
    changed = with_changes(load_policy(hedge), execution={"construction": "cheapest"})
    other = desk.run(changed)
    gap = less(desk, "growth", "share a year", growth, log_returns(other), log_returns(run))
    return desk.finding(other, (gap,), twin=run)


def split_rank(desk: Desk, hedge: str) -> Finding:
    """Rank a hedge's split by growth among all splits, as a share of them."""
    bench = desk.bench
    start, end, equity = bench.account
    found = simplex(
        desk.history, hedge, bench.programme, start, end, equity, bench.fill,
        resamples=max(desk.resamples // 4, 1), seed=desk.seed, level=desk.level,
    )  # fmt: skip
    place, count = found.standings["growth"], len(found.splits)
    reading = Reading(
        "rank_share", "share", place.rank / count, place.rank_low / count,
        place.rank_high / count, np.empty(0),
    )  # fmt: skip
    p = p_value(found.spa, found.meta["resamples"])
    best = "/".join(f"{100 * part:.0f}" for part in found.splits[place.best])
    note = (
        f"rank {place.rank} of {count} ({place.rank_low} to {place.rank_high}); best {best}; "
        f"test that none grows faster: p {p}"
    )
    return desk.finding(desk.run(hedge), (reading,), twin=desk.run(None), note=note)
