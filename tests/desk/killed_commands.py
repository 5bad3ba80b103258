"""The commands of a desk as they are typed, killed at random moments.

`alvh today`, `alvh fills import` and `alvh watch --once` of one session after the other are started
as processes and killed before they end, many times each, then run once to their end. However often
they are killed, the desk must end as one whose commands were not.

Run with ``python -m tests.desk.killed_commands --kills 500``; a few kills are a test.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.desk.killed_days import RULES, Ended, ended

import alvh
from alvh.desk.audit import audit
from alvh.desk.book_files import csv_text, entry_row, read_book
from alvh.desk.governance import propose, sign
from alvh.desk.paper import as_decided
from alvh.desk.versions import Charter
from alvh.ledger import Ledger, create_key

ALVH = (sys.executable, "-c", "from alvh.cli import main; main()")
LONGEST = 1.9  # seconds from start to kill: about as long as a command takes
DAYS = tuple(date(2018, 12, day) for day in (4, 6, 7, 10, 11, 12, 13, 14, 17, 18))
BOOK = "book: main\nentries:\n  - {date: 2018-12-03, kind: deposit, amount: 1000000}\n"


@dataclass
class Count:
    """What became of the commands that were to be killed."""

    killed: int = 0
    ended: int = 0
    events: int = 0  # in the chain after the last of them


def begin(folder: Path) -> None:
    """Found a desk of one owner, a deposit in its book."""
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC) - timedelta(minutes=1)
    ledger, key = Ledger(folder / "ledger.db"), create_key(folder / "key.pem")
    version = propose(ledger, *RULES, Charter(keys={"ann": key.public}), at)
    sign(ledger, version.sha256, key, at)
    ledger.close()
    (folder / "book.yaml").write_text(BOOK, encoding="utf-8")
    (folder / "alerts.yaml").write_text(f"file: {folder}/alerts.jsonl\n", encoding="utf-8")


def commands(folder: Path, day: date) -> Iterator[list[str]]:
    """Yield the commands of one session; the statement is what its tickets say, filled."""
    where = ["--book", f"{folder}/book.yaml", "--ledger", f"{folder}/ledger.db"]
    past = ["--as-of", str(day)]
    history = alvh.load_history("bundled")
    decision = alvh.today(history, read_book(folder / "book.yaml"), *RULES, as_of=day)
    statement = folder / f"{day}.csv"
    statement.write_text(csv_text(map(entry_row, as_decided(decision))), encoding="utf-8")
    yield ["today", *where, *past, "--tickets", f"{folder}/tickets", "--json"]
    yield ["fills", "import", str(statement), *where, "--json"]
    yield ["watch", "--once", *where, *past, "--to", f"{folder}/alerts.yaml", "--json"]


def strike(command: Sequence[str], seconds: float) -> str | None:
    """Start a command and kill it; return its answer if it ended before that."""
    process = subprocess.Popen(
        [*ALVH, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        return process.communicate(timeout=seconds)[0] if process.wait(seconds) == 0 else None
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None


def finish(command: Sequence[str]) -> str:
    """Run a command to its end."""
    done = subprocess.run([*ALVH, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def live(folder: Path, days: Sequence[date], kills: int, seed: int) -> Count:
    """Live through sessions, each command struck ``kills`` times before it is let end."""
    chance, count, path = random.Random(seed), Count(), folder / "ledger.db"
    for day in days:
        for command in commands(folder, day):
            for _ in range(kills):
                answer = strike(command, chance.uniform(0.0, LONGEST))
                count.ended += answer is not None
                count.killed += answer is None
                _keeps(path, count, answer)
            _keeps(path, count, finish(command))
    return count


def _keeps(path: Path, count: Count, answer: str | None) -> None:
    """See that the chain is whole, that it never gets shorter, and that what was said is in it."""
    ledger = Ledger(path, "read")
    audit(ledger)
    known = [event.sha256 for event in ledger.events()]
    ledger.close()
    assert len(known) >= count.events, f"{count.events} events were kept, {len(known)} are"
    count.events = len(known)
    if answer:
        tickets = json.loads(answer).get("tickets", {})  # of `alvh today` alone
        assert {tickets["sha256"]} <= set(known) if tickets else True


def compare(folder: Path, days: Sequence[date], kills: int, seed: int) -> tuple[Count, bool, Ended]:
    """Live once without kills and once with; return the counts, and whether both end alike."""
    sound, struck = folder / "sound", folder / "struck"
    for one in (sound, struck):
        begin(one)
    live(sound, days, 0, seed)
    count = live(struck, days, kills, seed)
    whole, found = (without_clock(ended(one / "ledger.db")) for one in (sound, struck))
    return count, whole == found, found


def without_clock(found: Ended) -> Ended:
    """Leave out the moments at which alerts were raised: the commands read the clock."""
    lines = found.files["alerts.jsonl"].decode().splitlines()
    alerts = [{k: v for k, v in json.loads(line).items() if k != "at"} for line in lines]
    return replace(found, files=found.files | {"alerts.jsonl": json.dumps(alerts).encode()})


def main() -> None:
    """Kill many commands and say what became of the desk."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    each = -(-asked.kills // (3 * len(DAYS)))
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        count, alike, found = compare(Path(folder), DAYS, each, asked.seed)
    sys.stdout.write(
        f"{count.killed} commands killed, {count.ended} ended before; {found.decisions} "
        f"decisions, {len(found.tickets)} tickets, {found.alerts} alerts, {count.events} events; "
        f"ends as without kills: {alike}; {time.monotonic() - began:.0f} s\n"
    )


if __name__ == "__main__":
    main()
