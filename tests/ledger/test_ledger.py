"""The ledger's chain and store: what was acknowledged is kept, what was altered is named."""

import hashlib
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from alvh.errors import LedgerBusyError, LedgerError
from alvh.ledger import GENESIS, Ledger, link

APPEND = """
import sys
from alvh.ledger import Ledger
ledger = Ledger(sys.argv[1])
for n in range(int(sys.argv[2])):
    print(ledger.append({"n": n}).sha256, flush=True)
"""


def _writer(path: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", APPEND, str(path), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ledger = Ledger(tmp_path / "ledger.db")
    for n in range(5):
        ledger.append({"n": n})
    ledger.close()
    return tmp_path / "ledger.db"


def _tamper(path: Path, statement: str) -> None:
    rows = sqlite3.connect(path)
    rows.executescript("DROP TRIGGER events_not_changed; DROP TRIGGER events_not_removed;")
    rows.execute(statement)
    rows.commit()
    rows.close()


def test_an_event_is_hashed_over_its_number_the_hash_before_and_sorted_json() -> None:
    # RFC 8785 sorts keys and drops blanks; the preimage is written out by hand.
    by_hand = hashlib.sha256(b"1\n" + b"0" * 64 + b'\n{"a":1,"b":"x"}').hexdigest()
    assert link(1, GENESIS, {"b": "x", "a": 1}).sha256 == by_hand


def test_a_ledger_reopened_holds_what_was_recorded(path: Path) -> None:
    ledger = Ledger(path)
    assert ledger.verify()[0] == 5
    assert [event.content["n"] for event in ledger.events()] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("statement", ["UPDATE events SET body = '{}'", "DELETE FROM events"])
def test_events_are_neither_changed_nor_removed(path: Path, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        sqlite3.connect(path).execute(statement)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE events SET body = '{\"n\":9}' WHERE number = 3", "event 3 was altered"),
        ("DELETE FROM events WHERE number = 2", "event 2 is missing"),
        ("UPDATE events SET previous = 'x' WHERE number = 4", "event 4 does not follow"),
    ],
)
def test_the_first_wrong_event_is_named(path: Path, statement: str, message: str) -> None:
    _tamper(path, statement)
    with pytest.raises(LedgerError, match=message):
        Ledger(path).verify()


def test_a_lost_guard_is_seen_and_not_made_again(path: Path) -> None:
    _tamper(path, "SELECT 1")
    for _ in range(2):
        ledger = Ledger(path)
        with pytest.raises(LedgerError, match="has lost its guard events_not_changed"):
            ledger.verify()
        with pytest.raises(LedgerError, match="has lost its guard"):
            ledger.append({"n": 5})
        ledger.close()


def test_a_number_that_is_none_is_refused_and_leaves_no_event(path: Path) -> None:
    ledger = Ledger(path)
    with pytest.raises(LedgerError, match="event 6 cannot be written"):
        ledger.append({"price": float("nan")})
    assert ledger.verify()[0] == 5
    assert ledger.append({"n": 5}).number == 6


def _overwrite(path: Path) -> None:
    path.write_bytes(b"no ledger at all" * 400)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("damage", [_overwrite, _cut])
def test_a_damaged_file_is_refused(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    with pytest.raises(LedgerError, match=r"event 1 (on|is missing).* restore a copy"):
        Ledger(path).verify()


def test_a_text_that_is_no_text_names_its_event(path: Path) -> None:
    """A bit that flips in an event's text, so that it is no UTF-8: SQLite does not give it back."""
    whole = path.read_bytes()
    place = whole.rindex(b'{"n":3}')
    path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
    with pytest.raises(LedgerError, match=r"cannot be read from event 4 on.* restore a copy"):
        Ledger(path).verify()


def test_a_schema_that_is_no_text_is_refused(path: Path) -> None:
    """SQLite repeats it in its message, which is no UTF-8 then and cannot be shown."""
    whole = path.read_bytes()
    place = whole.index(b"CREATE TABLE events")
    path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
    with pytest.raises(LedgerError, match="from event 1 on"):
        Ledger(path).verify()


def test_a_file_cut_behind_its_first_pages_says_from_where(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "long.db")
    for n in range(60):
        ledger.append({"n": n, "why": "x" * 300})
    ledger.close()
    whole = ledger.path.read_bytes()
    for length in range(1, len(whole), 1024):
        ledger.path.write_bytes(whole[:length])
        with pytest.raises(LedgerError, match=r"event \d+ (on|is missing).* restore a copy"):
            Ledger(ledger.path, "read").verify()


def test_a_ledger_that_is_kept_locked_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alvh.ledger.store._WAIT_SECONDS", 0.05)
    first, second = Ledger(path), Ledger(path)
    with first.alone(), pytest.raises(LedgerBusyError, match="kept locked by another program"):
        second.append({"n": 5})
    assert second.append({"n": 5}).number == 6


def test_two_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger(path).close()
    writers = [_writer(path, 40) for _ in range(2)]
    hashes = {line for writer in writers for line in writer.communicate()[0].split()}
    assert Ledger(path).verify()[0] == len(hashes) == 80


def test_no_acknowledged_event_is_lost_to_a_kill(tmp_path: Path) -> None:
    path, acknowledged, moments = tmp_path / "ledger.db", set[str](), random.Random(7)
    for _ in range(10):
        writer = _writer(path, 100_000)
        assert writer.stdout is not None
        first = writer.stdout.readline().strip()  # it is at work, however busy the machine
        time.sleep(moments.uniform(0.0, 0.2))
        writer.kill()
        lines = [first, *writer.communicate()[0].splitlines()]
        acknowledged |= {line for line in lines if len(line) == 64}
    ledger = Ledger(path)
    ledger.verify()
    assert acknowledged
    assert acknowledged <= {event.sha256 for event in ledger.events()}
