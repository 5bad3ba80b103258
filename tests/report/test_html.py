"""The page: whole or absent, self-contained, honest on its first line, working in a browser."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests import browsers

from alvh.errors import AlvhError
from alvh.report import html, write_report

MOST_BYTES = 8_000_000


@pytest.fixture(scope="module")
def page(comparison, tmp_path_factory):
    path = write_report(comparison, tmp_path_factory.mktemp("report") / "report.html")
    return path.read_text(encoding="utf-8")


class _Outline(HTMLParser):
    """Collects what the page would load, its text outside scripts, and its tables."""

    def __init__(self):
        super().__init__()
        self.loads, self.text, self.ids = [], [], []
        self._inside = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        if tag in ("script", "link", "img", "iframe", "source"):
            self.loads += [given[key] for key in ("src", "href") if key in given]
        if tag in ("script", "style"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data):
        if not self._inside and data.strip():
            self.text.append(data.strip())


@pytest.fixture(scope="module")
def outline(page):
    parser = _Outline()
    parser.feed(page)
    return parser


def test_nothing_is_loaded_from_anywhere(page, outline):
    assert outline.loads == []
    assert "default-src 'none'" in page
    own = page.replace(page[page.index("plotly.js v") :], "") if "plotly.js v" in page else page
    assert not re.search(r"(?:src|href)=[\"']https?:", own)


def test_the_file_is_of_a_size_to_mail(page):
    assert 1_000_000 < len(page.encode()) < MOST_BYTES
    assert page.count("plotly.js v") <= 2  # the library once, whatever its banner repeats


def test_the_first_line_is_the_share_of_model_prices_and_the_fill(outline):
    first = next(text for text in outline.text if "hedged:" not in text)
    assert first.startswith("75% of the fills with alvh-40-40-20 were priced by a model")
    assert "fill parameter 0.5" in first


def test_every_section_is_there(outline):
    wanted = {"equity", "drawdown", "sleeves", "layers", "years", "crises", "sides", "side-losses"}
    wanted |= {"cvar-cost", "drawdown-cost", "ledger", "decisions", "data", "fills"}
    wanted |= {"panel-preset", "panel-carry", "panel-outlay"}
    assert wanted <= set(outline.ids)


def test_the_footer_carries_what_is_needed_to_make_it_again(comparison, page):
    meta = comparison.headline.meta
    footer = page[page.index("<footer>") : page.index("</footer>")]
    for value in ("policy_hash", "programme_hash", "data_digest", "code_version"):
        assert meta[value] in footer
    assert "<dt>Seed</dt><dd>9</dd>" in footer
    assert "<dt>Fill</dt><dd>0.5</dd>" in footer


def test_what_could_not_be_run_is_on_the_page(outline):
    text = " ".join(outline.text)
    assert "Not run: spx-puts (preset)" in text
    assert "add a VX ladder" in text
    assert "No point for spx-puts at 0.25" in text


def test_what_was_assumed_is_on_the_page(outline):
    assert "Note: no dividend series: a yield of 1.9% is assumed." in outline.text


def test_the_verdict_of_every_basis_is_on_the_page(comparison, outline):
    text = " ".join(outline.text)
    for basis in ("preset", "carry", "outlay"):
        for line in comparison.verdict(basis):
            assert line in text


def test_words_from_outside_cannot_become_markup(comparison, page):
    assert "no <session>" not in page
    assert "no &lt;session&gt;" in page
    evil = "</script><script>alert(1)</script>"
    hostile = replace(comparison, refused=((evil, "preset", evil),))
    made = html.render(hostile)
    assert evil not in made
    assert evil not in html._script({"reason": evil})
    assert json.loads(html._script({"reason": evil})) == {"reason": evil}


def test_the_same_comparison_gives_the_same_bytes(comparison, page):
    assert html.render(comparison) == page


def test_a_folder_that_is_not_there_is_refused_in_one_line(comparison, tmp_path):
    with pytest.raises(AlvhError, match="cannot be written") as refusal:
        write_report(comparison, tmp_path / "absent" / "report.html")
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(comparison, tmp_path, monkeypatch):
    target = tmp_path / "report.html"
    target.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(html.os, "fsync", full)
    with pytest.raises(AlvhError, match="No space left"):
        write_report(comparison, target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_importing_the_report_imports_no_plotting_library():
    code = (
        "import sys, alvh.report; "
        "print([name for name in ('plotly', 'arch', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_works_in_a_browser(comparison, tmp_path):
    browser = browsers.needed()
    target = write_report(comparison, tmp_path / "report.html")
    done = subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr",
            "--virtual-time-budget=20000", "--dump-dom", target.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    # Scripts ran without an error and against no policy of the page.
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    # Each of the ten figures was drawn, and the first page of the ledger filled.
    assert len(re.findall(r'class="plot[^"]*js-plotly-plot', done.stdout)) == 10
    body = done.stdout[done.stdout.index('id="ledger"') :]
    assert body[: body.index("</table>")].count("<tr>") == 51
    assert f"1–50 of {comparison.headline.trades.height:,}" in done.stdout
    # Of the three terms only the one asked for is shown.
    assert re.search(r'id="panel-carry"[^>]*hidden', done.stdout)
    assert not re.search(r'id="panel-outlay"[^>]*hidden', done.stdout)
