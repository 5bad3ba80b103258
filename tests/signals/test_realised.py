import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from alvh.kernel.condor_prices import expected_daily_range
from alvh.market.surfaces import build_surfaces
from alvh.signals.realised import (
    expected_range,
    expected_ranges,
    premium_gauge,
    range_multiples,
    variance_premium,
)
from signals.histories import plain, random_history

RETURNS = [0.01, -0.02, 0.005, 0.0, 0.015] * 5
SPX = 2000.0 * np.exp(np.concatenate([[0.0], np.cumsum(RETURNS)]))
HV20 = statistics.stdev(RETURNS[-20:]) * math.sqrt(252)


def test_variance_premium_by_hand():
    found = variance_premium(plain({"spx": SPX, "vix": np.full(26, 24.0)}))
    assert np.isnan(found.raw[:20]).all()
    assert found.raw[-1] == pytest.approx(24.0 / (100 * HV20), rel=1e-12)


def test_a_flat_index_has_no_ratio():
    assert np.isnan(variance_premium(plain({"spx": np.ones(25), "vix": np.ones(25)})).raw).all()


def test_expected_range_by_hand():
    vix9d = np.full(26, 18.0)
    vix9d[-1] = np.nan
    found = expected_range(plain({"spx": SPX, "vix": np.full(26, 24.0), "vix9d": vix9d}))
    before = statistics.stdev(RETURNS[4:24]) * math.sqrt(252)
    assert found.raw[-2] == pytest.approx((0.7 * 0.18 + 0.3 * before) / math.sqrt(252), rel=1e-12)
    assert found.raw[-1] == pytest.approx((0.7 * 0.24 + 0.3 * HV20) / math.sqrt(252), rel=1e-12)
    assert found.raw[0] == pytest.approx(0.18 / math.sqrt(252), rel=1e-12)  # no HV20 yet
    assert "VIX9D on 25 sessions, VIX in its place on 1" in found.provenance


def test_expected_range_is_the_engines_to_the_bit(real):
    history = real.between("2010-01-04", "2012-12-31")
    days = build_surfaces(history).days.view(np.recarray)
    assert_array_equal(expected_ranges(history), [expected_daily_range(day) for day in days])


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.floats(0.1, 1.0))
def test_the_multiple_holds_its_share_and_no_less_would(seed, containment):
    history = random_history(seed, n=320)
    found = range_multiples(history, containment)
    spx, ranges = history["spx"], expected_ranges(history)
    ratios = np.full(320, np.nan)
    ratios[1:] = np.abs(spx[1:] / spx[:-1] - 1.0) / ranges[:-1]
    known = ratios[np.isfinite(ratios)]
    assert len(known) > 252
    at = int(np.flatnonzero(np.isfinite(ratios))[-1])
    assert (known <= found[at]).sum() >= containment * len(known) - 1e-6
    assert (known < found[at]).sum() < containment * len(known)
    enough = np.cumsum(np.isfinite(ratios)) >= 252
    assert_array_equal(np.isfinite(found), np.isfinite(ratios) & enough)


def test_the_gauge_is_a_rank_of_the_difference():
    rng = np.random.default_rng(2)
    spx = 2000 * np.exp(np.cumsum(rng.normal(0, 0.01, 300)))
    vix = np.full(300, 15.0)
    vix[-1] = 90.0
    found = premium_gauge(plain({"spx": spx, "vix": vix})).raw
    assert found[-1] == 1.0  # dearest of its 252
    assert np.isnan(found[: 20 + 251]).all()
    assert np.isfinite(found[20 + 251 :]).all()
