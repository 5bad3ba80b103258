"""Laws of the day step, in made-up markets and in the bundled one.

The slow twin says that the engine does what its specification says; these tests say what must
hold whatever the specification says.
"""

from collections import defaultdict
from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.compile import compile_account, compile_hedge, compile_programme
from alvh.guides import NO_SCENARIOS, neutral_guides
from alvh.kernel.policies import DAILY, LAYER_STATE
from alvh.kernel.records import NO_QUOTES
from alvh.kernel.run import new_book, new_books, new_log, run_batch, run_days
from alvh.kernel.sizing import apportion
from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme
from twin import worlds
from twin.agreement import World, folded_marks, run_compiled
from twin.layers import largest_remainder
from twin.market import Account
from twin.pairs import HEDGES, PROGRAMMES

CENT = 0.01  # USD
NOISE = 1e-6  # USD: what the order of floating-point sums may leave of equal accounts
ACCOUNT = Account(1_000_000.0, fill=0.5, fee_scale=1.0, commission=0.65, debit_spread=0.01)
NONE = load_policy("none")
PRESET_HEDGES = ("alvh-40-40-20", "alvh-4-4-2", "vxth", "futures-40-40-20", "spx-puts")
PRESET_BOOKS = ("cndr", "monthly45", "daily1", "index", "none")
ALL_HEDGES = [*map(load_policy, PRESET_HEDGES), *HEDGES.values()]
ALL_BOOKS = [*map(load_programme, PRESET_BOOKS), *PROGRAMMES.values()]

seeds = st.integers(0, 15)  # worlds are cached, so that an example costs a run only
hedges = st.sampled_from(ALL_HEDGES)
books = st.sampled_from(ALL_BOOKS)
few = settings(max_examples=40, deadline=None)


def _same_bits(one, other):
    return one.tobytes() == other.tobytes()


def _hold_none_of(policy, by):
    """The same policy with nothing to spend: by its scale, or by every amount it could use."""
    sizing = policy.sizing.model_dump()
    empty = dict.fromkeys(("budget", "spend_per_year", "offset", "contracts_per_ten_condors"), 0.0)
    changed = sizing | ({"scale": 0.0} if by == "scale" else empty)
    return HedgePolicy.model_validate(policy.model_dump() | {"sizing": changed})


@pytest.mark.parametrize("by", ["scale", "amounts"])
@few
@given(seed=seeds, hedge=hedges, book=books)
def test_a_hedge_of_nothing_is_no_hedge_to_the_bit(by, seed, hedge, book):
    world = worlds.random_world(seed)
    nothing = run_compiled(world, _hold_none_of(hedge, by), book, ACCOUNT)
    unhedged = run_compiled(world, NONE, book, ACCOUNT)
    nothing.daily["weight"] = unhedged.daily["weight"]  # asked for, though nothing is held
    assert _same_bits(nothing.daily, unhedged.daily)
    assert nothing.trades == unhedged.trades


@few
@given(seed=seeds, hedge=hedges, book=books, fill=st.sampled_from([0.0, 0.5, 1.0]))
def test_profit_and_cash_tell_the_same_account(seed, hedge, book, fill):
    """Equity + profit at mid + interest − costs = NAV, and cash + marks = NAV, every day.

    The second is checked with positions folded from the trade log and marked by the twin.
    """
    world = worlds.random_world(seed)
    account = replace(ACCOUNT, fill=fill)
    run = run_compiled(world, hedge, book, account)
    daily = run.daily
    told = account.equity + daily["pnl"].sum(1) + daily["interest"] - daily["cost"].sum(1)
    assert np.abs(told - daily["nav"]).max() < CENT
    sides = daily["put_side"] + daily["call_side"]
    if book.kind == "condors":
        assert np.abs(sides - daily["pnl"][:, 0]).max() < CENT
    if book.kind != "index":  # the fund's units are not trades
        for t, marks in enumerate(folded_marks(world, run.trades)):
            assert abs(daily["cash"][t] + marks - daily["nav"][t]) < CENT


@few
@given(seed=seeds, hedge=hedges, book=books)
def test_nothing_outlives_its_expiry_and_contracts_are_whole(seed, hedge, book):
    world = worlds.random_world(seed)
    held, last_day = defaultdict(float), int(world.days["date"][-1])
    for row in run_compiled(world, hedge, book, ACCOUNT).trades:
        assert row.quantity == int(row.quantity) != 0
        assert row.price >= 0.0 or row.sleeve == "condors"
        held[row.sleeve, row.root, row.right, row.expiry, row.strike] += row.quantity
    for (_, root, _, expiry, _), quantity in held.items():
        assert quantity == 0.0 or expiry > last_day or root.startswith("ETP")


# Sizing by equity lets a dearer world end richer: it holds less, and what it does not hold cannot
# lose. A profit target reached a day later, or a call sold at another multiple of its cost, does
# the same. So costs are judged on books whose trades do not depend on them: fixed numbers held to
# settlement, hedges by the number of condors, gains taken by the level of VIX, and an account too
# large for its margin ever to cut them.
RICH = replace(ACCOUNT, equity=20_000_000.0)
FIXED_BOOK = CondorProgramme(
    name="fixed", kind="condors", settlement="am", expiry_rule="third_friday", tenor_days=30,
    entry="on_expiry", short_delta=0.2, long_delta=0.05, contracts=20,
)  # fmt: skip
FIXED_HEDGE = HedgePolicy.model_validate(
    load_policy("alvh-4-4-2").model_dump()
    | {"monetisation": {"multiples": [], "vix_levels": [22, 30]}}
)


def _trade_terms(run):
    return [(t.day, t.root, t.right, t.expiry, t.strike, t.quantity) for t in run.trades]


@few
@given(
    seed=seeds,
    low=st.floats(0.0, 3.0),
    more=st.floats(0.0, 5.0),
    fill=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_higher_fees_never_raise_nav(seed, low, more, fill):
    world = worlds.random_world(seed)
    cheap, dear = (
        run_compiled(world, FIXED_HEDGE, FIXED_BOOK, replace(RICH, fee_scale=scale, fill=fill))
        for scale in (low, low + more)
    )
    assert _trade_terms(cheap) == _trade_terms(dear)  # the premise: nothing but fees differs
    assert cheap.trades
    assert (dear.daily["nav"] <= cheap.daily["nav"] + NOISE).all()


@few
@given(seed=seeds, near=st.floats(0.0, 1.0), far=st.floats(0.0, 1.0))
def test_a_worse_fill_never_raises_nav(seed, near, far):
    world = worlds.random_world(seed)
    better, worse = (
        run_compiled(world, FIXED_HEDGE, FIXED_BOOK, replace(RICH, fill=fill))
        for fill in sorted((near, far))
    )
    assert _trade_terms(better) == _trade_terms(worse)
    assert (worse.daily["nav"] <= better.daily["nav"] + NOISE).all()


def test_fees_raise_costs_in_every_book():
    """Where sizes follow equity NAV may differ either way, but each contract pays the fee."""
    world = worlds.bundled()
    free, dear = (
        run_compiled(world, ALL_HEDGES[0], load_programme("monthly45"),
                     replace(ACCOUNT, fee_scale=scale))
        for scale in (0.0, 1.0)
    )  # fmt: skip
    assert not any(trade.fees for trade in free.trades)
    bought = [trade for trade in dear.trades if trade.action != "settle"]
    assert all(trade.fees >= 0.65 * abs(trade.quantity) for trade in bought)
    assert not any(trade.fees for trade in dear.trades if trade.action == "settle")


# What a later day may look like without the past knowing: every field changed, or missing.
def _with_another_future(world, t, seed):
    rng = np.random.default_rng(seed)
    days = world.days.copy()
    later = days[t + 1 :]
    for name in ("spx", "spx_open_settlement", "vix", "vix9d", "hv20", "rate", "dividend_yield",
                 "vix_settlement", "curve_forward", "etp_short", "etp_mid", "spx_smile",
                 "vix_smile"):  # fmt: skip
        later[name] *= rng.uniform(0.5, 2.0, later[name].shape)
        later[name][rng.random(later[name].shape) < 0.1] = np.nan
    later["tradable"] = rng.random(len(later)) < 0.5
    later["curve_quoted"] = rng.integers(0, 2, later["curve_quoted"].shape)
    return World(days, world.spx_expiries, world.vix_expiries)


@few
@given(seed=seeds, hedge=hedges, book=books, t=st.integers(0, 158), other=st.integers(0, 99))
def test_no_later_record_changes_the_past_by_a_bit(seed, hedge, book, t, other):
    world = worlds.random_world(seed)
    run = run_compiled(world, hedge, book, ACCOUNT)
    changed = run_compiled(_with_another_future(world, t, other), hedge, book, ACCOUNT)
    assert _same_bits(run.daily[: t + 1], changed.daily[: t + 1])
    for name in ("trades", "decisions"):
        ours, theirs = ([row for row in getattr(r, name) if row.day <= t] for r in (run, changed))
        assert ours == theirs


SINGLE = FIXED_BOOK.model_copy(update={"contracts": 1, "name": "single"})


@few
@given(seed=seeds, short=st.sampled_from([0.1, 0.2, 0.35]), wide=st.booleans())
def test_a_condor_settles_between_maximum_loss_and_credit(seed, short, wide):
    rules = SINGLE.model_dump() | {"short_delta": short, "long_delta": short / 4}
    if wide:
        rules |= {"long_delta": None, "width": 100}
    run = run_compiled(worlds.random_world(seed), NONE, CondorProgramme(**rules), ACCOUNT)
    by_expiry = defaultdict(list)
    for row in run.trades:
        by_expiry[row.expiry].append(row)
    settled = [rows for rows in by_expiry.values() if len(rows) == 8]
    assert settled
    for rows in settled:
        opened = {(r.right, r.quantity > 0): r for r in rows if r.action == "open"}
        credit = -sum(r.quantity * r.price for r in opened.values())
        put_wing = opened["P", False].strike - opened["P", True].strike
        call_wing = opened["C", True].strike - opened["C", False].strike
        profit = -sum(r.quantity * r.price for r in rows)
        assert credit - max(put_wing, call_wing) - 1e-9 <= profit <= credit + 1e-9
        assert credit == pytest.approx(round(credit / 0.05) * 0.05, abs=1e-9)  # the net tick


def test_a_batch_is_the_single_runs_to_the_bit_on_one_thread_and_on_two():
    seeds_, n = (0, 1, 2), 160
    worlds_ = [worlds.random_world(seed, n) for seed in seeds_]
    pairs = [(ALL_HEDGES[i], ALL_BOOKS[i % len(ALL_BOOKS)]) for i in range(len(ALL_HEDGES))]
    single = [run_compiled(world, hedge, book, ACCOUNT).daily
              for world in worlds_ for hedge, book in pairs]  # fmt: skip
    threads = numba.config.NUMBA_NUM_THREADS
    for count in sorted({1, min(2, threads)}):
        numba.set_num_threads(count)
        try:
            batch = _batch(worlds_, pairs)
        finally:
            numba.set_num_threads(threads)
        assert len(batch) == len(single)
        for ours, theirs in zip(batch, single, strict=True):
            assert _same_bits(ours, theirs)


def _batch(worlds_, pairs):
    compiled = [compile_hedge(hedge) for hedge, _ in pairs]
    fields = (ACCOUNT.equity, ACCOUNT.fill, ACCOUNT.fee_scale, ACCOUNT.commission,
              ACCOUNT.debit_spread)  # fmt: skip
    days = np.stack([world.days for world in worlds_])
    count = len(worlds_) * len(pairs)
    daily = np.zeros((count, days.shape[1]), DAILY)
    run_batch(
        days, neutral_guides()[None, :], NO_SCENARIOS[None, :], worlds_[0].spx_expiries,
        worlds_[0].vix_expiries, NO_QUOTES,
        np.concatenate([hedge for hedge, _ in compiled]),
        np.stack([layers for _, layers in compiled]),
        np.concatenate([compile_programme(book, ACCOUNT.fill) for _, book in pairs]),
        np.repeat(compile_account(*fields), len(pairs)), new_books(count), daily,
        new_log(0, 0, 0),
    )  # fmt: skip
    return daily


@given(
    shares=st.lists(st.integers(0, 20), min_size=3, max_size=3).filter(any),
    total=st.integers(0, 400),
)
@settings(max_examples=200, deadline=None)
def test_largest_remainder_gives_out_the_total(shares, total):
    layers = np.zeros(3, LAYER_STATE)
    layers["weight"] = np.array(shares) / sum(shares)
    given_out = [apportion(layers, total, i) for i in range(3)]
    assert sum(given_out) == total
    for weight, units in zip(layers["weight"], given_out, strict=True):
        assert abs(units - weight * total) < 1.0 + 1e-9
    assert given_out == largest_remainder(list(layers["weight"]), total)


def test_largest_remainder_by_hand():
    layers = np.zeros(3, LAYER_STATE)
    layers["weight"] = 0.4, 0.4, 0.2
    # 7 · (0.4, 0.4, 0.2) = 2.8, 2.8, 1.4: floors 2, 2, 1 and the two left to the two of 0.8
    assert [apportion(layers, 7, i) for i in range(3)] == [3, 3, 1]


@few
@given(seed=seeds, hedge=hedges, book=books)
def test_every_session_has_a_decision_of_every_active_sleeve(seed, hedge, book):
    world = worlds.with_holes(worlds.random_world(seed), [20, 21, 60, 100])
    run = run_compiled(world, hedge, book, ACCOUNT)
    active = {layer.name for layer in hedge.layers if layer.weight > 0}
    if book.kind != "none":
        active.add("condors")
    decided = defaultdict(set)
    for row in run.decisions:
        decided[row.day].add(row.sleeve)
    assert all(active <= decided[t] for t in range(len(world.days)))


@few
@given(seed=seeds, hedge=hedges, book=books, first=st.integers(1, 150))
def test_a_day_without_inputs_settles_and_does_nothing_else(seed, hedge, book, first):
    """Five sessions long, so that expiries fall into the hole."""
    rows = np.arange(first, first + 5)
    world = worlds.with_holes(worlds.random_world(seed), rows)
    run = run_compiled(world, hedge, book, ACCOUNT)
    assert np.isfinite(run.daily["nav"]).all()
    inside = [row for row in run.trades if row.day in rows]
    assert {row.action for row in inside} <= {"settle"}
    held = defaultdict(float)
    for row in run.trades:
        if row.day < first:
            held[row.root, row.right, row.expiry, row.strike] += row.quantity
    low, high = world.days["date"][rows[0]], world.days["date"][rows[-1]]
    due = {key for key, q in held.items() if q and low <= key[2] <= high and key[0] in
           ("SPX", "SPXW", "VIX")}  # fmt: skip
    assert due <= {(row.root, row.right, row.expiry, row.strike) for row in inside}
    for t in rows:
        said = {row.reason for row in run.decisions if row.day == t and row.action == "no action"}
        assert said == {"input missing"}


def test_settlement_happens_in_the_hole():
    """The law above is not empty: a condor of the bundled market settles on a missing day."""
    world = worlds.bundled().between("2015-01-02", "2015-06-01")
    third_friday = int(np.datetime64("2015-03-20").astype(int))
    t = int(np.searchsorted(world.days["date"], third_friday))
    run = run_compiled(worlds.with_holes(world, [t]), NONE, FIXED_BOOK, ACCOUNT)
    assert sum(row.action == "settle" and row.day == t for row in run.trades) == 4
    assert not any(row.action == "open" and row.day == t for row in run.trades)


def test_a_second_run_gives_the_same_bytes():
    world = worlds.random_world(3)
    records = (*compile_hedge(ALL_HEDGES[0]), compile_programme(ALL_BOOKS[1], 0.5),
               compile_account(1e6, 0.5, 1.0, 0.65, 0.01))  # fmt: skip
    outcomes = []
    for _ in range(2):
        daily, log, book = np.zeros(len(world.days), DAILY), new_log(5000, 5000, 500), new_book()
        run_days(world.days, world.guides, NO_SCENARIOS, world.spx_expiries, world.vix_expiries,
                 NO_QUOTES, *records, daily, log, book)  # fmt: skip
        counts = (book.state[0][name] for name in ("trades", "decisions", "condors"))
        wrote = [rows[:count].tobytes() for rows, count in zip(log, counts, strict=True)]
        outcomes.append((daily.tobytes(), *wrote, book.state.tobytes()))
    assert outcomes[0] == outcomes[1]
