import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alvh.errors import DataError
from alvh.event_dates import EVENTS, sources, unscheduled, written_down
from alvh.signals import events
from signals.histories import plain

DAY = np.timedelta64(1, "D")


@pytest.mark.parametrize("kind", EVENTS)
def test_the_packaged_dates_are_ascending_weekdays_with_a_source(kind):
    scheduled = np.setdiff1d(written_down(kind), unscheduled(kind))
    assert (np.diff(written_down(kind)) > 0 * DAY).all()
    assert np.is_busday(scheduled).all()
    assert all(source.strip() for source in sources(kind))


def test_there_are_as_many_a_year_as_the_agencies_hold():
    """Eight FOMC meetings (seven in 2020, one being replaced), twelve releases of CPI.

    Eleven CPI releases in 2025: October's was never published.
    """
    for kind, year, count in (("fomc", 2007, 8), ("fomc", 2020, 7), ("fomc", 2026, 8),
                              ("cpi", 2008, 12), ("cpi", 2013, 12), ("cpi", 2025, 11)):  # fmt: skip
        dates = np.setdiff1d(written_down(kind), unscheduled(kind)).astype(str)
        assert sum(day.startswith(str(year)) for day in dates) == count


def test_dates_that_other_sources_give():
    """Federal Reserve press releases of 2008-12-16 and 2024-12-18; BLS release of 2013-10-30."""
    assert np.isin(np.array(["2008-12-16", "2024-12-18"], "datetime64[D]"),
                   written_down("fomc")).all()  # fmt: skip
    assert np.datetime64("2013-10-30") in written_down("cpi")
    assert np.datetime64("2013-10-16") not in written_down("cpi")


def test_a_meeting_called_at_short_notice_is_not_seen_ahead():
    history = plain({"spx": np.ones(60)}, np.datetime64("2020-02-03"))
    ahead = events.next_events(history)[:, 0]
    assert not np.isin(ahead, unscheduled("fomc")).any()
    # after 29 January the next meeting that was held as planned is that of 29 April
    assert set(ahead[:60].astype(str)) == {"2020-04-29"}


def test_next_is_strictly_after_the_session_and_absent_beyond_the_calendar():
    history = plain({"spx": np.ones(3)}, np.datetime64("2024-12-17"))  # FOMC on the 18th
    assert_array_equal(
        events.next_events(history)[:, 0],
        np.array(["2024-12-18", "2025-01-29", "2025-01-29"], "datetime64[D]"),
    )
    before = plain({"spx": np.ones(2)}, np.datetime64("2023-11-01"))
    assert np.isnat(events.next_events(before)[:, 2]).all()  # PPI begins in January 2024


def test_a_calendar_of_the_user_holds_for_its_span():
    own = {"cpi": np.array(["2024-03-13", "2024-04-11"], "datetime64[D]")}
    history = plain({"spx": np.ones(2)}, np.datetime64("2024-03-01"), events=own)
    dates = events.event_dates(history, "cpi").astype(str)
    assert "2024-03-13" in dates
    assert "2024-03-12" in dates  # before the user's first date the package's stand
    assert "2024-04-10" not in dates  # between them the user's alone
    assert "2024-05-15" in dates


def test_density_counts_ten_calendar_days_by_hand():
    # after 2024-12-06: PPI 12 December, CPI 11 December; FOMC on the 18th is twelve days on
    history = plain({"spx": np.ones(1)}, np.datetime64("2024-12-06"))
    assert events.event_density(history).raw[0] == 2.0
    far = plain({"spx": np.ones(1)}, np.datetime64("1995-01-03"))
    assert math.isnan(events.event_density(far).raw[0])


def test_event_variance_by_hand():
    """2017-11-02: CPI on the 15th is the one event between 9 and 30 days ahead.

    σ₂²T₂ − σ₁²T₁ = 0.14²·30/365 − 0.10²·9/365; the base is 0.14²/365 a day, the forward variance
    of a flat VIX and VIX3M, for 30 − 9 − 1 days.
    """
    columns = {"spx": np.ones(1), "vix9d": np.array([10.0]), "vix": np.array([14.0]),
               "vix3m": np.array([14.0])}  # fmt: skip
    history = plain(columns, np.datetime64("2017-11-02"))
    wanted = (0.14**2 * 30 - 0.10**2 * 9 - 0.14**2 * 20) / 365
    assert wanted > 0
    assert_allclose(events.event_variance(history).raw, [wanted], rtol=1e-12)
    calm = plain(columns | {"vix9d": np.array([20.0])}, np.datetime64("2017-11-02"))
    assert events.event_variance(calm).raw[0] == 0.0


def test_an_unknown_kind_is_refused():
    with pytest.raises(DataError, match="no calendar of 'nfp'; there are fomc, cpi, ppi"):
        written_down("nfp")


def test_the_package_agrees_with_the_folder(real):
    """One date apart: the folder has 2026-05-06 where the Fed's calendar has 2026-04-29."""
    for kind, apart in (("fomc", {"2026-04-29", "2026-05-06"}), ("cpi", set())):
        theirs, ours = real.events[kind], written_down(kind)
        inside = ours[(ours >= theirs[0]) & (ours <= theirs[-1])]
        assert set(np.setxor1d(inside, theirs).astype(str)) == apart
