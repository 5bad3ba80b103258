import itertools
import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from alvh.signals.windows import (
    MOST_MISSING,
    change_over,
    known_changes,
    over,
    realised,
    trailing_mean,
    trailing_quantile,
    trailing_rank,
    trailing_z,
)

NAN = math.nan
values_with_holes = st.lists(
    st.one_of(st.just(NAN), st.floats(-1e6, 1e6, allow_subnormal=False)), min_size=0, max_size=90
).map(lambda found: np.array(found, dtype=float))


def test_a_z_score_by_hand():
    # Mean of 1, 2, 3, 4 is 2.5; squared deviations 2.25 + 0.25 + 0.25 + 2.25 = 5, over 3.
    z = trailing_z(np.array([1.0, 2.0, 3.0, 4.0]), window=4, minimum=4)
    assert_array_equal(z[:3], [NAN, NAN, NAN])
    assert z[3] == pytest.approx(1.5 / math.sqrt(5 / 3), rel=1e-15)


def test_what_left_the_window_is_forgotten_and_holes_are_not_counted():
    # The last three known values are 2, 3, 7: mean 4, deviations −2, −1, 3, variance 14/2.
    z = trailing_z(np.array([900.0, 2.0, NAN, 3.0, NAN, 7.0]), window=3, minimum=2)
    assert z[5] == pytest.approx(3 / math.sqrt(7), rel=1e-15)
    assert_array_equal(np.isnan(z), [True, False, True, False, True, False])


def test_what_has_not_moved_has_no_z_score():
    assert np.isnan(trailing_z(np.full(10, 0.3), window=5, minimum=2)).all()
    rounding = np.array([0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2])  # they differ in the last bit
    assert rounding[0] != rounding[1]
    assert np.isnan(trailing_z(rounding, window=4, minimum=2)).all()


@given(values_with_holes, st.integers(2, 40), st.integers(2, 40))
def test_z_scores_are_those_of_the_standard_library(values, window, minimum):
    z = trailing_z(values, window, minimum)
    for i, value in enumerate(values):
        known = [float(v) for v in values[: i + 1] if not math.isnan(v)][-window:]
        if math.isnan(value) or len(known) < minimum:
            assert math.isnan(z[i])
            continue
        mean, spread = statistics.mean(known), statistics.stdev(known)
        if spread > max(1e-9 * max(map(abs, known)), 1e-150):  # squares of less vanish
            # 1e-8: sums of at most 40 values measured from one of them
            assert z[i] == pytest.approx((value - mean) / spread, rel=1e-8, abs=1e-8)


def test_a_rank_by_hand():
    # Of 3, 1, 2 before the last value 2 one is below and one equal: (1 + ½) / 3.
    assert_array_equal(trailing_rank(np.array([3.0, 1.0, 2.0, 2.0]), 4), [NAN, NAN, NAN, 0.5])
    assert trailing_rank(np.array([1.0, 2.0, 3.0]), 3)[2] == 1.0
    assert trailing_rank(np.array([3.0, 2.0, 1.0]), 3)[2] == 0.0


def test_a_quantile_by_hand():
    # Of five values 80 % are four: the fourth smallest of 5, 1, 4, 2, 3 is 4.
    values = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    assert trailing_quantile(values, 0.8, window=5, minimum=5)[4] == 4.0
    assert trailing_quantile(values, 1.0, window=2, minimum=2)[2] == 4.0


@given(values_with_holes, st.floats(0.05, 1.0), st.integers(1, 30))
def test_a_quantile_is_the_least_value_that_holds_its_share(values, share, window):
    found = trailing_quantile(values, share, window, 1)
    for i, value in enumerate(values):
        if math.isnan(value):
            assert math.isnan(found[i])
            continue
        known = [v for v in values[: i + 1] if not math.isnan(v)][-window:]
        held = [v for v in sorted(known) if sum(w <= v for w in known) >= share * len(known) - 1e-6]
        assert found[i] == held[0]


def test_a_mean_needs_nine_tenths_of_its_window():
    values = np.arange(1.0, 11.0)
    values[3] = NAN
    assert trailing_mean(values, 10)[9] == pytest.approx((55 - 4) / 9, rel=1e-15)
    values[4] = NAN
    assert np.isnan(trailing_mean(values, 10)[9])


def test_realised_volatility_is_the_sample_deviation_of_log_returns():
    closes = np.array([100.0, 101.0, 99.0, 102.0, 103.0])
    logs = [math.log(b / a) for a, b in itertools.pairwise(closes[1:])]
    assert realised(closes, 3)[4] == pytest.approx(
        statistics.stdev(logs) * math.sqrt(252), rel=1e-14
    )
    assert np.isnan(realised(closes, 3)[:3]).all()


def test_changes_step_over_short_holes_only():
    assert_array_equal(known_changes(np.array([1.0, NAN, 4.0])), [NAN, NAN, 3.0])
    long = np.array([1.0, *[NAN] * (MOST_MISSING + 1), 4.0, 6.0])
    assert_array_equal(known_changes(long)[-2:], [NAN, 2.0])


def test_ratios_have_positive_denominators():
    assert_array_equal(over(np.array([1.0, 1.0, NAN]), np.array([2.0, 0.0, 1.0])), [0.5, NAN, NAN])
    assert_array_equal(change_over(np.array([2.0, 3.0, 4.0]), 2), [NAN, NAN, 1.0])
    assert_array_equal(change_over(np.array([2.0]), 2), [NAN])


@given(values_with_holes, st.data())
def test_no_window_knows_what_comes_later(values, data):
    cut = data.draw(st.integers(0, len(values)))
    for function in (
        lambda v: trailing_z(v, 20, 5),
        lambda v: trailing_rank(v, 8),
        lambda v: trailing_quantile(v, 0.8, 20, 5),
        lambda v: trailing_mean(v, 10),
        lambda v: realised(np.abs(v) + 1.0, 5),
        known_changes,
    ):
        assert_array_equal(function(values[:cut]), function(values)[:cut])
