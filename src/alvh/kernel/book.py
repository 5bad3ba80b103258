"""Cash, fills and the logs: the only functions that change what the book owns or owes.

Profit is kept at mid by sleeve; the distance from mid to the fill, and fees, are kept as costs.
So NAV moves by profit at mid + interest − costs, and the cash account must agree to the cent.
"""

import numpy as np

from alvh.kernel.codes import FITTED, MODELLED, NONE, SETTLE, VX
from alvh.kernel.jit import internal
from alvh.kernel.quotes import multiplier


@internal
def note(log, state, t, sleeve, action, reason, quantity, reading, threshold):
    """Append one decision, if a decision log is kept."""
    i = state.decisions
    state.decisions += 1
    if i < log.decisions.shape[0]:
        row = log.decisions[i]
        row.day = t
        row.sleeve = sleeve
        row.action = action
        row.reason = reason
        row.quantity = quantity
        row.reading = reading
        row.threshold = threshold


@internal
def record(log, state, t, sleeve, leg, quantity, price, mid, fees, action, reason, provenance):
    """Append one trade or settlement; ``leg`` is (root, right, expiry, strike)."""
    i = state.trades
    state.trades += 1
    if i < log.trades.shape[0]:
        row = log.trades[i]
        row.day = t
        row.sleeve = sleeve
        row.root = leg[0]
        row.right = leg[1]
        row.expiry = leg[2]
        row.strike = leg[3]
        row.quantity = quantity
        row.price = price
        row.mid = mid
        row.fees = fees
        row.action = action
        row.reason = reason
        row.provenance = provenance


@internal
def trade(log, state, row, t, sleeve, leg, quantity, price, mid, fee, action, reason, provenance):
    """Fill ``quantity`` signed contracts of one leg at ``price``; futures pay no premium."""
    root = leg[0]
    size = abs(quantity)
    fees = size * fee
    slippage = quantity * multiplier(root) * (price - mid)
    premium = 0.0 if root == VX else quantity * multiplier(root) * mid
    state.cash -= premium + slippage + fees
    row.cost[sleeve] += slippage + fees
    state.fills += 1
    if provenance == MODELLED:
        state.fills_modelled += 1
    elif provenance == FITTED:
        state.fills_fitted += 1
    record(log, state, t, sleeve, leg, quantity, price, mid, fees, action, reason, provenance)


@internal
def settle_leg(log, state, row, t, sleeve, leg, quantity, value, mid, reason, provenance):
    """Turn one leg into cash at its settlement ``value``: points per contract, a payoff."""
    root = leg[0]
    profit = quantity * multiplier(root) * (value - mid)
    row.pnl[sleeve] += profit
    # A future's earlier moves have been paid daily; only the last one is still due.
    state.cash += profit if root == VX else quantity * multiplier(root) * value
    record(log, state, t, sleeve, leg, -quantity, value, value, 0.0, SETTLE, reason, provenance)
    return profit


@internal
def accrue_interest(account, state, row, rate, days):
    """Add interest on cash for ``days`` calendar days; a debit pays the spread on top."""
    if state.cash >= 0.0:
        interest = state.cash * np.expm1(rate * days / 365.0)
    else:
        interest = state.cash * np.expm1((rate + account.debit_spread) * days / 365.0)
    state.cash += interest
    row.interest += interest


@internal
def no_action(log, state, t, sleeve, reason, reading, threshold):
    """Append a decision to do nothing, with the reading it rested on."""
    note(log, state, t, sleeve, NONE, reason, 0.0, reading, threshold)
