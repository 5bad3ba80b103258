"""VIX and SKEW: Cboe's worked examples to the printed digits, laws, and refusals."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.errors import PricingError
from alvh.kernel.black import black_price
from alvh.market.option_strip import OptionStrip
from alvh.market.vix_index import cboe_vix, skew_index, strip_variance

WHITE_PAPER_2019 = {
    "near_minutes": 854 + 510 + 34_560,  # 09:46 on day 0; AM settlement 08:30 after 24 whole days
    "next_minutes": 854 + 900 + 44_640,  # PM settlement 15:00
    "near_rate": 0.000305,
    "next_rate": 0.000286,
}
WHITE_PAPER_2009 = {
    "near_minutes": 930 + 510 + 11_520,
    "next_minutes": 930 + 510 + 51_840,
    "near_rate": 0.0038,
    "next_rate": 0.0038,
}


def read_strip(path: Path) -> pl.DataFrame:
    return pl.read_csv(path).rename(lambda name: name.lower().replace(" ", "_"))


@pytest.fixture(scope="module")
def strips_2019(shared_data):
    folder = shared_data / "vix_whitepaper"
    return (
        read_strip(folder / "vix_wp2019_near.csv"),
        read_strip(folder / "vix_wp2019_next.csv"),
    )


@pytest.fixture(scope="module")
def strips_2009(shared_data):
    both = read_strip(shared_data / "vix_whitepaper" / "vix_wp2009_options.csv")
    return tuple(both.partition_by("expiration", maintain_order=True))


def test_white_paper_of_2019(strips_2019):
    # Cboe white paper (2019): every intermediate figure it prints, and 13.69
    index = cboe_vix(*strips_2019, **WHITE_PAPER_2019)
    near, next_ = index.near, index.next_
    assert (round(near.years, 7), round(next_.years, 7)) == (0.0683486, 0.0882686)
    assert (round(near.forward, 5), round(next_.forward, 5)) == (1962.89996, 1962.40006)
    assert (near.strike_below, next_.strike_below) == (1960.0, 1960.0)
    assert (near.options, next_.options) == (146, 122)
    assert (near.lowest, near.highest) == (1370.0, 2125.0)
    assert (next_.lowest, next_.highest) == (1275.0, 2200.0)
    assert (round(near.contribution, 9), round(next_.contribution, 9)) == (0.018494953, 0.018837995)
    assert (round(near.adjustment, 9), round(next_.adjustment, 9)) == (0.000032029, 0.000016987)
    assert (round(near.variance, 9), round(next_.variance, 9)) == (0.018462924, 0.018821008)
    assert round(index.vix, 6) == 13.685821
    assert f"{index.vix:.2f}" == "13.69"


def test_white_paper_of_2009(strips_2009):
    # CBOE white paper (2009): 61.22, extrapolated from 9 and 37 days
    index = cboe_vix(*strips_2009, **WHITE_PAPER_2009)
    near, next_ = index.near, index.next_
    assert (round(near.forward, 6), round(next_.forward, 6)) == (920.500047, 921.000385)
    assert (near.strike_below, next_.strike_below) == (920.0, 920.0)
    assert (near.options, next_.options) == (136, 110)
    assert (near.lowest, next_.lowest) == (400.0, 200.0)
    assert (round(near.variance, 9), round(next_.variance, 9)) == (0.472767225, 0.366818155)
    assert round(index.vix, 6) == 61.217999
    assert f"{index.vix:.2f}" == "61.22"


def test_skew_of_the_white_paper_strips(strips_2019):
    # not a Cboe print: an independent evaluation of the 2010 formulas on the 2019 strips
    index = skew_index(*strips_2019, **WHITE_PAPER_2019)
    assert round(index.near_weight, 5) == 0.30506
    assert (round(index.near_skewness, 4), round(index.next_skewness, 4)) == (-3.8094, -3.6387)
    assert round(index.skew, 3) == 136.908


def model_strip(forward, sigma, minutes, rate=0.0, step=2.0, slope=0.0) -> dict[str, np.ndarray]:
    """Quotes without a spread from Black-76 with sigma − slope·ln(K/F), rounded to nothing."""
    years = minutes / 525_600
    reach = 8 * sigma * np.sqrt(years)
    strike = np.arange(step * (forward * np.exp(-reach) // step + 1), forward * np.exp(reach), step)
    sigmas = np.maximum(sigma - slope * np.log(strike / forward), 0.02)
    discount = np.exp(-rate * years)
    columns = {"strike": strike}
    for side, is_put in (("call", False), ("put", True)):
        price = discount * np.array(
            [black_price(forward, k, s, years, is_put) for k, s in zip(strike, sigmas, strict=True)]
        )
        columns |= {f"{side}_bid": price, f"{side}_ask": price}
    return columns


@given(
    sigma=st.floats(0.08, 0.7),
    days=st.integers(10, 60),
    rate=st.floats(0.0, 0.08),
    offset=st.floats(0.0, 2.0),
)
@settings(max_examples=15, deadline=None)
def test_a_flat_smile_returns_its_own_variance_and_no_skewness(sigma, days, rate, offset):
    minutes = days * 1_440
    forward = 2000.0 + offset
    strip = model_strip(forward, sigma, minutes, rate)
    result = strip_variance(strip, minutes=minutes, rate=rate)
    assert result.forward == pytest.approx(forward, abs=1e-8)
    assert result.variance == pytest.approx(sigma**2, rel=2e-3)
    index = skew_index(
        strip,
        model_strip(forward, sigma, 2 * minutes, rate),
        near_minutes=minutes,
        next_minutes=2 * minutes,
        near_rate=rate,
        next_rate=rate,
    )
    assert index.skew == pytest.approx(100.0, abs=0.5)


def test_a_downward_smile_has_a_skew_above_one_hundred():
    minutes = 30 * 1_440
    times = {"near_minutes": minutes, "next_minutes": minutes + 10_080}
    rates = {"near_rate": 0.02, "next_rate": 0.02}
    strips = [model_strip(3000.0, 0.2, m, 0.02, step=5.0, slope=0.3) for m in times.values()]
    assert skew_index(*strips, **times, **rates).skew > 105.0


def test_vix_of_one_volatility_is_that_volatility_whatever_the_expiries():
    for near_days, next_days in ((23, 37), (30, 44), (9, 37)):
        near, next_ = near_days * 1_440, next_days * 1_440
        index = cboe_vix(
            model_strip(4000.0, 0.18, near),
            model_strip(4000.0, 0.18, next_),
            near_minutes=near,
            next_minutes=next_,
            near_rate=0.0,
            next_rate=0.0,
        )
        assert index.vix == pytest.approx(18.0, abs=0.01)


def short_strip() -> dict[str, list[float]]:
    return {
        "strike": [70, 80, 90, 100, 110, 120, 130],
        "call_bid": [30.5, 20.5, 11, 4, 1, 0.2, 0.1],
        "call_ask": [31.5, 21.5, 12, 5, 2, 0.4, 0.3],
        "put_bid": [0.1, 0.2, 1, 4, 11, 20.5, 30.5],
        "put_ask": [0.3, 0.4, 2, 5, 12, 21.5, 31.5],
    }


def test_variance_by_hand():
    # F = K0 = 100; T = 36.5/365 = 0.1; ΔK = 10 everywhere, edges too
    # Q: 0.2 0.3 1.5 4.5 1.5 0.3 0.2
    by_hand = (
        (2 / 0.1)
        * 10
        * sum(
            q / k**2
            for q, k in zip(
                (0.2, 0.3, 1.5, 4.5, 1.5, 0.3, 0.2), (70, 80, 90, 100, 110, 120, 130), strict=True
            )
        )
    )
    result = strip_variance(short_strip(), minutes=52_560, rate=0.0)
    assert result.variance == pytest.approx(by_hand, rel=1e-14)
    assert (result.options, result.lowest, result.highest) == (7, 70.0, 130.0)


def test_one_zero_bid_is_passed_over_and_two_end_the_strip():
    strip = short_strip()
    strip["put_bid"][1] = 0.0
    assert strip_variance(strip, minutes=52_560, rate=0.0).options == 6
    assert strip_variance(strip, minutes=52_560, rate=0.0).lowest == 70.0
    strip = {name: [value[0], *value] for name, value in strip.items()}
    strip["strike"][0] = 60
    strip["put_bid"][1] = strip["put_bid"][2] = 0.0  # 70 and 80 without a bid: 60 is not reached
    assert strip_variance(strip, minutes=52_560, rate=0.0).lowest == 90.0


def test_strips_may_be_frames_mappings_or_strips():
    quotes = short_strip()
    results = {
        strip_variance(form, minutes=52_560, rate=0.01)
        for form in (quotes, pl.DataFrame(quotes), OptionStrip.of(quotes, "test"))
    }
    assert len(results) == 1


def changed(column: str, row: int, value: float) -> dict[str, list[float]]:
    strip = short_strip()
    strip[column][row] = value
    return strip


def without(column: str) -> dict[str, list[float]]:
    return {name: values for name, values in short_strip().items() if name != column}


@pytest.mark.parametrize(
    ("strip", "message"),
    [
        (changed("strike", 2, 75), r"strike 75 in row 2 does not ascend"),
        (changed("strike", 2, 80), r"strike 80 in row 2 does not ascend"),
        (changed("strike", 0, 0), r"strike 0 in row 0 does not ascend"),
        (changed("put_bid", 2, 3), r"the put at strike 90 is crossed, bid 3 above ask 2"),
        (changed("call_ask", 4, float("nan")), r"call_ask is nan at strike 110"),
        (changed("call_ask", 4, float("inf")), r"call_ask is inf at strike 110"),
        (changed("put_bid", 0, -0.1), r"put_bid is -0.1 at strike 70"),
        (changed("call_bid", 3, 0.0), r"strike 100.* has no bid on one side"),
        (without("put_ask"), r"no column put_ask"),
        ({**short_strip(), "put_ask": [1.0]}, r"put_ask has shape \(1,\)"),
        ({**short_strip(), "put_ask": ["a"] * 7}, r"put_ask is not numeric"),
        ({name: [] for name in short_strip()}, r"has shape \(0,\)"),
        ({**short_strip(), "call_bid": [0.0] * 7}, r"no strike has a bid for both"),
        ({n: v[3:] for n, v in short_strip().items()}, r"no out-of-the-money put"),
        ({n: v[:4] for n, v in short_strip().items()}, r"no out-of-the-money call"),
    ],
)
def test_a_bad_strip_is_refused_with_its_place(strip, message):
    with pytest.raises(PricingError, match=message):
        strip_variance(strip, minutes=52_560, rate=0.0)


@pytest.mark.parametrize(("near", "next_"), [(0, 100), (100, 100), (200, 100), (-5, 100)])
def test_expiries_out_of_order_are_refused(near, next_):
    with pytest.raises(PricingError, match="must ascend from zero"):
        cboe_vix(
            short_strip(),
            short_strip(),
            near_minutes=near,
            next_minutes=next_,
            near_rate=0.0,
            next_rate=0.0,
        )


def test_a_negative_thirty_day_variance_is_refused():
    calm = model_strip(1000.0, 0.05, 20 * 1_440, step=1.0)
    with pytest.raises(PricingError, match="thirty-day variance"):
        cboe_vix(
            model_strip(1000.0, 0.9, 5 * 1_440),
            calm,
            near_minutes=5 * 1_440,
            next_minutes=20 * 1_440,
            near_rate=0.0,
            next_rate=0.0,
        )


@pytest.mark.parametrize(("minutes", "rate"), [(0.0, 0.0), (-1.0, 0.0), (100.0, float("nan"))])
def test_a_time_or_rate_without_meaning_is_refused(minutes, rate):
    with pytest.raises(PricingError, match="positive time and a finite"):
        strip_variance(short_strip(), minutes=minutes, rate=rate)
