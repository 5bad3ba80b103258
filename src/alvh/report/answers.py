"""Answers that commands print as JSON and the dashboard gives under ``/api/``, made once."""

from dataclasses import asdict
from datetime import date
from typing import Any

from alvh.advise.evening import Evening
from alvh.advise.project import GRID_DAYS, GRID_SPX, GRID_VIX, Projection, project_grid
from alvh.desk.book import Book
from alvh.desk.marking import marks_of
from alvh.desk.own import LayerReadings, OwnBook, layer_readings, own_book
from alvh.market.history import History
from alvh.policy import load_policy, load_programme
from alvh.priced import Priced
from alvh.report.book_figures import greeks
from alvh.result import Result

RULES = "alvh-40-40-20", "monthly45"  # positions and marks do not depend on them


def projected(
    history: History, result: Result, found: Projection, evening: Evening | None = None
) -> dict[str, Any]:
    """Return a projection with the two grids around it, USD gained.

    Parameters
    ----------
    history, result, evening
        As for ``alvh.project``.
    found : Projection
        Of them.

    Returns
    -------
    dict
        ``projection``; ``grid`` over moves of the S&P 500 and of VIX after its days; ``ahead``
        over moves and days, VIX by its usual answer; ``meta``.
    """
    grid = project_grid(history, result, found.days, evening=evening)
    ahead = project_grid(history, result, GRID_DAYS, vix_points=None, evening=evening)
    return {
        "projection": asdict(found) | {"legs": found.legs.to_dicts()},
        "grid": {"spx_returns": GRID_SPX, "vix_points": GRID_VIX, "gains": grid},
        "ahead": {"days": GRID_DAYS, "spx_returns": GRID_SPX, "gains": ahead},
        "meta": result.meta,
    }


def marked(history: History, book: Book, as_of: date | None = None) -> dict[str, Any]:
    """Return a book at its marks, with its answers to the common factors and what marks rest on.

    Parameters
    ----------
    history, book, as_of
        As for ``alvh.desk.marking.mark``.

    Returns
    -------
    dict
        The parts of ``Marked``; ``greeks`` as ``alvh.report.book_figures.greeks`` has them;
        ``priced``, shares of marks by what they rest on.
    """
    hedge, condors = RULES
    own = own_book(history, book, load_policy(hedge), load_programme(condors), as_of)
    evening = own.evening
    return asdict(own.marked) | {
        "greeks": greeks(history, evening.result, evening).to_dicts(),
        "priced": Priced.of(marks_of(history, evening.book)).shares,
    }


def layers_of(own: OwnBook, stress_spx: float) -> tuple[LayerReadings, dict[str, Any]]:
    """Return what the layers of a user's own book pay and cost, and the same as an answer."""
    found = layer_readings(own, stress_spx)
    return found, {"health": asdict(found), "meta": own.meta}
