"""Tables: what is printed is what was measured, and long lists can be had back whole."""

import base64
import gzip
import io
from datetime import date

import polars as pl
import pytest

from alvh.evidence.intervals import Interval
from alvh.report import tables


def test_every_headline_cell_has_a_column(comparison):
    for row in comparison.rows["carry"]:
        cells = tables.headline_cells(row)
        assert len(cells) == len(tables.headline_columns())
        assert cells[0] == row.name
        assert cells[2] == tables.percent(row.cagr)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.01234, "1.23 %"),
        (-0.2, "−20.00 %"),
        (-0.00001, "0.00 %"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_per_cent(value, text):
    assert tables.percent(value) == text


def test_other_prints():
    assert tables.usd(-1234.6) == "−1,235"
    assert tables.usd(-0.2) == "0"
    assert tables.number(-0.001) == "0.00"
    assert tables.interval(0.01, Interval(0.01, -0.002, 0.03)) == "+1.00 [−0.20, +3.00]"
    assert tables.interval(-0.01, None) == "−1.00"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("held: 25 days to expiry, roll at 21", "held: # days to expiry, roll at #"),
        ("sold 3: worth 2.50 × cost, rung at 2 ×", "sold #: worth # × cost, rung at # ×"),
        ("bought 4 at 1,234 USD each", "bought # at # USD each"),
        ("VIX3M above VX2", "VIX3M above VX2"),
    ],
)
def test_reasons_count_together_without_their_figures(reason, told):
    assert tables.without_figures(reason) == told


def test_decisions_are_counted_and_none_is_lost(comparison):
    rows, left_out = tables.decision_rows(comparison.headline.decisions)
    counted = sum(int(row["count"].replace(",", "")) for row in rows)
    assert counted + left_out == comparison.headline.decisions.height
    assert rows[0]["action"] == "no action"


def test_the_ledger_in_the_page_can_be_read_back(comparison):
    trades = comparison.headline.trades
    packed = tables.ledger(trades)
    assert packed["rows"] == packed["total"] == trades.height
    for column in packed["columns"]:
        values = column["values"]
        if "words" in column:
            values = [column["words"][code] for code in values]
        wanted = trades[column["name"]]
        if not wanted.dtype.is_numeric():
            wanted = wanted.cast(pl.String)
        assert values == wanted.to_list()


def test_a_long_ledger_is_cut_in_the_page_and_whole_in_the_download(comparison, monkeypatch):
    trades = comparison.headline.trades
    monkeypatch.setattr(tables, "LEDGER_ROWS", 10)
    monkeypatch.setattr(tables, "PLAIN_CSV_BYTES", 10)
    packed = tables.ledger(trades)
    assert (packed["rows"], packed["total"]) == (10, trades.height)
    assert packed["file"]["name"] == "trades.csv.gz"
    kind, content = packed["file"]["uri"].split(",", 1)
    assert kind == "data:application/gzip;base64"
    whole = pl.read_csv(io.BytesIO(gzip.decompress(base64.b64decode(content))))
    assert whole.height == trades.height
    assert packed == tables.ledger(trades)  # the same bytes each time


def test_trades_are_given_the_sentences_of_their_decisions():
    day = date(2020, 3, 2)
    trades = pl.DataFrame(
        {
            "date": [day, day],
            "sleeve": ["tail", "short"],
            "action": ["open", "close"],
            "reason": ["layer filled", "roll due"],
        }
    )
    decisions = pl.DataFrame(
        {
            "date": [day, day, day],
            "sleeve": ["tail", "tail", "tail"],
            "action": ["open", "open", "no action"],
            "reason": ["bought 4", "bought 5", "held"],
        }
    )
    told = tables.with_sentences(trades, decisions)
    assert told["reason"].to_list() == ["bought 4; bought 5", "roll due"]
    assert told.columns == trades.columns


def test_series_say_source_range_gaps_and_refusals(comparison):
    vix, reer = tables.series_rows(comparison.history.report)
    assert vix["source"] == "cboe/VIX_History.csv, b.csv, c.csv and 1 more"
    assert vix["range"] == "1990-01-02 – 2026-07-09"
    assert vix["gaps"] == "4 in 2 runs"
    assert vix["refused"] == "2 × zero; 1 × no <session>"
    assert (reer["range"], reer["gaps"], reer["refused"]) == ("no values", "none", "none")


def test_crises_outside_the_data_say_so(comparison):
    rows = {row["name"]: row for row in tables.crisis_rows(comparison.crises())}
    assert rows["Autumn 2008"]["part"] == "not in the data"
    assert set(rows["Autumn 2008"]["cells"]) == {"–"}
    assert rows["March 2020"]["part"] == ""
    assert "–" not in rows["March 2020"]["cells"]
