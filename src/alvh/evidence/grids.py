"""Where a layer's tenor and delta stand among others: the same hedge with one layer's terms varied.

Everything else of the hedge stays. A layer is rolled at the same part of its tenor as its policy
says, and what it sells keeps its share of the delta that it buys.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from alvh.engine import DEFAULT_EQUITY, DEFAULT_FILL
from alvh.errors import PolicyError
from alvh.evidence.ablation import with_changes
from alvh.evidence.simplex import Standing, judge, meta_of
from alvh.market.history import History
from alvh.measures import Array
from alvh.policy import CondorProgramme, HedgePolicy, Layer, load_policy, load_programme

STRETCHES = (0.5, 0.75, 1.0, 1.5, 2.0)  # of the layer's own tenor
DELTAS = (0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True)
class Grid:
    """Every tenor and delta of one layer.

    Attributes
    ----------
    layer : str
    tenors, deltas : ndarray, shape (n,)
        Calendar days, and the delta of the option bought.
    marked : int
        Row of the policy's own terms.
    growth, cvar_month, carry, hedge_pnl : ndarray, shape (n,)
        As in ``Simplex``.
    standings : dict of str to Standing
    spa : float
    meta : dict
    """

    layer: str
    tenors: Array
    deltas: Array
    marked: int
    growth: Array
    cvar_month: Array
    carry: Array
    hedge_pnl: Array
    standings: dict[str, Standing]
    spa: float
    meta: dict[str, Any]

    def table(self) -> pl.DataFrame:
        """Return one row for each pair of tenor and delta."""
        columns: dict[str, Any] = {
            "tenor": self.tenors, "delta": self.deltas, "growth": self.growth,
            "cvar_month": self.cvar_month, "carry": self.carry, "hedge_pnl": self.hedge_pnl,
        }  # fmt: skip
        for name, one in self.standings.items():
            columns |= {name: one.values, f"{name}_like_best": one.region}
        return pl.DataFrame(columns)


def grid(
    history: History,
    layer: str,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "monthly45",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    tenors: Sequence[float] = (),
    deltas: Sequence[float] = (),
    resamples: int = 500,
    seed: int = 0,
    level: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
    cluster: str | None = None,
) -> Grid:
    """Run one layer of a hedge at other tenors and deltas, and say where its own stand.

    Parameters
    ----------
    history, condors, start, end, equity, fill
        As for ``alvh.backtest``.
    layer : {"short", "medium", "tail"}
    hedge : str or HedgePolicy
    tenors : sequence of float
        Calendar days; by default 0.5 to 2 times the layer's own. What leaves the layers out of
        the order of their tenors is not run.
    deltas : sequence of float
        By default 0.1 to 0.5; the layer's own is added.
    resamples, seed, level, progress, cluster
        As for ``alvh.simplex``.

    Raises
    ------
    PolicyError
        If the hedge has no such layer, or it buys no option by delta.
    """
    policy = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    own = _layer(policy, layer)
    hedges = _hedges(policy, own, tenors, deltas)
    terms = list(hedges)
    marked = terms.index((float(own.tenor_days), float(own.delta or 0.0)))
    found = judge(
        history, list(hedges.values()), programme, start, end, equity, fill, marked=marked,
        resamples=resamples, seed=seed, level=level, progress=progress, cluster=cluster,
    )  # fmt: skip
    columns = np.array(terms).T
    return Grid(
        layer, columns[0], columns[1], marked, found.growth[1:], found.cvar_month[1:], found.carry,
        found.hedge_pnl, found.standings, found.spa,
        meta_of(history, policy, programme, found, fill, resamples, seed, level),
    )  # fmt: skip


def _layer(policy: HedgePolicy, name: str) -> Layer:
    found = next((one for one in policy.layers if one.name == name), None)
    if found is None or found.delta is None:
        names = ", ".join(one.name for one in policy.layers if one.delta is not None)
        raise PolicyError(
            f"{policy.name} has no layer {name!r} that buys an option by its delta; "
            f"it has {names or 'none'}"
        )
    return found


def _hedges(
    policy: HedgePolicy, own: Layer, tenors: Sequence[float], deltas: Sequence[float]
) -> dict[tuple[float, float], HedgePolicy]:
    """Return the hedge of every pair of tenor and delta that a policy may have.

    Pairs that no policy may have are left out: layers stand in the order of their tenors.
    """
    at = float(own.tenor_days), float(own.delta or 0.0)
    chosen = sorted({*(tenors or (round(at[0] * stretch) for stretch in STRETCHES)), at[0]})
    levels = sorted({*(deltas or DELTAS), at[1]})
    found = {}
    for pair in ((float(tenor), float(delta)) for tenor in chosen for delta in levels):
        with suppress(ValidationError):
            found[pair] = with_terms(policy, own, *pair)
    return found


def with_terms(policy: HedgePolicy, layer: Layer, tenor: float, delta: float) -> HedgePolicy:
    """Return the policy with one layer's tenor and delta changed, its roll and its sold leg kept.

    They are kept in proportion: as part of the tenor, and of the delta.
    """
    changes: dict[str, Any] = {
        "tenor_days": round(tenor), "delta": delta,
        "roll_days": round(layer.roll_days * tenor / layer.tenor_days),
    }  # fmt: skip
    if layer.short_delta is not None and layer.delta is not None:
        changes["short_delta"] = layer.short_delta * delta / layer.delta
    return with_changes(policy, layers={layer.name: changes})
