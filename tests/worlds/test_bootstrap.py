"""Worlds: made of days of history, dated by the calendar, joined where markets are alike."""

import numpy as np
import pytest

import alvh
from alvh.errors import DataError
from alvh.market.surfaces import build_surfaces
from alvh.worlds.bootstrap import _nearest, bootstrap_model
from alvh.worlds.calendar import calendar_to, expiries_of
from alvh.worlds.facts import TOLERANCES, stylised_facts
from alvh.worlds.run import simulate


@pytest.fixture(scope="module")
def history():
    return alvh.load_history("bundled")


@pytest.fixture(scope="module")
def model(history):
    return bootstrap_model(history, block=21)


def test_a_world_that_never_leaves_is_its_stretch_of_history(history):
    """Without seams every level follows history's: returns, VIX and smiles to the bit."""
    model = bootstrap_model(history, block=10**9)
    rows = model.draw(0, 40, 120, seed=3)
    whole = np.flatnonzero((np.diff(rows, axis=1) == 1).all(axis=1))
    assert whole.size > 20  # the others come to the end of history
    world = model.worlds(int(whole[0]), 1, calendar_to(model.last, 120), seed=3)[0]
    there = model.days[rows[whole[0]]]
    np.testing.assert_array_equal(world["vix"], there["vix"])
    np.testing.assert_array_equal(world["vix_smile"], there["vix_smile"])
    np.testing.assert_allclose(world["spx"], there["spx"], rtol=1e-12)
    np.testing.assert_array_equal(world["hv20"][:20], there["hv20"][:20])
    np.testing.assert_allclose(world["hv20"][20:], there["hv20"][20:], rtol=1e-9)


def test_a_world_depends_on_its_number_and_the_seed_alone(model):
    dates = calendar_to(model.last, 60)
    whole = model.worlds(0, 9, dates, seed=5)
    parts = np.concatenate([model.worlds(0, 2, dates, 5), model.worlds(2, 7, dates, 5)])
    assert whole.tobytes() == parts.tobytes()
    assert model.worlds(0, 1, dates, 6)["spx"].tobytes() != whole[:1]["spx"].tobytes()


def test_days_are_joined_after_neighbours_only(model):
    rows = model.draw(0, 50, 250, seed=1)
    seams = np.argwhere(np.diff(rows, axis=1) != 1)
    # geometric blocks of 21 sessions on average: 249/21 seams a world, less than one in 20 off
    assert len(seams) / 50 == pytest.approx(249 / 21, rel=0.1)
    for world, t in seams:
        assert rows[world, t + 1] - 1 in model.neighbours[rows[world, t]]


def test_neighbours_are_the_nearest_of_the_same_state(history):
    days = build_surfaces(history).days.copy()
    rows = np.arange(100, 900)
    near = _nearest(days, rows, rows[:-1], 3)
    state = np.stack([
        np.log(days["vix"]), np.log(days["vix_smile"][:, 0]),
    ], axis=1)[rows] / np.log(days["vix"])[rows].std()  # fmt: skip
    chosen = np.abs(state[near[rows] - 100] - state[:, None]).mean()
    others = np.abs(state[::7, None] - state[None, ::7]).mean()
    assert chosen < 0.2 * others
    assert (near[rows] != rows[:, None]).all()


def test_the_calendar_is_the_exchange_s(model):
    dates = calendar_to(model.last, 300)
    assert str(dates[-1]) == str(model.last)
    world = model.worlds(0, 1, dates, seed=0)[0]
    expiries = expiries_of(dates)[1]
    settled = dates[np.isfinite(world["vix_settlement"])].astype(np.int64)
    assert set(settled) == set(expiries["date"]) & set(dates.astype(np.int64))
    assert (world["curve_expiry"][:, 0] > world["date"]).all()
    ahead = world["curve_expiry"][7] - world["date"][7]
    source = model.days[model.draw(0, 1, 300, 0)[0, 7]]
    from alvh.kernel.vix_curve import vix_forward

    for days, forward in zip(ahead, world["curve_forward"][7], strict=True):
        there = vix_forward(source["curve_expiry"], source["curve_forward"], source["vix"],
                            source["date"], source["date"] + days)  # fmt: skip
        assert forward == there


def test_the_facts_are_those_of_the_history_drawn_from(model):
    world = simulate(model, 300, 252, 1).shard(0, 300)
    own = stylised_facts(model.days[model.rows])
    for name, value in stylised_facts(world).items():
        assert value == pytest.approx(own[name], abs=TOLERANCES[name]), name


def test_facts_see_a_world_that_is_not_like_it(model):
    """White noise in place of the returns: no leverage effect, no large moves."""
    world = simulate(model, 50, 252, 1).shard(0, 50)
    noise = np.random.default_rng(0).standard_normal(world.shape) * 0.01
    world["spx"] = 2000.0 * np.exp(np.cumsum(noise, axis=1))
    own, other = stylised_facts(model.days[model.rows]), stylised_facts(world)
    off = {name for name, most in TOLERANCES.items() if abs(own[name] - other[name]) > most}
    assert {"vix_spx_beta_low", "vix_spx_beta_high", "large_moves_year"} <= off


def test_what_cannot_be_drawn_is_refused(history, model):
    with pytest.raises(DataError, match="priced sessions to draw worlds from, 504 are needed"):
        bootstrap_model(history, "2016-01-04", "2016-12-30")
    with pytest.raises(DataError, match="both must be at least 1"):
        bootstrap_model(history, block=0)
    with pytest.raises(DataError, match="a world of 100000 sessions"):
        simulate(model, 1, 100_000, 0)
    with pytest.raises(DataError, match="at least one"):
        simulate(model, 0, 60, 0)
