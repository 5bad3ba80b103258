"""What is looked at before anything is decided: is the market data today's, and is it believable?

A check that stops means *no trade*: nothing is decided on data that is stale, frozen, crossed,
missing or out of order, nor for a book whose positions the rules cannot read. A check that warns,
or that only tells (a half day, a roll due), does not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from alvh.advise.account import Account
from alvh.calendars import half_days, is_session, last_trading_day, sessions, vix_expiries
from alvh.market.history import History
from alvh.policy import HedgePolicy
from alvh.signals.events import EVENTS, event_dates, next_events

Level = Literal["stop", "warn", "tell"]
CHICAGO = ZoneInfo("America/Chicago")
CLOSE, HALF_DAY_CLOSE = time(15, 15), time(12, 15)  # SPX and VIX options, regular hours
EXPIRING_CLOSE = time(15, 0)  # SPXW on the day it settles to the close

# Sessions that a series may be old; beyond it prices are made from yesterday's market.
STOP_AGE = {"spx": 0, "vix": 0, "futures": 1}
WARN_AGE = {"vix9d": 1, "vix3m": 1, "vix6m": 3, "vvix": 3, "skew": 3}
RATE_AGE = 10  # of the younger of bill rate and federal funds rate
# One close for so many sessions is a file that stands still. Twice the same happens: the S&P 500
# closed at 1,447.16 on 2008-01-02 and on 2008-01-03, but VIX did not stand still beside it.
FROZEN_SESSIONS = 3
IMPLAUSIBLE_MOVE = 0.25  # log, of the S&P 500 in a session; -0.23 on 1987-10-19
EVENT_DAYS, ROLL_DAYS = 7, (1, 5)


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes
    ----------
    code : str
        Reason code, as ``STALE``.
    subject : str
        Series, position or date that it is about.
    level : {"stop", "warn", "tell"}
    text : str
        What was found, what was wanted, what to do.
    """

    code: str
    subject: str
    level: Level
    text: str

    def plain(self) -> dict[str, str]:
        """Return it as JSON values."""
        return {
            "code": self.code, "subject": self.subject, "level": self.level, "text": self.text,
        }  # fmt: skip


def preflight(
    history: History, row: int, account: Account, policy: HedgePolicy, on: date
) -> tuple[Check, ...]:
    """Check market data and book before a decision.

    Parameters
    ----------
    history : History
    row : int
        Row of the session to decide.
    account : Account
        As it was at the close before.
    policy : HedgePolicy
        In force.
    on : datetime.date
        The day on which the decision is made.

    Returns
    -------
    tuple of Check
        Those that stop first.
    """
    as_of: date = history.dates[row].astype(object)
    found = [
        *_clock(as_of, on),
        *_ages(history, row),
        *_frozen(history, row),
        *_crossed(history, row),
        *_futures(history, row, as_of),
        *_book(history, row, account, as_of),
        *_calendar(as_of),
        *_coming(history, row, account, policy, as_of),
    ]
    rank = {"stop": 0, "warn": 1, "tell": 2}
    return tuple(sorted(found, key=lambda check: rank[check.level]))


def closes_at(as_of: date) -> datetime:
    """Return when options close on a session, in Chicago."""
    half = bool(np.isin(np.datetime64(as_of), half_days()))
    return datetime.combine(as_of, HALF_DAY_CLOSE if half else CLOSE, CHICAGO)


def _clock(as_of: date, on: date) -> Iterator[Check]:
    if on < as_of:
        yield Check("AHEAD", str(as_of), "stop", f"the data ends after {on}, the day it is")
    days = sessions()
    missed = days[(days > np.datetime64(as_of)) & (days < np.datetime64(on))]
    today_open = bool(is_session(np.datetime64(on))) and on > as_of
    if len(missed) or today_open:
        yield Check(
            "STALE", "history", "stop",
            f"the data ends on {as_of}, the last session is {on if today_open else missed[-1]}; "
            "refresh it with `alvh data pull`, or decide a past day with --as-of",
        )  # fmt: skip


def _ages(history: History, row: int) -> Iterator[Check]:
    as_of = history.dates[row].astype(object)
    for name, limit in {**STOP_AGE, **WARN_AGE}.items():
        if name == "futures":
            continue
        age = _age(history, name, row)
        level: Level = "stop" if name in STOP_AGE else "warn"
        if age is None:
            if level == "stop":
                yield Check("MISSING", name, "stop", f"{name} has no value up to {as_of}")
        elif age > limit:
            code = "STALE" if age > 1 or name not in STOP_AGE else "MISSING"
            yield Check(
                code, name, level,
                f"{name} has no value on {as_of}: its last is {age} sessions old, at most {limit} "
                "is let pass; refresh it with `alvh data pull`",
            )  # fmt: skip
    rates = [_age(history, name, row) for name in ("bill_rate", "fed_funds")]
    known = [age for age in rates if age is not None]
    if known and min(known) > RATE_AGE:
        yield Check(
            "STALE", "rate", "warn",
            f"the money-market rate is {min(known)} sessions old; the last one known is used",
        )  # fmt: skip


def _age(history: History, name: str, row: int) -> int | None:
    """Return sessions since the last value; None where there never was one."""
    if name not in history.columns:
        return None
    known = np.flatnonzero(np.isfinite(history[name][: row + 1]))
    return row - int(known[-1]) if len(known) else None


def series_ages(history: History, row: int) -> dict[str, int]:
    """Return the age of every series on a session, in sessions; those without values left out."""
    ages = {name: _age(history, name, row) for name in sorted(history.columns)}
    return {name: age for name, age in ages.items() if age is not None}


def _frozen(history: History, row: int) -> Iterator[Check]:
    spx, vix = history["spx"], history["vix"]
    if row >= 1 and spx[row] == spx[row - 1] and vix[row] == vix[row - 1]:
        yield Check(
            "FROZEN", "spx", "stop",
            f"the S&P 500 and VIX stand at {spx[row]:,.2f} and {vix[row]:.2f} as on the session "
            "before; look at their files",
        )  # fmt: skip
    for name, values in (("spx", spx), ("vix", vix)):
        last = values[max(row + 1 - FROZEN_SESSIONS, 0) : row + 1]
        if len(last) == FROZEN_SESSIONS and np.all(last == last[0]):
            yield Check(
                "FROZEN", name, "stop",
                f"{name} has stood at {last[0]:,.2f} for {FROZEN_SESSIONS} sessions; look at its "
                "file",
            )  # fmt: skip
    if row >= 1 and abs(np.log(spx[row] / spx[row - 1])) > IMPLAUSIBLE_MOVE:
        yield Check(
            "IMPLAUSIBLE", "spx", "stop",
            f"the S&P 500 went from {spx[row - 1]:,.2f} to {spx[row]:,.2f} in one session; look "
            "at its file",
        )  # fmt: skip


def _crossed(history: History, row: int) -> Iterator[Check]:
    for name in ("spx", "vix"):
        if f"{name}_high" not in history.columns or f"{name}_low" not in history.columns:
            continue
        low, high = history[f"{name}_low"][row], history[f"{name}_high"][row]
        if low > high:
            yield Check(
                "CROSSED", name, "stop",
                f"the low of {name}, {low:,.2f}, is above its high, {high:,.2f}; look at its file",
            )  # fmt: skip


def _futures(history: History, row: int, as_of: date) -> Iterator[Check]:
    table = history.futures
    if table.is_empty():
        yield Check(
            "ABSENT", "futures", "warn",
            "there are no VIX futures in the data: the curve is that of a model",
        )  # fmt: skip
        return
    known = table.filter(pl.col("date") <= as_of)
    last = known["date"].max()
    if not isinstance(last, date):
        return
    age = row - int(np.searchsorted(history.dates, np.datetime64(last)))
    if age > STOP_AGE["futures"]:
        yield Check(
            "STALE", "futures", "stop",
            f"the last VIX futures settlements are of {last}, {age} sessions old; refresh them "
            "with `alvh data pull`",
        )  # fmt: skip
    today = known.filter(pl.col("date") == last).sort("expiry")
    if today["expiry"].n_unique() != len(today) or (today["expiry"] <= last).any():
        yield Check(
            "OUT_OF_ORDER", "futures", "stop",
            f"a VIX future of {last} stands twice or has settled; look at the file",
        )  # fmt: skip
    yield from _frozen_curve(known, last, today)


def _frozen_curve(known: pl.DataFrame, last: date, today: pl.DataFrame) -> Iterator[Check]:
    before = known.filter(pl.col("date") < last)
    if before.is_empty() or len(today) < FROZEN_SESSIONS:
        return
    previous = before.filter(pl.col("date") == before["date"].max())
    both = today.join(previous, on="expiry", suffix="_before")
    if len(both) >= FROZEN_SESSIONS and (both["settle"] == both["settle_before"]).all():
        yield Check(
            "FROZEN", "futures", "stop",
            f"every VIX future settled on {last} as on the session before; look at the file",
        )  # fmt: skip


def _book(history: History, row: int, account: Account, as_of: date) -> Iterator[Check]:
    for fault in account.faults:
        yield Check("BOOK", "book", "stop", fault)
    if account.as_of >= as_of:
        yield Check(
            "OUT_OF_ORDER", "book", "stop",
            f"the book is of {account.as_of}; that of an evening before {as_of} was wanted",
        )  # fmt: skip
    previous = history.dates[row - 1].astype(object) if row else as_of
    if account.as_of < previous and not account.memory:
        yield Check("BOOK_OLD", "book", "warn", f"the book is of {account.as_of}")
    if account.memory is not None and account.memory.as_of < previous:
        yield Check(
            "MEMORY_OLD", "memory", "warn",
            f"the last decision is of {account.memory.as_of}: the meters take the days since in "
            "no more than one session's growth",
        )  # fmt: skip
    for what, expiry in _expiries(account):
        if expiry <= min(account.as_of, previous):
            yield Check(
                "UNSETTLED", what, "stop",
                f"{what} expired on {expiry} and has not been settled in the book; import its "
                "settlement",
            )  # fmt: skip


def _expiries(account: Account) -> list[tuple[str, date]]:
    found = [(f"condor {lot.order}", lot.expiry) for lot in account.condors]
    for layer in account.layers:
        found += [
            (f"{layer.layer} {held.symbol}", held.expiry)
            for held, _ in layer.legs
            if held.expiry is not None
        ]
    return found


def _calendar(as_of: date) -> Iterator[Check]:
    closing = closes_at(as_of)
    if closing.time() == HALF_DAY_CLOSE:
        yield Check(
            "HALF_DAY", str(as_of), "tell", f"half day: options close at {closing:%H:%M %Z}"
        )
    near = vix_expiries(as_of, as_of + timedelta(days=9))
    for expiry in near[near["monthly"] == 1]:
        day: date = np.datetime64(int(expiry["date"]), "D").astype(object)
        if day.strftime("%a") != "Wed":
            yield Check(
                "VIX_MOVED", str(day), "tell",
                f"this month's VIX contracts settle on {day:%A} {day}, because of a holiday",
            )  # fmt: skip


def _coming(
    history: History, row: int, account: Account, policy: HedgePolicy, as_of: date
) -> Iterator[Check]:
    following = sessions()[np.searchsorted(sessions(), np.datetime64(as_of), side="right")]
    tomorrow: date = following.astype(object)
    for what, expiry in dict.fromkeys(_expiries(account)):
        if expiry == as_of:
            yield Check("SETTLES_TODAY", what, "tell", f"{what} settles today")
        elif expiry == tomorrow:
            yield Check("SETTLES_TOMORROW", what, "tell", f"{what} settles tomorrow, {expiry}")
        if expiry > as_of and _trades_last(what, expiry, account) == as_of:
            yield Check(
                "LAST_TRADING_DAY", what, "tell",
                f"{what} trades for the last time today: it settles to the opening of {expiry}",
            )  # fmt: skip
    yield from _rolls(account, policy, as_of)
    for kind in EVENTS:
        if np.datetime64(as_of) in event_dates(history, kind):
            yield Check("EVENT", kind, "tell", f"{kind.upper()} today, {as_of}")
    for kind, day in zip(EVENTS, next_events(history)[row], strict=True):
        if not np.isnat(day) and (day - np.datetime64(as_of)).astype(int) <= EVENT_DAYS:
            yield Check("EVENT", kind, "tell", f"{kind.upper()} on {day}")


def _trades_last(what: str, expiry: date, account: Account) -> date | None:
    """Return the last session on which a position trades, where it settles to an opening."""
    by_order = {f"condor {lot.order}": lot.settlement for lot in account.condors}
    at_the_close = by_order.get(what) == "pm" or " SPXW" in what
    return None if at_the_close else last_trading_day(expiry, am=True)


def _rolls(account: Account, policy: HedgePolicy, as_of: date) -> Iterator[Check]:
    for layer in policy.layers:
        lot = account.layer(layer.name)
        if lot is None or lot.legs[0][0].expiry is None:
            continue
        left = (lot.legs[0][0].expiry - as_of).days - int(layer.roll_days)
        if left <= 0:
            yield Check("ROLL_DUE", layer.name, "tell", f"{layer.name}: its roll is due today")
        elif left <= max(ROLL_DAYS):
            within = min(days for days in ROLL_DAYS if left <= days)
            days = f"{left} calendar day{'' if left == 1 else 's'}"
            yield Check(
                "ROLL_NEAR", layer.name, "tell",
                f"{layer.name}: its roll is due in {days} (within {within})",
            )  # fmt: skip


def chain_checks(notes: tuple[str, ...]) -> list[Check]:
    """Return what is not used of the session's option chains as warnings.

    Parameters
    ----------
    notes : tuple of str
        From ``Surfaces.said_of``.
    """
    return [Check("CHAIN", "chain", "warn", note) for note in notes]


def stops(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """Return the codes of the checks that stop, each once."""
    return tuple(dict.fromkeys(check.code for check in checks if check.level == "stop"))
