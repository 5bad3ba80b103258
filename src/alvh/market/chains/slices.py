"""Slices of a chain: the calls and puts of one root and expiry at one moment, as plain arrays.

References
----------
Cboe VIX white paper (the strike at which call and put differ least).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Marks = NDArray[np.bool_]

CLOSE: Final = "16:00"  # of the S&P 500; its options trade a quarter of an hour longer
FAR: Final = 0.02  # of a strike: how far two strikes are apart that a discount is read from

#: Order in which slices and their strikes follow each other.
_SLICE: Final = ("date", "time", "root", "expiry")
ORDER: Final = (*_SLICE, "strike", "put_call")


@dataclass(frozen=True, slots=True)
class Slices:
    """The quotes of a table that have a bid and an ask, as arrays.

    ``group`` numbers slices, ascending; ``row`` is the place in the table; ``whole`` marks quotes
    with bid ≤ ask and ask > 0, whose mid means something.
    """

    row: Ints
    group: Ints
    strike: Floats
    bid: Floats
    ask: Floats
    call: Marks
    whole: Marks

    def side(self, call: bool) -> "Slices":
        """Return the calls or the puts."""
        return self.where(self.call if call else ~self.call)

    def pairs(self) -> Ints:
        """Return where a call is followed by the put of its strike, both whole."""
        same = (np.diff(self.group) == 0) & (np.diff(self.strike) == 0)
        both = same & self.call[:-1] & ~self.call[1:] & self.whole[:-1] & self.whole[1:]
        return np.flatnonzero(both)

    def where(self, kept: Marks) -> "Slices":
        """Return some of the quotes."""
        return Slices(
            self.row[kept], self.group[kept], self.strike[kept], self.bid[kept],
            self.ask[kept], self.call[kept], self.whole[kept],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parity:
    """Forward (points) and discount of each slice; NaN where parity does not tell."""

    forward: Floats
    discount: Floats

    def without(self, wrong: Marks) -> "Parity":
        """Return it with some slices told nothing of."""
        return Parity(np.where(wrong, np.nan, self.forward), np.where(wrong, np.nan, self.discount))


def groups(table: pl.DataFrame) -> Ints:
    """Number the slices of a sorted table."""
    if not table.height:
        return np.empty(0, np.int64)
    new = table.select(
        pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in _SLICE)
    ).to_series()
    return np.cumsum(new.to_numpy()) - 1


def slices_of(table: pl.DataFrame, group: Ints) -> Slices:
    quoted = table["bid"].is_not_null() & table["ask"].is_not_null()
    row = np.flatnonzero(quoted.to_numpy())

    def values(name: str) -> Floats:
        return table[name].to_numpy()[row]

    bid, ask = values("bid"), values("ask")
    call = (table["put_call"] == "C").to_numpy()[row]
    return Slices(row, group[row], values("strike"), bid, ask, call, (bid <= ask) & (ask > 0))


def parity_of(slices: Slices, count: int) -> Parity:
    """Return forward and discount of each slice from the mids of its calls and puts.

    The discount is the median slope of call − put over strikes away from the one where they are
    closest, so that no single quote can move it; at that strike the forward is read. Whether it
    can be one is for `alvh.market.chains.level` to say.
    """
    forward, discount = np.full(count, np.nan), np.full(count, np.nan)
    at = slices.pairs()
    if not len(at):
        return Parity(forward, discount)
    middle = 0.5 * (slices.bid + slices.ask)
    pairs = pl.DataFrame(
        {"group": slices.group[at], "strike": slices.strike[at], "gap": middle[at] - middle[at + 1]}
    )
    closest = pairs.group_by("group").agg(
        pl.col("strike", "gap").sort_by(pl.col("gap").abs()).first().name.prefix("star_")
    )
    away = pl.col("strike") - pl.col("star_strike")
    slopes = (
        pairs.join(closest, on="group")
        .filter(away.abs() >= FAR * pl.col("star_strike"))
        .group_by("group")
        .agg(
            (-(pl.col("gap") - pl.col("star_gap")) / away).median().alias("discount"),
            pl.col("star_strike", "star_gap").first(),
        )
    )
    group = slopes["group"].to_numpy()
    discount[group] = slopes["discount"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        forward[group] = slopes["star_strike"].to_numpy() + (
            slopes["star_gap"].to_numpy() / discount[group]
        )
    return Parity(forward, discount)


@dataclass(frozen=True, slots=True)
class Heads:
    """What the slices of a table are: date and time as one number, root, expiry, days to it.

    ``late`` marks those of the end of the day.
    """

    moment: Ints
    standard: Marks
    expiry: Ints
    days: Ints
    spx: Marks
    late: Marks


def heads_of(table: pl.DataFrame, group: Ints) -> Heads:
    first = np.flatnonzero(np.diff(group, prepend=-1))
    heads = table[first].select(
        moment=pl.struct("date", "time").rle_id(),
        days=(pl.col("expiry") - pl.col("date")).dt.total_days(),
        spx=pl.col("root").str.starts_with("SPX"),
        standard=pl.col("root").is_in(["SPX", "VIX"]),
        expiry=pl.col("expiry").to_physical(),
        late=pl.col("time").is_null() | (pl.col("time") >= CLOSE),
    )
    return Heads(
        heads["moment"].to_numpy().astype(np.int64),
        heads["standard"].to_numpy(),
        heads["expiry"].to_numpy().astype(np.int64),
        heads["days"].to_numpy().astype(np.int64),
        heads["spx"].to_numpy(),
        heads["late"].to_numpy(),
    )


def ranges(slices: Slices) -> dict[int, tuple[int, int]]:
    """Return where each slice begins and ends."""
    if not len(slices.group):
        return {}
    starts = np.flatnonzero(np.diff(slices.group, prepend=-1))
    ends = [*starts[1:], len(slices.group)]
    names = slices.group[starts]
    return {int(g): (int(i), int(j)) for g, i, j in zip(names, starts, ends, strict=True)}
