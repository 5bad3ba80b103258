"""Quoted half-widths of S&P 500 options: laws, dates, and widths read off real strips."""

import csv
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.contracts import spx_spread
from alvh.contracts.spx_spread import spx_half_spread

JULY_2014 = int(np.datetime64("2014-07-21", "D").astype(int))
MAY_2019 = int(np.datetime64("2019-05-03", "D").astype(int))

mids = st.floats(0.01, 300.0)
vixes = st.floats(9.0, 90.0)
taus = st.floats(0.5, 700.0)
dates = st.integers(7305, 20_600)  # 1990-01-01 … 2026-05


@settings(deadline=None)
@given(mid=mids, tau=taus, vix=vixes, am=st.booleans(), day=dates)
def test_a_bid_is_never_negative_and_a_width_never_under_a_tick(mid, tau, vix, am, day):
    half = spx_half_spread(mid, tau, vix, am, day)
    assert 0.0 < half <= mid
    assert half >= min(0.025, mid)


@settings(deadline=None)
@given(mid=mids, tau=taus, vix=st.floats(9.0, 60.0), am=st.booleans(), day=dates)
def test_width_grows_with_premium_vix_and_tenor(mid, tau, vix, am, day):
    half = spx_half_spread(mid, tau, vix, am, day)
    assert spx_half_spread(mid * 1.3, tau, vix, am, day) >= half - 1e-12
    assert spx_half_spread(mid, tau, vix * 1.3, am, day) >= half - 1e-12
    assert spx_half_spread(mid, tau * 1.3, vix, am, day) >= half - 1e-12


def test_settlement_at_the_open_costs_more_until_spring_2018():
    factors = [
        spx_spread.am_factor(int(np.datetime64(day, "D").astype(int)))
        for day in ("1995-01-03", "2017-05-01", "2017-10-31", "2018-05-01", "2024-01-02")
    ]
    assert factors[0] == factors[1] == spx_spread.AM_FACTOR
    # half way through the year of the change, the square root of the factor
    assert factors[2] == pytest.approx(spx_spread.AM_FACTOR**0.5, rel=0.01)
    assert factors[3] == factors[4] == 1.0


def test_by_hand():
    # 3 points, PM, VIX 14, 30 days: the knot itself, 0.185 wide
    assert spx_half_spread(3.0, 30.0, 14.0, False, MAY_2019) == pytest.approx(0.0925)
    # twice the VIX: × 2^0.65
    assert spx_half_spread(3.0, 30.0, 28.0, False, MAY_2019) == pytest.approx(0.0925 * 2**0.65)
    # half a year: × (180/60)^0.31
    assert spx_half_spread(3.0, 180.0, 14.0, False, MAY_2019) == pytest.approx(0.0925 * 3**0.31)
    # AM in 2014: × 3.57
    assert spx_half_spread(3.0, 30.0, 14.0, True, JULY_2014) == pytest.approx(0.0925 * 3.57)
    # a cent of premium: the whole of it
    assert spx_half_spread(0.01, 30.0, 14.0, False, MAY_2019) == 0.01


# Median quoted widths, points, of out-of-the-money options with mids in the given range; read off
# the strips of Cboe's VIX white papers (VIX 13.69, 25 and 32 days; VIX 61.22, 37 days) and the
# SPXW chain of 2019-05-03 (15–40 days).
@pytest.mark.parametrize(
    ("mid", "tau", "vix", "am", "day", "quoted"),
    [
        (1.4, 25.0, 13.69, True, "2014-07-21", 0.55),
        (3.8, 25.0, 13.69, True, "2014-07-21", 0.90),
        (14.0, 25.0, 13.69, True, "2014-07-21", 1.30),
        (1.4, 32.2, 13.69, False, "2014-07-21", 0.15),
        (14.0, 32.2, 13.69, False, "2014-07-21", 0.40),
        (1.4, 37.0, 61.22, True, "2008-11-12", 1.20),
        (14.0, 37.0, 61.22, True, "2008-11-12", 3.80),
        (1.4, 27.0, 13.1, False, "2019-05-03", 0.15),
        (14.0, 27.0, 13.1, False, "2019-05-03", 0.30),
    ],
)
def test_against_quoted_medians(mid, tau, vix, am, day, quoted):
    number = int(np.datetime64(day, "D").astype(int))
    assert 2 * spx_half_spread(mid, tau, vix, am, number) == pytest.approx(quoted, rel=0.3)


def test_against_a_whole_strip(shared_data):
    """The AM-settled strip of the white paper of VIX 13.69: every quote between 0.3 and 40 points.

    The model's width over the quoted one has its median between 0.7 and 1.2.
    """
    path = next(shared_data.rglob("vix_wp2019_near.csv"))
    with path.open() as lines:
        table = [[float(v) for v in row.values()] for row in csv.DictReader(lines)]
    number = (date(2014, 7, 21) - date(1970, 1, 1)).days
    ratios = []
    for strike, call_bid, call_ask, put_bid, put_ask in table:
        bid, ask = (put_bid, put_ask) if strike < 1962 else (call_bid, call_ask)
        mid = (bid + ask) / 2
        if bid > 0 and 0.3 < mid < 40:
            ratios.append(2 * spx_half_spread(mid, 24.95, 13.69, True, number) / (ask - bid))
    assert len(ratios) > 80
    assert 0.7 < float(np.median(ratios)) < 1.2
