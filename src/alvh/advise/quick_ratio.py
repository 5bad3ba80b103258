"""The quick ratio: can what falls due be paid with what is liquid, on a bad morning?"""

from dataclasses import dataclass
from math import inf
from typing import Any

from alvh.advise.evening import LAYERS, STRESS_SPX, Evening
from alvh.advise.flows import trade_rows
from alvh.contracts.rules import future_margin
from alvh.kernel import codes
from alvh.kernel.quotes import days_to_settlement, multiplier

GREEN, AMBER = 1.2, 1.0  # the method's thresholds
CONDOR_DAYS = 5
ROLL_DAYS = 21


@dataclass(frozen=True)
class QuickRatio:
    """What is liquid over what falls due; USD but for the ratios.

    Attributes
    ----------
    cash : float
        Cash, which the engine keeps in bills; below zero it is a margin loan. An index fund held in
        its place is not cash.
    hedge_bid, hedge_bid_now : float
        What selling the hedge at the touch brings: in the stress, and at this close.
    condors_due : float
        100 × width × number of the condors that expire within five calendar days: the most that
        settlement can take. Their credit stands in ``cash`` already.
    margin_call : float
        Margin that futures need more of in the stress. A condor's Reg-T margin is its width less
        its credit whatever the market does, so condors add 0.
    rolls_due : float
        Outlay of the layers that are due within 21 days, as large as each layer's last purchase;
        what the old holding brings is in ``hedge_bid``.
    pledged : float
        Width of the condors that expire later: cash that stands as their collateral.
    ratio : float
        (cash + hedge_bid) / (condors_due + margin_call + rolls_due); infinite where nothing is
        due.
    unencumbered : float
        The same with ``pledged`` taken out of the cash: stricter, and not the method's.
    colour : str
        ``green`` from 1.2, ``amber`` from 1, else ``red``, by ``ratio``.
    """

    cash: float
    hedge_bid: float
    hedge_bid_now: float
    condors_due: float
    margin_call: float
    rolls_due: float
    pledged: float
    ratio: float
    unencumbered: float
    colour: str


def quick_ratio(evening: Evening, spx_return: float = STRESS_SPX) -> QuickRatio:
    """Work out the quick ratio of an evening's book.

    Parameters
    ----------
    evening : Evening
    spx_return : float
        Overnight move of the S&P 500 in the stress; VIX follows by its elasticity, quotes widen
        with VIX.

    References
    ----------
    The acid-test ratio of accounting with the thresholds of the method.
    """
    book = evening.book
    hedge = evening.in_sleeve(*LAYERS)
    stressed = float(evening.liquidation(spx_return)[hedge].sum())
    widths = [(condor.expiry, 100.0 * condor.quantity * condor.width) for condor in book.condors]
    due = sum(usd for expiry, usd in widths if (expiry - book.as_of).days <= CONDOR_DAYS)
    pledged = sum(usd for _, usd in widths) - due
    call, rolls = _margin_call(evening, spx_return), _rolls_due(evening)
    owed = due + call + rolls
    ratio = _over(book.cash + stressed, owed)
    return QuickRatio(
        cash=book.cash,
        hedge_bid=stressed,
        hedge_bid_now=float(evening.liquidation()[hedge].sum()),
        condors_due=due,
        margin_call=call,
        rolls_due=rolls,
        pledged=pledged,
        ratio=ratio,
        unencumbered=_over(book.cash - pledged + stressed, owed),
        colour="green" if ratio >= GREEN else "amber" if ratio >= AMBER else "red",
    )


def _over(liquid: float, owed: float) -> float:
    if owed > 0.0:
        return liquid / owed
    return inf if liquid >= 0.0 else -inf


def _margin_call(evening: Evening, spx_return: float) -> float:
    """Return how much more margin the layers' futures need after the stress, USD."""
    gains = evening.gains(0, *evening.stress(spx_return))[0]
    call = 0.0
    for layer in range(codes.LAYERS):
        now, then = 0.0, 0.0
        for leg, gain in zip(evening.legs, gains, strict=True):
            if leg["sleeve"] != codes.SHORT + layer or leg["root"] != codes.VX:
                continue
            size, moved = abs(leg["quantity"]), gain / leg["quantity"] / multiplier(codes.VX)
            tau = days_to_settlement(evening.day, codes.VX, int(leg["expiry"]))
            # one leg of a futures spread carries the margin of both, as the engine has it
            now = max(now, size * future_margin(leg["mid"], tau))
            then = max(then, size * future_margin(leg["mid"] + moved, tau))
        call += max(then - now, 0.0)
    return float(call)


def _rolls_due(evening: Evening) -> float:
    """Return the outlay of the layers that must be bought anew within 21 days, USD."""
    states: Any = evening.result.book.layer_states
    limit = int(evening.day["date"]) + ROLL_DAYS
    rows = trade_rows(evening.result)
    owed = 0.0
    for layer in range(codes.LAYERS):
        mine = rows[(rows["sleeve"] == codes.SHORT + layer) & (rows["action"] == codes.OPEN)]
        if len(mine) == 0 or states[layer]["next_roll"] > limit:
            continue
        owed += _outlay(evening, mine[mine["day"] == mine["day"][-1]])
    return owed


def _outlay(evening: Evening, bought: Any) -> float:
    """Return what one purchase took: net premium, at least 0, and the margin of futures, USD."""
    day = evening.run_days[int(bought["day"][0])]
    premium, margin = float(bought["fees"].sum()), 0.0
    for row in bought:
        if row["root"] == codes.VX:
            tau = days_to_settlement(day, codes.VX, int(row["expiry"]))
            margin = max(margin, float(abs(row["quantity"]) * future_margin(row["mid"], tau)))
        else:
            size = float(row["quantity"]) * float(multiplier(int(row["root"])))
            premium += size * float(row["price"])
    return max(premium, 0.0) + margin
