"""One backtest: a history and two policies in, a ``Result`` out.

Everything that decides or trades is in ``alvh.kernel``; this module prepares its records, runs it,
and presents what it wrote.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh.evidence import measures
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.errors import DataError
from alvh.kernel import codes
from alvh.kernel.policies import DAILY
from alvh.kernel.run import new_book, new_books, new_log, run_batch, run_days
from alvh.market.history import History
from alvh.market.surfaces import Records, Surfaces, build_surfaces
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme, policy_hash
from alvh.reasons import sentence
from alvh.version import VERSION

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

DEFAULT_EQUITY = 1_000_000.0
DEFAULT_FILL = 0.5
DEFAULT_COMMISSION = 0.65  # USD per contract and side; usual retail pass-through for SPX and VIX
DEFAULT_DEBIT_SPREAD = 0.01  # a broker's margin loan over bills, per year
_TRADES_PER_DAY, _DECISIONS_PER_DAY = 8, 6


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
        return self.daily["condor_margin"] + self.daily["hedge_margin"]

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
        figures = zip(rows["reason"], rows["quantity"], rows["reading"], rows["threshold"])
        return pl.DataFrame(
            {
                "date": self.dates[rows["day"]],
                "sleeve": _names(codes.SLEEVES, rows["sleeve"]),
                "action": _names(codes.ACTIONS, rows["action"]),
                "reason": [sentence(int(r), q, a, b) for r, q, a, b in figures],
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
            model_priced_share, years, start, end, final_nav and the hashes.
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
        "years": years,
        "final_nav": float(nav[-1]),
    } | {k: v for k, v in result.meta.items() if k != "notes"}


def backtest(
    history: History,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "cndr",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    fee_scale: float = 1.0,
    commission: float = DEFAULT_COMMISSION,
    debit_spread: float = DEFAULT_DEBIT_SPREAD,
) -> Result:
    """Run one book of condors and hedge through a history.

    Parameters
    ----------
    history : History
        From ``alvh.load_history``.
    hedge : str or HedgePolicy
        Preset name, path of a YAML file, or policy.
    condors : str or CondorProgramme
        Programme likewise.
    start, end : str, date or None
        First and last session; None takes the history's first or last usable one.
    equity : float
        Account value at the start, USD.
    fill : float
        Where between mid (0) and touch (1) trades are filled, unless the programme has its own.
    fee_scale : float
        Multiplier of exchange fees and commission.
    commission : float
        Broker commission, USD per contract and side.
    debit_spread : float
        What negative cash pays over the bill rate, per year.

    Returns
    -------
    Result

    Raises
    ------
    DataError
        If the dates ask for sessions the history does not have.
    PolicyError
        If a policy is not valid.
    """
    policy = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    surfaces = build_surfaces(history)
    window = session_window(surfaces, start, end)
    records = (
        *compile_hedge(policy),
        compile_programme(programme, fill),
        compile_account(equity, fill, fee_scale, commission, debit_spread),
    )
    daily, logs, state = _run(surfaces, window, records)
    days = surfaces.days[window]
    meta = {
        "hedge": policy.name,
        "programme": programme.name,
        "policy_hash": policy_hash(policy),
        "programme_hash": policy_hash(programme),
        "data_digest": history.digest,
        "code_version": VERSION,
        "fill": fill,
        "equity": equity,
        "start": str(surfaces.dates[window][0]),
        "end": str(surfaces.dates[window][-1]),
        "notes": surfaces.notes,
    }
    names = ("fills", "fills_modelled", "trades", "decisions", "condors", "wins", "closed")
    counts = {name: int(state[name]) for name in names}
    return Result(surfaces.dates[window], daily, days["rate"].copy(), meta, logs, counts)


def session_window(
    surfaces: Surfaces, start: str | date | None, end: str | date | None
) -> slice:
    """Return the rows from ``start`` to ``end``; both must lie within the history.

    Raises
    ------
    DataError
        If a date is not a date, lies outside, or fewer than two sessions are left.
    """
    dates, usable = surfaces.dates, np.flatnonzero(surfaces.days["tradable"])
    first = dates[usable[0]] if start is None else _parse(start, "start")
    last = dates[usable[-1]] if end is None else _parse(end, "end")
    for name, given in (("start", first), ("end", last)):
        if not dates[0] <= given <= dates[-1]:
            raise DataError(
                f"{name} {given} is outside the history, which runs from {dates[0]} to "
                f"{dates[-1]}; choose a date within it"
            )
    low, high = np.searchsorted(dates, first), np.searchsorted(dates, last, side="right")
    low = max(low, usable[0])
    if high - low < 2:
        raise DataError(f"fewer than two sessions lie between {first} and {last}; widen the dates")
    return slice(int(low), int(high))


def _parse(given: str | date, name: str) -> np.datetime64:
    try:
        return np.datetime64(date.fromisoformat(given) if isinstance(given, str) else given, "D")
    except ValueError as error:
        raise DataError(f"{name} {given!r} is not a date; write it as 2007-01-03") from error


def _run(
    surfaces: Surfaces, window: slice, records: tuple[Records, ...]
) -> tuple[Records, Any, np.void]:
    """Run the kernel, once more with larger logs where the first guess was too small."""
    days = surfaces.days[window]
    n = len(days)
    sizes = [n * _TRADES_PER_DAY + 1000, n * _DECISIONS_PER_DAY + 1000, n + 100]
    while True:
        daily, log, book = np.zeros(n, DAILY), new_log(*sizes), new_book()
        run_days(days, surfaces.spx_expiries, surfaces.vix_expiries, *records, daily, log, book)
        state = book.state[0]
        needed = [int(state["trades"]), int(state["decisions"]), int(state["condors"])]
        if all(need <= size for need, size in zip(needed, sizes)):
            break
        sizes = [max(pair) for pair in zip(needed, sizes)]
    _refuse_broken(daily, surfaces.dates[window])
    return daily, log, state


def _refuse_broken(daily: Records, dates: Dates) -> None:
    """Refuse a run that produced a number that is none."""
    bad = ~np.isfinite(daily["nav"])
    if bad.any():
        raise DataError(
            f"the account value on {dates[np.argmax(bad)]} is not a number: a price input of that "
            "day or the one before is missing; run `alvh data check` on the folder"
        )


SWEEP_CHUNK = 64  # policies run at once: bounds memory, the result does not depend on it


@dataclass(frozen=True)
class Sweep:
    """Many hedges on one book of condors.

    Attributes
    ----------
    dates : ndarray of datetime64[D], shape (n,)
    nav : ndarray, shape (n_policies, n)
        Account value at the close, USD.
    hedge_pnl : ndarray, shape (n_policies, n)
        Cumulative profit of the hedge after its costs, USD.
    carry : ndarray, shape (n_policies, n)
        Cumulative unchanged-market gain of the hedge, USD.
    """

    dates: Dates
    nav: Floats
    hedge_pnl: Floats
    carry: Floats


def sweep(
    history: History,
    hedges: Sequence[HedgePolicy],
    condors: str | CondorProgramme = "cndr",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Run many hedges against the same condors, in parallel and without logs.

    Parameters
    ----------
    history, condors, start, end, equity, fill
        As for ``backtest``.
    hedges : sequence of HedgePolicy
        At least one.
    progress : callable, optional
        Called with (done, total) after each chunk.

    Returns
    -------
    Sweep
        The same numbers that ``backtest`` gives one by one, to the bit.
    """
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    surfaces = build_surfaces(history)
    window = session_window(surfaces, start, end)
    compiled = [compile_hedge(policy) for policy in hedges]
    rules = compile_programme(programme, fill)
    account = compile_account(equity, fill, 1.0, DEFAULT_COMMISSION, DEFAULT_DEBIT_SPREAD)
    parts = []
    for low in range(0, len(hedges), SWEEP_CHUNK):
        chunk = compiled[low : low + SWEEP_CHUNK]
        parts.append(_sweep_chunk(surfaces, window, chunk, rules, account))
        if progress is not None:
            progress(low + len(chunk), len(hedges))
    nav, pnl, carry = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Sweep(surfaces.dates[window], nav, pnl, carry)


def _sweep_chunk(
    surfaces: Surfaces,
    window: slice,
    compiled: list[tuple[Records, Records]],
    rules: Records,
    account: Records,
) -> tuple[Floats, Floats, Floats]:
    count, days = len(compiled), surfaces.days[window]
    daily = np.zeros((count, len(days)), DAILY)
    run_batch(
        days[None, :], surfaces.spx_expiries, surfaces.vix_expiries,
        np.concatenate([hedge for hedge, _ in compiled]),
        np.stack([layers for _, layers in compiled]),
        np.repeat(rules, count), np.repeat(account, count),
        new_books(count), daily, new_log(0, 0, 0),
    )  # fmt: skip
    for rows in daily:
        _refuse_broken(rows, surfaces.dates[window])
    hedge = daily["pnl"][:, :, 1:].sum(axis=2) - daily["cost"][:, :, 1:].sum(axis=2)
    return daily["nav"].copy(), hedge, daily["carry"].sum(axis=2)
