"""`alvh ledger`, `alvh policy propose` and `sign`: what is printed, and the exit codes."""

import json
import os
import pwd
import stat
from pathlib import Path

import pytest

from alvh.policy import load_policy, policy_hash


@pytest.fixture
def desk(run, tmp_path: Path, monkeypatch) -> Path:
    """Return a ledger whose first version is in force, with its key and name in the environment."""
    monkeypatch.setenv("ALVH_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("ALVH_KEY", str(tmp_path / "me.pem"))
    monkeypatch.setenv("USER", "ann")
    assert run("ledger", "key", "new", tmp_path / "me.pem").exit_code == 0
    words = ("--hedge", "alvh-40-40-20", "--condors", "monthly45")
    assert run("policy", "propose", *words).exit_code == 0
    return tmp_path / "ledger.db"


def test_a_key_is_for_its_owner_and_only_its_public_half_is_printed(run, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    made = run("ledger", "key", "new", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(made.stdout.strip()) == 64
    assert run("ledger", "key", "public", file).stdout == made.stdout
    secret = file.read_text().splitlines()[1]
    again = run("ledger", "key", "new", file)
    assert again.exit_code == 1
    assert secret not in made.output + again.output


def test_the_first_version_is_in_force_at_once(run, desk: Path) -> None:
    found = json.loads(run("ledger", "standing", "--json").stdout)
    assert found["policy_hash"] == policy_hash(load_policy("alvh-40-40-20"))
    assert (found["halted"], found["reason"], found["orders_left"]) == (False, "", 20)
    lines = run("ledger", "standing").stdout.splitlines()
    assert lines[0].endswith("programme c86d09735998 monthly45")  # as `alvh policy list` shows it
    assert lines[1] == "open for orders; 20 left today"


def test_halt_and_resume(run, desk: Path) -> None:
    halted = run("ledger", "halt", "--reason", "the feed is wrong")
    assert halted.stdout == "event 3: halt by ann: the feed is wrong\n"
    assert "halted by ann, event 3" in run("ledger", "standing").stdout
    assert run("ledger", "resume").stdout.splitlines()[1] == "open for orders; 20 left today"
    assert run("ledger", "resume").exit_code == 1
    assert run("ledger", "halt").exit_code == 2


def test_reduce_and_close(run, desk: Path) -> None:
    run("ledger", "reduce", "--share", "0.5", "--until", "2099-12-31", "--reason", "careful")
    assert "reduced to 0.5" in run("ledger", "standing").stdout
    run("ledger", "close", "--until", "2099-12-31", "--reason", "more so")
    assert "close only until 2099-12-31 by ann" in run("ledger", "standing").stdout
    past = run("ledger", "close", "--until", "2020-01-01", "--reason", "late")
    assert (past.exit_code, "would have ended" in past.stderr) == (1, True)


def test_a_change_shows_its_differences_and_waits(run, desk: Path) -> None:
    answer = json.loads(run("policy", "propose", "--hedge", "vxth", "--json").stdout)
    assert not answer["in_force"]
    assert {"key": "hedge.name", "left": "alvh-40-40-20", "right": "vxth"} in answer["differences"]
    assert "takes effect at" not in run("ledger", "standing").stdout
    assert run("policy", "propose", "--hedge", "vxth").exit_code == 1  # proposed already


def test_two_of_two_sign(run, desk: Path, tmp_path: Path) -> None:
    mine = run("ledger", "key", "public", tmp_path / "me.pem").stdout.strip()
    hers = run("ledger", "key", "new", tmp_path / "bea.pem").stdout.strip()
    charter = tmp_path / "charter.yaml"
    charter.write_text(
        f'keys: {{ann: "{mine}", bea: "{hers}"}}\nsignatures: 2\nnotice_days: 0\n'
        "caps: {orders_per_day: 4}\n"
    )
    first = json.loads(run("policy", "propose", "--charter", charter, "--json").stdout)
    assert first["effective"]  # one signature is enough for the charter that is in force
    assert "version 1" in run("ledger", "standing").stdout  # five days of notice


def test_a_charter_that_is_none_is_refused(run, desk: Path, tmp_path: Path) -> None:
    charter = tmp_path / "charter.yaml"
    charter.write_text("keys: {ann: 12ab}\nsignatures: 2\n")
    answer = run("policy", "propose", "--charter", charter)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "charter.yaml" in answer.stderr


def test_sign_wants_a_hash_that_is_proposed(run, desk: Path) -> None:
    answer = run("policy", "sign", "12345678")
    assert "names 0 proposed versions" in answer.stderr
    assert answer.exit_code == 1


def test_verify_show_and_export(run, desk: Path, tmp_path: Path) -> None:
    run("ledger", "halt", "--reason", "look")
    assert run("ledger", "checkpoint").exit_code == 0
    found = json.loads(run("ledger", "verify", "--json").stdout)
    assert (found["count"], found["signed"], found["checkpoints"]) == (3, 3, 1)
    assert "3 events hold together" in run("ledger", "verify").stdout
    shown = json.loads(run("ledger", "show", "3", "--json").stdout)
    assert shown["content"]["reason"] == "look"
    assert len(json.loads(run("ledger", "show", "--last", "2", "--json").stdout)) == 2
    assert "halt by ann: look" in run("ledger", "show", "--kind", "override").stdout
    run("ledger", "export", tmp_path / "events.jsonl")
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["sha256"] for line in lines][-1] == found["last"]


def test_a_ledger_that_is_not_there_is_not_made(run, tmp_path: Path) -> None:
    for words in (["verify"], ["halt", "--reason", "x", "--by", "ann"], ["standing"]):
        answer = run("ledger", *words, "--ledger", tmp_path / "lost.db")
        assert (answer.exit_code, "there is no ledger" in answer.stderr) == (1, True)
    assert not list(tmp_path.iterdir())


def test_who_halts_is_the_login_where_the_environment_names_nobody(
    run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    found = json.loads(run("ledger", "halt", "--reason", "the feed is wrong", "--json").stdout)
    assert found["content"]["by"] == pwd.getpwuid(os.getuid()).pw_name


def test_a_login_without_a_name_has_to_say_who(
    run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.delenv("USER")
    monkeypatch.setattr("getpass.getuser", nobody)
    answer = run("ledger", "halt", "--reason", "the feed is wrong")
    assert (answer.exit_code, "say who with --by NAME" in answer.stderr) == (2, True)
    assert run("ledger", "halt", "--reason", "x", "--by", "ann").exit_code == 0
