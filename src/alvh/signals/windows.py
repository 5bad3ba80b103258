"""Trailing windows over series with holes: standard scores, means, ranks and quantiles.

Every loop walks forward and sums each window afresh in one fixed order, so that a value does not
change in its last bit when later sessions are added, nor drift with what has left the window.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from alvh.kernel.jit import compiled

Floats = NDArray[np.float64]
_Function = TypeVar("_Function", bound=Callable[..., Any])

KNOWN_SHARE = 0.9  # of a window's sessions that must have a value for the window to be judged
MOST_MISSING = 5  # sessions in a row that a recursion steps over; after more it starts anew
SAME = 1e-12  # a spread below this part of the value itself is rounding, not movement


def loop(function: _Function) -> _Function:
    """Compile a loop as the engine's are compiled, and keep its type for the checker."""
    return cast(_Function, compiled(function))


def known_changes(values: Floats) -> Floats:
    """Return the change of each value from the last one known before it.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where absent.

    Returns
    -------
    ndarray of float64, shape (n,)
        In the unit of the values. NaN where a value is absent, at the first, and after more than
        ``MOST_MISSING`` absent sessions in a row.
    """
    known = np.flatnonzero(np.isfinite(values))
    changes = np.full(len(values), np.nan)
    near = np.diff(known) <= MOST_MISSING + 1
    changes[known[1:][near]] = np.diff(values[known])[near]
    return changes


def over(numerator: Floats, denominator: Floats) -> Floats:
    """Return a ratio, NaN where either is absent or the denominator is not positive."""
    safe = np.where(denominator > 0.0, denominator, np.nan)
    ratio: Floats = numerator / safe
    return ratio


def change_over(values: Floats, sessions: int) -> Floats:
    """Return each positive value over the one ``sessions`` rows before, less 1, shape (n,)."""
    out = np.full(len(values), np.nan)
    if len(values) > sessions:
        out[sessions:] = over(values[sessions:], values[:-sessions]) - 1.0
    return out


def trailing_z(values: Floats, window: int = 756, minimum: int = 252) -> Floats:
    """Return each value's distance from its trailing mean in trailing standard deviations.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where absent.
    window : int
        How many of the last known values, the session's own included, are looked at.
    minimum : int
        How many there must be.

    Returns
    -------
    ndarray of float64, shape (n,)
        ``(x − mean) / sd`` with the sample deviation (ddof = 1). NaN where the value is absent,
        where fewer than ``minimum`` are known, and where they have not moved.
    """
    return _on_known(values, lambda dense, out: _z_loop(dense, window, max(minimum, 2), out))


def trailing_rank(values: Floats, window: int = 252) -> Floats:
    """Return where each value stands among the last ``window`` known ones, itself included.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
    window : int
        At least 2.

    Returns
    -------
    ndarray of float64, shape (n,)
        0 at the lowest, 1 at the highest: values below, and half of those equal, over
        ``window − 1``. NaN until the window is full and where the value is absent.
    """
    return _on_known(values, lambda dense, out: _rank_loop(dense, window, out))


def trailing_quantile(
    values: Floats, share: float, window: int = 756, minimum: int = 252
) -> Floats:
    """Return the least value that at least a share of the last known ones do not exceed.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where absent.
    share : float
        In (0, 1].
    window, minimum : int
        How many of the last known values are looked at, and how many there must be.

    Returns
    -------
    ndarray of float64, shape (n,)
        One of the values; NaN where the session's own is absent or too few are known.
    """
    scratch = np.empty(window)
    return _on_known(
        values,
        lambda dense, out: _quantile_loop(dense, share, window, max(minimum, 1), scratch, out),
    )


def trailing_mean(values: Floats, window: int) -> Floats:
    """Return the mean of the values known in the last ``window`` sessions, shape (n,).

    NaN until ``window`` sessions are there, and where less than ``KNOWN_SHARE`` of them have a
    value.
    """
    out = np.full(len(values), np.nan)
    _mean_loop(values, window, math.ceil(KNOWN_SHARE * window), out)
    return out


def realised(closes: Floats, sessions: int) -> Floats:
    """Return the annualised sample deviation of the last log returns, decimal, shape (n,).

    NaN until there are ``sessions`` returns, and where a close in the window is absent.
    """
    out = np.full(len(closes), np.nan)
    _realised_loop(np.log(np.where(closes > 0.0, closes, np.nan)), sessions, out)
    return out


def _on_known(values: Floats, fill: Callable[[Floats, Floats], None]) -> Floats:
    """Run a loop over the known values alone, and put its answers back on their sessions."""
    known = np.flatnonzero(np.isfinite(values))
    dense = np.ascontiguousarray(values[known])
    answers = np.full(len(known), np.nan)
    fill(dense, answers)
    out = np.full(len(values), np.nan)
    out[known] = answers
    return out


@loop
def _z_loop(values: Floats, window: int, minimum: int, out: Floats) -> None:
    """Sum each window once, measured from the session's own value.

    As that value is one of the window, what cancels is at most n times the variance, and a window
    that has not moved sums to zero exactly. Four sums in turn let the processor overlap them.
    """
    for i in range(minimum - 1, len(values)):
        first = max(0, i - window + 1)
        n = i + 1 - first
        own = values[i]
        s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
        q0, q1, q2, q3 = 0.0, 0.0, 0.0, 0.0
        whole = first + n // 4 * 4
        for j in range(first, whole, 4):
            d0, d1 = values[j] - own, values[j + 1] - own
            d2, d3 = values[j + 2] - own, values[j + 3] - own
            s0, s1, s2, s3 = s0 + d0, s1 + d1, s2 + d2, s3 + d3
            q0, q1, q2, q3 = q0 + d0 * d0, q1 + d1 * d1, q2 + d2 * d2, q3 + d3 * d3
        for j in range(whole, i + 1):
            d0 = values[j] - own
            s0, q0 = s0 + d0, q0 + d0 * d0
        mean = ((s0 + s1) + (s2 + s3)) / n
        spread = math.sqrt(max((((q0 + q1) + (q2 + q3)) - n * mean * mean) / (n - 1), 0.0))
        if spread > SAME * abs(own):
            out[i] = -mean / spread


@loop
def _rank_loop(values: Floats, window: int, out: Floats) -> None:
    for i in range(window - 1, len(values)):
        below, equal = 0, 0
        for j in range(i - window + 1, i):
            if values[j] < values[i]:
                below += 1
            elif values[j] == values[i]:
                equal += 1
        out[i] = (below + 0.5 * equal) / (window - 1)


@loop
def _place(held: Floats, size: int, value: float) -> int:
    """Return how many of the first ``size`` ascending values are below ``value``."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if held[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@loop
def _quantile_loop(
    values: Floats, share: float, window: int, minimum: int, held: Floats, out: Floats
) -> None:
    """Keep the window in order in ``held``: one value out, one in."""
    size = 0
    for i in range(len(values)):
        if size == window:
            size -= 1
            for j in range(_place(held, size + 1, values[i - window]), size):
                held[j] = held[j + 1]
        at = _place(held, size, values[i])
        for j in range(size, at, -1):
            held[j] = held[j - 1]
        held[at] = values[i]
        size += 1
        if size >= minimum:
            out[i] = held[max(math.ceil(share * size - 1e-9), 1) - 1]


@loop
def _mean_loop(values: Floats, window: int, least: int, out: Floats) -> None:
    for i in range(window - 1, len(values)):
        total, known = 0.0, 0
        for j in range(i - window + 1, i + 1):
            if not math.isnan(values[j]):
                total += values[j]
                known += 1
        if known >= least:
            out[i] = total / known


@loop
def _realised_loop(logs: Floats, sessions: int, out: Floats) -> None:
    for i in range(sessions, len(logs)):
        mean = (logs[i] - logs[i - sessions]) / sessions
        total = 0.0
        for j in range(i - sessions + 1, i + 1):
            total += (logs[j] - logs[j - 1] - mean) ** 2
        out[i] = math.sqrt(total / (sessions - 1) * 252.0)
