"""The structures a hedge layer can hold: which legs, at which strikes, for how much.

A structure is one or two legs with signed ratios; a layer holds whole numbers of it.
"""

import math

import numpy as np

from alvh.contracts.rules import future_margin
from alvh.kernel.black import black_greeks, black_price
from alvh.kernel.codes import (
    AS_CALL,
    AS_PUT,
    AT_CLOSE,
    BASKET_MID,
    BASKET_SHORT,
    BUY,
    CALL,
    ETP_MID,
    ETP_SHORT,
    FIRST,
    NEAREST,
    OUTRIGHT,
    PUT,
    SECOND,
    SELL,
    SPX,
    SPX_PUT,
    SPX_PUT_BACKSPREAD,
    SPXW,
    VIX,
    VIX_BACKSPREAD,
    VIX_CALL_SPREAD,
    VIX_FUTURE,
    VIX_FUTURES_SPREAD,
    VX,
)
from alvh.kernel.elementary import exponential
from alvh.kernel.jit import compiled, internal, merged
from alvh.kernel.listed import leg_mark, mark_by, strip_of
from alvh.kernel.quotes import (
    days_to_settlement,
    fill_price,
    half_spread,
    leg_fee,
    leg_mid,
    leg_value,
    multiplier,
    sessions_to_settlement,
    spx_forward,
    vix_response,
)
from alvh.kernel.spx_smile import spx_sigma, spx_slice
from alvh.kernel.strikes import (
    MAX_STEPS,
    choose_spx_expiry,
    choose_vix_expiry,
    nearest_listed,
    next_strike,
    strike_by_delta,
)
from alvh.kernel.vix_smile import vix_forward, vix_sigma, vix_slice


@internal
def _set_leg(cohort, leg, root, right, ratio, expiry, expiry_session, strike):
    cohort.root[leg] = root
    cohort.right[leg] = right
    cohort.ratio[leg] = ratio
    cohort.expiry[leg] = expiry
    cohort.expiry_session[leg] = expiry_session
    cohort.strike[leg] = strike
    cohort.legs = leg + 1


@internal
def _call_worth(day, calls, slice_, expiry, strike):
    """Return the mid of a VIX call, points: of its quote, else of the smile."""
    years = calls.tau / 365.0
    price = black_price(calls.forward, strike, vix_sigma(slice_, strike), years, AS_CALL)
    price *= exponential(-day.rate * years)
    return mark_by(day, calls.quotes, VIX, CALL, expiry, strike, price).mid


@merged
def _financing_strike(day, layer, calls, slice_, expiry, bought):
    """Return the lowest strike whose call is worth no more than its share of the bought one."""
    most = layer.financing * _call_worth(day, calls, slice_, expiry, bought)
    strike = bought
    for _ in range(MAX_STEPS):
        strike = next_strike(calls, strike, 1.0)
        if _call_worth(day, calls, slice_, expiry, strike) <= most:
            break
    return strike


@merged
def _vix_strikes(day, layer, quotes, expiry):
    """Return (bought, sold) strikes of a VIX option structure; sold is NaN without a sold leg."""
    tau = days_to_settlement(day, VIX, expiry)
    forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry)
    slice_ = vix_slice(day.vix_smile, forward, tau)
    calls = strip_of(day, quotes, VIX, expiry, CALL, forward, tau)
    if np.isnan(layer.strike):
        bought = strike_by_delta(calls, slice_, layer.delta, AS_CALL)
    else:
        bought = nearest_listed(calls, layer.strike)
    if not np.isnan(layer.financing):
        return bought, _financing_strike(day, layer, calls, slice_, expiry, bought)
    if np.isnan(layer.short_delta):
        return bought, np.nan
    sold = strike_by_delta(calls, slice_, layer.short_delta, AS_CALL)
    # a spread sells further out, a back-spread nearer the money
    if layer.instrument == VIX_CALL_SPREAD and sold <= bought:
        sold = next_strike(calls, bought, 1.0)
    elif layer.instrument == VIX_BACKSPREAD and sold >= bought:
        sold = next_strike(calls, bought, -1.0)
    return bought, sold


@merged
def _vix_structure(day, layer, listed, start, shortest, cohort):
    pick = choose_vix_expiry(day, listed, start, layer.weeklies == 1, layer.tenor, shortest)
    if pick < 0:
        return False
    return set_vix_legs(day, layer, listed, pick, cohort)


@compiled
def set_vix_legs(day, layer, listed, pick, cohort):
    """Write the legs that the layer would buy at one VIX expiry; False without a second future."""
    expiry = listed.vix[pick]
    cohort.units = 0
    cohort.legs = 0
    cohort.base = 0.0
    if layer.instrument == VIX_FUTURE or layer.instrument == VIX_FUTURES_SPREAD:
        _set_leg(cohort, FIRST, VX, OUTRIGHT, BUY, expiry.date, expiry.session, 0.0)
        if layer.instrument == VIX_FUTURES_SPREAD:
            later = pick + 1
            while later < listed.vix.shape[0] and listed.vix[later].monthly == 0:
                later += 1
            if later >= listed.vix.shape[0]:
                return False
            after = listed.vix[later]
            _set_leg(cohort, SECOND, VX, OUTRIGHT, SELL, after.date, after.session, 0.0)
        return True
    bought, sold = _vix_strikes(day, layer, listed.quotes, expiry.date)
    ratio = 2 if layer.instrument == VIX_BACKSPREAD else 1
    _set_leg(cohort, FIRST, VIX, CALL, ratio, expiry.date, expiry.session, bought)
    if layer.instrument == VIX_CALL_SPREAD or layer.instrument == VIX_BACKSPREAD:
        _set_leg(cohort, SECOND, VIX, CALL, SELL, expiry.date, expiry.session, sold)
    return True


@merged
def _spx_structure(day, layer, listed, start, cohort):
    pick = choose_spx_expiry(day, listed, start, NEAREST, AT_CLOSE, layer.tenor, layer.roll)
    if pick < 0:
        return False
    expiry = listed.spx[pick]
    root = SPX if expiry.am == 1 else SPXW
    tau = days_to_settlement(day, root, expiry.date)
    slice_ = spx_slice(day.spx_smile, tau, sessions_to_settlement(day, root, expiry.session))
    puts = strip_of(day, listed.quotes, root, expiry.date, PUT, spx_forward(day, tau), tau)
    if np.isnan(layer.strike):
        bought = strike_by_delta(puts, slice_, layer.delta, AS_PUT)
    else:
        bought = nearest_listed(puts, layer.strike)
    ratio = 2 if layer.instrument == SPX_PUT_BACKSPREAD else 1
    _set_leg(cohort, FIRST, root, PUT, ratio, expiry.date, expiry.session, bought)
    if layer.instrument == SPX_PUT_BACKSPREAD:
        sold = strike_by_delta(puts, slice_, layer.short_delta, AS_PUT)
        if sold <= bought:
            sold = next_strike(puts, bought, 1.0)
        _set_leg(cohort, SECOND, root, PUT, SELL, expiry.date, expiry.session, sold)
    return True


@internal
def build_structure(day, layer, listed, state, cohort):
    """Write the legs the layer would buy today into ``cohort``; False if nothing is listed."""
    instrument = layer.instrument
    cohort.units = 0
    cohort.legs = 0
    cohort.base = 0.0
    if instrument == BASKET_SHORT or instrument == BASKET_MID:
        root = ETP_SHORT if instrument == BASKET_SHORT else ETP_MID
        # A share of a rolling basket never expires; the date only schedules the rebalance.
        due = day.date + int(layer.tenor)
        _set_leg(cohort, FIRST, root, OUTRIGHT, BUY, due, day.session + 100_000, 0.0)
        found = True
    elif instrument == SPX_PUT or instrument == SPX_PUT_BACKSPREAD:
        found = _spx_structure(day, layer, listed, state.next_spx, cohort)
    else:
        shortest = shortest_allowed(day, layer, state)
        found = _vix_structure(day, layer, listed, state.next_vix, shortest, cohort)
    if found:
        mark_structure(day, listed.quotes, cohort)
    return found


@internal
def set_mark(cohort, leg, mark):
    """Give one leg of a structure its mark."""
    cohort.mid[leg], cohort.half[leg] = mark.mid, mark.half
    cohort.gap[leg], cohort.quoted[leg] = mark.gap, mark.quoted


@compiled
def mark_structure(day, quotes, cohort):
    """Set the marks of a structure's legs to today's."""
    for leg in range(cohort.legs):
        mark = leg_mark(
            day, quotes, cohort.root[leg], cohort.right[leg], cohort.expiry[leg],
            cohort.expiry_session[leg], cohort.strike[leg],
        )  # fmt: skip
        set_mark(cohort, leg, mark)


@internal
def shortest_allowed(day, layer, state):
    """Return the days to expiry that a layer's structure must exceed.

    They are its roll's, those to the next event, or those of what it is rolled out of early.
    """
    shortest = layer.roll
    past = state.roll_past[layer.place]
    if past > 0:
        shortest = max(shortest, float(past - day.date))
    if state.inverted == 1 and not np.isnan(layer.roll_inverted):
        shortest = max(shortest, layer.roll_inverted)
    if layer.spans_event == 1 and state.next_event > 0:
        shortest = max(shortest, float(state.next_event - day.date))
    return shortest


@internal
def cohort_leg_mid(day, cohort, leg):
    """Return what the smile says of one leg today, points."""
    return leg_mid(
        day, cohort.root[leg], cohort.right[leg], cohort.expiry[leg], cohort.expiry_session[leg],
        cohort.strike[leg],
    )  # fmt: skip


@internal
def structure_half(day, cohort, leg):
    """Return half the spread of one leg, points: the quoted one, else the modelled."""
    if cohort.quoted[leg] == 1:
        return cohort.half[leg]
    root = cohort.root[leg]
    tau = days_to_settlement(day, root, cohort.expiry[leg])
    return half_spread(day, root, cohort.mid[leg], tau)


@internal
def leg_fill(day, account, cohort, leg, side, widening):
    """Return (fill, fee) of one contract of a leg that pays ``widening`` times the half-spread.

    Side +1 buys the structure, −1 sells it.
    """
    root = cohort.root[leg]
    buys = side * cohort.ratio[leg] > 0
    together = 0  # legs of one root are one order; puts and a future are not
    for other in range(cohort.legs):
        if cohort.root[other] == root:
            together += 1
    package = together > 1
    fill = account.fill * widening * (1.0 - account.improvement) ** (together - 1)
    half = structure_half(day, cohort, leg)
    price = fill_price(day, root, cohort.mid[leg], half, fill, buys, package)
    return price, leg_fee(account, day, root, price, package)


@compiled
def leg_price(day, account, cohort, leg, side):
    """Return (fill, fee) of one contract of a leg; side +1 buys the structure, −1 sells it."""
    return leg_fill(day, account, cohort, leg, side, 1.0)


@internal
def structure_cost(day, account, cohort):
    """Return USD that buying one structure takes, spread and fees included.

    A future takes its initial margin; an option structure its net premium, or the margin of its
    sold leg where that is the larger (a back-spread bought for a credit still ties up capital).
    """
    cost, tied = 0.0, 0.0
    for leg in range(cohort.legs):
        price, fee = leg_price(day, account, cohort, leg, BUY)
        size = abs(cohort.ratio[leg])
        cost += size * fee
        if cohort.root[leg] == VX:
            tau = days_to_settlement(day, VX, cohort.expiry[leg])
            tied = max(tied, size * future_margin(cohort.mid[leg], tau))
        else:
            cost += cohort.ratio[leg] * price * multiplier(cohort.root[leg])
    return max(cost + tied, _strike_gap(cohort))


@internal
def affordable(day, account, cohort, free):
    """Return the whole structures that ``free`` USD buy; none of one that costs nothing.

    Quotes that contradict each other can make a spread cost nothing.
    """
    cost = structure_cost(day, account, cohort)
    return int(math.floor(max(free, 0.0) / cost)) if cost > 0.0 else 0


@internal
def _strike_gap(cohort):
    """Return USD at risk between the strikes of a structure that sells the dearer option.

    That is a back-spread, or a call spread built of puts; 0 for everything else.
    """
    if not sells_dearer(cohort):
        return 0.0
    gap = abs(cohort.strike[0] - cohort.strike[1]) * multiplier(cohort.root[0])
    return abs(cohort.ratio[1]) * gap


@internal
def sells_dearer(cohort):
    """Say whether the option that a structure sells is worth more than one that it buys."""
    if cohort.legs != 2 or cohort.root[1] >= VX:
        return False
    both_puts = cohort.root[0] == VIX and cohort.right[0] == PUT
    return cohort.ratio[0] == -2 * cohort.ratio[1] or both_puts


@compiled
def structure_mid(cohort):
    """Return the mid value of one structure at the last marks, USD.

    Futures are included at price; a synthetic is worth that less its strike.
    """
    value = -cohort.base
    for leg in range(cohort.legs):
        value += cohort.ratio[leg] * cohort.mid[leg] * multiplier(cohort.root[leg])
    return value


@internal
def tick_gain(cohort):
    """Return the most that rounding to the nearest tick can add to one structure's value, USD."""
    gain = 0.0
    for leg in range(cohort.legs):
        gain += abs(cohort.ratio[leg]) * 0.05 * multiplier(cohort.root[leg])
    return gain


@compiled
def structure_liquidation(day, account, cohort):
    """Return USD that selling one structure brings after spread and fees."""
    value = -cohort.base
    for leg in range(cohort.legs):
        price, fee = leg_price(day, account, cohort, leg, SELL)
        value += cohort.ratio[leg] * price * multiplier(cohort.root[leg])
        value -= abs(cohort.ratio[leg]) * fee
    return value


@compiled
def structure_shocked(day, cohort, age, spx_return):
    """Return the mid value of one structure, USD, ``age`` days on and after an S&P 500 move."""
    vix_log = vix_response(day.vix, spx_return) if spx_return != 0.0 else 0.0
    value = -cohort.base
    for leg in range(cohort.legs):
        price = leg_value(
            day, cohort.root[leg], cohort.right[leg], cohort.expiry[leg],
            cohort.expiry_session[leg], cohort.strike[leg], age, spx_return, vix_log,
        )  # fmt: skip
        price += cohort.gap[leg]  # a quote moves with its smile
        value += cohort.ratio[leg] * price * multiplier(cohort.root[leg])
    return value


@merged
def structure_vega(day, cohort):
    """Return the vega of one structure, USD per unit of Black volatility."""
    vega = 0.0
    for leg in range(cohort.legs):
        root = cohort.root[leg]
        if root > VIX:
            continue
        expiry, strike = cohort.expiry[leg], cohort.strike[leg]
        tau = days_to_settlement(day, root, expiry)
        if root == VIX:
            forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry)
            sigma = vix_sigma(vix_slice(day.vix_smile, forward, tau), strike)
        else:
            forward = spx_forward(day, tau)
            sessions = sessions_to_settlement(day, root, cohort.expiry_session[leg])
            slice_ = spx_slice(day.spx_smile, tau, sessions)
            sigma = spx_sigma(slice_, math.log(strike / forward))
        greeks = black_greeks(forward, strike, sigma, tau / 365.0, cohort.right[leg] == PUT)
        vega += cohort.ratio[leg] * greeks[3] * math.exp(-day.rate * tau / 365.0) * 100.0
    return vega
