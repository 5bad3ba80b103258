"""Two programs on one ledger: neither counts what the other has recorded."""

import itertools
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.desk.conftest import MONDAY

from alvh.advise.instrument import parse_instrument
from alvh.desk import reconcile as reconciling
from alvh.desk.book import Book
from alvh.desk.entries import Fill
from alvh.desk.recording import issue, record
from alvh.desk.standing import fold
from alvh.desk.tickets import Ticket
from alvh.errors import GovernanceError
from alvh.ledger import Event, Ledger


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


def _trade(path: Path, decision: str, started: Any, refused: Any) -> None:
    """Open one condor after another until that is refused, and say when and why."""
    ledger = Ledger(path, "write")
    for count in itertools.count(1):  # however long the halt takes to be typed
        ticket = Ticket(
            ticket=f"t{count}", decision=decision, sleeve="condors", instrument=f"c{count}",
            opens=True, quantity=1, asked=1, max_loss=1.0, outlay=0.0, equity=1e6,
        )  # fmt: skip
        try:
            issue(ledger, ticket, {"legs": []}, datetime.now(UTC) + timedelta(days=count))
        except GovernanceError as why:
            refused.put((time.time(), count, str(why)))
            return
        time.sleep(0.02)  # a writer that never pauses can keep the halt from its turn
        if count == 5:
            started.set()


def test_a_halt_that_is_typed_stops_a_running_program_within_a_second(governed: Ledger) -> None:
    """The program trades on one day after another, so that no cap ends it: its clock runs ahead.

    The second counts from the halt's acknowledgement; no ticket follows it in the ledger either.
    """
    decision = record(governed, "decision", {"session": "2020-03-02"}, MONDAY).sha256
    context = multiprocessing.get_context("spawn")
    started, refused = context.Event(), context.Queue()
    trader = context.Process(target=_trade, args=(governed.path, decision, started, refused))
    trader.start()
    assert started.wait(120)
    words = ("ledger", "halt", "--ledger", str(governed.path), "--reason", "stop", "--by", "ann")
    script = "from alvh.cli import main; main()"
    typed = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True,
                           check=False)  # fmt: skip
    acknowledged = time.time()
    moment, count, why = refused.get(timeout=120)
    trader.join()
    assert (typed.returncode, "halted by ann" in why) == (0, True), typed.stderr + why
    assert moment - acknowledged < 1.0
    kinds = [event.content["kind"] for event in governed.events()]
    assert kinds.count("ticket") == count - 1
    assert "ticket" not in kinds[kinds.index("override") :]
