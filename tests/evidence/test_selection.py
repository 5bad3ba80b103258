"""Tests of choice: worked examples of the papers, arithmetic by hand, and planted effects."""

import math

import numpy as np
import pytest

from alvh.errors import DataError
from alvh.evidence.selection import (
    backtest_overfitting,
    confidence_set,
    deflated_sharpe,
    effective_number,
    expected_best_sharpe,
    probabilistic_sharpe,
    purged_folds,
    superior_ability,
    walk_forward,
)


@pytest.mark.parametrize(
    ("trials", "best"),
    # Bailey and López de Prado (2014) print 1.57 for ten; the others from the same formula in
    # domain.md, section 6.
    [(10, 1.5746), (45, 2.2356), (100, 2.5306), (1000, 3.2551)],
)
def test_best_of_worthless_trials(trials, best):
    assert expected_best_sharpe(trials) == pytest.approx(best, abs=5e-5)


def test_worked_example_of_the_deflated_sharpe_ratio():
    # Bailey and López de Prado (2014), p. 9: 100 trials of annual variance 1/2 over 250 sessions
    # a year, 1250 sessions, annual Sharpe 2.5, skew -3, kurtosis 10: SR0 0.1132, DSR 0.9004.
    luck = expected_best_sharpe(100, 0.5 / 250)
    assert luck == pytest.approx(0.11317, abs=5e-6)
    found = probabilistic_sharpe(2.5 / math.sqrt(250), luck, 1250, -3.0, 10.0)
    assert found == pytest.approx(0.9004, abs=5e-5)


def test_deflated_sharpe_of_a_series_is_the_formula_on_its_moments():
    rng = np.random.default_rng(7)
    returns, trials = rng.normal(0.05, 1.0, 500), rng.normal(0, 0.04, 20)
    spread = returns.std()
    centred = (returns - returns.mean()) / spread
    expected = probabilistic_sharpe(
        returns.mean() / spread, expected_best_sharpe(20, trials.var(ddof=1)), 500,
        np.mean(centred**3), np.mean(centred**4),
    )  # fmt: skip
    assert deflated_sharpe(returns, trials) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(DataError, match="never varies"):
        deflated_sharpe(np.ones(9), trials)


def test_no_choice_has_no_best():
    with pytest.raises(DataError, match="more than one trial"):
        expected_best_sharpe(1)


def test_overfitting_of_two_blocks_by_hand():
    # Two blocks of two sessions: the first series has the better Sharpe in the first block, the
    # second in the other. The choice is always the worse outside: rank 1 of 2, logit ln(1/2).
    first, second = [2.0, 4.0, -2.0, -4.0], [-2.0, -4.0, 2.0, 4.0]
    found = backtest_overfitting(np.column_stack([first, second]), blocks=2)
    assert found.probability == 1.0
    assert found.logits == pytest.approx([math.log(0.5)] * 2)


def test_overfitting_agrees_with_a_plain_loop():
    from itertools import combinations

    rng = np.random.default_rng(3)
    returns = rng.normal(0, 1, (67, 5))
    blocks = np.array_split(np.arange(66), 6)
    logits = []
    for inside in combinations(range(6), 3):
        rows = np.concatenate([blocks[i] for i in inside])
        rest = np.concatenate([blocks[i] for i in range(6) if i not in inside])
        own = returns[rows].mean(axis=0) / returns[rows].std(axis=0)
        other = returns[rest].mean(axis=0) / returns[rest].std(axis=0)
        share = (np.argsort(np.argsort(other))[np.argmax(own)] + 1) / 6
        logits.append(math.log(share / (1 - share)))
    assert backtest_overfitting(returns, 6).logits == pytest.approx(logits)


def test_a_planted_edge_is_not_overfitting_and_noise_is_a_coin():
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 1, (1600, 20))
    edge = noise.copy()
    edge[:, 4] += 0.2
    assert backtest_overfitting(edge).probability < 0.01
    assert 0.2 < backtest_overfitting(noise).probability < 0.8
    assert len(backtest_overfitting(noise).logits) == 12_870  # C(16, 8)


@pytest.mark.parametrize("blocks", [3, 0, -2, 20])
def test_blocks_that_cannot_be_halved_are_refused(blocks):
    with pytest.raises(DataError, match="blocks must be even"):
        backtest_overfitting(np.zeros((100, 2)), blocks)


def test_planted_effect_is_found_and_planted_null_is_not():
    rng = np.random.default_rng(11)
    shared = rng.normal(0, 1, 800)
    benchmark = shared + rng.normal(0, 0.2, 800)
    others = shared[:, None] + rng.normal(0, 0.2, (800, 6))
    null = superior_ability(benchmark, others, block=5, seed=1, resamples=400)
    assert null.consistent > 0.05
    assert null.better == ()
    assert null.lower <= null.consistent <= null.upper
    others[:, 3] += 0.08
    found = superior_ability(benchmark, others, block=5, seed=1, resamples=400)
    assert found.consistent < 0.01
    assert found.better == (3,)
    everything = np.column_stack([benchmark, others])
    assert confidence_set(everything, block=5, seed=1, resamples=300) == (4,)


def test_equal_seeds_give_equal_answers_and_a_copy_of_the_benchmark_counts_for_nothing():
    rng = np.random.default_rng(2)
    base = rng.normal(0, 1, 300)
    others = base[:, None] + rng.normal(0, 0.5, (300, 3))
    first = superior_ability(base, others, block=4, seed=9, resamples=200)
    again = superior_ability(
        base, np.column_stack([base, others]), block=4, seed=9, resamples=200
    )  # fmt: skip
    assert again.consistent == first.consistent
    with pytest.raises(DataError, match="nothing to test"):
        superior_ability(base, np.column_stack([base, base]), block=4, seed=9)
    with pytest.raises(DataError, match="shape"):
        superior_ability(base, others[1:], block=4, seed=9)


def test_folds_never_touch_what_they_are_tested_on():
    folds = list(purged_folds(100, 4, purge=10, least=30))
    assert [(a.stop, b.start, b.stop) for a, b in folds] == [
        (30, 40, 55), (45, 55, 70), (60, 70, 85), (75, 85, 100),
    ]  # fmt: skip
    with pytest.raises(DataError, match="need at least"):
        list(purged_folds(40, 4, purge=10, least=30))


def test_walk_forward_holds_what_was_best_before():
    # The first series leads up to session 50, the second from then on: the choice follows late.
    returns = np.zeros((100, 2))
    returns[:50, 0], returns[50:, 1] = 0.01, 0.03
    chosen, kept = walk_forward(returns, folds=6, purge=0, least=40)
    assert chosen.tolist() == [0, 0, 0, 1, 1, 1]
    assert kept.sum() == pytest.approx(0.01 * 10 + 0.03 * 30)


def test_walk_forward_does_not_see_what_comes_after():
    rng = np.random.default_rng(4)
    returns = rng.normal(0, 0.01, (200, 4))
    changed = returns.copy()
    changed[150:] = rng.normal(0, 0.05, (50, 4))
    before, _ = walk_forward(returns, folds=10, purge=5, least=45)
    after, _ = walk_forward(changed, folds=10, purge=5, least=45)
    assert (before[:8] == after[:8]).all()  # the ninth test starts at 170, learning ends at 165


@pytest.mark.parametrize(
    ("effects", "number"),
    [([3.0, 0.0, 0.0], 1.0), ([2.0, -2.0, 2.0], 3.0), ([0.0, 0.0], 0.0), ([], 0.0), ([3, 1], 1.6)],
)
def test_effective_number_by_hand(effects, number):
    assert effective_number(np.array(effects, float)) == pytest.approx(number)
