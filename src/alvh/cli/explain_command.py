"""`alvh explain`: why the book is what it is at the close of one day."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import ABSENT, say, say_json, show_table
from alvh.cli.formats import decimal, missing, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Condors, Data, Equity, Fill, Start
from alvh.cli.running import day, engine_running, read_history, say_identity, say_model_share

if TYPE_CHECKING:
    from alvh.advise.explain import Explanation

_SIGNALS = ("raw", "z", "score", "age")
_WEIGHTS = ("policy", "score", "premium", "factor", "asked", "in force", "held")
_RULES = ("reading", "threshold")


def explain(
    as_of: Annotated[
        datetime,
        typer.Argument(metavar="DATE", formats=DATE_FORMATS, help="Session, as 2020-03-16."),
    ],
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-adaptive",
    condors: Condors = "monthly45-adaptive",
    data: Data = "bundled",
    start: Start = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    as_json: AsJson = False,
) -> None:
    """Show every signal, tilt, weight, decision, rule and health figure of one day."""
    import alvh
    from alvh.advise.explain import explain as account_for

    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    market = read_history(data)
    with engine_running(f"{programme.name} with {policy.name} to {as_of.date()}"):
        found = account_for(
            market, as_of.date(), policy, programme, start=day(start), equity=equity, fill=fill
        )
    if as_json:
        say_json(_whole(found))
        return
    say_model_share(found.result.model_priced_share, found.result.fitted_share)
    _say(found)
    say_identity(found.result.meta)


def _whole(found: "Explanation") -> dict[str, Any]:
    from dataclasses import asdict

    panel = None
    if found.health is not None:
        panel = {"figures": found.health.figures(), "reasons": found.health.reasons()}
    return {
        "as_of": found.as_of,
        "heard": found.heard,
        "signals": [asdict(one) for one in found.signals],
        "weights": [asdict(one) for one in found.weights],
        "decisions": [asdict(one) for one in found.decisions],
        "rules": [asdict(one) for one in found.rules],
        "health": panel,
        "verdicts": [asdict(one) for one in found.verdicts],
        "steward": None if found.steward is None else asdict(found.steward),
        "missing": found.missing,
        "model_priced_share": found.result.model_priced_share,
        "meta": found.result.meta,
    }


def _say(found: "Explanation") -> None:
    say(f"{found.as_of}: the hedge heard the signals of {found.heard}, NAV "
        f"{found.result.nav[-1]:,.0f} USD")  # fmt: skip
    show_table(
        "Signals as heard; the score is what a tilt uses, age in days",
        ("signal", "moves", *_SIGNALS, "source"), _signals(found), numbers=_SIGNALS,
        spare=("source",),
    )  # fmt: skip
    if found.weights:
        show_table("Weights of the layers", ("layer", *_WEIGHTS, "by"), _weights(found),
                   numbers=_WEIGHTS)  # fmt: skip
    show_table("Decisions of the day", ("sleeve", "action", "reason"),
               ((one.sleeve, one.action, one.reason) for one in found.decisions))  # fmt: skip
    show_table("Rules looked at", ("sleeve", "rule", "on", *_RULES, "what it reads"),
               _rules(found), numbers=_RULES, spare=("what it reads",))  # fmt: skip
    if found.verdicts:
        show_table("Health against the policy's limits", ("figure", *_RULES, "passed", "binds"),
                   _verdicts(found), numbers=_RULES)  # fmt: skip
    if found.health is not None:
        figures, reasons = found.health.figures(), found.health.reasons()
        show_table("Health", ("figure", "value", "note"),
                   ((name, _figure(value), reasons.get(name, ""))
                    for name, value in figures.items()), numbers=("value",))  # fmt: skip
    for part, why in found.missing.items():
        say(f"{part} is absent: {why}")


def _figure(value: float) -> str:
    if missing(value):
        return ABSENT
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"


def _signals(found: "Explanation") -> Iterator[tuple[str, ...]]:
    for one in found.signals:
        acts = ", ".join(one.acts_on) or ABSENT
        yield (
            one.name, acts, _figure(one.raw), decimal(one.z), decimal(one.score),
            _figure(one.age_days), one.source,
        )  # fmt: skip


def _weights(found: "Explanation") -> Iterator[tuple[str, ...]]:
    for one in found.weights:
        parts = [f"{part.signal} {part.part:+.2f}" for part in one.contributions]
        yield (
            one.layer, percent(one.policy, 1), decimal(one.score), decimal(one.risk_premium),
            decimal(one.factor, 3), percent(one.asked, 1), percent(one.in_force, 1),
            percent(one.held, 1), ", ".join(parts),
        )  # fmt: skip


def _rules(found: "Explanation") -> Iterator[tuple[str, ...]]:
    for one in found.rules:
        yield (one.sleeve, one.rule, "yes" if one.on else "no", _figure(one.reading),
               _figure(one.threshold), one.text)  # fmt: skip


def _verdicts(found: "Explanation") -> Iterator[tuple[str, ...]]:
    for one in found.verdicts:
        verdict = ABSENT if one.passed is None else "yes" if one.passed else "no"
        bound = ("≥ " if one.least else "≤ ") + _figure(one.limit)
        yield one.name, _figure(one.value), bound, verdict, "yes" if one.binding else "no"
