"""The health of a hedged book on one evening, and its history.

``health`` reads the book that a run ended with; ``health_history`` does so month by month. Every
figure of a day is made from data up to that day's close. What each can and cannot say stands in
``docs/health.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.advise.break_even import (
    FlatCurve,
    TradeBreakEven,
    flat_curve,
    flat_levels,
    trade_break_evens,
)
from alvh.advise.capital import (
    Betas,
    CostOfCapital,
    DividendValue,
    FairCost,
    Shortfall,
    betas,
    cost_of_capital,
    dividend_value,
    fair_cost,
    martin_bound,
    shortfall,
)
from alvh.advise.convexity import (
    Activation,
    HedgeBreakEven,
    LayerCarry,
    activation,
    carry_split,
    hedge_break_even,
    payoff_grid,
)
from alvh.advise.evening import LAYERS, STRESS_SPX, Evening, read_evening
from alvh.advise.flows import Flows, Rate, mirr, xirr
from alvh.advise.protection import ProtectionPrice, protection_price
from alvh.advise.quick_ratio import QuickRatio, quick_ratio
from alvh.advise.steward import Scorer
from alvh.advise.track import Track, track_run
from alvh.engine import DEFAULT_DEBIT_SPREAD, DEFAULT_EQUITY, DEFAULT_FILL, backtest
from alvh.errors import DataError
from alvh.kernel import codes
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.measures import period_ends
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme
from alvh.result import Result
from alvh.stewardship.scenarios import SESSIONS, Past

Floats = NDArray[np.float64]
Every = Literal["month", "year"]

FLAT_MOVE = -0.05  # S&P 500 move of the one point of the flat curve that histories keep
RETURN_OF = ("book", "condors", "hedge", *LAYERS)


@dataclass(frozen=True)
class Health:
    """All figures of one evening; each part states its own units.

    Attributes
    ----------
    as_of : datetime.date
    nav, vix, rate : float
        USD, points, money-market rate (continuous, decimal).
    equity_risk_premium : float
        What was used, decimal per year.
    premium_source : str
        ``given`` or ``VIX bound``.
    quick_ratio, dividend_value, protection, cost_of_capital, betas, fair_cost, shortfall
        See the classes.
    xirr, mirr : dict of str to Rate
        By ``book``, ``condors`` (their margin is the capital put up), ``hedge`` and layer.
    trades : tuple of TradeBreakEven
    hedge_break_even : HedgeBreakEven
    layers : dict of str to LayerCarry
    activation : dict of str to Activation
    payoff : ndarray, shape (3, 7, 17)
        See `alvh.advise.convexity.payoff_grid`.
    flat_vix : float
        Lowest VIX at which the whole book is flat after the S&P 500 falls by 5 %, points; NaN
        where there is none between 8 and 120.
    flat : FlatCurve or None
        None in histories.
    """

    as_of: date
    nav: float
    vix: float
    rate: float
    equity_risk_premium: float
    premium_source: str
    quick_ratio: QuickRatio
    dividend_value: DividendValue
    protection: ProtectionPrice
    cost_of_capital: CostOfCapital
    betas: Betas
    fair_cost: FairCost
    xirr: dict[str, Rate]
    mirr: dict[str, Rate]
    trades: tuple[TradeBreakEven, ...]
    hedge_break_even: HedgeBreakEven
    layers: dict[str, LayerCarry]
    activation: dict[str, Activation]
    payoff: Floats
    shortfall: Shortfall
    flat_vix: float
    flat: FlatCurve | None

    def figures(self) -> dict[str, float]:
        """Return the scalar figures by name: USD, points, or decimals per year by their names."""
        quick, value, wacc = self.quick_ratio, self.dividend_value, self.cost_of_capital
        found = {
            "nav_usd": self.nav,
            "vix": self.vix,
            "equity_risk_premium": self.equity_risk_premium,
            "quick_ratio": quick.ratio,
            "quick_ratio_unencumbered": quick.unencumbered,
            "dividend_value_usd": value.value,
            "cost_to_dividend_value": value.ratio,
            "cost_to_payout": value.plain_ratio,
            "carry_per_year_usd": self.protection.carry,
            "tail_loss_avoided_usd": self.protection.avoided,
            "protection_pe": self.protection.ratio,
            "tail_rally_share": self.protection.rally_share,
            "wacc_unhedged": wacc.unhedged,
            "wacc_hedged": wacc.hedged,
            "wacc_drag": wacc.drag,
            "beta_book": self.betas.book,
            "beta_unhedged": self.betas.unhedged,
            "beta_hedge": self.betas.hedge,
            "fair_cost_usd": self.fair_cost.fair,
            "realised_cost_usd": self.fair_cost.realised,
            "capm_alpha_usd": self.fair_cost.alpha,
            "shortfall_share": self.shortfall.share["all"],
            "flat_vix_after_5pct_fall": self.flat_vix,
            "put_break_even": _nearest(max, [trade.put_side for trade in self.trades]),
            "call_break_even": _nearest(min, [trade.call_side for trade in self.trades]),
        }
        for days, level in self.hedge_break_even.from_today.items():
            found[f"hedge_pays_vix_{days}d"] = level
        for days, level in self.hedge_break_even.from_cost.items():
            found[f"hedge_recovers_vix_{days}d"] = level
        for name in RETURN_OF:
            found[f"xirr_{name}"], found[f"mirr_{name}"] = (
                self.xirr[name].value,
                self.mirr[name].value,
            )
        for name in LAYERS:
            found |= self._layer_figures(name)
        return found

    def _layer_figures(self, name: str) -> dict[str, float]:
        nothing = float("nan")
        carry, active = self.layers.get(name), self.activation.get(name)
        return {
            f"theta_{name}_usd": carry.theta if carry else nothing,
            f"roll_down_{name}_usd": carry.roll_down if carry else nothing,
            f"stress_gain_{name}_usd": carry.stress_gain if carry else nothing,
            f"convexity_{name}": carry.efficiency if carry else nothing,
            f"pays_vix_{name}": active.from_today if active else nothing,
            f"recovers_vix_{name}": active.from_cost if active else nothing,
            f"carries_hedge_vix_{name}": active.carries_hedge if active else nothing,
        }

    def reasons(self) -> dict[str, str]:
        """Return why figures are absent, by name of the figure."""
        given = {
            "dividend_value_usd": self.dividend_value.reason,
            "cost_to_dividend_value": self.dividend_value.reason,
            "protection_pe": self.protection.reason,
            "beta_hedge": self.betas.reason,
            "capm_alpha_usd": self.fair_cost.reason,
        }
        for kind, rates in (("xirr", self.xirr), ("mirr", self.mirr)):
            given |= {f"{kind}_{name}": rate.reason for name, rate in rates.items()}
        return {name: reason for name, reason in given.items() if reason}


def _nearest(choose: Callable[[list[float]], float], levels: list[float]) -> float:
    """Return the break-even nearest to the market; NaN without one, or where one cannot be had."""
    return choose(levels) if levels and bool(np.isfinite(levels).all()) else float("nan")


def health(
    history: History,
    result: Result,
    *,
    equity_risk_premium: float | None = None,
    stress_spx: float = STRESS_SPX,
    debit_spread: float = DEFAULT_DEBIT_SPREAD,
) -> Health:
    """Read the health of the book at the end of a run.

    Parameters
    ----------
    history : History
        The one that the run was made on.
    result : Result
        Run it with ``end`` for an earlier evening.
    equity_risk_premium : float, optional
        Decimal per year; without one, Martin's bound R_f·(VIX/100)² of that evening.
    stress_spx : float
        Overnight move of the S&P 500 in the named stress, decimal.
    debit_spread : float
        What a margin loan pays over the bill rate, as the run had it.

    Returns
    -------
    Health

    Raises
    ------
    DataError
        If the history is not that of the run, or its last session has no prices.
    """
    evening = read_evening(history, result)
    track = track_run(result, evening.run_days)
    return _health(
        evening, track, _past(evening), equity_risk_premium, stress_spx, debit_spread, curve=True
    )


def _past(evening: Evening) -> Past:
    return Past(evening.surfaces.days["spx"], evening.surfaces.days["vix"])


def _health(
    evening: Evening, track: Track, past: Past, premium: float | None, stress_spx: float,
    debit_spread: float, *, curve: bool,
) -> Health:  # fmt: skip
    given = premium is not None and bool(np.isfinite(premium))
    erp = float(premium) if given else martin_bound(evening.vix, evening.rate)  # type: ignore[arg-type]
    sensitivity = betas(track)
    moves = past.over(_horizon(evening)).scenarios(evening.row)
    protection = protection_price(evening, moves)
    solved, modified = _returns(evening, track)
    return Health(
        as_of=evening.as_of,
        nav=evening.book.nav,
        vix=evening.vix,
        rate=evening.rate,
        equity_risk_premium=erp,
        premium_source="given" if given else "VIX bound",
        quick_ratio=quick_ratio(evening, stress_spx),
        dividend_value=dividend_value(track, evening.rate, sensitivity.hedge, erp),
        protection=protection,
        cost_of_capital=cost_of_capital(
            evening.book.nav, evening.book.cash, evening.rate, debit_spread, erp, sensitivity,
            protection.carry,
        ),
        betas=sensitivity,
        fair_cost=fair_cost(track, sensitivity, erp),
        xirr=solved,
        mirr=modified,
        trades=trade_break_evens(evening),
        hedge_break_even=hedge_break_even(evening),
        layers=carry_split(evening, stress_spx),
        activation=activation(evening),
        payoff=payoff_grid(evening),
        shortfall=shortfall(track),
        flat_vix=next(iter(flat_levels(evening, FLAT_MOVE)), float("nan")),
        flat=flat_curve(evening) if curve else None,
    )  # fmt: skip


def _horizon(evening: Evening) -> int:
    """Return the sessions of the tail: five, or until the first open condor expires."""
    condors = evening.book.records[evening.book.records["sleeve"] == codes.CONDORS]
    left = condors["expiry_session"] - evening.day["session"]
    return int(np.clip(left.min(), 1, SESSIONS)) if len(left) else SESSIONS


def _returns(evening: Evening, track: Track) -> tuple[dict[str, Rate], dict[str, Rate]]:
    """Return (XIRR, MIRR) by part of the book; MIRR at the mean bill rate of the run."""
    bill = float(np.expm1(track.rates.mean()))
    solved, modified = {}, {}
    for name, flows in _dated_flows(evening, track).items():
        solved[name], modified[name] = xirr(flows), mirr(flows, bill, bill)
    return solved, modified


def _dated_flows(evening: Evening, track: Track) -> dict[str, Flows]:
    """Return the flows of every part, ending with what is held at its mark."""
    values = dict.fromkeys(("condors", *LAYERS), 0.0)
    for leg in evening.book.legs:
        values[leg.sleeve] += leg.value
    book = np.zeros(len(track))
    book[0] -= float(evening.result.meta["equity"])
    found = {"book": Flows(track.dates, book).ending_with(evening.book.nav)}
    margin = -np.diff(track.condor_margin, prepend=0.0)
    condors = Flows(track.dates, track.flows["condors"] + margin)
    found["condors"] = condors.ending_with(values["condors"] + track.condor_margin[-1])
    found["hedge"] = track.flow(*LAYERS).ending_with(sum(values[name] for name in LAYERS))
    for name in LAYERS:
        found[name] = track.flow(name).ending_with(values[name])
    return found


def health_history(
    history: History,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "monthly45",
    start: str | date | None = None,
    end: str | date | None = None,
    every: Every = "month",
    *,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    equity_risk_premium: Floats | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """Read the health of one run at the end of every month or year.

    Parameters
    ----------
    history, hedge, condors, start, end, equity, fill
        As for ``alvh.backtest``.
    every : {"month", "year"}
    equity_risk_premium : ndarray, shape (n,), optional
        On the sessions of ``history``, known at each close; Martin's bound where absent.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    polars.DataFrame
        ``date``, ``quick_ratio_colour``, the figures of `Health.figures` and ``steward_score``,
        one row a period.
        The row of a day is made from the run that stopped on it and the history up to it.

    Raises
    ------
    DataError
        As ``alvh.backtest``, or if the premium has another length than the history.
    """
    if every not in ("month", "year"):
        raise DataError(f"every was {every!r}; 'month' or 'year' was wanted")
    if equity_risk_premium is not None and len(equity_risk_premium) != len(history):
        raise DataError(
            f"{len(equity_risk_premium)} equity risk premia for {len(history)} sessions; one a "
            "session was wanted"
        )
    policy = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    whole = backtest(history, policy, programme, start, end, equity, fill)
    surfaces = build_surfaces(history)
    first = int(np.searchsorted(surfaces.dates, whole.dates[0]))
    days = surfaces.days[first : first + len(whole.dates)]
    track, past = track_run(whole, days), Past(surfaces.days["spx"], surfaces.days["vix"])
    scorer = Scorer(surfaces, programme, policy, fill)
    stops = _stops(whole.dates, days["tradable"] == 1, every)
    rows: list[dict[str, Any]] = []
    for done, stop in enumerate(stops):
        as_of = whole.dates[stop].astype(date)
        run = backtest(history, policy, programme, whole.dates[0].astype(date), as_of, equity, fill)
        evening = read_evening(history, run)
        premium = _premium_on(history, equity_risk_premium, whole.dates[stop])
        found = _health(
            evening, track.until(int(stop) + 1), past, premium, policy.sizing.stress_spx,
            DEFAULT_DEBIT_SPREAD, curve=False,
        )  # fmt: skip
        row = {"date": as_of, "quick_ratio_colour": found.quick_ratio.colour} | found.figures()
        rows.append(row | {"steward_score": scorer.score(evening)})
        if progress is not None:
            progress(done + 1, len(stops))
    return pl.DataFrame(rows, infer_schema_length=None)


def _stops(dates: NDArray[np.datetime64], tradable: Any, every: Every) -> NDArray[np.intp]:
    """Return the rows of the last session of each period that has prices, none before the 2nd."""
    known = np.flatnonzero(tradable)
    ends = known[period_ends(dates[known], "M" if every == "month" else "Y")]
    return ends[ends >= 1]


def _premium_on(history: History, premium: Floats | None, on: np.datetime64) -> float | None:
    if premium is None:
        return None
    return float(premium[int(np.searchsorted(history.dates, on))])
