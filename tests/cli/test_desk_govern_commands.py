"""`alvh watch`, `alvh journal`, `alvh replay --from-ledger`, `alvh ledger score`; the canary."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alvh.advise.instrument import parse_instrument
from alvh.desk.book import Book
from alvh.desk.book_files import write_book
from alvh.desk.entries import Fill, Flow
from alvh.errors import DataError

CANARY = "c4n4ry5ecret"
BOOK = Book("main", (Flow(date(2015, 8, 14), "deposit", 1_000_000.0),))


@pytest.fixture
def desk(run, tmp_path: Path, monkeypatch) -> Path:
    """Return the folder of a desk with ledger, key and book."""
    for name, value in (("LEDGER", "ledger.db"), ("KEY", "me.pem"), ("BOOK", "book.yaml")):
        monkeypatch.setenv(f"ALVH_{name}", str(tmp_path / value))
    monkeypatch.setenv("USER", "ann")
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path / "book.yaml", BOOK)
    assert run("ledger", "key", "new", tmp_path / "me.pem").exit_code == 0
    words = ("--hedge", "alvh-40-40-20", "--condors", "monthly45")
    assert run("policy", "propose", *words).exit_code == 0
    return tmp_path


def _watch(run, *words: object):
    return run("watch", "--once", "--as-of", "2015-08-17", *words)


def test_a_watch_raises_each_alert_once(run, desk: Path) -> None:
    first = _watch(run, "--key", desk / "me.pem")
    assert first.exit_code == 0, first.output
    assert "signal ready: 2015-08-17:" in first.stdout
    lines = (desk / "alerts.jsonl").read_text().splitlines()
    assert [json.loads(line)["about"] for line in lines] == ["signal ready"]
    again = json.loads(_watch(run, "--json").stdout)
    assert again["raised"] == []
    assert json.loads(run("ledger", "verify", "--json").stdout)["checkpoints"] == 1


def test_a_watch_writes_what_an_earlier_one_recorded_and_did_not(run, desk: Path) -> None:
    assert _watch(run).exit_code == 0
    whole = (desk / "alerts.jsonl").read_text()
    (desk / "alerts.jsonl").unlink()  # as after a kill, or a full disk, between the two
    again = _watch(run)
    assert (again.exit_code, again.stdout) == (0, "")
    assert (desk / "alerts.jsonl").read_text() == whole


def test_alerts_on_a_full_disk_are_refused_in_a_line_and_written_later(
    run, desk: Path, monkeypatch
) -> None:
    def _full(*words: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("alvh.desk.delivery.os.replace", _full)
        answer = _watch(run)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert "alerts cannot be written (No space left on device)" in answer.stderr
    assert _watch(run).exit_code == 0
    assert "signal ready" in (desk / "alerts.jsonl").read_text()


def test_a_watch_goes_on_when_the_ledger_was_kept_locked(run, desk: Path, monkeypatch) -> None:
    from alvh.ledger import Ledger

    looks = []

    def _sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt

    other = Ledger(desk / "ledger.db", "write")
    monkeypatch.setattr("alvh.ledger.store._WAIT_SECONDS", 0.05)
    monkeypatch.setattr("alvh.cli.watch_command.time.sleep", _sleep)
    words = ("watch", "--as-of", "2015-08-17")
    with other.alone():
        answer = run(*words)
        once = run(*words, "--once")
    assert looks == [600, 600]
    assert answer.stderr.count("kept locked by another program") == 2
    assert answer.stderr.count("it is looked at again in 10 minutes") == 2
    assert (once.exit_code, "try again" in once.stderr) == (1, True)
    assert "signal ready" in _watch(run).stdout


@pytest.mark.parametrize("name", [
    "ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.checkpoints", "book.yaml",
    "book.csv", "me.pem", "to.yaml", "letter.txt",
])  # fmt: skip
def test_no_command_writes_over_a_file_of_another_kind(run, desk: Path, name: str) -> None:
    assert run("ledger", "checkpoint").exit_code == 0
    write_book(desk / "book.csv", BOOK)
    (desk / "letter.txt").write_text("dear all,\n")
    (desk / "to.yaml").write_text(f"file: {desk / name}\n")
    # SQLite takes its own two away when nobody is at the ledger: they are refused all the same
    held = (desk / name).read_bytes() if (desk / name).exists() else b""
    words = ["--book", desk / "book.yaml"]
    answers = [
        run("ledger", "export", desk / name),
        run("journal", "tax", "2015", *words, "--save", desk / name),
        _watch(run, "--to", desk / "to.yaml"),
    ]
    for answer in answers:
        assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1), answer.output
        assert "was left as it is" in answer.stderr
    if not name.endswith(("-wal", "-shm", ".db")):  # SQLite's own to change
        assert (desk / name).read_bytes() == held
    assert run("ledger", "verify").exit_code == 0


def test_what_a_command_wrote_it_may_write_again(run, desk: Path) -> None:
    for _ in range(2):
        assert run("ledger", "export", desk / "out.jsonl").exit_code == 0
        assert run("journal", "tax", "2015", "--save", desk / "tax.csv").exit_code == 0
        run("ledger", "halt", "--reason", "look")


def test_files_that_are_no_text_are_refused_in_a_line(run, desk: Path) -> None:
    (desk / "bad.yaml").write_bytes(b"keys: \xff\xfe\n")
    for words in (("policy", "propose", "--charter"), ("watch", "--once", "--to")):
        answer = run(*words, desk / "bad.yaml")
        assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1), answer.output
        assert "is no UTF-8 text" in answer.stderr


def test_times_for_people_are_chicago_s_and_json_stays_utc(run, desk: Path) -> None:
    told = json.loads(run("ledger", "show", "--json").stdout)[0]["content"]["at"]
    assert told.endswith("+00:00")
    there = datetime.fromisoformat(told).astimezone(ZoneInfo("America/Chicago"))
    lines = run("ledger", "show").stdout.splitlines()
    assert "in Chicago" in lines[0]
    assert f"{there:%Y-%m-%d %H:%M %Z}" in lines[2]
    assert there.strftime("%Z") in ("CST", "CDT")
    proposed = run("policy", "propose", "--hedge", "vxth")
    assert re.search(r"takes effect at 20\d\d-\d\d-\d\d \d\d:\d\d C[SD]T", proposed.stdout)
    assert re.search(r"from 20\d\d-\d\d-\d\d \d\d:\d\d C[SD]T", run("ledger", "standing").stdout)
    assert run("today", "--as-of", "2015-08-17", "--tickets", desk / "t").exit_code == 0
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d C[SD]T", run("journal", "show").stdout)


def test_the_day_is_chicago_s_wherever_the_machine_stands(run, desk: Path, monkeypatch) -> None:
    """At 03:00 UTC on a Saturday it is Friday evening in Chicago: Friday's data are not stale."""
    at = datetime(2018, 12, 29, 3, 0, tzinfo=UTC)
    for place in ("today_command", "running", "book_commands"):
        monkeypatch.setattr(f"alvh.cli.{place}.now", lambda: at)
    told = json.loads(run("book", "show", "--book", _empty(desk), "--json").stdout)
    assert told["as_of"] == "2018-12-28"
    late = datetime(2019, 1, 3, 3, 0, tzinfo=UTC)  # Wednesday evening in Chicago
    for place in ("today_command", "running"):
        monkeypatch.setattr(f"alvh.cli.{place}.now", lambda: late)
    book = ("--book", desk / "book.yaml")
    monkeypatch.delenv("ALVH_LEDGER")
    assert "the last session is 2019-01-02" in run("today", *book).stderr
    seen = {}
    monkeypatch.setattr(
        "alvh.load_history", lambda data, today: seen.setdefault("today", today) and _stop()
    )
    run("book", "mark")
    assert seen["today"] == date(2019, 1, 2)


def _empty(desk: Path) -> Path:
    (desk / "empty.yaml").write_text("book: main\nentries: []\n")
    return desk / "empty.yaml"


def _stop() -> None:
    raise DataError("seen enough")


def test_a_watch_on_data_that_are_gone_says_so_and_goes_on(run, desk: Path) -> None:
    answer = _watch(run, "--data", desk / "nowhere")
    assert answer.exit_code == 0
    assert answer.stdout.startswith("stale data:")
    run("ledger", "halt", "--reason", "no data")
    assert "halted: halted by ann" in _watch(run, "--data", desk / "nowhere").stdout


def test_a_ledger_is_repeated(run, desk: Path) -> None:
    assert run("today", "--as-of", "2015-08-17").exit_code in (0, 2)
    answer = run("replay", "--from-ledger", desk / "ledger.db")
    assert answer.exit_code == 0, answer.output
    assert "every one the same to the byte" in answer.stdout
    assert run("replay").exit_code == 2


def test_a_score_without_overrides_is_nought(run, desk: Path) -> None:
    found = json.loads(run("ledger", "score", "--json").stdout)
    assert (found["orders"], found["difference"]) == ([], 0)
    assert "overrides made 0 USD" in run("ledger", "score").stdout


def test_a_year_is_written_as_csv(run, desk: Path) -> None:
    call = parse_instrument("SPXW  150918C02150000")
    entries = [
        Fill(date(2015, 8, 17), "condors", "", call, 2, 10.0, fees=3.0),
        Fill(date(2015, 8, 18), "condors", "", call, -2, 9.0, fees=3.0),
    ]
    write_book(desk / "book.yaml", BOOK.add(entries))
    answer = run("journal", "tax", "2015", "--save", desk / "tax.csv")
    assert answer.exit_code == 0, answer.output
    assert (desk / "tax.csv").read_text().splitlines()[-1].startswith("TOTAL")
    (line,) = json.loads(run("journal", "tax", "2015", "--json").stdout)["lines"]
    assert (line["gain"], line["long_term"], line["short_term"]) == (-206.0, -123.6, -82.4)


def test_the_journal_is_empty_before_any_ticket(run, desk: Path) -> None:
    assert json.loads(run("journal", "show", "--json").stdout) == []
    assert run("journal", "show").exit_code == 0
    answer = run("journal", "note", "x", "why")
    assert (answer.exit_code, "no ticket 'x'" in answer.stderr) == (1, True)


def test_a_canary_in_every_secret_place_shows_nowhere(run, shell, desk: Path) -> None:
    """Addresses of alerts, the private key and its passphrase-less file: in no answer or file."""
    secret = (desk / "me.pem").read_text().splitlines()[1]
    (desk / "to.yaml").write_text(
        f"file: {desk / 'alerts.jsonl'}\nnotify: ['nonsense-{CANARY}://u:{CANARY}@h/{CANARY}']\n"
    )
    (desk / "bad.yaml").write_text(f"notify: {CANARY}\n{CANARY}: [\n")
    (desk / "bad.pem").write_text(f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n")
    (desk / "bad.pem").chmod(0o600)
    said = [
        _watch(run, "--to", desk / "to.yaml"),
        _watch(run, "--to", desk / "bad.yaml"),
        _watch(run, "--key", desk / "bad.pem"),
        run("ledger", "resume", "--key", desk / "bad.pem"),
        run("ledger", "checkpoint"),
        run("ledger", "checkpoint", "--key", desk / "to.yaml"),
        run("ledger", "show", "--json"),
        run("ledger", "export", desk / "export.jsonl"),
        run("ledger", "standing", "--json"),
        run("policy", "propose", "--charter", desk / "bad.yaml"),
    ]
    outside = shell("watch", "--once", "--to", desk / "bad.yaml")
    assert "Traceback" not in outside.stderr
    told = "".join(answer.output + repr(answer.exception) for answer in said)
    told += outside.stdout + outside.stderr
    hidden = ("me.pem", "bad.pem", "to.yaml", "bad.yaml")
    for file in desk.iterdir():
        if file.name not in hidden:
            told += file.read_bytes().decode("latin-1")
    assert secret not in told
    assert CANARY not in told
