"""Real chains as the canonical table, in a few lines of polars; for tests and measured pages."""

import csv
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
from stochvolmodels.data.sample_option_chains import get_vix_test_chain_data

from alvh.kernel.black import black_price
from alvh.kernel.vix_curve import AM_SHARE

TYPES = {
    "date": pl.Date, "time": pl.String, "root": pl.String, "expiry": pl.Date,
    "settlement": pl.String, "strike": pl.Float64, "put_call": pl.String,
    "bid": pl.Float64, "ask": pl.Float64,
}  # fmt: skip
VIX_DAY = date(2022, 7, 15)
VIX_EXPIRIES = (date(2022, 8, 3), date(2022, 8, 17), date(2022, 9, 21), date(2022, 12, 21))


def vendor_chain(path: Path) -> pl.DataFrame:
    """Read a file of the delta-neutral layout."""
    rows = pl.read_csv(path)
    day = pl.col("quotedate").str.to_date("%m/%d/%Y")
    root = pl.col("optionroot").str.extract(r"^([A-Z]+)")
    return rows.select(
        date=day, time=pl.lit(None, pl.String), root=root,
        expiry=pl.col("expiration").str.to_date("%m/%d/%Y"),
        settlement=pl.when(root == "SPX").then(pl.lit("AM")).otherwise(pl.lit("PM")),
        strike=pl.col("strike").cast(pl.Float64),
        put_call=pl.when(pl.col("type") == "call").then(pl.lit("C")).otherwise(pl.lit("P")),
        bid=pl.col("bid").cast(pl.Float64), ask=pl.col("ask").cast(pl.Float64),
    )  # fmt: skip


def quote_table_chain(path: Path) -> pl.DataFrame:
    """Read a quote-table download; its name says the session."""
    rows = []
    day = date.fromisoformat(path.name[4:14])
    with path.open(encoding="utf-8-sig") as lines:
        for row in csv.reader(lines):
            if len(row) < 22 or row[0] == "Expiration Date":
                continue
            expiry = datetime.strptime(row[0], "%a %b %d %Y").date()
            root = "SPXW" if row[1].startswith("SPXW") else "SPX"
            for side, at in (("C", 4), ("P", 15)):
                rows.append((day, None, root, expiry, "PM" if root == "SPXW" else "AM",
                             float(row[11]), side, float(row[at]), float(row[at + 1])))  # fmt: skip
    return pl.DataFrame(rows, schema=TYPES, orient="row")


def vix_chain() -> pl.DataFrame:
    """Return the listed VIX chain of 2022-07-15 (stochvolmodels, MIT) as prices of both sides.

    The package holds volatilities of out-of-the-money bids and asks; the other side follows from
    parity without a rate.
    """
    listed, rows = get_vix_test_chain_data(), []
    for i, expiry in enumerate(VIX_EXPIRIES):
        tau = (expiry - VIX_DAY).days - AM_SHARE
        years, forward = tau / 365.0, float(listed.forwards[i])
        scale = np.sqrt(listed.ttms[i] / years)
        quotes = zip(listed.strikes_ttms[i], listed.bid_ivs[i], listed.ask_ivs[i], strict=True)
        for strike, *sigmas in quotes:
            for side in ("C", "P"):
                prices = [black_price(forward, strike, vol * scale, years, side == "P")
                          for vol in sigmas]  # fmt: skip
                rows.append((VIX_DAY, None, "VIX", expiry, "AM", float(strike), side, *prices))
    return pl.DataFrame(rows, schema=TYPES, orient="row")
