"""A session of a path-dependent world written as the record that the engine reads.

Everything is what ``alvh.market`` makes of a day with these indices: the curve of two speeds, the
smile of the S&P 500 whose strips are the squared indices, the smile of VIX options whose strip is
VVIX, the baskets. Solving for the level of a smile is slow and smooth, so it is tabulated once.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from alvh.kernel.records import CURVE_NODES
from alvh.kernel.spx_smile import (
    CLOCK_9,
    CLOCK_30,
    LOG_SHAPE_DAYS,
    NODE_DAYS,
    SHAPE,
    SHORT_RATE,
    YEAR,
    strip_ratio,
)
from alvh.kernel.vix_curve import vix_forward
from alvh.kernel.vix_smile import (
    REFERENCE_FORWARD,
    slope_at,
    vix_at_the_money,
    vix_total_variance,
)
from alvh.market.baskets import FUND_FEE
from alvh.market.curve import CENTRE, SPOT_ONLY
from alvh.market.spx_surface import (
    LEAST_GROWTH,
    SHAPE_LOADINGS,
    SHORT_LOADINGS,
    SHORT_RANGE,
    SKEW_RANGE,
    TERM_LOADINGS,
    VIX_RANGE,
    VVIX_GIVEN_VIX,
    VVIX_RANGE,
)
from alvh.market.vix_surface import (
    CORRELATION_HIGHEST,
    CORRELATION_LOWEST,
    CORRELATION_POWER,
    PROXY,
    REFERENCE_CORRELATION,
    REFERENCE_SHARE,
    REFERENCE_SLOPE,
    SHARE_HIGHEST,
    SHARE_LOWEST,
    SHARE_POWER,
    SLOW_CENTRE,
    SLOW_CONSTANT,
    SLOW_NOW,
    SLOW_PAST,
)
from alvh.worlds.memory import FAST, SLOW, VIX9D, VVIX

Floats = NDArray[np.float64]

THIRTY = 30
LOG_TYPICAL = math.log(17.0)
# Tables: excess of VVIX, ln VIX and ln(index/VIX) for the S&P 500, ln forward and ln VVIX for VIX.
EXCESS = np.linspace(*VVIX_RANGE, 3)
LOG_VIX, OFFSETS = np.linspace(math.log(6.0), math.log(150.0), 49), np.linspace(-1.0, 1.0, 41)
LOG_FORWARD, LOG_VVIX = (
    np.linspace(math.log(6.0), math.log(120.0), 49),
    np.linspace(math.log(30.0), math.log(500.0), 41),
)  # fmt: skip


def spx_table(skew: Floats) -> Floats:
    """Return ln of at-the-money over strip variance, shape (3, 4, 49, 41).

    Parameters
    ----------
    skew : ndarray, shape (2,)
        SKEW at VIX 17, and its slope on ln VIX.
    """
    shapes = np.array([[shape_at(log, skew, excess) for log in LOG_VIX] for excess in EXCESS])
    weights = np.stack(
        [np.interp(np.log(NODE_DAYS), LOG_SHAPE_DAYS, unit) for unit in np.eye(3)], axis=1
    )
    nodes = np.einsum("kt,entc->enkc", weights, shapes.reshape(len(EXCESS), len(LOG_VIX), 3, 3))
    out = np.empty((len(EXCESS), len(NODE_DAYS), len(LOG_VIX), len(OFFSETS)))
    for here, table in zip(nodes, out, strict=True):
        _fill_spx(np.array(NODE_DAYS), here, table)
    return out


def vix_table() -> Floats:
    """Return √W of the VIX smile at 30 days by ln forward and ln VVIX, shape (49, 41)."""
    out = np.empty((len(LOG_FORWARD), len(LOG_VVIX)))
    _fill_vix(out)
    return out


@njit(cache=True)
def _fill_spx(days: Floats, nodes: Floats, out: Any) -> None:
    for j in range(out.shape[0]):
        for a in range(out.shape[1]):
            for b in range(out.shape[2]):
                index = math.exp(LOG_VIX[a] + OFFSETS[b])
                strip = (0.01 * index) ** 2 * days[j] / YEAR
                level = 0.65 * strip
                for _ in range(12):  # the ratio hardly moves: two digits a step
                    ratio = strip_ratio(
                        math.sqrt(level), nodes[a, j, 0], nodes[a, j, 1], nodes[a, j, 2]
                    )
                    level = strip / ratio
                out[j, a, b] = -math.log(ratio)


@njit(cache=True)
def _fill_vix(out: Any) -> None:
    for a in range(out.shape[0]):
        forward = math.exp(LOG_FORWARD[a])
        for b in range(out.shape[1]):
            strip = math.exp(2.0 * LOG_VVIX[b]) * 1e-4 * THIRTY / YEAR
            rho = correlation_at(forward)
            out[a, b] = vix_at_the_money(strip, slope_at(REFERENCE_SLOPE, forward), rho)


@njit(cache=True)
def correlation_at(forward: float) -> float:
    """Return ρ of the VIX smile at a 30-day forward, as ``alvh.market.vix_surface``."""
    rho = REFERENCE_CORRELATION * (forward / REFERENCE_FORWARD) ** -CORRELATION_POWER
    return float(min(max(rho, CORRELATION_LOWEST), CORRELATION_HIGHEST))


@njit(cache=True)
def share_at(forward: float) -> float:
    """Return B/(A + B) of the VIX smile at a 30-day forward."""
    share = REFERENCE_SHARE * (forward / REFERENCE_FORWARD) ** SHARE_POWER
    return float(min(max(share, SHARE_LOWEST), SHARE_HIGHEST))


@njit(cache=True)
def shape_at(log_vix: float, skew: Floats, excess: float) -> Floats:
    """Return the nine shape coefficients of the S&P 500 smile at a level of VIX and of VVIX."""
    skewed = skew[0] + skew[1] * (log_vix - LOG_TYPICAL)
    skewed = (min(max(skewed, SKEW_RANGE[0]), SKEW_RANGE[1]) - 125.0) / 10.0
    held = min(max(log_vix, math.log(VIX_RANGE[0])), math.log(VIX_RANGE[1])) - LOG_TYPICAL
    out = np.empty(9)
    for k in range(9):
        loading = SHAPE_LOADINGS[k // 3, k % 3]
        out[k] = loading[0] + loading[1] * skewed + loading[2] * held + loading[3] * excess
    return out


@njit(cache=True)
def bilinear(table: Any, rows: Floats, columns: Floats, x: float, y: float) -> float:
    """Read a table on even grids, held at its edges."""
    i = (x - rows[0]) / (rows[1] - rows[0])
    j = (y - columns[0]) / (columns[1] - columns[0])
    i = min(max(i, 0.0), rows.size - 1.001)
    j = min(max(j, 0.0), columns.size - 1.001)
    a, b = int(i), int(j)
    i, j = i - a, j - b
    low = table[a, b] * (1.0 - j) + table[a, b + 1] * j
    high = table[a + 1, b] * (1.0 - j) + table[a + 1, b + 1] * j
    return float(low * (1.0 - i) + high * i)


@njit(cache=True)
def write_curve(day: Any, memory: Any, nodes: Any, basis: Any) -> None:
    """Write VIX forwards at the listed monthly expiries."""
    level = math.log(memory.vix)
    fast, slow = memory.residual[FAST], memory.residual[SLOW]
    fast += SPOT_ONLY[0, 0] + SPOT_ONLY[0, 1] * (level - CENTRE)
    slow += SPOT_ONLY[1, 0] + SPOT_ONLY[1, 1] * (level - CENTRE)
    for k in range(3):
        fast += SPOT_ONLY[0, 2 + k] * (memory.averages[k] - CENTRE)
        slow += SPOT_ONLY[1, 2 + k] * (memory.averages[k] - CENTRE)
    for k in range(CURVE_NODES):
        day.curve_expiry[k] = nodes[k]
        day.curve_forward[k] = memory.vix * math.exp(fast * basis[k, 0] + slow * basis[k, 1])


@njit(cache=True)
def write_spx_smile(day: Any, memory: Any, clocks: Any, skew: Floats, table: Any) -> None:
    """Write the smile of the S&P 500, and VIX9D, from VIX, VVIX and the residuals of its family."""
    level = math.log(memory.vix)
    smile = day.spx_smile
    near = _index(memory, 0, level)
    far, farthest = _index(memory, 1, level), _index(memory, 2, level)
    near = min(near, 0.5 * math.log(30.0 / 9.0 / LEAST_GROWTH[0]))
    far = max(far, 0.5 * math.log(30.0 / 93.0 * LEAST_GROWTH[1]))
    farthest = max(farthest, far + 0.5 * math.log(93.0 / 184.0 * LEAST_GROWTH[2]))
    day.vix9d = memory.vix * math.exp(near)
    excess = memory.log_vvix - VVIX_GIVEN_VIX[0] - VVIX_GIVEN_VIX[1] * (level - LOG_TYPICAL)
    excess = min(max(excess, EXCESS[0]), EXCESS[-1])
    place = (excess - EXCESS[0]) / (EXCESS[1] - EXCESS[0])
    first = min(int(place), EXCESS.size - 2)
    for j in range(4):
        offset = near if j == 0 else (0.0 if j == 1 else (far if j == 2 else farthest))
        strip = (0.01 * memory.vix) ** 2 * math.exp(2.0 * offset) * NODE_DAYS[j] / YEAR
        low = bilinear(table[first, j], LOG_VIX, OFFSETS, level, offset)
        high = bilinear(table[first + 1, j], LOG_VIX, OFFSETS, level, offset)
        smile[j] = strip * math.exp(low + (place - first) * (high - low))
    smile[0] = min(smile[0], smile[1] / LEAST_GROWTH[0])
    smile[2] = max(smile[2], smile[1] * LEAST_GROWTH[1])
    smile[3] = max(smile[3], smile[2] * LEAST_GROWTH[2])
    smile[CLOCK_9], smile[CLOCK_30] = clocks[0], clocks[1]
    ratio = SHORT_LOADINGS[0] + SHORT_LOADINGS[1] * near
    smile[SHORT_RATE] = min(max(ratio, SHORT_RANGE[0]), SHORT_RANGE[1]) * smile[0] / clocks[0]
    shape = shape_at(level, skew, excess)
    for k in range(9):
        smile[SHAPE + k] = shape[k]


@njit(cache=True)
def _index(memory: Any, place: int, level: float) -> float:
    """Return ln of VIX9D, VIX3M or VIX6M over VIX."""
    loading = TERM_LOADINGS[place]
    value = loading[0] + loading[1] * (level - LOG_TYPICAL)
    value += loading[2] * (level - memory.averages[3]) + loading[3] * (level - memory.averages[4])
    return float(value + memory.residual[VIX9D + place])


@njit(cache=True)
def log_vvix_of(memory: Any) -> float:
    """Return ln VVIX: its standing estimate from VIX and its past, and the residual."""
    level = math.log(memory.vix)
    value = PROXY[0] + PROXY[1] * level + PROXY[2] * (level - memory.averages[5])
    value += PROXY[3] * (level - memory.averages[6])
    value += PROXY[4] * 0.5 * math.log(max(memory.squares, 1e-8))
    return float(min(max(value + memory.residual[VVIX], LOG_VVIX[0]), LOG_VVIX[-1]))


@njit(cache=True)
def write_vix_smile(day: Any, memory: Any, table: Any) -> None:
    """Write the smile of VIX options: its 30-day strip is VVIX squared."""
    forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, day.date + THIRTY)
    slow = SLOW_CONSTANT + SLOW_NOW * (memory.log_vvix - SLOW_CENTRE)
    slow += SLOW_PAST * (memory.vvix_average - SLOW_CENTRE)
    root = bilinear(table, LOG_FORWARD, LOG_VVIX, math.log(forward), memory.log_vvix)
    share, reversion = share_at(forward), math.exp(2.0 * (slow - memory.log_vvix))
    level = root * root / vix_total_variance(1.0, reversion, share, float(THIRTY))
    smile = day.vix_smile
    smile[0], smile[1], smile[2] = level, level * reversion, share
    smile[3], smile[4] = REFERENCE_SLOPE, correlation_at(forward)
    smile[5], smile[6], smile[7] = root * math.sqrt(YEAR / THIRTY), forward, 0.0


@njit(cache=True)
def move_baskets(day: Any, last: Any, share: float) -> None:
    """Move the shares of both VIX futures baskets by a day; see ``alvh.market.baskets``."""
    shift = 0 if day.curve_expiry[0] == last.curve_expiry[0] else 1
    carry = math.exp((last.rate - FUND_FEE) * (day.date - last.date) / YEAR)
    day.etp_short = last.etp_short * carry * _growth(day, last, 0, share, shift, 2)
    day.etp_mid = last.etp_mid * carry * _growth(day, last, 3, share, shift, 4)


@njit(cache=True)
def _growth(day: Any, last: Any, first: int, share: float, shift: int, count: int) -> float:
    """Return value today over value yesterday of yesterday's contracts and weights."""
    before, after = 0.0, 0.0
    for k in range(count):
        weight = share if k == 0 else (1.0 - share if k == count - 1 else 1.0)
        node = first + k
        if node >= shift and weight > 0.0:
            before += weight * last.curve_forward[node]
            after += weight * day.curve_forward[node - shift]
    return after / before if before > 0.0 else 1.0
