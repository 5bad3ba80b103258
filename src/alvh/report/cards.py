"""Claim cards in words: one line for a terminal, a section for a page."""

import math
from collections.abc import Iterator

from alvh.evidence.claims import Card, Claims
from alvh.evidence.claims.desk import Reading

NAMES = {
    "tail_month": "worst months",
    "drawdown": "maximum drawdown",
    "rank_share": "rank as a share of all splits",
    "decay": "advantage in decay on the value held",
    "gap": "narrower gap",
    "lower_share": "months in which it lies lower",
    "growth": "growth",
    "excess": "difference",
    "alpha": "alpha",
    "press_excess": "beyond ordinary sessions",
    "cut": "share of the drawdown that is gone",
    "given_up": "growth given up",
    "contained": "sessions within the range",
    "recovered": "losers recovered",
}


def amount(value: float, unit: str) -> str:
    """Write a value in its unit: per cent with as many places as it needs, or points."""
    if not math.isfinite(value):
        return "–"
    if unit == "points":
        return f"{value:.1f} points"
    size = abs(100.0 * value)
    places = 0 if size >= 100.0 else 1 if size >= 10.0 else 2 if size >= 0.1 else 3
    return f"{round(100.0 * value, places) + 0.0:.{places}f} %"


def measured(one: Reading) -> str:
    """Write a reading with its interval."""
    ends = f"{amount(one.low, one.unit)} … {amount(one.high, one.unit)}"
    rate = " a year" if one.unit == "share a year" else ""
    return f"{NAMES.get(one.name, one.name)} {amount(one.estimate, one.unit)}{rate} ({ends})"


def verdict_words(card: Card) -> str:
    """Say the verdict, and where a whole interval lies on the wrong side of the rule."""
    return f"{card.verdict}; ruled out by the interval" if card.refuted else card.verdict


def basis(card: Card) -> str:
    """Say what a verdict rests on: sample, model's share, crises, p-values."""
    found = card.finding
    if found is None:
        return ""
    parts = [found.sample]
    if math.isfinite(found.model_priced_share):
        parts.append(f"{100.0 * found.model_priced_share:.0f} % of fills priced by the model")
        if found.fitted_share > 0.0:
            parts[-1] += f", {100.0 * found.fitted_share:.0f} % by smiles fitted to quotes"
    if found.crises:
        parts.append(f"{found.effective_crises:.1f} effective crises of {found.crises}")
    parts += [
        f"share of resamples against ({NAMES.get(k, k)}) {p:.3f}"
        for k, p in card.p_values().items()
    ]
    return "; ".join(parts)


def markdown(found: Claims) -> Iterator[str]:
    """Write all cards as sections of a page."""
    for card in found.cards:
        claim = card.claim
        said = "The text" if claim.of == "text" else "The market"
        yield f"### {claim.claim}"
        yield ""
        yield f"**{verdict_words(card).capitalize()}.** {said} says so. `{claim.key}`"
        yield ""
        yield f"- Test: {claim.test}"
        yield f"- Counts as supported if: {_rule(card)}."
        if card.finding is None:
            yield f"- Not testable: {card.why}."
        else:
            yield f"- Found: {'; '.join(measured(one) for one in card.finding.readings)}."
            if card.finding.note:
                yield f"- {card.finding.note[0].upper()}{card.finding.note[1:]}."
            yield f"- Rests on: {basis(card)}."
        yield ""


def _rule(card: Card) -> str:
    text = card.claim.rule()
    for name in {rule.reading for rule in card.claim.accept}:
        text = text.replace(name, NAMES.get(name, name))
    return text
