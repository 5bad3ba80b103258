"""What goes wrong with disks and processes: refused and named, never repaired in silence."""

import multiprocessing
import random
import resource
import signal
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.desk.conftest import MONDAY
from tests.desk.kills import found, kept, killed

from alvh.desk.audit import audit, checkpoints_of, sign_checkpoint
from alvh.desk.governance import halt
from alvh.desk.recording import record
from alvh.desk.standing import standing
from alvh.errors import AlvhError, LedgerError
from alvh.ledger import Ledger, load_key

KILLS, FLIPS = 12, 150


def test_kills_lose_nothing_and_issue_nothing_twice(tmp_path: Path) -> None:
    path, acknowledged = found(tmp_path), set[str]()
    for seed in range(KILLS):
        acknowledged |= set(killed(path, seed))
    after = kept(path, KILLS, acknowledged)
    assert (after.lost, after.twice, after.opened_halted) == (0, 0, 0)
    assert after.events > after.acknowledged > KILLS


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Return a closed ledger of forty events, a checkpoint over all of them."""
    path = found(tmp_path)
    ledger = Ledger(path)
    for n in range(37):
        record(ledger, "decision", {"n": n, "why": "x" * 200}, MONDAY)
    halt(ledger, "done", "ann", MONDAY)
    sign_checkpoint(ledger, load_key(tmp_path / "key.pem"), MONDAY)
    ledger.close()
    return path


def _events_or_refusal(path: Path) -> "list[str] | str":
    try:
        ledger = Ledger(path, "write")
        audit(ledger)
        hashes = [event.sha256 for event in ledger.events()]
        ledger.close()
    except LedgerError as refusal:
        return str(refusal)
    return hashes


def test_a_flipped_bit_is_refused_or_changes_nothing(filled: Path) -> None:
    whole, sound = filled.read_bytes(), _events_or_refusal(filled)
    chance, refused = random.Random(11), 0
    for _ in range(FLIPS):
        place = chance.randrange(len(whole) * 8)
        spoilt = bytearray(whole)
        spoilt[place // 8] ^= 1 << place % 8
        filled.write_bytes(spoilt)
        outcome = _events_or_refusal(filled)
        assert outcome == sound or isinstance(outcome, str), place
        refused += isinstance(outcome, str)
    assert refused > FLIPS / 2  # the rest fell on bytes that hold nothing


def test_a_file_cut_anywhere_is_refused_or_changes_nothing(filled: Path) -> None:
    whole = filled.read_bytes()
    for length in range(0, len(whole), 1024):
        filled.write_bytes(whole[:length])
        assert isinstance(_events_or_refusal(filled), str), length
        assert filled.stat().st_size == length  # nothing was repaired


def test_the_first_event_of_a_spoilt_page_is_named(filled: Path) -> None:
    whole = bytearray(filled.read_bytes())
    whole[whole.index(b'"n":20')] ^= 1
    filled.write_bytes(whole)
    with pytest.raises(LedgerError, match="event 23 was altered"):  # after two of the founding
        audit(Ledger(filled))


def test_a_guard_that_was_made_harmless_is_seen(filled: Path) -> None:
    rows = sqlite3.connect(filled)
    rows.executescript(
        "DROP TRIGGER events_not_changed; "
        "CREATE TRIGGER events_not_changed BEFORE UPDATE ON events BEGIN SELECT 1; END"
    )
    rows.close()
    with pytest.raises(LedgerError, match="lost its guard events_not_changed"):
        standing(Ledger(filled), MONDAY)


def _on_a_full_disk(path: Path, pipe: Any) -> None:
    """Record until the disk is full: no file of this process grows beyond 64 KiB."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
    try:
        ledger = Ledger(path, "write")
        while True:
            pipe.send(record(ledger, "decision", {"why": "x" * 2000}, MONDAY).sha256)
    except AlvhError as refusal:
        pipe.send(f"refused: {refusal}")


def test_a_full_disk_refuses_and_keeps_what_was_acknowledged(filled: Path) -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_on_a_full_disk, args=(filled, theirs))
    process.start()
    theirs.close()
    said = []
    while not said or not said[-1].startswith("refused"):
        said.append(ours.recv())
    process.join()
    assert "nothing was recorded; check the disk" in said[-1]
    ledger = Ledger(filled)
    hashes = [event.sha256 for event in ledger.events()]
    assert hashes[40:] == said[:-1]
    assert audit(ledger).count == 40 + len(said) - 1
    record(ledger, "note", {}, MONDAY)


def test_checkpoints_that_cannot_be_written_leave_the_old_ones(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(filled)
    held = checkpoints_of(ledger).read_bytes()

    def _refuse(*words: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", _refuse)
    with pytest.raises(LedgerError, match="No space left on device; nothing was signed"):
        sign_checkpoint(ledger, load_key(filled.with_name("key.pem")), MONDAY + timedelta(days=1))
    assert checkpoints_of(ledger).read_bytes() == held
    assert sorted(file.name for file in filled.parent.glob(".*")) == []
