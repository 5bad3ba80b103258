"""One session of the path-dependent model, and where many of them lead.

The level of volatility that a world returns to feels every term of the model many times over: what
explains a higher VIX moves the index more, which explains a higher VIX again. A drift of VIX's
residual too small to see in the data moves the mean of VIX by a tenth. So it is the mean of ln VIX
over all years of the fit that is matched, and that drift follows. What the index moves at a given
VIX stays as fitted: it is what sellers of options are paid for.
"""

import math
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from alvh.worlds.counter import uniform, world_key
from alvh.worlds.memory import (
    FAST,
    RESIDUALS,
    VIX,
    take_residual,
    take_return,
    take_vix,
    take_vvix,
)
from alvh.worlds.path_days import log_vvix_of
from alvh.worlds.path_fit import PULL, RECENT, TYPICAL_VIX, drawn_with, log_sigma

Floats = NDArray[np.float64]

LOWEST_VIX, HIGHEST_VIX = 8.0, 150.0  # 9.14 was the lowest close; 172.79 VXO's highest in 1987
LOG_TYPICAL = math.log(TYPICAL_VIX)
LOG_HALT = math.log(0.8)  # a fall of a fifth halts trading for the day (NYSE rule 7.12, level 3)
PATHS, UNHEARD, HEARD = 192, 1260, 2520  # paths, and sessions of each before and while it is heard
MOST_SHIFT, HALVINGS = 0.02, 9  # of VIX's residual a session; steps of the search


def settle(moves: Any, donors: Any, memories: Any, target: float) -> float:
    """Shift the drift of VIX's residual until ln VIX has a mean in the long run.

    Parameters
    ----------
    moves : MOVES records, shape (1,)
        ``vix`` is changed in place.
    donors, memories : ndarrays of DONOR, of MEMORY
    target : float
        Mean of ln VIX.

    Returns
    -------
    float
        The shift a session, within ± 0.02.
    """
    starts = memories[np.linspace(0, len(memories) - 1, PATHS).astype(np.int64)]
    low, high, fitted = -MOST_SHIFT, MOST_SHIFT, float(moves["vix"][0, 0])
    for _ in range(HALVINGS):
        moves["vix"][0, 0] = fitted + 0.5 * (low + high)
        if long_run(starts.copy(), moves, donors).mean() < target:
            low = 0.5 * (low + high)
        else:
            high = 0.5 * (low + high)
    return 0.5 * (low + high)


@njit(cache=True, parallel=True)
def long_run(memories: Any, moves: Any, donors: Any) -> Floats:
    """Return the mean of ln VIX on each path, shape (n,): ten years after five unheard ones."""
    out = np.zeros(memories.size)
    for path in prange(memories.size):
        key, total = world_key(0, path), 0.0
        for t in range(UNHEARD + HEARD):
            step(memories[path], moves[0], donors, uniform(key, t + 1))
            if t >= UNHEARD:
                total += math.log(memories[path].vix)
        out[path] = total / HEARD
    return out


@njit(cache=True)
def step(memory: Any, moves: Any, donors: Any, chance: float) -> tuple[float, float, float]:
    """Move a memory on by a session.

    Parameters
    ----------
    memory : MEMORY record
        Moved in place.
    moves : MOVES record
    donors : ndarray of DONOR, shape (n,)
    chance : float
        Uniform on [0, 1): which of the days of near VIX the session takes after.

    Returns
    -------
    tuple of float
        Log return of the S&P 500; log moves of it and of VIX from the last close to what settles
        at the opening.
    """
    before = memory.vix
    level = math.log(before) - LOG_TYPICAL
    donor = donors[_drawn(donors, math.log(before), chance)]
    sigma = math.exp(log_sigma(moves, level, memory.trend[PULL] / (0.01 * before)))
    log_return = moves.drift + sigma * donor.shock
    for k in range(len(RECENT)):
        log_return += moves.reversal[k] * memory.trend[RECENT[k]]
    log_return = max(log_return, LOG_HALT)
    take_return(memory, moves.kernels, math.expm1(log_return))
    _move_vix(memory, moves, donor, log_return, min(max(level, moves.level[0]), moves.level[1]))
    change = math.log(memory.vix / before)
    for which in range(FAST, RESIDUALS):
        known = moves.others[which]
        value = known[0] + known[1] * memory.residual[which] + known[2] * memory.lasting[which]
        take_residual(memory, which, value + known[3] * change + donor.innovation[which])
    take_vvix(memory, log_vvix_of(memory))
    spx_open = moves.spx_open * log_return + sigma * donor.spx_open
    return log_return, spx_open, moves.vix_open * change + donor.vix_open


@njit(cache=True)
def _drawn(donors: Any, log_vix: float, chance: float) -> int:
    """Return one of the days whose VIX the session before was nearest."""
    low, high = 0, donors.size
    while low < high:
        middle = (low + high) // 2
        if donors[middle].log_vix < log_vix:
            low = middle + 1
        else:
            high = middle
    first, near = drawn_with(low, donors.size)
    return int(first + int(chance * near))


@njit(cache=True)
def _move_vix(memory: Any, moves: Any, donor: Any, log_return: float, level: float) -> None:
    """Take VIX to what returns explain, times its residual, within the bounds."""
    b, size = moves.vix, abs(log_return)
    value = b[0] + b[1] * memory.residual[VIX] + b[2] * memory.lasting[VIX]
    value += log_return * (b[3] + level * (b[4] + level * b[5]))
    value += size * (b[6] + b[7] * level)
    value += donor.innovation[VIX]
    vix = memory.explained * math.exp(value)
    vix = min(max(vix, LOWEST_VIX), HIGHEST_VIX)
    take_residual(memory, VIX, math.log(vix / memory.explained))
    take_vix(memory, vix)
