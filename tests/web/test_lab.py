"""Lab: its numbers are those of the command line, to the last digit, and its files hold them."""

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from fastapi.testclient import TestClient

import alvh
from alvh.web import Desk

YEAR = {"start": "2018-01-02", "end": "2018-12-31", "fill": "1"}
WORDS = ("--start", "2018-01-02", "--end", "2018-12-31", "--fill", "1", "--condors", "monthly45")


def _cli(*words: str) -> Any:
    from typer.testing import CliRunner

    from alvh.cli import app

    answer = CliRunner().invoke(app, [*words, "--json"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def _drawn(text: str) -> Any:
    found = re.search(r'<script type="application/json" id="drawn">(.*?)</script>', text, re.S)
    assert found
    return json.loads(found[1])


def test_numbers_are_those_of_the_command_line(client: TestClient) -> None:
    assert client.get("/api/backtest", params=YEAR).json() == _cli("backtest", *WORDS)


def test_a_dragged_split_is_a_policy_file_with_those_weights(
    client: TestClient, tmp_path: Path
) -> None:
    policy = yaml.safe_load(json.dumps(_cli("policy", "show", "alvh-40-40-20")["policy"]))
    for layer in policy["layers"]:
        layer["weight"] = {"short": 0.1, "medium": 0.3, "tail": 0.6}[layer["name"]]
    file = tmp_path / "dragged.yaml"
    file.write_text(yaml.safe_dump(policy))
    split = {"short": "10", "medium": "30", "tail": "60"}
    dragged = client.get("/api/backtest", params=YEAR | split).json()
    assert dragged == _cli("backtest", *WORDS, "--hedge", str(file))
    assert dragged["summary"]["cagr"] != _cli("backtest", *WORDS)["summary"]["cagr"]


def test_the_page_shows_these_numbers(client: TestClient) -> None:
    summary = client.get("/api/backtest", params=YEAR).json()["summary"]
    for path in ("/lab", "/lab/answer"):
        text = client.get(path, params=YEAR).text
        assert f"<td>{100 * summary['cagr']:.2f} %</td>" in text
        assert f"<td>{summary['final_nav']:,.0f}</td>" in text
        assert summary["policy_hash"][:12] in text


def test_figures_and_files_hold_the_run(client: TestClient, desk: Desk) -> None:
    result = alvh.backtest(desk.history, condors="monthly45", start="2018-01-02",
                           end="2018-12-31", fill=1.0)  # fmt: skip
    drawn = _drawn(client.get("/lab", params=YEAR).text)
    assert set(drawn) == {"equity", "drawdown", "cost", "crises"}
    line = drawn["equity"]["data"][1]
    assert line["name"] == "alvh-40-40-20"
    assert line["y"][-1] == round(result.nav[-1])
    table = pl.read_csv(io.StringIO(client.get(drawn["equity"]["csv"]).text))
    np.testing.assert_allclose(table["alvh-40-40-20"].to_numpy(), result.nav, rtol=1e-12)
    for one in drawn.values():
        assert "priced by a model" in one["caption"]
        assert client.get(one["csv"]).headers["content-type"].startswith("text/csv")


def test_a_part_replaces_the_address(client: TestClient) -> None:
    answer = client.get("/lab/answer", params=YEAR)
    assert answer.headers["hx-replace-url"].endswith("/lab?start=2018-01-02&end=2018-12-31&fill=1")
    assert "<html" not in answer.text


def test_a_hedge_without_three_layers_has_no_point(client: TestClient) -> None:
    text = client.get("/lab", params=YEAR | {"hedge": "vxth"}).text
    assert 'id="split">null<' in text
    refused = client.get("/lab", params={"hedge": "vxth", "short": 40, "medium": 40, "tail": 20})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"fill": "2"}, "fill"),
        ({"equity": "nan"}, "equity"),
        ({"start": "2018-13-01"}, "start"),
        ({"short": "50"}, "add up to 100"),
        ({"short": "50", "medium": "50", "tail": "50"}, "add up to 100"),
        ({"hedge": "/etc/passwd"}, "not offered"),
        ({"condors": "x" * 65}, "condors"),
        ({"surprise": "1"}, "surprise"),
        ({"start": "1950-01-01", "end": "1950-12-31"}, "1950"),
    ],
)
def test_what_cannot_be_run_is_refused_with_the_reason(
    client: TestClient, asked: dict[str, str], word: str
) -> None:
    page = client.get("/lab", params=asked)
    assert page.status_code == 422
    assert word in page.text
    assert 'role="alert"' in page.text
    part = client.get("/lab/answer", params=asked, headers={"hx-request": "true"})
    assert part.status_code == 422
    assert "<html" not in part.text
    assert word in client.get("/api/backtest", params=asked).json()["refused"]


def test_empty_fields_of_the_form_are_fields_left_alone(client: TestClient) -> None:
    blank = {"start": "", "end": "", "short": "", "medium": "", "tail": ""}
    assert client.get("/lab", params=blank).status_code == 200


def test_a_hedge_without_three_layers_offers_no_point_to_drag(client: TestClient) -> None:
    hidden = (
        '<p class="soft" id="split-help" hidden>',
        '<button type="button" id="own-split" hidden>',
    )
    split, whole = (client.get("/lab", params={"hedge": hedge, "start": "2018-06-01"}).text
                    for hedge in ("vxth", "alvh-40-40-20"))  # fmt: skip
    for part in hidden:
        assert part in split
        assert part not in whole


@pytest.mark.parametrize(
    ("screen", "keys"),
    [("lab", ("drawdown", "crises")), ("book", ("surface",)), ("stress", ("gaps",))],
)
def test_what_is_per_cent_here_and_a_fraction_in_the_file_is_told(
    client: TestClient, screen: str, keys: tuple[str, ...]
) -> None:
    text = client.get(f"/{screen}", params={"end": "2018-02-28"}).text
    drawn = _drawn(text)
    for key, one in drawn.items():
        told = "(in the CSV a fraction)" in one["caption"]
        assert told is (key in keys), (screen, key)
    if screen == "lab":
        assert "what is % here is a fraction in the CSV." in text
