"""What a file is, from its first lines and its name."""

import pytest

from alvh.errors import DataError
from alvh.market.sources.recognise import HEAD, recognise

OHLC = b"DATE,OPEN,HIGH,LOW,CLOSE\n01/02/2019,1,2,0,1\n"


@pytest.mark.parametrize(
    ("name", "head", "kind", "symbol"),
    [
        ("VIX_History.csv", OHLC, "prices", "VIX"),
        ("x/COR1M_History.csv", OHLC, "prices", "COR1M"),
        ("^GSPC.csv", b"Date,Open,High,Low,Close,Adj Close,Volume\n", "prices", "GSPC"),
        ("spx daily.csv", OHLC, "prices", "SPX"),
        ("CNDR_History.csv", b"DATE,CNDR\n06/30/1986,100.0\n", "value", "CNDR"),
        ("any.csv", b"Date,vix\r\n1/3/2014,13.76\r\n", "value", "VIX"),
        ("a.csv", b"observation_date,DTB3\n2000-01-03,5.27\n", "fred", "DTB3"),
        ("a.csv", b"DATE,RBUSBIS\n1994-01-01,88.69\n", "fred", "RBUSBIS"),
        ("DFF_1954_2026.csv", b"date,value\n1954-07-01,1.13\n", "fred", "DFF"),
        ("VIXCLS.csv", b"DATE,VIXCLS\n1990-01-02,17.24\n", "fred", "VIXCLS"),
        ("ladder.csv", b"date,VX1,VX2\n", "ladder", ""),
        ("p.csv", b"trade_date,expiry,futures,settle\n", "panel", ""),
        ("NYSE_advn.csv", b"19650301, 550\n", "breadth", "advances"),
        ("fomc_dates.csv", b"date\n2000-02-02\n", "events", "fomc"),
        ("cpi.csv", b"release_date,reference_month\n2015-01-16,2014-12\n", "events", "cpi"),
        ("ie_data.xls", b"\xd0\xcf\x11\xe0", "shiller_xls", ""),
        ("x.csv", b"\nS&P 500 INDEX,Last: 1\nDate\nExpiration Date,Calls,Net\n", "chain", ""),
        ("_VIX.json", b'{"timestamp": "x", "data": {"options": [', "chain", ""),
        ("notes.md", b"# notes\n", "unknown", ""),
        ("report.pdf", b"%PDF", "unknown", ""),
        ("trades.csv", b"date,side,price,quantity\n2020-01-02,buy,3,4\n", "unknown", ""),
        ("prices of something.csv", OHLC, "unknown", ""),
    ],
)
def test_kinds(name, head, kind, symbol):
    found = recognise(name, head)
    assert (found.kind, found.symbol) == (kind, symbol)
    assert bool(found.reason) == (kind == "unknown")


def test_a_contract_file_with_a_disclaimer_above_its_header():
    head = (
        b"CFE data is compiled for the convenience of site visitors.\n"
        b"Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest\n"
    )
    found = recognise("CFE_N13_VX.csv", head)
    assert (found.kind, found.skip) == ("contract", 2)


def test_a_contract_of_another_product_is_left_alone():
    head = b"Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest\n"
    found = recognise("CFE_K08_VT.csv", head)
    assert found.kind == "unknown"
    assert "another product (VT)" in found.reason


@pytest.mark.parametrize("head", [b"", b"<html>gone</html>", b'{"error": 404}', b"a,b\n1,2\n"])
@pytest.mark.parametrize("name", ["VX_2020-03-18.csv", "CFE_K08_VX.csv", "SKEW_History.csv"])
def test_a_broken_promise(name, head):
    with pytest.raises(DataError, match=f"^{name}:1: "):
        recognise(name, head)


REAL = {
    "cboe/VIX_History.csv": ("prices", "VIX"),
    "cboe/VVIX_History.csv": ("value", "VVIX"),
    "cboe/SKEW_History.csv": ("value", "SKEW"),
    "spx/SPX_OHLC_1927_2026.csv": ("prices", "SPX"),
    "cfe/contracts_legacy/CFE_N13_VX.csv": ("contract", "CFE_N13_VX"),
    "cfe/contracts_current/VX_2020-03-25.csv": ("contract", "VX_2020-03-25"),
    "cfe/vx_contract_panel_2006_2026.csv": ("panel", ""),
    "cfe/vx_ladder_2006_2026.csv": ("ladder", ""),
    "cfe/CFE_FinalSettlement_Archive.csv": ("final_settlements", ""),
    "fred/DTB3_2000_2026.csv": ("fred", "DTB3"),
    "fred/DFF_1954_2026.csv": ("fred", "DFF"),
    "fred/RBUSBIS_1994_2024.csv": ("fred", "RBUSBIS"),
    "fred/USEPUINDXD_2000_2022.csv": ("fred", "USEPUINDXD"),
    "macro/fomc_dates_2000_2026.csv": ("events", "fomc"),
    "macro/cpi_release_dates_2015_2026.csv": ("events", "cpi"),
    "macro/shiller_monthly_PDDL.csv": ("shiller_csv", ""),
    "macro/shiller_ie_data.xls": ("shiller_xls", ""),
    "macro/baker_wurgler_sentiment_1965_2018.xlsx": ("baker_wurgler", ""),
    "breadth/NYSE_unchn.csv": ("breadth", "unchanged"),
    "breadth/sp500_breadth_metrics_2008_2026.csv": ("table", ""),
    "etf/yahoo_SPY.csv": ("etf", "SPY"),
    "chains/spx_2022-02-04.csv": ("chain", ""),
    "chains/spx_2025-10-01_spx_quotedata.csv": ("chain", ""),
    "chains/spx_eod_2019/SPX_20190425.csv": ("chain", ""),
    "chains/lean_spx_universe_20151222.csv": ("chain", ""),
    "chains/lean_spxw_20210106_quote_european.zip": ("chain", ""),
    "formats/cboe_settlement_curve_2026-07-22.csv": ("curve", "2026-07-22"),
    "formats/optionsdx_spy_eod_201201_real_row.txt": ("chain", ""),
    "formats/orats_strikes_api_header.csv": ("chain", ""),
    "formats/cboe_datashop_eod_quotes_header.csv": ("chain", ""),
    "vix_whitepaper/vix_wp2009_options.csv": ("chain", ""),
    "README.md": ("unknown", ""),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(shared_data, name):
    with (shared_data / name).open("rb") as file:
        found = recognise(name, file.read(HEAD))
    assert (found.kind, found.symbol) == REAL[name]
