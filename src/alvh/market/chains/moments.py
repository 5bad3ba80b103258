"""When was it quoted? From the moment a file was printed to the session its quotes are of.

A file shows the quotes of the moment it was made. In regular hours that is a snapshot of the
session; from the close until the next overnight session opens it is the end of the day; in an
overnight session, which belongs to the day that follows, it is a snapshot of that day.

References
----------
Cboe: regular hours of SPX and VIX options end at 16:15 New York (13:15 on half days); Global
Trading Hours from 03:00 since March 2015 and from 20:15 the evening before since 2021-11-21.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from alvh import calendars
from alvh.errors import DataError

NEW_YORK: Final = ZoneInfo("America/New_York")
_OPEN, _CLOSE, _HALF_CLOSE = time(9, 30), time(16, 15), time(13, 15)
_EVENING_SESSIONS: Final = date(2021, 11, 22)  # the first that began the evening before
_EVENING, _EARLY = time(20, 15), time(3, 0)

# Month names by their first letters in English, German, French, Spanish, Italian, Portuguese and
# Dutch. Longer beginnings come first: juin is June, jui… otherwise July.
_MONTHS: Final = (
    (1, ("jan", "jän", "ene", "gen")),
    (2, ("feb", "fév", "fev")),
    (3, ("mar", "mär", "maa", "mrt")),
    (4, ("apr", "avr", "abr")),
    (5, ("may", "mai", "mag", "mei")),
    (6, ("juin", "jun", "giu")),
    (7, ("juil", "jul", "lug")),
    (8, ("aug", "aoû", "aou", "ago")),
    (9, ("sep", "set")),
    (10, ("oct", "okt", "out", "ott")),
    (11, ("nov",)),
    (12, ("dec", "dez", "déc", "dic")),
)
_ZONES: Final = {
    **dict.fromkeys(("ET", "EST", "EDT"), NEW_YORK),
    **dict.fromkeys(("CT", "CST", "CDT"), ZoneInfo("America/Chicago")),
    **dict.fromkeys(("MT", "MST", "MDT"), ZoneInfo("America/Denver")),
    **dict.fromkeys(("PT", "PST", "PDT"), ZoneInfo("America/Los_Angeles")),
    **dict.fromkeys(("UTC", "GMT", "Z"), ZoneInfo("UTC")),
}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*([AaPp])?")
_OFFSET = re.compile(r"(?:UTC|GMT)\s*([+\-−])\s*(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Moment:
    """The session a file's quotes are of, and the time in it; None is the end of the day."""

    date: date
    time: str | None


def place(moment: datetime) -> Moment:
    """Return the session that quotes shown at a moment are of.

    Parameters
    ----------
    moment : datetime
        Aware.

    Raises
    ------
    DataError
        If it lies outside the calendar.

    Examples
    --------
    >>> place(datetime(2022, 2, 5, 20, 9, tzinfo=NEW_YORK))  # a Saturday evening
    Moment(date=datetime.date(2022, 2, 4), time=None)
    """
    local = moment.astimezone(NEW_YORK)
    day, clock = local.date(), local.time()
    if not date(1990, 1, 31) <= day <= date(2031, 12, 1):
        raise DataError(f"{day} is outside the calendar; a file of 1990 to 2031 was wanted")
    said = f"{clock:%H:%M}"
    if _is_session(day):
        close = _HALF_CLOSE if _is_half(day) else _CLOSE
        if _OPEN <= clock < close or (clock < _OPEN and _overnight(day, clock)):
            return Moment(day, said)
        if close <= clock:
            tomorrow = day + timedelta(1)
            evening = clock >= _EVENING and _is_session(tomorrow) and tomorrow >= _EVENING_SESSIONS
            return Moment(tomorrow, said) if evening else Moment(day, None)
    elif clock >= _EVENING and _is_session(day + timedelta(1)):
        tomorrow = day + timedelta(1)
        return Moment(tomorrow, said) if tomorrow >= _EVENING_SESSIONS else _last_before(day)
    return _last_before(day)


def _overnight(day: date, clock: time) -> bool:
    return day >= _EVENING_SESSIONS or clock >= _EARLY


def _is_session(day: date) -> bool:
    return bool(calendars.is_session([np.datetime64(day, "D")])[0])


def _is_half(day: date) -> bool:
    return np.datetime64(day, "D") in calendars.half_days()


def _last_before(day: date) -> Moment:
    day -= timedelta(1)
    while not _is_session(day):
        day -= timedelta(1)
    return Moment(day, None)


def read_printed(text: str) -> datetime:
    """Read the moment a quote table was printed, in the words of any of seven languages.

    Parameters
    ----------
    text : str
        For example ``"January 7, 2024 at 10:52 AM EST"`` or ``"Mar 22 2020 @ 18:24 ET"``.

    Returns
    -------
    datetime
        Aware.

    Raises
    ------
    DataError
        If day, month, year, hour or time zone cannot be told.
    """
    clock = _CLOCK.search(text)
    if clock is None:
        raise _unreadable(text, "no time of day")
    words = re.findall(r"[^\W\d_]+", text.lower().replace(".", " "))
    month = next((number for word in words if (number := _month(word))), None)
    numbers = re.findall(r"\d+", text[: clock.start()] + " ")
    years = [int(one) for one in numbers if len(one) == 4]
    days = [int(one) for one in numbers if len(one) <= 2]
    if month is None or len(years) != 1 or len(days) != 1:
        raise _unreadable(text, "no day, month in words and year")
    hour = _hour(int(clock[1]), clock[3])
    try:
        moment = datetime(years[0], month, days[0], hour, int(clock[2]))
    except ValueError as fault:
        raise _unreadable(text, str(fault)) from fault
    return moment.replace(tzinfo=_zone(text, text[clock.end() :]))


def read_message(timestamp: object, last_trade: object) -> Moment:
    """Return the session of a delayed-quote message.

    Parameters
    ----------
    timestamp : object
        ``YYYY-MM-DD HH:MM:SS`` of the message, taken to be UTC.
    last_trade : object
        ISO time of the underlying's last print, New York, or nothing: of what is shown outside
        overnight hours it tells the session whatever the zone of the message.

    Raises
    ------
    DataError
        If the timestamp is none.
    """
    try:
        sent = place(datetime.fromisoformat(str(timestamp)).replace(tzinfo=UTC))
    except ValueError as fault:
        raise DataError(
            f"timestamp {str(timestamp)[:40]!r} is no time such as 2026-05-20 23:02:44"
        ) from fault
    in_hours = sent.time is None or _OPEN <= time.fromisoformat(sent.time) < _CLOSE
    try:
        printed = datetime.fromisoformat(str(last_trade)).replace(tzinfo=NEW_YORK)
    except ValueError:
        return sent
    if not in_hours:
        return sent
    if printed.time() >= time(16, 0):  # the index prints until the close of its stocks
        printed = datetime.combine(printed.date(), _CLOSE, NEW_YORK)
    return place(printed)


def _month(word: str) -> int | None:
    for number, beginnings in _MONTHS:
        if word.startswith(beginnings):
            return number
    return None


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half in "Pp" else 0)


def _zone(text: str, after: str) -> ZoneInfo | timezone:
    offset = _OFFSET.search(after)
    if offset is not None:
        hours = int(offset[2]) * (1 if offset[1] == "+" else -1)
        return timezone(timedelta(hours=hours))
    for word in re.findall(r"[A-Z]+", after):
        if word in _ZONES:
            return _ZONES[word]
    raise _unreadable(text, "no known time zone")


def _unreadable(text: str, why: str) -> DataError:
    return DataError(
        f"the line 'Date: {text[:60]}' does not say when the file was made ({why}); download it "
        "from the English page"
    )
