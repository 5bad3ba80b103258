"""The ``pages`` directive: one section of the site's navigation, from the list in PAGES.

A page that is named and absent is left out, and a page that no section names is listed under
*More*, so that pages come and go without a change here.
"""

from pathlib import Path

import yaml
from docutils.nodes import Node
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.directives.other import TocTree

PAGES = Path(__file__).parents[1] / "navigation.yaml"
REST = "More"
ELSEWHERE = frozenset({"index"})


def sections() -> dict[str, list[str]]:
    """Return the names of the pages of every section, as they are written down."""
    found: dict[str, list[str]] = yaml.safe_load(PAGES.read_text(encoding="utf-8"))
    return found


def pages_of(section: str, present: set[str]) -> list[str]:
    """Choose the pages of one section among those that are there.

    Parameters
    ----------
    section : str
        A section of PAGES, or REST.
    present : set of str
        Names of all pages, without suffix.

    Returns
    -------
    list of str
        A name that ends in ``/*`` stands for the rest of its folder, in order.
    """
    if section == REST:
        named = {page for other in sections() for page in pages_of(other, present)}
        return sorted(present - named - ELSEWHERE)
    chosen: list[str] = []
    for name in sections()[section]:
        folder = name.removesuffix("*")
        found = sorted(page for page in present if page.startswith(folder))
        chosen += [page for page in found if page not in chosen] if folder != name else [name]
    return [page for page in chosen if page in present]


class Pages(TocTree):
    """A table of contents whose entries are those of the section named in its argument."""

    has_content = False
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[Node]:
        """Build it as a ``toctree`` of the section's pages."""
        section = self.arguments[0]
        self.options |= {"caption": section, "maxdepth": 1}
        entries = [f"/{page}" for page in pages_of(section, set(self.env.found_docs))]
        self.content = StringList(entries, source=self.env.docname)
        return super().run() if entries else []


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("pages", Pages)
    return {"parallel_read_safe": True}
