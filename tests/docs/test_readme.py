"""The figures of the README are those of the verdict, rounded once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOKS = {  # README: verdict
    "no hedge": "none", "ALVH 40/40/20": "alvh-40-40-20", "single call": "single-call",
    "VXTH schedule": "vxth", "SPX puts": "spx-puts", "four fifths of the condors": "fewer-condors",
}  # fmt: skip


def rows(page: Path, columns: int) -> dict[str, list[str]]:
    """Return the table of the books: by its first word or words, the cells after it."""
    found = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().replace("−", "-") for cell in line.strip("|").split("|")]
        if len(cells) == columns and cells[0] and re.search(r"\d %", cells[1]):
            found[re.split(r", | \(", cells[0])[0]] = cells[1:]
    return found


def test_figures_are_those_of_the_verdict() -> None:
    written, verdict = rows(ROOT / "README.md", 5), rows(ROOT / "docs" / "verdict.md", 6)
    assert set(written) == set(BOOKS)
    for name, key in BOOKS.items():
        growth, fall, months, cost = written[name]
        full = verdict[key]
        assert fall == full[2], name  # both of one place: equal, not nearly
        for short, long in ((growth, full[0]), (months, full[1]), (cost, full[3])):
            value, exact = (float(one.strip("– %") or 0) for one in (short, long))
            assert value == pytest.approx(exact, abs=0.055), name


def test_share_of_model_prices_is_that_of_the_books_in_the_table() -> None:
    share = re.compile(r"(\S+ %) of (?:them|the fills are) priced by a model")
    found = [share.search((ROOT / page).read_text(encoding="utf-8"))
             for page in ("README.md", "docs/verdict.md")]  # fmt: skip
    assert [one and one.group(1).strip("*") for one in found] == ["100 %", "100 %"]
