"""Loading: names, paths, and every way a file can be wrong, each as one line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh.errors import PolicyError
from alvh.policy import load_policy, load_programme, open_policy, policy_hash
from alvh.policy.source import read_source

GOOD = """\
name: mine
layers:
  - name: short
    weight: 0.6
    instrument: vix_call
    tenor_days: 30
    roll_days: 21
    delta: 0.5
  - name: medium
    weight: 0.4
    instrument: vix_call_spread
    tenor_days: 110
    delta: 0.5
    short_delta: 0.2
sizing:
  mode: budget
  budget: 0.02
"""
CONDORS = """\
name: mine
kind: condors
short_delta: 0.16
long_delta: 0.05
exit_days: 21
"""


def _write(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def _refusal(folder: Path, text: str, load=load_policy) -> str:
    """Load the text as a file and return the refusal, the folder cut off."""
    with pytest.raises(PolicyError) as caught:
        load(_write(folder, text))
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(f"{folder}/", "")


def test_a_file_loads_as_written(tmp_path: Path) -> None:
    policy = load_policy(str(_write(tmp_path, GOOD)))
    assert [layer.weight for layer in policy.layers] == [0.6, 0.4]
    assert policy.sizing.budget == 0.02
    assert load_policy(policy) is policy


def test_order_and_comments_do_not_change_the_hash(tmp_path: Path) -> None:
    first = load_policy(_write(tmp_path, GOOD))
    lines = GOOD.splitlines()
    turned = "\n".join(["# a note", *lines[14:], *lines[:14]]) + "\n"
    assert policy_hash(load_policy(_write(tmp_path, turned))) == policy_hash(first)
    changed = GOOD.replace("0.02", "0.021")
    assert policy_hash(load_policy(_write(tmp_path, changed))) != policy_hash(first)


# Each case: what is changed in GOOD, what into, and the whole refusal.
WRONG_HEDGES = {
    "unknown key": (
        "roll_days: 21",
        "rol_days: 21",
        "mine.yaml:7: layers[0].rol_days is an unknown key; wanted one of name, weight, "
        "instrument, tenor_days, roll_days, delta, short_delta, strike, weeklies, financing, "
        "roll_to, roll_extrinsic, roll_days_inverted, roll_strength, roll_strength_days, "
        "spans_event, schedule; did you mean roll_days?",
    ),
    "unknown key at the root": (
        "sizing:",
        "sizeing:",
        "mine.yaml:15: sizeing is an unknown key; wanted one of name, description, layers, "
        "weight_basis, sizing, monetisation, tilt, rebalancing, inversion, reentry, execution, "
        "limits, signal_lag; did you mean sizing?",
    ),
    "weights": (
        "weight: 0.4",
        "weight: 0.5",
        "mine.yaml:10: layers[1].weight is 0.5; wanted weights that sum to 1 (0.6 + 0.5 = 1.1); "
        "lower the weights by 0.1 in all",
    ),
    "delta above one": (
        "delta: 0.5\n  -",
        "delta: 1.5\n  -",
        "mine.yaml:8: layers[0].delta is 1.5; wanted a number above 0 and below 1; "
        "write for example `delta: 0.5`",
    ),
    "delta of zero": (
        "delta: 0.5\n  -",
        "delta: 0\n  -",
        "mine.yaml:8: layers[0].delta is 0; wanted a number above 0 and below 1; "
        "write for example `delta: 0.5`",
    ),
    "short delta not below delta": (
        "short_delta: 0.2",
        "short_delta: 0.5",
        "mine.yaml:14: layers[1].short_delta is 0.5; wanted less than delta 0.5, the sold option "
        "being further out of the money; lower short_delta, or raise delta",
    ),
    "spread without a short delta": (
        "    short_delta: 0.2\n",
        "",
        "mine.yaml:9: layers[1].short_delta is missing; wanted one short_delta or "
        "financing for a vix_call_spread; add the delta of the sold option",
    ),
    "tenors out of order": (
        "tenor_days: 110",
        "tenor_days: 30",
        "mine.yaml:12: layers[1].tenor_days is 30; wanted more than the 30 days of the short "
        "layer; raise the medium layer's tenor_days, or lower the short layer's",
    ),
    "layers out of order": (
        "name: short",
        "name: tail",
        "mine.yaml:9: layers[1].name is 'medium'; wanted layers in the order short, medium, tail; "
        "move the medium layer above the tail layer",
    ),
    "a layer twice": (
        "name: medium",
        "name: short",
        "mine.yaml:9: layers[1].name is 'short'; wanted a different name for every layer; "
        "choose among medium, tail",
    ),
    "roll after the tenor": (
        "roll_days: 21",
        "roll_days: 30",
        "mine.yaml:7: layers[0].roll_days is 30; wanted fewer days than tenor_days 30; "
        "lower roll_days, or raise tenor_days",
    ),
    "negative budget": (
        "budget: 0.02",
        "budget: -0.02",
        "mine.yaml:17: sizing.budget is -0.02; wanted a number at or above 0 and at or below 1; "
        "write for example `budget: 0.01`",
    ),
    "misspelt choice": (
        "instrument: vix_call\n",
        "instrument: vix_cal\n",
        "mine.yaml:5: layers[0].instrument is 'vix_cal'; wanted one of vix_call, vix_call_spread, "
        "vix_backspread, vix_future, vix_futures_spread, basket_short, basket_mid, spx_put, "
        "spx_put_backspread; did you mean vix_call?",
    ),
    "missing key": (
        "    tenor_days: 30\n",
        "",
        "mine.yaml:3: layers[0].tenor_days is missing; wanted target calendar days to expiry at "
        "entry; add `tenor_days: 30`",
    ),
    "number as text": (
        "budget: 0.02",
        "budget: '0.02'",
        "mine.yaml:17: sizing.budget is '0.02'; wanted a number; write for example `budget: 0.01`",
    ),
    "not a number": (
        "budget: 0.02",
        "budget: .nan",
        "mine.yaml:17: sizing.budget is nan; wanted a finite number; "
        "write for example `budget: 0.01`",
    ),
    "half a day": (
        "roll_days: 21",
        "roll_days: 20.5",
        "mine.yaml:7: layers[0].roll_days is 20.5; wanted a whole number; "
        "write for example `roll_days: 21`",
    ),
    "delta and strike": (
        "delta: 0.5\n  -",
        "delta: 0.5\n    strike: 40\n  -",
        "mine.yaml:8: layers[0].delta is 0.5; wanted either delta or strike for a vix_call; "
        "remove delta or strike",
    ),
    "delta of a future": (
        "instrument: vix_call\n",
        "instrument: vix_future\n",
        "mine.yaml:8: layers[0].delta is 0.5; wanted no delta for a vix_future; "
        "remove the line, or choose an option as the instrument",
    ),
    "schedule length": (
        "delta: 0.5\n  -",
        "delta: 0.5\n    schedule:\n      breakpoints: [15, 30]\n      weights: [0, 1]\n  -",
        "mine.yaml:11: layers[0].schedule.weights is [0.0, 1.0]; wanted 3 weights for 2 "
        "breakpoints; give one weight below the first breakpoint, one between each two and one "
        "above the last",
    ),
    "schedule order": (
        "delta: 0.5\n  -",
        "delta: 0.5\n    schedule:\n      breakpoints: [30, 15]\n      weights: [0, 1, 1]\n  -",
        "mine.yaml:10: layers[0].schedule.breakpoints is [30.0, 15.0]; wanted numbers that rise "
        "from left to right; write breakpoints: [15.0, 30.0]",
    ),
    "too many rungs": (
        "sizing:",
        "monetisation:\n  multiples: [2, 3, 4, 5, 6]\nsizing:",
        "mine.yaml:16: monetisation.multiples is [2, 3, 4, 5, 6]; wanted at most 4 of them; "
        "write for example `multiples: [2, 4]`",
    ),
    "no breakpoints": (
        "delta: 0.5\n  -",
        "delta: 0.5\n    schedule:\n      breakpoints: []\n      weights: [1]\n  -",
        "mine.yaml:10: layers[0].schedule.breakpoints is []; wanted at least 1 of them; "
        "write for example `breakpoints: [15, 30, 50]`",
    ),
    "a key twice": (
        "roll_days: 21",
        "tenor_days: 21",
        "mine.yaml:7: tenor_days is given twice, first on line 6; wanted once; remove one of them",
    ),
    "empty value": (
        "budget: 0.02",
        "budget:",
        "mine.yaml:17: sizing.budget is empty; wanted a number; write for example `budget: 0.01`",
    ),
    "two problems": (
        "roll_days: 21\n    delta: 0.5",
        "roll_days: -1\n    delta: 2",
        "mine.yaml:7: layers[0].roll_days is -1; wanted a number at or above 0; "
        "write for example `roll_days: 21` (and 1 more problem below)",
    ),
}


@pytest.mark.parametrize("case", WRONG_HEDGES)
def test_a_wrong_hedge_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    old, new, message = WRONG_HEDGES[case]
    assert old in GOOD
    assert _refusal(tmp_path, GOOD.replace(old, new, 1)) == message


WRONG_PROGRAMMES = {
    "wing not beyond the short": (
        "long_delta: 0.05",
        "long_delta: 0.16",
        "mine.yaml:4: long_delta is 0.16; wanted less than short_delta 0.16; "
        "lower long_delta, or raise short_delta",
    ),
    "two rules for the wing": (
        "exit_days: 21",
        "width: 25",
        "mine.yaml:4: long_delta is 0.05; wanted either long_delta or width; "
        "remove long_delta or width",
    ),
    "no rule for the shorts": (
        "short_delta: 0.16",
        "gate: A",
        "mine.yaml:1: short_delta is missing; wanted either short_delta or range_multiple; "
        "write short_delta: 0.16",
    ),
    "exit before the entry": (
        "exit_days: 21",
        "exit_days: 45",
        "mine.yaml:5: exit_days is 45; wanted fewer days than tenor_days 45; "
        "lower exit_days, or raise tenor_days",
    ),
    "condor keys on the index": (
        "kind: condors",
        "kind: index",
        "mine.yaml:3: short_delta is 0.16; wanted no short_delta where kind is index; "
        "remove the line, or write kind: condors",
    ),
    "credit above the width": (
        "short_delta: 0.16\nlong_delta: 0.05",
        "range_multiple: 1\nwidth: 10\ncredit_target: 10",
        "mine.yaml:5: credit_target is 10.0; wanted less than the width 10; "
        "lower credit_target, or widen the wings",
    ),
    "credit without a range": (
        "exit_days: 21",
        "credit_target: 1",
        "mine.yaml:5: credit_target is 1.0; wanted a credit_target only beside range_multiple; "
        "write range_multiple: 1.0 in place of short_delta, or remove the line",
    ),
}


@pytest.mark.parametrize("case", WRONG_PROGRAMMES)
def test_a_wrong_programme_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    old, new, message = WRONG_PROGRAMMES[case]
    assert old in CONDORS
    assert _refusal(tmp_path, CONDORS.replace(old, new, 1), load_programme) == message


NOT_POLICIES = {
    "empty": ("", "mine.yaml:1: the file is empty"),
    "a list": ("- 1\n- 2\n", "mine.yaml:1: the file is a list"),
    "a word": ("hello\n", "mine.yaml:1: the file is 'hello'"),
    "broken": ("name: [a\nlayers: 1\n", "mine.yaml:2: cannot be read as YAML"),
    "a tab": ("name: a\nlayers:\n\t- x\n", "mine.yaml:3: cannot be read as YAML"),
    "a control character": ("name: a\ndescription: \x07\n", "mine.yaml:2: cannot be read as YAML"),
    "an alias": ("name: &a b\ndescription: *a\n", "mine.yaml:1: an anchor or alias ('a')"),
    "a tag": ("name: !!python/name:os.system x\n", "mine.yaml:1: cannot be read as YAML"),
    "an impossible date": ("name: 2026-99-99\n", "mine.yaml:1: name is '2026-99-99', which reads"),
    "a false number": ("name: !!int x\n", "mine.yaml:1: name is 'x', which reads as int"),
    "two documents": ("name: a\n---\nname: b\n", "mine.yaml:2: cannot be read as YAML"),
    "a programme": ("name: a\nkind: none\n", "mine.yaml:1: the file is a condor programme"),
    "deep": ("name: " + "[" * 1500 + "]" * 1500, "mine.yaml: is nested too deeply"),
}


@pytest.mark.parametrize("case", NOT_POLICIES)
def test_what_is_not_a_policy_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    text, start = NOT_POLICIES[case]
    assert _refusal(tmp_path, text).startswith(start)


def test_a_hedge_given_as_a_programme_is_named(tmp_path: Path) -> None:
    assert "the file is a hedge policy; wanted a condor programme" in _refusal(
        tmp_path, GOOD, load_programme
    )


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(b"name: \xff\xfe")
    with pytest.raises(PolicyError, match="byte 6 is not UTF-8; wanted a text file"):
        load_policy(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="there is no such file"):
        load_policy(tmp_path / "absent.yaml")
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path)


def test_an_unknown_preset_gets_the_nearest_name() -> None:
    with pytest.raises(PolicyError, match=r"no hedge policy is called 'vxht'.*did you mean vxth\?"):
        load_policy("vxht")
    with pytest.raises(PolicyError, match="no condor programme is called 'vxth'"):
        load_programme("vxth")
    with pytest.raises(PolicyError, match="no hedge policy or condor programme is called 'zzz'"):
        open_policy("zzz")


def test_either_kind_opens_with_its_text(tmp_path: Path) -> None:
    assert open_policy("vxth")[1] == load_policy("vxth")
    assert open_policy("cndr")[1] == load_programme("cndr")
    assert open_policy("none")[1] == load_policy("none")
    assert open_policy("none", "programme")[1] == load_programme("none")
    source, programme = open_policy(_write(tmp_path, CONDORS))
    assert (source.text, programme.name) == (CONDORS, "mine")


@given(st.text(max_size=200) | st.text("[]{}:-,&*!<>|#'\"\n 0123456789abefnox.~", max_size=60))
def test_no_text_escapes_as_anything_but_a_policy_error(text: str) -> None:
    message = "read"
    try:
        read_source(text, "x")
    except PolicyError as error:
        message = str(error)
    assert len(message.splitlines()) == 1
