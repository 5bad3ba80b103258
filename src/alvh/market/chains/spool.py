"""Rows on their way from one file into the folder, in memory or beside it, by root and month."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from alvh.market.chains.table import CHAIN_SCHEMA, KEY, ORDER

HELD: Final = 1_500_000  # rows that are kept in memory; about 250 MB
REJECT_SCHEMA: Final = pl.Schema(
    {
        "source": pl.String,
        "line": pl.Int64,
        "kind": pl.String,
        "reason": pl.String,
        "text": pl.String,
    }
)


class Spool:
    """Rows of one source; beyond ``HELD`` they wait in ``folder``, which is removed by `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[pl.DataFrame] = []
        self._count = self._written = 0
        self._rejects: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows of ``CHAIN_SCHEMA``."""
        if rows.height:
            self._held.append(rows)
            self._count += rows.height
        if self._count > HELD:
            self._spill()

    def refuse(self, rejects: pl.DataFrame) -> None:
        """Take refused lines of ``REJECT_SCHEMA``."""
        if rejects.height:
            self._rejects.append(rejects)

    @property
    def rejects(self) -> pl.DataFrame:
        """All refused lines, in the order in which they came."""
        return pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *self._rejects])

    def months(self) -> Iterator[tuple[str, str, pl.DataFrame]]:
        """Yield root, month ("2019-04") and rows, sorted; of equal ones the first comes first."""
        if self._written:
            self._spill()
            for folder in sorted(self._folder.glob("*/*")):
                paths = sorted(folder.iterdir(), key=lambda path: int(path.stem))
                rows = pl.concat([pl.read_parquet(path) for path in paths])
                yield folder.parent.name, folder.name, _sorted(rows)
        else:
            yield from _by_month(self._held)

    def _spill(self) -> None:
        for root, month, rows in _by_month(self._held):
            folder = self._folder / root / month
            folder.mkdir(parents=True, exist_ok=True)
            rows.write_parquet(folder / f"{self._written}.parquet", compression="lz4")
        self._written += 1
        self._held, self._count = [], 0

    def clear(self) -> None:
        """Forget all rows and refused lines."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._held, self._count, self._written, self._rejects = [], 0, 0, []

    def close(self) -> None:
        """Remove what waits beside the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _by_month(frames: list[pl.DataFrame]) -> Iterator[tuple[str, str, pl.DataFrame]]:
    if not frames:
        return
    table = _sorted(pl.concat(frames))
    names = table.select("root", month=pl.col("date").dt.month_start())
    starts = names.with_row_index().unique(["root", "month"], keep="first", maintain_order=True)
    ends = [*starts["index"][1:], table.height]
    for (start, root, first), end in zip(starts.iter_rows(), ends, strict=True):
        yield root, f"{first:%Y-%m}", table[start:end]


def _sorted(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("root", *ORDER, nulls_last=True, maintain_order=True)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows of a source, by what the folder has of their contracts and moments.

    Parameters
    ----------
    kept : polars.DataFrame
        Of ``CHAIN_SCHEMA``: each contract and moment once.
    repeated : polars.DataFrame
        Of ``REJECT_SCHEMA``: what is there already.
    displaced : polars.DataFrame
        ``KEY`` of what other sources have and must give way.
    """

    kept: pl.DataFrame
    repeated: pl.DataFrame
    displaced: pl.DataFrame


def distinct(rows: pl.DataFrame, others: pl.LazyFrame | None, replace: bool = False) -> Sorted:
    """Set rows apart whose contract and moment is there already.

    The first that was read stays, but a row that says only that a contract was listed gives way to
    a quote of it.

    Parameters
    ----------
    rows : polars.DataFrame
        Of one root and month, sorted by ``ORDER``.
    others : polars.LazyFrame, optional
        What other sources have for them.
    replace : bool
        Let also other quotes of other sources give way.
    """
    marked = _again(rows)
    repeats = []
    if marked["again"].any():
        marked = _again(rows.sort(*ORDER, pl.col("bid").is_null(), maintain_order=True))
        first = [
            pl.when(~pl.col("again")).then(name).forward_fill().alias(f"first_{name}")
            for name in ("source", "line", "bid", "ask")
        ]
        repeats.append(_repeated(marked.with_columns(first).filter("again")))
        marked = marked.filter(~pl.col("again"))
    kept, displaced = marked.drop("again"), rows.clear().select(KEY)
    if others is not None:
        kept, known, displaced = _unknown(kept, others, replace)
        repeats.append(known)
    return Sorted(kept, pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *repeats]), displaced)


def _again(rows: pl.DataFrame) -> pl.DataFrame:
    """Mark the rows whose contract and moment is that of the row before."""
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in KEY)
    return rows.with_columns(again=same & (pl.int_range(pl.len()) > 0))


def _unknown(
    rows: pl.DataFrame, others: pl.LazyFrame, replace: bool
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Split rows into those to keep, the refusals of the others, and the keys that give way."""
    theirs = others.filter(pl.col("date").is_in(rows["date"].unique().implode())).select(
        *KEY, *(pl.col(name).alias(f"first_{name}") for name in ("source", "line", "bid", "ask"))
    )
    on = list(KEY)
    joined = rows.join(theirs.collect(), on=on, how="left", nulls_equal=True, maintain_order="left")
    known = pl.col("first_line").is_not_null()
    better = pl.col("first_bid").is_null() | (pl.lit(replace) & ~_SAME)
    stronger = known & pl.col("bid").is_not_null() & better
    kept = joined.filter(~known | stronger).select(list(CHAIN_SCHEMA))
    return kept, _repeated(joined.filter(known & ~stronger)), joined.filter(stronger).select(on)


_SAME: Final = pl.col("bid").eq_missing(pl.col("first_bid")) & pl.col("ask").eq_missing(
    pl.col("first_ask")
)


def _repeated(rows: pl.DataFrame) -> pl.DataFrame:
    quote = pl.when(_SAME).then(pl.lit("the same quote")).otherwise(pl.lit("another quote"))
    reason = pl.format(
        "this contract and moment is on line {} of {} already, with {}",
        "first_line",
        "first_source",
        quote,
    )
    return rows.select(
        "source",
        "line",
        pl.when(_SAME).then(pl.lit("duplicate")).otherwise(pl.lit("another quote")).alias("kind"),
        reason.alias("reason"),
        pl.lit("").alias("text"),
    )
