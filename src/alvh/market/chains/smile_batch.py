"""Fit the smiles of many snapshots: compiled, numbers only, snapshots side by side.

The expiries of a snapshot are fitted in order of time: each starts where the one before ended and,
for the S&P 500, may nowhere have less total variance than it where both are quoted. VIX expiries
are options on different forwards; nothing ties one to the next.
"""

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray
from vanilla_option_pricers import infer_bsm_implied_vol

from alvh.kernel.black import black_delta, black_price
from alvh.market.chains.smile_fit import COARSE, FINE, GRID, fit_splines, fit_svi
from alvh.market.chains.smile_shape import (
    RHO,
    SCALE,
    SMILE,
    B,
    least_butterfly,
    smile_variance,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

QUALITY = 11
(AT_THE_MONEY, QUOTES, LIQUID, INSIDE, MISS, HALF, LOWEST, HIGHEST, BUTTERFLY, CALENDAR,
 STEEPEST) = range(QUALITY)  # fmt: skip
LEAST_QUOTES = 6
LIQUID_DELTA = 0.01  # a liquid quote: at least this forward delta, a bid, …
LIQUID_WIDTH = 0.5  # … and a width of at most half its mid
SMALLEST_HALF = 2e-4  # of half-spreads in volatility: no quote is believed more than this
ROUNDING = 1e-6  # of prices, points
SVI_QUOTES = 40  # of an expiry are enough for five numbers
LOW_X, HIGH_X = -14.0, 9.0
START = np.array([0.5, math.log(0.3), math.atanh(-0.5), 0.2, math.log(0.8)])
RISING = np.array([0.6, math.log(0.3), math.atanh(0.5), -0.2, math.log(0.8)])


@njit(cache=True)
def quote_sigmas(
    strike: Floats, bid: Floats, ask: Floats, is_put: Flags, forward: float, discount: float,
    years: float, sigma: Floats, half: Floats,
) -> None:  # fmt: skip
    """Write Black volatilities of mids and half-spreads in volatility; NaN without a bid."""
    root = math.sqrt(years)
    for i in range(strike.size):
        sigma[i] = half[i] = np.nan
        if bid[i] <= 0.0:
            continue
        mid = 0.5 * (bid[i] + ask[i])
        side = "P" if is_put[i] else "C"
        vol = infer_bsm_implied_vol(forward, years, strike[i], mid, discount, side)
        d1 = math.log(forward / strike[i]) / (vol * root) + 0.5 * vol * root
        vega = discount * forward * root * math.exp(-0.5 * d1 * d1) / math.sqrt(2.0 * math.pi)
        sigma[i] = vol
        half[i] = 0.5 * (ask[i] - bid[i]) / max(vega, 1e-12)


@njit(cache=True)
def at_the_money(log_moneyness: Floats, sigma: Floats) -> float:
    """Return the volatility at the forward between the nearest quotes; NaN where one lacks."""
    low, high, below, above = -np.inf, np.inf, np.nan, np.nan
    for i in range(sigma.size):
        k = log_moneyness[i]
        if math.isnan(sigma[i]):
            continue
        if low < k <= 0.0:
            low, below = k, sigma[i]
        elif 0.0 < k < high:
            high, above = k, sigma[i]
    return below + (above - below) * (-low) / (high - low)


@njit(cache=True)
def _start(rising: bool, theta: Floats) -> None:
    theta[:] = RISING if rising else START


@njit(cache=True)
def earlier_variance(
    earlier: Floats, low: float, high: float, scale: float, grid: Floats, out: Floats
) -> None:
    """Write the earlier expiry's variance over scale² on a grid; −1 where it is not quoted."""
    for j in range(grid.size):
        k = grid[j] * scale
        out[j] = -1.0
        if low <= k <= high:
            out[j] = smile_variance(earlier, k) / (scale * scale)


@njit(cache=True)
def fit_expiry(
    log_moneyness: Floats, sigma: Floats, half: Floats, years: float, rising: bool,
    earlier: Floats, low: float, high: float, theta: Floats, smile: Floats,
) -> None:  # fmt: skip
    """Fit one expiry; ``smile`` is left NaN where it has too few quotes.

    ``earlier`` with its quoted reach ``low`` to ``high`` is the expiry before; an empty reach means
    none. ``theta`` is the SVI start and receives the end.
    """
    smile[:] = np.nan
    atm = at_the_money(log_moneyness, sigma)
    scale = atm * math.sqrt(years)
    use = np.isfinite(sigma) & (log_moneyness > LOW_X * scale) & (log_moneyness < HIGH_X * scale)
    if not atm > 0.0 or use.sum() < LEAST_QUOTES:
        return
    x = log_moneyness[use] / scale
    ratio = sigma[use] / atm
    inverse = atm / np.maximum(half[use], SMALLEST_HALF)
    coarse, before = np.empty(COARSE.size), np.empty(GRID.size)
    earlier_variance(earlier, low, high, scale, COARSE, coarse)
    earlier_variance(earlier, low, high, scale, GRID, before)
    smile[:] = 0.0
    smile[SCALE] = scale
    every = max(1, x.size // SVI_QUOTES)
    few = (x[::every].copy(), ratio[::every].copy(), inverse[::every].copy())
    least_rho = 0.0 if rising else -4.0
    fit_svi(smile, theta, few[0], few[1], few[2], COARSE, coarse, least_rho)
    fit_splines(smile, x, ratio, inverse, GRID, before)


@njit(cache=True)
def judge(
    smile: Floats, strike: Floats, bid: Floats, ask: Floats, is_put: Flags, sigma: Floats,
    half: Floats, forward: float, discount: float, years: float, out: Floats,
) -> None:  # fmt: skip
    """Write how well a smile lies within its quotes; see ``alvh.market.chains.smiles``."""
    out[:] = np.nan
    out[QUOTES] = np.isfinite(sigma).sum()
    if math.isnan(smile[SCALE]):
        return
    liquid = inside = miss = width = 0.0
    out[LOWEST], out[HIGHEST] = np.inf, -np.inf
    for i in range(strike.size):
        if math.isnan(sigma[i]):
            continue
        k = math.log(strike[i] / forward)
        delta = abs(black_delta(forward, strike[i], sigma[i], years, is_put[i]))
        wide = ask[i] - bid[i] > LIQUID_WIDTH * 0.5 * (ask[i] + bid[i])
        if delta < LIQUID_DELTA or wide:
            continue
        out[LOWEST], out[HIGHEST] = min(out[LOWEST], k), max(out[HIGHEST], k)
        fitted = math.sqrt(max(smile_variance(smile, k), 0.0) / years)
        price = discount * black_price(forward, strike[i], fitted, years, is_put[i])
        liquid += 1.0
        inside += bid[i] - ROUNDING <= price <= ask[i] + ROUNDING
        miss += abs(fitted - sigma[i])
        width += half[i]
    out[AT_THE_MONEY] = math.sqrt(smile_variance(smile, 0.0) / years)
    out[LIQUID], out[INSIDE] = liquid, inside
    out[MISS], out[HALF] = miss / max(liquid, 1.0), width / max(liquid, 1.0)
    out[BUTTERFLY] = least_butterfly(smile, FINE)
    out[STEEPEST] = smile[SCALE] * smile[B] * (1.0 + abs(smile[RHO]))


@njit(cache=True)
def least_calendar(smile: Floats, earlier: Floats, low: float, high: float) -> float:
    """Return the least gain of total variance over the earlier expiry, over scale²; NaN if none."""
    least, scale = np.inf, smile[SCALE]
    for j in range(GRID.size):
        k = GRID[j] * scale
        if low <= k <= high:
            gain = smile_variance(smile, k) - smile_variance(earlier, k)
            least = min(least, gain / (scale * scale))
    return least if least < np.inf else np.nan


@njit(cache=True, parallel=True)
def fit_snapshots(
    runs: Counts, order: Counts, start: Counts, strike: Floats, bid: Floats, ask: Floats,
    is_put: Flags, forward: Floats, discount: Floats, years: Floats, rising: Flags,
    sigma: Floats, half: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Fit every expiry of every snapshot.

    Parameters
    ----------
    runs, order : int64 arrays
        Expiries in order of snapshot and time, and where each snapshot begins in that order.
    start : int64 array (expiries + 1,)
        First row of each expiry.
    strike, bid, ask, is_put : arrays (rows,)
        The out-of-the-money side of each strike, points.
    forward, discount, years, rising : arrays (expiries,)
        ``rising`` of VIX: upward in strike, no calendar.
    sigma, half : float64 arrays (rows,)
        Receive the volatility of the mid and half the spread in volatility, decimal.

    Returns
    -------
    tuple of float64 arrays
        Smiles (expiries, SMILE) and their quality (expiries, QUALITY).
    """
    smiles = np.full((years.size, SMILE), np.nan)
    quality = np.full((years.size, QUALITY), np.nan)
    for snapshot in prange(runs.size - 1):
        theta, none = np.empty(START.size), np.zeros(SMILE)
        earlier, low, high = none, 1.0, 0.0
        for position in range(runs[snapshot], runs[snapshot + 1]):
            i = order[position]
            at = slice(start[i], start[i + 1])
            if not forward[i] > 0.0:
                continue
            quote_sigmas(strike[at], bid[at], ask[at], is_put[at], forward[i], discount[i],
                         years[i], sigma[at], half[at])  # fmt: skip
            k = np.log(strike[at] / forward[i])
            if position == runs[snapshot] or rising[i] or math.isnan(theta[0]):
                _start(rising[i], theta)
            fit_expiry(k, sigma[at], half[at], years[i], rising[i], earlier, low, high, theta,
                       smiles[i])  # fmt: skip
            judge(smiles[i], strike[at], bid[at], ask[at], is_put[at], sigma[at], half[at],
                  forward[i], discount[i], years[i], quality[i])  # fmt: skip
            if rising[i] or math.isnan(smiles[i, SCALE]):
                continue
            quality[i, CALENDAR] = least_calendar(smiles[i], earlier, low, high)
            earlier, low, high = smiles[i], quality[i, LOWEST], quality[i, HIGHEST]
    return smiles, quality
