"""Today: what is checked, what is ordered, and every rule with why and why not.

Where the server has a ledger, the rules in force there decide, and nothing is shown as a ticket
that the ledger would not let out: the same answer as ``alvh today --ledger`` gives.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import Query, Request
from pydantic import BeforeValidator, Field

import alvh
from alvh.desk.book import Book
from alvh.desk.book_files import read_book
from alvh.desk.closes import next_close, not_to_be_sent
from alvh.desk.entries import Flow
from alvh.desk.issuing import decide as decide_by_ledger
from alvh.desk.preview import Preview, preview
from alvh.desk.standing import standing
from alvh.desk.summaries import rules_line, state_line
from alvh.errors import GovernanceError, LedgerError
from alvh.formats import decimal, dollars, percent
from alvh.ledger import Ledger
from alvh.priced import Priced
from alvh.web.desk import Desk
from alvh.web.pages import figure
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Account, exact, left_alone

LIGHTS = {
    "stop": ("■", "bad", "stop"), "warn": ("▲", "warn", "warning"), "tell": ("●", "soft", "note"),
}  # fmt: skip
NOTHING_DUE = "nothing falls due"


def _coloured(value: Any) -> str:
    return str(value or "–")


HEALTH: dict[str, tuple[str, Callable[[Any], str]]] = {
    "nav_usd": ("Account, USD", dollars),
    "cash_usd": ("Cash, USD", dollars),
    "condors": ("Condors open, contracts", figure),
    "condor_margin_usd": ("Margin of the condors, USD", dollars),
    "hedge_value_usd": ("Hedge at mid, USD", dollars),
    "hedge_margin_usd": ("Margin of the hedge, USD", dollars),
    "quick_ratio": ("Quick ratio: liquid means over what falls due", decimal),
    "quick_ratio_colour": ("Light of the quick ratio", _coloured),
    "carry_per_year_usd": ("Carry of the hedge, USD a year", dollars),
    "stress_gain_usd": ("Gain of the hedge in the stress, USD", dollars),
    "vix": ("VIX, points", decimal),
    "spx": ("S&P 500, points", decimal),
    "rate": ("Money-market rate, a year", percent),
}


class Decided(Account):
    """An account, and by which rules its session is decided."""

    rules: Annotated[Literal["ledger", "chosen"] | None, BeforeValidator(left_alone)] = Field(
        default=None,
        description="the rules in force in the ledger, or those chosen here; by default the "
        "ledger's where there is one",
    )


@dataclass(frozen=True)
class Found:
    """A decision, and what the ledger says to it.

    Attributes
    ----------
    decision : Decision
    governed : Preview or None
        None where the rules chosen on the page decided.
    """

    decision: Any
    governed: Preview | None

    @property
    def withheld(self) -> bool:
        """Whether the ledger keeps back any part of what the rules ask for."""
        return self.governed is not None and bool(self.governed.refused or self.governed.reduced)

    def tickets(self, warning: str) -> list[tuple[Any, Any, str, str]]:
        """Each order as decided, as it may be ordered, as text to copy, and why not."""
        if self.governed is None:
            return [(one, one, ticket(one, warning), "") for one in self.decision.orders]
        allowed, refused = self.governed.orders, self.governed.refused
        return [
            (one, allowed.get(one.name),
             ticket(allowed[one.name], warning) if one.name in allowed else "",
             refused.get(one.name, ""))
            for one in self.decision.orders
        ]  # fmt: skip


def ask(request: Request, asked: Annotated[Decided, Query()]) -> Shown:
    """Decide the session that is asked for, by default the last of the data."""
    desk: Desk = request.app.state.desk
    facts: dict[str, Any] = {
        "book": desk.book_file, "lights": LIGHTS, "asked": asked, "force": {},
        "inert": ("start", "equity") if desk.book_file is not None else ("start",),
    }  # fmt: skip
    try:
        found = find(desk, asked)
    except (GovernanceError, LedgerError) as refusal:
        facts |= {"refused": " ".join(str(refusal).split()), "ledger": desk.ledger}
        return Shown("/today", asked, (), facts, {"code_version": request.app.version})
    decision = found.decision
    plain, now = decision.plain(), desk.now()
    warning = not_to_be_sent(decision.as_of, now)
    facts |= {
        "refused": "", "decision": plain, "digest": decision.digest,
        "tickets": found.tickets(warning), "money": money,
        "priced": priced(plain), "rules": standing_lines(desk, asked, found),
        "over": bool(warning),
        "next_close": next_close(now).isoformat(), "headline": headline(found),
        "withheld": found.withheld,
        "health": health_rows(plain["health"]),
        "force": in_force(desk, found),
    }  # fmt: skip
    return Shown("/today", asked, panels(plain), facts, decision.meta)


router = screen_routes("today", ask)


@router.get("/api/today")
def today(request: Request, asked: Annotated[Decided, Query()]) -> dict[str, Any]:
    """Give the decision, as ``alvh today --json`` does; it is not recorded."""
    desk: Desk = request.app.state.desk
    found = find(desk, asked)
    beside: dict[str, Any] = {"warning": not_to_be_sent(found.decision.as_of, desk.now())}
    if found.governed is not None:
        beside |= {"may_be_ordered": found.governed.plain()}
    return dict(found.decision.plain()) | beside


def find(desk: Desk, asked: Decided) -> Found:
    """Decide by the ledger where there is one and nothing else was chosen."""
    file = ledger_in_force(desk, asked)
    desk.hedge(asked), desk.programme(asked)  # what is not on offer is refused, used or not
    if file is None:
        return Found(decide(desk, asked), None)
    ledger, at = Ledger(file, "read"), datetime.now(UTC)
    try:
        book = held(desk, asked)
        decision = decide_by_ledger(
            ledger, desk.history, book, at, as_of=asked.end, on=asked.end or desk.today(),
            fill=asked.fill,
        )  # fmt: skip
        return Found(decision, preview(ledger, decision, at, book))
    finally:
        ledger.close()


def ledger_in_force(desk: Desk, asked: Decided) -> Path | None:
    """Return the ledger whose rules decide; None where those chosen on the page do."""
    if asked.rules == "chosen" or not desk.governed:
        return None
    return desk.ledger


def in_force(desk: Desk, found: Found) -> dict[str, str]:
    """Return the names of the hedge and the condors in force; empty where no ledger says any."""
    if found.governed is not None:
        version = found.governed.standing.version
    elif desk.governed and desk.ledger is not None:
        try:
            version = standing(Ledger(desk.ledger, "read"), desk.now()).version
        except LedgerError:
            return {}
    else:
        return {}
    return {} if version is None else {"hedge": version.hedge.name, "condors": version.condors.name}


def decide(desk: Desk, account: Account) -> Any:
    """Decide one session from the user's book, or from cash alone where there is none."""
    return alvh.today(
        desk.history, held(desk, account), desk.hedge(account), desk.programme(account),
        as_of=account.end, on=account.end or desk.today(), fill=account.fill,
    )  # fmt: skip


def held(desk: Desk, account: Account) -> Book:
    """Return the book of the server's file as it is now; without one, an account of cash."""
    if desk.book_file is not None:
        return read_book(desk.book_file)
    first: date = desk.history.dates[0].astype(object)
    return Book("cash alone", (Flow(first, "deposit", account.equity),))


def headline(found: Found) -> str:
    """Say what may be traded: the verdict of the rules, less what the ledger withholds."""
    if found.governed is None or not found.withheld:
        return str(found.decision.verdict)
    allowed, refused, reduced = (
        found.governed.orders, found.governed.refused, found.governed.reduced
    )  # fmt: skip
    asked = f"of {len(found.decision.orders)} orders that the rules ask for,"
    kept = [f"{len(refused)} withheld ({', '.join(refused)})"] if refused else []
    kept += [f"{len(reduced)} reduced ({', '.join(reduced)})"] if reduced else []
    first = "trade in part" if allowed else "nothing may be ordered"
    return f"{first}: {asked} {' and '.join(kept)}"


def standing_lines(desk: Desk, asked: Decided, found: Found) -> list[tuple[str, str]]:
    """Say by which rules the session is decided and what they leave room for: (light, words)."""
    if found.governed is None:
        words = "Decided by the rules chosen here; nothing was asked of a ledger"
        at = f" at {desk.ledger}" if desk.ledger else ""
        return [("tell", words if desk.governed else f"{words}, for there is none{at}")]
    now = found.governed.standing
    lines = [("tell", f"In force: {rules_line(now)}, from {desk.ledger}")]
    lines += [
        ("warn", f"{value}, which the address asks for, is left aside: the rules in force decide")
        for name, value, used in (("hedge", asked.hedge, found.decision.meta["policy"]),
                                  ("condors", asked.condors, found.decision.meta["programme"]))
        if name in asked.model_fields_set and value != used
    ]  # fmt: skip
    lines.append(("stop" if now.reason else "tell", state_line(now)))
    lines += [("warn", f"{one.action} until {one.until} by {one.by}, event {one.number}: "
               f"{one.reason}") for one in now.restrictions]  # fmt: skip
    lines += [("stop", f"Book and broker disagree: {line}") for line in now.differences]
    equity = found.decision.panel.get("nav_usd")
    if isinstance(equity, float):
        lines.append(
            (
                "tell",
                f"Caps: a condor may lose {now.condor_limit(equity):,.0f} USD, the "
                f"hedge may still cost {now.hedge_left(equity):,.0f} USD this year, "
                f"{now.orders_left} of {now.caps.orders_per_day} orders are left today",
            )
        )
    if now.pending is not None and now.pending.effective is not None:
        lines.append(("warn", f"Version {now.pending.version.number} is signed and comes into "
                      f"force on {now.pending.effective:%Y-%m-%d %H:%M} UTC"))  # fmt: skip
    lines.append(("tell", f"This decision is {recorded(desk, asked, found)}"))
    return lines


def recorded(desk: Desk, asked: Decided, found: Found) -> str:
    """Say whether a decision is recorded, or which command does that."""
    if found.governed is not None and found.governed.event is not None:
        return f"event {found.governed.event}"
    command = typed(desk, asked)
    if not found.decision.orders:
        return f"not recorded yet: {command} records it"
    return f"not recorded yet: {command} --tickets FOLDER records it and issues the tickets"


def typed(desk: Desk, asked: Decided) -> str:
    """Return the command that decides the same, with what the server was started with.

    Examples
    --------
    >>> desk = Desk(None, "my data", {}, {}, ledger=Path("l.db"), book_file=Path("b.yaml"))
    >>> typed(desk, Decided(end=date(2026, 4, 6)))
    "alvh today --ledger l.db --book b.yaml --data 'my data' --as-of 2026-04-06"
    """
    words = ["alvh", "today", "--ledger", str(desk.ledger)]
    words += ["--book", str(desk.book_file or "FILE"), "--data", desk.source]
    words += ["--as-of", str(asked.end)] if asked.end else []
    words += ["--fill", exact(asked.fill)] if "fill" in asked.query() else []
    return shlex.join(words)


def priced(plain: dict[str, Any]) -> str:
    """Say what the prices of a decision's orders rest on; empty where there are none."""
    found = Priced.of(leg["provenance"] for order in plain["orders"] for leg in order["legs"])
    return found.words("prices of these orders") if found.count else ""


def money(order: Any) -> str:
    """Say what an order brings or costs, as a trader would."""
    fees = f"fees of {decimal(order.fees)} USD"
    if order.cash < 0.0:
        return f"costs {dollars(-order.cash)} USD, {fees} included"
    return f"brings {dollars(order.cash)} USD after {fees}"


def ticket(order: Any, warning: str = "") -> str:
    """Write an order as one block of text, to be copied, under what has to go along with it."""
    legs = [
        f"  {'BUY ' if leg.ratio > 0 else 'SELL'} {abs(leg.ratio) * order.quantity:>4} "
        f"{leg.instrument.symbol}  mid {leg.mid:.2f} {leg.provenance}"
        for leg in order.legs
    ]
    closes = f"\n  closes {order.closes}" if order.closes else ""
    head = f"{order.name}: {order.action} {order.quantity} at {order.limit}"
    return "\n".join([*([warning] if warning else []), head, *legs]) + closes


def panels(plain: dict[str, Any]) -> tuple[Panel, ...]:
    """Return the tables of the screen, each with its file."""
    tables = {name: pl.DataFrame(plain[name], infer_schema_length=None)
              for name in ("decisions", "layers", "checks")}  # fmt: skip
    tables["health"] = pl.DataFrame(health_rows(plain["health"]))
    return tuple(Panel(name, "", {}, table, "") for name, table in tables.items())


def health_rows(health: dict[str, Any]) -> list[dict[str, str | None]]:
    """Return the figures of the book's health; a ratio to nothing says so in place of a dash."""
    rows = [health_row(*one) for one in health.items()]
    if health.get("quick_ratio") is None and health.get("quick_ratio_colour") == "green":
        rows = [row | {"shown": NOTHING_DUE} if row["key"] == "quick_ratio" else row
                for row in rows]  # fmt: skip
    return rows


def health_row(key: str, value: float | str | None) -> dict[str, str | None]:
    """Return a figure of the book's health with its name and unit, as it is and as it is shown."""
    name, write = HEALTH.get(key, (key.replace("_", " "), figure))
    return {"key": key, "name": name, "value": None if value is None else str(value),
            "shown": write(value)}  # fmt: skip
