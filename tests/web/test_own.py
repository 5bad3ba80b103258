"""The user's own book where the server has one, the policy's where not, and the page says which."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.desk.month import begin
from tests.web.browser import Watched, chromium, serving
from tests.web.conftest import HOST
from tests.web.test_lab import _cli, _drawn

import alvh
from alvh.advise.instrument import parse_instrument
from alvh.advise.shocks import beyond_record
from alvh.desk.book import Book
from alvh.desk.book_files import write_book
from alvh.desk.entries import Fill, Flow
from alvh.web import Desk, create_app

EVENING = {"end": "2015-10-30"}
SCREENS = ("book", "layers", "stress")


def _client(desk: Desk, book: Path) -> TestClient:
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, book_file=book)
    return TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}")


@pytest.fixture(scope="module")
def fills(desk: Desk) -> Book:
    """A book with condors and all three layers, from the fills of a run."""
    run = alvh.backtest(desk.history, "alvh-40-40-20", "monthly45", "2015-07-31", "2015-10-30",
                        5_000_000.0)  # fmt: skip
    return begin(run, len(run.dates))


@pytest.fixture(scope="module")
def book(fills: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That book as a file."""
    file = tmp_path_factory.mktemp("own") / "main.yaml"
    write_book(file, fills)
    return file


@pytest.fixture(scope="module")
def booked(desk: Desk, book: Path) -> TestClient:
    """A client of a server with that book."""
    return _client(desk, book)


def _words(book: Path) -> tuple[str, ...]:
    return "--book", str(book), "--as-of", "2015-10-30"


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_says_whose_book_it_shows(
    booked: TestClient, client: TestClient, screen: str
) -> None:
    own = booked.get(f"/{screen}", params=EVENING).text
    assert "<strong>Your own book</strong>" in own
    assert "main.yaml" in own
    policy = booked.get(f"/{screen}", params=EVENING | {"book": "policy"}).text
    assert "<strong>The policy's book</strong>, not yours" in policy
    assert "alvh serve --book" not in policy  # it has one
    bare = client.get(f"/{screen}", params=EVENING).text
    assert "<strong>The policy's book</strong>, not yours" in bare
    assert "alvh serve --book" in bare


def test_positions_are_those_of_the_command_line(booked: TestClient, book: Path) -> None:
    found = _cli("book", "mark", *_words(book))
    assert booked.get("/api/book", params=EVENING).json() == found
    text = booked.get("/book", params=EVENING).text
    assert f"account {found['nav']:,.0f} USD, cash {found['cash']:,.0f}" in text
    assert len(found["legs"]) > 10
    for leg in found["legs"]:
        row = f"<td>{leg['symbol']}</td><td>{leg['quantity']:+g}</td><td>{leg['mid']:.2f}</td>"
        assert row in text


def test_projections_and_replays_are_those_of_the_command_line(
    booked: TestClient, book: Path
) -> None:
    asked = EVENING | {"days": "10", "spx": "-4", "vix": "35"}
    words = ("--days", "10", "--spx", "-4", "--vix", "35", *_words(book))
    found = _cli("project", *words)
    answer = booked.get("/api/project", params=asked).json()
    assert answer == found
    assert set(found) == {"projection", "grid", "ahead", "meta"}
    other = booked.get("/api/project", params=asked | {"book": "policy"}).json()
    assert other["projection"]["gains"] != answer["projection"]["gains"]
    for mode in ("hold", "policy"):
        stretch = {"stretch": "2018-01-26", "sessions": "9", "mode": mode}
        replayed = booked.get("/api/replay", params=EVENING | stretch).json()
        assert replayed == _cli(
            "replay", "2018-01-26", "--sessions", "9", "--mode", mode, *_words(book)
        )


def test_stress_replays_the_own_book(booked: TestClient, book: Path) -> None:
    text = booked.get("/stress", params=EVENING | {"crisis": "2018-02", "gap": "-12"}).text
    whole = _cli("replay", "2018-01-26", "--sessions", "9", *_words(book))["replay"]
    total = next(one for one in _drawn(text)["replay"]["data"] if one["name"] == "total")
    assert total["y"] == [round(gain) for gain in whole["pnl"]["total"]]
    assert f"<td>{whole['worst'][1]:,.0f}</td>" in text
    gains = _cli("project", "--spx", "-12", *_words(book))["projection"]["gains"]
    assert f"<td>{gains['total']:,.0f}</td><td>{gains['condors']:,.0f}</td>" in text


def test_layers_of_the_own_book_pay_what_a_projection_says(booked: TestClient, book: Path) -> None:
    drawn = _drawn(booked.get("/layers", params=EVENING).text)["payoff"]
    frame = drawn["frames"][0]["data"]
    level = frame[0]["x"].index(40)
    gains = _cli("project", "--vix", "40", *_words(book))["projection"]["gains"]
    for k, name in enumerate(("short", "medium", "tail")):
        assert frame[k]["name"] == name
        assert frame[k]["y"][level] == pytest.approx(gains[name], abs=1.0)  # no leg on the index


def test_a_book_of_a_later_day_says_why_it_is_not_shown(booked: TestClient) -> None:
    for screen in SCREENS:
        text = booked.get(f"/{screen}", params={"end": "2017-06-01"}).text
        assert "is not shown: " in text  # what it held has expired by then
        assert "expired on" in text
        assert "<strong>The policy's book</strong>, not yours" in text


def test_what_belongs_to_no_sleeve_is_told_and_not_run_on(
    desk: Desk, fills: Book, tmp_path: Path
) -> None:
    loose = Fill(date(2015, 10, 30), "unassigned", "", parse_instrument("VIX   151216C00030000"),
                 2.0, 0.5)  # fmt: skip
    file = tmp_path / "loose.yaml"
    write_book(file, fills.add([loose]))
    client = _client(desk, file)
    text = client.get("/book", params=EVENING).text
    assert "The rules cannot read this of it" in text
    assert "VIX   151216C00030000" in text
    refused: Any = client.get("/stress", params=EVENING | {"mode": "policy"})
    assert refused.status_code == 422
    assert "the rules cannot run on" in refused.text


def test_a_book_of_cash_alone_is_shown(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "cash.yaml"
    write_book(file, Book("cash", (Flow(date(2015, 8, 3), "deposit", 250_000.0),)))
    for screen in SCREENS:
        answer = _client(desk, file).get(f"/{screen}", params=EVENING)
        assert answer.status_code == 200
        assert "Your own book" in answer.text
        assert "beyond anything seen" not in answer.text  # there is no hedge to gain
        drawn = _drawn(answer.text)
        empty = {"book": ("surface", "paid"), "layers": ("payoff",), "stress": ("replay", "gaps")}
        for key in empty[screen]:
            words = drawn[key]["nothing"]
            assert words.endswith(" at the close of 2015-10-30."), (screen, key)
            assert f'<p class="nothing">{words}</p>' in answer.text
    run_on = _client(desk, file).get("/stress", params=EVENING | {"mode": "policy"}).text
    assert _drawn(run_on)["replay"]["nothing"] == ""  # the policy buys on the way


def test_what_no_hedge_gains_is_not_beyond_anything_seen() -> None:
    nothing, some = np.zeros(3), np.array([0.0, -1.0, 2.0])
    assert beyond_record(120.0, {"condors": some, "short": nothing, "total": some}) == ""
    assert "beyond anything seen" in beyond_record(120.0, {"condors": nothing, "short": some})
    assert beyond_record(40.0, {"short": some}) == ""


def test_a_server_without_a_book_says_so(client: TestClient) -> None:
    answer = client.get("/api/book")
    assert answer.status_code == 422
    assert "alvh serve --book" in answer.json()["refused"]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_book_of_one_s_own_leaves_no_first_day_and_no_account_to_choose(
    booked: TestClient, client: TestClient, screen: str
) -> None:
    for name in ("start", "equity"):
        box = re.compile(rf'<input [^>]*name="{name}"[^>]* readonly>')
        assert box.search(booked.get(f"/{screen}", params=EVENING).text)
        policy = booked.get(f"/{screen}", params=EVENING | {"book": "policy"}).text
        assert not box.search(policy)
        assert not box.search(client.get(f"/{screen}", params=EVENING).text)


@pytest.mark.parametrize("screen", SCREENS)
def test_what_marks_rest_on_is_said_once_above_the_tables(booked: TestClient, screen: str) -> None:
    text = booked.get(f"/{screen}/answer", params=EVENING).text
    assert text[: text.index("<table")].count("priced by a model") <= 1


def test_the_boxes_follow_whose_book_is_shown(desk: Desk, book: Path) -> None:
    expect = pytest.importorskip("playwright.sync_api").expect
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, book_file=book)
    with serving(found) as address, chromium() as browser:
        page = Watched(browser, address).open(f"{address}/layers?end=2015-10-30")
        box = page.locator("input[name=equity]")
        assert not box.is_editable()
        page.select_option("select[name=book]", "policy")
        page.wait_for_selector("[data-whose=policy]")
        expect(box).to_be_editable()
        page.select_option("select[name=book]", "own")
        expect(box).not_to_be_editable()
        page.context.close()
