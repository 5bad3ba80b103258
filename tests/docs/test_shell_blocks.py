"""What the front page and the daily routine tell one to type runs as it stands, in order."""

import re
import shlex
import shutil
from contextlib import chdir
from pathlib import Path

import pytest
from run_examples import DOCS, SURROUNDINGS
from typer.testing import CliRunner

from alvh.cli import app

PAGES = (DOCS.parent / "README.md", DOCS / "how-to" / "daily-routine.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = {
    "make": "installs and runs everything",
    "alvh data pull": "needs the network",
    "alvh serve": "runs until it is stopped; tests/cli/test_serve_command.py starts it",
}
# Options put behind a command, which then does the same with less; the last of two is taken.
RECENT = ("--start", "2025-01-03")
FEW = (*RECENT, "--resamples", "20")
SMALLER = {
    "alvh compare": FEW, "alvh backtest": RECENT, "alvh attribution": RECENT,
    "alvh motion": FEW, "alvh simplex": (*FEW, "--step", "50"),
    "alvh grid": (*FEW, "--tenor", "150", "--delta", "0.15"), "alvh claims": FEW,
    "alvh worlds": ("--paths", "2", "--days", "60"), "alvh ablation": FEW,
    "alvh stress": ("--crisis", "2020-03", "--shock", "gap"),
    "alvh today": ("--as-of", "2026-04-06"),  # without it the data must be today's
}  # fmt: skip
# A statement of Interactive Brokers, as a reader of the page would have one.
STATEMENT = """\
Statement,Header,Field Name,Field Value
Statement,Data,Title,Activity Statement
Deposits & Withdrawals,Header,Currency,Settle Date,Description,Amount
Deposits & Withdrawals,Data,USD,2026-02-03,Electronic Fund Transfer,100000
Deposits & Withdrawals,Data,Total,,,100000
"""


def lines(text: str) -> list[str]:
    """Return what is typed in a page's shell blocks; a file's content as ``> NAME`` and itself."""
    found = []
    for kind, body in BLOCK.findall(text):
        name = re.match(r"# ([\w-]+\.yaml)\n", body)
        if kind in ("", "sh"):
            found += [line for line in body.splitlines() if line.strip()]
        elif kind == "yaml" and name:
            found.append(f"echo {shlex.quote(body)} > {name[1]}")
    return found


def type_line(line: str) -> None:
    """Run one line in the working folder; what it would do on failure is left out."""
    for typed in line.split(" || ")[0].split(" && "):
        words = shlex.split(typed, comments=True)
        target = words[words.index(">") + 1] if ">" in words else None
        words = words[: words.index(">")] if ">" in words else words
        printed = _printed(words, line)
        if target:
            Path(target).write_text(printed, encoding="utf-8")


def _printed(words: list[str], line: str) -> str:
    if words[0] == "echo":
        return f"{words[1]}\n"
    if any(" ".join(words).startswith(one) for one in NOT_RUN):
        return ""
    assert words[0] == "alvh", f"`{line}` is neither of alvh nor among those that are not run"
    found = CliRunner(env=SURROUNDINGS).invoke(
        app, [*words[1:], *SMALLER.get(" ".join(words[:2]), ())]
    )
    assert found.exit_code == 0, f"`{line}`: exit code {found.exit_code}\n{found.output}"
    return found.stdout


@pytest.fixture
def desk(shared_data: Path, tmp_path: Path) -> Path:
    """A folder with downloads, some chains of one's own, and a statement."""
    shutil.copytree(shared_data, tmp_path / "my-data", ignore=shutil.ignore_patterns("chains"),
                    copy_function=shutil.copyfile)  # fmt: skip
    (tmp_path / "my-data").chmod(0o755)
    (tmp_path / "downloads").symlink_to(shared_data / "chains" / "spx_eod_2019")
    (tmp_path / "statement.csv").write_text(STATEMENT, encoding="utf-8")
    return tmp_path


def test_a_line_that_is_refused_is_found_out(tmp_path: Path) -> None:
    with chdir(tmp_path), pytest.raises(AssertionError, match="exit code 2"):
        type_line("alvh book import statement.csv  # no book is named")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_line_of_a_page_runs(page: Path, desk: Path) -> None:
    typed = lines(page.read_text(encoding="utf-8"))
    assert len(typed) > 5
    with chdir(desk):
        for line in typed:
            type_line(line)
