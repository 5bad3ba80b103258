"""When the options' session of a moment closes, by the calendar alone, whatever the data are."""

from datetime import date, datetime

import numpy as np

from alvh.advise.preflight import closes_at
from alvh.desk.moments import chicago_day
from alvh.errors import CalendarError
from alvh.sessions import sessions


def next_close(at: datetime) -> datetime:
    """Return the first close of options after a moment, in Chicago.

    Parameters
    ----------
    at : datetime
        Aware.

    Raises
    ------
    CalendarError
        If the calendar ends before it.
    """
    days = sessions()
    first = int(np.searchsorted(days, np.datetime64(chicago_day(at))))
    for day in days[first : first + 2]:  # today's may be over
        session: date = day.astype(object)
        if closes_at(session) > at:
            return closes_at(session)
    raise CalendarError(f"the calendar has no session after {at}; use a later version of alvh")


def not_to_be_sent(as_of: date, at: datetime) -> str:
    """Say that orders of a session are not to be sent after its close; empty until then.

    Parameters
    ----------
    as_of : date
        The session.
    at : datetime
        Aware.

    Examples
    --------
    >>> from datetime import UTC
    >>> not_to_be_sent(date(2026, 4, 6), datetime(2026, 4, 7, tzinfo=UTC))
    'NOT TO BE SENT: of a finished session, 2026-04-06'
    >>> not_to_be_sent(date(2026, 4, 6), datetime(2026, 4, 6, 15, tzinfo=UTC))
    ''
    """
    if closes_at(as_of) > at:
        return ""
    return f"NOT TO BE SENT: of a finished session, {as_of}"
