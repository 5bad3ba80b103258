"""Worlds that never happened, for the engine that runs on history.

A world is a run of day records like a history's, on the exchange's own calendar of sessions and
expiries. The engine cannot tell the two apart, so that a policy is judged on thousands of years by
the rules that trade it. Worlds are made shard by shard, each from its own number and the seed
alone: neither threads, nor the size of the shards, nor an interruption changes a bit of them.

``bootstrap`` draws worlds from history; ``path_dependent`` makes them by a model of how volatility
follows from past returns; ``run`` puts policies through them.
"""

from alvh.worlds.bootstrap import Bootstrap, bootstrap_model
from alvh.worlds.ensemble import PathEnsemble, path_ensemble
from alvh.worlds.outcome import WorldsResult
from alvh.worlds.path_dependent import PathModel, path_dependent_model
from alvh.worlds.run import Worlds, run_worlds, simulate

__all__ = [
    "Bootstrap",
    "PathEnsemble",
    "PathModel",
    "Worlds",
    "WorldsResult",
    "bootstrap_model",
    "path_dependent_model",
    "path_ensemble",
    "run_worlds",
    "simulate",
]
