"""Implied against realised: variance premium, expected range, and how often the range held.

Realised volatility is the sample deviation of the last 20 log returns, annualised, as the engine
reads it; the expected range is the engine's own function.
"""

from typing import Any

import numpy as np

from alvh.kernel.condor_prices import expected_daily_range
from alvh.market.history import History
from alvh.market.surfaces import realised_volatility
from alvh.signals.reading import Floats, Reading, cite, kept, same_day, series
from alvh.signals.windows import loop, over, trailing_quantile, trailing_rank

CONTAINMENT = 0.80  # share of sessions whose move stays within the multiple
RANGE_WINDOW, RANGE_MINIMUM = 756, 252  # three years, at least one
GAUGE_WINDOW = 252

_RANGE_INPUTS = np.dtype([("vix", np.float64), ("vix9d", np.float64), ("hv20", np.float64)])


def variance_premium(history: History) -> Reading:
    """Return VIX over the realised volatility of the last 20 sessions, a ratio."""
    realised = 100.0 * realised_volatility(series(history, "spx"))
    return same_day(history, over(series(history, "vix"), realised), cite(history, "vix", "spx"))


def premium_gauge(history: History) -> Reading:
    """Return where VIX less realised volatility stands among its last 252 values, 0 to 1."""
    points = series(history, "vix") - 100.0 * realised_volatility(series(history, "spx"))
    return same_day(history, trailing_rank(points, GAUGE_WINDOW), cite(history, "vix", "spx"))


def expected_ranges(history: History) -> Floats:
    """Return the expected daily range on each session, a fraction of the index, shape (n,).

    ``(0.7·VIX9D + 0.3·HV20) / √252`` as ``alvh.kernel.condor_prices.expected_daily_range`` has
    it, with VIX where VIX9D is absent, and the implied value where HV20 is.
    """
    inputs = np.zeros(len(history), _RANGE_INPUTS)
    inputs["vix"], inputs["vix9d"] = series(history, "vix"), series(history, "vix9d")
    inputs["hv20"] = realised_volatility(series(history, "spx"))
    out = np.full(len(history), np.nan)
    _range_loop(inputs, out)
    return out


@loop
def _range_loop(inputs: Any, out: Floats) -> None:
    for i in range(len(inputs)):
        out[i] = expected_daily_range(inputs[i])


def expected_range(history: History) -> Reading:
    """Return the expected daily range, a fraction of the index."""
    implied = np.isfinite(series(history, "vix9d"))
    spot = np.isfinite(series(history, "vix")) & ~implied
    words = (
        f"{cite(history, 'vix9d', 'vix', 'spx')}; VIX9D on {int(implied.sum())} sessions, VIX in "
        f"its place on {int(spot.sum())}"
    )
    return same_day(history, expected_ranges(history), words)


@kept
def range_multiples(history: History, containment: float = CONTAINMENT) -> Floats:
    """Return the multiple of the expected range that held the index as often as asked.

    Parameters
    ----------
    history : History
    containment : float
        Share of sessions, in (0, 1].

    Returns
    -------
    ndarray of float64, shape (n,)
        The least m for which ``|close/close before − 1| ≤ m × range of the evening before`` on at
        least that share of the last 756 sessions for which both are known; NaN where fewer than
        252 are, and where the session's own are not.
    """
    spx = series(history, "spx")
    moves = np.full(len(history), np.nan)
    moves[1:] = np.abs(over(spx[1:], spx[:-1]) - 1.0)
    moves[1:] = over(moves[1:], expected_ranges(history)[:-1])
    return trailing_quantile(moves, containment, RANGE_WINDOW, RANGE_MINIMUM)


def range_multiple(history: History) -> Reading:
    """Return the multiple of the expected range that held the index on 80 % of three years."""
    return same_day(history, range_multiples(history), cite(history, "vix9d", "vix", "spx"))
