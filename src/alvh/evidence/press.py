"""The "press": what time and volatility take from long VIX calls around events.

A call is bought at the close before an event (after a spike: at its close) and followed for one,
three and five sessions. Its P&L is split by ``alvh.kernel.explain``; the press is vega·dσ + θ·dt as
a share of the premium at the start. Beside it stands the same on ordinary sessions that last as
many calendar days, and an interval of the difference.

The volatilities are reconstructed: VVIX sets their level, the future their smile. So what is
measured is how VVIX and the futures behave around events, carried over to one option, and not
how quotes of that option behaved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.evidence.long_calls import FIGURES, HORIZONS, Followed, hedge_calls, standard_calls
from alvh.evidence.spans import market_days
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces, without_quotes
from alvh.result import Result
from alvh.signals.events import event_dates

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]
Records = NDArray[np.void]

FIRST_VIX_OPTIONS = np.datetime64("2006-02-24")  # the day they were listed
SPIKE = 0.20  # rise of VIX in a session
AFTERMATH = HORIZONS[-1]  # sessions after a spike that are not ordinary
MONTH = 21  # sessions; mean block of the resampling
LEAST_EVENTS = 10  # fewer have no interval
LEVEL = 0.95


@dataclass(frozen=True)
class PressReport:
    """The press of long VIX calls around events.

    Attributes
    ----------
    table : polars.DataFrame
        One row for each ``position``, ``event`` and number of ``sessions``; shares of the premium
        at the start, negative where the holder loses. ``count`` events; means of ``pnl``,
        ``forward`` (Δ·dF, roll-down included), ``vega`` (of which ``surface`` is the smile's own
        change and the rest ageing and the slide along it), ``theta``, ``second_order``,
        ``residual`` and ``press`` = vega + theta; ``press_q25``, ``press_median``, ``press_q75``.
        ``control_count`` and ``control_surface``, ``control_theta``, ``control_press`` of ordinary
        windows of as many calendar days, of calls with as many days to settlement;
        ``press_excess`` = press less control_press and ``surface_excess`` likewise, each with
        ``_low`` and ``_high`` (95 %; NaN below ten events).
    notes : tuple of str
        What could not be measured, and why.
    meta : dict
        Of the result if there was one; data digest, seed, resamples, block.
    """

    table: pl.DataFrame
    notes: tuple[str, ...]
    meta: dict[str, Any] = field(repr=False)


def press_report(
    history: History, result: Result | None = None, *, seed: int = 0, resamples: int = 1000
) -> PressReport:
    """Measure the press of long VIX calls after FOMC, CPI and spikes.

    Parameters
    ----------
    history : History
        Its ``events`` name the FOMC decision days and CPI releases.
    result : Result, optional
        Adds the calls that this hedge held, by layer, and limits the sessions to the result's.
    seed : int
        Of the resampling.
    resamples : int

    Returns
    -------
    PressReport

    Raises
    ------
    DataError
        If the history is not the result's own or ``resamples`` is below 1.

    References
    ----------
    Politis and Romano (1994), "The Stationary Bootstrap", JASA 89.
    """
    if resamples < 1:
        raise DataError(f"resamples is {resamples}; wanted 1 or more")
    if result is None:
        meta: dict[str, Any] = {"data_digest": history.digest}
        surfaces = build_surfaces(history)
        days = surfaces.days[surfaces.dates >= FIRST_VIX_OPTIONS]
    else:
        meta, days = dict(result.meta), market_days(history, result)
    days = without_quotes(days)  # calls are followed on their smile, whoever quotes them
    calls = standard_calls(days, build_surfaces(history).vix_expiries)
    if result is not None:
        calls |= hedge_calls(result, days)
    starts, notes = _event_starts(history, days)
    draws = _draws(len(days), resamples, seed)
    windows = {h: (_ordinary(starts, len(days), h), _calendar_days(days, h)) for h in HORIZONS}
    rows = [
        {"position": name, "event": event, "sessions": h}
        | _row(call, place, starts[event], windows[h], draws)
        for name, call in calls.items()
        for event in starts
        for place, h in enumerate(HORIZONS)
    ]
    meta |= {"seed": seed, "resamples": resamples, "block": MONTH}
    return PressReport(pl.DataFrame(rows), tuple(notes), meta)


def _event_starts(history: History, days: Records) -> tuple[dict[str, Rows], list[str]]:
    """Return, by event, the rows of the closes before them; of spikes, their own closes."""
    starts, notes = dict[str, Rows](), list[str]()
    for name in ("fomc", "cpi"):
        dates = event_dates(history, name).astype(np.int64)
        dates = dates[(dates > days["date"][0]) & (dates <= days["date"][-1])]
        if len(dates):
            starts[name] = np.unique(np.searchsorted(days["date"], dates)) - 1
            first, last = days["date"].astype("datetime64[D]")[starts[name][[0, -1]] + 1]
            notes.append(f"{name}: {len(starts[name])} sessions, {first} to {last}")
        else:
            notes.append(f"{name}: the history has no date of it in this range")
    rise = days["vix"][1:] / days["vix"][:-1] - 1.0
    starts["spike"] = np.flatnonzero(rise >= SPIKE) + 1
    notes.append(f"spike: {len(starts['spike'])} sessions with VIX up {SPIKE:.0%} or more")
    return starts, notes


def _ordinary(starts: Mapping[str, Rows], count: int, sessions: int) -> Flags:
    """Return the closes whose next ``sessions`` hold no event and follow no spike within five."""
    busy = np.zeros(count + AFTERMATH + 1, bool)
    for name, rows in starts.items():
        if name == "spike":
            for later in range(AFTERMATH + 1):
                busy[rows + later] = True
        else:
            busy[rows + 1] = True
    after = np.lib.stride_tricks.sliding_window_view(busy[1:], sessions)[:count]
    ordinary: Flags = ~np.any(after, axis=1)
    return ordinary


def _draws(count: int, resamples: int, seed: int) -> Floats:
    """Return how often each session was drawn in each resample, shape (count, resamples)."""
    from arch.bootstrap import StationaryBootstrap

    bootstrap = StationaryBootstrap(MONTH, np.arange(count), seed=np.random.default_rng(seed))
    draws = np.empty((count, resamples))
    for place, (positions, _) in enumerate(bootstrap.bootstrap(resamples)):
        draws[:, place] = np.bincount(positions[0], minlength=count)
    return draws


def _row(
    call: Followed, place: int, starts: Rows, window: tuple[Flags, Rows], draws: Floats
) -> dict[str, Any]:
    """Return the figures of one call, event and horizon."""
    ordinary, length = window
    columns = dict(zip(FIGURES, call.share[:, place].T, strict=True))
    known = np.isfinite(columns["pnl"])
    event = np.zeros(len(known), bool)
    event[starts] = True
    event &= known
    seen = np.flatnonzero(event)
    row: dict[str, Any] = {"count": len(seen)}
    if not len(seen):
        return row
    control = ordinary & ~event & known
    control[: seen[0]] = control[seen[-1] + 1 :] = False  # only while the event is on record
    row |= {name: float(column[event].mean()) for name, column in columns.items()}
    for name, level in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
        row[f"press_{name}"] = float(np.quantile(columns["press"][event], level))
    row["control_count"] = int(control.sum())
    due = np.where(known, call.tau, 0.0).astype(np.int64)
    groups = event, control, length * 1000 + due
    for name in ("surface", "theta", "press"):
        excess = float(_excess(columns[name], *groups, np.ones((len(known), 1)))[0])
        row[f"control_{name}"] = row[name] - excess
    enough = len(seen) >= LEAST_EVENTS and bool(control.any())
    for name in ("press", "surface"):
        row[f"{name}_excess"] = row[name] - row[f"control_{name}"]
        low, high = _interval(columns[name], *groups, draws) if enough else (np.nan, np.nan)
        row |= {f"{name}_low": low, f"{name}_high": high}
    return row


def _interval(
    value: Floats, event: Flags, control: Flags, group: Rows, draws: Floats
) -> tuple[float, float]:
    spread = _excess(value, event, control, group, draws)
    low, high = np.nanquantile(spread, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _excess(value: Floats, event: Flags, control: Flags, group: Rows, draws: Floats) -> Floats:
    """Return the mean over the events less that over the controls of the same group.

    One for each column of ``draws``; events for whose group it has no control are left out.
    """
    from scipy.sparse import csr_array

    groups = np.unique(group[event])

    def by_group(chosen: Flags, amount: Floats) -> Floats:
        seen = np.flatnonzero(chosen & np.isin(group, groups))
        place = np.searchsorted(groups, group[seen])
        shape = len(groups), len(group)
        total: Floats = csr_array((amount[seen], (place, seen)), shape=shape) @ draws
        return total

    once = np.ones(len(value))
    happened, compared = by_group(event, once), by_group(control, once)
    usable = compared > 0
    mean = by_group(control, value) / np.where(usable, compared, 1.0)
    total = np.where(usable, by_group(event, value) - happened * mean, 0.0).sum(axis=0)
    count = np.where(usable, happened, 0.0).sum(axis=0)
    excess: Floats = total / np.where(count > 0, count, np.nan)
    return excess


def _calendar_days(days: Records, sessions: int) -> Rows:
    """Return how many calendar days the next ``sessions`` of every close take; 0 at the end."""
    length = np.zeros(len(days), np.int64)
    length[:-sessions] = days["date"][sessions:] - days["date"][:-sessions]
    return length
