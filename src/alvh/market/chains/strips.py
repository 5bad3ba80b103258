"""A chain by expiry: calls beside puts, strike by strike, in flat arrays.

Fits go over many expiries of many days. They want neighbours side by side in memory, so the table
is sorted once and every expiry is a run of rows from ``start[i]`` to ``start[i + 1]``.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.errors import DataError
from alvh.kernel.vix_curve import AM_SHARE

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

#: What names an expiry of a snapshot.
EXPIRY_KEY = ("date", "time", "root", "expiry", "settlement")
_NEEDED = (*EXPIRY_KEY, "strike", "put_call", "bid", "ask")
SMALLEST_TAU = 0.5  # days: what settles within hours is priced by the clock, not by a smile


@dataclass(frozen=True)
class Strips:
    """The quotes of many expiries; a missing or crossed quote is a zero on both sides.

    Attributes
    ----------
    expiries : polars.DataFrame
        One row an expiry in chain order: date, time, root, expiry, settlement and ``tau``,
        calendar days from the close to settlement.
    start : ndarray of int64, shape (expiries + 1,)
        First row of each expiry, and the number of rows.
    strike, call_bid, call_ask, put_bid, put_ask : ndarray, shape (rows,)
        Points, by ascending strike within an expiry.
    crossed : ndarray of int64, shape (expiries,)
        Quotes set aside because their bid was above their ask.
    """

    expiries: pl.DataFrame
    start: Counts
    strike: Floats
    call_bid: Floats
    call_ask: Floats
    put_bid: Floats
    put_ask: Floats
    crossed: Counts

    @property
    def tau(self) -> Floats:
        """Calendar days to settlement, shape (expiries,)."""
        return self.expiries["tau"].to_numpy()

    @property
    def quotes(self) -> int:
        """Number of quotes with a bid or an ask."""
        return int((self.call_ask > 0).sum() + (self.put_ask > 0).sum())

    def rows(self, i: int) -> slice:
        """Return the rows of expiry ``i``."""
        return slice(int(self.start[i]), int(self.start[i + 1]))


def pair_quotes(chain: pl.DataFrame) -> Strips:
    """Put calls beside puts.

    Parameters
    ----------
    chain : polars.DataFrame
        Columns of ``CHAIN_SCHEMA``; of two rows of one contract and moment the later counts.

    Returns
    -------
    Strips
        Of every expiry at least half a day from settlement.

    Raises
    ------
    DataError
        If a column is missing, or no expiry is left.
    """
    missing = [name for name in _NEEDED if name not in chain.columns]
    if missing:
        raise DataError(
            f"chain: the columns {', '.join(_NEEDED)} are needed, {', '.join(missing)} not there; "
            "import the files with `alvh chain import`"
        )
    ahead = _tau()
    table = chain.lazy().select(_NEEDED).with_columns(tau=ahead).filter(ahead >= SMALLEST_TAU)
    rows = table.sort(*EXPIRY_KEY, "strike", maintain_order=True).collect()
    if rows.is_empty():
        raise DataError(
            f"chain: none of its {chain.height} rows is of an expiry that lies ahead of its date"
        )
    return _paired(rows)


def _tau() -> pl.Expr:
    days = (pl.col("expiry") - pl.col("date")).dt.total_days().cast(pl.Float64)
    return days - pl.when(pl.col("settlement") == "AM").then(AM_SHARE).otherwise(0.0)


def _paired(rows: pl.DataFrame) -> Strips:
    group = _runs(rows.select(pl.struct(EXPIRY_KEY).rle_id()).to_series().to_numpy())
    line = _runs(group * 1.0, rows["strike"].to_numpy())
    first = np.flatnonzero(np.diff(line, prepend=-1))
    is_call = (rows["put_call"] == "C").to_numpy()
    bid, ask = (rows[side].fill_null(0.0).to_numpy() for side in ("bid", "ask"))
    crossed = bid > ask
    bid, ask = (np.where(crossed | ~np.isfinite(bid + ask), 0.0, side) for side in (bid, ask))
    sides = np.zeros((2, 2, first.size))  # call, put × bid, ask
    for number, side in enumerate((is_call, ~is_call)):
        sides[number][:, line[side]] = bid[side], ask[side]
    start = np.searchsorted(group[first], np.arange(group[-1] + 2))
    heads = rows[first[start[:-1]]].select(*EXPIRY_KEY, "tau")
    count = np.bincount(group, crossed, minlength=len(heads)).astype(np.int64)
    strike = rows["strike"].to_numpy()[first]
    call, put = sides
    return Strips(heads, start, strike, call[0], call[1], put[0], put[1], count)


def _runs(*keys: NDArray[np.generic]) -> Counts:
    """Number the runs of equal rows from zero."""
    changed = np.zeros(len(keys[0]), dtype=np.bool_)
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return np.cumsum(changed, dtype=np.int64)
