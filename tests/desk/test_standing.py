"""Standing: the rules in force and what they leave, as a fold over the chain."""

import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from tests.desk.conftest import MONDAY

from alvh.desk.governance import close_only, halt, propose, reduce, resume, sign
from alvh.desk.moments import write_moment
from alvh.desk.recording import record
from alvh.desk.standing import standing
from alvh.desk.versions import Caps, Charter
from alvh.errors import GovernanceError, LedgerError
from alvh.ledger import Event, Ledger, SigningKey, create_key
from alvh.policy import load_policy, load_programme, policy_hash

Order = Callable[..., Event]
DAY = timedelta(days=1)


def _change(ledger: Ledger, charter: Charter, hedge: str, at=MONDAY):
    return propose(ledger, load_policy(hedge), load_programme("monthly45"), charter, at)


def test_an_empty_ledger_allows_nothing(ledger: Ledger) -> None:
    now = standing(ledger, MONDAY)
    assert (now.version, now.share, now.orders_left) == (None, 0.0, 0)
    assert now.reason.startswith("no version of the rules is in force")
    with pytest.raises(GovernanceError, match="propose and sign one"):
        _ = now.hedge


def test_the_first_version_holds_once_it_has_its_signatures(
    ledger: Ledger, keys: list[SigningKey], charter: Charter
) -> None:
    version = _change(ledger, charter, "alvh-40-40-20")
    assert sign(ledger, version.sha256, keys[0], MONDAY).version is None
    now = sign(ledger, version.sha256, keys[2], MONDAY)
    assert now.version == version
    assert policy_hash(now.hedge) == version.hedge_hash == policy_hash(load_policy("alvh-40-40-20"))
    assert (now.reason, now.share) == ("", 1.0)
    # 10 % of a million for one condor, 6 % for hedges of a year, 20 orders a day: Caps' defaults
    assert (now.condor_limit(1e6), now.hedge_left(1e6), now.orders_left) == (1e5, 6e4, 20)


def test_a_change_waits_for_its_signatures_and_then_its_notice(
    governed: Ledger, keys: list[SigningKey], charter: Charter
) -> None:
    version = _change(governed, charter, "vxth")
    assert sign(governed, version.sha256, keys[0], MONDAY).pending is None
    pending = sign(governed, version.sha256, keys[1], MONDAY + DAY).pending
    assert pending is not None
    assert pending.effective == MONDAY + 6 * DAY  # the last signature on Tuesday, and five days
    instant = timedelta(microseconds=1)
    before, after = (standing(governed, MONDAY + 6 * DAY - wait) for wait in (instant, 0 * DAY))
    assert (before.hedge.name, after.hedge.name) == ("alvh-40-40-20", "vxth")
    assert (after.pending, after.proposals) == (None, ())


def test_a_proposal_records_what_it_changes(governed: Ledger, charter: Charter) -> None:
    tighter = charter.model_copy(update={"caps": Caps(orders_per_day=5)})
    _change(governed, tighter, "alvh-40-40-20")
    (*_, event) = governed.events()
    assert event.content["differences"] == [
        {"key": "charter.caps.orders_per_day", "old": 20, "new": 5}
    ]


def test_of_two_signed_versions_the_later_signed_waits_alone(
    governed: Ledger, keys: list[SigningKey], charter: Charter
) -> None:
    first, second = (_change(governed, charter, name) for name in ("vxth", "none"))
    for version in (first, second):
        for key in keys[:2]:
            sign(governed, version.sha256, key, MONDAY)
    assert standing(governed, MONDAY + 9 * DAY).hedge.name == "none"


def test_a_strangers_key_and_a_second_signature_count_nothing(
    governed: Ledger, keys: list[SigningKey], charter: Charter, tmp_path
) -> None:
    version = _change(governed, charter, "vxth")
    with pytest.raises(GovernanceError, match="not one of the desk's"):
        sign(governed, version.sha256, create_key(tmp_path / "eve.pem"), MONDAY)
    sign(governed, version.sha256, keys[0], MONDAY)
    with pytest.raises(GovernanceError, match="has signed version"):
        sign(governed, version.sha256, keys[0], MONDAY)


def test_keys_are_changed_by_the_keys_before(
    governed: Ledger, keys: list[SigningKey], charter: Charter, tmp_path
) -> None:
    eve = create_key(tmp_path / "eve.pem")
    coup = charter.model_copy(update={"keys": {"eve": eve.public}, "signatures": 1})
    version = _change(governed, coup, "alvh-40-40-20")
    with pytest.raises(GovernanceError, match="not one of the desk's"):
        sign(governed, version.sha256, eve, MONDAY)


def test_a_forged_signature_on_the_chain_is_named(governed: Ledger, charter: Charter) -> None:
    version = _change(governed, charter, "vxth")
    key = next(iter(charter.keys.values()))
    forged = {"version": version.sha256, "key": key, "signature": "00" * 64}
    message = r"event 5 is no version\.signed .* its signature"
    with pytest.raises(LedgerError, match=message):
        record(governed, "version.signed", forged, MONDAY)
    assert governed.verify()[0] == 4
    governed.append({**forged, "kind": "version.signed", "at": write_moment(MONDAY)})
    with pytest.raises(LedgerError, match=message):
        standing(governed, MONDAY)


def test_a_halt_holds_until_a_version_signed_for_it(
    governed: Ledger, keys: list[SigningKey], order: Order
) -> None:
    order("a")
    halt(governed, "the feed is wrong", "ann", MONDAY)
    again = Ledger(governed.path)  # as after a restart
    assert standing(again, MONDAY + 400 * DAY).reason.endswith("the feed is wrong")
    with pytest.raises(GovernanceError, match="b is not issued: halted by ann"):
        order("b")
    order("c", opens=False)  # what lowers risk may go on
    assert resume(governed, keys[0], MONDAY).halted
    (waiting,) = standing(governed, MONDAY).proposals
    assert not sign(governed, waiting.version.sha256, keys[1], MONDAY).halted
    order("d")


def test_a_version_that_does_not_name_the_halt_does_not_end_it(
    governed: Ledger, keys: list[SigningKey], charter: Charter
) -> None:
    version = _change(governed, charter, "vxth")
    halt(governed, "wait", "ann", MONDAY)
    for key in keys[:2]:
        sign(governed, version.sha256, key, MONDAY)
    later = standing(governed, MONDAY + 9 * DAY)
    assert (later.hedge.name, later.halted) == ("vxth", True)


def test_a_resume_signed_for_an_earlier_halt_does_not_end_the_next(
    governed: Ledger, keys: list[SigningKey]
) -> None:
    halt(governed, "first", "ann", MONDAY)
    resume(governed, keys[0], MONDAY)
    (waiting,) = standing(governed, MONDAY).proposals
    halt(governed, "second", "bob", MONDAY)
    assert sign(governed, waiting.version.sha256, keys[1], MONDAY).halted


def test_overrides_end_with_their_last_day_in_chicago(governed: Ledger, order: Order) -> None:
    reduce(governed, 0.5, date(2020, 3, 3), "half", "ann", MONDAY)
    order("a", quantity=2, asked=4)
    with pytest.raises(GovernanceError, match="3 are ordered of 2 allowed"):
        order("b", quantity=3, asked=4)
    close_only(governed, date(2020, 3, 3), "none", "ann", MONDAY)
    last = MONDAY.replace(day=4, hour=5, minute=59)  # 23:59 on Tuesday in Chicago, UTC−6
    with pytest.raises(GovernanceError, match="close only until 2020-03-03 by ann"):
        order("c", at=last)
    order("d", at=last + timedelta(minutes=1), quantity=4, asked=4)


@pytest.mark.parametrize("share", [1.0, 1.5, -0.1, float("nan")])
def test_an_override_cannot_raise_risk(governed: Ledger, share: float) -> None:
    with pytest.raises(GovernanceError, match="wanted 0 to below 1"):
        reduce(governed, share, date(2020, 3, 3), "more", "ann", MONDAY)


@pytest.mark.parametrize(("reason", "by"), [("", "ann"), (" ", "ann"), ("why", "")])
def test_an_override_needs_a_reason_and_a_name(governed: Ledger, reason: str, by: str) -> None:
    with pytest.raises(GovernanceError, match="needs a reason"):
        halt(governed, reason, by, MONDAY)


def test_caps_hold(order: Order) -> None:
    order("a", max_loss=60_000.0)
    with pytest.raises(GovernanceError, match="can lose 100,001 USD of 100,000 allowed"):
        order("b", max_loss=40_001.0)
    order("c", max_loss=40_001.0, instrument="another")
    hedge = {"sleeve": "short", "max_loss": 0.0}
    order("d", outlay=60_000.0, **hedge)
    with pytest.raises(GovernanceError, match="may cost 1 USD of 0 left"):
        order("e", outlay=1.0, **hedge)
    order("f", at=MONDAY + 365 * DAY, outlay=60_000.0, **hedge)


def test_sales_give_back_what_was_spent_and_no_more(governed: Ledger, order: Order) -> None:
    hedge = {"sleeve": "tail", "max_loss": 0.0}
    order("a", outlay=10_000.0, **hedge)
    order("b", opens=False, **hedge)
    record(governed, "fill", {"ticket": "b", "cash": 90_000.0}, MONDAY)
    assert standing(governed, MONDAY).hedge_spent == 0.0
    order("c", outlay=30_000.0, **hedge)
    record(governed, "fill", {"ticket": "c", "cash": -20_000.0}, MONDAY)
    assert standing(governed, MONDAY).hedge_spent == 30_000.0  # the rest may still be filled
    record(governed, "ticket.void", {"ticket": "c", "reason": "cancelled"}, MONDAY)
    assert standing(governed, MONDAY).hedge_spent == 20_000.0


def test_orders_of_a_day_are_counted_in_chicago(order: Order) -> None:
    evening = MONDAY.replace(day=3, hour=5)  # 23:00 of Monday in Chicago
    for n in range(20):
        order(f"t{n}", at=evening if n else MONDAY, opens=False)
    with pytest.raises(GovernanceError, match="all 20 orders of the day were issued"):
        order("one more", at=evening, opens=False)
    order("next day", at=evening + timedelta(hours=1))


def test_a_ticket_is_issued_once_and_after_its_decision(order: Order) -> None:
    order("a")
    with pytest.raises(GovernanceError, match="it was issued before"):
        order("a")
    with pytest.raises(GovernanceError, match="is not in the ledger; record it first"):
        order("b", decision="0" * 64)


def test_a_mismatch_stops_the_next_ticket_until_it_is_cleared(
    governed: Ledger, order: Order
) -> None:
    record(governed, "reconciliation", {"differences": ["VIX 20C: 3 here, 2 there"]}, MONDAY)
    with pytest.raises(GovernanceError, match="book and broker disagree: VIX 20C"):
        order("a", opens=False)
    record(governed, "reconciliation", {"differences": []}, MONDAY)
    order("a")


def test_a_clock_that_went_back_is_refused_and_lifts_nothing(governed: Ledger) -> None:
    close_only(governed, date(2020, 3, 2), "today", "ann", MONDAY)
    record(governed, "note", {}, MONDAY - timedelta(seconds=59))
    with pytest.raises(GovernanceError, match="is before the last event"):
        record(governed, "note", {}, MONDAY - timedelta(seconds=61))
    assert standing(governed, MONDAY - 30 * DAY).reason.startswith("close only")


def test_a_halt_is_not_kept_out_by_a_clock_that_is_behind(governed: Ledger, order: Order) -> None:
    """Another machine's clock was a month ahead: the halt takes the moment of its last event."""
    ahead = MONDAY + 30 * DAY
    record(governed, "reconciliation", {"differences": []}, ahead)
    event = halt(governed, "stop", "ann", MONDAY)
    assert datetime.fromisoformat(event.content["at"]) == ahead
    with pytest.raises(GovernanceError, match="halted by ann"):
        order("a", at=ahead)
    assert standing(governed, MONDAY).halted


def test_a_changed_event_stops_every_order(governed: Ledger, order: Order) -> None:
    halt(governed, "stop", "ann", MONDAY)
    rows = sqlite3.connect(governed.path)
    guard = "SELECT sql FROM sqlite_master WHERE name = 'events_not_changed'"
    (made,) = rows.execute(guard).fetchone()
    rows.execute("DROP TRIGGER events_not_changed")
    rows.execute("UPDATE events SET body = replace(body, 'halt', 'none')")
    rows.execute(made)
    rows.commit()
    rows.close()
    with pytest.raises(LedgerError, match="event 5 was altered"):
        order("a")


def test_a_past_standing_rests_on_the_events_before(governed: Ledger) -> None:
    event = halt(governed, "stop", "ann", MONDAY)
    assert not standing(governed, MONDAY, before=event.number).halted
    assert standing(governed, MONDAY, before=event.number + 1).halted
