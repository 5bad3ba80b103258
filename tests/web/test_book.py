"""Book: positions are the engine's, greeks are differences of `alvh project`, the zero is drawn."""

import io
from typing import Any

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient
from tests.web.test_lab import _drawn

import alvh
from alvh.holdings import holdings
from alvh.report import book_figures as figures
from alvh.web import Desk

EVENING = {"end": "2016-02-24"}


@pytest.fixture(scope="module")
def result(desk: Desk) -> alvh.Result:
    """The run whose book is shown."""
    return alvh.backtest(desk.history, "alvh-40-40-20", "monthly45", end="2016-02-24")


def _gains(client: TestClient, **moves: Any) -> Any:
    return client.get("/api/project", params=EVENING | moves).json()["projection"]["gains"]


def test_positions_are_those_of_the_run(client: TestClient, result: alvh.Result) -> None:
    table = pl.read_csv(io.StringIO(client.get("/book/csv/positions", params=EVENING).text))
    legs = holdings(result).legs
    assert table["quantity"].to_list() == [leg.quantity for leg in legs]
    assert table["value"].sum() == pytest.approx(sum(leg.value for leg in legs), rel=1e-12)
    text = client.get("/book", params=EVENING).text
    assert f"account {result.nav[-1]:,.0f} USD" in text
    assert f"margin {result.condor_margin[-1]:,.0f} of condors" in text


def test_greeks_are_differences_of_the_projection(
    client: TestClient, desk: Desk, result: alvh.Result
) -> None:
    rows = {row["part"]: row for row in figures.greeks(desk.history, result).to_dicts()}
    vix = client.get("/api/project", params=EVENING).json()["projection"]["vix"]
    up, down = _gains(client, spx=1, vix=vix), _gains(client, spx=-1, vix=vix)
    higher, lower = _gains(client, vix=vix + 1), _gains(client, vix=vix - 1)
    for part in ("condors", "short", "medium", "tail", "total"):
        # a level typed in points loses the last digits of the log move
        assert rows[part]["spx_delta"] == pytest.approx((up[part] - down[part]) / 2, abs=0.01)
        assert rows[part]["vix_delta"] == pytest.approx((higher[part] - lower[part]) / 2, abs=0.01)
        assert rows[part]["vix_gamma"] == pytest.approx(higher[part] + lower[part], abs=0.01)
    assert rows["total"]["usual"] == pytest.approx(_gains(client, spx=-1)["total"], abs=0.01)
    for column in ("spx_delta", "vanna", "theta"):
        sleeves = [rows[name][column] for name in ("condors", "short", "medium", "tail")]
        assert sum(sleeves) == pytest.approx(rows["total"][column], abs=1e-6)
    assert rows["tail"]["vix_delta"] > 0 > rows["condors"]["vix_delta"]


def test_the_surface_is_the_grid_and_its_zero_is_drawn(
    client: TestClient, desk: Desk, result: alvh.Result
) -> None:
    drawn = _drawn(client.get("/book", params=EVENING).text)
    assert set(drawn) == {"surface", "paid"}
    first, second = drawn["surface"]["frames"][0]["data"]
    points = [level - desk.history["vix"][desk.history.dates == np.datetime64("2016-02-24")][0]
              for level in first["y"]]  # fmt: skip
    grid = alvh.project_grid(desk.history, result, 0, [x / 100 for x in first["x"]], points)
    np.testing.assert_allclose(np.array(first["z"]).T, grid["total"], atol=0.51)
    assert second["contours"] == {"start": 0, "end": 0, "size": 1, "coloring": "none"}
    assert second["z"] == first["z"]


@pytest.mark.parametrize(
    ("hedge", "condors"), [("none", "none"), ("vxth", "index"), ("none", "cndr")]
)
def test_any_book_is_shown(client: TestClient, hedge: str, condors: str) -> None:
    asked = EVENING | {"hedge": hedge, "condors": condors}
    assert client.get("/book", params=asked).status_code == 200
