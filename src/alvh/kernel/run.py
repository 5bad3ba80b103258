"""Runs: one policy through one history, or many policies through many worlds in parallel."""

import numpy as np
from numba import njit, prange

from alvh.kernel.codes import LAYERS
from alvh.kernel.day import Book, Guides, Log, Policy, close_day, step_day
from alvh.kernel.jit import internal, whole_program
from alvh.kernel.listed import Listed
from alvh.kernel.marks import COLUMNS, LENGTH
from alvh.kernel.policies import (
    COHORT,
    CONDOR,
    CONDOR_ENTRY,
    DECISION,
    LAYER_STATE,
    MAX_CONDORS,
    SCENARIOS,
    STATE,
    TRADE,
)


@internal
def _carry_over(source, target):
    """Start a day's row from the last one: all its sums are cumulative."""
    for i in range(4):
        target.pnl[i] = source.pnl[i]
        target.cost[i] = source.cost[i]
    for i in range(3):
        target.carry[i] = source.carry[i]
        target.paid[i] = source.paid[i]
        target.worth[i] = source.worth[i]
    target.interest = source.interest
    target.put_side = source.put_side
    target.call_side = source.call_side
    target.outlay = source.outlay


@whole_program
def run_days(
    days, guides, scenarios, spx_expiries, vix_expiries, quotes, hedge, layers, programme, account,
    daily, log, book,
):  # fmt: skip
    """Step through every day of one world, writing ``daily`` row by row.

    ``guides`` has a row for every day, or one neutral row for all of them; ``scenarios``, shape
    (sets, SCENARIOS, 4), the weighted moves that its rows point to. ``quotes``, of QUOTE, is what
    the days' chains quote, empty without any.
    """
    listed = Listed(spx_expiries, vix_expiries, quotes)
    policy = Policy(hedge, layers, programme, account)
    heard = Guides(guides, scenarios)
    state = book.state[0]
    state.cash = account[0].equity
    if state.start == 0:
        state.last_entry_week = -1
        for i in range(LAYERS):
            book.layer_states[i].weight = layers[i].weight
    for t in range(state.start):  # a book that is held already
        close_day(days[t], days[t].spx, state, daily[t], book)
    for t in range(state.start, days.shape[0]):
        if t > 0:
            _carry_over(daily[t - 1], daily[t])
        step_day(days, heard, t, listed, policy, book, daily, log)


def new_book() -> Book:
    """Return an empty book: scalars, condors, hedge structures, candidates, meters, scratch."""
    return Book(
        np.zeros(1, STATE),
        np.zeros(MAX_CONDORS, CONDOR),
        np.zeros(LAYERS, COHORT),
        np.zeros(LAYERS, COHORT),
        np.zeros(LAYERS, LAYER_STATE),
        np.zeros(4),
        np.zeros(SCENARIOS),
        np.ones(COLUMNS * LENGTH),
    )


def new_log(trades: int, decisions: int, entries: int) -> Log:
    """Return logs of the given capacities, rows not written yet; zero keeps nothing."""
    return Log(
        np.empty(trades, TRADE), np.empty(decisions, DECISION), np.empty(entries, CONDOR_ENTRY)
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
        np.zeros((count, SCENARIOS)),
        np.ones((count, COLUMNS * LENGTH)),
    )


@njit(cache=True, parallel=True)
def run_batch(
    worlds, guides, scenarios, spx_expiries, vix_expiries, quotes, hedges, layers, programmes,
    accounts, books, daily, log,
):  # fmt: skip
    """Run policy p in world w for every pair, in parallel.

    Parameters
    ----------
    worlds : ndarray of DAY, shape (n_worlds, n_days)
    guides : ndarray of GUIDE, shape (n_worlds · n_policies or n_policies or 1, n_days or 1)
        World by world; fewer rows are taken in turn again.
    scenarios : ndarray, shape (n_policies or 1, sets, SCENARIOS, 4)
        Taken in turn likewise.
    quotes : ndarray of QUOTE
        Of the days that have chains; empty for worlds without.
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
            books.gains[job],
            books.columns[job],
        )
        run_days(
            worlds[w], guides[job % guides.shape[0]], scenarios[job % scenarios.shape[0]],
            spx_expiries, vix_expiries, quotes, hedges[p : p + 1], layers[p],
            programmes[p : p + 1], accounts[p : p + 1], daily[job], log, book,
        )  # fmt: skip
