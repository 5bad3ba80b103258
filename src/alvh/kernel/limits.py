"""Health that binds: whether the book may take another condor on.

The same figures are reported by ``alvh.advise`` for any evening; tests hold the two together.
"""

import math

from alvh.contracts.rules import future_margin
from alvh.contracts.spx_spread import spx_half_spread
from alvh.contracts.vix_spread import vix_half_spread, vx_half_spread
from alvh.kernel.codes import LAYERS, SPX, SPXW, TODAY, VIX, VX
from alvh.kernel.condor_prices import SIGNS, right_of
from alvh.kernel.jit import compiled, internal, merged
from alvh.kernel.quotes import (
    ETP_HALF_SPREAD,
    days_to_settlement,
    leg_value,
    multiplier,
    vix_response,
)

CONDOR_DAYS = 5  # calendar days within which an expiry counts as due
ROLL_DAYS = 21
STRESS_SPX = -0.04
TAIL = 0.05  # share of the scenarios that is the tail
SCENARIO_SPX, SCENARIO_VIX, SCENARIO_WEIGHT, SCENARIO_DAYS = range(4)


@internal
def _half_spread(day, root, mid, tau, vix):
    """Return half of a leg's quoted spread were VIX at ``vix``, points."""
    if root == SPX or root == SPXW:
        half = spx_half_spread(mid, tau, vix, root == SPX, day.date)
        half *= 1.0 + day.spx_widening
    elif root == VIX:
        half = vix_half_spread(mid, tau, vix, day.date) * (1.0 + day.vix_widening)
    elif root == VX:
        half = vx_half_spread(mid, tau, vix, day.date)
    else:
        half = ETP_HALF_SPREAD * mid
    return min(half, mid)


@merged
def _stressed_layer(day, cohort):
    """Return (bid value USD, margin call USD) of one layer after the stress, quotes widened."""
    vix_log = vix_response(day.vix, STRESS_SPX)
    bid, now, then = 0.0, 0.0, 0.0
    for leg in range(cohort.legs):
        root, expiry = cohort.root[leg], cohort.expiry[leg]
        quantity = float(cohort.units * cohort.ratio[leg])
        mid = leg_value(
            day, root, cohort.right[leg], expiry, cohort.expiry_session[leg], cohort.strike[leg],
            TODAY, STRESS_SPX, vix_log,
        )  # fmt: skip
        mid = max(mid + cohort.gap[leg], 0.0)
        tau = days_to_settlement(day, root, expiry)
        width = _half_spread(day, root, mid, tau, day.vix * math.exp(vix_log))
        base = cohort.mid[leg] if root == VX else 0.0
        bid += multiplier(root) * (quantity * (mid - base) - abs(quantity) * width)
        if root == VX:
            now = max(now, abs(quantity) * future_margin(cohort.mid[leg], tau))
            then = max(then, abs(quantity) * future_margin(mid, tau))
    return bid, max(then - now, 0.0)


@compiled
def quick_ratio(day, state, condors, cohorts, layer_states):
    """Return cash and stressed bid value of the hedge over what falls due; infinite if nothing.

    Due are the condors that expire within five days at their full width, the margin that futures
    call for in the stress, and the layers' next purchases within 21 days, as large as their last.
    """
    liquid, owed = state.cash, 0.0
    for i in range(state.slots):
        condor = condors[i]
        if condor.quantity > 0 and condor.expiry - day.date <= CONDOR_DAYS:
            put_width = condor.strike[1] - condor.strike[0]
            call_width = condor.strike[3] - condor.strike[2]
            owed += 100.0 * condor.quantity * max(put_width, call_width)
    for i in range(LAYERS):
        if cohorts[i].units > 0:
            bid, call = _stressed_layer(day, cohorts[i])
            liquid += bid
            owed += call
        if layer_states[i].outlay > 0.0 and layer_states[i].next_roll <= day.date + ROLL_DAYS:
            owed += layer_states[i].outlay
    if owed > 0.0:
        return liquid / owed
    return math.inf if liquid >= 0.0 else -math.inf


@merged
def _book_gain(day, state, condors, cohorts, scenario):
    """Return USD that condors and layers gain in one scenario."""
    age = int(scenario[SCENARIO_DAYS])
    move, vix_log = scenario[SCENARIO_SPX], scenario[SCENARIO_VIX]
    gain = 0.0
    for i in range(state.slots):
        condor = condors[i]
        if condor.quantity == 0:
            continue
        root = SPX if condor.am == 1 else SPXW
        for leg in range(4):
            value = leg_value(
                day, root, right_of(leg), condor.expiry, condor.expiry_session,
                condor.strike[leg], age, move, vix_log,
            )  # fmt: skip
            value += condor.gap[leg]
            gain += SIGNS[leg] * condor.quantity * 100.0 * (value - condor.mid[leg])
    for i in range(LAYERS):
        cohort = cohorts[i]
        if cohort.units == 0:
            continue
        for leg in range(cohort.legs):
            root = cohort.root[leg]
            value = leg_value(
                day, root, cohort.right[leg], cohort.expiry[leg], cohort.expiry_session[leg],
                cohort.strike[leg], age, move, vix_log,
            )  # fmt: skip
            size = cohort.units * cohort.ratio[leg] * multiplier(root)
            gain += size * (value + cohort.gap[leg] - cohort.mid[leg])
    return gain


@compiled
def book_cvar(day, state, condors, cohorts, scenarios, gains):
    """Return the mean of the worst 5 % of the book's gains over weighted scenarios, USD.

    ``scenarios`` has a row for each: simple S&P 500 return, log move of VIX, weight, calendar
    days; weights sum to 1, and rows of weight 0 fill up. ``gains`` is scratch, one for each.
    """
    for s in range(scenarios.shape[0]):
        gains[s] = math.inf
        if scenarios[s, SCENARIO_WEIGHT] > 0.0:
            gains[s] = _book_gain(day, state, condors, cohorts, scenarios[s])
    left, total = TAIL, 0.0
    while left > 0.0:
        worst = 0
        for s in range(1, scenarios.shape[0]):
            if gains[s] < gains[worst]:
                worst = s
        if gains[worst] == math.inf:
            break
        share = min(left, scenarios[worst, SCENARIO_WEIGHT])
        total += share * gains[worst]
        left -= share
        gains[worst] = math.inf
    return total / TAIL
