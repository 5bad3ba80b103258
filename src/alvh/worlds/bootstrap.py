"""A stationary bootstrap of history in states.

A world follows history day by day and leaves it with probability 1/block a day: then it goes on
after another day of the same state, one of the nearest in level of VIX, slope of its futures and
level of VVIX. Levels of volatility, curve and smiles are those of the day drawn, so that they stay
what options were priced with on one day; the S&P 500 takes the day's return. Blocks therefore meet
where the markets look alike, and no profit is made by the seam itself but what the distance of
two neighbours is.

Interest rate and dividend yield stay where a world begins: eras differ in them by more than a
seam may.

References
----------
Politis, D. and Romano, J. (1994). The stationary bootstrap. J. Am. Stat. Assoc. 89, 1303-1313.
Lall, U. and Sharma, A. (1996). A nearest neighbor bootstrap for resampling hydrologic time series.
Water Resources Research 32, 679-693: successors of nearest neighbours.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from alvh.calendars import vix_expiries
from alvh.engine import session_window
from alvh.errors import DataError
from alvh.kernel.records import DAY
from alvh.kernel.spx_smile import CLOCK_9, CLOCK_30, NODE_DAYS, SHORT_RATE
from alvh.kernel.vix_curve import vix_forward
from alvh.market.curve import curve_nodes
from alvh.market.history import History
from alvh.market.spx_surface import node_clock
from alvh.market.surfaces import REALISED_WINDOW, build_surfaces
from alvh.sessions import session_number

Floats = NDArray[np.float64]
Records = NDArray[np.void]
Rows = NDArray[np.int64]
Dates = NDArray[np.datetime64]

BLOCK = 63  # sessions: a quarter, the order of a volatility regime
NEIGHBOURS = 20
LEAST_ROWS = 504  # days to draw from: two years
SLOPE_DAYS = 93  # the futures' slope is that of the forward so far ahead over spot


@dataclass(frozen=True)
class Bootstrap:
    """What worlds are drawn from.

    Attributes
    ----------
    days : ndarray of DAY, shape (n,)
        Of the history.
    vix_opens : ndarray, shape (n,)
        What an expiring VIX option settles near, points.
    rows : ndarray of int
        Days that may be drawn: priced, after a priced day.
    neighbours : ndarray of int, shape (n, k)
        For each of them the days of nearest state that have a successor.
    block : int
        Mean length of a block, sessions.
    digest, first, last
        Of the history, and of the days drawn from.
    """

    days: Records
    vix_opens: Floats
    rows: Rows
    neighbours: Rows
    block: int
    digest: str
    first: date
    last: date

    @property
    def name(self) -> str:
        """What the worlds were made by, in one line."""
        return (
            f"stationary bootstrap in states, {self.first} to {self.last}, mean block "
            f"{self.block} sessions, {self.neighbours.shape[1]} neighbours"
        )

    def draw(self, first: int, count: int, n_days: int, seed: int) -> Rows:
        """Return the history's rows that worlds ``first`` … are made of, shape (count, n_days)."""
        out = np.empty((count, n_days), np.int64)
        for world in range(count):
            uniform = _generator(seed, first + world).random((n_days, 2))
            out[world, 0] = self.rows[int(uniform[0, 1] * len(self.rows))]
            _follow(uniform, 1.0 / self.block, self.neighbours, out[world])
        return out

    def worlds(self, first: int, count: int, dates: Dates, seed: int) -> Records:
        """Return worlds number ``first`` … on a calendar of sessions.

        Parameters
        ----------
        first, count : int
        dates : ndarray of datetime64[D], shape (n_days,)
        seed : int

        Returns
        -------
        ndarray of DAY, shape (count, n_days)
        """
        rows = self.draw(first, count, len(dates), seed)
        days = dates.astype("datetime64[D]")
        out = np.zeros(rows.shape, DAY)
        _compose(rows, self.days, self.vix_opens, *_calendar(days.tobytes()), out)
        return out


def bootstrap_model(
    history: History,
    start: str | date | None = None,
    end: str | date | None = None,
    *,
    block: int = BLOCK,
    neighbours: int = NEIGHBOURS,
) -> Bootstrap:
    """Prepare a history for drawing worlds from it.

    Parameters
    ----------
    history : History
    start, end : str, date or None
        Days to draw from; all that have prices without them.
    block : int
        Mean length of a block, sessions.
    neighbours : int
        Days of the same state that a world may go on after.

    Raises
    ------
    DataError
        If fewer than two years can be drawn from, or the block or the number of neighbours is not
        positive.
    """
    if block < 1 or neighbours < 1:
        raise DataError(
            f"a mean block of {block} sessions and {neighbours} neighbours: both must be at least 1"
        )
    surfaces = build_surfaces(history)
    days, window = surfaces.days, session_window(surfaces, start, end)
    inside = np.zeros(len(days), bool)
    inside[window] = days["tradable"][window] == 1
    usable = inside.copy()
    usable[1:] &= inside[:-1]
    usable[0] = False
    followed = np.append(usable[1:], False)
    rows, ends = np.flatnonzero(usable), np.flatnonzero(usable & followed)
    if len(ends) < LEAST_ROWS:
        raise DataError(
            f"{len(ends)} priced sessions to draw worlds from, {LEAST_ROWS} are needed; widen the "
            "dates"
        )
    return Bootstrap(
        days, _settling_near(history, days), rows, _nearest(days, rows, ends, neighbours), block,
        history.digest, surfaces.dates[rows[0]].astype(object),
        surfaces.dates[rows[-1]].astype(object),
    )  # fmt: skip


@lru_cache(maxsize=4)  # the shards of a run have one calendar
def _calendar(dates: bytes) -> tuple[Rows, Rows, Rows, NDArray[np.bool_], Floats]:
    """Return day and session numbers, nodes of the curve, VIX settlements and clocks of dates."""
    days = np.frombuffer(dates, "datetime64[D]")
    settled = vix_expiries(days[0].astype(object), days[-1].astype(object))["date"]
    numbers = days.astype(np.int64)
    clocks = np.stack([node_clock(days, int(ahead)) for ahead in NODE_DAYS[:2]], axis=1)
    nodes = curve_nodes(days).astype(np.int64)
    return numbers, session_number(days).astype(np.int64), nodes, np.isin(numbers, settled), clocks


def _generator(seed: int, world: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, world])))


def _settling_near(history: History, days: Records) -> Floats:
    """Return the VIX open of each day, or its close where there is none, points."""
    opens = np.full(len(days), np.nan)
    if history.has("vix_open"):
        opens = history["vix_open"][-len(days) :]
    return np.where(np.isfinite(opens) & (opens > 0.0), opens, days["vix"])


def _nearest(days: Records, rows: Rows, ends: Rows, count: int) -> Rows:
    """Return for every day the ``count`` days of nearest state, itself left out."""
    state = _state(days)
    scale = state[rows].std(axis=0)
    tree = cKDTree(state[ends] / scale)
    found = np.zeros((len(days), count), np.int64)
    _, near = tree.query(state[rows] / scale, k=count + 1)
    near = ends[near]
    own = near == rows[:, None]
    own[~own.any(axis=1), -1] = True  # two days alike, or a last day: the furthest is left out
    found[rows] = near[~own].reshape(len(rows), count)
    return found


def _state(days: Records) -> Floats:
    """Return ln VIX, ln of the three-month forward over it, ln of the level of vol-of-vol."""
    vix = days["vix"]
    slope = np.array(
        [
            vix_forward(day["curve_expiry"], day["curve_forward"], day["vix"], day["date"],
                        day["date"] + SLOPE_DAYS)
            for day in days
        ]
    ) / vix  # fmt: skip
    with np.errstate(invalid="ignore"):
        return np.stack([np.log(vix), np.log(slope), np.log(days["vix_smile"][:, 0])], axis=1)


@njit(cache=True)
def _follow(uniform: Any, leaves: float, neighbours: Any, out: Any) -> None:
    """Fill a world's rows from its first: the next day of history, or that of a neighbour."""
    count = neighbours.shape[1]
    last = neighbours.shape[0] - 1
    for t in range(1, out.size):
        row = out[t - 1]
        following = row + 1
        if uniform[t, 0] < leaves or row == last or neighbours[following, 0] == 0:
            following = neighbours[row, int(uniform[t, 1] * count)] + 1
        out[t] = following


@njit(cache=True, parallel=True)
def _compose(rows: Any, source: Any, vix_opens: Any, dates: Any, numbers: Any, nodes: Any,
             settles: Any, clocks: Any, out: Any) -> None:  # fmt: skip
    for world in prange(rows.shape[0]):
        first, changes = source[rows[world, 0]], np.zeros(rows.shape[1])
        for t in range(rows.shape[1]):
            row = rows[world, t]
            day, here, before = out[world, t], source[row], source[row - 1]
            _place(day, here, first, dates[t], numbers[t], nodes[t], clocks[t])
            day.vix_settlement = vix_opens[row] if settles[t] else np.nan
            if t == 0:
                day.spx, day.etp_short, day.etp_mid = here.spx, 100.0, 100.0
                day.spx_open_settlement = here.spx_open_settlement
            else:
                last = out[world, t - 1]
                day.spx = last.spx * here.spx / before.spx
                day.spx_open_settlement = last.spx * here.spx_open_settlement / before.spx
                day.etp_short = last.etp_short * here.etp_short / before.etp_short
                day.etp_mid = last.etp_mid * here.etp_mid / before.etp_mid
            if np.isnan(day.spx_open_settlement):
                day.spx_open_settlement = day.spx
            if t > 0:
                changes[t] = np.log(day.spx / out[world, t - 1].spx)
            day.hv20 = here.hv20 if t < REALISED_WINDOW else realised(changes, t)


@njit(cache=True)
def _place(
    day: Any, here: Any, first: Any, date: int, number: int, nodes: Any, clocks: Any
) -> None:
    """Write a day of history, but for its levels of the S&P 500, under another date."""
    day.date = date
    day.session = number
    day.tradable = 1
    day.vix = here.vix
    day.vix9d = here.vix9d
    day.rate = first.rate
    day.dividend_yield = first.dividend_yield
    for k in range(nodes.size):
        day.curve_expiry[k] = nodes[k]
        day.curve_forward[k] = vix_forward(
            here.curve_expiry, here.curve_forward, here.vix, here.date,
            here.date + nodes[k] - date,
        )  # fmt: skip
    for k in range(here.vix_smile.size):
        day.vix_smile[k] = here.vix_smile[k]
    for k in range(here.spx_smile.size):
        day.spx_smile[k] = here.spx_smile[k]
    # the shortest end keeps its rate relative to the mean of the first nine days
    day.spx_smile[SHORT_RATE] *= here.spx_smile[CLOCK_9] / clocks[0]
    day.spx_smile[CLOCK_9] = clocks[0]
    day.spx_smile[CLOCK_30] = clocks[1]


@njit(cache=True)
def realised(changes: Floats, t: int) -> float:
    """Return the annualised standard deviation of the last 20 log returns, decimal."""
    total, squares = 0.0, 0.0
    for k in range(t - REALISED_WINDOW + 1, t + 1):
        total += changes[k]
        squares += changes[k] * changes[k]
    n = REALISED_WINDOW
    return float(np.sqrt(max(squares - total * total / n, 0.0) / (n - 1) * 252.0))
