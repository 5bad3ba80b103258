"""The account of one day: every signal, the tilt it asked for, and every rule's decision.

What is printed is what the engine decided on: signals as it heard them, which is some sessions
late, the weights in force, each layer's and the condors' decisions with the readings they rest on,
and the rules that were looked at and did not act.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

import alvh.engine
from alvh.advise.evening import Evening, read_evening
from alvh.advise.health import Health, health
from alvh.advise.quick_ratio import quick_ratio
from alvh.advise.steward import Steward, steward
from alvh.advise.verdicts import Verdict, verdicts
from alvh.errors import DataError
from alvh.guides import LAYER_NAMES, PROGRAMME_LAG, LayerTilt, layer_tilts, policy_signals
from alvh.kernel.condor_prices import expected_daily_range
from alvh.kernel.orders import time_value
from alvh.market.history import History
from alvh.policy import CondorProgramme, HedgePolicy
from alvh.result import Result
from alvh.signals import signal, signal_table
from alvh.signals.events import EVENTS, next_events
from alvh.signals.realised import CONTAINMENT, range_multiples

Floats = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One signal as the decision heard it.

    Attributes
    ----------
    name, idea, unit, layer : str
        ``layer`` is the one it moves by default, or empty.
    raw, z, score : float
        NaN where absent. The score, within ±4, is what a tilt uses.
    age_days : float
        Calendar days from the day that the value describes to the session that was heard.
    source : str
        What it rests on.
    acts_on : tuple of str
        Layers that the policy lets it move.
    """

    name: str
    idea: str
    unit: str
    layer: str
    raw: float
    z: float
    score: float
    age_days: float
    source: str
    acts_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contribution:
    """One signal's part in one layer's score: ``share`` × ``score``, signed."""

    signal: str
    weight: float
    score: float
    share: float
    part: float


@dataclass(frozen=True, slots=True)
class Weight:
    """One layer's weight: what the policy says, what signals ask for, and what is in force.

    Attributes
    ----------
    layer : str
    policy, asked, in_force, held : float
        Shares of the hedge: untilted; by today's factors; used for sizing; of the value held.
    score, risk_premium, factor : float
        See `alvh.guides.LayerTilt`.
    contributions : tuple of Contribution
    """

    layer: str
    policy: float
    asked: float
    in_force: float
    held: float
    score: float
    risk_premium: float
    factor: float
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of the day, with the figures it rested on."""

    sleeve: str
    action: str
    reason: str
    quantity: float
    reading: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that was looked at.

    Attributes
    ----------
    sleeve, rule : str
    reading, threshold : float
        NaN where there is none, or the rule is switched off.
    text : str
        What the rule found, in words.
    on : bool
        Whether the policy has it switched on.
    """

    sleeve: str
    rule: str
    reading: float
    threshold: float
    text: str
    on: bool


@dataclass(frozen=True)
class Explanation:
    """Why the book is what it is at the close of one day.

    Attributes
    ----------
    as_of, heard : datetime.date
        The day, and the session whose close the hedge's signals were read at.
    signals : tuple of SignalLine
        In the order of the catalogue.
    weights : tuple of Weight
    decisions : tuple of Decision
    rules : tuple of Rule
    health : Health or None
        None on days too early for it; ``missing`` says why.
    verdicts : tuple of Verdict
    steward : Steward or None
    missing : dict of str to str
        Why a part is absent.
    result : Result
        The run up to that day.
    """

    as_of: date
    heard: date
    signals: tuple[SignalLine, ...]
    weights: tuple[Weight, ...]
    decisions: tuple[Decision, ...]
    rules: tuple[Rule, ...]
    health: Health | None
    verdicts: tuple[Verdict, ...]
    steward: Steward | None
    missing: dict[str, str]
    result: Result


def explain(
    history: History,
    day: date | str,
    policy: HedgePolicy,
    programme: CondorProgramme,
    *,
    start: date | str | None = None,
    equity: float = alvh.engine.DEFAULT_EQUITY,
    fill: float = alvh.engine.DEFAULT_FILL,
) -> Explanation:
    """Explain the decisions of one day.

    Parameters
    ----------
    history : History
    day : datetime.date or str
        A session.
    policy, programme
        What is run.
    start : datetime.date or str, optional
        First session of the run that leads there; the history's first usable one without it.
    equity, fill
        As for ``alvh.backtest``.

    Returns
    -------
    Explanation

    Raises
    ------
    DataError
        If the day is no session that can be run to.
    """
    rows = np.flatnonzero(history.dates == np.datetime64(str(day)))
    if rows.size == 0:
        raise DataError(
            f"{day} is no session of this history, which runs from {history.dates[0]} to "
            f"{history.dates[-1]}; choose a day on which the market was open"
        )
    row = int(rows[0])
    result = alvh.engine.backtest(
        history, policy, programme, start=start, end=str(day), equity=equity, fill=fill
    )
    evening = read_evening(history, result)
    heard = max(row - policy.signal_lag, 0)
    missing: dict[str, str] = {}
    found, careful = _health(history, result, policy, programme, fill, missing)
    score = NAN if careful is None else careful.score
    return Explanation(
        as_of=history.dates[row].astype(object),
        heard=history.dates[heard].astype(object),
        signals=_signals(history, policy, heard),
        weights=_weights(history, policy, heard, result),
        decisions=_decisions(result),
        rules=(*_layer_rules(history, policy, row, evening),
               *_condor_rules(history, policy, programme, row, evening, careful)),
        health=found,
        verdicts=tuple(verdicts(found, policy.limits, score)) if found else (),
        steward=careful,
        missing=missing,
        result=result,
    )  # fmt: skip


def _health(
    history: History,
    result: Result,
    policy: HedgePolicy,
    programme: CondorProgramme,
    fill: float,
    missing: dict[str, str],
) -> tuple[Health | None, Steward | None]:
    found, careful = None, None
    try:
        found = health(history, result, stress_spx=policy.sizing.stress_spx)
    except DataError as refusal:
        missing["health"] = str(refusal)
    try:
        careful = steward(history, result, programme, policy, fill=fill)
    except DataError as refusal:
        missing["steward"] = str(refusal)
    return found, careful


def _signals(history: History, policy: HedgePolicy, heard: int) -> tuple[SignalLine, ...]:
    table = policy_signals(history, policy)
    lines = []
    for at, name in enumerate(table.names):
        one = signal(name)
        acts = tuple(used.layer for used in policy.tilt.signals if used.name == name)
        lines.append(
            SignalLine(
                name, one.idea, one.unit, one.layer, float(table.raw[heard, at]),
                float(table.z[heard, at]), float(table.score[heard, at]),
                float(table.age[heard, at]), table.provenance[at],
                acts if policy.tilt.strength > 0 else (),
            )
        )  # fmt: skip
    return tuple(lines)


def _weights(
    history: History, policy: HedgePolicy, heard: int, result: Result
) -> tuple[Weight, ...]:
    tilts = layer_tilts(history, policy)
    plain = np.array([layer.weight for layer in policy.layers])
    tilted = plain * np.array([tilt.factor[heard] for tilt in tilts])
    asked = tilted * (plain.sum() / tilted.sum()) if len(plain) else tilted
    book: Any = result.book
    value = {name: _value(book.cohorts[i]) for i, name in enumerate(LAYER_NAMES)}
    total = sum(value.values())
    force: Any = result.daily["weight"][-1]
    return tuple(
        Weight(
            tilt.layer, float(plain[i]), float(asked[i]),
            float(force[LAYER_NAMES.index(tilt.layer)]),
            value[tilt.layer] / total if total > 0.0 else NAN,
            float(tilt.score[heard]), float(tilt.risk_premium[heard]), float(tilt.factor[heard]),
            _contributions(tilt, heard),
        )
        for i, tilt in enumerate(tilts)
    )  # fmt: skip


def _value(cohort: Any) -> float:
    """Return USD of what a layer holds at its last marks, futures at their price."""
    count = int(cohort["legs"])
    size = cohort["ratio"][:count] * np.where(cohort["root"][:count] == 3, 1000.0, 100.0)
    return float(cohort["units"] * (size @ cohort["mid"][:count] - cohort["base"]))


def _contributions(tilt: LayerTilt, heard: int) -> tuple[Contribution, ...]:
    scores = tilt.scores[heard]
    sizes = np.abs(tilt.weights) * np.isfinite(scores)
    total = sizes.sum()
    out = []
    for name, weight, score, size in zip(tilt.names, tilt.weights, scores, sizes, strict=True):
        share = size / total if total > 0.0 else 0.0
        part = np.sign(weight) * share * score if np.isfinite(score) else 0.0
        out.append(Contribution(name, float(weight), float(score), float(share), float(part)))
    return tuple(out)


def _decisions(result: Result) -> tuple[Decision, ...]:
    today = result.decisions.filter(result.decisions["date"] == result.dates[-1].astype(object))
    names = ("sleeve", "action", "reason", "quantity", "reading", "threshold")
    return tuple(Decision(*(row[name] for name in names)) for row in today.iter_rows(named=True))


def _layer_rules(history: History, policy: HedgePolicy, row: int, evening: Evening) -> list[Rule]:
    """Return every rule of every layer: roll, strength, time value, event, inversion, ladder."""
    heard = max(row - policy.signal_lag, 0)
    table = policy_signals(history, policy)
    rsi = float(table["rsi_vx1"].raw[heard])
    slope = float(table["vix_slope"].raw[heard])
    distortion = float(table["basis_distortion"].raw[heard])
    ahead = next_events(history)[row]
    soonest = np.fmin.reduce(ahead)
    wait = float((soonest - history.dates[row]).astype(float)) if not np.isnat(soonest) else NAN
    book: Any = evening.result.book
    rules = []
    for layer in policy.layers:
        cohort = book.cohorts[LAYER_NAMES.index(layer.name)]
        state = book.layer_states[LAYER_NAMES.index(layer.name)]
        held = int(cohort["units"]) > 0
        left = float(cohort["expiry"][0] - evening.day["date"]) if held else NAN
        spent = NAN
        if held and state["extrinsic"] > 0.0:
            spent = float(time_value(evening.day, cohort)) / float(state["extrinsic"])
        place = layer.name
        multiple = _multiple(cohort) if held else NAN
        rungs = policy.monetisation.multiples
        nxt = rungs[int(cohort["rungs"])] if held and int(cohort["rungs"]) < len(rungs) else NAN
        rules += [
            Rule(place, "roll by calendar", left, float(layer.roll_days),
                 "days to expiry; rolls at or below", layer.roll_days > 0),
            Rule(place, "roll by time value", spent, _or_nan(layer.roll_extrinsic),
                 "share of the time value paid that is left; rolls at or below",
                 layer.roll_extrinsic is not None),
            Rule(place, "roll into strength", rsi, _or_nan(layer.roll_strength),
                 "RSI of the front future; rolls early above", layer.roll_strength is not None),
            Rule(place, "outlive the next event", wait, left,
                 "days to the next event; must be fewer than those to expiry", layer.spans_event),
            Rule(place, "inverted curve", slope, policy.inversion.threshold,
                 "VIX over VIX3M; above, "
                 + ("does not buy, and takes gains" if layer.name in policy.inversion.stop_buying
                    else "takes gains"), policy.inversion.enabled),
            Rule(place, "distortion", distortion, _or_nan(policy.execution.defer_distortion),
                 "front future's basis, median deviations; an order waits beyond, either way",
                 policy.execution.defer_distortion is not None),
            Rule(place, "ladder", multiple, float(nxt), "worth over cost; next rung at",
                 policy.monetisation.enabled and not policy.monetisation.vix_levels),
        ]  # fmt: skip
    return rules


def _multiple(cohort: Any) -> float:
    return _value(cohort) / (cohort["units"] * cohort["cost"]) if cohort["cost"] > 0 else NAN


def _or_nan(value: float | None) -> float:
    return NAN if value is None else float(value)


def _condor_rules(
    history: History,
    policy: HedgePolicy,
    programme: CondorProgramme,
    row: int,
    evening: Evening,
    careful: Steward | None,
) -> list[Rule]:
    """Return every rule of the condors: gate, events, range, premium, time shift, limits."""
    before = max(row - PROGRAMME_LAG, 0)
    days = evening.surfaces.days
    prior = days[max(evening.row - 1, 0)]
    vix, reach = float(prior["vix"]), float(expected_daily_range(prior))
    share = programme.containment or CONTAINMENT
    scale = float(range_multiples(history, share)[before])
    gauge = float(signal_table(history)["premium_gauge"].raw[before])
    least = policy.limits.quick_ratio
    shift, binding = programme.time_shift, policy.limits.binding
    wait = (next_events(history)[row] - history.dates[row]).astype(float)
    events = [
        Rule("condors", f"next {kind.upper()}",
             float(wait[i]) if not np.isnat(next_events(history)[row, i]) else NAN,
             float(programme.skip_days), "calendar days ahead; no entry at or below",
             kind in programme.skip_events)
        for i, kind in enumerate(EVENTS)
    ]  # fmt: skip
    return [
        Rule("condors", "VIX gate", vix, NAN, f"yesterday's VIX; gate {programme.gate}",
             programme.gate != "none"),
        *events,
        Rule("condors", "expected daily range", reach, NAN,
             "of the index by yesterday's VIX9D or VIX and realised volatility",
             programme.range_multiple is not None),
        Rule("condors", "calibrated containment", scale, share,
             "multiple of the range that held the index on that share of three years",
             programme.containment is not None),
        Rule("condors", "premium gauge", gauge, _or_nan(programme.premium_floor),
             "percentile of VIX over realised in a year; no entry below",
             programme.premium_floor is not None),
        Rule("condors", "time shift by VIX", vix, shift.vix, "yesterday's VIX; above",
             shift.enabled),
        Rule("condors", "time shift by range", reach, shift.expected_range,
             "expected daily range; above", shift.enabled),
        Rule("condors", "quick ratio", quick_ratio(evening).ratio, _or_nan(least),
             "at the close; below, no entry", "quick_ratio" in binding),
        Rule("condors", "steward's score", NAN if careful is None else careful.score,
             _or_nan(policy.limits.steward_score), "at the close; below, no entry",
             "steward_score" in binding),
    ]  # fmt: skip
