"""How the commands are run in these tests."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from alvh.cli import app


@pytest.fixture
def run() -> Callable[..., object]:
    """Run a command inside this process; the answer has exit_code, stdout and stderr."""
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def shell() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command as a user does, in a process of its own."""

    def _shell(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from alvh.cli import main; main()", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return _shell
