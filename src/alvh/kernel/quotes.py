"""What one leg is worth on one day, what it costs to trade, and what a shock does to it.

Every valuation of the engine passes through ``leg_value``: today's mark, the unchanged-market
value a day later (``age``), and the value after a shock of the S&P 500 and of VIX.
"""

import math

import numpy as np

from alvh.contracts.rules import exchange_fee, round_to_tick, tick_size
from alvh.contracts.spx_spread import spx_half_spread
from alvh.contracts.vix_spread import vix_half_spread, vx_half_spread
from alvh.kernel.black import black_price
from alvh.kernel.codes import ETP_MID, ETP_SHORT, INDEX, PUT, SPX, SPXW, TODAY, VIX, VX
from alvh.kernel.elementary import exponential, log_ratio
from alvh.kernel.jit import compiled, internal
from alvh.kernel.spx_smile import OVERNIGHT_SHARE, spx_sigma, spx_slice
from alvh.kernel.vix_smile import vix_forward, vix_sigma, vix_slice_in

YEAR = 365.0
AM_HOURS = 0.27  # days between the opening auction and the close of an expiry date
SESSIONS_PER_DAY = 252.0 / 365.0
OPTION_MULTIPLIER = 100.0
FUTURE_MULTIPLIER = 1000.0
SHORT_BASKET_DAYS = np.int64(30)  # mean maturity of the short-term futures basket
MID_BASKET_DAYS = np.int64(150)
ETP_HALF_SPREAD = 0.0003  # of price: a cent or two on a share of VXX or VXZ

# Log-beta of a VIX future to spot VIX by days to expiry, daily moves 2006-12 … 2013-12 of the
# same contract (VX settlements against VIX closes); the response that stress valuations use.
BETA_DAYS = np.array([0.0, 4.0, 11.0, 18.0, 26.0, 38.0, 53.0, 75.0, 105.0, 135.0, 165.0, 200.0])
BETA_LOG = np.array([1.0, 0.70, 0.65, 0.58, 0.48, 0.45, 0.38, 0.33, 0.27, 0.24, 0.22, 0.21])

# Log-beta of S&P 500 implied volatility to VIX by days to expiry: VIX9D, VIX3M and VIX6M against
# VIX, daily moves through the origin on days with the S&P 500 down more than 2 %, 2006–2026.
SPX_BETA_DAYS = np.array([9.0, 30.0, 93.0, 184.0])
SPX_BETA_LOG = np.array([1.37, 1.0, 0.64, 0.47])
SHORTEST_AGED = 0.05  # days and sessions: keeps the smile of an aged expiry defined


@internal
def _between(days, betas, tau):
    """Interpolate a table linearly in time, held at both ends."""
    if tau <= days[0]:
        return betas[0]
    if tau >= days[-1]:
        return betas[-1]
    i = 1
    while days[i] < tau:
        i += 1
    share = (tau - days[i - 1]) / (days[i] - days[i - 1])
    return betas[i - 1] + share * (betas[i] - betas[i - 1])


@compiled
def vix_beta(tau):
    """Return the log-beta of the VIX forward ``tau`` days out to spot VIX."""
    return _between(BETA_DAYS, BETA_LOG, tau)


@compiled
def spx_beta(tau):
    """Return the log-beta of S&P 500 volatility to an expiry ``tau`` days out to spot VIX."""
    return _between(SPX_BETA_DAYS, SPX_BETA_LOG, tau)


@compiled
def vix_response(vix, spx_return):
    """Return the log move of spot VIX in a one-day S&P 500 move, by the level it starts from.

    Elasticities of one-day moves, VIX and S&P 500 closes 1990–2026.
    """
    if vix <= 15.0:
        elasticity = -7.2
    elif vix <= 20.0:
        elasticity = -6.4
    elif vix <= 30.0:
        elasticity = -4.3
    else:
        elasticity = -2.8
    return elasticity * math.log1p(spx_return)


@compiled
def days_to_settlement(day, root, expiry):
    """Return calendar days from the close of ``day`` to the moment ``expiry`` settles."""
    tau = float(expiry - day.date)
    return tau if root == SPXW else tau - AM_HOURS


@compiled
def sessions_to_settlement(day, root, expiry_session):
    """Return sessions' worth of trading time from the close of ``day`` to settlement."""
    sessions = float(expiry_session - day.session)
    return sessions if root == SPXW else sessions - 1.0 + OVERNIGHT_SHARE


@compiled
def spx_forward(day, tau):
    """Return the S&P 500 forward ``tau`` days out, index points."""
    return day.spx * exponential((day.rate - day.dividend_yield) * tau / YEAR)


@internal
def _basket_value(day, price, maturity, age, vix_log):
    """Return a futures basket's share price: it rolls down the curve at its mean maturity."""
    due = day.date + maturity
    now = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, due)
    then = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, due - age)
    return price * then / now * exponential(vix_beta(float(maturity)) * vix_log)


@compiled
def leg_value(day, root, right, expiry, expiry_session, strike, age, spx_return, vix_log):
    """Return the mid value of one leg in points.

    ``age`` calendar days pass in an unchanged market; then the S&P 500 moves by ``spx_return``
    and spot VIX by ``vix_log`` (log), the VIX forwards and the SPX smile by their betas to it.
    """
    tau = days_to_settlement(day, root, expiry) - age
    if root == VIX or root == VX:
        forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, expiry - age)
        if vix_log != 0.0:
            forward *= exponential(vix_beta(tau) * vix_log)
        if root == VX:
            return forward
        days = int(expiry - age) - int(day.date)
        sigma = vix_sigma(vix_slice_in(day.vix_smile, forward, days), strike)
    elif root == SPX or root == SPXW:
        sessions = sessions_to_settlement(day, root, expiry_session) - age * SESSIONS_PER_DAY
        forward = spx_forward(day, tau) * (1.0 + spx_return)
        # a day later an option may have settled, but its smile must still have time
        slice_ = spx_slice(day.spx_smile, max(tau, SHORTEST_AGED), max(sessions, SHORTEST_AGED))
        sigma = spx_sigma(slice_, log_ratio(strike, forward))
        if vix_log != 0.0:
            sigma *= exponential(spx_beta(tau) * vix_log)
    elif root == ETP_SHORT:
        return _basket_value(day, day.etp_short, SHORT_BASKET_DAYS, age, vix_log)
    elif root == ETP_MID:
        return _basket_value(day, day.etp_mid, MID_BASKET_DAYS, age, vix_log)
    else:
        return day.spx * (1.0 + spx_return)
    years = max(tau, 0.0) / YEAR
    price = black_price(forward, strike, sigma, years, right == PUT)
    return price * exponential(-day.rate * years)


@compiled
def leg_mid(day, root, right, expiry, expiry_session, strike):
    """Return today's mid of one leg in points."""
    return leg_value(day, root, right, expiry, expiry_session, strike, TODAY, 0.0, 0.0)


@compiled
def half_spread(day, root, mid, tau):
    """Return half of the quoted spread of one leg in points; never more than its mid."""
    if root == SPX or root == SPXW:
        half = spx_half_spread(mid, tau, day.vix, root == SPX, day.date)
        half *= 1.0 + day.spx_widening
    elif root == VIX:
        half = vix_half_spread(mid, tau, day.vix, day.date) * (1.0 + day.vix_widening)
    elif root == VX:
        half = vx_half_spread(mid, tau, day.vix, day.date)
    elif root == INDEX:
        half = 0.0
    else:
        half = ETP_HALF_SPREAD * mid
    return min(half, mid)


@compiled
def fill_price(day, root, mid, half, fill, buys, in_package):
    """Return the price of one leg in points, ``fill`` of the way from mid to the touch.

    It is rounded to the nearest tick of the leg, or in a package of the package: half-spreads are
    fitted to quotes that stand on ticks already, so rounding them outwards would count a tick
    twice.
    """
    signed = fill * half
    price = mid + signed if buys else mid - signed
    if root > VX:
        return max(price, 0.0)
    tick = tick_size(root, price, day.date, in_package)
    if buys:  # nothing is offered for less than a tick
        return max(round_to_tick(price, tick, 0), tick)
    return max(round_to_tick(price, tick, 0), 0.0)


@internal
def unrounded_fill(mid, half, fill, buys):
    """Return a leg's price in points where only the net of its package is rounded."""
    signed = fill * half
    return max(mid + signed if buys else mid - signed, 0.0)


@compiled
def leg_fee(account, day, root, price, in_package):
    """Return exchange fee and commission of one contract, USD."""
    if root > VX:
        return 0.0  # shares of a futures basket and of an index fund trade free of commission
    return account.fee_scale * (
        exchange_fee(root, price, day.date, in_package) + account.commission
    )


@compiled
def multiplier(root):
    """Return USD per point of one contract."""
    if root == VX:
        return FUTURE_MULTIPLIER
    return 1.0 if root > VX else OPTION_MULTIPLIER
