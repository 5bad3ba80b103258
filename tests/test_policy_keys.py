"""Every key of a policy, changed, changes a number, or is reported to change nothing.

The books are run on the shared data from 2007; what no run can show (the limits that only judge a
book's health) is looked for in the verdicts.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

import alvh
from alvh.advise.health import health
from alvh.advise.verdicts import verdicts
from alvh.policy import (
    CondorProgramme,
    HedgePolicy,
    inactive_keys,
    inactive_programme_keys,
    load_policy,
    load_programme,
)

START = "2007-01-03"
JUDGED = ("protection_pe", "dividend_value", "wacc_drag", "shortfall")
# A value other than the preset's for every key of the adaptive policy; signals by their place.
CHANGED: dict[str, Any] = {
    "weight_basis": "vega", "signal_lag": 3,
    "sizing.mode": "spend", "sizing.budget": 0.02, "sizing.spend_per_year": 0.05,
    "sizing.spend_base": "credits", "sizing.offset": 0.5, "sizing.offset_cap": 0.01,
    "sizing.stress_spx": -0.08, "sizing.contracts_per_ten_condors": 5, "sizing.scale": 1.5,
    "monetisation.enabled": False, "monetisation.multiples": (1.5, 3.0),
    "monetisation.vix_levels": (25.0, 40.0), "monetisation.fraction": 0.5,
    "tilt.strength": 0.5, "tilt.floor": 0.9, "tilt.cap": 1.1, "tilt.band": 0.02,
    "tilt.confirmations": 5, "tilt.window": 400, "tilt.signals": (), "tilt.risk_premium": False,
    "tilt.trailing_mirr": 1.0,
    "rebalancing.mode": "roll", "rebalancing.band": 0.03, "rebalancing.confirmations": 5,
    "inversion.enabled": False, "inversion.threshold": 0.95,
    "inversion.stop_buying": ("short", "medium"), "inversion.monetise": False,
    "reentry.stages": 0, "reentry.retrace": 0.1, "reentry.gap_days": 10,
    "execution.construction": "synthetic", "execution.defer_distortion": None,
    "execution.defer_days": 1, "execution.depth": 50.0, "execution.slice": 0.02,
    "limits.quick_ratio": 100.0, "limits.steward_score": 0.9, "limits.binding": ("steward_score",),
    "limits.protection_pe": 1000.0, "limits.dividend_value": 1000.0, "limits.wacc_drag": 9.0,
    "limits.shortfall": 9.0,
}  # fmt: skip
LAYER_CHANGED: dict[str, Any] = {
    "weight": None, "instrument": "vix_call_spread", "tenor_days": 40, "roll_days": 10,
    "delta": 0.4, "short_delta": None, "strike": None, "weeklies": False, "financing": None,
    "roll_to": "least_cost", "roll_extrinsic": 0.5, "roll_days_inverted": 20,
    "roll_strength": 55.0, "roll_strength_days": 5, "spans_event": False,
    "schedule": {"breakpoints": [15, 30, 50], "weights": [0, 1, 0.5, 0]},
}  # fmt: skip
PROGRAMME_CHANGED: dict[str, Any] = {
    "kind": None, "settlement": "am", "expiry_rule": "third_friday", "tenor_days": 60,
    "entry": "daily", "short_delta": 0.2, "long_delta": None, "width": None,
    "range_multiple": 1.5, "credit_target": 1.6, "step": 10.0, "take_profit": 0.7,
    "exit_days": 14, "stop": 0.3, "risk_fraction": 0.02, "risk_basis": "width", "contracts": 3,
    "gate": "B", "skip_events": ("fomc",), "skip_days": 4, "containment": 0.95,
    "premium_floor": 0.6, "fill": 1.0,
    "time_shift.enabled": True, "time_shift.vix": 40.0, "time_shift.expected_range": 0.003,
    "time_shift.delta": 0.1, "time_shift.most_days": 2, "time_shift.rolls": 1,
}  # fmt: skip


def _leaves(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Every key of a model, dotted; labels and the layers apart."""
    out: list[str] = []
    for name, field in model.model_fields.items():
        if name in ("name", "description", "layers"):
            continue
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            out += _leaves(inner, f"{prefix}{name}.")
        else:
            out.append(prefix + name)
    return out


def _with(policy: Any, key: str, value: Any) -> Any:
    values = policy.model_dump()
    *path, last = key.split(".")
    inner = values
    for step in path:
        inner = inner[step]
    inner[last] = value
    return type(policy).model_validate(values)


def _with_layer(policy: HedgePolicy, layer: str, **changes: Any) -> HedgePolicy:
    values = policy.model_dump()
    values["layers"] = [one | (changes if one["name"] == layer else {}) for one in values["layers"]]
    return HedgePolicy.model_validate(values)


@cache
def _history(folder: str) -> alvh.History:
    return alvh.load_history(folder)


def _outcome(folder: str, policy: Any, programme: Any) -> tuple[Any, ...]:
    """What a user sees of a run: the account, and every decision with its reason."""
    result = alvh.backtest(_history(folder), policy, programme, start=START)
    frame = result.decisions
    return result.nav.tobytes(), tuple(frame["reason"]), tuple(frame["date"])


@cache
def _base(folder: str, hedge: str, programme: str) -> tuple[Any, ...]:
    return _outcome(folder, load_policy(hedge), load_programme(programme))


def test_every_key_has_a_change_to_try():
    assert set(_leaves(HedgePolicy)) == set(CHANGED)
    assert set(LAYER_CHANGED) == set(HedgePolicy.model_fields["layers"].annotation.__args__[0]
                                     .model_fields) - {"name"}  # fmt: skip
    assert set(_leaves(CondorProgramme)) == set(PROGRAMME_CHANGED)


@pytest.mark.parametrize("key", [key for key in CHANGED if not key.endswith(JUDGED)])
def test_a_key_of_the_adaptive_policy_acts_or_is_reported(shared_data, key):
    base = load_policy("alvh-adaptive")
    changed = _with(base, key, CHANGED[key])
    if key == "limits.steward_score":  # judged in the health figures, and here it does not bind
        return
    same = _outcome(shared_data, changed, "monthly45") == _base(
        shared_data, "alvh-adaptive", "monthly45"
    )
    assert same == (key in inactive_keys(base))


@pytest.mark.parametrize("key", [key for key in CHANGED if not key.endswith(JUDGED)])
def test_a_key_of_the_static_policy_acts_or_is_reported(shared_data, key):
    base = load_policy("alvh-40-40-20")
    if key.startswith("limits.") or key == "inversion.threshold":
        return  # nothing binds
    value = {"tilt.signals": ({"name": "macd", "layer": "tail"},), "tilt.risk_premium": True,
             "rebalancing.mode": "band", "inversion.enabled": True, "reentry.stages": 3,
             "execution.construction": "synthetic", "execution.defer_distortion": 1.0,
             }.get(key, CHANGED[key])  # fmt: skip
    same = _outcome(shared_data, _with(base, key, value), "monthly45") == _base(
        shared_data, "alvh-40-40-20", "monthly45"
    )
    assert same == (key in inactive_keys(base))


@pytest.mark.parametrize("key", LAYER_CHANGED)
def test_a_key_of_a_layer_acts_or_is_reported(shared_data, key):
    base = load_policy("alvh-adaptive")
    changes: dict[str, Any] = {key: LAYER_CHANGED[key]}
    layer = "short"
    if key == "weight":
        changed = _with_layer(_weights(base, 0.3, 0.5), "tail")
    elif key == "instrument":
        changed = _with_layer(base, "short", instrument="vix_call_spread", short_delta=0.2)
    elif key == "short_delta":
        changed = _with_layer(base, "medium", short_delta=0.3)
    elif key == "financing":
        changed = _with_layer(base, "medium", short_delta=None, financing=0.3)
    elif key == "strike":
        changed = _with_layer(base, "tail", delta=None, strike=40)
    else:
        changed = _with_layer(base, layer, **changes)
    same = _outcome(shared_data, changed, "monthly45") == _base(
        shared_data, "alvh-adaptive", "monthly45"
    )
    assert same == (f"layers.{layer}.{key}" in inactive_keys(base))


def _weights(policy: HedgePolicy, short: float, medium: float) -> HedgePolicy:
    values = policy.model_dump()
    for layer, weight in zip(values["layers"], (short, medium, 1 - short - medium), strict=True):
        layer["weight"] = weight
    return HedgePolicy.model_validate(values)


@pytest.mark.parametrize("name", ["monthly45", "daily1-adaptive"])
@pytest.mark.parametrize("key", PROGRAMME_CHANGED)
def test_a_key_of_a_programme_acts_or_is_reported(shared_data, name, key):
    base = load_programme(name)
    ranged = base.range_multiple is not None
    special: dict[str, dict[str, Any]] = {
        "kind": {"kind": "none", "short_delta": None, "long_delta": None, "width": None,
                 "range_multiple": None, "credit_target": None, "take_profit": None,
                 "stop": None, "contracts": None, "containment": None},
        "settlement": {"settlement": "am", "time_shift": {"enabled": False}},
        "expiry_rule": {"expiry_rule": "third_friday"} if not ranged else {},
        "short_delta": {"short_delta": 0.2, "range_multiple": None, "credit_target": None,
                        "containment": None},
        "long_delta": {"long_delta": 0.08, "width": None},
        "width": {"width": 50.0, "long_delta": None},
        "range_multiple": {"range_multiple": 1.5, "short_delta": None, "long_delta": None,
                           "width": base.width or 25.0},
        "tenor_days": {"tenor_days": 2} if ranged else {"tenor_days": 60},
        "time_shift.enabled": {"time_shift": {"enabled": not base.time_shift.enabled}},
        "exit_days": {} if ranged else {"exit_days": 14},
        "entry": {"entry": "weekly"} if ranged else {"entry": "daily"},
    }  # fmt: skip
    if key in inactive_programme_keys(base):
        return  # the settings it belongs to are not written down
    if key in special:
        if not special[key]:
            return  # a one-day condor has no other expiry and no earlier exit
        changed = CondorProgramme.model_validate(base.model_dump() | special[key])
    else:
        changed = _with(base, key, PROGRAMME_CHANGED[key])
    assert changed != base
    assert _outcome(shared_data, "none", changed) != _base(shared_data, "none", name)


@pytest.mark.parametrize("key", ["sizing.spend_base", "rebalancing.band", "tilt.window",
                                 "inversion.monetise", "reentry.gap_days",
                                 "layers.tail.roll_strength_days"])  # fmt: skip
def test_what_is_reported_inactive_changes_nothing(shared_data, key):
    """Keys that the static policy does not use, one of each kind."""
    base = load_policy("alvh-40-40-20")
    assert key in inactive_keys(base)
    if key.startswith("layers."):
        changed = _with_layer(base, "tail", roll_strength_days=3)
    else:
        changed = _with(base, key, CHANGED[key])
    assert _outcome(shared_data, changed, "cndr") == _base(shared_data, "alvh-40-40-20", "cndr")


@pytest.mark.parametrize("name", JUDGED)
def test_a_limit_that_only_judges_changes_its_verdict(name):
    history = alvh.load_history("bundled")
    policy = load_policy("alvh-40-40-20")
    result = alvh.backtest(history, policy, "monthly45", end="2017-06-30")
    figures = health(history, result)
    now = {one.name: one for one in verdicts(figures, policy.limits)}[name]
    assert not np.isnan(now.value)
    for limit in (2.0 * abs(now.value), 0.5 * now.value):
        if limit > 0.0:
            other = _with(policy, f"limits.{name}", limit)
            told = {one.name: one for one in verdicts(figures, other.limits)}[name]
            assert told.passed == (limit > now.value)
    silent = _with(policy, f"limits.{name}", None)
    assert {one.name: one for one in verdicts(figures, silent.limits)}[name].passed is None


def test_a_policy_without_layers_uses_nothing_but_its_limits():
    idle = inactive_keys(load_policy("none"))
    assert set(_leaves(HedgePolicy)) - set(idle) == {
        key for key in CHANGED if key.startswith("limits.")
    }


def test_a_programme_without_condors_uses_only_its_kind():
    idle = inactive_programme_keys(load_programme("index"))
    assert set(_leaves(CondorProgramme)) - set(idle) == {"kind"}
