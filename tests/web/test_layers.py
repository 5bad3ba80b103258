"""Layers: the numbers are those of `alvh health`, and the calendar is the policy's."""

import io
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient
from tests.web.test_lab import _cli, _drawn
from typer.testing import CliRunner

import alvh
from alvh.advise.evening import STRESS_SPX
from alvh.cli import app
from alvh.holdings import holdings
from alvh.kernel.quotes import vix_response
from alvh.report import layer_figures as figures
from alvh.sessions import is_session
from alvh.web import Desk

EVENING = {"end": "2016-02-24"}


def test_numbers_are_those_of_the_command_line(client: TestClient) -> None:
    assert client.get("/api/health", params=EVENING).json() == _cli(
        "health", "--as-of", "2016-02-24"
    )


def test_the_page_shows_these_numbers(client: TestClient) -> None:
    found = _cli("health", "--as-of", "2016-02-24")["health"]
    text = client.get("/layers", params=EVENING).text
    for name in ("short", "medium", "tail"):
        assert f"<td>{found['activation'][name]['from_cost']:.2f}</td>" in text
        assert f"<td>{found['layers'][name]['stress_gain']:,.0f}</td>" in text


def test_payoff_frames_and_file_hold_the_grid(client: TestClient) -> None:
    grid = np.array(_cli("health", "--as-of", "2016-02-24")["health"]["payoff"])
    drawn = _drawn(client.get("/layers", params=EVENING).text)["payoff"]
    assert [frame["name"] for frame in drawn["frames"]][:2] == ["today", "in 10 days"]
    assert len(drawn["frames"]) == 7
    tail = drawn["frames"][3]["data"][2]
    assert tail["name"] == "tail"
    assert tail["x"] == list(range(10, 91, 5))
    np.testing.assert_allclose(tail["y"], grid[2, 3], atol=0.5)  # rounded to whole dollars
    table = pl.read_csv(io.StringIO(client.get(drawn["csv"]).text))
    np.testing.assert_allclose(table["hedge_usd"].to_numpy(), grid.sum(axis=0).ravel(), rtol=1e-12)


def test_rolls_are_due_so_many_days_before_expiry(desk: Desk) -> None:
    policy = alvh.load_policy("alvh-40-40-20")
    result = alvh.backtest(desk.history, policy, "monthly45", end="2016-02-24")
    rows = {row["layer"]: row for row in figures.rolls(holdings(result), policy).to_dicts()}
    for layer in policy.layers:
        row = rows[layer.name]
        assert row["days"] == (row["expiry"] - date(2016, 2, 24)).days
        held_to_its_end = layer.roll_days == 0
        first = row["expiry"] - timedelta(days=layer.roll_days)
        ahead = (first + timedelta(days=more) for more in range(5))
        due = None if held_to_its_end else next(day for day in ahead if is_session(day))
        assert row["roll"] == due
        assert row["due"] == (due is not None and due <= date(2016, 2, 24))


def test_a_roll_is_due_on_a_session_and_due_once_it_is_past(desk: Desk) -> None:
    """Good Friday, 2016-03-25, gives way to the Monday after it, a Saturday likewise."""
    policy = alvh.load_policy("alvh-40-40-20")
    book = holdings(alvh.backtest(desk.history, policy, "monthly45", end="2016-02-24"))
    days = {layer.name: layer.roll_days for layer in policy.layers}
    tail = next(layer for layer in book.layers if layer.name == "tail")

    def moved(roll: date) -> dict[str, object]:
        expiry = roll + timedelta(days=int(days["tail"]))
        legs = tuple(replace(leg, expiry=expiry) for leg in tail.legs)
        only = replace(book, layers=(replace(tail, legs=legs),))
        return figures.rolls(only, policy).to_dicts()[0]

    assert (moved(date(2016, 3, 25))["roll"], moved(date(2016, 3, 25))["due"]) == (
        date(2016, 3, 28), False,
    )  # fmt: skip
    assert (moved(date(2016, 2, 20))["roll"], moved(date(2016, 2, 20))["due"]) == (
        date(2016, 2, 22), True,
    )  # fmt: skip


def test_curve_marks_what_is_held(desk: Desk) -> None:
    result = alvh.backtest(desk.history, "alvh-40-40-20", "monthly45", end="2016-02-24")
    figure, table = figures.term_structure(desk.history, result)
    held = table.filter(pl.col("layers") != "")
    assert ",".join(held["layers"]).replace(" ", "").split(",") == ["short", "medium", "tail"]
    assert not table["quoted"].any()  # the bundled data have no futures
    assert {one["name"] for one in figure["data"]} == {"spot", "model"}


FOLLOWS = "the S&P 500 moves with VIX by its usual answer"


@pytest.mark.parametrize(("hedge", "said"), [("spx-puts", True), ("alvh-40-40-20", False)])
def test_a_hedge_that_notices_the_index_says_how_it_is_moved(
    client: TestClient, hedge: str, said: bool
) -> None:
    asked = EVENING | {"hedge": hedge}
    for path, key in (("/layers", "payoff"), ("/book", "paid")):
        caption = _drawn(client.get(path, params=asked).text)[key]["caption"]
        assert (FOLLOWS in caption) is said, path
    table = client.get("/layers", params=asked).text.split("Pays from")[0]
    assert (FOLLOWS.replace("&", "&amp;") in table) is said
    words = CliRunner().invoke(app, ["health", "--as-of", "2016-02-24", "--hedge", hedge]).output
    assert (FOLLOWS in " ".join(words.split())) is said


def test_at_the_index_that_goes_along_the_projection_pays_the_same(desk: Desk) -> None:
    result = alvh.backtest(desk.history, "spx-puts", "monthly45", end="2016-02-24")
    found = alvh.health(desk.history, result)
    elasticity = vix_response(found.vix, STRESS_SPX) / np.log1p(STRESS_SPX)
    spx = np.expm1(np.log(90.0 / found.vix) / elasticity)
    moved = alvh.project(desk.history, result, 0, float(spx), 90.0).gains
    gains = sum(moved[name] for name in ("short", "medium", "tail"))
    assert gains == pytest.approx(found.payoff[:, 0, -1].sum(), rel=1e-9)
    still = alvh.project(desk.history, result, 0, 0.0, 90.0).gains
    assert sum(still[name] for name in ("short", "medium", "tail")) < 0.8 * gains


@pytest.mark.parametrize("hedge", ["none", "fewer-condors", "vxth", "spx-puts"])
def test_hedges_of_any_shape_are_shown(client: TestClient, hedge: str) -> None:
    answer = client.get("/layers", params=EVENING | {"hedge": hedge})
    assert answer.status_code == 200
