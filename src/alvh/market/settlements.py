"""What VIX options and AM-settled SPX options settled to, and what they must have where unknown.

Both settle to a special opening quotation: the VIX formula, or the index, computed from the
opening auctions of the settlement day. Neither is the prior close nor the index's own open.

- **VIX**: the published value where there is one. Otherwise the day's VIX open and close pull the
  prior close with fitted weights. Up to the night session's start in April 2016 the open is nearly
  the settlement itself; since then it is the first quote of the night, and the weights shrink.
- **SPX**: the day's close times SPY's open over SPY's close. Taking both SPY prices from the same
  day keeps its distributions out, which fall on four of the settlement Fridays a year. Without
  SPY, the index's own open on days when it is evidently computed from traded opens (for most of
  1993–2016 it was still the prior close), else a share of the day's move.

Estimates use the settlement day's close: they are known that evening, when the engine settles.

References
----------
Weights, windows, errors and the comparison of the proxies: ``docs/calibration/vix.md``.
Griffin, J. and Shams, A. (2018). Manipulation in the VIX? Rev. Financial Studies 31: why the
auction strays from the index.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLOSE_SHARE",
    "LIVE_OPEN",
    "NO_SOURCE",
    "SPY_RATIO",
    "spx_open_settlements",
    "spx_open_sources",
    "vix_settlements",
]

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

NIGHT_SESSION = np.datetime64("2016-04-15")  # VIX opens include the night session from here
# ln(settlement/prior close) on ln(open/prior close) and ln(close/prior close).
DAY_WEIGHTS = (1.01, 0.10)  # before the night session: settlements 2004-05 … 2012-12
NIGHT_WEIGHTS = (0.83, 0.28)  # since: settlements 2016-04 … 2021-12
CLOSE_WEIGHT = 0.41  # close only, where there is no open: 2004-05 … 2018-12

# Share of a session's move that is in its opening auction: SPY 1993–2018.
OPEN_SHARE = 0.29
# An index open is live if, over the trailing year, its moves hold this share of daily variance.
LIVE_VARIANCE_SHARE = 0.10
TRAILING_SESSIONS = 252

NO_SOURCE, SPY_RATIO, LIVE_OPEN, CLOSE_SHARE = 0, 1, 2, 3


def _prior(values: Floats) -> Floats:
    """Return the last known value before each day."""
    known = np.where(np.isfinite(values), np.arange(len(values)), -1)
    last = np.concatenate([[-1], np.maximum.accumulate(known)[:-1]]) if len(values) else known
    return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)


def _estimated_vix(dates: Dates, vix: Floats, vix_open: Floats) -> Floats:
    prior = _prior(vix)
    with np.errstate(invalid="ignore", divide="ignore"):
        opened, closed = np.log(vix_open / prior), np.log(vix / prior)
    night = dates >= NIGHT_SESSION
    weight_open = np.where(night, NIGHT_WEIGHTS[0], DAY_WEIGHTS[0])
    weight_close = np.where(night, NIGHT_WEIGHTS[1], DAY_WEIGHTS[1])
    with_open = weight_open * opened + weight_close * closed
    move = np.where(np.isfinite(with_open), with_open, CLOSE_WEIGHT * closed)
    # A settlement day without a VIX close still settles: at the prior close moved by nothing.
    estimate: Floats = prior * np.exp(np.where(np.isfinite(move), move, 0.0))
    return estimate


def vix_settlements(
    *,
    dates: Dates,
    vix: Floats,
    vix_open: Floats,
    expiries: Dates,
    published: Mapping[date, float],
) -> tuple[Floats, NDArray[np.uint8]]:
    """Return the final settlement value on each VIX settlement day.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (n,)
        Ascending.
    vix, vix_open : ndarray of float64, shape (n,)
        Volatility points; NaN where absent.
    expiries : ndarray of datetime64[D], shape (m,)
        VIX settlement days.
    published : mapping of date to float
        Final settlement values, volatility points.

    Returns
    -------
    value : ndarray of float64, shape (n,)
        Volatility points; NaN on other days, and where no VIX close was seen before.
    quoted : ndarray of uint8, shape (n,)
        1 where the value was published.
    """
    settles = np.isin(dates, expiries)
    value = np.where(settles, _estimated_vix(dates, vix, vix_open), np.nan)
    quoted = np.zeros(len(dates), dtype=np.uint8)
    for row in np.flatnonzero(settles):
        final = published.get(dates[row].astype(date))
        if final is not None and final > 0.0:
            value[row], quoted[row] = final, 1
    return value, quoted


def _trailing_mean(values: Floats) -> Floats:
    """Return the mean of the known values among the last ``TRAILING_SESSIONS`` before each day."""
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    row = np.arange(len(values))
    first = np.maximum(row - TRAILING_SESSIONS, 0)
    seen = count[row] - count[first]
    mean = (total[row] - total[first]) / np.maximum(seen, 1)
    return np.where(seen >= TRAILING_SESSIONS // 4, mean, np.nan)


def _spx_candidates(spx_open: Floats, spx: Floats, spy_open: Floats, spy: Floats) -> list[Floats]:
    prior = _prior(spx)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap, move = np.log(spx_open / prior), np.log(spx / prior)
        live = _trailing_mean(gap**2) >= LIVE_VARIANCE_SHARE * _trailing_mean(move**2)
        ratio = spx * spy_open / spy
    ratio = np.where((spy_open > 0.0) & (spy > 0.0), ratio, np.nan)
    own = np.where(live & (spx_open > 0.0), spx_open, np.nan)
    return [ratio, own, prior * np.exp(OPEN_SHARE * move)]


def spx_open_sources(
    *, dates: Dates, spx_open: Floats, spx: Floats, spy_open: Floats, spy: Floats
) -> NDArray[np.uint8]:
    """Return which source each opening settlement of the S&P 500 came from.

    Parameters
    ----------
    dates, spx_open, spx, spy_open, spy
        As for ``spx_open_settlements``.

    Returns
    -------
    ndarray of uint8, shape (n,)
        ``SPY_RATIO``, ``LIVE_OPEN``, ``CLOSE_SHARE``, or ``NO_SOURCE`` where there is no value.
    """
    source = np.zeros(len(dates), dtype=np.uint8)
    candidates = _spx_candidates(spx_open, spx, spy_open, spy)
    for code, candidate in reversed(
        list(zip((SPY_RATIO, LIVE_OPEN, CLOSE_SHARE), candidates, strict=True))
    ):
        source[np.isfinite(candidate)] = code
    return source


def spx_open_settlements(
    *, dates: Dates, spx_open: Floats, spx: Floats, spy_open: Floats, spy: Floats
) -> Floats:
    """Return what AM-settled S&P 500 options would settle to on each day: all are estimates.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (n,)
        Ascending.
    spx_open, spx : ndarray of float64, shape (n,)
        Open and close, index points; NaN where absent.
    spy_open, spy : ndarray of float64, shape (n,)
        SPY's open and close as traded, USD; NaN where absent.

    Returns
    -------
    ndarray of float64, shape (n,)
        Index points; NaN where neither a source nor a prior close exists.
    """
    ratio, own, shared = _spx_candidates(spx_open, spx, spy_open, spy)
    chosen: Floats = np.where(np.isfinite(ratio), ratio, np.where(np.isfinite(own), own, shared))
    return chosen
