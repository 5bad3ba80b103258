"""Rolling along the curve: what a structure does when spot VIX moves, and what holding it costs."""

from typing import Any

from alvh.kernel.codes import BUY, SELL, SPX, SPXW, VIX, VX
from alvh.kernel.greeks import leg_greeks
from alvh.kernel.jit import compiled, internal
from alvh.kernel.quotes import days_to_settlement, multiplier, spx_beta, vix_beta
from alvh.kernel.structures import leg_price, structure_mid, structure_shocked


@compiled
def spot_vix_delta(day: Any, cohort: Any) -> float:
    """Return what one structure gains when spot VIX rises by one point, USD.

    Parameters
    ----------
    day : DAY record
    cohort : COHORT record
        Legs and marks; the number of structures does not matter.

    Returns
    -------
    float
        Σ ratio · multiplier · Δ · F · β(T) / V over the legs on VIX, where β is the log-beta of
        the forward to spot VIX and Δ is 1 for a future; for legs on the S&P 500
        Σ ratio · 100 · vega · σ · β(T) / V, as its volatility moves with VIX by its own beta.
    """
    total = 0.0
    for leg in range(cohort.legs):
        root, expiry = cohort.root[leg], cohort.expiry[leg]
        size = cohort.ratio[leg] * multiplier(root)
        tau = days_to_settlement(day, root, expiry)
        if root == VX:
            total += size * cohort.mid[leg] * vix_beta(tau) / day.vix
        elif root == VIX or root == SPX or root == SPXW:
            greeks = leg_greeks(
                day, root, cohort.right[leg], expiry, cohort.expiry_session[leg],
                cohort.strike[leg],
            )  # fmt: skip
            forward, sigma, delta, vega = greeks[0], greeks[1], greeks[4], greeks[6]
            if root == VIX:
                total += size * delta * forward * vix_beta(tau) / day.vix
            else:
                total += size * vega * sigma * spx_beta(tau) / day.vix
    return total


@internal
def _spread_and_fee(day: Any, account: Any, cohort: Any, side: int) -> float:
    """Return USD that buying (1) or selling (−1) one structure gives up against the mid."""
    given = 0.0
    for leg in range(cohort.legs):
        price, fee = leg_price(day, account, cohort, leg, side)
        size = side * cohort.ratio[leg] * multiplier(cohort.root[leg])
        given += size * (price - cohort.mid[leg]) + abs(cohort.ratio[leg]) * fee
    return given


@compiled
def decay_rate(day: Any, account: Any, cohort: Any, days: int) -> float:
    """Return what one structure costs a calendar day to hold in an unchanged market, USD.

    Parameters
    ----------
    day : DAY record
    account : ACCOUNT record
    cohort : COHORT record
        Legs and today's marks.
    days : int
        Calendar days that it is held for, at least 1.

    Returns
    -------
    float
        (mid now − mid after ``days`` with curve and smiles where they are + spread and fees of
        buying and of selling at today's widths) / ``days``. Positive is a cost.
    """
    aged = structure_shocked(day, cohort, days, 0.0)
    trading = _spread_and_fee(day, account, cohort, BUY)
    trading += _spread_and_fee(day, account, cohort, SELL)
    return float(structure_mid(cohort) - aged + trading) / days
