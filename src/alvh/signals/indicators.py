"""Momentum of SPX, VIX and the front VIX future: Wilder's RSI and Appel's MACD.

References
----------
Wilder, J. W. (1978). New Concepts in Technical Trading Systems, section VI (RSI). Averages are
seeded by the simple mean of the first 14 changes, then ``(13·previous + change) / 14``.

Appel, G. (1979). The Moving Average Convergence-Divergence Method. The averages are seeded as
TA-Lib seeds them: the slow one by the simple mean of the first 26 values, the fast one by that of
the last 12 of these, the signal line by that of the first 9 differences.
"""

import math

import numpy as np

from alvh.market.history import History
from alvh.signals.reading import Floats, Reading, cite, same_day, series
from alvh.signals.term_structure import front_changes
from alvh.signals.windows import MOST_MISSING, known_changes, loop

RSI_PERIOD = 14
MACD_FAST, MACD_SLOW, MACD_SIGNAL = 12, 26, 9
OVERBOUGHT = 70.0  # RSI of SPX above which a hedge may be cheap
CALM = 40.0  # RSI of VIX below which it is


def rsi(values: Floats, period: int = RSI_PERIOD) -> Floats:
    """Return the relative strength index of a series.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Levels; NaN where absent. Up to ``MOST_MISSING`` absent sessions in a row are stepped
        over; after more the averages start anew.
    period : int
        Number of changes averaged.

    Returns
    -------
    ndarray of float64, shape (n,)
        0 to 100; the first after ``period`` changes. NaN where the value is absent, and where
        nothing has moved.

    Examples
    --------
    >>> float(rsi(np.array([1.0, 2.0, 3.0, 2.0]), period=3)[-1])  # gains 2, losses 1
    66.66666666666667
    """
    return rsi_of_changes(known_changes(values), period)


def rsi_of_changes(changes: Floats, period: int = RSI_PERIOD) -> Floats:
    """Return the relative strength index of a series given by its changes.

    Parameters
    ----------
    changes : ndarray of float64, shape (n,)
        NaN where not known.
    period : int

    Returns
    -------
    ndarray of float64, shape (n,)
        As ``rsi``.
    """
    out = np.full(len(changes), np.nan)
    _rsi_loop(changes, period, out)
    return out


def macd_histogram(values: Floats) -> tuple[Floats, Floats]:
    """Return the MACD histogram 12/26/9 and whether its sign has held.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where absent; holes as in ``rsi``.

    Returns
    -------
    histogram : ndarray of float64, shape (n,)
        Average of 12 less that of 26, less the average of 9 of that difference; in the unit of
        the values. The first at the 34th value.
    held : ndarray of float64, shape (n,)
        The sign of the histogram where it was the same at the value before, else 0; NaN where the
        histogram, or the one before, is absent.
    """
    histogram, held = np.full(len(values), np.nan), np.full(len(values), np.nan)
    _macd_loop(values, histogram, held)
    return histogram, held


@loop
def _rsi_loop(changes: Floats, period: int, out: Floats) -> None:
    gain, loss = 0.0, 0.0
    seen, missing = 0, 0
    for i in range(len(changes)):
        change = changes[i]
        if math.isnan(change):
            missing += 1
            continue
        if missing > MOST_MISSING:
            gain, loss, seen = 0.0, 0.0, 0
        missing = 0
        seen += 1
        up, down = max(change, 0.0), max(-change, 0.0)
        if seen <= period:  # sums, of which the last becomes the mean
            gain, loss = gain + up, loss + down
            if seen == period:
                gain, loss = gain / period, loss / period
        else:
            gain = (gain * (period - 1) + up) / period
            loss = (loss * (period - 1) + down) / period
        if seen >= period and gain + loss > 0.0:
            out[i] = 100.0 * gain / (gain + loss)


@loop
def _macd_loop(values: Floats, histogram: Floats, held: Floats) -> None:
    fast, slow, signal, before = 0.0, 0.0, 0.0, math.nan
    seen, missing = 0, 0
    for i in range(len(values)):
        value = values[i]
        if math.isnan(value):
            missing += 1
            continue
        if missing > MOST_MISSING:
            fast, slow, signal, before, seen = 0.0, 0.0, 0.0, math.nan, 0
        missing = 0
        seen += 1
        if seen <= MACD_SLOW:
            slow += value / MACD_SLOW
            if seen > MACD_SLOW - MACD_FAST:
                fast += value / MACD_FAST
            if seen < MACD_SLOW:
                continue
        else:
            fast += (value - fast) * 2.0 / (MACD_FAST + 1)
            slow += (value - slow) * 2.0 / (MACD_SLOW + 1)
        difference = fast - slow
        first = MACD_SLOW + MACD_SIGNAL - 1
        if seen <= first:
            signal += difference / MACD_SIGNAL
            if seen < first:
                continue
        else:
            signal += (difference - signal) * 2.0 / (MACD_SIGNAL + 1)
        now = difference - signal
        histogram[i] = now
        if not math.isnan(before):
            held[i] = 1.0 if min(now, before) > 0.0 else -1.0 if max(now, before) < 0.0 else 0.0
        before = now


def rsi_spx(history: History) -> Reading:
    """Return the RSI of the S&P 500's closes, 0 to 100."""
    return same_day(history, rsi(series(history, "spx")), cite(history, "spx"))


def rsi_vix(history: History) -> Reading:
    """Return the RSI of VIX closes, 0 to 100."""
    return same_day(history, rsi(series(history, "vix")), cite(history, "vix"))


def rsi_vx1(history: History) -> Reading:
    """Return the RSI of the front monthly VIX future, 0 to 100, without a jump at the roll."""
    raw = rsi_of_changes(front_changes(history))
    return same_day(history, raw, cite(history, "futures"))


def rsi_gap(history: History) -> Reading:
    """Return the RSI of SPX less that of VIX, −100 to 100."""
    raw = rsi(series(history, "spx")) - rsi(series(history, "vix"))
    return same_day(history, raw, cite(history, "spx", "vix"))


def hedge_cheap(history: History) -> Reading:
    """Return 1 where SPX is overbought while VIX is calm, else 0; the score is that flag."""
    spx, vix = rsi(series(history, "spx")), rsi(series(history, "vix"))
    flag = np.where((spx > OVERBOUGHT) & (vix < CALM), 1.0, 0.0)
    raw = np.where(np.isfinite(spx) & np.isfinite(vix), flag, np.nan)
    return same_day(history, raw, cite(history, "spx", "vix"), score=raw)


def macd(history: History) -> Reading:
    """Return the MACD histogram of ln VIX; the score is its sign where that has held two days."""
    vix = series(history, "vix")
    histogram, held = macd_histogram(np.log(np.where(vix > 0.0, vix, np.nan)))
    return same_day(history, histogram, cite(history, "vix"), score=held)
