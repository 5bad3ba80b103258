"""What moved one contract from one mark to the next, in terms of its greeks.

The way from yesterday's mark to today's is walked in a fixed order, so that each part is a
difference of prices or a greek times a move, and what the greeks leave over is the residual:

1. **time**: the calendar moves on with forward and volatility held;
2. **rate**: the discount rate moves to today's;
3. **market**: the forward moves by dF and the volatility of the strike by dσ.

    dP = θ + ρ + Δ·dF + ν·dσ + ½Γ̄·dF² + vanna̅·dF·dσ + ½volga̅·dσ² + residual

Δ and ν are those of yesterday's forward and volatility after steps 1 and 2. The bars are averages
along the straight line from (F, σ) to (F + dF, σ + dσ) with the weight 2·(1 − u), the remainder
form of Taylor's theorem, by a rule of two points that is exact to the fifth order; or, if not
``along``, all greeks are yesterday's own (the expansion that was possible the evening before).

A leg that settles goes the other way round: first its forward moves to the settlement value at
yesterday's time and volatility, then the time value that is left there is lost, and is theta. The
pay-off has a kink, so there Γ̄ is the whole curvature of the move.

dF is split at the forward that an unchanged curve would have brought (the roll-down), dσ at the
volatility of an unchanged smile at that forward and time (ageing), and of that smile at today's
forward (the slide along it).

References
----------
Remainder in integral form: Apostol (1967), Calculus I, theorem 7.6. Rule: Gauss–Jacobi for the
weight 1 − u, Abramowitz and Stegun (1964), table 25.8 (k = 1, n = 2).
"""

import math
from typing import Any

import numpy as np
from numba import njit

from alvh.kernel.codes import PUT, SPX, TODAY, VIX, VX
from alvh.kernel.greeks import option_forward, option_greeks, option_state, smile_sigma
from alvh.kernel.jit import compiled, internal
from alvh.kernel.listed import mark_by
from alvh.kernel.quotes import YEAR, days_to_settlement, leg_value, sessions_to_settlement

SPAN = np.dtype(
    [
        ("root", np.int64),
        ("right", np.int64),
        ("expiry", np.int64),  # days since 1970-01-01
        ("expiry_session", np.int64),
        ("strike", np.float64),  # points
        ("start", np.int64),  # row of the day that was marked last
        ("end", np.int64),  # row of the day that is explained
        ("settled", np.uint8),  # 1: it left at ``value`` by settlement
        ("value", np.float64),  # settlement per contract, points; not read otherwise
    ]
)

PARTS = (
    "carry", "delta", "gamma", "vega", "theta", "vanna", "volga", "rate", "residual",
)  # fmt: skip
VEGA_PARTS = ("vega_ageing", "vega_slide", "vega_surface")
STATES = ("price", "forward_start", "forward_end", "sigma_start", "sigma_end", "tau_start")
EXPLAINED = np.dtype([(name, np.float64) for name in ("pnl", *PARTS, *VEGA_PARTS, *STATES)])

SAME_PRICE = 1e-9  # points
# Gauss–Jacobi on [0, 1] for ∫(1 − u)·f(u) du: nodes (4 ∓ √6)/10, weights (9 ± √6)/36
NEAR, FAR = (4.0 - math.sqrt(6.0)) / 10.0, (4.0 + math.sqrt(6.0)) / 10.0
NEAR_WEIGHT, FAR_WEIGHT = (9.0 + math.sqrt(6.0)) / 36.0, (9.0 - math.sqrt(6.0)) / 36.0


@compiled
def path_curvature(
    forward: float, strike: float, sigma: float, years: float, rate: float, is_put: bool,
    move: float, change: float,
) -> Any:  # fmt: skip
    """Return the gamma, vanna and volga terms of a move, their greeks averaged along it.

    Parameters
    ----------
    forward, strike, sigma, years, rate, is_put
        As for ``option_greeks``, at the start of the move.
    move, change : float
        dF in points, dσ decimal.

    Returns
    -------
    tuple of float
        Points; what they and the first-order terms leave over is of the sixth order.
    """
    gamma, vanna, volga = 0.0, 0.0, 0.0
    for point in range(2):
        u = NEAR if point == 0 else FAR
        weight = NEAR_WEIGHT if point == 0 else FAR_WEIGHT
        greeks = option_greeks(forward + u * move, strike, sigma + u * change, years, rate, is_put)
        gamma += weight * greeks[2]
        vanna += 2.0 * weight * greeks[5]
        volga += weight * greeks[6]
    return gamma * move * move, vanna * move * change, volga * change * change


@internal
def _unmoved_sigmas(before: Any, after: Any, span: Any, rolled: float, forward: float) -> Any:
    """Return yesterday's smile at today's time: at the rolled forward, and at today's."""
    tau = days_to_settlement(after, span.root, span.expiry)
    sessions = sessions_to_settlement(after, span.root, span.expiry_session)
    aged = smile_sigma(before, span.root, rolled, tau, sessions, span.strike)
    return aged, smile_sigma(before, span.root, forward, tau, sessions, span.strike)


@internal
def _gap(day: Any, quotes: Any, span: Any, price: float) -> float:
    """Return how far a contract's mark stands above the smile's price, points."""
    mark = mark_by(day, quotes, span.root, span.right, span.expiry, span.strike, price)
    return float(mark.gap)


@internal
def _marked(before: Any, after: Any, quotes: Any, span: Any, along: bool, row: Any) -> None:
    """Explain an option that is marked on both days."""
    is_put, strike = span.right == PUT, span.strike
    terms = (span.root, span.expiry, span.expiry_session, strike)
    forward, sigma, years = option_state(before, *terms)
    end_forward, end_sigma, left = option_state(after, *terms)
    start = option_greeks(forward, strike, sigma, years, before.rate, is_put)
    aged = option_greeks(forward, strike, sigma, left, before.rate, is_put)
    held = option_greeks(forward, strike, sigma, left, after.rate, is_put)
    end = option_greeks(end_forward, strike, end_sigma, left, after.rate, is_put)
    rolled = option_forward(before, span.root, span.expiry, after.date - before.date)
    move, change = end_forward - forward, end_sigma - sigma
    row.pnl = end[0] + _gap(after, quotes, span, end[0])
    row.pnl -= start[0] + _gap(before, quotes, span, start[0])
    row.price, row.tau_start = start[0], years * YEAR
    row.forward_start, row.forward_end = forward, end_forward
    row.sigma_start, row.sigma_end = sigma, end_sigma
    if along:
        row.theta, row.rate = aged[0] - start[0], held[0] - aged[0]
        row.gamma, row.vanna, row.volga = path_curvature(
            forward, strike, sigma, left, after.rate, is_put, move, change
        )
        delta, vega = held[1], held[3]
    else:
        row.theta = start[4] * float(after.date - before.date)
        row.rate = -years * start[0] * (after.rate - before.rate)
        row.gamma = 0.5 * start[2] * move * move
        row.vanna, row.volga = start[5] * move * change, 0.5 * start[6] * change * change
        delta, vega = start[1], start[3]
    row.carry, row.delta = delta * (rolled - forward), delta * (end_forward - rolled)
    row.vega = vega * change
    unmoved, slid = _unmoved_sigmas(before, after, span, rolled, end_forward)
    row.vega_ageing, row.vega_slide = vega * (unmoved - sigma), vega * (slid - unmoved)
    row.vega_surface = vega * (end_sigma - slid)


@internal
def _settlement_level(day: Any, span: Any) -> float:
    """Return what the underlying settled to, points; NaN where the pay-off says otherwise."""
    if span.root == VIX:
        level = day.vix if math.isnan(day.vix_settlement) else day.vix_settlement
    else:
        level = day.spx_open_settlement if span.root == SPX else day.spx
    payoff = max(span.strike - level if span.right == PUT else level - span.strike, 0.0)
    return float(level) if abs(payoff - span.value) < SAME_PRICE else math.nan


@internal
def _settled(before: Any, after: Any, quotes: Any, span: Any, along: bool, row: Any) -> None:
    """Explain an option that settles: the move to the settlement value, then the time value."""
    is_put, strike, level = span.right == PUT, span.strike, _settlement_level(after, span)
    forward, sigma, years = option_state(
        before, span.root, span.expiry, span.expiry_session, strike
    )
    start = option_greeks(forward, strike, sigma, years, before.rate, is_put)
    row.pnl = span.value - start[0] - _gap(before, quotes, span, start[0])
    row.price, row.tau_start = start[0], years * YEAR
    row.forward_start, row.forward_end = forward, level
    row.sigma_start, row.sigma_end = sigma, math.nan
    if math.isnan(level):
        return
    moved = option_greeks(level, strike, sigma, years, before.rate, is_put)
    rolled = option_forward(before, span.root, span.expiry, after.date - before.date)
    move = level - forward
    row.carry, row.delta = start[1] * (rolled - forward), start[1] * (level - rolled)
    row.gamma = moved[0] - start[0] - start[1] * move if along else 0.5 * start[2] * move * move
    row.theta = span.value - moved[0]


@internal
def _outright(before: Any, after: Any, span: Any, row: Any) -> None:
    """Explain a future, a basket or the index: the roll-down of its curve, and the rest."""
    age = after.date - before.date
    terms = (span.root, span.right, span.expiry, span.expiry_session, span.strike)
    price = leg_value(before, *terms, TODAY, 0.0, 0.0)
    rolled = leg_value(before, *terms, age, 0.0, 0.0)
    end = span.value if span.settled == 1 else leg_value(after, *terms, TODAY, 0.0, 0.0)
    row.pnl, row.price = end - price, price
    row.carry, row.delta = rolled - price, end - rolled
    row.forward_start, row.forward_end = price, end
    row.sigma_start, row.sigma_end = math.nan, math.nan
    row.tau_start = float(span.expiry - before.date) if span.root == VX else math.nan


@internal
def explain_one(before: Any, after: Any, quotes: Any, span: Any, along: bool, row: Any) -> None:
    """Write into ``row`` what moved one contract between two days; see ``explain``."""
    left_over = span.settled == 1 and span.expiry > after.date  # it left at its last mark
    if left_over:
        row.pnl = 0.0
        row.price = span.value
        row.forward_start = row.forward_end = row.sigma_start = row.sigma_end = math.nan
        row.tau_start = math.nan
        return
    if span.root >= VX:
        _outright(before, after, span, row)
    elif span.settled == 1:
        _settled(before, after, quotes, span, along, row)
    else:
        _marked(before, after, quotes, span, along, row)
    row.residual = row.pnl - (
        row.carry + row.delta + row.gamma + row.vega + row.theta + row.vanna + row.volga + row.rate
    )


@njit(cache=True)
def explain(days: Any, quotes: Any, spans: Any, along: bool, out: Any) -> None:
    """Explain the move of every span, per contract in points.

    Parameters
    ----------
    days : ndarray of DAY, shape (n,)
    quotes : ndarray of QUOTE
        What a contract's quotes do beyond the smile of their day is in the residual.
    spans : ndarray of SPAN, shape (m,)
        ``start`` and ``end`` are rows of ``days``; those of ``start`` must be tradable, those of
        ``end`` too unless the span settles.
    along : bool
        Average the second-order greeks along the move; otherwise take all greeks of the start.
    out : ndarray of EXPLAINED, shape (m,)
        Zeroed; receives the parts in points and the state at both ends.
    """
    for i in range(spans.shape[0]):
        explain_one(days[spans[i].start], days[spans[i].end], quotes, spans[i], along, out[i])
