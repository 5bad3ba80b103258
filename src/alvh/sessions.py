"""Trading sessions and half days of the New York Stock Exchange, 1990 to 2031.

Cboe's SPX and VIX options and CFE's VIX futures keep the same days in their regular hours and the
same half days (close at 12:15 Chicago time). The calendar is computed from the exchange's holiday
rules and a table of special closures; no calendar library is loaded, as the lightest takes more
than a second to import. The tests hold it against ``exchange_calendars``.

References
----------
NYSE rule 7.2 (holidays); NYSE, special closings since 1885; Cboe holiday notices.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alvh.errors import CalendarError

FIRST_DAY = np.datetime64("1990-01-01", "D")
LAST_DAY = np.datetime64("2031-12-31", "D")
_FIRST_YEAR, _LAST_YEAR = 1988, 2033  # a margin, so that rules may look across the ends

Days = NDArray[np.int64]  # days since 1970-01-01

# Days on which the exchanges stayed shut at short notice: expiries had been listed for them.
SPECIAL_CLOSURES = (
    (date(1994, 4, 27), "mourning for Richard Nixon"),
    (date(2001, 9, 11), "attacks of September 11"),
    (date(2001, 9, 12), "attacks of September 11"),
    (date(2001, 9, 13), "attacks of September 11"),
    (date(2001, 9, 14), "attacks of September 11"),
    (date(2004, 6, 11), "mourning for Ronald Reagan"),
    (date(2007, 1, 2), "mourning for Gerald Ford"),
    (date(2012, 10, 29), "Hurricane Sandy"),
    (date(2012, 10, 30), "Hurricane Sandy"),
    (date(2018, 12, 5), "mourning for George H. W. Bush"),
    (date(2025, 1, 9), "mourning for Jimmy Carter"),
)

_SINGLE_HALF_DAYS = (date(1997, 12, 26), date(1999, 12, 31), date(2003, 12, 26))

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))


def _observed(day: date) -> date:
    """Move a Saturday's holiday to Friday and a Sunday's to Monday."""
    return day + timedelta({5: -1, 6: 1}.get(day.weekday(), 0))


def _good_friday(year: int) -> date:
    """Return the Friday before Easter Sunday (Gregorian computus, Meeus ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1) - timedelta(2)


def _holidays(year: int) -> Iterator[date]:
    """Yield the scheduled holidays of one year."""
    new_year = date(year, 1, 1)
    if new_year.weekday() != 5:  # a Saturday's New Year is not made up for
        yield _observed(new_year)
    if year >= 1998:
        yield _nth(year, 1, MONDAY, 3)  # Martin Luther King
    yield _nth(year, 2, MONDAY, 3)  # Washington
    yield _good_friday(year)
    yield _nth(year, 6, MONDAY, 1) - timedelta(7)  # Memorial Day, the last Monday of May
    if year >= 2022:
        yield _observed(date(year, 6, 19))  # Juneteenth
    yield _observed(date(year, 7, 4))
    yield _nth(year, 9, MONDAY, 1)  # Labor Day
    yield _nth(year, 11, THURSDAY, 4)  # Thanksgiving
    yield _observed(date(year, 12, 25))


def _early_closes(year: int) -> Iterator[date]:
    """Yield the days of one year that close early by rule, sessions or not."""
    if year >= 1992:
        yield _nth(year, 11, THURSDAY, 4) + timedelta(1)
    if date(year, 12, 24).weekday() < FRIDAY:
        yield date(year, 12, 24)
    third, fifth = date(year, 7, 3), date(year, 7, 5)
    whole = (MONDAY, TUESDAY, THURSDAY) if year < 2013 else (MONDAY, TUESDAY, WEDNESDAY, THURSDAY)
    if year >= 1995 and third.weekday() in whole:
        yield third
    if 1995 <= year < 2013 and fifth.weekday() == FRIDAY:
        yield fifth


@dataclass(frozen=True, slots=True)
class Grid:
    """A set of sessions with constant-time look-up; everything in days since 1970-01-01."""

    start: int
    days: Days  # the sessions, ascending
    last_before: Days  # per calendar day from start: index of the last session on or before it
    zero: int  # index of the first session of 1990, which is number 0

    def on_or_before(self, days: ArrayLike) -> Days:
        """Return the last session on or before each day."""
        picked: Days = self.days[self.last_before[np.asarray(days) - self.start]]
        return picked

    def on_or_after(self, days: ArrayLike) -> Days:
        """Return the first session on or after each day."""
        picked: Days = self.days[self.last_before[np.asarray(days) - self.start - 1] + 1]
        return picked

    def number(self, days: ArrayLike) -> Days:
        """Return the running number of the last session on or before each day."""
        numbers: Days = self.last_before[np.asarray(days) - self.start] - self.zero
        return numbers


@lru_cache(maxsize=2)
def grid(scheduled: bool = False) -> Grid:
    """Return the sessions as a grid; ``scheduled`` pretends the special closures did not happen."""
    holidays = [day for year in range(_FIRST_YEAR, _LAST_YEAR + 1) for day in _holidays(year)]
    if not scheduled:
        holidays += [day for day, _ in SPECIAL_CLOSURES]
    calendar = np.arange(f"{_FIRST_YEAR}-01-01", f"{_LAST_YEAR + 1}-01-01", dtype="datetime64[D]")
    is_open = np.is_busday(calendar, holidays=np.array(holidays, dtype="datetime64[D]"))
    days = calendar.astype(np.int64)
    before = np.cumsum(is_open) - 1
    zero = int(np.count_nonzero(is_open & (calendar < FIRST_DAY)))
    return Grid(int(days[0]), days[is_open], before, zero)


@lru_cache(maxsize=1)
def sessions() -> NDArray[np.datetime64]:
    """Return all trading sessions from 1990-01-02 to 2031-12-31.

    Returns
    -------
    ndarray of datetime64[D], shape (10573,)
        Ascending and read-only; position i is session number i.

    Examples
    --------
    >>> str(sessions()[0])
    '1990-01-02'
    """
    days = grid().days.astype("datetime64[D]")
    inside = days[(days >= FIRST_DAY) & (days <= LAST_DAY)]
    inside.setflags(write=False)
    return inside


def day_numbers(dates: ArrayLike) -> Days:
    """Return dates (dates, datetime64, or day numbers) as days since 1970-01-01.

    Raises
    ------
    CalendarError
        If a day lies outside 1990-01-01 … 2031-12-31.
    """
    days = np.asarray(dates)
    if days.dtype.kind not in "iu":
        days = days.astype("datetime64[D]")
    days = days.astype(np.int64)
    low, high = FIRST_DAY.astype(np.int64), LAST_DAY.astype(np.int64)
    outside = np.atleast_1d(days)[np.atleast_1d((days < low) | (days > high))]
    if outside.size:
        day = np.datetime64(int(outside[0]), "D")
        raise CalendarError(
            f"{day} is outside the calendar; use a day from {FIRST_DAY} to {LAST_DAY}"
        )
    return days


def is_session(dates: ArrayLike) -> NDArray[np.bool_]:
    """Return for each day whether the exchange was open; shape as given."""
    days = day_numbers(dates)
    result: NDArray[np.bool_] = grid().on_or_before(days) == days
    return result


def session_number(dates: ArrayLike) -> NDArray[np.int32]:
    """Return the running number of each session, 1990-01-02 being 0.

    Parameters
    ----------
    dates : date, datetime64 or array of them
        Each must be a session.

    Returns
    -------
    ndarray of int32, shape as given (a numpy scalar for a single date)

    Raises
    ------
    CalendarError
        If a day is not a session; the message names the sessions around it.

    Examples
    --------
    >>> int(session_number(date(1990, 1, 3)))
    1
    """
    days = day_numbers(dates)
    book = grid()
    closed = np.atleast_1d(days)[np.atleast_1d(book.on_or_before(days) != days)]
    if closed.size:
        day, before, after = (
            np.datetime64(int(found), "D")
            for found in (closed[0], book.on_or_before(closed[0]), book.on_or_after(closed[0]))
        )
        raise CalendarError(f"{day} is not a trading session; the nearest are {before} and {after}")
    numbers: NDArray[np.int32] = book.number(days).astype(np.int32)
    return numbers


@lru_cache(maxsize=1)
def half_days() -> NDArray[np.datetime64]:
    """Return the sessions that close early (13:00 New York, 12:15 Chicago for Cboe and CFE).

    Returns
    -------
    ndarray of datetime64[D]
        Ascending: the day after Thanksgiving since 1992, Christmas Eve, July 3 (or, until 2012,
        Friday July 5) since 1995, and three single days.
    """
    years = range(1990, 2032)
    days = [day for year in years for day in _early_closes(year)]
    early = np.unique(np.array(days + list(_SINGLE_HALF_DAYS), dtype="datetime64[D]"))
    return early[is_session(early)]
