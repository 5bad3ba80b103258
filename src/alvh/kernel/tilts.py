"""How the weights of the layers move: tilts by signals and by return, and trading back drift."""

import math

import numpy as np

from alvh.contracts.rules import future_margin
from alvh.kernel.book import no_action, note
from alvh.kernel.codes import (
    CONTRACTS,
    LAYERS,
    PREMIUM,
    R_DRIFT,
    R_TILT_WAITS,
    R_TILTED,
    REBALANCE,
    SHORT,
    VX,
)
from alvh.kernel.jit import internal, merged
from alvh.kernel.layers import freed, layers_value
from alvh.kernel.orders import add, sell
from alvh.kernel.quotes import days_to_settlement, multiplier
from alvh.kernel.sizing import measure_of
from alvh.kernel.structures import affordable

YEAR_SESSIONS = 252


@internal
def layer_worth(day, cohort):
    """Return USD that a layer ties up at the last marks: options at mid, futures at margin."""
    if cohort.units == 0:
        return 0.0
    value, tied = 0.0, 0.0
    for leg in range(cohort.legs):
        size = cohort.ratio[leg] * multiplier(cohort.root[leg])
        if cohort.root[leg] == VX:
            tau = days_to_settlement(day, VX, cohort.expiry[leg])
            tied = max(tied, abs(cohort.ratio[leg]) * future_margin(cohort.mid[leg], tau))
        else:
            value += size * cohort.mid[leg]
    return cohort.units * (value + tied)


@internal
def trailing_return(daily, t, lag, i):
    """Return what layer ``i`` earned in a year on the capital it took, NaN before a year.

    This is the modified internal rate of return where capital waits, and pay-outs are kept, at no
    interest. The year ends ``lag`` sessions before ``t``.
    """
    end = t - lag
    start = end - YEAR_SESSIONS
    if start < 0:
        return np.nan
    sleeve = SHORT + i
    now, then = daily[end], daily[start]
    capital = now.paid[i] - then.paid[i] + then.worth[i]
    if capital <= 0.0:
        return np.nan
    gain = now.pnl[sleeve] - now.cost[sleeve] - then.pnl[sleeve] + then.cost[sleeve]
    return gain / capital


@merged
def _factor(guide, hedge, i, earned, mean):
    """Return the bounded factor of one layer's weight."""
    factor = guide.factor[i]
    if hedge.trailing_mirr > 0.0 and not np.isnan(earned):
        factor *= 1.0 + hedge.trailing_mirr * (earned - mean)
    return min(max(factor, hedge.floor), hedge.cap)


@merged
def _write_targets(t, guide, hedge, layers, layer_states, daily):
    """Write the weights that are asked for today; those of the policy, to the bit, if no tilt."""
    mean, count = 0.0, 0
    if hedge.trailing_mirr > 0.0:
        for i in range(LAYERS):
            earned = trailing_return(daily, t, hedge.lag, i)
            if layers[i].weight > 0.0 and not np.isnan(earned):
                mean += earned
                count += 1
        mean = mean / count if count > 0 else 0.0
    total, tilted, moves = 0.0, 0.0, False
    for i in range(LAYERS):
        weight = layers[i].weight
        earned = trailing_return(daily, t, hedge.lag, i) if count > 0 else np.nan
        factor = _factor(guide, hedge, i, earned, mean)
        moves = moves or (weight > 0.0 and factor != 1.0)
        layer_states[i].target = weight * factor
        total += weight
        tilted += weight * factor
    for i in range(LAYERS):
        if moves:
            layer_states[i].target *= total / tilted
        else:
            layer_states[i].target = layers[i].weight


@internal
def tilt_weights(t, guide, hedge, layers, state, layer_states, daily, log):
    """Move the weights in force once the tilt has lasted, or note that it has not."""
    _write_targets(t, guide, hedge, layers, layer_states, daily)
    widest, layer = 0.0, 0
    for i in range(LAYERS):
        gap = abs(layer_states[i].target - layer_states[i].weight)
        if gap > widest:
            widest, layer = gap, i
    if not widest > hedge.band:
        state.tilt_streak = 0
        return
    state.tilt_streak += 1
    if state.tilt_streak < hedge.confirmations:
        target = layer_states[layer].target
        no_action(log, state, t, SHORT + layer, R_TILT_WAITS, target, layer_states[layer].weight)
        return
    state.tilt_streak = 0
    for i in range(LAYERS):
        if layers[i].weight > 0.0:
            was, now = layer_states[i].weight, layer_states[i].target
            note(log, state, t, SHORT + i, REBALANCE, R_TILTED, now, was, layers[i].weight)
            layer_states[i].weight = now


@merged
def _counts_for(day, account, hedge, cohort):
    """Return what one structure held counts for: its worth by premium, else by the basis."""
    if hedge.basis == PREMIUM:
        return layer_worth(day, cohort) / cohort.units
    return 1.0 if hedge.basis == CONTRACTS else measure_of(day, account, hedge, cohort)


@merged
def _drift(desk, cohorts, layer_states):
    """Return (largest distance of a layer's share from its weight, value held, weight held).

    Only layers that hold something count; ``target`` receives what one structure counts for.
    """
    held, weights = 0.0, 0.0
    for i in range(LAYERS):
        layer_states[i].target = 0.0
        if cohorts[i].units > 0:
            size = _counts_for(desk.day, desk.account, desk.hedge, cohorts[i])
            layer_states[i].target = size
            held += cohorts[i].units * max(size, 0.0)
            weights += layer_states[i].weight
    widest = 0.0
    if held > 0.0 and weights > 0.0:
        for i in range(LAYERS):
            if cohorts[i].units > 0:
                share = cohorts[i].units * max(layer_states[i].target, 0.0) / held
                widest = max(widest, abs(share - layer_states[i].weight / weights))
    return widest, held, weights


@internal
def rebalance_layers(desk, cohorts, layer_states, free):
    """Trade the layers held back to their weights once their drift has lasted.

    No money is added: what layers above their weight bring is what those below may take.
    """
    hedge, state = desk.hedge, desk.state
    widest, held, weights = _drift(desk, cohorts, layer_states)
    if not widest > hedge.drift_band:
        state.drift_streak = 0
        return
    state.drift_streak += 1
    if state.drift_streak < hedge.drift_confirmations:
        return
    state.drift_streak = 0
    for side in range(2):  # sales first
        for i in range(LAYERS):
            cohort, layer_state = cohorts[i], layer_states[i]
            if cohort.units == 0 or layer_state.target <= 0.0:
                continue
            exact = layer_state.weight / weights * held / layer_state.target
            change = max(int(math.floor(exact + 1e-9)), 1) - cohort.units
            if side == 1:
                change = min(change, affordable(desk.day, desk.account, cohort, free))
            if change == 0 or (change < 0) != (side == 0):
                continue
            cash = desk.state.cash
            value, margin = layers_value(desk.day, cohorts)
            if side == 0:
                sell(desk, i, cohort, layer_state, -change, REBALANCE, R_DRIFT)
            else:
                add(desk, i, cohort, change, layer_state, REBALANCE, R_DRIFT)
            free += freed(desk, cohorts, cash, value, margin)
            note(desk.log, state, desk.t, SHORT + i, REBALANCE, R_DRIFT, float(change), widest,
                 hedge.drift_band)  # fmt: skip
