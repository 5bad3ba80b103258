"""Loyalty or motion: what the versions do, and what is said of them."""

import numpy as np
import pytest

import alvh
from alvh import measures as m
from alvh.errors import DataError, PolicyError
from alvh.evidence.intervals import Differences, Interval, paired_differences
from alvh.evidence.motion import BAND, DAILY, HOLD, MOTIONS, POLICY, motion, motion_policies
from alvh.policy.adaptive import Rebalancing, Reentry

LAYERS = ["short", "medium", "tail"]
LAYERED = alvh.load_policy("alvh-40-40-20")


@pytest.fixture(scope="module")
def history() -> alvh.History:
    return alvh.load_history("bundled")


@pytest.fixture(scope="module")
def found(history):
    return motion(history, resamples=50)


def test_versions_differ_in_motion_alone() -> None:
    made = motion_policies(LAYERED)
    assert tuple(made) == MOTIONS
    assert made[POLICY] is LAYERED
    assert [layer.roll_days for layer in made[HOLD].layers] == [0, 0, 0]
    assert not made[HOLD].monetisation.enabled
    assert made[DAILY].rebalancing == Rebalancing(mode="band", band=0.0, confirmations=1)
    assert made[BAND].rebalancing == Rebalancing(mode="band", band=0.10, confirmations=2)
    for one in made.values():
        assert one.sizing == LAYERED.sizing
        assert [layer.weight for layer in one.layers] == [0.4, 0.4, 0.2]
    assert len({one.name for one in made.values()}) == 4
    assert made[DAILY].layers == made[BAND].layers == LAYERED.layers


def test_a_policy_with_a_band_lends_it() -> None:
    own = LAYERED.model_copy(update={"rebalancing": Rebalancing(mode="band", band=0.2)})
    assert motion_policies(own)[BAND].rebalancing.band == 0.2
    asked = Rebalancing(mode="band", band=0.05)
    assert motion_policies(own, asked)[BAND].rebalancing == asked


def test_held_takes_every_early_rule_out() -> None:
    layers = tuple(layer.model_copy(update={"roll_extrinsic": 0.3}) for layer in LAYERED.layers)
    busy = LAYERED.model_copy(update={"layers": layers, "reentry": Reentry(stages=3)})
    held = motion_policies(busy)[HOLD]
    assert held.reentry.stages == 0
    assert all(layer.roll_extrinsic is None for layer in held.layers)


def test_a_futures_spread_leaves_a_day_before_its_near_leg() -> None:
    layers = tuple(
        layer.model_copy(
            update={"instrument": "vix_futures_spread", "delta": None, "short_delta": None}
        )
        for layer in LAYERED.layers[:1]
    )
    spread = LAYERED.model_copy(update={"layers": layers})
    assert motion_policies(spread)[HOLD].layers[0].roll_days == 1


def test_held_trades_are_purchases_and_settlements(found) -> None:
    trades = found.results[HOLD].trades
    hedge = trades.filter(trades["sleeve"].is_in(LAYERS))
    assert set(hedge["action"].unique()) == {"open", "settle"}
    policy = found.results[POLICY].trades
    assert "close" in policy.filter(policy["sleeve"].is_in(LAYERS))["action"].to_list()


def test_rows_are_the_runs_own_figures(found) -> None:
    for name in MOTIONS:
        run, row = found.results[name], found.row(name)
        assert row.cagr == m.cagr(run.nav, m.years_between(run.dates))
        assert row.cvar_month == m.cvar(m.rolling_returns(run.nav))
        assert row.trades == run.summary()["trades"]
        cost = run.hedge_pnl()[-1] / m.years_between(run.dates) / run.nav.mean()
        assert row.hedge_cost_per_year == pytest.approx(-cost)


def test_intervals_are_paired(found) -> None:
    returns = {name: m.simple_returns(found.results[name].nav) for name in MOTIONS}
    own = returns.pop(POLICY)
    years = m.years_between(found.results[POLICY].dates)
    again, made = paired_differences(
        returns, own, periods=len(own) / years, rng=np.random.default_rng(0), resamples=50
    )
    assert found.row(HOLD).difference == again[HOLD]
    assert (found.block, found.row(POLICY).difference) == (made.block, None)
    gap = found.row(HOLD).difference.cagr
    assert gap.low <= gap.high
    # growth of the log returns at the pace of the sample, as the interval's estimate has it
    assert gap.estimate == pytest.approx(found.row(HOLD).cagr - found.row(POLICY).cagr, abs=2e-4)


def test_one_layer_has_nothing_to_rebalance(history) -> None:
    single = motion(history, "single-call", resamples=0)
    assert single.row(DAILY).same
    assert "the rule never acted" in single.verdict()[1]


def test_half_a_year_is_too_short_for_an_interval(history) -> None:
    short = motion(history, end="2014-06-30", resamples=50)
    assert short.row(HOLD).difference is None
    assert short.block == 0
    assert "too few sessions for an interval" in short.verdict()[0]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.03, -0.01, "the policy wins by 2.00"), (0.01, 0.03, "the policy loses by 2.00"),
     (-0.05, 0.01, "ahead by 2.00 points"), (-0.01, 0.05, "behind by 2.00 points")],
)  # fmt: skip
def test_verdict_follows_the_interval(found, low, high, words) -> None:
    from dataclasses import replace

    gap = Interval((low + high) / 2, low, high)
    row = replace(found.row(HOLD), same=False, difference=Differences(gap, gap))
    (line, *_) = replace(found, rows=(row,)).verdict()
    assert words in line
    assert ("no difference" in line) == (low < 0 < high)
    assert f"{-100 * high:+.2f} to {-100 * low:+.2f}" in line


def test_plain_values(found) -> None:
    import json

    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [row["name"] for row in plain["rows"]] == list(MOTIONS)
    assert plain["rows"][0]["cagr_difference"] is None
    assert plain["rows"][1]["cagr_difference_low"] <= plain["rows"][1]["cagr_difference_high"]


def test_nothing_to_hold_is_refused(found, history) -> None:
    with pytest.raises(PolicyError, match="no layers"):
        motion(history, "none")
    with pytest.raises(DataError, match="no version 'lazy'"):
        found.row("lazy")


def test_progress_is_told(history) -> None:
    told: list[tuple[int, int]] = []
    motion(history, end="2014-12-31", resamples=0, progress=lambda *step: told.append(step))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
