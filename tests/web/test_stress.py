"""Stress: replays and moves are those of `alvh replay` and `alvh project`."""

import io

import polars as pl
import pytest
from fastapi.testclient import TestClient
from tests.web.test_lab import _cli, _drawn

EVENING = {"end": "2016-02-24"}


@pytest.mark.parametrize("mode", ["hold", "policy"])
def test_a_replay_is_that_of_the_command_line(client: TestClient, mode: str) -> None:
    asked = {"stretch": "2018-01-26", "sessions": "9", "mode": mode}
    assert client.get("/api/replay", params=EVENING | asked).json() == _cli(
        "replay", "2018-01-26", "--sessions", "9", "--mode", mode, "--as-of", "2016-02-24"
    )


def test_a_projection_is_that_of_the_command_line(client: TestClient) -> None:
    found = _cli("project", "--days", "10", "--spx", "-4", "--vix", "35", "--as-of", "2016-02-24")
    asked = {"days": "10", "spx": "-4", "vix": "35"}
    answer = client.get("/api/project", params=EVENING | asked).json()
    assert answer["projection"] == found["projection"]


def test_the_crises_shown_are_replays(client: TestClient) -> None:
    text = client.get("/stress", params=EVENING | {"crisis": "2018-02"}).text
    whole = _cli("replay", "2018-01-26", "--sessions", "9", "--as-of", "2016-02-24")["replay"]
    assert f"<td>{whole['worst'][1]:,.0f}</td>" in text
    drawn = _drawn(text)["replay"]
    total = next(line for line in drawn["data"] if line["name"] == "total")
    assert total["y"] == [round(gain) for gain in whole["pnl"]["total"]]
    table = pl.read_csv(io.StringIO(client.get(drawn["csv"]).text))
    assert table["total_usd"].to_list() == pytest.approx(whole["pnl"]["total"], rel=1e-12)


def test_the_sliders_move_the_moves(client: TestClient) -> None:
    asked = EVENING | {"gap": "-12", "grind": "5", "crush": "80"}
    text = client.get("/stress/answer", params=asked).text
    gap = _cli("project", "--spx", "-12", "--as-of", "2016-02-24")["projection"]["gains"]
    crush = _cli("project", "--vix-percent", "80", "--as-of", "2016-02-24")["projection"]["gains"]
    assert f"<td>{gap['total']:,.0f}</td><td>{gap['condors']:,.0f}</td>" in text
    assert f"<td>{crush['total']:,.0f}</td><td>{crush['condors']:,.0f}</td>" in text


def test_a_crisis_outside_the_data_gives_way_to_one_inside(client: TestClient) -> None:
    drawn = _drawn(client.get("/stress", params=EVENING | {"crisis": "2020-03"}).text)
    assert "2018-12-03" in drawn["replay"]["caption"]  # the last that the bundled data hold


def test_a_mode_that_is_none_is_refused(client: TestClient) -> None:
    assert client.get("/stress", params={"mode": "panic"}).status_code == 422


def test_a_vix_that_was_never_seen_is_said_to_be(client: TestClient) -> None:
    """The last evening of the bundled data closed at 25.42."""
    asked = {"end": "2018-12-31", "crisis": "2018-02"}
    text = client.get("/stress", params=asked).text
    whole = _cli("replay", "2018-01-26", "--sessions", "9", "--as-of", "2018-12-31")["replay"]
    # VIX rose from 11.08 to 37.32 (2018-02-05): 25.42 · 37.32 / 11.08
    assert whole["vix_most"] == pytest.approx(25.42 * 37.32 / 11.08, abs=0.01)
    assert "above its record close of 82.69 (2020-03-16)" in whole["warning"]
    assert f"<td>▲ {whole['vix_most']:.2f}</td>" in text
    assert f"{whole['warning']}." in text
    assert "VIX moved by the same factor as there, to 85.62 at most" in text
    calm = _cli("replay", "2018-01-26", "--sessions", "9", "--as-of", "2016-02-24")["replay"]
    assert (calm["warning"], calm["vix_most"] < 82.69) == ("", True)
