"""Half-spreads of VIX options and futures: the table, the increments, the direction of stress."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.contracts.vix_spread import calm_vix_width, vix_half_spread, vx_half_spread

NICKEL_DAY = 18000  # 2019-04-14: increments 0.05 / 0.10
PENNY_DAY = 19400  # 2023-02-12: increments 0.01 / 0.05

mids = st.floats(0.0, 60.0)
tenors = st.floats(0.0, 330.0)
vixes = st.floats(9.0, 90.0)
dates = st.sampled_from([NICKEL_DAY, PENNY_DAY])


@pytest.mark.parametrize(("premium", "width"), [(0.3, 0.065), (1.0, 0.105), (6.0, 0.24)])
def test_table_at_its_knots(premium, width):
    assert calm_vix_width(premium, NICKEL_DAY) == pytest.approx(width, rel=1e-12)


def test_typical_call_costs_what_studies_of_quotes_found():
    # 30-delta calls 2006–2020: median half-spread 5–8 % of mid, 8 % calm to 13 % in a crash
    assert 0.04 <= vix_half_spread(1.0, 30.0, 18.0, NICKEL_DAY) <= 0.08
    assert 0.08 <= vix_half_spread(2.5, 30.0, 60.0, NICKEL_DAY) / 2.5 <= 0.13


def test_chain_of_2022_07_15():
    # Listed, 33 days: width 0.098 at 1.46 and 0.91, 0.099 at 1.92, 0.047 at 0.30. The table holds
    # all of 2006–2022, when widths were a quarter wider than on this day.
    for mid, width in ((1.46, 0.098), (0.91, 0.098), (1.92, 0.099), (0.30, 0.047)):
        assert 0.9 <= 2 * vix_half_spread(mid, 32.7, 24.23, 19188) / width <= 1.45


@given(mids, tenors, vixes, dates)
@settings(deadline=None)
def test_never_more_than_mid_nor_less_than_half_an_increment(mid, tau, vix, day):
    half = vix_half_spread(mid, tau, vix, day)
    low = (0.05 if mid < 3 else 0.10) if day == NICKEL_DAY else (0.01 if mid < 3 else 0.05)
    assert half <= mid
    assert half >= min(low / 2, mid)
    assert 0.0 <= vx_half_spread(mid, tau, vix, day) <= mid


@given(st.floats(0.05, 40.0), tenors, vixes, dates, st.floats(1.0, 2.0))
@settings(deadline=None)
def test_wider_in_stress_further_out_and_before_pennies(mid, tau, vix, day, factor):
    half = vix_half_spread(mid, tau, vix, day)
    assert vix_half_spread(mid, tau, vix * factor, day) >= half
    assert vix_half_spread(mid, tau * factor, vix, day) >= half
    assert vix_half_spread(mid, tau, vix, NICKEL_DAY) >= vix_half_spread(mid, tau, vix, PENNY_DAY)
    assert vx_half_spread(mid, tau * factor, vix, day) >= vx_half_spread(mid, tau, vix, day)


def test_front_future_is_one_tick_wide_and_far_ones_two():
    assert vx_half_spread(18.0, 20.0, 16.0, NICKEL_DAY) == 0.025
    assert vx_half_spread(20.0, 240.0, 16.0, NICKEL_DAY) == 0.05
    assert vx_half_spread(50.0, 20.0, 60.0, NICKEL_DAY) == 0.05
