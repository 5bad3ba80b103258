"""The hedge layers: settle, mark, and each day's decision to hold, take gains, roll or buy."""

import math

import numpy as np

from alvh.contracts.rules import future_margin
from alvh.kernel.book import no_action, note, settle_leg
from alvh.kernel.codes import (
    CLOSE,
    CONTRACTS,
    ESTIMATED,
    LAYERS,
    MODELLED,
    OFFSET,
    OPEN,
    PUBLISHED,
    PUT,
    R_BUDGET_TOO_SMALL,
    R_BUYING_POWER,
    R_DEFERRED,
    R_HELD,
    R_INVERTED,
    R_LAYER_FILLED,
    R_METER_EMPTY,
    R_NO_CONDORS_TO_HEDGE,
    R_NO_EXPIRY,
    R_NO_SOUND_PRICE,
    R_REENTRY,
    R_ROLL_DUE,
    R_SCHEDULE_ZERO,
    R_SETTLED,
    R_STAGE,
    R_WAITING_FOR_ROLL,
    SETTLE,
    SHORT,
    SPEND,
    SPX,
    TOMORROW,
    VIX,
    VX,
)
from alvh.kernel.construction import construct
from alvh.kernel.jit import compiled, internal, merged
from alvh.kernel.ladder import comes_back, monetise
from alvh.kernel.orders import add, buy, copy_structure, leg_terms, refill, sell
from alvh.kernel.quotes import days_to_settlement, multiplier
from alvh.kernel.rolls import cheapest_expiry, is_on_vix, roll_reason
from alvh.kernel.sizing import accrue_meter, schedule_factor, wanted_units
from alvh.kernel.structures import (
    affordable,
    build_structure,
    sells_dearer,
    structure_cost,
    structure_mid,
    structure_shocked,
)


@merged
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


@internal
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
                log, state, row, t, SHORT + i, leg_terms(cohort, leg), quantity, value,
                cohort.mid[leg], R_SETTLED, provenance,
            )  # fmt: skip
            proceeds += quantity * value * multiplier(cohort.root[leg])
        proceeds -= cohort.units * cohort.base
        refill(layer_states[i], proceeds, cohort.units * cohort.cost)
        note(log, state, t, SHORT + i, SETTLE, R_SETTLED, float(cohort.units), proceeds,
             cohort.units * cohort.cost)  # fmt: skip
        cohort.units = 0


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
        if sells_dearer(cohort):
            gap = abs(cohort.strike[0] - cohort.strike[1]) * multiplier(cohort.root[0])
            tied = abs(cohort.ratio[1]) * gap
        margin += cohort.units * tied
    return value, margin


@internal
def update_carry(day, cohorts, layer_states):
    """Store what each layer gains in one calendar day of an unchanged market, USD."""
    for i in range(LAYERS):
        cohort = cohorts[i]
        rate = 0.0
        if cohort.units > 0:
            aged = cohort.aged
            if cohort.aged_on != day.date:  # bought today
                aged = structure_shocked(day, cohort, TOMORROW, 0.0)
            rate = cohort.units * (aged - structure_mid(cohort))
        layer_states[i].carry_rate = rate


@internal
def _means(desk, cohorts, condors):
    """Return ((NAV, condors to hedge, USD they lose in the stress), USD free for the hedge).

    ``condors``: value of condors and index fund, margin, number to hedge, stress loss.
    """
    value, margin, contracts, loss = condors
    hedge, hedge_margin = layers_value(desk.day, cohorts)
    nav = desk.state.cash + value + hedge
    return (nav, contracts, loss), nav - margin - hedge_margin - max(hedge, 0.0)


@internal
def freed(desk, cohorts, cash, value, margin):
    """Return USD that became free since the account held this cash, hedge value and margin."""
    left, left_margin = layers_value(desk.day, cohorts)
    change = desk.state.cash - cash + left - value
    return change - (left_margin - margin) - (max(left, 0.0) - max(value, 0.0))


@internal
def _postpone(layer, layer_state, cohort):
    """Keep an empty layer in cash until the day its structure would have been rolled."""
    layer_state.next_roll = int(cohort.expiry[0]) - int(layer.roll)


@internal
def _nothing_to_hedge(hedge, needs):
    by_count = hedge.basis == CONTRACTS
    offsets = hedge.mode == OFFSET and not by_count
    return (by_count and needs[1] == 0) or (offsets and needs[2] <= 0.0)


@internal
def _wanted(desk, layers, i, candidates, layer_states, needs):
    return wanted_units(
        desk.day, desk.t, desk.account, desk.state, desk.log, desk.hedge, layers, i, candidates,
        desk.listed, layer_states, needs,
    )  # fmt: skip


@internal
def _open_layer(desk, layers, i, cohorts, candidates, layer_states, needs, free, parts):
    """Buy layer ``i`` afresh, or the first of ``parts`` of it, or note why it stays in cash."""
    day, hedge, state, log, t = desk.day, desk.hedge, desk.state, desk.log, desk.t
    layer, candidate, layer_state, sleeve = layers[i], candidates[i], layer_states[i], SHORT + i
    layer_state.stages_left = 0
    if not build_structure(day, layer, desk.listed, state, candidate):
        no_action(log, state, t, sleeve, R_NO_EXPIRY, layer.tenor, 0.0)
        return
    factor, forward = schedule_factor(day, layer, candidate)
    if factor == 0.0:
        _postpone(layer, layer_state, candidate)
        no_action(log, state, t, sleeve, R_SCHEDULE_ZERO, forward, layer.schedule_break[0])
        return
    if _nothing_to_hedge(hedge, needs):
        no_action(log, state, t, sleeve, R_NO_CONDORS_TO_HEDGE, 0.0, 0.0)
        return
    cost = structure_cost(day, desk.account, candidate)
    if cost <= 0.0:
        no_action(log, state, t, sleeve, R_NO_SOUND_PRICE, cost, 0.0)
        return
    wanted = factor * _wanted(desk, layers, i, candidates, layer_states, needs)
    if layer.least_cost == 1:
        wanted, cost = cheapest_expiry(desk, layer, candidate, wanted, cost)
    if parts > 1:
        wanted /= parts
    units = int(math.floor(min(wanted + 1e-9, max(free, 0.0) / cost)))
    if wanted >= 1.0 and units < int(math.floor(wanted)):
        no_action(log, state, t, sleeve, R_BUYING_POWER, free, wanted * cost)
    _postpone(layer, layer_state, candidate)
    if units == 0:
        reason = R_METER_EMPTY if hedge.mode == SPEND else R_BUDGET_TOO_SMALL
        no_action(log, state, t, sleeve, reason, wanted * cost, cost)
        return
    allowed = wanted * cost
    if hedge.construction > 0:
        units = construct(desk, i, layer, candidate, units, free)
        cost = structure_cost(day, desk.account, candidate)
        if units == 0:
            no_action(log, state, t, sleeve, R_BUYING_POWER, free, cost)
            return
    buy(desk, i, cohorts[i], candidate, units, layer_state, R_LAYER_FILLED)
    if parts > 1:
        layer_state.stages_left = parts - 1
        layer_state.stage_date = day.date + hedge.gap
    note(log, state, t, sleeve, OPEN, R_LAYER_FILLED, float(units), allowed, cost)


@merged
def _buy_part(desk, layers, i, cohorts, candidates, layer_states, needs, free):
    """Buy the next part of a re-entry into what the layer holds already."""
    hedge, cohort, layer_state = desk.hedge, cohorts[i], layer_states[i]
    done = hedge.stages - layer_state.stages_left
    copy_structure(cohort, candidates[i])
    most = affordable(desk.day, desk.account, cohort, free)
    wanted = _wanted(desk, layers, i, candidates, layer_states, needs) if most > 0 else 0.0
    if hedge.mode == SPEND:  # the meter holds what may still be spent
        units = int(math.floor(wanted / layer_state.stages_left + 1e-9))
    else:
        units = int(math.floor(wanted * (done + 1) / hedge.stages + 1e-9)) - cohort.units
    units = min(units, most)
    layer_state.stages_left -= 1
    layer_state.stage_date = desk.day.date + hedge.gap
    if units > 0:
        add(desk, i, cohort, units, layer_state, OPEN, R_STAGE)
    note(desk.log, desk.state, desk.t, SHORT + i, OPEN, R_STAGE, float(max(units, 0)),
         float(done + 1), float(hedge.stages))  # fmt: skip


@internal
def _waits(desk, layer, layer_state, i):
    """Say whether an order on VIX waits for the front future to come back into line."""
    patience = desk.hedge.defer
    if desk.guide.distorted == 0 or layer_state.deferred >= patience or not is_on_vix(layer):
        return False
    layer_state.deferred += 1
    no_action(
        desk.log, desk.state, desk.t, SHORT + i, R_DEFERRED, float(layer_state.deferred),
        float(patience),
    )  # fmt: skip
    return True


@merged
def _hold(desk, layers, i, cohorts, candidates, layer_states, condors):
    """Keep the layer, but for gains that are taken and the next part of a re-entry."""
    layer, cohort, layer_state = layers[i], cohorts[i], layer_states[i]
    barred = layer.stops_inverted == 1 and desk.guide.inverted == 1
    if monetise(desk, i, cohort, layer_state):
        return
    if layer_state.stages_left > 0 and desk.day.date >= layer_state.stage_date and not barred:
        needs, free = _means(desk, cohorts, condors)
        _buy_part(desk, layers, i, cohorts, candidates, layer_states, needs, free)
        return
    left = float(cohort.expiry[0] - desk.day.date)
    no_action(desk.log, desk.state, desk.t, SHORT + i, R_HELD, left, layer.roll)


@internal
def step_layer(desk, layers, i, cohorts, candidates, layer_states, condors, passed):
    """Take today's decision for layer ``i``: hold, monetise, roll, or buy.

    ``condors``: value of condors and index fund in USD, their margin, number to hedge, USD they
    lose in the stress; ``passed``: calendar days since the last decision.
    """
    day, hedge, state = desk.day, desk.hedge, desk.state
    layer, cohort, layer_state = layers[i], cohorts[i], layer_states[i]
    if hedge.mode == SPEND:
        nav = _means(desk, cohorts, condors)[0][0]
        accrue_meter(hedge, layer, layer_state, state.credits, nav, passed)
    barred = layer.stops_inverted == 1 and desk.guide.inverted == 1
    again = comes_back(hedge, layer_state, desk.vix) and not barred
    if cohort.units > 0:
        reason = roll_reason(desk, layer, layer_state, cohort, candidates[i])
        if again and reason == R_HELD:
            reason = R_REENTRY
        if reason == R_HELD:
            _hold(desk, layers, i, cohorts, candidates, layer_states, condors)
            return
        if _waits(desk, layer, layer_state, i):
            state.roll_past[i] = 0
            return
        again = reason == R_REENTRY
        units = cohort.units
        got = sell(desk, i, cohort, layer_state, units, CLOSE, reason)
        left = layer.roll if reason == R_ROLL_DUE else float(cohort.expiry[0] - day.date)
        note(desk.log, state, desk.t, SHORT + i, CLOSE, reason, float(units), got, left)
    elif not again and day.date < layer_state.next_roll:
        waiting = float(layer_state.next_roll - day.date)
        no_action(desk.log, state, desk.t, SHORT + i, R_WAITING_FOR_ROLL, waiting, 0.0)
        return
    elif _waits(desk, layer, layer_state, i):
        return
    layer_state.peak = 0.0
    if barred:
        no_action(desk.log, state, desk.t, SHORT + i, R_INVERTED, desk.vix, 0.0)
        return
    parts = hedge.stages if again else 1
    needs, free = _means(desk, cohorts, condors)  # what was sold pays for what replaces it
    _open_layer(desk, layers, i, cohorts, candidates, layer_states, needs, free, parts)
    state.roll_past[i] = 0
