"""Long VIX calls followed from one close through the next sessions, by cause.

A contract that is followed is the same from the first close to the last, whatever a hedge did with
its own meanwhile: what is measured is the option, not the rule that sold it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.evidence.spans import held_spans
from alvh.kernel import codes
from alvh.kernel.explain import EXPLAINED, SPAN, explain
from alvh.kernel.listed import Listed, strip_of
from alvh.kernel.quotes import days_to_settlement
from alvh.kernel.records import NO_QUOTES
from alvh.kernel.strikes import choose_vix_expiry, nearest_listed, strike_by_delta
from alvh.kernel.vix_smile import vix_forward, vix_slice
from alvh.result import Result

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Records = NDArray[np.void]

HORIZONS = (1, 3, 5)  # sessions that a call is followed for
STANDARD_TENOR = 30.0  # calendar days
STANDARD_DELTA = 0.30

# What is reported, and the parts of an explanation that each is the sum of
FIGURES: Mapping[str, tuple[str, ...]] = {
    "pnl": ("pnl",),
    "forward": ("carry", "delta"),
    "vega": ("vega",),
    "theta": ("theta",),
    "second_order": ("gamma", "vanna", "volga", "rate"),
    "residual": ("residual",),
    "press": ("vega", "theta"),
    "surface": ("vega_surface",),
}


@dataclass(frozen=True)
class Followed:
    """One kind of call, held from every close.

    Attributes
    ----------
    share : ndarray, shape (n_days, horizons, figures)
        Gains as shares of the premium at the start; NaN where none was held or it does not live
        through the window on marked days.
    tau : ndarray, shape (n_days,)
        Calendar days to settlement at the start.
    """

    share: Floats
    tau: Floats


def standard_calls(days: Records, vix_expiries: Records) -> dict[str, Followed]:
    """Follow a fresh call from every close: at the money, and of delta 0.30.

    The listed monthly expiry nearest 30 days, at the strike nearest the forward, or nearest the
    delta.

    Parameters
    ----------
    days : ndarray of DAY, shape (n,)
    vix_expiries : ndarray of EXPIRY
        As in ``alvh.market.surfaces.Surfaces``.
    """
    rows = np.flatnonzero(days["tradable"] == 1)
    chosen = [_standard_terms(days[row], vix_expiries) for row in rows]
    expiry, at_the_money, further = (np.array(column) for column in zip(*chosen, strict=True))
    once = np.ones(len(rows))
    return {
        "30-day at the money": follow(days, rows, expiry, at_the_money, once),
        f"30-day delta {STANDARD_DELTA:.2f}": follow(days, rows, expiry, further, once),
    }


def _standard_terms(day: np.void, vix_expiries: Records) -> tuple[int, float, float]:
    """Return expiry, strike at the money and strike at the standard delta."""
    listed = Listed(vix_expiries, vix_expiries, NO_QUOTES)
    pick = choose_vix_expiry(day, listed, 0, False, STANDARD_TENOR, 0.0)
    expiry = int(vix_expiries["date"][pick])
    nodes = day["curve_expiry"], day["curve_forward"]
    forward = vix_forward(*nodes, day["vix"], day["date"], expiry)
    tau = days_to_settlement(day, codes.VIX, expiry)
    slice_ = vix_slice(day["vix_smile"], forward, tau)
    calls = strip_of(day, NO_QUOTES, codes.VIX, expiry, codes.CALL, forward, tau)
    further = strike_by_delta(calls, slice_, STANDARD_DELTA, False)
    return expiry, nearest_listed(calls, forward), further


def hedge_calls(result: Result, days: Records) -> dict[str, Followed]:
    """Follow the VIX calls that each layer of a hedge held long at every close.

    Parameters
    ----------
    result : Result
        With its trade log.
    days : ndarray of DAY, shape (n,)
        The market days of the result.
    """
    held = held_spans(result, days)
    spans, found = held.spans, {}
    bought = (spans["root"] == codes.VIX) & (spans["right"] == codes.CALL) & (held.quantity > 0)
    for code, sleeve in enumerate(codes.SLEEVES):
        own = bought & (held.sleeve == code)
        if own.any():
            mine, name = spans[own], f"{result.meta['hedge']} {sleeve}"
            terms = mine["start"], mine["expiry"], mine["strike"]
            found[name] = follow(days, *terms, held.quantity[own])
    return found


def follow(
    days: Records, starts: Rows, expiries: Rows, strikes: Floats, quantity: Floats
) -> Followed:
    """Follow calls from the closes they are held at; several at one close count by premium.

    Parameters
    ----------
    days : ndarray of DAY, shape (n,)
    starts : ndarray of int, shape (m,)
        Rows of ``days``.
    expiries, strikes, quantity : ndarray, shape (m,)
        Days since 1970-01-01, points, contracts.
    """
    steps = starts[:, None] + np.arange(HORIZONS[-1])
    marked = np.append(days["tradable"] == 1, False)
    date = np.append(days["date"], np.iinfo(np.int64).max)
    after = np.minimum(steps + 1, len(days))
    alive = np.logical_and.accumulate(marked[after] & (date[after] < expiries[:, None]), axis=1)
    spans = np.zeros(steps.shape, SPAN)
    spans["root"], spans["right"] = codes.VIX, codes.CALL
    spans["expiry"], spans["strike"] = expiries[:, None], strikes[:, None]
    spans["start"], spans["end"] = steps, after
    moves = np.zeros(int(alive.sum()), EXPLAINED)
    explain(days, NO_QUOTES, spans[alive], True, moves)
    explained = np.zeros(steps.shape, EXPLAINED)
    explained[alive] = moves
    parts = [sum(explained[part] for part in names) for names in FIGURES.values()]
    gains = np.cumsum(np.stack(parts, axis=-1), axis=1)
    places = [sessions - 1 for sessions in HORIZONS]
    gains = np.where(alive[:, places, None], gains[:, places], np.nan)
    premium = quantity * explained["price"][:, 0]
    total, at_start, days_left = (np.zeros((len(days), *s)) for s in (gains.shape[1:], (), ()))
    np.add.at(total, starts, quantity[:, None, None] * gains)
    np.add.at(at_start, starts, premium)
    np.add.at(days_left, starts, premium * explained["tau_start"][:, 0])
    at_start = np.where(at_start > 0.0, at_start, np.nan)
    return Followed(total / at_start[:, None, None], days_left / at_start)
