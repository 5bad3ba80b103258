"""Write docs/verdict.md: what somebody who sells condors should conclude, in two pages.

Run with ``python docs/build_verdict.py --data ../shared/data``. Sentences with a figure follow
from the figures, in either direction. The cards of docs/claims.json are taken if they rest on the
same data, and made anew if not. The picture is drawn where a Chromium is installed; see
``docs/build_pictures.py``.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from build_pictures import SPLIT_RESAMPLES, draw_books

import alvh
from alvh.evidence.rows import Row

HERE = Path(__file__).parent
PAGE, CARDS = HERE / "verdict.md", HERE / "claims.json"
START = "2007-01-03"
HEDGE, CALL, FEWER = "alvh-40-40-20", "single-call", "fewer-condors"
PROGRAMMES = ("monthly45", "cndr")


def percent(value: float, places: int = 1) -> str:
    """Write a fraction as per cent, without a minus sign before nought."""
    return f"{round(100 * value, places) + 0.0:.{places}f} %"


def points(value: float) -> str:
    """Write a difference of fractions in percentage points, unsigned."""
    return f"{abs(100 * value):.1f} points"


def answer(comparison: alvh.Comparison) -> Iterator[str]:
    """Answer the question in the title, from the rows at equal carry."""
    rows = {row.name: row for row in comparison.rows["carry"]}
    hedged, call = rows[HEDGE], rows[CALL]
    yield (
        f"**{verdict_on_cost(hedged)} {against_call(hedged, call)} "
        f"{against_fewer(hedged, rows.get(FEWER))}**"
    )


def verdict_on_cost(row: Row) -> str:
    """Say what the hedge did to growth and to the worst months."""
    tail = "cut" if row.cvar_removed > 0 else "raised"
    sure = row.differences.cagr if row.differences else None
    if row.cagr_given_up > 0:
        price = f"for {points(row.cagr_given_up)} of growth a year"
    else:
        price = f"and added {points(row.cagr_given_up)} of growth a year"
    span = f" (95 % interval of growth {percent(sure.low)} to {percent(sure.high)})" if sure else ""
    return (
        f"The layered hedge {tail} the mean loss of the worst months by "
        f"{points(row.cvar_removed)} {price}{span}."
    )


def against_call(hedged: Row, call: Row) -> str:
    """Say which of the two at equal carry left the shallower tail and the higher growth."""
    tail = hedged.cvar_month - call.cvar_month
    growth = hedged.cagr - call.cagr
    if tail > 0 and growth > 0:
        return "At the same carry a single call did worse in both."
    if tail < 0 and growth < 0:
        return (
            f"A single VIX call at the same carry did better in both: {points(growth)} more growth "
            f"and {points(tail)} less lost in the worst months."
        )
    better, worse = ("tail", "growth") if tail > 0 else ("growth", "tail")
    return f"Against a single call at the same carry it had the better {better}, the worse {worse}."


def against_fewer(hedged: Row, fewer: Row | None) -> str:
    """Say whether the same tail was to be had more cheaply with fewer condors."""
    if fewer is None:
        return ""
    gap = fewer.cagr - hedged.cagr
    if gap > 0:
        return (
            f"Selling {percent(1 - fewer.scale, 0)} fewer condors left the same worst months and "
            f"{points(gap)} more growth a year."
        )
    return f"Fewer condors with the same worst months grew {points(gap)} a year less."


def table(comparison: alvh.Comparison) -> Iterator[str]:
    """Write the rows at equal carry."""
    yield "| book | growth | worst months | maximum drawdown | hedge costs | fees and slippage |"
    yield "|---|---:|---:|---:|---:|---:|"
    for row in comparison.rows["carry"]:
        size = f" ({row.scale:.2f} ×)" if abs(row.scale - 1) > 5e-3 else ""
        yield (
            f"| {row.name}{size} | {percent(row.cagr, 2)} | {percent(row.cvar_month, 2)} | "
            f"{percent(row.max_drawdown)} | {percent(row.hedge_cost_per_year, 2)} | "
            f"{percent(row.costs_per_year, 2)} |"
        )


def conclusions(found: dict[str, alvh.Comparison], cards: dict[str, Any]) -> Iterator[str]:
    """Write what follows for a seller of condors."""
    by_key = {card["key"]: card for card in cards["cards"]}
    behind = [name for name, one in found.items() if _fewer_is_better(one)]
    if len(behind) == len(found):
        yield (
            "- **Size first.** On every programme tried, fewer condors gave the tail of the hedged "
            "book at a higher growth. A hedge is for those who cannot or will not sell fewer."
        )
    elif behind:
        yield f"- **Size or hedge.** Fewer condors did better on {', '.join(behind)} alone."
    else:
        yield "- **Hedge.** On no programme tried did fewer condors do as well as the hedge."
    rank = by_key["best-split"]
    yield (
        f"- **Other splits grew faster.** 40/40/20: {rank_in_words(cards)}."
        if rank["verdict"] != "supported"
        else f"- **The split is a good one.** 40/40/20: {rank_in_words(cards)}."
    )
    adaptive = by_key["adaptive-over-static"]["readings"][0]
    helped = adaptive["low"] is not None and adaptive["low"] > 0
    seen = "helped" if helped else "did not visibly help"
    yield (
        f"- **Signals and rules {seen}.** All of them on: "
        f"{percent(adaptive['estimate'], 2)} of growth a year "
        f"({percent(adaptive['low'], 2)} to {percent(adaptive['high'], 2)})."
    )
    slope = by_key["contango-modest"]
    yield (
        f"- **A hedge bought in calm costs most while the curve is steep**: {slope['note']}."
        if slope.get("note")
        else "- **Carry by the slope of the curve** cannot be told on this data."
    )
    yield (
        "- **No VIX hedge pays for a rally.** Call-side losses are the condor's own; count them "
        "apart (`alvh compare`)."
    )


def rank_in_words(cards: dict[str, Any]) -> str:
    """Say where the split stands, and over how many histories its interval and its test are."""
    card = next(card for card in cards["cards"] if card["key"] == "best-split")
    histories = max(cards["meta"]["resamples"] // 4, 1)  # a card of all splits takes a quarter
    return f"{card['note']} ({histories} resampled histories)"


def _fewer_is_better(comparison: alvh.Comparison) -> bool:
    rows = {row.name: row for row in comparison.rows["carry"]}
    return FEWER in rows and rows[FEWER].cagr > rows[HEDGE].cagr


def claims_in_short(cards: dict[str, Any]) -> Iterator[str]:
    """Write which claims are supported, ruled out, open."""
    groups: dict[str, list[str]] = {"supported": [], "ruled out": [], "not shown": [], "open": []}
    for card in cards["cards"]:
        word = {"supported": "supported", "not testable": "open"}.get(card["verdict"], "not shown")
        groups["ruled out" if card["refuted"] else word].append(card["claim"].rstrip("."))
    heads = {
        "supported": "Supported", "ruled out": "Ruled out: the whole interval fails the rule",
        "not shown": "Not shown: the interval holds both", "open": "Not testable with this data",
    }  # fmt: skip
    for name, head in heads.items():
        if groups[name]:
            yield f"- {head}: {'; '.join(groups[name])}."


def written(found: dict[str, alvh.Comparison], cards: dict[str, Any]) -> Iterator[str]:
    """Write the page."""
    main = found[PROGRAMMES[0]]
    meta, row = main.headline.meta, main.row(HEDGE, "carry")
    yield "# The verdict"
    yield ""
    yield "Generated by `python docs/build_verdict.py --data ../shared/data`; do not edit by hand."
    yield ""
    yield "## Is the layered VIX hedge worth its cost to somebody who sells SPX iron condors?"
    yield ""
    yield from answer(main)
    yield ""
    yield (
        f"That is the record of {meta['start']} to {meta['end']}, one million dollars, "
        f"`{PROGRAMMES[0]}`: a ladder of 45-day condors, three layers of VIX options at 40/40/20, "
        "fills half-way between mid and touch, exchange fees, whole contracts, final settlement "
        f"values. {percent(row.model_priced_share, 0)} of the fills are priced by a model, as free "
        "history of option quotes does not exist; the S&P 500, VIX and VIX futures under them are "
        "real. Hedges are compared at equal carry: each loses as much as the others in a year in "
        "which nothing moves."
    )
    yield ""
    yield from table(main)
    yield ""
    yield (
        "![Account value, falls from the last high, and what each book did in each crisis]"
        "(verdict.png)"
    )
    yield ""
    for name in PROGRAMMES[1:]:
        yield f"On `{name}`: {' '.join(answer(found[name])).strip('*')}"
        yield ""
    yield "## Where 40/40/20 stands among all splits"
    yield ""
    yield (
        f"By growth, {rank_in_words(cards)}. The picture rests on {SPLIT_RESAMPLES} of them, so "
        "that its p may lie lower, and so do the intervals of [the split simplex](simplex.md), "
        "which says how it was made."
    )
    yield ""
    yield (
        "![All 231 splits by growth: the split asked about the star, the best the diamond]"
        "(simplex.png)"
    )
    yield ""
    yield "## What is claimed, and what is seen"
    yield ""
    counts = cards["counts"]
    yield (
        f"{counts['supported']} of {len(cards['cards'])} claims are supported, "
        f"{counts['not supported']} are not, {counts['not testable']} cannot be tested with this "
        f"data; {cards['by_chance']:.1f} would be supported by chance. Tests and rules were fixed "
        "before any was run: [all cards](claims.md)."
    )
    yield ""
    yield from claims_in_short(cards)
    yield ""
    yield "## What to conclude"
    yield ""
    yield from conclusions(found, cards)
    yield ""
    yield "## What this cannot say"
    yield ""
    yield from limits(main)


def limits(main: alvh.Comparison) -> Iterator[str]:
    """Write what the evidence does not reach."""
    yield f"- {main.verdict('carry')[-1]}"
    yield (
        "- Prices of options come from indices and futures by a model. How far off it is is "
        "published for [SPX](calibration/spx.md) and [VIX](calibration/vix.md); a study of VIX "
        "calls with real prices found 1.9 points a year more for the same schedule "
        "([validation](validation.md)). With chains of your own the model goes where quotes are."
    )
    yield (
        "- Drawn worlds ([worlds](worlds.md)) make thousands of years from the same crises. They "
        "say how lucky this order of events was, not what an event of a new kind would do."
    )
    yield ""
    meta = main.headline.meta
    yield (
        f"Policy {meta['policy_hash'][:12]}, programme {meta['programme_hash'][:12]}, data "
        f"{meta['data_digest'][:12]}, code {meta['code_version']}, seed {main.seed}."
    )


def claim_cards(history: alvh.History) -> dict[str, Any]:
    """Return the cards, kept or made anew."""
    if CARDS.exists():
        kept: dict[str, Any] = json.loads(CARDS.read_text(encoding="utf-8"))
        if kept["meta"]["data_digest"] == history.digest:
            return kept
    return alvh.claims(history, start=START).to_dict()


def main() -> None:
    """Renew page and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    history = alvh.load_history(parser.parse_args().data)
    found = {
        name: alvh.compare(history, condors=name, start=START, equal="carry") for name in PROGRAMMES
    }
    PAGE.write_text("\n".join(written(found, claim_cards(history))) + "\n", encoding="utf-8")
    draw_books(found[PROGRAMMES[0]])


if __name__ == "__main__":
    main()
