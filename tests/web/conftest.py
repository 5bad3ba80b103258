"""One desk on the bundled data for all tests of the dashboard."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

from fastapi.testclient import TestClient

from alvh.desk.book import Book
from alvh.desk.book_files import write_book
from alvh.desk.entries import Flow
from alvh.desk.governance import propose, reduce, sign
from alvh.desk.issuing import decide, issue_tickets, record_decision
from alvh.desk.paper import as_decided
from alvh.desk.reconcile import reconcile
from alvh.desk.versions import Caps, Charter
from alvh.ledger import Ledger, SigningKey, create_key
from alvh.market.chains.importing import import_chains
from alvh.market.history import load_history
from alvh.policy import load_policy, load_programme
from alvh.web import Desk, create_app, open_desk

HOST = "127.0.0.1:8765"
TOKEN = "token-of-the-tests"


@pytest.fixture(scope="session")
def desk() -> Desk:
    """The desk of a server on the bundled data."""
    return open_desk("bundled")


@pytest.fixture(scope="session")
def client(desk: Desk) -> TestClient:
    """A client that reaches the server by its own address."""
    return TestClient(create_app(desk, [HOST], TOKEN), base_url=f"http://{HOST}")


DAY = date(2015, 8, 17)


def moment(day: date) -> datetime:
    """Half an hour before options close on a day."""
    return datetime.combine(day, time(19, 30), UTC)


@dataclass(frozen=True)
class Desked:
    """A desk of one owner that has decided one session under an override.

    Attributes
    ----------
    ledger, book : Path
        The files.
    key : SigningKey
    """

    ledger: Path
    book: Path
    key: SigningKey


@pytest.fixture
def desked(desk: Desk, tmp_path: Path) -> Desked:
    """A desk of its own for a test."""
    return found_desk(desk, tmp_path)


def found_desk(desk: Desk, folder: Path) -> Desked:
    """Decide the first session with an order cut to half by an override, and fill what was cut."""
    ledger, key = Ledger(folder / "desk.db"), create_key(folder / "ann.pem")
    caps = Caps(condor_share=0.2, hedge_spend_per_year=1.0, orders_per_day=40)
    rules = load_policy("alvh-40-40-20"), load_programme("monthly45")
    version = propose(ledger, *rules, Charter(keys={"ann": key.public}, notice_days=0, caps=caps),
                      moment(DAY))  # fmt: skip
    sign(ledger, version.sha256, key, moment(DAY))
    reduce(ledger, 0.5, DAY, "a storm", "ann", moment(DAY))
    book = Book("main", (Flow(date(2015, 8, 14), "deposit", 1_000_000.0),))
    decision = decide(ledger, desk.history, book, moment(DAY), as_of=DAY)
    event = record_decision(ledger, decision, moment(DAY))
    issued = issue_tickets(ledger, decision, event, moment(DAY), book)
    cut = replace(decision, decided=replace(decision.decided, orders=issued.orders))
    book = book.add(as_decided(cut))
    assert reconcile(ledger, book, moment(DAY)) == ()
    write_book(folder / "main.yaml", book)
    return Desked(ledger.path, folder / "main.yaml", key)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger with one version of the rules in force and another proposed."""
    ledger = Ledger(tmp_path / "ledger.db")
    key = create_key(tmp_path / "me.pem")
    charter = Charter(keys={"ann": key.public})
    condors = load_programme("monthly45")
    for hedge in ("alvh-40-40-20", "vxth"):
        now = datetime.now(UTC)
        version = propose(ledger, load_policy(hedge), condors, charter, now)
        sign(ledger, version.sha256, key, now)
    return ledger.path


@pytest.fixture(scope="session")
def quoted_desk(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk on the real data with the imported SPX chains of spring 2019."""
    chains = tmp_path_factory.mktemp("chains")
    import_chains([shared_data / "chains" / "spx_eod_2019"], chains)
    bundled = open_desk("bundled")
    history = load_history(shared_data, chains=chains)
    return Desk(history, "quoted", bundled.hedges, bundled.programmes)


@pytest.fixture(scope="session")
def quoted_client(quoted_desk: Desk) -> TestClient:
    """A client of a server whose sessions have quotes in part."""
    return TestClient(create_app(quoted_desk, [HOST], TOKEN), base_url=f"http://{HOST}")
