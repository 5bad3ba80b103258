"""The root command: exit codes, one-line refusals, plain pipes, and a quick help."""

import json
import subprocess
import sys
from datetime import date
from importlib.metadata import version

import numpy as np
import polars as pl
import pytest

from alvh.cli.console import plain

HEAVY = ("numba", "numpy", "polars", "pydantic", "rich", "yaml", "scipy", "plotly", "httpx")


def test_version(shell) -> None:
    answer = shell("--version")
    assert (answer.returncode, answer.stdout) == (0, f"alvh {version('alvh')}\n")


def test_the_package_itself_is_the_command() -> None:
    command = [sys.executable, "-m", "alvh", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout == f"alvh {version('alvh')}\n"


def test_a_refusal_is_one_line_on_stderr_and_exit_code_one(shell) -> None:
    answer = shell("policy", "show", "vxht")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("alvh: no hedge policy or condor programme is called 'vxht'")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [["polcy"], ["policy", "show"], ["policy", "show", "vxth", "--colour"]]
)
def test_a_mistake_in_the_command_is_exit_code_two(shell, words: list[str]) -> None:
    answer = shell(*words)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "Usage: alvh" in answer.stderr


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom alvh.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        f"print([name for name in {HEAVY} if name in sys.modules], code, file=sys.stderr)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True
    )
    assert answer.stderr == "[] 0\n"
    assert "Usage: alvh" in answer.stdout


def test_piped_output_is_plain_and_not_cut_to_a_terminal(shell) -> None:
    answer = shell("policy", "show", "alvh-40-40-20")
    assert "\x1b" not in answer.stdout
    # the longest source of the file is on one line, whole
    assert any(
        "Szado (2018)" in line and "full weight of Cboe VXTH" in line
        for line in answer.stdout.splitlines()
    )


def test_every_command_takes_json(run) -> None:
    seen = []

    def _walk(*words: str) -> None:
        text = run(*words, "--help").stdout
        below = text.partition("Commands:")[2].split("\n\n")[0]
        names = [line.split()[0] for line in below.splitlines() if line[:2] == "  " != line[2:4]]
        for name in names:
            _walk(*words, name)
        if not names:
            seen.append(" ".join(words))
            assert "--json" in text, words

    _walk()
    assert "policy list" in seen


def test_plain_values_are_json_and_nan_is_null() -> None:
    frame = pl.DataFrame({"when": [date(2020, 3, 16)], "vix": [82.69]})
    value = {
        "table": frame,
        "array": np.array([1.5, np.nan]),
        "scalar": np.float64(2.0),
        "day": np.datetime64("2020-03-16", "D"),
        "flag": np.bool_(True),
        "many": (1, None, "a"),
        "infinite": float("inf"),
    }
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == {
        "table": [{"when": "2020-03-16", "vix": 82.69}],
        "array": [1.5, None],
        "scalar": 2.0,
        "day": "2020-03-16",
        "flag": True,
        "many": [1, None, "a"],
        "infinite": None,
    }
    with pytest.raises(TypeError, match="object has no JSON form"):
        plain(object())
