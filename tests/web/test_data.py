"""Data: what the history says of itself, as `alvh data check` and `alvh data show` say it."""

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
from fastapi.testclient import TestClient
from tests.web.conftest import HOST
from tests.web.test_lab import _cli, _drawn

from alvh.market.history import Unread
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


def _inputs(client: TestClient) -> pl.DataFrame:
    return pl.read_csv(client.get("/data/csv/inputs").content, infer_schema_length=None)


def test_inputs_without_chains_are_those_of_the_series(client: TestClient, desk: Desk) -> None:
    assert client.get("/api/data/inputs").json() == _cli("data", "show", "--inputs")
    table, history = _inputs(client), desk.history
    for name in ("VIX9D", "VIX3M", "VIX6M", "VVIX", "SKEW"):  # it has neither
        assert table.filter(input=name)["known"].sum() == 0
        assert table.filter(input=name)["counted"].sum() == len(history)
    assert table.filter(input="SPX option quotes")["known"].sum() == 0
    assert table.filter(input="VIX settlements")["counted"].sum() >= 12 * 5 - 1
    assert (table["known"] + table["modelled"] == table["counted"]).all()
    page = client.get("/data").text
    assert "Option chains: none imported" in page
    assert "0.0 %" in page


def test_sessions_with_chains_are_counted(quoted_client: TestClient, quoted_desk: Desk) -> None:
    table = _inputs(quoted_client).filter(input="SPX option quotes")
    history = quoted_desk.history
    days = history.chain_folder
    for name, column in (("VIX9D", "vix9d"), ("VVIX", "vvix"), ("SKEW", "skew")):
        known = np.isfinite(history[column]) & (history.dates >= np.datetime64("1990-01-02"))
        assert _inputs(quoted_client).filter(input=name)["known"].sum() == known.sum() > 0
    assert table.filter(year=2019)["known"].item() == 10  # as many as there are files
    assert table.filter(pl.col("year") != 2019)["known"].sum() == 0
    page = quoted_client.get("/data").text
    assert f"Option chains: {days}" in page
    assert re.search(r"SPX option quotes</th><td>[\d,]+ sessions</td><td>10</td>", page)
    assert "2019-04-25" in page
    futures = _inputs(quoted_client).filter(input="VIX futures, all listed monthlies")
    # CFE lists up to nine monthly futures; a new one may come before the oldest has settled
    assert 9 * 252 <= futures.filter(year=2019)["counted"].item() < 9.1 * 252
    assert (futures["known"] <= futures["counted"]).all()
    assert futures.filter(pl.col("year") >= 2013)["counted"].min() > 0
    whole = quoted_client.get("/api/data/inputs").json()["inputs"]
    for row in whole:
        late = _inputs(quoted_client).filter(pl.col("year") >= 2007, input=row["input"])
        assert row["share_since_2007"] == late["known"].sum() / late["counted"].sum()
        assert f"<td>{100 * row['share_since_2007']:.1f} %</td>" in page
    last = re.search(r'VIX futures, the nearest</th>.*?<td class="day">([\d-]+)</td></tr>', page)
    assert last
    assert last[1] == str(quoted_desk.history.futures["date"].max())


def test_one_is_one_and_a_day_ahead_is_no_age(desk: Desk) -> None:
    history = replace(desk.history, ignored=desk.history.ignored[:1] or (Unread("a.x", "odd"),))
    found = Desk(history, "bundled", desk.hedges, desk.programmes,
                 lambda: datetime(2014, 6, 2, 18, 0, tzinfo=UTC))  # fmt: skip
    text = TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}").get("/data").text
    assert "1 file left alone" in text
    assert re.search(r"<td[^>]*>\d+ ahead</td>", text)
    assert not re.search(r"<td class=\"day\">-\d+</td>", text)
