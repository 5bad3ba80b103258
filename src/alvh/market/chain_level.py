"""How high the volatility of an S&P 500 chain stands, to hold it against the published VIX.

A chain of every listed strike has a VIX of its own, by Cboe's formula. Vendors cut chains, by
delta, by moneyness, by tenor, and the formula reads low over what is left; such a chain is held
against the smile that the indices of its day give for the same strikes and expiries.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.market.chain_surfaces import day_sigmas
from alvh.market.chains.indices import implied_indices
from alvh.market.chains.smiles import Smiles

Floats = NDArray[np.float64]

#: Of the dearest option out of the money: what the outermost ones may cost where a strip is whole.
#: A delta of a hundredth costs 0.9 % of it; beyond lies 1 % of VIX.
NEGLIGIBLE = 0.01
DEAR = 0.1  # of the dearest: between options that cost as much no step may be wider than it costs
TENORS = (12.0, 75.0)  # days; of other tenors VIX says too little
TARGET_DAYS = 30.0
EACH_SIDE = 2  # strikes with a bid below and above the forward that an expiry is judged by
EXPIRIES = 2  # of those, the nearest thirty days

OWN, BY_STRIKES = "own VIX", "VIX by the strikes it has"


@dataclass(frozen=True)
class Level:
    """The level of a chain.

    Attributes
    ----------
    value : float
        Points of VIX.
    name : str
        ``OWN`` or ``BY_STRIKES``: how it was found.
    """

    value: float
    name: str


def chain_level(smiles: Smiles | None, day: Any) -> Level | None:
    """Return the level of a chain; None where it cannot be held against the day's VIX.

    Parameters
    ----------
    smiles : Smiles or None
        Of one moment of an S&P 500 chain.
    day : DAY record
        Of the session, with the reconstructed smile.

    Returns
    -------
    Level or None
        Its own VIX where the strips that it is of are whole; otherwise the closing VIX times the
        ratio of quoted to reconstructed volatility.
    """
    if smiles is None:
        return None
    found = implied_indices(smiles.strips, smiles.forwards).filter(pl.col("index") == "vix")
    value = None if found.is_empty() else found["value"][0]
    if value is not None:
        bracket = smiles.strips.expiries["expiry"].is_in([found["near"][0], found["next"][0]])
        if all(_is_whole(smiles, i) for i in np.flatnonzero(bracket.to_numpy()).tolist()):
            return Level(value, OWN)
    ratio = volatility_ratio(smiles, day)
    return None if ratio is None else Level(ratio * float(day["vix"]), BY_STRIKES)


def _is_whole(smiles: Smiles, i: int) -> bool:
    """Tell whether an expiry's options out of the money end at next to nothing, and lie close."""
    at = _bid_for(smiles, i)
    if at.size < 2 * EACH_SIDE:
        return False
    strike, price = smiles.strips.strike[at], 0.5 * (smiles.bid[at] + smiles.ask[at])
    dearest = float(price.max())
    widest = np.diff(strike[price >= DEAR * dearest]).max(initial=0.0)
    return max(price[0], price[-1]) <= NEGLIGIBLE * dearest and bool(widest <= dearest)


def _bid_for(smiles: Smiles, i: int) -> NDArray[np.intp]:
    """Return the rows of an expiry whose option out of the money has a bid and a volatility."""
    rows = smiles.strips.rows(i)
    return np.arange(rows.start, rows.stop)[np.isfinite(smiles.sigma[rows])]


def volatility_ratio(smiles: Smiles, day: Any) -> float | None:
    """Return how many times the day's reconstructed volatility a chain is quoted at.

    The mean of their ratios over the strikes that are quoted out of the money, each weighted by
    what its volatility adds to the price of a strip, vega times ΔK/K²: what is not quoted, wings
    or strikes between, does not count.

    Parameters
    ----------
    smiles : Smiles
    day : DAY record

    Returns
    -------
    float or None
        Mean of the (up to) two expiries nearest thirty days; None where none has strikes with a
        bid on both sides, or the day has no reconstruction.
    """
    tau = smiles.strips.tau
    if not (day["spx_smile"][:4] > 0.0).all():
        return None
    near = sorted(
        (i for i in range(len(tau)) if TENORS[0] <= tau[i] <= TENORS[1] and _two_sided(smiles, i)),
        key=lambda i: abs(float(np.log(tau[i] / TARGET_DAYS))),
    )[:EXPIRIES]
    return float(np.mean([_ratio(smiles, i, day) for i in near])) if near else None


def _two_sided(smiles: Smiles, i: int) -> bool:
    below = smiles.is_put[_bid_for(smiles, i)]
    return bool(np.isfinite(smiles.forwards.forward[i])) and (
        min(int(below.sum()), int((~below).sum())) >= EACH_SIDE
    )


def _ratio(smiles: Smiles, i: int, day: Any) -> float:
    at = _bid_for(smiles, i)
    strike = smiles.strips.strike[at]
    model = day_sigmas(day, smiles, i, strike)
    deviation = model * np.sqrt(float(smiles.strips.tau[i]) / 365.0)
    d1 = np.log(smiles.forwards.forward[i] / strike) / deviation + 0.5 * deviation
    weight: Floats = np.gradient(strike) / strike**2 * np.exp(-0.5 * d1 * d1)
    return float(np.average(smiles.sigma[at] / model, weights=weight))
