import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alvh.calendars import sessions
from alvh.errors import DataError
from alvh.event_dates import EVENTS, event_rows, sources, unscheduled, withdrawn, written_down
from alvh.signals import events
from signals.histories import plain

DAY = np.timedelta64(1, "D")


# Good Fridays, on which the Bureau works and the exchange does not; the week after the attacks.
CLOSED = {"2001-09-14", "2017-04-14", "2020-04-10"}


def day(text):
    return np.datetime64(text, "D")


@pytest.mark.parametrize("kind", EVENTS)
def test_the_packaged_dates_are_ascending_sessions_with_a_source(kind):
    scheduled = np.setdiff1d(written_down(kind), unscheduled(kind))
    assert (np.diff(written_down(kind)) > 0 * DAY).all()
    listed = sessions()
    assert listed[-1] > scheduled[-1]
    assert set(np.setdiff1d(scheduled, listed).astype(str)) <= CLOSED
    assert all(source.strip() for source in sources(kind))
    for row in event_rows(kind):
        assert np.isnat(row.announced) or row.announced <= row.date
        assert np.isnat(row.withdrawn) or row.withdrawn <= row.date
        assert np.isnat(row.announced) or np.isnat(row.withdrawn)


def test_there_are_as_many_a_year_as_the_agencies_hold():
    """Eight FOMC meetings, seven in 2020, one being replaced; twelve releases of CPI and of PPI.

    Eleven of CPI in 2025: October's was never published. Ten of PPI, as October's was not and
    November's and December's came in January 2026, which so has thirteen.
    """
    usual = {"fomc": 8, "cpi": 12, "ppi": 12}
    other = {("fomc", 2020): 7, ("cpi", 2025): 11, ("ppi", 2025): 10, ("ppi", 2026): 13}
    for kind in EVENTS:
        years = np.setdiff1d(written_down(kind), unscheduled(kind)).astype("datetime64[Y]")
        for year in range(2000, 2027):
            wanted = other.get((kind, year), usual[kind])
            assert (years == np.datetime64(str(year))).sum() == wanted, (kind, year)


@pytest.mark.parametrize(
    ("kind", "dates", "not_dates"),
    [
        # Federal Reserve press releases
        ("fomc", ["2008-12-16", "2024-12-18"], ["2020-03-18"]),
        # embargo line of the release of 2013-10-30, two weeks after the day it was planned for
        ("cpi", ["2013-10-30"], ["2013-10-16"]),
        # embargo lines of the Bureau's releases
        ("ppi", ["2000-01-13", "2000-02-17", "2003-06-13", "2004-04-22", "2004-07-15",
                 "2005-04-19", "2006-03-21", "2014-01-15", "2014-02-19", "2017-01-13",
                 "2020-05-13", "2025-11-25"], ["2004-04-08"]),
        # pages of the Bureau that name the day: NAICS conversion and mourning in 2004
        ("ppi", ["2004-03-18", "2004-04-01", "2004-05-13", "2004-06-17", "2016-04-13"],
         ["2004-02-19", "2004-03-12", "2004-06-11"]),
    ],
)  # fmt: skip
def test_dates_that_other_sources_give(kind, dates, not_dates):
    days = written_down(kind).astype(str)
    assert set(dates) <= set(days)
    assert not set(not_dates) & set(days)
    assert set(not_dates) <= set(withdrawn(kind).astype(str))


def nexts(first, last, column):
    """Return the next date of a kind after each session from a day to another."""
    listed = sessions()
    count = int(((listed >= day(first)) & (listed <= day(last))).sum())
    history = plain({"spx": np.ones(count)}, day(first))
    found = events.next_events(history)[:, column].astype(str)
    return dict(zip(history.dates.astype(str), found, strict=True))


def test_a_meeting_called_at_short_notice_is_not_seen_ahead():
    ahead = nexts("2020-02-03", "2020-04-28", 0)
    assert not set(ahead.values()) & set(unscheduled("fomc").astype(str))
    # the meeting of 17 and 18 March was on the calendar until it was replaced on Sunday the 15th
    assert {found for at, found in ahead.items() if at <= "2020-03-13"} == {"2020-03-18"}
    assert {found for at, found in ahead.items() if at >= "2020-03-16"} == {"2020-04-29"}


def test_a_release_that_moved_is_seen_where_it_stood_until_the_move_was_announced():
    cpi = nexts("2013-09-17", "2013-10-30", 1)
    # the Bureau was shut; the new dates were out with the close of 18 October
    assert {found for at, found in cpi.items() if at < "2013-10-16"} == {"2013-10-16"}
    assert (cpi["2013-10-16"], cpi["2013-10-17"]) == ("2013-11-20", "2013-11-20")
    assert (cpi["2013-10-18"], cpi["2013-10-29"]) == ("2013-10-30", "2013-10-30")
    assert cpi["2013-10-30"] == "2013-11-20"
    ppi = nexts("2004-02-13", "2004-04-21", 2)
    # delayed on 17 February and 5 March without a new date; the first was named the day before
    assert (ppi["2004-02-13"], ppi["2004-02-17"]) == ("2004-02-19", "2004-03-12")
    assert (ppi["2004-03-04"], ppi["2004-03-05"]) == ("2004-03-12", "2004-04-08")
    assert (ppi["2004-03-16"], ppi["2004-03-17"]) == ("2004-04-08", "2004-03-18")
    assert (ppi["2004-04-08"], ppi["2004-04-21"]) == ("2004-05-13", "2004-04-22")
    ppi = nexts("2004-06-09", "2004-06-16", 2)
    # 11 June became a day of mourning; nothing between it and the day before the release is known
    assert (ppi["2004-06-10"], ppi["2004-06-15"]) == ("2004-06-11", "2004-07-15")
    assert ppi["2004-06-16"] == "2004-06-17"


def test_what_was_withdrawn_counts_while_it_stood():
    # ten days from 2020-03-13 hold the meeting planned for the 18th, from the 16th they do not
    history = plain({"spx": np.ones(2)}, day("2020-03-13"))
    assert_array_equal(events.event_density(history).raw, [1.0, 0.0])


def test_next_is_strictly_after_the_session_and_absent_beyond_the_calendar():
    history = plain({"spx": np.ones(3)}, np.datetime64("2024-12-17"))  # FOMC on the 18th
    assert_array_equal(
        events.next_events(history)[:, 0],
        np.array(["2024-12-18", "2025-01-29", "2025-01-29"], "datetime64[D]"),
    )
    before = plain({"spx": np.ones(2)}, np.datetime64("1999-12-31"))
    found = events.next_events(before)
    assert np.isnat(found[0]).all()  # the calendars begin with the year 2000
    assert list(found[1].astype(str)) == ["2000-02-02", "2000-01-14", "2000-01-13"]
    last = plain({"spx": np.ones(1)}, np.datetime64("2026-12-15"))  # the last known PPI
    assert list(np.isnat(events.next_events(last)[0])) == [False, True, True]


def test_density_agrees_with_counting_one_by_one():
    history = plain({"spx": np.ones(1400)}, day("2014-06-02"))
    rows = np.arange(0, 1400, 37)
    found = events.event_density(history).raw[rows]
    every = [written_down(kind) for kind in EVENTS]  # nothing moved in these years
    for at, value in zip(history.dates[rows], found, strict=True):
        span = at + np.arange(1, 11) * DAY
        assert value == sum(np.isin(dates, span).sum() for dates in every)


def test_density_is_absent_where_no_calendar_covers_the_ten_days():
    history = plain({"spx": np.ones(280)}, day("2026-11-20"))
    found = dict(zip(history.dates.astype(str), events.event_density(history).raw, strict=True))
    assert found["2026-11-30"] == 2.0  # FOMC 9 and CPI 10 December; PPI's calendar ends on the 15th
    assert found["2026-12-10"] == 0.0  # FOMC alone reaches ten days on
    assert found["2027-11-26"] == 0.0
    assert math.isnan(found["2027-11-29"])  # to 9 December, a day after the last known meeting


def test_a_calendar_of_the_user_holds_for_its_span():
    own = {"cpi": np.array(["2024-03-13", "2024-04-11"], "datetime64[D]")}
    history = plain({"spx": np.ones(2)}, np.datetime64("2024-03-01"), events=own)
    dates = events.event_dates(history, "cpi").astype(str)
    assert "2024-03-13" in dates
    assert "2024-03-12" in dates  # before the user's first date the package's stand
    assert "2024-04-10" not in dates  # between them the user's alone
    assert "2024-05-15" in dates
    mine, theirs = events.event_disagreements(history, "cpi")
    assert list(mine.astype(str)) == ["2024-03-13", "2024-04-11"]
    assert list(theirs.astype(str)) == ["2024-04-10"]
    assert "3 dates in only one of the two, first 2024-03-13" in (
        events.event_density(history).provenance
    )


def test_a_calendar_of_the_user_that_the_package_does_not_touch_leaves_a_gap():
    own = {"ppi": np.array(["1998-01-08", "1998-02-18"], "datetime64[D]")}
    spans = events.event_coverage(plain({"spx": np.ones(1)}, events=own), "ppi")
    assert spans == ((day("1998-01-08"), day("1998-02-18")), (day("2000-01-01"), day("2026-12-15")))
    history = plain({"spx": np.ones(40)}, day("1998-01-06"), events=own)
    found = dict(zip(history.dates.astype(str), events.next_events(history)[:, 2], strict=True))
    assert np.isnat(found["1998-01-07"])  # before the user's first date one may be missing
    assert found["1998-01-08"] == day("1998-02-18")
    assert np.isnat(found["1998-02-18"])


def test_a_date_that_the_user_has_was_never_withdrawn():
    own = {"fomc": np.array(["2020-01-29", "2020-03-18", "2020-04-29"], "datetime64[D]")}
    history = plain({"spx": np.ones(1)}, day("2020-03-16"), events=own)
    assert events.next_events(history)[0, 0] == day("2020-03-18")


def test_no_next_event_of_the_past_changes_when_sessions_are_added(real):
    whole = events.next_events(real)
    for end in ("2004-03-10", "2013-10-17", "2020-03-13", "2025-11-20"):
        short = real.between(None, end)
        assert_array_equal(events.next_events(short), whole[: len(short)])


def test_density_counts_ten_calendar_days_by_hand():
    # after 2024-12-06: PPI 12 December, CPI 11 December; FOMC on the 18th is twelve days on
    history = plain({"spx": np.ones(1)}, np.datetime64("2024-12-06"))
    assert events.event_density(history).raw[0] == 2.0
    far = plain({"spx": np.ones(1)}, np.datetime64("1995-01-03"))
    assert math.isnan(events.event_density(far).raw[0])


def test_event_variance_by_hand():
    """2017-11-02: PPI on the 14th and CPI on the 15th lie between 9 and 30 days ahead.

    σ₂²T₂ − σ₁²T₁ = 0.14²·30/365 − 0.10²·9/365; the base is 0.14²/365 a day, the forward variance
    of a flat VIX and VIX3M, for 30 − 9 − 2 days; the rest is shared by the two.
    """
    columns = {"spx": np.ones(1), "vix9d": np.array([10.0]), "vix": np.array([14.0]),
               "vix3m": np.array([14.0])}  # fmt: skip
    history = plain(columns, np.datetime64("2017-11-02"))
    wanted = (0.14**2 * 30 - 0.10**2 * 9 - 0.14**2 * 19) / 365 / 2
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
