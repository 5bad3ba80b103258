"""Directives ``essay``, a module's docstring, and ``sources``, all that docstrings refer to.

Both are for pages in reST, the language of docstrings.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

import alvh

ROOT = Path(str(alvh.__file__)).parent
REFERENCES = re.compile(r"^References\n-{3,}\n(.*?)(?=^\S.*\n-{3,}$|\Z)", re.MULTILINE | re.DOTALL)
FORMULA = re.compile(r"(?<=[,:])\n\n(?= {4}\S)")
OWNED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def module_path(name: str) -> Path:
    """Return the file of a module of the package."""
    path = ROOT.joinpath(*name.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def essay_of(name: str) -> list[str]:
    """Return a module's docstring as reST; what is indented after a comma or colon is a formula."""
    text = ast.get_docstring(ast.parse(module_path(name).read_text(encoding="utf-8"))) or ""
    text = FORMULA.sub("\n\n.. code-block:: text\n\n", text)
    return str(NumpyDocstring(text, Config(), what="module", name=name)).splitlines()


def owners(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    """Yield dotted name and docstring of a module and of what it defines at the top."""
    for node in (tree, *tree.body):
        if isinstance(node, OWNED) and (text := ast.get_docstring(node)):
            name = "" if isinstance(node, ast.Module) else f".{node.name}"
            yield f"{module}{name}", inspect.cleandoc(text)


def references() -> Iterator[tuple[str, str]]:
    """Yield where and what: every References section of the package, in one line each."""
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join(("alvh", *path.relative_to(ROOT).with_suffix("").parts))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, text in owners(tree, module.removesuffix(".__init__")):
            if found := REFERENCES.search(text):
                yield name, " ".join(found[1].split())


class Essay(SphinxDirective):
    """Show the docstring of the module named."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Hand the lines to the parser of the page and return what it makes of them."""
        name = self.arguments[0]
        self.env.note_dependency(str(module_path(name)))
        return _parsed(self, essay_of(name), name)


class Sources(SphinxDirective):
    """List every reference of the package as a table."""

    def run(self) -> list[nodes.Node]:
        """Build the table as reST."""
        rows = [f"   * - ``{name}``\n     - {text}" for name, text in references()]
        head = [".. list-table::", "   :header-rows: 1", "", "   * - where", "     - source"]
        return _parsed(self, [*head, *"\n".join(rows).splitlines()], "alvh")


def _parsed(directive: SphinxDirective, lines: list[str], source: str) -> list[nodes.Node]:
    holder = nodes.section()
    holder.document = directive.state.document
    nested_parse_with_titles(directive.state, StringList(lines, source=source), holder)
    return holder.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directives known."""
    app.add_directive("essay", Essay)
    app.add_directive("sources", Sources)
    return {"parallel_read_safe": True}
