"""Every layout, from a file written by hand to the canonical rows; numbers are the files' own."""

import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from tests.market.chains.samples import (
    DATASHOP_CALCS,
    DATASHOP_QUOTES,
    DELAYED,
    DELTA_NEUTRAL,
    LEAN_MINUTES,
    LEAN_UNIVERSE,
    OPTIONSDX,
    ORATS,
    ORATS_NEAR_EOD,
    QUOTE_TABLE,
    QUOTE_TABLE_DAT,
)

from alvh.market.chains.accept import Terms
from alvh.market.chains.importing import import_chains
from alvh.market.chains.outcome import ImportReport
from alvh.market.chains.table import CHAIN_SCHEMA, load_chains

APRIL, JUNE = date(2019, 4, 25), date(2019, 6, 21)
IDENTITY = ("date", "time", "root", "expiry", "settlement", "strike", "put_call")
CALL = (APRIL, None, "SPX", JUNE, "AM", 2900.0, "C")
PUT = (APRIL, None, "SPX", JUNE, "AM", 2900.0, "P")


def taken(
    folder: Path, name: str, text: str, terms: Terms | None = None
) -> tuple[ImportReport, pl.DataFrame]:
    """Import one file and return what was reported and every row."""
    source = folder / "downloads" / name
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text)
    report = import_chains([source.parent], folder / "chains", terms=terms)
    assert not report.refused
    table = load_chains(folder / "chains", unquoted=True).collect()
    assert table.schema == CHAIN_SCHEMA
    return report, table


def test_delta_neutral(tmp_path: Path) -> None:
    _, table = taken(tmp_path, "SPX_20190425.csv", DELTA_NEUTRAL)
    assert table.select(IDENTITY).rows() == [
        CALL,
        PUT,
        (APRIL, None, "SPXW", JUNE, "PM", 2900.0, "P"),
    ]
    numbers = table.select("bid", "ask", "last", "volume", "open_interest", "sigma", "delta")
    assert numbers.rows() == [
        (62.1, 63.0, 62.5, 12.0, 345.0, 0.1152, 0.57),
        (38.1, 38.9, None, 0.0, 1200.0, None, None),  # no trade; a volatility that did not solve
        (None, None, 39.0, 0.0, 7.0, 0.1152, -0.43),  # 0 by 0 is no quote
    ]
    assert table["line"].to_list() == [2, 3, 4]
    assert table["source"][0].startswith("SPX_20190425.csv#")


def test_datashop_with_calcs_has_two_moments_a_line(tmp_path: Path) -> None:
    _, table = taken(tmp_path, "UnderlyingOptionsEODCalcs_2019-04-25.csv", DATASHOP_CALCS)
    vix = ("VIX", date(2019, 5, 22), "AM", 15.0, "C")
    assert table.select(IDENTITY).rows() == [(APRIL, "15:45", *vix), (APRIL, None, *vix)]
    columns = ("bid", "ask", "bid_size", "ask_size", "last", "volume", "sigma", "underlying")
    assert table.select(columns).rows() == [
        (1.15, 1.25, 55.0, 66.0, None, None, 0.9, 13.25),  # the day's trades were not known yet
        (1.10, 1.30, 7.0, 8.0, 1.20, 10.0, None, 13.25),  # the middle of 13.2 and 13.3
    ]


def test_datashop_on_a_half_day_is_of_a_quarter_to_one(tmp_path: Path) -> None:
    _, table = taken(tmp_path, "quotes.csv", DATASHOP_QUOTES)
    assert table["time"].to_list() == ["12:45", None]  # 2019-07-03
    assert table["underlying"].to_list() == [2995.0, None]  # zero at the close is no level


def test_optionsdx_leaves_third_fridays_open_until_told(tmp_path: Path) -> None:
    report, table = taken(tmp_path, "spx_eod_201904.txt", OPTIONSDX)
    weekly = ("SPXW", date(2019, 5, 8), "PM", 2875.0)
    assert table.select(IDENTITY).rows() == [
        (APRIL, None, *weekly, "C"),
        (APRIL, None, *weekly, "P"),
    ]
    assert table.select("bid_size", "ask_size", "sigma", "delta").rows() == [
        (395.0, 30.0, None, None),  # −0.05 is the vendor's sign of no solution
        (0.0, 1477.0, 0.121, -0.30),
    ]
    assert report.imported[0].reasons == {"undecided": 2}
    _, snapshot = taken(tmp_path / "at", "spx.txt", OPTIONSDX.replace("25, 16.000000,", "25, 9.5,"))
    assert snapshot["time"].to_list() == ["09:30", "09:30"]
    rejects = pl.read_csv(tmp_path / "chains" / report.imported[0].rejects)
    assert rejects["line"].to_list() == [3, 3]
    assert "both listed" in rejects["reason"][0]
    assert "2019-06-21" in rejects["text"][0]

    again, table = taken(tmp_path, "spx_eod_201904.txt", OPTIONSDX, Terms(third_fridays="PM"))
    assert (again.imported[0].rows, again.imported[0].rejected) == (4, 0)
    assert table.filter(pl.col("expiry") == JUNE)["root"].to_list() == ["SPXW", "SPXW"]


def test_optionsdx_hour_zero_is_no_time(tmp_path: Path) -> None:
    source = tmp_path / "spx_eod.txt"
    source.write_text(OPTIONSDX.replace(" 16.000000", " 0.000000"))
    report = import_chains([source], tmp_path / "out")
    assert (report.rows, set(report.imported[0].reasons)) == (0, {"time"})


@pytest.mark.parametrize("hour", ["24.000000", "24.500000", "25.000000", "99"])
def test_optionsdx_hours_beyond_the_day_are_no_time(tmp_path: Path, hour: str) -> None:
    text = OPTIONSDX.replace(" 16.000000, 2919", f" {hour}, 2919")
    report, _ = taken(tmp_path, "spx_eod_201904.txt", text, Terms(third_fridays="PM"))
    assert (report.rows, report.imported[0].reasons) == (0, {"time": 4})


def test_orats(tmp_path: Path) -> None:
    _, table = taken(tmp_path, "strikes.csv", ORATS)
    assert table.select(IDENTITY).rows() == [
        (APRIL, "15:46", *CALL[2:]),
        (APRIL, "15:46", *PUT[2:]),
    ]
    columns = ("bid", "ask", "bid_size", "open_interest", "sigma", "delta", "underlying")
    assert table.select(columns).rows() == [
        (62.1, 63.0, 3.0, 345.0, 0.115, 0.57, 2919.04),
        (38.1, 38.9, 5.0, 1200.0, 0.116, None, 2919.04),  # the line's delta is the call's
    ]


def test_orats_near_eod_says_the_root_in_its_symbols(tmp_path: Path) -> None:
    _, table = taken(tmp_path, "near_eod.csv", ORATS_NEAR_EOD)
    assert table["root"].to_list() == ["SPXW", "SPXW"]
    assert table["open_interest"].to_list() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("name", "text"), [("spx_quotedata.csv", QUOTE_TABLE), ("quotedata.dat", QUOTE_TABLE_DAT)]
)
def test_quote_tables(tmp_path: Path, name: str, text: str) -> None:
    report, table = taken(tmp_path, name, text)
    day = APRIL if name.endswith("csv") else date(2019, 4, 26)  # printed on a Sunday
    assert table.select(IDENTITY).rows() == [(day, *CALL[1:]), (day, *PUT[1:])]
    columns = ("bid", "ask", "last", "volume", "open_interest", "sigma", "underlying")
    assert table.select(columns).rows() == [
        (62.1, 63.0, 62.5, 12.0, 345.0, 0.1152, 2919.04),
        (38.1, 38.9, None, 0.0, 1200.0, 0.1158, 2919.04),
    ]
    assert f"the session {day}" in report.imported[0].notes[0]


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("Last: 4,919.0400", 4919.04),
        ('"Last: 4,919.0400"', 4919.04),
        ("Last: 4919,0400", 4919.04),
        ("Last: 4.919,0400", 4919.04),
        ("Last: 2919", 2919.0),
        ("Last: 4,919", None),  # 4919, or 4.919
        ("Last: n/a", None),
        ("First: 2919.04", None),
    ],
)
def test_the_level_above_a_quote_table_is_read_in_one_way_or_missed_aloud(
    tmp_path: Path, written: str, level: float | None
) -> None:
    text = QUOTE_TABLE.replace("Last: 2919.0400", written)
    if level != 2919.0:
        text = text.replace("April 25, 2019", "January 6, 2024").replace("EDT", "EST")
        text = text.replace("Fri Jun 21 2019", "Fri Jun 21 2024").replace("SPX190621", "SPX240621")
    report, table = taken(tmp_path, "spx_quotedata.csv", text)
    assert table["underlying"].to_list() == [level, level]
    said = [note for note in report.imported[0].notes if "quotes without an index" in note]
    assert len(said) == (level is None)


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        ("chain.csv", DELTA_NEUTRAL, "openinterest"),
        ("orats.csv", ORATS, "putMidIv"),
        ("near.csv", ORATS_NEAR_EOD, "cVolu"),
        ("_VIX.json", DELAYED, "open_interest"),
    ],
)
def test_a_column_whose_name_is_damaged_is_missed_aloud(
    tmp_path: Path, name: str, text: str, column: str
) -> None:
    sound, _ = taken(tmp_path, name, text)
    assert not [note for note in sound.imported[0].notes if note.startswith("without")]
    report, _ = taken(tmp_path, name, text.replace(column, f"{column}#"))
    (said,) = [note for note in report.imported[0].notes if note.startswith("without")]
    assert said.endswith(column.lower())


def test_delayed_quotes(tmp_path: Path) -> None:
    _, table = taken(tmp_path, "_VIX.json", DELAYED)
    assert table.select(IDENTITY).rows() == [
        (APRIL, None, "VIX", date(2019, 5, 22), "AM", 15.0, "C"),
        (APRIL, None, "VIXW", date(2019, 5, 8), "AM", 13.5, "P"),
    ]
    assert table.select("bid", "ask", "sigma", "delta", "underlying", "line").rows() == [
        (1.1, 1.3, 0.9, 0.42, 13.25, 1),
        (0.0, 0.02, None, None, 13.25, 2),
    ]


def test_a_lean_universe_is_of_what_was_listed(tmp_path: Path) -> None:
    _, table = taken(tmp_path, "spx_universe_20190425.csv", LEAN_UNIVERSE)
    assert table.select(IDENTITY).rows() == [CALL]
    columns = ("bid", "ask", "open_interest", "sigma", "underlying", "line")
    assert table.select(columns).rows() == [(None, None, 345.0, 0.1152, 2919.04, 3)]


def test_lean_minutes_in_a_zip(tmp_path: Path) -> None:
    member = "20190425_spxw_minute_quote_european_call_29000000_20190621.csv"
    with zipfile.ZipFile(tmp_path / "20190425_quote_european.zip", "w") as archive:
        archive.writestr(member, LEAN_MINUTES)
    report = import_chains([tmp_path], tmp_path / "chains")
    table = load_chains(tmp_path / "chains").collect()
    # the bar that begins at 9:30 is what was quoted at 9:31, in ten-thousandths of a point
    assert table.select(*IDENTITY, "bid", "ask", "ask_size").rows() == [
        (APRIL, "09:31", "SPXW", JUNE, "PM", 2900.0, "C", 62.1, 63.0, 18.0)
    ]
    assert report.imported[0].reasons == {"one side": 1}
    assert table["source"][0].startswith(f"20190425_quote_european.zip/{member}#")
