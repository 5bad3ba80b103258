"""Fitted smiles: formulas against their oracles, known smiles found again, real quotes obeyed."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.interpolate import BSpline
from tests.market.chains.made import flat, made_chain
from tests.market.chains.real import vendor_chain, vix_chain

from alvh.errors import PricingError
from alvh.kernel.black import black_price
from alvh.market.chains import smile_shape as shape
from alvh.market.chains.smiles import fit_chain
from alvh.market.chains.strips import pair_quotes

SVI = (0.4, 0.35, -0.4, 0.15, 0.9)


def smile_of(scale: float = 0.06) -> np.ndarray:
    smile = np.zeros(shape.SMILE)
    smile[: shape.SPLINE] = (scale, *SVI)
    smile[shape.SPLINE :] = 0.004 * np.cos(np.arange(shape.SPLINES))
    return smile


def test_splines_are_scipys() -> None:
    out = np.empty((3, shape.ACTIVE))
    for x in (-10.99, -7.3, -2.0, -0.1, 0.61, 5.9):
        first = shape.splines_at(x, out)
        for q in range(shape.ACTIVE):
            j = first + q
            if not 0 <= j < shape.SPLINES:
                assert abs(out[:, q]).max() == 0.0
                continue
            spline = BSpline.basis_element(shape.KNOTS[j : j + 5])
            expected = [float(spline.derivative(n)(x)) if n else float(spline(x)) for n in range(3)]
            assert out[:, q] == pytest.approx(expected, abs=1e-12)


def test_the_roughness_is_the_integral() -> None:
    x = np.linspace(shape.KNOTS[0], shape.KNOTS[-1], 200_001)
    second = BSpline.basis_element(shape.KNOTS[5:10], extrapolate=False).derivative(2)(x)
    square = np.trapezoid(np.nan_to_num(second) ** 2, x)
    assert shape.ROUGHNESS[5, 5] == pytest.approx(square, rel=1e-6)


@pytest.mark.parametrize("x", [-3.0, -0.7, 0.0, 0.8, 2.2])
def test_butterfly_is_the_density_of_the_prices(x: float) -> None:
    # Breeden–Litzenberger: ∂²C/∂K² = φ(d2)·g/(K·√w), by central differences of Black prices
    smile, forward, years = smile_of(), 100.0, 0.1
    k = x * smile[shape.SCALE]

    def price(strike: float) -> float:
        log_moneyness = np.array([np.log(strike / forward)])
        sigma = shape.smile_sigmas(smile, log_moneyness, years)[0]
        return black_price(forward, strike, sigma, years, False)

    strike, step = forward * np.exp(k), 0.01
    density = (price(strike + step) - 2 * price(strike) + price(strike - step)) / step**2
    v, first, second, _ = shape.shape_at(smile, x, np.empty((3, shape.ACTIVE)))
    root = np.sqrt(v) * smile[shape.SCALE]
    d2 = -k / root - root / 2
    g = shape.butterfly(v, first, second, x, smile[shape.SCALE])
    expected = np.exp(-d2 * d2 / 2) / np.sqrt(2 * np.pi) * g / (strike * root)
    assert density == pytest.approx(expected, rel=2e-4)


def test_a_flat_smile_is_found_to_a_hundredth_of_a_point() -> None:
    smiles = fit_chain(made_chain(flat(0.2), half=0.01))
    strikes = np.array([3400.0, 3800.0, 4000.0, 4200.0, 4400.0])
    assert smiles.sigmas(0, strikes) == pytest.approx(0.2, abs=1e-4)


def test_an_svi_smile_is_found_again() -> None:
    scale = 0.15 * np.sqrt(30 / 365)

    def sigma(k: float) -> float:
        a, b, rho, m, s = SVI
        d = k / scale - m
        return float(0.15 * np.sqrt(a + b * (rho * d + np.sqrt(d * d + s * s))))

    smiles = fit_chain(made_chain(sigma, half=0.02))
    strikes = np.arange(3500.0, 4301.0, 50.0)
    expected = [sigma(float(np.log(k / 4000.0))) for k in strikes]
    assert smiles.sigmas(0, strikes) == pytest.approx(expected, abs=2e-4)
    assert smiles.table()["inside"].item() == smiles.table()["liquid"].item()


def test_quotes_with_butterflies_are_fitted_without() -> None:
    def dented(k: float) -> float:
        return 0.2 - 0.03 * np.exp(-((k - 0.03) ** 2) / (2 * 0.008**2))

    smiles = fit_chain(made_chain(dented, half=0.02, strikes=np.arange(3200.0, 4801.0, 10.0)))
    row = smiles.table().row(0, named=True)
    assert row["butterfly"] >= 0.0
    assert row["inside"] < row["liquid"]


def test_an_expiry_below_the_one_before_is_lifted_for_spx_and_not_for_vix() -> None:
    strikes = np.arange(12.0, 60.0, 1.0)
    near, far = flat(0.60), flat(0.42)  # total variance falls, 30 to 60 days: 0.0296 to 0.0290
    for root, calendar in (("SPXW", True), ("VIX", False)):
        grid = strikes * 200 if root == "SPXW" else strikes
        spot = 20.0 * float(grid[0] / strikes[0])
        chain = pl.concat(
            [made_chain(smile, days=days, root=root, strikes=grid, forward=spot, half=spot / 4000)
             for smile, days in ((near, 30), (far, 60))]
        )  # fmt: skip
        table = fit_chain(chain).table().sort("tau")
        total = (table["at_the_money"] ** 2 * table["tau"]).to_list()
        assert (total[1] >= total[0] * 0.9999) == calendar


def test_too_few_quotes_are_no_smile() -> None:
    smiles = fit_chain(made_chain(flat(0.2), strikes=np.array([3900.0, 4000.0, 4100.0])))
    assert np.isnan(smiles.table()["at_the_money"].item())
    with pytest.raises(PricingError, match=r"SPXW 2021-07-01 .* a smile needs 6"):
        smiles.sigmas(0, np.array([4000.0]))


def test_the_order_of_the_rows_does_not_matter() -> None:
    chain = made_chain(lambda k: 0.2 - 0.3 * k)
    shuffled = chain.sample(fraction=1.0, shuffle=True, seed=3)
    assert np.array_equal(fit_chain(chain).smile, fit_chain(shuffled).smile)


def test_pairs_are_what_was_quoted() -> None:
    chain = made_chain(flat(0.2)).filter(
        ~((pl.col("strike") == 3000.0) & (pl.col("put_call") == "C"))
    )
    strips = pair_quotes(chain)
    at = int(np.flatnonzero(strips.strike == 3000.0)[0])
    assert strips.call_ask[at] == 0.0
    assert strips.put_ask[at] == chain.filter(strike=3000.0)["ask"].item()
    assert strips.quotes == chain.height


@pytest.mark.parametrize("day", ["20190425", "20190509", "20190621"])
def test_real_smiles_lie_within_their_quotes(shared_data: Path, day: str) -> None:
    table = fit_chain(vendor_chain(shared_data / f"chains/spx_eod_2019/SPX_{day}.csv")).table()
    assert table["inside"].sum() / table["liquid"].sum() >= 0.99
    assert table["butterfly"].min() >= 0.0
    assert table["calendar"].fill_nan(None).min() > -1e-4  # of the at-the-money variance
    assert table["steepest"].max() < 2.0  # Lee's bound
    assert table["at_the_money"].is_finite().all()


def test_the_listed_vix_chain_leans_upward_within_its_quotes() -> None:
    smiles = fit_chain(vix_chain())
    table = smiles.table()
    assert table["inside"].sum() / table["liquid"].sum() >= 0.95
    assert table["butterfly"].min() >= 0.0
    assert (smiles.smile[:, shape.RHO] >= 0.0).all()
    for i in range(table.height):
        forward = smiles.forwards.forward[i]
        wing = smiles.sigmas(i, forward * np.array([1.0, 1.2, 1.5, 2.0]))
        assert (np.diff(wing) > 0).all()
