"""One line of a comparison: everything that is measured of one book."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import polars as pl

from alvh import measures as m
from alvh.evidence.intervals import Differences
from alvh.measures import Array, Dates

LAYERS = ("short", "medium", "tail")


class Run(Protocol):
    """What is read of an engine's result; see ``alvh.engine.Result`` for units and shapes."""

    @property
    def dates(self) -> Dates: ...
    @property
    def nav(self) -> Array: ...
    @property
    def sleeves(self) -> Mapping[str, Array]: ...
    @property
    def costs_by_sleeve(self) -> Mapping[str, Array]: ...
    @property
    def put_side(self) -> Array: ...
    @property
    def call_side(self) -> Array: ...
    @property
    def carry(self) -> Mapping[str, Array]: ...
    @property
    def outlay(self) -> Array: ...
    @property
    def hedge_value(self) -> Array: ...
    @property
    def hedge_margin(self) -> Array: ...
    @property
    def rates(self) -> Array: ...
    @property
    def trades(self) -> pl.DataFrame: ...
    @property
    def decisions(self) -> pl.DataFrame: ...
    @property
    def meta(self) -> Mapping[str, Any]: ...
    def summary(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One book, measured.

    Rates are per year and fractions; drawdown and CVaR are negative; ``*_cost*``, ``*_given_up``
    and ``carry_per_year`` are positive where money is lost; ``*_removed`` are positive where risk
    fell against the unhedged twin. ``scale`` multiplies the preset size of the hedge, or of the
    condors for `fewer-condors`. ``reached`` is false where no size met the basis of the table.
    """

    name: str
    basis: str
    scale: float
    reached: bool
    note: str
    cagr: float
    volatility: float
    sharpe: float
    sortino: float
    max_drawdown: float
    drawdown_start: str
    drawdown_trough: str
    cvar_day: float
    cvar_month: float
    ulcer: float
    skew: float
    tail_ratio: float
    win_rate_months: float
    hedge_cost_per_year: float
    carry_per_year: float
    capital_in_hedge: float
    premium_per_year: float
    costs_per_year: float
    trades: int
    model_priced_share: float
    fitted_share: float
    put_side_pnl: float
    call_side_pnl: float
    put_side_losses: float
    call_side_losses: float
    cagr_given_up: float
    cvar_removed: float
    drawdown_removed: float
    cost_per_cvar_removed: float
    policy_hash: str
    programme_hash: str
    differences: Differences | None = None

    def flat(self) -> dict[str, Any]:
        """Return the row as one flat mapping, the intervals as ``cagr_low``, ``cagr_high``, ..."""
        record = {key: plain(value) for key, value in asdict(self).items()}
        del record["differences"]
        for key in ("cagr", "cvar"):
            found = getattr(self.differences, key) if self.differences else None
            record[f"{key}_difference_low"] = found.low if found else None
            record[f"{key}_difference_high"] = found.high if found else None
        return record


def measure_row(
    run: Run,
    twin: Run,
    *,
    name: str,
    basis: str,
    scale: float = 1.0,
    reached: bool = True,
    note: str = "",
) -> Row:
    """Measure one book against its unhedged twin.

    Parameters
    ----------
    run, twin : Result
        Of the same programme, dates and account.
    name, basis : str
        Name of the hedge; "preset", "carry" or "outlay".
    scale, reached, note
        How the size was found.

    Returns
    -------
    Row
    """
    figures = account_figures(run) | hedge_figures(run) | condor_figures(run)
    against = twin_figures(run, twin)
    summary = run.summary()
    return Row(
        name=name,
        basis=basis,
        scale=scale,
        reached=reached,
        note=note,
        trades=int(summary["trades"]),
        model_priced_share=float(summary["model_priced_share"]),
        fitted_share=float(summary["fitted_share"]),
        cost_per_cvar_removed=m.cost_per_risk_removed(
            against["cagr_given_up"], figures["cvar_month"], m.cvar(m.rolling_returns(twin.nav))
        ),
        policy_hash=str(run.meta["policy_hash"]),
        programme_hash=str(run.meta["programme_hash"]),
        **figures,
        **against,
    )


def account_figures(run: Run) -> dict[str, Any]:
    """Measure return, risk and tail of the account, ratios over bills; names are those of `Row`."""
    nav, years = run.nav, m.years_between(run.dates)
    returns, deepest = m.simple_returns(nav), m.max_drawdown(run.nav)
    bills = m.bill_returns(run.rates, run.dates)
    when = deepest.on(run.dates)
    return {
        "cagr": m.cagr(nav, years),
        "volatility": m.volatility(returns),
        "sharpe": m.sharpe(returns, bills),
        "sortino": m.sortino(returns, bills),
        "max_drawdown": deepest.depth,
        "drawdown_start": str(when["start"]),
        "drawdown_trough": str(when["trough"]),
        "cvar_day": m.cvar(returns),
        "cvar_month": m.cvar(m.rolling_returns(nav)),
        "ulcer": m.ulcer(nav),
        "skew": m.skewness(returns),
        "tail_ratio": m.tail_ratio(returns),
        "win_rate_months": m.win_rate(m.monthly_returns(nav, run.dates)),
        "costs_per_year": -m.yearly_rate(float(run.sleeves["costs"][-1]), nav, years),
    }


def hedge_figures(run: Run) -> dict[str, float]:
    """Measure what the hedge cost, what it would cost in an unchanged market, what it ties up."""
    nav, years = run.nav, m.years_between(run.dates)
    pnl = sum(float(run.sleeves[layer][-1]) for layer in LAYERS)
    costs = sum(float(run.costs_by_sleeve[layer][-1]) for layer in LAYERS)
    return {
        "hedge_cost_per_year": m.hedge_cost_per_year(pnl, costs, nav, years) + 0.0,
        "carry_per_year": carry_rate(run),
        "capital_in_hedge": outlay_rate(run),
        "premium_per_year": m.yearly_rate(float(run.outlay[-1]), nav, years),
    }


def carry_rate(run: Run) -> float:
    """Carry: what the hedge loses a year in an unchanged market, as a fraction of average NAV."""
    lost = sum(float(path[-1]) for path in run.carry.values())
    return -m.yearly_rate(lost, run.nav, m.years_between(run.dates)) + 0.0


def outlay_rate(run: Run) -> float:
    """Outlay: time average of the capital committed to the hedge, as a fraction of NAV.

    Capital committed is the market value of options and baskets, and the margin of futures and of
    sold options.
    """
    committed = np.maximum(run.hedge_value, 0.0) + run.hedge_margin
    return float(np.mean(committed / run.nav))


def condor_figures(run: Run) -> dict[str, float]:
    """Put-side and call-side P&L of the condors, and the sums of their losing months, USD."""
    return {
        "put_side_pnl": float(run.put_side[-1]),
        "call_side_pnl": float(run.call_side[-1]),
        "put_side_losses": m.losses(run.put_side, run.dates),
        "call_side_losses": m.losses(run.call_side, run.dates),
    }


def twin_figures(run: Run, twin: Run) -> dict[str, Any]:
    """Growth given up and risk removed against the unhedged twin."""
    years = m.years_between(run.dates)
    tail, twin_tail = (m.cvar(m.rolling_returns(each.nav)) for each in (run, twin))
    return {
        "cagr_given_up": m.cagr(twin.nav, years) - m.cagr(run.nav, years),
        "cvar_removed": tail - twin_tail,
        "drawdown_removed": m.max_drawdown(run.nav).depth - m.max_drawdown(twin.nav).depth,
    }


def plain(value: Any) -> Any:
    """Turn a value into one that JSON can hold: dates to text, NaN and infinities to nothing."""
    if isinstance(value, date | np.datetime64):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
