import math
from datetime import date

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alvh.signals import macro
from alvh.signals.windows import trailing_z
from signals.histories import days, plain, random_history


def _shiller(first, dividends, earnings=None):
    start = np.datetime64(first, "M")
    months = [(start + i).astype("datetime64[D]").astype(object) for i in range(len(dividends))]
    earnings = dividends if earnings is None else earnings
    return pl.DataFrame({"date": months, "dividend": dividends, "earnings": earnings},
                        schema_overrides={"date": pl.Date})  # fmt: skip


def test_the_premium_is_martins_bound_where_dividends_are_absent():
    columns = {"spx": np.full(2, 2000.0), "vix": np.array([20.0, 40.0]), "bill_rate": [0.05, 0.05]}
    found = macro.equity_risk_premium(plain(columns)).raw
    assert_allclose(found, [1.05 * 0.04, 1.05 * 0.16], rtol=1e-14)


def test_the_premium_is_yield_plus_growth_less_the_rate_where_that_is_more():
    # dividends double in ten years: growth 2^(1/10) − 1; the last month known is four months back
    dividends = [20.0 * 2 ** (i / 120) for i in range(121)]
    history = plain(
        {"spx": np.full(1, 1000.0), "vix": np.array([10.0]), "bill_rate": [0.01]},
        np.datetime64("2015-01-05"), monthly={"shiller": _shiller("2004-09", dividends)},
    )  # fmt: skip
    wanted = 40.0 / 1000.0 + (2 ** (1 / 10) - 1) - 0.01
    assert_allclose(macro.equity_risk_premium(history).raw, [wanted], rtol=1e-12)


@pytest.mark.parametrize(
    ("session", "known"),
    # September's row is known three months after its end: from 1 January on; and to mid-March
    [("2014-12-31", False), ("2015-01-02", True), ("2015-01-30", True), ("2015-03-16", False)],
)
def test_a_month_counts_from_its_publication_until_the_next_is_overdue(session, known):
    table = _shiller("2014-09", [40.0])
    history = plain({"spx": np.full(1, 1000.0)}, np.datetime64(session), monthly={"shiller": table})
    months, values = macro._monthly(history, "shiller", "dividend")
    found, observed = macro._published(history, months, values, macro.SHILLER_LAG)
    assert math.isnan(found[0]) != known
    if known:
        assert observed[0] == np.datetime64("2014-09-30")


def test_zeros_of_a_file_that_is_not_filled_yet_are_absent():
    history = plain({"spx": np.full(1, 1000.0)}, np.datetime64("2015-01-05"),
                    monthly={"shiller": _shiller("2014-09", [0.0])})  # fmt: skip
    months, values = macro._monthly(history, "shiller", "dividend")
    assert math.isnan(macro._published(history, months, values, 3)[0][0])


def test_uncertainty_is_known_a_day_late():
    daily = np.arange(30.0)
    found = macro.policy_uncertainty(plain({"spx": np.ones(30), "policy_uncertainty": daily}))
    # on session 21 the 21 values 0 … 20 are out: their mean is 10, of the day before
    assert math.isnan(found.raw[19])
    assert found.raw[21] == 10.0
    assert found.observed[21] == days(30)[20]


def test_residuals_of_a_line_are_nothing_and_use_no_later_pair():
    rng = np.random.default_rng(5)
    x = rng.normal(size=900)
    exact = macro._residuals(x, 0.3 - 2.0 * x)
    assert np.isnan(exact[: macro.LEAST_PAIRS - 1]).all()
    assert_allclose(exact[macro.LEAST_PAIRS - 1 :], 0.0, atol=1e-12)
    y = rng.normal(size=900)
    slope, level = np.polyfit(x[:800], y[:800], 1)
    assert_allclose(macro._residuals(x, y)[799], y[799] - slope * x[799] - level, rtol=1e-9)


def test_real_estate_speaks_only_when_it_falls_far_behind():
    rng = np.random.default_rng(2)
    vnq = 50.0 * np.exp(np.cumsum(rng.normal(0, 0.002, 400)))
    vnq[350:] *= 0.8  # a fifth lost on one day
    history = plain({"spx": np.ones(400), "vnq": vnq, "spy_adjusted": np.full(400, 200.0)})
    found = macro.reit_strength(history, 300, 100)
    assert found.score is not None
    z = trailing_z(found.raw, 300, 100)
    quiet = np.isfinite(z) & (z >= -2.0)
    assert quiet.sum() > 150
    assert (found.score[quiet] == 0.0).all()
    assert found.score[351] > 2.0
    assert_allclose(found.raw[351], vnq[351] / vnq[330] - 1.0, rtol=1e-14)


def test_clusters_of_new_issues_by_hand():
    counts = np.array([1.0] * 118 + [2.0, 2.0, 2.0, 9.0])
    ranks = macro._cluster_ranks(counts)
    # the last three-month sum, 13, is above the 119 others of its ten years
    assert ranks[-1] == 1.0
    assert np.isnan(ranks[:121]).sum() == 121


def test_nothing_is_there_without_the_files():
    history = plain({"spx": np.full(800, 1000.0)})
    for read in (macro.equity_risk_premium, macro.index_pe, macro.reer_residual,
                 macro.policy_uncertainty, macro.reit_strength, macro.ipo_cluster):  # fmt: skip
        found = read(history)
        assert np.isnan(found.raw).all()
        assert "absent" in found.provenance


def test_the_ratio_is_the_premium_over_its_median():
    vix = np.array([20.0] * 251 + [20.0, 40.0])
    history = plain({"spx": np.full(253, 1000.0), "vix": vix, "bill_rate": np.zeros(253)})
    ratio = macro.risk_premium_ratio(history)
    assert np.isnan(ratio[:251]).all()
    assert_allclose(ratio[251:], [1.0, 4.0], rtol=1e-12)


def test_values_on_days_that_can_be_looked_up(real):
    """On 2017-11-03 the last month out is July: three months had passed since its end."""
    row = int(np.searchsorted(real.dates, np.datetime64("2017-11-03")))
    months, values = macro._monthly(real, "shiller", "earnings")
    found, observed = macro._published(real, months, values, macro.SHILLER_LAG)
    stated = real.monthly["shiller"].filter(pl.col("date") == date(2017, 7, 1))["earnings"][0]
    assert found[row] == stated
    assert observed[row] == np.datetime64("2017-07-31")


@pytest.mark.parametrize(
    ("session", "known", "month"),
    # the rows end with January 2014: out from 1 July 2015, to 15 August, when one is overdue
    [("2015-06-30", 0.5, "2013-12-31"), ("2015-07-01", 1.0, "2014-01-31"),
     ("2015-08-14", 1.0, "2014-01-31"), ("2015-08-17", math.nan, "NaT")],
)  # fmt: skip
def test_new_issues_are_known_from_the_july_of_the_next_year(session, known, month):
    start = np.datetime64("2003-01", "M")  # 133 months to January 2014
    months = [(start + i).astype("datetime64[D]").astype(object) for i in range(133)]
    table = pl.DataFrame({"date": months, "nipo": [2.0] * 132 + [9.0]},
                         schema_overrides={"date": pl.Date})  # fmt: skip
    history = plain({"spx": np.ones(1)}, np.datetime64(session), monthly={"baker_wurgler": table})
    found = macro.ipo_cluster(history)
    # all sums alike stand in the middle of their rank; the last is the highest of all
    assert_array_equal(found.raw, [known])
    assert_array_equal(found.observed, np.array([month], "datetime64[D]"))
    assert found.score is not None
    wanted = known if math.isnan(known) else float(known > 0.8)
    assert_array_equal(found.score, [wanted])


def test_the_dollar_is_as_old_as_the_month_it_describes(real):
    """REER of January 2020 is used from 1 March on: on the 16th it describes 31 January."""
    row = int(np.searchsorted(real.dates, np.datetime64("2020-03-16")))
    assert macro.reer_residual(real).observed[row] == np.datetime64("2020-01-31")


def test_the_dollar_of_a_month_is_carried_from_the_second_month_after_it():
    """As the history is put together: a value that begins in March describes 31 January."""
    at = days(1100)
    months = at.astype("datetime64[M]").astype(np.int64)
    columns = {"spx": np.ones(1100), "reer": 100.0 + months % 7, "fed_funds": months / 1e4}
    found = macro.reer_residual(plain(columns))
    row = int(np.searchsorted(at, np.datetime64("2019-03-15")))
    assert np.isfinite(found.raw[row])
    assert found.observed[row] == np.datetime64("2019-01-31")


def test_the_dollar_residual_by_hand():
    rng = np.random.default_rng(9)
    reer = np.repeat(100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, 60))), 21)[:1100]
    rate = 0.02 + np.cumsum(rng.normal(0, 0.0005, 1100))
    found = macro.reer_residual(plain({"spx": np.ones(1100), "reer": reer, "fed_funds": rate}))
    assert np.isnan(found.raw[: 252 + macro.LEAST_PAIRS - 1]).all()
    y, x = np.log(reer[252:1051] / reer[:799]), rate[252:1051] - rate[:799]  # up to session 1050
    slope, level = np.polyfit(x, y, 1)
    assert_allclose(found.raw[1050], y[-1] - slope * x[-1] - level, rtol=1e-7)


READS = (macro.equity_risk_premium, macro.index_pe, macro.reer_residual, macro.policy_uncertainty,
         macro.reit_strength, macro.ipo_cluster)  # fmt: skip


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("end", ["2009-03-09", "2017-11-03"])
def test_what_was_known_does_not_change_when_sessions_are_added(real, read, end):
    short = real.between(None, end)
    ours, theirs = read(short), read(real)
    assert np.isfinite(ours.raw[-1])
    assert_array_equal(ours.raw, theirs.raw[: len(short)])
    assert_array_equal(ours.observed, theirs.observed[: len(short)])


def test_the_ratio_of_the_past_does_not_change_when_sessions_are_added():
    whole = random_history(12, 700)
    ratio = macro.risk_premium_ratio(whole, 300)
    assert np.isfinite(ratio[:400]).any()
    for rows in (253, 400, 699):
        short = whole.between(None, whole.dates[rows - 1].astype(object))
        assert_array_equal(macro.risk_premium_ratio(short, 300), ratio[:rows])


def test_the_premium_says_on_what_it_rests():
    columns = {"spx": np.full(3, 2000.0), "vix": np.array([20.0, np.nan, 40.0]),
               "bill_rate": np.full(3, 0.05)}  # fmt: skip
    words = macro.equity_risk_premium(plain(columns)).provenance
    assert "the larger of two on 0 sessions, the bound alone on 2, dividends alone on 0" in words
