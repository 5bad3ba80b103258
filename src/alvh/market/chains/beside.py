"""What the quotes of the other strikes of an expiry leave of a quote.

An option is worth no more than one further in the money is asked at, no less than one further out
is bid at, and differs from either by at most the distance of the strikes; it lies below the line
between the asks beside it. A put at strike 0 is worth nothing, so that line may begin there: a
part of the strike, no put is worth more than one of a higher strike. A quote many times wider than
these bounds, or whose middle is far outside them, says nothing.

References
----------
Carr and Madan, "A note on sufficient conditions for no arbitrage", 2005 (verticals, butterflies).
"""

from typing import Final

import numpy as np

from alvh.market.chains.across import SLACK
from alvh.market.chains.slices import Floats, Ints, Marks, Slices

#: Times what the neighbours leave. Of 164,000 real quotes none that is bid is wider than 6.2 times
#: that, and no middle of them lies further than 1.5 times that outside.
WIDE: Final = 8.0
OUTSIDE: Final = 2.0
_RATIO: Final = 1e4  # points of price over strike, and at most …
_HIGHEST_RATIO: Final = 10.0 * _RATIO  # … ten of these: above a ratio of 1 nothing is a put
_STEP: Final = 1e6  # points between two slices; more than any strike and price together


def mark_wide(side: Slices, call: bool, wrong: Marks) -> Marks:
    """Mark quotes of one right that those of the other strikes leave nothing of.

    Parameters
    ----------
    side : Slices
        Calls or puts, strikes ascending.
    call : bool
        Which of them.
    wrong : ndarray of bool
        Quotes that bound nothing, as they are known to be wrong.

    Returns
    -------
    ndarray of bool
        True also of a zero bid whose middle lies outside the bounds by more than a tick. Where
        the other strikes contradict each other nothing is marked.
    """
    counts = side.whole & ~wrong
    if call:
        low, high = _bounds_of_calls(side.strike, side.bid, side.ask, side.group, counts)
    else:  # mirrored, puts are calls
        flip = slice(None, None, -1)
        last = side.group[-1] if len(side.group) else 0
        low, high = (
            bound[flip]
            for bound in _bounds_of_calls(
                -side.strike[flip], side.bid[flip], side.ask[flip], last - side.group[flip],
                counts[flip],
            )
        )  # fmt: skip
        high = np.minimum(high, highest_put(side, counts))
    middle = 0.5 * (side.bid + side.ask)
    left = np.maximum(np.minimum(side.ask, high) - np.maximum(side.bid, low), SLACK)
    allowed = np.where(side.bid == 0, SLACK, OUTSIDE * left)
    outside = np.maximum(low - middle, middle - high) > allowed
    found: Marks = side.whole & (low <= high) & (outside | (side.ask - side.bid > WIDE * left))
    return found


def highest_put(side: Slices, counts: Marks) -> Floats:
    """Return what the asks of higher strikes leave of each put, down a line to strike 0.

    Parameters
    ----------
    side : Slices
        Puts, strikes ascending.
    counts : ndarray of bool
        Quotes that bound others.

    Returns
    -------
    ndarray
        Points; infinite where no higher strike bounds it.
    """
    ratio = np.minimum(_RATIO * side.ask / side.strike, _HIGHEST_RATIO)
    least = -_highest_after(np.where(counts, -ratio, -_HIGHEST_RATIO), side.group)
    bound: Floats = np.where(least < _HIGHEST_RATIO, least * side.strike / _RATIO, np.inf)
    return bound


def _bounds_of_calls(
    strike: Floats, bid: Floats, ask: Floats, group: Ints, counts: Marks
) -> tuple[Floats, Floats]:
    """Return what the other strikes leave of each: at least, at most; strikes ascend."""
    none = -0.4 * _STEP
    bid, ask = np.where(counts, bid, none), np.where(counts, ask, -none)
    low = np.maximum(_highest_after(bid, group), _highest_before(bid + strike, group) - strike)
    high = np.minimum(
        -_highest_before(-ask, group), -_highest_after(-(ask + strike), group) - strike
    )
    if len(strike) > 2:
        left, mid, right = slice(None, -2), slice(1, -1), slice(2, None)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (strike[right] - strike[mid]) / (strike[right] - strike[left])
            line = share * ask[left] + (1.0 - share) * ask[right]
        same = group[left] == group[right]
        high[mid] = np.minimum(high[mid], np.where(same, line, np.inf))
    return np.maximum(low, 0.0), high


def _highest_before(values: Floats, group: Ints) -> Floats:
    """Return the highest of the earlier values of each one's group, hugely negative if none."""
    lifted = _STEP * group
    highest = np.maximum.accumulate(values + lifted)
    before = np.full(len(values), -_STEP)
    before[1:] = highest[:-1] - lifted[1:]
    return before


def _highest_after(values: Floats, group: Ints) -> Floats:
    flip = slice(None, None, -1)
    last = group[-1] if len(group) else 0
    return _highest_before(values[flip], last - group[flip])[flip]
