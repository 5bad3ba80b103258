"""Policies in worlds: the engine's own numbers, whatever the shards, and taken up again."""

import json

import numpy as np
import pytest

import alvh
from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.engine import run_window
from alvh.errors import DataError, PolicyError
from alvh.guides import NO_SCENARIOS, neutral_guides
from alvh.kernel.records import NO_QUOTES
from alvh.market.surfaces import Surfaces
from alvh.worlds import bootstrap_model, run, run_worlds, simulate
from alvh.worlds.calendar import expiries_of


@pytest.fixture(scope="module")
def worlds():
    return simulate(bootstrap_model(alvh.load_history("bundled")), 6, 252, 2)


@pytest.fixture(scope="module")
def found(worlds):
    return run_worlds(worlds, "alvh-40-40-20", "monthly45")


def test_a_world_is_run_as_history_is(worlds, found):
    """One world as surfaces through the run that ``backtest`` makes."""
    day_records = worlds.shard(4, 1)[0]
    surfaces = Surfaces(day_records, *expiries_of(worlds.dates), NO_QUOTES, ())
    records = (
        *compile_hedge(alvh.load_policy("alvh-40-40-20")),
        compile_programme(alvh.load_programme("monthly45"), 0.5),
        compile_account(1e6, 0.5, 1.0, 0.65, 0.01),
    )
    guides = neutral_guides(), NO_SCENARIOS
    daily, _, book = run_window(surfaces, slice(0, 252), guides, records)
    row = found.table.row(4, named=True)
    nav = daily["nav"]
    assert row["hedged_growth"] == pytest.approx((nav[-1] / 1e6) ** (252 / 251) - 1, rel=1e-12)
    depth = (nav / np.maximum.accumulate(np.append(1e6, nav))[1:]).min() - 1
    assert row["hedged_max_drawdown"] == pytest.approx(depth, rel=1e-12)
    assert row["hedged_costs"] == pytest.approx(daily["cost"][-1].sum() / 1e6, rel=1e-12)
    assert book.state[0]["trades"] > 50


def test_the_twin_has_no_hedge(found):
    assert (found.table["twin_hedge_pnl"] == 0.0).all()
    assert (found.table["hedged_hedge_pnl"] != 0.0).all()
    books = found.summary()
    gap = (found.table["hedged_growth"] - found.table["twin_growth"]).mean()
    assert books["difference"]["growth"] == pytest.approx(gap)


def test_shards_and_interruption_change_nothing(worlds, found, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "SHARD", 2)
    folder = tmp_path / "kept"

    def stop(done, _total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_worlds(worlds, "alvh-40-40-20", "monthly45", folder=folder, progress=stop)
    assert sorted(one.name for one in folder.iterdir()) == [
        "manifest.json", "shard-00000000.npy", "shard-00000002.npy"
    ]  # fmt: skip
    first = (folder / "shard-00000000.npy").stat().st_mtime_ns
    again = run_worlds(worlds, "alvh-40-40-20", "monthly45", folder=folder)
    assert again.table.equals(found.table)
    assert (folder / "shard-00000000.npy").stat().st_mtime_ns == first


def test_threads_change_nothing(worlds, found, monkeypatch):
    """One thread and all of them, shards of one world and of six: the same bytes."""
    import numba

    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        monkeypatch.setattr(run, "SHARD", 1)
        alone = run_worlds(worlds, "alvh-40-40-20", "monthly45")
    finally:
        numba.set_num_threads(before)
    assert alone.table.to_numpy().tobytes() == found.table.to_numpy().tobytes()


def test_shards_of_another_run_are_refused(worlds, tmp_path):
    few = simulate(worlds.model, 2, 40, 2)
    run_worlds(few, "none", "cndr", folder=tmp_path)
    with pytest.raises(DataError, match="holds worlds of another run: hedge was 'none'"):
        run_worlds(few, "vxth", "cndr", folder=tmp_path)
    (tmp_path / "shard-00000000.npy").write_bytes(b"torn")
    with pytest.raises(DataError, match="is no shard of worlds"):
        run_worlds(few, "none", "cndr", folder=tmp_path)


def test_what_listens_to_signals_is_refused(worlds):
    with pytest.raises(PolicyError, match="listens to signals"):
        run_worlds(worlds, "alvh-adaptive", "cndr")


def test_the_command_prints_what_the_function_finds(found):
    from typer.testing import CliRunner

    from alvh.cli import app

    words = ["worlds", "--paths", "6", "--seed", "2"]
    answer = CliRunner().invoke(app, [*words, "--json"])
    assert answer.exit_code == 0, answer.output
    read = json.loads(answer.stdout)
    assert read["difference"] == pytest.approx(found.summary()["difference"])
    assert read["meta"]["policy_hash"] == found.meta["policy_hash"]
    text = CliRunner().invoke(app, words).stdout
    assert text.startswith("100.0 % of the fills are priced by a model")
    assert "all of them are made of the same history's crises" in text
    refused = CliRunner().invoke(app, [*words, "--hedge", "alvh-adaptive"])
    assert refused.exit_code == 1


def test_backtest_takes_worlds_like_a_history(worlds, found):
    """Many give what each came to, one gives everything; the two agree."""
    many = alvh.backtest(worlds, "alvh-40-40-20", "monthly45")
    assert many.table.equals(found.table)
    one = alvh.backtest(worlds[4], "alvh-40-40-20", "monthly45")
    row = found.table.row(4, named=True)
    assert len(one.dates) == 252
    assert one.summary()["final_nav"] == pytest.approx(
        1e6 * (1 + row["hedged_growth"]) ** (251 / 252), rel=1e-12
    )
    assert -one.sleeves["costs"][-1] / 1e6 == pytest.approx(row["hedged_costs"], rel=1e-12)
    assert len(one.trades) > 50
    assert len(one.decisions) > 0
    assert one.model_priced_share == 1.0
    assert "world 4, seed 2" in one.meta["notes"][0]


def test_costs_are_those_asked_for(worlds):
    """Ten times the fees cost more in every world, and say so in the identity."""
    few = worlds[0], worlds[1]
    for one in few:
        dear = alvh.backtest(one, "none", "cndr", fee_scale=10.0)
        assert dear.sleeves["costs"][-1] < alvh.backtest(one, "none", "cndr").sleeves["costs"][-1]
        assert dear.meta["fee_scale"] == 10.0


def test_worlds_have_no_dates_to_choose_and_end_somewhere(worlds):
    with pytest.raises(DataError, match="a world has no dates of its own"):
        alvh.backtest(worlds, "none", "cndr", start="2015-01-02")
    with pytest.raises(IndexError, match="world 6 of 6"):
        worlds[6]
    assert len(list(worlds)) == len(worlds) == 6
