import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alvh.signals import path_dependent as pdv
from signals.histories import plain


def test_a_kernel_weighs_a_year_as_one():
    for alpha, delta in ((1.06, 0.02), (1.6, 0.052), (6.0, 0.15)):
        weights = pdv.kernel(alpha, delta)
        assert len(weights) == pdv.LAGS
        assert_allclose(weights.sum() / 252.0, 1.0, rtol=1e-12)
        assert (np.diff(weights) < 0).all()
    # K(0)/K(τ) = ((τ + δ)/δ)^α, one session on
    weights = pdv.kernel(1.5, 0.04)
    assert_allclose(weights[0] / weights[1], ((1 / 252 + 0.04) / 0.04) ** 1.5, rtol=1e-12)


def test_a_steady_path_by_hand():
    """Returns of 1 % a day: R₁ = 0.01·252 = 2.52 a year, R₂ = 0.0001·252, whatever the kernel."""
    returns = np.full(1100, 0.01)
    model = pdv.PathDependent(1.2, 0.03, 2.0, 0.1, beta0=0.05, beta1=-0.09, beta2=0.8)
    wanted = 100.0 * (0.05 - 0.09 * 2.52 + 0.8 * np.sqrt(0.0252))
    found = pdv.explained(returns, model)
    assert np.isnan(found[:999]).all()
    assert_allclose(found[999:], wanted, rtol=1e-12)


def test_one_fall_raises_it_and_wears_off():
    returns = np.zeros(1400)
    returns[1100] = -0.05
    found = pdv.explained(returns, pdv.PUBLISHED)
    calm = 100.0 * pdv.PUBLISHED.beta0
    assert_allclose(found[1099], calm, rtol=1e-12)
    assert found[1100] > found[1101] > found[1120] > found[1399] > calm


def test_one_return_by_hand():
    returns = np.zeros(1000)
    returns[-3] = -0.02
    weight = pdv.kernel(1.06, 0.02)[2]
    assert_allclose(pdv.trend(returns, 1.06, 0.02)[-1], -0.02 * weight, rtol=1e-14)
    assert_allclose(pdv.activity(returns, 1.06, 0.02)[-1], 0.0004 * weight, rtol=1e-14)


def test_every_year_has_the_parameters_of_the_years_before():
    fits = pdv.yearly_fits()
    assert sorted(fits) == list(range(1998, max(fits) + 1))
    assert max(fits) >= 2026
    for model in fits.values():  # the trend lowers VIX, activity raises it
        assert model.beta1 < 0.0 < model.beta2
        assert min(model.delta1, model.delta2) > 0.0


def test_a_history_cut_short_has_the_same_values(real):
    short = real.between(None, "2011-08-08")
    assert_array_equal(pdv.fair_values(short), pdv.fair_values(real)[: len(short)])


def test_a_year_is_read_with_its_own_parameters(real):
    returns = pdv.daily_returns(real["spx"])
    row = int(np.searchsorted(real.dates, np.datetime64("2020-03-16")))
    alone = pdv.explained(returns, pdv.yearly_fits()[2020])[row]
    assert pdv.fair_values(real)[row] == alone


def test_what_it_explains_out_of_sample(real):
    """R² of VIX since 2019 with each year's parameters from the years before.

    The authors state 0.869 for January 2019 to May 2022; a fifth of the variance must be left.
    """
    fair, vix, dates = pdv.fair_values(real), real["vix"], real.dates
    rows = (dates >= np.datetime64("2019-01-01")) & (dates <= np.datetime64("2022-05-31"))
    rows &= np.isfinite(vix)
    miss = vix[rows] - fair[rows]
    r2 = 1.0 - (miss**2).sum() / ((vix[rows] - vix[rows].mean()) ** 2).sum()
    assert 0.80 < r2 < 0.95


@pytest.mark.parametrize("read", [pdv.fair_vix, pdv.fair_vix_residual])
def test_too_short_a_past_says_nothing(read):
    history = plain({"spx": np.linspace(1000, 1100, 900), "vix": np.full(900, 15.0)})
    assert np.isnan(read(history).raw).all()
