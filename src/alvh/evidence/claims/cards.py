"""Claim cards: each claim put to its trial, and what follows by the rule fixed beforehand."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from alvh.engine import DEFAULT_EQUITY, DEFAULT_FILL, backtest
from alvh.errors import DataError
from alvh.evidence.claims import market_trials as market
from alvh.evidence.claims import trials as books
from alvh.evidence.claims.desk import Desk, Finding, NotTestable, Reading
from alvh.evidence.claims.model import Claim, claims_hash, load_claims
from alvh.evidence.rows import plain
from alvh.evidence.workbench import Workbench
from alvh.market.history import History
from alvh.policy import CondorProgramme, load_programme, policy_hash
from alvh.signals import signal_table
from alvh.version import VERSION

SUPPORTED, NOT_SUPPORTED, NOT_TESTABLE = "supported", "not supported", "not testable"
VERDICTS = (SUPPORTED, NOT_SUPPORTED, NOT_TESTABLE)
TRIALS: dict[str, Callable[..., Finding]] = {
    trial.__name__: trial
    for trial in (
        books.books, books.drawdown_cut, books.alpha, books.decay, books.construction,
        books.split_rank, market.event_days, market.uncertain_days, market.press,
        market.thresholds, market.break_evens, market.containment, market.recovered,
        market.opened_at, market.carry_by_slope,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """What became of one claim.

    Attributes
    ----------
    claim : Claim
    verdict : {"supported", "not supported", "not testable"}
    finding : Finding or None
        None where it is not testable.
    why : str
        What is missing where it is not testable.
    """

    claim: Claim
    verdict: str
    finding: Finding | None
    why: str = ""

    @property
    def refuted(self) -> bool:
        """Whether the whole interval of a condition lies on its wrong side."""
        by_name = {one.name: one for one in self.finding.readings} if self.finding else {}
        pairs = [(rule, by_name[rule.reading]) for rule in self.claim.accept if by_name]
        return any(rule.refuted(one.low, one.high) for rule, one in pairs)

    def p_values(self) -> dict[str, float]:
        """Return by reading the share of resampled histories beyond the level it is held to."""
        found = self.finding
        if found is None:
            return {}
        rules = {rule.reading: rule for rule in self.claim.accept}
        return {
            one.name: one.p_value(rules[one.name].level, rules[one.name].above is not None)
            for one in found.readings if one.name in rules and len(one.draws)
        }  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return everything in plain values."""
        claim, found = self.claim, self.finding
        flat: dict[str, Any] = {
            "key": claim.key, "of": claim.of, "claim": claim.claim, "test": claim.test,
            "rule": claim.rule(), "verdict": self.verdict, "refuted": self.refuted,
            "why": self.why, "readings": [],
        }  # fmt: skip
        if found is None:
            return flat
        p = self.p_values()
        flat["readings"] = [
            {"name": one.name, "unit": one.unit, "estimate": plain(one.estimate),
             "low": plain(one.low), "high": plain(one.high),
             "p_value": plain(p.get(one.name, math.nan))}
            for one in found.readings
        ]  # fmt: skip
        return flat | {
            "sample": found.sample, "note": found.note,
            "model_priced_share": plain(found.model_priced_share),
            "fitted_share": plain(found.fitted_share),
            "effective_crises": plain(found.effective_crises), "crises": found.crises,
        }  # fmt: skip


@dataclass(frozen=True)
class Claims:
    """All cards, and what made them."""

    cards: tuple[Card, ...]
    meta: dict[str, Any]

    def counts(self) -> dict[str, int]:
        """Return how many claims got each verdict."""
        return {name: sum(card.verdict == name for card in self.cards) for name in VERDICTS}

    def by_chance(self) -> float:
        """Return how many of the tested claims would be supported if none were true."""
        one_sided: float = (1.0 - self.meta["level"]) / 2.0
        return one_sided * sum(card.verdict != NOT_TESTABLE for card in self.cards)

    def to_dict(self) -> dict[str, Any]:
        """Return everything in plain values."""
        return {
            "cards": [card.to_dict() for card in self.cards], "counts": self.counts(),
            "by_chance": self.by_chance(), "meta": self.meta,
        }  # fmt: skip


def claims(
    history: History,
    condors: str | CondorProgramme = "monthly45",
    start: str | date | None = None,
    end: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
    fill: float = DEFAULT_FILL,
    *,
    only: Sequence[str] = (),
    file: str | Path | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    progress: Callable[[int, int], None] | None = None,
) -> Claims:
    """Put the claims that are made for the hedge to their trials.

    Parameters
    ----------
    history, condors, start, end, equity, fill
        As for ``alvh.backtest``.
    only : sequence of str
        Keys of the claims wanted; all where empty.
    file : str or Path, optional
        Of claims of your own, written like the program's ``claims.yaml``.
    resamples, seed : int
    level : float
        Of the intervals.
    progress : callable, optional
        Called with (done, total) after each claim.

    Raises
    ------
    DataError
        If the claims cannot be read, or name no trial that there is.
    """
    wanted = load_claims(file, only)
    programme = condors if isinstance(condors, CondorProgramme) else load_programme(condors)
    account: dict[str, Any] = {"start": start, "end": end, "equity": equity}
    bench = Workbench(backtest, history, programme, fill=fill, **account)
    desk = Desk(bench, history, resamples=resamples, seed=seed, level=level)
    cards = []
    for done, claim in enumerate(wanted):
        cards.append(try_claim(desk, claim))
        if progress is not None:
            progress(done + 1, len(wanted))
    meta = {
        "claims_hash": claims_hash(wanted), "programme": programme.name,
        "programme_hash": policy_hash(programme),
        "data_digest": history.digest, "code_version": VERSION, "fill": fill,
        "resamples": resamples, "seed": seed, "level": level,
    }  # fmt: skip
    return Claims(tuple(cards), meta)


def try_claim(desk: Desk, claim: Claim) -> Card:
    """Put one claim to its trial."""
    if claim.trial not in TRIALS:
        known = ", ".join(sorted(TRIALS))
        raise DataError(f"claim {claim.key} asks for the trial {claim.trial!r}; there are {known}")
    try:
        for missing in _missing(desk.history, claim.needs):
            raise NotTestable(f"the history has no {missing}")
        found = TRIALS[claim.trial](desk, **claim.options)
    except NotTestable as reason:
        return Card(claim, NOT_TESTABLE, None, str(reason))
    return Card(claim, verdict(claim, found.readings), found)


def _missing(history: History, needs: Sequence[str]) -> Iterator[str]:
    """Yield the signals that a claim needs and that the history does not give."""
    if needs:
        table = signal_table(history)
        for name in needs:
            if name not in table.names or str(table.first_usable[table.names.index(name)]) == "NaT":
                yield name


def verdict(claim: Claim, readings: Sequence[Reading]) -> str:
    """Apply the rule that was fixed beforehand: every condition must hold."""
    by_name = {one.name: one for one in readings}
    held = all(
        condition.holds(getattr(by_name[condition.reading], condition.bound))
        for condition in claim.accept
    )
    return SUPPORTED if held else NOT_SUPPORTED
