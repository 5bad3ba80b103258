"""The journal: each ticket with its reason, its fills and its notes."""

from collections.abc import Callable

import pytest
from tests.desk.conftest import MONDAY

from alvh.desk.journal import add_note, journal
from alvh.desk.recording import issue, record
from alvh.desk.tickets import Ticket
from alvh.errors import GovernanceError
from alvh.ledger import Event, Ledger

DECISION = {
    "orders": [{"name": "20200302-short-1", "reason": "layer filled"}],
    "decisions": [
        {"sleeve": "condors", "reason": "layer filled", "text": "another sleeve's"},
        {"sleeve": "short", "reason": "layer filled", "text": "bought 4 at 210 USD each"},
    ],
}


def test_a_ticket_stands_with_reason_fills_and_notes(governed: Ledger) -> None:
    decision = record(governed, "decision", DECISION, MONDAY).sha256
    ticket = Ticket(
        ticket="20200302-short-1",
        decision=decision,
        sleeve="short",
        instrument="VIX 200318C20",
        opens=True,
        quantity=3,
        asked=4,
        max_loss=0.0,
        outlay=640.0,
        equity=1e6,
    )
    issue(governed, ticket, {}, MONDAY)
    record(governed, "fill", {"ticket": ticket.ticket, "cash": -420.0}, MONDAY)
    record(governed, "fill", {"ticket": ticket.ticket, "cash": -205.5}, MONDAY)
    add_note(governed, ticket.ticket, "filled late", "ann", MONDAY)
    add_note(governed, ticket.ticket, "broker was slow", "bob", MONDAY)
    (line,) = journal(governed)
    assert (line.cash, line.state) == (-625.5, "filled")
    assert line.reason == "bought 4 at 210 USD each"
    assert line.notes == ("filled late", "broker was slow")
    assert (line.quantity, line.asked) == (3, 4)


def test_states_are_open_and_void(governed: Ledger, order: Callable[..., Event]) -> None:
    order("a")
    order("b")
    record(governed, "ticket.void", {"ticket": "b", "reason": "not filled"}, MONDAY)
    assert [(line.ticket, line.state) for line in journal(governed)] == [
        ("a", "open"),
        ("b", "void"),
    ]
    assert [line.reason for line in journal(governed)] == ["", ""]


def test_a_note_needs_its_ticket_and_words(governed: Ledger, order: Callable[..., Event]) -> None:
    order("a")
    with pytest.raises(GovernanceError, match="no ticket 'z'; the last ones: a"):
        add_note(governed, "z", "what", "ann", MONDAY)
    with pytest.raises(GovernanceError, match="the note is empty"):
        add_note(governed, "a", " ", "ann", MONDAY)
