"""Cost of capital, fair cost, pay-outs, protection and shortfall, by hand."""

import math

import numpy as np
import pytest
from tests.advise.books import evening, track

from alvh.advise import capital
from alvh.advise.capital import (
    Betas,
    annuity,
    betas,
    cost_of_capital,
    dividend_value,
    fair_cost,
    martin_bound,
    ols_slope,
    shortfall,
)
from alvh.advise.protection import protection_price, tail_loss_avoided, tail_weights
from alvh.stewardship.scenarios import Scenarios


def test_martin_bound() -> None:
    assert martin_bound(20.0, 0.0) == pytest.approx(0.04)  # (20 %)²
    assert martin_bound(30.0, 0.05) == pytest.approx(math.exp(0.05) * 0.09)


def test_ols_slope_is_numpy_s() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal(50), rng.standard_normal(50)
    assert ols_slope(y, x) == pytest.approx(np.polyfit(x, y, 1)[0])


def moving_market(seed: int = 1) -> np.ndarray:
    return 2000.0 * np.cumprod(1.0 + 0.01 * np.random.default_rng(seed).standard_normal(300))


def linear_track():
    """A hedge that makes 50,000 USD per unit of fall, in a book that makes half the market."""
    spx = moving_market()
    moves = np.diff(spx, prepend=spx[0]) / np.concatenate([spx[:1], spx[:-1]])
    hedge = np.cumsum(-50_000.0 * moves - 10.0)  # and loses 10 USD a session
    nav = np.empty(300)
    nav[0] = 1e6
    for t in range(1, 300):
        nav[t] = nav[t - 1] * (1.0 + 0.5 * moves[t])
    return track(spx=spx, nav=nav, hedge_pnl=hedge, rates=np.full(300, 0.03))


def test_betas_are_recovered() -> None:
    found = betas(linear_track())
    assert found.book == pytest.approx(0.5, abs=1e-12)
    assert found.hedge_usd == pytest.approx(-50_000.0, rel=1e-9)
    assert found.hedge == pytest.approx(-5.0, rel=1e-9)  # over 10,000 USD of capital
    assert found.unhedged > found.book  # what the hedge takes off is put back


def test_no_beta_before_a_year() -> None:
    short = betas(linear_track().until(252))
    assert np.isnan(short.book)
    assert "253 sessions" in short.reason
    assert np.isfinite(betas(linear_track().until(253)).book)


def test_cost_of_capital_by_hand() -> None:
    # E = 900,000, D = 100,000, V = 1,000,000; r_f 2 %, loan 3 %, ERP 5 %
    found = cost_of_capital(
        900_000.0, -100_000.0, 0.02, 0.01, 0.05, Betas(book=0.2, unhedged=0.4), 5_000.0
    )
    assert found.unhedged == pytest.approx(0.9 * (0.02 + 0.4 * 0.05) + 0.1 * 0.03)  # 3.9 %
    assert found.hedged == pytest.approx(0.9 * (0.02 + 0.2 * 0.05) + 0.1 * 0.03 + 0.005)  # 3.5 %
    assert found.drag == pytest.approx(-0.004)
    assert (found.debt, found.carry) == (100_000.0, pytest.approx(0.005))


def test_a_ruined_account_has_no_cost_of_capital() -> None:
    found = cost_of_capital(-5.0, -10.0, 0.02, 0.01, 0.05, Betas(book=0.2, unhedged=0.4), 5.0)
    assert np.isnan([found.hedged, found.unhedged, found.drag]).all()


def test_fair_cost_by_hand() -> None:
    path = linear_track()
    found = fair_cost(path, betas(path), 0.04)
    assert found.fair == pytest.approx(50_000 * 0.04)  # −β_h·ERP·value = 2,000 USD a year
    years = 252 / 365  # the track's sessions are calendar days
    lost = -(path.hedge_pnl[-1] - path.hedge_pnl[-253]) / years
    assert found.realised == pytest.approx(lost + 0.03 * 10_000)  # and the interest forgone
    assert found.alpha == pytest.approx(found.fair - found.realised)


def test_annuity() -> None:
    assert annuity(0.0) == 10.0
    assert annuity(0.10) == pytest.approx((1 - 1.1**-10) / 0.1)


def paying_track():
    """299 days: 3,000 USD paid out in all, 1,500 lost net, so 4,500 was the cost."""
    payouts = np.zeros(300)
    payouts[[50, 200]] = 1_000.0, 2_000.0
    pnl = np.linspace(0.0, -1_500.0, 300)
    dates = np.datetime64("2015-01-01") + 2 * np.arange(300)
    return track(dates=dates, payouts=payouts, hedge_pnl=pnl)


def test_dividend_value_by_hand() -> None:
    years = 598 / 365
    found = dividend_value(paying_track(), rate=0.0, beta=-2.0, premium=0.05)  # k = −10 %
    assert found.payout == pytest.approx(3_000 / years)
    assert found.cost == pytest.approx(4_500 / years)
    assert found.discount == pytest.approx(-0.10)
    assert found.value == pytest.approx(found.payout * sum(0.9**-t for t in range(1, 11)))
    assert found.cost_value == pytest.approx(found.cost * 10)
    assert found.plain_ratio == pytest.approx(1.5)
    assert found.ratio == pytest.approx(15 / sum(0.9**-t for t in range(1, 11)))
    assert found.verdict == "depends on k"  # 0.78 at k, 1.5 without it


def test_dividend_value_without_a_discount() -> None:
    found = dividend_value(paying_track(), rate=0.0, beta=-30.0, premium=0.05)
    assert np.isnan(found.value)
    assert found.reason == "k is −100 % or less"
    assert found.plain_ratio == pytest.approx(1.5)


def test_no_dividend_value_in_the_first_year() -> None:
    assert "less than a year" in dividend_value(track(), 0.0, -1.0, 0.05).reason


def test_futures_pay_out_by_gaining_months() -> None:
    futures = np.zeros(300)
    futures[[5, 10, 40]] = 500.0, -200.0, -900.0  # January +300, February −900
    dates = np.datetime64("2015-01-01") + np.arange(300)
    dates[-1] = np.datetime64("2017-01-01")
    found = dividend_value(track(dates=dates, futures=futures), 0.0, -1.0, 0.05)
    assert found.payout == pytest.approx(300 / (731 / 365))


def test_tail_loss_avoided_by_hand() -> None:
    # ten scenarios of 4 % and one of 60 %: the worst 5 % is the worst one and a quarter of the next
    condors = np.array([-100.0, -80.0, *[-1.0] * 8, 5.0])
    hedge = np.array([30.0, 200.0, *[0.0] * 8, -3.0])
    weights = np.array([0.04] * 10 + [0.60])
    share = tail_weights(condors, weights)
    assert share[:3] == pytest.approx([0.04, 0.01, 0.0])
    # the second hedge gain counts only up to the loss it stands against
    assert tail_loss_avoided(condors, hedge, share) == pytest.approx(0.04 * 30 + 0.01 * 80)


def test_protection_price_is_carry_over_what_is_avoided() -> None:
    held = evening()
    stress = held.stress(-0.10)
    # one scenario with the whole probability: the tail is 5 % of it
    certain = Scenarios(*stress, np.ones(1), windows=300)
    gains = held.gains(0, *stress)[0]
    hedge = gains[held.in_sleeve("short", "medium", "tail")].sum()
    found = protection_price(held, certain)
    assert 0 < hedge < -gains[held.in_sleeve("condors")].sum()
    assert found.avoided == pytest.approx(0.05 * hedge * 252 / 5)
    assert found.carry == pytest.approx(-365 * sum(one.carry_per_day for one in held.book.layers))
    assert found.ratio == pytest.approx(found.carry / found.avoided)
    assert found.rally_share == 0.0


def test_protection_without_a_hedge_has_no_price() -> None:
    held = evening("none")
    found = protection_price(held, Scenarios(*held.stress(), np.ones(1), 300))
    assert (found.reason, np.isnan(found.ratio)) == ("no hedge held", True)


def test_shortfall_of_the_trailing_year_by_hand() -> None:
    lost, premium = np.zeros(300), np.zeros(300)
    lost[[0, 250]], premium[[0, 250]] = [70.0, 30.0], [100.0, 200.0]
    dates = np.datetime64("2015-01-01") + 2 * np.arange(300)  # the first is 598 days old
    found = shortfall(
        track(
            dates=dates,
            shortfall={"condors": lost, "hedge": np.zeros(300)},
            premium={"condors": premium, "hedge": np.zeros(300)},
        )
    )
    assert found.usd["condors"] == 30.0
    assert found.share["all"] == pytest.approx(0.15)
    assert np.isnan(found.share["hedge"])
    assert not found.within_budget
    assert capital.SHORTFALL_BUDGET == 0.10


def test_margin_in_bills_costs_no_interest() -> None:
    path = linear_track()
    parts = vars(path) | {"hedge_margin": np.full(300, 5_000.0)}
    with_margin = type(path)(**parts)
    found = fair_cost(with_margin, betas(with_margin), 0.04)
    assert found.realised == pytest.approx(fair_cost(path, betas(path), 0.04).realised)
    assert betas(with_margin).hedge == pytest.approx(-50_000 / 15_000)
