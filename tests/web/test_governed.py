"""With a ledger, Today is `alvh today --ledger`: rules in force, halt, caps, disagreements."""

import html
import json
import re
import shlex
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.web.browser import Watched, chromium, serving
from tests.web.conftest import HOST, Desked
from tests.web.test_lab import _cli
from typer.testing import CliRunner

from alvh.cli import app
from alvh.desk.governance import halt, propose, reduce, sign
from alvh.desk.issuing import decide, issue_tickets, record_decision
from alvh.desk.preview import preview
from alvh.desk.recording import record
from alvh.desk.versions import Caps, Charter
from alvh.ledger import Ledger
from alvh.policy import load_policy, load_programme
from alvh.web import Desk, create_app
from alvh.web.screens.today import Decided, Found, recorded

NEXT = date(2015, 8, 24)
ASKED = {"end": str(NEXT)}
RULES = load_policy("alvh-40-40-20"), load_programme("monthly45")


def _client(desk: Desk, desked: Desked, **more: Any) -> TestClient:
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, ledger=desked.ledger,
                 book_file=desked.book, **more)  # fmt: skip
    return TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}")


def _now() -> datetime:
    return datetime.now(UTC)


def _words(desked: Desked) -> tuple[str, ...]:
    return ("--book", str(desked.book), "--ledger", str(desked.ledger), "--as-of", str(NEXT))


def _cap(desked: Desked, **caps: Any) -> None:
    charter = Charter(keys={"ann": desked.key.public}, notice_days=0, caps=Caps(**caps))
    ledger = Ledger(desked.ledger)
    version = propose(ledger, *RULES, charter, _now())
    sign(ledger, version.sha256, desked.key, _now())


def _nothing(desked: Desked) -> None:
    pass


def _halted(desked: Desked) -> None:
    halt(Ledger(desked.ledger), "a drill", "ann", _now())


def _reduced(desked: Desked) -> None:
    reduce(Ledger(desked.ledger), 0.5, date.today() + timedelta(2), "a storm", "ann", _now())


def _capped(desked: Desked) -> None:
    _cap(desked, condor_share=0.001, hedge_spend_per_year=1.0)


def _one_order(desked: Desked) -> None:
    _cap(desked, condor_share=0.5, hedge_spend_per_year=1.0, orders_per_day=1)


def _spent(desked: Desked) -> None:
    _cap(desked, condor_share=0.5, hedge_spend_per_year=0.0)


STATES = (_nothing, _halted, _reduced, _capped, _one_order, _spent)


@pytest.mark.parametrize("state", STATES)
def test_what_is_shown_is_what_the_command_line_issues(
    desk: Desk, desked: Desked, tmp_path: Path, state: Callable[[Desked], None]
) -> None:
    state(desked)
    before = _cli("ledger", "show", "--ledger", str(desked.ledger))
    client = _client(desk, desked)
    page, found = client.get("/today", params=ASKED).text, client.get("/api/today", params=ASKED)
    assert _cli("ledger", "show", "--ledger", str(desked.ledger)) == before  # nothing is recorded
    told = _cli("today", *_words(desked), "--tickets", str(tmp_path / "tickets"))
    tickets = told.pop("tickets")
    assert found.json() == told
    assert told["orders"]  # there is something to allow or refuse
    for order in told["orders"]:
        copied = f'id="ticket-{order["name"]}"' in page
        assert copied == (order["name"] in tickets["issued"])
        refused = f"{order['name']}, {order['quantity']} asked for: no ticket." in page
        assert refused == (order["name"] in tickets["refused"])
    issued = [one for one in _cli("ledger", "show", "--ledger", str(desked.ledger))
              if one["content"]["kind"] == "ticket" and one["content"]["ticket"]
              in tickets["issued"]]  # fmt: skip
    assert len(issued) == len(tickets["issued"])
    for one in issued:
        ticket = one["content"]
        assert f"{ticket['ticket']}: {ticket['order']['action']} {ticket['quantity']} at" in page


@pytest.mark.parametrize("state", STATES)
def test_the_preview_says_what_issuing_says(
    desk: Desk, desked: Desked, state: Callable[[Desked], None]
) -> None:
    from alvh.desk.book_files import read_book

    state(desked)
    ledger, at = Ledger(desked.ledger), _now()
    book = read_book(desked.book)
    decision = decide(ledger, desk.history, book, at, as_of=NEXT)
    seen = preview(ledger, decision, at, book)
    assert seen.event is None
    event = record_decision(ledger, decision, at)
    issued = issue_tickets(ledger, decision, event, at, book)
    assert seen.refused == issued.refused
    assert list(seen.orders.values()) == list(issued.orders)
    again = preview(
        ledger, decision, at, book
    )  # once they are issued the same ones are handed back
    assert (again.event, again.orders) == (event.number, seen.orders)


def test_states_differ_in_what_they_let_out(desk: Desk, desked: Desked) -> None:
    page = _client(desk, desked).get("/today", params=ASKED).text
    assert "In force: version 1" in page
    assert "orders are left today" in page
    assert "no ticket." not in page
    _reduced(desked)
    page = _client(desk, desked).get("/today", params=ASKED).text
    assert "reduce until" in page
    assert "that the rule asks for are allowed" in page
    _halted(desked)
    page = _client(desk, desked).get("/today", params=ASKED).text
    assert "halted by ann" in page
    told = _client(desk, desked).get("/api/today", params=ASKED).json()["orders"]
    opens = {order["name"] for order in told if order["action"] in ("open", "buy")}
    assert opens
    for order in told:  # what closes is let out all the same
        assert (f'data-copy="ticket-{order["name"]}"' in page) == (order["name"] not in opens)


def test_a_disagreement_stops_the_decision(desk: Desk, desked: Desked) -> None:
    record(Ledger(desked.ledger), "reconciliation", {"differences": ["2 of 4 were filled"]},
           _now())  # fmt: skip
    client = _client(desk, desked)
    page = client.get("/today", params=ASKED).text
    assert "Book and broker disagree: 2 of 4 were filled" in page
    found = client.get("/api/today", params=ASKED).json()
    assert found["stopped"] == ["BOOK"]
    assert "data-copy" not in page


def test_a_session_decided_otherwise_has_no_second_ticket(desk: Desk, desked: Desked) -> None:
    _cli("today", *_words(desked))
    text = desked.book.read_text().replace("amount: 1000000.0", "amount: 1000009.0")
    assert "1000009" in text
    desked.book.write_text(text)
    page = _client(desk, desked).get("/today", params=ASKED).text
    assert "was decided in event" in page
    assert "data-copy" not in page


def test_rules_chosen_here_are_not_those_in_force(desk: Desk, desked: Desked) -> None:
    _halted(desked)
    client = _client(desk, desked)
    asked = ASKED | {"hedge": "vxth"}
    governed = client.get("/api/today", params=asked).json()
    assert governed["meta"]["policy"] == "alvh-40-40-20"  # the ledger's, whatever is asked
    chosen = client.get("/api/today", params=asked | {"rules": "chosen"}).json()
    assert chosen["meta"]["policy"] == "vxth"
    page = client.get("/today", params=asked | {"rules": "chosen"}).text
    assert "nothing was asked of a ledger" in page


def test_without_rules_in_force_or_with_a_flaw_there_is_no_decision(
    desk: Desk, desked: Desked, tmp_path: Path
) -> None:
    bare = Desked(tmp_path / "bare.db", desked.book, desked.key)
    record(Ledger(bare.ledger), "note", {"text": "x"}, _now())
    page = _client(desk, bare).get("/today", params=ASKED)
    assert page.status_code == 200
    assert "no version of the rules is in force" in page.text
    assert "data-copy" not in page.text
    refused = _client(desk, bare).get("/api/today", params=ASKED)
    assert refused.status_code == 422
    assert "propose and sign one" in json.dumps(refused.json())


@pytest.mark.parametrize(
    ("day", "close"),
    [
        ("2015-08-24", "2015-08-24T15:15:00-05:00"),  # summer
        ("2015-11-27", "2015-11-27T12:15:00-06:00"),  # the half day after Thanksgiving, winter
        ("2018-03-09", "2018-03-09T15:15:00-06:00"),  # the last session of winter time
        ("2018-03-12", "2018-03-12T15:15:00-05:00"),  # the first of summer time
        ("2018-07-03", "2018-07-03T12:15:00-05:00"),
    ],
)
def test_the_close_is_chicagos(desk: Desk, day: str, close: str) -> None:
    on = date.fromisoformat(day)
    morning = datetime.combine(on, time(15), UTC)
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, lambda: morning)
    client = TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}")
    page = client.get("/today", params={"end": day}).text
    assert f'data-until="{close}"' in page
    assert f"close at {close[11:16]} in Chicago" in page


def test_the_headline_says_what_is_withheld(desk: Desk, desked: Desked) -> None:
    client = _client(desk, desked)

    def first() -> str:
        text = client.get("/today", params=ASKED).text
        found = re.search(r'<p class="first">(.*?)</p>', text, re.S)
        assert found
        return found[1] + ("; as the rule asks" if "as the rule asks for them" in text else "")

    assert f"{NEXT}: trade. " in first()
    assert "as the rule asks" not in first()
    _reduced(desked)
    told = client.get("/api/today", params=ASKED).json()
    cut = ", ".join(told["may_be_ordered"]["reduced"])
    assert cut
    assert f"{NEXT}: trade in part: of {len(told['orders'])} orders" in first()
    assert f"reduced ({cut})" in first()
    assert "as the rule asks" in first()
    _halted(desked)
    told = client.get("/api/today", params=ASKED).json()
    refused = told["may_be_ordered"]["refused"]
    kept = "trade in part" if told["may_be_ordered"]["structures"] else "nothing may be ordered"
    assert f"{NEXT}: {kept}: of {len(told['orders'])} orders" in first()
    assert f"{len(refused)} withheld ({', '.join(refused)})" in first()


def test_the_form_shows_the_rules_in_force(desk: Desk, desked: Desked) -> None:
    client = _client(desk, desked)
    text = client.get("/today", params=ASKED | {"hedge": "vxth"}).text
    assert 'name="hedge" data-force="alvh-40-40-20"' in text
    assert 'name="condors" data-force="monthly45"' in text
    assert "vxth, which the address asks for, is left aside: the rules in force decide" in text
    assert "is left aside" not in client.get("/today", params=ASKED).text
    for name in ("start", "equity"):  # a session and a book have neither
        assert re.search(rf'<input [^>]*name="{name}"[^>]* disabled>', text)
    answer = client.get("/today", params=ASKED | {"hedge": "nonsense"})
    assert answer.status_code == 422
    assert "nonsense" in answer.text


def test_without_a_ledger_that_is_said(desk: Desk, tmp_path: Path) -> None:
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes,
                 ledger=tmp_path / "ledger.db")  # fmt: skip
    client = TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}")
    text = client.get("/today", params=ASKED).text
    assert f"nothing was asked of a ledger, for there is none at {tmp_path / 'ledger.db'}" in text


def test_what_records_a_decision_is_said_as_it_is(desk: Desk, desked: Desked) -> None:
    client = _client(desk, desked)
    told = html.unescape(client.get("/today", params=ASKED).text)
    found = re.search(r"not recorded yet: (alvh .*) records it and issues the tickets", told)
    assert found is not None
    words = shlex.split(found.group(1))
    assert words == ["alvh", "today", *_in_order(desked), "--tickets", "FOLDER"]
    idle = Found(SimpleNamespace(orders=()), None)
    bare = Desk(desk.history, "my data", {}, {}, ledger=desked.ledger)
    assert recorded(bare, Decided(fill=1.0), idle) == (
        f"not recorded yet: alvh today --ledger {desked.ledger} --book FILE --data 'my data' "
        "--fill 1 records it"
    )


def _in_order(desked: Desked) -> tuple[str, ...]:
    return ("--ledger", str(desked.ledger), "--book", str(desked.book), "--data", "bundled",
            "--as-of", str(NEXT))  # fmt: skip


def test_what_records_a_decision_works_as_it_is_typed(
    desk: Desk, desked: Desked, tmp_path: Path
) -> None:
    client = _client(desk, desked)
    told = html.unescape(client.get("/today", params=ASKED).text)
    found = re.search(r"not recorded yet: alvh (.*) FOLDER records it", told)
    assert found is not None
    before = client.get("/api/today", params=ASKED).json()
    answer = CliRunner().invoke(app, [*shlex.split(found.group(1)), str(tmp_path / "t")])
    assert answer.exit_code == 0
    assert "recorded as event" in answer.stdout
    assert "not recorded yet" not in client.get("/today", params=ASKED).text
    assert client.get("/api/today", params=ASKED).json()["orders"] == before["orders"]


def test_the_box_of_the_form_follows_the_rules(desk: Desk, desked: Desked) -> None:
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, ledger=desked.ledger,
                 book_file=desked.book)  # fmt: skip
    with serving(found) as address, chromium() as browser:
        page = Watched(browser, address).open(f"{address}/today?end={NEXT}&hedge=vxth")
        box = page.locator("select[name=hedge]")
        assert (box.input_value(), box.is_disabled()) == ("alvh-40-40-20", True)
        page.select_option("select[name=rules]", "chosen")
        page.wait_for_url("**rules=chosen*")
        assert (box.input_value(), box.is_disabled()) == ("vxth", False)
        page.select_option("select[name=rules]", "ledger")
        assert (box.input_value(), box.is_disabled()) == ("alvh-40-40-20", True)
        page.context.close()
