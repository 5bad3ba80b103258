"""`alvh today` and `alvh book`: what they print is what the functions they call give."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

import alvh
from alvh.desk.book_files import alone, csv_text, entry_row, read_book
from alvh.desk.governance import close_only, halt, propose, reduce, sign
from alvh.desk.paper import as_decided
from alvh.desk.versions import Caps, Charter
from alvh.ledger import Ledger, create_key

BOOK = "date,kind,amount\n2015-08-20,deposit,1000000\n"


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "main.csv"
    path.write_text(BOOK)
    return path


def test_today_prints_the_decision(run, book):
    answer = run("today", "--book", book, "--as-of", "2015-08-21", "--json")
    assert answer.exit_code == 0
    history = alvh.load_history("bundled")
    found = alvh.today(history, read_book(book), as_of=date(2015, 8, 21))
    warning = "NOT TO BE SENT: of a finished session, 2015-08-21"
    assert json.loads(answer.stdout) == found.plain() | {"warning": warning}


def test_today_says_orders_reasons_and_identity(run, book):
    text = run("today", "--book", book, "--as-of", "2015-08-21").stdout
    for said in ("trade", "20150821-short-1", "Reasons", "gap", "policy ", "data ", "decision "):
        assert said in text


def test_stale_data_is_refused_with_its_code(run, book):
    answer = run("today", "--book", book)
    assert answer.exit_code == 1
    assert "STALE" in answer.stderr
    assert "alvh data pull" in answer.stderr


def test_a_book_that_is_not_there_is_refused_in_one_line(run, tmp_path):
    answer = run("today", "--book", tmp_path / "none.csv", "--as-of", "2015-08-21")
    assert answer.exit_code == 1
    assert answer.stderr.count("\n") == 1


def test_book_show_and_mark(run, book):
    shown = json.loads(run("book", "show", "--book", book, "--json").stdout)
    assert shown["cash"] == 1_000_000
    marked = json.loads(
        run("book", "mark", "--book", book, "--as-of", "2015-08-21", "--json").stdout
    )
    assert marked["nav"] == 1_000_000


def test_an_import_that_is_refused_leaves_the_book(run, book, tmp_path):
    statement = tmp_path / "statement.csv"
    statement.write_text("nonsense\n")
    answer = run("book", "import", statement, "--book", book)
    assert answer.exit_code == 1
    assert book.read_text() == BOOK


@pytest.fixture
def desk(tmp_path):
    """A ledger with rules in force, and the file it is in."""
    key = create_key(tmp_path / "ann.pem")
    ledger = Ledger(tmp_path / "desk.db")
    rules = Charter(keys={"ann": key.public}, notice_days=0, caps=Caps(condor_share=0.2))
    at = datetime(2015, 8, 14, 20, tzinfo=UTC)
    hedge, condors = alvh.load_policy("alvh-40-40-20"), alvh.load_programme("monthly45")
    sign(ledger, propose(ledger, hedge, condors, rules, at).sha256, key, at)
    return tmp_path / "desk.db"


def test_a_day_at_the_desk(run, book, desk, tmp_path):
    """Decide, record, issue, fill on paper, import: book and tickets agree."""
    words = ("--book", book, "--ledger", desk)
    answer = run("today", *words, "--as-of", "2015-08-21", "--tickets", tmp_path / "t", "--json")
    assert answer.exit_code == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert sorted(told["tickets"]["issued"]) == sorted(one["name"] for one in told["orders"])
    assert (tmp_path / "t" / "2015-08-21" / "basket.csv").exists()
    found = alvh.today(alvh.load_history("bundled"), read_book(book), as_of=date(2015, 8, 21))
    statement = tmp_path / "paper.csv"
    statement.write_text(csv_text(map(entry_row, as_decided(found))))
    assert run("fills", "check", *words).exit_code == 1  # nothing is filled yet
    imported = run("fills", "import", statement, *words)
    assert imported.exit_code == 0, imported.stderr
    assert "agree" in imported.stdout
    assert read_book(book).folded().cash == pytest.approx(1_000_000 + found.cash_change)


def test_a_mismatch_is_refused_by_the_next_day(run, book, desk, tmp_path):
    words = ("--book", book, "--ledger", desk)
    day = run("today", *words, "--as-of", "2015-08-21", "--tickets", tmp_path / "t", "--json")
    names = json.loads(day.stdout)["tickets"]["issued"]
    assert run("fills", "check", *words).exit_code == 1
    stopped = run("today", *words, "--as-of", "2015-08-24")
    assert stopped.exit_code == 1
    assert "book and tickets disagree" in stopped.stderr
    for name in names:
        assert run("fills", "void", name, "--reason", "no fill", "--ledger", desk).exit_code == 0
    assert run("fills", "check", *words).exit_code == 0
    assert run("today", *words, "--as-of", "2015-08-24").exit_code == 0


def test_orders_of_a_finished_session_are_not_to_be_sent(run, book, desk, tmp_path):
    warning = "NOT TO BE SENT: of a finished session, 2015-08-21"
    words = ("today", "--book", book, "--as-of", "2015-08-21")
    told = run(*words)
    assert warning in told.stderr
    assert warning in told.stdout
    as_json = run(*words, "--ledger", desk, "--tickets", tmp_path / "t", "--json")
    assert json.loads(as_json.stdout)["warning"] == warning
    assert warning in as_json.stderr
    folder = tmp_path / "t" / "2015-08-21"
    assert (folder / "thinkorswim.txt").read_text().startswith(f"{warning}\n")
    assert (folder / "NOT-TO-BE-SENT.txt").read_text() == f"{warning}\n"


def test_open_tickets_stop_the_next_day_without_any_import(run, book, desk, tmp_path):
    words = ("--book", book, "--ledger", desk, "--tickets", tmp_path / "t")
    assert run("today", *words, "--as-of", "2015-08-21").exit_code == 0
    stopped = run("today", *words, "--as-of", "2015-08-24", "--json")
    assert stopped.exit_code == 1
    told = json.loads(stopped.stdout)
    assert told["stopped"] == ["BOOK"]
    assert "issued" not in told["tickets"]
    watched = run("watch", "--once", "--as-of", "2015-08-24", "--book", book, "--ledger", desk,
                  "--to", _quiet(tmp_path), "--json")  # fmt: skip
    about = [alert["about"] for alert in json.loads(watched.stdout)["raised"]]
    assert "reconciliation mismatch" in about


def test_open_tickets_are_told_though_the_data_are_gone(run, book, desk, tmp_path):
    words = ("--book", book, "--ledger", desk)
    run("today", *words, "--as-of", "2015-08-21", "--tickets", tmp_path / "t")
    answer = run("watch", "--once", "--as-of", "2015-08-24", *words, "--to", _quiet(tmp_path),
                 "--data", tmp_path / "gone", "--json")  # fmt: skip
    about = {alert["about"] for alert in json.loads(answer.stdout)["raised"]}
    assert about == {"stale data", "reconciliation mismatch"}


def test_an_import_of_nothing_makes_no_book(run, tmp_path):
    statement = tmp_path / "ib.csv"
    statement.write_text("Statement,Header,Field Name,Field Value\nStatement,Data,Title,x\n")
    answer = run("book", "import", statement, "--book", tmp_path / "new.yaml")
    assert answer.stdout.startswith("0 entries added")
    statement.write_text("Statement,Header,Field Name,Field Value\nTrades,Data,Order,x\n")
    refused = run("book", "import", statement, "--book", tmp_path / "new.yaml")
    assert (refused.exit_code, "ib.csv line 2" in refused.stderr) == (1, True)
    assert not (tmp_path / "new.yaml").exists()


def _quiet(folder):
    (folder / "to.yaml").write_text(f"file: {folder}/alerts.jsonl\n")
    return folder / "to.yaml"


def _override(desk, act, *words):
    ledger = Ledger(desk, "write")
    act(ledger, *words, "a storm", "ann", datetime(2015, 8, 21, 18, tzinfo=UTC))
    ledger.close()


def test_a_halted_desk_says_so_beside_the_rules_decision(run, book, desk):
    free = run("today", "--book", book, "--ledger", desk, "--as-of", "2015-08-21", "--json")
    _override(desk, halt)
    words = ("today", "--book", book, "--ledger", desk, "--as-of", "2015-08-21")
    told, before = json.loads(run(*words, "--json").stdout), json.loads(free.stdout)
    assert before["may_be_ordered"]["restrictions"] == []
    assert len(before["may_be_ordered"]["structures"]) == len(before["orders"]) > 0
    (check,) = told["may_be_ordered"]["restrictions"]
    assert (check["code"], "halted by ann" in check["text"]) == ("HALTED", True)
    assert told["may_be_ordered"]["structures"] == {}
    assert set(told["may_be_ordered"]["refused"]) == {one["name"] for one in told["orders"]}
    for one in (told, before):
        one.pop("may_be_ordered")
    assert told == before  # the decision of the rules, and its event, are what they were
    text = run(*words).stdout
    assert "trade by the rules, of which none of" in text.splitlines()[1]
    assert "warn HALTED: halted by ann" in text
    assert "not to be ordered, 20150821-short-1: halted by ann" in text


@pytest.mark.parametrize(("act", "words", "code"), [
    (close_only, (date(2099, 1, 1),), "CLOSE_ONLY"),
    (reduce, (0.5, date(2099, 1, 1)), "REDUCED"),
])  # fmt: skip
def test_a_restricted_desk_says_so(run, book, desk, act, words, code):
    _override(desk, act, *words)
    answer = run("today", "--book", book, "--ledger", desk, "--as-of", "2015-08-21")
    assert f"warn {code}: " in answer.stdout
    assert "by ann, event 3: a storm" in answer.stdout


def test_no_trade_has_its_reason_in_a_line(run, book, desk):
    words = ("today", "--book", book, "--as-of", "2015-08-23")
    assert run(*words).exit_code == 1  # a Sunday
    quiet = ("--hedge", "none", "--condors", "none", "--as-of", "2015-08-21")
    told = json.loads(run("today", "--book", book, *quiet, "--json").stdout)
    assert told["verdict"] == "no trade"
    assert f"no trade: {told['reason']}".rstrip() in run("today", "--book", book, *quiet).stdout


TASTY = (
    "Date,Type,Sub Type,Action,Symbol,Instrument Type,Value,Quantity,Average Price,Commissions,"
    "Fees,Order #,Currency\n"
    "2015-08-21T09:40:35-0500,Trade,Buy to Open,BUY_TO_OPEN,VIX   150916C00020000,Equity Option,"
    "-100.00,1,-100.00,-1.00,0.00,{order},USD\n"
)


def test_an_import_shows_no_number_of_the_broker_s(run, book, tmp_path):
    statement = tmp_path / "tasty.csv"
    statement.write_text(TASTY.format(order=4_711_000_123))
    answer = run("book", "import", statement, "--book", book, "--sleeve", "short", "--json")
    (row,) = json.loads(answer.stdout)["added"]
    assert (row["symbol"], row["quantity"], row["price"]) == ("VIX   150916C00020000", 1, 1)
    assert "4711000123" not in answer.output
    assert "4711000123" in book.read_text()  # where it says which execution is known


def test_two_imports_at_once_lose_neither(book, tmp_path):
    """Statements of two orders, several programs at once: every entry that was said is there."""
    statements = []
    for number in range(6):
        statements.append(tmp_path / f"{number}.csv")
        statements[-1].write_text(TASTY.format(order=100 + number))
    script = "from alvh.cli import main; main()"
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, "book", "import", one, "--book", book, "--sleeve",
             "short"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for one in statements
    ]  # fmt: skip
    answers = [(*program.communicate(timeout=120), program.returncode) for program in programs]
    assert all(code == 0 and said.startswith("1 entries added") for said, _, code in answers)
    assert len(read_book(book).entries) == 1 + len(statements)


def test_an_import_waits_for_whoever_changes_the_book(run, book, tmp_path, monkeypatch):
    statement = tmp_path / "tasty.csv"
    statement.write_text(TASTY.format(order=1))
    monkeypatch.setattr("alvh.desk.book_files._WAIT_SECONDS", 0.05)
    with alone(book):
        answer = run("book", "import", statement, "--book", book, "--sleeve", "short")
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert "another program is changing it; nothing was taken in" in answer.stderr
    assert book.read_text() == BOOK
    assert run("book", "import", statement, "--book", book, "--sleeve", "short").exit_code == 0


@pytest.mark.parametrize("cash", ["nan", "inf", "-inf"])
def test_cash_that_is_no_amount_reconciles_nothing(run, book, desk, cash):
    words = ("--book", book, "--ledger", desk, "--cash", cash)
    answer = run("fills", "check", *words)
    assert answer.exit_code == 2
    assert "is no amount" in answer.stderr
    assert run("fills", "check", *words[:4], "--cash", "999999.99").exit_code == 1


def test_a_book_that_is_no_csv_is_refused_by_line(run, book):
    book.write_text(f"{BOOK}2015-08-21,deposit,{'1' * 131_073}\n")
    answer = run("book", "show", "--book", book)
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert "main.csv line 3: is no CSV" in answer.stderr


def test_tickets_need_a_ledger(run, book, tmp_path):
    assert run("today", "--book", book, "--tickets", tmp_path).exit_code == 2
