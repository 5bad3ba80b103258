"""What has expired by the day looked at, how VIX may be given, and grids over days."""

import numpy as np
import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise.project import project, project_grid
from alvh.errors import DataError
from alvh.kernel import codes

EXACT = 1e-9  # USD per contract and point, after sums of a dozen products


@pytest.mark.parametrize(("days", "move"), [(60, -0.10), (180, -0.06), (180, 0.04), (400, 0.0)])
def test_a_condor_settles_at_the_moved_index(days, move):
    """Payoff by hand at today's index and the move: no carry, however long ago it settled."""
    index = float(evening().day["spx"]) * (1.0 + move)
    found = project(bundled(), run(), days, move)
    settled = found.legs.filter((found.legs["sleeve"] == "condors") & found.legs["expired"])
    assert len(settled) > 0
    total = 0.0
    for row in settled.iter_rows(named=True):
        away = index - row["strike"]
        payoff = max(-away if row["put_call"] == "P" else away, 0.0)
        wanted = 100.0 * row["quantity"] * (payoff - row["mid"])
        assert row["gain"] == pytest.approx(wanted, abs=EXACT * 100.0 * index)
        total += wanted
    if len(settled) == (found.legs["sleeve"] == "condors").sum():
        assert found.gains["condors"] == pytest.approx(total, abs=1e-4)


def test_after_the_last_expiry_time_changes_nothing():
    later = [project(bundled(), run(), days, -0.08).gains["condors"] for days in (120, 250, 400)]
    assert later[0] == later[1] == later[2]


def test_a_vix_call_settles_at_spot_vix():
    found = project(bundled(), run(), 120, -0.05, 41.0)
    rows = found.legs.filter((found.legs["sleeve"] == "short") & found.legs["expired"])
    assert len(rows) == 1
    (row,) = rows.iter_rows(named=True)
    wanted = 100.0 * row["quantity"] * (max(41.0 - row["strike"], 0.0) - row["mid"])
    assert row["gain"] == pytest.approx(wanted, abs=EXACT * 1e5)


def test_vix_may_be_given_by_level_points_or_fraction():
    now = evening().vix
    by_level = project(bundled(), run(), 7, -0.05, 1.5 * now)
    by_points = project(bundled(), run(), 7, -0.05, vix_points=0.5 * now)
    by_fraction = project(bundled(), run(), 7, -0.05, vix_return=0.5)
    assert by_points.vix_then == pytest.approx(by_level.vix_then, rel=1e-14)
    for other in (by_points, by_fraction):
        for name, gain in by_level.gains.items():
            assert other.gains[name] == pytest.approx(gain, abs=1e-6)
    for given in ({"vix": 20.0, "vix_points": 2.0}, {"vix_points": 2.0, "vix_return": 0.1}):
        with pytest.raises(DataError, match="VIX was given twice"):
            project(bundled(), run(), **given)
    with pytest.raises(DataError, match="a level from 1 to 500 points was wanted"):
        project(bundled(), run(), vix_return=-0.99)


def test_an_index_fund_moves_with_the_index():
    """It is in place of condors, gains the move on its own value, and has no leg in the table."""
    result = alvh.backtest(bundled(), "none", "index", end="2016-02-24")
    found = project(bundled(), result, 10, -0.07)
    assert found.gains["condors"] == pytest.approx(-0.07 * result.nav[-1], rel=1e-6)
    assert len(found.legs) == 0


def test_a_grid_over_days_holds_the_single_projections():
    grid = project_grid(bundled(), run(), (0, 7, 90), (-0.08, 0.02), None)
    assert grid["total"].shape == (3, 2, 1)
    for d, days in enumerate((0, 7, 90)):
        for i, move in enumerate((-0.08, 0.02)):
            alone = project(bundled(), run(), days, move)
            for name in (*codes.SLEEVES, "total"):
                assert grid[name][d, i, 0] == pytest.approx(alone.gains[name], abs=1e-6)
    one = project_grid(bundled(), run(), 7, (-0.08, 0.02), (0.0, 5.0))
    many = project_grid(bundled(), run(), [7], (-0.08, 0.02), (0.0, 5.0))
    assert (one["total"] == many["total"][0]).all()
    assert np.ptp(one["total"]) > 0.0


def test_vix_does_not_fall_below_five_on_a_grid():
    grid = project_grid(bundled(), run(), 0, (0.0,), (-200.0,))
    alone = project(bundled(), run(), 0, 0.0, 5.0)
    assert grid["total"][0, 0] == pytest.approx(alone.gains["total"], abs=1e-6)
    with pytest.raises(DataError, match="days 401"):
        project_grid(bundled(), run(), (0, 401))
    with pytest.raises(DataError, match=r"return -1\.0"):
        project_grid(bundled(), run(), 0, (-1.0,), None)
