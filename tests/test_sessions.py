"""Sessions and half days against a calendar library, and the closures no rule foretells."""

import subprocess
import sys
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh.errors import CalendarError
from alvh.sessions import SPECIAL_CLOSURES, grid, half_days, is_session, session_number, sessions


@pytest.fixture(scope="module")
def nyse():
    calendars = pytest.importorskip("exchange_calendars")
    return calendars.get_calendar("XNYS", start="1990-01-01", end="2031-12-31")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pandas on the library's behalf
def test_sessions_are_those_of_exchange_calendars(nyse):
    # Oracle: exchange_calendars 4.13, XNYS, 10,573 sessions.
    expected = nyse.sessions.to_numpy().astype("datetime64[D]")
    np.testing.assert_array_equal(sessions(), expected)


def test_half_days_are_those_of_exchange_calendars(nyse):
    # Oracle: exchange_calendars 4.13, XNYS early closes, 91 days.
    expected = nyse.early_closes.to_numpy().astype("datetime64[D]")
    np.testing.assert_array_equal(half_days(), expected)


@pytest.mark.parametrize(
    ("day", "half"),
    [
        # Cboe and CFE holiday notices: day after Thanksgiving, Christmas Eve, July 3 or 5.
        (date(2012, 11, 23), True),
        (date(2002, 7, 5), True),
        (date(2013, 7, 3), True),
        (date(2013, 7, 5), False),  # since 2013 the eve is the half day
        (date(2020, 7, 2), False),  # July 3 was the holiday itself
        (date(2021, 7, 2), False),
        (date(2024, 7, 3), True),
        (date(2024, 12, 24), True),
        (date(2014, 12, 26), False),
        (date(2027, 12, 23), False),  # the 24th is the holiday
    ],
)
def test_half_day(day, half):
    assert (np.datetime64(day) in half_days()) is half


def test_special_closures_are_no_sessions_though_scheduled():
    for day, reason in SPECIAL_CLOSURES:
        assert not is_session(day), reason
        number = np.datetime64(day, "D").astype(np.int64)
        assert grid(scheduled=True).on_or_before(number) == number, reason


@pytest.mark.parametrize(
    "day",
    # NYSE holiday notices: the first year of King's day and Juneteenth, New Year on a Saturday.
    [date(1998, 1, 19), date(2022, 6, 20), date(2024, 6, 19), date(2012, 4, 6), date(2023, 1, 2)],
)
def test_holidays_are_closed(day):
    assert not is_session(day)


@pytest.mark.parametrize("day", [date(1997, 1, 20), date(2021, 6, 18), date(2010, 12, 31)])
def test_days_before_a_rule_or_outside_it_are_open(day):
    assert is_session(day)


def test_numbers_count_the_sessions():
    np.testing.assert_array_equal(session_number(sessions()), np.arange(sessions().size))
    assert session_number(date(1990, 1, 2)) == 0
    # Twenty sessions in February 1990: 28 days, four weekends, Washington's birthday.
    assert session_number(date(1990, 3, 1)) - session_number(date(1990, 2, 1)) == 19


@given(st.integers(0, 10_572))
def test_number_is_the_position(position):
    assert int(session_number(sessions()[position])) == position


def test_number_of_a_holiday_is_refused_with_its_neighbours():
    with pytest.raises(CalendarError, match=r"2024-06-19.*2024-06-18 and 2024-06-20"):
        session_number([date(2024, 6, 18), date(2024, 6, 19)])


@pytest.mark.parametrize("day", [date(1989, 12, 29), date(2032, 1, 2)])
def test_days_outside_the_calendar_are_refused(day):
    with pytest.raises(CalendarError, match="outside the calendar"):
        session_number(day)


def test_sessions_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        sessions()[0] = np.datetime64("2000-01-01")


def test_calendars_load_neither_pandas_nor_a_compiler():
    code = (
        "import sys, alvh.calendars as c; c.spx_expiries('2020-01-02', '2020-12-31');"
        "print([m for m in ('pandas', 'numba', 'exchange_calendars') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
