"""What a session's market remembers of its past, moved on a session at a time.

The path-dependent model weighs a thousand past returns by powers of time; here each kernel is a
sum of exponentials, so that the past is a few numbers and a session costs nothing. The same
function moves history on and makes worlds, so that a world starts exactly where history was.

References
----------
Guyon, J. and Lekeufack, J. (2023). Volatility is (mostly) path-dependent. Quantitative Finance 23,
section 4: kernels as sums of exponentials make the model Markov.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import nnls

from alvh.market.curve import AVERAGES, MEAN_VIX, START_WEIGHTS
from alvh.market.spx_surface import TERM_SPANS
from alvh.market.vix_surface import PROXY_HALF_LIVES, PROXY_START, SLOW_CENTRE, SLOW_HALF_LIFE
from alvh.signals.path_dependent import LAGS, STEP, PathDependent, kernel

Floats = NDArray[np.float64]

TERMS = 8  # exponentials of a kernel
HALF_LIVES = np.geomspace(0.5, 500.0, TERMS)  # sessions
LOWEST_EXPLAINED = 6.0  # points; the model's own lowest on 1994–2026 is 8.4
RESIDUALS = 7  # of VIX; of the curve, fast and slow; of VIX9D, VIX3M, VIX6M; of VVIX
VIX, FAST, SLOW, VIX9D, VIX3M, VIX6M, VVIX = range(RESIDUALS)
LASTING = 20.0  # half-life, sessions, of the average of a residual, which it also returns to

# Gains of the averages of ln VIX: three of the curve, two of the term structure, two of VVIX.
GAINS = np.array(
    [1.0 - 0.5 ** (1.0 / half_life) for half_life in AVERAGES]
    + [2.0 / (span + 1.0) for span in TERM_SPANS]
    + [1.0 - 0.5 ** (1.0 / half_life) for half_life in PROXY_HALF_LIVES[:2]]
)
SQUARES_GAIN = 1.0 - 0.5 ** (1.0 / PROXY_HALF_LIVES[2])
VVIX_GAIN = 1.0 - 0.5 ** (1.0 / SLOW_HALF_LIFE)
LASTING_GAIN = 1.0 - 0.5 ** (1.0 / LASTING)
DECAYS = 0.5 ** (1.0 / HALF_LIVES)

MEMORY = np.dtype(
    [
        ("spx", np.float64),  # close, index points
        ("vix", np.float64),  # close, volatility points
        ("explained", np.float64),  # what past returns explain of it, points
        ("trend", np.float64, (TERMS,)),  # sums of past simple returns, by half-life
        ("activity", np.float64, (TERMS,)),  # and of their squares
        ("averages", np.float64, (len(GAINS),)),  # of ln VIX
        ("squares", np.float64),  # average of the squared change of ln VIX
        ("log_vvix", np.float64),
        ("vvix_average", np.float64),  # of ln VVIX
        ("residual", np.float64, (RESIDUALS,)),
        ("lasting", np.float64, (RESIDUALS,)),  # their averages
    ]
)

KERNELS = np.dtype(
    [
        ("trend", np.float64, (TERMS,)),  # weights of the sums
        ("activity", np.float64, (TERMS,)),
        ("level", np.float64),
        ("trend_weight", np.float64),
        ("activity_weight", np.float64),
    ]
)


def exponential_weights(alpha: float, delta: float) -> Floats:
    """Return the weights of ``TERMS`` exponentials that add up to a power-law kernel, (TERMS,).

    Least squares with weights of one sign, relative to what each lag has to say.
    """
    target = kernel(alpha, delta) * STEP
    basis = DECAYS[None, :] ** np.arange(LAGS)[:, None]
    importance = 1.0 / np.sqrt(target)
    found: Floats = nnls(basis * importance[:, None], target * importance)[0]
    scaled: Floats = found / (basis @ found).sum() / STEP
    return scaled


def kernels_of(model: PathDependent) -> Any:
    """Return a model's kernels as sums of exponentials, one KERNELS record."""
    out = np.zeros(1, KERNELS)
    out["trend"] = exponential_weights(model.alpha1, model.delta1)
    out["activity"] = exponential_weights(model.alpha2, model.delta2)
    out["level"], out["trend_weight"] = model.beta0, model.beta1
    out["activity_weight"] = model.beta2
    return out[0]


@njit(cache=True)
def start_memory(memory: Any, vix: float) -> None:
    """Set a memory that knows no past but one VIX."""
    log = math.log(vix)
    for k in range(memory.averages.size):
        memory.averages[k] = log
    mean = math.log(MEAN_VIX)
    for k in range(len(START_WEIGHTS)):
        memory.averages[k] = mean + START_WEIGHTS[k] * (log - mean)
    memory.squares = PROXY_START
    memory.vvix_average = SLOW_CENTRE
    memory.vix = vix


@njit(cache=True)
def take_return(memory: Any, kernels: Any, simple: float) -> None:
    """Take in a day's simple return of the S&P 500, and write what returns now explain."""
    trend, activity = 0.0, 0.0
    for k in range(TERMS):
        memory.trend[k] = DECAYS[k] * memory.trend[k] + simple
        memory.activity[k] = DECAYS[k] * memory.activity[k] + simple * simple
        trend += kernels.trend[k] * memory.trend[k]
        activity += kernels.activity[k] * memory.activity[k]
    level = kernels.level + kernels.trend_weight * trend
    level += kernels.activity_weight * math.sqrt(max(activity, 0.0))
    memory.explained = max(100.0 * level, LOWEST_EXPLAINED)


@njit(cache=True)
def take_vix(memory: Any, vix: float) -> None:
    """Take in a day's VIX, points."""
    log, change = math.log(vix), math.log(vix / memory.vix)
    for k in range(memory.averages.size):
        memory.averages[k] += GAINS[k] * (log - memory.averages[k])
    memory.squares += SQUARES_GAIN * (change * change - memory.squares)
    memory.vix = vix


@njit(cache=True)
def take_vvix(memory: Any, log_vvix: float) -> None:
    """Take in a day's ln VVIX."""
    memory.log_vvix = log_vvix
    memory.vvix_average += VVIX_GAIN * (log_vvix - memory.vvix_average)


@njit(cache=True)
def take_residual(memory: Any, which: int, value: float) -> None:
    """Take in a day's residual; one that is not known stays where it was."""
    if not math.isnan(value):
        memory.residual[which] = value
        memory.lasting[which] += LASTING_GAIN * (value - memory.lasting[which])


@njit(cache=True)
def remember(simple: Floats, vix: Floats, kernels: Any, out: Any) -> None:
    """Move a history on: write the memory of every session from its returns and VIX, shape (n,).

    Before VIX is there, returns alone are taken in.
    """
    memory = out[0]
    started = False
    for t in range(simple.size):
        if t > 0:
            out[t] = out[t - 1]
        memory = out[t]
        if not math.isnan(simple[t]):
            take_return(memory, kernels, simple[t])
        if math.isnan(vix[t]):
            continue
        if not started:
            start_memory(memory, vix[t])
            started = True
        take_vix(memory, vix[t])
