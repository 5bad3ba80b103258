"""The price of protection: what the hedge costs over what it earns when the condors lose most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import DAYS_PER_YEAR, LAYERS, Evening
from alvh.stewardship.scenarios import Scenarios

Floats = NDArray[np.float64]

TAIL = 0.05
_NAN = float("nan")


@dataclass(frozen=True)
class ProtectionPrice:
    """Price of protection over what it earns in the tail.

    Attributes
    ----------
    carry : float
        What the hedge loses a year in an unchanged market, USD; negative where it earns.
    avoided : float
        Expected tail loss of the condors that the hedge makes good, USD a year.
    ratio : float
        carry / avoided; above 1 costs more than it is worth in expectation, below 0 the hedge
        earns carry.
    rally_share : float
        Part of the tail, by probability, in which the S&P 500 rises: no VIX hedge pays there.
    reason : str
    """

    carry: float = _NAN
    avoided: float = _NAN
    ratio: float = _NAN
    rally_share: float = _NAN
    reason: str = ""


def protection_price(evening: Evening, scenarios: Scenarios | None) -> ProtectionPrice:
    """Work out carry over the expected annual tail loss avoided.

    The scenarios run for five sessions, or until the first open condor expires.

    The tail is the worst 5 % of what the condors now held lose in the scenarios. In each of these
    the hedge avoids what it gains, but no more than the condors lose; where a rally is the loss it
    avoids nothing. The mean over the tail, times 5 %, times the number of horizons in a year, is
    the expected loss avoided. Moves are taken as if they came at once, so that the passing of time
    is counted in the carry alone.
    """
    carry = -DAYS_PER_YEAR * sum(layer.carry_per_day for layer in evening.book.layers)
    if scenarios is None:
        return ProtectionPrice(carry, reason="fewer than 252 past windows")
    if not evening.book.condors or not evening.book.layers:
        missing = "condors" if not evening.book.condors else "hedge"
        return ProtectionPrice(carry, reason=f"no {missing} held")
    gains = evening.gains(0, scenarios.spx_returns, scenarios.vix_logs)
    condors = gains[:, evening.in_sleeve("condors")].sum(axis=1)
    hedge = gains[:, evening.in_sleeve(*LAYERS)].sum(axis=1)
    share = tail_weights(condors, scenarios.weights)
    rallies = float(share[scenarios.spx_returns > 0.0].sum() / share.sum())
    avoided = tail_loss_avoided(condors, hedge, share) / scenarios.years
    if avoided <= 0.0:
        none = "the hedge avoids no tail loss"
        return ProtectionPrice(carry, avoided, rally_share=rallies, reason=none)
    return ProtectionPrice(carry, avoided, carry / avoided, rallies)


def tail_weights(gains: Floats, weights: Floats) -> Floats:
    """Return the probability that each scenario has in the worst 5 %, shape (n,).

    The scenario on the edge counts in part; all others count in full or not at all.
    """
    order = np.argsort(gains, kind="stable")
    before = np.cumsum(weights[order]) - weights[order]
    share = np.zeros(len(gains))
    share[order] = np.clip(TAIL - before, 0.0, weights[order])
    return share


def tail_loss_avoided(condors: Floats, hedge: Floats, share: Floats) -> float:
    """Return the expected loss that the hedge makes good in the tail, USD.

    Parameters
    ----------
    condors, hedge : ndarray, shape (n,)
        Gains in every scenario, USD.
    share : ndarray, shape (n,)
        Probabilities in the tail, from `tail_weights`.
    """
    return float(share @ np.minimum(np.maximum(hedge, 0.0), np.maximum(-condors, 0.0)))
