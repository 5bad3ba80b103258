"""Draw docs/verdict.png and docs/simplex.png in a real browser.

Run with ``python docs/build_pictures.py --data ../shared/data`` on a machine with Chromium; the
scripts of the two pages draw them as well. Without a Chromium the old picture stays, and the script
says so.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import alvh
from alvh.report.exhibits import Exhibit, of_comparison
from alvh.report.html import figure_page
from alvh.report.triangle import write_simplex

HERE = Path(__file__).parent
START, PROGRAMME, HEDGE = "2007-01-03", "monthly45", "alvh-40-40-20"
SHOWN = ("none", HEDGE, "single-call", "fewer-condors")
BOOKS_SIZE, SIMPLEX_SIZE = (900, 1760), (800, 2220)  # pixels
SPLIT_RESAMPLES = 500  # histories, as on docs/simplex.md
STILL = "<style>a[download] { display: none; }</style></head>"  # a picture has no links


def draw_books(comparison: alvh.Comparison) -> None:
    """Draw the books of a comparison at equal carry."""
    drawn = books_at_equal_carry(comparison)
    with tempfile.TemporaryDirectory() as folder:
        page = figure_page(Path(folder) / "verdict.html", "The books at equal carry", [], drawn)
        photograph(page, HERE / "verdict.png", *BOOKS_SIZE)


def books_at_equal_carry(comparison: alvh.Comparison) -> dict[str, Exhibit]:
    """Return the figures of the books shown, whose captions speak of these books alone."""
    books = {name: run for name, run in comparison.results["carry"].items() if name in SHOWN}
    rows = tuple(row for row in comparison.rows["carry"] if row.name in books)
    shown = replace(
        comparison, equal="carry", results=comparison.results | {"carry": books},
        rows=comparison.rows | {"carry": rows},
    )  # fmt: skip
    whole = of_comparison(shown)
    return {"account": whole["equity"], "falls": whole["drawdown"], "crises": whole["crises"]}


def draw_simplex(found: alvh.Simplex) -> None:
    """Draw every split on the triangle, by three criteria."""
    with tempfile.TemporaryDirectory() as folder:
        page = write_simplex(found, Path(folder) / "simplex.html")
        photograph(page, HERE / "simplex.png", *SIMPLEX_SIZE)


def photograph(page: Path, picture: Path, width: int, height: int) -> None:
    """Take a page as a picture, where there is a browser."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.stderr.write(f"no chromium is installed: the old {picture.name} stays\n")
        return
    with tempfile.TemporaryDirectory() as profile:
        still = Path(profile) / page.name
        still.write_text(page.read_text("utf-8").replace("</head>", STILL, 1), "utf-8")
        taken = Path(profile) / "taken.png"
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--user-data-dir={profile}", f"--window-size={width},{height}",
             "--virtual-time-budget=8000", f"--screenshot={taken}", still.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        shutil.move(taken, picture)  # a browser may end well and have taken none


def main() -> None:
    """Renew both pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    history = alvh.load_history(parser.parse_args().data)
    draw_books(alvh.compare(history, condors=PROGRAMME, start=START, equal="carry"))
    draw_simplex(alvh.simplex(history, HEDGE, PROGRAMME, START, resamples=SPLIT_RESAMPLES))


if __name__ == "__main__":
    main()
