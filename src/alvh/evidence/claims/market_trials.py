"""Trials of claims about states of the market: events, calm, contango, ranges, thresholds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.advise.health import health_history
from alvh.evidence.claims.desk import Desk, Finding, NotTestable, Reading
from alvh.evidence.claims.trials import drawdown, less, log_returns
from alvh.evidence.press import press_report
from alvh.kernel import codes
from alvh.market.history import History
from alvh.measures import SESSIONS_PER_YEAR, Array
from alvh.signals import signal_table
from alvh.signals.events import event_dates
from alvh.signals.reading import series
from alvh.signals.realised import expected_ranges

Flags = NDArray[np.bool_]
LAYERS = ("short", "medium", "tail")
NEVER = 150.0  # the highest VIX that a break-even is searched up to


def mean_excess(values: Array, flag: Array) -> float:
    """Return the mean where the flag is 1 less the mean where it is 0; NaN flags count nowhere."""
    inside, outside = flag == 1.0, flag == 0.0
    if not (inside.any() and outside.any()):
        return float("nan")
    return float(values[inside].mean() - values[outside].mean())


def as_flag(condition: Flags, known: Flags) -> Array:
    """Return 1 where a condition holds, 0 where it does not, NaN where that is not known."""
    return np.where(known, condition.astype(np.float64), np.nan)


def event_days(desk: Desk, hedge: str, layer: str, events: list[str]) -> Finding:
    """Compare a layer's gain on event days, and the sessions before them, with all others."""
    run = desk.run(hedge)
    gain = np.diff(run.sleeves[layer] + run.costs_by_sleeve[layer]) / run.nav[:-1]
    flag = near_events(desk.history, run.dates, events)[1:]
    count = int(np.nansum(flag))
    note = f"{count} sessions at events against {int((flag == 0.0).sum())} others"
    return desk.finding(run, (desk.reading("excess", "share", mean_excess, gain, flag),), note=note)


def near_events(history: History, dates: NDArray[np.datetime64], events: list[str]) -> Array:
    """Flag the session of every event and the one before it; NaN beyond the calendars' ends."""
    flag = np.zeros(len(dates), bool)
    known = np.ones(len(dates), bool)
    for kind in events:
        days = event_dates(history, kind).astype("datetime64[D]")
        if not len(days):
            raise NotTestable(f"the history has no date of {kind}")
        known &= (dates >= days[0]) & (dates <= days[-1])
        inside = days[(days > dates[0]) & (days <= dates[-1])]
        at = np.searchsorted(dates, inside)
        flag[at] = flag[at - 1] = True
    return as_flag(flag, known)


def uncertain_days(desk: Desk, hedge: str, signal: str, above: float) -> Finding:
    """Compare drawdowns over the sessions on which a signal stood high, put together."""
    run, twin = desk.run(hedge), desk.run(None)
    table = signal_table(desk.history)
    z = table.z[desk.rows_of(run), table.names.index(signal)][:-1]
    high = z > above
    if not high.any():
        raise NotTestable(f"{signal} never stood {above:g} deviations above its mean")
    first, second = (log_returns(one) * high for one in (run, twin))
    known = np.isfinite(z)
    reading = less(desk, "drawdown", "share", drawdown, first[known], second[known])
    sample = f"{int(high.sum())} of {int(known.sum())} sessions on which {signal} is known"
    return desk.finding(run, (reading,), twin=twin, sample=sample)


def press(desk: Desk, position: str, event: str, sessions: int) -> Finding:
    """Measure what time and volatility take from a call over an event, beyond ordinary days."""
    report = press_report(desk.history, seed=desk.seed, resamples=max(desk.resamples, 1))
    rows = [
        row for row in report.table.iter_rows(named=True)
        if (row["position"], row["event"], row["sessions"]) == (position, event, sessions)
    ]  # fmt: skip
    if not rows or rows[0].get("press_excess") is None:
        raise NotTestable(f"no {event} within the history")
    row = rows[0]
    low, high = row["press_low"], row["press_high"]
    found = Reading("press_excess", "share", row["press_excess"], low, high, np.empty(0))
    at, else_ = 100 * row["press"], 100 * row["control_press"]
    note = f"of the premium; {at:.1f} % at events, {else_:.1f} % otherwise"
    sample = f"{row['count']} events, {row['control_count']} ordinary sessions"
    return Finding((found,), sample, 1.0, note=note)


def thresholds(desk: Desk, hedge: str) -> Finding:
    """Measure how far apart the VIX levels are from which on each layer pays."""
    levels = _monthly(desk, hedge, *(f"pays_vix_{name}" for name in LAYERS))
    held = np.isfinite(levels).all(axis=0) & (levels > 0.0).all(axis=0)
    if not held.any():
        raise NotTestable("the three layers were never held at once at the end of a month")
    ordered = np.sort(levels[:, held], axis=0)
    gap = np.diff(ordered, axis=0).min(axis=0)
    reading = desk.monthly("gap", "points", lambda x: float(x.mean()), gap)
    middle = ", ".join(
        f"{name} {level:.1f}" for name, level in zip(LAYERS, np.median(levels, axis=1), strict=True)
    )
    sample = f"{held.sum()} month ends with all three layers held"
    return desk.finding(desk.run(hedge), (reading,), note=f"medians: {middle}", sample=sample)


def break_evens(desk: Desk, hedge: str, against: str) -> Finding:
    """Count the months in which one hedge pays for itself at a lower VIX than another."""
    levels = [
        np.nan_to_num(_monthly(desk, name, "hedge_recovers_vix_30d")[0], nan=NEVER)
        for name in (hedge, against)
    ]
    lower = (levels[0] < levels[1]).astype(np.float64)
    reading = desk.monthly("lower_share", "share", lambda x: float(x.mean()), lower)
    note = f"median {np.median(levels[0]):.1f} against {np.median(levels[1]):.1f} points"
    return desk.finding(
        desk.run(hedge), (reading,), note=note, sample=f"{len(lower)} month ends"
    )  # fmt: skip


def _monthly(desk: Desk, hedge: str, *names: str) -> Array:
    """Return figures of the book's health at the end of every month, shape (names, months)."""
    start, end, equity = desk.bench.account
    table = health_history(
        desk.history, hedge, desk.bench.programme, start, end, equity=equity, fill=desk.bench.fill
    )
    return np.array([table[name].to_numpy() for name in names], dtype=np.float64)


def containment(desk: Desk) -> Finding:
    """Count the sessions whose close lay within the range expected the evening before."""
    run = desk.run(None)
    rows = desk.rows_of(run)
    moves = np.abs(np.diff(desk.history["spx"][rows]) / desk.history["spx"][rows][:-1])
    ranges = expected_ranges(desk.history)[rows][:-1]
    known = np.isfinite(moves) & np.isfinite(ranges)
    inside = (moves[known] <= ranges[known]).astype(np.float64)
    reading = desk.reading("contained", "share", lambda x: float(x.mean()), inside)
    sample = f"{int(known.sum())} sessions, {run.dates[0]} to {run.dates[-1]}"
    return Finding((reading,), sample)


def recovered(desk: Desk, condors: str) -> Finding:
    """Count the losers that ended without a loss once they had been sold again."""
    from scipy.stats import binomtest

    from alvh.policy import load_programme

    run = desk.bench.run(programme=load_programme(condors))
    good, tried = _shift_counts(run)
    if not tried:
        raise NotTestable("no loss fell into a market in which the rule shifts")
    ends = binomtest(good, tried).proportion_ci(desk.level, method="wilson")
    found = Reading("recovered", "share", good / tried, ends.low, ends.high, np.empty(0))
    note = f"{good} of {tried} losers; fill {desk.bench.fill:g}"
    return desk.finding(run, (found,), note=note)


def _shift_counts(run: Any) -> tuple[int, int]:
    """Return (losers made good, losers that the rule wanted to shift).

    A loser that was shifted at least once ends with a line of its own; one that could not be
    shifted at all has the line that nothing covers it and, next to it, no such end.
    """
    rows = run.logs.decisions[: run.counts["decisions"]]
    ended = rows["reason"] == codes.R_SHIFT_ENDED
    refused = rows["reason"] == codes.R_SHIFT_INFEASIBLE
    at_once = refused & ~np.append(ended[1:], False)
    return int((ended & (rows["reading"] >= 0.0)).sum()), int(ended.sum() + at_once.sum())


def opened_at(desk: Desk, hedge: str, below: float, sessions: int) -> Finding:
    """Compare what a dollar of hedge earned over a month by the VIX at which it was held."""
    run = desk.run(hedge)
    pnl, value = run.hedge_pnl(), run.hedge_value[:-sessions]
    held = value > 0.0
    if not held.any():
        raise NotTestable(f"{hedge} never held anything")
    earned = np.where(held, (pnl[sessions:] - pnl[:-sessions]) / np.where(held, value, 1.0), 0.0)
    vix = desk.history["vix"][desk.rows_of(run)][:-sessions]
    flag = as_flag(vix < below, held & np.isfinite(vix))
    reading = desk.reading("excess", "share", mean_excess, earned, flag)
    low, high = 100 * earned[flag == 1.0].mean(), 100 * earned[flag == 0.0].mean()
    note = f"{low:.0f} % a month from below {below:g}, {high:.0f} % from above"
    return desk.finding(run, (reading,), twin=desk.run(None), note=note)


def carry_by_slope(desk: Desk, hedge: str) -> Finding:
    """Compare carry for each dollar of hedge held in contango and in inversion."""
    run = desk.run(hedge)
    rows = desk.rows_of(run)
    vix, later = series(desk.history, "vix")[rows], series(desk.history, "vix3m")[rows]
    held = run.hedge_value[:-1] > 0.0
    value = np.where(held, run.hedge_value[:-1], 1.0)
    rate = np.diff(sum(run.carry.values())) / value * SESSIONS_PER_YEAR
    flag = as_flag((later > vix)[:-1], held & np.isfinite(later - vix)[:-1])
    reading = desk.reading("excess", "share a year", mean_excess, rate, flag)
    calm, wild = rate[flag == 1.0].mean(), rate[flag == 0.0].mean()
    note = f"{100 * calm:.0f} % a year in contango, {100 * wild:.0f} % in inversion"
    return desk.finding(run, (reading,), note=note)
