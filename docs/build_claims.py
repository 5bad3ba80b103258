"""Write the measured part of docs/claims.md: every claim, its rule, and what was found.

Run with ``python docs/build_claims.py --data ../shared/data``. Everything between the two marks
on the page is computed here; the rest of the page is written by hand. The cards are kept beside it,
in docs/claims.json, for the page of the verdict.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import alvh
from alvh.report.cards import markdown, measured, verdict_words

PAGE = Path(__file__).with_name("claims.md")
CARDS = PAGE.with_suffix(".json")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
START = "2007-01-03"


def written(found: alvh.Claims) -> Iterator[str]:
    """Write the counts, the table and the cards."""
    counts = found.counts()
    yield (
        f"**{counts['supported']} of {len(found.cards)} claims are supported, "
        f"{counts['not supported']} are not, {counts['not testable']} cannot be tested with this "
        f"data.** {found.by_chance():.1f} would be supported by chance if none were true."
    )
    yield ""
    yield "| claim | verdict | found, with 95 % interval |"
    yield "|---|---|---|"
    for card in found.cards:
        readings = card.finding.readings if card.finding else ()
        seen = "; ".join(measured(one) for one in readings)
        yield f"| {card.claim.claim} | {verdict_words(card)} | {seen} |"
    yield ""
    yield from markdown(found)
    meta = found.meta
    yield (
        f"`{meta['programme']}` at fill {meta['fill']:g}, {meta['resamples']} resamples, seed "
        f"{meta['seed']}; claims {meta['claims_hash'][:12]}, programme "
        f"{meta['programme_hash'][:12]}, data {meta['data_digest'][:12]}, code "
        f"{meta['code_version']}."
    )


def main() -> None:
    """Renew the page and the cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    found = alvh.claims(alvh.load_history(parser.parse_args().data), start=START)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    body = "\n".join(written(found))
    PAGE.write_text(f"{before}{BEGIN}\n{body}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    CARDS.write_text(json.dumps(found.to_dict(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
