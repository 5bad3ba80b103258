"""Worlds to run in: real ones, random ones, and worlds with something missing or changed."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

import alvh
from alvh.market.history import History
from alvh.market.surfaces import build_surfaces
from alvh.sessions import sessions
from twin.agreement import World


def world_of(history):
    surfaces = build_surfaces(history)
    return World(
        surfaces.days, surfaces.spx_expiries, surfaces.vix_expiries, quotes=surfaces.quotes
    )


@lru_cache(maxsize=1)
def bundled():
    """Five real years that come with the package's dependencies."""
    return world_of(alvh.load_history("bundled"))


@lru_cache(maxsize=1)
def shared(folder):
    return world_of(alvh.load_history(folder))


def random_history(seed, n=160, start="2016-01-04"):
    """A made-up market of ``n`` sessions: fat-tailed, with VIX moving against the index."""
    rng = np.random.default_rng(seed)
    dates = sessions()
    first = np.searchsorted(dates, np.datetime64(start))
    shock = rng.standard_t(4, n)
    spx = 2000.0 * np.exp(np.cumsum(0.008 * shock))
    pull, vix = np.log(18.0), np.empty(n)
    level = pull
    for t in range(n):
        level += 0.05 * (pull - level) - 0.05 * shock[t] + 0.02 * rng.standard_normal()
        vix[t] = np.exp(level)
    columns = {
        "spx": spx,
        "spx_open": spx * np.exp(0.003 * rng.standard_normal(n)),
        "vix": vix,
        "vix_open": vix * np.exp(0.02 * rng.standard_normal(n)),
        "bill_rate": np.full(n, 0.02),
    }
    return History(dates[first : first + n], columns)


@lru_cache(maxsize=32)
def random_world(seed, n=160):
    return world_of(random_history(seed, n))


def with_holes(world, rows):
    """The same world with the inputs of some sessions missing; closes of the index stay."""
    days = world.days.copy()
    days["tradable"][rows] = 0
    for name in ("vix", "spx_smile", "vix_smile", "curve_forward"):
        days[name][rows] = np.nan
    return replace(world, days=days)
