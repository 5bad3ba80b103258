"""The compiled engine and the slow twin agree to the cent, every day and in every trade.

What is compared: NAV, cash, profit and cost by sleeve, interest, carry, outlay, margins and the
number of condors at every close, to half a cent; every trade with its price, fees, reason and
provenance; every decision. The twin is the only judge: no number here comes from the engine.
"""

from functools import cache

import numpy as np
import pytest

from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme
from twin import chains, worlds
from twin.agreement import REASONS, differences, run_compiled
from twin.hearing import made_up, made_up_scenarios
from twin.market import Account
from twin.pairs import ADAPTIVE, ADAPTIVE_PROGRAMMES, HEDGES, PROGRAMMES

START, END = "2007-01-03", "2027-01-01"
MILLION = 1_000_000.0
COLLAPSE = "2016-02-11", "2017-06-01"

# Twenty years, real data: the three books that the published results rest on, and the presets.
LONG = [
    ("alvh-40-40-20", "monthly45", START, END, 0.5),
    ("alvh-40-40-20", "cndr", START, END, 0.5),
    ("vxth", "index", START, END, 0.5),
    ("single-call", "index", START, END, 0.0),
    ("futures-40-40-20", "cndr", START, END, 1.0),
    ("spx-puts", "index", START, END, 0.5),
    ("backspreads", "cndr", START, END, 0.5),
]
# A few years around a crisis each: everything else that a policy or a programme can say.
SHORT = [
    ("single-call", "daily1", "2017-01-03", "2019-01-01", 0.5),
    ("fewer-condors", "daily1", "2023-06-01", "2024-12-01", 1.0),
    ("alvh-4-4-2", "monthly45", "2018-01-02", "2021-01-01", 0.0),
    ("none", "monthly45", "2008-06-02", "2009-06-01", 1.0),
    ("alvh-40-40-20", "none", "2019-06-03", "2021-01-01", 0.5),
    ("spend", "monthly45", "2015-06-01", "2018-06-01", 0.5),
    ("spend-of-credits", "fixed-number", "2007-06-01", "2010-01-01", 1.0),
    ("offset", "stopped", "2017-06-01", "2019-01-01", 0.5),
    ("offset", "monthly45", "2008-01-02", "2011-01-01", 0.0),
    ("vega", "standard-range", "2007-01-03", "2012-01-01", 0.5),
    ("stress", "cndr", "2017-01-03", "2021-01-01", 0.0),
    ("futures-and-baskets", "fixed-number", "2016-01-04", "2019-01-01", 0.5),
    ("futures-and-baskets", "index", "2007-01-03", "2012-01-01", 1.0),
    ("weekly-calls", "range-gated", "2016-06-01", "2019-06-01", 0.5),
    ("backspreads", "stopped", "2019-06-03", "2020-12-01", 1.0),
]
BUNDLED = [
    ("alvh-40-40-20", "monthly45", 0.5),
    ("alvh-40-40-20", "cndr", 0.5),
    ("vxth", "index", 0.5),
    ("futures-40-40-20", "monthly45", 0.0),
    ("spx-puts", "daily1", 1.0),
    ("spend", "cndr", 1.0),
    ("offset", "monthly45", 0.5),
    ("weekly-calls", "range-gated", 0.0),
]

TINY_CREDIT = CondorProgramme(
    name="tiny-credit", kind="condors", tenor_days=7, entry="daily", short_delta=0.02,
    long_delta=0.015,
)  # fmt: skip
CROWDED = CondorProgramme(
    name="crowded", kind="condors", tenor_days=150, entry="daily", short_delta=0.2, width=50,
    contracts=1,
)  # fmt: skip
# Three times the account in far futures: the fall of 2016 takes more than there is.
RECKLESS = HedgePolicy.model_validate(
    {
        "name": "reckless",
        "layers": [{"name": "tail", "weight": 1, "instrument": "vix_future", "tenor_days": 220,
                    "roll_days": 30}],
        "sizing": {"budget": 1.0, "scale": 10},
        "monetisation": {"enabled": False},
    }
)  # fmt: skip


@cache
def _hedge(name):
    return HEDGES[name] if name in HEDGES else load_policy(name)


@cache
def _programme(name):
    known = PROGRAMMES | ADAPTIVE_PROGRAMMES
    return known[name] if name in known else load_programme(name)


def _account(fill=0.5, equity=MILLION):
    return Account(equity, fill, fee_scale=1.0, commission=0.65, debit_spread=0.01)


def _assert_agree(world, hedge, programme, account):
    lines = differences(world, hedge, programme, account)
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize(("hedge", "programme", "start", "end", "fill"), LONG + SHORT)
def test_agrees_on_real_markets(shared_data, hedge, programme, start, end, fill):
    world = worlds.shared(shared_data).between(start, end)
    _assert_agree(world, _hedge(hedge), _programme(programme), _account(fill))


@pytest.mark.parametrize(("hedge", "programme", "fill"), BUNDLED)
def test_agrees_on_bundled_data(hedge, programme, fill):
    _assert_agree(worlds.bundled(), _hedge(hedge), _programme(programme), _account(fill))


@pytest.mark.parametrize("hedge", ["alvh-40-40-20", "spend", "futures-and-baskets", "backspreads"])
@pytest.mark.parametrize("programme", ["monthly45", "index"])
def test_agrees_where_inputs_are_missing(hedge, programme):
    """One session in seven is missing, the first and expiry and roll days among them."""
    world = worlds.bundled().between("2015-01-02", "2016-06-01")
    rows = np.random.default_rng(7).choice(len(world.days), 50, replace=False)
    rows[:2] = 0, 1
    _assert_agree(worlds.with_holes(world, rows), _hedge(hedge), _programme(programme), _account())


def _hearing(world, seed):
    return world.hearing(made_up(world.days, seed), made_up_scenarios(seed))


@pytest.mark.parametrize("programme", ["monthly45", "stepping-aside", "shifting"])
@pytest.mark.parametrize("hedge", ADAPTIVE)
def test_agrees_where_the_hedge_adapts(hedge, programme):
    """Every adaptive rule, on signals that are made up: the engine is judged, not the signals."""
    world = _hearing(worlds.bundled(), len(hedge))
    _assert_agree(world, ADAPTIVE[hedge], _programme(programme), _account())


@pytest.mark.parametrize("seed", range(3))
def test_agrees_where_an_adaptive_hedge_misses_inputs(seed):
    world = _hearing(worlds.bundled().between("2015-06-01", "2018-06-01"), seed)
    rows = np.random.default_rng(seed).choice(len(world.days), 80, replace=False)
    for name in ("tilted", "inverting", "rolling", "careful"):
        _assert_agree(
            worlds.with_holes(world, rows), ADAPTIVE[name], _programme("shifting"), _account(1.0)
        )


def test_agrees_where_the_credit_is_too_small():
    world = worlds.bundled().between("2017-03-01", "2017-09-01")
    _assert_agree(world, _hedge("none"), TINY_CREDIT, _account(fill=1.0))


def test_agrees_where_the_book_is_full():
    world = worlds.bundled().between("2016-01-04", "2016-12-01")
    _assert_agree(world, _hedge("none"), CROWDED, _account(equity=10 * MILLION))


def test_agrees_through_ruin():
    world = worlds.bundled().between(*COLLAPSE)
    _assert_agree(world, RECKLESS, _programme("monthly45"), _account())


def test_every_reason_is_compared():
    """The comparisons above reach every reason that the engine can give.

    Reasons are collected on the bundled data, so that the law holds without the shared folder.
    """
    world = worlds.bundled()
    holed = worlds.with_holes(world, np.arange(40, 1200, 111))
    full = world.between("2016-01-04", "2016-12-01")
    runs = [run_compiled(holed, h, p, _account()) for h in HEDGES.values()
            for p in (*PROGRAMMES.values(), _programme("index"))]  # fmt: skip
    runs += [
        run_compiled(world, _hedge("vxth"), TINY_CREDIT, _account(fill=1.0)),
        run_compiled(full, _hedge("none"), CROWDED, _account(equity=10 * MILLION)),
        run_compiled(world.between(*COLLAPSE), RECKLESS, _programme("monthly45"), _account()),
    ]
    heard = _hearing(world, 1)
    runs += [run_compiled(heard, h, p, _account()) for h in ADAPTIVE.values()
             for p in ADAPTIVE_PROGRAMMES.values()]  # fmt: skip
    free = Account(MILLION, fill=0.0, fee_scale=0.0, commission=0.0, debit_spread=0.01)
    levelled = chains.levelled(chains.quoted_world(0))
    runs.append(run_compiled(levelled, _hedge("alvh-40-40-20"), _programme("monthly45"), free))
    seen = {decision.reason for run in runs for decision in run.decisions}
    assert set(REASONS.values()) == seen
