"""Greeks of legs: against finite differences of the engine's own prices."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import alvh
from alvh.kernel import codes
from alvh.kernel.black import black_price
from alvh.kernel.greeks import leg_greeks, option_greeks
from alvh.kernel.quotes import leg_mid
from alvh.market.surfaces import build_surfaces

# A central difference of step 1e-4 (second order: 1e-3) of the scale is off by about its square;
# everything is compared in points, against the size of a one-deviation move of the forward.
FIRST, SECOND = 1e-6, 1e-5
SMALL, LARGE = 1e-4, 1e-3

forwards = st.sampled_from([14.35, 1987.5, 5423.17])
deviations = st.floats(0.02, 1.0)  # σ√years, from a day to a year of either index
scores = st.floats(-3.0, 3.0)  # ln(strike/forward) over it
times = st.floats(1.0 / 365.0, 1.0)
rates = st.floats(-0.01, 0.06)


@given(forwards, deviations, scores, times, rates, st.booleans())
def test_greeks_are_the_slopes_of_the_price(forward, deviation, score, years, rate, is_put):
    sigma, strike = deviation / math.sqrt(years), forward * math.exp(score * deviation)
    scale = forward * deviation

    def value(move=0.0, change=0.0, later=0.0):
        """Price after moves in units of one deviation, of sigma and of the time left."""
        left = years * (1.0 - later)
        black = black_price(forward + move * scale, strike, sigma * (1.0 + change), left, is_put)
        return math.exp(-rate * left) * black

    def slope(**move):
        ((name, step),) = move.items()
        return (value(**{name: step}) - value(**{name: -step})) / (2.0 * step)

    def bend(**move):
        ((name, step),) = move.items()
        return (value(**{name: step}) - 2.0 * value() + value(**{name: -step})) / step**2

    found, delta, gamma, vega, theta, vanna, volga = option_greeks(
        forward, strike, sigma, years, rate, is_put
    )
    assert found == pytest.approx(value(), rel=1e-13, abs=1e-300)
    assert delta * scale == pytest.approx(slope(move=SMALL), abs=FIRST * scale)
    assert vega * sigma == pytest.approx(slope(change=SMALL), abs=FIRST * scale)
    assert theta * 365.0 * years == pytest.approx(slope(later=SMALL), abs=FIRST * scale)
    assert gamma * scale**2 == pytest.approx(bend(move=LARGE), abs=SECOND * scale)
    assert volga * sigma**2 == pytest.approx(bend(change=LARGE), abs=SECOND * scale)
    step = LARGE
    corners = value(step, step) - value(step, -step) - value(-step, step) + value(-step, -step)
    assert vanna * scale * sigma == pytest.approx(corners / (4 * step**2), abs=SECOND * scale)


@pytest.fixture(scope="module")
def surfaces():
    return build_surfaces(alvh.load_history("bundled"))


LEGS = [
    (codes.SPX, codes.PUT, 0.95), (codes.SPXW, codes.CALL, 1.03), (codes.VIX, codes.CALL, 1.2),
    (codes.VIX, codes.PUT, 1.1),
]  # fmt: skip


@pytest.mark.parametrize(("root", "right", "moneyness"), LEGS)
@pytest.mark.parametrize("row", [250, 411, 1032])  # calm, 2015-08-24, 2018-02-08
def test_a_leg_s_price_is_the_engine_s_mid(surfaces, row, root, right, moneyness):
    day = surfaces.days[row]
    table = surfaces.vix_expiries if root == codes.VIX else surfaces.spx_expiries
    expiry = table[(table["date"] > day["date"] + 30) & (table["monthly"] == 1)][0]
    strike = moneyness * (day["vix"] if root == codes.VIX else day["spx"])
    terms = int(expiry["date"]), int(expiry["session"]), float(strike)
    forward, sigma, years, price, *greeks = leg_greeks(day, root, right, *terms)
    assert price == leg_mid(day, root, right, *terms)
    # tau counts from the close to the opening auction of AM expiries: 0.27 days short of midnight
    short = 0.0 if root == codes.SPXW else 0.27
    assert years * 365.0 == pytest.approx(expiry["date"] - day["date"] - short, rel=1e-12)
    discount = math.exp(-day["rate"] * years)
    black = black_price(forward, strike, sigma, years, right == codes.PUT)
    assert price == pytest.approx(discount * black, rel=1e-14)
    assert (greeks[0] < 0.0) == (right == codes.PUT)


def test_an_outright_is_its_own_forward(surfaces):
    day = surfaces.days[400]
    node = int(day["curve_expiry"][1])
    cases = {
        codes.VX: float(day["curve_forward"][1]),
        codes.ETP_SHORT: float(day["etp_short"]),
        codes.ETP_MID: float(day["etp_mid"]),
        codes.INDEX: float(day["spx"]),
    }
    for root, price in cases.items():
        found = leg_greeks(day, root, codes.OUTRIGHT, node, 0, 0.0)
        assert found[0] == found[3] == pytest.approx(price, rel=1e-14)
        assert found[4:] == (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        assert np.isnan(found[1:3]).all()
