"""`alvh policy`: what is printed, as table and as JSON, and the exit codes."""

import json
from pathlib import Path

import pytest

from alvh.policy import HedgePolicy, load_policy, load_programme, policy_hash

WRONG = "name: mine\nlayers:\n  - name: short\n    wieght: 1\n"


def test_list_shows_every_preset_with_its_hash(run) -> None:
    answer = run("policy", "list")
    assert answer.exit_code == 0
    rows = [line.split()[:3] for line in answer.stdout.splitlines()]
    assert ["vxth", "hedge", policy_hash(load_policy("vxth"))[:12]] in rows
    assert ["cndr", "programme", policy_hash(load_programme("cndr"))[:12]] in rows


def test_list_as_json_agrees_with_the_table(run) -> None:
    presets = json.loads(run("policy", "list", "--json").stdout)
    names = [line.split()[0] for line in run("policy", "list").stdout.splitlines()[2:]]
    assert [preset["name"] for preset in presets] == names


def test_show_puts_the_source_beside_the_number(run) -> None:
    answer = run("policy", "show", "vxth")
    lines = answer.stdout.splitlines()
    (weights,) = [line for line in lines if "schedule.weights" in line]
    assert "0, 1, 0.5, 0" in weights
    assert "Cboe VXTH methodology" in weights
    assert lines[-1] == f"policy hash {policy_hash(load_policy('vxth'))}"
    # not written in the file, so it is the model's
    (stress,) = [line for line in lines if "stress_spx" in line]
    assert stress.endswith("default; changes nothing here")  # VXTH is sized by its schedule


def test_show_as_json_loads_back_to_the_same_policy(run) -> None:
    answer = json.loads(run("policy", "show", "alvh-40-40-20", "--json").stdout)
    policy = HedgePolicy.model_validate(answer["policy"])
    assert policy_hash(policy) == answer["policy_hash"]
    assert answer["kind"] == "hedge"
    assert answer["sources"]["layers.tail.delta"] == "the method's layer table, tail layer"


def test_show_yaml_is_a_file_one_can_start_from(run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(run("policy", "show", "futures-40-40-20", "--yaml").stdout, encoding="utf-8")
    assert load_policy(file) == load_policy("futures-40-40-20")


def test_kind_tells_two_presets_of_one_name_apart(run) -> None:
    hedge = json.loads(run("policy", "show", "none", "--json").stdout)
    programme = json.loads(run("policy", "show", "none", "--kind", "programme", "--json").stdout)
    assert (hedge["kind"], programme["kind"]) == ("hedge", "programme")


def test_check_judges_each_file_and_fails_if_any_is_wrong(run, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(WRONG, encoding="utf-8")
    answer = run("policy", "check", "vxth", file)
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == [
        f"vxth: a valid hedge, policy hash {policy_hash(load_policy('vxth'))}"
    ]
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"alvh: {file}:3: layers[0].weight is missing")
    verdicts = json.loads(run("policy", "check", "vxth", file, "--json").stdout)
    assert [verdict["refusal"] is None for verdict in verdicts] == [True, False]
    assert run("policy", "check", "vxth", "cndr").exit_code == 0


def test_diff_shows_both_sides(run) -> None:
    answer = run("policy", "diff", "single-call", "vxth")
    assert answer.exit_code == 0
    line = next(ln for ln in answer.stdout.splitlines() if "breakpoints" in ln)
    assert line.split() == ["layers.short.schedule.breakpoints", "–", "15,", "30,", "50"]
    found = json.loads(run("policy", "diff", "single-call", "vxth", "--json").stdout)
    keys = [difference["key"] for difference in found["differences"]]
    assert keys == [
        "name",
        "description",
        "layers.short.schedule.breakpoints",
        "layers.short.schedule.weights",
    ]


def test_diff_of_a_policy_with_itself_says_so(run) -> None:
    assert "the same policy" in run("policy", "diff", "vxth", "vxth").stdout
    assert json.loads(run("policy", "diff", "vxth", "vxth", "--json").stdout)["differences"] == []


def test_diff_of_two_kinds_is_refused(run) -> None:
    answer = run("policy", "diff", "vxth", "cndr")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "vxth is a hedge and cndr is a programme" in answer.stderr


@pytest.mark.parametrize("kind", ["hedge", "programme"])
def test_schema_is_json(run, kind: str) -> None:
    assert json.loads(run("policy", "schema", kind).stdout)["type"] == "object"
