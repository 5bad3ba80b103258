"""`alvh today` and `alvh book`: what they print is what the functions they call give."""

import json
from datetime import date

import pytest

import alvh
from alvh.desk.book_files import read_book

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
    assert json.loads(answer.stdout) == found.plain()


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
