"""Ladder, panel, settlement curve and archive of final settlements."""

from datetime import date

import pytest

from alvh.errors import DataError
from alvh.market.sources import cfe_tables
from alvh.market.sources.recognise import recognise
from alvh.market.sources.records import to_date, to_day


def found_in(name: str, text: str):
    return recognise(name, text.encode()), text.encode()


def listing(quotes):
    return [
        (str(to_date(day)), str(to_date(expiry)), float(settle))
        for day, expiry, settle in zip(quotes.dates, quotes.expiries, quotes.settle, strict=True)
    ]


def ladder(*lines: str):
    text = "\n".join(["date,VX1,VX2,VX3", *lines]) + "\n"
    return cfe_tables.read_ladder(*found_in("vx_ladder.csv", text))


def test_ranks_are_monthly_expiries_counted_from_the_day():
    quotes = ladder("2019-02-12,15.6,16.1,16.3")
    assert listing(quotes) == [
        ("2019-02-12", "2019-02-13", 15.6),
        ("2019-02-12", "2019-03-19", 16.1),  # a Tuesday: Friday 2019-04-19 was Good Friday
        ("2019-02-12", "2019-04-17", 16.3),
    ]


def test_the_first_rank_on_the_settlement_day_is_the_final_settlement_from_2018():
    quotes = ladder("2019-02-13,15.60,16.0,16.2")
    assert listing(quotes)[:2] == [
        ("2019-02-13", "2019-02-13", 15.6),
        ("2019-02-13", "2019-03-19", 16.0),
    ]


def test_between_2014_and_2018_it_is_the_last_trade_and_refused():
    quotes = ladder("2016-01-20,28.30,25.1,24.4")
    assert listing(quotes)[0] == ("2016-01-20", "2016-02-17", 25.1)
    assert quotes.refused[0].value == "28.3"
    assert "not its settlement" in quotes.refused[0].reason


def test_up_to_october_2014_the_ranks_have_moved_on_the_settlement_day():
    quotes = ladder("2010-05-19,31.65,31.0,30.5")
    assert [expiry for _, expiry, _ in listing(quotes)] == [
        "2010-06-16",
        "2010-07-21",
        "2010-08-18",
    ]


def test_2006_is_refused_and_so_are_far_ranks_that_repeat():
    quotes = ladder(
        "2006-12-29,11.56,12.9,13.5", "2007-01-03,12.04,13.1,13.5", "2007-01-04,11.5,12.8,13.3"
    )
    assert [settle for *_, settle in listing(quotes)] == [12.04, 13.1, 11.5, 12.8, 13.3]
    assert len(quotes.refused) == 4


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("2019-02-13,156.0,16.0,16.2", "156"),
        ("2019-02-13,0,16.0,16.2", "settlement is 0"),
        ("2019-02-13,NaN,16.0,16.2", "NaN"),
        ("2019-02-13,50.0,16.0,16.2", "the settlement is 50 after 15.6 on 2019-02-12"),
        ("2019-02-12,15.5,16.0,16.2", "follows 2019-02-12"),
        ("2019-02-13,15.5", "2 fields"),
    ],
)
def test_bad_ladders(line, what):
    with pytest.raises(DataError, match=r"^vx_ladder\.csv:3: ") as raised:
        ladder("2019-02-12,15.6,16.1,16.3", line)
    assert what in str(raised.value)


def test_the_real_ladder_agrees_with_the_exchange_where_both_quote(shared_data):
    raw = (shared_data / "cfe/vx_ladder_2006_2026.csv").read_bytes()
    quotes = cfe_tables.read_ladder(recognise("ladder.csv", raw[:4096]), raw)
    raw = (shared_data / "cfe/vx_contract_panel_2006_2026.csv").read_bytes()
    panel = cfe_tables.read_panel(recognise("panel.csv", raw[:4096]), raw)
    exchange = {(day, expiry): settle for day, expiry, settle in listing(panel)}
    both = [
        (settle, exchange[day, expiry])
        for day, expiry, settle in listing(quotes)
        if (day, expiry) in exchange
    ]
    apart = [abs(mine - theirs) for mine, theirs in both]
    assert len(both) > 29_000
    assert max(apart) < 0.011  # one tick of the old 0.01 grid: every rank sits on its expiry


def test_the_real_ladder_fills_the_monthlies_without_a_file(shared_data):
    raw = (shared_data / "cfe/vx_ladder_2006_2026.csv").read_bytes()
    quotes = cfe_tables.read_ladder(recognise("ladder.csv", raw[:4096]), raw)
    missing = "2015-07-22 2017-03-22 2018-02-14 2018-08-22 2019-02-13 2019-03-19 2019-05-22"
    for text in (missing + " 2022-03-15 2024-06-18 2025-03-18").split():  # data/README.md
        assert (quotes.expiries == to_day(date.fromisoformat(text))).sum() > 100


def test_the_archive_of_final_settlements():
    text = (
        "Symbol,SettlementMonth,SettlementYear,ProductType,SettlementDate,SettlementPrice,"
        "ProductDescription\r\n"
        "BX,11,2006,Standard,,787.73,BuyWrite\r\n"
        "VX,3,2007,Standard,,129.83,VIX\r\nVX,4,2007,Standard,,12.03,VIX\r\n"
    )
    archive = cfe_tables.read_final_settlements(*found_in("archive.csv", text))
    assert [str(to_date(day)) for day in archive.expiries] == ["2007-03-21", "2007-04-18"]
    assert archive.values.tolist() == pytest.approx([12.983, 12.03])


def test_the_settlement_curve():
    text = (
        "expiration_date,symbol,settlement\n2026-07-22,VX/N6,17.10\n2026-07-29,VX30/N6,19.5133\n"
        "2026-08-19,VX/Q6,20.0\n2026-08-19,VXM/Q6,20.0\n"
    )
    curve = cfe_tables.read_curve(*found_in("curve_2026-07-22.csv", text))
    assert listing(curve) == [
        ("2026-07-22", "2026-07-29", 19.5133),
        ("2026-07-22", "2026-08-19", 20.0),
    ]


def test_the_settlement_curve_in_the_exchange_columns():
    text = "Product,Symbol,Expiration Date,Price\nVX,VX/Q6,2026-08-19,20.0\n"
    curve = cfe_tables.read_curve(*found_in("settlement_2026-07-22.csv", text))
    assert listing(curve) == [("2026-07-22", "2026-08-19", 20.0)]


def test_the_panel_leaves_known_misprints_out():
    text = (
        "trade_date,expiry,futures,open,high,low,close,settle,volume,oi,src\n"
        "2008-04-21,2009-02-18,G (Feb 09),22,22,22,22,1.0,1,1,legacy\n"
        "2008-04-22,2009-02-18,G (Feb 09),0,0,0,0,23.48,0,1,legacy\n"
    )
    panel = cfe_tables.read_panel(*found_in("panel.csv", text))
    assert listing(panel) == [("2008-04-22", "2009-02-18", 23.48)]


def test_a_slipped_decimal_point_in_the_panel():
    text = (
        "trade_date,expiry,settle\n2019-02-11,2019-03-19,16.0\n2019-02-11,2019-04-17,16.2\n"
        "2019-02-12,2019-03-19,16.1\n2019-02-12,2019-04-17,60.2\n"
    )
    with pytest.raises(DataError, match=r"^panel\.csv:5: 2019-02-12 the settlement is 60.2"):
        cfe_tables.read_panel(*found_in("panel.csv", text))
