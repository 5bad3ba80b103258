"""Sessions of printed moments; the printed lines are those of real downloads (formats page)."""

from datetime import date, datetime

import pytest

from alvh.errors import DataError
from alvh.market.chains.moments import NEW_YORK, Moment, place, read_message, read_printed


@pytest.mark.parametrize(
    ("printed", "moment"),
    [
        ("February 5 2022, 8:09 PM EST", Moment(date(2022, 2, 4), None)),  # Saturday
        ("October 1, 2025 at 6:01 PM EDT", Moment(date(2025, 10, 1), None)),
        ("January 7, 2024 at 10:52 AM EST", Moment(date(2024, 1, 5), None)),  # Sunday
        ("Mar 22 2020 @ 18:24 ET", Moment(date(2020, 3, 20), None)),  # Sunday
        ("October 1, 2025 at 10:30 AM EDT", Moment(date(2025, 10, 1), "10:30")),
        ("October 1, 2025 at 9:30 AM CDT", Moment(date(2025, 10, 1), "10:30")),
        ("1. Oktober 2025 um 16:30 UTC+2", Moment(date(2025, 10, 1), "10:30")),
        ("1 octobre 2025 à 16:30 GMT+2", Moment(date(2025, 10, 1), "10:30")),
        ("12 de marzo de 2024, 18:00 ET", Moment(date(2024, 3, 12), None)),
        ("12 juillet 2024 à 12:00 EDT", Moment(date(2024, 7, 12), "12:00")),
        ("12 juin 2024 à 12:00 EDT", Moment(date(2024, 6, 12), "12:00")),
        # weekdays that begin as March does
        ("mardi 8 février 2022 à 12:00 EST", Moment(date(2022, 2, 8), "12:00")),
        ("mar. 8 févr. 2022 à 12:00 EST", Moment(date(2022, 2, 8), "12:00")),
        ("martes, 8 de febrero de 2022, 12:00 EST", Moment(date(2022, 2, 8), "12:00")),
        ("martedì 8 febbraio 2022 12:00 EST", Moment(date(2022, 2, 8), "12:00")),
        ("maandag 7 februari 2022 om 12:00 EST", Moment(date(2022, 2, 7), "12:00")),
        ("mar. 8 mars 2022 à 12:00 EST", Moment(date(2022, 3, 8), "12:00")),
        ("Tuesday, February 8, 2022 at 12:00 EST", Moment(date(2022, 2, 8), "12:00")),
        ("8. März 2022 um 18:30 UTC+1", Moment(date(2022, 3, 8), "12:30")),
        ("8 February 2022 at 22:30 GMT+5:30", Moment(date(2022, 2, 8), "12:00")),
        ("8 February 2022 at 22:30 UTC+0530", Moment(date(2022, 2, 8), "12:00")),
        ("October 1, 2025 at 12:05 AM EDT", Moment(date(2025, 10, 1), "00:05")),
    ],
)
def test_the_session_of_a_printed_moment(printed: str, moment: Moment) -> None:
    assert place(read_printed(printed)) == moment


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "yesterday",
        "10/01/2025 at 6:01 PM EDT",
        "October 1, 2025 at 6:01 PM",
        "October 2025 10:00 ET",
        "February 30 2022, 8:09 PM EST",
        "October 1, 2025 at 6:01 PM CEST",
        "October 1, 2025 at 25:00 ET",
        "mar. 9 févr. 2022 à 12:00 EST",  # a Wednesday: which of the two months?
        "mar. 8 lutego 2022 12:00 EST",
        "January 8 February 2022 12:00 EST",
        "October 1, 2025 at 6:01 PM GMT+25",
    ],
)
def test_a_moment_that_cannot_be_told_is_refused(printed: str) -> None:
    with pytest.raises(DataError, match="does not say when the file was made"):
        read_printed(printed)


@pytest.mark.parametrize(
    ("clock", "moment"),
    [
        ("2024-11-29T12:00", Moment(date(2024, 11, 29), "12:00")),
        ("2024-11-29T13:15", Moment(date(2024, 11, 29), None)),  # half day
        ("2024-11-27T16:14", Moment(date(2024, 11, 27), "16:14")),
        ("2024-11-27T16:15", Moment(date(2024, 11, 27), None)),
        ("2024-11-28T20:30", Moment(date(2024, 11, 29), "20:30")),  # the evening of Thanksgiving
        ("2024-12-02T20:20", Moment(date(2024, 12, 3), "20:20")),  # opens the next session
        ("2020-12-01T20:20", Moment(date(2020, 12, 1), None)),  # no evening session yet
        ("2020-12-01T03:05", Moment(date(2020, 12, 1), "03:05")),
        ("2020-12-01T02:05", Moment(date(2020, 11, 30), None)),
        ("2024-12-01T21:00", Moment(date(2024, 12, 2), "21:00")),  # Sunday evening
    ],
)
def test_the_session_of_a_clock(clock: str, moment: Moment) -> None:
    assert place(datetime.fromisoformat(clock).replace(tzinfo=NEW_YORK)) == moment


def test_a_moment_outside_the_calendar_is_refused() -> None:
    with pytest.raises(DataError, match="outside the calendar"):
        place(datetime(2054, 1, 4, 12, tzinfo=NEW_YORK))


def test_the_session_of_a_message() -> None:
    # the message of the sample: 23:02 UTC is 19:02 in New York
    assert read_message("2026-05-20 23:02:44", None) == Moment(date(2026, 5, 20), None)
    # the index's last print places what is shown in and after regular hours
    printed = "2026-05-20T10:44:31"
    assert read_message("2026-05-20 14:59:00", printed) == Moment(date(2026, 5, 20), "10:44")
    closed = "2026-05-20T16:03:00"
    assert read_message("2026-05-20 20:30:00", closed) == Moment(date(2026, 5, 20), None)
    # at four in the morning it is yesterday's, and what is shown is the overnight session
    assert read_message("2026-05-21 08:00:00", closed) == Moment(date(2026, 5, 21), "04:00")
    # an offset that is written counts
    assert read_message("2026-05-20T14:59:00-04:00", None) == Moment(date(2026, 5, 20), "14:59")
    assert read_message("2026-05-20 14:59:00", "2026-05-20T14:44:31+00:00") == Moment(
        date(2026, 5, 20), "10:44"
    )
    with pytest.raises(DataError, match="is no time"):
        read_message("soon", None)
    with pytest.raises(DataError, match="is no time"):
        read_message("2026-05-20", None)  # midnight in London is the evening before
    assert read_message("2026-05-20 14:59:00", "2026-05-20") == Moment(date(2026, 5, 20), "10:59")
