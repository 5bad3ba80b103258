"""The documentation site: it builds without a warning, whole, and asks no other host."""

import inspect
import subprocess
import sys
from pathlib import Path

from tests.docs.site import broken, is_outside, read_pages

import alvh

ROOT = Path(__file__).resolve().parents[2]
STRICTLY = ["-m", "sphinx", "-W", "--keep-going", "-E", "-q", "-b", "html", "docs"]


def build(folder: Path) -> None:
    """Build the site as ``make docs`` does."""
    command = [sys.executable, *STRICTLY, "-d", str(folder / ".doctrees"), str(folder)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_make_docs_is_the_strict_build() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"$(BIN)/python {' '.join(STRICTLY)} site\n" in recipe


def test_the_site_builds_and_every_link_in_it_resolves(tmp_path: Path) -> None:
    build(tmp_path)
    pages = read_pages(tmp_path)
    sources = {
        path.relative_to(ROOT / "docs").with_suffix(".html")
        for suffix in ("md", "rst")
        for path in (ROOT / "docs").rglob(f"*.{suffix}")
    }
    assert {path.relative_to(tmp_path.resolve()) for path in pages} >= sources
    dead = [
        (page.path.name, target)
        for page in pages.values()
        for target in [*page.links, *page.loads]
        if not is_outside(target) and broken(page, target, pages)
    ]
    assert dead == []
    loads = {target for page in pages.values() for target in page.loads}
    assert loads
    assert [target for target in loads if is_outside(target)] == []
    face = pages[(tmp_path / "reference/python.html").resolve()].anchors
    missing = [name for name in alvh.__all__ if f"alvh.{name}" not in face]
    assert missing == []
    methods = {f"alvh.Result.{n}" for n, _ in inspect.getmembers(alvh.Result) if n == "summary"}
    assert methods <= face
    styles = "".join(p.read_text(encoding="utf-8") for p in tmp_path.rglob("*.css"))
    assert "url(http" not in styles
    assert "@import" not in styles
