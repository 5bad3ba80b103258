"""Find the size at which a book reaches a target, by as few runs as can be.

The measures matched here (carry, outlay, tail) grow with size nearly in proportion, but in steps,
because contracts are whole. So the search is a secant kept inside a bracket, it remembers the
best size it has seen, and it says openly when no size comes close enough.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

TOLERANCE = 0.02  # a match within two per cent of the target counts as reached
LARGEST_SCALE = 64.0  # no search goes beyond; a hedge this far from its target has none to speak of
MOST_RUNS = 12


@dataclass(frozen=True, slots=True)
class Match:
    """The best size found.

    Attributes
    ----------
    scale : float
        Multiplier of the size that came nearest to the target.
    value, target : float
        What was reached there and what was sought, in the units of the measure.
    reached : bool
        Whether they agree within the tolerance.
    runs : int
        Evaluations made.
    note : str
        Why the target was not reached; empty when it was.
    """

    scale: float
    value: float
    target: float
    reached: bool
    runs: int
    note: str = ""


def match_scale(
    measure: Callable[[float], float],
    target: float,
    *,
    largest: float = LARGEST_SCALE,
    tolerance: float = TOLERANCE,
    most_runs: int = MOST_RUNS,
) -> Match:
    """Find the scale at which an increasing measure equals a target.

    Parameters
    ----------
    measure : callable
        From a scale above zero to a value; NaN where a run of that size fails, which is taken as
        too large.
    target : float
        Value sought, above zero.
    largest : float
        Largest scale allowed; scale 1 is tried first.
    tolerance : float
        Relative distance that counts as reached.
    most_runs : int
        Evaluations allowed.

    Returns
    -------
    Match
    """
    if not target > 0:
        return Match(math.nan, math.nan, target, False, 0, "there is no positive target to match")
    search = _Search(target, largest)
    scale = min(1.0, largest)
    while search.runs < most_runs:
        value = measure(scale)
        search.record(scale, value)
        if abs(value - target) <= tolerance * target:
            return Match(scale, value, target, True, search.runs)
        following = search.following()
        if following is None:
            break
        scale = following
    return search.failure()


class _Search:
    """The bracket so far, and the nearest point seen."""

    def __init__(self, target: float, largest: float) -> None:
        self.target, self.largest = target, largest
        self.low, self.high = (0.0, 0.0), (math.inf, math.nan)
        self.best = (math.nan, math.nan)
        self.runs = 0

    def record(self, scale: float, value: float) -> None:
        self.runs += 1
        if math.isnan(value) or value > self.target:
            self.high = (scale, value)
        else:
            self.low = (scale, value)
        near, seen = abs(value - self.target), abs(self.best[1] - self.target)
        if not math.isnan(value) and (math.isnan(seen) or near < seen):
            self.best = (scale, value)

    def following(self) -> float | None:
        """Return the next scale to try, or None where nothing is left to try."""
        (below, low), (above, high) = self.low, self.high
        if math.isinf(above):
            return self._outward(below, low)
        if above - below <= 1e-3 * above:
            return None
        if math.isnan(high) or high <= low:
            return 0.5 * (below + above)
        guess = below + (above - below) * (self.target - low) / (high - low)
        # Steps of whole contracts can pin one end: keep every guess a little inside the bracket.
        margin = 0.05 * (above - below)
        return min(max(guess, below + margin), above - margin)

    def _outward(self, below: float, low: float) -> float | None:
        if below >= self.largest:
            return None
        growth = self.target / low if low > 0 else 8.0
        return min(self.largest, below * min(max(growth, 1.05), 8.0))

    def failure(self) -> Match:
        scale, value = self.best
        if math.isnan(value):
            note = "no size could be run"
        elif value == 0:
            note = "it stays at nothing at every size tried"
        elif math.isinf(self.high[0]) and scale >= self.largest:
            note = f"still below the target at the largest size allowed, {scale:.3g} times"
        elif math.isinf(self.high[0]):
            note = f"size stopped growing below the target at {scale:.3g} times"
        else:
            note = "whole contracts or limits of the policy leave no size closer to the target"
        return Match(scale, value, self.target, False, self.runs, note)
