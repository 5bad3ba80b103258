"""When expiries of SPX and VIX contracts were first listed: dated rules with their sources.

A backtest must not trade an expiry before the exchange had listed it. ``[S]`` is a notice of the
exchange, ``[C]`` was read off real chains and contract files (SPX chains of ten days of 2019, of
2022-02-04, a ladder of expiries of May 2026; every VX contract file), ``[U]`` is general
knowledge. Where a rule is known at two dates only, the day of the change between them is a guess
and the row says so.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

OPENING: Final = date(1988, 1, 4)


@dataclass(frozen=True, slots=True)
class Horizon:
    """From ``start`` an expiry is listed ``days`` before its weekday."""

    start: date
    days: int
    source: str


@dataclass(frozen=True, slots=True)
class FridayRule:
    """From ``start`` Friday weeklys are listed ``n`` days, or ``n`` weeklys, ahead."""

    start: date
    unit: Literal["days", "weeklys"]
    n: int
    source: str


@dataclass(frozen=True, slots=True)
class MonthsAhead:
    """From ``start`` a month is listed on the Monday after the expiry so many months before.

    The number differs for ``serial`` months, the months of the quarterly ``cycle``, and the
    months of the year named in ``leaps`` as (month, months ahead).
    """

    start: date
    serial: int
    cycle: int
    leaps: tuple[tuple[int, int], ...]
    source: str


# AM-settled third Fridays; the quarterly cycle is March, June, September, December.
STANDARD: Final = (
    MonthsAhead(OPENING, 3, 12, ((12, 24),), "[U] three near-term months and the March cycle"),
    MonthsAhead(
        date(2010, 11, 22), 6, 15, ((1, 18), (6, 24), (12, 36)),
        "[S] SR-CBOE-2010-077: up to twelve months; [C] 2019: serial months six ahead; day [U]",
    ),
    MonthsAhead(
        date(2020, 1, 21), 13, 17, ((1, 18), (6, 24), (12, 60)),
        "[C] chain of 2022-02-04, ladder of 2026; day [U]",
    ),
)  # fmt: skip

# PM-settled third Fridays: root SPXPM on C2 2011-10-04, on Cboe 2013-02-19, SPXW from 2017-05-01.
STANDARD_PM: Final = (
    MonthsAhead(date(2011, 10, 4), 6, 6, (), "[S] launch; [C] chains of April to June 2019"),
    MonthsAhead(date(2019, 6, 24), 5, 5, (), "[C] chains of 2019-07-19 and 2022-02-04; day [U]"),
)

LAST_AM_WEEKLY: Final = date(2010, 12, 3)  # [S] RG10-112: PM series traded from 2010-12-02
FRIDAYS: Final = (
    FridayRule(date(2005, 10, 28), "days", 7, "[S] launch; one weekly at a time, listed Fridays"),
    FridayRule(date(2010, 7, 1), "days", 8, "[S] RG10-112: listed on Thursdays; first day [U]"),
    FridayRule(date(2012, 5, 1), "weeklys", 4, "[S] May 2012: five weeks listed, one the standard"),
    FridayRule(date(2014, 1, 16), "weeklys", 6, "[S] RG14-010: from four to six; [C] 2019"),
    FridayRule(date(2020, 6, 1), "weeklys", 5, "[C] chain of 2022-02-04, ladder of 2026; day [U]"),
)
# Once Thursdays had weeklys of their own, a Friday holiday's weekly was no longer listed.
NO_SHIFTED_FRIDAYS: Final = date(2022, 5, 11)

QUARTER_ENDS: Final = date(2007, 1, 3)  # [S] quarterlys (root SPXQ) launched in 2007; day [U]
MONTH_ENDS: Final = date(2014, 7, 7)  # [S] Cboe notice of 2014-05-29
QUARTER_AHEAD: Final = 12  # months; [C] 2019, 2022, 2026
MONTH_AHEAD: Final = 6  # months; [C] 2019, 2022, 2026

# Weekday weeklys: (weekday, first expiry, rules). The first expiries of Wednesdays and Mondays are
# [S]; Tuesdays and Thursdays were launched on 2022-04-18 and 2022-05-11 [S] and are taken to have
# begun eight days later, as Wednesdays did [U].
_M2019 = "[C] chains of April and early May 2019; first day [U]"
_W2019 = "[C] chains of May to July 2019, a week longer than before and after; days [U]"
_Y2022 = "[C] chain of 2022-02-04; first day [U]"
_Y2026 = "[C] ladder of May 2026; first day [U]"
WEEKDAYS: Final = (
    (0, date(2016, 8, 22), (
        Horizon(date(2016, 8, 15), 17, "[S] launch; Labor Day's expiry listed on 2016-08-19"),
        Horizon(date(2017, 1, 3), 31, _M2019),
        Horizon(date(2019, 5, 20), 38, _W2019),
        Horizon(date(2020, 1, 2), 31, _Y2022),
        Horizon(date(2024, 1, 2), 45, _Y2026),
    )),
    (1, date(2022, 4, 26), (
        Horizon(date(2022, 4, 18), 29, "[S] launch; horizon as for Wednesdays [U]"),
        Horizon(date(2024, 1, 2), 39, _Y2026),
    )),
    (2, date(2016, 3, 2), (
        Horizon(date(2016, 2, 23), 15, "[S] launch with two expiries"),
        Horizon(date(2016, 5, 24), 29, "[S] RG16-102: four weeks, listed on Tuesdays"),
        Horizon(date(2019, 5, 21), 36, _W2019),
        Horizon(date(2020, 1, 2), 29, _Y2022),
        Horizon(date(2024, 1, 2), 33, _Y2026),
    )),
    (3, date(2022, 5, 19), (
        Horizon(date(2022, 5, 11), 29, "[S] launch; horizon as for Wednesdays [U]"),
        Horizon(date(2024, 1, 2), 41, _Y2026),
    )),
)  # fmt: skip

# VX futures; the quarterly cycle is February, May, August, November. Options on VIX are taken to
# be listed with the future they settle with [U]: the exchange may list twelve months of them.
VIX_OPTIONS: Final = date(2006, 2, 24)  # [S] first trading day
VIX_WEEKLY_OPTIONS: Final = date(2015, 10, 8)  # [S] first trading day
VX_FUTURES: Final = date(2004, 3, 26)  # [S] first trading day
VX_WEEKLY_FUTURES: Final = date(2015, 7, 23)  # [S] first trading day
VX_FIRST_MONTH: Final = (2004, 5)  # [C] final settlement archive
VX_UNLISTED: Final = ((2004, 12), (2005, 4), (2005, 7), (2005, 9))  # [C] the same: no settlement
VIX_MONTHS: Final = (
    MonthsAhead(date(2004, 3, 26), 6, 12, (), "[C] first rows of the contract files 2006 to 2008"),
    MonthsAhead(date(2008, 4, 18), 9, 9, (), "[C] first rows of the contract files"),
    MonthsAhead(date(2009, 3, 2), 7, 7, (), "[C] first trades of the contract files"),
    MonthsAhead(date(2009, 9, 10), 8, 8, (), "[C] first trades of the contract files"),
    MonthsAhead(date(2011, 8, 22), 9, 9, (), "[C] first rows and trades of the contract files"),
)
VIX_WEEKLIES_AHEAD: Final = 5  # [C] a weekly appears the session after the fifth before it settles
