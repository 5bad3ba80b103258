"""Sessions, half days and the expiries of SPX and VIX contracts, with the day each was listed.

Three facts decide an expiry: which weekday the exchange means, what a holiday does to it, and when
it was first listed. Holidays move VIX expiries by two clauses: the Wednesday itself, and the
Friday thirty days later on which the SPX options it is computed from expire. A closure at short
notice moves what was listed already: an opening settlement to the next session, a closing
settlement to the one before, as on 2018-12-05.

References
----------
Cboe SPX and VIX option specifications; Cboe rule 4.13(e) (nonstandard expirations); Cboe notice
C2018120300 (settlement on 2018-12-05); dated listing rules: ``alvh.contracts.listings``.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alvh.contracts import listings
from alvh.contracts.facts import day_number
from alvh.contracts.osi import OptionSymbol
from alvh.errors import CalendarError, PricingError
from alvh.kernel.records import EXPIRY
from alvh.sessions import (
    FIRST_DAY,
    FRIDAY,
    LAST_DAY,
    MONDAY,
    WEDNESDAY,
    Days,
    day_numbers,
    grid,
    half_days,
    is_session,
    session_number,
    sessions,
)

__all__ = [
    "contract_expiry",
    "half_days",
    "is_session",
    "last_trading_day",
    "session_number",
    "sessions",
    "spx_expiries",
    "third_friday",
    "vix_expiries",
    "vix_expiry",
]

Expiries = NDArray[Any]  # of EXPIRY
_NEVER = np.iinfo(np.int32).max
_MONTHS = np.arange("1988-06", "2033-06", dtype="datetime64[M]")  # what rules may look across
_MONTH_OF_YEAR = _MONTHS.astype(np.int64) % 12 + 1
# Until February 2015 the symbols of standard options carried the Saturday after the third Friday.
_SATURDAY_SYMBOLS_UNTIL = date(2015, 2, 15)
_XSP_AT_THE_CLOSE = date(2013, 11, 5)  # Cboe XSP specification


def _weekday(days: Days) -> Days:
    return (days + 3) % 7  # 1970-01-01 was a Thursday


def _third_fridays() -> Days:
    """Return the nominal third Friday of each of ``_MONTHS``."""
    first: Days = _MONTHS.astype("datetime64[D]").astype(np.int64)
    return first + (FRIDAY - _weekday(first)) % 7 + 14


def _standard_days() -> Days:
    return grid(scheduled=True).on_or_before(_third_fridays())


def _vix_days(wednesdays: Days) -> Days:
    """Apply both holiday clauses to nominal Wednesdays, then special closures."""
    book = grid(scheduled=True)
    fridays = wednesdays + 30
    kept = (book.on_or_before(wednesdays) == wednesdays) & (book.on_or_before(fridays) == fridays)
    scheduled = np.where(kept, wednesdays, book.on_or_before(wednesdays - 1))
    return grid().on_or_after(scheduled)


def _first_listed(starts: Sequence[date], candidates: Sequence[Days]) -> Days:
    """Return the first session on which each expiry was listed under rules in force in turn.

    ``candidates[i]`` holds the days on which rule i would list each expiry; the rule holds from
    ``starts[i]`` to the next start.
    """
    begins = [day_number(start) for start in starts]
    ends = [*begins[1:], _NEVER]
    listed = np.full(candidates[0].shape, _NEVER, dtype=np.int64)
    for begin, end, days in zip(begins, ends, candidates, strict=True):
        found = grid().on_or_after(np.maximum(days, begin))
        listed = np.where((found < end) & (found < listed), found, listed)
    return listed


def _ahead(days: Days, months: Days) -> Days:
    """Return the Monday after the monthly expiry ``months`` before each of ``days``."""
    source = np.maximum(np.arange(days.size) - months, 0)
    reference: Days = days[source]
    monday: Days = reference + 7 - _weekday(reference)
    return monday


def _months_listed(days: Days, rules: Sequence[listings.MonthsAhead], cycle: int) -> Days:
    """Return when monthly expiries were listed; ``cycle`` is the quarterly cycle's remainder."""
    quarterly = np.equal(_MONTH_OF_YEAR % 3, cycle)

    def months(rule: listings.MonthsAhead) -> Days:
        ahead = np.where(quarterly, rule.cycle, rule.serial)
        for month, longer in rule.leaps:
            ahead = np.where(np.equal(_MONTH_OF_YEAR, month), longer, ahead)
        return ahead

    return _first_listed([r.start for r in rules], [_ahead(days, months(r)) for r in rules])


def _table(days: Days, listed: Days, am: Any, monthly: bool | NDArray[np.bool_]) -> Expiries:
    """Return EXPIRY records of the expiries that were listed in time and lie in the calendar."""
    table = np.zeros(days.size, dtype=EXPIRY)
    table["date"] = days
    table["session"] = grid().number(days)
    table["listed"] = np.maximum(listed, sessions()[0].astype(np.int64))
    table["am"], table["monthly"] = am, monthly
    low, high = FIRST_DAY.astype(np.int64), LAST_DAY.astype(np.int64)
    return table[(days >= low) & (days <= high) & (table["listed"] <= days)]


def _merged(parts: Sequence[Expiries]) -> Expiries:
    """Sort by date, opening settlement first; one record per settlement, listed when first was."""
    table = np.concatenate(parts)
    table = table[np.lexsort((table["listed"], 1 - table["am"], table["date"]))]
    key = 2 * table["date"].astype(np.int64) + 1 - table["am"]
    first = np.flatnonzero(np.diff(key, prepend=key[0] - 1))
    monthly = np.maximum.reduceat(table["monthly"], first)
    table = table[first]
    table["monthly"] = monthly
    table.setflags(write=False)
    return table


def _standard() -> list[Expiries]:
    days = _standard_days()
    am_listed = _months_listed(days, listings.STANDARD, cycle=0)
    pm_listed = _months_listed(days, listings.STANDARD_PM, cycle=0)
    pm_days = grid().on_or_before(days)
    return [_table(days, am_listed, 1, True), _table(pm_days, pm_listed, 0, True)]


def _month_ends() -> tuple[Days, Expiries]:
    """Return the last session of every month, and the records of those with options."""
    last = (_MONTHS + 1).astype("datetime64[D]").astype(np.int64) - 1
    days = grid().on_or_before(last)
    position = np.arange(days.size)

    def listed(start: date, ahead: int) -> Days:
        day_after: Days = days[np.maximum(position - ahead, 0)] + 1
        return _first_listed([start], [day_after])

    quarterly = _MONTH_OF_YEAR % 3 == 0
    quarters = listed(listings.QUARTER_ENDS, listings.QUARTER_AHEAD)
    others = listed(listings.MONTH_ENDS, listings.MONTH_AHEAD)
    return days, _table(days, np.where(quarterly, quarters, others), 0, False)


def _nominal(weekday: int, start: date) -> Days:
    first = day_number(start) + (weekday - start.weekday()) % 7
    days: Days = np.arange(first, int(LAST_DAY.astype(np.int64)) + 1, 7, dtype=np.int64)
    return days


def _fridays(month_ends: Days) -> Expiries:
    nominal = _nominal(FRIDAY, listings.FRIDAYS[0].start)
    days = grid(scheduled=True).on_or_before(nominal)
    shifted = (days != nominal) & (nominal >= day_number(listings.NO_SHIFTED_FRIDAYS))
    # Month-end options took the place of the weekly; before 2014 only quarter-ends existed.
    quarter_end = np.isin(days, month_ends[_MONTH_OF_YEAR % 3 == 0])
    month_end = np.isin(days, month_ends) & (days >= day_number(listings.MONTH_ENDS))
    kept = ~(np.isin(nominal, _third_fridays()) | shifted | quarter_end | month_end)
    nominal, days = nominal[kept], grid().on_or_before(days[kept])

    def candidate(rule: listings.FridayRule) -> Days:
        if rule.unit == "days":
            day: Days = nominal - rule.n
            return day
        previous: Days = days[np.maximum(np.arange(days.size) - rule.n, 0)]
        return grid().on_or_before(previous - 1)

    rules = listings.FRIDAYS
    listed = _first_listed([r.start for r in rules], [candidate(r) for r in rules])
    return _table(days, listed, days <= day_number(listings.LAST_AM_WEEKLY), False)


def _weekdays(weekday: int, first: date, rules: Sequence[listings.Horizon]) -> Expiries:
    nominal = _nominal(weekday, first)
    book = grid(scheduled=True)
    # A Monday holiday's expiry moves to Tuesday, any other to the session before.
    shift: Callable[[Days], Days] = book.on_or_after if weekday == MONDAY else book.on_or_before
    listed = _first_listed([r.start for r in rules], [nominal - r.days for r in rules])
    return _table(grid().on_or_before(shift(nominal)), listed, 0, False)


@lru_cache(maxsize=1)
def _spx_table() -> Expiries:
    month_ends, ends = _month_ends()
    weekdays = [_weekdays(*rule) for rule in listings.WEEKDAYS]
    return _merged([*_standard(), ends, _fridays(month_ends), *weekdays])


def _vix_monthlies(launch: date) -> Expiries:
    days = _vix_days(_third_fridays()[1:] - 30)
    days = np.append(days, days[-1] + 28)  # beyond the calendar, keeps the months aligned
    listed = _months_listed(days, listings.VIX_MONTHS, cycle=2)
    months = [(int(m) // 12 + 1970, int(m) % 12 + 1) for m in _MONTHS.astype(np.int64)]
    missing = [m < listings.VX_FIRST_MONTH or m in listings.VX_UNLISTED for m in months]
    listed = np.where(missing, _NEVER, np.maximum(listed, day_number(launch)))
    return _table(days, listed, 1, True)


def _vix_weeklies(launch: date) -> Expiries:
    # Expiries are counted from the first weekly future: options were listed like futures.
    wednesdays = _nominal(WEDNESDAY, listings.VX_WEEKLY_FUTURES)
    wednesdays = wednesdays[~np.isin(wednesdays + 30, _third_fridays())]
    ahead = listings.VIX_WEEKLIES_AHEAD
    fifth = np.concatenate([np.full(ahead, day_number(launch)), wednesdays[:-ahead] + 1])
    return _table(_vix_days(wednesdays), _first_listed([launch], [fifth]), 1, False)


@lru_cache(maxsize=2)
def _vix_table(contract: str) -> Expiries:
    if contract == "future":
        launches = listings.VX_FUTURES, listings.VX_WEEKLY_FUTURES
    else:
        launches = listings.VIX_OPTIONS, listings.VIX_WEEKLY_OPTIONS
    return _merged([_vix_monthlies(launches[0]), _vix_weeklies(launches[1])])


def _between(table: Expiries, start: Any, end: Any) -> Expiries:
    low, high = (int(day) for day in day_numbers([start, end]))
    if low > high:
        raise CalendarError(f"expiries from {start} to {end} were asked for; swap the two dates")
    i, j = np.searchsorted(table["date"], [low, high + 1])
    return table[i:j]


def spx_expiries(start: Any, end: Any) -> Expiries:
    """Return the listed expiries of SPX options with start <= date <= end.

    Third Fridays settled at the open (all years) and at the close (since October 2011), Friday
    weeklys (since October 2005, settled at the open until 2010-12-03), quarter-ends (2007),
    month-ends (July 2014), Wednesdays and Mondays (2016), Tuesdays and Thursdays (2022).

    Parameters
    ----------
    start, end : date or datetime64
        Settlement dates within 1990 … 2031.

    Returns
    -------
    ndarray of EXPIRY, read-only
        Ascending by date; of two records on one date the opening settlement comes first.
        ``monthly`` marks third Fridays.

    Raises
    ------
    CalendarError
        If a date lies outside the calendar or start is after end.
    """
    return _between(_spx_table(), start, end)


def vix_expiries(
    start: Any, end: Any, *, contract: Literal["option", "future"] = "option"
) -> Expiries:
    """Return the listed expiries of VIX contracts with start <= date <= end.

    Monthlies (options since 2006-02-24, futures since 2004-03-26) and weeklies (options since
    2015-10-08, futures since 2015-07-23); ``contract`` decides from when each is listed. All
    settle to the opening auction.

    Returns
    -------
    ndarray of EXPIRY, read-only
        Ascending by date.

    Raises
    ------
    CalendarError
        If a date lies outside the calendar or start is after end.
    """
    return _between(_vix_table(contract), start, end)


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(int(number))


def third_friday(year: int, month: int) -> date:
    """Return the expiry of standard SPX options: the third Friday, or the session before it.

    Examples
    --------
    >>> third_friday(2022, 4)  # Good Friday
    datetime.date(2022, 4, 14)
    """
    return _day(_standard_days()[_month_position(year, month)])


def vix_expiry(year: int, month: int) -> date:
    """Return the settlement date of the monthly VIX contracts of a month.

    Thirty days before the third Friday of the next month; the session before that Wednesday if
    either day is a holiday.

    Examples
    --------
    >>> vix_expiry(2014, 3)  # the Friday, 2014-04-18, was Good Friday
    datetime.date(2014, 3, 18)
    """
    wednesday = _third_fridays()[_month_position(year, month) + 1 :][:1] - 30
    return _day(_vix_days(wednesday)[0])


def _month_position(year: int, month: int) -> int:
    if not (1990 <= year <= 2031 and 1 <= month <= 12):
        raise CalendarError(f"month {year}-{month:02d} is outside the calendar 1990-01 … 2031-12")
    return int((np.datetime64(f"{year}-{month:02d}", "M") - _MONTHS[0]).astype(np.int64))


def last_trading_day(expiry: Any, am: bool) -> date:
    """Return the last session on which an expiry trades: the one before if it settles at the open.

    Examples
    --------
    >>> last_trading_day(date(2008, 2, 19), am=True)  # Monday was a holiday
    datetime.date(2008, 2, 15)
    """
    number = int(session_number(expiry)) - int(am)
    day: date = sessions()[max(number, 0)].astype(object)
    return day


def contract_expiry(option: OptionSymbol) -> Any:
    """Return the EXPIRY record that an option symbol stands for.

    Standard options of before February 2015, whose symbols carry the Saturday after the third
    Friday, are understood.

    Raises
    ------
    PricingError
        If no such expiry was ever listed for the root; the message names the nearest ones.
    """
    symbol_day = _symbol_day(option)
    table = _root_table(option.root)
    at = int(np.searchsorted(table["date"], day_number(symbol_day)))
    if at < table.size and table["date"][at] == day_number(symbol_day):
        return table[at]
    near = " and ".join(str(_day(day)) for day in table["date"][max(at - 1, 0) : at + 1])
    raise PricingError(
        f"option {option.compact!r}: {option.expiry} is no {option.root} expiry; "
        f"the nearest are {near}"
    )


def _symbol_day(option: OptionSymbol) -> date:
    expiry = option.expiry
    saturday = expiry.weekday() == FRIDAY + 1 and 15 < expiry.day <= 22
    if saturday and expiry < _SATURDAY_SYMBOLS_UNTIL and option.root in ("SPX", "XSP"):
        return third_friday(expiry.year, expiry.month)
    return expiry


def _root_table(root: str) -> Expiries:
    if root in ("VIX", "VIXW"):
        table = _vix_table("option")
        chosen = table["monthly"] == int(root == "VIX")
    else:
        table = _spx_table()
        standard = (table["am"] == 1) & (table["monthly"] == 1)
        chosen = standard if root == "SPX" else ~standard
        if root == "XSP":  # as the standard SPX at first, settled at the close since
            early = table["date"] < day_number(_XSP_AT_THE_CLOSE)
            chosen = np.where(early, standard, table["am"] == 0)
    kept: Expiries = table[chosen]
    return kept
