"""Release calendars, Shiller, Baker and Wurgler."""

from datetime import date

import polars as pl
import pytest

from alvh.errors import DataError
from alvh.market.sources import tables
from alvh.market.sources.recognise import recognise
from alvh.market.sources.records import to_date


def test_events_are_sorted_and_single():
    raw = b"release_date,reference_month\n2015-02-26,2015-01\n2015-01-16,2014-12\n2015-01-16,x\n"
    days = tables.read_events(recognise("cpi_release_dates.csv", raw), raw)
    assert [to_date(day) for day in days] == [date(2015, 1, 16), date(2015, 2, 26)]


def test_zeros_of_the_republished_table_are_refused():
    raw = (
        b"Date,SP500,Dividend,Earnings,Consumer Price Index,Long Interest Rate,Real Price,"
        b"Real Dividend,Real Earnings,PE10\n"
        b"2023-06-01,4345.37,68.71,181.17,305.11,3.75,4359.88,68.94,181.77,29.94\n"
        b"2023-07-01,4508.08,0.0,0.0,305.69,3.9,4514.51,0.0,0.0,30.87\n"
    )
    table, refused = tables.read_shiller_csv(recognise("shiller.csv", raw), raw)
    assert table["dividend"].to_list() == [68.71, None]
    assert table["earnings"].to_list() == [181.17, None]
    assert table["cape"].to_list() == [29.94, 30.87]
    assert [(note.series, note.where) for note in refused] == [
        ("shiller.dividend", "shiller.csv:3"),
        ("shiller.earnings", "shiller.csv:3"),
    ]


def row(table: pl.DataFrame, day: date) -> dict:
    return table.row(by_predicate=pl.col("date") == day, named=True)


def test_the_real_shiller_workbook(shared_data):
    raw = (shared_data / "macro/shiller_ie_data.xls").read_bytes()
    table, _ = tables.read_shiller_xls("shiller_ie_data.xls", raw)
    assert table["date"][0] == date(1871, 1, 1)
    assert row(table, date(1871, 1, 1))["price"] == 4.44  # first row of the sheet
    october = row(table, date(2025, 10, 1))  # written 2025.1 in the sheet
    assert october["dividend"] == pytest.approx(78.826666667)
    assert row(table, date(2026, 3, 1))["dividend"] is None  # blank in the sheet
    assert table["date"].is_unique().all()
    months = table["date"].dt.year() * 12 + table["date"].dt.month()
    assert months.diff().drop_nulls().unique().to_list() == [1]  # not one month is skipped


def test_the_real_sentiment_workbook(shared_data):
    raw = (shared_data / "macro/baker_wurgler_sentiment_1965_2018.xlsx").read_bytes()
    table, _ = tables.read_baker_wurgler("baker_wurgler.xlsx", raw)
    april = row(table, date(1966, 4, 1))  # row 101 of sheet DATA
    assert (april["nipo"], april["ripo"]) == (16.0, 25.0)
    assert row(table, date(1958, 1, 1))["sentiment"] is None  # '.' in the sheet


def test_a_workbook_of_another_kind(tmp_path, shared_data):
    raw = (shared_data / "macro/baker_wurgler_sentiment_1965_2018.xlsx").read_bytes()
    assert tables.read_shiller_xls("ie_data.xlsx", raw) is None
    with pytest.raises(DataError, match="cannot be opened"):
        tables.read_shiller_xls("ie_data.xls", raw[: len(raw) // 2])


def test_the_workbook_is_trusted_before_the_republished_table(real_history):
    shiller = real_history.monthly["shiller"]
    assert shiller.columns == ["date", *tables.SHILLER]
    # July 2023: 0 in the republished table, 68.876667 in the workbook
    assert row(shiller, date(2023, 7, 1))["dividend"] > 68
    assert row(shiller, date(2026, 6, 1))["price"] == 7450.03  # only in the republished table
    assert shiller["date"].is_sorted()
