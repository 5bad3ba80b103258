import math
from datetime import date

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from alvh.signals import term_structure
from alvh.signals.term_structure import contango, roll_yield, settlements_of, vix_slope
from signals.histories import futures_table, plain

NAN = math.nan
JANUARY, FEBRUARY, MARCH = date(2015, 1, 21), date(2015, 2, 18), date(2015, 3, 18)


def history(start: str, vix: list[float], rows: list[tuple[int, date, float]]):
    """Return VIX on consecutive sessions, and settlements by number of session."""
    made = plain({"vix": vix}, np.datetime64(start))
    table = [(made.dates[at].astype(object), due, level) for at, due, level in rows]
    return plain({"vix": vix}, np.datetime64(start), futures=futures_table(table))


def test_slope_is_vix_over_vix3m():
    found = vix_slope(plain({"vix": [20.0, NAN, 20.0], "vix3m": [25.0, 25.0, NAN]}))
    assert_array_equal(found.raw, [0.8, NAN, NAN])
    assert_array_equal(np.isnat(found.observed), [False, True, True])


def test_slope_has_the_mean_and_share_of_inversions_measured_elsewhere(real):
    # From the same files with another program: 2009-09 to 2026-02 mean 0.894, median 0.885,
    # above 1 on 7.6 % of days, greatest 1.344.
    slope = vix_slope(real.between(None, "2026-02-28")).raw
    known = slope[np.isfinite(slope)]
    assert known.mean() == pytest.approx(0.894, abs=5e-4)
    assert np.median(known) == pytest.approx(0.885, abs=5e-4)
    assert (known > 1.0).mean() == pytest.approx(0.076, abs=5e-4)
    assert known.max() == pytest.approx(1.344, abs=5e-4)


def test_contango_is_of_the_next_two_monthly_contracts():
    rows = [(0, JANUARY, 16.0), (0, FEBRUARY, 18.0), (0, MARCH, 19.0)]
    found = contango(history("2015-01-20", [17.0], rows))
    assert found.raw[0] == 18.0 / 16.0 - 1.0


def test_contango_moves_on_at_settlement():
    # 2015-01-21 is the settlement of January: February is first, March second.
    rows = [(0, FEBRUARY, 20.0), (0, MARCH, 19.0)]
    found = contango(history("2015-01-21", [21.0], rows))
    assert found.raw[0] == 19.0 / 20.0 - 1.0


def test_contango_wants_both_contracts():
    rows = [(0, JANUARY, 16.0), (1, FEBRUARY, 18.0), (2, JANUARY, 0.0), (2, FEBRUARY, 18.0)]
    assert np.isnan(contango(history("2015-01-14", [17.0] * 3, rows)).raw).all()


def test_roll_yield_takes_the_nearest_future_with_ten_business_days():
    # From 2015-01-06 to 2015-01-21 there are ten sessions: 7–9, 12–16, 20 and 21 January (the 19th
    # is Martin Luther King's day). On the 7th nine are left. To 2015-02-18 there are 19 more: 22,
    # 23, 26–30 January, 2–6, 9–13, 17, 18 February (the 16th is Washington's day): 28.
    rows = [
        (0, JANUARY, 18.0), (0, FEBRUARY, 19.0), (1, JANUARY, 18.0), (1, FEBRUARY, 19.0),
    ]  # fmt: skip
    found = roll_yield(history("2015-01-06", [21.0, 16.2], rows)).raw
    assert found[0] == pytest.approx((18.0 - 21.0) / 10, rel=1e-15)
    assert found[1] == pytest.approx((19.0 - 16.2) / 28, rel=1e-15)


def test_roll_yield_counts_days_as_they_were_scheduled():
    # On 2012-10-26 nobody knew that the exchange would be shut on the 29th and 30th: to
    # 2012-11-21 there were three whole weeks and three days, 18.
    due = date(2012, 11, 21)
    found = roll_yield(history("2012-10-26", [17.0], [(0, due, 18.8)])).raw
    assert found[0] == pytest.approx(1.8 / 18, rel=1e-12)


def test_settlements_are_found_in_any_order():
    rows = [(1, FEBRUARY, 3.0), (0, MARCH, 1.0), (0, FEBRUARY, 2.0)]
    made = history("2015-01-14", [17.0, 17.0], rows)
    days = made.dates.astype(np.int64)
    due = np.array([FEBRUARY, MARCH], "datetime64[D]").astype(np.int64)
    assert_array_equal(settlements_of(made, days, due[[0, 0]]), [2.0, 3.0])
    assert_array_equal(settlements_of(made, days, due[[1, 1]]), [1.0, NAN])


def test_without_futures_their_signals_are_absent():
    made = plain({"vix": [20.0, 21.0], "spx": [100.0, 101.0]})
    for name in ("contango", "roll_yield", "vvix", "skew", "vix_slope"):
        found = getattr(term_structure, name)(made)
        assert np.isnan(found.raw).all()
        assert np.isnat(found.observed).all()
        assert "absent" in found.provenance


def test_before_the_calendar_there_are_no_contracts():
    made = plain({"vix": [20.0]})
    early = type(made)(dates=np.array(["1987-10-19"], "datetime64[D]"), columns=made.columns)
    assert np.isnan(contango(early).raw).all()
    assert np.isnan(roll_yield(early).raw).all()
