"""The structures a hedge layer can hold: which legs, at which strikes, for how much.

A structure is one or two legs with signed ratios; a layer holds whole numbers of it.
"""

import math

import numpy as np

from alvh.contracts.rules import future_margin, nearest_strike
from alvh.kernel.black import black_greeks
from alvh.kernel.codes import (
    BASKET_MID,
    BASKET_SHORT,
    BUY,
    CALL,
    ETP_MID,
    ETP_SHORT,
    NEAREST,
    OUTRIGHT,
    PUT,
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
from alvh.kernel.jit import compiled
from alvh.kernel.quotes import (
    days_to_settlement,
    fill_price,
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
    choose_spx_expiry,
    choose_vix_expiry,
    next_strike,
    strike_by_delta,
)
from alvh.kernel.vix_smile import vix_forward, vix_sigma, vix_slice


@compiled
def _set_leg(cohort, leg, root, right, ratio, expiry, expiry_session, strike):
    cohort.root[leg] = root
    cohort.right[leg] = right
    cohort.ratio[leg] = ratio
    cohort.expiry[leg] = expiry
    cohort.expiry_session[leg] = expiry_session
    cohort.strike[leg] = strike
    cohort.legs = leg + 1


@compiled
def _vix_strikes(day, layer, expiry):
    """Return (bought, sold) strikes of a VIX option structure; sold is NaN without a sold leg."""
    tau = days_to_settlement(day, VIX, expiry)
    forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry)
    slice_ = vix_slice(day.vix_smile, forward, tau)
    if np.isnan(layer.strike):
        bought = strike_by_delta(day, VIX, slice_, forward, tau, layer.delta, False)
    else:
        bought = nearest_strike(VIX, layer.strike, forward, tau, day.date)
    if np.isnan(layer.short_delta):
        return bought, np.nan
    sold = strike_by_delta(day, VIX, slice_, forward, tau, layer.short_delta, False)
    # a spread sells further out, a back-spread nearer the money
    if layer.instrument == VIX_CALL_SPREAD and sold <= bought:
        sold = next_strike(VIX, bought, 1.0, forward, tau, day.date)
    elif layer.instrument == VIX_BACKSPREAD and sold >= bought:
        sold = next_strike(VIX, bought, -1.0, forward, tau, day.date)
    return bought, sold


@compiled
def _vix_structure(day, layer, calendar, start, cohort):
    pick = choose_vix_expiry(day, calendar.vix, start, layer.weeklies == 1, layer.tenor, layer.roll)
    if pick < 0:
        return False
    expiry = calendar.vix[pick]
    if layer.instrument == VIX_FUTURE or layer.instrument == VIX_FUTURES_SPREAD:
        _set_leg(cohort, 0, VX, OUTRIGHT, 1, expiry.date, expiry.session, 0.0)
        if layer.instrument == VIX_FUTURES_SPREAD:
            later = pick + 1
            while later < calendar.vix.shape[0] and calendar.vix[later].monthly == 0:
                later += 1
            if later >= calendar.vix.shape[0]:
                return False
            after = calendar.vix[later]
            _set_leg(cohort, 1, VX, OUTRIGHT, -1, after.date, after.session, 0.0)
        return True
    bought, sold = _vix_strikes(day, layer, expiry.date)
    ratio = 2 if layer.instrument == VIX_BACKSPREAD else 1
    _set_leg(cohort, 0, VIX, CALL, ratio, expiry.date, expiry.session, bought)
    if layer.instrument == VIX_CALL_SPREAD or layer.instrument == VIX_BACKSPREAD:
        _set_leg(cohort, 1, VIX, CALL, -1, expiry.date, expiry.session, sold)
    return True


@compiled
def _spx_structure(day, layer, calendar, start, cohort):
    pick = choose_spx_expiry(day, calendar.spx, start, NEAREST, 0, layer.tenor, layer.roll)
    if pick < 0:
        return False
    expiry = calendar.spx[pick]
    root = SPX if expiry.am == 1 else SPXW
    tau = days_to_settlement(day, root, expiry.date)
    slice_ = spx_slice(day.spx_smile, tau, sessions_to_settlement(day, root, expiry.session))
    forward = spx_forward(day, tau)
    if np.isnan(layer.strike):
        bought = strike_by_delta(day, root, slice_, forward, tau, layer.delta, True)
    else:
        bought = nearest_strike(root, layer.strike, forward, tau, day.date)
    ratio = 2 if layer.instrument == SPX_PUT_BACKSPREAD else 1
    _set_leg(cohort, 0, root, PUT, ratio, expiry.date, expiry.session, bought)
    if layer.instrument == SPX_PUT_BACKSPREAD:
        sold = strike_by_delta(day, root, slice_, forward, tau, layer.short_delta, True)
        if sold <= bought:
            sold = next_strike(root, bought, 1.0, forward, tau, day.date)
        _set_leg(cohort, 1, root, PUT, -1, expiry.date, expiry.session, sold)
    return True


@compiled
def build_structure(day, layer, calendar, state, cohort):
    """Write the legs the layer would buy today into ``cohort``; False if nothing is listed."""
    instrument = layer.instrument
    cohort.units = 0
    cohort.legs = 0
    if instrument == BASKET_SHORT or instrument == BASKET_MID:
        root = ETP_SHORT if instrument == BASKET_SHORT else ETP_MID
        # A share of a rolling basket never expires; the date only schedules the rebalance.
        due = day.date + int(layer.tenor)
        _set_leg(cohort, 0, root, OUTRIGHT, 1, due, day.session + 100_000, 0.0)
        found = True
    elif instrument == SPX_PUT or instrument == SPX_PUT_BACKSPREAD:
        found = _spx_structure(day, layer, calendar, state.next_spx, cohort)
    else:
        found = _vix_structure(day, layer, calendar, state.next_vix, cohort)
    if found:
        for leg in range(cohort.legs):
            cohort.mid[leg] = cohort_leg_mid(day, cohort, leg)
    return found


@compiled
def cohort_leg_mid(day, cohort, leg):
    """Return today's mid of one leg, points."""
    return leg_mid(
        day, cohort.root[leg], cohort.right[leg], cohort.expiry[leg], cohort.expiry_session[leg],
        cohort.strike[leg],
    )  # fmt: skip


@compiled
def leg_price(day, account, cohort, leg, side):
    """Return (fill, fee) of one contract of a leg; side +1 buys the structure, −1 sells it."""
    root = cohort.root[leg]
    tau = days_to_settlement(day, root, cohort.expiry[leg])
    buys = side * cohort.ratio[leg] > 0
    package = cohort.legs > 1
    price = fill_price(day, root, cohort.mid[leg], tau, account.fill, buys, package)
    return price, leg_fee(account, day, root, price, package)


@compiled
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


@compiled
def _strike_gap(cohort):
    """Return USD at risk between the strikes of a back-spread; 0 for everything else."""
    if cohort.legs < 2 or cohort.ratio[0] != 2:
        return 0.0
    return abs(cohort.strike[0] - cohort.strike[1]) * multiplier(cohort.root[0])


@compiled
def structure_mid(cohort):
    """Return the mid value of one structure at the last marks, USD (futures included at price)."""
    value = 0.0
    for leg in range(cohort.legs):
        value += cohort.ratio[leg] * cohort.mid[leg] * multiplier(cohort.root[leg])
    return value


@compiled
def tick_gain(cohort):
    """Return the most that rounding to the nearest tick can add to one structure's value, USD."""
    gain = 0.0
    for leg in range(cohort.legs):
        gain += abs(cohort.ratio[leg]) * 0.05 * multiplier(cohort.root[leg])
    return gain


@compiled
def structure_liquidation(day, account, cohort):
    """Return USD that selling one structure brings after spread and fees."""
    value = 0.0
    for leg in range(cohort.legs):
        price, fee = leg_price(day, account, cohort, leg, SELL)
        value += cohort.ratio[leg] * price * multiplier(cohort.root[leg])
        value -= abs(cohort.ratio[leg]) * fee
    return value


@compiled
def structure_shocked(day, cohort, age, spx_return):
    """Return the mid value of one structure, USD, ``age`` days on and after an S&P 500 move."""
    vix_log = vix_response(day.vix, spx_return) if spx_return != 0.0 else 0.0
    value = 0.0
    for leg in range(cohort.legs):
        price = leg_value(
            day, cohort.root[leg], cohort.right[leg], cohort.expiry[leg],
            cohort.expiry_session[leg], cohort.strike[leg], age, spx_return, vix_log,
        )  # fmt: skip
        value += cohort.ratio[leg] * price * multiplier(cohort.root[leg])
    return value


@compiled
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
