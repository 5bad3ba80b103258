"""The ``policy-keys`` directive: every key of a policy file, from the models' own JSON Schema."""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

from alvh.policy.schema import policy_schema

SECTION = re.compile(r"\n\n\w+\n-{3,}\n")
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def allowed(spec: dict[str, Any]) -> str:
    """Say which values a key takes."""
    if "anyOf" in spec:
        return " or ".join(allowed(one) for one in spec["anyOf"])
    if "$ref" in spec:
        return f"*{spec['$ref'].rpartition('/')[2]}*"
    if "enum" in spec:
        return ", ".join(f"`{value}`" for value in spec["enum"])
    if spec.get("type") == "array":
        return f"list of {allowed(spec.get('items', {}))}"
    limits = [f"{sign} {spec[name]:g}" for name, sign in BOUNDS.items() if name in spec]
    return " ".join([str(spec.get("type", "value")), *limits])


def default(name: str, spec: dict[str, Any], required: list[str]) -> str:
    """Say what a key is when the file says nothing."""
    if name in required:
        return "needed"
    value = spec.get("default")
    if isinstance(value, dict):
        return "as below"
    return "none" if value in (None, "", []) else f"`{value}`"


def table(model: dict[str, Any]) -> Iterator[str]:
    """Yield the keys of one model as a Markdown table."""
    yield from ("| key | what | values | default |", "|---|---|---|---|")
    for name, spec in model.get("properties", {}).items():
        cells = (
            f"`{name}`",
            str(spec.get("description", "")),
            allowed(spec),
            default(name, spec, model.get("required", [])),
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def essay(model: dict[str, Any]) -> str:
    """Return the paragraphs of a model's docstring, without its numpydoc sections."""
    return SECTION.split(model.get("description", ""))[0]


def page(kind: str) -> Iterator[str]:
    """Yield the reference of one kind of file as Markdown."""
    schema = policy_schema("hedge" if kind == "hedge" else "programme")
    yield from (essay(schema), "", *table(schema))
    for name, model in schema.get("$defs", {}).items():
        yield from (f"### {name}", "", essay(model), "", *table(model))


class PolicyKeys(SphinxDirective):
    """Show the keys of ``hedge`` or ``programme`` files. For pages in Markdown."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Hand the lines to the parser of the page and return what it makes of them."""
        lines = StringList(list(page(self.arguments[0])), source="alvh.policy")
        holder = nodes.section()
        holder.document = self.state.document
        nested_parse_with_titles(self.state, lines, holder)
        return holder.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("policy-keys", PolicyKeys)
    return {"parallel_read_safe": True}
