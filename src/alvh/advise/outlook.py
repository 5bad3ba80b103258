"""Figures beside a decision: a condor's odds, each layer's cost and pay-off, the book's health."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from alvh.advise.account import Account
from alvh.advise.convexity import carry_split, hedge_break_even
from alvh.advise.evening import LAYERS, Evening
from alvh.advise.orders import Order
from alvh.advise.quick_ratio import quick_ratio
from alvh.kernel.quotes import vix_response
from alvh.result import Result

GAP_SPX = -0.07  # overnight; VIX answers by its elasticity
GRIND_SPX, GRIND_DAYS = -0.08, 30  # a slide that VIX does not answer
SPIKE_VIX, SPIKE_SPX = math.log(2.0), -0.03  # VIX doubles overnight on a small fall


@dataclass(frozen=True)
class CondorTicket:
    """Figures of one condor to open.

    Attributes
    ----------
    order : str
        Its order.
    expiry : str
        As 2020-03-20.
    strikes : tuple of float
        Long put, short put, short call, long call, points.
    quantity : int
    credit : float
        Points per condor.
    max_loss, margin : float
        USD of the position.
    break_evens : tuple of float
        Index at expiry, points.
    probability_of_profit : float
        Risk-neutral, from the smile.
    break_even_win_rate : float
        p* = 1 − credit/width: the share of wins at which it neither earns nor loses, were every
        loss whole.
    expected_value : float
        Points per condor were volatility to stay at its 20-day realised.
    """

    order: str
    expiry: str
    strikes: tuple[float, ...]
    quantity: int
    credit: float
    max_loss: float
    margin: float
    break_evens: tuple[float, float]
    probability_of_profit: float
    break_even_win_rate: float
    expected_value: float

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "order": self.order,
            "expiry": self.expiry,
            "strikes": list(self.strikes),
            "quantity": self.quantity,
            "credit": round(self.credit, 4),
            "max_loss_usd": round(self.max_loss, 2),
            "margin_usd": round(self.margin, 2),
            "break_evens": [round(level, 4) for level in self.break_evens],
            "probability_of_profit": round(self.probability_of_profit, 6),
            "break_even_win_rate": round(self.break_even_win_rate, 6),
            "expected_value": round(self.expected_value, 4) + 0.0,
        }


def condor_tickets(result: Result, orders: tuple[Order, ...]) -> tuple[CondorTicket, ...]:
    """Return the figures of the condors that a day opens, in the order of its opening orders."""
    names = [order.name for order in orders if order.sleeve == "condors" and order.opens]
    found = []
    for row, name in zip(result.condors.iter_rows(named=True), names, strict=False):
        strikes = tuple(row[leg] for leg in ("long_put", "short_put", "short_call", "long_call"))
        found.append(
            CondorTicket(
                name, str(row["expiry"]), strikes, row["quantity"], row["credit"],
                100.0 * row["quantity"] * row["max_loss"], row["margin"],
                (row["lower_break_even"], row["upper_break_even"]),
                row["probability_of_profit"], row["break_even_win_rate"], row["expected_value"],
            )
        )  # fmt: skip
    return tuple(found)


@dataclass(frozen=True)
class LayerLine:
    """One layer after the decision; USD.

    Attributes
    ----------
    layer : str
    before, after : int
        Structures held.
    weight : float
        Share of the hedge in force.
    traded : float
        What today's orders bring, fees taken off; negative where they cost.
    worth : float
        At mid.
    carry : float
        Gain in a calendar day of an unchanged market.
    gap, grind, spike : float
        Gain if the S&P 500 falls 7 % overnight and VIX answers by its elasticity; if it slides 8 %
        in 30 days and VIX stays; if VIX doubles overnight on a fall of 3 %.
    """

    layer: str
    before: int
    after: int
    weight: float
    traded: float
    worth: float
    carry: float
    gap: float
    grind: float
    spike: float

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        money = ("traded", "worth", "carry", "gap", "grind", "spike")
        return {
            "layer": self.layer, "before": self.before, "after": self.after,
            "weight": round(self.weight, 6),
        } | {f"{name}_usd": round(getattr(self, name), 2) + 0.0 for name in money}  # fmt: skip


def layer_lines(
    evening: Evening, account: Account, orders: tuple[Order, ...]
) -> tuple[LayerLine, ...]:
    """Return every layer after a decision, with what it costs and pays."""
    gains = {name: _by_layer(evening, *case) for name, case in _cases(evening.vix).items()}
    found = []
    for i, name in enumerate(LAYERS):
        lot, held = account.layer(name), evening.book.layer(name)
        traded = sum(order.cash for order in orders if order.sleeve == name)
        found.append(
            LayerLine(
                name,
                0 if lot is None else lot.units,
                0 if held is None else held.units,
                float(evening.result.daily["weight"][-1, i]),
                traded,
                0.0 if held is None else held.value,
                0.0 if held is None else held.carry_per_day,
                gains["gap"][i], gains["grind"][i], gains["spike"][i],
            )
        )  # fmt: skip
    return tuple(found)


def _cases(vix: float) -> dict[str, tuple[int, float, float]]:
    """Return the three futures as (calendar days, S&P 500 return, log move of VIX)."""
    return {
        "gap": (0, GAP_SPX, float(vix_response(vix, GAP_SPX))),
        "grind": (GRIND_DAYS, GRIND_SPX, 0.0),
        "spike": (0, SPIKE_SPX, SPIKE_VIX),
    }


def _by_layer(evening: Evening, days: int, spx_return: float, vix_log: float) -> list[float]:
    gains = evening.gains(days, np.array([spx_return]), np.array([vix_log]))[0]
    return [float(gains[evening.in_sleeve(name)].sum()) for name in LAYERS]


def panel(evening: Evening) -> dict[str, float | str | None]:
    """Return the health of the book after a decision, by name of the figure.

    Figures that need the book's past are in ``alvh health``, which reads a run.
    """
    book, row = evening.book, evening.result.daily[-1]
    quick = quick_ratio(evening)
    carries = carry_split(evening)
    levels = hedge_break_even(evening)
    figures = {
        "nav_usd": round(book.nav, 2),
        "cash_usd": round(book.cash, 2),
        "condors": float(row["condors"]),
        "condor_margin_usd": round(float(row["condor_margin"]), 2),
        "hedge_value_usd": round(float(row["hedge_value"]), 2),
        "hedge_margin_usd": round(float(row["hedge_margin"]), 2),
        "quick_ratio": quick.ratio,
        "carry_per_year_usd": round(sum(one.carry for one in carries.values()), 2),
        "stress_gain_usd": round(sum(one.stress_gain for one in carries.values()), 2),
        "hedge_recovers_vix_30d": levels.from_cost[30],
        "vix": evening.vix,
        "spx": float(evening.day["spx"]),
        "rate": evening.rate,
    }
    found: dict[str, float | str | None] = {
        name: round(value, 6) + 0.0 if math.isfinite(value) else None
        for name, value in figures.items()
    }
    return found | {"quick_ratio_colour": quick.colour}
