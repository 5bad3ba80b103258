"""Runs of missing sessions."""

import numpy as np

from alvh.market.sources.records import Days, Gap, to_date


def gaps_between(sessions: Days, present: Days) -> tuple[Gap, ...]:
    """Return the runs of sessions without a value, between the first and the last value.

    Parameters
    ----------
    sessions : ndarray of int32, shape (n,)
        Ascending days of the history.
    present : ndarray of int32, shape (m,)
        Ascending days with a value.

    Returns
    -------
    tuple of Gap
        In date order.
    """
    if not len(present):
        return ()
    expected = sessions[(sessions >= present[0]) & (sessions <= present[-1])]
    missing = np.flatnonzero(~np.isin(expected, present))
    if not len(missing):
        return ()
    starts = np.flatnonzero(np.diff(missing, prepend=-2) > 1)
    ends = np.append(starts[1:], len(missing)) - 1
    return tuple(
        Gap(to_date(expected[missing[s]]), to_date(expected[missing[e]]), int(e - s + 1))
        for s, e in zip(starts, ends, strict=True)
    )
