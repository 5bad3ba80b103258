"""Verdict: started by a post with the token alone, and the numbers are those of `alvh simplex`."""

import io
import time
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import TOKEN
from tests.web.test_lab import _cli, _drawn

ASKED = {"start": "2018-01-02", "end": "2018-12-31", "step": "25", "resamples": "20"}
WITH_TOKEN = {"x-alvh-token": TOKEN}
WORDS = ("--start", "2018-01-02", "--end", "2018-12-31", "--step", "25", "--resamples", "20")


def _waited(client: TestClient, work: str, asked: dict[str, str]) -> Any:
    limit = time.monotonic() + 60.0
    while time.monotonic() < limit:
        found = client.get(f"/api/verdict/{work}", params=asked).json()
        if found["state"] != "running":
            return found
        time.sleep(0.05)
    raise AssertionError("the work did not end")


def test_nothing_is_started_by_reading_or_without_the_token(client: TestClient) -> None:
    asked = ASKED | {"seed": "9"}
    assert client.get("/verdict/simplex/start", params=asked).status_code == 405
    assert client.post("/verdict/simplex/start", params=asked).status_code == 403
    assert client.get("/api/verdict/simplex", params=asked).json()["state"] == "not started"
    page = client.get("/verdict", params=asked).text
    assert "Run every split" in page


def test_the_simplex_is_that_of_the_command_line(client: TestClient) -> None:
    started = client.post("/verdict/simplex/start", params=ASKED, headers=WITH_TOKEN)
    assert started.status_code == 200
    found = _waited(client, "simplex", ASKED)
    whole = _cli("simplex", *WORDS)
    assert found["state"] == "done"
    assert found["result"]["splits"] == whole["splits"]
    assert found["result"]["spa"] == whole["spa"]
    text = client.get("/verdict/answer", params=ASKED).text
    growth = whole["standings"]["growth"]
    assert (
        f"<td>{growth['rank']}</td><td>{growth['rank_low']} to {growth['rank_high']}</td>" in text
    )
    drawn = _drawn(text)
    assert set(drawn) == {"growth", "risk_removed", "per_carry"}
    table = pl.read_csv(io.StringIO(client.get(drawn["growth"]["csv"]).text))
    assert table["growth"].to_list() == pytest.approx(
        [row["growth"] for row in whole["splits"]], rel=1e-12
    )


def test_what_cannot_be_split_is_refused(client: TestClient) -> None:
    asked = ASKED | {"hedge": "vxth"}
    client.post("/verdict/simplex/start", params=asked, headers=WITH_TOKEN)
    assert _waited(client, "simplex", asked)["state"] == "refused"
    assert "Refused: vxth" in client.get("/verdict/answer", params=asked).text


def test_work_can_be_cancelled(client: TestClient) -> None:
    asked = ASKED | {"resamples": "2000", "seed": "3"}
    client.post("/verdict/simplex/start", params=asked, headers=WITH_TOKEN)
    assert "Cancel" in client.get("/verdict/answer", params=asked).text
    client.post("/verdict/simplex/cancel", params=asked, headers=WITH_TOKEN)
    assert _waited(client, "simplex", asked)["state"] == "cancelled"
    assert "Cancelled." in client.get("/verdict/answer", params=asked).text


def test_few_resamples_are_warned_of(client: TestClient) -> None:
    words = "resampled histories are too few for verdicts of claims"
    assert words in client.get("/verdict", params={"resamples": "99"}).text
    assert words not in client.get("/verdict", params={"resamples": "100"}).text
