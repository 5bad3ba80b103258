"""Where there is nothing, that is said: no trade, no hedge, no answer."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from tests.web.browser import Watched, chromium, serving
from tests.web.conftest import HOST
from tests.web.test_lab import _cli, _drawn

from alvh.desk.book import Book
from alvh.desk.book_files import write_book
from alvh.desk.entries import Flow
from alvh.web import Desk, create_app

YEAR = {"start": "2018-01-02", "end": "2018-12-31"}
SHORT = {"start": "2018-01-08", "end": "2018-01-19"}


def test_without_fills_nothing_was_traded(client: TestClient) -> None:
    asked = SHORT | {"condors": "none", "hedge": "none"}
    assert client.get("/api/backtest", params=asked).json()["summary"]["trades"] == 0
    text = client.get("/lab", params=asked).text
    assert '<p class="first">Nothing was traded, so nothing is priced.</p>' in text
    assert "by quotes" not in text
    for one in _drawn(text).values():
        assert "nothing was traded" in one["caption"]


def test_without_a_hedge_that_is_said(client: TestClient) -> None:
    asked = YEAR | {"hedge": "none"}
    lab = _drawn(client.get("/lab", params=asked).text)
    assert lab["cost"]["nothing"] == "This policy has no hedge, so there is nothing that it costs."
    assert lab["equity"]["nothing"] == ""
    page = client.get("/layers", params=asked).text
    layers = _drawn(page)
    for key in ("payoff", "carry"):
        assert layers[key]["nothing"] == "none is no hedge: it has no layers."
    assert "<p>none is no hedge: it has no layers.</p>" in page
    assert "no hedge is held." in page
    assert _drawn(client.get("/lab", params=YEAR).text)["cost"]["nothing"] == ""


def test_a_book_of_cash_holds_nothing(desk: Desk, tmp_path: Path) -> None:
    write_book(tmp_path / "cash.yaml", Book("cash", (Flow(date(2018, 1, 2), "deposit", 1e6),)))
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes,
                 book_file=tmp_path / "cash.yaml")  # fmt: skip
    client = TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}")
    for screen in ("book", "stress"):
        assert "nothing is held, so nothing is priced" in client.get(f"/{screen}").text
    layers = client.get("/layers")
    assert "No layer holds anything at the close of 2018-12-31." in layers.text
    assert client.get("/layers/csv/thresholds").status_code == 200


def test_tables_of_the_screens_have_files(client: TestClient) -> None:
    def table(address: str, **more: str) -> pl.DataFrame:
        return pl.read_csv(client.get(address, params=YEAR | more).content,
                           infer_schema_length=None)  # fmt: skip

    words = ("--condors", "monthly45", "--start", YEAR["start"], "--end", YEAR["end"])
    summary = _cli("backtest", *words)["summary"]
    lab = dict(table("/lab/csv/figures").select("figure", "hedged").iter_rows())
    assert lab == {name: pytest.approx(summary[name]) for name in lab}
    assert "final_nav" in lab
    layers = table("/layers/csv/thresholds")
    health = _cli("health", "--start", YEAR["start"], "--as-of", YEAR["end"])["health"]
    for row in layers.to_dicts():
        assert row["stress_gain"] == pytest.approx(health["layers"][row["layer"]]["stress_gain"])
        assert row["from_cost"] == pytest.approx(health["activation"][row["layer"]]["from_cost"])
    assert layers.height == 3
    gap = _cli("project", "--spx", "-7", "--start", YEAR["start"])["projection"]["gains"]
    assert table("/stress/csv/moves", gap="-7")["total_usd"][0] == pytest.approx(gap["total"])
    crises = table("/stress/csv/crises")
    assert crises.height >= 3
    assert crises["sessions"].min() > 0
    text = client.get("/stress", params=YEAR).text
    assert "from the close of 2018-12-31: gain in USD" in text
    assert "The book of 2018-12-31 through the named crises" in text


def test_health_is_named_with_units_and_day(client: TestClient) -> None:
    asked = {"end": "2015-08-24"}
    text = client.get("/today", params=asked).text
    health = client.get("/api/today", params=asked).json()["health"]
    assert f'<th scope="row">Account, USD</th><td>{health["nav_usd"]:,.0f}</td>' in text
    assert f'<th scope="row">S&amp;P 500, points</th><td>{health["spx"]:.2f}</td>' in text
    rate = f"{100 * health['rate']:.2f} %"
    assert f'<th scope="row">Money-market rate, a year</th><td>{rate}</td>' in text
    assert "At the close of 2015-08-24, once all is done" in text
    table = pl.read_csv(client.get("/today/csv/health", params=asked).content)
    assert table["key"].to_list() == list(health)
    shown = text.split("<h2>Health")[1].split("</table>")[0]
    for name in health:  # no key of the program is shown
        assert f">{name.replace('_', ' ')}</th>" not in shown


def test_a_crisis_that_is_none_is_refused(client: TestClient) -> None:
    answer = client.get("/stress", params={"crisis": "zzz"})
    assert answer.status_code == 422
    assert "no crisis" in answer.text
    assert "2020-03" in answer.text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    with serving(desk) as found:
        yield found


QUERY = "&".join(f"{name}={value}" for name, value in YEAR.items())


@pytest.mark.parametrize("screen", ["lab", "book", "layers", "stress"])
def test_a_refusal_takes_old_figures_away(browser: Any, address: str, screen: str) -> None:
    page = Watched(browser, address).open(f"{address}/{screen}?{QUERY}")
    assert page.locator(".panel").first.is_visible()
    page.fill("input[name=end]", "2018-12-30")  # a Sunday; of the Lab's, before its start
    page.fill("input[name=start]", "2018-12-31")
    page.locator("input[name=start]").blur()
    page.locator("#answer [role=alert]").wait_for()
    for one in (*page.locator(".panel").all(), *page.locator("#head").all()):
        assert not one.is_visible()
    page.fill("input[name=start]", "2018-01-02")
    page.fill("input[name=end]", "2018-12-28")
    page.locator("input[name=end]").blur()
    page.locator("#answer table").first.wait_for()
    page.locator(".panel").first.wait_for()
    page.context.close()


def test_a_hedge_chosen_later_is_drawn(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/lab?{QUERY}&hedge=none")
    cost = page.locator("[data-panel=cost]")
    assert "no hedge" in cost.locator(".nothing").inner_text()
    assert not cost.locator(".plot").is_visible()
    page.select_option("select[name=hedge]", "vxth")
    cost.locator(".plot svg.main-svg").first.wait_for()
    assert not cost.locator(".nothing").is_visible()
    assert cost.locator("figcaption").is_visible()
    page.context.close()


def test_a_server_that_is_gone_is_told(browser: Any, desk: Desk) -> None:
    with serving(desk) as at:
        page = Watched(browser, at).open(f"{at}/lab?{QUERY}")
        assert not page.locator("#lost").is_visible()
        page.route("**/lab/answer**", lambda route: route.abort())
        page.fill("input[name=fill]", "1")
        page.locator("input[name=fill]").blur()
        page.locator("#lost").wait_for()
        assert "does not answer" in page.locator("#lost").inner_text()
        assert float(page.locator("#answer").evaluate("e => getComputedStyle(e).opacity")) < 0.5
        page.unroute("**/lab/answer**")
        page.fill("input[name=fill]", "0.9")
        page.locator("input[name=fill]").blur()
        page.locator("#lost").wait_for(state="hidden")
        page.context.close()
