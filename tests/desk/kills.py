"""A desk at work in a process of its own, killed at a random moment, and what must hold after.

Used by the tests with a few kills and by `docs/build_ledger.py` with many.
"""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alvh.desk.audit import audit, sign_checkpoint
from alvh.desk.governance import halt, propose, resume, sign
from alvh.desk.recording import issue, record
from alvh.desk.tickets import Ticket
from alvh.desk.versions import Caps, Charter
from alvh.errors import GovernanceError
from alvh.ledger import Event, Ledger, SigningKey, create_key, load_key
from alvh.policy import load_policy, load_programme

START = datetime(2020, 3, 2, 20, 0, tzinfo=UTC)
LONGEST = 0.3  # seconds from the first event to the kill; a dozen or two events
NAMES = 40  # tickets are named from so few that names come twice


@dataclass
class Desk:
    """One desk: its ledger, its key, its moments and its chance."""

    ledger: Ledger
    key: SigningKey
    chance: random.Random
    at: datetime

    def act(self) -> Event | None:
        """Do one thing at random; return the event that was acknowledged, if one was."""
        self.at += timedelta(seconds=1)
        try:
            return self.chance.choice(ACTS)(self)
        except GovernanceError:  # halted, issued before, nothing to resume: refused, as it should
            return None

    def order(self) -> Event:
        """Decide, and issue a ticket that opens or closes."""
        decision = record(self.ledger, "decision", {"session": "2020-03-02"}, self.at)
        ticket = Ticket(
            ticket=f"t{self.chance.randrange(NAMES)}",
            decision=decision.sha256,
            sleeve="condors",
            instrument=f"condor {self.at}",
            opens=self.chance.random() < 0.7,
            quantity=1,
            asked=1,
            max_loss=1_000.0,
            outlay=0.0,
            equity=1e6,
        )
        return issue(self.ledger, ticket, {}, self.at)

    def fill(self) -> Event:
        """Record a fill."""
        name = f"t{self.chance.randrange(NAMES)}"
        return record(self.ledger, "fill", {"ticket": name, "cash": 115.0}, self.at)

    def halt(self) -> Event:
        """Halt."""
        return halt(self.ledger, "by chance", "ann", self.at)

    def resume(self) -> None:
        """Resume, in two events of which a kill may leave one."""
        resume(self.ledger, self.key, self.at)

    def checkpoint(self) -> None:
        """Sign a checkpoint."""
        sign_checkpoint(self.ledger, self.key, self.at)


ACTS = (
    *(Desk.order,) * 4,
    *(Desk.fill,) * 2,
    *(Desk.resume,) * 2,
    Desk.halt,
    Desk.checkpoint,
)


def found(folder: Path) -> Path:
    """Make a desk of one owner in ``folder`` and return its ledger."""
    key = create_key(folder / "key.pem")
    ledger = Ledger(folder / "ledger.db")
    caps = Caps(orders_per_day=1_000_000)
    charter = Charter(keys={"ann": key.public}, caps=caps)
    rules = load_policy("alvh-40-40-20"), load_programme("monthly45")
    sign(ledger, propose(ledger, *rules, charter, START).sha256, key, START)
    ledger.close()
    return ledger.path


def _work(path: Path, seed: int, pipe: Any) -> None:
    ledger = Ledger(path, "write")
    (*_, last) = ledger.events()
    at = datetime.fromisoformat(last.content["at"])
    desk = Desk(ledger, load_key(path.with_name("key.pem")), random.Random(seed), at)
    pipe.send("ready")
    while True:
        event = desk.act()
        if event is not None:
            pipe.send(event.sha256)


def killed(path: Path, seed: int) -> list[str]:
    """Let a desk work on ``path``, kill it, and return the hashes that it acknowledged."""
    moment = random.Random(-seed).uniform(0.0, LONGEST)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(path, seed, theirs))
    process.start()
    theirs.close()
    ours.recv()
    time.sleep(moment)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    return list(_received(ours))


def _received(pipe: Any) -> Iterator[str]:
    try:
        while True:
            yield pipe.recv()
    except (EOFError, OSError):  # a message of which the kill left half was not acknowledged
        return


@dataclass(frozen=True)
class Kept:
    """What was found after the kills.

    Attributes
    ----------
    kills, acknowledged, events, checkpoints : int
        Kills, acknowledged events, events in the chain, checkpoints that hold.
    lost, twice, opened_halted : int
        Acknowledged events that are gone, ticket names that stand twice, tickets that opened
        something between a halt and its end. All three must be nought.
    """

    kills: int
    acknowledged: int
    events: int
    checkpoints: int
    lost: int
    twice: int
    opened_halted: int


def kept(path: Path, kills: int, acknowledged: set[str]) -> Kept:
    """Audit the ledger and count what went wrong, from the events themselves."""
    ledger = Ledger(path, "read")
    found = audit(ledger)
    events = list(ledger.events())
    names = Counter(
        event.content["ticket"] for event in events if event.content["kind"] == "ticket"
    )
    return Kept(
        kills=kills,
        acknowledged=len(acknowledged),
        events=found.count,
        checkpoints=found.checkpoints,
        lost=len(acknowledged - {event.sha256 for event in events}),
        twice=sum(count > 1 for count in names.values()),
        opened_halted=opened_while_halted(events),
    )


def opened_while_halted(events: list[Event]) -> int:
    """Count tickets that open between a halt and the signature of a version that names it.

    The desk of one owner: a version that only resumes is in force with its first signature.
    """
    halted, resuming, count = None, {}, 0
    for event in events:
        content = event.content
        if content["kind"] == "override" and content["action"] == "halt":
            halted = event.sha256
        elif content["kind"] == "version.proposed":
            resuming[content["version"]] = content["document"]["resumes"]
        elif content["kind"] == "version.signed" and resuming[content["version"]] == halted:
            halted = None
        elif content["kind"] == "ticket" and content["opens"] and halted is not None:
            count += 1
    return count
