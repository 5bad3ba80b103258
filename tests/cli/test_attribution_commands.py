"""`alvh attribution` and `press`: what is printed is what the evidence answers."""

import json
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

import alvh
from alvh.cli.app import RefusingGroup
from alvh.cli.attribution_command import attribution
from alvh.cli.press_command import press
from alvh.evidence.attribution import attribute

YEAR = ("--start", "2018-01-02", "--end", "2018-12-31")


@pytest.fixture
def run():
    """Run one of the two commands inside this process."""
    app = typer.Typer(cls=RefusingGroup, rich_markup_mode=None)
    app.command()(attribution)
    app.command()(press)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def found():
    history = alvh.load_history("bundled")
    result = alvh.backtest(history, "vxth", "cndr", start="2018-01-02", end="2018-12-31")
    return attribute(history, result)


def test_attribution_prints_the_evidence_s_own_sums(run, found):
    answer = run("attribution", "--hedge", "vxth", *YEAR)
    assert answer.exit_code == 0, answer.output
    lines = answer.stdout.splitlines()
    assert lines[0].startswith(f"{100 * found.model_priced_share:.1f} % of the fills")
    for row in found.by_sleeve.iter_rows(named=True):
        printed = next(line for line in lines if line.split()[:1] == [row["sleeve"]])
        assert printed.split()[1] == f"{round(row['pnl']):,}"
    footer = next(line for line in lines if line.startswith("policy "))
    assert found.meta["data_digest"][:12] in footer


@pytest.mark.parametrize("by", ["day", "leg"])
def test_long_tables_show_their_largest_rows(run, by):
    answer = run("attribution", "--hedge", "vxth", "--by", by, *YEAR)
    assert answer.exit_code == 0, answer.output
    assert "the 20 largest of" in answer.stdout


def test_attribution_as_json_and_its_saved_tables_agree(run, found, tmp_path: Path):
    folder = tmp_path / "new"
    answer = run("attribution", "--hedge", "vxth", "--by", "day", "--save", folder, "--json", *YEAR)
    read = json.loads(answer.stdout)
    assert len(read["rows"]) == found.by_day.height
    assert read["coverage"][0]["sleeve"] == "book"
    assert read["meta"]["greeks"] == "path"
    legs = pl.read_csv(folder / "legs.csv")
    total = sum(row["pnl"] for row in read["rows"])
    assert legs["pnl"].sum() == pytest.approx(total, abs=0.01)
    assert total == pytest.approx(found.legs["pnl"].sum(), abs=0.01)


def test_press_says_that_its_volatilities_are_no_quotes(run, tmp_path: Path):
    file = tmp_path / "press.csv"
    answer = run("press", "--hedge", "vxth", "--resamples", 20, "--save", file, *YEAR)
    assert answer.exit_code == 0, answer.output
    assert "no quote does" in answer.stdout
    assert "fomc: 8 sessions" in answer.stdout
    assert set(pl.read_csv(file)["event"]) == {"fomc", "cpi", "spike"}


def test_press_as_json(run):
    read = json.loads(run("press", "--hedge", "none", "--resamples", 20, "--json", *YEAR).stdout)
    assert len(read["table"]) == 2 * 3 * 3
    assert read["meta"]["resamples"] == 20
    assert 0.0 <= read["model_priced_share"] <= 1.0


def test_a_wrong_date_is_refused_in_one_line(run):
    answer = run("attribution", "--start", "1950-01-03")
    assert answer.exit_code == 1
    assert "outside the history" in answer.output
