"""Every figure that any screen draws: units, days, share of model prices, and a file behind it.

The figures are not listed here: they are collected from the screens as the program serves them, and
the code of the screens is read for any that would not be among them.
"""

import ast
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from tests.report.colours import confused, faint
from tests.web.conftest import HOST, TOKEN, Desked
from tests.web.test_lab import _drawn

import alvh.web.screens
from alvh.report.triangle import TITLES
from alvh.web import Desk, create_app
from alvh.web.pages import SCREENS

WITH_TOKEN = {"x-alvh-token": TOKEN}
ASKED = {"end": "2015-08-24"}
WHERE_ANY = {
    ("data", "gaps"),
    ("data", "refused"),
    ("verdict", "claims"),
}  # linked where there are some
PAPERS = ("#ffffff", "#14171b")
UNITS = re.compile(r"USD|%|points|ratio|sessions")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.fixture
def whole(desk: Desk, desked: Desked) -> TestClient:
    """A client of a server with book and ledger, its long work done."""
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, ledger=desked.ledger,
                 book_file=desked.book)  # fmt: skip
    client = TestClient(create_app(found, [HOST], TOKEN), base_url=f"http://{HOST}")
    tried = ASKED | {"step": "50", "resamples": "5"}
    client.post("/verdict/simplex/start", params=tried, headers=WITH_TOKEN)
    _wait(client, tried)
    client.post("/lab/colours/start", params=ASKED, headers=WITH_TOKEN)
    _wait(client, ASKED | {"step": "10", "resamples": "0"})
    return client


def _wait(client: TestClient, asked: dict[str, str], work: str = "simplex") -> None:
    limit = time.monotonic() + 300.0
    while client.get(f"/api/verdict/{work}", params=asked).json()["state"] == "running":
        assert time.monotonic() < limit
        time.sleep(0.05)


def _pages(client: TestClient) -> Iterator[tuple[str, str]]:
    for path, _ in SCREENS:
        more = {"step": "50", "resamples": "5"} if path == "/verdict" else {}
        answer = client.get(path, params=ASKED | more)
        assert answer.status_code == 200, path
        yield path, answer.text


def _figures(client: TestClient) -> dict[str, Any]:
    return {
        f"{path}/{key}": one for path, text in _pages(client) for key, one in _drawn(text).items()
    }


def _in_code() -> set[tuple[str, str]]:
    """Return screen and key of every Panel that the code of a screen makes."""
    found = set[tuple[str, str]]()
    for file in Path(alvh.web.screens.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            made = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Panel"
            if made and isinstance(node, ast.Call):
                key = node.args[0]
                names = [key.value] if isinstance(key, ast.Constant) else _named(file.stem)
                found |= {(file.stem, str(name)) for name in names}
    return found


def _named(screen: str) -> list[str]:
    return {"verdict": list(TITLES), "today": ["decisions", "layers", "checks", "health"]}[screen]


def test_every_figure_says_units_days_and_model_and_has_its_numbers(whole: TestClient) -> None:
    drawn = _figures(whole)
    assert len(drawn) >= 14
    for name, one in drawn.items():
        layout, caption = str(one["layout"]), one["caption"]
        assert UNITS.search(caption + layout + str(one.get("data", ""))), name
        assert DAY.search(caption), name
        assert "model" in caption, name  # how much of it, or that none is
        file = whole.get(one["csv"])
        assert file.status_code == 200, name
        assert pl.read_csv(io.StringIO(file.text), infer_schema_length=None).height > 0, name


def test_no_figure_or_table_of_the_code_is_missing_here(whole: TestClient) -> None:
    seen = {tuple(name.strip("/").split("/")) for name in _figures(whole)}
    code = _in_code()
    assert seen <= code
    links = {
        (screen.strip("/"), key)
        for screen, text in _pages(whole)
        for key in re.findall(rf'href="{screen}/csv/([a-z]+)', text)
    }
    for screen, key in sorted(code - seen):
        if (screen, key) not in WHERE_ANY:
            assert (screen, key) in links, f"{screen}: no link to {key}"
        more = {"step": "50", "resamples": "5"} if screen == "verdict" else {}
        if (screen, key) == ("verdict", "claims"):
            continue  # tried, with its file, where the claims are
        assert whole.get(f"/{screen}/csv/{key}", params=ASKED | more).status_code == 200


def test_every_figure_is_told_apart_by_any_eye_on_both_papers(whole: TestClient) -> None:
    drawn = _figures(whole)
    assert {name: confused(one) for name, one in drawn.items() if confused(one)} == {}
    assert {name: faint(one, PAPERS) for name, one in drawn.items() if faint(one, PAPERS)} == {}


def test_words_and_pages_contrast_enough() -> None:
    from tests.report.colours import contrast

    css = (Path(alvh.web.screens.__file__).parents[1] / "static/alvh.css").read_text()
    for paper_block in re.findall(r":root \{(.*?)\}", css, re.S):
        colors = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", paper_block))
        for paper in ("paper", "panel"):
            for ink in ("ink", "soft", "accent", "bad", "good", "warn"):
                found = contrast(colors[ink], colors[paper])
                assert found >= 4.5, f"{ink} on {paper}: {found:.2f}"  # WCAG 1.4.3


@pytest.mark.parametrize("equity", ["1234567", "1234567.89", "5000000", "10000000000"])
def test_links_and_forms_are_of_the_account_that_is_shown(client: TestClient, equity: str) -> None:
    text = client.get("/lab", params={"equity": equity, "start": "2018-06-01"}).text
    assert f'name="equity" value="{equity}"' in text
    link = f"/lab/csv/equity?start=2018-06-01&equity={equity}"
    assert _drawn(text)["equity"]["csv"] == link
    nav = pl.read_csv(io.StringIO(client.get(link).text))["none"]
    asked = {"equity": equity, "start": "2018-06-01", "hedge": "none"}
    summary = client.get("/api/backtest", params=asked).json()["summary"]
    assert nav[-1] == pytest.approx(summary["final_nav"], abs=0.01)
