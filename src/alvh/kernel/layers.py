"""The hedge layers: settle, mark, monetise and roll."""

import math

import numpy as np

from alvh.contracts.rules import future_margin
from alvh.kernel.book import no_action, note, settle_leg, trade
from alvh.kernel.codes import (
    BUY,
    CLOSE,
    CONTRACTS,
    ESTIMATED,
    LAYERS,
    MODELLED,
    MONETISE,
    OFFSET,
    OPEN,
    PUBLISHED,
    PUT,
    QUOTED,
    R_BUDGET_TOO_SMALL,
    R_BUYING_POWER,
    R_HELD,
    R_LAYER_FILLED,
    R_METER_EMPTY,
    R_MONETISE_MULTIPLE,
    R_MONETISE_VIX,
    R_NO_CONDORS_TO_HEDGE,
    R_NO_EXPIRY,
    R_ROLL_DUE,
    R_SCHEDULE_ZERO,
    R_SETTLED,
    R_WAITING_FOR_ROLL,
    SELL,
    SETTLE,
    SHORT,
    SPEND,
    SPX,
    TOMORROW,
    VIX,
    VX,
)
from alvh.kernel.jit import compiled
from alvh.kernel.quotes import days_to_settlement, multiplier
from alvh.kernel.sizing import accrue_meter, schedule_factor, wanted_units
from alvh.kernel.structures import (
    build_structure,
    cohort_leg_mid,
    leg_price,
    structure_cost,
    structure_liquidation,
    structure_mid,
    structure_shocked,
    tick_gain,
)


@compiled
def _settlement_value(day, cohort, leg):
    """Return (value, provenance) a leg settles to today, points."""
    root = cohort.root[leg]
    if cohort.expiry[leg] > day.date:  # outlives its structure: leaves at its last mark
        return cohort.mid[leg], MODELLED
    if root == VIX or root == VX:
        known = not np.isnan(day.vix_settlement)
        level = day.vix_settlement if known else day.vix
        provenance = PUBLISHED if known and day.vix_settlement_quoted == 1 else ESTIMATED
    elif root == SPX:
        level, provenance = day.spx_open_settlement, ESTIMATED
    else:
        level, provenance = day.spx, PUBLISHED
    if root == VX:
        return level, provenance
    strike = cohort.strike[leg]
    is_put = cohort.right[leg] == PUT
    return (max(strike - level, 0.0) if is_put else max(level - strike, 0.0)), provenance


@compiled
def settle_layers(day, t, state, row, cohorts, layer_states, log):
    """Turn every structure that has expired by today into cash."""
    for i in range(LAYERS):
        cohort = cohorts[i]
        if cohort.units == 0 or cohort.root[0] > VX or cohort.expiry[0] > day.date:
            continue
        proceeds = 0.0
        for leg in range(cohort.legs):
            value, provenance = _settlement_value(day, cohort, leg)
            quantity = float(cohort.units * cohort.ratio[leg])
            settle_leg(
                log, state, row, t, SHORT + i, _terms(cohort, leg), quantity, value,
                cohort.mid[leg], R_SETTLED, provenance,
            )  # fmt: skip
            proceeds += quantity * value * multiplier(cohort.root[leg])
        _refill(layer_states[i], proceeds, cohort.units * cohort.cost)
        note(log, state, t, SHORT + i, SETTLE, R_SETTLED, float(cohort.units), proceeds,
             cohort.units * cohort.cost)  # fmt: skip
        cohort.units = 0


@compiled
def _terms(cohort, leg):
    return (cohort.root[leg], cohort.right[leg], cohort.expiry[leg], cohort.strike[leg])


@compiled
def _refill(layer_state, proceeds, cost):
    """Give the spending meter back what a sale recovered, never more than was paid."""
    layer_state.meter += min(max(proceeds, 0.0), max(cost, 0.0))


@compiled
def mark_layers(day, state, row, cohorts, layer_states, days_passed):
    """Mark every leg to today's mid; futures pay their move in cash."""
    for i in range(LAYERS):
        cohort = cohorts[i]
        row.carry[i] += layer_states[i].carry_rate * days_passed
        if cohort.units == 0:
            continue
        for leg in range(cohort.legs):
            mid = cohort_leg_mid(day, cohort, leg)
            size = cohort.units * cohort.ratio[leg] * multiplier(cohort.root[leg])
            profit = size * (mid - cohort.mid[leg])
            row.pnl[SHORT + i] += profit
            if cohort.root[leg] == VX:
                state.cash += profit
            cohort.mid[leg] = mid


@compiled
def layers_value(day, cohorts):
    """Return (option and basket value USD, margin tied up USD) of all layers at the last marks."""
    value, margin = 0.0, 0.0
    for i in range(LAYERS):
        cohort = cohorts[i]
        if cohort.units == 0:
            continue
        tied = 0.0
        for leg in range(cohort.legs):
            if cohort.root[leg] == VX:
                tau = days_to_settlement(day, VX, cohort.expiry[leg])
                size = abs(cohort.ratio[leg])
                tied = max(tied, size * future_margin(cohort.mid[leg], tau))
            else:
                size = cohort.ratio[leg] * multiplier(cohort.root[leg])
                value += cohort.units * size * cohort.mid[leg]
        if cohort.legs == 2 and cohort.ratio[0] == 2:
            tied = abs(cohort.strike[0] - cohort.strike[1]) * multiplier(cohort.root[0])
        margin += cohort.units * tied
    return value, margin


@compiled
def update_carry(day, cohorts, layer_states):
    """Store what each layer gains in one calendar day of an unchanged market, USD."""
    for i in range(LAYERS):
        cohort = cohorts[i]
        rate = 0.0
        if cohort.units > 0:
            aged = structure_shocked(day, cohort, TOMORROW, 0.0)
            rate = cohort.units * (aged - structure_mid(cohort))
        layer_states[i].carry_rate = rate


@compiled
def _trade_structures(day, t, account, state, row, log, i, cohort, units, side, action, reason):
    """Buy (+1) or sell (−1) whole structures; return USD paid or received, fees included."""
    flow = 0.0
    for leg in range(cohort.legs):
        root = cohort.root[leg]
        price, fee = leg_price(day, account, cohort, leg, side)
        quantity = float(side * units * cohort.ratio[leg])
        provenance = MODELLED
        if root > VIX and _forward_is_quoted(day, cohort.expiry[leg]):
            provenance = QUOTED
        trade(
            log, state, row, t, SHORT + i, _terms(cohort, leg), quantity, price,
            cohort.mid[leg], fee, action, reason, provenance,
        )  # fmt: skip
        flow += quantity * price * multiplier(root) + abs(quantity) * fee
    return flow


@compiled
def _forward_is_quoted(day, expiry):
    """Say whether the VIX future behind a leg has an exchange settlement today."""
    for node in range(day.curve_expiry.shape[0]):
        if day.curve_expiry[node] >= expiry:
            return day.curve_expiry[node] == expiry and day.curve_quoted[node] == 1
    return False


@compiled
def _sell(day, t, account, state, row, log, i, cohort, layer_state, units, action, reason):
    """Sell ``units`` structures of layer ``i``."""
    flow = _trade_structures(
        day, t, account, state, row, log, i, cohort, units, SELL, action, reason
    )
    _refill(layer_state, -flow, units * cohort.cost)
    cohort.units -= units
    return -flow


@compiled
def _monetise(days, t, account, state, row, log, hedge, i, cohort, layer_state):
    """Sell the rungs of the ladder that have been reached; return whether anything was sold.

    Multiples are resting orders on the liquidation value. VIX levels are a signal, so they are
    read ``lag`` sessions back.
    """
    day = days[t]
    sold = False
    by_level = hedge.vix_levels > 0
    rungs = hedge.vix_levels if by_level else hedge.multiples
    if hedge.monetise == 0 or cohort.rungs >= rungs:
        return sold
    if not by_level:
        threshold = hedge.multiple[cohort.rungs] * cohort.cost
        if cohort.cost <= 0.0 or structure_mid(cohort) + tick_gain(cohort) < threshold:
            return sold  # selling brings no more than the mid and half a tick a contract
    reading = days[max(t - hedge.lag, 0)].vix if by_level else (
        structure_liquidation(day, account, cohort) / cohort.cost
    )  # fmt: skip
    while cohort.rungs < rungs and cohort.units > 0:
        rung = cohort.rungs
        threshold = hedge.vix_level[rung] if by_level else hedge.multiple[rung]
        if not reading >= threshold:
            break
        units = min(cohort.units, max(1, int(round(hedge.fraction * cohort.bought))))
        reason = R_MONETISE_VIX if by_level else R_MONETISE_MULTIPLE
        _sell(day, t, account, state, row, log, i, cohort, layer_state, units, MONETISE, reason)
        note(log, state, t, SHORT + i, MONETISE, reason, float(units), reading, threshold)
        cohort.rungs += 1
        sold = True
    return sold


@compiled
def _postpone(layer, layer_state, cohort):
    """Keep an empty layer in cash until the day its structure would have been rolled."""
    layer_state.next_roll = int(cohort.expiry[0]) - int(layer.roll)


@compiled
def _open_layer(
    day, t, account, state, row, log, hedge, layers, i, cohorts, candidates, calendar,
    layer_state, needs, free,
):  # fmt: skip
    """Buy layer ``i`` afresh, or note why it stays in cash."""
    layer, candidate, sleeve = layers[i], candidates[i], SHORT + i
    if not build_structure(day, layer, calendar, state, candidate):
        no_action(log, state, t, sleeve, R_NO_EXPIRY, layer.tenor, 0.0)
        return
    factor, forward = schedule_factor(day, layer, candidate)
    if factor == 0.0:
        _postpone(layer, layer_state, candidate)
        no_action(log, state, t, sleeve, R_SCHEDULE_ZERO, forward, layer.schedule_break[0])
        return
    by_count = hedge.basis == CONTRACTS
    if (by_count and needs[1] == 0) or (hedge.mode == OFFSET and not by_count and needs[2] <= 0.0):
        no_action(log, state, t, sleeve, R_NO_CONDORS_TO_HEDGE, 0.0, 0.0)
        return
    wanted = factor * wanted_units(
        day, t, account, state, log, hedge, layers, i, candidates, calendar, layer_state, needs
    )
    cost = structure_cost(day, account, candidate)
    units = int(math.floor(min(wanted + 1e-9, max(free, 0.0) / cost)))
    if wanted >= 1.0 and units < int(math.floor(wanted)):
        no_action(log, state, t, sleeve, R_BUYING_POWER, free, wanted * cost)
    if units == 0:
        _postpone(layer, layer_state, candidate)
        reason = R_METER_EMPTY if hedge.mode == SPEND else R_BUDGET_TOO_SMALL
        no_action(log, state, t, sleeve, reason, wanted * cost, cost)
        return
    _buy(day, t, account, state, row, log, i, cohorts[i], candidate, units, layer_state)
    _postpone(layer, layer_state, candidate)
    note(log, state, t, sleeve, OPEN, R_LAYER_FILLED, float(units), wanted * cost, cost)


@compiled
def _copy(source, target):
    """Copy a structure's legs."""
    target.legs = source.legs
    for leg in range(source.legs):
        target.root[leg] = source.root[leg]
        target.right[leg] = source.right[leg]
        target.ratio[leg] = source.ratio[leg]
        target.expiry[leg] = source.expiry[leg]
        target.expiry_session[leg] = source.expiry_session[leg]
        target.strike[leg] = source.strike[leg]
        target.mid[leg] = source.mid[leg]


@compiled
def _buy(day, t, account, state, row, log, i, cohort, candidate, units, layer_state):
    _copy(candidate, cohort)
    cohort.units = units
    cohort.bought = units
    cohort.rungs = 0
    flow = _trade_structures(
        day, t, account, state, row, log, i, cohort, units, BUY, OPEN, R_LAYER_FILLED
    )
    cohort.cost = flow / units
    if cohort.root[0] != VX:
        row.outlay += max(flow, 0.0)
    layer_state.meter -= max(flow, 0.0)


@compiled
def _roll_due(day, layer, cohort):
    """Say whether a structure that is still held has come to its roll date."""
    if cohort.root[0] > VX:
        return day.date >= cohort.expiry[0]
    return layer.roll > 0.0 and cohort.expiry[0] - day.date <= layer.roll


@compiled
def step_layer(
    days, t, account, state, row, log, hedge, layers, i, cohorts, candidates, calendar,
    layer_states, needs, free, passed,
):  # fmt: skip
    """Take today's decision for layer ``i``: hold, monetise, roll, or buy."""
    day, layer, cohort, layer_state = days[t], layers[i], cohorts[i], layer_states[i]
    if hedge.mode == SPEND:
        accrue_meter(hedge, layer, layer_state, state.credits, needs[0], passed)
    if cohort.units > 0:
        if not _roll_due(day, layer, cohort):
            dte = float(cohort.expiry[0] - day.date)
            if not _monetise(days, t, account, state, row, log, hedge, i, cohort, layer_state):
                no_action(log, state, t, SHORT + i, R_HELD, dte, layer.roll)
            return
        units, cash = cohort.units, state.cash
        value, margin = layers_value(day, cohorts)
        got = _sell(
            day, t, account, state, row, log, i, cohort, layer_state, units, CLOSE, R_ROLL_DUE
        )
        note(log, state, t, SHORT + i, CLOSE, R_ROLL_DUE, float(units), got, layer.roll)
        # what was sold is free to pay for what replaces it
        left, left_margin = layers_value(day, cohorts)
        change = state.cash - cash + left - value
        needs = (needs[0] + change, needs[1], needs[2])
        free += change - (left_margin - margin) - (max(left, 0.0) - max(value, 0.0))
    elif day.date < layer_state.next_roll:
        waiting = float(layer_state.next_roll - day.date)
        no_action(log, state, t, SHORT + i, R_WAITING_FOR_ROLL, waiting, 0.0)
        return
    _open_layer(
        day, t, account, state, row, log, hedge, layers, i, cohorts, candidates, calendar,
        layer_state, needs, free,
    )  # fmt: skip
