"""Half the quoted bid/ask width of an S&P 500 option, by premium, tenor, VIX and settlement.

The width of a PM-settled option in a calm market is read off a table of premiums. It grows with
VIX and with tenor. AM-settled options were quoted three to four times wider while they traded on a
system of their own, as the strips of 2008 and 2014 show; the chains since they joined the common
one in spring 2018 show no difference. Nothing between 2014 and 2018 says when the gap closed, so
the model closes it evenly, in the logarithm, over the year before the move.

References
----------
Securities and Exchange Commission, release 34-83089, SR-CBOE-2018-029, 83 Federal Register 18605
(2018-04-27): migration of SPX options from Hybrid 3.0 to the Hybrid Trading System.
``calibration/spx_spread.py`` makes the constants, ``docs/calibration/spx.md`` states the errors.
"""

import numpy as np
from numba import njit

from alvh.contracts.widths import width_at

# Quoted width in points against premium in points; PM-settled, VIX 14, up to two months to
# settlement. Robust fit of ln(width) over 61,000 quotes: ten SPX and SPXW chains of April–July
# 2019, 2022-02-04, and the strips of Cboe's VIX white papers (2008, 2014).
PREMIUM_KNOTS = np.log(np.array([0.1, 0.3, 0.75, 1.5, 3.0, 7.0, 15.0, 30.0, 60.0, 120.0]))
WIDTH_KNOTS = np.log(np.array([0.08, 0.11, 0.12, 0.14, 0.185, 0.27, 0.35, 0.45, 0.58, 0.83]))
CALM_VIX = 14.0
VIX_POWER = 0.65
TENOR_DAYS = 60.0
TENOR_POWER = 0.31
AM_FACTOR = 3.57
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
    return float(width_at(premium, PREMIUM_KNOTS, WIDTH_KNOTS))


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
    return float(scaled_half_spread(mid, *width_factors(tau, vix, am, date)))


@njit(cache=True)
def width_factors(tau: float, vix: float, am: bool, date: int) -> tuple[float, float, float]:
    """Return what the market, the tenor and the settlement multiply the width of any option by.

    Parameters as for ``spx_half_spread``; what does not apply is 1.
    """
    tenor = (tau / TENOR_DAYS) ** TENOR_POWER if tau > TENOR_DAYS else 1.0
    return (vix / CALM_VIX) ** VIX_POWER, tenor, am_factor(date) if am else 1.0


@njit(cache=True)
def scaled_half_spread(mid: float, market: float, tenor: float, settlement: float) -> float:
    """Return half the quoted width of an option whose ``width_factors`` are known, points."""
    width = calm_width(mid) * market * tenor * settlement
    return float(min(0.5 * max(width, SMALLEST_WIDTH), mid))
