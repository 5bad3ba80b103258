"""What the front VIX future asks beyond a forecast of VIX, and whether its price is in line.

References
----------
Cheng, I.-H. (2019). The VIX premium. Review of Financial Studies 32 (future less a forecast of
VIX; the paper forecasts with an ARMA(2,2), here a first-order autoregression stands in).
"""

import numpy as np
from numpy.typing import NDArray

from alvh.market.history import History
from alvh.sessions import grid
from alvh.signals.reading import Floats, Reading, cite, same_day, series
from alvh.signals.term_structure import monthly_expiries, settlements_of
from alvh.signals.windows import over

LEAST_PAIRS = 756  # sessions before the autoregression is trusted
SPAN = 20  # sessions that a basis is compared with
REVERSION = 5.1  # a year: half-life of ln VIX of 34 sessions, closes 1990–2026
YEAR = 365.0


def _expected(vix: Floats, horizons: Floats) -> Floats:
    """Return VIX expected some sessions ahead by an autoregression on what was known, shape (n,).

    V(t+1) = a + φ·V(t) by least squares on all pairs up to t; the forecast reverts to a/(1 − φ)
    by φ a session. NaN where φ is not between 0 and 1.
    """
    out = np.full(len(vix), np.nan)
    known = np.flatnonzero(np.isfinite(vix))
    values = vix[known]
    if len(values) <= LEAST_PAIRS:
        return out
    x, y = values[:-1], values[1:]
    count = np.arange(1, len(x) + 1, dtype=np.float64)
    sx, sy, sxx, sxy = (np.cumsum(part) for part in (x, y, x * x, x * y))
    count, sx, sy, sxx, sxy = (part[LEAST_PAIRS - 1 :] for part in (count, sx, sy, sxx, sxy))
    phi = over(sxy - sx * sy / count, sxx - sx * sx / count)
    phi = np.where((phi > 0.0) & (phi < 1.0), phi, np.nan)  # else it reverts to nothing
    mean = (sy - phi * sx) / count / (1.0 - phi)
    now = known[LEAST_PAIRS:]
    out[now] = mean + phi ** horizons[now] * (vix[now] - mean)
    return out


def vix_premium(history: History) -> Reading:
    """Return the front monthly VIX future less the forecast of VIX at its settlement, points."""
    days: NDArray[np.int64] = history.dates.astype(np.int64)
    front = monthly_expiries(history)[:, 0]
    covered = front > 0
    left = np.full(len(history), np.nan)
    number = grid(scheduled=True).number
    left[covered] = number(front[covered]) - number(days[covered])
    future = settlements_of(history, days, front)
    raw = future - _expected(series(history, "vix"), left)
    return same_day(history, raw, cite(history, "futures", "vix"))


def basis_distortion(history: History) -> Reading:
    """Return how far the front future is out of line, in median absolute deviations.

    The front future's log distance from what spot VIX and the second future imply between them, a
    path that reverts at 5.1 a year: less the median of the 20 sessions before, over their median
    absolute deviation.
    """
    days: NDArray[np.int64] = history.dates.astype(np.int64)
    expiries = monthly_expiries(history)
    first, second = (settlements_of(history, days, expiries[:, rank]) for rank in (0, 1))
    tau = np.where(expiries > 0, expiries - days[:, None], np.nan) / YEAR
    share = np.expm1(-REVERSION * tau[:, 0]) / np.expm1(-REVERSION * tau[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        spot = np.log(series(history, "vix"))
        implied = spot + (np.log(second) - spot) * share
        distance = np.log(first) - implied
    raw = _deviations(np.where(np.isfinite(distance), distance, np.nan))
    return same_day(history, raw, cite(history, "futures", "vix"))


def _deviations(values: Floats) -> Floats:
    """Return each value less the median of the ``SPAN`` before it, over their median deviation."""
    out = np.full(len(values), np.nan)
    if len(values) <= SPAN:
        return out
    before = np.lib.stride_tricks.sliding_window_view(values, SPAN)[:-1]
    middle = np.median(before, axis=1)
    spread = np.median(np.abs(before - middle[:, None]), axis=1)
    out[SPAN:] = over(values[SPAN:] - middle, spread)
    return out
