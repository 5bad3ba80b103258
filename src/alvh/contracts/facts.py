"""Dated facts of the contracts traded: multipliers, ticks, fees, strike lattices, margin rates.

Every row carries its source. ``[S]`` is a document of the exchange, ``[C]`` was computed from
exchange data, ``[U]`` is general knowledge of the trade that could not be read in a document; where
only the day of a change is unknown, the row says so. The arrays at the end are the same rows as
numbers, for the compiled rules.

References
----------
Cboe SPX, XSP and VIX option specifications; Cboe fee schedules of 2018-11-06, 2020-04-07,
2021-09-01 and 2024-11-01; CFE rulebook chapter 12 and fee pages; Cboe rules 10.3 and 24.9.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from alvh.errors import PricingError

SPX: Final = 0  # settles to the opening auction
SPXW: Final = 1  # settles to the close: weeklys, month-ends, PM third Fridays
VIX: Final = 2  # options on VIX, monthly and weekly
VX: Final = 3  # futures on VIX
XSP: Final = 7  # a tenth of SPX; 4 to 6 are the engine's codes for what is not an option or future

OPENING: Final = date(1990, 1, 1)  # first day the tables speak of
NINE_MONTHS: Final = (
    274  # days; a longer option may be bought with a loan of a quarter of its price
)


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """Terms of one root that never changed.

    ``multiplier`` is USD per point, ``first_traded`` the first day of trading, ``finest_strike``
    the strike interval in points that every listed strike is a whole multiple of (NaN: no strikes).
    """

    root: str
    code: int
    multiplier: float
    first_traded: date
    finest_strike: float
    source: str


@dataclass(frozen=True, slots=True)
class TickRow:
    """Price increments in points: ``below`` under ``threshold``, ``above`` from it, ``net``."""

    code: int
    start: date
    threshold: float
    below: float
    above: float
    net: float
    source: str


@dataclass(frozen=True, slots=True)
class FeeRow:
    """Exchange fee in USD per customer contract and side for premiums from ``premium`` points."""

    code: int
    start: date
    premium: float
    simple: float
    complex: float
    source: str


@dataclass(frozen=True, slots=True)
class IndexLatticeRow:
    """Strike ``step`` in points where low <= strike / forward <= high and tau <= ``tau`` days."""

    code: int
    start: date
    tau: float
    low: float
    high: float
    step: float
    source: str


@dataclass(frozen=True, slots=True)
class VixLatticeRow:
    """Strike ``step`` in points for strikes below ``strike`` points."""

    start: date
    strike: float
    step: float
    source: str


CONTRACTS: Final = (
    ContractFacts("SPX", SPX, 100.0, OPENING, 5.0, "[S] Cboe SPX specification"),
    ContractFacts("SPXW", SPXW, 100.0, date(2005, 10, 28), 5.0, "[S] Cboe SPX specification"),
    ContractFacts("VIX", VIX, 100.0, date(2006, 2, 24), 0.5, "[S] Cboe VIX option specification"),
    ContractFacts("VIXW", VIX, 100.0, date(2015, 10, 8), 0.5, "[S] launch notice of VIX Weeklys"),
    # Modern scale: until 2007-03-23 the contract was 100 USD on ten times the price, the same USD.
    ContractFacts("VX", VX, 1000.0, date(2004, 3, 26), float("nan"), "[S] CFE rulebook ch. 12"),
    ContractFacts("XSP", XSP, 100.0, date(2005, 10, 25), 0.5, "[S] XSP specification; day [U]"),
)

_DECIMAL = "[U] US options were quoted in fractions until 2001-04-09"
_SPX_TICK = "[S] Cboe SPX specification: 0.05 below 3.00, 0.10 from it, package net 0.05"
_VIX_TICK_2006 = "[S] Cboe VIX option page: 0.05 / 0.10; net 0.01 [S 2022 notice], start [U]"
_VIX_TICK_2022 = "[S] Cboe notice of 2022-11-29: 0.01 / 0.05, package net stays 0.01; day [U]"

TICKS: Final = (
    TickRow(SPX, OPENING, 3.0, 0.0625, 0.125, 0.0625, _DECIMAL),
    TickRow(SPX, date(2001, 4, 9), 3.0, 0.05, 0.10, 0.05, _SPX_TICK),
    TickRow(SPXW, OPENING, 3.0, 0.0625, 0.125, 0.0625, _DECIMAL),
    TickRow(SPXW, date(2001, 4, 9), 3.0, 0.05, 0.10, 0.05, _SPX_TICK),
    # VIX weeklys have been quoted in 0.01 since late 2018; the table keeps the monthlies' tick.
    TickRow(VIX, OPENING, 3.0, 0.05, 0.10, 0.01, _VIX_TICK_2006),
    TickRow(VIX, date(2022, 11, 28), 3.0, 0.01, 0.05, 0.01, _VIX_TICK_2022),
    TickRow(
        VX, OPENING, 0.0, 0.01, 0.01, 0.01, "[C] traded prices of the contract files to 2009-01"
    ),
    TickRow(VX, date(2009, 2, 2), 0.0, 0.05, 0.05, 0.01, "[C] traded prices; [S] spreads at 0.01"),
    TickRow(XSP, OPENING, 0.0, 0.01, 0.01, 0.01, "[S] Cboe XSP specification"),
)

_SPX_FEE_U = "[U] customer fee of the time, remembered"
_SPX_FEE_S = "[S] fee schedule of 2024-11-01; the day it came into force [U]"
_VIX_FEE_U = "[U] customer fee of the time, remembered; two premium classes"
_VIX_FEE_S = "[S] fee schedules of 2020-04-07 and 2024-11-01; the day it came into force [U]"
_VX_FEE_S = "[S] CFE fee page, undated; the day it came into force [U]"

# Buckets of VIX premium are 0.00-0.10, 0.11-0.99, 1.00-1.99, 2.00 and up, hence the floor of 0.11
# less half a cent.
FEES: Final = (
    *(
        row
        for code in (SPX, SPXW)
        for row in (
            FeeRow(code, OPENING, 0.0, 0.25, 0.25, _SPX_FEE_U),
            FeeRow(code, OPENING, 1.0, 0.45, 0.45, _SPX_FEE_U),
            FeeRow(code, date(2012, 1, 3), 0.0, 0.35, 0.35, _SPX_FEE_U),
            FeeRow(code, date(2012, 1, 3), 1.0, 0.44, 0.44, _SPX_FEE_U),
            FeeRow(code, date(2020, 1, 2), 0.0, 0.36, 0.36, _SPX_FEE_S),
            FeeRow(code, date(2020, 1, 2), 1.0, 0.45, 0.45, _SPX_FEE_S),
        )
    ),
    FeeRow(VIX, OPENING, 0.0, 0.25, 0.25, _VIX_FEE_U),
    FeeRow(VIX, OPENING, 1.0, 0.40, 0.40, _VIX_FEE_U),
    FeeRow(VIX, date(2018, 1, 2), 0.0, 0.10, 0.05, _VIX_FEE_S),
    FeeRow(VIX, date(2018, 1, 2), 0.105, 0.25, 0.17, _VIX_FEE_S),
    FeeRow(VIX, date(2018, 1, 2), 0.995, 0.40, 0.30, _VIX_FEE_S),
    FeeRow(VIX, date(2018, 1, 2), 1.995, 0.45, 0.45, _VIX_FEE_S),
    FeeRow(VX, OPENING, 0.0, 1.20, 1.20, "[U] customer fee of the early years, remembered"),
    FeeRow(VX, date(2016, 1, 4), 0.0, 1.40, 1.40, _VX_FEE_S),
    FeeRow(VX, date(2019, 8, 16), 0.0, 1.47, 1.47, _VX_FEE_S),
    FeeRow(VX, date(2023, 1, 3), 0.0, 1.51, 1.51, _VX_FEE_S),
    FeeRow(XSP, OPENING, 0.0, 0.07, 0.07, "[S] fee schedule of 2024-11-01, ten contracts or more"),
)

COMMISSION: Final = 0.50  # USD per option contract; brokers take 0.25 to 1.00 [U]
FUTURE_COMMISSION: Final = 0.85  # USD per futures contract [U]
PASS_THROUGH: Final = 0.05  # USD per contract: OCC clearing and regulatory fee, "few cents" [U]

# Read off whole chains: 2009-01-01 (white paper), 2014 (white paper), ten days of 2019, 2022-02-04.
# A zone's step is one that all of its listed strikes allow, so a strike chosen here was listed:
# where the exchange lists both tens and twenty-fives (…2275 2280 2290 2300…) the table says ten.
_CHAIN = "[C] listed strikes of real chains, 2009 to 2025"
INDEX_LATTICE: Final = (
    *(
        IndexLatticeRow(SPX, OPENING, tau, low, high, step, _CHAIN)
        for tau, low, high, step in (
            (116.0, 0.86, 1.07, 5.0),
            (116.0, 0.78, 1.09, 10.0),
            (116.0, 0.62, 1.13, 25.0),
            (116.0, 0.45, 1.18, 50.0),
            (400.0, 0.70, 1.11, 25.0),
            (400.0, 0.58, 1.16, 50.0),
            (900.0, 0.70, 1.09, 25.0),
            (900.0, 0.58, 1.11, 50.0),
        )
    ),
    *(
        IndexLatticeRow(SPXW, OPENING, tau, low, high, step, _CHAIN)
        for tau, low, high, step in (
            (16.0, 0.91, 1.04, 5.0),
            (16.0, 0.85, 1.06, 10.0),
            (16.0, 0.82, 1.10, 25.0),
            (16.0, 0.78, 1.13, 50.0),
            (60.0, 0.93, 1.03, 5.0),
            (60.0, 0.90, 1.05, 10.0),
            (60.0, 0.85, 1.08, 25.0),
            (60.0, 0.78, 1.12, 50.0),
            (116.0, 0.86, 1.04, 10.0),
            (116.0, 0.77, 1.10, 25.0),
            (116.0, 0.62, 1.13, 50.0),
            (400.0, 0.78, 1.09, 25.0),
            (400.0, 0.62, 1.13, 50.0),
        )
    ),
)
INDEX_COARSEST: Final = (
    100.0  # step beyond the last zone; the far wings have 200, nobody trades there
)

_VIX_2012 = "[S] chain of February 2012 as described by macroption; earlier years assumed alike [U]"
_VIX_2013 = "[S] 11 to 14 listed by January 2013 (macroption); half points below 15, the day [U]"
_VIX_NOW = "[S] specification: 0.50 below 15, 1 below 200, 5 above"
# The specification says what may be listed; until the 2020s chains kept 2.5 from 30 to 50.
VIX_LATTICE: Final = (
    VixLatticeRow(OPENING, 30.0, 1.0, _VIX_2012),
    VixLatticeRow(OPENING, 50.0, 2.5, _VIX_2012),
    VixLatticeRow(OPENING, 1e9, 5.0, _VIX_2012),
    VixLatticeRow(date(2013, 6, 3), 15.0, 0.5, _VIX_2013),
    VixLatticeRow(date(2013, 6, 3), 30.0, 1.0, _VIX_2013),
    VixLatticeRow(date(2013, 6, 3), 50.0, 2.5, _VIX_2013),
    VixLatticeRow(date(2013, 6, 3), 1e9, 5.0, _VIX_2013),
    VixLatticeRow(date(2022, 1, 3), 15.0, 0.5, _VIX_NOW),
    VixLatticeRow(date(2022, 1, 3), 200.0, 1.0, _VIX_NOW),
    VixLatticeRow(date(2022, 1, 3), 1e9, 5.0, _VIX_NOW),
)

# Margin of an uncovered short option: premium + max(rate × index − out-of-the-money, floor × base),
# base being the index for calls and the strike for puts. [S] Cboe VIX specification: 20 % / 10 %;
# [U] rule 10.3 for broad-based indexes: 15 % / 10 %.
SHORT_RATE: Final = {SPX: 0.15, SPXW: 0.15, XSP: 0.15, VIX: 0.20}
SHORT_FLOOR: Final = 0.10
LONG_TERM_RATE: Final = 0.75  # [U] rule 10.3: part of the price of an option beyond nine months

# Initial margin of a VX future as a fraction of its value: 45-60 % at the front, 25-35 % at the
# back [U]; 21,300 USD in March 2020 on a future near 55 is 39 %, 10,900 in 2018 near 20 is 55 %.
FUTURE_FRONT: Final = 0.525
FUTURE_BACK: Final = 0.30
FUTURE_FRONT_DAYS: Final = 30.0
FUTURE_BACK_DAYS: Final = 180.0


def contract_facts(root: str) -> ContractFacts:
    """Return the unchanging terms of ``root``.

    Raises
    ------
    PricingError
        If the root is not one of SPX, SPXW, VIX, VIXW, VX, XSP.

    Examples
    --------
    >>> contract_facts("VX").multiplier
    1000.0
    """
    for facts in CONTRACTS:
        if facts.root == root:
            return facts
    known = ", ".join(facts.root for facts in CONTRACTS)
    raise PricingError(f"root {root!r} is not known; use one of {known}")


def day_number(day: date) -> int:
    """Return ``day`` as the number of days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _numbers(rows: tuple[Any, ...], *names: str) -> NDArray[np.float64]:
    def number(value: float | date) -> float:
        return float(day_number(value)) if isinstance(value, date) else float(value)

    return np.array([[number(getattr(row, name)) for name in names] for row in rows])


TICK_TABLE: Final = _numbers(TICKS, "code", "start", "threshold", "below", "above", "net")
FEE_TABLE: Final = _numbers(FEES, "code", "start", "premium", "simple", "complex")
INDEX_TABLE: Final = _numbers(INDEX_LATTICE, "code", "start", "tau", "low", "high", "step")
VIX_TABLE: Final = _numbers(VIX_LATTICE, "start", "strike", "step")
