"""Measures, against arithmetic done by hand and against empyrical-reloaded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alvh import measures as m
from alvh.errors import DataError

NAV = np.array([100.0, 110.0, 99.0, 88.0, 104.5, 121.0, 115.0])
RELATIVE = 1e-12


def test_simple_returns_by_hand():
    # 110/100 - 1, 99/110 - 1
    assert m.simple_returns(NAV)[:2] == pytest.approx([0.10, -0.10], rel=RELATIVE)


@pytest.mark.parametrize("bad", [[100.0], [100.0, np.nan], [100.0, 0.0], [100.0, -5.0, 3.0]])
def test_simple_returns_refuse_what_has_no_return(bad):
    with pytest.raises(DataError):
        m.simple_returns(np.array(bad))


def test_ruin_is_a_loss_of_everything_and_is_named_with_its_session():
    assert m.cagr(np.array([100.0, 40.0, -3.0]), 2.0) == -1.0
    with pytest.raises(DataError, match="session 2"):
        m.simple_returns(np.array([100.0, 40.0, -3.0]))


def test_cagr_by_hand():
    # 100 -> 144 in two years is a fifth a year: 1.2 ** 2 = 1.44
    assert m.cagr(np.array([100.0, 90.0, 144.0]), 2.0) == pytest.approx(0.2, rel=RELATIVE)


def test_years_are_of_365_and_a_quarter_days():
    dates = np.array(["2008-01-01", "2012-01-01"], "datetime64[D]")  # 1461 days with one leap day
    assert m.years_between(dates) == 4.0
    with pytest.raises(DataError):
        m.years_between(dates[:1])


def test_max_drawdown_by_hand():
    # high 110 at 1, low 88 at 3: 88/110 - 1 = -0.2; 121 at 5 is the first value above 110 again
    found = m.max_drawdown(NAV)
    assert found == m.Drawdown(pytest.approx(-0.2), 1, 3, 5, 4)


def test_max_drawdown_under_water_to_the_end():
    found = m.max_drawdown(np.array([10.0, 8.0, 9.0]))
    assert (found.recovery, found.length) == (None, 2)
    dates = np.array(["2020-01-02", "2020-01-03", "2020-01-06"], "datetime64[D]")
    assert str(found.on(dates)["trough"]) == "2020-01-03"
    assert found.on(dates)["recovery"] is None


def test_a_rising_account_has_no_drawdown():
    assert m.max_drawdown(np.arange(1.0, 6.0)).depth == 0.0
    assert m.ulcer(np.arange(1.0, 6.0)) == 0.0


def test_ulcer_by_hand():
    # drawdowns 0, 0, -0.1, -0.2, -0.05, 0, -6/121; root of their mean square over 7 values
    squares = 0.1**2 + 0.2**2 + 0.05**2 + (6 / 121) ** 2
    assert m.ulcer(NAV) == pytest.approx((squares / 7) ** 0.5, rel=RELATIVE)


def test_cvar_by_hand():
    # Twenty returns: the worst twentieth is one of them.
    returns = np.linspace(-0.19, 0.19, 20)
    assert m.cvar(returns) == pytest.approx(-0.19, rel=RELATIVE)
    # Thirty: the tail holds one and a half: (-0.3 - 0.5 * 0.2) / 1.5
    returns = np.concatenate([[-0.3, -0.2], np.zeros(28)])
    assert m.cvar(returns) == pytest.approx(-0.4 / 1.5, rel=RELATIVE)


def test_cvar_refuses_an_impossible_level():
    with pytest.raises(DataError, match="alpha"):
        m.cvar(NAV, alpha=1.0)


@given(arrays(np.float64, st.integers(2, 80), elements=st.floats(-0.5, 0.5)), st.floats(0.01, 0.99))
def test_cvar_lies_between_the_worst_return_and_the_mean(returns, alpha):
    assert returns.min() - 1e-12 <= m.cvar(returns, alpha) <= returns.mean() + 1e-12


@given(arrays(np.float64, st.integers(2, 60), elements=st.floats(1.0, 1e6)), st.floats(0.01, 100))
def test_drawdown_does_not_depend_on_the_unit_of_money(nav, factor):
    assert m.max_drawdown(nav * factor).depth == pytest.approx(m.max_drawdown(nav).depth, abs=1e-9)
    assert -1 < m.max_drawdown(nav).depth <= 0


def test_calendar_months_by_hand():
    dates = np.array(
        ["2020-01-30", "2020-01-31", "2020-02-03", "2020-02-28", "2020-03-02"], "datetime64[D]"
    )
    assert m.period_ends(dates).tolist() == [1, 3, 4]
    path = np.array([1.0, 3.0, 2.0, -4.0, 1.0])
    # January 3, February -4 - 3 = -7, March 1 + 4 = 5
    assert m.period_changes(path, dates).tolist() == [3.0, -7.0, 5.0]
    assert m.losses(path, dates) == -7.0
    nav = np.array([100.0, 110.0, 100.0, 99.0, 99.0])
    # 110/100 - 1, 99/110 - 1, 0
    assert m.monthly_returns(nav, dates) == pytest.approx([0.1, -0.1, 0.0], abs=1e-15)


def test_rolling_returns_by_hand():
    # 99/100 - 1, 88/110 - 1
    assert m.rolling_returns(NAV, 2)[:2] == pytest.approx([-0.01, -0.2], rel=RELATIVE)


def test_hedge_cost_by_hand():
    # Lost 300 at mid and 50 in costs over two years on 1 000 on average: 175 / 1 000 a year
    nav = np.array([900.0, 1_100.0])
    assert m.hedge_cost_per_year(-300.0, -50.0, nav, 2.0) == pytest.approx(0.175)
    assert m.hedge_cost_per_year(400.0, -50.0, nav, 2.0) == pytest.approx(-0.175)


def test_cost_per_risk_removed_by_hand():
    # One point a year for two points of tail
    assert m.cost_per_risk_removed(0.01, -0.04, -0.06) == pytest.approx(0.5)
    assert np.isnan(m.cost_per_risk_removed(0.01, -0.06, -0.04))


def test_bill_returns_by_hand():
    dates = np.array(["2020-01-02", "2020-01-03", "2020-01-06"], "datetime64[D]")
    found = m.bill_returns(np.array([0.0365, 0.073, 0.5]), dates)
    # One day at 0.0365/365 = 1e-4, three days at 2e-4, continuously compounded
    assert found == pytest.approx([np.expm1(1e-4), np.expm1(6e-4)], rel=RELATIVE)


def test_win_rate_by_hand():
    assert m.win_rate(np.array([1.0, -1.0, 0.0, 2.0])) == pytest.approx(2 / 3)
    assert np.isnan(m.win_rate(np.zeros(3)))


def test_ratios_without_variation_are_not_numbers():
    assert np.isnan(m.sharpe(np.zeros(5)))
    assert np.isnan(m.sortino(np.array([0.01, 0.02])))


def test_bills_of_another_length_are_refused():
    with pytest.raises(DataError, match="bills"):
        m.sharpe(NAV, NAV[:-1])


def test_agrees_with_empyrical():
    # Oracle: empyrical-reloaded 0.7; 1 000 returns, a multiple of 20, where its CVaR counts the
    # same tail, and a 252-session year for its growth rate.
    empyrical = pytest.importorskip("empyrical")
    scipy_stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(11)
    returns = rng.standard_t(4, 1_000) * 0.01 + 0.0003
    nav = np.concatenate([[1.0], np.cumprod(1.0 + returns)])
    assert m.simple_returns(nav) == pytest.approx(returns, abs=1e-12)
    for ours, theirs in (
        (m.cagr(nav, 1_000 / 252), empyrical.cagr(returns)),
        (m.volatility(returns), empyrical.annual_volatility(returns)),
        (m.sharpe(returns, np.full(1_000, 1e-4)), empyrical.sharpe_ratio(returns, 1e-4)),
        (m.sortino(returns, np.full(1_000, 1e-4)), empyrical.sortino_ratio(returns, 1e-4)),
        (m.max_drawdown(nav).depth, empyrical.max_drawdown(returns)),
        (m.cvar(returns), empyrical.conditional_value_at_risk(returns)),
        (m.tail_ratio(returns), empyrical.tail_ratio(returns)),
        (m.skewness(returns), scipy_stats.skew(returns)),
    ):
        assert ours == pytest.approx(float(theirs), rel=1e-10)
