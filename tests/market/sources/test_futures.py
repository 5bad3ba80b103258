"""One settlement per date and expiry: who is followed, and who is reported."""

from datetime import date

import pytest

from alvh.market.history import load_history
from alvh.market.sources.futures import SCHEMA, empty_futures

MARCH, FEBRUARY = date(2019, 3, 19), date(2019, 2, 13)


def at(history, day, expiry):
    rows = history.futures.filter((history.futures["date"] == day)
                                  & (history.futures["expiry"] == expiry))  # fmt: skip
    return [(row["settle"], row["source"]) for row in rows.iter_rows(named=True)]


def report(history, name):
    return next(one for one in history.report if one.name == name)


def test_the_current_file_wins_and_disagreement_is_reported(complete):
    complete.write(
        "legacy/CFE_H19_VX.csv",
        [
            "Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest",
            "01/03/2019,H (Mar 19),0,0,0,0,17.55,0,1,0,1",
        ],
    )
    complete.write("ladder.csv", ["date,VX1,VX2,VX3", "2019-01-03,17,17,18.75"])
    history = load_history(complete.root)
    assert at(history, date(2019, 1, 3), MARCH) == [(16.05, "current")]
    conflicts = report(history, "futures").conflicts
    assert [(c.dropped, c.count, round(c.largest, 6)) for c in conflicts] == [
        ("legacy/CFE_H19_VX.csv", 1, 1.5),
        ("ladder.csv", 1, 2.7),
    ]


def test_the_next_source_fills_what_the_better_one_lacks(complete):
    complete.write("ladder.csv", ["date,VX1,VX2,VX3", "2019-01-03,15.5,15.9,16.05"])
    history = load_history(complete.root)
    assert at(history, date(2019, 1, 3), FEBRUARY) == [(15.9, "ladder")]
    assert at(history, date(2019, 1, 3), MARCH) == [(16.05, "current")]
    assert report(history, "futures").conflicts == ()


def test_settlement_days_are_settlements_and_not_quotes(complete):
    history = load_history(complete.root)
    assert at(history, MARCH, MARCH) == []
    number = complete.days.index(MARCH)
    assert history.settlements[MARCH] == (pytest.approx(16.0 + 0.05 * (number % 9)), "current")


def test_the_archive_is_trusted_before_the_contract_file(complete):
    complete.write(
        "archive.csv",
        [
            "Symbol,SettlementMonth,SettlementYear,ProductType,SettlementDate,SettlementPrice,"
            "ProductDescription",
            "VX,3,2019,Standard,,15.42,VIX",
        ],
    )
    history = load_history(complete.root)
    assert history.settlements[MARCH] == (15.42, "archive.csv")
    assert report(history, "settlements").conflicts[0].dropped == "current"


def test_rows_on_days_without_a_session_are_refused(complete):
    president = date(2019, 2, 18)  # Presidents' Day: futures trade a half day, stocks do not
    days = sorted([*complete.days, president])
    complete.contract(MARCH, days)
    history = load_history(complete.root)
    assert at(history, president, MARCH) == []
    notes = [note for note in report(history, "futures").refused if note.date == president]
    assert notes[0].reason == "no S&P 500 session on that day"
    assert notes[0].where == f"VX_{MARCH}.csv:{days.index(president) + 2}"


def test_one_row_a_date_and_expiry_in_order(complete):
    complete.contract(date(2019, 4, 17))
    complete.contract(date(2019, 3, 27))  # a weekly
    futures = load_history(complete.root).futures
    assert dict(futures.schema) == SCHEMA
    keys = futures.select("date", "expiry")
    assert keys.equals(keys.unique().sort("date", "expiry"))
    assert not (futures["date"] >= futures["expiry"]).any()


def test_no_futures_at_all(downloads):
    downloads.spx()
    downloads.vix()
    history = load_history(downloads.root)
    assert history.futures.equals(empty_futures())
    assert dict(history.settlements) == {}


def test_the_real_folder_follows_the_declared_order(real_history):
    history = real_history
    february = date(2014, 2, 19)
    assert at(history, date(2013, 5, 28), february) == [(20.10, "current")]
    # VX_2013-06-19.csv has 0 on this day, CFE_M13_VX.csv has 20.45
    assert at(history, date(2013, 1, 2), date(2013, 6, 19)) == [(20.45, "legacy")]
    # no contract file; VX1 of the ladder
    assert at(history, date(2018, 2, 5), date(2018, 2, 14)) == [(33.225, "ladder")]
    assert at(history, date(2006, 3, 23), date(2007, 5, 16)) == [(17.16, "legacy")]  # 171.60 / 10
    assert at(history, date(2015, 4, 3), date(2015, 4, 15)) == []  # Good Friday
    conflicts = report(history, "futures").conflicts
    assert conflicts == ()  # every disagreement in the real files is a known misprint


def test_the_real_settlements(real_history):
    settled = real_history.settlements
    assert settled[date(2004, 5, 19)][0] == pytest.approx(18.355)  # archive 183.55
    assert settled[date(2008, 10, 22)] == (63.04, "cfe/CFE_FinalSettlement_Archive.csv")
    assert settled[date(2020, 3, 18)] == (69.76, "current")
    assert settled[date(2024, 6, 18)] == (12.39, "ladder")  # no contract file
    assert date(2017, 3, 22) not in settled  # the ladder has only the last trade
    assert report(real_history, "settlements").conflicts == ()


def test_real_monthly_expiries_are_quoted_without_a_hole(real_history):
    """From 2007 to the ladder's end, every session quotes the next monthly expiry."""
    from alvh.calendars import vix_expiries

    start, end = date(2007, 1, 3), date(2026, 4, 13)
    table = vix_expiries(start, date(2026, 6, 30), contract="future")
    monthly = table["date"][table["monthly"] == 1]
    quoted = {
        (day, expiry) for day, expiry in real_history.futures.select("date", "expiry").iter_rows()
    }
    days = real_history.between(start, end).dates
    holes = []
    for day in days:
        nearest = monthly[monthly > day.astype("int32")][0]
        key = (day.item(), nearest.astype("datetime64[D]").item())
        if key not in quoted:
            holes.append(key)
    assert holes == []
