"""Every figure of every report: units, dates, what prices rest on, and its numbers as CSV."""

import base64
import gzip
import html
import io
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

import alvh
from alvh import measures as m
from alvh.report import write_report
from alvh.report.exhibits import traces_table
from alvh.report.stress import write_stress
from alvh.report.triangle import TITLES, write_grid, write_simplex

LABEL = re.compile(r'role="img" aria-label="([^"]+)"')
CAPTION = re.compile(r'<figcaption>(.*?) <a href="data:([^;]+);(?:charset=utf-8;)?base64,([^"]+)" '
                     r'download="([\w-]+)\.csv(?:\.gz)?">', re.DOTALL)  # fmt: skip
DATE = re.compile(r"\d{4}-\d\d-\d\d")
UNITS = ("USD", "per cent", "%", "points", "ratio")


@dataclass
class Figure:
    """One figure of a page as its reader has it."""

    label: str
    caption: str
    table: pl.DataFrame


def figures_of(page: Path) -> dict[str, Figure]:
    """Read every figure of a page, by the name of its file."""
    text = page.read_text(encoding="utf-8")
    labels = [html.unescape(one) for one in LABEL.findall(text)]
    captions = CAPTION.findall(text)
    assert len(labels) == len(captions) == text.count("<figcaption>")
    found = {}
    for label, (caption, kind, packed, name) in zip(labels, captions, strict=True):
        raw = base64.b64decode(packed)
        raw = gzip.decompress(raw) if kind == "application/gzip" else raw
        table = pl.read_csv(io.BytesIO(raw), infer_schema_length=None)
        found[name] = Figure(label, html.unescape(caption), table)
    return found


def complete(one: Figure) -> bool:
    """Say whether a figure tells its units, its dates and what its prices rest on."""
    priced = re.search(
        r"model-priced fills: \d|priced by a model|prices are a model's", one.caption
    )
    dated, unit = DATE.search(one.caption), any(unit in one.caption for unit in UNITS)
    return bool(priced and dated and unit and one.caption in one.label and one.table.height)


def test_every_figure_of_a_comparison_is_complete(comparison, tmp_path):
    found = figures_of(write_report(comparison, tmp_path / "report.html"))
    assert len(found) == 10
    assert [name for name, one in found.items() if not complete(one)] == []
    chosen, meta = comparison.results["outlay"], comparison.headline.meta
    assert f"{meta['start']} to {meta['end']}" in found["equity"].caption
    for name, run in chosen.items():
        assert found["equity"].table[name].to_list() == pytest.approx(run.nav, abs=1e-5)
        falls = m.drawdowns(run.nav)
        assert found["drawdown"].table[name].to_list() == pytest.approx(falls, abs=1e-6)
    last = found["layers"].table.row(-1, named=True)
    run = comparison.headline
    net = run.sleeves["tail"][-1] + run.costs_by_sleeve["tail"][-1]
    assert last["tail_usd"] == pytest.approx(net, abs=1e-5)
    assert found["years"].table["year"].to_list() == [2017, 2018, 2019, 2020]
    assert found["cvar-cost"].table.height == len(comparison.curve)


def test_the_page_of_a_stress_says_nothing_of_dashes_that_go_by_place(tmp_path):
    found = alvh.stress(alvh.load_history("bundled"), as_of="2016-02-24")
    text = write_stress(found, tmp_path / "stress.html").read_text(encoding="utf-8")
    assert "Shocks are declared, not forecast; crises are moved" in text


def test_every_figure_of_the_other_reports_is_complete(tmp_path):
    history, few = alvh.load_history("bundled"), {"start": "2017-01-03", "resamples": 5}
    simplex = alvh.simplex(history, step=50, **few)
    found = figures_of(write_simplex(simplex, tmp_path / "simplex.html"))
    assert list(found) == list(TITLES)
    assert [name for name, one in found.items() if not complete(one)] == []
    assert found["growth"].table["growth"].to_list() == pytest.approx(simplex.growth, abs=1e-6)
    in_csv = {name: "(in the CSV a fraction)" in one.caption for name, one in found.items()}
    assert in_csv == {"growth": True, "risk_removed": True, "per_carry": False}
    grid = alvh.grid(history, "tail", tenors=(200, 220), deltas=(0.2,), **few)
    found = figures_of(write_grid(grid, tmp_path / "grid.html"))
    assert [name for name, one in found.items() if not complete(one)] == []
    stress = alvh.stress(history, shocks=["gap"], crises=["2018-02"], start="2017-01-03")
    found = figures_of(write_stress(stress, tmp_path / "stress.html"))
    assert [name for name, one in found.items() if not complete(one)] == []
    gap, crisis = stress.paths
    assert found["vix"].table.columns[1:] == [f"{one.name}, points" for one in (gap, crisis)]
    drawn = found["vix"].table[f"{crisis.name}, points"].drop_nulls().to_list()
    assert drawn == pytest.approx(crisis.vix, abs=1e-5)


def test_lines_of_different_lengths_share_a_table():
    lines = [{"name": "a", "x": [0, 1, 2], "y": [1, 2.5, 3]}, {"name": "b", "x": [0], "y": [7]}]
    table = traces_table({"data": lines}, "session", "USD")
    assert table.to_dict(as_series=False) == {
        "session": [0, 1, 2], "a, USD": [1.0, 2.5, 3.0], "b, USD": [7, None, None],
    }  # fmt: skip
