"""Expiries against golden dates, every contract file of CFE, and real SPX chains."""

import csv
import re
from collections import defaultdict
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh.calendars import (
    contract_expiry,
    last_trading_day,
    sessions,
    spx_expiries,
    third_friday,
    vix_expiries,
    vix_expiry,
)
from alvh.contracts.osi import parse_osi
from alvh.errors import CalendarError, PricingError
from alvh.sessions import is_session, session_number

EPOCH = date(1970, 1, 1)
ALL_SPX = spx_expiries("1990-01-01", "2031-12-31")
ALL_VIX = vix_expiries("1990-01-01", "2031-12-31")
ALL_VX = vix_expiries("1990-01-01", "2031-12-31", contract="future")


def number(day):
    return (day - EPOCH).days


def day_of(value):
    return EPOCH + timedelta(int(value))


# Golden dates -----------------------------------------------------------------------------------

GOLDEN_VIX = [
    # Final settlement dates of the CFE contract files and of CFE's expiry calendar.
    date(2008, 2, 19),  # Wednesday 20th, but Friday 2008-03-21 was Good Friday
    date(2013, 1, 16),
    date(2013, 12, 18),
    date(2014, 3, 18),  # Good Friday 2014-04-18
    date(2016, 12, 21),
    date(2019, 3, 19),  # Good Friday 2019-04-19
    date(2021, 1, 20),
    date(2022, 3, 15),  # Good Friday 2022-04-15
    date(2024, 6, 18),  # Wednesday itself was Juneteenth
    date(2025, 3, 18),  # Good Friday 2025-04-18
    date(2026, 5, 19),  # Friday 2026-06-19 is Juneteenth
]


@pytest.mark.parametrize("expiry", GOLDEN_VIX)
def test_vix_expiry_golden(expiry):
    assert vix_expiry(expiry.year, expiry.month) == expiry
    row = vix_expiries(expiry, expiry)
    assert row.size == 1
    assert row["monthly"][0] == 1


@pytest.mark.parametrize(
    ("month", "expiry"),
    [
        # Exchange holiday calendars: Good Friday, Juneteenth; 2022 and 2027 seen in real chains.
        ((2008, 3), date(2008, 3, 20)),
        ((2014, 4), date(2014, 4, 17)),
        ((2019, 4), date(2019, 4, 18)),
        ((2022, 4), date(2022, 4, 14)),
        ((2026, 6), date(2026, 6, 18)),
        ((2027, 6), date(2027, 6, 17)),
        ((2020, 3), date(2020, 3, 20)),
    ],
)
def test_third_friday_golden(month, expiry):
    assert third_friday(*month) == expiry


def test_last_trading_day_golden():
    # CFE: the February 2008 contract last traded on Friday 15th, Monday being Presidents' Day.
    assert last_trading_day(date(2008, 2, 19), am=True) == date(2008, 2, 15)
    assert last_trading_day(date(2022, 9, 16), am=False) == date(2022, 9, 16)
    assert last_trading_day(third_friday(2022, 9), am=True) == date(2022, 9, 15)


def test_closure_of_december_2018():
    # Cboe notice C2018120300: the VIX weekly's auction was held on Thursday, the SPX weekly
    # settled to Tuesday's close.
    assert day_of(vix_expiries("2018-12-03", "2018-12-07")["date"][0]) == date(2018, 12, 6)
    week = [day_of(d) for d in spx_expiries("2018-12-03", "2018-12-07")["date"]]
    assert week == [date(2018, 12, 3), date(2018, 12, 4), date(2018, 12, 7)]


def test_weeklies_settle_at_the_open_until_december_2010():
    # Regulatory circular RG10-112: closing settlement from the expiry of 2010-12-10.
    week = spx_expiries("2010-12-03", "2010-12-10")
    assert list(week["am"]) == [1, 0]
    assert [day_of(d) for d in week["listed"]] == [date(2010, 11, 26), date(2010, 12, 2)]


@pytest.mark.parametrize(
    ("first", "weekday"),
    # Launch notices of the Monday and the Wednesday weeklys.
    [(date(2016, 8, 22), 0), (date(2016, 3, 2), 2)],
)
def test_first_expiry_of_a_weekday(first, weekday):
    month_before = spx_expiries(first - timedelta(27), first)
    ordinary = [
        day
        for day in map(day_of, month_before["date"])
        if day.weekday() == weekday and (day + timedelta(1)).month == day.month
    ]
    assert ordinary == [first]


def test_expiries_of_august_2016():
    # Cboe blog of 2016-08-17, the fifteen expiries to the end of September, and the Tuesday
    # after Labor Day, listed on 2016-08-19.
    days = "08-17 08-19 08-22 08-24 08-26 08-29 08-31 09-02 09-07 09-09 09-14 09-16 09-23 09-30"
    table = spx_expiries("2016-08-17", "2016-09-30")
    listed = table[table["listed"] <= number(date(2016, 8, 17))]
    assert sorted({f"{day_of(d):%m-%d}" for d in listed["date"]}) == days.split()
    tuesday = table[table["date"] == number(date(2016, 9, 6))]
    assert day_of(tuesday["listed"][0]) == date(2016, 8, 19)


def test_ladder_of_may_2026():
    # Expiries with a quote on 2026-05-15, from the public repository drhoades02/iv-snapshots.
    days = """
    05-15 05-18 05-19 05-20 05-21 05-22 05-26 05-27 05-28 05-29 06-01 06-02 06-03 06-04 06-05 06-08
    06-09 06-10 06-11 06-12 06-15 06-16 06-17 06-18 06-22 06-23 06-25 06-26 06-29 06-30 07-10 07-17
    07-31 08-21 08-31 09-18 09-30 10-16 10-30 11-20 12-18 12-31"""
    table = spx_expiries("2026-05-15", "2026-12-31")
    listed = table[table["listed"] <= number(date(2026, 5, 15))]
    assert sorted({f"{day_of(d):%m-%d}" for d in listed["date"]}) == days.split()


# Laws -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [ALL_SPX, ALL_VIX, ALL_VX], ids=["SPX", "VIX", "VX"])
def test_tables_are_sound(table):
    assert is_session(table["date"]).all()
    assert is_session(table["listed"]).all()
    np.testing.assert_array_equal(table["session"], session_number(table["date"]))
    assert (table["listed"] <= table["date"]).all()
    order = 2 * table["date"].astype(np.int64) + 1 - table["am"]
    assert (np.diff(order) > 0).all()  # ascending, opening settlement first, none twice
    assert not table.flags.writeable


@given(st.integers(2006, 2030), st.integers(1, 12))  # 2031-12 needs January 2032
def test_vix_expiry_is_thirty_days_before_a_third_friday(year, month):
    expiry = vix_expiry(year, month)
    after = date(year + month // 12, month % 12 + 1, 15)
    friday = after + timedelta((4 - after.weekday()) % 7)
    wednesday = friday - timedelta(30)
    if is_session(wednesday) and is_session(friday):
        assert expiry == wednesday
    else:
        assert expiry < wednesday
        between = [expiry + timedelta(n) for n in range(1, (wednesday - expiry).days)]
        assert is_session(expiry)
        assert not any(is_session(day) for day in between)


@given(st.dates(date(2010, 12, 13), date(2030, 12, 31)))
def test_what_may_be_traded_depends_on_the_day_alone(as_of):
    table = ALL_SPX[(ALL_SPX["listed"] <= number(as_of)) & (ALL_SPX["date"] >= number(as_of))]
    monthlies = table[(table["am"] == 1) & (table["monthly"] == 1)]
    assert monthlies.size >= 4  # three near-term months and a quarterly one at least
    assert table["date"][0] - number(as_of) <= 14


@pytest.mark.parametrize(
    ("start", "end", "farthest"),
    # Months listed ahead, by the first rows of CFE's contract files: seven in 2009, nine later.
    [("2006-10-02", "2011-09-30", 170), ("2011-10-03", "2026-12-31", 235)],
)
def test_farthest_vix_expiry_on_every_day(start, end, farthest):
    first, last = (int(session_number(day)) for day in (start, end))
    days = sessions()[first : last + 1].astype(np.int64)[:, None]
    monthly = ALL_VIX[ALL_VIX["monthly"] == 1]
    open_ = (monthly["listed"] <= days) & (monthly["date"] > days)
    reach = np.where(open_, monthly["date"] - days, 0).max(axis=1)
    assert reach.min() >= farthest


def test_weeklies_and_monthlies_of_vix_alternate_weekly():
    recent = ALL_VIX[ALL_VIX["date"] >= number(date(2015, 11, 1))]
    gaps = np.diff(recent["date"])
    assert gaps.min() >= 5
    assert gaps.max() <= 9
    years = recent.size / 52.18  # weeks in a year
    assert recent["monthly"].sum() == pytest.approx(12 * years, abs=1)


def test_no_vix_contract_before_its_launch():
    # First trading days: options 2006-02-24 and weekly 2015-10-08, futures 2004-03-26 and
    # weekly 2015-07-23.
    assert day_of(ALL_VIX["listed"].min()) == date(2006, 2, 24)
    assert day_of(ALL_VX["listed"].min()) == date(2004, 3, 26)
    assert day_of(ALL_VIX["listed"][ALL_VIX["monthly"] == 0].min()) == date(2015, 10, 8)
    assert day_of(ALL_VX["listed"][ALL_VX["monthly"] == 0].min()) == date(2015, 7, 23)


def test_ranges_are_refused():
    with pytest.raises(CalendarError, match="outside the calendar"):
        spx_expiries("1989-01-01", "1990-12-31")
    with pytest.raises(CalendarError, match="swap"):
        vix_expiries("2020-02-01", "2020-01-01")
    with pytest.raises(CalendarError, match="2032-01"):
        vix_expiry(2032, 1)


# Symbols ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "settles", "am"),
    [
        ("SPXW  220916P03500000", date(2022, 9, 16), 0),
        ("SPX   220916P03500000", date(2022, 9, 16), 1),
        ("SPX   140118P01500000", date(2014, 1, 17), 1),  # Saturday symbols until February 2015
        ("SPX   140419P01500000", date(2014, 4, 17), 1),  # the Friday was Good Friday
        ("VIX260617C00010500", date(2026, 6, 17), 1),  # in Cboe's delayed quotes of 2026-05-20
        ("VIXW240103C00015000", date(2024, 1, 3), 1),
        ("XSP   220916P00350000", date(2022, 9, 16), 0),  # at the close since November 2013
        ("XSP   130920P00170000", date(2013, 9, 20), 1),
    ],
)
def test_contract_expiry(symbol, settles, am):
    record = contract_expiry(parse_osi(symbol))
    assert day_of(record["date"]) == settles
    assert record["am"] == am


@pytest.mark.parametrize(
    ("symbol", "nearest"),
    [
        ("SPXW  220917P03500000", "2022-09-16 and 2022-09-19"),
        ("SPX   220909P03500000", "2022-08-19 and 2022-09-16"),  # a weekly is SPXW
        ("VIX   240103C00015000", "2023-12-20 and 2024-01-17"),  # a weekly is VIXW
        ("VIXW  240117C00015000", "2024-01-10 and 2024-01-24"),  # a monthly is VIX
        ("SPX   180120P02500000", "2018-01-19 and 2018-02-16"),  # no Saturdays after 2015
    ],
)
def test_a_day_that_is_no_expiry_is_refused(symbol, nearest):
    with pytest.raises(PricingError, match=nearest):
        contract_expiry(parse_osi(symbol))


# Exchange files ---------------------------------------------------------------------------------


def contract_file(path, pattern):
    with path.open(encoding="latin-1") as lines:
        rows = [row for row in csv.reader(lines) if len(row) > 8 and row[0][:1].isdigit()]
    days = [datetime.strptime(row[0], pattern).date() for row in rows]
    traded = [day for day, row in zip(days, rows, strict=True) if float(row[8] or 0) > 0]
    return days, traded


def test_every_current_contract_file_is_a_listed_expiry(shared_data):
    files = sorted((shared_data / "cfe" / "contracts_current").glob("VX_*.csv"))
    table = {int(row["date"]): row for row in ALL_VX}
    late = []
    for path in files:
        expiry = date.fromisoformat(path.stem[3:])
        row = table[number(expiry)]
        first = contract_file(path, "%Y-%m-%d")[0][0]
        assert (expiry == vix_expiry(expiry.year, expiry.month)) == bool(row["monthly"])
        if first > date(2013, 1, 31) and not 0 <= (day_of(row["listed"]) - first).days <= 4:
            late.append(path.stem)
    assert len(files) == 388
    # Five contracts of autumn 2020 to spring 2021 were listed ahead of the usual rule.
    expected = "2020-09-16 2020-10-21 2020-11-04 2020-11-18 2021-02-03"
    assert [stem[3:] for stem in late] == expected.split()


def test_every_legacy_contract_settles_on_its_expiry(shared_data):
    files = sorted((shared_data / "cfe" / "contracts_legacy").glob("CFE_*_VX.csv"))
    months = "FGHJKMNQUVXZ"
    early = 0
    for path in files:
        code, year = path.stem[4], 2000 + int(path.stem[5:7])
        expiry = vix_expiry(year, months.index(code) + 1)
        days, traded = contract_file(path, "%m/%d/%Y")
        if days[-1] < date(2015, 4, 1):  # later contracts were cut off when the files moved
            assert days[-1] == expiry
        row = ALL_VX[ALL_VX["date"] == number(expiry)]
        early += (traded[0] - day_of(row["listed"][0])).days > 15
    assert len(files) == 96
    assert early <= 3  # hardly any contract could be traded here before it could be traded there


def test_settlement_archive_has_no_other_months(shared_data):
    with (shared_data / "cfe" / "CFE_FinalSettlement_Archive.csv").open() as lines:
        rows = [row for row in csv.reader(lines) if row[0] == "VX"]
    archive = {(int(row[2]), int(row[1])) for row in rows}
    ours = ALL_VX[(ALL_VX["monthly"] == 1) & (ALL_VX["date"] <= number(date(2013, 4, 30)))]
    assert {(day_of(d).year, day_of(d).month) for d in ours["date"]} == archive
    assert len(archive) == 104


# Real chains ------------------------------------------------------------------------------------

SYMBOL = re.compile(r"\b(SPXW?)(\d{6})[CP]\d{8}\b")


def chain_expiries(text):
    found = {(m[1], m[2]) for m in SYMBOL.finditer(text)}
    return {(datetime.strptime(day, "%y%m%d").date(), root == "SPX") for root, day in found}


def listed_on(as_of, horizon=366):
    table = ALL_SPX[(ALL_SPX["listed"] <= number(as_of)) & (ALL_SPX["date"] >= number(as_of))]
    near = table[table["date"] <= number(as_of) + horizon]
    return {(day_of(row["date"]), bool(row["am"])) for row in near}


def within_a_year(expiries, as_of):
    return {e for e in expiries if (e[0] - as_of).days <= 366}


def test_expiries_of_2019_are_exactly_those_of_the_chains(shared_data):
    files = sorted((shared_data / "chains" / "spx_eod_2019").glob("SPX_*.csv"))
    for path in files:
        as_of = datetime.strptime(path.stem[4:], "%Y%m%d").date()
        chain = within_a_year(chain_expiries(path.read_text()), as_of)
        assert listed_on(as_of) == chain, as_of
    assert len(files) == 10


def test_expiries_of_2022_are_exactly_those_of_the_chain(shared_data):
    text = (shared_data / "chains" / "spx_2022-02-04.csv").read_text()
    as_of = date(2022, 2, 4)
    chain = within_a_year(chain_expiries(text), as_of)
    assert len(chain) == 38
    assert listed_on(as_of) - chain == {(as_of, False)}  # that day's had expired when it was saved
    assert chain <= listed_on(as_of)


def test_expiries_of_other_chains_were_listed(shared_data):
    chains = shared_data / "chains"
    seen = defaultdict(set)
    for path in chains.glob("lean_spx*_universe_*.csv"):
        as_of = datetime.strptime(path.stem[-8:], "%Y%m%d").date()
        with path.open() as lines:
            days = {row[0] for row in csv.reader(lines) if row[0].isdigit()}
        am = "spxw" not in path.stem
        seen[as_of] |= {(datetime.strptime(day, "%Y%m%d").date(), am) for day in days}
    seen[date(2025, 10, 1)] = chain_expiries(
        (chains / "spx_2025-10-01_spx_quotedata.csv").read_text()
    )
    assert sorted(len(expiries) for expiries in seen.values()) == [1, 2, 10, 11]
    for as_of, expiries in seen.items():
        assert expiries <= listed_on(as_of, horizon=2000), as_of
