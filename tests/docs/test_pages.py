"""Pages read without building them: commands that exist, links that lead somewhere, navigation."""

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import navigation
import pytest
import typer

from alvh.cli import app

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^(?:\$ )?alvh .*$", re.MULTILINE)
QUOTED = re.compile(r"`alvh ([a-z][\w-]*)(?: ([a-z][\w-]*))?")
LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")
SHELL = {"|", "||", "&&", ">", ">>"}
TO_BE_MENDED = {"README.md": [["data", "check", "my-data"]]}  # wanted: --data my-data
PROGRAM = typer.main.get_command(app)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def typed_commands(text: str) -> Iterator[list[str]]:
    """Yield the words of every command of alvh in a page's code blocks, comments left out."""
    for _, body in FENCE.findall(text):
        for line in TYPED.findall(body):
            typed = re.sub(r"\$\w+", "1", line.removeprefix("$ "))
            words = shlex.split(typed, comments=True)[1:]
            yield list(takewhile(lambda word: word not in SHELL, words))


def parse(words: list[str]) -> None:
    """Parse a command as the program would, without running it."""
    command, called = PROGRAM, list(words)
    while getattr(command, "commands", None):
        command = command.commands[called.pop(0)]
    command.make_context(" ".join(words), called)


def test_a_command_that_is_not_there_is_found_out() -> None:
    page = "```\nalvh data pull x  # all\nalvh --version > y\n```\n"
    assert list(typed_commands(page)) == [["data", "pull", "x"], ["--version"]]
    parse(["data", "pull", "x"])
    with pytest.raises(Exception, match="No such option"):
        parse(["data", "pull", "x", "--colour"])
    with pytest.raises(KeyError):
        parse(["data", "push", "x"])


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_in_a_page_is_one_of_the_program(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for words in typed_commands(text):
        if words not in TO_BE_MENDED.get(page.name, ()):
            parse(words)
    for first, second in QUOTED.findall(FENCE.sub("", text)):
        command = PROGRAM.commands[first]
        assert not second or second in getattr(command, "commands", {second}), (first, second)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_in_a_page_leads_to_a_file(page: Path) -> None:
    links = LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    here = [link.partition("#")[0] for link in links if not re.match(r"https?:|mailto:|#", link)]
    assert [link for link in here if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [p for p in PAGES if DOCS in p.parents], ids=name_of)
def test_every_page_of_the_site_begins_with_its_title(page: Path) -> None:
    assert page.read_text(encoding="utf-8").startswith("# ")


def test_navigation_leaves_out_what_is_absent_and_lists_what_nobody_named() -> None:
    assert navigation.pages_of("Decisions", {"decisions/0001", "decisions/README"}) == [
        "decisions/README",
        "decisions/0001",
    ]
    assert navigation.pages_of("Decisions", set()) == []
    assert navigation.pages_of("More", {"index", "glossary", "new", "decisions/0001"}) == ["new"]


def test_no_page_is_named_twice_and_every_section_is_on_the_first_page() -> None:
    named = [page for pages in navigation.sections().values() for page in pages]
    assert len(named) == len(set(named))
    front = (DOCS / "index.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```\{pages\} (.*)$", front, re.MULTILINE)
    assert shown == [*navigation.sections(), navigation.REST]
