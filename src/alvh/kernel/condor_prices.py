"""What a condor is worth as a package, and which strikes a programme asks for.

A condor's four legs stand in the order long put, short put, short call, long call.
"""

import math

import numpy as np

from alvh.contracts.rules import nearest_strike, round_to_tick
from alvh.kernel.black import black_price
from alvh.kernel.codes import CALL, PUT
from alvh.kernel.elementary import exponential, log_ratio
from alvh.kernel.jit import compiled
from alvh.kernel.quotes import (
    days_to_settlement,
    half_spread,
    sessions_to_settlement,
    spx_beta,
    spx_forward,
)
from alvh.kernel.spx_smile import spx_sigma, spx_slice
from alvh.kernel.strikes import next_strike, strike_by_delta

SIGNS = np.array([1.0, -1.0, -1.0, 1.0])
PACKAGE_TICK = 0.05  # SPX complex orders trade in net steps of 0.05 points
CREDIT_STEPS = 60


@compiled
def right_of(leg):
    return PUT if leg < 2 else CALL


@compiled
def condor_mids(day, root, expiry, expiry_session, strike, spx_return, vix_log, out):
    """Write the mids of the four legs into ``out``, points, after a move of index and VIX."""
    tau = days_to_settlement(day, root, expiry)
    vol_scale = exponential(spx_beta(tau) * vix_log) if vix_log != 0.0 else 1.0
    slice_ = spx_slice(day.spx_smile, tau, sessions_to_settlement(day, root, expiry_session))
    forward = spx_forward(day, tau) * (1.0 + spx_return)
    years = tau / 365.0
    discount = exponential(-day.rate * years)
    for leg in range(4):
        sigma = spx_sigma(slice_, log_ratio(strike[leg], forward)) * vol_scale
        out[leg] = discount * black_price(forward, strike[leg], sigma, years, leg < 2)


@compiled
def signed_value(prices):
    return SIGNS[0] * prices[0] + SIGNS[1] * prices[1] + SIGNS[2] * prices[2] + SIGNS[3] * prices[3]


@compiled
def package_price(day, root, tau, mids, fill, side):
    """Return the net price of the package in points; side +1 buys the four legs as written.

    Positive is paid. Each leg gives up ``fill`` of its half-spread; the net is rounded to the
    nearest package tick.
    """
    net, given = 0.0, 0.0
    for leg in range(4):
        net += side * SIGNS[leg] * mids[leg]
        given += fill * half_spread(day, root, mids[leg], tau)
    return round_to_tick(net + given, PACKAGE_TICK, 0)


@compiled
def expected_daily_range(day):
    """Return the expected daily range as a fraction: (0.7·VIX9D + 0.3·HV20)/√252, VIX for VIX9D."""
    vix9d = day.vix if np.isnan(day.vix9d) else day.vix9d
    hv = vix9d / 100.0 if np.isnan(day.hv20) else day.hv20
    return (0.7 * vix9d / 100.0 + 0.3 * hv) / math.sqrt(252.0)


@compiled
def set_wings(day, programme, root, slice_, forward, tau, strike):
    """Set the long strikes from the shorts, by width or by delta."""
    if not np.isnan(programme.width):
        strike[0] = nearest_strike(root, strike[1] - programme.width, forward, tau, day.date)
        strike[3] = nearest_strike(root, strike[2] + programme.width, forward, tau, day.date)
    else:
        strike[0] = strike_by_delta(day, root, slice_, forward, tau, programme.long_delta, True)
        strike[3] = strike_by_delta(day, root, slice_, forward, tau, programme.long_delta, False)
    if strike[0] >= strike[1]:
        strike[0] = next_strike(root, strike[1], -1.0, forward, tau, day.date)
    if strike[3] <= strike[2]:
        strike[3] = next_strike(root, strike[2], 1.0, forward, tau, day.date)


@compiled
def _shift_to_credit(day, programme, terms, slice_, forward, strike, mids):
    """Step the shorts until the credit meets its target: richer side out, thinner side in."""
    root, expiry, expiry_session, tau = terms
    previous = 0
    for _ in range(CREDIT_STEPS):
        condor_mids(day, root, expiry, expiry_session, strike, 0.0, 0.0, mids)
        credit = -package_price(day, root, tau, mids, programme.fill, 1.0)
        direction = 1 if credit > programme.credit_target else -1
        if credit == programme.credit_target or direction == -previous:
            return
        previous = direction
        put_richer = mids[1] - mids[0] >= mids[2] - mids[3]
        moves_put = put_richer if direction == 1 else not put_richer
        short_put = strike[1] - direction * programme.step if moves_put else strike[1]
        short_call = strike[2] if moves_put else strike[2] + direction * programme.step
        if short_put >= forward or short_call <= forward:
            return
        strike[1], strike[2] = short_put, short_call
        set_wings(day, programme, root, slice_, forward, tau, strike)


@compiled
def choose_strikes(day, prior, programme, terms, scale, strike, mids):
    """Write the four strikes and mids of the condor that the programme asks for today.

    ``scale`` is the calibration of the expected daily range, 1 without one.
    """
    root, expiry, expiry_session, tau = terms
    slice_ = spx_slice(day.spx_smile, tau, sessions_to_settlement(day, root, expiry_session))
    forward = spx_forward(day, tau)
    if np.isnan(programme.range_multiple):
        strike[1] = strike_by_delta(day, root, slice_, forward, tau, programme.short_delta, True)
        strike[2] = strike_by_delta(day, root, slice_, forward, tau, programme.short_delta, False)
        set_wings(day, programme, root, slice_, forward, tau, strike)
    else:
        reach = programme.range_multiple * scale * expected_daily_range(prior)
        step = programme.step
        strike[1] = math.floor(day.spx * (1.0 - reach) / step) * step
        strike[2] = math.ceil(day.spx * (1.0 + reach) / step) * step
        set_wings(day, programme, root, slice_, forward, tau, strike)
        if not np.isnan(programme.credit_target):
            _shift_to_credit(day, programme, terms, slice_, forward, strike, mids)
    condor_mids(day, root, expiry, expiry_session, strike, 0.0, 0.0, mids)
