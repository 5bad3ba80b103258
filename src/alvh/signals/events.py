"""Scheduled events: the next FOMC, CPI and PPI dates, how many are near, what variance they carry.

Meetings and releases are announced long before, so looking ahead on the calendar is no look-ahead;
a meeting called at short notice was on no calendar and is not seen before it happens.

References
----------
Federal Reserve Board, meeting calendars; Bureau of Labor Statistics, release schedules: see
``docs/calendars.md``. Wright, J. (2020), "Event-day options": variance priced into announcements.
"""

import numpy as np
from numpy.typing import NDArray

from alvh.event_dates import EVENTS, unscheduled, written_down
from alvh.market.history import History
from alvh.signals.reading import Dates, Floats, Reading, absent, cite, kept, same_day, series
from alvh.signals.windows import over

__all__ = ["EVENTS", "event_dates", "event_density", "event_variance", "next_events"]

AHEAD_DAYS = 10
LEAD_DAYS = 31  # before its first date a calendar says nothing: the date before it is not known
SHORT_TENORS = (9.0, 30.0, 93.0)  # days of VIX9D, VIX, VIX3M
LONG_TENORS = (30.0, 93.0, 184.0)  # of VIX, VIX3M, VIX6M, where VIX9D is absent
YEAR = 365.0
ONE_DAY = np.timedelta64(1, "D")


def event_dates(history: History, kind: str) -> Dates:
    """Return the scheduled dates of one kind of event, ascending.

    Parameters
    ----------
    history : History
        Its own calendar of that kind is used for the span it covers.
    kind : {"fomc", "cpi", "ppi"}

    Returns
    -------
    ndarray of datetime64[D]
        The package's dates elsewhere; without meetings that were not on the calendar.
    """
    mine = np.unique(np.asarray(history.events.get(kind, ()), dtype="datetime64[D]"))
    packaged = written_down(kind)
    if mine.size:
        outside = (packaged < mine[0]) | (packaged > mine[-1])
        mine = np.concatenate([packaged[outside], mine])
    else:
        mine = packaged
    return np.setdiff1d(mine, unscheduled(kind))


@kept
def next_events(history: History) -> Dates:
    """Return the next scheduled date of each kind after every session.

    Parameters
    ----------
    history : History

    Returns
    -------
    ndarray of datetime64[D], shape (n, 3)
        FOMC, CPI, PPI, strictly after the session; NaT where the calendar does not reach.
    """
    out = np.full((len(history), len(EVENTS)), np.datetime64("NaT", "D"))
    for column, kind in enumerate(EVENTS):
        dates = event_dates(history, kind)
        if dates.size == 0:
            continue
        place = np.searchsorted(dates, history.dates, side="right")
        known = place < dates.size
        known &= history.dates >= dates[0] - LEAD_DAYS * ONE_DAY
        out[known, column] = dates[place[known]]
    return out


def _count(history: History, low: Floats | float, high: Floats | float) -> Floats:
    """Return how many events lie in (t + low, t + high] days; NaN where no calendar reaches."""
    counts, covered = np.zeros(len(history)), np.zeros(len(history), dtype=bool)
    days = history.dates.astype(np.int64)
    for kind in EVENTS:
        dates = event_dates(history, kind).astype(np.int64)
        if dates.size == 0:
            continue
        reach = (days >= dates[0] - LEAD_DAYS) & (days + high <= dates[-1])
        upto = np.searchsorted(dates, days + high, side="right")
        before = np.searchsorted(dates, days + low, side="right")
        counts += np.where(reach, upto - before, 0)
        covered |= reach
    return np.where(covered, counts, np.nan)


def _calendar_words(history: History) -> str:
    spans = []
    for kind in EVENTS:
        dates = event_dates(history, kind)
        span = f"{dates[0]} to {dates[-1]}" if dates.size else "absent"
        spans.append(f"{kind.upper()} {span}")
    return "calendars " + ", ".join(spans)


def event_density(history: History) -> Reading:
    """Return how many FOMC, CPI and PPI dates lie in the next ten calendar days."""
    counts = _count(history, 0.0, float(AHEAD_DAYS))
    return same_day(history, counts, _calendar_words(history))


def event_variance(history: History) -> Reading:
    """Return the variance that options put on one of the next scheduled events.

    Of two tenors T₁ < T₂ the shorter ends before the events that lie between them:
    w = σ₂²T₂ − σ₁²T₁ − σ_base²·(T₂ − T₁ − k days), shared by the k events, not below 0. The base
    is the forward variance from T₂ to the next tenor. VIX9D, VIX and VIX3M are the tenors; VIX,
    VIX3M and VIX6M where VIX9D is absent. Variance of one day, decimal; NaN where no event lies
    between the tenors.
    """
    near = _pair_variance(history, ("vix9d", "vix", "vix3m"), SHORT_TENORS)
    far = _pair_variance(history, ("vix", "vix3m", "vix6m"), LONG_TENORS)
    missing = ~np.isfinite(series(history, "vix9d"))
    raw = np.where(missing, far, near)
    words = f"{cite(history, 'vix9d', 'vix', 'vix3m', 'vix6m')}; {_calendar_words(history)}"
    return same_day(history, raw, words)


def _pair_variance(
    history: History, names: tuple[str, str, str], tenors: tuple[float, float, float]
) -> Floats:
    total = [(series(history, name) / 100.0) ** 2 * days / YEAR
             for name, days in zip(names, tenors, strict=True)]  # fmt: skip
    base = (total[2] - total[1]) / (tenors[2] - tenors[1])  # a day
    events = _count(history, tenors[0], tenors[1])
    ordinary = tenors[1] - tenors[0] - events
    excess = np.maximum(total[1] - total[0] - base * ordinary, 0.0)
    out: NDArray[np.float64] = over(excess, events)
    return np.where(np.isfinite(excess), out, absent(history))
