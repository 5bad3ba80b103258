"""The models: immutability, scaling, and the laws of the weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alvh.policy import HedgePolicy, Layer, Monetisation, load_policy

TENORS = {"short": 30, "medium": 110, "tail": 220}


def _policy(weights: tuple[float, float, float]) -> HedgePolicy:
    layers = [
        {"name": n, "weight": w, "instrument": "vix_call", "tenor_days": t, "delta": 0.5}
        for (n, t), w in zip(TENORS.items(), weights, strict=True)
    ]
    return HedgePolicy.model_validate({"name": "split", "layers": layers})


@given(st.integers(0, 20), st.integers(0, 20))
def test_every_split_in_steps_of_five_per_cent_is_accepted(first: int, second: int) -> None:
    short, medium = min(first, second), abs(first - second)
    weights = (short / 20, medium / 20, (20 - short - medium) / 20)
    assert sum(layer.weight for layer in _policy(weights).layers) == pytest.approx(1.0, abs=1e-12)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_weights_off_one_are_refused(weights: tuple[float, float, float]) -> None:
    if abs(sum(weights) - 1) <= 1e-9:
        return
    with pytest.raises(ValidationError, match="weights that sum to 1"):
        _policy(weights)


def test_a_policy_cannot_be_changed() -> None:
    policy = load_policy("vxth")
    with pytest.raises(ValidationError, match="frozen"):
        policy.name = "other"  # type: ignore[misc]
    assert hash(policy) == hash(load_policy("vxth"))


def test_scaling_multiplies_and_leaves_the_original_alone() -> None:
    policy = load_policy("alvh-40-40-20")
    doubled = policy.scaled(2.0)
    assert (doubled.scaled(1.5).sizing.scale, policy.sizing.scale) == (3.0, 1.0)
    assert doubled.layers == policy.layers
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        policy.scaled(-1.0)
    with pytest.raises(ValueError, match="finite"):
        policy.scaled(float("nan"))


def test_a_layer_is_found_by_name() -> None:
    policy = load_policy("single-call")
    assert policy.layer("short") == policy.layers[0]
    assert policy.layer("tail") is None


def test_a_back_spread_sells_nearer_the_money() -> None:
    # One call sold at the larger delta pays for two bought at the smaller.
    given = {"name": "tail", "weight": 1, "instrument": "vix_backspread", "tenor_days": 220}
    assert Layer.model_validate(given | {"delta": 0.2, "short_delta": 0.45}).is_option
    with pytest.raises(ValidationError, match="nearer the money"):
        Layer.model_validate(given | {"delta": 0.45, "short_delta": 0.2})


def test_a_basket_does_not_roll_on_a_day() -> None:
    given = {"name": "medium", "weight": 1, "instrument": "basket_mid", "tenor_days": 150}
    assert not Layer.model_validate(given).is_option
    with pytest.raises(ValidationError, match="rolls a little every day"):
        Layer.model_validate(given | {"roll_days": 20})


def test_monetisation_needs_a_rung() -> None:
    assert Monetisation.model_validate({"fraction": "1/3"}).fraction == 1 / 3
    assert not Monetisation(enabled=False, multiples=()).vix_levels
    for wrong, match in (
        ({"multiples": []}, "at least one of multiples"),
        ({"multiples": [1, 2]}, "numbers above 1"),
        ({"vix_levels": [40, 30]}, "rise from left to right"),
        ({"fraction": "1/0"}, "valid number"),
        ({"fraction": "4/3"}, "less than or equal to 1"),
    ):
        with pytest.raises(ValidationError, match=match):
            Monetisation.model_validate(wrong)
