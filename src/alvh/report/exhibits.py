"""Figures as they stand in a report: with units, dates, what prices rest on, and their numbers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from alvh import measures as m
from alvh.evidence.comparison import Comparison
from alvh.evidence.rows import LAYERS, Row, Run
from alvh.measures import Array
from alvh.report import figures
from alvh.report.figures import Figure
from alvh.report.tables import download


@dataclass(frozen=True)
class Exhibit:
    """One figure of a report.

    Attributes
    ----------
    title : str
        What is drawn, for those who hear the page read.
    figure : dict
        ``data`` and ``layout`` for plotly.
    table : polars.DataFrame
        Its numbers.
    caption : str
        Units, dates and the share of model prices.
    """

    title: str
    figure: Figure
    table: pl.DataFrame
    caption: str

    def file(self, name: str) -> dict[str, str]:
        """Return name and address of its numbers as CSV, which lie in the page itself."""
        return download(name, self.table.write_csv(float_precision=6).encode())


def levels_table(runs: Mapping[str, Run], read: Callable[[Any], Array]) -> pl.DataFrame:
    """Return what is read of every book by session: date, and a column a book."""
    first = next(iter(runs.values()))
    return pl.DataFrame({"date": first.dates} | {name: read(run) for name, run in runs.items()})


def layers_table(run: Run) -> pl.DataFrame:
    """Return by session what each layer made after its costs, and its carry, cumulative USD."""
    columns: dict[str, Any] = {"date": run.dates}
    for name in LAYERS:
        columns[f"{name}_usd"] = run.sleeves[name] + run.costs_by_sleeve[name]
        columns[f"{name}_carry_usd"] = np.asarray(run.carry[name])
    return pl.DataFrame(columns)


def traces_table(figure: Figure, first: str, unit: str) -> pl.DataFrame:
    """Return the numbers of lines or bars that share an axis.

    Parameters
    ----------
    figure : dict
    first : str
        What the axis is called.
    unit : str
        Put behind every name.

    Returns
    -------
    polars.DataFrame
        A row for each place on the axis, a column for each line; null where a line has ended.
    """
    traces = figure["data"]
    places = list(dict.fromkeys(x for one in traces for x in one["x"]))
    columns: dict[str, Any] = {first: places}
    for one in traces:
        at = dict(zip(one["x"], one["y"], strict=True))
        columns[f"{one['name']}, {unit}"] = [at.get(place) for place in places]
    return pl.DataFrame(columns, strict=False)


def of_comparison(comparison: Comparison) -> dict[str, Exhibit]:
    """Return the figures of a comparison's report, by name."""
    chosen, headline = comparison.results[comparison.equal], comparison.headline
    meta, reference = headline.meta, comparison.reference
    days = f"{meta['start']} to {meta['end']}"
    of_all = f"{days}; {_shares(comparison.rows[comparison.equal])}"
    of_one = f"{days}; own size; {_share(comparison)}"
    sizes = f"{days}; {_shares(row for rows in comparison.rows.values() for row in rows)}"
    weekly = "weekly, with the high and low of each month; the CSV has every session"
    account, falls = figures.equity(chosen), figures.drawdown(chosen)
    return {
        "equity": Exhibit(
            "Account of every book", account, levels_table(chosen, lambda run: run.nav),
            f"Account value at the close, USD, {weekly}. {of_all}."),
        "drawdown": Exhibit(
            "Drawdown of every book", falls,
            levels_table(chosen, lambda run: m.drawdowns(run.nav)),
            f"Fall from the highest close so far, per cent (in the CSV a fraction), {weekly}. "
            f"{of_all}."),
        "sleeves": Exhibit(
            "Profit by sleeve", figures.sleeves(headline), _sleeves_table(headline),
            f"Cumulative P&L by sleeve, USD, at mid prices; fees and slippage apart. {of_one}."),
        "layers": Exhibit(
            "Profit of each layer", figures.layers(headline), layers_table(headline),
            "Cumulative P&L of each layer after its costs, USD; thin, what it would have been in "
            f"an unchanged market (carry). {of_one}."),
        **_by_year(headline, reference, of_one),
        "crises": Exhibit(
            "Return over each crisis", figures.crises(comparison.crisis_returns()),
            comparison.crisis_returns(),
            "Return of each book from the S&P 500's closing high to its closing low, per cent (in "
            f"the CSV a fraction). {of_all}."),
        **_curves(comparison, sizes),
    }  # fmt: skip


def _by_year(run: Run, reference: str, of_one: str) -> dict[str, Exhibit]:
    unit = "% of the account at the year's start"
    drawn = {
        "years": ("Cost of the hedge by year", figures.hedge_by_year(run),
                  f"P&L of {reference} per calendar year, per cent of the account at the year's "
                  "start: layers at mid prices, and their fees and slippage. Below zero is a "
                  "cost."),
        "sides": ("Put side and call side by year", figures.sides_by_year(run),
                  "P&L of each side per calendar year at mid prices, per cent of the account at "
                  f"the year's start, with {reference}."),
        "side-losses": ("Losing months of each side by year", figures.side_losses_by_year(run),
                        "Sum of the losing months of each side per calendar year, per cent of the "
                        f"account at the year's start, with {reference}."),
    }  # fmt: skip
    return {
        name: Exhibit(title, figure, traces_table(figure, "year", unit), f"{words} {of_one}.")
        for name, (title, figure, words) in drawn.items()
    }


def _curves(comparison: Comparison, of_all: str) -> dict[str, Exhibit]:
    table = pl.DataFrame([asdict(point) for point in comparison.curve])
    drawn = {
        "cvar-cost": ("Tail removed against cost", "cvar_removed",
                      "Monthly CVaR removed against growth given up a year, percentage points (in "
                      "the CSV fractions), against the unhedged book."),
        "drawdown-cost": ("Drawdown removed against cost", "drawdown_removed",
                          "Maximum drawdown removed against growth given up a year, percentage "
                          "points (in the CSV fractions), against the unhedged book."),
    }  # fmt: skip
    return {
        name: Exhibit(title, figures.risk_against_cost(comparison.curve, risk), table,
                      f"{words} {of_all}.")
        for name, (title, risk, words) in drawn.items()
    }  # fmt: skip


def _sleeves_table(run: Run) -> pl.DataFrame:
    hedge: Array = np.sum([run.sleeves[name] for name in LAYERS], axis=0)
    paths = {"condors": run.sleeves["condors"], "hedge": hedge, "interest": run.sleeves["cash"],
             "fees_and_slippage": run.sleeves["costs"]}  # fmt: skip
    columns: dict[str, Any] = {"date": run.dates}
    return pl.DataFrame(columns | {f"{name}_usd": path for name, path in paths.items()})


def _shares(rows: Iterable[Row]) -> str:
    """Say how much of the fills of some books a model priced, the least and the most of them."""
    found = [row.model_priced_share for row in rows]
    low, high = f"{min(found):.0%}", f"{max(found):.0%}"
    return f"model-priced fills: {low if low == high else f'{low} to {high}'}"


def _share(comparison: Comparison) -> str:
    """Say how much of the fills of the reference a model priced."""
    found = comparison.row(comparison.reference, "preset").model_priced_share
    return f"model-priced fills: {found:.0%}"
