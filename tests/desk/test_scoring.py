"""Scores of overrides, by hand: what was left undone is worth what it became."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.advise.books import bundled
from tests.desk.conftest import MONDAY

from alvh.advise.instrument import parse_instrument
from alvh.desk.governance import close_only, halt, reduce
from alvh.desk.recording import issue, record
from alvh.desk.scoring import score, scores, worth
from alvh.desk.tickets import Ticket
from alvh.errors import DataError
from alvh.ledger import Ledger

DAY = MONDAY.date()
# SPXW of Friday 2015-08-21 settled to the close, 1,970.890015 in the bundled file.
END = date(2015, 8, 24)
LEGS = [
    {
        "symbol": "SPXW  150821P01950000",
        "ratio": 1,
        "price": 1.00,
        "mid": 1.0,
        "provenance": "modelled",
    },
    {
        "symbol": "SPXW  150821P02000000",
        "ratio": -1,
        "price": 4.00,
        "mid": 4.0,
        "provenance": "modelled",
    },
]
ORDER = {
    "name": "o-1", "sleeve": "condors", "action": "open", "reason": "x", "quantity": 4,
    "legs": LEGS, "fees_usd": 8.0, "cash_usd": 1192.0,
}  # fmt: skip
EACH = (
    1 * (0.0 - 1.0) - 1 * (29.109985 - 4.0)
) * 100 - 2.0  # the put of 2000 settled at 2000 − 1970.890015


def _decide(ledger: Ledger, *orders: dict[str, Any]) -> str:
    return record(ledger, "decision", {"as_of": str(DAY), "orders": list(orders)}, MONDAY).sha256


def _ticket(ledger: Ledger, decision: str, name: str, **changes: Any) -> None:
    fields = {
        "ticket": name, "decision": decision, "sleeve": "condors", "instrument": "x",
        "opens": True, "quantity": 2, "asked": 4, "max_loss": 1.0, "outlay": 0.0, "equity": 1e6,
    }  # fmt: skip
    issue(ledger, Ticket.model_validate(fields | changes), ORDER | {"name": name}, MONDAY)


def test_an_order_that_was_halved_is_scored_by_the_half(governed: Ledger) -> None:
    reduce(governed, 0.5, DAY, "careful", "ann", MONDAY)
    _ticket(governed, _decide(governed, ORDER), "o-1")
    (one,) = score(governed, bundled(), END)
    assert (one.asked, one.taken, one.overrides) == (4, 2, (4,))
    assert one.each == pytest.approx(EACH, abs=1e-4)
    assert one.rule == pytest.approx(4 * EACH, abs=0.01)
    assert one.difference == pytest.approx(
        -2 * EACH, abs=0.01
    )  # it lost, so half of it was well left


def test_all_of_a_ledger_with_the_reasons(governed: Ledger) -> None:
    reduce(governed, 0.5, DAY, "careful", "ann", MONDAY)
    _ticket(governed, _decide(governed, ORDER), "o-1")
    halt(governed, "of another day", "bob", MONDAY + timedelta(days=3))
    found = scores(governed, bundled(), END)
    assert found.orders == score(governed, bundled(), END)
    assert [(one.action, one.reason, one.by) for one in found.overrides] == [
        ("reduce", "careful", "ann")
    ]
    told = found.plain()
    assert told["difference"] == found.orders[0].difference == pytest.approx(-2 * EACH, abs=0.01)
    assert told["orders"][0]["rule"] == found.orders[0].rule
    assert (told["until"], told["overrides"][0]["by"]) == (END.isoformat(), "ann")
    assert told["data_digest"] == bundled().digest


def _refuse(ledger: Ledger, decision: str, *names: str) -> None:
    refused = dict.fromkeys(names, "the desk is halted")
    record(ledger, "tickets.refused", {"decision": decision, "refused": refused}, MONDAY)


def test_a_halt_after_the_decision_is_scored_by_the_whole(governed: Ledger) -> None:
    decision = _decide(governed, ORDER)
    halt(governed, "wait", "ann", MONDAY)
    _refuse(governed, decision, "o-1")
    (one,) = score(governed, bundled(), END)
    assert (one.taken, one.difference) == (0, pytest.approx(-4 * EACH, abs=0.01))


def test_what_closes_is_not_the_gain_of_a_halt_that_may_not_forbid_it(governed: Ledger) -> None:
    halt(governed, "wait", "ann", MONDAY)
    closing = ORDER | {"name": "o-2", "action": "close"}
    decision = _decide(governed, ORDER, closing)
    _refuse(governed, decision, "o-1")
    assert [one.order for one in score(governed, bundled(), END)] == ["o-1"]


def test_what_a_cap_refused_is_not_the_gain_of_an_override(governed: Ledger) -> None:
    reduce(governed, 0.5, DAY, "careful", "ann", MONDAY)
    _ticket(governed, _decide(governed, ORDER, ORDER | {"name": "capped"}), "o-1")
    assert [one.order for one in score(governed, bundled(), END)] == ["o-1"]


def test_a_decision_whose_tickets_nobody_asked_for_is_named_apart(governed: Ledger) -> None:
    halt(governed, "wait", "ann", MONDAY)
    _decide(governed, ORDER, ORDER | {"name": "o-2", "action": "close"})
    found = scores(governed, bundled(), END)
    assert (found.orders, found.difference) == ((), 0.0)
    (apart,) = found.unasked
    assert (apart.as_of, apart.orders) == (str(DAY), ("o-1",))
    assert found.plain()["unasked"] == [
        {"as_of": str(DAY), "overrides": [apart.overrides[0]], "orders": ["o-1"]}
    ]
    assert [one.action for one in found.overrides] == ["halt"]


def test_what_no_rule_asked_for_is_scored_alone(governed: Ledger) -> None:
    close_only(governed, DAY, "out", "ann", MONDAY)
    _ticket(governed, _decide(governed), "mine", opens=False, asked=0)
    (one,) = score(governed, bundled(), END)
    assert (one.order, one.rule, one.actual) == ("mine", 0.0, pytest.approx(2 * EACH, abs=0.01))


def test_days_without_an_override_and_orders_taken_whole_are_not_scored(governed: Ledger) -> None:
    _decide(governed, ORDER)
    assert score(governed, bundled(), END) == ()


@pytest.mark.parametrize(
    ("symbol", "points"),
    [
        ("SPXW  150821P01950000", 0.0),
        ("SPXW  150821C01950000", 20.890015),
    ],
)
def test_what_has_expired_is_worth_what_it_settled_to(symbol: str, points: float) -> None:
    assert worth(bundled(), parse_instrument(symbol), END)[0] == pytest.approx(points, abs=1e-6)


def test_what_is_alive_is_worth_the_model_mid() -> None:
    import alvh

    symbol = "SPXW  150918P01900000"
    mid = alvh.quote(bundled(), [symbol], END)["mid"][0]
    assert worth(bundled(), parse_instrument(symbol), END)[0] == mid


def test_a_settlement_beyond_the_data_is_refused() -> None:
    with pytest.raises(DataError, match="no settlement of SPXW  210319P01900000"):
        worth(bundled(), parse_instrument("SPXW  210319P01900000"), date(2021, 3, 22))
