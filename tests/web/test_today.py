"""Today: the decision is that of `alvh today`, stale data stop it, tickets can be copied."""

import re
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import HOST

import alvh
from alvh.desk.book import Book
from alvh.desk.book_files import write_book
from alvh.desk.entries import Flow
from alvh.desk.paper import as_decided
from alvh.web import Desk, create_app
from alvh.web.desk import chicago_today
from alvh.web.screens.today import health_rows

SESSION = {"end": "2015-08-24"}


@pytest.fixture(scope="module")
def book(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book that was decided and filled on one session, a file as the user has it."""
    found = Book("main", (Flow(date(2015, 8, 20), "deposit", 1_000_000.0),))
    first = alvh.today(desk.history, found, "alvh-40-40-20", "monthly45", as_of=date(2015, 8, 21))
    file = tmp_path_factory.mktemp("book") / "main.yaml"
    write_book(file, found.add(as_decided(first)).remember(first.memory))
    return file


@pytest.fixture(scope="module")
def booked(desk: Desk, book: Path) -> TestClient:
    """A client of a server with that book."""
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, book_file=book)
    return TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}")


def _cli(*words: str) -> Any:
    import json

    from typer.testing import CliRunner

    from alvh.cli import app

    return json.loads(CliRunner().invoke(app, ["today", *words, "--json"]).stdout)


def test_the_decision_is_that_of_the_command_line(booked: TestClient, book: Path) -> None:
    found = booked.get("/api/today", params=SESSION).json()
    assert found == _cli("--book", str(book), "--as-of", "2015-08-24")
    assert found["decisions"]


def test_the_page_shows_orders_reasons_and_layers(client: TestClient) -> None:
    found = client.get("/api/today", params=SESSION).json()
    text = client.get("/today", params=SESSION).text
    assert found["verdict"] == "trade"
    assert f"closed at {found['closes_at'][11:16]} in Chicago" in text
    for order in found["orders"]:
        assert f'id="ticket-{order["name"]}"' in text
        for leg in order["legs"]:
            assert leg["symbol"] in text
    for line in found["layers"]:
        assert f"<td>{line['gap_usd']:,.0f}</td>" in text
    assert found["meta"]["policy_hash"][:12] in text


def test_stale_data_stop_the_decision_and_say_so(client: TestClient) -> None:
    found = client.get("/api/today").json()  # the bundled data end in 2019 or before
    assert "STALE" in found["stopped"]
    text = client.get("/today").text
    assert "no trade" in text
    assert "STALE" in text
    assert "Orders" not in text


def test_a_book_that_cannot_be_read_is_refused_by_its_line(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("on,kind\n2015-08-20,nonsense\n")
    bad = Desk(desk.history, "bundled", desk.hedges, desk.programmes, book_file=file)
    page = TestClient(create_app(bad, [HOST]), base_url=f"http://{HOST}").get("/today")
    assert page.status_code == 422
    assert "bad.csv" in page.text


def test_a_day_that_is_no_session_is_refused(client: TestClient) -> None:
    page = client.get("/today", params={"end": "2015-08-22"})
    assert page.status_code == 422
    assert "no session" in page.text


def test_the_server_s_day_is_chicago_s(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls(2018, 12, 29, 3, 0, tzinfo=UTC)

    monkeypatch.setattr("alvh.web.desk.datetime", Clock)
    assert chicago_today() == date(2018, 12, 28)


def test_what_is_copied_says_that_it_is_not_to_be_sent(client: TestClient) -> None:
    text = client.get("/today", params=SESSION).text
    tickets = re.findall(r'<pre id="ticket-[^"]+" tabindex="0">(.*?)</pre>', text, re.DOTALL)
    assert tickets
    for ticket in tickets:
        assert ticket.startswith("NOT TO BE SENT: of a finished session, 2015-08-24\n")


def test_a_ticket_of_a_session_that_is_open_has_no_such_warning(desk: Desk) -> None:
    noon = datetime(2015, 8, 24, 17, 0, tzinfo=UTC)
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, lambda: noon)
    text = TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}").get(
        "/today", params=SESSION
    ).text  # fmt: skip
    assert '<pre id="ticket-' in text
    assert "NOT TO BE SENT" not in text


def test_orders_cost_or_bring_and_fees_are_in_it(client: TestClient) -> None:
    text = client.get("/today", params=SESSION).text
    orders = client.get("/api/today", params=SESSION).json()["orders"]
    assert {order["cash_usd"] < 0 for order in orders} == {True, False}
    for order in orders:
        cash, fees = order["cash_usd"], order["fees_usd"]
        words = (
            f"costs {-cash:,.0f} USD, fees of {fees:.2f} USD included" if cash < 0
            else f"brings {cash:,.0f} USD after fees of {fees:.2f} USD"
        )  # fmt: skip
        assert words in text
    assert "of the prices of these orders come from a model" in text


def test_a_ratio_to_nothing_says_that_nothing_falls_due() -> None:
    nothing = {"quick_ratio": None, "quick_ratio_colour": "green", "vix": 20.0}
    assert [row["shown"] for row in health_rows(nothing)] == ["nothing falls due", "green", "20.00"]
    red = nothing | {"quick_ratio_colour": "red"}
    assert health_rows(red)[0]["shown"] == "–"


def test_lights_are_named_in_words_of_the_trade(client: TestClient) -> None:
    text = client.get("/today", params=SESSION).text
    assert "</span> note</span> <strong>FIRST</strong>" in text
    assert "</span> tell</span>" not in text
