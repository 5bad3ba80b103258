"""The S&P 500 VIX futures indices, rebuilt from settlements: short-term and mid-term.

The short-term index moves every day a little from the first monthly contract to the second, the
mid-term one holds the fourth to the seventh. A day's return is that of the basket held overnight:
yesterday's weights, the same contracts at both ends, so no roll can make the level jump. On the
Tuesday before a settlement the weight of the settling contract is zero; its final settlement
value never enters.

A day that lacks a settlement it needs has no level; it is listed with the reason, and the basket
of the last level is held across it. A month that was not yet listed is interpolated in variance
between its neighbours, as the index did in its early history.

References
----------
S&P Dow Jones Indices, S&P VIX Futures Indices Methodology (October 2021): roll weights, return
equations (1) to (4), interpolation of unlisted months, unscheduled closures. Barclays, iPath
pricing supplement of February 2021, PS-27 and PS-28: interest of the total-return version.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.calendars import vix_expiry
from alvh.errors import DataError
from alvh.market.history import History
from alvh.sessions import grid

Basket = Literal["short", "mid"]
Floats = NDArray[np.float64]
Days = NDArray[np.int64]

BASE_LEVEL = 100_000.0  # at the first day; officially at the close of 2005-12-20
CONTRACTS = 7
_LAST_CYCLE = CONTRACTS + 3  # contracts looked at when an unlisted month is interpolated
_LONGEST_BRIDGE = 5  # sessions without a level that the basket may be held across
_LONGEST_GAP_IN_MONTHS = 3  # consecutive unlisted months the methodology interpolates
_OLDEST_BILL = 14  # days after which a bill rate no longer stands for the last auction
_BILL_DAYS = 91
_FIRST_MONTH = 2004 * 12  # the year VIX futures began, in months


@dataclass(frozen=True)
class FuturesIndex:
    """A rebuilt index and what could not be computed.

    Attributes
    ----------
    levels : polars.DataFrame
        ``date``, ``level``, ascending; the first level is 100,000.
    uncomputable : polars.DataFrame
        ``date``, ``reason``: days with futures in the history that have no level.
    bridged : int
        Returns that span more than one session because of such days.
    interpolated : int
        Days on which the price of an unlisted month was interpolated.
    """

    levels: pl.DataFrame
    uncomputable: pl.DataFrame
    bridged: int
    interpolated: int


@dataclass(frozen=True)
class _Board:
    """Settlements of the next monthly contracts, day by day.

    day : shape (n,), days since 1970-01-01; monthly : ascending settlement dates;
    front : shape (n,), position in `monthly` of the first contract after the day;
    price : shape (n, number of monthly contracts), NaN where there is none.
    """

    day: Days
    monthly: Days
    front: NDArray[np.intp]
    price: Floats
    interpolated: NDArray[np.bool_]


def futures_index(history: History, basket: Basket, *, total_return: bool = False) -> pl.DataFrame:
    """Levels of the short-term or the mid-term VIX futures index from settlements.

    Parameters
    ----------
    history : History
        With VIX futures; for the total return also with ``bill_rate``.
    basket : {"short", "mid"}
        First and second contract (SPVXSP), or fourth to seventh (SPVXMP).
    total_return : bool
        Add the interest of three-month bills (SPVXSTR, SPVXMTR).

    Returns
    -------
    polars.DataFrame
        ``date``, ``level``; 100,000 on the first day that can be computed. Days that cannot be
        computed are absent; `rebuild_futures_index` lists them.

    Raises
    ------
    DataError
        If the basket is not known, or the history has no futures, no bill rates for a total
        return, or not two days in a row that can be computed.
    """
    return rebuild_futures_index(history, basket, total_return=total_return).levels


def rebuild_futures_index(
    history: History, basket: Basket, *, total_return: bool = False
) -> FuturesIndex:
    """Levels as `futures_index` with the days that could not be computed, and why.

    Parameters and errors as in `futures_index`.
    """
    if basket not in ("short", "mid"):
        raise DataError(f"basket is {basket!r}; there are 'short' and 'mid'")
    board = _board(history)
    weights = roll_weights(board.day, basket)
    reasons = _missing(board, weights)
    bill = _bill_rates(history, board.day) if total_return else None
    if bill is not None:
        for i in np.flatnonzero(np.isnan(bill)):
            reasons.setdefault(int(i), f"no bill rate of the last {_OLDEST_BILL} days")
    run, growth = _longest_run(board, weights, bill, reasons)
    columns = board.front[run, None] + np.arange(CONTRACTS)
    interpolated = np.take_along_axis(board.interpolated[run], columns, axis=1)
    return FuturesIndex(
        levels=pl.DataFrame(
            {"date": _dates(board.day[run]), "level": BASE_LEVEL * np.cumprod(growth)}
        ),
        uncomputable=pl.DataFrame(
            {
                "date": _dates(board.day[sorted(reasons)]),
                "reason": pl.Series([reasons[i] for i in sorted(reasons)], dtype=pl.String),
            }
        ),
        bridged=int(np.count_nonzero(np.diff(run) > 1)),
        interpolated=int(np.count_nonzero((interpolated & (weights[run] > 0)).any(axis=1))),
    )


def roll_weights(days: Days, basket: Basket) -> Floats:
    """Contract roll weights at the close of each day.

    Parameters
    ----------
    days : ndarray of int64, shape (n,)
        Sessions, days since 1970-01-01.
    basket : {"short", "mid"}

    Returns
    -------
    ndarray, shape (n, 7)
        Weight of the first to the seventh monthly contract that settles after the day, one for a
        whole position: dr/dt in the contract rolled out of, 1 − dr/dt in the one rolled into.

    References
    ----------
    Methodology, roll weights: dt counts business days from one VX settlement (included) to the
    next (excluded), dr those left from the following day on. Both count days as they were
    scheduled, so that after an unscheduled closure the basket catches up at once.
    """
    monthly = _monthly_expiries(days)
    count = grid(scheduled=True).number
    following = np.searchsorted(monthly, days, side="right")
    start, end = count(monthly[following - 1]), count(monthly[following])
    share = (end - count(days) - 1) / (end - start)
    weights = np.zeros((days.size, CONTRACTS))
    out, into = (0, 1) if basket == "short" else (3, 6)
    weights[:, out:into] = 1.0
    weights[:, out] = share
    weights[:, into] = 1.0 - share
    return weights


def _monthly_expiries(days: Days) -> Days:
    """Settlement dates from before the first day to a year after the last."""
    months = days[[0, -1]].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first, last = months + 1970 * 12
    wanted = range(max(int(first) - 2, _FIRST_MONTH), int(last) + _LAST_CYCLE + 3)
    found = [vix_expiry(month // 12, month % 12 + 1) for month in wanted]
    expiries: Days = np.array(found, dtype="datetime64[D]").astype(np.int64)
    return expiries


def _board(history: History) -> _Board:
    if history.futures.is_empty():
        raise DataError(
            "the history has no VIX futures; add CFE contract files or a ladder of settlements"
        )
    date = history.futures["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    expiry = history.futures["expiry"].to_numpy().astype("datetime64[D]").astype(np.int64)
    settle = history.futures["settle"].to_numpy()
    session = history.dates.astype(np.int64)
    day = session[(session >= date.min()) & (session <= date.max())]
    monthly = _monthly_expiries(day)
    used = np.isin(expiry, monthly) & np.isin(date, day) & (expiry > date) & (settle > 0)
    price = np.full((day.size, monthly.size), np.nan)
    rows, columns = np.searchsorted(day, date[used]), np.searchsorted(monthly, expiry[used])
    price[rows, columns] = settle[used]
    _add_final_settlements(price, history, day, monthly)
    front = np.searchsorted(monthly, day, side="right")
    return _Board(day, monthly, front, price, _interpolate_unlisted(price, monthly, front))


def _add_final_settlements(price: Floats, history: History, day: Days, monthly: Days) -> None:
    """Put final settlements on settlement days; only a basket held across a hole looks at them."""
    for column, expiry in enumerate(_dates(monthly)):
        row = int(np.searchsorted(day, monthly[column]))
        if expiry in history.settlements and row < day.size and day[row] == monthly[column]:
            price[row, column] = history.settlements[expiry][0]


def _interpolate_unlisted(
    price: Floats, monthly: Days, front: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Fill months that have never been quoted so far, in place; tell which cells were filled.

    Variance is linear in business days between the last trading days of the listed neighbours.
    A hole in the quotes of a listed contract is left a hole.
    """
    filled = np.zeros(price.shape, np.bool_)
    clock = grid().number(monthly).astype(float)
    listed = np.maximum.accumulate(np.isfinite(price), axis=0)
    columns = np.arange(price.shape[1])
    reach = (columns >= front[:, None]) & (columns < front[:, None] + _LAST_CYCLE)
    for row in np.flatnonzero((reach & ~listed).any(axis=1)):
        quoted = np.flatnonzero(np.isfinite(price[row]) & reach[row])
        for left, right in pairwise(quoted):
            gap = np.arange(left + 1, right)
            if not 0 < gap.size <= _LONGEST_GAP_IN_MONTHS or listed[row, gap].any():
                continue
            variance = np.interp(clock[gap], clock[[left, right]], price[row, [left, right]] ** 2)
            price[row, gap] = np.sqrt(variance)
            filled[row, gap] = True
    return filled


def _missing(board: _Board, weights: Floats) -> dict[int, str]:
    """Days that lack the settlement of a contract held at their close, with the reason."""
    columns = board.front[:, None] + np.arange(CONTRACTS)
    held = np.take_along_axis(board.price, columns, axis=1)
    lacking = np.isnan(held) & (weights > 0)
    reasons = {}
    for row in np.flatnonzero(lacking.any(axis=1)):
        absent = _dates(board.monthly[columns[row][lacking[row]]])
        names = ", ".join(str(one) for one in absent)
        reasons[int(row)] = f"no settlement of the contract expiring {names}"
    return reasons


def _bill_rates(history: History, day: Days) -> Floats:
    """The last bill rate known at each close, NaN where it is older than a fortnight."""
    rate = history["bill_rate"]
    known = np.flatnonzero(np.isfinite(rate))
    if known.size == 0:
        raise DataError("the history has no bill rate; a total return needs one (FRED: DTB3)")
    dates = history.dates.astype(np.int64)[known]
    last = np.searchsorted(dates, day, side="right") - 1
    fresh = (last >= 0) & (day - dates[np.maximum(last, 0)] <= _OLDEST_BILL)
    return np.where(fresh, rate[known][np.maximum(last, 0)], np.nan)


def _longest_run(
    board: _Board, weights: Floats, bill: Floats | None, reasons: dict[int, str]
) -> tuple[NDArray[np.intp], Floats]:
    """The longest unbroken run of days with a level, and the growth to each of them.

    Days of other runs, and days on which the basket of the last level has no price, are added to
    the reasons.
    """
    runs: list[dict[int, float]] = []
    for row in [i for i in range(board.day.size) if i not in reasons]:
        last = next(reversed(runs[-1])) if runs else row - _LONGEST_BRIDGE - 2
        growth = _growth(board, weights, bill, last, row) if runs else np.nan
        if np.isfinite(growth):
            runs[-1][row] = growth
        elif row - last <= _LONGEST_BRIDGE:
            reasons[row] = f"no settlement of a contract held since {_dates(board.day)[last]}"
        else:
            runs.append({row: 1.0})
    best = max(runs, key=len, default={})
    if len(best) < 2:
        raise DataError(
            f"no two days in a row can be computed; of {len(reasons)} days without a level the "
            f"first lacks: {reasons[min(reasons)] if reasons else 'a second day'}"
        )
    span = " to ".join(str(one) for one in _dates(board.day[[min(best), max(best)]]))
    for run in runs:
        if run is not best:
            reasons.update(dict.fromkeys(run, f"cut off from the unbroken run {span}"))
    return np.array(list(best)), np.array(list(best.values()))


def _growth(board: _Board, weights: Floats, bill: Floats | None, start: int, end: int) -> float:
    """Level at `end` over level at `start`; NaN if the basket of `start` has no price there."""
    if end - start > _LONGEST_BRIDGE + 1:  # so many sessions in between may lack a level
        return np.nan
    held = weights[start] > 0
    columns = board.front[start] + np.flatnonzero(held)
    basket = weights[start][held]
    cost, value = basket @ board.price[start, columns], basket @ board.price[end, columns]
    growth = float(value / cost)
    if bill is not None:
        days = float(board.day[end] - board.day[start])
        growth += _bill_growth(float(bill[start]), days) - 1.0
    return growth


def _bill_growth(discount_rate: float, days: float) -> float:
    """Growth over calendar days of a 91-day bill bought at a bank discount rate."""
    return float((1.0 / (1.0 - _BILL_DAYS / 360 * discount_rate)) ** (days / _BILL_DAYS))


def _dates(days: Days) -> pl.Series:
    return pl.Series(np.asarray(days).astype("datetime64[D]"), dtype=pl.Date)
