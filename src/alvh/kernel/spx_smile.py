"""The S&P 500 option smile of one day: at-the-money variance in time, one shape in strike.

In the standardised moneyness x = k/√W, with k = ln(strike/forward) and W the at-the-money total
variance to settlement, the smile of an expiry is

    σ(x)/σ_atm = 1 + a·x + b·[h(x; −1, 1.5) − h(0)] + c·[h(x; 1, 0.5) − h(0)],
    h(x; m, s) = √((x − m)² + s²):

a slope and two rounded kinks, a broad one that bends the put wing and a sharp one that ends the
descent on the call side. It is linear in (a, b, c), costs two square roots, and follows listed
smiles between one day and one year to about one part in a hundred of σ_atm. Beyond ``X_LOW`` and
``X_HIGH`` the volatility is held, so total variance stays below Lee's bound 2|k|.

W runs on a clock that gives a calendar day without a session a tenth of a session's variance.
It passes through four nodes, whose variance-swap strips are the squares of VIX9D, VIX, VIX3M and
VIX6M, along a cubic that keeps it rising; before the first node it is a parabola.

A day's vector (width ``SPX_SMILE``) holds

======= ==========================================================================
0–3     W at the 9-, 30-, 93- and 184-day nodes
4, 5    clock at the 9- and 30-day nodes; the far nodes follow at the mean rate
6       variance per unit of clock at the shortest end
7–15    a, b, c at 2 days, at 30 days and at 180 days to settlement
======= ==========================================================================

Units: ``tau`` calendar days from the close to settlement, ``sessions`` the trading sessions'
worth of time in it, σ decimal per √year with years = tau/365, variances pure numbers.

References
----------
Lee, R. (2004). The moment formula for implied volatility at extreme strikes. Math. Finance 14.
Fritsch, F. N. and Butland, J. (1984). A method for constructing local monotone piecewise cubic
interpolants. SIAM J. Sci. Stat. Comput. 5, 300-304.
Fukasawa, M. (2012). The normalizing transformation of the implied volatility smile. Math.
Finance 22, 753-762: the strip as an integral of σ² over the normal law of d2.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from alvh.kernel.elementary import logarithm

Floats = NDArray[np.float64]
Slice = tuple[float, float, float, float, float, float, float, float, float, float, float]

YEAR = 365.0
# Of one session's variance, what falls between a close and the next opening auction: at-the-money
# variances of 33 pairs of AM- and PM-settled expiries of one date, median 0.41, quartiles 0.36 and
# 0.46; SPX and SPXW chains of April–July 2019 and 2022-02-04.
OVERNIGHT_SHARE = 0.4

# Variance of a calendar day without a session, in sessions. Fitted to at-the-money volatilities
# of expiries within nine days, ten SPXW chains of April–July 2019 and one of 2022-02-04.
REST_DAY_WEIGHT = 0.1
CLOCK_RATE = 252.0 / 365.25 + REST_DAY_WEIGHT * (1.0 - 252.0 / 365.25)  # per calendar day

NODE_DAYS = (9.0, 30.0, 93.0, 184.0)
SPAN_93 = (NODE_DAYS[2] - NODE_DAYS[1]) * CLOCK_RATE
SPAN_184 = (NODE_DAYS[3] - NODE_DAYS[2]) * CLOCK_RATE
CLOCK_9 = 4
CLOCK_30 = 5
SHORT_RATE = 6
SHAPE = 7
# ln of the days at which the shape is stored; linear in ln(tau) between, held outside
LOG_SHAPE_DAYS = (math.log(2.0), math.log(30.0), math.log(180.0))

X_LOW = -10.0
X_HIGH = 5.0
PUT_CENTRE, PUT_WIDTH = -1.0, 1.5
CALL_CENTRE, CALL_WIDTH = 1.0, 0.5
PUT_ORIGIN = math.hypot(PUT_CENTRE, PUT_WIDTH)
CALL_ORIGIN = math.hypot(CALL_CENTRE, CALL_WIDTH)
FLOOR = 0.58  # lowest σ/σ_atm; the lowest quoted in the chains is 0.62
SMALLEST_VARIANCE = 1e-10  # a hundredth of a basis point of movement: keeps divisions defined

# Strip between the held wings: 24-point Gauss–Legendre rules that meet at the sharper kink
_PANELS = ((X_LOW, -3.0), (-3.0, CALL_CENTRE), (CALL_CENTRE, X_HIGH))
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(24)
STRIP_X = np.concatenate([0.5 * (lo + hi) + 0.5 * (hi - lo) * _POINTS for lo, hi in _PANELS])
STRIP_WEIGHT = np.concatenate([0.5 * (hi - lo) * _WEIGHTS for lo, hi in _PANELS])


@njit(cache=True)
def variance_clock(tau: float, sessions: float) -> float:
    """Return the variance clock: sessions, plus a tenth for each calendar day without one."""
    return sessions + REST_DAY_WEIGHT * max(tau - sessions, 0.0)


@njit(cache=True)
def spx_total_variance(params: Floats, tau: float, sessions: float) -> float:
    """Return the at-the-money total variance to settlement.

    Parameters
    ----------
    params : float64 array (SPX_SMILE,)
        A day's vector.
    tau, sessions : float
        Calendar days and sessions' worth of trading time to settlement.

    Returns
    -------
    float
        σ_atm²·tau/365; NaN on a day without parameters.
    """
    clock = variance_clock(tau, sessions)
    u_9 = params[CLOCK_9]
    u_30 = params[CLOCK_30]
    w_9, w_30, w_93, w_184 = params[0], params[1], params[2], params[3]
    span_30 = u_30 - u_9
    rate_30 = (w_30 - w_9) / span_30
    past = clock - u_30
    if clock <= u_9:
        mean = w_9 / u_9
        total = clock * (mean + (params[SHORT_RATE] - mean) * (1.0 - clock / u_9))
    elif past <= 0.0:
        left = _slope(u_9, w_9 / u_9, span_30, rate_30)
        right = _slope(span_30, rate_30, SPAN_93, (w_93 - w_30) / SPAN_93)
        total = w_9 + _cubic(clock - u_9, span_30, w_30 - w_9, left, right)
    elif past <= SPAN_93:
        rate_93 = (w_93 - w_30) / SPAN_93
        left = _slope(span_30, rate_30, SPAN_93, rate_93)
        right = _slope(SPAN_93, rate_93, SPAN_184, (w_184 - w_93) / SPAN_184)
        total = w_30 + _cubic(past, SPAN_93, w_93 - w_30, left, right)
    else:  # beyond the last node the last forward variance goes on
        total = _far_variance(past - SPAN_93, w_93, w_184, (w_93 - w_30) / SPAN_93)
    return float(total)


@njit(cache=True)
def _far_variance(past: float, w_93: float, w_184: float, rate_93: float) -> float:
    rate_184 = (w_184 - w_93) / SPAN_184
    if past >= SPAN_184:
        return w_184 + (past - SPAN_184) * rate_184
    left = _slope(SPAN_93, rate_93, SPAN_184, rate_184)
    return w_93 + _cubic(past, SPAN_184, w_184 - w_93, left, rate_184)


@njit(cache=True)
def _slope(span_1: float, rate_1: float, span_2: float, rate_2: float) -> float:
    """Return the slope at the node between two spans (Fritsch and Butland 1984, eq. 5)."""
    weight_1 = span_1 + 2.0 * span_2
    weight_2 = 2.0 * span_1 + span_2
    return (weight_1 + weight_2) * rate_1 * rate_2 / (weight_1 * rate_2 + weight_2 * rate_1)


@njit(cache=True)
def _cubic(past: float, span: float, gain: float, left: float, right: float) -> float:
    """Return the Hermite cubic that gains ``gain`` over ``span`` with the given end slopes."""
    t = past / span
    rate = gain / span
    return past * (left + t * (3.0 * rate - 2.0 * left - right + t * (left + right - 2.0 * rate)))


@njit(cache=True)
def spx_shape(params: Floats, tau: float) -> tuple[float, float, float]:
    """Return the shape (a, b, c) of an expiry ``tau`` calendar days away."""
    return _shape(params, logarithm(max(tau, 1e-3)))


@njit(cache=True)
def _shape(params: Floats, position: float) -> tuple[float, float, float]:
    if position <= LOG_SHAPE_DAYS[1]:
        first = SHAPE
        share = (position - LOG_SHAPE_DAYS[0]) / (LOG_SHAPE_DAYS[1] - LOG_SHAPE_DAYS[0])
    else:
        first = SHAPE + 3
        share = (position - LOG_SHAPE_DAYS[1]) / (LOG_SHAPE_DAYS[2] - LOG_SHAPE_DAYS[1])
    share = min(max(share, 0.0), 1.0)
    return (
        params[first] + share * (params[first + 3] - params[first]),
        params[first + 1] + share * (params[first + 4] - params[first + 1]),
        params[first + 2] + share * (params[first + 5] - params[first + 2]),
    )


@njit(cache=True)
def spx_slice(params: Floats, tau: float, sessions: float) -> Slice:
    """Prepare the smile of one expiry.

    Parameters
    ----------
    params : float64 array (SPX_SMILE,)
        A day's vector.
    tau : float
        Calendar days to settlement, > 0.
    sessions : float
        Sessions' worth of trading time to settlement.

    Returns
    -------
    tuple of float
        Coefficients for ``spx_sigma``; all NaN on a day without parameters.
    """
    total = spx_total_variance(params, tau, sessions)
    if total < SMALLEST_VARIANCE:  # NaN passes
        total = SMALLEST_VARIANCE
    root = math.sqrt(total)
    sigma = root / math.sqrt(tau / YEAR)
    a, b, c = spx_shape(params, tau)
    unit = sigma / root
    return (
        sigma * (1.0 - b * PUT_ORIGIN - c * CALL_ORIGIN),
        unit * a,
        unit * b,
        PUT_CENTRE * root,
        (PUT_WIDTH * root) ** 2,
        unit * c,
        CALL_CENTRE * root,
        (CALL_WIDTH * root) ** 2,
        X_LOW * root,
        X_HIGH * root,
        FLOOR * sigma,
    )


@njit(cache=True)
def spx_sigma(slice_: Slice, log_moneyness: float) -> float:
    """Return the Black volatility at ``log_moneyness`` = ln(strike/forward) of a prepared expiry.

    Parameters
    ----------
    slice_ : tuple of float
        From ``spx_slice``.
    log_moneyness : float

    Returns
    -------
    float
        σ decimal per √year, act/365.
    """
    level, slope, put, put_at, put_width, call, call_at, call_width, low, high, floor = slice_
    k = min(max(log_moneyness, low), high)
    from_put = k - put_at
    from_call = k - call_at
    sigma = (
        level
        + slope * k
        + put * math.sqrt(from_put * from_put + put_width)
        + call * math.sqrt(from_call * from_call + call_width)
    )
    return max(sigma, floor)


@njit(cache=True)
def _ratio(x: float, a: float, b: float, c: float) -> float:
    """Return σ/σ_atm at standardised moneyness ``x`` within the held wings."""
    put = math.sqrt((x - PUT_CENTRE) ** 2 + PUT_WIDTH**2) - PUT_ORIGIN
    call = math.sqrt((x - CALL_CENTRE) ** 2 + CALL_WIDTH**2) - CALL_ORIGIN
    return max(1.0 + a * x + b * put + c * call, FLOOR)


@njit(cache=True)
def strip_ratio(root: float, a: float, b: float, c: float) -> float:
    """Return a strip's variance over the at-the-money variance.

    The variance-swap strip of a smile is ∫σ²·φ(d2)·|∂d2/∂x| dx (Fukasawa 2012): by
    Gauss–Legendre between the held wings, in closed form beyond them.

    Parameters
    ----------
    root : float
        Square root of the at-the-money total variance.
    a, b, c : float
        Shape.

    Returns
    -------
    float
    """
    total = 0.0
    for i in range(STRIP_X.size):
        x = STRIP_X[i]
        v = _ratio(x, a, b, c)
        dv = 0.0
        if v > FLOOR:
            dv = a + b * (x - PUT_CENTRE) / math.sqrt((x - PUT_CENTRE) ** 2 + PUT_WIDTH**2)
            dv += c * (x - CALL_CENTRE) / math.sqrt((x - CALL_CENTRE) ** 2 + CALL_WIDTH**2)
        d2 = -x / v - 0.5 * root * v
        slope = 1.0 / v - x * dv / (v * v) + 0.5 * root * dv
        total += STRIP_WEIGHT[i] * v * v * math.exp(-0.5 * d2 * d2) * slope
    total *= 0.3989422804014327
    low = _ratio(X_LOW, a, b, c)
    high = _ratio(X_HIGH, a, b, c)
    below = math.erfc((-X_LOW / low - 0.5 * root * low) * math.sqrt(0.5))
    above = math.erfc((X_HIGH / high + 0.5 * root * high) * math.sqrt(0.5))
    return total + 0.5 * (low * low * below + high * high * above)


@njit(cache=True)
def atm_variance(strip: float, a: float, b: float, c: float) -> float:
    """Return the at-the-money total variance whose strip is ``strip``, given the shape.

    The ratio of the two hardly moves with the level, so the plain iteration gains two digits a
    step.
    """
    level = strip / strip_ratio(math.sqrt(0.65 * strip), a, b, c)
    for _ in range(30):
        following = strip / strip_ratio(math.sqrt(level), a, b, c)
        if abs(following - level) <= 1e-9 * level:
            return following
        level = following
    return level
