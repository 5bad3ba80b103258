"""Two programs on one ledger: neither counts what the other has recorded."""

from collections.abc import Callable
from datetime import date

import pytest
from tests.desk.conftest import MONDAY

from alvh.advise.instrument import parse_instrument
from alvh.desk import reconcile as reconciling
from alvh.desk.book import Book
from alvh.desk.entries import Fill
from alvh.desk.recording import record
from alvh.desk.standing import fold
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
