"""Moments as events hold them: UTC to the microsecond; days are those of Chicago."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from alvh.errors import GovernanceError

CHICAGO = ZoneInfo("America/Chicago")


def write_moment(at: datetime) -> str:
    """Return an aware moment as an event holds it.

    Raises
    ------
    GovernanceError
        Where the moment has no time zone.
    """
    if at.tzinfo is None:
        raise GovernanceError(f"the moment {at} has no time zone; wanted an aware one, as of UTC")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_moment(text: str) -> datetime:
    """Return the moment that an event holds."""
    return datetime.fromisoformat(text)


def in_chicago(at: datetime) -> str:
    """Return a moment for people: day, minute and zone in Chicago, as ``2020-03-02 14:00 CST``."""
    return f"{at.astimezone(CHICAGO):%Y-%m-%d %H:%M %Z}"


def chicago_day(at: datetime) -> date:
    """Return the date in Chicago."""
    return at.astimezone(CHICAGO).date()
