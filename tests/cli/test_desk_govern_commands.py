"""`alvh watch`, `alvh journal`, `alvh replay --from-ledger`, `alvh ledger score`; the canary."""

import json
from datetime import date
from pathlib import Path

import pytest

from alvh.advise.instrument import parse_instrument
from alvh.desk.book import Book
from alvh.desk.book_files import write_book
from alvh.desk.entries import Fill, Flow

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
