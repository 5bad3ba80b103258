"""From decision to ticket to fill: recorded first, issued once, and held against each other."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.advise.books import bundled
from tests.advise.test_today import first_memory
from tests.desk.month import begin, canonical, days_of

import alvh
from alvh.advise.account import read_account
from alvh.advise.orders import decided
from alvh.desk.book import Book
from alvh.desk.book_files import csv_text, entry_row, read_book, write_book
from alvh.desk.closes import not_to_be_sent
from alvh.desk.decisions import repeat
from alvh.desk.entries import Flow
from alvh.desk.forms.ibkr import read_basket
from alvh.desk.forms.tastytrade import read_order_json
from alvh.desk.forms.thinkorswim import read_order_line
from alvh.desk.governance import close_only, halt, propose, reduce, sign
from alvh.desk.issuing import (
    decide,
    issue_tickets,
    last_memory,
    max_loss,
    record_decision,
)
from alvh.desk.paper import as_decided
from alvh.desk.preview import preview
from alvh.desk.reconcile import make_void, reconcile, ticketed
from alvh.desk.recording import record
from alvh.desk.scoring import score, unasked
from alvh.desk.standing import standing
from alvh.desk.statements import import_statement, read_statement
from alvh.desk.ticket_files import write_tickets
from alvh.desk.versions import Caps, Charter
from alvh.errors import BookError, GovernanceError

DAY = date(2015, 8, 17)
CASH = Book("main", (Flow(date(2015, 8, 14), "deposit", 1_000_000.0),))


def close_of(day):
    return datetime(day.year, day.month, day.day, 20, tzinfo=UTC)


@pytest.fixture
def desk(ledger, keys):
    """A ledger whose rules are in force, with caps that the presets keep."""
    caps = Caps(condor_share=0.2, hedge_spend_per_year=1.0, orders_per_day=40)
    rules = Charter(keys={"ann": keys[0].public}, signatures=1, notice_days=0, caps=caps)
    hedge, condors = alvh.load_policy("alvh-40-40-20"), alvh.load_programme("monthly45")
    start = close_of(date(2015, 7, 30))
    version = propose(ledger, hedge, condors, rules, start)
    sign(ledger, version.sha256, keys[0], start)
    return ledger


@pytest.fixture
def evening(desk):
    """The desk, its decision of the day, and the event that recorded it."""
    decision = decide(desk, bundled(), CASH, close_of(DAY), as_of=DAY)
    return desk, decision, record_decision(desk, decision, close_of(DAY))


def test_a_decision_is_recorded_with_what_it_rested_on(evening):
    desk, decision, event = evening
    told = event.content
    assert told["digest"] == decision.digest
    assert told["meta"]["data_digest"] == bundled().between(end=DAY).digest
    assert read_account(told["book"]) == decision.account
    again = alvh.today(
        bundled(), read_account(told["book"]), "alvh-40-40-20", "monthly45", as_of=DAY
    )
    assert again.digest == told["digest"]
    assert last_memory(desk, date(2015, 8, 18)) == decision.memory
    assert last_memory(desk, DAY) is None


def test_a_session_is_decided_once(evening):
    desk, decision, event = evening
    assert record_decision(desk, decision, close_of(DAY)) == event
    richer = CASH.add([Flow(date(2015, 8, 14), "deposit", 9.0)])
    other = decide(desk, bundled(), richer, close_of(DAY), as_of=DAY)
    with pytest.raises(GovernanceError, match="a session is decided once"):
        record_decision(desk, other, close_of(DAY))


def test_every_order_has_a_ticket_once(evening):
    desk, decision, event = evening
    first = issue_tickets(desk, decision, event, close_of(DAY), CASH)
    assert {order.name for order in first.orders} == {order.name for order in decision.orders}
    count = standing(desk, close_of(DAY)).count
    assert issue_tickets(desk, decision, event, close_of(DAY), CASH) == first
    assert standing(desk, close_of(DAY)).count == count
    assert [order.name for order in ticketed(desk)] == [order.name for order in first.orders]


def test_tickets_are_written_as_they_were_decided(evening, tmp_path):
    desk, decision, event = evening
    issued = issue_tickets(desk, decision, event, close_of(DAY), CASH)
    assert write_tickets(tmp_path, issued.orders) == {}
    baskets = {form.name: form for form in read_basket((tmp_path / "basket.csv").read_text())}
    lines = (tmp_path / "thinkorswim.txt").read_text().splitlines()
    for order, line in zip(issued.orders, lines, strict=True):
        told = read_order_json((tmp_path / f"{order.name}.json").read_text())
        assert told.limit == baskets[order.name].limit == read_order_line(line).limit == order.limit
        assert told.quantity == order.quantity


def test_tickets_of_a_finished_session_say_so(evening, tmp_path):
    desk, decision, event = evening
    issued = issue_tickets(desk, decision, event, close_of(DAY), CASH)
    warning = not_to_be_sent(DAY, close_of(DAY) + timedelta(hours=1))
    assert warning == "NOT TO BE SENT: of a finished session, 2015-08-17"
    write_tickets(tmp_path, issued.orders, (), warning)
    first, *lines = (tmp_path / "thinkorswim.txt").read_text().splitlines()
    assert first == warning
    assert len(lines) == len(issued.orders)
    assert (tmp_path / "NOT-TO-BE-SENT.txt").read_text() == f"{warning}\n"
    assert len(read_basket((tmp_path / "basket.csv").read_text())) == len(issued.orders)
    write_tickets(tmp_path, issued.orders)
    assert not (tmp_path / "NOT-TO-BE-SENT.txt").exists()  # what is written anew is for its day
    assert not_to_be_sent(DAY, close_of(DAY) - timedelta(hours=1)) == ""


def test_a_halt_leaves_no_ticket_that_opens(evening):
    desk, decision, event = evening
    halt(desk, "a drill", "ann", close_of(DAY))
    issued = issue_tickets(desk, decision, event, close_of(DAY), CASH)
    assert issued.orders == ()
    assert all("halted by ann" in why for why in issued.refused.values())


def test_what_a_halt_refuses_is_recorded_once_and_scored(evening):
    desk, decision, event = evening
    assert [one.as_of for one in unasked(desk)] == []
    halt(desk, "a drill", "ann", close_of(DAY))
    assert [one.orders for one in unasked(desk)] == [tuple(o.name for o in decision.orders)]
    for _ in range(2):
        issue_tickets(desk, decision, event, close_of(DAY), CASH)
    kept = [one.content for one in desk.events() if one.content["kind"] == "tickets.refused"]
    assert [set(one["refused"]) for one in kept] == [{order.name for order in decision.orders}]
    assert unasked(desk) == ()
    scored = score(desk, bundled(), date(2015, 8, 18))
    assert [(one.taken, one.asked) for one in scored] == [
        (0, order.quantity) for order in decision.orders
    ]


def test_a_reduction_cuts_structures(evening):
    desk, decision, event = evening
    reduce(desk, 0.5, DAY, "a storm", "ann", close_of(DAY))
    issued = issue_tickets(desk, decision, event, close_of(DAY), CASH)
    asked = {order.name: order.quantity for order in decision.orders}
    assert issued.orders
    for order in issued.orders:
        assert order.quantity == asked[order.name] // 2
        share = order.quantity / asked[order.name]
        whole = next(one for one in decision.orders if one.name == order.name)
        assert order.cash == pytest.approx(share * whole.cash)


def test_the_most_a_condor_can_lose_by_hand(evening):
    _, decision, _ = evening
    (ticket,) = decision.condors
    order = next(one for one in decision.orders if one.name == ticket.order)
    assert max_loss(order) == pytest.approx(ticket.max_loss + order.fees)


def test_fills_that_are_as_ordered_agree(evening):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    book = CASH.add(as_decided(decision))
    assert reconcile(desk, book, close_of(DAY), cash=book.folded().cash) == ()
    recorded = [e for e in desk.events() if e.content["kind"] == "fill"]
    assert len(recorded) == len(decision.orders)
    spent = -sum(order.cash for order in decision.orders if order.sleeve != "condors")
    assert standing(desk, close_of(DAY)).hedge_spent == pytest.approx(spent, abs=0.05)
    assert reconcile(desk, book, close_of(DAY)) == ()
    assert len([e for e in desk.events() if e.content["kind"] == "fill"]) == len(recorded)


@pytest.mark.parametrize(("spoil", "said"), [
    (lambda rows: rows[:-1], "of +"),  # a leg is missing
    (lambda rows: [*rows[:-1], _worse(rows[-1])], "the limit is"),
    (lambda rows: [*rows, _stray(rows[-1])], "on no ticket"),
])  # fmt: skip
def test_a_mismatch_stops_the_next_ticket(evening, spoil, said):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    book = CASH.add(spoil(list(as_decided(decision))))
    found = reconcile(desk, book, close_of(DAY))
    assert any(said in line for line in found)
    tomorrow = date(2015, 8, 18)
    stopped = decide(desk, bundled(), book, close_of(tomorrow), as_of=tomorrow)
    assert "BOOK" in stopped.stopped
    later = decide(desk, bundled(), book, close_of(tomorrow), as_of=tomorrow)
    event = record_decision(desk, later, close_of(tomorrow))
    assert issue_tickets(desk, later, event, close_of(tomorrow), book).orders == ()
    whole = CASH.add(as_decided(decision))
    assert reconcile(desk, whole, close_of(tomorrow)) == ()
    assert decide(desk, bundled(), whole, close_of(tomorrow), as_of=tomorrow).stopped == ()


def _worse(fill):
    return replace(fill, price=fill.price + 0.5 * (1 if fill.quantity > 0 else -1))


def _stray(fill):
    return replace(fill, order="stray", key="stray")


@pytest.mark.parametrize("cash", [float("nan"), float("inf")])
def test_cash_that_is_no_amount_is_refused(evening, cash):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    count = standing(desk, close_of(DAY)).count
    with pytest.raises(BookError, match="is no amount"):
        reconcile(desk, CASH.add(as_decided(decision)), close_of(DAY), cash)
    assert standing(desk, close_of(DAY)).count == count


TOMORROW = date(2015, 8, 18)


def test_tickets_that_nobody_reconciled_stop_the_next_session(evening):
    """No import, no `fills check`, nothing recorded: the book alone shows that they are open."""
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    assert standing(desk, close_of(TOMORROW)).differences == ()
    stopped = decide(desk, bundled(), CASH, close_of(TOMORROW), as_of=TOMORROW)
    assert stopped.stopped == ("BOOK",)
    assert "alvh fills import" in stopped.reason
    assert "alvh fills void" in stopped.reason
    for order in decision.orders:
        make_void(desk, order.name, "no fill", close_of(DAY))
    assert decide(desk, bundled(), CASH, close_of(TOMORROW), as_of=TOMORROW).stopped == ()


def test_tickets_of_the_session_itself_may_be_open(evening):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    assert decide(desk, bundled(), CASH, close_of(DAY), as_of=DAY).digest == decision.digest


@pytest.mark.parametrize("void", [False, True])
def test_fills_deleted_after_a_clean_reconciliation_stop_the_next_session(evening, void):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    book = CASH.add(as_decided(decision))
    assert reconcile(desk, book, close_of(DAY)) == ()
    name = decision.orders[0].name
    if void:
        make_void(desk, name, "nothing more of it", close_of(DAY))
    assert decide(desk, bundled(), book, close_of(TOMORROW), as_of=TOMORROW).stopped == ()
    rows = tuple(row for row in book.entries if getattr(row, "order", "") != name)
    cut = replace(book, entries=rows)
    stopped = decide(desk, bundled(), cut, close_of(TOMORROW), as_of=TOMORROW)
    assert "BOOK" in stopped.stopped
    assert name in stopped.reason


def test_a_ticket_that_came_to_be_open_since_the_decision_stops_its_tickets(evening):
    """Decided before the tickets of the day before were issued: its own are not issued after."""
    desk, decision, event = evening
    later = decide(desk, bundled(), CASH, close_of(TOMORROW), as_of=TOMORROW)
    names = [replace(one, name=one.name.replace("0817", "0818")) for one in decision.orders]
    later = replace(later, decided=replace(later.decided, orders=tuple(names)))
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    recorded = record_decision(desk, later, close_of(TOMORROW))
    issued = issue_tickets(desk, later, recorded, close_of(TOMORROW), CASH)
    assert issued.orders == ()
    assert set(issued.refused) == {order.name for order in later.orders}
    assert all("book and tickets disagree" in why for why in issued.refused.values())


def test_no_session_before_one_that_was_decided(evening):
    desk, decision, event = evening
    before = date(2015, 8, 14)
    start = Book("main", (Flow(date(2015, 8, 13), "deposit", 1_000_000.0),))
    early = decide(desk, bundled(), start, close_of(DAY), as_of=before)
    with pytest.raises(GovernanceError, match="2015-08-17 was decided in event"):
        record_decision(desk, early, close_of(DAY))
    assert record_decision(desk, decision, close_of(DAY)) == event


def test_an_older_session_s_orders_have_no_ticket_once_a_later_one_is_decided(evening):
    desk, decision, event = evening
    later = decide(desk, bundled(), CASH, close_of(TOMORROW), as_of=TOMORROW)
    record_decision(desk, later, close_of(TOMORROW))
    issued = issue_tickets(desk, decision, event, close_of(TOMORROW), CASH)
    assert issued.orders == ()
    assert all("2015-08-18 was decided" in why for why in issued.refused.values())


def test_the_memory_is_that_of_the_latest_session(evening):
    """A ledger in which sessions were decided out of order, as it was once possible."""
    desk, decision, event = evening
    older = replace(decision.memory, as_of=date(2015, 8, 13))
    content = {key: value for key, value in event.content.items() if key not in ("kind", "at")}
    content |= {"as_of": "2015-08-13", "memory": older.plain()}
    record(desk, "decision", content, close_of(DAY))
    assert last_memory(desk, TOMORROW) == decision.memory


def worked(desk, decision, event, book=CASH):
    """Structures that are handed back to be worked, by name, and why not the rest."""
    issued = issue_tickets(desk, decision, event, close_of(DAY) + timedelta(minutes=1), book)
    return {one.name: one.quantity for one in issued.orders}, issued.refused, issued.reduced


def test_a_ticket_written_again_opens_nothing_while_it_is_forbidden(evening, tmp_path):
    desk, decision, event = evening
    first = issue_tickets(desk, decision, event, close_of(DAY), CASH)
    write_tickets(tmp_path / "t", first.orders)
    close_only(desk, DAY, "a storm", "ann", close_of(DAY))
    orders, refused, _ = worked(desk, decision, event)
    assert orders == {}
    assert all("close only" in why for why in refused.values())
    write_tickets(tmp_path / "t", (), refused)
    assert list((tmp_path / "t").iterdir()) == []  # nor does a file of it stay
    halt(desk, "a drill", "ann", close_of(DAY))
    orders, refused, _ = worked(desk, decision, event)
    assert orders == {}
    assert all("halted by ann" in why for why in refused.values())


def test_a_ticket_written_again_is_no_larger_than_a_reduction_allows(evening):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    reduce(desk, 0.5, DAY, "a storm", "ann", close_of(DAY))
    orders, _, reduced = worked(desk, decision, event)
    assert orders == {order.name: order.quantity // 2 for order in decision.orders}
    assert all("reduced to 0.5" in reduced[name] for name in orders)


def test_what_is_void_or_filled_is_not_written_again(evening):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    void, filled, *_ = (order.name for order in decision.orders)
    make_void(desk, void, "no fill", close_of(DAY))
    rows = [row for row in as_decided(decision) if getattr(row, "order", "") == filled]
    orders, refused, _ = worked(desk, decision, event, CASH.add(rows))
    assert set(orders) == {order.name for order in decision.orders} - {void, filled}
    assert "void" in refused[void]
    assert "are filled" in refused[filled]


def test_only_the_unfilled_rest_is_written_again(evening):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    order = next(one for one in decision.orders if one.quantity > 2)
    rows = [
        replace(row, quantity=2.0 * leg.ratio)
        for row in as_decided(decision) if getattr(row, "order", "") == order.name
        for leg in order.legs if leg.instrument == row.instrument
    ]  # fmt: skip
    orders, _, reduced = worked(desk, decision, event, CASH.add(rows))
    assert orders[order.name] == order.quantity - 2
    assert reduced[order.name] == f"2 of {order.quantity} are filled"


def test_legs_that_are_not_filled_alike_are_left_to_a_person(evening):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    order = next(one for one in decision.orders if one.sleeve == "condors")
    rows = [row for row in as_decided(decision) if getattr(row, "order", "") == order.name]
    orders, refused, _ = worked(desk, decision, event, CASH.add(rows[:2]))
    assert order.name not in orders
    assert "not filled alike" in refused[order.name]


def test_the_preview_says_what_is_written_again(evening):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    reduce(desk, 0.5, DAY, "a storm", "ann", close_of(DAY))
    again = issue_tickets(desk, decision, event, close_of(DAY), CASH)
    seen = preview(desk, decision, close_of(DAY), CASH)
    assert (tuple(seen.orders.values()), seen.refused, seen.reduced) == (
        again.orders, again.refused, again.reduced,
    )  # fmt: skip


def test_a_ticket_that_was_not_filled_is_made_void(evening):
    desk, decision, event = evening
    issue_tickets(desk, decision, event, close_of(DAY), CASH)
    name = decision.orders[-1].name
    rows = [row for row in as_decided(decision) if getattr(row, "order", "") != name]
    assert len(reconcile(desk, CASH.add(rows), close_of(DAY))) >= 1
    make_void(desk, name, "the market closed", close_of(DAY))
    assert reconcile(desk, CASH.add(rows), close_of(DAY)) == ()
    with pytest.raises(GovernanceError, match="is not open"):
        make_void(desk, name, "again", close_of(DAY))


def run_desk(desk, history, tmp_path, result, first, book):
    """Live through the sessions of a run by file: decide, issue, write, fill, import, reconcile."""
    path = tmp_path / "main.yaml"
    write_book(path, book)
    for t in range(first, len(result.dates)):
        day = days_of(result)[t]
        at = close_of(day)
        decision = decide(desk, history, read_book(path), at, as_of=day)
        assert canonical(decision.decided) == canonical(decided(result.logs, result.counts, t, day))
        issued = issue_tickets(
            desk, decision, record_decision(desk, decision, at), at, read_book(path)
        )
        assert issued.refused == {}
        write_tickets(tmp_path / str(day), issued.orders)
        statement = tmp_path / "paper.csv"
        statement.write_text(csv_text(map(entry_row, as_decided(decision))))
        found = import_statement(read_book(path), read_statement(statement), ticketed(desk))
        write_book(path, found.book)
        assert reconcile(desk, read_book(path), at + timedelta(minutes=1)) == ()
        yield decision


def test_a_month_of_the_desk_is_the_backtest(desk, tmp_path):
    """August 2015 through files and ledger: every decision the backtest's, to the byte."""
    policy, programme = alvh.load_policy("alvh-40-40-20"), alvh.load_programme("monthly45")
    result = alvh.backtest(bundled(), policy, programme, "2015-07-31", "2015-08-31")
    book = first_memory(begin(result, 1), result, policy, programme)
    decisions = list(run_desk(desk, bundled(), tmp_path, result, 1, book))
    assert sum(len(one.orders) for one in decisions) > 5
    count, _ = desk.verify()
    assert count > 2 * len(decisions)


def test_february_and_march_2020_are_the_backtest(desk, shared_data, tmp_path):
    """The crash on real data, by file and ledger: 41 sessions, every decision to the byte."""
    history = alvh.load_history(shared_data)
    policy, programme = alvh.load_policy("alvh-40-40-20"), alvh.load_programme("monthly45")
    result = alvh.backtest(history, policy, programme, "2020-01-31", "2020-03-31")
    book = first_memory(begin(result, 1), result, policy, programme, history)
    decisions = list(run_desk(desk, history, tmp_path, result, 1, book))
    assert len(decisions) == 41
    assert sum(len(one.orders) for one in decisions) > 15
    desk.verify()
    assert [one.difference for one in repeat(desk, history)] == [""] * 41
