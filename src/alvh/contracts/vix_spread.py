"""Half the quoted bid/ask width of VIX options and futures.

Options: a table of widths by premium, for a month to settlement in a calm market, in two eras:
before 2022-11-14 the smallest increments were 0.05 below 3 points and 0.10 above, since then 0.01
and 0.05. The width grows with VIX above ``CALM_VIX`` and with tenor beyond a quarter. It is never
below the increment nor above twice the mid. The table of the first era rests on quotes; that of
the second on the change of increments and one deep call, so it is the weaker of the two.

References
----------
Widths of the listed chain of 2022-07-15 (VIX 24, 91 quotes) and of deep calls on 2026-05-20; the
median half-spread of 30-delta calls, 5–8 % of mid, 8 % calm to 13 % in a crash: studies of quotes
2006–2020. See ``docs/calibration/vix.md``.
"""

import math

import numpy as np
from numba import njit

from alvh.contracts.widths import width_at

# Quoted width in points against premium in points; a month to settlement, VIX to 25.
PREMIUM_KNOTS = np.log(np.array([0.10, 0.30, 0.60, 1.00, 2.00, 3.00, 6.00, 12.0, 30.0]))
NICKEL_WIDTHS = np.log(np.array([0.05, 0.065, 0.085, 0.105, 0.13, 0.16, 0.24, 0.38, 0.70]))
PENNY_WIDTHS = np.log(np.array([0.02, 0.03, 0.04, 0.06, 0.10, 0.14, 0.22, 0.36, 0.65]))
PENNY_FROM = 19310  # 2022-11-14, days since 1970-01-01
CALM_VIX = 25.0
VIX_POWER = 1.25
TENOR_DAYS = 90.0
TENOR_POWER = 0.35
FUTURE_TICK = 0.05
FUTURE_FRONT_DAYS = 35.0  # VX1 is a tick wide at nearly all times
FUTURE_FAR_DAYS = 210.0  # VX7: two ticks in a calm market
STRESS_VIX = 30.0


@njit(cache=True)
def _increment(premium: float, date: int) -> float:
    if date >= PENNY_FROM:
        return 0.01 if premium < 3.0 else 0.05
    return 0.05 if premium < 3.0 else 0.10


@njit(cache=True)
def calm_vix_width(premium: float, date: int) -> float:
    """Return the quoted width of a VIX option a month out in a calm market, points."""
    widths = PENNY_WIDTHS if date >= PENNY_FROM else NICKEL_WIDTHS
    return float(width_at(premium, PREMIUM_KNOTS, widths))


@njit(cache=True)
def vix_half_spread(mid: float, tau: float, vix: float, date: int) -> float:
    """Return half the quoted width of a VIX option.

    Parameters
    ----------
    mid : float
        Mid price, points.
    tau : float
        Calendar days to settlement.
    vix : float
        VIX close, volatility points.
    date : int
        Days since 1970-01-01.

    Returns
    -------
    float
        Points, never more than ``mid``, so that a bid is never negative.
    """
    width = calm_vix_width(mid, date)
    if vix > CALM_VIX:
        width *= math.exp(VIX_POWER * math.log(vix / CALM_VIX))
    if tau > TENOR_DAYS:
        width *= math.exp(TENOR_POWER * math.log(tau / TENOR_DAYS))
    return min(0.5 * max(width, _increment(mid, date)), mid)


@njit(cache=True)
def vx_half_spread(mid: float, tau: float, vix: float, date: int) -> float:
    """Return half the quoted width of a VIX future.

    Parameters
    ----------
    mid : float
        Mid price, volatility points.
    tau : float
        Calendar days to settlement.
    vix : float
        VIX close, volatility points.
    date : int
        Days since 1970-01-01; the model is the same on every date.

    Returns
    -------
    float
        Points: half a tick for the first month, one tick at seven months, growing with VIX above
        30; never more than ``mid``.
    """
    distance = min(max((tau - FUTURE_FRONT_DAYS) / (FUTURE_FAR_DAYS - FUTURE_FRONT_DAYS), 0.0), 1.0)
    width = FUTURE_TICK * (1.0 + distance)
    if vix > STRESS_VIX:
        width *= vix / STRESS_VIX
    return min(0.5 * width, mid)
