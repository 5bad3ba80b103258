"""The examples in the pages: run them and compare, or write down what they answer now.

Run with ``python docs/run_examples.py check`` or ``write``, and pages after it for some alone. In a
page,

- a ``console`` block holds commands behind ``$`` and what each prints, ``...`` standing for any
  lines; ``make demo`` runs the command that the Makefile has under it;
- a ``pycon`` block holds Python, one session a page;
- a ``yaml`` block whose first line is ``# NAME.yaml`` is written to that file before what follows.

What mentions ``my-data`` needs a folder of downloads (``--data``) and is passed over without one.
Blocks of other kinds (``sh``, ``python``) are shown, not run. Everything happens in a folder of its
own. Hashes of policies and data are compared as such, not by their digits.
"""

import argparse
import doctest
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
MAKEFILE = DOCS.parent / "Makefile"
BLOCK = re.compile(r"^```(console|pycon|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HASH = re.compile(r"\b(?:[0-9a-f]{64}|(?=[0-9a-f]*\d)[0-9a-f]{12})\b")
ANY = "..."
DATA = "my-data"


@dataclass
class Example:
    """One command or statement, and what the page says it prints."""

    kind: str
    source: str
    want: str
    line: int

    @property
    def holds(self) -> "re.Pattern[str]":
        """A pattern that the answer must match from end to end."""
        lines = HASH.sub("#", self.want).splitlines(keepends=True)
        parts = (r"(?:.*\n)*?" if x.strip() == ANY else re.escape(x) for x in lines)
        return re.compile("".join(parts))

    def matches(self, got: str) -> bool:
        """Say whether an answer is what the page says."""
        return self.holds.fullmatch(HASH.sub("#", got)) is not None

    def shown(self) -> str:
        """Write the example as it stands in a page."""
        first, *rest = self.source.splitlines()
        prompt, more = ("$ ", "") if self.kind == "console" else (">>> ", "... ")
        return "".join([f"{prompt}{first}\n", *(f"{more}{line}\n" for line in rest), self.want])

    def rewrite(self, got: str) -> None:
        """Take an answer over, keeping as many lines before and after ``...`` as there were.

        One that holds, and one with several ``...``, whose middle only its author knows, is left.
        """
        want, new = self.want.splitlines(), got.splitlines()
        if self.matches(got) or want.count(ANY) > 1:
            return
        if ANY in want:
            head, tail = want.index(ANY), len(want) - 1 - want.index(ANY)
            new = [*new[:head], ANY, *new[len(new) - tail :]]
        self.want = "".join(f"{line}\n" for line in new)


@dataclass
class Session:
    """Where the examples of one page run."""

    data: Path | None = None
    names: dict[str, Any] = field(default_factory=dict)

    def runs(self, example: Example, body: str) -> bool:
        """Say whether what an example needs is there; Python needs what its whole block does."""
        needing = example.source if example.kind == "console" else body
        return self.data is not None or DATA not in needing

    def answer(self, example: Example) -> str:
        """Run one example in the working folder and return what it prints."""
        if example.kind == "console":
            return _command(example)
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(example.source, "<page>", "single"), self.names)
        return printed.getvalue()


def _command(example: Example) -> str:
    """Run a command in this process, as a pipe would see it; a refusal is shown in full."""
    from typer.testing import CliRunner

    from alvh.cli import app

    name, *words = shlex.split(example.source)
    if name == "make":
        name, *words = _under(words[0])
    if name != "alvh":
        raise ValueError(f"`{example.source}`: only alvh, and make for one of its commands, is run")
    found = CliRunner().invoke(app, words)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    if found.exit_code != 0 and ANY in example.want:
        raise ValueError(f"`{example.source}` was refused: {found.output}")
    return found.stdout if found.exit_code == 0 else found.output


def _under(target: str) -> list[str]:
    """Return the command that the Makefile has under a target."""
    recipe = re.search(rf"^{target}:.*\n\t\$\(BIN\)/(alvh .*)$", MAKEFILE.read_text(), re.MULTILINE)
    if recipe is None:
        raise ValueError(f"make {target}: no command of alvh stands under it")
    return shlex.split(recipe[1])


def blocks(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind, body and first line of every block that is run or written."""
    for found in BLOCK.finditer(text):
        yield found[1], found[2], text.count("\n", 0, found.start()) + 2


def examples(kind: str, body: str, line: int) -> list[Example]:
    """Take a block apart."""
    if kind == "console":
        heads = list(re.finditer(r"^\$ (.*)\n", body, re.MULTILINE))
        ends = [*(head.start() for head in heads[1:]), len(body)]
        return [
            Example(kind, head[1], body[head.end() : end], line + body.count("\n", 0, head.start()))
            for head, end in zip(heads, ends, strict=True)
        ]
    return [
        Example(kind, one.source, one.want, line + one.lineno)
        for one in doctest.DocTestParser().get_examples(body)
    ]


def run_page(text: str, session: Session, *, write: bool) -> tuple[str, list[str]]:
    """Run the examples of a page in the working folder.

    Parameters
    ----------
    text : str
        The page.
    session : Session
    write : bool
        Take the answers over.

    Returns
    -------
    str
        The page, with the answers of today if they were asked for.
    list of str
        A line for every example whose answer is not what the page says.
    """
    wrong: list[str] = []
    for kind, body, line in blocks(text):
        if kind == "yaml":
            _write_file(body)
            continue
        found = examples(kind, body, line)
        for example in found:
            if not session.runs(example, body):
                continue
            got = session.answer(example)
            if not example.matches(got):
                wrong.append(f"line {example.line}: {example.source.strip()}\n{got}")
                example.rewrite(got)
        if write and found:
            new = "".join(example.shown() for example in found)
            text = text.replace(f"```{kind}\n{body}```", f"```{kind}\n{new}```", 1)
    return text, wrong


def _write_file(body: str) -> None:
    name = re.match(r"# ([\w-]+\.yaml)\n", body)
    if name:
        Path(name[1]).write_text(body, encoding="utf-8")


def run_file(page: Path, data: Path | None, *, write: bool) -> list[str]:
    """Run the examples of one page in a folder of its own; see ``run_page``."""
    text = page.read_text(encoding="utf-8")
    target = None if data is None else data.resolve()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        if target is not None:
            Path(DATA).symlink_to(target, target_is_directory=True)
        new, wrong = run_page(text, Session(target), write=write)
    if write and new != text:
        beside = page.with_suffix(".new")
        beside.write_text(new, encoding="utf-8")
        os.replace(beside, page)
    return wrong


def pages() -> list[Path]:
    """Return the pages that have something to run."""
    found = sorted(DOCS.rglob("*.md"))
    return [page for page in found if any(True for _ in blocks(page.read_text(encoding="utf-8")))]


def main() -> int:
    """Check or rewrite; leave with 1 if a checked page does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("check", "write"))
    parser.add_argument("pages", nargs="*", type=Path, help="pages; default: all")
    parser.add_argument("--data", type=Path, help="folder of market data")
    asked = parser.parse_intermixed_args()
    write, failed = asked.what == "write", False
    for page in asked.pages or pages():
        for fault in run_file(page.resolve(), asked.data, write=write):
            failed = True
            sys.stdout.write(f"{page}, {fault}\n")
    return int(failed and not write)


if __name__ == "__main__":
    sys.exit(main())
