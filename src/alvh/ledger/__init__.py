"""The record of what was decided, by which rules, from which data.

An event is canonical JSON (RFC 8785) whose SHA-256 covers the event before it, so that an altered,
moved or missing event in the middle shows. A chain alone cannot show that its end was cut off.
Nothing here reads a market, a policy or a clock: the caller hands over what is to be recorded.
"""

from alvh.ledger.chain import GENESIS, Event, digest, link
from alvh.ledger.store import Ledger

__all__ = ["GENESIS", "Event", "Ledger", "digest", "link"]
