import math

import numpy as np
from numpy.testing import assert_allclose

from alvh.signals import premium
from signals.histories import plain, random_history


def test_the_forecast_is_that_of_the_line_fitted_so_far():
    rng = np.random.default_rng(3)
    vix = np.empty(900)
    vix[0] = 20.0
    for t in range(1, 900):
        vix[t] = 1.0 + 0.95 * vix[t - 1] + rng.normal(0, 1)
    found = premium._expected(vix, np.full(900, 10.0))
    assert np.isnan(found[: premium.LEAST_PAIRS]).all()
    slope, level = np.polyfit(vix[:800], vix[1:801], 1)  # pairs up to session 800
    mean = level / (1.0 - slope)
    assert_allclose(found[800], mean + slope**10 * (vix[800] - mean), rtol=1e-9)


def test_the_distortion_by_hand():
    # twenty values 0 … 19: median 9.5, deviations 0.5 … 9.5 twice, their median 5
    values = np.append(np.arange(20.0), 24.5)
    found = premium._deviations(values)
    assert np.isnan(found[:20]).all()
    assert found[20] == (24.5 - 9.5) / 5.0


def test_a_basis_that_does_not_move_has_no_distortion():
    assert math.isnan(premium._deviations(np.full(21, 0.1))[20])


def test_a_hole_takes_the_sessions_that_compare_with_it():
    values = np.sin(np.arange(60.0))
    values[10] = np.nan
    found = premium._deviations(values)
    assert np.isnan(found[:31]).all()
    assert np.isfinite(found[31:]).all()


def test_absent_futures_are_absent():
    history = plain({"spx": np.ones(900), "vix": np.full(900, 20.0)})
    for read in (premium.vix_premium, premium.basis_distortion):
        assert np.isnan(read(history).raw).all()


def test_the_premium_moves_with_the_future_alone():
    """A future one point dearer has a premium one point larger: the forecast is of VIX."""
    history = random_history(4)
    dearer = type(history)(
        history.dates, history.columns,
        futures=history.futures.with_columns(history.futures["settle"] + 1.0),
    )  # fmt: skip
    ours, theirs = premium.vix_premium(history).raw, premium.vix_premium(dearer).raw
    known = np.isfinite(ours)
    assert_allclose(theirs[known] - ours[known], 1.0, rtol=1e-9)
