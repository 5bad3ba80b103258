"""VIX futures indices: weights by hand, a slow twin, laws of the roll, published returns."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from alvh.calendars import vix_expiry
from alvh.errors import DataError
from alvh.market.futures_index import futures_index, rebuild_futures_index, roll_weights
from alvh.market.history import History, load_history
from alvh.sessions import sessions

FIRST, LAST = date(2012, 8, 1), date(2013, 6, 28)
HOLDINGS = {"short": range(2), "mid": range(3, 7)}


def days_between(first: date, last: date) -> list[date]:
    return [day for day in sessions().astype(object) if first <= day <= last]


DAYS = days_between(FIRST, LAST)
EXPIRIES = [vix_expiry(year, month) for year in (2012, 2013, 2014) for month in range(1, 13)]


def make_history(price, *, drop=(), days=DAYS, columns=None, settlements=None) -> History:
    """Futures quoted at price(day, expiry) for the next nine months, less the dropped cells."""
    rows = [
        (day, expiry, float(price(day, expiry)), "test")
        for day in days
        for expiry in [e for e in EXPIRIES if e > day][:9]
        if (day, expiry) not in drop
    ]
    schema = {"date": pl.Date, "expiry": pl.Date, "settle": pl.Float64, "source": pl.String}
    return History(
        dates=np.array(days, dtype="datetime64[D]"),
        columns=columns or {},
        settlements=settlements or {},
        futures=pl.DataFrame(rows, schema=schema, orient="row"),
    )


def wandering(seed: int = 5):
    rng = np.random.default_rng(seed)
    steps = dict(zip(DAYS, np.cumsum(rng.normal(0, 0.05, len(DAYS))), strict=True))

    def price(day: date, expiry: date) -> float:
        months = (expiry - day).days / 30
        return (15 + 1.1 * months) * np.exp(steps[day] / (1 + 0.4 * months))

    return price


def share_by_counting(day: date) -> float:
    """dr/dt counted one scheduled business day after the other."""
    start = max(e for e in EXPIRIES if e <= day)
    end = min(e for e in EXPIRIES if e > day)
    holidays = {
        date(2012, 9, 3), date(2012, 11, 22), date(2012, 12, 25), date(2013, 1, 1),
        date(2013, 1, 21), date(2013, 2, 18), date(2013, 3, 29), date(2013, 5, 27),
        date(2013, 7, 4),
    }  # fmt: skip
    period = [start + timedelta(i) for i in range((end - start).days)]
    business = [d for d in period if d.weekday() < 5 and d not in holidays]
    return sum(d > day for d in business) / len(business)


def slow_levels(price, basket: str) -> list[float]:
    """The index of the methodology with dictionaries, one day after the other."""
    levels = [100_000.0]
    for yesterday, day in pairwise(DAYS):
        contracts = [e for e in EXPIRIES if e > yesterday]
        share = share_by_counting(yesterday)
        weights = dict.fromkeys(HOLDINGS[basket], 1.0)
        weights[HOLDINGS[basket][0]], weights[HOLDINGS[basket][-1]] = share, 1 - share
        # a contract settles with weight zero: its value on the settlement day is not looked at
        held = {contracts[i]: w for i, w in weights.items() if w > 0}
        value = sum(w * price(day, e) for e, w in held.items())
        cost = sum(w * price(yesterday, e) for e, w in held.items())
        levels.append(levels[-1] * value / cost)
    return levels


def number(day: date) -> np.ndarray:
    return np.array([day], dtype="datetime64[D]").astype(np.int64)


def test_weights_of_a_roll_period_by_hand():
    # settlements 2013-01-16 and 2013-02-13; nineteen business days from one to the day before the
    # other (2013-01-21 was a holiday)
    for day, left in (
        (date(2013, 1, 16), 18),
        (date(2013, 1, 17), 17),
        (date(2013, 1, 22), 15),
        (date(2013, 2, 11), 1),
        (date(2013, 2, 12), 0),
    ):
        short = roll_weights(number(day), "short")[0]
        mid = roll_weights(number(day), "mid")[0]
        assert short == pytest.approx([left / 19, 1 - left / 19, 0, 0, 0, 0, 0], abs=1e-15)
        assert mid == pytest.approx([0, 0, 0, left / 19, 1, 1, 1 - left / 19], abs=1e-15)


def test_an_unscheduled_closure_is_caught_up_at_once():
    # 2012-10-29 and 30 (Hurricane Sandy) stay among the 25 days from 2012-10-17 to 2012-11-20
    before = roll_weights(number(date(2012, 10, 26)), "short")[0, 0]
    after = roll_weights(number(date(2012, 10, 31)), "short")[0, 0]
    assert (before, after) == pytest.approx((17 / 25, 14 / 25), abs=1e-15)


@pytest.mark.parametrize("basket", ["short", "mid"])
def test_levels_equal_the_slow_twin(basket):
    price = wandering()
    frame = futures_index(make_history(price), basket)
    assert frame["date"].to_list() == DAYS
    assert frame["level"].to_numpy() == pytest.approx(slow_levels(price, basket), rel=1e-12)


@pytest.mark.parametrize("basket", ["short", "mid"])
def test_contracts_that_do_not_move_leave_the_level_where_it_is_at_every_roll(basket):
    # steep contango, every contract at its own constant price: rolling alone earns nothing
    prices = {expiry: 10.0 + 3.0 * i for i, expiry in enumerate(EXPIRIES)}
    frame = futures_index(make_history(lambda _, expiry: prices[expiry]), basket)
    assert frame.height == len(DAYS)
    assert frame["level"].to_numpy() == pytest.approx(np.full(len(DAYS), 1e5), rel=1e-13)


def test_on_settlement_wednesday_the_front_is_rolled_out():
    price = wandering()
    tuesday, wednesday, second = date(2013, 1, 15), date(2013, 1, 16), date(2013, 2, 13)
    # a final settlement far from the last quote does not enter
    history = make_history(price, settlements={wednesday: (99.0, "test")})
    levels = dict(futures_index(history, "short").iter_rows())
    assert levels[wednesday] / levels[tuesday] == pytest.approx(
        price(wednesday, second) / price(tuesday, second), rel=1e-13
    )
    assert levels == dict(futures_index(make_history(price), "short").iter_rows())


def test_a_missing_last_quote_is_bridged_by_the_final_settlement():
    price = wandering()
    monday, tuesday, wednesday = date(2013, 1, 14), date(2013, 1, 15), date(2013, 1, 16)
    second, final = date(2013, 2, 13), 17.25
    drop = {(tuesday, wednesday)}
    history = make_history(price, drop=drop, settlements={wednesday: (final, "test")})
    result = rebuild_futures_index(history, "short")
    assert result.uncomputable.rows() == [
        (tuesday, "no settlement of a contract held since 2013-01-14")
    ]
    levels = dict(result.levels.iter_rows())
    share = share_by_counting(monday)
    value = share * final + (1 - share) * price(wednesday, second)
    cost = share * price(monday, wednesday) + (1 - share) * price(monday, second)
    assert levels[wednesday] / levels[monday] == pytest.approx(value / cost, rel=1e-13)
    # without it the basket cannot be followed any further
    cut = rebuild_futures_index(make_history(price, drop=drop), "short")
    assert cut.levels.height + cut.uncomputable.height == len(DAYS)
    assert cut.levels["level"][0] == 100_000.0


@pytest.mark.parametrize("basket", ["short", "mid"])
def test_later_settlements_do_not_change_earlier_levels_by_a_bit(basket):
    price = wandering()
    cut = DAYS[120]
    changed = make_history(lambda d, e: price(d, e) * (1.7 if d > cut else 1.0))
    before = futures_index(make_history(price), basket).filter(pl.col("date") <= cut)
    after = futures_index(changed, basket).filter(pl.col("date") <= cut)
    assert before.height == 121
    assert before["level"].to_list() == after["level"].to_list()


def test_weekly_contracts_are_not_part_of_the_basket():
    price = wandering()
    history = make_history(price)
    weekly = [
        (day, expiry, 99.0, "test")
        for day in DAYS
        for expiry in (day + timedelta(3), day + timedelta(9))
        if expiry not in EXPIRIES
    ]
    frame = pl.DataFrame(weekly, schema=history.futures.schema, orient="row")
    mixed = History(
        dates=history.dates, columns={}, futures=pl.concat([history.futures, frame]).sort("date")
    )
    assert futures_index(mixed, "short").equals(futures_index(history, "short"))


def test_a_hole_is_counted_and_the_basket_is_held_across_it():
    price = wandering()
    hole = date(2013, 1, 24)
    second = date(2013, 3, 20)
    result = rebuild_futures_index(make_history(price, drop={(hole, second)}), "short")
    assert result.uncomputable.rows() == [
        (hole, "no settlement of the contract expiring 2013-03-20")
    ]
    assert (result.bridged, result.interpolated) == (1, 0)
    levels = dict(result.levels.iter_rows())
    start, end = date(2013, 1, 23), date(2013, 1, 25)
    share = share_by_counting(start)
    contracts = (date(2013, 2, 13), second)
    value, cost = (
        sum(w * price(day, e) for w, e in zip((share, 1 - share), contracts, strict=True))
        for day in (end, start)
    )
    assert hole not in levels
    assert levels[end] / levels[start] == pytest.approx(value / cost, rel=1e-13)


def test_a_long_hole_cuts_the_shorter_part_off():
    price = wandering()
    gap = [day for day in DAYS if date(2012, 9, 10) <= day <= date(2012, 9, 28)]
    drop = {(day, date(2012, 11, 21)) for day in gap}
    drop |= {(day, date(2012, 10, 17)) for day in gap}
    result = rebuild_futures_index(make_history(price, drop=drop), "short")
    assert result.levels["date"][0] == date(2012, 10, 1)
    assert result.levels["level"][0] == 100_000.0
    assert result.levels.height + result.uncomputable.height == len(DAYS)
    reasons = result.uncomputable["reason"].value_counts()
    cut = reasons.filter(pl.col("reason").str.starts_with("cut off from the unbroken run"))
    assert cut["count"].to_list() == [len([d for d in DAYS if d < gap[0]])]


def test_an_unlisted_month_is_interpolated_in_variance():
    price = wandering()
    unlisted = date(2013, 2, 13)
    drop = {(day, unlisted) for day in DAYS[:60]}
    result = rebuild_futures_index(make_history(price, drop=drop), "mid")

    def quoted_as_interpolated(day: date, expiry: date) -> float:
        if (day, expiry) not in drop:
            return price(day, expiry)
        # nineteen business days from 2013-01-16, of forty-three to 2013-03-20
        low, high = price(day, date(2013, 1, 16)) ** 2, price(day, date(2013, 3, 20)) ** 2
        return float(np.sqrt(low + 19 / 43 * (high - low)))

    expected = rebuild_futures_index(make_history(quoted_as_interpolated), "mid")
    assert result.levels["level"].to_numpy() == pytest.approx(
        expected.levels["level"].to_numpy(), rel=1e-13
    )
    assert result.uncomputable.is_empty()
    assert (result.interpolated, expected.interpolated) == (60, 0)  # seventh to fifth contract


def test_total_return_adds_the_interest_of_bills():
    price = wandering()
    discount = np.linspace(0.01, 0.05, len(DAYS))
    history = make_history(price, columns={"bill_rate": discount})
    excess = futures_index(history, "short")["level"].to_numpy()
    total = futures_index(history, "short", total_return=True)["level"].to_numpy()
    i = DAYS.index(date(2013, 1, 18))  # three calendar days and a holiday to 2013-01-22
    interest = (1 / (1 - 91 / 360 * discount[i])) ** (4 / 91) - 1
    assert total[i + 1] / total[i] == pytest.approx(excess[i + 1] / excess[i] + interest, rel=1e-13)


def test_a_bill_rate_is_not_carried_further_than_a_fortnight():
    price = wandering()
    discount = np.where(np.array(DAYS) <= date(2013, 3, 1), 0.02, np.nan)
    history = make_history(price, columns={"bill_rate": discount})
    result = rebuild_futures_index(history, "short", total_return=True)
    assert result.levels["date"][-1] == date(2013, 3, 15)
    assert result.uncomputable["date"][0] == date(2013, 3, 18)
    assert set(result.uncomputable["reason"]) == {"no bill rate of the last 14 days"}
    assert futures_index(history, "short").height == len(DAYS)


def test_what_cannot_be_an_index_is_refused():
    price = wandering()
    history = make_history(price)
    with pytest.raises(DataError, match="basket is 'long'"):
        futures_index(history, "long")
    with pytest.raises(DataError, match="no VIX futures"):
        futures_index(History(dates=history.dates, columns={}), "short")
    with pytest.raises(DataError, match="bill_rate"):
        futures_index(history, "short", total_return=True)
    without_bills = make_history(price, columns={"bill_rate": np.full(len(DAYS), np.nan)})
    with pytest.raises(DataError, match="no bill rate"):
        futures_index(without_bills, "short", total_return=True)
    single = make_history(price, days=DAYS[:1])
    with pytest.raises(DataError, match="no two days in a row"):
        futures_index(single, "short")


@pytest.fixture(scope="module")
def real_history(shared_data):
    return load_history(shared_data)


@pytest.fixture(scope="module")
def real_totals(real_history):
    return {
        basket: dict(futures_index(real_history, basket, total_return=True).iter_rows())
        for basket in HOLDINGS
    }


def trailing(levels: dict[date, float], start: date, end: date) -> float:
    return level_at(levels, end) / level_at(levels, start) - 1


def level_at(levels: dict[date, float], day: date) -> float:
    while day not in levels:
        day -= timedelta(1)
    return levels[day]


# Official total returns of the two S&P indices, per cent, as printed beside the funds on etf.com
# (FactSet): VXX page of 2021-06-16, VIXM pages of 2021-09-24 and 2019-12-03; over a year, annual.
PUBLISHED = [
    ("short", date(2021, 6, 16), {"2021-05-16": -16.80, "2021-03-16": -38.99, "2020-12-31": -52.12,
                                  "2020-06-16": -77.96, "2018-06-16": -36.06}),
    ("mid", date(2021, 9, 24), {"2021-08-24": -1.03, "2021-06-24": 2.15, "2020-12-31": -15.59,
                                "2020-09-24": -26.40, "2018-09-24": 15.74, "2016-09-24": -6.79,
                                "2011-09-24": -20.62}),
    ("mid", date(2019, 12, 3), {"2019-11-03": 2.79, "2019-09-03": -4.49, "2018-12-31": -12.92,
                                "2018-12-03": 1.27, "2016-12-03": -18.05, "2014-12-03": -16.50}),
]  # fmt: skip
PUBLISHED_TOLERANCE = 0.025  # percentage points; daily bill rates stand for the weekly auction


@pytest.mark.parametrize(("basket", "end", "returns"), PUBLISHED)
def test_published_index_returns(real_totals, basket, end, returns):
    for start, percent in returns.items():
        since = date.fromisoformat(start)
        years = max(end.year - since.year, 1) if since.month == end.month else 1
        computed = 100 * ((1 + trailing(real_totals[basket], since, end)) ** (1 / years) - 1)
        assert computed == pytest.approx(percent, abs=PUBLISHED_TOLERANCE), start


# Calendar-year returns of the notes, per cent (portfolioslab.com, from closing prices): the total
# return less 0.89 % a year. Closing prices stray from the indicative value by some tenths.
NOTE_YEARS = [
    ("short", 2019, -67.82), ("short", 2021, -72.41), ("short", 2022, -23.80),
    ("short", 2023, -72.52), ("short", 2024, -26.22),
    ("mid", 2021, -16.38), ("mid", 2022, 0.47), ("mid", 2023, -43.98),
]  # fmt: skip
NOTE_TOLERANCE = 0.35
NOTE_FEE = 0.0089


@pytest.mark.parametrize(("basket", "year", "percent"), NOTE_YEARS)
def test_calendar_years_of_the_notes(real_totals, basket, year, percent):
    gross = trailing(real_totals[basket], date(year - 1, 12, 31), date(year, 12, 31))
    assert 100 * ((1 + gross) * (1 - NOTE_FEE) - 1) == pytest.approx(percent, abs=NOTE_TOLERANCE)


@pytest.mark.parametrize(
    ("basket", "first"), [("short", date(2007, 1, 3)), ("mid", date(2007, 4, 18))]
)
def test_real_rows_are_levels_or_counted(real_history, basket, first):
    result = rebuild_futures_index(real_history, basket)
    quoted = set(real_history.futures["date"].to_list())
    assert result.levels["date"][0] == first
    assert result.levels.height + result.uncomputable.height == len(quoted)
    late = result.uncomputable.filter(pl.col("date") >= date(2008, 1, 1))
    # where a contract file is missing a ladder of seven remains; on settlement days it counts the
    # settling contract as the first and so lacks the new seventh
    assert late.height <= (0 if basket == "short" else 4)
    assert all(day == vix_expiry(day.year, day.month) for day in late["date"])


def test_no_real_roll_jumps(real_history):
    """From Tuesday to settlement Wednesday the index moves as the new front contract does."""
    levels = dict(futures_index(real_history, "short").iter_rows())
    quotes = {(day, expiry): settle for day, expiry, settle, _ in real_history.futures.iter_rows()}
    days = list(levels)
    rolls = [vix_expiry(year, month) for year in range(2007, 2026) for month in range(1, 13)]
    for now, following in pairwise(rolls):
        if now not in levels:
            continue
        before = days[days.index(now) - 1]
        expected = quotes[now, following] / quotes[before, following]
        assert levels[now] / levels[before] == pytest.approx(expected, rel=1e-12), now
