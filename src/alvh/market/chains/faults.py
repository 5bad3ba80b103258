"""What cannot be believed of a quote: bounds that hold whatever the model, by the quotes beside it.

Every bound is one that somebody could trade on: he sells at a bid and buys at an ask. Calls and
puts of one expiry at one moment are a slice; strikes ascend in it.

References
----------
Hull, Options, Futures and Other Derivatives, 9th ed., ch. 11 (bounds and parity) and ch. 12
(spreads); Carr and Madan, "A note on sufficient conditions for no arbitrage", 2005 (verticals,
butterflies, calendars).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from alvh import calendars
from alvh.contracts.facts import contract_facts
from alvh.market.chains.across import SLACK, mark_calendar, mark_swapped
from alvh.market.chains.beside import OUTSIDE, WIDE, highest_put, mark_wide
from alvh.market.chains.level import (
    CARRY,
    CURVE_SLACK,
    DISCOUNT_SLACK,
    HIGHEST_RATE,
    LATE_SLACK,
    LEVEL_SLACK,
    LOWEST_RATE,
    NEAR,
    absurd_rates,
    off_level,
)
from alvh.market.chains.slices import (
    ORDER,
    Floats,
    Heads,
    Ints,
    Marks,
    Parity,
    Slices,
    groups,
    heads_of,
    parity_of,
    slices_of,
)

FORWARD_SLACK: Final = 0.0005  # of the forward: what a forward from mid quotes may be off
STALE_MOVE: Final = 0.005  # of the index: a move after which a whole quote should not be the same
STALE_SESSIONS: Final = 5  # back to the same quote, where the sessions between have none
STALE_PRICE: Final = 1.0  # points: cheaper options may well stand still
STALE_PRICE_OVER_GAPS: Final = 10.0  # as time takes what the index gives; real ones reach 7.7
HUNDREDFOLD: Final = 30.0  # times both neighbours
FAR_STRIKE: Final = 30.0  # times the index; VIX lists 200 at an index of 10
OFF_INDEX: Final = 0.10  # of the index: further no SPX forward is from it


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Parameters
    ----------
    name : str
        Its column.
    bound : str
        What is marked.
    source : str
        Why.
    fatal : bool
        A marked quote is none to price by; otherwise it is rare but possible.
    """

    name: str
    bound: str
    source: str
    fatal: bool = True


CHECKS: Final = (
    Check("unquoted", "no bid and no ask", "the file", fatal=False),
    Check("zero_bid", "bid 0, ask above 0", "the file: nobody buys", fatal=False),
    Check("crossed", "bid above ask, or a bid without an ask", "bid ≤ ask"),
    Check("locked", "bid equal to ask", "bid < ask in an open market", fatal=False),
    Check(
        "settled",
        "quoted on the settlement day of a contract that settles at the open",
        "last trading day: Cboe SPX and VIX specifications",
    ),
    Check(
        "stale",
        f"bid and ask as at the same time of the session before, or of one up to {STALE_SESSIONS} "
        f"back with ask ≥ {STALE_PRICE_OVER_GAPS:g}, ask ≥ {STALE_PRICE:g}, the index moved by "
        f"≥ {STALE_MOVE:.1%}",
        "a market maker's quote follows its index",
        fatal=False,
    ),
    Check(
        "vertical",
        "a call (put) bid above the ask of the next lower (higher) strike, or a spread bid above "
        "its width",
        "Carr and Madan 2005: 0 ≤ C(K₁) − C(K₂) ≤ K₂ − K₁",
    ),
    Check(
        "butterfly",
        "a bid above the straight line between the asks of the strikes beside it, or of a put, by "
        f"more than {SLACK:g} points, above that from 0 at strike 0 to the ask of a higher strike",
        "Carr and Madan 2005: prices are convex in the strike; a put at 0 is worth nothing",
    ),
    Check(
        "bounds",
        f"ask below D(F − K)⁺ for a call, D(K − F)⁺ for a put, or bid above DF, DK, by more than "
        f"{SLACK:g} points and {FORWARD_SLACK:.2%} of F",
        "Hull ch. 11, with F and D from the parity of the same slice",
    ),
    Check(
        "calendar",
        "SPX: bid over DF above that of the next expiry's ask at the same K/F",
        "Carr and Madan 2005; holds for no two VIX expiries",
    ),
    Check(
        "swapped",
        "SPX third Friday: the straddle nearest to F, settled at the open, bid above the ask of "
        "the one settled at the close",
        "the close is a session later",
    ),
    Check(
        "hundredfold",
        f"bid {HUNDREDFOLD:g} times the asks of both strikes beside it, or ask a "
        f"{HUNDREDFOLD:g}th of their bids; strike above {FAR_STRIKE:g} times the index",
        "points taken for cents",
    ),
    Check(
        "wide",
        f"wider than {WIDE:g} times what the other strikes leave of it, or its middle outside that "
        f"by {OUTSIDE:g} times as much; of a zero bid, by {SLACK:g} points",
        "Carr and Madan 2005: its middle is not what it is worth",
    ),
    Check(
        "discount",
        f"the slope of parity is a rate below {LOWEST_RATE:.0%} or above {HIGHEST_RATE:.0%} a "
        f"year, by more than {DISCOUNT_SLACK:.0%} and its own spread",
        "parity of the whole expiry: all its quotes are multiplied",
    ),
    Check(
        "off_level",
        f"SPX: the forward more than {CURVE_SLACK:.1%} and {CARRY:.0%} a year off the middle of "
        f"the five expiries around it, or the nearest five, within {NEAR} days, {LEVEL_SLACK:.1%} "
        f"and any carry off the index ({LATE_SLACK:.2%} at the end of the day)",
        "parity of the whole expiry, or of the day: calls or puts are shifted",
    ),
    Check("off_grid", "strike no multiple of 5 (SPX), 0.5 (VIX)", "Cboe specifications"),
    Check(
        "off_index",
        f"SPX: the vendor's index more than {OFF_INDEX:.0%} off F",
        "dividends and interest of five years",
        fatal=False,
    ),
)
_QUOTED: Final = ("date", "time", "root", "expiry", "strike", "put_call", "bid", "ask")
_ROOT_NUMBER: Final = {"SPX": 0, "SPXW": 1, "VIX": 2, "VIXW": 3}
NAMES: Final = tuple(check.name for check in CHECKS)
FATAL: Final = tuple(check.name for check in CHECKS if check.fatal)


def mark(table: pl.DataFrame, before: pl.DataFrame | None = None) -> pl.DataFrame:
    """Mark what cannot be believed of each quote.

    Parameters
    ----------
    table : polars.DataFrame
        Of ``CHAIN_SCHEMA``, whole sessions.
    before : polars.DataFrame, optional
        The last session before the first of them, to tell stale quotes by.

    Returns
    -------
    polars.DataFrame
        The rows, in the order of ``ORDER``, with one boolean column for each of ``NAMES``.
    """
    ordered = table.sort(ORDER, maintain_order=True)
    group = groups(ordered)
    marks = {name: np.zeros(ordered.height, np.bool_) for name in NAMES}
    _mark_rows(ordered, marks)
    slices = slices_of(ordered, group)
    heads = heads_of(ordered, group)
    index = ordered["underlying"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    for call in (True, False):
        side = slices.side(call)
        hundredfold = _hundredfold(side)
        vertical = _vertical(side, call)
        marks["vertical"][side.row] = vertical
        marks["butterfly"][side.row] = _butterfly(side)
        if not call:
            marks["butterfly"][side.row] |= _above_line_to_zero(side, vertical | hundredfold)
        marks["hundredfold"][side.row] |= hundredfold
        marks["wide"][side.row] = mark_wide(side, call, hundredfold)
    parity = _mark_levels(slices, heads, group, index, marks)
    for call in (True, False):
        side = slices.side(call)
        marks["bounds"][side.row] = _bounds(side, call, parity)
    spx = heads.spx[group]
    ours = slices.where(spx[slices.row])
    mark_calendar(ours, parity, heads, marks["calendar"])
    mark_swapped(ours, parity, heads, marks["swapped"])
    with np.errstate(invalid="ignore"):
        marks["off_index"] |= spx & (np.abs(index / parity.forward[group] - 1.0) > OFF_INDEX)
    levels = _levels(index, parity, heads, group)
    marks["stale"] = _stale(ordered, levels, before)
    return ordered.with_columns(pl.Series(name, values) for name, values in marks.items())


def _mark_rows(table: pl.DataFrame, marks: dict[str, Marks]) -> None:
    """Mark what a row shows by itself."""
    bid, ask = pl.col("bid"), pl.col("ask")
    spx = pl.col("root").is_in(["SPX", "SPXW"])
    finest = pl.when(spx).then(contract_facts("SPX").finest_strike)
    step = finest.otherwise(contract_facts("VIX").finest_strike)
    quoted = bid.is_not_null()
    found = table.select(
        unquoted=~quoted,
        zero_bid=(bid == 0) & (ask > 0),
        crossed=bid > ask,
        locked=(bid == ask) & (ask > 0),
        settled=quoted & (pl.col("settlement") == "AM") & (pl.col("date") >= pl.col("expiry")),
        off_grid=pl.col("strike") % step != 0,
        hundredfold=pl.col("strike") > FAR_STRIKE * pl.col("underlying"),
    )
    for name in found.columns:
        marks[name] |= found[name].fill_null(False).to_numpy()


def _mark_levels(
    slices: Slices, heads: Heads, group: Ints, index: Floats, marks: dict[str, Marks]
) -> Parity:
    """Mark whole slices at a level they cannot be at; return the parity of the others."""
    wrong = marks["butterfly"] | marks["hundredfold"] | marks["wide"]
    sound = replace(slices, whole=slices.whole & ~wrong[slices.row])
    parity = parity_of(sound, len(heads.days))
    absurd = absurd_rates(sound, parity, heads.days)
    parity = parity.without(absurd)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    off = off_level(parity.forward, heads.days, heads.moment, index[first], heads.spx, heads.late)
    quoted = np.zeros(len(group), np.bool_)
    quoted[slices.row] = True
    marks["discount"] |= quoted & absurd[group]
    marks["off_level"] |= quoted & off[group]
    return parity.without(off)


def _vertical(side: Slices, call: bool) -> Marks:
    """Mark both quotes of a spread that pays its buyer, or costs more than it can be worth."""
    bad = np.zeros(len(side.row), np.bool_)
    low, high = slice(None, -1), slice(1, None)
    same = np.diff(side.group) == 0
    width = np.diff(side.strike)
    # the dear leg is the lower strike of calls, the higher of puts
    dear, cheap = (low, high) if call else (high, low)
    wrong = side.bid[cheap] > side.ask[dear] + 1e-9
    too_wide = side.bid[dear] - side.ask[cheap] > width + 1e-9
    whole = side.whole[low] & side.whole[high]
    broken = same & whole & (wrong | too_wide)
    bad[low] |= broken
    bad[high] |= broken
    return bad


def _butterfly(side: Slices) -> Marks:
    """Mark a quote that is bid above the line between the asks beside it."""
    bad = np.zeros(len(side.row), np.bool_)
    if len(side.row) < 3:
        return bad
    left, mid, right = slice(None, -2), slice(1, -1), slice(2, None)
    span = side.strike[right] - side.strike[left]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (side.strike[right] - side.strike[mid]) / span
        line = share * side.ask[left] + (1.0 - share) * side.ask[right]
    same = side.group[left] == side.group[right]
    whole = side.whole[left] & side.whole[mid] & side.whole[right]
    bad[mid] = same & whole & (side.bid[mid] > line + 1e-9)
    return bad


def _above_line_to_zero(side: Slices, wrong: Marks) -> Marks:
    """Mark a put bid above the line from strike 0 to the ask of a higher strike."""
    counts = side.whole & ~wrong
    found: Marks = side.whole & (side.bid > highest_put(side, counts) + SLACK)
    return found


def _hundredfold(side: Slices) -> Marks:
    """Mark a quote far above, or far below, those of both strikes beside it."""
    bad = np.zeros(len(side.row), np.bool_)
    if len(side.row) < 3:
        return bad
    bid, ask = side.bid, HUNDREDFOLD * side.ask
    same = (side.group[:-2] == side.group[2:]) & side.whole[:-2] & side.whole[2:]
    over = bid[1:-1] > np.maximum(ask[:-2], ask[2:])
    under = ask[1:-1] < np.minimum(bid[:-2], bid[2:])
    bad[1:-1] = same & side.whole[1:-1] & (over | under)
    return bad


def _bounds(side: Slices, call: bool, parity: Parity) -> Marks:
    forward, discount = parity.forward[side.group], parity.discount[side.group]
    slack = SLACK + FORWARD_SLACK * forward
    inside = discount * (forward - side.strike if call else side.strike - forward)
    most = discount * (forward if call else side.strike)
    wrong: Marks = (side.ask < inside - slack) | (side.bid > most + slack)
    return wrong & side.whole


def _levels(index: Floats, parity: Parity, heads: Heads, group: Ints) -> Floats:
    """Return the level that each row stands at: its index, or what parity says where it lacks.

    Of the S&P 500 that is the middle of the moment's forwards within ``NEAR`` days, so that a whole
    expiry that stands still shows; of VIX it is the expiry's own.
    """
    forward = parity.forward.copy()
    near = heads.spx & (heads.days <= NEAR) & np.isfinite(forward)
    middles = (
        pl.DataFrame({"moment": heads.moment[near], "forward": forward[near]})
        .group_by("moment")
        .agg(pl.col("forward").median())
    )
    middle = np.full(int(heads.moment.max(initial=-1)) + 1, np.nan)
    middle[middles["moment"].to_numpy()] = middles["forward"].to_numpy()
    forward[heads.spx] = middle[heads.moment[heads.spx]]
    return np.where(np.isfinite(index), index, forward[group])


def _levels_of(table: pl.DataFrame) -> Floats:
    group = groups(table)
    slices, heads = slices_of(table, group), heads_of(table, group)
    index = table["underlying"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return _levels(index, parity_of(slices, len(heads.days)), heads, group)


def _stale(table: pl.DataFrame, levels: Floats, before: pl.DataFrame | None) -> Marks:
    """Mark quotes that are as some sessions before at the same time though the index has moved."""
    both = table.select(_QUOTED).with_columns(level=levels)
    if before is not None and before.height:
        earlier = before.sort(ORDER, maintain_order=True)
        known = earlier.select(_QUOTED).with_columns(level=_levels_of(earlier))
        both = pl.concat([known, both])
    dear = both.with_row_index("row").filter(pl.col("ask") >= STALE_PRICE)
    key = _contract_and_session(dear)
    order = np.argsort(key, kind="stable")
    bid, ask, level = (dear[name].to_numpy()[order] for name in ("bid", "ask", "level"))
    apart = np.diff(key[order])
    far = (apart > 1) & (apart <= STALE_SESSIONS) & (ask[1:] >= STALE_PRICE_OVER_GAPS)
    same = (np.diff(bid) == 0) & (np.diff(ask) == 0) & ((apart == 1) | far)
    moved = np.abs(level[1:] / level[:-1] - 1.0) >= STALE_MOVE
    marks = np.zeros(both.height, np.bool_)
    marks[dear["row"].to_numpy()[order][1:][same & moved]] = True
    return marks[both.height - table.height :]


def _contract_and_session(table: pl.DataFrame) -> Ints:
    """Return one number for each contract, time of day and session; the next session's is one more.

    Of its 63 bits the session has 14, the strike in quarter points 19, the expiry 15, root and
    right 3; that leaves 12 for the times of day.
    """
    days, at = np.unique(table["date"].to_numpy().astype("datetime64[D]"), return_inverse=True)
    session = calendars.session_number(days).astype(np.int64)[at]
    root = table["root"].replace_strict(_ROOT_NUMBER, return_dtype=pl.Int64).to_numpy()
    call = (table["put_call"] == "C").to_numpy()
    time = table["time"].rank("dense").fill_null(0).to_numpy().astype(np.int64)
    expiry = table["expiry"].to_physical().to_numpy().astype(np.int64)
    strike = np.rint(4.0 * table["strike"].to_numpy()).astype(np.int64)
    number: Ints = (
        ((((time << 3) + 2 * root + call << 15) + expiry << 19) + strike) << 14
    ) + session
    return number
