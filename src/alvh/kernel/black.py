"""Black-76: prices and greeks of European options on a forward, undiscounted.

One core serves the scalar functions, which the engine calls one option at a time, and the array
kernels, which the compiler turns into vector code. An option has the same price to the last bit
wherever it is computed.

With d1 = x/s + s/2, d2 = x/s − s/2, x = −|ln(F/K)|, s = σ√years and L the smaller of F and K, the
price of the out-of-the-money option is, since L·φ(d1) = max(F, K)·φ(d2),

    L·exp(−d1²/2)·[m(−d1) − m(−d2)],   m(d) = N(−d)·exp(d²/2),

one exponential and two smooth functions whose difference never suffers from underflow. For
d1 > 0 the first term becomes L − L·exp(−d1²/2)·m(d1). Below s = ``SMALL_DEVIATION`` the
difference loses digits and a series in s takes over. The in-the-money price follows by parity.

Units: forward, strike and price in points; sigma decimal per √year, act/365; years = tau/365.
A sigma or time of zero or less gives the intrinsic value, so does a forward or strike of zero or
less; NaN gives NaN.

References
----------
Black, F. (1976). The pricing of commodity contracts. J. Financial Economics 3, 167-179, eq. (16).
Jäckel, P. (2015). Let's be rational. Wilmott 75, 40-53 (forms without cancellation).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from alvh.kernel.elementary import (
    DEVIATION_CAP,
    exponential,
    fma,
    inner,
    log_ratio,
    mills,
    mills_of_two,
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SMALL_DEVIATION = 0.005  # σ√years below which the price is summed as a series
NO_DEVIATION = 1e-300  # σ√years below which there is no time or no movement left
_SQRT_TWO_PI = 2.5066282746310002
_INV_SQRT_TWO_PI = 0.3989422804014327

_outer = njit(cache=True, error_model="numpy")


@inner
def _deviation(sigma: float, years: float) -> tuple[float, float]:
    """√years and σ√years; time past is no time."""
    root = math.sqrt(0.0 if years < 0.0 else years)
    return root, sigma * root


@inner
def _arguments(distance: float, deviation: float) -> tuple[float, float, float, float, float]:
    """d1 and d2 of the out-of-the-money option, cut at the cap, |d1|, |d2| and exp(−d1²/2)."""
    h = distance * (1.0 / deviation)
    d1 = fma(0.5, deviation, h)
    a1, a2 = abs(d1), abs(fma(-0.5, deviation, h))
    a1 = DEVIATION_CAP if a1 > DEVIATION_CAP else a1
    a2 = DEVIATION_CAP if a2 > DEVIATION_CAP else a2
    density = exponential(-0.5 * a1 * a1)
    density = 0.0 if a1 >= DEVIATION_CAP else density
    return (-a1 if d1 < 0.0 else a1), -a2, a1, a2, density


@inner
def _terms(low: float, high: float, deviation: float) -> tuple[float, float, float, float, float]:
    """d1, d2, exp(−d1²/2), m(|d1|) and m(|d2|) of the out-of-the-money option."""
    d1, d2, a1, a2, density = _arguments(log_ratio(low, high), deviation)
    m1, m2 = mills_of_two(a1, a2)
    return d1, d2, density, m1, m2


@inner
def _terms_in_loop(distance: float, deviation: float) -> tuple[float, float, float, float, float]:
    """`_terms` in the form that an array loop can be vectorised with; the same to the last bit."""
    d1, d2, a1, a2, density = _arguments(distance, deviation)
    return d1, d2, density, mills(a1), mills(a2)


@inner
def _otm(low: float, d1: float, density: float, m1: float, m2: float) -> float:
    """Price of the out-of-the-money option from its terms."""
    below = density * (m1 - m2)
    above = 1.0 - density * (m1 + m2)
    return low * (above if d1 > 0.0 else below)


@inner
def otm_price(low: float, distance: float, deviation: float) -> float:
    """Price of the out-of-the-money option, in the form for array loops.

    ``low`` of forward and strike, ``distance`` = ln(low/high) of the two, ``deviation`` = σ√years,
    above SMALL_DEVIATION.
    """
    d1, _, density, m1, m2 = _terms_in_loop(distance, deviation)
    return _otm(low, d1, density, m1, m2)


@inner
def otm_price_small(low: float, distance: float, deviation: float) -> float:
    """Price of the out-of-the-money option for small s = σ√years, as a series in t = s/2.

    m(−h−t) − m(−h+t) is there a difference of near equals. With Y = N/φ its odd Taylor terms
    are 2t·(Y1 + t²/6·Y3 + t⁴/120·Y5), and Y1 = 1 + hY, Yn+1 = n·Yn−1 + h·Yn.
    """
    h = distance / deviation
    h = -DEVIATION_CAP if h < -DEVIATION_CAP else h
    d1 = fma(0.5, deviation, h)
    y0 = _SQRT_TWO_PI * mills(-h)
    y1 = fma(h, y0, 1.0)
    y2 = fma(h, y1, y0)
    y3 = fma(h, y2, 2.0 * y1)
    y4 = fma(h, y3, 3.0 * y2)
    y5 = fma(h, y4, 4.0 * y3)
    t2 = 0.25 * deviation * deviation
    series = fma(t2, fma(t2, y5 / 120.0, y3 / 6.0), y1)
    density = 0.0 if h <= -DEVIATION_CAP else exponential(-0.5 * d1 * d1)
    return low * density * _INV_SQRT_TWO_PI * deviation * series


@inner
def _with_intrinsic(
    otm: float, forward: float, strike: float, deviation: float, is_put: bool
) -> float:
    """Out-of-the-money price plus intrinsic value; the intrinsic value alone without time."""
    low = forward if forward < strike else strike
    otm = 0.0 if (deviation < NO_DEVIATION) | (low <= 0.0) else otm
    payoff = strike - forward if is_put else forward - strike
    return otm + (0.0 if payoff <= 0.0 else payoff)


@_outer
def norm_cdf(x: float) -> float:
    """Standard normal distribution function, to a relative 1e-14 in both tails."""
    a = abs(x)
    a = DEVIATION_CAP if a > DEVIATION_CAP else a
    tail = exponential(-0.5 * a * a) * mills(a)
    return tail if x < 0.0 else 1.0 - tail


@_outer
def black_price(forward: float, strike: float, sigma: float, years: float, is_put: bool) -> float:
    """Undiscounted Black-76 price of a European option.

    Parameters
    ----------
    forward, strike : float
        Points.
    sigma : float
        Decimal per √year, act/365.
    years : float
        Calendar time to expiry over 365 days.
    is_put : bool

    Returns
    -------
    float
        Points; the intrinsic value where sigma or years is zero or less. The relative error is
        below 1e-12 wherever the price exceeds 1e-6 of the forward.

    References
    ----------
    Black (1976), eq. (16), without the discount factor.
    """
    _, deviation = _deviation(sigma, years)
    low = forward if forward < strike else strike
    high = strike if forward < strike else forward
    if deviation < SMALL_DEVIATION:
        otm = otm_price_small(low, log_ratio(low, high), deviation)
    else:
        d1, _, density, m1, m2 = _terms(low, high, deviation)
        otm = _otm(low, d1, density, m1, m2)
    return _with_intrinsic(otm, forward, strike, deviation, is_put)


@_outer
def black_call(forward: float, strike: float, sigma: float, years: float) -> float:
    """Undiscounted Black-76 price of a call in points; see `black_price`."""
    return black_price(forward, strike, sigma, years, False)


@inner
def _delta(
    forward: float,
    strike: float,
    deviation: float,
    is_put: bool,
    d1: float,
    density: float,
    m1: float,
    m2: float,
) -> float:
    """Forward delta, from the out-of-the-money side so that small deltas keep their digits."""
    low = forward if forward < strike else strike
    high = strike if forward < strike else forward
    call = 1.0 - density * m1 if d1 > 0.0 else density * m1
    put = -density * m2 * (low / high)
    at_expiry = 0.5 if forward == strike else 0.0 * (forward - strike)  # keeps NaN
    degenerate = (deviation < NO_DEVIATION) | (low <= 0.0)
    call = at_expiry if degenerate else call
    put = 0.0 if degenerate else put
    put_is_otm = forward > strike
    return (put if is_put else 1.0 + put) if put_is_otm else (call - 1.0 if is_put else call)


@_outer
def black_delta(forward: float, strike: float, sigma: float, years: float, is_put: bool) -> float:
    """Change of the undiscounted Black-76 price per point of the forward.

    Calls in [0, 1], puts in [−1, 0]; arguments as in `black_price`. Without time to expiry it is
    the step of the payoff, and half a step at the strike.
    """
    _, deviation = _deviation(sigma, years)
    low = forward if forward < strike else strike
    high = strike if forward < strike else forward
    d1, _, density, m1, m2 = _terms(low, high, deviation)
    return _delta(forward, strike, deviation, is_put, d1, density, m1, m2)


@inner
def _from_terms(
    forward: float,
    strike: float,
    sigma: float,
    root: float,
    is_put: bool,
    d1: float,
    density: float,
    m1: float,
    m2: float,
) -> tuple[float, float, float, float]:
    """Delta, gamma, vega, theta from the terms of the out-of-the-money option."""
    deviation = sigma * root
    low = forward if forward < strike else strike
    degenerate = (deviation < NO_DEVIATION) | (low <= 0.0)
    # low·φ(d1) is forward·φ(d1 of the forward) on either side of the strike
    mass = low * density * _INV_SQRT_TWO_PI
    gamma = mass / (forward * forward * deviation)
    vega = mass * root
    theta = -0.5 * mass * sigma / root
    delta = _delta(forward, strike, deviation, is_put, d1, density, m1, m2)
    return (
        delta,
        0.0 if degenerate else gamma,
        0.0 if degenerate else vega,
        0.0 if degenerate else theta,
    )


@_outer
def black_greeks(
    forward: float, strike: float, sigma: float, years: float, is_put: bool
) -> tuple[float, float, float, float, float]:
    """Undiscounted Black-76 price and its first-order greeks.

    Arguments as in `black_price`.

    Returns
    -------
    price : float
        Points.
    delta : float
        Points per point of the forward.
    gamma : float
        Delta per point of the forward.
    vega : float
        Points per unit of sigma (1.00, not one volatility point).
    theta : float
        Points per year of passing time at a fixed forward: −F·φ(d1)·σ/(2√years).

    References
    ----------
    Haug, The Complete Guide to Option Pricing Formulas, 2nd ed., ch. 2, with r = 0 and b = 0.
    """
    root, deviation = _deviation(sigma, years)
    low = forward if forward < strike else strike
    high = strike if forward < strike else forward
    d1, _, density, m1, m2 = _terms(low, high, deviation)
    if deviation < SMALL_DEVIATION:
        otm = otm_price_small(low, log_ratio(low, high), deviation)
    else:
        otm = _otm(low, d1, density, m1, m2)
    price = _with_intrinsic(otm, forward, strike, deviation, is_put)
    delta, gamma, vega, theta = _from_terms(
        forward, strike, sigma, root, is_put, d1, density, m1, m2
    )
    return price, delta, gamma, vega, theta


@_outer
def black_cross_greeks(
    forward: float, strike: float, sigma: float, years: float
) -> tuple[float, float]:
    """Vanna and volga of the undiscounted Black-76 price, the same for call and put.

    Returns
    -------
    vanna : float
        Change of delta per unit of sigma: −φ(d1)·d2/σ.
    volga : float
        Change of vega per unit of sigma, points: vega·d1·d2/σ.

    References
    ----------
    Haug, The Complete Guide to Option Pricing Formulas, 2nd ed., ch. 2.
    """
    root, deviation = _deviation(sigma, years)
    low = forward if forward < strike else strike
    high = strike if forward < strike else forward
    d1, d2, density, _, _ = _terms(low, high, deviation)
    if (deviation < NO_DEVIATION) | (low <= 0.0):
        return 0.0, 0.0
    mass = low * density * _INV_SQRT_TWO_PI
    d2_of_forward = -d1 if forward > strike else d2
    return -mass * d2_of_forward / (forward * sigma), mass * root * d1 * d2 / sigma


@_outer
def _renew_small(
    forward: Floats,
    strike: Floats,
    sigma: Floats,
    years: Floats,
    is_put: Flags,
    out: Floats,
) -> None:
    """Put the series in the place of the prices that the array loop computed with few digits."""
    for i in range(out.size):
        if _deviation(sigma[i], years[i])[1] < SMALL_DEVIATION:
            out[i] = black_price(forward[i], strike[i], sigma[i], years[i], is_put[i])


@_outer
def price_many(
    forward: Floats,
    strike: Floats,
    sigma: Floats,
    years: Floats,
    is_put: Flags,
    out: Floats,
) -> None:
    """Undiscounted Black-76 prices of n options into `out`; bit for bit those of `black_price`.

    Parameters
    ----------
    forward, strike, sigma, years, is_put : ndarray, shape (n,)
        As in `black_price`. The lengths are the caller's to check.
    out : ndarray, shape (n,)
        Prices in points.
    """
    small = 0
    for i in range(out.size):
        f, k = forward[i], strike[i]
        _, deviation = _deviation(sigma[i], years[i])
        low = f if f < k else k
        high = k if f < k else f
        d1, _, density, m1, m2 = _terms_in_loop(log_ratio(low, high), deviation)
        otm = _otm(low, d1, density, m1, m2)
        out[i] = _with_intrinsic(otm, f, k, deviation, is_put[i])
        small += deviation < SMALL_DEVIATION
    if small > 0:
        _renew_small(forward, strike, sigma, years, is_put, out)


@_outer
def price_greeks_many(
    forward: Floats,
    strike: Floats,
    sigma: Floats,
    years: Floats,
    is_put: Flags,
    out: Floats,
) -> None:
    """Price, delta, gamma, vega and theta of n options; bit for bit those of `black_greeks`.

    Parameters
    ----------
    forward, strike, sigma, years, is_put : ndarray, shape (n,)
        As in `black_price`. The lengths are the caller's to check.
    out : ndarray, shape (5, n)
        One row for each of price, delta, gamma, vega and theta.
    """
    price, delta, gamma, vega, theta = out[0], out[1], out[2], out[3], out[4]
    small = 0
    for i in range(forward.size):
        f, k = forward[i], strike[i]
        root, deviation = _deviation(sigma[i], years[i])
        low = f if f < k else k
        high = k if f < k else f
        d1, _, density, m1, m2 = _terms_in_loop(log_ratio(low, high), deviation)
        otm = _otm(low, d1, density, m1, m2)
        price[i] = _with_intrinsic(otm, f, k, deviation, is_put[i])
        delta[i], gamma[i], vega[i], theta[i] = _from_terms(
            f, k, sigma[i], root, is_put[i], d1, density, m1, m2
        )
        small += deviation < SMALL_DEVIATION
    if small > 0:
        _renew_small(forward, strike, sigma, years, is_put, price)
