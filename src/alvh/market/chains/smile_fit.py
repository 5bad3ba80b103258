"""Fit one smile within the quotes: compiled, numbers only.

Two steps. The SVI part is found by Levenberg–Marquardt on its five numbers, the correction by
Gauss–Newton on the splines' coefficients with a penalty on their curvature. Both carry penalties
on negative butterflies, on calendar spreads against the expiry before and on wings beyond Lee's
bound. Whatever butterfly the correction leaves after that is taken out by shrinking it.

Residuals are in half-spreads. ``scipy.optimize.least_squares`` needs some 10 ms for the first step
alone; a chain of a million quotes has four thousand smiles, and the target for all is two seconds.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from alvh.market.chains.smile_shape import (
    ACTIVE,
    RHO,
    ROUGHNESS,
    SCALE,
    SPLINE,
    SPLINES,
    A,
    B,
    M,
    S,
    butterfly,
    least_butterfly,
    shape_at,
    svi_at,
)

Floats = NDArray[np.float64]

COARSE = np.concatenate(
    [np.linspace(-20.0, -5.0, 16)[:-1], np.linspace(-5.0, 4.0, 46), np.linspace(4.0, 12.0, 9)[1:]]
)  # where the SVI part feels its bounds
GRID = np.concatenate([np.linspace(-20.0, -10.0, 21)[:-1], np.linspace(-10.0, 7.0, 171),
                       np.linspace(7.0, 12.0, 11)[1:]])  # fmt: skip
FINE = np.linspace(-20.0, 12.0, 641)  # where butterflies are looked for after the fit
STEEPEST = 1.95  # of scale·b·(1 + |ρ|); Lee's bound is 2
MARGIN = 3e-3  # kept between g and zero …
SVI_MARGIN = 0.03  # … and more by the SVI part alone, to which the correction can be shrunk
BUTTERFLY = 500.0
CALENDAR = 3000.0
STIFFNESS = 30.0  # of the splines, on ∫(Σ c·B″)² dx
RIDGE = 1.0
SVI_ROUNDS = 30
SPLINE_ROUNDS = 8
HARDNESS = np.array([1.0, 30.0, 1000.0])
NUMBERS = 5
LIMITS = np.array([[-50.0, 50.0], [-12.0, 6.0], [-4.0, 4.0], [-12.0, 12.0], [-4.0, 4.0]])


@njit(cache=True)
def take(theta: Floats, smile: Floats) -> None:
    """Write the SVI part of unconstrained numbers: a, ln b, atanh ρ, m, ln s."""
    smile[A], smile[M] = theta[0], theta[3]
    smile[B], smile[S] = math.exp(theta[1]), math.exp(theta[4])
    smile[RHO] = math.tanh(theta[2])


@njit(cache=True)
def svi_misses(
    smile: Floats, x: Floats, sigma: Floats, inverse: Floats, grid: Floats, before: Floats,
    out: Floats,
) -> float:  # fmt: skip
    """Write residuals of quotes, butterflies, calendar and wings; return their sum of squares."""
    n = x.size
    for i in range(n):
        v, _, _ = svi_at(smile, x[i])
        out[i] = (math.sqrt(max(v, 1e-8)) - sigma[i]) * inverse[i]
    for j in range(grid.size):
        v, first, second = svi_at(smile, grid[j])
        g = butterfly(v, first, second, grid[j], smile[SCALE])
        out[n + 2 * j] = BUTTERFLY * min(g - SVI_MARGIN, 0.0)
        out[n + 2 * j + 1] = CALENDAR * min(v - before[j], 0.0)
    steep = smile[B] * smile[SCALE] * (1.0 + abs(smile[RHO])) - STEEPEST
    out[-1] = BUTTERFLY * max(steep, 0.0)
    total = 0.0
    for value in out:
        total += value * value
    return total


@njit(cache=True)
def solve(matrix: Floats, right: Floats, step: Floats) -> bool:
    """Solve a small symmetric positive system by Cholesky; false where it is not positive."""
    n = right.size
    low = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            total = matrix[i, j]
            for q in range(j):
                total -= low[i, q] * low[j, q]
            if i > j:
                low[i, j] = total / low[j, j]
            elif total > 0.0:
                low[i, i] = math.sqrt(total)
            else:
                return False
    for i in range(n):
        total = right[i]
        for q in range(i):
            total -= low[i, q] * step[q]
        step[i] = total / low[i, i]
    for i in range(n - 1, -1, -1):
        total = step[i]
        for q in range(i + 1, n):
            total -= low[q, i] * step[q]
        step[i] = total / low[i, i]
    return True


@njit(cache=True)
def _slopes(
    theta: Floats, smile: Floats, x: Floats, sigma: Floats, inverse: Floats, grid: Floats,
    before: Floats, here: Floats, slopes: Floats, normal: Floats, right: Floats,
) -> None:  # fmt: skip
    """Write the normal equations from forward differences in the five numbers."""
    for j in range(NUMBERS):
        held = theta[j]
        theta[j] = held + 1e-6
        take(theta, smile)
        svi_misses(smile, x, sigma, inverse, grid, before, slopes[j])
        theta[j] = held
        for i in range(here.size):
            slopes[j, i] = (slopes[j, i] - here[i]) * 1e6
    for i in range(NUMBERS):
        right[i] = np.dot(slopes[i], here)
        for j in range(i + 1):
            normal[i, j] = np.dot(slopes[i], slopes[j])
            normal[j, i] = normal[i, j]


@njit(cache=True)
def fit_svi(
    smile: Floats, theta: Floats, x: Floats, sigma: Floats, inverse: Floats, grid: Floats,
    before: Floats, least_rho: float,
) -> float:  # fmt: skip
    """Find the SVI part from the start ``theta``; return the sum of squares.

    Parameters
    ----------
    smile : float64 array (SMILE,)
        With its scale; receives the SVI part.
    theta : float64 array (5,)
        Start, and receives the end: a, ln b, atanh ρ, m, ln s.
    x, sigma, inverse : float64 arrays (quotes,)
        Deviations, volatilities over the at-the-money one, and one over half-spreads likewise.
    grid, before : float64 arrays
        Where penalties are felt, and the variance there of the expiry before, in the same units.
    least_rho : float
        Least atanh ρ; 0 for a smile that rises with the strike.
    """
    size = x.size + 2 * grid.size + 1
    here, there, trial = np.empty(size), np.empty(size), np.empty(NUMBERS)
    slopes, normal = np.empty((NUMBERS, size)), np.empty((NUMBERS, NUMBERS))
    right, step = np.empty(NUMBERS), np.empty(NUMBERS)
    take(theta, smile)
    best = svi_misses(smile, x, sigma, inverse, grid, before, here)
    damping, total = 1e-3, best
    for _ in range(SVI_ROUNDS):
        _slopes(theta, smile, x, sigma, inverse, grid, before, here, slopes, normal, right)
        gained = False
        for _attempt in range(8):
            damped = normal.copy()
            for j in range(NUMBERS):
                damped[j, j] += damping * (normal[j, j] + 1e-9)
            if solve(damped, right, step):
                for j in range(NUMBERS):
                    trial[j] = min(max(theta[j] - step[j], LIMITS[j, 0]), LIMITS[j, 1])
                trial[2] = max(trial[2], least_rho)
                take(trial, smile)
                total = svi_misses(smile, x, sigma, inverse, grid, before, there)
                if total < best:
                    gained = True
                    break
            damping *= 6.0
        if not gained:
            break
        drop, best = best - total, total
        theta[:], here[:] = trial, there
        damping = max(damping / 8.0, 1e-9)
        if drop < 1e-4 * best:
            break
    take(theta, smile)
    return best


@njit(cache=True)
def _add(normal: Floats, right: Floats, slope: Floats, at: int, miss: float, weight: float) -> None:
    """Add one residual, of whose slopes only the active splines' are not zero."""
    for q in range(ACTIVE):
        if not 0 <= at + q < SPLINES:
            continue
        right[at + q] += weight * slope[q] * miss
        for r in range(ACTIVE):
            if 0 <= at + r < SPLINES:
                normal[at + q, at + r] += weight * slope[q] * slope[r]


@njit(cache=True)
def _quotes(
    smile: Floats, x: Floats, sigma: Floats, inverse: Floats, normal: Floats, right: Floats,
    active: Floats, build: bool,
) -> float:  # fmt: skip
    """Return the quotes' sum of squares; add their slopes where ``build``."""
    total = 0.0
    for i in range(x.size):
        v, _, _, at = shape_at(smile, x[i], active)
        root = math.sqrt(max(v, 1e-8))
        miss, weight = root - sigma[i], inverse[i] ** 2
        total += weight * miss * miss
        if build:
            _add(normal, right, active[0] * (0.5 / root), at, miss, weight)
    return total


@njit(cache=True)
def _bounds(
    smile: Floats, grid: Floats, before: Floats, normal: Floats, right: Floats, active: Floats,
    hardness: float, build: bool,
) -> float:  # fmt: skip
    """Return the penalty on violated butterflies and calendar spreads, as ``_quotes`` does."""
    curved, total = 0.25 * smile[SCALE] ** 2, 0.0
    for j in range(grid.size):
        x = grid[j]
        v, first, second, at = shape_at(smile, x, active)
        late = v - before[j]
        if late < 0.0:
            total += hardness * CALENDAR**2 * late * late
            if build:
                _add(normal, right, active[0], at, late, hardness * CALENDAR**2)
        g = butterfly(v, first, second, x, smile[SCALE]) - MARGIN
        if g >= 0.0:
            continue
        total += hardness * BUTTERFLY**2 * g * g
        if build and v > 1e-6:
            level = 1.0 - 0.5 * x * first / v
            by_v = level * x * first / (v * v) + 0.25 * (first / v) ** 2
            by_first = -level * x / v - 0.5 * first * (1.0 / v + curved)
            slope = by_v * active[0] + by_first * active[1] + 0.5 * active[2]
            _add(normal, right, slope, at, g, hardness * BUTTERFLY**2)
    return total


@njit(cache=True)
def _stiffness(smile: Floats, normal: Floats, right: Floats, build: bool) -> float:
    """Return the penalty on curved and on large corrections, as ``_quotes`` does."""
    total = 0.0
    for i in range(SPLINES):
        pull = RIDGE * smile[SPLINE + i]
        for j in range(SPLINES):
            pull += STIFFNESS * ROUGHNESS[i, j] * smile[SPLINE + j]
            if build:
                normal[i, j] += STIFFNESS * ROUGHNESS[i, j]
        total += pull * smile[SPLINE + i]
        if build:
            normal[i, i] += RIDGE
            right[i] += pull
    return total


@njit(cache=True)
def _merit(
    smile: Floats, x: Floats, sigma: Floats, inverse: Floats, grid: Floats, before: Floats,
    hardness: float, normal: Floats, right: Floats, active: Floats, build: bool,
) -> float:  # fmt: skip
    """Return what is made small; write its normal equations where ``build``."""
    if build:
        normal[:] = 0.0
        right[:] = 0.0
    total = _stiffness(smile, normal, right, build)
    total += _quotes(smile, x, sigma, inverse, normal, right, active, build)
    return total + _bounds(smile, grid, before, normal, right, active, hardness, build)


@njit(cache=True)
def fit_splines(
    smile: Floats, x: Floats, sigma: Floats, inverse: Floats, grid: Floats, before: Floats
) -> None:
    """Add the correction to a smile whose SVI part is fitted; it brings in no butterfly."""
    normal, right = np.empty((SPLINES, SPLINES)), np.empty(SPLINES)
    step, active = np.empty(SPLINES), np.empty((3, ACTIVE))
    for hardness in HARDNESS:
        damping = 1e-4
        for _ in range(SPLINE_ROUNDS):
            best = _merit(smile, x, sigma, inverse, grid, before, hardness, normal, right, active,
                          True)  # fmt: skip
            held, total = smile[SPLINE:].copy(), best
            for _attempt in range(8):
                damped = normal.copy()
                for j in range(SPLINES):
                    damped[j, j] *= 1.0 + damping
                if solve(damped, right, step):
                    smile[SPLINE:] = held - step
                    total = _merit(smile, x, sigma, inverse, grid, before, hardness, normal, right,
                                   active, False)  # fmt: skip
                    if total < best:
                        break
                damping = max(damping * 8.0, 1e-3)
            if total >= best:
                smile[SPLINE:] = held
                break
            damping /= 8.0
            if best - total < 1e-3 * best:
                break
    for _ in range(60):
        if least_butterfly(smile, FINE) >= 0.0:
            break
        smile[SPLINE:] *= 0.95
