"""Lab: choose a book and a hedge, drag the split, and see what it would have done."""

from typing import Annotated, Any

import polars as pl
from fastapi import Query, Request
from fastapi.responses import HTMLResponse

import alvh
from alvh import measures
from alvh.formats import decimal, dollars, percent
from alvh.plain import plain
from alvh.priced import Priced
from alvh.report import figures
from alvh.report.exhibits import layers_table, levels_table
from alvh.report.triangle import priced_of
from alvh.web.desk import Book, Desk
from alvh.web.pages import page
from alvh.web.panels import Panel, Shown, address
from alvh.web.routes import screen_routes
from alvh.web.screens.verdict import Tried, begin, key
from alvh.web.settings import Account

Settings = Annotated[Account, Query()]
LAYERS = ("short", "medium", "tail")
NO_HEDGE = "This policy has no hedge, so there is nothing that it costs."
_FIGURES = (
    ("Growth a year", "cagr", percent),
    ("Volatility a year", "volatility", percent),
    ("Sharpe ratio over bills", "sharpe", decimal),
    ("Deepest drawdown", "max_drawdown", percent),
    ("Mean of the worst 5 % of days", "cvar_95", percent),
    ("Ulcer index", "ulcer", percent),
    ("Cost of the hedge a year", "hedge_cost_per_year", percent),
    ("Fees and slippage a year", "costs_per_year", percent),
    ("Condors won", "win_rate", percent),
    ("Account at the end, USD", "final_nav", dollars),
    ("Fills priced by a model", "model_priced_share", percent),
)


def ask(request: Request, account: Settings) -> Shown:
    """Run an account and lay out what the screen shows of it."""
    desk = request.app.state.desk
    book = desk.book(account)
    hedged, unhedged = book.result.summary(), book.twin.summary()
    rows = [(title, write(hedged[key]), write(unhedged[key])) for title, key, write in _FIGURES]
    facts = {"rows": rows, "name": account.label(book.policy.name), "split": shares(book)}
    facts["priced"] = priced(book.result)
    job = facts["colours"] = desk.jobs.find(key("simplex", every_split(account)))
    drawn = panels(desk, account)
    if job is not None and job.state == "done":
        facts["all_priced"] = priced_of(job.result.meta)
        drawn = (*drawn, Panel("splits", "", {}, pl.DataFrame(job.result.table()), ""))
    return Shown("/lab", account, drawn, facts, book.result.meta)


router = screen_routes("lab", ask)


@router.post("/lab/colours/start", response_class=HTMLResponse)
def colour(request: Request, account: Settings) -> HTMLResponse:
    """Begin to run every split, so that the triangle can be coloured by what each would do."""
    busy = begin(request.app.state.desk, "simplex", every_split(account), address("/lab", account))
    shown = ask(request, account)
    return page(request, "lab_colours.html.j2", 422 if busy else 200, shown=shown, busy=busy)


@router.post("/lab/colours/cancel", response_class=HTMLResponse)
def cancel(request: Request, account: Settings) -> HTMLResponse:
    """Stop it at its next step."""
    desk: Desk = request.app.state.desk
    desk.jobs.cancel(key("simplex", every_split(account)))
    return colours(request, account)


@router.get("/lab/colours", response_class=HTMLResponse)
def colours(request: Request, account: Settings) -> HTMLResponse:
    """Show how far it has come, or the colours."""
    return page(request, "lab_colours.html.j2", shown=ask(request, account))


@router.get("/api/backtest")
def backtest(request: Request, account: Settings) -> dict[str, Any]:
    """Give the figures of one hedged book, as ``alvh backtest --json`` does."""
    result = request.app.state.desk.book(account).result
    sleeves = {name: path[-1] for name, path in result.sleeves.items()}
    found = plain({"summary": result.summary(), "sleeves": sleeves, "meta": result.meta})
    return dict(found)


def panels(desk: Desk, account: Account) -> tuple[Panel, ...]:
    """Return the four figures of the Lab with their tables."""
    book = desk.book(account)
    result, twin, name = book.result, book.twin, account.label(book.policy.name)
    runs = {"none": twin, name: result} if book.policy.layers else {"none": twin}
    crises = alvh.crisis_table(result, twin, desk.history)
    days = f"{result.dates[0]} to {result.dates[-1]}"
    share = priced(result)
    return (
        Panel("equity", "Account", figures.equity(runs), levels_table(runs, lambda run: run.nav),
              f"USD at the close, {days}; {share}."),
        Panel("drawdown", "Drawdown", figures.drawdown(runs),
              levels_table(runs, lambda run: measures.drawdowns(run.nav)),
              f"Fall from the last high, % of it (in the CSV a fraction), {days}; {share}."),
        Panel("cost", "Cost of the hedge", figures.layers(result), layers_table(result),
              f"Cumulative USD after fees and slippage; thin: what an unchanged market would "
              f"have given or taken. {days}; {share}.",
              nothing="" if book.policy.layers else NO_HEDGE),
        Panel("crises", "Crises", figures.crises(alvh.crisis_returns(runs)), crises,
              f"Return of the account from the S&P 500's high to its low, % (in the CSV a "
              f"fraction); {days}; {share}. "
              "Crises outside the days chosen are left out."),
        Panel("figures", "", {}, _table(result, twin), ""),
    )  # fmt: skip


def priced(result: "alvh.Result") -> str:
    """Say what the fills of a run rest on."""
    counts = result.counts
    if not counts["fills"]:
        return "nothing was traded, so nothing is priced"
    return Priced(counts["fills"], counts["fills_modelled"], counts["fills_fitted"]).words("fills")


def every_split(account: Account) -> Tried:
    """Return the work that colours the triangle: every split, whichever is looked at."""
    settings = account.model_dump(include=set(Account.model_fields) - set(LAYERS))
    return Tried(**settings, step=10, resamples=0)


def shares(book: Book) -> tuple[int, ...] | None:
    """Return the split in whole per cent, or None where there are not three layers."""
    weights: dict[str, float] = {layer.name: layer.weight for layer in book.policy.layers}
    if sorted(weights) != sorted(LAYERS) or sum(weights.values()) <= 0:
        return None
    total = sum(weights.values())
    return tuple(round(100 * weights[name] / total) for name in LAYERS)


def _table(result: "alvh.Result", twin: "alvh.Result") -> pl.DataFrame:
    hedged, unhedged = result.summary(), twin.summary()
    rows = [{"figure": name, "hedged": hedged[name], "unhedged": unhedged[name]}
            for _, name, _ in _FIGURES]  # fmt: skip
    return pl.DataFrame(rows)
