"""Half the quoted bid/ask width of an S&P 500 option, by premium, tenor, VIX and settlement.

The width of a PM-settled option in a calm market is read off a table of premiums. It grows with
VIX and with tenor. AM-settled options were quoted several times wider while their book was kept
on the floor's own system; the gap closed with the move to the common electronic book in spring
2018, and the model closes it along a straight line over the last year before that.
"""

import math

import numpy as np
from numba import njit

# Quoted width in points against premium in points; PM-settled, VIX 14, a month to settlement.
PREMIUM_KNOTS = np.log(np.array([0.1, 0.3, 0.75, 1.5, 3.0, 7.0, 15.0, 30.0, 60.0, 120.0]))
WIDTH_KNOTS = np.log(np.array([0.10, 0.10, 0.12, 0.15, 0.18, 0.28, 0.38, 0.42, 0.55, 0.75]))
CALM_VIX = 14.0
VIX_POWER = 0.62
TENOR_DAYS = 60.0
TENOR_POWER = 0.3
AM_FACTOR = 3.6
AM_WIDE_UNTIL = 17287  # 2017-05-01, days since 1970-01-01
AM_EQUAL_FROM = 17652  # 2018-05-01
SMALLEST_WIDTH = 0.05  # the tick below 3 points


@njit(cache=True)
def am_factor(date: int) -> float:
    """Return how many times wider AM-settled options are quoted on ``date`` (days since 1970)."""
    if date >= AM_EQUAL_FROM:
        return 1.0
    if date <= AM_WIDE_UNTIL:
        return AM_FACTOR
    share = (date - AM_WIDE_UNTIL) / (AM_EQUAL_FROM - AM_WIDE_UNTIL)
    return float(AM_FACTOR ** (1.0 - share))


@njit(cache=True)
def calm_width(premium: float) -> float:
    """Return the width of a PM-settled option of ``premium`` points at VIX 14, points."""
    position = math.log(max(premium, 0.01))
    if position <= PREMIUM_KNOTS[0]:
        return math.exp(WIDTH_KNOTS[0])
    last = PREMIUM_KNOTS.size - 1
    i = 1
    while i < last and PREMIUM_KNOTS[i] < position:
        i += 1
    share = (position - PREMIUM_KNOTS[i - 1]) / (PREMIUM_KNOTS[i] - PREMIUM_KNOTS[i - 1])
    return math.exp(WIDTH_KNOTS[i - 1] + share * (WIDTH_KNOTS[i] - WIDTH_KNOTS[i - 1]))


@njit(cache=True)
def spx_half_spread(mid: float, tau: float, vix: float, am: bool, date: int) -> float:
    """Return half the quoted width of an SPX or SPXW option.

    Parameters
    ----------
    mid : float
        Mid price, points.
    tau : float
        Calendar days to settlement.
    vix : float
        VIX close, volatility points.
    am : bool
        Whether it settles to the opening auction (root SPX).
    date : int
        Days since 1970-01-01.

    Returns
    -------
    float
        Points, never more than ``mid``, so that a bid is never negative.
    """
    width = calm_width(mid) * (vix / CALM_VIX) ** VIX_POWER
    if tau > TENOR_DAYS:
        width *= (tau / TENOR_DAYS) ** TENOR_POWER
    if am:
        width *= am_factor(date)
    return float(min(0.5 * max(width, SMALLEST_WIDTH), mid))
