"""Every number that a screen shows is one that a command prints with `--json`, rounded.

The numbers are not listed here: the visible text of each screen is cut into numbers, and each of
them must be some value of the answers, in one of the formats of the pages, or stand in the text of
the templates. The answers are those of the command line, run anew.
"""

import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import TOKEN, Desked
from tests.web.test_lab import _cli, _drawn
from tests.web.test_panels import ASKED, _figures, _wait, whole  # noqa: F401  # a fixture

import alvh
import alvh.web
from alvh.holdings import holdings
from alvh.web import Desk

DAY = "2015-08-24"
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\d,]*(?:\.\d+)?")
TEMPLATES = Path(alvh.web.__file__).parent / "templates"
FORMATS = ("{:,.0f}", "{:.0f}", "{:.1f}", "{:.2f}", "{:,.2f}", "{:.3f}", "{:.4f}", "{:g}", "{:+g}")
AS_OF = ("--as-of", DAY)
WITH_TOKEN_WAIT = {"step": "50", "resamples": "5"}


class _Text(HTMLParser):
    """The text of the main part of a page, without scripts and without the form."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._main = self._left_out = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._main += tag == "main"
        self._left_out += tag in ("script", "form", "svg")

    def handle_endtag(self, tag: str) -> None:
        self._main -= tag == "main"
        self._left_out -= tag in ("script", "form", "svg")

    def handle_data(self, data: str) -> None:
        if self._main and not self._left_out:
            self.words.append(data)


def _numbers(text: str) -> set[str]:
    return {found.lstrip("+−").strip(",") for found in NUMBER.findall(text)}


def _shown(page: str) -> set[str]:
    reader = _Text()
    reader.feed(page)
    return _numbers(" ".join(reader.words))


def _values(answer: Any) -> Iterator[Any]:
    """Yield every number and text of an answer; keys and lengths count too."""
    if isinstance(answer, dict):
        yield len(answer)
        for key, one in answer.items():
            yield str(key)
            yield from _values(one)
    elif isinstance(answer, list | tuple):
        yield len(answer)
        for one in answer:
            yield from _values(one)
    elif answer is not None:
        yield answer


def _allowed(answers: Iterable[Any]) -> set[str]:
    found = set[str]()
    for one in answers:
        for value in _values(one):
            if isinstance(value, str):
                found |= _numbers(value) | _numbers(value[:12])
            else:
                for scale in (1.0, 100.0, -1.0):
                    found |= {shape.format(scale * float(value)).lstrip("+") for shape in FORMATS}
    return found


def _templates() -> set[str]:
    """Return the numbers that stand in the templates' own words."""
    texts = [re.sub(r"\{[{%].*?[%}]\}", " ", file.read_text(), flags=re.S)
             for file in TEMPLATES.glob("*.j2")]  # fmt: skip
    return _numbers(re.sub(r"<[^>]+>", " ", " ".join(texts)))


def _unexplained(page: str, answers: Iterable[Any], words: str = "") -> list[str]:
    return sorted(_shown(page) - _allowed(answers) - _templates() - _numbers(words))


def _project(*words: str) -> Any:
    return _cli("project", *words)["projection"]


def test_a_number_of_ones_own_is_found_out() -> None:
    page = "<main><p>41.07 of 3 and 2,000</p></main><p>99</p>"
    assert _unexplained(page, [{"a": 41.0712, "b": [1, 2, 3]}]) == ["2,000"]
    assert _unexplained(page, [{"a": 41.0712, "b": [1, 2, 3], "c": 1999.6}]) == []


def test_a_number_that_is_a_little_off_is_found_out(whole: TestClient) -> None:  # noqa: F811
    page = whole.get("/lab", params=ASKED).text
    words = ("--end", DAY, "--condors", "monthly45")
    answers = [_cli("backtest", *words), _cli("backtest", "--hedge", "none", *words)]
    whole_dollars = {one for one in _shown(page) if "," in one}
    assert len(whole_dollars) >= 3
    for one in whole_dollars:
        wrong = f"{int(one.replace(',', '')) + 1:,}"
        assert _unexplained(page.replace(one, wrong), [answers, [40, 40, 20]]) == [wrong]


def test_today(whole: TestClient, desked: Desked) -> None:  # noqa: F811
    page = whole.get("/today", params=ASKED).text
    ledger = ("--ledger", str(desked.ledger))
    standing = _cli("ledger", "standing", *ledger)
    found = _cli("today", "--book", str(desked.book), *ledger, *AS_OF)
    equity = found["health"]["nav_usd"]
    left = [0.2 * equity, 1.0 * equity - standing["hedge_spent"]]  # by the caps of this desk
    orders = [abs(leg["ratio"]) * order["quantity"] for order in found["orders"]
              for leg in order["legs"]]  # fmt: skip
    digest = whole.get("/api/today", params=ASKED).json()
    assert digest == {name: one for name, one in found.items() if name != "tickets"}
    words = f"{desked.book} {desked.ledger} {found['tickets']['sha256']}"
    rest = _unexplained(page, [found, standing, left, orders], words)
    assert [one for one in rest if not _is_digest(page, one)] == []


def _is_digest(page: str, number: str) -> bool:
    """Say whether a number is a part of the decision's own hash, at the foot of the page."""
    foot = re.search(r"decision ([0-9a-f]{12})", page)
    return bool(foot) and number in _numbers(foot[1])


@pytest.fixture
def differences(desked: Desked) -> dict[str, dict[str, float]]:
    """The answers to steps of both factors, of `alvh project`, as differences by part."""
    words = ("--book", str(desked.book), *AS_OF)
    gains = {
        (spx, points, days): _project("--spx", str(spx), "--vix-points", str(points), "--days",
                                      str(days), *words)["gains"]
        for spx, points, days in [(x, v, 0) for x in (-1, 0, 1) for v in (-1, 0, 1)] + [(0, 0, 1)]
    }  # fmt: skip
    usual = _project("--spx", "-1", *words)["gains"]
    return {
        part: {
            "spx": (gains[1, 0, 0][part] - gains[-1, 0, 0][part]) / 2,
            "spx2": gains[1, 0, 0][part] - 2 * gains[0, 0, 0][part] + gains[-1, 0, 0][part],
            "vix": (gains[0, 1, 0][part] - gains[0, -1, 0][part]) / 2,
            "vix2": gains[0, 1, 0][part] - 2 * gains[0, 0, 0][part] + gains[0, -1, 0][part],
            "cross": (gains[1, 1, 0][part] - gains[1, -1, 0][part] - gains[-1, 1, 0][part]
                      + gains[-1, -1, 0][part]) / 4,
            "day": gains[0, 0, 1][part] - gains[0, 0, 0][part],
            "usual": usual[part],
        }
        for part in gains[0, 0, 0]
    }  # fmt: skip


def test_book(
    whole: TestClient,  # noqa: F811
    desk: Desk,
    desked: Desked,
    differences: dict[str, dict[str, float]],
) -> None:
    page = whole.get("/book", params=ASKED).text
    words = ("--book", str(desked.book), *AS_OF)
    marked, projected = _cli("book", "mark", *words), _cli("project", *words)
    entries = _cli("book", "show", *words)
    condors = _condors(desked)
    hedge = sum(leg["value"] for leg in marked["legs"] if leg["sleeve"] != "condors")
    assert whole.get("/api/book", params=ASKED).json() == marked
    for row in marked["greeks"]:  # the same as by differences of `alvh project`
        one = differences[row["part"]]
        told = (row["spx_delta"], row["spx_gamma"], row["vix_delta"], row["vix_gamma"],
                row["vanna"], row["theta"], row["usual"])  # fmt: skip
        assert told == pytest.approx(tuple(one.values()), abs=1e-6)
    answers = [marked, projected, entries, condors, hedge]
    assert _unexplained(page, answers, str(desked.book)) == []


def _condors(desked: Desked) -> list[dict[str, float]]:
    """Return credit, margin and largest loss of each condor, from the fills of the book's file."""
    from alvh.desk.book_files import read_book
    from alvh.desk.entries import Fill

    orders: dict[str, list[Fill]] = {}
    for one in read_book(desked.book).entries:
        if isinstance(one, Fill) and one.sleeve == "condors" and not one.settles:
            orders.setdefault(one.order, []).append(one)
    found = []
    for fills in orders.values():
        strikes = sorted(fill.instrument.strike for fill in fills)
        quantity = abs(fills[0].quantity)
        credit = -sum(fill.quantity * fill.price for fill in fills) / quantity
        width = max(strikes[1] - strikes[0], strikes[3] - strikes[2])
        most = quantity * 100.0 * (width - credit)
        found.append({"quantity": quantity, "credit": credit, "margin": most, "loss": most})
    return [*found, {"all": sum(one["margin"] for one in found)}]


def test_layers(whole: TestClient, desk: Desk) -> None:  # noqa: F811
    page = whole.get("/layers", params=ASKED | {"book": "policy"}).text
    health = _cli("health", *AS_OF)
    run = alvh.backtest(desk.history, "alvh-40-40-20", "monthly45", end=DAY)
    held = [[leg.strike, leg.quantity, str(leg.expiry), (leg.expiry - layer_as_of(run)).days,
             layer.value, layer.carry_per_day, str(leg.expiry - _days(layer.name))]
            for layer in holdings(run).layers for leg in layer.legs]  # fmt: skip
    # the curve and its share of settlements have no command; the share is the table's
    share = _share(whole)
    assert _unexplained(page, [health, held, share]) == []


def test_layers_of_ones_own_book(whole: TestClient, desked: Desked) -> None:  # noqa: F811
    page = whole.get("/layers", params=ASKED).text
    health = _cli("health", "--book", str(desked.book), *AS_OF)
    assert whole.get("/api/health", params=ASKED).json() == health
    assert health["health"]["layers"]
    words = ("--book", str(desked.book), *AS_OF)
    marked = _cli("book", "mark", *words)
    table = pl.read_csv(whole.get("/layers/csv/rolls", params=ASKED).content)
    days = [row["days"] for row in table.to_dicts()]
    rolls = [" ".join(map(str, row.values())) for row in table.to_dicts()]
    share = float(pl.read_csv(whole.get("/layers/csv/curve", params=ASKED).content)["quoted"]
                  .cast(pl.Float64).to_numpy().mean())  # fmt: skip
    values = [sum(leg["value"] for leg in marked["legs"] if leg["sleeve"] == sleeve)
              for sleeve in ("short", "medium", "tail")]  # fmt: skip
    carry = [row["theta"] for row in marked["greeks"]]
    answers = [health, marked, days, rolls, share, values, carry]
    assert _unexplained(page, answers, str(desked.book)) == []


def layer_as_of(run: alvh.Result) -> Any:
    return run.dates[-1].astype(object)


def _days(layer: str) -> Any:
    from datetime import timedelta

    policy = alvh.load_policy("alvh-40-40-20")
    return timedelta(days=next(one.roll_days for one in policy.layers if one.name == layer))


def _share(client: TestClient) -> float:
    address = _drawn(client.get("/layers", params=ASKED | {"book": "policy"}).text)["curve"]["csv"]
    table = pl.read_csv(client.get(address).content)
    return float(table["quoted"].cast(pl.Float64).to_numpy().mean())


def test_lab(whole: TestClient) -> None:  # noqa: F811
    page = whole.get("/lab", params=ASKED).text
    words = ("--end", DAY, "--condors", "monthly45")
    answers = [_cli("backtest", *words), _cli("backtest", "--hedge", "none", *words)]
    split = [40, 40, 20]
    assert _unexplained(page, [answers, split]) == []


def test_verdict(whole: TestClient) -> None:  # noqa: F811
    page = whole.get("/verdict", params=ASKED | WITH_TOKEN_WAIT).text
    found = _cli("simplex", "--end", DAY, "--step", "50", "--resamples", "5")
    assert _unexplained(page, [found]) == []


def test_claims(whole: TestClient) -> None:  # noqa: F811
    asked = {"start": "2018-01-02", "end": "2018-12-31", "resamples": "5"}
    whole.post("/verdict/claims/start", params=asked, headers={"x-alvh-token": TOKEN})
    _wait(whole, asked, "claims")
    page = whole.get("/verdict", params=asked).text
    words = ("--start", "2018-01-02", "--end", "2018-12-31", "--resamples", "5")
    found = _cli("claims", *words)
    assert page.count('<article class="card">') == len(found["cards"]) > 15
    table = pl.read_csv(whole.get("/verdict/csv/claims", params=asked).content,
                        infer_schema_length=None)  # fmt: skip
    assert table["key"].unique(maintain_order=True).to_list() == [
        card["key"] for card in found["cards"]
    ]
    estimates = [one["estimate"] for card in found["cards"] for one in card["readings"]]
    assert table.drop_nulls("reading_name")["reading_estimate"].to_list() == estimates
    assert _unexplained(page, [found]) == []


def test_stress(whole: TestClient, desked: Desked) -> None:  # noqa: F811
    page = whole.get("/stress", params=ASKED | {"gap": "-7", "crush": "40"}).text
    words = ("--book", str(desked.book), *AS_OF)
    history = alvh.load_history("bundled")
    now = _project(*words)["vix"]
    answers: list[Any] = [
        _project("--spx", "-7", *words),
        _project("--spx", "-8", "--days", "30", "--vix", str(now), *words),
        _project("--vix-percent", "40", *words),
    ]
    for one in alvh.covered(history.dates):
        first, last = np.searchsorted(
            history.dates, np.array([one.start, one.end], "datetime64[D]")
        )
        replay = _cli("replay", str(one.start), "--sessions", str(last - first), *words)["replay"]
        answers += [replay, int(last - first), one.name]
    told = whole.get("/api/project", params=ASKED).json()
    assert told == _cli("project", *words)
    meta = told["meta"]
    moved = [-7, 40, -8, 30]
    assert _unexplained(page, [answers, meta, moved], str(desked.book)) == []


def test_ledger(whole: TestClient, desked: Desked) -> None:  # noqa: F811
    page = whole.get("/ledger", params=ASKED).text
    words = ("--ledger", str(desked.ledger))
    events, standing = _cli("ledger", "show", *words), _cli("ledger", "standing", *words)
    score, audit = _cli("ledger", "score", *words, *AS_OF), _cli("ledger", "verify", *words)
    made = [sum(one["difference"] for one in score["orders"]), len(score["orders"])]
    texts = [json.dumps(one["content"]) for one in events]
    stamps = [one["content"]["at"][:19].replace("T", " ") for one in events]
    hashes = " ".join(one["sha256"][:12] for one in events)
    assert _unexplained(
        page, [events, standing, score, audit, made, stamps, [40]],
        f"{desked.ledger} {hashes} {' '.join(texts)}",
    ) == []  # fmt: skip


def test_data(whole: TestClient, desk: Desk) -> None:  # noqa: F811
    page = whole.get("/data").text
    ages = pl.read_csv(whole.get("/data/csv/coverage").content)["age_days"].to_list()
    last = desk.history.dates[-1].astype(object)
    answers = [
        _cli("data", "check"),
        _cli("data", "show"),
        _cli("data", "show", "--inputs"),
        ages,
        _yearly(),
        (desk.today() - last).days,
    ]
    assert (
        _unexplained(page, answers, whole.get("/api/openapi.json").json()["info"]["version"]) == []
    )


def _yearly() -> list[float]:
    """Return the shares by year, from the counts that the command prints."""
    return [row["known"] / row["counted"] for row in _cli("data", "show", "--inputs")["by_year"]]


def test_what_is_drawn_is_what_the_file_holds(whole: TestClient) -> None:  # noqa: F811
    """Every number of every figure lies, but for rounding, in the CSV behind it."""
    for name, one in _figures(whole).items():
        text = whole.get(one["csv"]).text
        table = pl.read_csv(text.encode(), infer_schema_length=None)
        held = np.concatenate([
            table[column].cast(pl.Float64).to_numpy() for column in table.columns
            if table[column].dtype.is_numeric()
        ])  # fmt: skip
        held = np.unique(np.concatenate([held, 100 * held])[np.isfinite(np.tile(held, 2))])
        for line in (line for part in _parts(one) for line in part):
            for value in _drawn_values(name, line):
                at = np.clip(np.searchsorted(held, value), 1, len(held) - 1)
                gap = np.abs(held[[at - 1, at]] - value).min()
                assert gap <= (0.51 if abs(value) >= 1.0 else 0.0051), f"{name}: {value}"


def _parts(figure: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    yield from (frame["data"] for frame in figure.get("frames", [figure]))


def _drawn_values(name: str, line: dict[str, Any]) -> Iterator[float]:
    """Yield what a line, bar or surface draws; a place on the triangle is no number of the file."""
    if name.startswith(("/verdict", "/data")):
        return  # surfaces between splits, and days as bars: each has a test of its own
    rows = line.get("z") or [line["y"]]
    yield from (float(value) for row in rows for value in row if value is not None)
