import math
from datetime import date, timedelta
from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from alvh.errors import DataError
from alvh.market.history import History, load_history
from alvh.policy.adaptive import SignalName
from alvh.signals import NAMES, SIGNALS, signal, signal_table
from alvh.signals import table as module
from alvh.signals.reading import Reading
from signals import spots
from signals.histories import plain, random_history

MATRICES = ("raw", "z", "score", "age")


def test_the_catalogue_has_the_names_that_policies_know_in_their_order():
    assert get_args(SignalName) == NAMES


def test_every_signal_says_what_it_is():
    for one in SIGNALS:
        assert one.sign in (-1, 1)
        assert one.layer in ("", "short", "medium", "tail")
        for words in (one.idea, one.unit, one.formula, one.source, one.reason):
            assert words.strip() == words != ""


def test_an_unknown_signal_is_refused():
    with pytest.raises(DataError, match="no signal 'tea_leaves'; there are rsi_spx, "):
        signal("tea_leaves")
    with pytest.raises(DataError, match="no signal 'tea_leaves'; there are rsi_spx, "):
        signal_table(random_history(1, 60), 40, 20)["tea_leaves"]


def assert_same_rows(short, long, rows):
    for matrix in MATRICES:
        ours, theirs = getattr(short, matrix)[:rows], getattr(long, matrix)[:rows]
        for at, name in enumerate(short.names):
            assert_array_equal(ours[:, at], theirs[:, at], err_msg=f"{matrix} of {name}")


@pytest.mark.parametrize(
    "end",
    # VIX begins; VIX absent that day; a crisis; counts end; the day after; a record low; a crash
    ["1990-03-01", "1999-12-31", "2008-10-10", "2015-11-11", "2015-11-12", "2017-11-03",
     "2020-03-16", "2026-04-13"],
)  # fmt: skip
def test_a_real_table_cut_short_is_the_beginning_of_the_whole(real, end):
    short = real.between(None, end)
    assert_same_rows(signal_table(short), signal_table(real), len(short))


def test_the_cuts_reach_every_signal(real):
    """So that none of them is compared on empty columns alone."""
    table = signal_table(real)
    assert table.names == NAMES
    row = int(np.flatnonzero(real.dates == np.datetime64("2020-03-16"))[0])
    assert np.isfinite(table.raw[: row + 1]).any(axis=0).all()


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.integers(1, 420))
def test_a_made_up_table_cut_short_is_the_beginning_of_the_whole(seed, rows):
    whole = random_history(seed)
    short = whole.between(None, whole.dates[rows - 1].astype(object))
    assert_same_rows(signal_table(short, 100, 30), signal_table(whole, 100, 30), rows)


def changed_after(history: History, row: int, rng: np.random.Generator) -> History:
    """Return the history with every datum after a session replaced or taken away."""
    day = history.dates[row].astype(object)
    columns = {}
    for name, values in history.columns.items():
        new = values.copy()
        later = np.arange(len(new)) > row
        new[later] *= np.exp(rng.normal(0, 0.3, later.sum()))
        if name != "spx":  # the days are those with a close
            new[later & (rng.random(len(new)) < 0.2)] = np.nan
        columns[name] = new
    moved = pl.when(pl.col("date") > day).then(pl.col("settle") * 1.7).otherwise(pl.col("settle"))
    month = date(day.year, day.month, 1)
    monthly = {
        name: table.with_columns(
            pl.when(pl.col("date") >= month).then(pl.col(one) * 1.3).otherwise(pl.col(one))
            for one in table.columns
            if one != "date"
        )
        for name, table in history.monthly.items()
    }
    return History(
        dates=history.dates, columns=columns, futures=history.futures.with_columns(settle=moved),
        events=history.events, monthly=monthly,
    )  # fmt: skip


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.integers(0, 418))
def test_no_row_changes_by_a_bit_when_anything_later_does(seed, row):
    history = random_history(seed)
    other = changed_after(history, row, np.random.default_rng(seed + 1))
    ours, theirs = signal_table(history, 100, 30), signal_table(other, 100, 30)
    assert_same_rows(ours, theirs, row + 1)
    later = [one.raw[row + 1 :] for one in (ours, theirs)]
    assert not np.array_equal(*later, equal_nan=True)


def test_changed_real_data_leave_the_past_alone(real):
    row = int(np.flatnonzero(real.dates == np.datetime64("2020-03-16"))[0])
    other = changed_after(real, row, np.random.default_rng(5))
    assert_same_rows(signal_table(real), signal_table(other), row + 1)


def test_what_the_bundled_history_lacks_is_absent_and_never_zero():
    table = signal_table(load_history("bundled"))
    for name in ("rsi_vx1", "breadth", "advance_decline", "vix_slope", "contango", "roll_yield",
                 "vvix", "skew"):  # fmt: skip
        found = table[name]
        for values in (found.raw, found.z, found.score, found.age):
            assert np.isnan(values).all()
        assert np.isnat(found.first_usable)
        assert "absent" in found.provenance
    for name in ("rsi_spx", "macd", "expected_range", "big_top"):
        assert np.isfinite(table[name].score[-1])


@pytest.mark.parametrize(
    ("day", "first", "second", "nearest"),
    [
        # two days before settlement: the roll yield looks at April
        (date(2020, 3, 16), date(2020, 3, 18), date(2020, 4, 15), date(2020, 4, 15)),
        # eight business days before settlement: at December
        (date(2017, 11, 3), date(2017, 11, 15), date(2017, 12, 20), date(2017, 12, 20)),
    ],
)
def test_spot_values_worked_out_again(real, day, first, second, nearest):
    table = signal_table(real)
    found = {row.name: row for row in table.on(day)}
    for name, wanted in spots.spot(real, day, first, second, nearest).items():
        assert found[name].raw == pytest.approx(wanted, rel=1e-9, abs=1e-12), name
        past = table[name].raw[: int(np.flatnonzero(table.dates == np.datetime64(day))[0]) + 1]
        assert found[name].z == pytest.approx(spots.z(past.tolist()), rel=1e-8, abs=1e-10), name
        assert found[name].age_days == 0.0
        assert found[name].layer == signal(name).layer


def test_divergence_by_counts_worked_out_again(real):
    wanted = spots.divergence(real, date(2008, 10, 10), counts=True)
    found = {row.name: row for row in signal_table(real).on("2008-10-10")}["breadth"]
    assert found.raw == pytest.approx(wanted, rel=1e-9)
    assert found.score == found.raw  # within bounds: about −3.3, as every share fell


def test_spot_values_that_stand_in_the_files(real):
    # VIX 82.69 and VIX3M 67.70 on 2020-03-16, VIX 9.14 and VIX3M 12.42 on 2017-11-03, as Cboe has
    # them; the index fell 11.98 % that Monday, VIX rose from 57.83.
    table = signal_table(real)
    crash = {row.name: row.raw for row in table.on("2020-03-16")}
    calm = {row.name: row.raw for row in table.on("2017-11-03")}
    assert crash["vix_slope"] == pytest.approx(82.69 / 67.70, rel=1e-12)
    assert calm["vix_slope"] == pytest.approx(9.14 / 12.42, rel=1e-12)
    assert (crash["hedge_cheap"], calm["hedge_cheap"]) == (0.0, 1.0)


def test_scores_are_signed_and_bounded():
    table = signal_table(random_history(4), 100, 30)
    assert np.nanmax(np.abs(table.score)) <= 4.0
    for name in ("rsi_vix", "vix_slope", "rsi_gap"):
        one = table[name]
        assert_array_equal(one.score, np.clip(one.signal.sign * one.z, -4.0, 4.0))
    assert set(table["macd"].score[np.isfinite(table["macd"].score)]) == {-1.0, 0.0, 1.0}


def test_z_needs_its_minimum_and_first_usable_is_the_first_score():
    table = signal_table(random_history(4), 100, 30)
    one = table["skew"]
    known = np.flatnonzero(np.isfinite(one.raw))
    assert one.first_usable == table.dates[known[29]]
    assert np.isnan(one.z[: known[29]]).all()


def test_a_row_by_date():
    history = random_history(4)
    table = signal_table(history, 100, 30)
    day = history.dates[-1]
    rows = table.on(day)
    assert tuple(row.name for row in rows) == table.names
    for same in (day.astype(object), str(day)):
        for one, other in zip(rows, table.on(same), strict=True):
            assert_array_equal(np.array(one, object)[1:5].astype(float), np.array(other[1:5]))
    for at, row in enumerate(rows):
        assert_array_equal(
            [row.raw, row.z, row.score, row.age_days],
            [getattr(table, matrix)[-1, at] for matrix in MATRICES],
        )
        assert row.provenance == table[row.name].provenance


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_day_that_is_no_session_is_refused(shift):
    table = signal_table(random_history(4, 60), 40, 20)
    end = table.dates[0 if shift < 0 else -1].astype(object) + timedelta(shift)
    with pytest.raises(DataError, match=f"{end} is not one of its sessions"):
        table.on(end)
    with pytest.raises(DataError, match="'soon' is not a date"):
        table.on("soon")


def test_tables_are_kept_by_content_and_read_only():
    history = random_history(7, 60)
    table = signal_table(history, 40, 20)
    assert signal_table(history.between(), 40, 20) is table
    assert signal_table(history, 40, 21) is not table
    with pytest.raises(ValueError, match="read-only"):
        table.raw[0, 0] = 1.0


@pytest.mark.parametrize(("window", "minimum"), [(100, 101), (100, 1), (0, 0)])
def test_a_window_shorter_than_its_minimum_is_refused(window, minimum):
    with pytest.raises(DataError, match=f"window {window} and minimum {minimum}"):
        signal_table(random_history(7, 60), window, minimum)


def test_a_value_from_the_future_is_refused(monkeypatch):
    history = plain({"spx": np.arange(1.0, 11.0)})

    def ahead(window, minimum):
        observed = history.dates + np.timedelta64(1, "D")
        return {"skew": lambda _: Reading(np.arange(10.0), observed, "made up")}

    monkeypatch.setattr(module, "readers", ahead)
    with pytest.raises(DataError, match="skew: its value of 2015-01-02 describes 2015-01-03"):
        signal_table(history, 8, 2)


def test_a_reading_has_one_value_a_session():
    with pytest.raises(DataError, match="observed has shape"):
        Reading(np.arange(3.0), np.array(["2015-01-02"], "datetime64[D]"), "made up")


def test_a_reading_without_a_value_has_no_age(monkeypatch):
    history = plain({"spx": np.arange(1.0, 4.0)})
    observed = np.array(["2015-01-01", "NaT", "2015-01-05"], "datetime64[D]")
    reading = Reading(np.array([5.0, math.nan, 6.0]), observed, "made up")
    monkeypatch.setattr(module, "readers", lambda window, minimum: {"skew": lambda _: reading})
    age = signal_table(history, 9, 2)["skew"].age  # sessions of 2015-01-02, 05, 06
    assert_array_equal(age, [1.0, math.nan, 1.0])
