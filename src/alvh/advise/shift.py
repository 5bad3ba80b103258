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
from alvh.kernel import codes
from alvh.kernel.listed import Listed
from alvh.kernel.policies import COHORT
from alvh.kernel.quotes import multiplier
from alvh.kernel.rolls import FURTHEST
from alvh.kernel.shift import decay_rate, spot_vix_delta
from alvh.kernel.structures import (
    leg_price,
    mark_structure,
    set_vix_legs,
    structure_liquidation,
    structure_mid,
    structure_shocked,
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
        Of the option legs, points.
    structures : int
        Whole number that comes nearest to the layer's spot-VIX delta.
    delta : float
        Spot-VIX delta of them, USD per point of VIX.
    cash : float
        USD paid for them, less what the held structures bring, spread and fees included; negative
        is received, and nothing where they are what is held. A future takes no premium, and
        margin is not paid.
    decay_per_day : float
        USD a calendar day that they cost to hold: what they lose in an unchanged market until the
        layer's roll, with spread and fees of buying and selling; of what is held, of selling.
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
        Every listed expiry out to twice the tenor.
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
    held = _keep(evening, rule, cohort, account)
    listed: Any = evening.surfaces.vix_expiries
    left = listed["date"] - day["date"]
    near = (left > 0) & (left <= FURTHEST * rule["tenor"]) & (listed["listed"] <= day["date"])
    found = [
        _offer(evening, rule, int(pick), cohort, held.delta, account)
        for pick in np.flatnonzero(near)
    ]
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
    evening: Evening, rule: Any, pick: int, held: Any, aim: float, account: Any
) -> Candidate:
    """Build what the layer would hold at one expiry, or say why it cannot."""
    listed: Any = evening.surfaces.vix_expiries
    day, expiry = evening.day, listed[pick]
    on, left = _date(expiry["date"]), int(expiry["date"] - day["date"])
    why = ""
    if expiry["monthly"] == 0 and rule["weeklies"] == 0:
        why = "a weekly; the layer takes monthlies"
    elif left <= rule["roll"]:
        why = f"within the {rule['roll']:.0f} days at which it would be rolled again"
    cohort = np.zeros(1, COHORT)[0]
    known = Listed(*evening.surfaces.listed)
    if not why and not set_vix_legs(day, rule, known, pick, cohort):
        why = "no second future"
    if why:
        return _refused(on, left, why)
    mark_structure(day, known.quotes, cohort)
    delta = float(spot_vix_delta(day, cohort))
    if not delta > 0.0:
        return _refused(on, left, "it gains nothing when VIX rises")
    units = max(round(aim / delta), 0)
    if units == 0:
        return _refused(on, left, "one structure is more than is held")
    days = _days_held(rule, left)
    decay = float(decay_rate(day, account, cohort, days))
    cash = 0.0
    if not _same(cohort, held):
        cash = units * _cash(day, account, cohort, codes.BUY)
        cash += int(held["units"]) * _cash(day, account, held, codes.SELL)
    return Candidate(
        on, left, _strikes(cohort), units, units * delta, cash, units * decay, decay / delta, ""
    )


def _keep(evening: Evening, rule: Any, cohort: Any, account: Any) -> Candidate:
    """Describe what is held: bought already, so that only its sale is still to be paid for."""
    day, left = evening.day, int(cohort["expiry"][0] - evening.day["date"])
    days, units = _days_held(rule, left), int(cohort["units"])
    mid = float(structure_mid(cohort))
    slide = mid - float(structure_shocked(day, cohort, days, 0.0))
    decay = (slide + mid - float(structure_liquidation(day, account, cohort))) / days
    delta = float(spot_vix_delta(day, cohort))
    return Candidate(
        _date(cohort["expiry"][0]), left, _strikes(cohort), units, units * delta, 0.0,
        units * decay, decay / delta if delta > 0.0 else NAN, "",
    )  # fmt: skip


def _refused(on: date, left: int, why: str) -> Candidate:
    return Candidate(on, left, (), 0, NAN, NAN, NAN, NAN, why)


def _days_held(rule: Any, left: int) -> int:
    """Return the calendar days until the layer's own roll, those that the engine counts."""
    return max(int(min(rule["tenor"] - rule["roll"], left - rule["roll"])), 1)


def _cash(day: Any, account: Any, cohort: Any, side: int) -> float:
    """Return USD that leave the account when one structure is bought (1) or sold (−1).

    A future takes no premium: its margin stays the account's own, its spread does not.
    """
    paid = 0.0
    for leg in range(int(cohort["legs"])):
        price, fee = leg_price(day, account, cohort, leg, side)
        root, ratio = int(cohort["root"][leg]), int(cohort["ratio"][leg])
        given = price - float(cohort["mid"][leg]) if root == codes.VX else price
        paid += side * ratio * given * float(multiplier(root)) + abs(ratio) * fee
    return float(paid)


def _same(one: Any, other: Any) -> bool:
    """Say whether two structures have the same legs, so that a roll has nothing to trade."""
    legs = int(one["legs"])
    names = ("root", "right", "ratio", "expiry", "strike")
    return legs == int(other["legs"]) and all(
        (one[name][:legs] == other[name][:legs]).all() for name in names
    )


def _strikes(cohort: Any) -> tuple[float, ...]:
    """Return the strikes of the option legs, points."""
    legs = range(int(cohort["legs"]))
    return tuple(float(cohort["strike"][i]) for i in legs if cohort["root"][i] != codes.VX)


def _date(day: Any) -> date:
    found: date = np.datetime64(int(day), "D").astype(object)
    return found
