"""A ledger with a key, a first version in force, and tickets to issue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from tests.advise.books import bundled

import alvh
from alvh.advise.today import Decision
from alvh.desk.book import Book
from alvh.desk.entries import Flow
from alvh.desk.governance import propose, sign
from alvh.desk.issuing import record_decision
from alvh.desk.paper import as_decided
from alvh.desk.recording import issue, record
from alvh.desk.tickets import Ticket
from alvh.desk.versions import Charter
from alvh.ledger import Event, Ledger, SigningKey, create_key
from alvh.policy import load_policy, load_programme

FIRST = date(2015, 8, 17)
RULES = load_policy("alvh-40-40-20"), load_programme("monthly45")
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


@dataclass
class Lived:
    """Eight sessions of August 2015 at one desk, everything filled as it was decided."""

    ledger: Ledger
    key: SigningKey
    decisions: list[Decision]
    books: list[Book]  # on the evening before each decision


def moment(day: date) -> datetime:
    """Return the moment of a decision, half an hour before the close."""
    return datetime.combine(day, time(19, 30), UTC)


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Live through the crash of 2015-08-24; tests do not add to its ledger."""
    folder = tmp_path_factory.mktemp("lived")
    ledger, key = Ledger(folder / "ledger.db"), create_key(folder / "key.pem")
    version = propose(ledger, *RULES, Charter(keys={"ann": key.public}), moment(FIRST))
    sign(ledger, version.sha256, key, moment(FIRST))
    book = Book("main", (Flow(date(2015, 8, 14), "deposit", 1_000_000.0),))
    days = [day for day in bundled().dates.astype(object).tolist() if day >= FIRST][:8]
    decisions, books = list[Decision](), list[Book]()
    for day in days:
        found = alvh.today(bundled(), book, *RULES, as_of=day)
        record_decision(ledger, found, moment(day))
        decisions.append(found)
        books.append(book)
        book = book.add(as_decided(found)).remember(found.memory)
    return Lived(ledger, key, decisions, books)
