"""`alvh health`, `motion`, `steward` and `pool`: what is printed is what the functions answer."""

import json
from datetime import date

import pytest
import typer
from typer.testing import CliRunner

import alvh
from alvh.advise.health import health as read_health
from alvh.advise.pool import pool as read_pool
from alvh.advise.steward import steward as solve
from alvh.cli.app import RefusingGroup
from alvh.cli.health_command import health
from alvh.cli.motion_command import motion
from alvh.cli.pool_command import pool
from alvh.cli.steward_command import steward
from alvh.desk.book import Book
from alvh.desk.book_files import write_book
from alvh.desk.entries import Flow
from alvh.desk.paper import as_decided

END = "2016-02-24"


@pytest.fixture(scope="module")
def ask():
    app = typer.Typer(cls=RefusingGroup)
    for command in (health, motion, steward, pool):
        app.command()(command)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def history() -> alvh.History:
    return alvh.load_history("bundled")


@pytest.fixture(scope="module")
def result(history):
    return alvh.backtest(history, "alvh-40-40-20", "monthly45", end=END)


def test_health_prints_its_figures(ask, history, result) -> None:
    answer = ask("health", "--as-of", END)
    assert answer.exit_code == 0
    found = read_health(history, result)
    lines = answer.stdout.splitlines()
    assert lines[0].startswith("100.0 % of the fills are priced by a model")
    pe = next(line for line in lines if line.strip().startswith("P/E of protection"))
    assert f" {found.protection.ratio:.2f} " in pe
    assert "% of the tail is rallies" in pe
    quick = next(line for line in lines if line.strip().startswith("quick ratio"))
    assert f"{found.quick_ratio.ratio:.2f}" in quick
    assert quick.endswith("green")
    assert sum(str(trade.expiry) in answer.stdout for trade in found.trades) == len(found.trades)
    assert any(line.startswith("policy ") and history.digest[:12] in line for line in lines)


def test_health_as_json(ask, history, result) -> None:
    answer = json.loads(ask("health", "--as-of", END, "--json").stdout)
    found = read_health(history, result)
    assert answer["health"]["figures"]["mirr_hedge"] == found.mirr["hedge"].value
    assert answer["health"]["flat"]["vix"] == found.flat.vix.tolist()
    assert answer["meta"]["end"] == END


def test_health_month_by_month(ask) -> None:
    words = ("health", "--as-of", "2014-06-30", "--history")
    lines = ask(*words).stdout.splitlines()
    assert sum(line.strip().startswith("2014-") for line in lines) == 6
    rows = json.loads(ask(*words, "--json").stdout)["health"]
    assert [row["date"] for row in rows][-1] == "2014-06-30"
    assert rows[-1]["beta_book"] is None  # half a year is too little for a beta


def test_health_of_a_day_outside_the_data_is_refused(ask) -> None:
    answer = ask("health", "--as-of", "2031-01-02")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "outside the history" in answer.stderr


def test_health_without_a_hedge(ask) -> None:
    answer = ask("health", "--hedge", "none", "--as-of", END)
    assert answer.exit_code == 0
    assert "green, nothing falls due" in answer.stdout
    assert "no hedge held" in answer.stdout
    assert "Layers:" not in answer.stdout


def test_motion_prints_a_verdict(ask) -> None:
    words = ("motion", "--end", "2015-12-31", "--resamples", "20")
    lines = ask(*words).stdout.splitlines()
    for name in ("policy", "hold", "daily", "band"):
        assert any(line.split()[:1] == [name] and "%" in line for line in lines)
    assert sum(line.startswith("against ") for line in lines) == 3
    found = json.loads(ask(*words, "--json").stdout)
    assert found["verdict"] == [line for line in lines if line.startswith("against ")]


def test_steward_prints_the_score(ask, history, result) -> None:
    found = solve(
        history, result, alvh.load_programme("monthly45"), alvh.load_policy("alvh-40-40-20")
    )
    answer = ask("steward", "--as-of", END)
    assert answer.exit_code == 0
    shown = "–" if found.score == float("-inf") else f"{found.score:.2f}"
    assert f"score of the book {shown}" in answer.stdout
    plain = json.loads(ask("steward", "--as-of", END, "--json").stdout)
    assert plain["steward"]["book_cvar"] == found.book_cvar


def test_pool_prints_its_curve(ask, result) -> None:
    found = read_pool(result, {"short": 0.4, "medium": 0.4, "tail": 0.2})
    answer = ask("pool", "--end", END)
    lines = answer.stdout.splitlines()
    assert lines[-2 if lines[-1].startswith("policy") else -3].startswith("least loss at a band of")
    assert sum(line.lstrip().split(" %")[0].isdigit() for line in lines) == len(found.curve.bands)
    plain = json.loads(ask("pool", "--end", END, "--json").stdout)
    assert plain["pool"]["curve"]["best"] == found.curve.best


def test_pool_of_one_layer_is_refused(ask) -> None:
    answer = ask("pool", "--hedge", "single-call")
    assert answer.exit_code == 1
    assert "a pool needs two layers" in answer.stderr


@pytest.fixture
def desk_book(tmp_path):
    """A book of which the first session was filled as decided."""
    held = Book("main", (Flow(date(2015, 8, 20), "deposit", 1_000_000.0),))
    first = alvh.today(alvh.load_history("bundled"), held, "alvh-40-40-20", "monthly45",
                       as_of=date(2015, 8, 21))  # fmt: skip
    write_book(tmp_path / "main.yaml", held.add(as_decided(first)))
    return tmp_path / "main.yaml"


def test_layers_of_ones_own_book(run, desk_book) -> None:
    answer = run("health", "--book", desk_book, "--as-of", "2015-08-24", "--json")
    found = json.loads(answer.stdout)
    assert set(found) == {"health", "meta"}
    assert set(found["health"]["layers"]) == {"short", "medium", "tail"}
    text = run("health", "--book", desk_book, "--as-of", "2015-08-24").stdout
    assert f"NAV {found['health']['nav']:,.0f} USD" in text
    refused = run("health", "--book", desk_book, "--history")
    assert refused.exit_code == 1
    assert "leave it out with --book" in refused.stderr
