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
YEAR, SESSIONS = 365.0, 252.0


def autoregression(values: Floats) -> tuple[Floats, Floats]:
    """Return the first-order autoregression of a series as it was known on each session.

    v(t+1) = a + φ·v(t) by least squares on all pairs of known values up to the session's own, a
    hole stepped over.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where absent.

    Returns
    -------
    phi, mean : ndarray of float64, shape (n,)
        φ a session, and a/(1 − φ). NaN before ``LEAST_PAIRS`` pairs, where the value is absent,
        and where φ is not between 0 and 1: such a series reverts to nothing.
    """
    phi, mean = np.full(len(values), np.nan), np.full(len(values), np.nan)
    known = np.flatnonzero(np.isfinite(values))
    if len(known) <= LEAST_PAIRS:
        return phi, mean
    x, y = values[known[:-1]], values[known[1:]]
    count = np.arange(1, len(x) + 1, dtype=np.float64)
    sx, sy, sxx, sxy = (np.cumsum(part) for part in (x, y, x * x, x * y))
    count, sx, sy, sxx, sxy = (part[LEAST_PAIRS - 1 :] for part in (count, sx, sy, sxx, sxy))
    slope = over(sxy - sx * sy / count, sxx - sx * sx / count)
    slope = np.where((slope > 0.0) & (slope < 1.0), slope, np.nan)
    now = known[LEAST_PAIRS:]
    phi[now], mean[now] = slope, (sy - slope * sx) / count / (1.0 - slope)
    return phi, mean


def _expected(vix: Floats, horizons: Floats) -> Floats:
    """Return VIX expected some sessions ahead by an autoregression on what was known, shape (n,).

    The forecast reverts to the mean of the autoregression by φ a session.
    """
    phi, mean = autoregression(vix)
    return mean + phi**horizons * (vix - mean)


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

    The front future's log distance from what spot VIX and the second future imply between them,
    on a path that reverts as ln VIX has reverted up to that session: less the median of the 20
    sessions before, over their median absolute deviation.
    """
    days: NDArray[np.int64] = history.dates.astype(np.int64)
    expiries = monthly_expiries(history)
    first, second = (settlements_of(history, days, expiries[:, rank]) for rank in (0, 1))
    tau = np.where(expiries > 0, expiries - days[:, None], np.nan) / YEAR
    vix = series(history, "vix")
    spot = np.log(np.where(vix > 0.0, vix, np.nan))
    speed = -SESSIONS * np.log(autoregression(spot)[0])  # a year
    share = over(-np.expm1(-speed * tau[:, 0]), -np.expm1(-speed * tau[:, 1]))
    distance = np.log(first) - spot - (np.log(second) - spot) * share
    raw = _deviations(distance)
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
