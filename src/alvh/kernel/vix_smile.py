"""The VIX option smile of one day: volatility of VIX futures in time, one shape in strike.

**In time.** A VIX future u calendar days before it settles moves with volatility
v(u) = √ξ·(B + A·e^(−u/h)): it calms with distance. ξ, the day's level of vol-of-vol, reverts to a
slower level ξ∞ at rate κ. The at-the-money total variance to settlement is the integral

    W(τ) = ∫₀^τ (B + A·e^(−(τ−s)/h))²·[ξ∞ + (ξ − ξ∞)·e^(−κs)] ds,

in closed form below. ξ is solved each day so that the 30-day variance strip is VVIX².

**In strike.** With y = ln(strike/forward)/√W,

    (σ/σ_atm)² = ½·[1 + ρηy + √((ηy + ρ)² + 1 − ρ²)],        ψ = ½ρη the slope at the money,

one slice of a surface SVI. The slope falls with the forward, ψ ∝ forward^−γ: VIX has a floor
near 9, so a low forward has nearly all of its range above it, and a high one has room on both
sides. In time it follows a volatility that reverts at rate λ, ψ ∝ g(λτ) with
g(x) = [1 − (1 − e^(−x))/x]/√x: it rises with √τ at first, is broad at one to three months and
falls slowly. η is capped where butterflies could become negative.

A day's vector (width ``VIX_SMILE``) holds

== ==========================================================================
0  ξ, variance per year, the day's level of vol-of-vol at the front
1  ξ∞, the level it reverts to
2  B/(A + B), share of the front volatility that distance does not remove
3  ψ at a forward of ``REFERENCE_FORWARD`` and 30 days
4  ρ
5  at-the-money volatility at 30 days, decimal (for reading, not used here)
6  30-day forward the vector was solved at, volatility points (for reading)
7  1: solved from a published VVIX; 0: from its estimate
== ==========================================================================

Units: ``tau`` calendar days to the settlement moment, σ decimal per √year with years = τ/365.

References
----------
Samuelson, P. (1965). Proof that properly anticipated prices fluctuate randomly. Ind. Mgmt Rev. 6.
Gatheral, J. and Jacquier, A. (2014). Arbitrage-free SVI volatility surfaces. Quant. Finance 14,
59-71, theorem 4.2: a slice has no butterfly if η√W(1+ρ) < 4 and η²(1+ρ) ≤ 4.
Bergomi, L. and Guyon, J. (2012). Stochastic volatility's orderly smiles. Risk 25, 60-66, eq. 7:
the time profile of the slope under mean reversion.
Fukasawa, M. (2012). The normalizing transformation of the implied volatility smile. Math. Finance
22, 753-762: the strip as the mean of σ² under the normal law of d2.
Fits and errors: ``docs/calibration/vix.md``.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from alvh.kernel.elementary import exponential, log_ratio, logarithm
from alvh.kernel.jit import internal
from alvh.kernel.vix_curve import AM_SHARE, TABLE_DAYS, vix_forward

__all__ = [
    "vix_at_the_money",
    "vix_forward",
    "vix_sigma",
    "vix_sigma_at",
    "vix_slice",
    "vix_slice_in",
    "vix_strip",
    "vix_total_variance",
]

Floats = NDArray[np.float64]
Slice = tuple[float, float, float, float, float]

YEAR = 365.0
# h: realised volatility of VX by days to expiry says 47 in 2007–2018, 55 in 2019–2026; the listed
# chain of 2022-07-15 fits equally well between 55 and 90.
DECAY_DAYS = 55.0
# κ: VVIX 21 and 63 sessions ahead on VVIX, 2009–2026; half-life in calendar days.
REVERSION = math.log(2.0) / 26.0
# Forward of the chain of 2022-07-15 to which ψ was fitted, volatility points.
REFERENCE_FORWARD = 27.2
REFERENCE_DAYS = 30.0
# γ: elasticity of VVIX to the 30-day future by level, 2007–2026.
SLOPE_POWER = 0.85
# λ, per day: the four expiries of the chain of 2022-07-15.
SLOPE_REVERSION = 0.038
BUTTERFLY_MARGIN = 0.999  # of the two no-arbitrage limits on η
SMALLEST_TAU = 0.02  # days: half an hour; keeps the slice defined at settlement

# The strip runs over y in panels that meet where the smile bends; 24 points each.
_PANELS = ((-9.0, -3.0), (-3.0, -1.0), (-1.0, 3.0), (3.0, 12.0), (12.0, 60.0))
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(24)
STRIP_Y = np.concatenate([0.5 * (lo + hi) + 0.5 * (hi - lo) * _POINTS for lo, hi in _PANELS])
STRIP_WEIGHT = np.concatenate([0.5 * (hi - lo) * _WEIGHTS for lo, hi in _PANELS])
INVERSE_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)


@njit(cache=True)
def vix_total_variance(level: float, slow_level: float, share: float, tau: float) -> float:
    """Return the at-the-money total variance of a VIX option, a pure number.

    Parameters
    ----------
    level, slow_level : float
        ξ and ξ∞, variance per year of a future about to settle.
    share : float
        B/(A + B).
    tau : float
        Calendar days to settlement, positive.
    """
    front, reverted = exponential(-tau / DECAY_DAYS), exponential(-REVERSION * tau)
    return float(variance_from(level, slow_level, share, tau, front, reverted))


@internal
def variance_from(
    level: float, slow_level: float, share: float, tau: float, front: float, reverted: float
) -> float:
    """Return the at-the-money total variance from e^(−τ/h) and e^(−κτ)."""
    flat = share
    decaying = 1.0 - share
    mixed = 2.0 * flat * decaying
    squared = decaying * decaying
    steady = (
        flat * flat * tau
        + mixed * DECAY_DAYS * (1.0 - front)
        + squared * 0.5 * DECAY_DAYS * (1.0 - front * front)
    )
    passing = (
        flat * flat * (1.0 - reverted) / REVERSION
        + mixed * (front - reverted) / (REVERSION - 1.0 / DECAY_DAYS)
        + squared * (front * front - reverted) / (REVERSION - 2.0 / DECAY_DAYS)
    )
    return (slow_level * steady + (level - slow_level) * passing) / YEAR


@njit(cache=True)
def _curvature(slope: float, rho: float, root_variance: float) -> float:
    """Return η for a slope at the money, capped by the two no-butterfly limits."""
    most = min(2.0 / math.sqrt(1.0 + rho), 4.0 / (root_variance * (1.0 + rho)))
    return min(2.0 * slope / rho, BUTTERFLY_MARGIN * most)


@njit(cache=True)
def slope_at(reference_slope: float, forward: float) -> float:
    """Return ψ at 30 days, the slope of σ/σ_atm in y at the money, for a forward in points."""
    return reference_slope * exponential(SLOPE_POWER * log_ratio(REFERENCE_FORWARD, forward))


@njit(cache=True)
def _slope_profile(days: float) -> float:
    x = SLOPE_REVERSION * days
    # The bracket is x/2 − x²/6 + …; the difference would lose digits near settlement.
    bracket = x * (0.5 - x / 6.0) if x < 1e-3 else 1.0 - (1.0 - math.exp(-x)) / x
    return bracket / math.sqrt(x)


# Relative to the reference tenor; evaluated once, outside the kernel.
INVERSE_PROFILE = 1.0 / float(_slope_profile.py_func(REFERENCE_DAYS))

# What depends on time alone, for whole days to the date of settlement.
_TAU = np.maximum(np.arange(TABLE_DAYS) - AM_SHARE, SMALLEST_TAU)
FRONTS, REVERTED = np.exp(-_TAU / DECAY_DAYS), np.exp(-REVERSION * _TAU)
PROFILES = INVERSE_PROFILE * np.array([_slope_profile.py_func(float(tau)) for tau in _TAU])


@njit(cache=True)
def vix_slice(params: Floats, forward: float, tau: float) -> Slice:
    """Return one expiry's smile.

    Parameters
    ----------
    params : float64 array (VIX_SMILE,)
        A day's vector.
    forward : float
        VIX forward of the expiry, volatility points.
    tau : float
        Calendar days to settlement; at and after settlement the last half hour's smile.

    Returns
    -------
    tuple of float
        1/forward, 1/√W, σ_atm, η, ρ, for ``vix_sigma``; NaN on a day without parameters.
    """
    days = max(tau, SMALLEST_TAU)
    total = vix_total_variance(params[0], params[1], params[2], days)
    return _slice(params, forward, days, total, _slope_profile(days) * INVERSE_PROFILE)


@internal
def vix_slice_in(params: Floats, forward: float, days: int) -> Slice:
    """Return the smile of an expiry whole days ahead, as ``vix_slice`` at ``days`` − 0.27.

    From tables where they reach: it costs a third.
    """
    total, profile = vix_variance_in(params, days)
    return _slice(params, forward, max(days - AM_SHARE, SMALLEST_TAU), total, profile)


@internal
def vix_variance_in(params: Floats, days: int) -> tuple[float, float]:
    """Return (at-the-money total variance, slope relative to 30 days') of a whole-day expiry."""
    tau, front, reverted, profile = whole_day_terms(days)
    return variance_from(params[0], params[1], params[2], tau, front, reverted), profile


@internal
def whole_day_terms(days: int) -> tuple[float, float, float, float]:
    """Return what a smile has of time alone, whole days ahead: τ, e^(−τ/h), e^(−κτ), profile."""
    tau = max(days - AM_SHARE, SMALLEST_TAU)
    if 0 <= days < TABLE_DAYS:
        return tau, FRONTS[days], REVERTED[days], PROFILES[days]
    front, reverted = exponential(-tau / DECAY_DAYS), exponential(-REVERSION * tau)
    return tau, front, reverted, _slope_profile(tau) * INVERSE_PROFILE


@njit(cache=True)
def _slice(params: Floats, forward: float, tau: float, total: float, profile: float) -> Slice:
    root = math.sqrt(total)
    rho = params[4]
    eta = _curvature(slope_at(params[3], forward) * profile, rho, root)
    return 1.0 / forward, 1.0 / root, root * math.sqrt(YEAR / tau), eta, rho


@njit(cache=True)
def vix_sigma(slice_: Slice, strike: float) -> float:
    """Return the Black volatility of a strike, decimal per √year (act/365).

    Parameters
    ----------
    slice_ : tuple of float
        From ``vix_slice``.
    strike : float
        Volatility points, positive.
    """
    return vix_sigma_at(slice_, logarithm(strike * slice_[0]))


@njit(cache=True)
def vix_sigma_at(slice_: Slice, log_moneyness: float) -> float:
    """Return the Black volatility at ``log_moneyness`` = ln(strike/forward), as ``vix_sigma``."""
    _inverse_forward, inverse_root, at_the_money, eta, rho = slice_
    z = eta * inverse_root * log_moneyness
    bend = math.sqrt((z + rho) * (z + rho) + 1.0 - rho * rho)
    return at_the_money * math.sqrt(0.5 * (1.0 + rho * z + bend))


@njit(cache=True)
def vix_strip(root_variance: float, slope: float, rho: float) -> float:
    """Return the model-free total variance of a slice: the strip of options over all strikes.

    Parameters
    ----------
    root_variance : float
        √W, at-the-money total volatility.
    slope : float
        ψ, before the cap on η.
    rho : float
        ρ.

    Returns
    -------
    float
        −2·E[ln(VIX/forward)], a pure number; relative error of the quadrature below 1e-6.
    """
    eta = _curvature(slope, rho, root_variance)
    total = 0.0
    for i in range(STRIP_Y.size):
        y = STRIP_Y[i]
        z = eta * y
        bend = math.sqrt((z + rho) * (z + rho) + 1.0 - rho * rho)
        ratio_squared = 0.5 * (1.0 + rho * z + bend)
        ratio = math.sqrt(ratio_squared)
        growth = 0.25 * eta * (rho + (z + rho) / bend) / ratio
        d2 = -y / ratio - 0.5 * root_variance * ratio
        d2_slope = 1.0 / ratio - y * growth / ratio_squared + 0.5 * root_variance * growth
        total += STRIP_WEIGHT[i] * ratio_squared * d2_slope * math.exp(-0.5 * d2 * d2)
    return total * INVERSE_ROOT_TWO_PI * root_variance * root_variance


@njit(cache=True)
def vix_at_the_money(strip: float, slope: float, rho: float) -> float:
    """Return √W of the slice whose model-free total variance is ``strip``.

    Parameters
    ----------
    strip : float
        Total variance, positive; (VVIX/100)²·30/365 at 30 days.
    slope, rho : float
        ψ and ρ.

    Returns
    -------
    float
        √W; the strip is reproduced to 1e-12 relative, by secants from the strip itself.
    """
    target = math.sqrt(strip)
    before = 0.9 * target
    miss_before = math.sqrt(vix_strip(before, slope, rho)) - target
    now = before - 0.8 * miss_before
    for _ in range(30):
        miss = math.sqrt(vix_strip(now, slope, rho)) - target
        if abs(miss) < 1e-12 * target or miss == miss_before:
            break
        step = miss * (now - before) / (miss - miss_before)
        before, miss_before = now, miss
        now -= step
    return now
