"""What reports read of positions: gains over many scenarios, liquidation values, theta alone.

Nothing here trades. ``today_menu`` builds what a programme and a hedge would buy today with the
same functions the engine buys with, so that a menu is never a second opinion on strikes.
"""

import math
from typing import Any

from numba import njit

from alvh.contracts.rules import condor_margin
from alvh.kernel.black import black_price
from alvh.kernel.codes import (
    BUY,
    CONDOR_BOOK,
    IN_PACKAGE,
    LAYERS,
    PUT,
    SELL,
    SPX,
    SPXW,
    TODAY,
    VIX,
    VX,
)
from alvh.kernel.condor_prices import (
    SIGNS,
    choose_strikes,
    leg_half,
    package_price,
    root_of,
    signed_value,
    width_of,
)
from alvh.kernel.jit import internal
from alvh.kernel.listed import Listed
from alvh.kernel.quotes import (
    SESSIONS_PER_DAY,
    SHORTEST_AGED,
    YEAR,
    days_to_settlement,
    half_spread,
    leg_fee,
    leg_value,
    multiplier,
    sessions_to_settlement,
    spx_forward,
    unrounded_fill,
)
from alvh.kernel.spx_smile import spx_sigma, spx_slice
from alvh.kernel.strikes import advance, choose_spx_expiry
from alvh.kernel.structures import build_structure, leg_price, structure_cost
from alvh.kernel.vix_smile import vix_forward, vix_sigma, vix_slice


@njit(cache=True)
def scenario_gains(
    day: Any, legs: Any, ages: Any, spx_returns: Any, vix_logs: Any, out: Any
) -> None:
    """Write the USD gain of every leg in every scenario.

    Parameters
    ----------
    day : DAY record
    legs : ndarray of LEG, shape (n_legs,)
    ages : ndarray of int64, shape (n_scenarios,)
        Calendar days that pass in an unchanged market before the moves.
    spx_returns, vix_logs : ndarray, shape (n_scenarios,)
        Simple return of the S&P 500, log move of spot VIX.
    out : ndarray, shape (n_scenarios, n_legs)
        Receives the gains.
    """
    for s in range(spx_returns.shape[0]):
        for i in range(legs.shape[0]):
            leg = legs[i]
            value = leg_value(
                day, leg.root, leg.right, leg.expiry, leg.expiry_session, leg.strike, ages[s],
                spx_returns[s], vix_logs[s],
            )  # fmt: skip
            out[s, i] = leg.quantity * multiplier(leg.root) * (value + leg.gap - leg.mid)


@njit(cache=True)
def liquidation_values(
    day: Any, quoting: Any, legs: Any, spx_return: float, vix_log: float, out: Any
) -> None:
    """Write what selling every leg at the touch brings after a move, USD.

    A leg that is held long goes at the bid, one that is owed is bought back at the ask. A future
    brings its variation since the last mark, less half its spread.

    Parameters
    ----------
    day, quoting : DAY record
        The market that is moved, and the record whose VIX sets the width of the quotes.
    legs : ndarray of LEG, shape (n_legs,)
    spx_return, vix_log : float
        Simple return of the S&P 500, log move of spot VIX.
    out : ndarray, shape (n_legs,)
        Receives the values.
    """
    for i in range(legs.shape[0]):
        leg = legs[i]
        mid = leg_value(
            day, leg.root, leg.right, leg.expiry, leg.expiry_session, leg.strike, TODAY,
            spx_return, vix_log,
        )  # fmt: skip
        mid = max(mid + leg.gap, 0.0)
        tau = days_to_settlement(day, leg.root, leg.expiry)
        given = abs(leg.quantity) * half_spread(quoting, leg.root, mid, tau)
        base = leg.mid if leg.root == VX else 0.0
        out[i] = multiplier(leg.root) * (leg.quantity * (mid - base) - given)


@internal
def _aged_at_forward(day: Any, leg: Any, age: Any) -> float:
    """Return a leg's value ``age`` days on with its forward held where it is, points."""
    tau = days_to_settlement(day, leg.root, leg.expiry)
    if leg.root == VIX:
        forward = vix_forward(day.curve_expiry, day.curve_forward, day.vix, day.date, leg.expiry)
        sigma = vix_sigma(vix_slice(day.vix_smile, forward, tau - age), leg.strike)
    elif leg.root == SPX or leg.root == SPXW:
        sessions = sessions_to_settlement(day, leg.root, leg.expiry_session)
        sessions = max(sessions - age * SESSIONS_PER_DAY, SHORTEST_AGED)
        forward = spx_forward(day, tau)
        slice_ = spx_slice(day.spx_smile, max(tau - age, SHORTEST_AGED), sessions)
        sigma = spx_sigma(slice_, math.log(leg.strike / forward))
    else:
        return float(leg.mid - leg.gap)  # futures and baskets lose nothing to time alone
    years = max(tau - age, 0.0) / YEAR
    price = black_price(forward, leg.strike, sigma, years, leg.right == PUT)
    return float(price * math.exp(-day.rate * years))


@njit(cache=True)
def theta_gains(day: Any, legs: Any, age: int, out: Any) -> None:
    """Write what every leg gains in ``age`` days if its forward does not move, USD.

    Parameters
    ----------
    day : DAY record
    legs : ndarray of LEG, shape (n_legs,)
    age : int
        Calendar days.
    out : ndarray, shape (n_legs,)
        Receives the gains. What is left of the gain in an unchanged market is roll-down.
    """
    for i in range(legs.shape[0]):
        leg = legs[i]
        value = _aged_at_forward(day, leg, age)
        out[i] = leg.quantity * multiplier(leg.root) * (value + leg.gap - leg.mid)


@internal
def _round_trip(day: Any, account: Any, cohort: Any) -> float:
    """Return USD that buying and selling one structure loses to spread and fees."""
    lost = 0.0
    for leg in range(cohort.legs):
        bought, fee_in = leg_price(day, account, cohort, leg, BUY)
        sold, fee_out = leg_price(day, account, cohort, leg, SELL)
        spread = cohort.ratio[leg] * (bought - sold) * multiplier(cohort.root[leg])
        lost += spread + abs(cohort.ratio[leg]) * (fee_in + fee_out)
    return lost


@internal
def _condor_today(day: Any, prior: Any, programme: Any, account: Any, listed: Any, start: Any,
                  condor: Any, scratch: Any, row: Any) -> None:  # fmt: skip
    pick = choose_spx_expiry(
        day, listed, start, programme.expiry_rule, programme.am, programme.tenor,
        programme.exit_days,
    )  # fmt: skip
    if pick < 0:
        return
    expiry = listed.spx[pick]
    choose_strikes(day, prior, listed.quotes, programme, expiry, 1.0, condor, scratch)
    root = root_of(condor)
    tau = days_to_settlement(day, root, expiry.date)
    credit = -package_price(day, root, tau, condor, programme.fill, 1.0)
    width = max(condor.strike[1] - condor.strike[0], condor.strike[3] - condor.strike[2])
    if not 0.0 < credit < width:
        return
    condor.quantity = 1
    condor.credit = credit
    condor.margin = condor_margin(
        condor.strike[1] - condor.strike[0], condor.strike[3] - condor.strike[2], credit
    )
    fees, width = 0.0, width_of(day, root, tau)
    for leg in range(4):
        buys = SIGNS[leg] > 0.0
        half = leg_half(day, width, condor, leg)
        price = unrounded_fill(condor.mid[leg], half, programme.fill, buys)
        fees += leg_fee(account, day, root, price, IN_PACKAGE)
    row[0] = condor.margin
    row[1] = 100.0 * (-signed_value(condor.mid) - credit) + fees
    row[2] = float(expiry.date - day.date)


@njit(cache=True)
def today_menu(
    days: Any, t: int, spx_expiries: Any, vix_expiries: Any, quotes: Any, layers: Any,
    programme: Any, account: Any, states: Any, cohorts: Any, condors: Any, scratch: Any,
    terms: Any,
) -> None:  # fmt: skip
    """Build what could be bought at the close of session ``t``: one condor, one of each layer.

    Parameters
    ----------
    days : ndarray of DAY, shape (n,)
    t : int
        Row of today.
    spx_expiries, vix_expiries : ndarray of EXPIRY
    quotes : ndarray of QUOTE
    layers, programme, account : ndarray of LAYER (3,), PROGRAMME (1,), ACCOUNT (1,)
    states : ndarray of STATE, shape (1,)
        Keeps the place in the expiry lists from one call to a later day's.
    cohorts, condors : ndarray of COHORT (3,), CONDOR (1,)
        Receive the structures; what is not to be had stays with 0 units, or quantity.
    scratch : ndarray, shape (4,)
        Room to work in.
    terms : ndarray, shape (4, 3)
        Receives for condor, short, medium, tail: capital of one in USD, USD lost to opening (a
        condor) or to opening and closing (a structure), calendar days to expiry.
    """
    day, state = days[t], states[0]
    state.next_spx = advance(spx_expiries, state.next_spx, day.date)
    state.next_vix = advance(vix_expiries, state.next_vix, day.date)
    listed = Listed(spx_expiries, vix_expiries, quotes)
    condors[0].quantity = 0
    if programme[0].kind == CONDOR_BOOK and t > 0 and days[t - 1].tradable == 1:
        _condor_today(
            day, days[t - 1], programme[0], account[0], listed, state.next_spx, condors[0],
            scratch, terms[0],
        )  # fmt: skip
    for i in range(LAYERS):
        cohort = cohorts[i]
        cohort.units = 0
        if layers[i].weight == 0.0:
            continue
        if not build_structure(day, layers[i], listed, state, cohort):
            continue
        cohort.units = 1
        terms[1 + i, 0] = structure_cost(day, account[0], cohort)
        terms[1 + i, 1] = _round_trip(day, account[0], cohort)
        terms[1 + i, 2] = float(cohort.expiry[0] - day.date)
