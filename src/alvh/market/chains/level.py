"""Is the whole of an expiry at a level that it can be at? By its parity, index and other expiries.

What multiplies all quotes of an expiry, or is added to all its calls, breaks no bound within it.
It shows in parity: in the discount, which would be an absurd rate, or in the forward.
"""

from typing import Final

import numpy as np
import polars as pl

from alvh.market.chains.slices import Floats, Ints, Marks, Parity, Slices

LOWEST_RATE: Final = -0.05  # a year; SPX parity has stood between 0 and 6 % since 1990
HIGHEST_RATE: Final = 0.20
#: Of the discount: real ones pass those rates by up to 0.005 within a week of expiry. To it comes
#: the median spread of call and put together over the range of strikes, which is what the slope
#: of a few wide quotes is off; real ones come to 0.75 times that.
DISCOUNT_SLACK: Final = 0.01
NEAR: Final = 60  # days to expiry: further a forward says less of the index
LEVEL_SLACK: Final = 0.005  # of the index, beyond carry; real chains come to 0.09 %
LATE_SLACK: Final = 0.0075  # at the end of the day: the index closes a quarter of an hour earlier
LOWEST_CARRY: Final = -0.03  # a year: interest less dividends …
HIGHEST_CARRY: Final = 0.06  # … of SPX since 1990
CURVE_SLACK: Final = 0.005  # of the forward …
CARRY: Final = 0.10  # … and a year between two expiries
_WINDOW: Final = 5  # expiries, in the middle of which an odd one shows
_YEAR: Final = 365.0


def absurd_rates(slices: Slices, parity: Parity, days: Ints) -> Marks:
    """Tell the slices whose discount is none.

    Parameters
    ----------
    slices : Slices
    parity : Parity
        Of each slice, however absurd.
    days : ndarray of int64
        Calendar days to expiry, of each slice.

    Returns
    -------
    ndarray of bool
        Of each slice; False where parity does not tell.
    """
    years = (days + 0.5) / _YEAR
    with np.errstate(invalid="ignore", divide="ignore"):
        fall = -np.log(parity.discount)
    slack = DISCOUNT_SLACK + _noise(slices, len(days))
    outside = (fall < LOWEST_RATE * years - slack) | (fall > HIGHEST_RATE * years + slack)
    negative = parity.discount <= 0.0
    return outside | negative


def _noise(slices: Slices, count: int) -> Floats:
    """Return the median spread of call and put over the range of strikes quoted with both."""
    out = np.zeros(count)
    at = slices.pairs()
    if not len(at):
        return out
    width = slices.ask - slices.bid
    found = (
        pl.DataFrame(
            {
                "group": slices.group[at],
                "strike": slices.strike[at],
                "width": width[at] + width[at + 1],
            }
        )
        .group_by("group")
        .agg(pl.col("width").median(), span=pl.col("strike").max() - pl.col("strike").min())
        .filter(pl.col("span") > 0)
    )
    out[found["group"].to_numpy()] = (found["width"] / found["span"]).to_numpy()
    return out


def off_level(
    forward: Floats, days: Ints, moment: Ints, index: Floats, spx: Marks, late: Marks
) -> Marks:
    """Tell the SPX slices whose forward neither the index nor the other expiries bear out.

    Parameters
    ----------
    forward : ndarray
        Points, of each slice; NaN where parity does not tell.
    days, moment : ndarray of int64
        Calendar days to expiry, and a number for each date and time.
    index : ndarray
        The vendor's, points, of each slice; NaN where it gave none.
    spx : ndarray of bool
        Which slices are of the S&P 500; VIX forwards need not be near their index.
    late : ndarray of bool
        Which are of the end of the day, when the index stands still already.
    """
    marks = np.zeros(len(forward), np.bool_)
    log = np.full(len(forward), np.nan)
    told = spx & np.isfinite(forward) & (forward > 0)
    log[told] = np.log(forward[told])
    order = np.lexsort((days, moment))
    order = order[told[order]]
    for rows in np.split(order, np.flatnonzero(np.diff(moment[order])) + 1):
        marks[rows] = _off_curve(log[rows], days[rows] / _YEAR)
        near = rows[(days[rows] <= NEAR) & ~marks[rows]]
        gap = _off_index(log[near] - np.log(index[near]), days[near] / _YEAR)
        if gap > (LATE_SLACK if late[rows].any() else LEVEL_SLACK):
            marks[rows] = True
    return marks


def _off_index(gaps: Floats, years: Floats) -> float:
    """Return how far the nearest forwards are off the index beyond any carry, in the middle."""
    known = np.flatnonzero(np.isfinite(gaps))[:_WINDOW]
    if not known.size:
        return 0.0
    gaps, years = gaps[known], years[known]
    beyond = np.clip(gaps, LOWEST_CARRY * years, HIGHEST_CARRY * years)
    return abs(float(np.median(gaps - beyond)))


def _off_curve(log: Floats, years: Floats) -> Marks:
    """Tell the logs of forwards, by time, that are off the middle of those around them."""
    if len(log) < _WINDOW:
        return np.zeros(len(log), np.bool_)
    first = np.clip(np.arange(len(log)) - _WINDOW // 2, 0, len(log) - _WINDOW)
    around = first[:, None] + np.arange(_WINDOW)
    at = np.argsort(log[around], axis=1)[:, _WINDOW // 2]
    middle = np.take_along_axis(around, at[:, None], axis=1)[:, 0]
    slack = CURVE_SLACK + CARRY * np.abs(years - years[middle])
    found: Marks = np.abs(log - log[middle]) > slack
    return found
