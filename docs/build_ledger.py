"""Write the measured part of docs/ledger.md: kills, faults of the disk, flipped bits, speed.

Run with ``python docs/build_ledger.py`` on Linux, where it may mount two small disks that vanish
with it (``unshare --map-root-user --mount``). It takes some minutes.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the desk of the tests

from tests.desk.kills import START, found, kept, killed

from alvh.desk.audit import audit, sign_checkpoint
from alvh.desk.recording import record
from alvh.desk.standing import standing
from alvh.errors import LedgerError
from alvh.ledger import Ledger, load_key

PAGE = Path(__file__).with_name("ledger.md")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
KILLS_OF_ONE = 25  # kills of one desk, before a new one is founded
KEPT = ("kills", "acknowledged", "events", "checkpoints", "lost", "twice", "opened_halted")
DISKS = {"full": "size=512k", "read-only": "size=8m"}


def kills(count: int) -> Iterator[str]:
    """Kill desks at work at random moments and count what was kept."""
    sums: Counter[str] = Counter()
    for start in range(0, count, KILLS_OF_ONE):
        with tempfile.TemporaryDirectory() as folder:
            path, acknowledged = found(Path(folder)), set[str]()
            for seed in range(start, start + KILLS_OF_ONE):
                acknowledged |= set(killed(path, seed))
            after = kept(path, KILLS_OF_ONE, acknowledged)
        sums.update({name: getattr(after, name) for name in KEPT})
    yield "| " + " | ".join(name.replace("_", " while ") for name in KEPT) + " |"
    yield "|" + "---:|" * len(KEPT)
    yield "| " + " | ".join(f"{sums[name]:,}" for name in KEPT) + " |"


def filled(folder: Path, count: int, size: int) -> Path:
    """Make a ledger of ``count`` decisions of ``size`` characters, a checkpoint over all."""
    path = found(folder)
    ledger = Ledger(path)
    for number in range(count):
        record(ledger, "decision", {"n": number, "why": "x" * size}, START)
    sign_checkpoint(ledger, load_key(folder / "key.pem"), START)
    ledger.close()
    return path


def outcome(path: Path, sound: list[str]) -> str:
    """Say how an audit of a spoilt file ends."""
    try:
        ledger = Ledger(path)
        audit(ledger)
        same = [event.sha256 for event in ledger.events()] == sound
    except LedgerError as refusal:
        return "refused, an event named" if "event " in str(refusal) else "refused"
    return "sound, every event as it was" if same else "WRONG EVENTS TAKEN FOR SOUND"


def spoilt(flips: int) -> Iterator[str]:
    """Flip single bits, and cut the file at every half page."""
    with tempfile.TemporaryDirectory() as folder:
        path = filled(Path(folder), 60, 300)
        sound = [event.sha256 for event in Ledger(path).events()]
        whole, chance = path.read_bytes(), random.Random(5)
        ends: dict[str, Counter[str]] = {"bit flipped": Counter(), "file cut": Counter()}
        for _ in range(flips):
            copy, place = bytearray(whole), chance.randrange(8 * len(whole))
            copy[place // 8] ^= 1 << place % 8
            path.write_bytes(copy)
            ends["bit flipped"][outcome(path, sound)] += 1
        for length in range(0, len(whole), 2048):
            path.write_bytes(whole[:length])
            ends["file cut"][outcome(path, sound)] += 1
    yield "| damage | times | how the audit ends | |"
    yield "|---|---:|---|---:|"
    for damage, counts in ends.items():
        for end, times in counts.most_common():
            yield f"| {damage} | {counts.total():,} | {end} | {times:,} |"


def disks() -> Iterator[str]:
    """Record on a disk that fills up, and on one that cannot be written."""
    for kind, option in DISKS.items():
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as disk:
            filled(Path(folder), 10, 300)
            lock = f"mount -o remount,ro {disk}; " if kind == "read-only" else ""
            command = (
                f"set -e; mount -t tmpfs -o {option} tmpfs {disk}; cp {folder}/* {disk}; {lock}"
                f"{sys.executable} {__file__} --on {disk}"
            )
            words = ["unshare", "--map-root-user", "--mount", "sh", "-c", command]
            answer = subprocess.run(words, capture_output=True, text=True, check=True)
        yield f"- On a {kind} disk: {answer.stdout.strip()}"


def record_until_refused(folder: Path) -> str:
    """Record until the disk refuses, and say what was left."""
    path, acknowledged, refusal = folder / "ledger.db", 0, ""
    while not refusal:
        try:
            record(Ledger(path, "write"), "decision", {"why": "x" * 2000}, START)
            acknowledged += 1
        except LedgerError as error:
            refusal = str(error).replace(str(folder), "…")
    held = audit(Ledger(path, "read")).count - 12  # the founding's two and the ten decisions
    return f"{acknowledged} events acknowledged, {held} held by the audit; then “{refusal}”."


def speed() -> Iterator[str]:
    """Time the standing on a ledger of twenty years."""
    with tempfile.TemporaryDirectory() as folder:
        path = found(Path(folder))
        ledger, at = Ledger(path), START.isoformat(timespec="microseconds")
        ledger._rows.execute("PRAGMA synchronous = OFF")  # only to fill it
        for number in range(20 * 252):
            ledger.append({"kind": "decision", "at": at, "n": number, "why": "x" * 6000})
            for _ in range(5):
                ledger.append({"kind": "note", "at": at, "n": number})
        began = time.perf_counter()
        found_at = standing(Ledger(path, "read"), START)
        took = time.perf_counter() - began
    yield (
        f"Standing on {found_at.count:,} events (twenty years of one decision of 6,000 characters "
        f"and five smaller events a session), verified and folded: {took:.2f} s."
    )


def measured(count: int, flips: int) -> Iterator[str]:
    """Write all of it."""
    yield from ("### Killed at random moments", "", *kills(count), "")
    yield from ("### Spoilt files", "", *spoilt(flips), "")
    yield from ("### Disks", "", *disks(), "")
    yield from ("### Speed", "", *speed())


def main() -> None:
    """Write the page, or do the part of it that runs on a disk of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=600)
    parser.add_argument("--flips", type=int, default=2_000)
    parser.add_argument("--on", type=Path)
    words = parser.parse_args()
    if words.on is not None:
        sys.stdout.write(record_until_refused(words.on))
        return
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    text = "\n".join((BEGIN, "", *measured(words.kills, words.flips), "", END))
    PAGE.write_text(head + text + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
