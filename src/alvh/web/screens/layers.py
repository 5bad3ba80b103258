"""Layers: what each pays, what it costs while nothing happens, and when it is rolled."""

from dataclasses import asdict
from typing import Annotated, Any

import polars as pl
from fastapi import Query, Request

import alvh
from alvh.formats import percent
from alvh.plain import plain
from alvh.report import layer_figures as figures
from alvh.report.answers import layers_of
from alvh.web.desk import Desk
from alvh.web.own import Seen, see
from alvh.web.panels import Panel, Shown
from alvh.web.routes import screen_routes
from alvh.web.settings import Held


def ask(request: Request, held: Annotated[Held, Query()]) -> Shown:
    """Read the layers of the user's own book, or of the book that an account's run ends with."""
    desk: Desk = request.app.state.desk
    seen = see(desk, held)
    found = readings(desk, seen)
    facts = {
        "seen": seen,
        "health": found,
        "layers": [(name, one, found.activation[name]) for name, one in found.layers.items()],
        "rolls": figures.rolls(seen.holdings, seen.policy).to_dicts(),
        "nothing": seen.no_layer,
        "follows": figures.spx_follows(seen.holdings),
    }
    return Shown("/layers", held, panels(desk, seen, found), facts, seen.meta)


router = screen_routes("layers", ask)


@router.get("/api/health")
def health(request: Request, held: Annotated[Held, Query()]) -> dict[str, Any]:
    """Give the health of the book that the screen shows, as ``alvh health --json`` does.

    Of the user's own book, as with ``--book``: what its layers pay and cost.
    """
    desk: Desk = request.app.state.desk
    seen = see(desk, held)
    if seen.own is not None:
        return dict(plain(layers_of(seen.own, seen.policy.sizing.stress_spx)[1]))
    found = alvh.health(desk.history, seen.result, stress_spx=seen.policy.sizing.stress_spx)
    record = asdict(found) | {"figures": found.figures(), "reasons": found.reasons()}
    return dict(plain({"health": record, "meta": seen.meta}))


def readings(desk: Desk, seen: Seen) -> Any:
    """Read what the layers pay and cost, under the stress of the policy."""
    stress = seen.policy.sizing.stress_spx
    if seen.own is not None:
        return layers_of(seen.own, stress)[0]
    return alvh.health(desk.history, seen.result, stress_spx=stress)


def thresholds(found: Any) -> pl.DataFrame:
    """Return what is said of each layer: VIX in points, USD; a level of 0 is *any*."""
    rows = [
        {"layer": name, **asdict(found.activation[name]), **asdict(one),
         "convexity": one.efficiency}
        for name, one in found.layers.items()
    ]  # fmt: skip
    return pl.DataFrame(rows) if rows else pl.DataFrame(schema={"layer": pl.String})


def panels(desk: Desk, seen: Seen, found: Any) -> tuple[Panel, ...]:
    """Return the figures of the screen with their tables."""
    on = (
        f"At the close of {found.as_of}; {seen.hedge_priced}; what a move or days make of them is "
        "the model's."
    )
    curve, nodes = figures.term_structure(desk.history, seen.result, seen.holdings)
    settled = nodes["quoted"].cast(pl.Float64).to_numpy().mean()
    empty, follows = seen.no_layer, figures.spx_follows(seen.holdings)
    stress = f"{100 * seen.policy.sizing.stress_spx:+.0f} %"
    return (
        Panel("payoff", "What each layer pays", figures.payoff(found.payoff, found.vix),
              figures.payoff_table(found.payoff),
              "Gain from today, USD, at a level of VIX after so many days, nothing rolled"
              f"{follows and f'; {follows}'}. {on}",
              slider="When", wide=True, nothing=empty),
        Panel("carry", "What each layer costs", figures.carry(found.layers),
              figures.carry_table(found.layers),
              f"USD a year in an unchanged market, at today's pace, and USD gained if the S&P 500 "
              f"moves by {stress} overnight. {on}", nothing=empty),
        Panel("curve", "Where the layers stand on the curve", curve, nodes,
              f"VIX forwards by expiry at the close of {found.as_of}, points; "
              f"{percent(settled, 0)} of them exchange settlements, the rest modelled."),
        Panel("thresholds", "", {}, thresholds(found), ""),
        Panel("rolls", "", {}, figures.rolls(seen.holdings, seen.policy), ""),
    )  # fmt: skip
