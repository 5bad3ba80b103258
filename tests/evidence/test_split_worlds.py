"""All splits in worlds: each is the run of its policy, ranks are counted, worlds are kept."""

import json

import numpy as np
import pytest

import alvh
from alvh.errors import DataError, PolicyError
from alvh.evidence.simplex import all_splits, with_split
from alvh.evidence.split_worlds import SplitWorlds, split_worlds


@pytest.fixture(scope="module")
def worlds():
    return alvh.simulate(alvh.bootstrap_model(alvh.load_history("bundled")), 3, 300, 4)


@pytest.fixture(scope="module")
def found(worlds):
    return split_worlds(worlds, step=50)


def test_every_split_is_the_run_of_its_policy(worlds, found):
    """One world, one split, through ``backtest``: growth, and the worst twentieth of months."""
    assert len(found.splits) == 7  # six in halves, and its own
    assert found.splits[found.marked] == pytest.approx([0.4, 0.4, 0.2])
    policy = with_split(alvh.load_policy("alvh-40-40-20"), found.splits[2])
    nav, twin = (alvh.backtest(worlds[1], one, "monthly45").nav for one in (policy, "none"))
    growth = (nav[-1] / nav[0]) ** (252 / 299) - 1.0
    assert found.values[1, 0, 2] == pytest.approx(growth, rel=1e-9)
    tails = []
    for path in (nav, twin):
        months = np.sort(path[21:] / path[:-21] - 1.0)
        tails.append(months[: int(0.05 * len(months))].mean())
    assert found.values[1, 1, 2] == pytest.approx(tails[0] - tails[1], rel=1e-9)
    assert found.twin[1] == pytest.approx([(twin[-1] / twin[0]) ** (252 / 299) - 1.0, tails[1]])


def test_ranks_are_counted():
    """By hand: two better in the first world, none in the second, no ratio in the third."""
    growth = np.array([[3.0, 1.0, 2.0, 0.0], [0.0, 9.0, 1.0, 2.0], [4.0, 3.0, 2.0, 1.0]])
    ratio = growth.copy()
    ratio[2, 1] = np.nan
    values = np.stack([growth, growth, ratio], axis=1)
    one = SplitWorlds(all_splits(100)[[0, 1, 2, 2]], 1, values, np.zeros((3, 2)), 1.0, {})
    assert one.ranks("growth").tolist() == [3.0, 1.0, 2.0]
    assert one.ranks("per_carry")[:2].tolist() == [3.0, 1.0]
    assert np.isnan(one.ranks("per_carry")[2])
    summary = one.summary()["growth"]
    assert summary["rank_50"] == 2.0
    assert summary["best"] == pytest.approx(1 / 3)
    assert summary["share_best"] == pytest.approx(2 / 3)  # the first split, in two worlds
    assert summary["behind_best"] == pytest.approx((2.0 + 0.0 + 1.0) / 3.0)
    assert one.table()["growth_best"].to_list() == pytest.approx([2 / 3, 1 / 3, 0.0, 0.0])
    with pytest.raises(DataError, match="no criterion 'sharpe'"):
        one.ranks("sharpe")


def test_an_interrupted_run_goes_on_and_gives_the_same(worlds, found, tmp_path):
    def stop(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        split_worlds(worlds, step=50, folder=tmp_path, progress=stop)
    kept = tmp_path / "shard-00000000.npy"
    first = kept.stat().st_mtime_ns
    again = split_worlds(worlds, step=50, folder=tmp_path)
    assert again.values.tobytes() == found.values.tobytes()
    assert kept.stat().st_mtime_ns == first
    with pytest.raises(DataError, match="step was 50, now 100"):
        split_worlds(worlds, step=100, folder=tmp_path)


def test_threads_and_batches_change_nothing(worlds, found, monkeypatch):
    """One thread and two hedges at a time: the same bytes."""
    import numba

    from alvh.evidence import split_worlds as module

    before = numba.get_num_threads()
    monkeypatch.setattr(module, "BATCH", 2)
    try:
        numba.set_num_threads(1)
        alone = module.split_worlds(worlds, step=50)
    finally:
        numba.set_num_threads(before)
    assert alone.values.tobytes() == found.values.tobytes()
    assert alone.twin.tobytes() == found.twin.tobytes()


def test_what_cannot_be_split_is_refused(worlds):
    with pytest.raises(PolicyError, match="a split needs short, medium and tail"):
        split_worlds(worlds, "single-call")
    with pytest.raises(PolicyError, match="listens to signals"):
        split_worlds(worlds, "alvh-adaptive")


def test_the_command_says_the_ranks(found):
    from typer.testing import CliRunner

    from alvh.cli import app

    words = ["simplex", "--worlds", "3", "--days", "300", "--seed", "4", "--step", "50"]
    answer = CliRunner().invoke(app, [*words, "--json"])
    assert answer.exit_code == 0, answer.output
    read = json.loads(answer.stdout)
    assert read["summary"]["growth"] == pytest.approx(found.summary()["growth"])
    text = CliRunner().invoke(app, words).stdout
    assert "rank of alvh-40-40-20 among 7 splits, 3 histories" in text
    assert CliRunner().invoke(app, [*words, "--report", "x.html"]).exit_code == 1
    assert CliRunner().invoke(app, ["simplex", "--keep", "x"]).exit_code == 1
