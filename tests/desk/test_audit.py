"""Checkpoints: what was cut off or made anew shows against a statement signed before."""

import json
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from tests.desk.conftest import MONDAY

from alvh.desk.audit import audit, checkpoints_of, sign_checkpoint
from alvh.desk.governance import halt, propose, sign
from alvh.desk.recording import record
from alvh.errors import GovernanceError, LedgerError
from alvh.ledger import GENESIS, Ledger, SigningKey, create_key, link
from alvh.policy import load_policy, load_programme

DAY = timedelta(days=1)


@pytest.fixture
def signed(governed: Ledger, keys: list[SigningKey]) -> Ledger:
    """Return a ledger with a checkpoint after a halt on each of three days."""
    for n in range(3):
        halt(governed, f"day {n}", "ann", MONDAY + n * DAY)
        sign_checkpoint(governed, keys[n], MONDAY + n * DAY)
    return governed


def _without_guards(path: Path) -> sqlite3.Connection:
    rows = sqlite3.connect(path, isolation_level=None)
    rows.executescript("DROP TRIGGER events_not_changed; DROP TRIGGER events_not_removed;")
    return rows


def _guarded_again(path: Path, rows: sqlite3.Connection) -> Ledger:
    fresh = Ledger(path.with_name("fresh.db"))
    for (made,) in sqlite3.connect(fresh.path).execute(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
    ):
        rows.execute(made)
    rows.close()
    return Ledger(path)


def test_an_audit_counts_what_is_vouched_for(signed: Ledger) -> None:
    record(signed, "note", {}, MONDAY + 3 * DAY)
    found = audit(signed)
    assert (found.count, found.checkpoints, found.signed) == (7, 3, 6)
    assert found.signed_at.startswith("2020-03-04T20:00")


def test_a_cut_end_shows_though_the_chain_holds(signed: Ledger) -> None:
    rows = _without_guards(signed.path)
    rows.execute("DELETE FROM events WHERE number > 4")
    cut = _guarded_again(signed.path, rows)
    assert cut.verify()[0] == 4
    with pytest.raises(LedgerError, match=r"event 5 is missing: 6 events were signed for on 2020"):
        audit(cut)


def test_a_chain_made_anew_shows_at_the_first_event_signed_for(signed: Ledger) -> None:
    contents = [event.content for event in signed.events()]
    contents[3]["reason"] = "prettier"
    rows, previous = _without_guards(signed.path), GENESIS
    rows.execute("DELETE FROM events")
    for number, content in enumerate(contents, 1):
        event = link(number, previous, content)
        row = (event.number, event.body, event.previous, event.sha256)
        rows.execute("INSERT INTO events VALUES (?, ?, ?, ?)", row)
        previous = event.sha256
    anew = _guarded_again(signed.path, rows)
    assert anew.verify()[0] == 6
    with pytest.raises(LedgerError, match="event 4 is another than the one signed for"):
        audit(anew)


def _with_count(line: str, count: object) -> str:
    return json.dumps(json.loads(line) | {"count": count})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda lines: [lines[0], lines[2]], "checkpoint 2, .* does not follow"),
        (lambda lines: lines[1:], "checkpoint 1, .* does not follow"),
        (lambda lines: [*lines[:2], lines[2].replace("04T20", "04T21")], "checkpoint 3, .*altered"),
        (lambda lines: [*lines, "{}"], ":4: checkpoint 4 is none"),
        (lambda lines: [lines[0], _with_count(lines[1], "4"), lines[2]], ":2: checkpoint 2 is"),
        (lambda lines: [lines[0], lines[1].replace("03T20", "33T20")], ":2: checkpoint 2 is none"),
        (lambda lines: [_with_count(lines[0], None), *lines[1:]], ":1: checkpoint 1 is none"),
        (
            lambda lines: [lines[0], lines[1].replace("T20", "\udcffT20")],
            ":2: checkpoint 2 is none",
        ),
    ],
)
def test_spoilt_checkpoints_are_named(signed: Ledger, spoil, message: str) -> None:
    path = checkpoints_of(signed)
    spoilt = "\n".join(spoil(path.read_text().splitlines()))
    path.write_text(spoilt, encoding="utf-8", errors="surrogateescape")  # \udcff is the byte ff
    with pytest.raises(LedgerError, match=message):
        audit(signed)


def test_a_copy_kept_elsewhere_shows_what_was_cut_from_both(signed: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copy(checkpoints_of(signed), copy)
    checkpoints_of(signed).unlink()
    assert audit(signed).checkpoints == 0
    assert audit(signed, copy).checkpoints == 3
    rows = _without_guards(signed.path)
    rows.execute("DELETE FROM events WHERE number > 5")
    with pytest.raises(LedgerError, match="event 6 is missing"):
        audit(_guarded_again(signed.path, rows), copy)
    with pytest.raises(GovernanceError, match="no such file"):
        audit(signed, tmp_path / "nowhere")


def test_only_owners_and_witnesses_sign_checkpoints(
    governed: Ledger, keys: list[SigningKey], charter, tmp_path: Path
) -> None:
    witness = create_key(tmp_path / "watch.pem")
    with pytest.raises(GovernanceError, match="neither an owner's nor a witness's"):
        sign_checkpoint(governed, witness, MONDAY)
    named = charter.model_copy(update={"witnesses": {"watch": witness.public}})
    rules = load_policy("alvh-40-40-20"), load_programme("monthly45")
    version = propose(governed, *rules, named, MONDAY)
    for key in keys[:2]:
        sign(governed, version.sha256, key, MONDAY)
    sign_checkpoint(governed, witness, MONDAY + 5 * DAY)
    assert audit(governed).signed == 6
    again = propose(governed, load_policy("vxth"), rules[1], named, MONDAY + 5 * DAY)
    with pytest.raises(GovernanceError, match="not one of the desk's"):
        sign(governed, again.sha256, witness, MONDAY + 5 * DAY)
