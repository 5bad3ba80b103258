"""How much of a layer to hold: schedules, weight bases, sizing modes, the spending meter."""

import math

from alvh.kernel.book import no_action
from alvh.kernel.codes import (
    CONTRACTS,
    LAYERS,
    OFFSET,
    PREMIUM,
    R_OFFSET_INFEASIBLE,
    SHORT,
    SPEND,
    STRESS,
    TODAY,
    VEGA,
)
from alvh.kernel.condors import stress_loss
from alvh.kernel.jit import compiled, internal, merged
from alvh.kernel.quotes import vix_response
from alvh.kernel.structures import (
    build_structure,
    structure_cost,
    structure_mid,
    structure_shocked,
    structure_vega,
)
from alvh.kernel.vix_smile import vix_forward


@internal
def schedule_factor(day, layer, cohort):
    """Return (factor, forward): the share of the budget the forward-keyed schedule allows."""
    if layer.schedule_steps == 0:
        return 1.0, 0.0
    forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, cohort.expiry[0])
    step = 0
    while step < layer.schedule_steps and forward > layer.schedule_break[step]:
        step += 1
    return layer.schedule_weight[step], forward


@internal
def measure_of(day, account, hedge, cohort):
    """Return what one structure counts for under the weight basis."""
    if hedge.basis == VEGA:
        return structure_vega(day, cohort)
    if hedge.basis == STRESS:
        return structure_shocked(day, cohort, TODAY, hedge.stress_spx) - structure_mid(cohort)
    return structure_cost(day, account, cohort)


@merged
def _mix(day, account, hedge, layers, layer_states, candidates, listed, state):
    """Return (cost, stress payoff) per unit of the whole mix, one structure of each listed layer.

    One unit of the mix holds weight / measure structures of each layer.
    """
    cost, payoff = 0.0, 0.0
    for j in range(LAYERS):
        if layers[j].weight == 0.0:
            continue
        candidate = candidates[j]
        if not build_structure(day, layers[j], listed, state, candidate):
            continue
        measure = measure_of(day, account, hedge, candidate)
        if measure <= 0.0:
            continue
        units = layer_states[j].weight / measure
        shocked = structure_shocked(day, candidate, TODAY, hedge.stress_spx)
        cost += units * structure_cost(day, account, candidate)
        payoff += units * (shocked - structure_mid(candidate))
    return cost, payoff


@compiled
def apportion(layer_states, total, i):
    """Return layer ``i``'s whole contracts of ``total`` by largest remainder."""
    given = 0
    for j in range(LAYERS):
        given += int(math.floor(layer_states[j].weight * total))
    rank = 0
    mine = layer_states[i].weight * total - math.floor(layer_states[i].weight * total)
    for j in range(LAYERS):
        other = layer_states[j].weight * total - math.floor(layer_states[j].weight * total)
        if other > mine or (other == mine and j < i):
            rank += 1
    extra = 1 if rank < int(round(total)) - given else 0
    return int(math.floor(layer_states[i].weight * total)) + extra


@merged
def wanted_units(
    day, t, account, state, log, hedge, layers, i, candidates, listed, layer_states, needs
):
    """Return the structures of layer ``i`` to hold by the sizing rule, as a real number.

    ``needs``: NAV in USD, condor contracts open, USD the condors lose in the named stress.
    """
    nav, contracts, loss = needs
    layer_state = layer_states[i]
    measure = measure_of(day, account, hedge, candidates[i])
    if hedge.mode == SPEND:
        return layer_state.meter / structure_cost(day, account, candidates[i])
    if hedge.basis == CONTRACTS:
        total = round(hedge.scale * hedge.contracts_per_ten * contracts / 10.0)
        return float(apportion(layer_states, total, i))
    if hedge.mode != OFFSET and hedge.basis == PREMIUM:
        return hedge.scale * hedge.budget * nav * layer_state.weight / measure
    cost, payoff = _mix(day, account, hedge, layers, layer_states, candidates, listed, state)
    if cost <= 0.0 or measure <= 0.0:
        return 0.0
    mixes = hedge.scale * hedge.budget * nav / cost
    if hedge.mode == OFFSET:
        mixes = hedge.scale * hedge.offset * loss / payoff if payoff > 0.0 else 1e300
        cap = hedge.offset_cap * nav
        if mixes * cost > cap:
            no_action(log, state, t, SHORT + i, R_OFFSET_INFEASIBLE, mixes * cost, cap)
            mixes = cap / cost
    return mixes * layer_state.weight / measure


@internal
def accrue_meter(hedge, layer, layer_state, credits, nav, days_passed):
    """Let the spending allowance of one layer grow; it never holds more than a year's worth.

    No days have passed on the first day of a run only.
    """
    yearly = hedge.scale * layer_state.weight * hedge.spend * nav
    if days_passed == 0.0 and not hedge.spend_on_credits:
        layer_state.meter = yearly * (layer.tenor - layer.roll) / 365.0
    if hedge.spend_on_credits == 1:
        layer_state.meter += hedge.scale * layer_state.weight * hedge.spend * credits
    else:
        layer_state.meter = min(layer_state.meter + yearly * days_passed / 365.0, yearly)


@internal
def book_stress(day, state, hedge, condors, scratch):
    """Return USD that the condors lose in the named stress; 0 where no sizing rule asks."""
    if hedge.mode != OFFSET:
        return 0.0
    move = vix_response(day.vix, hedge.stress_spx)
    return max(stress_loss(day, state, condors, hedge.stress_spx, move, scratch), 0.0)
