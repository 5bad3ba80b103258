"""Marks of the whole book at once: every option of it in one loop of vector arithmetic.

A condor's forward and smile are worked out once and stand in columns beside the strikes of its four
legs, with the legs of every other condor; their volatilities are evaluated together. The layers'
VIX options, today and a day on, come last: so are theirs, each on its own forward. Then all prices
are. They are those of the leg-by-leg valuation to a few parts in 10¹⁶.

All columns lie in one array, whole registers apart, and places in it are unsigned: so the compiler
knows that they do not overlap and that no place counts from the end, and vectorises the loops
without asking at run time.
"""

import math

import numpy as np

from alvh.kernel.black import NO_DEVIATION, SMALL_DEVIATION, otm_price, otm_price_small
from alvh.kernel.codes import CONDORS, LAYERS, PUT, SHORT, TODAY, TOMORROW, VIX, VX
from alvh.kernel.condor_prices import SIGNS, mark_condor_leg, root_of
from alvh.kernel.elementary import exponential, log_ratio, logarithm
from alvh.kernel.jit import internal, merged, vectorised
from alvh.kernel.listed import mark_by
from alvh.kernel.policies import MAX_CONDORS, MAX_LEGS
from alvh.kernel.quotes import (
    AM_HOURS,
    YEAR,
    days_to_settlement,
    leg_value,
    multiplier,
    sessions_to_settlement,
    spx_forward,
)
from alvh.kernel.spx_smile import spx_sigma, spx_slice
from alvh.kernel.structures import cohort_leg_mid, set_mark
from alvh.kernel.vix_smile import (
    BUTTERFLY_MARGIN,
    REFERENCE_FORWARD,
    SLOPE_POWER,
    variance_from,
    vix_forward,
    whole_day_terms,
)

LANES = 8  # prices that a vector register holds on the widest processors
MOST_LEGS = 4 * MAX_CONDORS + 2 * LAYERS * MAX_LEGS + LANES  # a layer's legs stand there twice
COLUMNS, LENGTH = 19, (MOST_LEGS + LANES - 1) // LANES * LANES
# Where the columns begin. Of every option: the lower of forward and strike, ln of lower over
# higher, σ√years, intrinsic value, ln of the discount factor, price; its forward and strike; and
# what its smile is made of: the slice of an SPX option, or the terms in time of a VIX option.
_STARTS = np.arange(COLUMNS, dtype=np.uint64) * np.uint64(LENGTH)
LOW, DISTANCE, DEVIATION, INTRINSIC, DISCOUNT, PRICE = _STARTS[:6]
FORWARD, STRIKE = _STARTS[6:8]
LEVEL, SLOPE, PUT_KINK, PUT_AT, PUT_WIDTH, CALL_KINK, CALL_AT, CALL_WIDTH = _STARTS[8:16]
LOWEST, HIGHEST, FLOOR = _STARTS[16:]
TAU, FRONT, REVERTED, PROFILE = _STARTS[8:12]


@merged
def _set_legs(day, condor, first, columns):
    """Write the four legs of a condor into the columns from ``first`` on."""
    root = root_of(condor)
    tau = days_to_settlement(day, root, condor.expiry)
    slice_ = spx_slice(day.spx_smile, tau, sessions_to_settlement(day, root, condor.expiry_session))
    years = tau / YEAR
    forward = spx_forward(day, tau)
    root_years, discount = math.sqrt(years), -day.rate * years
    level, slope, put, put_at, put_width, call, call_at, call_width, low, high, floor = slice_
    for leg in range(4):
        strike, i = condor.strike[leg], np.uint64(first + leg)
        payoff = strike - forward if leg < 2 else forward - strike
        columns[FORWARD + i] = forward
        columns[STRIKE + i] = strike
        columns[DEVIATION + i] = root_years
        columns[INTRINSIC + i] = max(payoff, 0.0)
        columns[DISCOUNT + i] = discount
        columns[LEVEL + i] = level
        columns[SLOPE + i] = slope
        columns[PUT_KINK + i] = put
        columns[PUT_AT + i] = put_at
        columns[PUT_WIDTH + i] = put_width
        columns[CALL_KINK + i] = call
        columns[CALL_AT + i] = call_at
        columns[CALL_WIDTH + i] = call_width
        columns[LOWEST + i] = low
        columns[HIGHEST + i] = high
        columns[FLOOR + i] = floor


@vectorised
def shape_spx_options(count, columns):
    """Scale the deviations of SPX options by the volatility of their strikes.

    ``count`` of them, and up to a whole number of ``LANES``, where nobody reads.
    """
    for i in range(np.uint64((count + LANES - 1) // LANES * LANES)):
        forward, strike = columns[FORWARD + i], columns[STRIKE + i]
        low = min(forward, strike)
        distance = log_ratio(low, max(forward, strike))
        slice_ = (
            columns[LEVEL + i], columns[SLOPE + i], columns[PUT_KINK + i], columns[PUT_AT + i],
            columns[PUT_WIDTH + i], columns[CALL_KINK + i], columns[CALL_AT + i],
            columns[CALL_WIDTH + i], columns[LOWEST + i], columns[HIGHEST + i], columns[FLOOR + i],
        )  # fmt: skip
        columns[LOW + i] = low
        columns[DISTANCE + i] = distance
        columns[DEVIATION + i] *= spx_sigma(slice_, distance if strike < forward else -distance)


@vectorised
def price_options(count, columns):
    """Write Black-76 prices, points: of the out-of-the-money option, and the intrinsic value.

    What stands in the columns up to the next whole ``LANES`` is priced too, so that no remainder
    is left to go one by one; it is read by nobody.
    """
    small = 0
    for i in range(np.uint64((count + LANES - 1) // LANES * LANES)):
        deviation = columns[DEVIATION + i]
        price = otm_price(columns[LOW + i], columns[DISTANCE + i], deviation)
        columns[PRICE + i] = exponential(columns[DISCOUNT + i]) * (price + columns[INTRINSIC + i])
        small += deviation < SMALL_DEVIATION
    if small > 0:  # by series, where digits were lost
        for i in range(np.uint64(count)):
            deviation = columns[DEVIATION + i]
            if deviation < SMALL_DEVIATION:
                price = 0.0
                if deviation >= NO_DEVIATION:
                    price = otm_price_small(columns[LOW + i], columns[DISTANCE + i], deviation)
                price += columns[INTRINSIC + i]
                columns[PRICE + i] = exponential(columns[DISCOUNT + i]) * price


@internal
def _set_vix_leg(day, cohort, leg, age, i, columns):
    """Write one VIX option of a layer, ``age`` days on in an unchanged market."""
    expiry, strike = cohort.expiry[leg] - age, cohort.strike[leg]
    forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry)
    years = max(float(expiry - day.date) - AM_HOURS, 0.0) / YEAR
    tau, front, reverted, profile = whole_day_terms(int(expiry - day.date))
    payoff = strike - forward if cohort.right[leg] == PUT else forward - strike
    columns[FORWARD + i] = forward
    columns[STRIKE + i] = strike
    columns[TAU + i] = tau
    columns[FRONT + i] = front
    columns[REVERTED + i] = reverted
    columns[PROFILE + i] = profile
    columns[DEVIATION + i] = 1.0 if years > 0.0 else 0.0
    columns[INTRINSIC + i] = max(payoff, 0.0)
    columns[DISCOUNT + i] = -day.rate * years


@vectorised
def shape_vix_options(first, count, level, slow_level, share, slope, rho, columns):
    """Scale the deviations of VIX options by their smiles, as ``vix_slice`` and ``vix_sigma`` do.

    ``count`` of them from ``first`` on, and up to a whole number of ``LANES``, where nobody reads.
    """
    most = 2.0 / math.sqrt(1.0 + rho)
    for option in range(np.uint64((count + LANES - 1) // LANES * LANES)):
        i = first + option
        forward, strike = columns[FORWARD + i], columns[STRIKE + i]
        tau, front, reverted = columns[TAU + i], columns[FRONT + i], columns[REVERTED + i]
        root = math.sqrt(variance_from(level, slow_level, share, tau, front, reverted))
        steep = exponential(SLOPE_POWER * log_ratio(REFERENCE_FORWARD, forward))
        cap = BUTTERFLY_MARGIN * min(most, 4.0 / (root * (1.0 + rho)))
        eta = min(2.0 * (slope * steep * columns[PROFILE + i]) / rho, cap)
        z = eta * (1.0 / root) * logarithm(strike * (1.0 / forward))
        bend = math.sqrt((z + rho) * (z + rho) + 1.0 - rho * rho)
        columns[DEVIATION + i] *= root * math.sqrt(0.5 * (1.0 + rho * z + bend))
        low = min(forward, strike)
        columns[LOW + i] = low
        columns[DISTANCE + i] = log_ratio(low, max(forward, strike))


@merged
def _set_layers(day, cohorts, first, columns):
    """Write all VIX options of the layers, today and a day on; return where the columns end."""
    start = first
    for i in range(LAYERS):
        cohort = cohorts[i]
        for leg in range(cohort.legs):
            if cohort.units > 0 and cohort.root[leg] == VIX:
                _set_vix_leg(day, cohort, leg, TODAY, np.uint64(first), columns)
                _set_vix_leg(day, cohort, leg, TOMORROW, np.uint64(first + 1), columns)
                first += 2
    if first > start:
        smile = day.vix_smile
        shape_vix_options(
            np.uint64(start), first - start, smile[0], smile[1], smile[2], smile[3], smile[4],
            columns,
        )  # fmt: skip
    return first


@merged
def _book_condors(day, quotes, state, row, condors, columns):
    """Set the condors' marks and book the profit; return where their columns end."""
    first = 0
    for i in range(state.slots):
        condor = condors[i]
        if condor.quantity == 0:
            continue
        size, root = 100.0 * condor.quantity, root_of(condor)
        put_side, call_side = 0.0, 0.0
        for leg in range(4):
            before = condor.mid[leg]
            mid = mark_condor_leg(
                day, quotes, root, condor, leg, columns[PRICE + np.uint64(first + leg)]
            )
            profit = SIGNS[leg] * size * (mid - before)
            if leg < 2:
                put_side += profit
            else:
                call_side += profit
        row.put_side += put_side
        row.call_side += call_side
        row.pnl[CONDORS] += put_side + call_side
        first += 4
    return first


@merged
def _book_layers(day, quotes, state, row, cohorts, layer_states, days_passed, first, columns):
    """Set the layers' marks, and what they are worth a day on; futures pay their move in cash."""
    for i in range(LAYERS):
        cohort = cohorts[i]
        row.carry[i] += layer_states[i].carry_rate * days_passed
        if cohort.units == 0:
            continue
        aged = -cohort.base
        for leg in range(cohort.legs):
            root, size = cohort.root[leg], cohort.ratio[leg] * multiplier(cohort.root[leg])
            if root == VIX:
                mid = columns[PRICE + np.uint64(first)]
                later = columns[PRICE + np.uint64(first + 1)]
                first += 2
            else:
                mid = cohort_leg_mid(day, cohort, leg)
                later = leg_value(
                    day, root, cohort.right[leg], cohort.expiry[leg], cohort.expiry_session[leg],
                    cohort.strike[leg], TOMORROW, 0.0, 0.0,
                )  # fmt: skip
            mark = mark_by(
                day, quotes, root, cohort.right[leg], cohort.expiry[leg], cohort.strike[leg], mid
            )
            aged += size * (later + mark.gap)
            profit = cohort.units * size * (mark.mid - cohort.mid[leg])
            row.pnl[SHORT + i] += profit
            if root == VX:
                state.cash += profit
            set_mark(cohort, leg, mark)
        cohort.aged, cohort.aged_on = aged, day.date


@internal
def mark_book(day, quotes, state, row, condors, cohorts, layer_states, days_passed, columns):
    """Mark everything held to today's mids and book the profit."""
    count = np.int64(0)
    for i in range(state.slots):
        if condors[i].quantity > 0:
            _set_legs(day, condors[i], count, columns)
            count += 4
    shape_spx_options(count, columns)
    count = _set_layers(day, cohorts, count, columns)
    price_options(count, columns)
    first = _book_condors(day, quotes, state, row, condors, columns)
    _book_layers(day, quotes, state, row, cohorts, layer_states, days_passed, first, columns)
