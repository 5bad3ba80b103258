"""The reader of built pages finds what is broken: files, anchors, other hosts."""

from pathlib import Path

from tests.docs.site import broken, is_outside, read_pages

PAGE = """<html><head><link rel="stylesheet" href="style.css"><link rel="next" href="gone.html">
<script src="https://cdn.example/x.js"></script></head>
<body id="top"><h1 id="a%20b">x</h1>
<a href="#top">1</a><a href="#none">2</a><a href="other/page.html#here">3</a>
<a href="gone.html">4</a><a href="https://example.org">5</a><img src="data:image/png;base64,AA">
</body></html>"""


def test_broken_links_and_outside_hosts_are_found(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "style.css").write_text("")
    (tmp_path / "other" / "page.html").write_text('<p id="here"><a href="../index.html">back</a>')
    pages = read_pages(tmp_path)
    front = pages[(tmp_path / "index.html").resolve()]
    assert front.loads == ["style.css", "https://cdn.example/x.js", "data:image/png;base64,AA"]
    within = [target for target in [*front.links, *front.loads] if not is_outside(target)]
    assert [target for target in within if broken(front, target, pages)] == ["#none", "gone.html"]
    other = pages[(tmp_path / "other" / "page.html").resolve()]
    assert not broken(other, "../index.html#top", pages)
    assert broken(other, "../index.html#here", pages)
