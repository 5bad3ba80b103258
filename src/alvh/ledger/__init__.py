"""The record of what was decided, by which rules, from which data.

An event is canonical JSON (RFC 8785) whose SHA-256 covers the event before it, so that an altered,
moved or missing event in the middle shows. A chain alone cannot show that its end was cut off;
checkpoints, signed and kept outside the file, can. Nothing here reads a market, a policy or a
clock: the caller hands over what is to be recorded.
"""

from alvh.ledger.chain import GENESIS, Event, canonical, checked, digest, link
from alvh.ledger.keys import SigningKey, create_key, is_signed, load_key
from alvh.ledger.store import Ledger

__all__ = [
    "GENESIS",
    "Event",
    "Ledger",
    "SigningKey",
    "canonical",
    "checked",
    "create_key",
    "digest",
    "is_signed",
    "link",
    "load_key",
]
