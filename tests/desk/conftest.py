"""A ledger with a key, a first version in force, and tickets to issue."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alvh.desk.governance import propose, sign
from alvh.desk.recording import issue, record
from alvh.desk.tickets import Ticket
from alvh.desk.versions import Charter
from alvh.ledger import Event, Ledger, SigningKey, create_key
from alvh.policy import load_policy, load_programme

MONDAY = datetime(2020, 3, 2, 20, 0, tzinfo=UTC)  # 14:00 in Chicago


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return an empty ledger."""
    return Ledger(tmp_path / "desk.db")


@pytest.fixture
def keys(tmp_path: Path) -> list[SigningKey]:
    """Return three new keys."""
    return [create_key(tmp_path / f"{name}.pem") for name in ("ann", "bob", "cyd")]


@pytest.fixture
def charter(keys: list[SigningKey]) -> Charter:
    """Return a charter of two of three keys with five days of notice and the default caps."""
    names = ("ann", "bob", "cyd")
    publics = {name: key.public for name, key in zip(names, keys, strict=True)}
    return Charter(keys=publics, signatures=2, notice_days=5)


@pytest.fixture
def governed(ledger: Ledger, keys: list[SigningKey], charter: Charter) -> Ledger:
    """Return a ledger whose first version is in force."""
    hedge, condors = load_policy("alvh-40-40-20"), load_programme("monthly45")
    version = propose(ledger, hedge, condors, charter, MONDAY)
    for key in keys[:2]:
        sign(ledger, version.sha256, key, MONDAY)
    return ledger


@pytest.fixture
def order(governed: Ledger) -> Callable[..., Event]:
    """Issue a ticket of one condor that can lose 2,000 of 1,000,000 USD, or one changed by name."""
    decision = record(governed, "decision", {"session": "2020-03-02"}, MONDAY).sha256

    def _order(name: str, at: datetime = MONDAY, **changes: Any) -> Event:
        fields: dict[str, Any] = {
            "ticket": name,
            "decision": decision,
            "sleeve": "condors",
            "instrument": "SPXW 2020-04-17 2700/2600/3200/3300",
            "opens": True,
            "quantity": 1,
            "asked": 1,
            "max_loss": 2_000.0,
            "outlay": 0.0,
            "equity": 1_000_000.0,
        }
        return issue(governed, Ticket(**{**fields, **changes}), {"legs": []}, at)

    return _order
