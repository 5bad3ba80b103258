"""Put-call parity of one expiry as a weighted line: compiled, numbers only.

A call less a put of one strike is worth discount·(forward − strike). Quotes give an interval for
that difference, from call bid less put ask to call ask less put bid, and the line is fitted to the
middles with the inverse square of the interval's half as weight. A strike whose interval the line
misses is refused and the line fitted again: it is stale, mistaken, or not of the same moment.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

LINE = 8  # numbers a fitted expiry has
FORWARD, FORWARD_ERROR, DISCOUNT, DISCOUNT_ERROR, USED, REFUSED, WORST, CENTRE = range(LINE)

TICK = 0.05  # an interval narrower than a tick either side is not believed more than a tick
REACH = 4.0  # strikes within this many typical deviations of the centre …
LEAST_REACH = 0.04  # … and at least this far in ln(strike)
ROUNDS = 6
LEAST_STRIKES = 3


@njit(cache=True)
def synthetic(
    call_bid: Floats, call_ask: Floats, put_bid: Floats, put_ask: Floats
) -> tuple[Floats, Floats]:
    """Return the middle of call less put and half its interval, points; NaN where one lacks."""
    middle = np.full(call_bid.size, np.nan)
    half = np.full(call_bid.size, np.nan)
    for i in range(call_bid.size):
        if call_bid[i] > 0.0 and put_bid[i] > 0.0:
            middle[i] = 0.5 * (call_bid[i] + call_ask[i] - put_bid[i] - put_ask[i])
            half[i] = 0.5 * (call_ask[i] - call_bid[i] + put_ask[i] - put_bid[i])
    return middle, half


@njit(cache=True)
def centre_of(strike: Floats, middle: Floats) -> float:
    """Return the strike at which call and put are nearest in price; NaN where none has both."""
    best, least = np.nan, np.inf
    for i in range(strike.size):
        if abs(middle[i]) < least:
            best, least = strike[i], abs(middle[i])
    return best


@njit(cache=True)
def near_centre(strike: Floats, middle: Floats, half: Floats, years: float) -> NDArray[np.bool_]:
    """Return which strikes are near enough to the money for both sides to be traded."""
    centre = centre_of(strike, middle)
    reach = max(LEAST_REACH, REACH * 0.2 * math.sqrt(years))
    near = np.zeros(strike.size, np.bool_)
    for i in range(strike.size):
        near[i] = half[i] >= 0.0 and abs(math.log(strike[i] / centre)) <= reach
    return near


@njit(cache=True)
def first_line(
    strike: Floats, middle: Floats, near: NDArray[np.bool_], discount: float, free: bool
) -> tuple[float, float]:
    """Return a forward and a discount that a quarter of bad strikes cannot move.

    The discount is the median slope over pairs half the strikes apart (Theil 1950), where it is
    free; the forward the median of what every strike says at that discount.
    """
    some = np.flatnonzero(near)
    apart = some.size // 2
    if free:
        slopes = np.empty(some.size - apart)
        for j in range(slopes.size):
            low, high = some[j], some[j + apart]
            slopes[j] = (middle[low] - middle[high]) / (strike[high] - strike[low])
        discount = float(np.median(slopes))
    return float(np.median(strike[some] + middle[some] / discount)), discount


@njit(cache=True)
def _moments(
    strike: Floats, middle: Floats, half: Floats, use: NDArray[np.bool_]
) -> tuple[float, float, float, float, float]:
    """Return weight, weighted means of strike and middle, and centred second moments."""
    weight = strikes = middles = 0.0
    for i in range(strike.size):
        if use[i]:
            w = 1.0 / max(half[i], TICK) ** 2
            weight, strikes, middles = weight + w, strikes + w * strike[i], middles + w * middle[i]
    strikes, middles = strikes / weight, middles / weight
    square = cross = 0.0
    for i in range(strike.size):
        if use[i]:
            w = 1.0 / max(half[i], TICK) ** 2
            square += w * (strike[i] - strikes) ** 2
            cross += w * (strike[i] - strikes) * (middle[i] - middles)
    return weight, strikes, middles, square, cross


@njit(cache=True)
def _refuse(
    strike: Floats, middle: Floats, half: Floats, near: NDArray[np.bool_],
    forward: float, discount: float, use: NDArray[np.bool_],
) -> int:  # fmt: skip
    """Mark the strikes whose interval the line passes through; return how many changed."""
    changed = 0
    for i in range(strike.size):
        gap = abs(middle[i] - discount * (forward - strike[i]))
        inside = near[i] and gap <= half[i] + TICK
        changed += inside != use[i]
        use[i] = inside
    return changed


@njit(cache=True)
def parity_line(
    strike: Floats, middle: Floats, half: Floats, years: float, discount: float, free: bool,
    out: Floats, use: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Fit one expiry.

    Parameters
    ----------
    strike, middle, half : float64 arrays (rows,)
        Points; see ``synthetic``.
    years : float
        To settlement.
    discount : float
        The discount, where ``free`` is false.
    free : bool
        Whether the slope is fitted.
    out : float64 array (LINE,)
        Receives forward, its standard error, discount, its standard error, strikes used and
        refused, the worst gap refused, and the centre; NaN where fewer than three strikes serve.
    use : bool array (rows,)
        Receives which strikes serve.
    """
    out[:] = np.nan
    near = near_centre(strike, middle, half, years)
    use[:] = False
    wanted = int(near.sum())
    out[USED], out[REFUSED] = 0.0, float(wanted)
    if wanted < LEAST_STRIKES:
        return
    forward, discount = first_line(strike, middle, near, discount, free)
    _refuse(strike, middle, half, near, forward, discount, use)
    for _ in range(ROUNDS):
        count = int(use.sum())
        if count < LEAST_STRIKES:
            return
        _, strikes, middles, square, cross = _moments(strike, middle, half, use)
        if free and square > 0.0:
            discount = -cross / square
        if discount <= 0.0:
            return
        forward = strikes + middles / discount
        if _refuse(strike, middle, half, near, forward, discount, use) == 0:
            break
    _errors(strike, middle, half, near, use, forward, discount, free, out)
    out[CENTRE] = centre_of(strike, middle)


@njit(cache=True)
def _errors(
    strike: Floats, middle: Floats, half: Floats, near: NDArray[np.bool_],
    use: NDArray[np.bool_], forward: float, discount: float, free: bool, out: Floats,
) -> None:  # fmt: skip
    """Write the fit, its standard errors from the scatter about the line, and what was refused."""
    weight, strikes, _, square, _ = _moments(strike, middle, half, use)
    count, scatter, worst = int(use.sum()), 0.0, 0.0
    for i in range(strike.size):
        gap = abs(middle[i] - discount * (forward - strike[i]))
        if use[i]:
            scatter += (gap / max(half[i], TICK)) ** 2
        elif near[i]:
            worst = max(worst, gap)
    variance = scatter / max(count - 2, 1)
    lever = (forward - strikes) ** 2 / square if free else 0.0
    out[FORWARD], out[DISCOUNT] = forward, discount
    out[FORWARD_ERROR] = math.sqrt(variance * (1.0 / weight + lever)) / discount
    out[DISCOUNT_ERROR] = math.sqrt(variance / square) if free else 0.0
    out[USED], out[REFUSED], out[WORST] = count, near.sum() - count, worst


@njit(cache=True)
def parity_lines(
    start: Counts, strike: Floats, middle: Floats, half: Floats, years: Floats, discount: Floats,
    free: bool,
) -> tuple[Floats, NDArray[np.bool_]]:  # fmt: skip
    """Fit many expiries; see ``parity_line``. Returns (expiries, LINE) and which rows serve."""
    out = np.empty((years.size, LINE))
    use = np.zeros(strike.size, np.bool_)
    for i in range(years.size):
        at = slice(start[i], start[i + 1])
        parity_line(strike[at], middle[at], half[at], years[i], discount[i], free, out[i], use[at])
    return out, use
