"""Today: the decision is that of `alvh today`, stale data stop it, tickets can be copied."""

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
