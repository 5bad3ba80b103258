"""How much of what prices are made of was quoted or published, and how much the model stands in."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.calendars import vix_expiries
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.sessions import LAST_DAY

Flags = NDArray[np.bool_]
SINCE = 2007

_SERIES = {"VIX9D": "vix9d", "VIX3M": "vix3m", "VIX6M": "vix6m", "VVIX": "vvix", "SKEW": "skew"}


def inputs_by_year(history: History) -> pl.DataFrame:
    """Return by input and year how often it is known, and how often the model stands in.

    Parameters
    ----------
    history : History

    Returns
    -------
    polars.DataFrame
        input; of (what is counted: sessions, final settlements, or forwards, the monthly VIX
        futures that are listed on a session); year; counted; known (published, settled at the
        exchange, or enough quotes for a smile); modelled (the rest); first and last day on which
        it is known.

    Raises
    ------
    DataError
        If no session can be priced.
    """
    surfaces = build_surfaces(history)
    dates = surfaces.dates
    own = history.between(dates[0].astype(object))
    parts = [
        _counted(name, "sessions", dates, _known(own, column)) for name, column in _SERIES.items()
    ]
    days: Any = surfaces.days
    every, listed = np.repeat(dates, days["curve_quoted"].shape[1]), _listed(dates, days)
    settled = np.isfinite(days["vix_settlement"])
    parts += [
        _counted("VIX futures, the nearest", "sessions", dates, days["curve_quoted"][:, 0] == 1),
        _counted("VIX futures, all listed monthlies", "forwards", every[listed],
                 days["curve_quoted"].ravel()[listed] == 1),
        _counted("VIX settlements", "settlements", dates[settled],
                 days["vix_settlement_quoted"][settled] == 1),
        _counted("SPX option quotes", "sessions", dates, days["spx_fitted"] == 1),
        _counted("VIX option quotes", "sessions", dates, days["vix_fitted"] == 1),
    ]  # fmt: skip
    return pl.concat(parts)


def inputs(by_year: pl.DataFrame) -> pl.DataFrame:
    """Return the sums over the years of ``inputs_by_year``, in its order, and the share known.

    ``share_since_2007`` is that of the years since then: VIX options began in 2006.
    """
    whole = by_year.group_by("input", "of", maintain_order=True).agg(
        pl.col("counted", "known", "modelled").sum(), pl.col("first").min(), pl.col("last").max()
    )
    late = (
        by_year.filter(pl.col("year") >= SINCE)
        .group_by("input")
        .agg(share_since_2007=pl.col("known").sum() / pl.col("counted").sum())
    )
    return whole.with_columns(share=pl.col("known") / pl.col("counted")).join(
        late, on="input", how="left", maintain_order="left"
    )


def _listed(dates: NDArray[np.datetime64], days: Any) -> Flags:
    """Say of every forward of every session whether its future is listed, shape (n · nodes,)."""
    table = vix_expiries(dates[0], LAST_DAY, contract="future")
    expiry, on = days["curve_expiry"], dates.astype(np.int64)[:, None]
    at = np.minimum(np.searchsorted(table["date"], expiry), len(table) - 1)
    listed = (table["date"][at] == expiry) & (table["listed"][at] <= on)
    known: Flags = (listed | (days["curve_quoted"] == 1)).ravel()
    return known


def _known(history: History, column: str) -> Flags:
    if not history.has(column):
        return np.zeros(len(history), bool)
    return np.isfinite(history[column])


def _counted(name: str, of: str, dates: NDArray[np.datetime64], known: Flags) -> pl.DataFrame:
    day = pl.Series(dates.astype("datetime64[D]"))
    table = pl.DataFrame({"day": day, "known": known}).with_columns(
        year=pl.col("day").dt.year().cast(pl.Int64), at=pl.when("known").then("day")
    )
    found = table.group_by("year", maintain_order=True).agg(
        counted=pl.len().cast(pl.Int64), known=pl.col("known").sum().cast(pl.Int64),
        first=pl.col("at").min(), last=pl.col("at").max(),
    )  # fmt: skip
    return found.select(
        pl.lit(name).alias("input"), pl.lit(of).alias("of"), "year", "counted", "known",
        (pl.col("counted") - pl.col("known")).alias("modelled"), "first", "last",
    )  # fmt: skip
