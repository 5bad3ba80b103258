"""The price of any listed option on any past day, and whether it is a quote or a model."""

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.calendars import contract_expiry
from alvh.contracts import OptionSymbol, parse_osi
from alvh.contracts.rules import round_to_tick, tick_size
from alvh.errors import PricingError
from alvh.kernel import codes
from alvh.kernel.black import black_delta
from alvh.kernel.listed import leg_mark
from alvh.kernel.quotes import (
    days_to_settlement,
    half_spread,
    leg_mid,
    sessions_to_settlement,
    spx_forward,
)
from alvh.kernel.spx_smile import spx_sigma, spx_slice
from alvh.kernel.vix_smile import vix_forward, vix_sigma, vix_slice
from alvh.market.chains.table import ROOTS as CHAIN_ROOTS
from alvh.market.history import History
from alvh.market.surfaces import Surfaces, build_surfaces

Quotes = dict[tuple[str, int, float, str], tuple[float, float, float | None]]

ROOTS = {"SPX": codes.SPX, "SPXW": codes.SPXW, "VIX": codes.VIX, "VIXW": codes.VIX}
COLUMNS = ("symbol", "bid", "mid", "ask", "sigma", "delta", "forward", "provenance")


def quote(history: History, symbols: Sequence[str], as_of: str | date) -> pl.DataFrame:
    """Price option symbols at the close of one past session.

    Parameters
    ----------
    history : History
        From ``alvh.load_history``.
    symbols : sequence of str
        OSI symbols with the roots SPX, SPXW, VIX or VIXW, e.g. ``"SPXW  220916P03500000"``.
    as_of : str or date
        Session to price on.

    Returns
    -------
    polars.DataFrame
        symbol; bid, mid, ask in points on the exchange's ticks of that day (mid between ticks);
        sigma, Black volatility, decimal, act/365; delta against the forward, undiscounted;
        forward in points, of a quoted SPX contract at the index level of its chain; provenance:
        what the price and its forward rest on: ``quoted`` where
        the history has the day's chain and the contract stands in it; ``quoted, stale`` where the
        engine does not take that quote for one of the close (it was taken too early, or stands
        still) and prices by the smile; ``fitted`` where it has the chain alone, otherwise
        ``modelled``.

    Raises
    ------
    PricingError
        If the date is not a session of the history with the inputs that prices need, or a symbol
        names a contract that never was or had expired.
    """
    if isinstance(symbols, str):
        raise PricingError(f"symbols is the text {symbols!r}; a list of symbols was wanted")
    surfaces = build_surfaces(history)
    day = priced_day(surfaces, as_of)
    options = [parse_osi(symbol) for symbol in symbols]
    listed = _listed_quotes(history, surfaces, day, {option.root for option in options})
    rows = [
        _quote_one(day, surfaces.quotes, option, symbol, listed)
        for option, symbol in zip(options, symbols, strict=True)
    ]
    return pl.DataFrame(rows, schema=list(COLUMNS), orient="row")


def _listed_quotes(history: History, surfaces: Surfaces, day: np.void, roots: set[str]) -> Quotes:
    """Return (bid, ask, index then) of every contract that the day's chain quotes, by terms."""
    when = np.datetime64(int(day["date"]), "D").astype(object)
    known = {root for root in roots & set(CHAIN_ROOTS) if surfaces.takes(root[:3], when)}
    if history.chain_folder is None or not known:
        return {}
    from alvh.market.chain_surfaces import believed_close

    terms = believed_close(history.chain_folder, when, known).select(
        "root", pl.col("expiry").to_physical(), "strike", "put_call", "bid", "ask", "underlying"
    )
    return {row[:4]: row[4:] for row in terms.iter_rows()}


def priced_day(surfaces: Surfaces, as_of: str | date) -> np.void:
    """Return the record of a session, or refuse one that prices cannot be made on."""
    try:
        when = np.datetime64(date.fromisoformat(as_of) if isinstance(as_of, str) else as_of, "D")
    except ValueError as error:
        raise PricingError(f"as_of {as_of!r} is not a date; write it as 2022-06-10") from error
    dates = surfaces.dates
    row = int(np.searchsorted(dates, when))
    if row == len(dates) or dates[row] != when:
        raise PricingError(
            f"{when} is not a session of this history ({dates[0]} to {dates[-1]}); "
            "choose a trading day within it"
        )
    if not surfaces.days["tradable"][row]:
        raise PricingError(f"{when} lacks an input that prices need; see `alvh data check`")
    return surfaces.days[row]  # type: ignore[no-any-return]


def listed_as(day: np.void, option: OptionSymbol) -> tuple[int, int, int]:
    """Return the kernel's root, the settlement date and its session number.

    Raises
    ------
    PricingError
        If the root is not priced, or the option had expired by the close of the day.
    """
    if option.root not in ROOTS:
        raise PricingError(
            f"option {option.compact!r}: root {option.root} is not priced; "
            f"use one of {', '.join(ROOTS)}"
        )
    expiry = contract_expiry(option)
    if expiry["date"] <= day["date"]:
        as_of = np.datetime64(int(day["date"]), "D")
        raise PricingError(
            f"option {option.compact!r} had expired by the close of {as_of}; choose a later expiry"
        )
    root = ROOTS[option.root]
    if root == codes.SPXW and expiry["am"]:
        root = codes.SPX  # weeklys settled to the opening until December 2010
    return root, int(expiry["date"]), int(expiry["session"])


def _quote_one(
    day: np.void, quotes: NDArray[np.void], option: OptionSymbol, symbol: str, listed: Quotes
) -> tuple[object, ...]:
    root, expiry, session = listed_as(day, option)
    is_put = option.put_call == "P"
    tau = days_to_settlement(day, root, expiry)
    fitted = day["vix_fitted"] if root == codes.VIX else day["spx_fitted"]
    provenance = "fitted" if fitted else "modelled"
    if root == codes.VIX:
        forward = vix_forward(
            day["curve_expiry"], day["curve_forward"], day["vix"], day["date"], expiry
        )
        sigma = vix_sigma(vix_slice(day["vix_smile"], forward, tau), option.strike)
        node = np.flatnonzero(day["curve_expiry"] == expiry)
        real = bool(len(node)) and bool(day["curve_quoted"][node[0]])
        provenance += " on a quoted future" if real else " on a modelled future"
    else:
        forward = spx_forward(day, tau)
        slice_ = spx_slice(day["spx_smile"], tau, sessions_to_settlement(day, root, session))
        sigma = spx_sigma(slice_, math.log(option.strike / forward))
    right = codes.PUT if is_put else codes.CALL
    mid = leg_mid(day, root, right, expiry, session, option.strike)
    half = half_spread(day, root, mid, tau)
    bid, ask = _quoted(root, mid, half, day)
    quoted = listed.get((option.root, expiry, option.strike, option.put_call))
    if quoted is not None:
        bid, ask, index = quoted
        held = leg_mark(day, quotes, root, right, expiry, session, option.strike).quoted == 1
        mid, provenance = 0.5 * (bid + ask), "quoted" if held else "quoted, stale"
        if root != codes.VIX and index:  # chains are often taken before the close
            forward *= index / float(day["spx"])
        sigma = _implied(mid, forward, option.strike, tau, is_put, float(day["rate"]), sigma)
    delta = black_delta(forward, option.strike, sigma, tau / 365.0, is_put)
    return symbol, bid, mid, ask, sigma, delta, forward, provenance


def _implied(
    mid: float, forward: float, strike: float, tau: float, is_put: bool, rate: float, fitted: float
) -> float:
    """Return the volatility of a quoted mid; the fitted one where its time value is gone."""
    from vanilla_option_pricers import infer_bsm_implied_vol

    years = tau / 365.0
    found = infer_bsm_implied_vol(
        forward=forward, ttm=years, strike=strike, given_price=mid,
        optiontype="P" if is_put else "C", discfactor=math.exp(-rate * years),
    )  # fmt: skip
    return float(found) if math.isfinite(found) and found > 0.0 else fitted


def _quoted(root: int, mid: float, half: float, day: np.void) -> tuple[float, float]:
    """Return bid and ask on the exchange's ticks, at least one tick apart and around the mid."""
    tick = tick_size(root, mid, int(day["date"]), False)
    low, high = (round_to_tick(price, tick, 0) for price in (mid - half, mid + half))
    bid = min(low, round_to_tick(mid, tick, -1))
    ask = max(high, round_to_tick(mid, tick, 1))
    return max(bid, 0.0), max(ask, bid + tick, tick)
