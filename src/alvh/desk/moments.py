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


def chicago_day(at: datetime) -> date:
    """Return the date in Chicago."""
    return at.astimezone(CHICAGO).date()
