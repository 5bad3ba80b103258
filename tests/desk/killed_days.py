"""Days of a desk (decide, record, issue, write, fill, reconcile, watch) under kills.

The decisions are made beforehand; what is killed is everything that writes. However often it is
killed, the days must end as they end without a kill.
"""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any

from alvh.advise.today import Decision
from alvh.desk.alerts import Alert, raise_once
from alvh.desk.audit import audit
from alvh.desk.book import Book
from alvh.desk.book_files import read_book, write_book
from alvh.desk.delivery import write_alerts
from alvh.desk.fold import Ticketed
from alvh.desk.governance import propose, sign
from alvh.desk.issuing import issue_tickets, record_decision
from alvh.desk.paper import as_decided
from alvh.desk.reconcile import reconcile
from alvh.desk.standing import fold
from alvh.desk.ticket_files import write_tickets
from alvh.desk.versions import Charter
from alvh.ledger import Ledger, create_key
from alvh.policy import load_policy, load_programme

LONGEST = 0.25  # seconds from the start of the writing to the kill
RULES = load_policy("alvh-40-40-20"), load_programme("monthly45")


@dataclass(frozen=True)
class Ended:
    """How the days ended.

    Attributes
    ----------
    decisions : int
        Recorded.
    tickets : dict of str to tuple
        By name: structures, outlay, what its fills cost and brought (USD), void.
    differences : tuple of str
        Between book and tickets.
    alerts : int
        Raised.
    book : Book
        As it reads; a whole number may be written with a point or without.
    files : dict of str to bytes
        Tickets and alerts as written; not the hidden drafts that kills leave.
    """

    decisions: int
    tickets: dict[str, tuple[int, float, float, float, bool]]
    differences: tuple[str, ...]
    alerts: int
    book: Book
    files: dict[str, bytes]


def moment(day: date) -> datetime:
    """Return the moment at which a day is decided."""
    return datetime.combine(day, clock(19, 30), UTC)


def begin(folder: Path, first: Decision, book: Book) -> Path:
    """Found a desk of one owner with its book and return its ledger."""
    ledger, key = Ledger(folder / "ledger.db"), create_key(folder / "key.pem")
    at = moment(first.as_of)
    version = propose(ledger, *RULES, Charter(keys={"ann": key.public}), at)
    sign(ledger, version.sha256, key, at)
    ledger.close()
    write_book(folder / "book.yaml", book)
    return ledger.path


def live(path: Path, decisions: Sequence[Decision], tell: Any = lambda sha256: None) -> None:
    """Live through the days that are not over yet, saying what is on disk."""
    ledger = Ledger(path, "write")
    last = max((day for day in _sessions(ledger)), default="")
    for decision in decisions:
        if str(decision.as_of) >= last:
            _live_day(ledger, decision, tell)


def _sessions(ledger: Ledger) -> list[str]:
    contents = (event.content for event in ledger.events())
    return [one["as_of"] for one in contents if one["kind"] == "decision"]


def _live_day(ledger: Ledger, decision: Decision, tell: Any) -> None:
    folder, at = ledger.path.parent, moment(decision.as_of)
    event = record_decision(ledger, decision, at)
    tell(event.sha256)
    book = read_book(folder / "book.yaml")
    known = {entry.key for entry in book.entries}
    new = [entry for entry in as_decided(decision) if entry.key not in known]
    if new:  # once a day's fills are in the book, nothing of it is written again
        issued = issue_tickets(ledger, decision, event, at, book)
        write_tickets(folder / "tickets" / str(decision.as_of), issued.orders, issued.refused)
    book = book.add(new).remember(decision.memory)
    write_book(folder / "book.yaml", book)
    reconcile(ledger, book, at)
    raise_once(ledger, (Alert(f"signal:{decision.as_of}", "signal ready", "lived"),), at)
    write_alerts(ledger, folder / "alerts.jsonl")


def killed(path: Path, decisions: Sequence[Decision], seed: int) -> list[str]:
    """Let the days go on and kill them; return the decisions that were acknowledged."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(path, decisions, theirs.send))
    process.start()
    theirs.close()
    time.sleep(random.Random(seed).uniform(0.0, LONGEST))
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    heard = list[str]()
    try:
        while True:
            heard.append(ours.recv())
    except (EOFError, OSError):
        return heard


def ended(path: Path) -> Ended:
    """Audit the ledger and return how the days ended."""
    ledger = Ledger(path, "read")
    audit(ledger)
    state, folder = fold(ledger), path.parent
    files = [*folder.glob("tickets/**/*"), folder / "alerts.jsonl"]
    return Ended(
        decisions=len(state.decisions),
        tickets={name: _plain(held) for name, held in state.tickets.items()},
        differences=state.differences,
        alerts=len(state.alerts),
        book=read_book(folder / "book.yaml"),
        files={str(f.relative_to(folder)): f.read_bytes() for f in files if _is_finished(f)},
    )


def _plain(held: Ticketed) -> tuple[int, float, float, float, bool]:
    """Leave out the decision's event, whose hash comes of the desk's own key."""
    return held.ticket.quantity, held.ticket.outlay, held.paid, held.received, held.void


def _is_finished(file: Path) -> bool:
    return file.is_file() and not file.name.startswith(".")
