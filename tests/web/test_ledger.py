"""Ledger: what is shown is what `alvh ledger` shows, a flaw is loud, and a halt needs the token."""

import html
import json
import sqlite3
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import HOST, TOKEN, Desked
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


def test_as_many_events_are_given_as_by_the_command_line(governed: TestClient, file: Path) -> None:
    for at in range(20):
        asked = {"reason": f"drill {at}", "by": "ann"}
        governed.post("/ledger/halt", params=asked, headers=WITH_TOKEN)
    words = ("ledger", "show", "--ledger", str(file))
    given = governed.get("/api/ledger").json()
    assert given == _cli(*words)
    assert len(given) == 20
    all_of_them = governed.get("/api/ledger", params={"last": 1000}).json()
    assert all_of_them == _cli(*words, "--last", "1000")
    assert len(all_of_them) == 24
    assert governed.get("/api/ledger", params={"last": 0}).status_code == 422


@pytest.mark.parametrize(
    "path",
    ["/api/ledger", "/api/ledger/verify", "/ledger/verify", "/api/data", "/api/data/inputs"],
)
def test_a_setting_that_is_none_is_refused(governed: TestClient, path: str) -> None:
    assert governed.get(path).status_code == 200
    answer = governed.get(path, params={"lats": "5"})
    assert answer.status_code == 422
    assert "lats" in answer.text


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


def test_decisions_are_shown_with_every_reason(desk: Desk, desked: Desked) -> None:
    client = _desked_client(desk, desked)
    text = client.get("/ledger").text
    (decision,) = [one["content"] for one in _cli("ledger", "show", "--ledger", str(desked.ledger))
                   if one["content"]["kind"] == "decision"]  # fmt: skip
    assert f"{decision['as_of']}: trade, {len(decision['orders'])} orders" in text
    assert len(decision["decisions"]) >= 4
    for line in decision["decisions"]:
        assert f'<td>{line["action"]}</td><td class="say">{html.escape(line["text"])}</td>' in text
    rows = client.get("/ledger/csv/decisions").text.splitlines()
    assert len(rows) == 1 + len(decision["decisions"])


def test_overrides_are_shown_with_their_score(desk: Desk, desked: Desked) -> None:
    client = _desked_client(desk, desked)
    words = ("--ledger", str(desked.ledger), "--as-of", "2015-09-30")
    found = _cli("ledger", "score", *words)
    assert client.get("/api/ledger/score", params={"end": "2015-09-30"}).json() == found
    text = client.get("/ledger", params={"end": "2015-09-30"}).text
    assert len(found["orders"]) >= 2
    assert found["difference"] != 0.0
    assert f"Overrides made {found['difference']:,.0f} USD against the rule" in text
    for one in found["orders"]:
        row = (one["rule"], one["actual"], one["difference"])
        assert "".join(f"<td>{value:,.0f}</td>" for value in row) in text
    gained = sum(one["difference"] for one in found["orders"])
    assert (
        f'<td class="say">a storm</td><td>{len(found["orders"])}</td><td>{gained:,.0f}</td>' in text
    )
    rows = client.get("/ledger/csv/score", params={"end": "2015-09-30"}).text.splitlines()
    assert len(rows) == 1 + len(found["orders"])


def test_what_cannot_be_scored_says_why(desk: Desk, desked: Desked) -> None:
    text = _desked_client(desk, desked).get("/ledger", params={"end": "2015-08-22"}).text
    assert "They cannot be scored" in text


def _desked_client(desk: Desk, desked: Desked) -> TestClient:
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, ledger=desked.ledger)
    return TestClient(create_app(found, [HOST], TOKEN), base_url=f"http://{HOST}")


def test_a_halt_is_in_characters_that_can_be_printed(governed: TestClient, file: Path) -> None:
    for bad in ("a\x00b", "a\nb", "a\x1b[31m", "a\u202eb"):
        for asked in ({"reason": bad, "by": "ann"}, {"reason": "a drill", "by": bad}):
            answer = governed.post("/ledger/halt", params=asked, headers=WITH_TOKEN)
            assert answer.status_code == 422
            assert "cannot be printed" in answer.text
    assert not _cli("ledger", "standing", "--ledger", str(file))["halted"]
