"""What signals say to the engine: how weights are tilted, how late, and within which bounds."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import alvh
from alvh.guides import build_guides, layer_tilts, listens, neutral_guides
from alvh.policy import HedgePolicy, load_policy, load_programme
from alvh.signals import NAMES, signal_table
from twin import worlds
from twin.agreement import run_compiled
from twin.hearing import made_up
from twin.market import Account

ACCOUNT = Account(1_000_000.0, fill=0.5, fee_scale=1.0, commission=0.65, debit_spread=0.01)
STATIC = load_policy("alvh-40-40-20")
NONE = load_programme("none")
SIGNALS = [{"name": "vix_slope", "layer": "short"}, {"name": "rsi_gap", "layer": "medium"},
           {"name": "macd", "layer": "tail", "weight": -2.0},
           {"name": "rsi_vix", "layer": "tail", "weight": 1.0}]  # fmt: skip


def _tilted(**tilt):
    return HedgePolicy.model_validate(STATIC.model_dump() | {"tilt": tilt})


@cache
def _bundled():
    return alvh.load_history("bundled")


def test_a_policy_that_hears_nothing_gets_one_neutral_row():
    rows, scenarios = build_guides(_bundled(), STATIC, load_programme("monthly45"),
                                   _bundled().dates)  # fmt: skip
    assert len(rows) == 1
    assert rows.tobytes() == neutral_guides().tobytes()
    assert scenarios.shape == (1, 1, 4)
    assert not listens(STATIC, load_programme("cndr"))


def test_what_is_kept_is_of_the_same_policies_and_dates_and_nobody_can_change_it():
    history, policy = _bundled(), _tilted(strength=0.25, signals=SIGNALS)
    rows, _ = build_guides(history, policy, NONE, history.dates)
    first = rows.copy()
    rows["factor"] = 9.0
    again, _ = build_guides(history, policy, NONE, history.dates)
    assert again.tobytes() == first.tobytes()
    late, _ = build_guides(history, policy, NONE, history.dates[-300:])
    assert late.tobytes() == first[-300:].tobytes()
    stronger, _ = build_guides(history, _tilted(strength=0.5, signals=SIGNALS), NONE, history.dates)
    assert (stronger["factor"] != first["factor"]).any()


def test_factors_by_hand_and_a_session_late():
    policy = _tilted(strength=0.25, signals=SIGNALS)
    history = _bundled()
    table, tilts = signal_table(history), {one.layer: one for one in layer_tilts(history, policy)}
    row = 900
    gap = table["rsi_gap"].score[row]
    assert_allclose(tilts["medium"].factor[row], min(max(1 + 0.25 * gap, 0.5), 1.5), rtol=1e-14)
    macd, rsi = table["macd"].score[row], table["rsi_vix"].score[row]
    mean = (-2.0 * macd + 1.0 * rsi) / 3.0
    assert_allclose(tilts["tail"].score[row], mean, rtol=1e-14)
    rows, _ = build_guides(history, policy, NONE, history.dates)
    assert_array_equal(rows["factor"][row + 1], [tilts[name].factor[row] for name in tilts])
    assert_array_equal(rows["factor"][0], 1.0)


def test_an_absent_signal_has_no_say():
    """The bundled history has no VIX3M: the short layer's only signal is absent."""
    tilts = layer_tilts(_bundled(), _tilted(strength=0.25, signals=SIGNALS))
    assert np.isnan(tilts[0].scores).all()
    assert (tilts[0].factor == 1.0).all()
    result = alvh.backtest(_bundled(), _tilted(strength=0.25, signals=SIGNALS), "none")
    assert "signal vix_slope is absent: it moves nothing in this run" in result.meta["notes"]


@pytest.mark.parametrize("programme", ["monthly45", "none"])
def test_a_strength_of_nothing_is_the_static_hedge_to_the_bit(programme):
    silent = _tilted(strength=0.0, signals=SIGNALS, band=0.0, confirmations=1)
    ours = alvh.backtest(_bundled(), silent, programme)
    static = alvh.backtest(_bundled(), STATIC, programme)
    assert ours.nav.tobytes() == static.nav.tobytes()
    assert ours.trades.equals(static.trades)


def test_tilts_that_ask_for_nothing_are_the_static_hedge_to_the_bit():
    """Tilts on, but every factor is one: bands of nothing, confirmed at once."""
    world = worlds.bundled()
    rows = np.resize(neutral_guides(), len(world.days))
    policy = _tilted(strength=1.0, signals=SIGNALS, band=0.0, confirmations=1)
    ours = run_compiled(world.hearing(rows), policy, load_programme("monthly45"), ACCOUNT)
    static = run_compiled(world, STATIC, load_programme("monthly45"), ACCOUNT)
    assert ours.daily.tobytes() == static.daily.tobytes()
    assert ours.trades == static.trades


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    floor=st.floats(0.2, 1.0),
    cap=st.floats(1.0, 3.0),
    band=st.floats(0.0, 0.2),
    mirr=st.sampled_from([0.0, 1.0]),
)
def test_weights_never_leave_their_bounds(seed, floor, cap, band, mirr):
    """Factors within floor … cap, whatever signals and returns say, bound every weight.

    The least share of a layer has its own factor at the floor and all others at the cap.
    """
    world = worlds.random_world(seed % 8)
    policy = _tilted(strength=0.5, signals=SIGNALS, floor=floor, cap=cap, band=band,
                     confirmations=1, trailing_mirr=mirr)  # fmt: skip
    rows = made_up(world.days, seed, 0.0, 9.0)  # beyond the bounds, on purpose
    weights = run_compiled(world.hearing(rows), policy, NONE, ACCOUNT).daily["weight"]
    assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-12)
    for share, column in zip((0.4, 0.4, 0.2), weights.T, strict=True):
        least = share * floor / (share * floor + (1 - share) * cap)
        most = share * cap / (share * cap + (1 - share) * floor)
        assert (column >= least - 1e-12).all()
        assert (column <= most + 1e-12).all()


def test_weights_change_only_beyond_the_band_and_when_confirmed():
    world = worlds.bundled()
    rows = made_up(world.days, 3)
    policy = _tilted(strength=0.5, signals=SIGNALS, band=0.08, confirmations=3)
    weights = run_compiled(world.hearing(rows), policy, NONE, ACCOUNT).daily["weight"]
    target = np.array([0.4, 0.4, 0.2]) * rows["factor"]
    target /= target.sum(axis=1, keepdims=True)
    moved = np.flatnonzero((np.diff(weights, axis=0) != 0.0).any(axis=1)) + 1
    assert len(moved) > 10
    for t in moved:
        held = weights[t - 1]
        gaps = np.abs(target[t - 2 : t + 1] - held).max(axis=1)
        assert (gaps > 0.08).all()
        assert_allclose(weights[t], target[t], rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_every_signal_can_tilt_every_layer(name):
    for layer in ("short", "medium", "tail"):
        policy = _tilted(strength=0.25, signals=[{"name": name, "layer": layer}])
        tilts = layer_tilts(_bundled(), policy)
        assert all(np.isfinite(one.factor).all() for one in tilts)


def test_guides_of_a_shorter_history_are_the_beginning_of_the_longer(shared_data):
    history = alvh.load_history(shared_data)
    short = history.between(None, "2016-06-24")
    policy, programme = load_policy("alvh-adaptive"), load_programme("daily1-adaptive")
    ours, _ = build_guides(short, policy, programme, short.dates)
    theirs, _ = build_guides(history, policy, programme, history.dates)
    for name in ours.dtype.names:
        assert_array_equal(ours[name], theirs[name][: len(ours)], err_msg=name)


def test_a_month_rests_on_the_scenarios_of_the_month_before(shared_data):
    history = alvh.load_history(shared_data)
    values = STATIC.model_dump() | {"limits": {"steward_score": 0.5,
                                               "binding": ["steward_score"]}}  # fmt: skip
    policy = HedgePolicy.model_validate(values)
    dates = history.dates[(history.dates >= np.datetime64("2020-01-15"))
                          & (history.dates < np.datetime64("2020-05-01"))]  # fmt: skip
    rows, scenarios = build_guides(history, policy, load_programme("monthly45"), dates)
    months = dates.astype("datetime64[M]")
    for month in np.unique(months):
        assert len(set(rows["scenarios"][months == month])) == 1
    assert scenarios.shape == (4, 512, 4)
    assert_allclose(scenarios[:, :, 2].sum(axis=1), 1.0, rtol=1e-9)
    # the panic of March widens what April is measured on
    falls = [np.min(part[part[:, 2] > 0, 0]) for part in scenarios]
    assert falls[3] < falls[0]
