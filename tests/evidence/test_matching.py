"""The search for a size: straight lines, steps, limits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh.evidence.matching import LARGEST_SCALE, MOST_RUNS, TOLERANCE, match_scale


@given(st.floats(0.01, 20.0))
def test_a_proportional_measure_is_matched_at_the_second_run(target):
    found = match_scale(lambda scale: 0.7 * scale, target)
    if target <= 0.7 * LARGEST_SCALE:
        assert found.reached
        assert found.scale == pytest.approx(target / 0.7, rel=TOLERANCE)
    # one run at scale 1, then the secant; steps outward are at most eightfold
    assert found.runs <= 4


@given(st.floats(0.05, 0.95))
def test_a_curved_measure_is_matched(target):
    found = match_scale(lambda scale: scale**2, target, largest=1.0)
    assert found.reached
    assert found.value == pytest.approx(target, rel=TOLERANCE)
    assert found.runs <= MOST_RUNS


def test_steps_of_whole_contracts_are_reported_with_the_nearest_size():
    # Whole units of 1: 2 or 3 are as near as 2.5 can be met.
    found = match_scale(lambda scale: float(math.floor(scale)), 2.5)
    assert not found.reached
    assert found.value in (2.0, 3.0)
    assert "whole contracts" in found.note


def test_a_measure_that_stops_growing_is_reported():
    found = match_scale(lambda scale: min(scale, 3.0), 10.0)
    assert not found.reached
    assert found.value == 3.0
    assert "below the target" in found.note


def test_the_largest_size_allowed_is_respected():
    seen = []
    found = match_scale(lambda scale: seen.append(scale) or 0.1 * scale, 5.0, largest=2.0)
    assert max(seen) == 2.0
    assert not found.reached
    assert "largest size" in found.note


def test_a_size_that_fails_counts_as_too_large():
    found = match_scale(lambda scale: math.nan if scale > 3 else scale, 2.9)
    assert found.reached
    assert found.value == pytest.approx(2.9, rel=TOLERANCE)


def test_nothing_that_runs_is_said():
    found = match_scale(lambda scale: math.nan, 1.0)
    assert not found.reached
    assert math.isnan(found.scale)
    assert found.note == "no size could be run"


@pytest.mark.parametrize("target", [0.0, -0.1, math.nan])
def test_no_target_no_match(target):
    found = match_scale(lambda scale: scale, target)
    assert (found.reached, found.runs) == (False, 0)
