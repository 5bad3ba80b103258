"""`alvh steward`: the careful and the bold way to fill the account, and the book between."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import say, say_json, show_table
from alvh.cli.formats import decimal, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Condors, Data, Equity, Fill, Start
from alvh.cli.running import day, engine_running, read_history, say_identity

if TYPE_CHECKING:
    from alvh.advise.steward import Steward


def steward(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of", metavar="DATE", formats=DATE_FORMATS, help="Evening; default: the last."
        ),
    ] = None,
    hedge: Annotated[
        str, typer.Option("--hedge", metavar="NAME", help="Hedge policy: preset or .yaml file.")
    ] = "alvh-40-40-20",
    condors: Condors = "monthly45",
    data: Data = "bundled",
    start: Start = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    hurdle: Annotated[
        float,
        typer.Option(
            "--hurdle", min=0.0, max=1.0, metavar="SHARE",
            help="Part of the promoter's expected gain that the steward must earn.",
        ),
    ] = 0.5,
    margin_limit: Annotated[
        float,
        typer.Option(
            "--margin-limit", min=0.0, max=1.0, metavar="SHARE",
            help="Most capital at work, part of equity.",
        ),
    ] = 0.5,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Solve for steward and promoter, and score the book between them."""
    import alvh
    from alvh.advise.steward import steward as solve

    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    history = read_history(data)
    with engine_running(f"{programme.name} with {policy.name}"):
        result = alvh.backtest(
            history, policy, programme, start=day(start), end=day(as_of), equity=equity, fill=fill
        )
        found = solve(
            history, result, programme, policy, hurdle=hurdle, margin_limit=margin_limit, fill=fill
        )
    if as_json:
        from dataclasses import asdict

        say_json({"as_of": result.meta["end"], "steward": asdict(found), "meta": result.meta})
        return
    _say(found, str(result.meta["end"]))
    say_identity(result.meta)


def _say(found: "Steward", as_of: str) -> None:
    say(f"{as_of}: {found.windows} past windows, scaled to today; fractions of equity")
    items = tuple(found.steward.capital)
    rows = [
        (
            name,
            *(percent(solution.capital[item]) for item in items),
            percent(solution.expected, 3),
            percent(solution.cvar),
        )
        for name, solution in (("steward", found.steward), ("promoter", found.promoter))
    ]
    blank = ("",) * len(items)
    rows.append(("the book", *blank, percent(found.book_expected, 3), percent(found.book_cvar)))
    headings = (*items, "expected", "CVaR 95 %")
    show_table("Capital by item, and the worst 5 %", ("who", *headings), rows, numbers=headings)
    say(f"score of the book {decimal(found.score)}: {_meaning(found.score)}")


def _meaning(score: float) -> str:
    if score == float("-inf"):
        return "nothing on the menu gains in expectation, and the book has a tail"
    if score >= 0.5:
        return "at least half-way to the steward"
    return "below one half: no new condors, where the policy makes it binding"
