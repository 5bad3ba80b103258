"""The sessions and expiries that a world is dated by: the exchange's own."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from alvh.calendars import spx_expiries, vix_expiries
from alvh.errors import DataError
from alvh.kernel.records import CURVE_NODES
from alvh.sessions import FIRST_DAY, LAST_DAY, sessions

Dates = NDArray[np.datetime64]
Records = NDArray[np.void]

AHEAD = np.timedelta64(31 * (CURVE_NODES + 1), "D")  # nodes of the last day's curve, and a month


def calendar_to(end_of_history: date, n_days: int) -> Dates:
    """Return the sessions that a world of ``n_days`` is dated by: the last ones of its history."""
    last = np.datetime64(end_of_history, "D")
    known = sessions()
    end = int(np.searchsorted(known, last, "right"))
    if n_days < 2 or n_days > end - int(np.searchsorted(known, FIRST_DAY)):
        raise DataError(
            f"a world of {n_days} sessions: between 2 and those from {FIRST_DAY} to {last} can be "
            "had"
        )
    found: Dates = known[end - n_days : end]
    return found


def expiries_of(dates: Dates) -> tuple[Records, Records]:
    """Return the SPX and VIX expiries listed during and after the sessions of a world."""
    start, end = dates[0].astype(object), min(dates[-1] + AHEAD, LAST_DAY).astype(object)
    return spx_expiries(start, end), vix_expiries(start, end)
