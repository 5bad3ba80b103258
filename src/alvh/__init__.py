"""ALVH: an adaptive layered VIX hedge around a book of SPX iron condors, priced as one book.

The names below are the whole public face; everything else may change. They are loaded when first
used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from alvh._compiled_cache import use_content_addressed_cache

use_content_addressed_cache()

if TYPE_CHECKING:
    from alvh.advise.explain import explain
    from alvh.advise.health import health, health_history
    from alvh.advise.pool import pool
    from alvh.advise.project import project, project_grid
    from alvh.advise.replay import replay
    from alvh.advise.shift import shift
    from alvh.advise.steward import steward
    from alvh.advise.today import today
    from alvh.engine import backtest
    from alvh.errors import AlvhError
    from alvh.evidence.ablation import ablation
    from alvh.evidence.attribution import attribute
    from alvh.evidence.claims import Claims, claims
    from alvh.evidence.comparison import Comparison, compare
    from alvh.evidence.crises import covered, crisis_returns, crisis_table
    from alvh.evidence.grids import Grid, grid
    from alvh.evidence.motion import motion
    from alvh.evidence.simplex import Simplex, simplex, with_split
    from alvh.evidence.split_worlds import split_worlds
    from alvh.evidence.stress import Stress, stress
    from alvh.market.chains.table import load_chains
    from alvh.market.futures_index import futures_index
    from alvh.market.history import History, load_history
    from alvh.market.quote import quote
    from alvh.market.vix_index import cboe_vix
    from alvh.policy import (
        CondorProgramme,
        HedgePolicy,
        list_policies,
        load_policy,
        load_programme,
        policy_hash,
    )
    from alvh.result import Result
    from alvh.signals import SignalTable, signal_table
    from alvh.worlds import (
        bootstrap_model,
        path_dependent_model,
        path_ensemble,
        run_worlds,
        simulate,
    )

_HOMES = {
    "AlvhError": "alvh.errors",
    "Claims": "alvh.evidence.claims",
    "Comparison": "alvh.evidence.comparison",
    "CondorProgramme": "alvh.policy",
    "Grid": "alvh.evidence.grids",
    "HedgePolicy": "alvh.policy",
    "History": "alvh.market.history",
    "Result": "alvh.result",
    "SignalTable": "alvh.signals",
    "Simplex": "alvh.evidence.simplex",
    "Stress": "alvh.evidence.stress",
    "ablation": "alvh.evidence.ablation",
    "attribute": "alvh.evidence.attribution",
    "backtest": "alvh.engine",
    "bootstrap_model": "alvh.worlds",
    "cboe_vix": "alvh.market.vix_index",
    "claims": "alvh.evidence.claims",
    "compare": "alvh.evidence.comparison",
    "covered": "alvh.evidence.crises",
    "crisis_returns": "alvh.evidence.crises",
    "crisis_table": "alvh.evidence.crises",
    "explain": "alvh.advise.explain",
    "futures_index": "alvh.market.futures_index",
    "grid": "alvh.evidence.grids",
    "health": "alvh.advise.health",
    "health_history": "alvh.advise.health",
    "list_policies": "alvh.policy",
    "load_chains": "alvh.market.chains.table",
    "load_history": "alvh.market.history",
    "load_policy": "alvh.policy",
    "load_programme": "alvh.policy",
    "motion": "alvh.evidence.motion",
    "path_dependent_model": "alvh.worlds",
    "path_ensemble": "alvh.worlds",
    "policy_hash": "alvh.policy",
    "pool": "alvh.advise.pool",
    "project": "alvh.advise.project",
    "project_grid": "alvh.advise.project",
    "quote": "alvh.market.quote",
    "replay": "alvh.advise.replay",
    "run_worlds": "alvh.worlds",
    "shift": "alvh.advise.shift",
    "signal_table": "alvh.signals",
    "simplex": "alvh.evidence.simplex",
    "simulate": "alvh.worlds",
    "split_worlds": "alvh.evidence.split_worlds",
    "steward": "alvh.advise.steward",
    "stress": "alvh.evidence.stress",
    "today": "alvh.advise.today",
    "with_split": "alvh.evidence.simplex",
}

__all__ = [
    "AlvhError",
    "Claims",
    "Comparison",
    "CondorProgramme",
    "Grid",
    "HedgePolicy",
    "History",
    "Result",
    "SignalTable",
    "Simplex",
    "Stress",
    "ablation",
    "attribute",
    "backtest",
    "bootstrap_model",
    "cboe_vix",
    "claims",
    "compare",
    "covered",
    "crisis_returns",
    "crisis_table",
    "explain",
    "futures_index",
    "grid",
    "health",
    "health_history",
    "list_policies",
    "load_chains",
    "load_history",
    "load_policy",
    "load_programme",
    "motion",
    "path_dependent_model",
    "path_ensemble",
    "policy_hash",
    "pool",
    "project",
    "project_grid",
    "quote",
    "replay",
    "run_worlds",
    "shift",
    "signal_table",
    "simplex",
    "simulate",
    "split_worlds",
    "steward",
    "stress",
    "today",
    "with_split",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'alvh' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
