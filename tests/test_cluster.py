"""Pieces on a cluster of real processes: the same bytes, whoever dies on the way."""

import os
import signal
from concurrent.futures import Future

import numpy as np
import pytest

import alvh
from alvh import cluster
from alvh.errors import DataError
from alvh.evidence import sweeps
from alvh.worlds import run

distributed = pytest.importorskip("dask.distributed")


@pytest.fixture(scope="module")
def here():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as found:
        yield found


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing(here, monkeypatch, tmp_path):
    """Worlds one by one on two processes, one of which is killed after the first; same bytes."""
    worlds = alvh.simulate(alvh.bootstrap_model(alvh.load_history("bundled")), 8, 60, 5)
    local = alvh.run_worlds(worlds, "alvh-40-40-20", "monthly45")
    monkeypatch.setattr(run, "SHARD", 1)
    killed = []

    def kill_one(_done, _total):
        if not killed:
            killed.append(here.workers[0].process.pid)
            os.kill(killed[0], signal.SIGKILL)

    far = alvh.run_worlds(
        worlds, "alvh-40-40-20", "monthly45", cluster=here.scheduler_address, folder=tmp_path,
        progress=kill_one,
    )  # fmt: skip
    assert killed
    assert far.table.equals(local.table)
    assert far.table.to_numpy().tobytes() == local.table.to_numpy().tobytes()
    assert len(list(tmp_path.glob("shard-*.npy"))) == 8


@pytest.mark.slow
def test_splits_and_grids_are_the_same_wherever_they_run(here, monkeypatch):
    """Pieces of four hedges on two processes, one of them killed after the first; same bytes."""
    history = alvh.load_history("bundled")
    options = {"end": "2017-06-30", "resamples": 20, "seed": 3}
    local = alvh.simplex(history, step=25, **options)
    monkeypatch.setattr(sweeps, "PIECE", 4)
    killed = []

    def kill_one(_done, _total):
        if not killed:
            killed.append(here.workers[1].process.pid)
            os.kill(killed[0], signal.SIGKILL)

    far = alvh.simplex(
        history, step=25, cluster=here.scheduler_address, progress=kill_one, **options
    )  # fmt: skip
    assert killed
    assert len(far.splits) == 16  # fifteen in quarters, and its own: pieces of four, one of one
    for name in ("growth", "cvar_month", "carry", "hedge_pnl"):
        assert getattr(far, name).tobytes() == getattr(local, name).tobytes(), name
    assert far.spa == local.spa
    for name, one in local.standings.items():
        assert far.standings[name].region.tobytes() == one.region.tobytes()
    terms = {"tenors": (80,), "deltas": (0.3,)} | options
    there = alvh.grid(history, "medium", cluster=here.scheduler_address, **terms)
    assert there.growth.tobytes() == alvh.grid(history, "medium", **terms).growth.tobytes()


def test_commands_say_where_nobody_answers():
    from typer.testing import CliRunner

    from alvh.cli import app

    for words in (["simplex", "--step", "50"], ["grid", "medium"]):
        answer = CliRunner().invoke(app, [*words, "--cluster", "nonsense://x"])
        assert answer.exit_code == 1
        assert "no dask scheduler answers at nonsense://x" in " ".join(answer.stderr.split())


def test_pieces_here_come_in_order():
    found = list(cluster.in_pieces(lambda low, high: (low, high), [(0, 2), (2, 3)]))
    assert found == [(0, (0, 2)), (1, (2, 3))]


def test_a_piece_says_which_version_ran_it(monkeypatch):
    version, found = cluster.run_piece(lambda low, high: np.arange(low, high), 1, 3)
    assert found.tolist() == [1, 2]
    assert cluster._checked((version, 7), "tcp://there:1") == 7
    with pytest.raises(DataError, match="install the same version everywhere"):
        cluster._checked(("0.0.0", 7), "tcp://there:1")


def test_a_piece_that_is_lost_again_and_again_is_given_up(monkeypatch):
    class Nobody:
        def close(self):
            pass

    monkeypatch.setattr(cluster, "_connect", lambda address: Nobody())
    monkeypatch.setattr(cluster, "_attempt", lambda client, job, left: iter([(0, None)]))
    with pytest.raises(DataError, match="piece 0 was lost with its worker 5 times"):
        list(cluster.in_pieces(min, [(0, 1)], "tcp://there:1"))


def test_an_address_where_nobody_answers_is_refused(monkeypatch):
    with pytest.raises(DataError, match="no dask scheduler answers at nonsense://x"):
        list(cluster.in_pieces(min, [(0, 1)], "nonsense://x"))


def test_a_result_that_went_down_with_its_worker_is_a_lost_piece():
    """The piece was done, and the worker that held the result was killed before it was fetched."""
    lost, held = Future(), Future()
    lost.cancel()
    held.set_result(("0", 1))
    assert (cluster.fetched(lost), cluster.fetched(held)) == (None, ("0", 1))
