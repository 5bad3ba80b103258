"""The parity desk: what calls and puts say of futures and of rates, and what it costs to act on it.

**VIX.** An option on VIX settles to the same value as the future of its expiry, so a call less a
put is the future less the strike, discounted. A conversion buys the future and sells the synthetic
(short call, long put); a reversal does the opposite. Both are valued at the side of the market that
one trades on, after the exchange's fees, commissions and half the future's spread, in USD per
future, which ten pairs of options match. Where one is worth more than nothing, options and future
do not trade at one price: quotes of different moments, a mistake, or money.

**S&P 500.** A box of two strikes pays their distance whatever happens. Bought at the asks it lends,
sold at the bids it borrows; the parity line's own rate is the middle.

References
----------
Stoll, H. (1969). The relationship between put and call option prices. J. Finance 24.
Cboe VIX option and VX futures specifications: one VX future of 1,000 USD a point, options of 100.
"""

import math
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.contracts.facts import SPX, VIX, VX
from alvh.contracts.rules import exchange_fee
from alvh.contracts.vix_spread import vx_half_spread
from alvh.market.chains.forwards import YEAR, Forwards
from alvh.market.chains.strips import Floats, Strips

PAIRS = 10  # of options to one future
OPTION_MULTIPLIER = 100.0
FUTURE_MULTIPLIER = 1_000.0
COMMISSION = 0.65  # USD per option contract and side, a broker's common rate; futures likewise
DOUBTFUL = 3.0  # standard errors between implied forward and future that are worth a look
NARROWEST_BOX = 0.01  # width over the forward; a narrower box earns less than its fees


def vix_parity(strips: Strips, forwards: Forwards, futures: pl.DataFrame) -> pl.DataFrame:
    """Hold the VIX forwards that options imply against the futures.

    Parameters
    ----------
    strips : Strips
    forwards : Forwards
        Of the same strips.
    futures : polars.DataFrame
        Columns ``date``, ``expiry`` and ``settle``, points; see ``History.futures``.

    Returns
    -------
    polars.DataFrame
        One row a VIX expiry: implied ``forward`` with its standard error, ``low`` and ``high`` at
        which it can be sold and bought by options, points; ``future`` and ``gap`` (forward less
        future), null where no future of that expiry is known; ``conversion`` and ``reversal`` in
        USD per future after ``costs``; ``flag``: what is out of line, empty where nothing is.
    """
    rows = [
        _vix_row(strips, forwards, i)
        for i, root in enumerate(strips.expiries["root"])
        if root.startswith("VIX") and np.isfinite(forwards.forward[i])
    ]
    names = ("date", "time", "root", "expiry", "tau", "forward", "error", "low", "high", "fees")
    types = (pl.Date, pl.String, pl.String, pl.Date, *[pl.Float64] * 6)
    table = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)))
    known = futures.select("date", "expiry", future="settle").unique(["date", "expiry"])
    return _valued(table.join(known, on=["date", "expiry"], how="left", maintain_order="left"))


def _vix_row(strips: Strips, forwards: Forwards, i: int) -> dict[str, Any]:
    head = strips.expiries.row(i, named=True)
    low, high, fees = _synthetic_market(strips, i, float(forwards.discount[i]))
    return {name: head[name] for name in ("date", "time", "root", "expiry", "tau")} | {
        "forward": float(forwards.forward[i]), "error": float(forwards.forward_error[i]),
        "low": low, "high": high, "fees": fees,
    }  # fmt: skip


def _synthetic_market(strips: Strips, i: int, discount: float) -> tuple[float, float, float]:
    """Return the best bid and ask of the forward by options, and a pair's fees in USD."""
    at = strips.rows(i)
    quoted = (strips.call_bid[at] > 0) & (strips.put_bid[at] > 0)
    strike, call_bid, call_ask, put_bid, put_ask = (
        side[at][quoted]
        for side in (strips.strike, strips.call_bid, strips.call_ask, strips.put_bid,
                     strips.put_ask)
    )  # fmt: skip
    sold = strike + (call_bid - put_ask) / discount
    bought = strike + (call_ask - put_bid) / discount
    best = int(np.argmax(sold))
    day = int(np.datetime64(strips.expiries["date"][i], "D").astype(np.int64))
    fees = sum(
        exchange_fee(VIX, float(side[best]), day, False) + COMMISSION
        for side in (call_bid, put_ask)
    )
    return float(sold.max()), float(bought.min()), fees


def _valued(table: pl.DataFrame) -> pl.DataFrame:
    """Add what a conversion and a reversal are worth, and the flags."""
    costs = [_future_cost(row) + PAIRS * row["fees"] for row in table.iter_rows(named=True)]
    value = table.with_columns(
        gap=pl.col("forward") - pl.col("future"), costs=pl.Series(costs, dtype=pl.Float64)
    ).with_columns(
        conversion=(pl.col("low") - pl.col("future")) * FUTURE_MULTIPLIER - pl.col("costs"),
        reversal=(pl.col("future") - pl.col("high")) * FUTURE_MULTIPLIER - pl.col("costs"),
    )
    return value.drop("fees").with_columns(flag=_flag())


def _future_cost(row: dict[str, Any]) -> float:
    """Return half the future's spread, its fee and commission, USD; half a tick where unknown."""
    if row["future"] is None:
        return math.nan
    day = int(np.datetime64(row["date"], "D").astype(np.int64))
    half = vx_half_spread(row["future"], row["tau"], row["future"], day)
    return half * FUTURE_MULTIPLIER + exchange_fee(VX, row["future"], day, False) + COMMISSION


def _flag() -> pl.Expr:
    far = pl.col("gap").abs() > DOUBTFUL * pl.col("error").clip(lower_bound=0.01)
    return (
        pl.when(pl.col("low") > pl.col("high")).then(pl.lit("options disagree among themselves"))
        .when(pl.col("future").is_null()).then(pl.lit("no future known"))
        .when(pl.col("conversion") > 0).then(pl.lit("options dear: conversion pays"))
        .when(pl.col("reversal") > 0).then(pl.lit("options cheap: reversal pays"))
        .when(far).then(pl.lit("apart, within costs"))
        .otherwise(pl.lit(""))
    )  # fmt: skip


def spx_boxes(strips: Strips, forwards: Forwards) -> pl.DataFrame:
    """Return the rates at which boxes on the S&P 500 lend and borrow.

    Parameters
    ----------
    strips : Strips
    forwards : Forwards
        Of the same strips.

    Returns
    -------
    polars.DataFrame
        One row an SPX or SPXW expiry: the parity line's own ``rate`` and its standard error; the
        best ``lend`` and ``borrow`` rates after fees over all boxes of at least one per cent of
        the forward, with the two strikes of each. Rates continuously compounded, act/365,
        decimal; null where no box is quoted.
    """
    rows = [
        _box_row(strips, forwards, i)
        for i, root in enumerate(strips.expiries["root"])
        if root.startswith("SPX") and np.isfinite(forwards.forward[i])
    ]
    names = ("date", "time", "root", "expiry", "tau", "rate", "error", "lend", "lend_low",
             "lend_high", "borrow", "borrow_low", "borrow_high")  # fmt: skip
    types = (pl.Date, pl.String, pl.String, pl.Date, *[pl.Float64] * 9)
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True))).fill_nan(None)


def _box_row(strips: Strips, forwards: Forwards, i: int) -> dict[str, Any]:
    head, years = strips.expiries.row(i, named=True), float(strips.tau[i]) / YEAR
    row = {name: head[name] for name in ("date", "time", "root", "expiry", "tau")}
    row |= {"rate": float(forwards.own_rate[i]), "error": float(forwards.rate_error[i])}
    at = strips.rows(i)
    serves = forwards.serves[at]
    strike = strips.strike[at][serves]
    sold = (strips.call_bid[at] - strips.put_ask[at])[serves]  # what a synthetic brings
    bought = (strips.call_ask[at] - strips.put_bid[at])[serves]
    day = int(np.datetime64(head["date"], "D").astype(np.int64))
    fees = 4 * (exchange_fee(SPX, 10.0, day, False) + COMMISSION) / OPTION_MULTIPLIER
    narrow = NARROWEST_BOX * float(forwards.forward[i])
    return row | _best_boxes(strike, sold, bought, fees, narrow, years)


def _best_boxes(
    strike: Floats, sold: Floats, bought: Floats, fees: float, narrow: float, years: float
) -> dict[str, float]:
    """Return the best lending and borrowing boxes; row is the lower strike, column the higher."""
    width = strike[None, :] - strike[:, None]
    wide = width >= narrow
    lend = _rates(width, bought[:, None] - sold[None, :] + fees, wide, years)
    borrow = _rates(width, sold[:, None] - bought[None, :] - fees, wide, years)
    found: dict[str, float] = {}
    for name, rates, way in (("lend", lend, 1.0), ("borrow", borrow, -1.0)):
        scored = np.where(np.isfinite(rates), way * rates, -np.inf)
        if scored.size == 0 or np.isinf(scored.max()):
            continue
        low, high = np.unravel_index(int(scored.argmax()), scored.shape)
        found |= {name: float(rates[low, high]), f"{name}_low": float(strike[low]),
                  f"{name}_high": float(strike[high])}  # fmt: skip
    return found


def _rates(width: Floats, price: Floats, wide: NDArray[np.bool_], years: float) -> Floats:
    """Return ln(width/price)/years; NaN where the box is narrow or has no positive price."""
    fair = wide & (price > 0)
    ratio = np.where(fair, width, 1.0) / np.where(fair, price, 1.0)
    return np.where(fair, np.log(ratio) / years, np.nan)
