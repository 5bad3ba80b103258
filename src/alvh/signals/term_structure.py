"""The VIX family and its futures: slope, contango, roll yield, the front contract, VVIX, SKEW.

A monthly contract is the front one until the session before it settles; on the day of its
settlement, which is decided at the open, the next one is.

References
----------
Simon, D. P. and Campasano, J. (2014). The VIX futures basis: evidence and trading strategies.
J. Derivatives 21 (roll yield: the future nearest to settlement with at least ten business days,
less VIX, over the business days left).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alvh.market.curve import curve_nodes
from alvh.market.history import History
from alvh.sessions import grid
from alvh.signals.reading import Floats, Reading, absent, cite, same_day, series
from alvh.signals.windows import over

Days = NDArray[np.int64]

LEAST_BUSINESS_DAYS = 10
_SPAN = 100_000  # more than any day number, so that (day, expiry) fits into one integer


def settlements_of(history: History, days: Days, expiries: Days) -> Floats:
    """Return the daily settlement of a contract on each day.

    Parameters
    ----------
    history : History
    days, expiries : ndarray of int64, shape (m,)
        Days since 1970-01-01; each pair is looked up.

    Returns
    -------
    ndarray of float64, shape (m,)
        Volatility points; NaN where the contract has no settlement on that day.
    """
    futures = history.futures
    if len(futures) == 0:
        return np.full(len(days), np.nan)
    traded, due = (
        futures[name].to_numpy().astype("datetime64[D]").astype(np.int64)
        for name in ("date", "expiry")
    )
    settle = futures["settle"].to_numpy()
    keys = traded * _SPAN + due
    order = np.argsort(keys, kind="stable")
    wanted = days * _SPAN + expiries
    at = order[np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)]
    found = (keys[at] == wanted) & (settle[at] > 0.0)
    return np.where(found, settle[at], np.nan)


def monthly_expiries(history: History) -> Days:
    """Return the next two monthly expiries strictly after each session, shape (n, 2).

    Days since 1970-01-01; 0 before 1990.
    """
    return _next_two(history.dates.tobytes())


@lru_cache(maxsize=4)
def _next_two(dates: bytes) -> Days:
    nodes = curve_nodes(np.frombuffer(dates, "datetime64[D]"))[:, :2].astype(np.int64)
    nodes.setflags(write=False)
    return nodes


def _days(history: History) -> Days:
    return history.dates.astype("datetime64[D]").astype(np.int64)


def front_changes(history: History) -> Floats:
    """Return the daily change of the contract that is in front at each close.

    Parameters
    ----------
    history : History

    Returns
    -------
    ndarray of float64, shape (n,)
        Volatility points, both settlements those of the same contract, so that a roll makes no
        jump; NaN where either is absent.
    """
    days, front = _days(history), monthly_expiries(history)[:, 0]
    changes = absent(history)
    today = settlements_of(history, days[1:], front[1:])
    changes[1:] = today - settlements_of(history, days[:-1], front[1:])
    return changes


def vix_slope(history: History) -> Reading:
    """Return VIX over VIX3M, a ratio; above 1 the term structure is inverted."""
    raw = over(series(history, "vix"), series(history, "vix3m"))
    return same_day(history, raw, cite(history, "vix", "vix3m"))


def contango_of(history: History) -> Floats:
    """Return the second monthly future over the first, less 1, shape (n,)."""
    days, expiries = _days(history), monthly_expiries(history)
    first, second = (settlements_of(history, days, expiries[:, rank]) for rank in (0, 1))
    return over(second, first) - 1.0


def contango(history: History) -> Reading:
    """Return the second monthly VIX future over the first, less 1."""
    return same_day(history, contango_of(history), cite(history, "futures"))


def roll_yield(history: History) -> Reading:
    """Return what the nearest future with ten business days left loses a day if VIX stands still.

    Volatility points a business day: future less VIX, over the business days to settlement. The
    days are counted on the calendar as scheduled: a closure at short notice was not foreseen.
    """
    days, expiries = _days(history), monthly_expiries(history)
    covered = expiries[:, 0] > 0
    left = np.zeros(expiries.shape)
    number = grid(scheduled=True).number
    left[covered] = number(expiries[covered]) - number(days[covered])[:, None]
    near = left[:, 0] >= LEAST_BUSINESS_DAYS
    due = np.where(near, expiries[:, 0], expiries[:, 1])
    business_days = np.where(near, left[:, 0], left[:, 1])
    future = settlements_of(history, days, due)
    raw = over(future - series(history, "vix"), business_days)
    return same_day(history, raw, cite(history, "futures", "vix"))


def vvix(history: History) -> Reading:
    """Return VVIX, volatility points of VIX futures."""
    return same_day(history, series(history, "vvix"), cite(history, "vvix"))


def skew(history: History) -> Reading:
    """Return Cboe's SKEW index; 100 is a symmetric distribution."""
    return same_day(history, series(history, "skew"), cite(history, "skew"))
