"""When a layer is rolled, and along which expiry it costs least to hold."""

import numpy as np

from alvh.kernel.codes import (
    BASKET_MID,
    BASKET_SHORT,
    NOWHERE,
    R_HELD,
    R_ROLL_DUE,
    R_ROLL_EVENT,
    R_ROLL_EXTRINSIC,
    R_ROLL_STRENGTH,
    SPX_PUT,
    SPX_PUT_BACKSPREAD,
    VX,
)
from alvh.kernel.jit import internal, merged
from alvh.kernel.orders import time_value
from alvh.kernel.shift import decay_rate, spot_vix_delta
from alvh.kernel.structures import (
    build_structure,
    mark_structure,
    set_vix_legs,
    shortest_allowed,
    structure_cost,
)

FURTHEST = 2.0  # tenors: beyond it a layer would be another layer


@internal
def is_on_vix(layer):
    """Say whether a layer holds VIX options or futures."""
    kind = layer.instrument
    on_spx = kind == SPX_PUT or kind == SPX_PUT_BACKSPREAD
    return not on_spx and kind != BASKET_SHORT and kind != BASKET_MID


@internal
def _same(one, other):
    """Say whether two structures have the same legs."""
    same = one.legs == other.legs
    for leg in range(one.legs):
        same = same and one.expiry[leg] == other.expiry[leg]
        same = same and one.strike[leg] == other.strike[leg]
    return same


@internal
def _early_reason(desk, layer, layer_state, cohort, left):
    """Return why a layer might be rolled before its day, or R_HELD."""
    event = desk.state.next_event
    if layer.spans_event == 1 and event > 0 and cohort.expiry[0] <= event:
        return R_ROLL_EVENT
    strong = layer.strength_days > 0.0 and desk.guide.strong[layer.place] == 1
    if strong and left <= layer.roll + layer.strength_days:
        return R_ROLL_STRENGTH
    if np.isnan(layer.roll_extrinsic):
        return R_HELD
    spent = time_value(desk.day, cohort) <= layer.roll_extrinsic * layer_state.extrinsic
    return R_ROLL_EXTRINSIC if spent else R_HELD


@merged
def roll_reason(desk, layer, layer_state, cohort, candidate):
    """Return why a structure that is still held should be rolled today, or R_HELD.

    An early roll needs something else to roll to: later for an event or into strength, other
    strikes or another expiry where time value has run out.
    """
    day = desk.day
    if cohort.root[0] > VX:
        return R_ROLL_DUE if day.date >= cohort.expiry[0] else R_HELD
    left = float(cohort.expiry[0] - day.date)
    roll = layer.roll
    if desk.guide.inverted == 1 and not np.isnan(layer.roll_inverted):
        roll = layer.roll_inverted
    if roll > 0.0 and left <= roll:
        return R_ROLL_DUE
    reason = _early_reason(desk, layer, layer_state, cohort, left)
    if reason == R_HELD:
        return R_HELD
    if reason != R_ROLL_EXTRINSIC:
        desk.state.roll_past[layer.place] = cohort.expiry[0]
    found = build_structure(day, layer, desk.listed, desk.state, candidate)
    if not found or _same(candidate, cohort):
        desk.state.roll_past[layer.place] = 0
        return R_HELD
    return reason


@merged
def _cost_rate(desk, layer, candidate, delta, cost):
    """Return USD a day, per USD of spot-VIX delta, that a structure costs to hold to its roll."""
    if not delta > 0.0 or cost <= 0.0:
        return np.inf
    left = float(candidate.expiry[0] - desk.day.date) - layer.roll
    days = max(min(layer.tenor - layer.roll, left), 1.0)
    return decay_rate(desk.day, desk.account, candidate, int(days)) / delta


@internal
def _worth_holding(desk, layer, candidate):
    """Return (USD a day per USD of spot-VIX delta, that delta, USD that buying takes)."""
    delta = spot_vix_delta(desk.day, candidate)
    cost = structure_cost(desk.day, desk.account, candidate)
    return _cost_rate(desk, layer, candidate, delta, cost), delta, cost


@internal
def _next_choice(desk, layer, first, shortest):
    """Return the first row of the VIX expiries from ``first`` on that a layer may be rolled to.

    It lies within twice the tenor; where there is none the number of rows is returned.
    """
    day, expiries = desk.day, desk.listed.vix
    for pick in range(first, expiries.shape[0]):
        expiry = expiries[pick]
        left = float(expiry.date - day.date)
        if left > FURTHEST * layer.tenor:
            break
        barred = expiry.monthly == 0 and layer.weeklies == 0
        if expiry.listed <= day.date and left > shortest and not barred:
            return pick
    return expiries.shape[0]


@internal
def _is_only_choice(desk, layer, own, shortest):
    """Say whether there is no expiry to choose from but the one that settles on ``own``."""
    expiries = desk.listed.vix
    end = expiries.shape[0]
    pick = _next_choice(desk, layer, desk.state.next_vix, shortest)
    if pick < end and expiries[pick].date == own:
        pick = _next_choice(desk, layer, pick + 1, shortest)
    return pick == end


@merged
def cheapest_expiry(desk, layer, candidate, wanted, cost):
    """Move the candidate to the expiry of least cost for its spot-VIX delta; return (units, USD).

    ``wanted`` structures of the candidate, which stands at the tenor and costs ``cost`` USD, set
    the delta that is aimed at and the money that it may take. Expiries out to twice the tenor are
    compared, each held for as long as the tenor's would be.
    """
    day, listed, own = desk.day, desk.listed, candidate.expiry[0]
    shortest = shortest_allowed(day, layer, desk.state)
    if _is_only_choice(desk, layer, own, shortest):
        return wanted, cost
    own_worth = _worth_holding(desk, layer, candidate)
    best, least, found, stands_at = NOWHERE, np.inf, own_worth, own
    pick = _next_choice(desk, layer, desk.state.next_vix, shortest)
    while pick < listed.vix.shape[0]:
        expiry, worth = listed.vix[pick], own_worth
        usable = expiry.date == own
        if not usable:
            stands_at = expiry.date
            usable = set_vix_legs(day, layer, listed, pick, candidate)
            if usable:
                mark_structure(day, listed.quotes, candidate)
                worth = _worth_holding(desk, layer, candidate)
        if usable and (worth[0] < least or (worth[0] == least and expiry.date == own)):
            best, least, found = pick, worth[0], worth
        pick = _next_choice(desk, layer, pick + 1, shortest)
    if best < 0:
        if stands_at != own:
            build_structure(day, layer, listed, desk.state, candidate)
        return wanted, cost
    if listed.vix[best].date != stands_at:
        set_vix_legs(day, layer, listed, best, candidate)
        mark_structure(day, listed.quotes, candidate)
    return min(wanted * own_worth[1] / found[1], wanted * own_worth[2] / found[2]), found[2]
