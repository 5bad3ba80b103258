"""What one backtest gives back: levels, sleeves, trades, decisions, and the headline figures."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh import measures
from alvh.kernel import codes
from alvh.reasons import sentence

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
Records = NDArray[np.void]

# Counts of the kernel that a result is told.
COUNTED = (
    "fills", "fills_modelled", "fills_fitted", "trades", "decisions", "condors", "wins", "closed",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What one book would have done.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    nav : ndarray, shape (n,)
        Account value at the close, USD.
    sleeves : dict of str to ndarray, shape (n,)
        Cumulative profit, USD: ``condors``, ``short``, ``medium``, ``tail`` at mid prices,
        ``cash`` (interest) and ``costs`` (fees and slippage, negative). They sum to
        nav − equity.
    costs_by_sleeve : dict of str to ndarray, shape (n,)
        Cumulative fees and slippage of each sleeve, USD, negative.
    put_side, call_side : ndarray, shape (n,)
        Cumulative profit of the condors' put and call spreads at mid, USD.
    carry : dict of str to ndarray, shape (n,)
        Cumulative gain of each layer in an unchanged market (theta and roll-down), USD.
    outlay : ndarray, shape (n,)
        Cumulative hedge premium bought, USD.
    hedge_value, hedge_margin, condor_margin, cash : ndarray, shape (n,)
        Levels at the close, USD.
    meta : dict
        Names, hashes, data digest, version, fill, equity, start, end, notes.
    """

    dates: Dates
    daily: Records = field(repr=False)
    rates: Floats = field(repr=False)
    meta: dict[str, Any]
    logs: Any = field(repr=False)
    counts: dict[str, int] = field(repr=False)
    book: Any = field(repr=False, default=None)  # the kernel's book at the last close

    @property
    def nav(self) -> Floats:
        """Account value at the close, USD, shape (n,)."""
        return self.daily["nav"]

    @cached_property
    def sleeves(self) -> dict[str, Floats]:
        """Cumulative profit by sleeve, USD, shape (n,) each."""
        parts = {name: self.daily["pnl"][:, i] for i, name in enumerate(codes.SLEEVES)}
        return parts | {
            "cash": self.daily["interest"],
            "costs": -self.daily["cost"].sum(axis=1),
        }

    @cached_property
    def costs_by_sleeve(self) -> dict[str, Floats]:
        """Cumulative fees and slippage by sleeve, USD, negative, shape (n,) each."""
        return {name: -self.daily["cost"][:, i] for i, name in enumerate(codes.SLEEVES)}

    @cached_property
    def carry(self) -> dict[str, Floats]:
        """Cumulative unchanged-market gain by layer, USD, shape (n,) each."""
        return {name: self.daily["carry"][:, i] for i, name in enumerate(codes.SLEEVES[1:])}

    @property
    def put_side(self) -> Floats:
        """Cumulative profit of the put spreads at mid, USD, shape (n,)."""
        return self.daily["put_side"]

    @property
    def call_side(self) -> Floats:
        """Cumulative profit of the call spreads at mid, USD, shape (n,)."""
        return self.daily["call_side"]

    @property
    def outlay(self) -> Floats:
        """Cumulative hedge premium bought, USD, shape (n,)."""
        return self.daily["outlay"]

    @property
    def hedge_value(self) -> Floats:
        """Market value of the hedge's options and baskets, USD, shape (n,)."""
        return self.daily["hedge_value"]

    @property
    def hedge_margin(self) -> Floats:
        """Margin that the hedge ties up, USD, shape (n,)."""
        return self.daily["hedge_margin"]

    @property
    def condor_margin(self) -> Floats:
        """Reg-T margin of the condors, USD, shape (n,)."""
        return self.daily["condor_margin"]

    @property
    def margin(self) -> Floats:
        """Margin of condors and hedge together, USD, shape (n,)."""
        return self.condor_margin + self.hedge_margin

    @property
    def cash(self) -> Floats:
        """Cash at the close, USD, shape (n,)."""
        return self.daily["cash"]

    @cached_property
    def trades(self) -> pl.DataFrame:
        """Every fill and settlement, one leg a row; prices in points, fees in USD."""
        rows = self.logs.trades[: self.counts["trades"]]
        return pl.DataFrame(
            {
                "date": self.dates[rows["day"]],
                "sleeve": _names(codes.SLEEVES, rows["sleeve"]),
                "action": _names(codes.ACTIONS, rows["action"]),
                "root": _names(codes.ROOTS, rows["root"]),
                "expiry": _expiries(rows),
                "strike": np.where(rows["right"] == codes.OUTRIGHT, np.nan, rows["strike"]),
                "put_call": _names(codes.RIGHTS, rows["right"]),
                "quantity": rows["quantity"],
                "price": rows["price"],
                "mid": rows["mid"],
                "fees": rows["fees"],
                "reason": _names(_SHORT_REASONS, rows["reason"]),
                "provenance": _names(codes.PROVENANCE, rows["provenance"]),
            }
        )

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """Every decision, *no action* included, with the readings it rested on."""
        rows = self.logs.decisions[: self.counts["decisions"]]
        columns = (rows[name] for name in ("reason", "quantity", "reading", "threshold"))
        return pl.DataFrame(
            {
                "date": self.dates[rows["day"]],
                "sleeve": _names(codes.SLEEVES, rows["sleeve"]),
                "action": _names(codes.ACTIONS, rows["action"]),
                "reason": [sentence(*row) for row in zip(*columns, strict=True)],
                "quantity": rows["quantity"],
                "reading": rows["reading"],
                "threshold": rows["threshold"],
            }
        )

    @cached_property
    def condors(self) -> pl.DataFrame:
        """Every condor opened: strikes, credit, maximum loss, break-evens, odds, margin.

        Prices in points; ``margin`` USD of the position; ``break_even_win_rate`` is 1 − c/w.
        ``expected_value`` is per condor in points, under the 20-day realised volatility.
        """
        rows = self.logs.entries[: self.counts["condors"]]
        strikes, credit = rows["strike"], rows["credit"]
        width = np.maximum(strikes[:, 1] - strikes[:, 0], strikes[:, 3] - strikes[:, 2])
        legs = ("long_put", "short_put", "short_call", "long_call")
        win_rate = 1.0 - credit / width
        return pl.DataFrame(
            {"date": self.dates[rows["day"]], "expiry": _expiries(rows)}
            | {"settlement": np.where(rows["am"] == 1, "am", "pm")}
            | {name: strikes[:, i] for i, name in enumerate(legs)}
            | {
                "quantity": rows["quantity"],
                "credit": credit,
                "max_loss": width - credit,
                "lower_break_even": strikes[:, 1] - credit,
                "upper_break_even": strikes[:, 2] + credit,
                "probability_of_profit": rows["probability_of_profit"],
                "break_even_win_rate": win_rate,
                "half_kelly": np.maximum(
                    0.5 * (rows["probability_of_profit"] - win_rate) / (credit / width), 0.0
                ),
                "expected_value": rows["expected_value"],
                "margin": rows["margin"],
            }
        )

    @property
    def model_priced_share(self) -> float:
        """Share of fills whose price came from a model rather than from a quote, 0 … 1."""
        return self.counts["fills_modelled"] / max(self.counts["fills"], 1)

    @property
    def fitted_share(self) -> float:
        """Share of fills priced by a smile that is fitted to the quotes of its day, 0 … 1."""
        return self.counts["fills_fitted"] / max(self.counts["fills"], 1)

    @property
    def quoted_share(self) -> float:
        """Share of fills at a contract's own quote, or a future's settlement, 0 … 1."""
        counts = self.counts
        quoted = counts["fills"] - counts["fills_modelled"] - counts["fills_fitted"]
        return quoted / max(counts["fills"], 1)

    @property
    def estimated_settlements(self) -> int:
        """Legs that settled to an estimate because the final settlement value is not published."""
        rows = self.logs.trades[: self.counts["trades"]]
        settled = rows["action"] == codes.SETTLE
        return int((settled & (rows["provenance"] == codes.ESTIMATED)).sum())

    def hedge_pnl(self) -> Floats:
        """Return the cumulative profit of all layers after their costs, USD, shape (n,)."""
        layers = codes.SLEEVES[1:]
        total = np.zeros(len(self.dates))
        for name in layers:
            total += self.sleeves[name] + self.costs_by_sleeve[name]
        return total

    def summary(self) -> dict[str, Any]:
        """Return the headline figures; rates are fractions, not per cent.

        Returns
        -------
        dict
            cagr, volatility, sharpe (over bills), sortino, max_drawdown (negative), cvar_95 (mean
            of the worst 5 % of days, negative), ulcer, hedge_cost_per_year and costs_per_year
            (fractions of average NAV, positive: paid), win_rate (of condors), trades, condors,
            model_priced_share, fitted_share, quoted_share, estimated_settlements (legs), years,
            start, end, final_nav and the hashes.
        """
        return summarise(self)


def _names(table: tuple[str, ...], index: NDArray[Any]) -> list[str]:
    return [table[i] for i in index]


def _expiries(rows: Records) -> Dates:
    out = rows["expiry"].astype("datetime64[D]")
    if "root" in (rows.dtype.names or ()):
        out[rows["root"] > codes.VX] = np.datetime64("NaT")
    return out


_SHORT_REASONS = tuple(
    name[2:].lower().replace("_", " ")
    for name, _ in sorted(
        ((n, v) for n, v in vars(codes).items() if n.startswith("R_")), key=lambda item: item[1]
    )
)


def short_reason(reason: int) -> str:
    """Return the short name of a reason code, as ``trades`` shows it."""
    return _SHORT_REASONS[reason]


def summarise(result: Result) -> dict[str, Any]:
    """Return the headline figures of a result; see ``Result.summary``."""
    nav, years = result.nav, measures.years_between(result.dates)
    returns = measures.simple_returns(nav)
    gaps = np.diff(result.dates).astype(float)
    bills = np.expm1(result.rates[:-1] * gaps / 365.0)
    average = float(nav.mean())
    counts = result.counts
    return {
        "cagr": measures.cagr(nav, years),
        "volatility": measures.volatility(returns),
        "sharpe": measures.sharpe(returns, bills),
        "sortino": measures.sortino(returns, bills),
        "max_drawdown": measures.max_drawdown(nav).depth,
        "cvar_95": measures.cvar(returns),
        "ulcer": measures.ulcer(nav),
        "hedge_cost_per_year": -float(result.hedge_pnl()[-1]) / years / average,
        "costs_per_year": -float(result.sleeves["costs"][-1]) / years / average,
        "win_rate": counts["wins"] / counts["closed"] if counts["closed"] else float("nan"),
        "trades": counts["trades"],
        "condors": counts["condors"],
        "model_priced_share": result.model_priced_share,
        "fitted_share": result.fitted_share,
        "quoted_share": result.quoted_share,
        "estimated_settlements": result.estimated_settlements,
        "years": years,
        "final_nav": float(nav[-1]),
    } | {k: v for k, v in result.meta.items() if k != "notes"}
