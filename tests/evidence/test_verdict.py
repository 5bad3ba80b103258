"""The verdict's sentences follow the figures in either direction."""

import math
from dataclasses import replace

import numpy as np
import pytest

from alvh.evidence import verdict
from alvh.evidence.curves import CurvePoint
from alvh.evidence.intervals import Differences, Interval
from alvh.evidence.rows import measure_row
from alvh.policy.loader import load_policy, load_programme
from evidence.synthetic import SyntheticEngine, crashing_market, sessions


@pytest.fixture(scope="module")
def row():
    dates = sessions("2017-06-01", 400)
    engine = SyntheticEngine(dates, crashing_market(400))
    condors = load_programme("monthly45")
    run = engine(None, load_policy("vxth"), condors, None, None, 1e6, 0.5)
    twin = engine(None, load_policy("none"), condors, None, None, 1e6, 0.5)
    measured = measure_row(run, twin, name="vxth", basis="carry")
    return replace(
        measured,
        cagr=0.040,
        cagr_given_up=0.012,
        cvar_month=-0.05,
        cvar_removed=0.02,
        drawdown_removed=0.031,
        hedge_cost_per_year=0.015,
    )


def _size(scale, cagr, cvar):
    return CurvePoint("fewer-condors", scale, cagr, 0.052 - cagr, 0.0, cvar, 0.07 + cvar, -0.1, 0.0)


SIZES = [_size(1.0, 0.052, -0.07), _size(0.5, 0.030, -0.035)]


def test_what_a_hedge_removed_and_cost(row):
    text = verdict.hedge_line(row, None)
    assert "vxth took 3.10 points off the maximum drawdown" in text
    assert "took 2.00 points off the monthly CVaR" in text
    assert "cost 1.50 % of the account a year" in text
    assert "grew 1.20 points a year slower than unhedged" in text


def test_the_same_figures_with_other_signs_say_the_opposite(row):
    turned = replace(
        row, cagr_given_up=-0.012, cvar_removed=-0.02, drawdown_removed=-0.03,
        hedge_cost_per_year=-0.015,
    )  # fmt: skip
    text = verdict.hedge_line(turned, None)
    for part in (
        "added 3.00 points to",
        "added 2.00 points to",
        "earned 1.50 %",
        "faster than unhedged",
    ):
        assert part in text
    assert "the hedge did not lower it" in text


def test_fewer_condors_are_read_off_between_two_sizes(row):
    other = verdict.alternative(row, SIZES)
    # -0.05 lies 3/7 of the way from -0.07 to -0.035 ... in risk 0.05 = 0.035 + 0.015, 0.015/0.035
    share = 0.015 / 0.035
    assert other.scale == pytest.approx(0.5 + 0.5 * share)
    assert other.cagr == pytest.approx(0.030 + 0.022 * share)
    # 3.943 % against 4.0 %: 0.06 points less
    assert "earned 0.06 points a year less" in verdict.hedge_line(row, other)
    richer = verdict.alternative(row, [_size(1.0, 0.09, -0.07), _size(0.5, 0.05, -0.035)])
    assert "points a year more" in verdict.hedge_line(row, richer)


@pytest.mark.parametrize("tail", [-0.2, -0.001])
def test_nothing_is_read_off_outside_the_sizes_run(row, tail):
    assert verdict.alternative(replace(row, cvar_month=tail), SIZES) is None


def test_sizes_without_figures_are_passed_over(row):
    assert verdict.alternative(row, [*SIZES, _size(0.2, 0.01, math.nan)]) is not None


def test_hedges_that_beat_fewer_condors_are_counted_by_name(row):
    better, worse = replace(row, name="good", cagr=0.09), replace(row, name="bad", cagr=0.01)
    text = verdict.count_line([better, worse], SIZES, "carry")
    assert text.startswith("At equal carry, 1 of 2 hedges")
    assert text.endswith(": good.")
    beyond = replace(row, name="useless", cvar_month=-0.3)
    assert "No smaller book matches: useless." in verdict.count_line(
        [better, beyond], SIZES, "carry"
    )


def test_an_interval_around_zero_says_so(row):
    def said(low, high):
        both = Differences(Interval(0.0, low, high), Interval(0.0, low, high))
        return verdict.hedge_line(replace(row, differences=both), None)

    assert "-1.00 to +0.50, which includes no difference" in said(-0.01, 0.005)
    assert "includes no difference" not in said(-0.02, -0.01)


def test_all_lines_of_a_table(row):
    unhedged = replace(row, name="none", cvar_removed=0.0, drawdown_removed=0.0)
    missed = replace(row, name="spx-puts", reached=False, note="whole contracts")
    said = verdict.lines(
        [unhedged, missed, row], basis="carry", reference="vxth", sizes=SIZES, crises=3, years=5.0
    )
    assert said[0].startswith("Unhedged, the book grew 4.00 % a year")
    assert said[1].startswith("vxth ")  # the reference comes first
    assert "spx-puts: whole contracts." in said
    assert "hold 3 of the named crises" in said[-1]
    assert "75% of the fills" in said[-1]


def test_zero_is_never_printed_with_a_sign():
    assert verdict.percent(-0.0) == "0.00 %"
    assert np.all([verdict.points(value) == "1.00 points" for value in (0.01, -0.01)])


def test_a_hedge_that_never_held_anything_is_not_ranked(row):
    nothing = replace(
        row, name="asleep", capital_in_hedge=0.0, cagr_given_up=0.0, cvar_removed=0.0, reached=False
    )
    said = verdict.lines(
        [row, nothing], basis="carry", reference="vxth", sizes=SIZES, crises=3, years=5.0
    )
    assert said[1] == (
        "asleep never held anything under this programme: there is nothing to compare."
    )
    assert "1 of 1 hedges" in said[2]


def test_a_book_that_lost_is_not_said_to_grow(row):
    assert "the book lost 6.00 % a year" in verdict.unhedged_line(replace(row, cagr=-0.06))


def test_nothing_is_said_of_smaller_books_where_none_can_be(row):
    said = verdict.lines([row], basis="preset", reference="vxth", sizes=[], crises=3, years=5.0)
    assert not any("smaller" in line or "fewer condors" in line for line in said)
