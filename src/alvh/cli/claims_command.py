"""`alvh claims`: every claim made for the hedge, its test, and what becomes of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import ABSENT, counting, say, say_json, show_table
from alvh.cli.formats import decimal, percent
from alvh.cli.options import AsJson, Condors, Data, End, Equity, Fill, Start
from alvh.cli.running import announce_compiling, day, read_history

if TYPE_CHECKING:
    from alvh.evidence.claims import Claims


def claims(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[CLAIM]...", help="Only these; all if none.")
    ] = None,
    condors: Condors = "monthly45",
    data: Data = "bundled",
    start: Start = None,
    end: End = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Claims of your own, as YAML.")
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Show the claims and their rules, and run none.")
    ] = False,
    seed: Annotated[
        int, typer.Option("--seed", metavar="NUMBER", min=0, help="Of the resampling.")
    ] = 0,
    resamples: Annotated[
        int, typer.Option("--resamples", metavar="NUMBER", min=1, help="Of the intervals.")
    ] = 1000,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Write the cards, as Markdown.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put the claims that are made for the hedge to tests whose rules were fixed beforehand."""
    if listed:
        _say_list(file, keys or [], as_json)
        return
    from alvh import claims as try_claims

    market = read_history(data)
    announce_compiling()
    with counting("claims") as progress:
        found = try_claims(
            market, condors, day(start), day(end), equity, fill, only=keys or [], file=file,
            resamples=resamples, seed=seed, progress=progress,
        )  # fmt: skip
    if save is not None:
        from alvh.cli.files import write_whole
        from alvh.report.cards import markdown

        text = "\n".join(markdown(found))
        write_whole(save, lambda path: path.write_text(text, encoding="utf-8"))
    if as_json:
        say_json(found.to_dict())
        return
    show_table(f"claims, on {condors} at fill {fill:g}",
               ("claim", "verdict", "found, with 95 % interval", "model", "crises"), _rows(found),
               numbers=("model", "crises"))  # fmt: skip
    counts = ", ".join(f"{count} {name}" for name, count in found.counts().items())
    say(f"{counts}; {decimal(found.by_chance(), 1)} would be supported by chance")
    say("rules of acceptance: alvh claims --list; samples and notes: --json or --save")
    meta = found.meta
    say(
        f"claims {meta['claims_hash'][:12]} · programme {meta['programme_hash'][:12]} · "
        f"data {meta['data_digest'][:12]} · code {meta['code_version']} · fill {fill:g}"
    )


def _rows(found: "Claims") -> Iterator[tuple[str, ...]]:
    from alvh.report.cards import measured, verdict_words

    for card in found.cards:
        if card.finding is None:
            yield card.claim.key, card.verdict, card.why, ABSENT, ABSENT
            continue
        share, number = card.finding.model_priced_share, card.finding.effective_crises
        yield (
            card.claim.key, verdict_words(card), "; ".join(map(measured, card.finding.readings)),
            percent(share, 0), decimal(number, 1),
        )  # fmt: skip


def _say_list(file: Path | None, keys: list[str], as_json: bool) -> None:
    from alvh.evidence.claims import load_claims

    found = load_claims(file, keys)
    if as_json:
        say_json([claim.model_dump() | {"rule": claim.rule()} for claim in found])
        return
    for claim in found:
        say(f"{claim.key}: {claim.claim}")
        say(f"  test: {claim.test}")
        say(f"  supported if: {claim.rule()}")
