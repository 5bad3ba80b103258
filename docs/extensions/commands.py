"""The ``commands`` directive: every command of ``alvh``, from the program itself."""

from collections.abc import Iterator
from typing import Any

import typer
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

from alvh.cli import app as program


def leaves(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with the words that call it."""
    children = getattr(command, "commands", None)
    if children is None:
        yield " ".join(words), command
        return
    for name, child in children.items():
        yield from leaves(child, (*words, name))


def usage(words: str, command: Any) -> list[str]:
    """Return the help of a command, as its ``--help`` prints it, line by line."""
    context = command.context_class(
        command, info_name=words, max_content_width=88, terminal_width=88
    )
    return command.get_help(context).splitlines()


def page() -> Iterator[str]:
    """Yield the reference as Markdown."""
    for words, command in leaves(typer.main.get_command(program), ("alvh",)):
        yield from (f"## {words}", "", "```text", *usage(words, command), "```", "")


class Commands(SphinxDirective):
    """Show the help of every command under a heading of its own. For pages in Markdown."""

    def run(self) -> list[nodes.Node]:
        """Hand the lines to the parser of the page and return what it makes of them."""
        holder = nodes.section()
        holder.document = self.state.document
        nested_parse_with_titles(self.state, StringList(list(page()), source="alvh.cli"), holder)
        return holder.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
