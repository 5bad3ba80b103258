"""Grids of tenor and delta: the policy's own cell is the policy, the rest differ in one layer."""

import json

import numpy as np
import pytest

import alvh
from alvh.errors import PolicyError
from alvh.evidence.grids import grid, with_terms
from alvh.report.triangle import heat, write_grid

POLICY = alvh.load_policy("alvh-40-40-20")


@pytest.fixture(scope="module")
def found():
    history = alvh.load_history("bundled")
    return grid(history, "medium", deltas=(0.3,), tenors=(80,), resamples=30, seed=4)


def test_own_terms_are_the_policy():
    for layer in POLICY.layers:
        assert with_terms(POLICY, layer, layer.tenor_days, layer.delta) == POLICY


def test_roll_and_sold_leg_keep_their_proportions():
    medium = POLICY.layers[1]
    changed = with_terms(POLICY, medium, 1.6 * medium.tenor_days, medium.delta / 2).layers[1]
    assert changed.tenor_days == 176
    assert changed.roll_days == 120
    assert changed.short_delta == pytest.approx(0.1)


def test_the_grid_holds_its_own_cell_and_ranks_it(found):
    assert sorted(zip(found.tenors, found.deltas, strict=True)) == [
        (80.0, 0.3), (80.0, 0.5), (110.0, 0.3), (110.0, 0.5),
    ]  # fmt: skip
    assert (found.tenors[found.marked], found.deltas[found.marked]) == (110.0, 0.5)
    run = alvh.backtest(alvh.load_history("bundled"), POLICY, "monthly45")
    growth = (run.nav[-1] / run.nav[0]) ** (252.0 / (len(run.nav) - 1)) - 1.0
    assert found.growth[found.marked] == pytest.approx(growth, abs=1e-12)
    for one in found.standings.values():
        assert 1 <= one.rank_low <= one.rank_high <= 4
        assert one.region[one.best]
    assert found.table().height == 4


def test_a_layer_never_outlives_the_next_one():
    history = alvh.load_history("bundled")
    terms = grid(history, "medium", tenors=(110, 300), deltas=(0.5,), resamples=0)
    assert terms.tenors.tolist() == [110.0]  # the tail's is 220


def test_the_page_draws_every_cell(found, tmp_path):
    figure = heat(found, "growth")
    drawn = np.array(figure["data"][0]["z"], dtype=float)
    assert drawn.shape == (2, 2)  # delta by tenor
    assert drawn[1, 1] == pytest.approx(100 * found.growth[found.marked], abs=1e-4)
    page = write_grid(found, tmp_path / "grid.html").read_text(encoding="utf-8")
    assert json.dumps("own terms") in page


def test_a_layer_without_a_delta_is_refused():
    history = alvh.load_history("bundled")
    with pytest.raises(PolicyError, match="has no layer 'long'"):
        grid(history, "long")
    with pytest.raises(PolicyError, match="that buys an option by its delta"):
        grid(history, "short", "futures-40-40-20")
