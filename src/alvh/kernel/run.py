"""Runs: one policy through one history, or many policies through many worlds in parallel."""

import numpy as np
from numba import njit, prange

from alvh.kernel.codes import LAYERS
from alvh.kernel.day import Book, Calendar, Log, Policy, step_day
from alvh.kernel.jit import compiled
from alvh.kernel.policies import (
    COHORT,
    CONDOR,
    CONDOR_ENTRY,
    DECISION,
    LAYER_STATE,
    MAX_CONDORS,
    STATE,
    TRADE,
)


@compiled
def _carry_over(source, target):
    """Start a day's row from the last one: all its sums are cumulative."""
    for i in range(4):
        target.pnl[i] = source.pnl[i]
        target.cost[i] = source.cost[i]
    for i in range(3):
        target.carry[i] = source.carry[i]
    target.interest = source.interest
    target.put_side = source.put_side
    target.call_side = source.call_side
    target.outlay = source.outlay


@compiled
def run_days(days, spx_expiries, vix_expiries, hedge, layers, programme, account, daily, log, book):
    """Step through every day of one world, writing ``daily`` row by row."""
    calendar = Calendar(spx_expiries, vix_expiries)
    policy = Policy(hedge, layers, programme, account)
    state = book.state[0]
    state.cash = account[0].equity
    state.last_entry_week = -1
    for t in range(days.shape[0]):
        if t > 0:
            _carry_over(daily[t - 1], daily[t])
        step_day(days, t, calendar, policy, book, daily[t], log)


def new_book() -> Book:
    """Return an empty book: scalars, condors, hedge structures, candidates, meters, scratch."""
    return Book(
        np.zeros(1, STATE),
        np.zeros(MAX_CONDORS, CONDOR),
        np.zeros(LAYERS, COHORT),
        np.zeros(LAYERS, COHORT),
        np.zeros(LAYERS, LAYER_STATE),
        np.zeros(4),
    )


def new_log(trades: int, decisions: int, entries: int) -> Log:
    """Return empty logs of the given capacities; zero keeps nothing."""
    return Log(
        np.zeros(trades, TRADE), np.zeros(decisions, DECISION), np.zeros(entries, CONDOR_ENTRY)
    )


def new_books(count: int) -> Book:
    """Return ``count`` empty books stacked along a first axis, as ``run_batch`` takes them."""
    return Book(
        np.zeros(count, STATE),
        np.zeros((count, MAX_CONDORS), CONDOR),
        np.zeros((count, LAYERS), COHORT),
        np.zeros((count, LAYERS), COHORT),
        np.zeros((count, LAYERS), LAYER_STATE),
        np.zeros((count, 4)),
    )


@njit(cache=True, parallel=True)
def run_batch(
    worlds, spx_expiries, vix_expiries, hedges, layers, programmes, accounts, books, daily, log
):
    """Run policy p in world w for every pair, in parallel.

    Parameters
    ----------
    worlds : ndarray of DAY, shape (n_worlds, n_days)
    hedges, programmes, accounts : ndarrays of records, shape (n_policies,)
    layers : ndarray of LAYER, shape (n_policies, 3)
    books : Book stacked by ``new_books(n_worlds · n_policies)``
    daily : ndarray of DAILY, shape (n_worlds · n_policies, n_days)
        Receives the results, world by world. Each run writes its own row and book only, so the
        result does not depend on the number of threads.
    log : Log of zero capacity, shared because nothing is written to it
    """
    policies = hedges.shape[0]
    for job in prange(worlds.shape[0] * policies):
        w, p = job // policies, job % policies
        book = Book(
            books.state[job : job + 1],
            books.condors[job],
            books.cohorts[job],
            books.candidates[job],
            books.layer_states[job],
            books.scratch[job],
        )
        run_days(
            worlds[w], spx_expiries, vix_expiries, hedges[p : p + 1], layers[p],
            programmes[p : p + 1], accounts[p : p + 1], daily[job], log, book,
        )  # fmt: skip
