"""Quotes of a session as the engine reads them: what can be chosen, marked and filled by.

A quote counts where it is one of the close. A snapshot taken more than half an hour before it, or
at another level of the index or of VIX than it closed at, and a quote that stands as it stood the
session before though the index has moved, are stale: they leave the day its smile, which is read
against the snapshot's own index, and nothing is marked or filled at them. A chain at a level that
VIX did not have on that day is none of the day, and gives it nothing.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from alvh.kernel import codes
from alvh.kernel.records import NO_QUOTES, QUOTE
from alvh.kernel.vix_curve import vix_forward
from alvh.market.chain_level import EACH_SIDE, OWN, TENORS, Level, chain_level
from alvh.market.chains.smiles import Smiles
from alvh.sessions import half_days

Records = NDArray[np.void]

FURTHEST = 800  # days; expiries beyond are never chosen
BEFORE_CLOSE = 30  # minutes that a snapshot may be older than the close
OFF_CLOSE = 0.005  # of the index: the furthest that a snapshot's may be from its close
#: Of VIX, that of the chain's own quotes for an S&P 500 chain: of eleven real chains those taken at
#: the close come to within 1.7 %, of the others two are further off, by 6.4 and 11.5 %.
OFF_VIX = 0.05
#: The same over the strikes that a chain cut by its vendor has: the sound ones of those eleven, cut
#: in fourteen ways, come to within 5.0 %; the two early ones, cut alike, are mostly further off.
OFF_STRIKES = 0.055
SLACK = 0.03  # of VIX: what a level may miss of the day's range and still be of the day
OFF_ANY_VIX = 0.15  # of the close, where the day's range is not known; real early ones: 11.5 %
OFF_CURVE = 0.25  # of the VIX curve, ln: how far the middle of a chain's forwards may be from it
FORWARD_DAYS = 30.0  # of the expiry whose forward stands for an index that is not given
CLOSE, EARLY_CLOSE = 16 * 60, 13 * 60  # minutes past midnight, New York


def not_of_the_day(
    chain: pl.DataFrame, day: Any, smiles: Smiles | None, low: float, high: float
) -> str:
    """Say why a session's snapshot cannot be of that session at all, or nothing.

    Parameters
    ----------
    chain : polars.DataFrame
        Of ``CHAIN_SCHEMA``: one moment of one session.
    day : DAY record
        Of the session.
    smiles : Smiles or None
        Fitted to the chain; without it nothing is known of its level.
    low, high : float
        VIX of the session, points; NaN where its range is not known.

    Notes
    -----
    A chain of the S&P 500 is judged by its level, see ``chain_level``: it lies in the day's range,
    or next to it, or is as near to the close as a snapshot of the close may be. One of VIX is
    judged by its parity forwards.
    """
    if smiles is None:
        return ""
    if _is_vix(chain):
        return _off_curve(smiles, day)
    level, close = chain_level(smiles, day), float(day["vix"])
    if level is None or not close > 0.0:
        return ""
    if not 0.0 < low <= high:
        return _off(level.name, level.value, close, OFF_ANY_VIX)
    least = min(low * (1.0 - SLACK), close * (1.0 - _allowed(level)))
    most = max(high * (1.0 + SLACK), close * (1.0 + _allowed(level)))
    if least <= level.value <= most:
        return ""
    return f"its {level.name} of {level.value:.2f} lies outside the day's, {low:.2f} to {high:.2f}"


def unjudged(chain: pl.DataFrame, day: Any, smiles: Smiles | None) -> str:
    """Say that a session's snapshot is taken on trust, as its level is not known, or nothing.

    Parameters
    ----------
    chain : polars.DataFrame
        Of ``CHAIN_SCHEMA``: one moment of one session.
    day : DAY record
        Of the session, reconstructed.
    smiles : Smiles or None
        Fitted to the chain.
    """
    if smiles is None or _is_vix(chain) or chain_level(smiles, day) is not None:
        return ""
    least, most = TENORS
    return (
        f"it cannot be held against the day's VIX: no expiry of {least:.0f} to {most:.0f} days has "
        f"{EACH_SIDE} strikes with a bid on both sides of its forward"
    )


def _is_vix(chain: pl.DataFrame) -> bool:
    return bool(chain["root"][0].startswith("VIX"))


def _allowed(level: Level) -> float:
    return OFF_VIX if level.name == OWN else OFF_STRIKES


def _off_curve(smiles: Smiles, day: Any) -> str:
    """Say that the forwards of a VIX chain are none of the day's curve."""
    expiry = smiles.strips.expiries["expiry"].to_physical().to_numpy()
    curve = np.array([
        vix_forward(day["curve_expiry"], day["curve_forward"], day["vix"], day["date"], one)
        for one in expiry
    ])  # fmt: skip
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = np.log(smiles.forwards.forward / curve)
    gaps = gaps[np.isfinite(gaps)]
    if not gaps.size or abs(float(np.median(gaps))) <= OFF_CURVE:
        return ""
    return f"the middle of its forwards is {np.expm1(np.median(gaps)):+.0%} off the VIX curve"


def stale_snapshot(chain: pl.DataFrame, day: Any, smiles: Smiles | None) -> str:
    """Say why a session's snapshot is none of its close, or nothing.

    Parameters
    ----------
    chain : polars.DataFrame
        Of ``CHAIN_SCHEMA``: one moment of one session.
    day : DAY record
        Of the session, reconstructed; its closing index and VIX.
    smiles : Smiles or None
        Fitted to the chain: where it does not give its index the nearest forward stands for it.
    """
    taken, when = chain["time"][0], chain["date"][0]
    early = np.datetime64(when, "D") in half_days()
    latest = (EARLY_CLOSE if early else CLOSE) - BEFORE_CLOSE
    if taken is not None and _minutes(taken) < latest:
        return f"it was taken at {taken}, more than {BEFORE_CLOSE} minutes before the close"
    said: Any = chain["underlying"].median()
    if _is_vix(chain):
        return _off("index", said, day["vix"], OFF_VIX)
    if said is None:
        moved = _off("forward", _nearest_forward(smiles), day["spx"], OFF_CLOSE)
    else:
        moved = _off("index", said, day["spx"], OFF_CLOSE)
    level = chain_level(smiles, day)
    if moved or level is None:
        return moved
    return _off(level.name, level.value, day["vix"], _allowed(level))


def _off(name: str, value: float | None, close: float, allowed: float) -> str:
    """Say that a level is none of the close; nothing where one of the two is not known."""
    if value is None or not np.isfinite(value) or not close > 0.0:
        return ""
    if abs(value / float(close) - 1.0) <= allowed:
        return ""
    return f"its {name} of {value:.2f} is more than {allowed:.1%} off the close of {close:.2f}"


def _nearest_forward(smiles: Smiles | None) -> float | None:
    if smiles is None:
        return None
    forward, days = smiles.forwards.forward, smiles.strips.tau
    near = np.flatnonzero(np.isfinite(forward) & (days <= FORWARD_DAYS))
    return float(forward[near[np.argmin(days[near])]]) if near.size else None


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")[:2]
    return 60 * int(hours) + int(minutes)


def quotes_of(chain: pl.DataFrame, smiles: Smiles | None) -> Records:
    """Return the quotes of one session's chain of one index.

    Parameters
    ----------
    chain : polars.DataFrame
        Of ``CHAIN_SCHEMA`` with the mark ``stale``: one moment, believed quotes only.
    smiles : Smiles or None
        Fitted to it; deltas are those of its smiles, and unknown without.

    Returns
    -------
    ndarray of QUOTE
        Sorted by root, expiry, right and strike.
    """
    ahead = (pl.col("expiry") - pl.col("date")).dt.total_days()
    table = chain.filter(~pl.col("stale") & (pl.col("ask") > 0) & ahead.is_between(1, FURTHEST))
    if table.is_empty():
        return NO_QUOTES
    vix = pl.col("root").str.starts_with("VIX")
    root = pl.when(vix).then(int(codes.VIX)).when(pl.col("settlement") == "AM").then(
        int(codes.SPX)
    ).otherwise(int(codes.SPXW))  # fmt: skip
    right = pl.when(pl.col("put_call") == "P").then(int(codes.PUT)).otherwise(int(codes.CALL))
    table = (
        table.with_columns(code=root, right=right)
        .unique(["code", "expiry", "right", "strike"], keep="last")
        .sort("code", "expiry", "right", "strike")
    )
    rows = np.zeros(table.height, QUOTE)
    rows["root"], rows["right"] = table["code"].to_numpy(), table["right"].to_numpy()
    rows["expiry"] = table["expiry"].to_physical().to_numpy()
    for name in ("strike", "bid", "ask"):
        rows[name] = table[name].to_numpy()
    rows["delta"] = np.nan if smiles is None else _deltas(table, rows, smiles)
    return rows


def _deltas(table: pl.DataFrame, rows: Records, smiles: Smiles) -> NDArray[np.float64]:
    """Return absolute deltas against the chain's own forwards, NaN where there is no smile."""
    out = np.full(len(rows), np.nan)
    numbered = smiles.strips.expiries.select("root", "expiry", "settlement").with_row_index("row")
    owner = table.join(
        numbered, on=["root", "expiry", "settlement"], how="left", maintain_order="left"
    )["row"].fill_null(-1).cast(pl.Int64).to_numpy()  # fmt: skip
    for i in np.flatnonzero(np.isfinite(smiles.smile[:, 0])):
        mine = np.flatnonzero(owner == i)
        if not mine.size:
            continue
        strike = rows["strike"][mine].astype(np.float64)
        forward, years = smiles.forwards.forward[i], float(smiles.strips.tau[i]) / 365.0
        deviation = smiles.sigmas(int(i), strike) * np.sqrt(years)
        with np.errstate(divide="ignore", invalid="ignore"):  # no volatility: a delta of 0 or 1
            d1 = np.log(forward / strike) / deviation + 0.5 * deviation
        out[mine] = ndtr(np.where(rows["right"][mine] == codes.PUT, -d1, d1))
    return out
