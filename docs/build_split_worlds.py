"""Write the measured part of docs/simplex-worlds.md: every split in many drawn histories.

Run with ``python docs/build_split_worlds.py --data ../shared/data --worlds 500 --keep kept``; an
interrupted run goes on from the folder. Each history of nineteen years with its 232 books takes
some 2.6 seconds of one core.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import alvh
from alvh.evidence.split_worlds import SplitWorlds

PAGE = Path(__file__).with_name("simplex-worlds.md")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
START, SESSIONS = "2007-01-03", 4_788
WORDS = {
    "growth": "growth",
    "risk_removed": "risk removed",
    "per_carry": "risk removed per dollar of carry",
}


def percent(value: float) -> str:
    """Write a share as per cent."""
    return f"{100.0 * value:.0f} %"


def ranks(found: SplitWorlds) -> Iterator[str]:
    """Write how the rank of the hedge's own split is distributed over worlds."""
    yield (
        "| by | rank, median | 5 … 95 % of worlds | best in | in the first tenth | in the better "
        "half | most frequent best (short/medium/tail), best in |"
    )
    yield "|---|---:|---:|---:|---:|---:|---|"
    table = found.table()
    for name, row in found.summary().items():
        at = table[f"{name}_best"].arg_max()
        split = "/".join(f"{100.0 * share:.0f}" for share in found.splits[at])
        yield (
            f"| {WORDS[name]} | {row['rank_50']:.0f} | {row['rank_05']:.0f} … {row['rank_95']:.0f} "
            f"| {percent(row['best'])} | {percent(row['first_tenth'])} | "
            f"{percent(row['above_half'])} | {split}, {percent(row['share_best'])} |"
        )


def conclusions(found: SplitWorlds) -> Iterator[str]:
    """Say in words whether the split stands out, and whether any other does."""
    rows, count = found.summary(), len(found.splits)
    for name, row in rows.items():
        spread = row["rank_95"] - row["rank_05"]
        place = (
            f"By {WORDS[name]} the split asked about is the best of {percent(row['best'])} of the "
            f"worlds and lies in the better half of them in {percent(row['above_half'])}; its rank "
            f"is between {row['rank_05']:.0f} and {row['rank_95']:.0f} in nine of ten"
        )
        if row["share_best"] > 0.5:
            yield f"- {place}. One other is best in most worlds."
        elif spread > count / 3:
            yield f"- {place}: it may be anywhere. No other is best in most worlds."
        else:
            yield f"- {place}. No other is best in most worlds."


def measured(history: alvh.History, worlds: int, keep: Path | None) -> Iterator[str]:
    """Write everything between the marks."""
    drawn = alvh.simulate(alvh.bootstrap_model(history, START), worlds, SESSIONS, 0)
    found = alvh.split_worlds(drawn, "alvh-40-40-20", "monthly45", folder=keep)
    meta = found.meta
    yield (
        f"{worlds} worlds of {found.years:.1f} years, {len(found.splits)} splits of "
        f"{meta['hedge']} on {meta['programme']}: {meta['model']}.\n"
    )
    yield from ranks(found)
    yield ""
    yield from conclusions(found)
    yield (
        f"\nSeed {meta['seed']}, policy {meta['policy_hash'][:12]}, programme "
        f"{meta['programme_hash'][:12]}, data {meta['data_digest'][:12]}, code "
        f"{meta['code_version']}; all fills priced by the model."
    )


def main() -> None:
    """Rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    history = alvh.load_history(given.data)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    text = "\n".join(measured(history, given.worlds, given.keep))
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
