"""Today's decision: it is the backtest's, to the byte, and nothing is decided on bad inputs."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from tests.advise.books import bundled
from tests.desk.month import begin, canonical, days_of, live

import alvh
from alvh.advise.account import Account, read_memory
from alvh.advise.orders import decided
from alvh.advise.restore import Rules, remember
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.desk.book import Book
from alvh.desk.entries import Flow
from alvh.desk.paper import as_decided
from alvh.engine import run_window
from alvh.errors import DataError
from alvh.guides import build_guides
from alvh.market.chains.importing import import_chains
from alvh.market.surfaces import build_surfaces
from alvh.policy import policy_hash

FRESH = Account(date(2015, 8, 20), 1_000_000.0)
AS_OF = date(2015, 8, 21)


def chain(history, hedge, programme, start, end, improvement=0.0):
    """Every session after the first: (decision, what the backtest decided, cash in the book)."""
    policy, rules = alvh.load_policy(hedge), alvh.load_programme(programme)
    result = alvh.backtest(history, policy, rules, start, end, improvement=improvement)
    days = days_of(result)
    book = begin(result, 1)
    book = first_memory(book, result, policy, rules, history, improvement)
    for t, (decision, after) in enumerate(
        live(history, book, policy, rules, days[1:], improvement=improvement), 1
    ):
        yield decision, decided(result.logs, result.counts, t, days[t]), after, result.cash[t]


def first_memory(book, result, policy, programme, history=None, improvement=0.0):
    """What the rules carry on from a run's first day: from the engine's own book of that day."""
    history = bundled() if history is None else history
    surfaces = build_surfaces(history)
    row = int(np.searchsorted(surfaces.dates, result.dates[0]))
    window = slice(row, row + 1)
    records = (
        *compile_hedge(policy), compile_programme(programme, 0.5, improvement),
        compile_account(1_000_000.0, 0.5, 1.0, 0.65, 0.01, improvement),
    )  # fmt: skip
    guides = build_guides(history, policy, programme, surfaces.dates[window])
    daily, _, engine = run_window(surfaces, window, guides, records)
    names = [lot.order for lot in book.account(days_of(result)[0]).condors] + [""] * 48
    rules = Rules(*records, policy_hash(policy), policy_hash(programme))
    day = days_of(result)[0]
    month = f"{day:%Y-%m}" if engine.state[0]["judged"] else ""
    return book.remember(remember(engine, rules, day, month, names, daily, result.dates[:1], None))


@pytest.mark.parametrize(
    ("hedge", "programme", "improvement"),
    [
        ("alvh-40-40-20", "monthly45", 0.0),
        ("alvh-40-40-20", "monthly45", 0.4),
        ("alvh-adaptive", "monthly45-adaptive", 0.0),
    ],
)
def test_a_book_of_fills_decides_as_the_backtest_did_to_the_byte(hedge, programme, improvement):
    """August and September 2015: a crash, rolls, gains taken, condors stopped and settled."""
    orders = 0
    for found, wanted, after, cash in chain(
        bundled(), hedge, programme, "2015-07-31", "2015-09-30", improvement
    ):
        assert found.stopped == ()
        assert canonical(found.decided) == canonical(wanted)
        assert after.folded().cash == pytest.approx(cash, abs=1e-6)
        orders += len(found.orders)
    assert orders > 15


def test_on_days_with_chains_too(shared_data, tmp_path):
    """Quotes choose, mark and fill in both alike; two sessions in a row have them."""
    days = ("20190531", "20190603", "20190621")
    sources = [shared_data / "chains" / "spx_eod_2019" / f"SPX_{day}.csv" for day in days]
    import_chains(sources, tmp_path / "chains")
    history = alvh.load_history(shared_data, chains=tmp_path / "chains")
    orders = 0
    for found, wanted, after, cash in chain(
        history, "alvh-40-40-20", "monthly45", "2019-05-29", "2019-06-25"
    ):
        assert canonical(found.decided) == canonical(wanted)
        assert after.folded().cash == pytest.approx(cash, abs=1e-6)
        orders += sum(len(order.legs) for order in found.orders)
    run = alvh.backtest(history, "alvh-40-40-20", "monthly45", "2019-05-29", "2019-06-25")
    quoted = run.trades.filter(pl.col("provenance") == "quoted")
    assert quoted["date"].n_unique() == 2
    assert orders >= quoted.height


def test_the_later_past_does_not_change_a_decision():
    """The same session decided from a history that stops on it, and from the whole one."""
    whole = alvh.today(bundled(), FRESH, as_of=AS_OF)
    stopped = alvh.today(bundled().between(end=AS_OF), FRESH)
    assert whole.orders
    assert stopped.canonical == whole.canonical


def test_a_new_account_buys_every_layer_that_its_budget_reaches():
    found = alvh.today(bundled(), FRESH, as_of=AS_OF)
    assert {order.sleeve for order in found.orders} >= {"short", "medium"}
    assert found.verdict == "trade"
    assert found.reason == ""
    for order in found.orders:
        if order.sleeve != "condors":
            assert not order.limit.is_credit  # protection is paid for
    for line in found.layers:
        assert (line.after > 0) == (line.gap > 0.0) == (line.spike > 0.0)


def test_condor_figures_are_those_of_its_legs():
    """Arithmetic by hand from the legs of the order."""
    account = replace(FRESH, as_of=date(2015, 8, 14))
    found = alvh.today(bundled(), account, as_of=date(2015, 8, 17))
    (ticket,) = found.condors
    order = next(one for one in found.orders if one.name == ticket.order)
    credit = -sum(leg.ratio * leg.price for leg in order.legs)
    assert order.limit.is_credit
    assert float(order.limit.received) == pytest.approx(credit, abs=1e-4)
    assert ticket.credit == pytest.approx(credit)
    low, short_put, short_call, high = ticket.strikes
    width = max(short_put - low, high - short_call)
    assert ticket.break_even_win_rate == pytest.approx(1.0 - credit / width)
    assert ticket.break_evens == pytest.approx((short_put - credit, short_call + credit))
    assert ticket.margin == pytest.approx(100.0 * ticket.quantity * (width - credit))
    assert 0.0 < ticket.probability_of_profit < 1.0
    assert order.cash == pytest.approx(100.0 * ticket.quantity * credit - order.fees)


def test_memory_survives_its_file_form_to_the_bit():
    found = alvh.today(bundled(), FRESH, as_of=AS_OF)
    assert read_memory(found.memory.plain()) == found.memory


def test_a_memory_that_is_none_is_refused():
    with pytest.raises(DataError, match="memory of a book"):
        read_memory({"as_of": "2015-08-21", "whim": 1})


def spoilt(**columns):
    """The bundled history up to the session, its last row changed."""
    cut = bundled().between(end=AS_OF)
    held = {name: values.copy() for name, values in cut.columns.items()}
    for name, value in columns.items():
        held[name][-1] = value(held[name]) if callable(value) else value
    return replace(cut, columns=held)


@pytest.mark.parametrize(
    ("history", "code"),
    [
        (lambda: spoilt(vix=np.nan), "MISSING"),
        (lambda: spoilt(spx=lambda v: v[-2], vix=lambda v: v[-2]), "FROZEN"),
        (lambda: spoilt(spx=lambda v: 0.7 * v[-2]), "IMPLAUSIBLE"),
        (lambda: spoilt(spx_low=9_999.0), "CROSSED"),
    ],
)  # fmt: skip
def test_bad_data_stops_with_its_code_and_no_order(history, code):
    found = alvh.today(history(), FRESH, as_of=AS_OF)
    assert code in found.stopped
    assert found.verdict == "no trade"
    assert found.orders == ()
    assert found.reason


@pytest.mark.parametrize("name", ["spx", "vix"])
def test_one_series_is_frozen_after_three_sessions(name):
    """Twice the same close is no fault: 1,447.16 on 2008-01-02 and 2008-01-03 was the market's."""
    cut = spoilt()
    values = cut[name].copy()
    values[-2] = values[-1]
    assert alvh.today(replace(cut, columns=dict(cut.columns) | {name: values}), FRESH).stopped == ()
    values[-3] = values[-1]
    found = alvh.today(replace(cut, columns=dict(cut.columns) | {name: values}), FRESH)
    assert found.stopped == ("FROZEN",)


@pytest.mark.parametrize(("on", "stopped"), [
    (date(2015, 8, 21), ()),
    (date(2015, 8, 23), ()),  # a Sunday
    (date(2015, 8, 24), ("STALE",)),
    (date(2015, 8, 20), ("AHEAD",)),
])  # fmt: skip
def test_data_is_stale_as_soon_as_a_session_is_missing(on, stopped):
    assert alvh.today(bundled(), FRESH, as_of=AS_OF, on=on).stopped == stopped


def test_a_book_that_is_not_settled_stops():
    """A condor that expired on Friday is still in the book on Monday evening."""
    policy, programme = alvh.load_policy("alvh-40-40-20"), alvh.load_programme("monthly45")
    result = alvh.backtest(bundled(), policy, programme, "2015-07-31", "2015-08-21")
    account = begin(result, len(result.dates)).account(days_of(result)[-1])
    lot = replace(account.condors[0], expiry=date(2015, 8, 21))
    held = replace(account, condors=(lot,))
    found = alvh.today(bundled(), held, as_of=date(2015, 8, 24))
    assert "UNSETTLED" in found.stopped


def test_a_fault_of_the_book_stops():
    found = alvh.today(bundled(), replace(FRESH, faults=("2 legs",)), as_of=AS_OF)
    assert found.stopped == ("BOOK",)
    assert "2 legs" in found.reason


def test_half_days_and_daylight_saving_have_their_own_close():
    """Thanksgiving Friday closes at 12:15; Chicago is six hours behind in winter, else five."""
    half = alvh.today(bundled(), replace(FRESH, as_of=date(2015, 11, 25)), as_of=date(2015, 11, 27))
    assert half.plain()["closes_at"] == "2015-11-27T12:15:00-06:00"
    assert "HALF_DAY" in {check.code for check in half.checks}
    summer = alvh.today(bundled(), FRESH, as_of=AS_OF)
    assert summer.plain()["closes_at"] == "2015-08-21T15:15:00-05:00"


def test_a_month_that_settles_on_tuesday_is_told():
    """18 April 2014 was Good Friday: March 2014 contracts settled on Tuesday the 18th."""
    found = alvh.today(bundled(), replace(FRESH, as_of=date(2014, 3, 13)), as_of=date(2014, 3, 14))
    assert "VIX_MOVED" in {check.code for check in found.checks}


def test_a_day_without_market_is_refused():
    with pytest.raises(DataError, match="no session"):
        alvh.today(bundled(), FRESH, as_of=date(2015, 8, 22))


def test_the_same_inputs_give_the_same_digest_and_other_cash_another():
    book = Book("main", (Flow(date(2015, 8, 20), "deposit", 1_000_000.0),))
    one, two = (alvh.today(bundled(), book, as_of=AS_OF).digest for _ in range(2))
    richer = book.add([Flow(date(2015, 8, 20), "deposit", 500_000.0)])
    assert one == two != alvh.today(bundled(), richer, as_of=AS_OF).digest


def test_an_account_without_cash_or_with_a_loan_is_decided():
    """All of it in the index fund, or on a margin loan of 500 USD beside it."""
    for cash in (0.0, -500.0):
        held = replace(FRESH, cash=cash, index_units=400.0)
        found = alvh.today(bundled(), held, "none", "index", as_of=AS_OF)
        assert found.stopped == ()
        assert found.index_change * found.panel["spx"] == pytest.approx(
            cash + found.interest, abs=0.01
        )


def test_the_index_fund_is_bought_with_all_cash_and_the_book_knows():
    book = Book("main", (Flow(date(2015, 8, 20), "deposit", 1_000_000.0),))
    found = alvh.today(bundled(), book, "none", "index", as_of=AS_OF)
    after = book.add(as_decided(found)).account(AS_OF)
    assert after.cash == pytest.approx(0.0, abs=1e-6)
    assert after.index_units == pytest.approx(found.index_change)
    assert after.index_units * found.panel["spx"] == pytest.approx(1_000_000 + found.interest)


def test_an_event_of_the_session_itself_is_listed():
    """The Federal Reserve met on 2015-09-17, and CPI was published the day before."""
    fresh = Account(date(2015, 9, 16), 1_000_000.0)
    checks = alvh.today(bundled(), fresh, "none", "none", as_of=date(2015, 9, 17)).checks
    assert [one.text for one in checks if one.code == "EVENT"] == ["FOMC today, 2015-09-17"]
    before = Account(date(2015, 9, 15), 1_000_000.0)
    told = alvh.today(bundled(), before, "none", "none", as_of=date(2015, 9, 16)).checks
    texts = [one.text for one in told if one.code == "EVENT"]
    assert sorted(texts) == ["CPI today, 2015-09-16", "FOMC on 2015-09-17"]
