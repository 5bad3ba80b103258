"""VIX forwards of the monthly expiries, day by day: exchange settlements, completed by a model.

A node that has a settlement of its own contract that day is that settlement, untouched. A hole
between two known nodes, or between spot and the first known one, is interpolated (``vix_curve`` in
the kernel states the clock). Past the last known node, and where no future is known at all, a
curve of two speeds stands in:

    ln F(τ) − ln VIX = c_fast·(1 − 2^(−τ/15)) + c_slow·(1 − 2^(−τ/120)),

with both coefficients linear in ln VIX, in its exponential averages over 20, 120 and 500
sessions (or, where VIX3M is present, in ln(VIX3M/VIX) and the two slow averages) and in a
constant, which holds the mean level and the risk premium. Every average looks back only.

References
----------
Coefficients, windows, fitted and held-out errors by tenor: ``docs/calibration/curve.md``.
Two speeds of mean reversion in log VIX: Mencía, J. and Sentana, E. (2013). Valuation of VIX
derivatives. J. Financial Economics 108.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.calendars import vix_expiry
from alvh.errors import DataError
from alvh.kernel.records import CURVE_NODES
from alvh.kernel.vix_curve import AM_SHARE, CLOCK_POWER
from alvh.sessions import FIRST_DAY

__all__ = ["VixCurve", "curve_features", "curve_nodes", "modelled_curve", "vix_curve"]

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

FAST_DAYS = 15.0  # half-life of the fast speed, calendar days
SLOW_DAYS = 120.0  # of the slow speed
AVERAGES = (20.0, 120.0, 500.0)  # half-lives of the averages of ln VIX, sessions
CENTRE = 3.0  # ln VIX is measured from here: VIX 20.1
# An average that has no past starts where it was on average in 1995–2018, given VIX that day:
# ln MEAN_VIX + weight·(ln VIX − ln MEAN_VIX).
MEAN_VIX = 18.0
START_WEIGHTS = (0.83, 0.57, 0.19)

# Fitted to VX settlements 2007-01-03 … 2018-12-31, tenors to 260 days. Rows: fast, slow.
# Columns: constant, ln VIX, averages over 20, 120, 500 sessions (each less CENTRE).
SPOT_ONLY = np.array(
    [
        [0.0441, -0.5773, 0.4957, 0.1491, -0.1637],
        [0.2139, -0.3740, -0.3865, 0.1578, 0.7165],
    ]
)
# The same window from 2009-09-18, when VIX3M begins.
# Columns: constant, ln VIX, ln(VIX3M/VIX), averages over 120 and 500 sessions.
WITH_VIX3M = np.array(
    [
        [-0.0801, 0.0232, 1.3536, 0.1956, -0.1560],
        [0.2588, -0.6643, -0.4193, -0.0649, 0.8332],
    ]
)
# A gap between the last known node and the model closes at this half-life in tenor, days.
TAIL_DAYS = 480.0


@dataclass(frozen=True)
class VixCurve:
    """VIX forwards of the next monthly expiries on each day.

    Parameters
    ----------
    expiry : ndarray of int32, shape (n, CURVE_NODES)
        Monthly expiries strictly after the day, ascending, days since 1970-01-01.
    forward : ndarray of float64, shape (n, CURVE_NODES)
        Volatility points; NaN on days without VIX and without futures.
    quoted : ndarray of uint8, shape (n, CURVE_NODES)
        1 where the forward is an exchange settlement of that day.
    """

    expiry: NDArray[np.int32]
    forward: Floats
    quoted: NDArray[np.uint8]


def curve_nodes(dates: Dates) -> NDArray[np.int32]:
    """Return the next monthly VIX expiries strictly after each day.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (n,)

    Returns
    -------
    ndarray of int32, shape (n, CURVE_NODES)
        Days since 1970-01-01; 0 on days before the calendar begins.

    Raises
    ------
    CalendarError
        If the nodes of the last day reach past the calendar.
    """
    nodes = np.zeros((len(dates), CURVE_NODES), dtype=np.int32)
    covered = dates >= FIRST_DAY
    if not covered.any():
        return nodes
    within = dates[covered].astype("datetime64[D]")
    first_month, last_month = within[[0, -1]].astype("datetime64[M]").astype(np.int64)
    months = range(first_month, last_month + CURVE_NODES + 2)  # counted from 1970-01
    listed = [vix_expiry(1970 + month // 12, month % 12 + 1) for month in months]
    days = np.array(listed, dtype="datetime64[D]").astype(np.int32)
    first = np.searchsorted(days, within.astype(np.int32), side="right")
    nodes[covered] = days[first[:, None] + np.arange(CURVE_NODES)]
    return nodes


def _carried(values: Floats) -> Floats:
    known = np.where(np.isfinite(values), np.arange(len(values)), -1)
    last = np.maximum.accumulate(known)
    return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)


def _average(log_vix: Floats, half_life: float, weight: float) -> Floats:
    """Return the exponential average of ln VIX up to and including each day."""
    average = np.full(len(log_vix), np.nan)
    finite = np.isfinite(log_vix)
    gain = 1.0 - 0.5 ** (1.0 / half_life)
    mean = float(np.log(MEAN_VIX))
    level, levels = np.nan, list[float]()
    for value in log_vix[finite].tolist():  # a list's numbers are faster than an array's
        level = level if levels else mean + weight * (value - mean)
        level += gain * (value - level)
        levels.append(level)
    average[finite] = levels
    return _carried(average)


def curve_features(vix: Floats, vix3m: Floats) -> tuple[Floats, Floats]:
    """Return what the modelled curve is linear in, without and with VIX3M.

    Parameters
    ----------
    vix, vix3m : ndarray of float64, shape (n,)
        Closes, volatility points; NaN where absent.

    Returns
    -------
    tuple of two ndarrays of float64, each of shape (n, 5)
        Columns as in ``SPOT_ONLY`` and ``WITH_VIX3M``.
    """
    log_vix = np.log(np.where(vix > 0.0, vix, np.nan))
    slope = np.log(np.where(vix3m > 0.0, vix3m, np.nan)) - log_vix
    fast, medium, slow = (
        _average(log_vix, half_life, weight) - CENTRE
        for half_life, weight in zip(AVERAGES, START_WEIGHTS, strict=True)
    )
    constant = np.ones(len(vix))
    spot = np.stack([constant, log_vix - CENTRE, fast, medium, slow], axis=1)
    return spot, np.stack([constant, log_vix - CENTRE, slope, medium, slow], axis=1)


def curve_basis(tau: Floats) -> Floats:
    """Return the two speeds' shares of reversion at ``tau`` days, shape (…, 2)."""
    return np.stack([1.0 - 0.5 ** (tau / FAST_DAYS), 1.0 - 0.5 ** (tau / SLOW_DAYS)], axis=-1)


def modelled_curve(vix: Floats, vix3m: Floats, tau: Floats) -> Floats:
    """Return the two-speed curve, which knows no future.

    Parameters
    ----------
    vix, vix3m : ndarray of float64, shape (n,)
        Closes, volatility points; NaN where absent.
    tau : ndarray of float64, shape (n, m)
        Calendar days to settlement.

    Returns
    -------
    ndarray of float64, shape (n, m)
        Forwards, volatility points; NaN where VIX is absent.
    """
    spot, with_slope = curve_features(vix, vix3m)
    has_slope = np.isfinite(with_slope[:, 2])
    basis = curve_basis(tau)
    growth = np.zeros(tau.shape)
    for speed in range(basis.shape[-1]):
        alone = combined(spot, SPOT_ONLY[speed])
        both = combined(np.nan_to_num(with_slope), WITH_VIX3M[speed])
        growth += np.where(has_slope, both, alone)[:, None] * basis[..., speed]
    level = np.where(vix > 0.0, vix, np.nan)[:, None]
    forward: Floats = level * np.exp(growth)
    return forward


def combined(features: Floats, coefficients: Floats) -> Floats:
    """Return features times coefficients, shape (n,), added in one order whatever n is.

    A matrix product rounds differently with the number of rows: a day would change in its last
    bit when later days are added.
    """
    total = np.zeros(len(features))
    for column, coefficient in enumerate(coefficients):
        total += coefficient * features[:, column]
    return total


def _settlements(days: NDArray[np.int32], expiry: NDArray[np.int32], table: pl.DataFrame) -> Floats:
    """Place the table's settlements on the grid of days and nodes; NaN elsewhere."""
    grid = np.full(expiry.shape, np.nan)
    if table.is_empty() or len(days) == 0:
        return grid
    traded = table["date"].to_numpy().astype("datetime64[D]").astype(np.int32)
    due = table["expiry"].to_numpy().astype("datetime64[D]").astype(np.int32)
    settle = table["settle"].to_numpy().astype(np.float64)
    row = np.minimum(np.searchsorted(days, traded), len(days) - 1)
    known = (days[row] == traded) & np.isfinite(settle) & (settle > 0.0)
    row, due, settle = row[known], due[known], settle[known]
    at, node = np.nonzero(np.equal(expiry[row], due[:, None]))
    grid[row[at], node] = settle[at]
    return grid


def _with_holes_filled(known: Floats, vix: Floats, tau: Floats) -> Floats:
    """Interpolate squared forwards in the settlement clock; spot stands at clock 0."""
    values = np.concatenate([np.where(vix > 0.0, vix, np.nan)[:, None], known], axis=1)
    clock = np.concatenate([np.zeros((len(vix), 1)), tau**CLOCK_POWER], axis=1)
    position = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    there = np.isfinite(values)
    before = np.maximum.accumulate(np.where(there, position, -1), axis=1)
    after = np.minimum.accumulate(
        np.where(there, position, values.shape[1])[:, ::-1], axis=1
    )[:, ::-1]  # fmt: skip
    inside = (before >= 0) & (after < values.shape[1]) & ~there
    row, column = np.nonzero(inside)
    low, high = before[row, column], after[row, column]
    share = (clock[row, column] - clock[row, low]) / (clock[row, high] - clock[row, low])
    squares = values[row, low] ** 2 * (1.0 - share) + values[row, high] ** 2 * share
    filled = values.copy()
    filled[row, column] = np.sqrt(squares)
    return filled[:, 1:]


def _with_tail(known: Floats, filled: Floats, model: Floats, tau: Floats) -> Floats:
    """Extend past the last known node along the model, from the gap it has there."""
    there = np.isfinite(known)
    last = known.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    rows = np.arange(len(known))
    with np.errstate(invalid="ignore"):
        gap = np.log(known[rows, last]) - np.log(model[rows, last])
    distance = np.maximum(tau - tau[rows, last][:, None], 0.0)
    extended = model * np.exp(gap[:, None] * 0.5 ** (distance / TAIL_DAYS))
    has_any = np.any(there, axis=1, keepdims=True)
    return np.where(has_any & np.isfinite(filled), filled, np.where(has_any, extended, model))


def vix_curve(*, dates: Dates, vix: Floats, vix3m: Floats, futures: pl.DataFrame) -> VixCurve:
    """Return the VIX forwards of the next monthly expiries on each day.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (n,)
        Ascending.
    vix, vix3m : ndarray of float64, shape (n,)
        Closes, volatility points; NaN where absent.
    futures : polars.DataFrame
        Columns ``date``, ``expiry`` (dates) and ``settle`` (volatility points).

    Returns
    -------
    VixCurve
        Row t rests on rows up to t only.

    Raises
    ------
    DataError
        If the series differ in length from ``dates``.
    CalendarError
        If a day lies outside the calendar.
    """
    if vix.shape != dates.shape or vix3m.shape != dates.shape:
        raise DataError(
            f"VIX curve: {dates.shape} values of VIX and VIX3M were wanted, one a day; "
            f"got {vix.shape} and {vix3m.shape}"
        )
    days = dates.astype("datetime64[D]").astype(np.int32)
    expiry = curve_nodes(dates)
    tau = np.where(expiry > 0, expiry - days[:, None] - AM_SHARE, np.nan)
    known = _settlements(days, expiry, futures)
    model = modelled_curve(vix, vix3m, tau)
    filled = _with_holes_filled(known, vix, tau)
    forward = _with_tail(known, filled, model, tau)
    return VixCurve(expiry, forward, np.isfinite(known).astype(np.uint8))
