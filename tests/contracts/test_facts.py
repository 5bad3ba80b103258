"""The tables of dated facts: ordered, sourced, and turned into numbers without loss."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from alvh.contracts import contract_facts, facts, listings
from alvh.errors import PricingError

TABLES = {
    "ticks": facts.TICKS,
    "fees": facts.FEES,
    "index lattice": facts.INDEX_LATTICE,
    "VIX lattice": facts.VIX_LATTICE,
    "standard": listings.STANDARD,
    "standard PM": listings.STANDARD_PM,
    "Fridays": listings.FRIDAYS,
    "VIX months": listings.VIX_MONTHS,
    **{f"weekday {rule[0]}": rule[2] for rule in listings.WEEKDAYS},
}


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES)
def test_rows_are_in_order_and_sourced(rows):
    for row in rows:
        assert any(tag in row.source for tag in ("[S]", "[C]", "[U]")), row
    for before, after in pairwise(rows):
        same = getattr(before, "code", 0) == getattr(after, "code", 0)
        assert not same or before.start <= after.start, after


def test_every_contract_has_ticks_and_fees_from_the_opening():
    for root in facts.CONTRACTS:
        for table in (facts.TICKS, facts.FEES):
            first = next(row for row in table if row.code == root.code)
            assert first.start == facts.OPENING


def test_dates_become_day_numbers():
    assert facts.day_number(date(1970, 1, 2)) == 1
    table = facts.TICK_TABLE
    row = table[(table[:, 0] == facts.VIX) & (table[:, 1] > 0)][-1]
    assert row[1] == np.datetime64("2022-11-28").astype(int)


def test_multipliers():
    # Contract specifications; VX on the scale of 2007-03-26, 1000 USD per point.
    assert {c.root: c.multiplier for c in facts.CONTRACTS} == {
        "SPX": 100.0, "SPXW": 100.0, "VIX": 100.0, "VIXW": 100.0, "VX": 1000.0, "XSP": 100.0,
    }  # fmt: skip
    assert contract_facts("VIXW").code == contract_facts("VIX").code == 2


def test_unknown_root_is_refused():
    with pytest.raises(PricingError, match=r"'ES' is not known; use one of SPX, SPXW"):
        contract_facts("ES")
