"""Decisions in the ledger: each can be made again, to the byte, or the first value is named."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from tests.advise.books import bundled
from tests.desk.conftest import FIRST, RULES, Lived, moment

import alvh
from alvh.desk.book import Book
from alvh.desk.decisions import first_difference, repeat
from alvh.desk.entries import Flow
from alvh.desk.governance import propose, sign
from alvh.desk.issuing import record_decision
from alvh.desk.recording import record
from alvh.desk.standing import standing
from alvh.desk.versions import Charter
from alvh.ledger import Ledger, SigningKey


def test_every_decision_is_made_again_to_the_byte(lived: Lived) -> None:
    found = list(repeat(lived.ledger, bundled()))
    assert [one.difference for one in found] == [""] * 8
    assert found[-1].as_of == "2015-08-26"


def test_a_decision_with_an_improvement_is_made_again(
    ledger: Ledger, keys: list[SigningKey]
) -> None:
    version = propose(ledger, *RULES, Charter(keys={"ann": keys[0].public}), moment(FIRST))
    sign(ledger, version.sha256, keys[0], moment(FIRST))
    book = Book("main", (Flow(date(2015, 8, 14), "deposit", 1_000_000.0),))
    bare, better = (
        alvh.today(bundled(), book, *RULES, as_of=FIRST, improvement=part) for part in (0.0, 0.4)
    )
    assert better.decided != bare.decided
    record_decision(ledger, better, moment(FIRST))
    assert [one.difference for one in repeat(ledger, bundled())] == [""]


def test_other_data_are_named_first(lived: Lived) -> None:
    history = bundled()
    vix = history["vix"].copy()
    vix[history.dates == np.datetime64("2015-08-24")] += 0.5
    other = replace(history, columns={**history.columns, "vix": vix})
    found = list(repeat(lived.ledger, other))
    assert [bool(one.difference) for one in found] == [False] * 5 + [True] * 3
    assert " was " in found[5].difference


def test_the_first_difference_is_named_by_its_key() -> None:
    recorded: dict[str, Any] = {"orders": [{"quantity": 3}, {"quantity": 4}], "reason": ""}
    found = {"orders": [{"quantity": 3}, {"quantity": 5}], "reason": "x"}
    assert first_difference(recorded, found) == "orders.1.quantity was 4, is 5"
    assert first_difference(recorded, dict(recorded)) == ""


def test_the_standing_does_not_depend_on_what_was_decided(lived: Lived) -> None:
    assert standing(lived.ledger, moment(date(2015, 8, 27))).hedge == RULES[0]


def test_a_decision_without_rules_cannot_be_made_again(lived: Lived, tmp_path) -> None:
    (decision,) = [e for e in lived.ledger.events() if e.content["kind"] == "decision"][:1]
    bare = Ledger(tmp_path / "bare.db")
    content = {k: v for k, v in decision.content.items() if k not in ("kind", "at")}
    record(bare, "decision", content, moment(FIRST))
    (found,) = repeat(bare, bundled())
    assert found.difference == "refused: no version of the rules was in force"


def test_bytes_that_are_not_those_of_the_digest_are_seen(lived: Lived, tmp_path) -> None:
    (decision,) = [e for e in lived.ledger.events() if e.content["kind"] == "decision"][:1]
    other = Ledger(tmp_path / "other.db")
    record(other, "decision", decision.content | {"verdict": "no trade"}, moment(FIRST))
    (found,) = repeat(other, bundled())
    assert found.difference == "its bytes have another digest than the one beside them"
