"""Events, and the hash by which each vouches for the one before it."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import rfc8785

from alvh.errors import LedgerError

GENESIS = "0" * 64


@dataclass(frozen=True)
class Event:
    """One line of the ledger: its number from 1, canonical JSON, and the two hashes in hex."""

    number: int
    body: str
    previous: str
    sha256: str

    @property
    def content(self) -> dict[str, Any]:
        """The recorded event as a mapping."""
        content: dict[str, Any] = json.loads(self.body)
        return content


def digest(number: int, previous: str, body: str) -> str:
    """Return SHA-256 in hex of an event's number, the hash before it and its canonical JSON."""
    return hashlib.sha256(f"{number}\n{previous}\n{body}".encode()).hexdigest()


def link(number: int, previous: str, content: dict[str, Any]) -> Event:
    """Make event ``number`` of ``content``, chained to the hash ``previous``.

    Raises
    ------
    LedgerError
        Where the content has no canonical JSON (NaN, infinity, an unknown type).
    """
    body = canonical(content, f"event {number}")
    return Event(number, body, previous, digest(number, previous, body))


def canonical(content: dict[str, Any], label: str) -> str:
    """Write ``content``, called ``label`` in a refusal, as canonical JSON (RFC 8785).

    Raises
    ------
    LedgerError
        Where the content has no canonical JSON (NaN, infinity, an unknown type).
    """
    try:
        return rfc8785.dumps(content).decode()
    except rfc8785.CanonicalizationError as error:
        raise LedgerError(
            f"{label} cannot be written as canonical JSON: {error}; "
            "record finite numbers, text, lists and mappings"
        ) from error


def check(events: Iterable[Event]) -> tuple[int, str]:
    """Return the count of events and the last hash of a chain that holds.

    Raises
    ------
    LedgerError
        Names the first event that is missing, not chained or altered.
    """
    number, last = 0, GENESIS
    for event in checked(events):
        number, last = event.number, event.sha256
    return number, last


def checked(events: Iterable[Event]) -> Iterator[Event]:
    """Yield events, each once it is known to follow the one before it unaltered.

    Raises
    ------
    LedgerError
        As for :func:`check`, at the event that is wrong.
    """
    previous = GENESIS
    for number, event in enumerate(events, 1):
        _check_link(event, number, previous)
        yield event
        previous = event.sha256


def _check_link(event: Event, number: int, previous: str) -> None:
    fault = ""
    if event.number != number:
        fault = f"is missing: event {event.number} stands in its place"
    elif event.previous != previous:
        fault = "does not follow the event before it"
    elif event.sha256 != digest(number, previous, event.body):
        fault = "was altered after it was recorded"
    if fault:
        raise LedgerError(f"event {number} {fault}; keep the file and restore a copy that verifies")
