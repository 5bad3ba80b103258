"""The parts of one contract's move: worked by hand, summed, and to their order."""

import math

import numpy as np
import pytest

import alvh
from alvh.kernel import codes
from alvh.kernel.black import black_price
from alvh.kernel.explain import EXPLAINED, PARTS, SPAN, VEGA_PARTS, explain, path_curvature
from alvh.kernel.greeks import leg_greeks, option_greeks
from alvh.kernel.records import DAY, NO_QUOTES
from alvh.market.surfaces import build_surfaces


@pytest.fixture(scope="module")
def surfaces():
    return build_surfaces(alvh.load_history("bundled"))


def span(root, right, expiry, strike, start, end, value=None):
    row = np.zeros(1, SPAN)
    row["root"], row["right"], row["strike"] = root, right, strike
    row["expiry"], row["expiry_session"] = expiry["date"], expiry["session"]
    row["start"], row["end"] = start, end
    row["settled"], row["value"] = value is not None, value or 0.0
    return row


def explained(days, spans, along=True):
    out = np.zeros(len(spans), EXPLAINED)
    explain(days, NO_QUOTES, spans, along, out)
    return out[0]


def test_a_future_by_hand():
    days = np.zeros(2, DAY)
    days["date"] = [1000, 1001]
    days["vix"] = [16.0, 17.0]
    days["curve_expiry"] = 1020 + 28 * np.arange(14)
    days["curve_forward"][0] = 18.0 + 2.0 * np.arange(14)
    days["curve_forward"][1] = 19.0 + 2.0 * np.arange(14)
    expiry = {"date": 1048, "session": 0}
    found = explained(days, span(codes.VX, codes.OUTRIGHT, expiry, 0.0, 0, 1))
    # yesterday's curve a day nearer: squares linear in τ^0.6 between 20 and 48 days less 0.27
    share = (46.73**0.6 - 19.73**0.6) / (47.73**0.6 - 19.73**0.6)
    rolled = math.sqrt(18.0**2 + share * (20.0**2 - 18.0**2))
    assert found["pnl"] == pytest.approx(1.0, abs=1e-12)  # 21 after 20
    assert found["carry"] == pytest.approx(rolled - 20.0, abs=1e-12)
    assert found["delta"] == pytest.approx(21.0 - rolled, abs=1e-12)
    assert found["residual"] == pytest.approx(0.0, abs=1e-12)


def monthly(table, day, beyond):
    return table[(table["date"] > day["date"] + beyond) & (table["monthly"] == 1)][0]


CASES = [
    (codes.VIX, codes.CALL, 1.1), (codes.VIX, codes.PUT, 0.9),
    (codes.SPXW, codes.PUT, 0.95), (codes.SPX, codes.CALL, 1.02),
]  # fmt: skip


@pytest.mark.parametrize(("root", "right", "moneyness"), CASES)
@pytest.mark.parametrize("along", [True, False])
@pytest.mark.parametrize("row", [100, 411, 1030])  # 1030: into 2018-02-05
def test_parts_sum_to_the_move_of_the_mid(surfaces, row, along, root, right, moneyness):
    days = surfaces.days
    table = surfaces.vix_expiries if root == codes.VIX else surfaces.spx_expiries
    expiry = monthly(table, days[row], 25)
    strike = moneyness * float(days[row]["vix"] if root == codes.VIX else days[row]["spx"])
    found = explained(days, span(root, right, expiry, strike, row, row + 1), along)
    terms = root, right, int(expiry["date"]), int(expiry["session"]), strike
    before, after = leg_greeks(days[row], *terms), leg_greeks(days[row + 1], *terms)
    scale = 1e-12 * float(days[row]["spx"])
    assert found["pnl"] == pytest.approx(after[3] - before[3], abs=scale)
    assert sum(found[part] for part in PARTS) == pytest.approx(found["pnl"], abs=scale)
    assert sum(found[part] for part in VEGA_PARTS) == pytest.approx(found["vega"], abs=scale)
    assert found["forward_end"] == after[0]
    assert found["sigma_end"] == after[1]


def test_start_greeks_are_a_plain_expansion(surfaces):
    days, row = surfaces.days, 411  # into 2015-08-25
    expiry, strike = monthly(surfaces.vix_expiries, days[row], 25), 24.0
    found = explained(days, span(codes.VIX, codes.CALL, expiry, strike, row, row + 1), along=False)
    terms = codes.VIX, codes.CALL, int(expiry["date"]), int(expiry["session"]), strike
    forward, sigma, years, price, delta, gamma, vega, theta, vanna, volga = leg_greeks(
        days[row], *terms
    )
    end_forward, end_sigma = leg_greeks(days[row + 1], *terms)[:2]
    move, change = end_forward - forward, end_sigma - sigma
    passed = float(days[row + 1]["date"] - days[row]["date"])
    expected = {
        "gamma": 0.5 * gamma * move**2,
        "vega": vega * change,
        "theta": theta * passed,
        "vanna": vanna * move * change,
        "volga": 0.5 * volga * change**2,
        "rate": -years * price * (days[row + 1]["rate"] - days[row]["rate"]),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-15), name
    assert found["carry"] + found["delta"] == pytest.approx(delta * move, rel=1e-12)


def test_what_averaged_greeks_leave_over_is_of_sixth_order():
    """Halving a move divides a sixth-order remainder by 64, a third-order one by 8."""
    terms = {"strike": 20.0, "years": 40.0 / 365.0, "rate": 0.02, "is_put": False}
    start = option_greeks(forward=18.0, sigma=0.9, **terms)

    def left_over(size):
        move, change = 4.0 * size, 0.2 * size
        black = black_price(18.0 + move, 20.0, 0.9 + change, terms["years"], False)
        gain = math.exp(-0.02 * terms["years"]) * black - start[0]
        curved = path_curvature(forward=18.0, sigma=0.9, move=move, change=change, **terms)
        return gain - start[1] * move - start[3] * change - sum(curved)

    halved = left_over(0.5) / left_over(0.25)
    assert 40.0 < halved < 100.0


def test_settlement_is_the_move_and_then_the_time_value(surfaces):
    """A call that settles 3 in the money: the index's move, then what was left of time."""
    days = surfaces.days.copy()
    expiry = monthly(surfaces.vix_expiries, days[300], 0)
    end = int(np.searchsorted(days["date"], expiry["date"]))
    days["vix_settlement"][end] = 18.0
    found = explained(days, span(codes.VIX, codes.CALL, expiry, 15.0, end - 1, end, 3.0))
    terms = codes.VIX, codes.CALL, int(expiry["date"]), int(expiry["session"]), 15.0
    forward, sigma, years, price, delta, *_ = leg_greeks(days[end - 1], *terms)
    discount = math.exp(-days[end - 1]["rate"] * years)
    moved = discount * black_price(18.0, 15.0, sigma, years, False)
    spot = float(days[end - 1]["vix"])  # an unchanged curve ends at the spot index
    assert found["pnl"] == pytest.approx(3.0 - price, abs=1e-12)
    assert found["carry"] == pytest.approx(delta * (spot - forward), abs=1e-12)
    assert found["delta"] == pytest.approx(delta * (18.0 - spot), abs=1e-12)
    assert found["gamma"] == pytest.approx(moved - price - delta * (18.0 - forward), abs=1e-12)
    assert found["theta"] == pytest.approx(3.0 - moved, abs=1e-12)
    assert found["vega"] == found["vanna"] == found["volga"] == 0.0
    assert found["residual"] == pytest.approx(0.0, abs=1e-12)


def test_a_settlement_that_is_not_the_pay_off_stays_unexplained(surfaces):
    days = surfaces.days
    expiry = monthly(surfaces.vix_expiries, days[300], 0)
    end = int(np.searchsorted(days["date"], expiry["date"]))
    found = explained(days, span(codes.VIX, codes.CALL, expiry, 10.0, end - 1, end, 99.0))
    assert found["residual"] == found["pnl"] != 0.0
    assert np.isnan(found["forward_end"])


def test_a_far_leg_that_leaves_at_its_last_mark_moves_nothing(surfaces):
    days = surfaces.days
    expiry = monthly(surfaces.vix_expiries, days[300], 60)
    found = explained(days, span(codes.VX, codes.OUTRIGHT, expiry, 0.0, 300, 301, 15.5))
    assert all(found[part] == 0.0 for part in ("pnl", *PARTS))
