"""Delimited text: every cell with its line, nothing guessed."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh.errors import DataError
from alvh.market.sources.records import to_date, to_day
from alvh.market.sources.text import body, clean, dates, numbers, rows


def table(text: str, fields: int = 2, header: int = 0):
    return rows([body("a.csv", clean(text.encode()), header)], fields)


def test_byte_order_mark_and_carriage_returns_are_dropped():
    source = table("\ufeffDATE,X\r\n01/02/2019,1\r\n", header=1)
    assert source.cells.rows() == [("01/02/2019", "1")]
    assert source.where(0) == "a.csv:2"


def test_blank_lines_do_not_shift_line_numbers():
    source = table("DATE,X\n\n2019-01-02,1\n\n\n2019-01-03,2\n\n", header=1)
    assert source.lines.tolist() == [3, 6]
    assert source.where(1) == "a.csv:6"


def test_quoted_fields_lose_quotes_and_thousands_commas():
    source = table('"2019-01-02","2,510.03"\n"2019-01-03",2447.89\n')
    assert numbers(source, 1)[0].tolist() == [2510.03, 2447.89]


def test_trailing_commas_are_let_pass():
    source = table("2004-05-03,183.5,\n2004-05-04,184.1\n")
    assert source.cells.rows() == [("2004-05-03", "183.5"), ("2004-05-04", "184.1")]


@pytest.mark.parametrize("line", ["2019-01-04", "2019-01-04,3,4", "2019-01-04,3,4,"])
def test_a_ragged_line_is_named(line):
    with pytest.raises(DataError, match=r"a\.csv:2: [1-4] fields"):
        table(f"2019-01-02,1\n{line}\n2019-01-07,5\n")


def test_a_whole_last_line_needs_no_line_end():
    source = table("2019-01-02,16.10\n2019-01-03,16.25")
    assert len(source.lines) == 2


@pytest.mark.parametrize("last", ["16.2", "16.", "16", "1"])
def test_a_last_number_that_was_cut_is_refused(last):
    with pytest.raises(DataError, match=r"a\.csv:3: the file ends in the middle of the line"):
        table(f"2019-01-01,16.10\n2019-01-02,16.10\n2019-01-03,{last}")


@pytest.mark.parametrize("last", ["18", "181"])
def test_a_cut_whole_number_is_refused(last):
    with pytest.raises(DataError, match="ends in the middle"):
        table(f"20190102,1812\n20190103,799\n20190104,{last}")


def test_a_number_that_may_have_been_cut_is_refused_too():
    """4.2 may be the whole of 4.2 or the start of 4.21; without a line end nobody knows."""
    with pytest.raises(DataError, match="add the line end if nothing is missing"):
        table("2024-12-27,4.19\n2024-12-30,4.1\n2024-12-31,4.2")
    assert len(table("2024-12-27,4.19\n2024-12-30,4.1\n2024-12-31,4.2\n").lines) == 3


def test_a_cut_behind_the_fourth_decimal_does_not_matter():
    assert len(table("2026-07-08,7482.7099609375\n2026-07-09,7485.4902").lines) == 2


@pytest.mark.parametrize(
    "cell",
    ["2019-02-05", "02/05/2019", "2/5/2019", "20190205", "2019-02-05 00:00:00", " 2019-02-05 "],
)
def test_every_date_form(cell):
    assert to_date(dates(table(f"{cell},1\n"))[0]) == date(2019, 2, 5)


def test_date_forms_may_differ_between_files():
    source = rows([body("a", b"2019-02-05,1\n", 0), body("b", b"02/06/2019,2\n", 0)], 2)
    assert [to_date(day) for day in dates(source)] == [date(2019, 2, 5), date(2019, 2, 6)]
    assert source.where(1) == "b:1"


@given(st.dates(date(1871, 1, 1), date(2199, 12, 31)))
def test_dates_survive_the_round_trip(day):
    assert to_date(to_day(day)) == day
    assert to_date(dates(table(f"{day},1\n"))[0]) == day


def test_blank_and_unreadable_numbers_are_told_apart():
    cells = ["", ".", "null", "NA", "NaN", "inf", "x", "1_0", " 2.5", "-3"]
    source = table("".join(f"{cell},1\n" for cell in cells))
    values, blank, unreadable = numbers(source, 0)
    assert blank.tolist() == [True] * 4 + [False] * 6
    assert unreadable.tolist() == [False] * 4 + [True] * 4 + [False] * 2
    assert values[-2:].tolist() == [2.5, -3.0]
    assert np.isnan(values[:-2]).all()


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=200))
def test_numbers_are_read_to_the_bit(values):
    source = table("".join(f" {value!r},1\n" for value in values))
    assert numbers(source, 0)[0].tolist() == values


def test_no_rows():
    source = table("DATE,X\n", header=1)
    assert len(source.lines) == 0
    assert len(dates(source)) == 0
