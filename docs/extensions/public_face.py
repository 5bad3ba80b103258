"""The ``public-face`` directive: every name of ``alvh.__all__``, from its docstring."""

import inspect
from collections.abc import Iterator

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

import alvh
from alvh import errors

INHERITED = "model_config, model_fields, model_computed_fields"
OPTIONS = {
    "function": [],
    "class": ["   :members:", f"   :exclude-members: {INHERITED}"],
    "exception": [],
}


def kind_of(thing: object) -> str:
    """Tell functions, classes and errors apart."""
    if not inspect.isclass(thing):
        return "function"
    return "exception" if issubclass(thing, BaseException) else "class"


def names(kind: str) -> Iterator[str]:
    """Yield the dotted names of one kind, the errors of the tree behind their root."""
    face = sorted(alvh.__all__, key=str.lower)
    yield from (f"alvh.{name}" for name in face if kind_of(getattr(alvh, name)) == kind)
    if kind == "exception":
        tree = (name for name, _ in inspect.getmembers(errors, inspect.isclass))
        yield from (f"alvh.errors.{name}" for name in tree if name not in face)


def entries(kind: str) -> Iterator[str]:
    """Yield the autodoc lines of one kind."""
    for name in names(kind):
        yield from (f".. auto{kind}:: {name}", *OPTIONS[kind], "")


class PublicFace(SphinxDirective):
    """Document one kind: ``function``, ``class`` or ``exception``. For pages in reST."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Hand the lines to autodoc and return what it makes of them."""
        lines = StringList(list(entries(self.arguments[0])), source="alvh.__all__")
        holder = nodes.section()
        holder.document = self.state.document
        nested_parse_with_titles(self.state, lines, holder)
        return holder.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("public-face", PublicFace)
    return {"parallel_read_safe": True}
