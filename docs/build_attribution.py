"""Write the measured part of docs/attribution.md: what is explained, what is not, the press.

Run with ``python docs/build_attribution.py --data ../shared/data``. Everything between the two
marks on the page is computed here; the rest of the page is written by hand.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

import alvh
from alvh.evidence.attribution import PARTS, Attribution, attribute
from alvh.evidence.press import PressReport, press_report

PAGE = Path(__file__).with_name("attribution.md")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
START = "2007-01-03"
BOOKS = (
    ("alvh-40-40-20", "monthly45"),
    ("futures-40-40-20", "cndr"),
    ("spx-puts", "daily1"),
    ("vxth", "index"),
)
WORST = 12


def table(head: Sequence[str], rows: Iterator[Sequence[str]], texts: int) -> Iterator[str]:
    """Write a Markdown table whose first ``texts`` columns are words."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * texts + "---:|" * (len(head) - texts)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def percent(value: float, places: int = 1) -> str:
    """Write a fraction as per cent, without a minus sign before nought."""
    return f"{round(100 * value, places) + 0.0:.{places}f} %"


def coverage(found: dict[tuple[str, str], dict[str, Attribution]]) -> Iterator[str]:
    """Write the share of explained days of every book and sleeve, at both kinds of greeks."""
    head = ("book", "sleeve", "days", "path", "start", "residual of gross, path", "start")

    def rows() -> Iterator[Sequence[str]]:
        for (hedge, programme), kinds in found.items():
            start = {row["sleeve"]: row for row in kinds["start"].coverage().to_dicts()}
            for row in kinds["path"].coverage().to_dicts():
                other = start[row["sleeve"]]
                shares = (percent(one["explained"]) for one in (row, other))
                rest = (percent(one["residual_share"], 3) for one in (row, other))
                name = f"{programme} with {hedge}"
                yield name, row["sleeve"], f"{row['days']:,}", *shares, *rest

    yield from table(head, rows(), 2)


def worst(found: Attribution) -> Iterator[str]:
    """Write the dearest days beyond the tolerance."""
    rows = found.misses().head(WORST).to_dicts()
    figures = ("pnl", "gross", "residual")
    cells = (
        (str(row["date"]), row["sleeve"], row["why"], *(f"{row[name]:,.0f}" for name in figures))
        for row in rows
    )
    yield from table(("date", "sleeve", "why", "P&L", "gross", "residual"), cells, 3)


def totals(found: Attribution) -> Iterator[str]:
    """Write the parts of every sleeve over the whole run."""
    figures = ("pnl", *PARTS)
    rows = (
        (row["sleeve"], *(f"{round(row[name]) + 0:,}" for name in figures))
        for row in found.by_sleeve.to_dicts()
    )
    yield from table(("sleeve", *figures), rows, 1)


def press(report: PressReport) -> Iterator[str]:
    """Write the press, call by call."""
    means = ("pnl", "forward", "vega", "theta", "second_order", "residual", "press")
    head = ("call", "event", "sessions", "count", *means, "quartiles", "less ordinary", "95 %")

    def cells(row: dict[str, float]) -> Iterator[str]:
        yield from (str(row[name]) for name in ("position", "event", "sessions", "count"))
        yield from (percent(row[name]) for name in means)
        yield " / ".join(percent(row[f"press_{name}"]) for name in ("q25", "median", "q75"))
        yield percent(row["press_excess"])
        yield f"{percent(row['press_low'])} to {percent(row['press_high'])}"

    rows = report.table.iter_rows(named=True)
    yield from table(head, (list(cells(row)) for row in rows), 2)


def surface(report: PressReport) -> Iterator[str]:
    """Write what the smile's own change did to the standard calls, beyond ordinary sessions."""
    head = ("call", "event", "sessions", "surface", "ordinary", "difference", "95 %")
    chosen = report.table.filter(pl.col("position").str.starts_with("30-day"))
    rows = (
        (
            row["position"], row["event"], str(row["sessions"]), percent(row["surface"]),
            percent(row["control_surface"]), percent(row["surface_excess"]),
            f"{percent(row['surface_low'])} to {percent(row['surface_high'])}",
        )
        for row in chosen.iter_rows(named=True)
    )  # fmt: skip
    yield from table(head, rows, 2)


def sections(history: alvh.History) -> Iterator[str]:
    """Run the books and write every section."""
    results = {book: alvh.backtest(history, *book, start=START) for book in BOOKS}
    found = {
        book: {kind: attribute(history, result, greeks=kind) for kind in ("path", "start")}
        for book, result in results.items()
    }
    main = results[BOOKS[0]]
    shares = [result.model_priced_share for result in results.values()]
    yield f"Sessions {main.dates[0]} to {main.dates[-1]}, 1,000,000 USD. Of the books' fills"
    yield f"{min(shares):.0%} to {max(shares):.0%} are priced by a model.\n"
    yield "### Days whose residual is at most 5 % of gross\n"
    yield from coverage(found)
    beyond = pl.concat([kinds["path"].misses() for kinds in found.values()])
    yield f"\nBeyond it at `path`, all four books: {beyond.height} of a sleeve's days."
    for row in beyond.to_dicts():
        figures = ", ".join(f"{name} {row[name]:,.2f}" for name in ("pnl", "gross", "residual"))
        yield f"- {row['date']}, {row['sleeve']}: USD {figures}. {row['why']}"
    missed = found[BOOKS[0]]["start"]
    yield f"\n### The {WORST} dearest days that the greeks of the evening before miss\n"
    yield f"monthly45 with alvh-40-40-20, USD; {missed.misses().height} in all.\n"
    yield from worst(missed)
    yield "\n### Nineteen years by cause\n"
    yield "monthly45 with alvh-40-40-20 at mid, USD, greeks `path`.\n"
    yield from totals(found[BOOKS[0]]["path"])
    report = press_report(history, main)
    yield "\n### The press\n"
    yield f"{'; '.join(report.notes)}. Shares of the premium at the start; the hedge is that of"
    yield "monthly45 with alvh-40-40-20.\n"
    yield from press(report)
    yield "\nOf the vega, the smile's own change:\n"
    yield from surface(report)
    meta = report.meta
    yield f"\ndata {meta['data_digest'][:12]} · code {meta['code_version']} · seed {meta['seed']},"
    yield f"{meta['resamples']} resamples, mean block {meta['block']} sessions"


def main() -> None:
    """Measure, and put the tables between the marks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of market data")
    history = alvh.load_history(parser.parse_args().data)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    measured = "\n".join(sections(history))
    PAGE.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
