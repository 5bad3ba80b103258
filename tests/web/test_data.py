"""Data: what the history says of itself, as `alvh data check` and `alvh data show` say it."""

import io
from datetime import UTC, date, datetime

import polars as pl
from fastapi.testclient import TestClient
from tests.web.conftest import HOST
from tests.web.test_lab import _cli, _drawn

from alvh.web import Desk, create_app
from alvh.web.screens import data


def test_numbers_are_those_of_the_command_line(client: TestClient) -> None:
    assert client.get("/api/data").json() == _cli("data", "check")
    shown = _cli("data", "show")["series"]
    table = pl.read_csv(io.StringIO(client.get("/data/csv/coverage").text))
    assert table["series"].to_list() == [row["series"] for row in shown]
    assert table["count"].to_list() == [row["count"] for row in shown]


def test_ages_are_counted_from_today(desk: Desk) -> None:
    dated = Desk(desk.history, "bundled", desk.hedges, desk.programmes,
                 lambda: datetime(2019, 1, 31, 18, 0, tzinfo=UTC))  # fmt: skip
    ages = dict(data.ages(dated).select("series", "age_days").iter_rows())
    last = desk.history.dates[-1].astype(object)
    assert ages["spx"] == (date(2019, 1, 31) - last).days
    page = TestClient(create_app(dated, [HOST]), base_url=f"http://{HOST}").get("/data").text
    assert f"{ages['spx']} days old" in page


def test_every_series_is_drawn_over_its_range(client: TestClient, desk: Desk) -> None:
    bars = _drawn(client.get("/data").text)["coverage"]["data"][0]
    place = bars["y"].index("spx")
    assert bars["base"][place] == str(desk.history.dates[0])
    days = (desk.history.dates[-1] - desk.history.dates[0]).astype(int)
    assert bars["x"][place] == days * 86_400_000.0


def test_gaps_are_those_of_the_report(desk: Desk) -> None:
    report = desk.history.series_report()
    assert data.gaps(desk.history).height == report["gaps"].sum()
    assert data.refusals(desk.history).height == report["refused"].sum()
