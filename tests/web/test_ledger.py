"""Ledger: what is shown is what `alvh ledger` shows, a flaw is loud, and a halt needs the token."""

import json
import sqlite3
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import HOST, TOKEN
from tests.web.test_lab import _cli

from alvh.web import Desk, create_app

WITH_TOKEN = {"x-alvh-token": TOKEN}


@pytest.fixture
def governed(desk: Desk, file: Path) -> TestClient:
    """A client of a server with that ledger."""
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, ledger=file)
    return TestClient(create_app(found, [HOST], TOKEN), base_url=f"http://{HOST}")


def test_events_and_audit_are_those_of_the_command_line(governed: TestClient, file: Path) -> None:
    words = ("--ledger", str(file))
    assert governed.get("/api/ledger").json() == _cli("ledger", "show", *words)
    audit = _cli("ledger", "verify", *words)
    assert governed.get("/api/ledger/verify").json() == audit
    assert f"{audit['count']} events hold together" in governed.get("/ledger/verify").text


def test_the_page_shows_events_rules_and_differences(governed: TestClient) -> None:
    text = governed.get("/ledger").text
    assert "open for orders; 20 left today" in text
    assert "version 1" in text
    assert "alvh-40-40-20" in text
    assert "<td>vxth</td>" in text  # hedge.name, after
    table = governed.get("/ledger/csv/events").text.splitlines()
    assert table[0] == "number,at,kind,what,sha256"
    assert len(table) == 5


def test_a_halt_needs_the_token_and_is_recorded(governed: TestClient, file: Path) -> None:
    asked = {"reason": "the feed is wrong", "by": "ann"}
    assert governed.get("/ledger/halt", params=asked).status_code == 405
    assert governed.post("/ledger/halt", params=asked).status_code == 403
    assert not _cli("ledger", "standing", "--ledger", str(file))["halted"]
    answer = governed.post("/ledger/halt", params=asked, headers=WITH_TOKEN)
    assert "halted by ann, event 5: the feed is wrong" in answer.text
    assert _cli("ledger", "standing", "--ledger", str(file))["halted"]
    for bad in ({}, asked | {"reason": ""}, asked | {"by": "x" * 81}, asked | {"more": "1"}):
        assert governed.post("/ledger/halt", params=bad, headers=WITH_TOKEN).status_code == 422


def test_what_is_recorded_is_never_markup(governed: TestClient) -> None:
    asked = {"reason": "<script>alert(1)</script>", "by": "</script><b>"}
    text = governed.post("/ledger/halt", params=asked, headers=WITH_TOKEN).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_changed_event_is_loud(governed: TestClient, file: Path) -> None:
    with sqlite3.connect(file) as rows:
        (guard,) = rows.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'events_not_changed'"
        ).fetchone()
        rows.execute("DROP TRIGGER events_not_changed")
        rows.execute("UPDATE events SET body = replace(body, 'vxth', 'vxtg') WHERE number = 3")
        rows.execute(guard)
    page = governed.get("/ledger")
    assert page.status_code == 200
    assert "does not hold together" in page.text
    refused = governed.get("/ledger/verify")
    assert refused.status_code == 422
    assert "event 3" in refused.text
    assert "event 3" in governed.get("/api/ledger/verify").json()["refused"]


def test_without_a_ledger_the_page_says_how_to_make_one(client: TestClient) -> None:
    assert "alvh policy propose" in client.get("/ledger").text
    answer = client.get("/api/ledger")
    assert answer.status_code == 422
    assert "alvh serve --ledger" in json.dumps(answer.json())
