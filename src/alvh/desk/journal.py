"""The journal: every ticket with the reason it was issued for, what its fills brought, and notes.

It is read off the ledger. A note is an event like any other: it is added, dated, and stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alvh.desk import kinds
from alvh.desk.fold import Fold, Ticketed
from alvh.desk.recording import record
from alvh.errors import GovernanceError
from alvh.ledger import Event, Ledger, checked


@dataclass(frozen=True)
class JournalLine:
    """One ticket.

    Attributes
    ----------
    at : str
        When it was issued, as the event has it.
    ticket, sleeve, instrument : str
        Its name, what it trades for, and the structure.
    opens : bool
        Whether it opens.
    quantity, asked : int
        Structures ordered, and those that the rule asked for.
    reason : str
        The rule's, of the decision that it carries out; empty where no rule asked for it.
    cash : float
        What its fills brought, USD, after fees; negative where they cost.
    state : str
        ``open``, ``filled`` (in part at least), or ``void``.
    notes : tuple of str
        In the order in which they were written.
    """

    at: str
    ticket: str
    sleeve: str
    instrument: str
    opens: bool
    quantity: int
    asked: int
    reason: str
    cash: float
    state: str
    notes: tuple[str, ...]


def journal(ledger: Ledger) -> tuple[JournalLine, ...]:
    """Return every ticket of the ledger, oldest first.

    Raises
    ------
    LedgerError
        Where the chain does not hold.
    """
    state, decisions, notes = Fold(), dict[str, Any](), dict[str, list[str]]()
    stamps: dict[str, str] = {}
    for event in checked(ledger.events()):
        state.take(event)
        content = _wanted(event)
        kind = content.get("kind")
        if kind == kinds.DECISION:
            decisions[event.sha256] = content
        elif kind == kinds.NOTE:
            notes.setdefault(content["ticket"], []).append(content["text"])
        elif kind == kinds.TICKET:
            stamps[content["ticket"]] = content["at"]
    return tuple(
        _line(held, stamps[name], decisions[held.ticket.decision], notes.get(name, []))
        for name, held in state.tickets.items()
    )


def add_note(ledger: Ledger, ticket: str, text: str, by: str, at: datetime) -> Event:
    """Record a note about a ticket.

    Raises
    ------
    GovernanceError
        Where there is no such ticket, or the note is empty.
    """

    def judge(state: Fold) -> None:
        if ticket not in state.tickets:
            last = ", ".join(list(state.tickets)[-5:]) or "none"
            raise GovernanceError(f"there is no ticket {ticket!r}; the last ones: {last}")
        if not text.strip():
            raise GovernanceError("the note is empty; nothing was recorded")

    content = {"ticket": ticket, "text": text, "by": by}
    return record(ledger, kinds.NOTE, content, at, judge)


def _wanted(event: Event) -> dict[str, Any]:
    marks = (kinds.DECISION, kinds.NOTE, kinds.TICKET)
    return event.content if any(f'"kind":"{kind}"' in event.body for kind in marks) else {}


def _line(held: Ticketed, at: str, decision: dict[str, Any], notes: list[str]) -> JournalLine:
    ticket, cash = held.ticket, held.received - held.paid
    state = "void" if held.void else "filled" if cash else "open"
    return JournalLine(
        at=at,
        ticket=ticket.ticket,
        sleeve=ticket.sleeve,
        instrument=ticket.instrument,
        opens=ticket.opens,
        quantity=ticket.quantity,
        asked=ticket.asked,
        reason=_reason(ticket.ticket, ticket.sleeve, decision),
        cash=round(cash, 2),
        state=state,
        notes=tuple(notes),
    )


def _reason(name: str, sleeve: str, decision: dict[str, Any]) -> str:
    """Return the sentence of the rule that asked for an order; its short reason without one."""
    orders = decision.get("orders", [])
    short: Iterator[str] = (one["reason"] for one in orders if one["name"] == name)
    asked = next(short, "")
    for line in decision.get("decisions", []):
        if line["sleeve"] == sleeve and line["reason"] == asked:
            return str(line["text"])
    return asked
