"""What a built page points at, read with the standard library alone."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {"link": "href", "script": "src", "img": "src", "source": "src", "iframe": "src"}
LOADED_LINKS = {"stylesheet", "preload", "prefetch", "icon", "shortcut", "preconnect"}


@dataclass
class Page(HTMLParser):
    """The anchors, links and loaded files of one page."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names, links to or loads."""
        values = {name: value or "" for name, value in attrs}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in LOADS and LOADS[tag] in values and self._is_loaded(tag, values):
            self.loads.append(values[LOADS[tag]])

    @staticmethod
    def _is_loaded(tag: str, values: dict[str, str]) -> bool:
        return tag != "link" or bool(LOADED_LINKS & set(values.get("rel", "").split()))


def read_pages(site: Path) -> dict[Path, Page]:
    """Read every page of a built site, by its resolved path."""
    return {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}


def is_outside(target: str) -> bool:
    """Say whether a target lies on another host."""
    return bool(urlsplit(target).netloc)


def broken(page: Page, target: str, pages: dict[Path, Page]) -> bool:
    """Say whether a link within the site leads nowhere, or to an anchor that is not there."""
    parts = urlsplit(target)
    if parts.scheme in {"mailto", "data"}:
        return False
    path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
    if not path.is_file():
        return True
    anchor = unquote(parts.fragment)
    return bool(anchor) and path in pages and anchor not in pages[path].anchors
