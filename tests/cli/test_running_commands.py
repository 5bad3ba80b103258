"""`alvh backtest`, `compare` and `quote`: what is printed is what the public face answers."""

import json
from pathlib import Path

import polars as pl
import pytest

import alvh

YEAR = ("--start", "2018-01-02", "--end", "2018-12-31")


@pytest.fixture(scope="module")
def history() -> alvh.History:
    """The bundled data."""
    return alvh.load_history("bundled")


def test_backtest_prints_the_engine_s_own_figures(run, history) -> None:
    answer = run("backtest", "--condors", "cndr", "--hedge", "vxth", *YEAR)
    assert answer.exit_code == 0
    result = alvh.backtest(history, "vxth", "cndr", start="2018-01-02", end="2018-12-31")
    summary, lines = result.summary(), answer.stdout.splitlines()
    assert lines[0].startswith(f"{100 * summary['model_priced_share']:.1f} % of the fills")
    assert any(
        line.split()[:3] == ["growth", "per", "year"]
        and line.split()[3] == f"{100 * summary['cagr']:.2f}"
        for line in lines
    )
    footer = next(line for line in lines if line.startswith("policy "))
    for part in (summary["policy_hash"], summary["programme_hash"], history.digest):
        assert part[:12] in footer


def test_backtest_s_sleeve_table_adds_up(run) -> None:
    lines = run("backtest", "--condors", "cndr", *YEAR).stdout.splitlines()
    first = lines.index("Profit by sleeve, USD") + 3
    table = {}
    for line in lines[first:]:
        if line.startswith("policy "):
            break
        name, figures = line[1:10].strip(), line[10:].split()
        table[name] = [int(figure.replace(",", "")) for figure in figures]
    total = table.pop("in all")
    # each cell is rounded to a dollar, so the sum of five may be off by two and a half
    assert abs(sum(figures[0] for figures in table.values()) - total[0]) <= 3
    costs = [figures[1] for figures in table.values() if len(figures) > 1]
    assert len(costs) == 4
    assert abs(sum(costs) - total[1]) <= 3


def test_backtest_as_json_and_its_saved_tables_agree(run, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    answer = run("backtest", "--condors", "cndr", *YEAR, "--save", folder, "--json")
    found = json.loads(answer.stdout)
    daily = pl.read_csv(folder / "daily.csv")
    assert daily["nav"][-1] == pytest.approx(found["summary"]["final_nav"], rel=1e-12)
    assert sum(found["sleeves"].values()) == pytest.approx(daily["nav"][-1] - 1e6, abs=0.01)
    assert pl.read_csv(folder / "trades.csv").height == found["summary"]["trades"]
    names = ["condors.csv", "daily.csv", "decisions.csv", "trades.csv"]
    assert sorted(file.name for file in folder.iterdir()) == names


def test_backtest_outside_the_data_is_refused(run) -> None:
    answer = run("backtest", "--start", "2031-01-02")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "start 2031-01-02 is outside the history" in answer.stderr


def test_backtest_with_a_wrong_policy_is_refused_before_any_data_is_read(run, tmp_path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\nbudget: 1\n")
    answer = run("backtest", "--hedge", tmp_path / "mine.yaml", "--data", tmp_path / "absent")
    assert answer.exit_code == 1
    assert "mine.yaml:2: budget is an unknown key" in answer.stderr


@pytest.mark.parametrize("fill", ["-0.1", "1.1", "nan"])
def test_a_fill_that_is_none_is_a_usage_error(run, fill: str) -> None:
    assert run("backtest", "--fill", fill).exit_code == 2


def test_compare_prints_three_bases_and_a_verdict(run) -> None:
    words = ("--condors", "cndr", "--hedge", "alvh-40-40-20", "--hedge", "single-call")
    answer = run("compare", *words, *YEAR, "--resamples", "0")
    assert answer.exit_code == 0
    lines = answer.stdout.splitlines()
    for title in ("At the sizes of their policies", "At equal carry", "At equal outlay"):
        names = [line.split()[0] for line in lines[lines.index(title) + 3 :][:3]]
        assert sorted(names) == ["alvh-40-40-20", "none", "single-call"]
    assert any(line.startswith("Unhedged, the book ") for line in lines)
    assert any(line.startswith("February 2018") or " February 2018" in line for line in lines)


def test_compare_as_json_and_its_report(run, tmp_path: Path) -> None:
    report = tmp_path / "pages" / "report.html"
    words = ("--condors", "cndr", "--hedge", "single-call", "--equal", "carry")
    answer = run("compare", *words, *YEAR, "--resamples", "0", "--report", report, "--json")
    found = json.loads(answer.stdout)
    assert (found["equal"], found["reference"]) == ("carry", "single-call")
    assert {row["name"] for row in found["rows"]["carry"]} == {"none", "single-call"}
    assert found["meta"]["policy_hash"][:12] in report.read_text(encoding="utf-8")
    assert [file.name for file in report.parent.iterdir()] == ["report.html"]


def test_a_report_that_cannot_be_written_is_refused_before_the_work(run, tmp_path: Path) -> None:
    answer = run("compare", "--data", tmp_path / "absent", "--report", tmp_path)
    assert answer.exit_code == 1
    assert f"{tmp_path}: is a folder; wanted a place for a file" in answer.stderr
    (tmp_path / "file").write_text("")
    answer = run("compare", "--report", tmp_path / "file" / "report.html")
    assert f"{tmp_path / 'file'} is no folder" in answer.stderr


def test_quote_prints_what_the_public_face_answers(run, history) -> None:
    symbols = ["SPXW  160617P01900000", "VIX   160615C00025000"]
    answer = run("quote", *symbols, "--as-of", "2016-05-10")
    assert answer.exit_code == 0
    prices = alvh.quote(history, symbols, as_of="2016-05-10")
    for symbol, mid in zip(symbols, prices["mid"], strict=True):
        line = next(ln for ln in answer.stdout.splitlines() if ln.strip().startswith(symbol))
        assert f"{mid:.2f}" in line
    found = json.loads(run("quote", *symbols, "--as-of", "2016-05-10", "--json").stdout)
    assert [one["mid"] for one in found["quotes"]] == prices["mid"].to_list()


@pytest.mark.parametrize(
    ("symbol", "day", "named"),
    [
        ("SPXW  160617P0190", "2016-05-10", "SPXW  160617P0190"),
        ("SPXW  160617P01900000", "2016-05-08", "2016-05-08 is not a session"),
    ],
)
def test_quote_refuses_in_one_line(run, symbol: str, day: str, named: str) -> None:
    answer = run("quote", symbol, "--as-of", day)
    assert (answer.exit_code, answer.stdout) == (1, "")
    *before, line = answer.stderr.splitlines()
    assert " ".join(named.split()) in line
    assert all(notice.startswith("compiling the engine") for notice in before)
