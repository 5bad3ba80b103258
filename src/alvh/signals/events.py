"""Scheduled events: the next FOMC, CPI and PPI dates, how many are near, what variance they carry.

Meetings and releases are announced long before, so looking ahead on the calendar is no look-ahead.
The calendar is that of the evening: a meeting called at short notice is not seen before it
happens, a date that was moved is seen where it stood until the move was announced.

References
----------
Federal Reserve Board, meeting calendars; Bureau of Labor Statistics, release schedules: see
``docs/calendars.md``. Wright, J. (2020), "Event-day options": variance priced into announcements.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.event_dates import COVERED_FROM, EVENTS, event_rows, unscheduled, written_down
from alvh.market.history import History
from alvh.signals.reading import Dates, Floats, Reading, absent, cite, kept, same_day, series
from alvh.signals.windows import over

__all__ = [
    "EVENTS",
    "event_coverage",
    "event_dates",
    "event_density",
    "event_disagreements",
    "event_variance",
    "next_events",
]

AHEAD_DAYS = 10
SHORT_TENORS = (9.0, 30.0, 93.0)  # days of VIX9D, VIX, VIX3M
LONG_TENORS = (30.0, 93.0, 184.0)  # of VIX, VIX3M, VIX6M, where VIX9D is absent
YEAR = 365.0
Span = tuple[np.datetime64, np.datetime64]
Window = tuple[np.datetime64, np.datetime64, np.datetime64]
Flags = NDArray[np.bool_]

FAR_PAST: np.datetime64 = np.datetime64("0001-01-01", "D")


def _own(history: History, kind: str) -> Dates:
    return np.unique(np.asarray(history.events.get(kind, ()), dtype="datetime64[D]"))


def event_dates(history: History, kind: str) -> Dates:
    """Return the dates of one kind of event that were announced before they came, ascending.

    Parameters
    ----------
    history : History
        Its own calendar of that kind is used for the span from its first date to its last.
    kind : {"fomc", "cpi", "ppi"}

    Returns
    -------
    ndarray of datetime64[D]
        The package's dates elsewhere; without meetings that were not on the calendar.

    Raises
    ------
    DataError
        If there is no such kind.
    """
    mine, packaged = _own(history, kind), written_down(kind)
    if mine.size:
        outside = (packaged < mine[0]) | (packaged > mine[-1])
        mine = np.concatenate([packaged[outside], mine])
    else:
        mine = packaged
    return np.setdiff1d(mine, unscheduled(kind))


def event_disagreements(history: History, kind: str) -> tuple[Dates, Dates]:
    """Return the dates that the history's calendar has alone, and those that the package has alone.

    Both within the span that the two cover, short notice included; two empty arrays where the
    history has no calendar of that kind. The history's are followed.
    """
    mine, packaged = _own(history, kind), written_down(kind)
    if mine.size == 0:
        return mine, mine
    low, high = max(mine[0], COVERED_FROM), min(mine[-1], packaged[-1])
    ours, theirs = (days[(days >= low) & (days <= high)] for days in (mine, packaged))
    return np.setdiff1d(ours, theirs), np.setdiff1d(theirs, ours)


def event_coverage(history: History, kind: str) -> tuple[Span, ...]:
    """Return the spans in which no date of a kind is missing, first and last day included.

    The package's, from ``COVERED_FROM`` to its last date, and that of the history's own calendar,
    one span where they touch.
    """
    spans = [(COVERED_FROM, written_down(kind)[-1])]
    mine = _own(history, kind)
    if mine.size:
        spans = sorted([*spans, (mine[0], mine[-1])])
        (low, end), (start, high) = spans
        if start <= end:
            spans = [(low, max(end, high))]
    return tuple(spans)


@dataclass(frozen=True, slots=True)
class _Calendar:
    """Dates that were always on the calendar, and those that were for a while: (date, from, to)."""

    steady: Dates
    passing: tuple[Window, ...]
    spans: tuple[Span, ...]

    def reaches(self, days: Dates, until: Dates) -> Flags:
        """Tell on which days the calendar is complete from the day itself to another."""
        inside = np.zeros(len(days), dtype=bool)
        for low, high in self.spans:
            inside |= (days >= low) & (until <= high)
        return inside


def _calendar(history: History, kind: str) -> _Calendar:
    """Return a kind's calendar; a date that the history's own has was never withdrawn."""
    kept_dates, mine = event_dates(history, kind), _own(history, kind)
    passing: list[Window] = []
    for row in event_rows(kind):
        if not np.isnat(row.withdrawn) and row.date not in mine:
            passing.append((row.date, FAR_PAST, min(row.withdrawn, row.date)))
        elif not np.isnat(row.announced) and row.date in kept_dates:
            passing.append((row.date, row.announced, row.date))
    moved = np.array([date for date, _, _ in passing], dtype="datetime64[D]")
    return _Calendar(np.setdiff1d(kept_dates, moved), tuple(passing), event_coverage(history, kind))


@kept
def next_events(history: History) -> Dates:
    """Return the next date of each kind after every session, as the calendar stood at its close.

    Parameters
    ----------
    history : History

    Returns
    -------
    ndarray of datetime64[D], shape (n, 3)
        FOMC, CPI, PPI, strictly after the session; NaT where the calendar does not reach.
    """
    days = history.dates
    out = np.full((len(history), len(EVENTS)), np.datetime64("NaT", "D"))
    for column, kind in enumerate(EVENTS):
        calendar = _calendar(history, kind)
        beyond = np.append(calendar.steady, np.datetime64("9999-12-31", "D"))
        ahead = beyond[np.searchsorted(calendar.steady, days, side="right")]
        for date, start, end in calendar.passing:
            seen = (days >= start) & (days < end)
            ahead = np.where(seen, np.minimum(ahead, date), ahead)
        known = calendar.reaches(days, ahead)
        out[known, column] = ahead[known]
    return out


def _count(history: History, low: int, high: int) -> Floats:
    """Return how many events lie in (t + low, t + high] days, as the calendar stood at t.

    Of the kinds whose calendar reaches that far; NaN where none does.
    """
    counts, covered = np.zeros(len(history)), np.zeros(len(history), dtype=bool)
    days = history.dates
    first, last = days + np.timedelta64(low, "D"), days + np.timedelta64(high, "D")
    for kind in EVENTS:
        calendar = _calendar(history, kind)
        found = np.searchsorted(calendar.steady, last, side="right").astype(np.float64)
        found -= np.searchsorted(calendar.steady, first, side="right")
        for date, start, end in calendar.passing:
            found += (days >= start) & (days < end) & (date > first) & (date <= last)
        reach = calendar.reaches(days, last)
        counts += np.where(reach, found, 0.0)
        covered |= reach
    return np.where(covered, counts, np.nan)


def _calendar_words(history: History) -> str:
    parts = []
    for kind in EVENTS:
        spans = " and ".join(f"{low} to {high}" for low, high in event_coverage(history, kind))
        own = ", the history's where it has dates" if _own(history, kind).size else ""
        alone = event_disagreements(history, kind)
        apart = sum(len(dates) for dates in alone)
        first = min((dates[0] for dates in alone if len(dates)), default=None)
        note = f", {apart} dates in only one of the two, first {first}" if apart else ""
        parts.append(f"{kind.upper()} {spans}{own}{note}")
    return f"calendars {'; '.join(parts)}"


def event_density(history: History) -> Reading:
    """Return how many FOMC, CPI and PPI dates lie in the next ten calendar days.

    A kind counts where its calendar covers all ten days. The score is the z-score, which takes
    the trailing mean off.
    """
    counts = _count(history, 0, AHEAD_DAYS)
    return same_day(history, counts, _calendar_words(history))


def event_variance(history: History) -> Reading:
    """Return the variance that options put on one of the next scheduled events.

    Of two tenors T₁ < T₂ the shorter ends before the events that lie between them:
    w = σ₂²T₂ − σ₁²T₁ − σ_base²·(T₂ − T₁ − k days), shared by the k events, not below 0. The base
    is the forward variance from T₂ to the next tenor. VIX9D, VIX and VIX3M are the tenors; VIX,
    VIX3M and VIX6M where VIX9D is absent. Variance of one day, decimal; NaN where no event lies
    between the tenors.

    The indices have constant tenors and no event of their own, so that w is clean only where the
    base holds about as few events a day as the span between the tenors.
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
    events = _count(history, int(tenors[0]), int(tenors[1]))
    ordinary = tenors[1] - tenors[0] - events
    excess = np.maximum(total[1] - total[0] - base * ordinary, 0.0)
    out: NDArray[np.float64] = over(excess, events)
    return np.where(np.isfinite(excess), out, absent(history))
