"""The door of the engine: windows, refusals, what a result holds, and no look-ahead from data up.

What the numbers must be is the slow twin's matter (``tests/twin``).
"""

from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest

import alvh
from alvh import engine
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.errors import DataError, PolicyError
from alvh.kernel import codes
from alvh.kernel.policies import DAILY
from alvh.market.history import History
from alvh.policy import HedgePolicy, load_policy, load_programme
from alvh.reasons import SENTENCES
from twin.pairs import HEDGES, PROGRAMMES
from twin.worlds import random_history

CENT = 0.01  # USD


@cache
def _bundled():
    return alvh.load_history("bundled")


@cache
def _result():
    return alvh.backtest(_bundled(), hedge="alvh-40-40-20", condors="monthly45")


# What is returned


def test_levels_add_up():
    result = _result()
    assert result.dates.dtype == np.dtype("datetime64[D]")
    n = len(result.dates)
    assert result.nav.shape == (n,)
    assert set(result.sleeves) == {"condors", "short", "medium", "tail", "cash", "costs"}
    total = sum(result.sleeves.values())
    assert np.abs(1_000_000.0 + total - result.nav).max() < CENT
    assert np.abs(sum(result.costs_by_sleeve.values()) - result.sleeves["costs"]).max() < CENT
    assert np.abs(result.put_side + result.call_side - result.sleeves["condors"]).max() < CENT
    assert (np.diff(result.outlay) >= 0.0).all()
    assert (np.diff(result.sleeves["costs"]) <= 0.0).all()
    assert (result.margin >= 0.0).all()


def test_a_hedge_of_calls_loses_in_an_unchanged_market():
    result = alvh.backtest(_bundled(), hedge="single-call", condors="none")
    assert result.carry["short"][-1] < 0.0
    assert result.carry["medium"][-1] == result.carry["tail"][-1] == 0.0


def test_hedge_profit_is_the_layers_after_their_costs():
    result = _result()
    layers = ("short", "medium", "tail")
    by_hand = sum(result.sleeves[name] + result.costs_by_sleeve[name] for name in layers)
    assert np.abs(result.hedge_pnl() - by_hand).max() < CENT


def test_trades_say_what_was_traded():
    trades = _result().trades
    columns = "date sleeve action root expiry strike put_call quantity price mid fees reason"
    assert trades.columns == [*columns.split(), "provenance"]
    assert trades["date"].is_sorted()
    assert (trades["expiry"] > trades["date"]).filter(trades["action"] == "open").all()
    assert (trades["expiry"] <= trades["date"]).filter(trades["action"] == "settle").all()
    assert set(trades["provenance"]) <= set(codes.PROVENANCE)
    assert set(trades["put_call"]) == {"C", "P"}
    cost = trades.filter(pl.col("action") != "settle")
    assert (cost["fees"] >= 0.65 * cost["quantity"].abs()).all()  # the commission alone


def test_shares_and_futures_have_no_strike_and_shares_no_expiry():
    trades = alvh.backtest(_bundled(), hedge="futures-40-40-20", condors="none").trades
    assert trades["strike"].is_nan().all()
    shares = trades.filter(pl.col("root") == "ETP_MID")
    assert shares.height
    assert shares["expiry"].is_null().all()
    assert (shares["fees"] == 0.0).all()
    assert not trades.filter(pl.col("root") == "VX")["expiry"].is_null().any()


def test_every_decision_has_its_sentence():
    decisions = _result().decisions
    assert set(decisions["action"]) <= set(codes.ACTIONS)
    assert not decisions["reason"].str.contains("[{}]").any()
    assert decisions["reason"].str.len_chars().min() > 10
    reasons = {int(value) for name, value in vars(codes).items() if name.startswith("R_")}
    assert set(SENTENCES) == reasons


def test_a_condor_row_by_hand():
    """Maximum loss, break-evens and the win rate that breaks even, from strikes and credit."""
    condors = _result().condors
    row = condors.row(0, named=True)
    width = max(row["short_put"] - row["long_put"], row["long_call"] - row["short_call"])
    assert row["max_loss"] == pytest.approx(width - row["credit"])
    assert row["lower_break_even"] == pytest.approx(row["short_put"] - row["credit"])
    assert row["upper_break_even"] == pytest.approx(row["short_call"] + row["credit"])
    assert row["break_even_win_rate"] == pytest.approx(1.0 - row["credit"] / width)
    assert row["margin"] == pytest.approx(100.0 * row["quantity"] * row["max_loss"])
    assert condors["probability_of_profit"].is_between(0.0, 1.0).all()
    opened = _result().trades.filter(pl.col("reason") == "scheduled entry")
    assert condors.height * 4 == opened.height


def test_the_share_of_model_prices_is_counted_over_fills():
    result = _result()
    fills = result.trades.filter(pl.col("action") != "settle")
    modelled = fills.filter(pl.col("provenance") == "modelled").height
    assert result.model_priced_share == modelled / fills.height


def test_quoted_futures_lower_the_share_of_model_prices(shared_data):
    history = alvh.load_history(shared_data).between("2012-01-03", "2014-12-31")
    result = alvh.backtest(history, hedge="futures-40-40-20", condors="none")
    futures = result.trades.filter((pl.col("root") == "VX") & (pl.col("action") != "settle"))
    assert (futures["provenance"] == "quoted").mean() > 0.9
    assert result.model_priced_share < 0.5


def test_summary_holds_the_headline_figures_and_the_hashes():
    summary = _result().summary()
    assert {"cagr", "volatility", "sharpe", "max_drawdown", "cvar_95", "ulcer", "win_rate",
            "hedge_cost_per_year", "costs_per_year", "trades", "model_priced_share", "start",
            "end", "policy_hash", "programme_hash", "data_digest"} <= set(summary)  # fmt: skip
    nav, years = _result().nav, summary["years"]
    assert summary["cagr"] == pytest.approx((nav[-1] / nav[0]) ** (1 / years) - 1)
    depth = (nav / np.maximum.accumulate(nav) - 1.0).min()
    assert summary["max_drawdown"] == pytest.approx(depth)
    assert summary["data_digest"] == _bundled().digest


# Windows and refusals


def test_start_and_end_are_included():
    result = alvh.backtest(_bundled(), start="2016-03-01", end=date(2016, 3, 31))
    assert [str(day) for day in result.dates[[0, -1]]] == ["2016-03-01", "2016-03-31"]
    assert len(result.dates) == 22  # sessions of March 2016: 23 weekdays less Good Friday


def test_a_weekend_start_begins_on_monday():
    result = alvh.backtest(_bundled(), start="2016-03-05", end="2016-03-31")
    assert str(result.dates[0]) == "2016-03-07"


def test_a_window_is_a_fresh_account():
    """The first day's NAV is the equity less what was paid to trade, whatever came before."""
    result = alvh.backtest(_bundled(), start="2017-06-01", equity=250_000.0)
    assert result.nav[0] == pytest.approx(250_000.0 + result.sleeves["costs"][0])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"start": "2013-01-02"}, "start 2013-01-02 is outside the history"),
        ({"end": "2030-01-02"}, "end 2030-01-02 is outside the history"),
        ({"start": "yesterday"}, "start 'yesterday' is not a date"),
        ({"start": "2016-03-01", "end": "2016-03-01"}, "fewer than two sessions"),
        ({"start": "2016-03-31", "end": "2016-03-01"}, "fewer than two sessions"),
    ],
)
def test_refuses_a_window_it_does_not_have(arguments, says):
    with pytest.raises(DataError, match=says):
        alvh.backtest(_bundled(), **arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"equity": 0.0}, "equity must be positive"),
        ({"equity": float("nan")}, "equity must be positive"),
        ({"fill": 1.5}, "fill must lie between"),
        ({"fill": -0.1}, "fill must lie between"),
        ({"fee_scale": -1.0}, "must not be negative"),
        ({"commission": -0.5}, "must not be negative"),
        ({"hedge": "no-such-policy"}, "no-such-policy"),
        ({"condors": "no-such-programme"}, "no-such-programme"),
    ],
)
def test_refuses_terms_without_meaning(arguments, says):
    with pytest.raises(PolicyError, match=says):
        alvh.backtest(_bundled(), **arguments)


def _changed(policy, **more):
    return HedgePolicy.model_validate(policy.model_dump() | more)


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (_changed(load_policy("futures-40-40-20"), weight_basis="vega"), "options in every layer"),
        (_changed(HEDGES["spend"], weight_basis="contracts"), "weight_basis: premium"),
        (
            _changed(
                HEDGES["futures-and-baskets"],
                layers=[{"name": "short", "weight": 1, "instrument": "vix_futures_spread",
                         "tenor_days": 30}],
            ),
            "must be rolled",
        ),
    ],
)  # fmt: skip
def test_refuses_policies_that_mean_nothing(policy, says):
    with pytest.raises(PolicyError, match=says):
        compile_hedge(policy)


def test_a_number_that_is_none_stops_the_run():
    daily = np.zeros(3, DAILY)
    daily["nav"] = 1.0, np.nan, 1.0
    dates = np.array(["2016-03-01", "2016-03-02", "2016-03-03"], "datetime64[D]")
    with pytest.raises(DataError, match="2016-03-02 is not a number"):
        engine._refuse_broken(daily, dates)


# Policies as records


def test_records_of_a_policy():
    """Figures read off the preset files."""
    hedge, layers = compile_hedge(load_policy("vxth"))
    assert hedge["budget"] == 0.01
    assert hedge["monetise"] == 0
    assert layers["weight"].tolist() == [1.0, 0.0, 0.0]
    assert layers["schedule_steps"][0] == 3
    assert layers["schedule_break"][0, :3].tolist() == [15.0, 30.0, 50.0]
    assert layers["schedule_weight"][0, :4].tolist() == [0.0, 1.0, 0.5, 0.0]
    assert np.isnan(layers["short_delta"][0])
    programme = compile_programme(load_programme("cndr"), fill=0.25)[0]
    assert (programme["short_delta"], programme["long_delta"]) == (0.2, 0.05)
    assert programme["fill"] == 0.25  # the run's, as the preset has none
    assert compile_programme(PROGRAMMES["stopped"], fill=0.9)[0]["fill"] == 0.25  # its own
    account = compile_account(5e5, 0.5, 2.0, 0.65, 0.01)[0]
    assert (account["equity"], account["fee_scale"]) == (5e5, 2.0)


# Sweeps and logs


def test_a_sweep_is_the_single_runs_to_the_bit():
    names = ("none", "alvh-40-40-20", "vxth", "spx-puts")
    reports = []
    sweep = engine.sweep(
        _bundled(), [load_policy(name) for name in names], "cndr",
        start="2017-01-03", progress=lambda *counts: reports.append(counts),
    )  # fmt: skip
    assert reports[-1] == (len(names), len(names))
    for i, name in enumerate(names):
        single = alvh.backtest(_bundled(), name, "cndr", start="2017-01-03")
        assert sweep.nav[i].tobytes() == single.nav.tobytes()
        assert np.abs(sweep.hedge_pnl[i] - single.hedge_pnl()).max() < 1e-6
        assert np.abs(sweep.carry[i] - sum(single.carry.values())).max() < 1e-6


def test_logs_that_were_too_small_are_made_again(monkeypatch):
    monkeypatch.setattr(engine, "_TRADES_PER_DAY", 0)
    monkeypatch.setattr(engine, "_DECISIONS_PER_DAY", 0)
    again = alvh.backtest(_bundled(), hedge="alvh-40-40-20", condors="monthly45")
    assert again.trades.equals(_result().trades)
    assert again.decisions.equals(_result().decisions)


# No look-ahead, from the history up


def _with_another_future(history, t, seed):
    """Every value after session ``t`` changed, some missing; the future's futures thinned out."""
    rng = np.random.default_rng(seed)
    cut = history.dates[t]
    columns = {}
    for name, values in history.columns.items():
        changed = values.copy()
        changed[t + 1 :] *= rng.uniform(0.6, 1.7, len(values) - t - 1)
        if name not in ("spx", "vix"):
            changed[t + 1 :][rng.random(len(values) - t - 1) < 0.2] = np.nan
        columns[name] = changed
    table = history.futures
    later = table["date"].to_numpy() > cut
    factor = np.where(later, rng.uniform(0.6, 1.7, len(later)), 1.0)
    kept = ~later | (rng.random(len(later)) < 0.7)
    futures = table.with_columns(pl.col("settle") * factor).filter(pl.Series(kept))
    day = cut.astype(object)
    settlements = {
        expiry: (value if expiry <= day else value * 1.3, source)
        for expiry, (value, source) in history.settlements.items()
    }
    monthly = {name: frame.filter(pl.col("date") <= day)
               for name, frame in history.monthly.items()}  # fmt: skip
    return History(history.dates, columns, futures=futures, settlements=settlements,
                   events=history.events, monthly=monthly)  # fmt: skip


def _assert_same_past(ours, theirs, t):
    n = t + 1
    assert ours.daily[:n].tobytes() == theirs.daily[:n].tobytes()
    last = ours.dates[t].astype(object)
    for name in ("trades", "decisions"):
        past = [getattr(r, name).filter(pl.col("date") <= last) for r in (ours, theirs)]
        assert past[0].equals(past[1])


PAIRS = [("alvh-40-40-20", "monthly45"), ("futures-40-40-20", "cndr"), ("spx-puts", "daily1"),
         ("vxth", "index"), (HEDGES["offset"], PROGRAMMES["range-gated"])]  # fmt: skip


@pytest.mark.parametrize("t", [3, 300, 801, 1255])
def test_a_changed_future_leaves_the_past_alone(t):
    other = _with_another_future(_bundled(), t, seed=t)
    assert other.digest != _bundled().digest
    for hedge, condors in PAIRS:
        ours, theirs = (alvh.backtest(h, hedge, condors) for h in (_bundled(), other))
        _assert_same_past(ours, theirs, t)
        if t < 1000:  # the law is not empty: the future did change
            assert ours.nav[-1] != theirs.nav[-1]


@pytest.mark.parametrize("t", [40, 700])
def test_a_future_that_has_not_come_leaves_the_past_alone(t):
    known = _bundled().between(end=_bundled().dates[t].astype(object))
    for hedge, condors in PAIRS:
        ours, theirs = (alvh.backtest(h, hedge, condors) for h in (_bundled(), known))
        assert len(theirs.dates) == t + 1
        _assert_same_past(ours, theirs, t)


@pytest.mark.parametrize("seed", range(4))
def test_a_made_up_market_keeps_its_past_too(seed):
    history = random_history(seed, 120)
    t = 20 + 25 * seed
    other = _with_another_future(history, t, seed)
    for hedge, condors in PAIRS:
        _assert_same_past(
            alvh.backtest(history, hedge, condors), alvh.backtest(other, hedge, condors), t
        )


@pytest.mark.parametrize("last", ["2008-10-10", "2020-03-16"])
def test_no_look_ahead_with_every_series(shared_data, last):
    """All series of real downloads: a changed future and a cut one, around two crises."""
    whole = _shared(shared_data)
    t = int(np.searchsorted(whole.dates, np.datetime64(last)))
    begin = str(whole.dates[t - 400])
    known = whole.between(end=last)
    other = _with_another_future(whole, t, seed=1)
    for hedge, condors in PAIRS[:2]:
        runs = [alvh.backtest(h, hedge, condors, start=begin, end=last)
                for h in (whole, known, other)]  # fmt: skip
        for run in runs[1:]:
            _assert_same_past(runs[0], run, 400)


@cache
def _shared(folder):
    return alvh.load_history(folder)
