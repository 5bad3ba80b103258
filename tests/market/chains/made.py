"""Chains made from a formula, whose forwards, rates and volatilities are known."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from alvh.kernel.black import black_price

DAY = date(2021, 6, 1)


def made_chain(
    sigma: Callable[[float], float],
    *,
    days: int = 30,
    forward: float = 4000.0,
    rate: float = 0.03,
    root: str = "SPXW",
    half: float = 0.05,
    strikes: np.ndarray | None = None,
    day: date = DAY,
) -> pl.DataFrame:
    """Quote every strike at the formula's price ± ``half``; volatility by ln(strike/forward)."""
    strikes = np.arange(2800.0, 4801.0, 25.0) if strikes is None else strikes
    settlement = "AM" if root in ("SPX", "VIX", "VIXW") else "PM"
    years = (days - (0.27 if settlement == "AM" else 0.0)) / 365.0
    rows = []
    for strike in strikes:
        vol = sigma(float(np.log(strike / forward)))
        for side in ("C", "P"):
            fair = black_price(forward, strike, vol, years, side == "P") * np.exp(-rate * years)
            bid = max(fair - half, 0.0)
            rows.append((day, None, root, day + timedelta(days), settlement, float(strike), side,
                         bid, fair + half))  # fmt: skip
    names = ("date", "time", "root", "expiry", "settlement", "strike", "put_call", "bid", "ask")
    schema = dict(zip(names, (pl.Date, pl.String, pl.String, pl.Date, pl.String, pl.Float64,
                              pl.String, pl.Float64, pl.Float64), strict=True))  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def flat(vol: float) -> Callable[[float], float]:
    """Return the volatility that is the same at every strike."""
    return lambda _: vol
