"""Curves: risk removed against cost as a size grows, and the same book at other fills."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from alvh import measures as m
from alvh.errors import AlvhError
from alvh.evidence.rows import Run, account_figures, hedge_figures, twin_figures
from alvh.evidence.workbench import Workbench
from alvh.policy import HedgePolicy

SCALES = tuple(float(scale) for scale in np.arange(0.0, 3.01, 0.25))
SIZES = tuple(float(size) for size in np.round(np.arange(1.0, 0.05, -0.1), 1))
FILLS = (0.0, 0.5, 1.0)
FIGURES = (
    "cagr",
    "cagr_given_up",
    "hedge_cost_per_year",
    "cvar_month",
    "cvar_removed",
    "max_drawdown",
    "drawdown_removed",
)
_NOTHING: dict[str, Any] = dict.fromkeys(FIGURES, math.nan)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One size of one hedge, or of the unhedged book.

    Fractions; ``hedge_cost_per_year`` is the hedge's own loss with its costs, ``cagr_given_up``
    is what the whole book lost against its unhedged twin. ``note`` says why a size has no figures.
    """

    name: str
    scale: float
    cagr: float
    cagr_given_up: float
    hedge_cost_per_year: float
    cvar_month: float
    cvar_removed: float
    max_drawdown: float
    drawdown_removed: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class FillPoint:
    """The reference hedge's book and its twin at one fill parameter; fractions."""

    fill: float
    unhedged_cagr: float
    hedged_cagr: float
    cagr_given_up: float
    hedge_cost_per_year: float
    costs_per_year: float
    unhedged_max_drawdown: float
    hedged_max_drawdown: float
    unhedged_cvar_month: float
    hedged_cvar_month: float


def hedge_curve(bench: Workbench, twin: Run, name: str, policy: HedgePolicy) -> list[CurvePoint]:
    """Run one hedge at 0, 0.25, ... 3 times its preset size.

    A size that the engine refuses, or that ruins the account, is a point without figures and with
    the reason.
    """

    def run(scale: float) -> Run:
        return bench.run(policy.scaled(scale), keep=False)

    bigger = [_try_point(run, twin, name, scale) for scale in SCALES[1:]]
    return [point_of(twin, twin, name, 0.0), *bigger]


def size_curve(bench: Workbench, twin: Run, name: str) -> list[CurvePoint]:
    """Run the unhedged book at 1, 0.9, ... 0.1 times its size."""

    def run(size: float) -> Run:
        return bench.fewer(size, keep=False)

    return [_try_point(run, twin, name, size) for size in SIZES]


def _try_point(run: Callable[[float], Run], twin: Run, name: str, scale: float) -> CurvePoint:
    try:
        return point_of(run(scale), twin, name, scale)
    except AlvhError as refusal:
        return CurvePoint(name, scale, **_NOTHING, note=str(refusal))


def point_of(run: Run, twin: Run, name: str, scale: float) -> CurvePoint:
    """Measure one run as a point of a curve."""
    years = m.years_between(run.dates)
    against = twin_figures(run, twin)
    return CurvePoint(
        name=name,
        scale=scale,
        cagr=m.cagr(run.nav, years),
        hedge_cost_per_year=hedge_figures(run)["hedge_cost_per_year"],
        cvar_month=m.cvar(m.rolling_returns(run.nav)),
        max_drawdown=m.max_drawdown(run.nav).depth,
        **against,
    )


def fill_points(bench: Workbench, policy: HedgePolicy) -> tuple[FillPoint, ...]:
    """Run the reference hedge and its twin at mid, half-way and at the touch.

    A programme that carries a fill of its own keeps it; only the hedge's fills then move.
    """
    return tuple(_fill_point(bench, policy, fill) for fill in FILLS)


def _fill_point(bench: Workbench, policy: HedgePolicy, fill: float) -> FillPoint:
    run, twin = bench.run(policy, fill=fill), bench.run(fill=fill)
    figures, plain = account_figures(run), account_figures(twin)
    return FillPoint(
        fill=fill,
        unhedged_cagr=plain["cagr"],
        hedged_cagr=figures["cagr"],
        cagr_given_up=plain["cagr"] - figures["cagr"],
        hedge_cost_per_year=hedge_figures(run)["hedge_cost_per_year"],
        costs_per_year=figures["costs_per_year"],
        unhedged_max_drawdown=plain["max_drawdown"],
        hedged_max_drawdown=figures["max_drawdown"],
        unhedged_cvar_month=plain["cvar_month"],
        hedged_cvar_month=figures["cvar_month"],
    )
