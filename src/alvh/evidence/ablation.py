"""Which part of the adaptive hedge earns its keep: each signal and each rule alone, and all.

Every variant differs from the static hedge in one thing and is run on the same condors with the
same costs. Its growth less the static hedge's comes with a paired interval; how many variants were
tried is counted, as the best of a hundred looks good by chance, and a test for superior predictive
ability says whether the best of them all can be told from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from alvh import measures as m
from alvh.engine import DEFAULT_EQUITY, DEFAULT_FILL, backtest
from alvh.evidence.intervals import LEAST_SESSIONS, Differences, paired_differences
from alvh.evidence.rows import account_figures, hedge_figures, plain
from alvh.market.history import History
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme
from alvh.result import Result
from alvh.signals import SIGNALS

STATIC, ALL_SIGNALS, EVERYTHING = "static", "all signals", "everything"
STRENGTH = 0.25
NARROW = 0.02  # a band that one signal's tilt can leave
DEFAULT_LAYER = "medium"  # of a signal that the method gives none
_MEASURES = ("cagr", "max_drawdown", "cvar_month", "hedge_cost_per_year", "costs_per_year")


@dataclass(frozen=True)
class AblationRow:
    """One variant against the static hedge; fractions as in `alvh.measures`.

    Attributes
    ----------
    name, group : str
        ``group`` is ``static``, ``signal``, ``signal, narrow band``, ``rule``, ``condors`` or
        ``all``.
    cagr, max_drawdown, cvar_month, hedge_cost_per_year, costs_per_year : float
    moves : int
        Times that weights were changed by a tilt.
    same : bool
        Whether the account is that of the static hedge on every session: it never acted.
    difference : Differences or None
        The variant less the static hedge.
    """

    name: str
    group: str
    cagr: float
    max_drawdown: float
    cvar_month: float
    hedge_cost_per_year: float
    costs_per_year: float
    moves: int
    same: bool
    difference: Differences | None


@dataclass(frozen=True)
class Ablation:
    """All variants, and what the number of them does to the best.

    Attributes
    ----------
    rows : tuple of AblationRow
        The static hedge first.
    trials : int
        Variants that differ from it on at least one session.
    beyond : int
        Of them, those whose 95 % interval of growth excludes nothing.
    spa : float
        P-value of Hansen's test that no variant grows faster than the static hedge; NaN where it
        was not worked out.
    block, resamples, seed : int
    meta : dict
        Of the static run.
    """

    rows: tuple[AblationRow, ...]
    trials: int
    beyond: int
    spa: float
    block: int
    resamples: int
    seed: int
    meta: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return everything in plain values."""
        rows = []
        for row in self.rows:
            flat = {key: plain(getattr(row, key))
                    for key in ("name", "group", *_MEASURES, "moves", "same")}  # fmt: skip
            gap = row.difference.cagr if row.difference else None
            flat |= {"cagr_difference": gap.estimate if gap else None,
                     "cagr_difference_low": gap.low if gap else None,
                     "cagr_difference_high": gap.high if gap else None}  # fmt: skip
            rows.append(flat)
        rest = ("trials", "beyond", "spa", "block", "resamples", "seed", "meta")
        return {"rows": rows} | {name: getattr(self, name) for name in rest}


def variants(
    static: HedgePolicy, programme: CondorProgramme, everything: HedgePolicy
) -> list[tuple[str, str, HedgePolicy, CondorProgramme]]:
    """Return (name, group, hedge, condors) of every variant, the static hedge first.

    Parameters
    ----------
    static : HedgePolicy
        What is varied.
    programme : CondorProgramme
    everything : HedgePolicy
        The adaptive policy whose rules are taken one by one.

    Returns
    -------
    list of tuple
    """
    out = [(STATIC, "static", static, programme)]
    for band, group in ((everything.tilt.band, "signal"), (NARROW, "signal, narrow band")):
        for one in SIGNALS:
            layer = one.layer or DEFAULT_LAYER
            tilt = {"strength": STRENGTH, "band": band,
                    "signals": [{"name": one.name, "layer": layer}]}  # fmt: skip
            out.append(
                (f"{one.name} on {layer}", group, with_changes(static, tilt=tilt), programme)
            )
        out.append(
            (ALL_SIGNALS, group, with_changes(static, tilt=_tilt(everything, band)), programme)
        )
    for name, changes in _rules(everything).items():
        out.append((name, "rule", with_changes(static, **changes), programme))
    for name, condor_changes in _condor_rules(programme).items():
        changed = CondorProgramme.model_validate(programme.model_dump() | condor_changes)
        out.append((name, "condors", static, changed))
    out.append((EVERYTHING, "all", everything, programme))
    return out


def _tilt(policy: HedgePolicy, band: float) -> dict[str, Any]:
    return policy.tilt.model_dump() | {"band": band}


def _rules(everything: HedgePolicy) -> dict[str, dict[str, Any]]:
    """Return what each rule alone changes of the static hedge."""
    return {
        "equity risk premium": {"tilt": {"risk_premium": True, "band": NARROW}},
        "trailing MIRR": {"tilt": {"trailing_mirr": 1.0, "band": NARROW}},
        "rebalance outside a band": {"rebalancing": everything.rebalancing.model_dump()},
        "rebalance daily": {"rebalancing": {"mode": "band", "band": 0.0, "confirmations": 1}},
        "inversion": {"inversion": everything.inversion.model_dump()},
        "staged re-entry": {"reentry": everything.reentry.model_dump()},
        "roll by time value": {"layers": {"medium": {"roll_extrinsic": 0.3}}},
        "roll into strength": {"layers": {"short": {"roll_strength": 65.0}}},
        "roll by term structure": {"layers": {"short": {"roll_days_inverted": 7}}},
        "outlive the next event": {"layers": {"short": {"spans_event": True, "weeklies": True}}},
        "roll at least cost": {
            "layers": {name: {"roll_to": "least_cost"} for name in ("short", "medium", "tail")}
        },
        "financing of 30 %": {"layers": {"medium": {"financing": 0.3, "short_delta": None}}},
        "cheapest construction": {"execution": {"construction": "cheapest"}},
        "synthetic construction": {"execution": {"construction": "synthetic"}},
        "defer when distorted": {"execution": {"defer_distortion": 2.0}},
        "price impact at a depth of 500": {"execution": {"depth": 500.0}},
        "no gains taken": {"monetisation": {"enabled": False}},
        "quick ratio binds": {"limits": {"binding": ["quick_ratio"]}},
        "steward's score binds": {"limits": {"binding": ["steward_score"]}},
    }


def _condor_rules(programme: CondorProgramme) -> dict[str, dict[str, Any]]:
    if programme.kind != "condors":
        return {}
    rules: dict[str, dict[str, Any]] = {
        f"VIX gate {gate}": {"gate": gate} for gate in ("A", "B", "C")
    }
    rules["no entry before FOMC"] = {"skip_events": ["fomc"]}
    rules["no entry before CPI"] = {"skip_events": ["cpi"]}
    rules["premium gauge above its lowest fifth"] = {"premium_floor": 0.2}
    if programme.range_multiple is not None:
        rules["calibrated containment"] = {"containment": 0.8}
    if programme.exit_days == 0 and programme.settlement == "pm":
        rules["time shift"] = {"time_shift": {"enabled": True}}
    return rules


def with_changes(policy: HedgePolicy, **changes: Any) -> HedgePolicy:
    """Return a policy with keys of its sections, and of its layers by name, replaced."""
    values = policy.model_dump()
    by_layer = changes.pop("layers", {})
    for key, value in changes.items():
        values[key] = values[key] | value
    values["layers"] = [one | by_layer.get(one["name"], {}) for one in values["layers"]]
    return HedgePolicy.model_validate(values)


def ablation(
    history: History,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "monthly45",
    everything: str | HedgePolicy = "alvh-adaptive",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    seed: int = 0,
    resamples: int = 1000,
    progress: Callable[[int, int], None] | None = None,
) -> Ablation:
    """Run every variant of a hedge and set it against the hedge itself, net of costs.

    Parameters
    ----------
    history, start, end, equity, fill
        As for ``alvh.backtest``.
    hedge, condors
        The static hedge, three layers of VIX options, and what it hedges.
    everything
        The adaptive policy whose rules are taken one by one.
    seed : int
        Of the resampling.
    resamples : int
        Bootstrap histories; 0 makes no intervals and no test.
    progress : callable, optional
        Called with (done, total) after each run.

    Returns
    -------
    Ablation

    Raises
    ------
    AlvhError
        Whatever the engine refuses.

    References
    ----------
    Hansen, P. (2005). A test for superior predictive ability. JBES 23, 365-380.
    """
    static = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    adaptive = everything if isinstance(everything, HedgePolicy) else load_policy(everything)
    asked = variants(static, programme, adaptive)
    found: dict[tuple[str, str], Result] = {}
    for done, (name, group, policy, rules) in enumerate(asked):
        found[name, group] = backtest(history, policy, rules, start, end, equity, fill)
        if progress is not None:
            progress(done + 1, len(asked))
    own = found[STATIC, "static"]
    moved = {key: run for key, run in found.items() if not np.array_equal(run.nav, own.nav)}
    gaps, block, spa = _differences(own, moved, seed, resamples)
    rows = tuple(_row(key, run, own, gaps.get(key)) for key, run in found.items())
    beyond = sum(row.difference.cagr.excludes_zero for row in rows if row.difference)
    return Ablation(rows, len(moved), beyond, spa, block, resamples, seed, dict(own.meta))


def _row(key: tuple[str, str], run: Result, own: Result, gap: Differences | None) -> AblationRow:
    figures = account_figures(run) | hedge_figures(run)
    moves = run.decisions["reason"].str.starts_with("weight moved").sum() // 3
    return AblationRow(
        *key, **{name: figures[name] for name in _MEASURES}, moves=int(moves),
        same=bool(np.array_equal(run.nav, own.nav)), difference=gap,
    )  # fmt: skip


def _differences(
    own: Result, moved: dict[tuple[str, str], Result], seed: int, resamples: int
) -> tuple[dict[tuple[str, str], Differences], int, float]:
    """Return (difference by variant, mean block, p-value of the test); nothing on too few days."""
    returns = {"\n".join(key): m.simple_returns(run.nav) for key, run in moved.items()}
    base = m.simple_returns(own.nav)
    if resamples == 0 or len(base) < LEAST_SESSIONS or not returns:
        return {}, 0, float("nan")
    found, made = paired_differences(
        returns, base, periods=len(base) / m.years_between(own.dates),
        rng=np.random.default_rng(seed), resamples=resamples,
    )  # fmt: skip
    spa = _spa(base, np.column_stack(list(returns.values())), made.block, seed, resamples)
    return {(k.split("\n")[0], k.split("\n")[1]): gap for k, gap in found.items()}, made.block, spa


def _spa(base: Any, others: Any, block: int, seed: int, resamples: int) -> float:
    """Return the consistent p-value of Hansen's test on log growth; losses are minus returns."""
    from arch.bootstrap import SPA

    test = SPA(-np.log1p(base), -np.log1p(others), block_size=block, reps=resamples, seed=seed)
    test.compute()
    return float(test.pvalues["consistent"])
