"""Dated flows and the rates of return they imply."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advise.books import evening, run

from alvh.advise.flows import Flows, layer_values, mirr, sleeve_flows, variation, xirr
from alvh.kernel import codes
from alvh.kernel.policies import TRADE
from alvh.kernel.records import DAY

HEDGES = ("alvh-40-40-20", "futures-40-40-20", "spx-puts", "none")


def flows(*pairs: tuple[str, float]) -> Flows:
    dates, amounts = zip(*pairs, strict=True)
    return Flows(np.array(dates, "datetime64[D]"), np.array(amounts, float))


# The example in the documentation of the XIRR function of spreadsheets; its answer is 37.34 %.
SPREADSHEET = flows(
    ("2008-01-01", -10_000),
    ("2008-03-01", 2_750),
    ("2008-10-30", 4_250),
    ("2009-02-15", 3_250),
    ("2009-04-01", 2_750),
)


def test_xirr_of_the_spreadsheet_example() -> None:
    rate = xirr(SPREADSHEET)
    assert rate.value == pytest.approx(0.373362535, abs=1e-8)
    # and by hand: 60, 303, 411 and 456 days after the first flow
    later = sum(a / (1 + rate.value) ** (d / 365)
                for a, d in ((2_750, 60), (4_250, 303), (3_250, 411), (2_750, 456)))  # fmt: skip
    assert later == pytest.approx(10_000, abs=1e-6)
    assert (rate.reason, rate.sign_changes, rate.ambiguous) == ("", 1, False)


def test_mirr_of_the_spreadsheet_example() -> None:
    years = np.datetime64("2001-01-01") + 365 * np.arange(6)
    amounts = np.array([-120_000, 39_000, 30_000, 21_000, 37_000, 46_000], float)
    # at 12 % the receipts grow to 39000·1.12⁴ + 30000·1.12³ + 21000·1.12² + 37000·1.12 + 46000
    grown = 39_000 * 1.12**4 + 30_000 * 1.12**3 + 21_000 * 1.12**2 + 37_000 * 1.12 + 46_000
    rate = mirr(Flows(years, amounts), finance=0.10, reinvest=0.12)
    assert rate.value == pytest.approx((grown / 120_000) ** 0.2 - 1, abs=1e-12)
    assert rate.value == pytest.approx(0.1261, abs=5e-5)  # as the documentation prints it


def test_mirr_discounts_later_payments_at_the_finance_rate() -> None:
    start = np.datetime64("2001-01-01")
    found = mirr(
        Flows(start + np.array([0, 365, 730]), np.array([-100.0, -110.0, 300.0])), 0.1, 0.0
    )
    assert found.value == pytest.approx((300 / 200) ** 0.5 - 1, abs=1e-12)  # 100 + 110/1.1 = 200


def test_two_rates_are_no_rate() -> None:
    # −100 + 230/(1+r) − 132/(1+r)² = 0 at r = 10 % and at r = 20 %
    both = xirr(flows(("2001-01-01", -100), ("2002-01-01", 230), ("2003-01-01", -132)))
    assert np.isnan(both.value)
    assert "10.0%, 20.0%" in both.reason
    assert both.ambiguous


@pytest.mark.parametrize(
    ("amounts", "reason"),
    [((0, 0), "there are no flows"), ((-5, -5), "all flows have one sign")],
)
def test_no_rate_says_why(amounts, reason) -> None:
    found = xirr(flows(("2001-01-01", amounts[0]), ("2002-01-01", amounts[1])))
    assert np.isnan(found.value)
    assert found.reason == reason


def test_flows_without_a_solution_say_so() -> None:
    # a loan of 100 that is never worth nothing: 100 − 10/(1+r) + 100/(1+r)² > 0 at every r
    found = xirr(flows(("2001-01-01", 100), ("2002-01-01", -10), ("2003-01-01", 100)))
    assert np.isnan(found.value)
    assert found.reason == "no rate solves the flows"


def test_nothing_ever_received_is_a_total_loss() -> None:
    assert mirr(flows(("2001-01-01", -5), ("2002-01-01", 0)), 0.0, 0.0).value == -1.0


@given(st.floats(1.0, 1e6), st.floats(0.05, 20.0), st.integers(30, 3650))
def test_two_flows_compound(paid, multiple, days) -> None:
    start = np.datetime64("2001-01-01")
    found = xirr(Flows(np.array([start, start + days]), np.array([-paid, paid * multiple])))
    exact = multiple ** (365.0 / days) - 1.0
    if -0.999 < exact < 900.0:
        assert found.value == pytest.approx(exact, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("hedge", HEDGES)
@pytest.mark.parametrize("sleeve", ["condors", "short", "medium", "tail"])
def test_flows_and_what_is_held_make_the_profit(hedge, sleeve) -> None:
    held = evening(hedge)
    result = held.result
    value = sum(leg.value for leg in held.book.legs if leg.sleeve == sleeve)
    total = sleeve_flows(result, held.run_days, sleeve).amounts.sum() + value
    profit = result.sleeves[sleeve][-1] + result.costs_by_sleeve[sleeve][-1]
    assert total == pytest.approx(profit, abs=0.01)


def test_a_future_is_settled_daily() -> None:
    days = np.zeros(4, DAY)
    days["tradable"], days["date"] = 1, [100, 101, 102, 103]
    days["curve_expiry"] = np.arange(110, 124)
    days["curve_forward"][:, 0] = [15.0, 16.0, 16.0, 99.0]
    trades = np.zeros(2, TRADE)
    trades["root"], trades["expiry"] = codes.VX, 110
    trades["day"], trades["quantity"] = [0, 2], [2.0, -2.0]
    trades["mid"], trades["price"] = [15.0, 16.5], [15.1, 16.4]
    # bought 0.1 above the mark: −200; the mark rises by 1: +2000; by 0.5, and sold 0.1 below it
    assert variation(trades, days) == pytest.approx([-200.0, 2_000.0, 1_000.0 - 200.0, 0.0])


@pytest.mark.parametrize("hedge", ["alvh-40-40-20", "spx-puts"])
def test_layer_values_are_the_account_s_hedge_value(hedge) -> None:
    result = run(hedge)
    assert layer_values(result).sum(axis=0) == pytest.approx(result.hedge_value, abs=1e-6)
