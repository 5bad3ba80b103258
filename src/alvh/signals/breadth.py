"""How many shares take part: the advance–decline line and its divergence from the index.

Where the exchange's advances and declines are absent, the share of S&P 500 members above their
50-day mean stands in, then the equal-weighted index over the capitalisation-weighted one. The
share is itself a measure of the past weeks, so that its level, not its change, is set against the
20-day return: on the sessions that have both, the level correlates with the 20-day advance–decline
change at 0.80, its 20-day change at 0.75.

The share in circulation is computed on one list of members carried back to 2008, which knows who
would stay in the index; its divergence correlates with that of the exchange's counts at 0.25
only. A reading says on which days it rests on it.
"""

import numpy as np
from numpy.typing import NDArray

from alvh.market.history import History
from alvh.signals.reading import Floats, Reading, absent, cite, same_day, series
from alvh.signals.windows import change_over, trailing_mean, trailing_z

WINDOW = 20  # sessions of the return and of the line's change
SHARE_WINDOW = 50  # days of the mean that members stand above
CLIP = 4.0

# Columns of the history that a fall-back can rest on.
SHARE = "sp_breadth"  # members above their 50-day mean, per cent
EQUAL_WEIGHT, CAP_WEIGHT = "rsp", "spy_adjusted"  # funds, adjusted for distributions


def advance_decline(history: History) -> Reading:
    """Return the advance–decline line: advances less declines, added up from the first count.

    Issues. A session without a count has no value and adds nothing.
    """
    net = series(history, "advances") - series(history, "declines")
    known = np.isfinite(net)
    line = np.where(known, np.cumsum(np.where(known, net, 0.0)), np.nan)
    return same_day(history, line, cite(history, "advances", "declines"))


def line_change(advances: Floats, declines: Floats) -> Floats:
    """Return the 20-session change of the advance–decline line per issue.

    Parameters
    ----------
    advances, declines : ndarray of float64, shape (n,)
        Issues; NaN where absent.

    Returns
    -------
    ndarray of float64, shape (n,)
        Net advances over the issues that moved, both added up over the last 20 sessions: −1 to 1.
        NaN where the session's own count or more than two of the others are absent.
    """
    moved = advances + declines
    known = moved > 0.0
    net = trailing_mean(np.where(known, advances - declines, np.nan), WINDOW)
    issues = trailing_mean(np.where(known, moved, np.nan), WINDOW)
    return np.where(known, net / issues, np.nan)


def share_above_mean(history: History) -> Floats:
    """Return the share of members above their 50-day mean, per cent, shape (n,).

    The first 49 values are absent: their means had fewer days behind them.
    """
    share = series(history, SHARE)
    whole = np.cumsum(np.isfinite(share)) >= SHARE_WINDOW
    return np.where(whole, share, np.nan)


def equal_weight_change(history: History) -> Floats:
    """Return the 20-session change of the equal-weighted index over the cap-weighted, shape (n,).

    A fraction; NaN where either fund is absent.
    """
    ratio = series(history, EQUAL_WEIGHT) / series(history, CAP_WEIGHT)
    return change_over(ratio, WINDOW)


def breadth(history: History, window: int = 756, minimum: int = 252) -> Reading:
    """Return the divergence of the index from its breadth; positive when few shares carry it.

    Parameters
    ----------
    history : History
    window, minimum : int
        Of the two trailing z-scores.

    Returns
    -------
    Reading
        Standard deviations: z of the 20-session return of SPX less z of the breadth measure, each
        measure standardised on its own past. The score is the same, within ±4.
    """
    returns = trailing_z(change_over(series(history, "spx"), WINDOW), window, minimum)
    measures = {
        f"NYSE advances and declines: {cite(history, 'advances', 'declines')}": line_change(
            series(history, "advances"), series(history, "declines")
        ),
        "share of S&P 500 members above their 50-day mean, one list of members carried back, not "
        f"point in time: {cite(history, SHARE)}": share_above_mean(history),
        "equal-weighted over cap-weighted index: "
        f"{cite(history, EQUAL_WEIGHT, CAP_WEIGHT)}": equal_weight_change(history),
    }
    raw, stretches = absent(history), []
    for words, measure in measures.items():
        divergence = returns - trailing_z(measure, window, minimum)
        used = np.isnan(raw) & np.isfinite(divergence)
        raw = np.where(used, divergence, raw)
        if used.any():
            stretches.append(f"{_stretch(history, used)} {words}")
    provenance = "; ".join(stretches) or f"absent: no {', '.join(measures)}"
    return same_day(history, raw, provenance, score=np.clip(raw, -CLIP, CLIP))


def _stretch(history: History, used: NDArray[np.bool_]) -> str:
    days = history.dates[used]
    return f"{days[0]} to {days[-1]} ({len(days)} sessions)"
