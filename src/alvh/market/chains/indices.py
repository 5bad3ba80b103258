"""VIX, SKEW and VVIX from a chain's own quotes, by Cboe's formulas.

An index stands between the last expiry within thirty days of the close and the first one beyond.
For the S&P 500 these are the expiries on Fridays (the session before where Friday is a holiday),
settled at the opening on third Fridays; of VIX options every expiry counts, as all settle alike.
Rates are those of the chain's own parity, which stand some tenths of a point above the bills that
the exchange uses: a hundredth of a point of VIX.

References
----------
Cboe: VIX white paper (2019); SKEW white paper (2010); VVIX white paper (2012): the VIX formula over
VIX options. Formulas and checks: ``alvh.market.vix_index``.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.errors import PricingError
from alvh.market.chains.forwards import Forwards, snapshots
from alvh.market.chains.strips import Strips
from alvh.market.vix_index import MINUTES_PER_DAY, TARGET_DAYS, cboe_vix, skew_index
from alvh.sessions import sessions

SCHEMA = {
    "date": pl.Date, "time": pl.String, "index": pl.String, "value": pl.Float64,
    "near": pl.Date, "next": pl.Date, "reason": pl.String,
}  # fmt: skip
NEAREST = 1.5  # days; a nearer expiry says nothing of thirty days
FARTHEST = 100.0
FRIDAY = 4
_FORMULAS: dict[str, Callable[..., float]] = {
    "vix": lambda *strips, **terms: cboe_vix(*strips, **terms).vix,
    "skew": lambda *strips, **terms: skew_index(*strips, **terms).skew,
    "vvix": lambda *strips, **terms: cboe_vix(*strips, **terms).vix,
}


def implied_indices(strips: Strips, forwards: Forwards) -> pl.DataFrame:
    """Compute the indices of every snapshot.

    Parameters
    ----------
    strips : Strips
    forwards : Forwards
        Of the same strips; their rates discount.

    Returns
    -------
    polars.DataFrame
        One row a snapshot and index ("vix", "skew"; "vvix" where VIX options are quoted): value
        in points, the two expiries, and the reason where there is no value.
    """
    rows: list[dict[str, Any]] = []
    for group in snapshots(strips.expiries):
        heads = strips.expiries[group]
        names = ("vvix",) if heads["root"][0].startswith("VIX") else ("vix", "skew")
        chosen = _around(heads, group)
        rows += [_index(name, strips, forwards, group, chosen) for name in names]
    return pl.DataFrame(rows, schema=SCHEMA)


def _around(heads: pl.DataFrame, group: NDArray[np.int64]) -> tuple[int, int] | None:
    """Return the expiries before and after thirty days, or None where one lacks."""
    usable = list(_weekly(heads, group))
    near = [i for i, tau in usable if NEAREST < tau <= TARGET_DAYS]
    beyond = [i for i, tau in usable if TARGET_DAYS < tau < FARTHEST]
    return (near[-1], beyond[0]) if near and beyond else None


def _weekly(heads: pl.DataFrame, group: NDArray[np.int64]) -> Iterator[tuple[int, float]]:
    """Yield the expiries an index looks at; of one date the one settled at the opening."""
    opening = set(heads.filter(settlement="AM")["expiry"])
    for i, head in zip(group.tolist(), heads.iter_rows(named=True), strict=True):
        weekly = head["expiry"] not in opening and _closes_week(head["expiry"])
        if head["settlement"] == "AM" or weekly:
            yield i, head["tau"]


def _closes_week(expiry: date) -> bool:
    """Whether an expiry is on a Friday, or on the Thursday before a Friday without a session."""
    last = np.datetime64(expiry, "D") + (FRIDAY - expiry.weekday())
    return expiry.weekday() == FRIDAY or (
        expiry.weekday() == FRIDAY - 1 and last not in sessions().astype("datetime64[D]")
    )


def _index(
    name: str, strips: Strips, forwards: Forwards, group: NDArray[np.int64],
    chosen: tuple[int, int] | None,
) -> dict[str, Any]:  # fmt: skip
    head = strips.expiries.row(int(group[0]), named=True)
    row = {"date": head["date"], "time": head["time"], "index": name}
    if chosen is None:
        return row | {"reason": "no expiries on both sides of thirty days"}
    near, after = chosen
    row |= {"near": strips.expiries["expiry"][near], "next": strips.expiries["expiry"][after]}
    minutes = strips.tau * MINUTES_PER_DAY
    try:
        value = _FORMULAS[name](
            _strip(strips, near), _strip(strips, after),
            near_minutes=minutes[near], next_minutes=minutes[after],
            near_rate=forwards.rate[near], next_rate=forwards.rate[after],
        )  # fmt: skip
    except PricingError as refusal:
        return row | {"reason": str(refusal)}
    return row | {"value": value}


def _strip(strips: Strips, i: int) -> dict[str, NDArray[np.float64]]:
    at = strips.rows(i)
    sides = ("strike", "call_bid", "call_ask", "put_bid", "put_ask")
    return {name: getattr(strips, name)[at] for name in sides}
