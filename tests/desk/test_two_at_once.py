"""Two programs on one ledger: neither counts what the other has recorded."""

import itertools
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.desk.conftest import MONDAY

from alvh.advise.instrument import parse_instrument
from alvh.desk import reconcile as reconciling
from alvh.desk.book import Book
from alvh.desk.entries import Fill
from alvh.desk.governance import propose, sign
from alvh.desk.recording import issue, record
from alvh.desk.standing import fold
from alvh.desk.tickets import Ticket
from alvh.desk.versions import Charter
from alvh.errors import GovernanceError
from alvh.ledger import Event, Ledger, SigningKey
from alvh.policy import load_policy, load_programme


def test_a_fill_that_another_program_recorded_meanwhile_is_not_recorded_twice(
    governed: Ledger, order: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    order("20200302-condors-1")
    call = parse_instrument("VIX   200318C00020000")
    fill = Fill(date(2020, 3, 2), "short", "20200302-condors-1", call, 1, 1.15)
    stale = fold(governed)
    record(governed, "fill", {"ticket": "20200302-condors-1", "cash": -115.0}, MONDAY)
    monkeypatch.setattr(reconciling, "fold", lambda ledger: stale)  # read before the other wrote
    monkeypatch.setattr(reconciling, "ticketed", lambda ledger: ())
    with pytest.raises(GovernanceError, match="recorded meanwhile; run the command again"):
        reconciling.reconcile(governed, Book("main", (fill,)), MONDAY)
    assert fold(governed).tickets["20200302-condors-1"].paid == 115.0


@pytest.fixture
def unbounded(ledger: Ledger, keys: list[SigningKey], charter: Charter) -> Ledger:
    """Return a governed ledger in which no cap ends a day's orders."""
    caps = charter.caps.model_copy(update={"orders_per_day": 1_000_000})
    charter = charter.model_copy(update={"caps": caps})
    hedge, condors = load_policy("alvh-40-40-20"), load_programme("monthly45")
    version = propose(ledger, hedge, condors, charter, MONDAY)
    for key in keys[:2]:
        sign(ledger, version.sha256, key, MONDAY)
    return ledger


def _trade(path: Path, name: str, decision: str, started: Any, refused: Any) -> None:
    """Open one condor after another without pause until that is refused; say when and why."""
    ledger = Ledger(path, "write")
    for count in itertools.count(1):  # however long the halt takes to be typed
        ticket = Ticket(
            ticket=f"{name}{count}", decision=decision, sleeve="condors",
            instrument=f"{name}{count}", opens=True, quantity=1, asked=1, max_loss=1.0,
            outlay=0.0, equity=1e6,
        )  # fmt: skip
        try:
            issue(ledger, ticket, {"legs": []}, datetime.now(UTC))
        except GovernanceError as why:
            refused.put((time.time(), count - 1, str(why)))
            return
        if count == 5:
            started.release()


@pytest.mark.parametrize("programs", [1, 3])
def test_a_halt_that_is_typed_stops_running_programs_within_a_second(
    unbounded: Ledger, programs: int
) -> None:
    """The second counts from the halt's acknowledgement; no ticket follows it in the ledger."""
    decision = record(unbounded, "decision", {"session": "2020-03-02"}, MONDAY).sha256
    context = multiprocessing.get_context("spawn")
    started, refused = context.Semaphore(0), context.Queue()
    traders = [
        context.Process(target=_trade, args=(unbounded.path, f"t{i}-", decision, started, refused))
        for i in range(programs)
    ]
    for trader in traders:
        trader.start()
    for _ in traders:
        assert started.acquire(timeout=120)
    words = ("ledger", "halt", "--ledger", str(unbounded.path), "--reason", "stop", "--by", "ann")
    script = "from alvh.cli import main; main()"
    typed = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True,
                           check=False)  # fmt: skip
    acknowledged = time.time()
    ends = [refused.get(timeout=120) for _ in traders]
    for trader in traders:
        trader.join()
    assert typed.returncode == 0, typed.stderr
    assert all("halted by ann" in why for _, _, why in ends), ends
    assert max(moment for moment, _, _ in ends) - acknowledged < 1.0
    kinds = [event.content["kind"] for event in unbounded.events()]
    assert kinds.count("ticket") == sum(issued for _, issued, _ in ends)
    assert "ticket" not in kinds[kinds.index("override") :]
