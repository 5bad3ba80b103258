"""The contract rules the compiled engine asks: ticks, strikes, fees, margin.

Scalar functions; dates are days since 1970-01-01, prices, strikes and widths are points, fees and
margins USD per contract. ``root_code`` is one of ``facts.SPX, SPXW, VIX, VX, XSP``; any other code
raises ``ValueError``. Each table is read as it stood on ``date``; a date before its first row
takes the first row. The numbers are frozen into the machine code when it is compiled, and the
compiled code is cached on disk by this file's time stamp: after a change of ``facts`` touch this
file.

References
----------
Cboe SPX and VIX option specifications; Cboe rule 10.3 (margin); CFE rulebook chapter 12.
"""

import math

from numba import njit

from alvh.contracts.facts import (
    FEE_TABLE,
    FUTURE_BACK,
    FUTURE_BACK_DAYS,
    FUTURE_FRONT,
    FUTURE_FRONT_DAYS,
    INDEX_COARSEST,
    INDEX_TABLE,
    LONG_TERM_RATE,
    NINE_MONTHS,
    SHORT_FLOOR,
    SHORT_RATE,
    SPX,
    SPXW,
    TICK_TABLE,
    VIX,
    VIX_TABLE,
    XSP,
)

OPTION_MULTIPLIER = 100.0  # USD per point of one option
FUTURE_MULTIPLIER = 1000.0  # USD per point of one VX future, modern scale
SLACK = 1e-7  # of a tick, a step or a premium: what floating point may add to a whole number
INDEX_RATE = SHORT_RATE[SPX]
VIX_RATE = SHORT_RATE[VIX]
INDEX_FINEST = 5.0
VIX_FINEST = 0.5
XSP_FINEST = 1.0
MAX_WALK = 64


@njit(cache=True)
def tick_size(root_code: int, price: float, date: int, complex_order: bool) -> float:
    """Return the price increment in points of one contract, or of a package's net price.

    References
    ----------
    ``facts.TICKS``.
    """
    found = -1
    for i in range(TICK_TABLE.shape[0]):
        if TICK_TABLE[i, 0] == root_code and (found < 0 or TICK_TABLE[i, 1] <= date):
            found = i
    if found < 0:
        raise ValueError("unknown root code")
    if complex_order:
        return float(TICK_TABLE[found, 5])
    low_price = abs(price) < TICK_TABLE[found, 2]
    return float(TICK_TABLE[found, 3] if low_price else TICK_TABLE[found, 4])


@njit(cache=True)
def round_to_tick(price: float, tick: float, direction: int) -> float:
    """Return ``price`` on the grid of ``tick``: up (+1, a buyer pays), down (−1), nearest (0).

    A price within 1e-7 ticks of a grid point is taken to be on it. All ticks are whole fractions
    of a point, so the result is the double nearest to the decimal price.
    """
    per_point = float(round(1.0 / tick))
    count = price * per_point
    if direction > 0:
        whole = math.ceil(count - SLACK)
    elif direction < 0:
        whole = math.floor(count + SLACK)
    else:
        whole = math.floor(count + 0.5 + SLACK)  # half a tick goes up, whatever its last bit
    return whole / per_point


@njit(cache=True)
def _first_zone(root_code: int, tau: float, date: int) -> int:
    """Return the first row of the shortest horizon that covers ``tau``; past the end without."""
    lattice = SPXW if root_code == XSP else root_code
    for i in range(INDEX_TABLE.shape[0]):
        if INDEX_TABLE[i, 0] == lattice and INDEX_TABLE[i, 1] <= date and tau <= INDEX_TABLE[i, 2]:
            return i
    return int(INDEX_TABLE.shape[0])


@njit(cache=True)
def _index_step(first: int, moneyness: float, date: int) -> float:
    """Return the step of the zone, of those from ``first`` on, that a strike over forward is in."""
    for i in range(first, INDEX_TABLE.shape[0]):
        if INDEX_TABLE[i, 0] != INDEX_TABLE[first, 0] or INDEX_TABLE[i, 1] > date:
            continue
        alike = INDEX_TABLE[i, 2] == INDEX_TABLE[first, 2]
        if alike and INDEX_TABLE[i, 3] <= moneyness <= INDEX_TABLE[i, 4]:
            return float(INDEX_TABLE[i, 5])
    return INDEX_COARSEST


@njit(cache=True)
def _vix_step(strike: float, date: int) -> float:
    start = VIX_TABLE[0, 0]
    for i in range(VIX_TABLE.shape[0]):
        if VIX_TABLE[i, 0] <= date:
            start = VIX_TABLE[i, 0]
    for i in range(VIX_TABLE.shape[0]):
        if VIX_TABLE[i, 0] == start and strike < VIX_TABLE[i, 1]:
            return float(VIX_TABLE[i, 2])
    return float(VIX_TABLE[VIX_TABLE.shape[0] - 1, 2])


@njit(cache=True)
def strike_step(root_code: int, strike: float, forward: float, tau: float, date: int) -> float:
    """Return the strike interval in points around ``strike``.

    ``forward`` in points, ``tau`` days to settlement; VIX needs neither. The SPX intervals are
    the coarsest of those seen in real chains for such a strike, so that what is chosen was listed.

    References
    ----------
    ``facts.INDEX_LATTICE`` and ``facts.VIX_LATTICE``.
    """
    return _step_from(_first_zone(root_code, tau, date), root_code, strike, forward, date)


@njit(cache=True)
def _step_from(first: int, root_code: int, strike: float, forward: float, date: int) -> float:
    if root_code == VIX:
        return _vix_step(strike, date)
    if root_code != SPX and root_code != SPXW and root_code != XSP:
        raise ValueError("unknown root code, or one without strikes")
    step = _index_step(first, strike / forward, date)
    return max(0.1 * step, 1.0) if root_code == XSP else step


@njit(cache=True)
def _finest_step(root_code: int) -> float:
    if root_code == VIX:
        return VIX_FINEST
    return XSP_FINEST if root_code == XSP else INDEX_FINEST


@njit(cache=True)
def _walk(root_code: int, grid: float, way: float, forward: float, tau: float, date: int) -> float:
    """Walk over multiples of the finest step to the first listed strike; −1 if there is none."""
    finest, first = _finest_step(root_code), _first_zone(root_code, tau, date)
    for _ in range(MAX_WALK):
        strike = grid * finest
        if strike <= 0.0:
            break
        steps = strike / _step_from(first, root_code, strike, forward, date)
        if steps == math.floor(steps):  # exact: strikes and steps are whole halves of a point
            return strike
        grid += way
    return -1.0


@njit(cache=True)
def strike_below(root_code: int, target: float, forward: float, tau: float, date: int) -> float:
    """Return the highest listed strike at or below ``target`` points.

    Below the lowest strike of the lattice it is the lowest.
    """
    grid = float(math.floor(target / _finest_step(root_code) + SLACK))
    strike = _walk(root_code, grid, -1.0, forward, tau, date)
    return strike if strike > 0.0 else _walk(root_code, 1.0, 1.0, forward, tau, date)


@njit(cache=True)
def strike_above(root_code: int, target: float, forward: float, tau: float, date: int) -> float:
    """Return the lowest listed strike at or above ``target`` points."""
    grid = max(float(math.ceil(target / _finest_step(root_code) - SLACK)), 1.0)
    return _walk(root_code, grid, 1.0, forward, tau, date)


@njit(cache=True)
def nearest_strike(root_code: int, target: float, forward: float, tau: float, date: int) -> float:
    """Return the listed strike closest to ``target`` points; of two equally close, the lower."""
    below = strike_below(root_code, target, forward, tau, date)
    above = strike_above(root_code, target, forward, tau, date)
    return above if above - target < target - below else below


@njit(cache=True)
def exchange_fee(root_code: int, price: float, date: int, complex_order: bool) -> float:
    """Return the exchange's fee in USD for one customer contract, one side, at ``price`` points.

    Broker commission and clearing are not in it: ``facts.COMMISSION``, ``facts.PASS_THROUGH``.

    References
    ----------
    ``facts.FEES``.
    """
    found = -1
    for i in range(FEE_TABLE.shape[0]):
        if FEE_TABLE[i, 0] != root_code or (found >= 0 and FEE_TABLE[i, 1] > date):
            continue
        if FEE_TABLE[i, 2] <= price + SLACK or FEE_TABLE[i, 2] == 0.0:
            found = i
    if found < 0:
        raise ValueError("unknown root code")
    return float(FEE_TABLE[found, 4] if complex_order else FEE_TABLE[found, 3])


@njit(cache=True)
def spread_margin(width: float, credit: float) -> float:
    """Return the margin in USD of one credit spread ``width`` points wide: its worst loss."""
    return max(width - credit, 0.0) * OPTION_MULTIPLIER


@njit(cache=True)
def condor_margin(put_width: float, call_width: float, credit: float) -> float:
    """Return the Reg-T margin in USD of one short iron condor with wings of any two widths.

    The strategy-based rule asks for the aggregate width that can be lost, and as put and call
    spread expire together only one of them can finish in the money: the wider wing, less the net
    credit received (points). That is exactly the worst loss at expiry.

    References
    ----------
    Cboe rule 10.3(c)(5) (spreads and short iron condors); Cboe strategy-based margin manual.
    """
    return spread_margin(max(put_width, call_width), credit)


@njit(cache=True)
def long_option_margin(price: float, tau: float) -> float:
    """Return what a long option ties up in USD: its price, beyond nine months three quarters of it.

    References
    ----------
    Cboe rule 10.3; ``tau`` in days.
    """
    rate = 1.0 if tau <= NINE_MONTHS else LONG_TERM_RATE
    return rate * price * OPTION_MULTIPLIER


@njit(cache=True)
def short_option_margin(
    root_code: int, price: float, strike: float, index: float, is_put: bool
) -> float:
    """Return the margin in USD of one uncovered short option.

    Premium plus a fraction of the spot index (VIX 20 %, broad-based indexes 15 %) less what it is
    out of the money, at least 10 % of the index for a call, of the strike for a put.

    References
    ----------
    Cboe rule 10.3; Cboe VIX option specification.
    """
    rate = VIX_RATE if root_code == VIX else INDEX_RATE
    away = max(index - strike, 0.0) if is_put else max(strike - index, 0.0)
    floor = SHORT_FLOOR * (strike if is_put else index)
    return (price + max(rate * index - away, floor)) * OPTION_MULTIPLIER


@njit(cache=True)
def short_vix_option_margin(price: float, strike: float, vix: float, is_put: bool) -> float:
    """Return the margin in USD of one uncovered short VIX option; ``vix`` is spot, in points."""
    return short_option_margin(VIX, price, strike, vix, is_put)


@njit(cache=True)
def future_margin(price: float, tau: float) -> float:
    """Return the initial margin in USD of one VX future at ``price``, ``tau`` days to settlement.

    A fraction of the contract's value, falling from the front of the curve to its back. As the
    price leads, margin rises with volatility, as clearing houses' margins do.

    References
    ----------
    ``facts.FUTURE_FRONT``, ``facts.FUTURE_BACK``.
    """
    span = (tau - FUTURE_FRONT_DAYS) / (FUTURE_BACK_DAYS - FUTURE_FRONT_DAYS)
    share = min(max(span, 0.0), 1.0)
    rate = FUTURE_FRONT + share * (FUTURE_BACK - FUTURE_FRONT)
    return rate * price * FUTURE_MULTIPLIER
