"""Roots and expiries by the exchange's rules; every date is one of the calendar's own tests."""

from datetime import date

import pytest

from alvh.market.chains.identity import Identity, NoContract, Said, identify

MAY_2012, JUNE_2012 = date(2012, 5, 1), date(2012, 6, 15)
GOOD_THURSDAY = Identity("SPX", date(2014, 4, 17), "AM")
JUNE_2016 = Identity("SPXW", date(2016, 6, 17), "PM")
JULY_2010 = date(2010, 7, 9)
JUNE_2010 = date(2010, 6, 18)
MARCH_2014 = date(2014, 3, 18)


def said(root=None, index=None, expiry=date(2019, 6, 21), day=date(2019, 4, 25), settlement=None):
    return Said(root, index, settlement, expiry, day)


@pytest.mark.parametrize(
    ("line", "contract"),
    [
        (said("SPX"), Identity("SPX", date(2019, 6, 21), "AM")),
        (said("SPXW"), Identity("SPXW", date(2019, 6, 21), "PM")),
        (said("SPXPM", None, date(2016, 6, 17), date(2016, 5, 2)), JUNE_2016),
        # Saturdays of before February 2015 are the third Friday; Good Friday 2014: the Thursday
        (
            said("SPX", None, date(2012, 6, 16), MAY_2012),
            Identity("SPX", JUNE_2012, "AM"),
        ),
        (
            said("SPX", expiry=date(2014, 4, 19), day=date(2014, 3, 3)),
            Identity("SPX", date(2014, 4, 17), "AM"),
        ),
        # weeklys settled at the open until 2010-12-03
        (
            said(None, "^SPX", date(2010, 7, 9), date(2010, 7, 6)),
            Identity("SPXW", date(2010, 7, 9), "AM"),
        ),
        # Wednesdays and month-ends are the weeklys'
        (said(None, "$SPX.X", date(2019, 5, 8)), Identity("SPXW", date(2019, 5, 8), "PM")),
        # a third Friday before any closed at the close: 2011-10-04
        (
            said(None, "SPX", date(2010, 6, 18), date(2010, 5, 3)),
            Identity("SPX", date(2010, 6, 18), "AM"),
        ),
        # on the day itself only the one that settles at the close is still there
        (said(None, "SPX", day=date(2019, 6, 21)), Identity("SPXW", date(2019, 6, 21), "PM")),
        # a third Friday two years off has no closing settlement yet (listed six months ahead)
        (said(None, "SPX", date(2020, 12, 18)), Identity("SPX", date(2020, 12, 18), "AM")),
        (said(None, "SPX", settlement="am"), Identity("SPX", date(2019, 6, 21), "AM")),
        (said(None, "SPX", settlement="PM"), Identity("SPXW", date(2019, 6, 21), "PM")),
        # Tuesday 2014-03-18: Good Friday is thirty days after the Wednesday
        (
            said(None, "VIX", date(2014, 3, 18), date(2014, 2, 3)),
            Identity("VIX", date(2014, 3, 18), "AM"),
        ),
        (said(None, "VIX", date(2019, 5, 8)), Identity("VIXW", date(2019, 5, 8), "AM")),
    ],
)
def test_the_contract_of_a_line(line: Said, contract: Identity) -> None:
    assert identify(line) == contract


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        (said(None, "SPX"), "undecided", "SPX .AM. and SPXW .PM. were both listed"),
        (said("SPXPM"), "root", "root 'SPXPM' is none of"),
        (said("SPY"), "root", "root 'SPY' is none of"),
        (said(None, "SPY"), "root", "underlying 'SPY' is neither"),
        (said(), "root", "neither a root nor an underlying"),
        (said("VIX", "SPX"), "disagree", "root VIX is no option on SPX"),
        (said("SPX", expiry=date(2019, 6, 20)), "expiry", "2019-06-20 is no SPX expiry"),
        (said("VIX", expiry=date(2019, 5, 8)), "expiry", "is no VIX expiry"),
        (said("SPXW", expiry=date(2099, 6, 19)), "expiry", "no SPXW expiry"),
        (said("SPXW", expiry=date(1988, 1, 15)), "expiry", "did not exist"),
        (said(None, "VIX", date(2019, 5, 9)), "expiry", "2019-05-09 is no VIX expiry"),
        (said("SPX", day=date(2019, 6, 24)), "expired", "expired on 2019-06-21"),
        (said("SPX", settlement="PM"), "settlement", "settles AM, the line says PM"),
        (said("SPX", settlement="noon"), "settlement", "neither AM nor PM"),
        # a Wednesday weekly, listed five weeks ahead, quoted twenty months before
        (said("SPXW", expiry=date(2020, 12, 16)), "unlisted", "was not listed yet on 2019-04-25"),
        # no Saturday stands for a Friday since symbols carry Fridays
        (said("SPX", expiry=date(2019, 6, 22)), "expiry", "is no SPX expiry"),
    ],
)
def test_what_is_no_contract_is_refused_with_its_kind(line: Said, kind: str, words: str) -> None:
    with pytest.raises(NoContract, match=words) as refusal:
        identify(line)
    assert refusal.value.kind == kind


def test_third_fridays_are_what_the_caller_declares() -> None:
    assert identify(said(None, "SPX"), "AM").root == "SPX"
    assert identify(said(None, "SPX"), "PM").root == "SPXW"
    # also on the day itself, when a vendor's old quotes must not become the other option's
    assert identify(said(None, "SPX", day=date(2019, 6, 21)), "AM").root == "SPX"
