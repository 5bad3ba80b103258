"""A stretch of history moved onto the market of one evening, session by session.

Session n after the first of the stretch becomes session n after the evening. What is a price there
moves today's price by the same factor; what can be of either sign, or a share, by the same
difference. So the book keeps its strikes and expiries, and a stretch that follows the evening
moves nothing at all: it is what happened.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import Evening
from alvh.calendars import spx_expiries, vix_expiries
from alvh.errors import DataError
from alvh.kernel.records import CURVE_NODES, NO_QUOTES
from alvh.kernel.spx_smile import CLOCK_9, CLOCK_30, NODE_DAYS, SHAPE, SHORT_RATE
from alvh.kernel.vix_curve import vix_forward
from alvh.market.curve import curve_nodes
from alvh.market.spx_surface import LEAST_GROWTH, SHORT_RANGE, node_clock
from alvh.market.surfaces import REALISED_WINDOW, Surfaces, realised_volatility, unquoted
from alvh.sessions import LAST_DAY, sessions

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

# Listed expiries that a session needs ahead of it: the nodes of its curve, and a month.
AHEAD = np.timedelta64(31 * (CURVE_NODES + 1), "D")
_LEVELS = ("spx", "vix", "vix9d", "etp_short", "etp_mid")  # by the same factor
_RATES = ("rate", "dividend_yield")  # by the same difference
_VIX_LEVELS = [0, 1, 5, 6]  # of the VIX smile: ξ, ξ∞, and σ and forward at 30 days
_VIX_SHARES = [2, 4]  # B/(A + B), ρ


def move_stretch(evening: Evening, window: slice) -> Surfaces:
    """Return a stretch of history as changes of one evening's market.

    Parameters
    ----------
    evening : Evening
    window : slice
        Rows of the stretch in the evening's surfaces; the first must have prices.

    Returns
    -------
    Surfaces
        As many days as the stretch has, the evening itself first, dated by the sessions that
        follow it, with the expiries listed meanwhile.

    Raises
    ------
    DataError
        If the last session would lie too near the end of the exchange calendar.

    Notes
    -----
    With 0 the evening, s the first session of the stretch and t a later one:

    ==================== ===============================================================
    S&P 500, VIX         today · (then / first), closes and settlements alike
    VIX forwards         F₀(τ) · F_t(τ) / F_s(τ) at each monthly expiry, τ days ahead
    VIX smile            variance levels by their factor; the share of the front that
                         distance does not remove, and ρ, by their difference, within
                         what history has shown
    SPX smile            at-the-money variance at 9, 30, 93 and 184 days by its factor,
                         with the least growth between them that every day is held to;
                         the shape by its difference, within what history has shown
    rates                by their difference
    ==================== ===============================================================
    """
    source, first = evening.surfaces.days[window], evening.surfaces.days[window.start]
    dates = sessions_after(evening, len(source))
    days = source.copy()
    days["date"] = dates.astype(np.int64)
    days["session"] = evening.day["session"] + np.arange(len(days))
    _move_levels(days, source, first, evening)
    _move_curve(days, source, first, evening.day, dates)
    _move_vix_smile(days, source, first, evening)
    _move_spx_smile(days, source, first, evening, dates)
    start, end = dates[0].astype(object), min(dates[-1] + AHEAD, LAST_DAY).astype(object)
    unquoted(days)
    return Surfaces(days, spx_expiries(start, end), vix_expiries(start, end), NO_QUOTES, ())


def sessions_after(evening: Evening, count: int) -> Dates:
    """Return the evening and the sessions after it: the history's own, then the calendar's."""
    own = evening.surfaces.dates[evening.row :]
    dates = np.concatenate([own, sessions()[np.searchsorted(sessions(), own[-1], "right") :]])
    if len(dates) < count or dates[count - 1] + AHEAD > LAST_DAY:
        raise DataError(
            f"{count - 1} sessions after {evening.as_of} reach past {LAST_DAY - AHEAD}, where the "
            "exchange calendar ends; ask for fewer sessions"
        )
    found: Dates = dates[:count]
    return found


def _move_levels(days: Any, source: Any, first: Any, evening: Evening) -> None:
    now = evening.day
    for name in _LEVELS:
        days[name] = now[name] * (source[name] / first[name])
    for name in _RATES:
        days[name] = now[name] + (source[name] - first[name])
    opened = now["spx"] * (source["spx_open_settlement"] / first["spx"])
    days["spx_open_settlement"] = np.where(np.isfinite(opened), opened, days["spx"])
    days["vix_settlement"] = now["vix"] * (source["vix_settlement"] / first["vix"])
    days["vix_settlement_quoted"] = 0
    before = evening.surfaces.days["spx"][max(evening.row - REALISED_WINDOW, 0) : evening.row]
    joined = realised_volatility(np.concatenate([before, days["spx"]]))
    days["hv20"] = joined[len(before) :]


def _move_curve(days: Any, source: Any, first: Any, now: Any, dates: Dates) -> None:
    days["curve_expiry"] = curve_nodes(dates)
    days["curve_quoted"] = 0
    for day, there in zip(days, source, strict=True):
        ahead = day["curve_expiry"] - day["date"]
        factor = forwards_ahead(there, ahead) / forwards_ahead(first, ahead)
        day["curve_forward"] = forwards_ahead(now, ahead) * factor


def forwards_ahead(day: Any, ahead: NDArray[np.int64]) -> Floats:
    """Return the VIX forwards of a day so many days ahead, points."""
    curve = day["curve_expiry"], day["curve_forward"], day["vix"], day["date"]
    return np.array([vix_forward(*curve, day["date"] + days) for days in ahead])


def _move_vix_smile(days: Any, source: Any, first: Any, evening: Evening) -> None:
    smile, now = days["vix_smile"], evening.day["vix_smile"]
    there, start = source["vix_smile"], first["vix_smile"]
    smile[:] = now
    smile[:, _VIX_LEVELS] = now[_VIX_LEVELS] * (there[:, _VIX_LEVELS] / start[_VIX_LEVELS])
    moved = now[_VIX_SHARES] + (there[:, _VIX_SHARES] - start[_VIX_SHARES])
    shown = evening.surfaces.days["vix_smile"][:, _VIX_SHARES]
    smile[:, _VIX_SHARES] = np.clip(moved, np.nanmin(shown, axis=0), np.nanmax(shown, axis=0))


def _move_spx_smile(days: Any, source: Any, first: Any, evening: Evening, dates: Dates) -> None:
    smile, now = days["spx_smile"], evening.day["spx_smile"]
    there, start = source["spx_smile"], first["spx_smile"]
    place_spx_variance(smile, now, there[:, :4] / start[:4], dates)
    ratio = _short_ratio(now) * (_short_ratio(there) / _short_ratio(start))
    smile[:, SHORT_RATE] = np.clip(ratio, *SHORT_RANGE) * smile[:, 0] / smile[:, CLOCK_9]
    shown = evening.surfaces.days["spx_smile"][:, SHAPE:]
    shape = now[SHAPE:] + (there[:, SHAPE:] - start[SHAPE:])
    smile[:, SHAPE:] = np.clip(shape, np.nanmin(shown, axis=0), np.nanmax(shown, axis=0))


def place_spx_variance(smile: Any, now: Any, factor: Floats, dates: Dates) -> None:
    """Write an evening's at-the-money variances times a factor, shape (n, 4), under other dates.

    They grow from node to node at least as those of every day do; the shortest end keeps its rate
    relative to the mean of the first nine days.
    """
    variance = now[:4] * factor
    variance[:, 0] = np.minimum(variance[:, 0], variance[:, 1] / LEAST_GROWTH[0])
    variance[:, 2] = np.maximum(variance[:, 2], variance[:, 1] * LEAST_GROWTH[1])
    variance[:, 3] = np.maximum(variance[:, 3], variance[:, 2] * LEAST_GROWTH[2])
    smile[:, :4] = variance
    smile[:, CLOCK_9] = node_clock(dates, int(NODE_DAYS[0]))
    smile[:, CLOCK_30] = node_clock(dates, int(NODE_DAYS[1]))
    smile[:, SHORT_RATE] = _short_ratio(now) * variance[:, 0] / smile[:, CLOCK_9]


def _short_ratio(smile: Any) -> Any:
    """Return the variance rate at the shortest end over the mean rate to nine days."""
    return smile[..., SHORT_RATE] * smile[..., CLOCK_9] / smile[..., 0]
