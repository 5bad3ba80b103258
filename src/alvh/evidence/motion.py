"""Loyalty or motion: is it better to hold what was bought, to keep trading, or something between?

From one policy come three others that differ from it in nothing but how much they move: *hold*
keeps every structure to its settlement and takes no gain before, *daily* trades the layers back to
their weights every evening, *band* does so once they are off by more than a band. All are run on
the same condors, and each is set against the policy itself, net of spread and fees. An adaptive
policy earns its name only if it beats both ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from alvh import measures as m
from alvh.engine import DEFAULT_EQUITY, DEFAULT_FILL, backtest
from alvh.errors import DataError, PolicyError
from alvh.evidence.intervals import LEAST_SESSIONS, Differences, Interval, paired_differences
from alvh.evidence.rows import account_figures, hedge_figures, plain
from alvh.market.history import History
from alvh.policy import CondorProgramme, HedgePolicy, Layer, load_policy, load_programme
from alvh.policy.adaptive import Inversion, Rebalancing, Reentry
from alvh.policy.hedge import Monetisation
from alvh.result import Result

POLICY, HOLD, DAILY, BAND = "policy", "hold", "daily", "band"
MOTIONS = (POLICY, HOLD, DAILY, BAND)
DEFAULT_BAND = Rebalancing(mode="band")
_MEASURES = ("cagr", "max_drawdown", "cvar_month", "hedge_cost_per_year", "costs_per_year")


@dataclass(frozen=True)
class MotionRow:
    """One version of the policy, measured; fractions as in `alvh.measures`.

    Attributes
    ----------
    name : {"policy", "hold", "daily", "band"}
    cagr, max_drawdown, cvar_month, hedge_cost_per_year, costs_per_year : float
    trades : int
        Legs filled or settled.
    same : bool
        Whether its account value is that of the policy on every session, so that the rule that
        distinguishes it never acted.
    difference : Differences or None
        This version less the policy; None without enough sessions, and for the policy.
    """

    name: str
    cagr: float
    max_drawdown: float
    cvar_month: float
    hedge_cost_per_year: float
    costs_per_year: float
    trades: int
    same: bool
    difference: Differences | None


@dataclass(frozen=True)
class Motion:
    """What holding, trading daily and the policy came to.

    Attributes
    ----------
    rows : tuple of MotionRow
        Policy, hold, daily, band.
    results : dict of str to Result
    policies : dict of str to HedgePolicy
    block, resamples, seed : int
        How the intervals were made; block is 0 where there are none.
    """

    rows: tuple[MotionRow, ...]
    results: dict[str, Result]
    policies: dict[str, HedgePolicy]
    block: int
    resamples: int
    seed: int

    def row(self, name: str) -> MotionRow:
        """Return the row of one version.

        Raises
        ------
        DataError
            If there is none of that name.
        """
        found = next((row for row in self.rows if row.name == name), None)
        if found is None:
            raise DataError(f"no version {name!r}; there are {', '.join(MOTIONS)}")
        return found

    def verdict(self) -> list[str]:
        """Say in plain words how the policy's growth stands against each version."""
        return [_sentence(row) for row in self.rows if row.name != POLICY]

    def to_dict(self) -> dict[str, Any]:
        """Return rows, verdict and how the intervals were made, in plain values."""
        rows = []
        for row in self.rows:
            flat = {key: plain(getattr(row, key)) for key in ("name", *_MEASURES, "trades", "same")}
            for key in ("cagr", "cvar"):
                found = getattr(row.difference, key) if row.difference else None
                flat[f"{key}_difference"] = found.estimate if found else None
                flat[f"{key}_difference_low"] = found.low if found else None
                flat[f"{key}_difference_high"] = found.high if found else None
            rows.append(flat)
        made = {"block": self.block, "resamples": self.resamples, "seed": self.seed}
        return {"rows": rows, "verdict": self.verdict(), **made}


def _sentence(row: MotionRow) -> str:
    against = f"against {_WORDS[row.name]}"
    if row.same:
        return f"{against}: the same account to the cent, the rule never acted"
    if row.difference is None:
        return f"{against}: too few sessions for an interval"
    gap = row.difference.cagr
    better = -gap.estimate  # the policy over the version
    size = f"{100 * abs(better):.2f} points of growth a year ({_range(gap)})"
    if gap.high < 0.0:
        return f"{against} the policy wins by {size}"
    if gap.low > 0.0:
        return f"{against} the policy loses by {size}"
    side = "ahead" if better > 0.0 else "behind"
    return f"{against} the policy is {side} by {size}: no difference that can be told from chance"


_WORDS = {
    HOLD: "holding to settlement",
    DAILY: "rebalancing daily",
    BAND: "rebalancing outside a band",
}


def _range(gap: Interval) -> str:
    """Write the interval of the policy's lead, which is that of the difference turned round."""
    return f"95 % interval {-100 * gap.high:+.2f} to {-100 * gap.low:+.2f}"


def motion_policies(policy: HedgePolicy, band: Rebalancing | None = None) -> dict[str, HedgePolicy]:
    """Return the policy and its three versions, by name.

    Parameters
    ----------
    policy : HedgePolicy
        At least one layer.
    band : Rebalancing, optional
        Of the banded version: the policy's own where it has one, else 10 points on two sessions.

    Returns
    -------
    dict of str to HedgePolicy

    Raises
    ------
    PolicyError
        If there is nothing to hold or to trade.
    """
    if not policy.layers:
        raise PolicyError(
            f"policy {policy.name} has no layers; loyalty or motion needs at least one"
        )
    own = policy.rebalancing if policy.rebalancing.mode == "band" else DEFAULT_BAND
    daily = Rebalancing(mode="band", band=0.0, confirmations=1)
    return {
        POLICY: policy,
        HOLD: _held(policy),
        DAILY: _renamed(policy, DAILY, rebalancing=daily),
        BAND: _renamed(policy, BAND, rebalancing=band or own),
    }


def _renamed(policy: HedgePolicy, name: str, **changes: Any) -> HedgePolicy:
    return policy.model_copy(update={"name": f"{policy.name}, {name}", **changes})


def _held(policy: HedgePolicy) -> HedgePolicy:
    """Take every rule that trades before settlement out of a policy."""
    return _renamed(
        policy,
        HOLD,
        layers=tuple(_held_layer(layer) for layer in policy.layers),
        monetisation=Monetisation(enabled=False),
        rebalancing=Rebalancing(),
        inversion=Inversion(),
        reentry=Reentry(),
    )


def _held_layer(layer: Layer) -> Layer:
    # a futures spread leaves a naked far leg at its near leg's settlement, so it goes a day before
    days = 1 if layer.instrument == "vix_futures_spread" else 0
    rolls = {"roll_extrinsic": None, "roll_days_inverted": None, "roll_strength": None}
    return layer.model_copy(update={"roll_days": days, **rolls})


def motion(
    history: History,
    hedge: str | HedgePolicy = "alvh-40-40-20",
    condors: str | CondorProgramme = "monthly45",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    band: Rebalancing | None = None,
    seed: int = 0,
    resamples: int = 1000,
    progress: Callable[[int, int], None] | None = None,
) -> Motion:
    """Run a policy and its three versions, and compare them net of costs.

    Parameters
    ----------
    history, hedge, condors, start, end, equity, fill
        As for ``alvh.backtest``.
    band : Rebalancing, optional
        As for `motion_policies`.
    seed : int
        Of the resampling.
    resamples : int
        Bootstrap histories; 0 makes no intervals.
    progress : callable, optional
        Called with (done, total) after each run.

    Returns
    -------
    Motion

    Raises
    ------
    AlvhError
        Whatever the engine refuses.
    """
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    policy = hedge if isinstance(hedge, HedgePolicy) else load_policy(hedge)
    policies = motion_policies(policy, band)
    results: dict[str, Result] = {}
    for done, (name, one) in enumerate(policies.items()):
        results[name] = backtest(history, one, programme, start, end, equity, fill)
        if progress is not None:
            progress(done + 1, len(policies))
    gaps, block = _differences(results, seed, resamples)
    rows = tuple(_row(name, results, gaps.get(name)) for name in MOTIONS)
    return Motion(rows, results, policies, block, resamples, seed)


def _row(name: str, results: dict[str, Result], gap: Differences | None) -> MotionRow:
    run = results[name]
    figures = account_figures(run) | hedge_figures(run)
    return MotionRow(
        name=name,
        trades=int(run.counts["trades"]),
        same=bool(np.array_equal(run.nav, results[POLICY].nav)),
        difference=gap,
        **{key: figures[key] for key in _MEASURES},
    )


def _differences(
    results: dict[str, Result], seed: int, resamples: int
) -> tuple[dict[str, Differences], int]:
    """Return (version less policy by name, mean block); nothing where there are too few days."""
    returns = {name: m.simple_returns(run.nav) for name, run in results.items()}
    own = returns.pop(POLICY)
    if resamples == 0 or len(own) < LEAST_SESSIONS:
        return {}, 0
    dates = results[POLICY].dates
    found, made = paired_differences(
        returns,
        own,
        periods=len(own) / m.years_between(dates),
        rng=np.random.default_rng(seed),
        resamples=resamples,
    )
    return found, made.block
