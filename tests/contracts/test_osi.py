"""Option symbols: what is read comes back, and what cannot exist is refused in one line."""

import csv
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh.calendars import contract_expiry
from alvh.contracts import OptionSymbol, format_osi, parse_osi
from alvh.contracts.facts import SPXW, VIX
from alvh.errors import PricingError

FINEST = {"SPX": 5.0, "SPXW": 5.0, "VIX": 0.5, "VIXW": 0.5, "XSP": 0.5}

symbols = st.sampled_from(sorted(FINEST)).flatmap(
    lambda root: st.builds(
        OptionSymbol,
        st.just(root),
        st.dates(date(2015, 10, 8), date(2031, 12, 31)),
        st.sampled_from(["P", "C"]),
        st.integers(1, 9999).map(lambda n: n * FINEST[root]),
    )
)


@given(symbols)
def test_symbol_comes_back(option):
    assert parse_osi(option.osi) == option
    assert parse_osi(option.compact) == option
    assert len(option.osi) == 21


def test_symbol_golden():
    # The layout of the OSI: root in six, YYMMDD, right, strike in thousandths in eight.
    option = parse_osi("SPXW  220916P03500000")
    assert option == OptionSymbol("SPXW", date(2022, 9, 16), "P", 3500.0)
    assert (option.code, option.is_put, str(option)) == (SPXW, True, "SPXW  220916P03500000")
    # A contract of Cboe's delayed quotes of 2026-05-20.
    assert parse_osi(" vix260617c00010500 ") == OptionSymbol("VIX", date(2026, 6, 17), "C", 10.5)
    assert parse_osi("VIXW  240103C00015000").code == VIX
    assert parse_osi("SPX   980619C01100000").expiry == date(1998, 6, 19)
    assert format_osi("VIX", date(2026, 6, 17), "C", 10.5) == "VIX   260617C00010500"


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        ("", "not an OSI option symbol; write root"),
        ("SPXW220916P3500", "not an OSI option symbol"),
        ("SPXW  220916X03500000", "not an OSI option symbol"),
        ("NDX   220916P03500000", "root 'NDX' is unknown; use one of SPX, SPXW, VIX, VIXW$"),
        ("SPXW  220931P03500000", "220931 is not a calendar day"),
        ("SPXW  220916P00000000", "strike 0 is not between"),
        ("SPXW  220916P03501000", "strike 3501 is not a multiple of 5"),
        ("VIX   220921C00020250", "strike 20.25 is not a multiple of 0.5"),
        ("VIX   050921C00020000", "did not exist on 2005-09-21; they trade from 2006-02-24"),
        ("VIXW  150909C00020000", "they trade from 2015-10-08"),
    ],
)
def test_impossible_symbols_are_refused(symbol, message):
    with pytest.raises(PricingError, match=message) as refusal:
        parse_osi(symbol)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("right", "strike"), [("X", 20.0), ("C", -5.0), ("C", 100_000.0)])
def test_impossible_options_are_refused(right, strike):
    with pytest.raises(PricingError):
        OptionSymbol("VIX", date(2022, 9, 21), right, strike)


def test_every_symbol_of_a_real_chain_is_understood(shared_data):
    path = shared_data / "chains" / "spx_eod_2019" / "SPX_20190621.csv"
    with path.open() as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        option = parse_osi(row["optionroot"])
        assert option.strike == float(row["strike"])
        assert option.is_put == (row["type"] == "put")
        assert f"{option.expiry:%m/%d/%Y}" == row["expiration"]
    options = {(o.root, o.expiry): o for o in (parse_osi(row["optionroot"]) for row in rows)}
    assert len(options) == 44
    for option in options.values():
        assert contract_expiry(option)["am"] == (option.root == "SPX")
