"""The VIX option smile of each day, solved so that its 30-day variance strip is VVIX².

Level: the at-the-money variance at 30 days is the one whose strip, with the day's slope and
correlation, is (VVIX/100)²·30/365. Shape: the slope at the money at a reference forward and the
decay of volatility with distance come from a listed chain and from the realised volatility of
futures; what moves them from day to day is the 30-day forward. Where VVIX is absent or
implausible, an estimate from VIX and its recent past takes its place and the day says so.

References
----------
Windows, fits and held-out errors: ``docs/calibration/vix.md``.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.kernel.records import VIX_SMILE
from alvh.kernel.vix_curve import vix_forward
from alvh.kernel.vix_smile import (
    REFERENCE_FORWARD,
    slope_at,
    vix_at_the_money,
    vix_total_variance,
)
from alvh.market.curve import VixCurve, combined

__all__ = [
    "completed",
    "credible_vvix",
    "estimated_vvix",
    "thirty_day_forward",
    "vix_smile_parameters",
    "vvix_features",
]

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

# Published VVIX outside these points, or before 2007, is a bad print (lowest true close 59.7).
VVIX_LOWEST, VVIX_HIGHEST = 45.0, 300.0
VVIX_BEGINS = np.datetime64("2007-01-03")
NODE_DAYS = 30  # the horizon of VVIX, calendar days
YEAR = 365.0

# Fitted to the listed VIX chain of 2022-07-15, four expiries of 18 to 158 days.
REFERENCE_SLOPE = 0.30  # ψ at REFERENCE_FORWARD and 30 days
REFERENCE_CORRELATION = 0.845  # ρ, same day
REFERENCE_SHARE = 0.47  # B/(A + B), same day
# How they follow the 30-day forward: futures and VVIX, 2007–2018, checked on 2019–2026.
CORRELATION_POWER = 0.45
CORRELATION_LOWEST, CORRELATION_HIGHEST = 0.40, 0.88
SHARE_POWER = 0.35
SHARE_LOWEST, SHARE_HIGHEST = 0.25, 0.75

# Slower level of VVIX: ln = SLOW_CONSTANT + SLOW_NOW·(ln VVIX − 4.5) + SLOW_PAST·(average − 4.5),
# from VVIX 126 sessions ahead, 2009–2026.
SLOW_CENTRE = 4.5
SLOW_CONSTANT = 4.52
SLOW_NOW = 0.30
SLOW_PAST = 0.30
SLOW_HALF_LIFE = 252.0  # of the average of ln VVIX, sessions

# ln VVIX where it is absent, fitted 2007–2018; columns as in ``vvix_features``.
PROXY = np.array([5.847, 0.012, 0.785, -0.247, 0.536])
PROXY_HALF_LIVES = (10.0, 60.0, 40.0)  # averages of ln VIX (two) and of its squared change
PROXY_START = 0.07**2  # squared daily change of ln VIX before any has been seen
ERROR_HALF_LIFE = 40.0  # sessions over which the estimate's last known error fades


@njit(cache=True)
def _averages(values: Floats, half_life: float, start: float) -> Floats:
    """Return the exponential average up to and including each day; absent days carry it on."""
    average = np.full(values.size, np.nan)
    gain = 1.0 - 0.5 ** (1.0 / half_life)
    level = start
    for i in range(values.size):
        if not np.isnan(values[i]):
            level = values[i] if np.isnan(level) else level + gain * (values[i] - level)
        average[i] = level
    return average


@njit(cache=True)
def _squared_changes(values: Floats) -> Floats:
    """Return squared changes since the last known value; NaN where there is none."""
    squared = np.full(values.size, np.nan)
    last = np.nan
    for i in range(values.size):
        if not np.isnan(values[i]):
            squared[i] = (values[i] - last) ** 2
            last = values[i]
    return squared


def vvix_features(vix: Floats) -> Floats:
    """Return what the estimate of ln VVIX is linear in.

    Parameters
    ----------
    vix : ndarray of float64, shape (n,)
        Closes, volatility points; NaN where absent.

    Returns
    -------
    ndarray of float64, shape (n, 5)
        1; ln VIX; ln VIX less its 10- and 60-session averages; half the logarithm of the
        40-session average of its squared daily change. NaN where VIX is absent.
    """
    log_vix = np.log(np.where(vix > 0.0, vix, np.nan))
    fast, slow, squares = PROXY_HALF_LIVES
    spread = _averages(_squared_changes(log_vix), squares, PROXY_START)
    columns = [
        np.ones(len(vix)),
        log_vix,
        log_vix - _averages(log_vix, fast, np.nan),
        log_vix - _averages(log_vix, slow, np.nan),
        0.5 * np.log(np.maximum(spread, 1e-8)),
    ]
    return np.stack(columns, axis=1)


@njit(cache=True)
def completed(known: Floats, estimate: Floats) -> Floats:
    """Fill gaps of ``known`` with the estimate plus the last known gap between them, fading.

    All of shape (n,); half of a gap is forgotten in ``ERROR_HALF_LIFE`` sessions.
    """
    fade = 0.5 ** (1.0 / ERROR_HALF_LIFE)
    error = 0.0
    filled = known.copy()
    for i in range(known.size):
        error *= fade
        if np.isnan(known[i]):
            filled[i] = estimate[i] + error
        elif not np.isnan(estimate[i]):
            error = known[i] - estimate[i]
    return filled


def estimated_vvix(vix: Floats) -> Floats:
    """Return VVIX estimated from VIX alone, volatility points, shape (n,)."""
    estimate: Floats = np.exp(combined(vvix_features(vix), PROXY))
    return estimate


def credible_vvix(dates: Dates, vvix: Floats) -> Floats:
    """Return ln VVIX where the print is credible, else NaN; shape (n,), VVIX in points."""
    with np.errstate(invalid="ignore"):
        credible = (vvix > VVIX_LOWEST) & (vvix < VVIX_HIGHEST) & (dates >= VVIX_BEGINS)
    return np.log(np.where(credible, vvix, np.nan))


@njit(cache=True)
def _forwards(
    days: NDArray[np.int32], vix: Floats, expiry: NDArray[np.int32], forward: Floats
) -> Floats:
    result = np.full(days.size, np.nan)
    for i in range(days.size):
        if not np.isnan(vix[i]):
            due = days[i] + NODE_DAYS
            result[i] = vix_forward(expiry[i], forward[i], vix[i], days[i], due)
    return result


def thirty_day_forward(dates: Dates, vix: Floats, curve: VixCurve) -> Floats:
    """Return the VIX forward thirty calendar days out, volatility points, shape (n,)."""
    days = dates.astype("datetime64[D]").astype(np.int32)
    return _forwards(days, vix, curve.expiry, curve.forward)


@njit(cache=True)
def _solve(log_vvix: Floats, slow: Floats, forward: Floats, quoted: Floats) -> Floats:
    """Return one vector a day; NaN where VIX or its forward is absent."""
    params = np.full((log_vvix.size, VIX_SMILE), np.nan)
    for i in range(log_vvix.size):
        if np.isnan(log_vvix[i]) or np.isnan(forward[i]) or forward[i] <= 0.0:
            continue
        height = math.log(forward[i] / REFERENCE_FORWARD)
        rho = REFERENCE_CORRELATION * math.exp(-CORRELATION_POWER * height)
        rho = min(max(rho, CORRELATION_LOWEST), CORRELATION_HIGHEST)
        share = REFERENCE_SHARE * math.exp(SHARE_POWER * height)
        share = min(max(share, SHARE_LOWEST), SHARE_HIGHEST)
        slope = slope_at(REFERENCE_SLOPE, forward[i])
        strip = math.exp(2.0 * log_vvix[i]) * 1e-4 * NODE_DAYS / YEAR
        root = vix_at_the_money(strip, slope, rho)
        reversion = math.exp(2.0 * (slow[i] - log_vvix[i]))
        unit = vix_total_variance(1.0, reversion, share, float(NODE_DAYS))
        level = root * root / unit
        params[i, 0] = level
        params[i, 1] = level * reversion
        params[i, 2] = share
        params[i, 3] = REFERENCE_SLOPE
        params[i, 4] = rho
        params[i, 5] = root * math.sqrt(YEAR / NODE_DAYS)
        params[i, 6] = forward[i]
        params[i, 7] = quoted[i]
    return params


def vix_smile_parameters(
    *, dates: Dates, vix: Floats, vvix: Floats, curve: VixCurve, first: int = 0
) -> Floats:
    """Return the vector of the VIX option smile on each day.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (n,)
        Ascending.
    vix, vvix : ndarray of float64, shape (n,)
        Closes, volatility points; NaN where absent.
    curve : VixCurve
        VIX forwards of the same days.
    first : int
        Row of the first smile that is wanted; rows before it are NaN.

    Returns
    -------
    ndarray of float64, shape (n, VIX_SMILE)
        Meaning of the columns: ``alvh.kernel.vix_smile``. Row t rests on rows up to t only. NaN
        where VIX is absent.

    Raises
    ------
    DataError
        If the series differ in length from ``dates``.
    """
    if vix.shape != dates.shape or vvix.shape != dates.shape:
        raise DataError(
            f"VIX smile: {dates.shape} values of VIX and VVIX were wanted, one a day; "
            f"got {vix.shape} and {vvix.shape}"
        )
    known = credible_vvix(dates, vvix)
    log_vvix = completed(known, combined(vvix_features(vix), PROXY))
    average = _averages(log_vvix, SLOW_HALF_LIFE, SLOW_CENTRE)
    slow = (
        SLOW_CONSTANT
        + SLOW_NOW * (log_vvix - SLOW_CENTRE)
        + SLOW_PAST * (average - SLOW_CENTRE)
    )  # fmt: skip
    forward = thirty_day_forward(dates, vix, curve)
    quoted = np.isfinite(known).astype(np.float64)
    params = np.full((len(dates), VIX_SMILE), np.nan)
    params[first:] = _solve(log_vvix[first:], slow[first:], forward[first:], quoted[first:])
    return params
