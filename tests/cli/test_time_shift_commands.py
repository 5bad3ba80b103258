"""`alvh shift`, `project` and `replay`: what is printed is what the functions answer."""

import json
from datetime import date

import polars as pl
import pytest
import typer
from tests.desk.month import begin
from typer.testing import CliRunner

import alvh
from alvh.advise.instrument import parse_instrument
from alvh.advise.project import GRID_DAYS, GRID_SPX, GRID_VIX, project_grid
from alvh.advise.project import project as reprice
from alvh.advise.replay import replay as live_through
from alvh.advise.shift import shift as compare
from alvh.cli.app import RefusingGroup
from alvh.cli.project_command import project
from alvh.cli.replay_command import replay
from alvh.cli.shift_command import shift
from alvh.desk.book_files import write_book
from alvh.desk.entries import Fill

END = "2016-02-24"
HEDGE, CONDORS = "alvh-40-40-20", "monthly45"


@pytest.fixture(scope="module")
def ask():
    app = typer.Typer(cls=RefusingGroup)
    for command in (project, shift, replay):
        app.command()(command)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def history() -> alvh.History:
    return alvh.load_history("bundled")


@pytest.fixture(scope="module")
def result(history):
    return alvh.backtest(history, HEDGE, CONDORS, end=END)


def _says_what_made_it(lines, history):
    return any(line.startswith("policy ") and history.digest[:12] in line for line in lines)


def test_shift_marks_what_is_held_and_what_is_best(ask, history, result) -> None:
    answer = ask("shift", "tail", "--as-of", END)
    assert answer.exit_code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    found = compare(history, result, alvh.load_policy(HEDGE), "tail")
    held = next(line for line in lines if line.split()[:1] == ["held"])
    best = next(line for line in lines if line.split()[:1] == ["best"])
    assert str(found.held.expiry) in held
    assert f"{found.held.decay_per_day:.2f}" in held
    assert str(found.best.expiry) in best
    assert f"{found.best.cost_rate:.4f}" in best
    assert f"least cost per delta: {found.best.expiry}" in answer.stdout
    assert sum(str(one.expiry) in answer.stdout for one in found.candidates) == len(
        found.candidates
    )
    assert _says_what_made_it(lines, history)


def test_shift_as_json(ask, history, result) -> None:
    found = compare(history, result, alvh.load_policy(HEDGE), "short", fill=0.5)
    answer = json.loads(ask("shift", "short", "--as-of", END, "--json").stdout)
    assert answer["shift"]["held"]["delta"] == found.held.delta
    assert len(answer["shift"]["candidates"]) == len(found.candidates)
    assert answer["meta"]["end"] == END


def test_shift_of_a_layer_that_is_not_there_is_refused(ask) -> None:
    answer = ask("shift", "middle", "--as-of", END)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "has no middle layer; there are short, medium, tail" in answer.stderr


def test_project_prints_gains_legs_and_two_grids(ask, history, result) -> None:
    answer = ask("project", "--as-of", END, "--days", 7, "--spx", -5)
    assert answer.exit_code == 0, answer.stderr
    found = reprice(history, result, 7, -0.05)
    lines = answer.stdout.splitlines()
    assert lines[0].startswith(f"{END} to 2016-03-02: S&P 500 -5.0 %")
    assert f"to {found.vix_then:.2f}" in lines[0]
    total = next(line for line in lines if line.split()[:1] == ["total"])
    assert total.split()[-1] == f"{found.gains['total']:,.0f}"
    rows = [line.split() for line in lines if line.strip().startswith("-6 %")]
    grid = project_grid(history, result, 7)["total"][GRID_SPX.index(-0.06)]
    later = project_grid(history, result, GRID_DAYS, vix_points=None)["total"]
    assert rows[0][2:] == [f"{gain:,.0f}" for gain in grid]
    assert rows[1][2:] == [f"{gain:,.0f}" for gain in later[:, GRID_SPX.index(-0.06), 0]]
    assert _says_what_made_it(lines, history)


def test_project_takes_vix_in_three_ways(ask, history, result) -> None:
    """VIX closed at 20.72 on that evening; a half more is 31.08."""
    words = ("project", "--as-of", END, "--spx", -3, "--json")
    now = json.loads(ask(*words).stdout)["projection"]["vix"]
    assert now == pytest.approx(20.72)
    by_level, by_points, by_percent = (
        json.loads(ask(*words, *more).stdout)["projection"]
        for more in (("--vix", 31.08), ("--vix-points", 10.36), ("--vix-percent", 50))
    )
    assert by_level["vix_then"] == pytest.approx(31.08)
    for other in (by_points, by_percent):
        assert other["gains"]["total"] == pytest.approx(by_level["gains"]["total"], abs=1e-6)
    refused = ask("project", "--as-of", END, "--vix", 30, "--vix-points", 2)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "VIX was given twice" in refused.stderr


def test_project_as_json_holds_both_grids(ask, history, result) -> None:
    answer = json.loads(ask("project", "--as-of", END, "--json").stdout)
    wanted = project_grid(history, result)
    assert answer["grid"]["vix_points"] == list(GRID_VIX)
    assert answer["grid"]["gains"]["short"] == wanted["short"].tolist()
    assert answer["ahead"]["days"] == list(GRID_DAYS)
    assert len(answer["projection"]["legs"]) == len(reprice(history, result).legs)


def test_replay_prints_the_path_and_saves_it(ask, history, result, tmp_path) -> None:
    file = tmp_path / "path.csv"
    answer = ask("replay", "2015-08-17", "--as-of", END, "--sessions", 20, "--save", file)
    assert answer.exit_code == 0, answer.stderr
    found = live_through(history, result, "2015-08-17", 20)
    lines = answer.stdout.splitlines()
    assert lines[0].startswith(f"book of {END}, {found.start_nav:,.0f} USD, through 2015-08-17 to")
    day, depth = found.worst
    assert f"lowest on {day}: {depth:,.0f} USD" in answer.stdout
    last = next(line for line in lines if line.strip().startswith(str(found.dates[-1])))
    assert last.split()[-1] == f"{found.pnl['total'][-1]:,.0f}"
    assert f"{found.vix[-1]:.2f}" in last
    table = pl.read_csv(file, try_parse_dates=True)
    assert table["on"][0].isoformat() == END
    assert table["total"].to_list() == pytest.approx(found.pnl["total"].tolist())
    assert _says_what_made_it(lines, history)


def test_replay_by_policy_as_json(ask, history, result) -> None:
    words = ("replay", "2015-08-17", "--as-of", END, "--sessions", 20, "--mode", "policy", "--json")
    answer = json.loads(ask(*words).stdout)
    found = live_through(
        history, result, "2015-08-17", 20, "policy", policy=alvh.load_policy(HEDGE),
        programme=alvh.load_programme(CONDORS),
    )  # fmt: skip
    assert answer["replay"]["mode"] == "policy"
    assert answer["replay"]["pnl"]["total"] == found.pnl["total"].tolist()
    held = live_through(history, result, "2015-08-17", 20)
    assert answer["replay"]["pnl"]["total"] != held.pnl["total"].tolist()


def test_replay_from_a_day_without_a_session_is_refused(ask) -> None:
    answer = ask("replay", "2015-08-16", "--as-of", END)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "is no session" in answer.stderr


def test_a_book_of_ones_own_takes_the_place_of_the_run(ask, history, result, tmp_path) -> None:
    file = tmp_path / "main.yaml"
    write_book(file, begin(result, len(result.dates)))
    words = ("--days", 5, "--spx", -4, "--json")
    own = json.loads(ask("project", *words, "--book", file, "--as-of", END).stdout)
    its = json.loads(ask("project", *words, "--as-of", END).stdout)
    assert own["projection"]["gains"] == pytest.approx(its["projection"]["gains"], abs=0.01)
    assert own["meta"]["book"] == "main"
    lived = [ask("replay", "2018-01-26", "--sessions", 9, "--as-of", END, "--json", *more)
             for more in (("--book", file), ())]  # fmt: skip
    mine, run = (json.loads(one.stdout)["replay"]["pnl"]["total"] for one in lived)
    assert mine == pytest.approx(run, abs=0.01)


def test_a_position_of_no_sleeve_is_named_aloud(ask, history, result, tmp_path) -> None:
    file = tmp_path / "main.yaml"
    loose = Fill(date(2016, 2, 24), "unassigned", "", parse_instrument("VIX   160420C00030000"),
                 2.0, 0.5)  # fmt: skip
    write_book(file, begin(result, len(result.dates)).add([loose]))
    answer = ask("project", "--book", file, "--as-of", END)
    assert "the rules cannot read this of the book" in answer.stderr
    assert "VIX   160420C00030000" in answer.stderr
