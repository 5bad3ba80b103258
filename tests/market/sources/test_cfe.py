"""VX contract files: every quirk, on made-up lines and on the real files."""

from datetime import date

import numpy as np
import pytest

from alvh.market.sources import cfe
from alvh.market.sources.cfe import modern_scale, read_contracts
from alvh.market.sources.recognise import recognise
from alvh.market.sources.records import to_date, to_day

HEADER = "Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest"
DISCLAIMER = (
    "CFE data is compiled for the convenience of site visitors and is furnished without warranty."
)


def read(*files: tuple[str, list[str]], header: str = HEADER):
    texts = [(name, "\n".join([header, *lines]) + "\n") for name, lines in files]
    found = [(recognise(name, text.encode()), text.encode()) for name, text in texts]
    quotes, unread = read_contracts(found)
    return {one.source: one for one in quotes}, unread


def rows_of(quotes):
    return [
        (str(to_date(day)), str(to_date(expiry)), float(settle))
        for day, expiry, settle in zip(quotes.dates, quotes.expiries, quotes.settle, strict=True)
    ]


def test_legacy_dates_labels_and_expiry_from_the_month_code():
    quotes, _ = read(
        ("CFE_K08_VX.csv", ["05/19/2008,K (May 08),17,17,16,16.6,16.64,-1,4453,0,222"])
    )
    # May 2008 settled on Wednesday 2008-05-21, 30 days before Friday 2008-06-20
    assert rows_of(quotes["legacy"]) == [("2008-05-19", "2008-05-21", 16.64)]


def test_current_expiry_comes_from_the_name_and_not_the_label():
    line = "2020-03-10,H (Mar 2020),50,51,49,50,50.5250,1,10,0,100"
    quotes, _ = read(("VX_2020-03-18.csv", [line]), ("VX_2020-03-25.csv", [line]))
    assert {expiry for _, expiry, _ in rows_of(quotes["current"])} == {"2020-03-18", "2020-03-25"}


def test_a_disclaimer_above_the_header():
    quotes, _ = read(
        ("CFE_N13_VX.csv", ["07/15/2013,N (Jul 13),14.6,14.6,14,14,14.05,-1,41125,637,44410"]),
        header=f"{DISCLAIMER}\n{HEADER}",
    )
    assert quotes["legacy"].lines.tolist() == [3]


def test_ten_times_the_scale_before_2007_03_26():
    # K07 fell from 138.70 to 13.79 over that weekend (formats.md §3.2)
    quotes, _ = read(
        (
            "2007-05-16.CFE_VX_K2007.csv",
            [
                "03/23/2007,K (May 07),136.9,139,136.5,138,138.70,1.5,561,0,19879",
                "03/26/2007,K (May 07),13.8,14.3,13.7,13.8,13.79,-0.8,490,0,20141",
            ],
        )
    )
    assert [settle for *_, settle in rows_of(quotes["legacy"])] == [13.87, 13.79]


def test_a_file_that_was_rescaled_already_is_not_scaled_again():
    days = np.array([to_day(date(2006, 6, 1))] * 2, np.int32)
    assert modern_scale(days, np.array([160.5, 16.05])).tolist() == [16.05, 16.05]


def test_rows_without_a_trade_keep_their_settlement():
    quotes, _ = read(
        ("VX_2020-03-25.csv", ["2020-02-06,H (Mar 2020),0.0,15.75,16.4,0.0,16.0250,0,0,0,0"])
    )
    assert rows_of(quotes["current"]) == [("2020-02-06", "2020-03-25", 16.025)]


def test_zeros_of_early_2013_and_placeholders_are_refused_and_never_a_price():
    quotes, _ = read(
        (
            "VX_2013-06-19.csv",
            [
                "2013-01-02,M (Jun 2013),21.05,21.25,20.35,20.44,0,0,6510,40,21227",
                "2013-05-20,M (Jun 2013),15.0,15.2,14.9,15.1,15.1000,0,6510,40,21227",
            ],
        ),
        (
            "CFE_N13_VX.csv",
            [
                "10/10/2012,N (Jul 13),0.00,0.00,0.00,0.00,0.00,0.00,0,0,0",
                "10/22/2012,N (Jul 13),23.0,23.1,22.9,23.0,23.05,0.00,5,0,5",
            ],
        ),
    )
    assert rows_of(quotes["current"]) == [("2013-05-20", "2013-06-19", 15.1)]
    assert rows_of(quotes["legacy"]) == [("2012-10-22", "2013-07-17", 23.05)]
    assert "early 2013" in quotes["current"].refused[0].reason
    assert quotes["current"].refused[0].where == "VX_2013-06-19.csv:2"
    assert "row of zeros" in quotes["legacy"].refused[0].reason


def test_repeated_rows_and_trailing_commas():
    line = "05/17/2004,K (May 04),183.0,184.0,182.0,183.5,183.50,0,10,0,100"
    quotes, _ = read(("CFE_K04_VX.csv", [line, f"{line},", line]))
    assert rows_of(quotes["legacy"]) == [("2004-05-17", "2004-05-19", 18.35)]


def test_a_file_whose_expiry_cannot_be_told_is_left_alone():
    quotes, unread = read(
        ("download (3).csv", ["2020-03-10,H (Mar 2020),50,51,49,50,50.5250,1,10,0,100"])
    )
    assert quotes == {}
    assert "does not say its expiry" in unread[0].reason


def test_an_old_label_tells_the_expiry_because_weeklies_came_later():
    quotes, _ = read(
        ("download (3).csv", ["05/19/2008,K (May 08),17,17,16,16.6,16.64,-1,4453,0,222"])
    )
    assert rows_of(quotes["legacy"])[0][1] == "2008-05-21"


@pytest.fixture(scope="module")
def real(request):
    folder = request.getfixturevalue("shared_data") / "cfe"
    files = []
    for path in sorted(folder.glob("contracts_*/*.csv")):
        raw = path.read_bytes()
        files.append((recognise(str(path.relative_to(folder)), raw[:4096]), raw))
    quotes, unread = read_contracts(files)
    assert unread == []
    return {one.source: one for one in quotes}


def test_every_real_contract_file_is_read(real):
    # data lines of the 484 files: 51,251, counted with awk; 2 of them are there twice, 1,021 have
    # a settlement of 0 and 4 are known misprints
    assert sum(len(one.dates) for one in real.values()) == 51_251 - 2 - 1_021 - 4
    # of 388 current files three hold nothing but zeros (settled in January to April 2013)
    assert {kind: len(set(one.file.tolist())) for kind, one in real.items()} == {
        "current": 385,
        "legacy": 96,
    }
    for one in real.values():
        assert one.settle.min() > cfe.LOWEST
        assert one.settle.max() < 75  # 74.525 is the highest VX settlement in the files


def test_real_spot_values(real):
    def settle(kind, day, expiry):
        quotes = real[kind]
        at = (quotes.dates == to_day(day)) & (quotes.expiries == to_day(expiry))
        return quotes.settle[at].tolist()

    # each read off the file with an editor
    assert settle("legacy", date(2008, 5, 19), date(2008, 5, 21)) == [16.64]
    assert settle("legacy", date(2006, 4, 25), date(2008, 5, 21)) == [16.66]
    assert settle("legacy", date(2013, 7, 17), date(2013, 7, 17)) == [14.43]
    assert settle("current", date(2020, 3, 23), date(2020, 3, 25)) == [61.0]
    assert settle("current", date(2020, 2, 27), date(2020, 3, 25)) == [25.025]  # there twice
    assert settle("current", date(2013, 5, 28), date(2014, 2, 19)) == [20.10]
    assert settle("legacy", date(2013, 5, 28), date(2014, 2, 19)) == []  # 10.25 in the file
    assert settle("legacy", date(2008, 4, 21), date(2009, 2, 18)) == []  # 1.00 in the file
    assert settle("current", date(2013, 1, 16), date(2013, 1, 16)) == []  # 0 in the file
