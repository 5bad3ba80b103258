"""Books as files, and positions as the fold of fills: by hand, and row by row refused."""

from datetime import date

import pytest
from tests.advise.books import bundled
from tests.desk.month import begin, days_of

import alvh
from alvh.desk.book import Book
from alvh.desk.book_files import read_book, write_book
from alvh.desk.marking import mark
from alvh.errors import BookError, DataError

CONDOR = """\
date,kind,sleeve,order,symbol,quantity,price,fees,amount,closes,key
2015-08-03,deposit,,,,,,,100000,,
2015-08-03,trade,condors,c1,SPXW150918P01900000,2,6.0,2,,,
2015-08-03,trade,condors,c1,SPXW150918P01950000,-2,8.0,2,,,
2015-08-03,trade,condors,c1,SPXW150918C02200000,-2,7.0,2,,,
2015-08-03,trade,condors,c1,SPXW150918C02250000,2,4.0,2,,,
2015-08-04,trade,short,s1,VIX   150916C00018000,10,1.5,10,,,
2015-08-05,trade,short,s2,VIX   150916C00018000,-4,2.5,4,,,
"""


@pytest.fixture
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("books") / "main.csv"
    path.write_text(CONDOR)
    return read_book(path)


def test_a_book_by_hand(book):
    """Cash: 100,000 + 2·100·(8+7−6−4) − 8 − 10·100·1.5 − 10 + 4·100·2.5 − 4."""
    account = book.account(date(2015, 8, 5))
    assert account.faults == ()
    assert account.cash == pytest.approx(100_000 + 1_000 - 8 - 1_500 - 10 + 1_000 - 4)
    (condor,) = account.condors
    assert condor.strikes == (1900.0, 1950.0, 2200.0, 2250.0)
    assert (condor.quantity, condor.credit, condor.settlement) == (2, 5.0, "pm")
    layer = account.layer("short")
    assert (layer.units, layer.bought) == (6, 10)
    assert layer.cost == pytest.approx(151.0)  # (10·150 + 10 USD of fees) / 10


def test_an_earlier_evening_is_the_fold_of_what_came_before(book):
    assert book.account(date(2015, 8, 3)).layers == ()
    assert book.account(date(2015, 8, 4)).layer("short").units == 10


@pytest.mark.parametrize("name", ["main.csv", "main.yaml"])
def test_a_book_survives_its_file(book, tmp_path, name):
    write_book(tmp_path / name, book)
    assert read_book(tmp_path / name).entries == book.entries


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2015-08-06,trade,short,s3,VIX150916C00018000,-7,1,0,,,", "-1 are not held"),
        ("2015-08-06,trade,short,s3,VIX150917C00018000,7,1,0,,,", "no VIX expiry"),
        ("2015-08-06,trade,short,s3,VIX150916C00018000,0,1,0,,,", "quantity 0"),
        ("2015-08-06,trade,short,s3,VIX150916C00018000,1.5,1,0,,,", "quantity 1.5"),
        ("2015-08-06,trade,short,s3,VIX150916C00018000,1,-1,0,,,", "price -1"),
        ("2015-08-08,trade,short,s3,VIX150916C00018000,1,1,0,,,", "market was closed"),
        ("2015-09-21,trade,short,s3,VIX150916C00018000,1,1,0,,,", "expired on 2015-09-16"),
        ("2015-08-06,settle,short,,VIX150916C00018000,-6,1,0,,,", "expires on 2015-09-16"),
        ("2015-08-04,trade,short,s3,VIX150916C00018000,1,1,0,,,", "sort the rows"),
        ("2015-08-06,withdrawal,,,,,,,500,,", "a negative amount was wanted"),
        ("2015-08-06,transfer,,,,,,,500,,", "is no kind of row"),
        ("2015-08-06,trade,long,s3,VIX150916C00018000,1,1,0,,,", "sleeve 'long'"),
        ("2015-08-06,trade,short,s3,VIX150916C00018000,one,1,0,,,", "not a number"),
        ("2015-08-06,trade,short,s3,VIX150916C00018000,1,1e9,0,,,", "at most 100,000 points"),
        ("2015-08-06,trade,short,s3,VIX150916C00018000,1,1,-500000,,,", "fees -500,000.00"),
        ("2015-08-06,trade,short,s3,VIX150916C00018000,1,1,500000,,,", "fees 500,000.00"),
    ],
)  # fmt: skip
def test_an_impossible_row_is_refused_by_its_line(tmp_path, row, said):
    path = tmp_path / "main.csv"
    path.write_text(CONDOR + row + "\n")
    with pytest.raises(BookError, match=r"main\.csv line 9.*") as refused:
        read_book(path)
    assert said in str(refused.value)


def test_the_line_of_a_yaml_entry_is_named(tmp_path):
    path = tmp_path / "main.yaml"
    path.write_text(
        "book: main\nentries:\n- {date: 2015-08-03, kind: deposit, amount: 5}\n"
        "- {date: 2015-08-03, symbol: SPXW150918P0190, quantity: 1, price: 1}\n"
    )
    with pytest.raises(BookError, match=r"main\.yaml line 4: .*not an OSI"):
        read_book(path)


def test_a_layer_s_sale_of_what_is_not_held_is_a_fault(tmp_path):
    path = tmp_path / "main.csv"
    path.write_text(CONDOR + "2015-08-06,trade,medium,m1,VIX151216C00018000,-7,1,0,,,\n")
    (fault,) = read_book(path).account(date(2015, 8, 6)).faults
    assert "a layer buys what it is named for" in fault


def test_what_rules_cannot_read_is_a_fault_and_not_a_guess(book):
    half = Book("half", book.entries[:3])
    (fault,) = half.account(date(2015, 8, 5)).faults
    assert "two puts and two calls" in fault


def test_a_place_that_cannot_be_written_is_refused_and_nothing_is_left(book, tmp_path):
    place = tmp_path / "main.csv" / "taken"
    place.mkdir(parents=True)
    with pytest.raises(BookError, match="cannot be written"):
        write_book(place.parent, book)
    assert sorted(tmp_path.iterdir()) == [place.parent]


def test_a_book_is_worth_what_the_run_says():
    """The fold of a run's fills, marked anew, against the run's own NAV."""
    result = alvh.backtest(bundled(), "alvh-40-40-20", "monthly45", "2015-07-31", "2015-08-26")
    book = begin(result, len(result.dates))
    found = mark(bundled(), book, days_of(result)[-1])
    assert found.nav == pytest.approx(result.nav[-1], abs=1e-4)


def test_what_has_expired_is_not_marked(book):
    with pytest.raises(DataError, match="import its settlement"):
        mark(bundled(), book, date(2015, 9, 21))
