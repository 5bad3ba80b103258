"""The forward of any VIX expiry: exact at nodes, between its neighbours, against a plain twin."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.kernel.vix_curve import AM_SHARE, CLOCK_POWER, settlement_clock, vix_forward

TODAY = 18000
levels = st.floats(9.0, 90.0)


@st.composite
def curves(draw):
    gaps = draw(st.lists(st.integers(7, 35), min_size=14, max_size=14))
    forwards = draw(st.lists(levels, min_size=14, max_size=14))
    expiry = (TODAY + np.cumsum(gaps)).astype(np.int32)
    return expiry, np.array(forwards), draw(levels)


def slow_forward(expiry, forward, vix, date, due):
    """Linear interpolation of squares in u = τ^power, spot at u = 0, flat past the end."""
    if due <= date:
        return vix
    clock = [0.0] + [(e - date - AM_SHARE) ** CLOCK_POWER for e in expiry.tolist()]
    squares = [vix**2, *(f**2 for f in forward.tolist())]
    return math.sqrt(np.interp((due - date - AM_SHARE) ** CLOCK_POWER, clock, squares))


@settings(deadline=None)  # the first example compiles
@given(curves(), st.integers(0, 13))
def test_a_node_keeps_its_own_value_to_the_bit(curve, node):
    expiry, forward, vix = curve
    assert vix_forward(expiry, forward, vix, TODAY, int(expiry[node])) == forward[node]


@settings(deadline=None)  # the first example compiles
@given(curves(), st.integers(-10, 600))
def test_twin(curve, ahead):
    expiry, forward, vix = curve
    found = vix_forward(expiry, forward, vix, TODAY, TODAY + ahead)
    assert found == pytest.approx(slow_forward(expiry, forward, vix, TODAY, TODAY + ahead), 1e-12)


@settings(deadline=None)  # the first example compiles
@given(curves(), st.integers(1, 400))
def test_between_its_neighbours(curve, ahead):
    expiry, forward, vix = curve
    due = TODAY + ahead
    values = np.concatenate([[vix], forward])
    low = int(np.searchsorted(expiry, due, side="left"))
    near, far = values[low], values[min(low + 1, 14)]
    found = vix_forward(expiry, forward, vix, TODAY, due)
    assert min(near, far) - 1e-9 <= found <= max(near, far) + 1e-9


def test_weekly_before_the_first_future_by_hand():
    # u(4.73) = 4.73^0.6 = 2.5405, u(19.73) = 5.9852, share 0.42446; √(256 + 0.42446·144) = 17.8079
    expiry = np.array([TODAY + 20, TODAY + 48], dtype=np.int32)
    found = vix_forward(expiry, np.array([20.0, 21.0]), 16.0, TODAY, TODAY + 5)
    assert found == pytest.approx(17.8079, abs=1e-4)


def test_convergence_to_spot_is_faster_than_linear():
    expiry = np.array([TODAY + 30], dtype=np.int32)
    halfway = vix_forward(expiry, np.array([20.0]), 16.0, TODAY, TODAY + 15)
    assert halfway > math.sqrt(0.5 * (16.0**2 + 20.0**2))


def test_past_expiries_are_spot_and_far_ones_the_last_node():
    expiry = np.array([TODAY + 20, TODAY + 48], dtype=np.int32)
    forward = np.array([18.0, 19.0])
    assert vix_forward(expiry, forward, 16.0, TODAY, TODAY) == 16.0
    assert vix_forward(expiry, forward, 16.0, TODAY, TODAY + 500) == 19.0


def test_missing_spot_spoils_only_what_needs_it():
    expiry = np.array([TODAY + 20, TODAY + 48], dtype=np.int32)
    forward = np.array([18.0, 19.0])
    assert math.isnan(vix_forward(expiry, forward, np.nan, TODAY, TODAY + 5))
    assert vix_forward(expiry, forward, np.nan, TODAY, TODAY + 48) == 19.0


def test_clock_stands_still_at_settlement():
    assert settlement_clock(0.0) == 0.0
    assert settlement_clock(-3.0) == 0.0
    assert settlement_clock(1.0) == 1.0
