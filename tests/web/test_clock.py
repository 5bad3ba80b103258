"""How long is left is told by the calendar and the clock, whatever the data are."""

from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import HOST

from alvh.desk.closes import next_close
from alvh.errors import CalendarError
from alvh.web import Desk, create_app


@pytest.mark.parametrize(
    ("at", "close"),
    [
        ("2015-08-24T15:00", "2015-08-24T15:15:00-05:00"),
        ("2015-08-24T20:15", "2015-08-25T15:15:00-05:00"),  # the close itself is over
        ("2015-11-27T15:00", "2015-11-27T12:15:00-06:00"),  # a half day
        ("2015-11-27T18:15", "2015-11-30T15:15:00-06:00"),  # then the weekend
        ("2015-12-25T18:00", "2015-12-28T15:15:00-06:00"),  # a holiday
        ("2015-08-25T03:00", "2015-08-25T15:15:00-05:00"),  # still the 24th in Chicago, closed
        ("2026-03-07T18:00", "2026-03-09T15:15:00-05:00"),  # over the change to summer time
    ],
)
def test_the_next_close_is_the_calendars(at: str, close: str) -> None:
    assert next_close(datetime.fromisoformat(at).replace(tzinfo=UTC)).isoformat() == close


def test_the_calendar_ends() -> None:
    with pytest.raises(CalendarError, match="no session after"):
        next_close(datetime(2032, 1, 5, tzinfo=UTC))


def _page(desk: Desk, at: datetime, end: str) -> str:
    found = Desk(desk.history, "bundled", desk.hedges, desk.programmes, lambda: at)
    client = TestClient(create_app(found, [HOST]), base_url=f"http://{HOST}")
    return client.get("/today", params={"end": end}).text


def test_a_session_that_is_over_is_said_to_be_and_so_are_its_tickets(desk: Desk) -> None:
    before = _page(desk, datetime(2015, 8, 24, 20, 14, tzinfo=UTC), "2015-08-24")
    assert "Options close at 15:15 in Chicago" in before
    assert 'data-until="2015-08-24T15:15:00-05:00"' in before
    assert "finished session" not in before
    after = _page(desk, datetime(2015, 8, 24, 20, 16, tzinfo=UTC), "2015-08-24")
    assert "This session is over: options closed at 15:15 in Chicago" in after
    assert 'data-until="2015-08-25T15:15:00-05:00"' in after
    cards = after.count('<article class="card ticket">')
    assert cards > 0
    assert after.count("Of a finished session, 2015-08-24: not to be sent.") == cards


def test_old_data_do_not_stop_the_clock(desk: Desk) -> None:
    text = _page(desk, datetime(2026, 11, 27, 12, 0, tzinfo=UTC), "")
    assert str(desk.history.dates[-1].astype(object)) in text
    assert date(2026, 11, 27) != desk.history.dates[-1].astype(object)
    assert 'data-until="2026-11-27T12:15:00-06:00"' in text
