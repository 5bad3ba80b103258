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
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from alvh import calendars
from alvh.errors import DataError

NEW_YORK: Final = ZoneInfo("America/New_York")
_OPEN, _CLOSE, _HALF_CLOSE = time(9, 30), time(16, 15), time(13, 15)
_EVENING_SESSIONS: Final = date(2021, 11, 22)  # the first that began the evening before
_EVENING, _EARLY = time(20, 15), time(3, 0)

# Months in English, German, French, Spanish, Italian, Portuguese and Dutch, and their usual
# abbreviations. "Mar" is Tuesday too where it is mardi, martes or martedì.
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january januar jänner janvier enero gennaio janeiro januari jan jän janv ene gen",
            "february februar feber février fevrier febrero febbraio fevereiro februari feb fév "
            "févr fevr fev",
            "march märz mars marzo março marco maart mar mär mrz mrt maa",
            "april avril abril aprile apr avr abr",
            "may mai mayo maggio maio mei mag",
            "june juni juin junio giugno junho jun giu",
            "july juli juillet julio luglio julho jul juil lug",
            "august août aout agosto augustus aug ago",
            "september septembre septiembre setiembre settembre setembro sep sept set sett",
            "october oktober octobre octubre ottobre outubro oct okt ott out",
            "november novembre noviembre novembro nov",
            "december dezember décembre decembre diciembre dicembre dezembro dec dez déc dic",
        ),
        start=1,
    )
    for name in names.split()
}
_TUESDAY: Final = "mar"
_BETWEEN: Final = frozenset(("de", "del", "di", "of", "er", "st", "nd", "rd", "th", "º"))
_ZONES: Final = {
    **dict.fromkeys(("ET", "EST", "EDT"), NEW_YORK),
    **dict.fromkeys(("CT", "CST", "CDT"), ZoneInfo("America/Chicago")),
    **dict.fromkeys(("MT", "MST", "MDT"), ZoneInfo("America/Denver")),
    **dict.fromkeys(("PT", "PST", "PDT"), ZoneInfo("America/Los_Angeles")),
    **dict.fromkeys(("UTC", "GMT", "Z"), ZoneInfo("UTC")),
}
_DAY_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*([AaPp])?")
_OFFSET = re.compile(r"(?:UTC|GMT)\s*([+\-−])\s*(\d{1,2}?)(?::?(\d{2}))?(?!\d)")
_FURTHEST_ZONE: Final = timedelta(hours=14)


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
    before = unicodedata.normalize("NFC", text[: clock.start()]).lower()
    days = list(re.finditer(r"(?<!\d)\d{1,2}(?!\d)", before))
    years = list(re.finditer(r"(?<!\d)\d{4}(?!\d)", before))
    if len(years) != 1 or len(days) != 1 or len(re.findall(r"\d+", before)) != 2:
        raise _unreadable(text, "no day, month in words and year")
    year, number = int(years[0][0]), int(days[0][0])
    ends = sorted((days[0].span(), years[0].span()))
    between = _words(before[ends[0][1] : ends[1][0]])
    month = _month(_words(before), between, year, number)
    if month is None:
        raise _unreadable(text, "no month in words, or more than one")
    hour = _hour(int(clock[1]), clock[3])
    try:
        moment = datetime(year, month, number, hour, int(clock[2]))
    except ValueError as fault:
        raise _unreadable(text, str(fault)) from fault
    return moment.replace(tzinfo=_zone(text, text[clock.end() :]))


def read_message(timestamp: object, last_trade: object) -> Moment:
    """Return the session of a delayed-quote message.

    Parameters
    ----------
    timestamp : object
        ``YYYY-MM-DD HH:MM:SS`` of the message, taken to be UTC where it has no offset.
    last_trade : object
        ISO time of the underlying's last print, New York, or nothing: of what is shown outside
        overnight hours it tells the session whatever the zone of the message.

    Raises
    ------
    DataError
        If the timestamp is none.
    """
    try:
        sent = place(_aware(str(timestamp), UTC))
    except ValueError as fault:
        raise DataError(
            f"timestamp {str(timestamp)[:40]!r} is no time such as 2026-05-20 23:02:44"
        ) from fault
    in_hours = sent.time is None or _OPEN <= time.fromisoformat(sent.time) < _CLOSE
    try:
        printed = _aware(str(last_trade), NEW_YORK).astimezone(NEW_YORK)
    except ValueError:
        return sent
    if not in_hours:
        return sent
    if printed.time() >= time(16, 0):  # the index prints until the close of its stocks
        printed = datetime.combine(printed.date(), _CLOSE, NEW_YORK)
    return place(printed)


def _aware(text: str, zone: tzinfo) -> datetime:
    """Read an ISO day and time, of a zone where it names none; a day alone is no moment."""
    if not _DAY_AND_TIME.match(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text)


def _month(words: list[str], between: list[str], year: int, day: int) -> int | None:
    """Return the one month that is named; None where none is, or more than one.

    What stands between day and year is a month or nothing, so that "mar. 8 lutego 2022" is not
    of March. Beside another month "mar" is the weekday, if it was one.
    """
    if not {word for word in between if word not in _BETWEEN} <= _MONTHS.keys():
        return None
    named = {_MONTHS[word] for word in words if word in _MONTHS}
    if len(named) == 2 and _TUESDAY in words:
        (other,) = named - {_MONTHS[_TUESDAY]}
        return other if _is_tuesday(year, other, day) else None
    return named.pop() if len(named) == 1 else None


def _is_tuesday(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day).weekday() == 1
    except ValueError:
        return False


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half in "Pp" else 0)


def _zone(text: str, after: str) -> ZoneInfo | timezone:
    offset = _OFFSET.search(after)
    if offset is not None:
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        if ahead <= _FURTHEST_ZONE:
            return timezone(ahead if offset[1] == "+" else -ahead)
        raise _unreadable(text, "no such time zone")
    for word in re.findall(r"[A-Z]+", after):
        if word in _ZONES:
            return _ZONES[word]
    raise _unreadable(text, "no known time zone")


def _unreadable(text: str, why: str) -> DataError:
    return DataError(
        f"the line 'Date: {text[:60]}' does not say when the file was made ({why}); download it "
        "from the English page"
    )
