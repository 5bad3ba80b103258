"""Every figure of the reports can be read on light and dark paper and with any colour blindness."""

import pytest
from tests.report.colours import confused, contrast, distance, faint

import alvh
from alvh.report.exhibits import of_comparison
from alvh.report.figures import fill_of
from alvh.report.stress import paths_figure

PAPERS = ("#ffffff", "#14171b", "#16181c")  # of the report, the dashboard, and the small pages


def test_distances_and_contrasts_are_those_of_the_references() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)  # WCAG, by definition
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # WCAG's own example
    # red and green of one lightness are far apart, and close to a deuteranope
    assert distance("#c02020", "#6a6a00") < 25.0
    assert distance("#000000", "#ffffff") == pytest.approx(100.0, abs=0.5)  # L* from 0 to 100


def test_a_figure_in_colour_alone_is_found_out() -> None:
    pen = {"type": "scatter", "mode": "lines"}
    alike = [pen | {"name": "a", "line": {"color": "#c02020"}},
             pen | {"name": "b", "line": {"color": "#8a5a00"}}]  # fmt: skip
    assert confused({"data": alike})
    assert faint({"data": [alike[0] | {"line": {"color": "#f8f8f8"}}]}, ("#ffffff",))


def test_a_patterned_bar_keeps_its_colour_under_the_pattern() -> None:
    """Of a bar of few pixels a pattern alone leaves a stripe."""
    for name in ("none", "fewer-condors", "spx-puts", "my own"):
        bar = fill_of(name)
        assert bar["color"]
        assert bar["pattern"]["fillmode"] == "overlay"


def test_the_comparison(history: alvh.History) -> None:
    found = alvh.compare(history, condors="monthly45", start="2017-01-03", equal=None)
    drawn = {name: one.figure for name, one in of_comparison(found).items()}
    assert len(drawn) >= 10
    assert {name: confused(one) for name, one in drawn.items() if confused(one)} == {}
    assert {name: faint(one, PAPERS) for name, one in drawn.items() if faint(one, PAPERS)} == {}


def test_twenty_paths_of_a_stress(history: alvh.History) -> None:
    found = alvh.stress(history, as_of="2016-02-24")
    twenty = (found.paths * 4)[:20]
    figure = paths_figure(
        alvh.Stress(found.as_of, found.mode, found.nav, twenty, found.meta), "USD",
        lambda path: path.pnl["total"],
    )  # fmt: skip
    assert len(figure["data"]) == 20
    assert confused(figure) == []
    assert faint(figure, PAPERS) == []


@pytest.fixture(scope="module")
def history() -> alvh.History:
    return alvh.load_history("bundled")
