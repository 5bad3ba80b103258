"""The presets: that they load, say what they should, and give a source for every number."""

import re
from importlib import resources

import pytest
import yaml

from alvh.policy import list_policies, load_policy, load_programme, policy_hash
from alvh.policy.models import Monetisation, Sizing
from alvh.policy.source import read_source

FOLDER = resources.files("alvh.policy") / "presets"
FILES = sorted(
    (file for kind in ("hedges", "programmes") for file in (FOLDER / kind).iterdir()),
    key=lambda file: str(file),
)
HEDGES = {
    "alvh-40-40-20",
    "alvh-4-4-2",
    "alvh-adaptive",
    "single-call",
    "vxth",
    "futures-40-40-20",
    "spx-puts",
    "none",
    "fewer-condors",
}
PROGRAMMES = {
    "cndr",
    "monthly45",
    "monthly45-adaptive",
    "daily1",
    "daily1-adaptive",
    "index",
    "none",
}


def _numbers(node: yaml.Node, path: tuple[str | int, ...] = ()):
    """Paths of every leaf that holds a digit, names and descriptions apart."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _numbers(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _numbers(value, (*path, place))
    elif re.search(r"\d", node.value) and path[-1] not in ("name", "description"):
        yield path


def test_every_preset_asked_for_is_there() -> None:
    found = list_policies()
    assert {preset.name for preset in found if preset.kind == "hedge"} == HEDGES
    assert {preset.name for preset in found if preset.kind == "programme"} == PROGRAMMES
    assert len({preset.policy_hash for preset in found}) == len(HEDGES) + len(PROGRAMMES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_number_has_its_source_on_its_line(file) -> None:
    text = file.read_text(encoding="utf-8")
    origins = read_source(text, file.name).origins
    for path in _numbers(yaml.compose(text)):
        assert path in origins, f"{file.name}: {path} has no source"
        known = re.match(r"(the method|Cboe |our choice: )", origins[path])
        assert known, f"{file.name}: {path} has the vague source {origins[path]!r}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_preset_is_named_as_its_file(file) -> None:
    assert read_source(file.read_text(), "").values["name"] == file.name.removesuffix(".yaml")


def test_the_layers_are_those_of_the_method() -> None:
    # The method's layer table: share, tenor, roll, delta bought, delta sold.
    layers = [
        (a.name, a.weight, a.instrument, a.tenor_days, a.roll_days, a.delta, a.short_delta)
        for a in load_policy("alvh-40-40-20").layers
    ]
    assert layers == [
        ("short", 0.4, "vix_call", 30, 21, 0.5, None),
        ("medium", 0.4, "vix_call_spread", 110, 75, 0.5, 0.2),
        ("tail", 0.2, "vix_call", 220, 150, 0.25, None),
    ]


def test_vxth_follows_the_published_schedule() -> None:
    # Cboe VXTH: 0 / 1 / 0.5 / 0 % of the portfolio, breakpoints 15 / 30 / 50 on the future.
    policy = load_policy("vxth")
    (layer,) = policy.layers
    assert layer.schedule is not None
    assert layer.schedule.breakpoints == (15, 30, 50)
    assert [policy.sizing.budget * w for w in layer.schedule.weights] == [0, 0.01, 0.005, 0]
    assert (layer.roll_days, layer.weeklies, policy.monetisation.enabled) == (0, False, False)


def test_cndr_follows_the_published_index() -> None:
    # Cboe CNDR: deltas 0.20 and 0.05, one month, held; bills of ten times the maximum loss.
    cndr = load_programme("cndr")
    assert (cndr.short_delta, cndr.long_delta, cndr.risk_fraction) == (0.2, 0.05, 1 / 10)
    assert (cndr.settlement, cndr.expiry_rule, cndr.entry) == ("am", "third_friday", "on_expiry")
    assert (cndr.exit_days, cndr.take_profit, cndr.stop) == (0, None, None)


def test_model_defaults_are_those_of_the_default_presets() -> None:
    default = load_policy("alvh-40-40-20")
    assert default.sizing == Sizing()
    assert default.monetisation == Monetisation()
    given = load_programme("monthly45").model_dump()
    fields = type(load_programme("monthly45")).model_fields
    for key in ("tenor_days", "risk_fraction", "step", "settlement", "expiry_rule", "entry"):
        assert given[key] == fields[key].default, key


def test_none_and_fewer_condors_hold_nothing_but_are_two_policies() -> None:
    nothing, fewer = load_policy("none"), load_policy("fewer-condors")
    assert nothing.layers == fewer.layers == ()
    assert policy_hash(nothing) != policy_hash(fewer)
