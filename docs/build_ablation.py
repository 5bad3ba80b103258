"""Write the measured part of docs/ablation.md: every signal and rule alone, and the costs.

Run with ``python docs/build_ablation.py --data ../shared/data``. Everything between the two marks
on the page is computed here; the rest of the page is written by hand.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import alvh
from alvh.evidence.ablation import ALL_SIGNALS, EVERYTHING, STATIC, Ablation, ablation
from alvh.formats import p_value

PAGE = Path(__file__).with_name("ablation.md")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
START = "2007-01-03"
FILLS = (0.0, 0.5, 1.0)
GROUPS = {
    "signal": "Each signal alone, the method's band of ten points",
    "signal, narrow band": "Each signal alone, a band of two points",
    "rule": "Each rule alone",
    "condors": "Each rule of the condors alone",
    "all": "Everything at once",
}


def percent(value: float, places: int = 2) -> str:
    """Write a fraction as per cent, without a minus sign before nought."""
    return f"{round(100 * value, places) + 0.0:.{places}f} %"


def table(found: Ablation, group: str) -> Iterator[str]:
    """Write the rows of one group."""
    yield "| variant | CAGR | less static | 95 % interval | drawdown | CVaR month | costs | moves |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for row in found.rows:
        if row.group != group:
            continue
        gap = row.difference.cagr if row.difference else None
        less = "never acts" if gap is None else percent(gap.estimate)
        span = "" if gap is None else f"{percent(gap.low)} … {percent(gap.high)}"
        yield (
            f"| {row.name} | {percent(row.cagr)} | {less} | {span} | {percent(row.max_drawdown, 1)}"
            f" | {percent(row.cvar_month)} | {percent(row.costs_per_year)} | {row.moves} |"
        )


def costs(history: alvh.History) -> Iterator[str]:
    """Write growth of the static, the tilted and the adaptive hedge by where orders are filled."""
    yield "| hedge | " + " | ".join(f"fill {fill:g}" for fill in FILLS) + " |"
    yield "|---|" + "---:|" * len(FILLS)
    runs = {fill: ablation(history, start=START, fill=fill, resamples=0) for fill in FILLS}
    for name, group in ((STATIC, "static"), (ALL_SIGNALS, "signal"), (EVERYTHING, "all")):
        cells = []
        for fill in FILLS:
            row = next(r for r in runs[fill].rows if (r.name, r.group) == (name, group))
            cells.append(f"{percent(row.cagr)} (costs {percent(row.costs_per_year)})")
        yield f"| {name} | " + " | ".join(cells) + " |"


def measured(data: str) -> Iterator[str]:
    """Write everything that is computed."""
    history = alvh.load_history(data)
    found = ablation(history, start=START)
    static = found.rows[0]
    meta = found.meta
    yield (
        f"`monthly45` with `alvh-40-40-20`, {meta['start']} to {meta['end']}, fill 0.5: growth "
        f"{percent(static.cagr)} a year, drawdown {percent(static.max_drawdown, 1)}, worst months "
        f"{percent(static.cvar_month)}, costs {percent(static.costs_per_year)} a year."
    )
    yield ""
    yield (
        f"**{len(found.rows) - 1} variants were tried; {found.trials} of them ever differ from the "
        f"static hedge. {found.beyond} intervals of growth exclude zero, where "
        f"{0.05 * found.trials:.1f} would by chance. Hansen's test that none of them grows faster "
        f"than the static hedge has p {p_value(found.spa, found.resamples)}.** Intervals: paired "
        f"stationary bootstrap, mean block {found.block} sessions, {found.resamples} resamples, "
        f"seed {found.seed}."
    )
    for group, title in GROUPS.items():
        yield ""
        yield f"### {title}"
        yield from table(found, group)
    yield ""
    yield "### With costs, and without"
    yield from costs(history)
    yield ""
    yield (
        f"Policy {meta['policy_hash'][:12]}, programme {meta['programme_hash'][:12]}, data "
        f"{meta['data_digest'][:12]}, code {meta['code_version']}."
    )


def main() -> None:
    """Renew the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    body = "\n".join(measured(parser.parse_args().data))
    PAGE.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
