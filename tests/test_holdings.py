"""The book of an evening, held against the account that produced it."""

import polars as pl
import pytest

import alvh
from alvh.holdings import holdings


@pytest.fixture(scope="module")
def history():
    return alvh.load_history("bundled")


@pytest.mark.parametrize("end", ["2014-02-03", "2015-08-24", "2018-02-05", "2018-12-24"])
@pytest.mark.parametrize("hedge", ["alvh-40-40-20", "futures-40-40-20", "none"])
def test_cash_and_legs_make_the_account_value(history, hedge, end):
    book = holdings(alvh.backtest(history, hedge, "monthly45", end=end))
    assert str(book.as_of) == end
    assert book.cash + sum(leg.value for leg in book.legs) == pytest.approx(book.nav, abs=0.01)


def test_legs_are_the_trades_that_have_not_been_undone(history):
    result = alvh.backtest(history, "alvh-40-40-20", "monthly45", end="2016-01-20")
    terms = ["sleeve", "root", "expiry", "strike", "put_call"]
    open_by_trades = {
        tuple(row[name] for name in terms): row["quantity"]
        for row in result.trades.group_by(terms).agg(pl.col("quantity").sum())
        .filter(pl.col("quantity") != 0).iter_rows(named=True)
    }  # fmt: skip
    held: dict = {}
    for leg in holdings(result).legs:
        key = (leg.sleeve, leg.root, leg.expiry, leg.strike, leg.put_call)
        held[key] = held.get(key, 0.0) + leg.quantity
    assert held == open_by_trades


def test_the_book_of_an_evening_does_not_depend_on_what_came_after(history):
    whole = alvh.backtest(history, "alvh-40-40-20", "monthly45", end="2018-12-24")
    short = alvh.backtest(history, "alvh-40-40-20", "monthly45", end="2016-06-24")
    row = len(short.dates) - 1
    assert whole.nav[row] == holdings(short).nav
    assert whole.condor_margin[row] == sum(c.margin for c in holdings(short).condors)


def test_condor_risk_is_its_width_less_its_credit(history):
    book = holdings(alvh.backtest(history, "none", "monthly45", end="2015-06-24"))
    for condor in book.condors:
        long_put, short_put, short_call, long_call = condor.strikes
        width = max(short_put - long_put, long_call - short_call)
        assert condor.max_loss == condor.quantity * 100.0 * (width - condor.credit)
