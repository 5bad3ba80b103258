"""`alvh health`: is the book liquid, and is its hedge worth what it costs?"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import ABSENT, note, say, say_json, show_table
from alvh.cli.formats import decimal, dollars, percent
from alvh.cli.options import DATE_FORMATS, AsJson, Condors, Data, Equity, Fill, OwnBook, Start
from alvh.cli.running import day, engine_running, read_history, say_identity, say_model_share
from alvh.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from alvh import CondorProgramme, HedgePolicy, History
    from alvh.advise.health import Health
    from alvh.desk.own import LayerReadings
    from alvh.holdings import Holdings

_HISTORY_COLUMNS = (
    ("vix", decimal),
    ("quick_ratio", decimal),
    ("cost_to_payout", decimal),
    ("protection_pe", decimal),
    ("wacc_drag", percent),
    ("mirr_hedge", percent),
    ("capm_alpha_usd", dollars),
    ("hedge_pays_vix_30d", decimal),
    ("shortfall_share", percent),
)
_LAYERS_TITLE = (
    "Layers: USD a year in an unchanged market; VIX after 30 days from which a layer pays, has "
    "recovered its cost, and carries the others"
)
_LAYERS = ("theta", "roll-down", "stress gain", "efficiency", "pays", "recovers", "carries")
_TRADES_TITLE = "Break-evens of open condors, points, net of their share of the hedge's carry"
_TRADES = ("contracts", "credit", "hedge cost", "put side", "call side")


def health(
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
    book: OwnBook = None,
    data: Data = "bundled",
    start: Start = None,
    equity: Equity = 1_000_000.0,
    fill: Fill = 0.5,
    history: Annotated[
        bool, typer.Option("--history", help="Every month-end up to that evening instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read the health of the book on one evening; of your own, what its layers pay and cost."""
    import alvh
    from alvh.advise.health import health as read_health
    from alvh.advise.health import health_history
    from alvh.holdings import holdings

    policy, programme = alvh.load_policy(hedge), alvh.load_programme(condors)
    market = read_history(data)
    if book is not None:
        _own(market, book, (policy, programme), day(as_of), fill, history, as_json)
        return
    account = {"start": day(start), "end": day(as_of), "equity": equity, "fill": fill}
    if history:
        with engine_running(f"health of {programme.name} with {policy.name}, month by month"):
            table = health_history(market, policy, programme, **account)  # type: ignore[arg-type]
        _say_history(table, as_json)
        return
    with engine_running(f"{programme.name} with {policy.name}"):
        result = alvh.backtest(market, policy, programme, **account)  # type: ignore[arg-type]
        found = read_health(market, result, stress_spx=policy.sizing.stress_spx)
    if as_json:
        say_json({"health": _whole(found), "meta": result.meta})
        return
    say_model_share(result.model_priced_share, result.fitted_share)
    _say_health(found)
    _say_follows(holdings(result))
    say_identity(result.meta)


def _own(
    market: "History", file: Path, rules: tuple["HedgePolicy", "CondorProgramme"],
    as_of: date | None, fill: float, by_month: bool, as_json: bool,
) -> None:  # fmt: skip
    """Read the layers of the user's own book."""
    from alvh.desk.book_files import read_book
    from alvh.desk.own import own_book
    from alvh.report.answers import layers_of

    if by_month:
        raise DataError("--history follows a policy's run; leave it out with --book")
    with engine_running(f"layers of {file}"):
        own = own_book(market, read_book(file), *rules, as_of, fill)
        found, whole = layers_of(own, rules[0].sizing.stress_spx)
    if as_json:
        say_json(whole)
        return
    for fault in own.faults:
        note(f"the rules cannot read this of the book, which is valued all the same: {fault}")
    say(f"{file} at the close of {found.as_of}: VIX {found.vix:.2f}, NAV {found.nav:,.0f} USD")
    if found.layers:
        show_table(_LAYERS_TITLE, ("layer", *_LAYERS), _layers(found), numbers=_LAYERS)
    else:
        say("no layer holds anything")
    _say_follows(own.evening.book)
    say_identity(own.meta)


def _whole(found: "Health") -> dict[str, Any]:
    from dataclasses import asdict

    record = asdict(found)
    return record | {"figures": found.figures(), "reasons": found.reasons()}


def _say_health(found: "Health") -> None:
    title = f"Health at the close of {found.as_of}, VIX {found.vix:.2f}, NAV {found.nav:,.0f} USD"
    show_table(title, ("figure", "value", "note"), _figures(found), numbers=("value",))
    if found.layers:
        show_table(_LAYERS_TITLE, ("layer", *_LAYERS), _layers(found), numbers=_LAYERS)
    if found.trades:
        show_table(_TRADES_TITLE, ("expiry", *_TRADES), _trades(found), numbers=_TRADES)


def _say_follows(book: "Holdings") -> None:
    from alvh.report.layer_figures import spx_follows

    words = spx_follows(book)
    if words:
        say(f"at every level of VIX above, {words}")


def _figures(found: "Health") -> Iterator[tuple[str, str, str]]:
    figures, reasons = found.figures(), found.reasons()
    value, protection, quick = found.dividend_value, found.protection, found.quick_ratio
    nothing_due = ", nothing falls due" if quick.ratio == float("inf") else ""
    rows: tuple[tuple[str, str, Any, str], ...] = (
        ("quick ratio", "quick_ratio", decimal, quick.colour + nothing_due),
        ("  with collateral left out", "quick_ratio_unencumbered", decimal, ""),
        ("carry of the hedge, USD a year", "carry_per_year_usd", dollars, "today's pace"),
        ("P/E of protection", "protection_pe", decimal, _tail_note(protection.rally_share)),
        ("cost over discounted pay-outs", "cost_to_dividend_value", decimal, value.verdict),
        ("cost over pay-outs", "cost_to_payout", decimal, "of the run so far"),
        ("equity risk premium", "equity_risk_premium", percent, found.premium_source),
        ("WACC without the hedge", "wacc_unhedged", percent, ""),
        ("WACC with the hedge", "wacc_hedged", percent, ""),
        ("fair cost by CAPM, USD a year", "fair_cost_usd", dollars, ""),
        ("realised cost, USD a year", "realised_cost_usd", dollars, ""),
        ("CAPM alpha, USD a year", "capm_alpha_usd", dollars, ""),
        ("MIRR of the hedge", "mirr_hedge", percent, ""),
        ("XIRR of the hedge", "xirr_hedge", percent, _ambiguous(found, "hedge")),
        ("XIRR of the condors on margin", "xirr_condors", percent, _ambiguous(found, "condors")),
        ("VIX from which the hedge pays, 7 days", "hedge_pays_vix_7d", decimal, ""),
        ("VIX from which the hedge pays, 30 days", "hedge_pays_vix_30d", decimal, ""),
        ("shortfall, of premium", "shortfall_share", percent, _budget(found)),
    )
    for label, key, write, remark in rows:
        yield label, write(figures[key]), reasons.get(key, remark)


def _tail_note(rally_share: float) -> str:
    return "" if rally_share != rally_share else f"{100 * rally_share:.0f} % of the tail is rallies"


def _ambiguous(found: "Health", name: str) -> str:
    changes = found.xirr[name].sign_changes
    return f"flows change sign {changes} times" if changes > 1 else ""


def _budget(found: "Health") -> str:
    return "within 10 %" if found.shortfall.within_budget else "over the budget of 10 %"


def _layers(found: "Health | LayerReadings") -> Iterator[tuple[str, ...]]:
    for name, carry in found.layers.items():
        active = found.activation[name]
        yield (
            name,
            dollars(carry.theta),
            dollars(carry.roll_down),
            dollars(carry.stress_gain),
            decimal(carry.efficiency),
            _level(active.from_today),
            _level(active.from_cost),
            _level(active.carries_hedge),
        )


def _level(vix: float) -> str:
    return "any" if vix == 0.0 else decimal(vix)


def _trades(found: "Health") -> Iterator[tuple[str, ...]]:
    for trade in found.trades:
        figures = (trade.credit, trade.hedge_cost, trade.put_side, trade.call_side)
        yield str(trade.expiry), str(trade.quantity), *(decimal(x) for x in figures)


def _say_history(table: "pl.DataFrame", as_json: bool) -> None:
    rows = list(table.iter_rows(named=True))
    if as_json:
        say_json({"health": rows})
        return
    names = tuple(name for name, _ in _HISTORY_COLUMNS)
    cells = (
        (str(row["date"]), row["quick_ratio_colour"] or ABSENT,
         *(write(row[name]) for name, write in _HISTORY_COLUMNS))
        for row in rows
    )  # fmt: skip
    show_table("Health by month", ("date", "quick", *names), cells, numbers=names, spare=names[4:])
    say("every row rests on data up to its own day; --json has all figures")
