from datetime import date

import numpy as np
from numpy.testing import assert_array_equal

from alvh.signals.regime import big_top, big_top_marks
from signals.histories import futures_table, plain

N = 210
RISING = 2000 * np.exp(0.001 * np.arange(N) + 0.004 * np.cos(np.arange(N)))


def history(spx=RISING, vix=None, second=18.0):
    """Return an index, VIX, and two futures on the last session."""
    vix = np.full(N, 14.0) if vix is None else vix
    columns = {"spx": spx, "vix": vix}
    last = plain(columns).dates[-1].astype(object)
    due = (date(2015, 11, 18), date(2015, 12, 16))
    assert due[0] > last > date(2015, 10, 21)
    rows = [(last, due[0], 16.0), (last, due[1], second)]
    return plain(columns, futures=futures_table(rows))


def test_all_four_marks():
    vix = np.full(N, 14.0)
    vix[-1] = 15.0  # above its mean
    smooth = 2000 * np.exp(0.001 * np.arange(N))  # RSI 100, hardly any realised volatility
    smooth[5::7] *= 0.9999
    made = history(smooth, vix, second=18.0)  # 12.5 % above 16
    assert_array_equal(big_top_marks(made)[:, -1], [1.0, 1.0, 1.0, 1.0])
    assert big_top(made).raw[-1] == 4.0


def test_each_mark_can_fail_alone():
    falling = RISING[::-1]
    assert_array_equal(big_top_marks(history(falling))[0, -1], 0.0)
    wild = RISING * np.where(np.arange(N) % 2, 1.03, 1.0)  # daily moves of 3 %
    assert_array_equal(big_top_marks(history(wild))[1, -1], 0.0)
    assert_array_equal(big_top_marks(history(second=17.27))[2, -1], 0.0)  # 7.94 %
    assert_array_equal(big_top_marks(history(second=17.29))[2, -1], 1.0)  # 8.06 %
    assert_array_equal(big_top_marks(history())[3, -1], 0.0)  # at its mean, not above


def test_what_cannot_be_judged_is_not_counted_and_said():
    made = history()
    marks = big_top_marks(made)
    assert_array_equal(np.isfinite(marks).sum(axis=1), [N - 14, N - 30, 1, N - 199])
    found = big_top(made)
    assert np.isnan(found.raw[:14]).all()
    assert np.isfinite(found.raw[14:]).all()
    days = made.dates
    assert f"4 of 4 marks judged on 1 sessions, {days[-1]} to {days[-1]}" in found.provenance
    assert f"3 of 4 marks judged on 10 sessions, {days[199]} to {days[-2]}" in found.provenance
    assert f"1 of 4 marks judged on 16 sessions, {days[14]} to {days[29]}" in found.provenance
