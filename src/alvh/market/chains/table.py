"""The canonical chain table: one row per contract and snapshot, whoever said it."""

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from alvh.errors import DataError
from alvh.market.chains.store import Store

ROOTS: Final = ("SPX", "SPXW", "VIX", "VIXW")

#: Columns of the table. ``date`` is the session quoted and ``time`` the moment in it as the source
#: said it ("15:45", New York), null at the end of the day. ``expiry`` is the day on which the
#: contract settles by the exchange's rule, whatever day its vendor or its old symbol names.
#: ``bid`` and ``ask`` are points; a bid of zero is a quote. ``sigma`` (decimal), ``delta``,
#: ``underlying`` (points), sizes, ``last``, ``volume`` and ``open_interest`` are the vendor's, null
#: where it gave none. ``source`` is the file and the start of its SHA-256, ``line`` the line in it
#: (of a JSON file: the option's place in its list).
CHAIN_SCHEMA: Final = pl.Schema(
    {
        "date": pl.Date,
        "time": pl.String,
        "root": pl.String,
        "expiry": pl.Date,
        "settlement": pl.String,
        "strike": pl.Float64,
        "put_call": pl.String,
        "bid": pl.Float64,
        "ask": pl.Float64,
        "bid_size": pl.Float64,
        "ask_size": pl.Float64,
        "last": pl.Float64,
        "volume": pl.Float64,
        "open_interest": pl.Float64,
        "sigma": pl.Float64,
        "delta": pl.Float64,
        "underlying": pl.Float64,
        "source": pl.String,
        "line": pl.Int64,
    }
)

#: What makes a row: one contract at one moment.
KEY: Final = ("date", "time", "root", "expiry", "strike", "put_call")
#: Order of the rows; of two snapshots of a contract the end of the day comes last.
ORDER: Final = ("date", "root", "expiry", "strike", "put_call", "time")


def load_chains(
    folder: Path | str,
    roots: Collection[str] | None = None,
    dates: Collection[date] | None = None,
    *,
    unquoted: bool = False,
) -> pl.LazyFrame:
    """Scan a folder of imported chains.

    Parameters
    ----------
    folder : path
        Written by ``alvh chain import`` or ``alvh chain pull``.
    roots : collection of str, optional
        Some of SPX, SPXW, VIX, VIXW; all by default.
    dates : collection of datetime.date, optional
        Sessions; all by default. Only the months they lie in are opened.
    unquoted : bool
        Include contracts that were listed without a quote; their ``bid`` and ``ask`` are null.

    Returns
    -------
    polars.LazyFrame
        Of ``CHAIN_SCHEMA``, sorted by ``ORDER``; no row if nothing fits.

    Raises
    ------
    DataError
        If the folder holds no imported chains, or a root is unknown.
    """
    wanted = ROOTS if roots is None else tuple(roots)
    unknown = sorted(set(wanted) - set(ROOTS))
    if unknown:
        raise DataError(f"root {unknown[0]!r} has no chains; use some of {', '.join(ROOTS)}")
    months = None if dates is None else {f"{day:%Y-%m}" for day in dates}
    paths = Store.of(Path(folder)).parts(wanted, months)
    if not paths:
        return pl.LazyFrame(schema=CHAIN_SCHEMA)
    table = pl.scan_parquet(paths, schema=CHAIN_SCHEMA)
    if dates is not None:
        table = table.filter(pl.col("date").is_in(sorted(dates)))
    if not unquoted:
        table = table.filter(pl.col("bid").is_not_null() & pl.col("ask").is_not_null())
    return table.sort(ORDER, nulls_last=True)
