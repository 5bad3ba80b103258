"""The Big Top: four marks of a market that is stretched and pays little attention to risk."""

import numpy as np

from alvh.market.history import History
from alvh.signals.indicators import rsi
from alvh.signals.reading import Floats, Reading, cite, same_day, series
from alvh.signals.term_structure import contango_of
from alvh.signals.windows import over, realised, trailing_mean

STRETCHED = 68.0  # RSI of SPX
RICH = 1.18  # VIX over realised volatility
STEEP = 0.08  # second future over the first, less 1
REALISED_SESSIONS = 30
MEAN_SESSIONS = 200
MARKS = 4


def big_top_marks(history: History) -> Floats:
    """Return the four marks on each session.

    Returns
    -------
    ndarray of float64, shape (4, n)
        1 where it holds, 0 where not, NaN where it cannot be judged. RSI(14) of SPX above 68; VIX
        at least 1.18 times the realised volatility of 30 sessions; the second VIX future at least
        8 % above the first; VIX above the mean of its last 200 sessions, its own included.
    """
    spx, vix = series(history, "spx"), series(history, "vix")
    readings = (
        (rsi(spx) - STRETCHED, np.greater),
        (over(vix, 100.0 * realised(spx, REALISED_SESSIONS)) - RICH, np.greater_equal),
        (contango_of(history) - STEEP, np.greater_equal),
        (vix - trailing_mean(vix, MEAN_SESSIONS), np.greater),
    )
    marks = [
        np.where(np.isfinite(excess), compare(excess, 0.0), np.nan) for excess, compare in readings
    ]
    return np.stack(marks)


def big_top(history: History) -> Reading:
    """Return how many of the four marks hold, 0 to 4, of those that can be judged."""
    marks = big_top_marks(history)
    judged = np.isfinite(marks)
    count = np.zeros(len(history))
    for mark, known in zip(marks, judged, strict=True):
        count += np.where(known, mark, 0.0)
    number = judged.sum(axis=0)
    words = [
        f"{wanted} of {MARKS} marks judged on {int(on.sum())} sessions, "
        f"{history.dates[on][0]} to {history.dates[on][-1]}"
        for wanted in range(MARKS, 0, -1)
        if (on := number == wanted).any()
    ]
    raw = np.where(number > 0, count, np.nan)
    return same_day(history, raw, "; ".join([cite(history, "spx", "vix", "futures"), *words]))
