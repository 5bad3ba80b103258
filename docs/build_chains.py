"""Write the measured part of docs/chains.md: what every real chain file holds, and its checks.

Run with ``python docs/build_chains.py --data ../shared/data --fuzz FILE…``; the files are what
``python -m tests.market.chains.fuzzing`` printed. Everything between the two marks on the page is
written here; the rest by hand.
"""

import argparse
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from alvh.market.chains.checks import check_chains
from alvh.market.chains.faults import NAMES, mark
from alvh.market.chains.importing import import_chains
from alvh.market.chains.outcome import ImportReport
from alvh.market.chains.table import load_chains

PAGE = Path(__file__).with_name("chains.md")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
FOLDERS = ("chains", "formats")


def files(report: ImportReport, rows: pl.DataFrame) -> Iterator[str]:
    """Write what was read of each file."""
    yield "| file | layout | rows | with bid and ask | sessions | expiries | lines refused |"
    yield "|---|---|---:|---:|---|---:|---|"
    name = pl.col("source").str.extract(r"^([^#/]+)")
    quoted = pl.col("bid").is_not_null().sum().alias("quoted")
    days = [pl.col("date").min().alias("first"), pl.col("date").max().alias("last")]
    expiries = pl.struct("root", "expiry").n_unique().alias("expiries")
    held = rows.group_by(name.alias("file")).agg(quoted, *days, expiries)
    by_file = {row["file"]: row for row in held.to_dicts()}
    for source in report.imported:
        row = by_file.get(Path(source.name).name)
        why = ", ".join(f"{kind} {count}" for kind, count in source.reasons.items()) or "none"
        told = "| – | – | – |"
        if row is not None:
            span = str(row["first"]) if row["first"] == row["last"] else f"{row['first']} …"
            told = f"| {row['quoted']:,} | {span} | {row['expiries']} |"
        yield f"| `{Path(source.name).name}` | {source.layout} | {source.rows:,} {told} {why} |"
    yield ""
    for one in (*report.refused, *report.left):
        yield f"- `{one.path}`: {one.reason}"


def checks(folder: Path) -> Iterator[str]:
    """Write every check with its bound, source and count."""
    report = check_chains(folder)
    yield "| check | what is marked | why | not to price by | rows marked |"
    yield "|---|---|---|---|---:|"
    for one in report.findings:
        check = one.check
        fatal = "yes" if check.fatal else ""
        yield f"| {check.name} | {check.bound} | {check.source} | {fatal} | {one.count:,} |"
    yield ""
    yield (
        f"{report.rows:,} rows of {report.sessions} sessions; {report.fatal} are not to be priced "
        "by:"
    )
    yield ""
    for one in report.findings:
        for row in one.examples if one.check.fatal else ():
            moment = f"{row['date']} {row['time'] or ''}".strip()
            yield (
                f"- {one.check.name}: {moment} {row['root']} {row['expiry']} {row['strike']:g} "
                f"{row['put_call']}, {row['bid']} by {row['ask']}"
            )


def spoilt(rows: pl.DataFrame) -> Iterator[str]:
    """Spoil one quote in fifty of a real chain in known ways; write which checks saw it."""
    day = rows.filter(pl.col("source").str.starts_with("SPX_20190425"))
    day = day.filter(pl.col("ask") > 0, pl.col("bid") > 1.0).with_row_index("at")
    hit = pl.col("at") % 50 == 0
    ways = {
        "bid and ask × 100": [pl.col("bid", "ask") * 100],
        "bid and ask ÷ 100": [pl.col("bid", "ask") / 100],
        "bid and ask swapped": [pl.col("ask").alias("bid"), pl.col("bid").alias("ask")],
        "bid and ask half as much again": [pl.col("bid", "ask") * 1.5],
        "call for put": [
            pl.when(pl.col("put_call") == "C").then(pl.lit("P")).otherwise(pl.lit("C"))
            .alias("put_call")
        ],
    }  # fmt: skip
    yield "| one quote in fifty spoilt | spoilt | marked | by |"
    yield "|---|---:|---:|---|"
    for way, change in ways.items():
        bad = pl.concat([day.filter(~hit), day.filter(hit).with_columns(change)])
        bad = bad.unique(["root", "expiry", "strike", "put_call"], keep="last")
        marked = mark(bad)
        wrong = marked.filter(hit)
        fatal = [name for name in NAMES if name not in ("unquoted", "zero_bid")]
        seen = wrong.filter(pl.any_horizontal(fatal))
        by = {name: int(wrong[name].sum()) for name in fatal if wrong[name].any()}
        named = ", ".join(f"{name} {count}" for name, count in by.items())
        yield f"| {way} | {wrong.height} | {seen.height / wrong.height:.0%} | {named} |"


def swapped(rows: pl.DataFrame) -> str:
    """Take SPX for SPXW on every third Friday of the real chains; say how many show it."""
    slices = ["date", "expiry"]
    both = rows.filter(
        pl.col("bid") > 0, pl.col("time").is_null(), pl.col("date") < pl.col("expiry")
    )
    pairs = both.group_by(slices).agg(pl.col("root").n_unique()).filter(pl.col("root") == 2)
    other = pl.when(pl.col("root") == "SPX").then(pl.lit("SPXW")).otherwise(pl.lit("SPX"))
    marked = mark(both.join(pairs.select(slices), on=slices).with_columns(other.alias("root")))
    seen = marked.filter("swapped").select(slices).n_unique() if marked["swapped"].any() else 0
    return (
        f"With SPX taken for SPXW on all of them, {seen} of {pairs.height} third Fridays on which "
        "both are quoted show it (the straddles differ by less than their spreads on the others)."
    )


def fuzzed(paths: list[Path]) -> Iterator[str]:
    """Write how the spoilt files ended."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in paths:
        for line in path.read_text().splitlines():
            found = re.fullmatch(r"(\w+): (kept|refused|given up) +(\d+)", line)
            if found:
                counts[found[1], found[2]] += int(found[3])
    headers = sum(int(path.read_text().rsplit(maxsplit=1)[-1]) for path in paths) // max(
        len(paths), 1
    )
    ways = sorted({way for way, _ in counts})
    endings = ("kept", "refused", "given up")
    yield (
        f"{sum(counts.values()):,} small files of ten layouts, each spoilt once: no traceback, no "
        "number that the sound file has not, no line lost that was not touched, none without a "
        "reason. Nothing is to be refused where the damage is to a column that is not read, or a "
        "layout says once for all what the others say on every line:"
    )
    yield ""
    yield "| way of spoiling | nothing to refuse | lines refused, the rest kept | file refused |"
    yield "|---|---:|---:|---:|"
    for way in ways:
        cells = " | ".join(f"{counts[way, ending]:,}" for ending in endings)
        yield f"| {way.replace('_', ' ')} | {cells} |"
    yield ""
    yield (
        f"Besides, each column of each header was renamed in turn, once to its neighbour's name: "
        f"{headers} files, in none of which a number turned into another."
    )


def measured(data: Path, fuzz: list[Path]) -> Iterator[str]:
    """Write all measured sections."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = import_chains([data / one for one in FOLDERS], folder)
        rows = load_chains(folder, unquoted=True).collect()
        yield "## Every real file"
        yield ""
        yield from files(report, rows)
        yield ""
        yield "## The checks, and what they find in them"
        yield ""
        yield from checks(folder)
        yield ""
        yield "## What the checks would see"
        yield ""
        yield from spoilt(rows)
        yield ""
        yield swapped(rows)
    yield ""
    yield "## Spoilt files"
    yield ""
    yield from fuzzed(fuzz)


def main() -> None:
    """Rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--fuzz", nargs="*", default=[], type=Path)
    given = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    text = "\n".join(measured(given.data, given.fuzz))
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
