"""The VIX forward of any expiry, from spot VIX and the monthly nodes of a day's record.

Squared forwards are interpolated linearly in a concave clock, u = τ^0.6 with τ in calendar days to
the settlement moment, from spot VIX at u = 0 through the nodes. The clock is what makes one rule
serve weekly expiries before the first future, where convergence to spot is fast and then slows,
and holes further out, where it is nearly linear in time.

References
----------
The exponent and its error: ``docs/calibration/curve.md``. Variance as the quantity that is
interpolated: S&P VIX Futures Index methodology, missing contracts.
"""

import math

import numpy as np
from numpy.typing import NDArray

from alvh.kernel.elementary import exponential, logarithm
from alvh.kernel.jit import compiled, internal

# Fitted to front futures predicted from spot and the second future, 2007–2018.
CLOCK_POWER = 0.6
# An opening-auction settlement comes this much of a day before midnight of its date's close.
AM_SHARE = 0.27
TABLE_DAYS = 1300  # whole days to settlement that functions of time are tabulated for
_WHOLE = np.maximum(np.arange(TABLE_DAYS) - AM_SHARE, 0.0)
CLOCKS = _WHOLE**CLOCK_POWER


@compiled
def settlement_clock(tau: float) -> float:
    """Return the interpolation clock at ``tau`` calendar days to settlement; 0 from then on."""
    if tau <= 0.0:
        return 0.0
    return exponential(CLOCK_POWER * logarithm(tau))


@internal
def day_clock(days: int) -> float:
    """Return the clock of an expiry whole days ahead, from the table where it reaches."""
    if 0 <= days < TABLE_DAYS:
        return float(CLOCKS[days])
    return float(settlement_clock(days - AM_SHARE))


@compiled
def vix_forward(
    curve_expiry: NDArray[np.int32],
    curve_forward: NDArray[np.float64],
    vix: float,
    date: int,
    expiry: int,
) -> float:
    """Return the VIX forward of one expiry.

    Parameters
    ----------
    curve_expiry : int32 array (CURVE_NODES,)
        Monthly expiries after ``date``, ascending, days since 1970-01-01.
    curve_forward : float64 array (CURVE_NODES,)
        Their forwards, volatility points.
    vix : float
        Spot VIX close, volatility points.
    date, expiry : int
        Today and the settlement date, days since 1970-01-01.

    Returns
    -------
    float
        Volatility points: the node's own value at a node, spot where ``expiry`` is not after
        ``date``, the last node's value beyond it, NaN where an input it needs is NaN.

    Examples
    --------
    >>> nodes, forwards = np.array([20, 48], dtype=np.int32), np.array([18.0, 20.0])
    >>> vix_forward(nodes, forwards, 16.0, 0, 48)
    20.0
    """
    if expiry <= date:
        return vix
    last = curve_expiry.size - 1
    node = 0
    while node < last and curve_expiry[node] < expiry:
        node += 1
    high = float(curve_forward[node])
    if curve_expiry[node] <= expiry:  # a node, or past the last one
        return high
    low = vix if node == 0 else float(curve_forward[node - 1])
    low_clock = day_clock(curve_expiry[node - 1] - date) if node > 0 else 0.0
    high_clock = day_clock(curve_expiry[node] - date)
    share = (day_clock(expiry - date) - low_clock) / (high_clock - low_clock)
    return math.sqrt(low * low + share * (high * high - low * low))
