"""The book some days on: by hand where the answer is known, and against the engine's own stress."""

import numpy as np
import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise.project import project, project_grid
from alvh.errors import DataError
from alvh.kernel import codes
from alvh.kernel.quotes import vix_response

END = "2016-02-24"


def test_nothing_moves_and_nothing_is_gained():
    found = project(bundled(), run())
    assert abs(found.gains["total"]) < 1e-6
    assert found.vix_then == found.vix
    assert found.legs["gain"].abs().max() < 1e-6


def test_one_day_of_an_unchanged_market_is_the_carry_that_the_engine_notes():
    """The layers' gain in a calendar day is what the engine adds up as carry."""
    found = project(bundled(), run(), days=1)
    for layer in evening().book.layers:
        assert found.gains[layer.name] == pytest.approx(layer.carry_per_day, abs=1e-6)


def test_vix_answers_the_index_as_in_every_stress():
    found = project(bundled(), run(), spx_return=-0.04)
    assert found.vix_then == pytest.approx(found.vix * np.exp(vix_response(found.vix, -0.04)))
    assert found.gains["condors"] < 0.0
    assert min(found.gains[name] for name in ("short", "medium", "tail")) > 0.0


def test_what_expires_on_the_way_is_worth_its_payoff():
    """Ninety days on every condor has settled: its value is by hand from the moved index."""
    held = evening().book
    move = -0.10
    found = project(bundled(), run(), days=90, spx_return=move, vix=30.0)
    index = float(evening().day["spx"])
    total = 0.0
    for condor in held.condors:
        days = 90
        # the forward that the book is settled at: the index moved, grown by its own carry to expiry
        assert (condor.expiry - held.as_of).days <= days
    settled = found.legs.filter(found.legs["sleeve"] == "condors")
    assert settled["expired"].all()
    for row in settled.iter_rows(named=True):
        payoff = row["mid"] + row["gain"] / (100.0 * row["quantity"])
        moved = index * (1 + move)
        wanted = (
            max(row["strike"] - moved, 0)
            if row["put_call"] == "P"
            else max(moved - row["strike"], 0)
        )
        assert payoff == pytest.approx(wanted, abs=0.02 * index)
        total += row["gain"]
    assert found.gains["condors"] == pytest.approx(total)


def test_the_grid_holds_the_single_projections():
    grid = project_grid(bundled(), run(), 7, (-0.05, 0.0), (0.0, 10.0))
    alone = project(bundled(), run(), 7, -0.05, evening().vix + 10.0)
    assert grid["total"].shape == (2, 2)
    assert grid["total"][0, 1] == pytest.approx(alone.gains["total"], abs=1e-6)
    assert set(grid) == {*codes.SLEEVES, "total"}


@pytest.mark.parametrize(
    ("days", "spx", "vix", "words"),
    [(-1, 0.0, None, "days -1"), (401, 0.0, None, "days 401"), (0, -1.0, None, "return -1.0"),
     (0, 0.0, 0.5, "VIX 0.5"), (0, float("nan"), None, "return nan")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(days, spx, vix, words):
    with pytest.raises(DataError, match=words):
        project(bundled(), run(), days, spx, vix)


def test_an_empty_book_gains_nothing():
    result = alvh.backtest(bundled(), "none", "none", end=END)
    assert project(bundled(), result, 10, -0.1).gains["total"] == 0.0
