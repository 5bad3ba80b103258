"""Where a layer could be rolled to: every listed expiry, at its spot-VIX delta held constant.

For each expiry the layer's own rule picks the strikes, and the number of structures is the whole
number that keeps the layer's spot-VIX delta, Σ 100·n·Δ·F·β(T)/V. What it costs to hold is what it
loses in an unchanged market until it would be rolled, with spread and fees of getting in and out,
a day and per USD of that delta. The least of them is the roll the engine makes under
``roll_to: least_cost``.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from alvh.advise.evening import Evening, read_evening
from alvh.compile import compile_account, compile_hedge
from alvh.errors import DataError
from alvh.guides import LAYER_NAMES
from alvh.kernel.day import Calendar
from alvh.kernel.policies import COHORT
from alvh.kernel.rolls import FURTHEST
from alvh.kernel.shift import decay_rate, spot_vix_delta
from alvh.kernel.structures import (
    mark_structure,
    set_vix_legs,
    structure_cost,
    structure_liquidation,
)
from alvh.market.history import History
from alvh.policy import HedgePolicy
from alvh.result import Result

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One expiry that a layer could be rolled to.

    Attributes
    ----------
    expiry : datetime.date
    days : int
        Calendar days to it.
    strikes : tuple of float
        Of the legs, points.
    structures : int
        Whole number that comes nearest to the layer's spot-VIX delta.
    delta : float
        Spot-VIX delta of them, USD per point of VIX.
    cash : float
        USD paid for them, less what the held structures bring; negative is received.
    decay_per_day : float
        USD a day that they cost to hold, trading included.
    cost_rate : float
        The same per USD of spot-VIX delta; NaN where there is no delta.
    why_not : str
        Why it is not to be had, or empty.
    """

    expiry: date
    days: int
    strikes: tuple[float, ...]
    structures: int
    delta: float
    cash: float
    decay_per_day: float
    cost_rate: float
    why_not: str


@dataclass(frozen=True)
class Shift:
    """A layer and everywhere it could go.

    Attributes
    ----------
    as_of : datetime.date
    layer : str
    held : Candidate
        What is held now, its cost that of holding on to its own roll.
    candidates : tuple of Candidate
        By expiry, out to twice the tenor.
    best : Candidate or None
        Of least cost per delta; None where nothing is to be had.
    """

    as_of: date
    layer: str
    held: Candidate
    candidates: tuple[Candidate, ...]
    best: Candidate | None


def shift(
    history: History,
    result: Result,
    policy: HedgePolicy,
    layer: str,
    *,
    fill: float = 0.5,
    commission: float = 0.65,
) -> Shift:
    """Compare the expiries that a layer held at the last close could be rolled to.

    Parameters
    ----------
    history, result
        The run, stopped at the evening, and its history.
    policy : HedgePolicy
        As it was run.
    layer : {"short", "medium", "tail"}
        A layer of VIX options or futures that is held.
    fill, commission : float
        As for ``alvh.backtest``.

    Returns
    -------
    Shift

    Raises
    ------
    DataError
        If the layer is not held, or does not hold VIX options or futures.
    """
    evening = read_evening(history, result)
    rule, cohort = _held(evening, policy, layer)
    account = compile_account(1.0, fill, 1.0, commission, 0.0)[0]
    day = evening.day
    aim = int(cohort["units"]) * float(spot_vix_delta(day, cohort))
    held = _candidate(evening, rule, cohort, int(cohort["units"]), account, 0.0)
    back = int(cohort["units"]) * float(structure_liquidation(day, account, cohort))
    found = []
    listed: Any = evening.surfaces.vix_expiries
    for pick in range(len(listed)):
        left = int(listed[pick]["date"] - day["date"])
        if left <= 0:
            continue
        if left > FURTHEST * rule["tenor"]:
            break
        found.append(_offer(evening, rule, pick, left, aim, back, account))
    best = min((one for one in found if not one.why_not), key=lambda one: one.cost_rate,
               default=None)  # fmt: skip
    return Shift(evening.as_of, layer, held, tuple(found), best)


def _held(evening: Evening, policy: HedgePolicy, layer: str) -> tuple[Any, Any]:
    if layer not in LAYER_NAMES or policy.layer(layer) is None:  # type: ignore[arg-type]
        raise DataError(
            f"{policy.name} has no {layer} layer; there are "
            f"{', '.join(one.name for one in policy.layers) or 'none'}"
        )
    place = LAYER_NAMES.index(layer)
    cohort: Any = evening.result.book.cohorts[place]
    if not str(policy.layer(layer).instrument).startswith("vix_"):  # type: ignore
        raise DataError(f"the {layer} layer of {policy.name} holds no VIX options or futures")
    if int(cohort["units"]) == 0:
        raise DataError(
            f"the {layer} layer holds nothing on {evening.as_of}; choose a day on which it does"
        )
    return compile_hedge(policy)[1][place], cohort


def _offer(
    evening: Evening, rule: Any, pick: int, left: int, aim: float, back: float, account: Any
) -> Candidate:
    """Build what the layer would hold at one expiry, or say why it cannot."""
    listed: Any = evening.surfaces.vix_expiries
    day, expiry = evening.day, listed[pick]
    on = np.datetime64(int(expiry["date"]), "D").astype(object)
    why = ""
    if expiry["listed"] > day["date"]:
        why = "not listed yet"
    elif expiry["monthly"] == 0 and rule["weeklies"] == 0:
        why = "a weekly; the layer takes monthlies"
    elif left <= rule["roll"]:
        why = f"within the {rule['roll']:.0f} days at which it would be rolled again"
    cohort = np.zeros(1, COHORT)[0]
    calendar = Calendar(evening.surfaces.spx_expiries, listed)
    if not why and not set_vix_legs(day, rule, calendar, pick, cohort):
        why = "no second future"
    if why:
        return Candidate(on, left, (), 0, NAN, NAN, NAN, NAN, why)
    mark_structure(day, cohort)
    delta = float(spot_vix_delta(day, cohort))
    units = max(round(aim / delta), 0) if delta > 0.0 else 0
    if units == 0:
        return Candidate(on, left, (), 0, NAN, NAN, NAN, NAN, "one structure is more than is held")
    cost = units * float(structure_cost(day, account, cohort))
    return _candidate(evening, rule, cohort, units, account, cost - back)


def _candidate(
    evening: Evening, rule: Any, cohort: Any, units: int, account: Any, cash: float
) -> Candidate:
    day = evening.day
    left = int(cohort["expiry"][0] - day["date"])
    days = max(int(min(rule["tenor"] - rule["roll"], left - rule["roll"])), 1)
    delta = float(spot_vix_delta(day, cohort))
    decay = float(decay_rate(day, account, cohort, days))
    strikes = tuple(float(k) for k in cohort["strike"][: int(cohort["legs"])])
    return Candidate(
        np.datetime64(int(cohort["expiry"][0]), "D").astype(object), left, strikes, units,
        units * delta, cash, units * decay, decay / delta if delta > 0.0 else NAN, "",
    )  # fmt: skip
