"""Declared paths of the S&P 500 and of VIX, laid onto the market of one evening.

A shock says where the two stand on each session that follows; everything else answers as it has
answered to moves of VIX that lasted as long. Forwards further out move less than VIX, and the
more the longer a move has lasted: the response is a table by tenor and by sessions since the
evening.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import Evening
from alvh.advise.stretch import AHEAD, forwards_ahead, place_spx_variance, sessions_after
from alvh.calendars import spx_expiries, vix_expiries
from alvh.errors import DataError
from alvh.kernel.quotes import vix_response
from alvh.kernel.records import NO_QUOTES
from alvh.kernel.spx_smile import SHAPE
from alvh.market.baskets import basket_levels
from alvh.market.curve import VixCurve, curve_nodes
from alvh.market.spx_surface import SHAPE_LOADINGS, VIX_RANGE
from alvh.market.surfaces import REALISED_WINDOW, Surfaces, realised_volatility, unquoted
from alvh.market.vix_surface import (
    CORRELATION_HIGHEST,
    CORRELATION_LOWEST,
    CORRELATION_POWER,
    SHARE_HIGHEST,
    SHARE_LOWEST,
    SHARE_POWER,
)
from alvh.sessions import LAST_DAY

Floats = NDArray[np.float64]

# Slopes of log changes on VIX's over so many sessions, through the origin, 2007-01 … 2018-12
# (``calibration/lasting_moves.py``): VIX forwards of constant tenor (VX settlements); at-the-money
# S&P 500 volatility at 9, 30, 93 and 184 days; vol-of-vol at the front and where it reverts to.
HORIZONS = np.array([1.0, 5.0, 21.0, 63.0, 126.0])
TENORS = np.array([0.0, 9.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 240.0])
THIRTY = 2  # column of thirty days
FORWARD_BETAS = np.array(
    [
        [1.0, 0.72, 0.50, 0.37, 0.29, 0.24, 0.21, 0.20, 0.16],
        [1.0, 0.75, 0.53, 0.39, 0.31, 0.26, 0.23, 0.21, 0.18],
        [1.0, 0.80, 0.60, 0.44, 0.36, 0.31, 0.28, 0.25, 0.22],
        [1.0, 0.86, 0.69, 0.54, 0.46, 0.40, 0.36, 0.34, 0.29],
        [1.0, 0.88, 0.74, 0.60, 0.53, 0.48, 0.44, 0.41, 0.37],
    ]
)
SPX_BETAS = np.array(
    [
        [1.54, 1.06, 0.57, 0.35],
        [1.46, 1.04, 0.57, 0.35],
        [1.36, 1.05, 0.63, 0.41],
        [1.28, 1.05, 0.71, 0.51],
        [1.24, 1.05, 0.75, 0.57],
    ]
)
VIX_BETAS = np.array([[0.75, 0.38], [0.77, 0.39], [0.69, 0.35], [0.53, 0.28], [0.48, 0.26]])

LASTING = -2.6  # ln VIX on ln S&P 500 over 63 sessions, same years; of falls alone −2.4
LOWEST_VIX, HIGHEST_VIX = 9.0, 90.0  # closes of 1990–2026 lie between 9.14 and 82.69
RECORD_VIX, RECORD_ON = 82.69, date(2020, 3, 16)  # highest close of 1990–2026
RELIEF = 0.03  # rise of the S&P 500 while volatility is crushed
CALMING = 15.0  # sessions in which half of what VIX jumped in a gap is gone


def beyond_record(vix: float, gains: Mapping[str, NDArray[np.float64]]) -> str:
    """Say of the highest VIX of a path, points, that it was never seen.

    Empty where it was, and where nothing but condors gains or loses: ``gains`` are those of the
    book by part, ``condors`` and ``total`` among them.
    """
    hedged = any(np.any(path) for name, path in gains.items() if name not in ("condors", "total"))
    if round(vix, 2) <= RECORD_VIX or not hedged:
        return ""
    return (
        f"VIX reaches {vix:.2f}, above its record close of {RECORD_VIX} ({RECORD_ON}): what the "
        "hedge gains up there is beyond anything seen"
    )


@dataclass(frozen=True)
class Shock:
    """Where the S&P 500 and VIX stand on each session after an evening.

    Attributes
    ----------
    name, words : str
    spx : ndarray, shape (n,)
        Level of the S&P 500 over the evening's.
    vix : ndarray, shape (n,)
        Spot VIX, points.
    """

    name: str
    words: str
    spx: Floats
    vix: Floats


def gap(vix: float, size: float = -0.12, sessions: int = 21) -> Shock:
    """Return a move overnight, after which the index stands still and VIX calms.

    Parameters
    ----------
    vix : float
        The evening's, points; VIX answers by its measured elasticity at that level.
    size : float
        Simple return of the S&P 500.
    sessions : int
    """
    after = np.arange(sessions)
    log = float(vix_response(vix, size)) * 0.5 ** (after / CALMING)
    words = f"S&P 500 {size:+.0%} overnight, then still for {sessions - 1} sessions"
    return Shock("gap", words, np.full(sessions, 1.0 + size), _held(vix * np.exp(log)))


def grind(vix: float, size: float = -0.20, sessions: int = 126) -> Shock:
    """Return a slow fall, a little every session; VIX answers as to moves of a quarter."""
    return _steady("grind", vix, size, sessions)


def melt_up(vix: float, size: float = 0.15, sessions: int = 63) -> Shock:
    """Return a slow rise, a little every session; VIX falls, not below 9."""
    return _steady("melt-up", vix, size, sessions)


def vol_crush(vix: float, size: float = -0.40, sessions: int = 10) -> Shock:
    """Return a fall of VIX by ``size``, half of it at once, which the index does not explain."""
    share = 0.5 + 0.5 * np.linspace(0.0, 1.0, sessions)
    words = f"VIX {size:+.0%} in {sessions} sessions, half of it overnight; S&P 500 {RELIEF:+.0%}"
    level = vix * (1.0 + size) ** share
    return Shock("vol-crush", words, 1.0 + RELIEF * share, _held(level))


SHOCKS: dict[str, Callable[..., Shock]] = {
    "gap": gap, "grind": grind, "melt-up": melt_up, "vol-crush": vol_crush,
}  # fmt: skip


def declare(name: str, vix: float, size: float | None = None, sessions: int | None = None) -> Shock:
    """Return a shock by name, of the usual size and length where none is given.

    Raises
    ------
    DataError
        If there is no such shock, or its size or length is out of range.
    """
    if name not in SHOCKS:
        raise DataError(f"there is no shock {name!r}; the shocks are {', '.join(SHOCKS)}")
    if size is not None and not -0.9 <= size <= 2.0:
        raise DataError(f"size {size} of {name}: a fraction from -0.9 to 2 was wanted, as -0.12")
    if sessions is not None and not 2 <= sessions <= 504:
        raise DataError(f"{sessions} sessions of {name}: from 2 to 504 were wanted")
    given = {"size": size, "sessions": sessions}
    return SHOCKS[name](vix, **{key: value for key, value in given.items() if value is not None})


def _steady(name: str, vix: float, size: float, sessions: int) -> Shock:
    share = np.arange(1, sessions + 1) / sessions
    log = share * np.log1p(size)
    words = f"S&P 500 {size:+.0%} in {sessions} equal steps, VIX with it"
    return Shock(name, words, np.exp(log), _held(vix * np.exp(LASTING * log)))


def _held(vix: Floats) -> Floats:
    return np.clip(vix, min(LOWEST_VIX, vix[0]), HIGHEST_VIX)


def shocked(evening: Evening, shock: Shock) -> Surfaces:
    """Return the evening and the sessions of a shock as days of a market.

    Raises
    ------
    DataError
        If the last session would lie too near the end of the exchange calendar.

    Notes
    -----
    Settlements at an opening are those of the day's close: a shock has no hours. Rates stay, and so
    does what VVIX's excess over its level given VIX does to the shape of the S&P 500 smile.
    """
    dates = sessions_after(evening, len(shock.spx) + 1)
    days: Any = np.repeat(np.asarray(evening.day)[None], len(dates))
    days["date"] = dates.astype(np.int64)
    days["session"] = evening.day["session"] + np.arange(len(days))
    move = np.log(np.concatenate([[evening.vix], shock.vix]) / evening.vix)
    _set_levels(days, evening, shock, move)
    _set_curve(days, evening.day, dates, move)
    _set_smiles(days, evening.day, dates, move)
    start, end = dates[0].astype(object), min(dates[-1] + AHEAD, LAST_DAY).astype(object)
    listed = spx_expiries(start, end), vix_expiries(start, end)
    settles = np.isin(days["date"], listed[1]["date"])
    settles[0] = False  # the evening has settled already
    days["vix_settlement"][1:] = np.where(settles, days["vix"], np.nan)[1:]
    days["vix_settlement_quoted"] = 0
    unquoted(days)
    return Surfaces(days, *listed, NO_QUOTES, ())


def _set_levels(days: Any, evening: Evening, shock: Shock, move: Floats) -> None:
    now = evening.day
    days["spx"][1:] = now["spx"] * shock.spx
    days["spx_open_settlement"][1:] = days["spx"][1:]
    days["vix"] = now["vix"] * np.exp(move)
    days["vix9d"] = now["vix9d"] * np.exp(responses(SPX_BETAS)[: len(days), 0] * move)
    before = evening.surfaces.days["spx"][max(evening.row - REALISED_WINDOW, 0) : evening.row]
    days["hv20"] = realised_volatility(np.concatenate([before, days["spx"]]))[len(before) :]


def responses(table: Floats, sessions: int = 600) -> Floats:
    """Return the rows of a table for so many sessions since the evening, from 0 on."""
    at = np.arange(sessions)
    return np.stack([np.interp(at, HORIZONS, column) for column in table.T], axis=1)


def _set_curve(days: Any, now: Any, dates: Any, move: Floats) -> None:
    days["curve_expiry"] = curve_nodes(dates)
    days["curve_quoted"][1:] = 0
    betas = responses(FORWARD_BETAS)
    for t in range(1, len(days)):
        ahead = days["curve_expiry"][t] - days["date"][t]
        response = np.interp(ahead, TENORS, betas[t])
        days["curve_forward"][t] = forwards_ahead(now, ahead) * np.exp(response * move[t])
    curve = VixCurve(days["curve_expiry"], days["curve_forward"], days["curve_quoted"])
    baskets = basket_levels(days["date"].astype(np.int32), curve, days["rate"])
    for name, level in zip(("etp_short", "etp_mid"), baskets, strict=True):
        days[name] = now[name] * level / level[0]


def _set_smiles(days: Any, now: Any, dates: Any, move: Floats) -> None:
    spx, vix = days["spx_smile"], days["vix_smile"]
    betas = responses(SPX_BETAS)[: len(days)]
    place_spx_variance(spx, now["spx_smile"], np.exp(2.0 * betas * move[:, None]), dates)
    level = np.log(np.clip(days["vix"], *VIX_RANGE))
    spx[:, SHAPE:] += (level - level[0])[:, None] * SHAPE_LOADINGS[:, :, 2].ravel()
    vix[:, :2] *= np.exp(2.0 * responses(VIX_BETAS)[: len(days)] * move[:, None])
    height = responses(FORWARD_BETAS)[: len(days), THIRTY] * move  # of the 30-day forward
    share, rho = vix[:, 2] * np.exp(SHARE_POWER * height), np.exp(-CORRELATION_POWER * height)
    vix[1:, 2] = np.clip(share, SHARE_LOWEST, SHARE_HIGHEST)[1:]
    vix[1:, 4] = np.clip(vix[:, 4] * rho, CORRELATION_LOWEST, CORRELATION_HIGHEST)[1:]
    vix[:, 6] *= np.exp(height)
