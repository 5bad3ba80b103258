"""Spot-VIX delta and the cost of holding: by hand from prices, spreads and fees."""

import math

import numpy as np
import pytest

import alvh
from alvh.compile import compile_account
from alvh.kernel import codes
from alvh.kernel.black import black_price
from alvh.kernel.greeks import option_state
from alvh.kernel.policies import COHORT
from alvh.kernel.quotes import (
    fill_price,
    half_spread,
    leg_fee,
    leg_mid,
    leg_value,
    spx_beta,
    spx_forward,
    vix_beta,
)
from alvh.kernel.shift import decay_rate, spot_vix_delta
from alvh.kernel.vix_curve import vix_forward
from alvh.market.surfaces import build_surfaces

EVENING = np.datetime64("2016-02-24")
AM = 0.27  # days between the opening auction and the close, from docs/engine.md
STEP = 1e-4  # points of spot VIX: a central difference of it is off by about its square
FREE = compile_account(1.0, 0.0, 0.0, 0.0, 0.0)[0]
DEAR = compile_account(1.0, 0.5, 1.0, 0.65, 0.0)[0]


@pytest.fixture(scope="module")
def surfaces():
    return build_surfaces(alvh.load_history("bundled"))


@pytest.fixture(scope="module")
def day(surfaces):
    return surfaces.days[np.searchsorted(surfaces.dates, EVENING)]


@pytest.fixture(scope="module")
def expiries(surfaces, day):
    """The monthly VIX expiries that are listed that evening."""
    every = surfaces.vix_expiries
    listed = (every["date"] > day["date"]) & (every["listed"] <= day["date"])
    return every[listed & (every["monthly"] == 1)]


@pytest.fixture(scope="module")
def third_friday(surfaces, day):
    """The first monthly SPX expiry more than thirty days out."""
    every = surfaces.spx_expiries
    return every[(every["date"] > day["date"] + 30) & (every["monthly"] == 1)][0]


def structure(day, *legs):
    """One structure of (root, right, ratio, EXPIRY, strike), marked at the close."""
    cohort = np.zeros(1, COHORT)[0]
    cohort["legs"] = len(legs)
    for i, (root, right, ratio, expiry, strike) in enumerate(legs):
        cohort["root"][i], cohort["right"][i], cohort["ratio"][i] = root, right, ratio
        cohort["expiry"][i], cohort["expiry_session"][i] = expiry["date"], expiry["session"]
        cohort["strike"][i] = strike
        cohort["mid"][i] = leg_mid(day, root, right, expiry["date"], expiry["session"], strike)
    return cohort


def call(expiry, strike, ratio=1):
    return codes.VIX, codes.CALL, ratio, expiry, strike


def future(expiry, ratio=1):
    return codes.VX, codes.OUTRIGHT, ratio, expiry, 0.0


def forward(day, expiry):
    return vix_forward(
        day["curve_expiry"], day["curve_forward"], day["vix"], day["date"], expiry["date"]
    )


def test_a_future_moves_by_its_beta(day, expiries):
    for expiry in expiries[:4]:
        beta = vix_beta(float(expiry["date"] - day["date"]) - AM)
        wanted = 1000.0 * forward(day, expiry) * beta / day["vix"]
        assert spot_vix_delta(day, structure(day, future(expiry))) == pytest.approx(wanted, 1e-12)


@pytest.mark.parametrize("strike", [18.0, 25.0, 40.0])
@pytest.mark.parametrize("pick", [0, 2, 5])
def test_an_option_moves_with_its_forward_at_the_volatility_of_its_strike(
    day, expiries, pick, strike
):
    """A central difference of Black's formula in spot VIX, the forward following by its beta."""
    expiry = expiries[pick]
    tau = float(expiry["date"] - day["date"]) - AM
    state = option_state(day, codes.VIX, expiry["date"], expiry["session"], strike)
    _, sigma, years = state

    def worth(vix):
        moved = forward(day, expiry) * (vix / day["vix"]) ** vix_beta(tau)
        discount = math.exp(-day["rate"] * years)
        return 100.0 * discount * black_price(moved, strike, sigma, years, False)

    wanted = (worth(day["vix"] + STEP) - worth(day["vix"] - STEP)) / (2.0 * STEP)
    found = spot_vix_delta(day, structure(day, call(expiry, strike)))
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def test_a_put_on_the_index_moves_by_its_vega(day, third_friday):
    """A central difference in spot VIX, the strike's volatility following by its beta."""
    strike = 5.0 * round(0.9 * day["spx"] / 5.0)
    tau = float(third_friday["date"] - day["date"]) - AM
    _, sigma, years = option_state(
        day, codes.SPX, third_friday["date"], third_friday["session"], strike
    )

    def worth(vix):
        moved = sigma * (vix / day["vix"]) ** spx_beta(tau)
        discount = math.exp(-day["rate"] * years)
        return 100.0 * discount * black_price(spx_forward(day, tau), strike, moved, years, True)

    wanted = (worth(day["vix"] + STEP) - worth(day["vix"] - STEP)) / (2.0 * STEP)
    put = structure(day, (codes.SPX, codes.PUT, 1, third_friday, strike))
    assert spot_vix_delta(day, put) == pytest.approx(wanted, rel=1e-6)


def test_legs_add_up_by_their_ratios(day, expiries):
    expiry = expiries[3]
    bought = spot_vix_delta(day, structure(day, call(expiry, 25.0)))
    sold = spot_vix_delta(day, structure(day, call(expiry, 40.0)))
    spread = structure(day, call(expiry, 25.0, 2), call(expiry, 40.0, -3))
    assert spot_vix_delta(day, spread) == pytest.approx(2.0 * bought - 3.0 * sold, rel=1e-12)
    near, far = expiries[1], expiries[2]
    calendar = spot_vix_delta(day, structure(day, future(near), future(far, -1)))
    assert calendar > 0.0  # the front answers spot more than the next


@pytest.mark.parametrize("days", [1, 7, 26])
def test_without_costs_it_decays_as_time_passes(day, expiries, days):
    legs = call(expiries[2], 20.0), call(expiries[2], 30.0, -1)
    aged = sum(
        100.0 * leg[2] * leg_value(day, leg[0], leg[1], leg[3]["date"], leg[3]["session"],
                                   leg[4], days, 0.0, 0.0)
        for leg in legs
    )  # fmt: skip
    cohort = structure(day, *legs)
    worth = 100.0 * (cohort["mid"][0] - cohort["mid"][1])
    assert decay_rate(day, FREE, cohort, days) == pytest.approx((worth - aged) / days, rel=1e-12)


@pytest.mark.parametrize("days", [5, 20])
def test_a_future_costs_what_it_slides_and_the_round_trip(day, expiries, days):
    """Down the curve by hand; half the half-spread each way, and two exchange fees and commissions.

    A future's spread and fees are those of any fill of the engine.
    """
    expiry = expiries[1]
    tau = float(expiry["date"] - day["date"]) - AM
    now = forward(day, expiry)
    then = vix_forward(
        day["curve_expiry"], day["curve_forward"], day["vix"], day["date"], expiry["date"] - days
    )
    half = half_spread(day, codes.VX, now, tau)
    ask = fill_price(day, codes.VX, now, half, 0.5, True, False)
    bid = fill_price(day, codes.VX, now, half, 0.5, False, False)
    fees = leg_fee(DEAR, day, codes.VX, ask, False) + leg_fee(DEAR, day, codes.VX, bid, False)
    wanted = (1000.0 * (now - then) + 1000.0 * (ask - bid) + fees) / days
    cohort = structure(day, future(expiry))
    assert decay_rate(day, DEAR, cohort, days) == pytest.approx(wanted, rel=1e-12)
    assert then != now


def test_trading_is_spread_over_the_days_held(day, expiries):
    """Spread and fees of a round trip by hand, as the difference that they make to a rate a day."""
    cohort = structure(day, call(expiries[3], 25.0))
    tau, mid = float(expiries[3]["date"] - day["date"]) - AM, cohort["mid"][0]
    half = half_spread(day, codes.VIX, mid, tau)
    ask = fill_price(day, codes.VIX, mid, half, 0.5, True, False)
    bid = fill_price(day, codes.VIX, mid, half, 0.5, False, False)
    fees = leg_fee(DEAR, day, codes.VIX, ask, False) + leg_fee(DEAR, day, codes.VIX, bid, False)
    for days in (1, 10, 50):
        aged = leg_value(
            day, codes.VIX, codes.CALL, cohort["expiry"][0], cohort["expiry_session"][0], 25.0,
            days, 0.0, 0.0,
        )  # fmt: skip
        wanted = (100.0 * (mid - aged) + 100.0 * (ask - bid) + fees) / days
        assert decay_rate(day, DEAR, cohort, days) == pytest.approx(wanted, rel=1e-12)
