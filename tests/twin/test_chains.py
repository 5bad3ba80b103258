"""The two engines agree on days with chains: choices, marks, fills, stress, carry, conversion.

The chains are made up and as odd as real ones: expiries and strikes are missing, quotes are locked,
without a bid or far from the smile, deltas are unknown, and what is held is quoted on some days
and not on others.
"""

from collections import Counter
from functools import cache

import pytest

import alvh
from alvh.kernel import codes
from alvh.market.chains.importing import import_chains
from alvh.policy import CondorProgramme, load_policy, load_programme
from twin import chains, worlds
from twin.agreement import differences, run_compiled
from twin.hearing import made_up, made_up_scenarios
from twin.market import Account
from twin.pairs import ADAPTIVE, ADAPTIVE_PROGRAMMES, HEDGES, PROGRAMMES

FILLS = (0.0, 0.5, 1.0)
IMPROVEMENTS = (0.0, 0.3)
PRESET_HEDGES = ("none", "alvh-40-40-20", "alvh-4-4-2", "vxth", "single-call", "spx-puts",
                 "futures-40-40-20")  # fmt: skip
BOOKS = ("monthly45", "cndr", "daily1", "index", *PROGRAMMES, *ADAPTIVE_PROGRAMMES)
ALL_HEDGES = (*PRESET_HEDGES, *HEDGES, *ADAPTIVE)
SESSIONS = ("2019-05-09", "2019-05-13", "2019-05-31", "2019-06-03")


# A credit to step to, among quoted strikes both finer and coarser than the step.
STEPPED = [
    CondorProgramme(
        name="stepped", kind="condors", range_multiple=multiple, credit_target=target, width=25,
        step=step, tenor_days=tenor, entry="daily", contracts=1,
    )
    for multiple, target, step, tenor in ((1.0, 1.5, 5, 9), (3.0, 6.0, 10, 9), (2.0, 0.2, 25, 35))
]  # fmt: skip


@cache
def _hedge(name):
    known = HEDGES | ADAPTIVE
    return known[name] if name in known else load_policy(name)


@cache
def _programme(name):
    known = PROGRAMMES | ADAPTIVE_PROGRAMMES
    return known[name] if name in known else load_programme(name)


@cache
def _world(seed):
    """A quoted world with guides, for policies and programmes that hear them."""
    world = chains.quoted_world(seed)
    return world.hearing(made_up(world.days, seed), made_up_scenarios(seed))


def _account(fill, improvement=0.0):
    return Account(1_000_000.0, fill, fee_scale=1.0, commission=0.65, debit_spread=0.01,
                   improvement=improvement)  # fmt: skip


def _turns(names, others):
    """Every name with the next of the others, fill and improvement."""
    return [
        (i % 3, name, others[i % len(others)], FILLS[i % 3], IMPROVEMENTS[i // 3 % 2])
        for i, name in enumerate(names)
    ]


def _assert_agree(world, hedge, programme, account):
    lines = differences(world, _hedge(hedge), _programme(programme), account)
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize(
    ("seed", "hedge", "programme", "fill", "improvement"), _turns(ALL_HEDGES, BOOKS)
)
def test_every_hedge_agrees(seed, hedge, programme, fill, improvement):
    _assert_agree(_world(seed), hedge, programme, _account(fill, improvement))


@pytest.mark.parametrize(
    ("seed", "programme", "hedge", "fill", "improvement"),
    _turns(2 * BOOKS, ("alvh-40-40-20", "offset", "backspreads", "none", "synthetic")),
)
def test_every_programme_agrees(seed, programme, hedge, fill, improvement):
    _assert_agree(_world(seed), hedge, programme, _account(fill, improvement))


@pytest.mark.parametrize("hedge", ["synthetic", "financed"])
@pytest.mark.parametrize("seed", range(3))
def test_conversions_agree(seed, hedge):
    """Parity by the quotes of call and put; what is built and what it saves as a package."""
    _assert_agree(_world(seed), hedge, "monthly45", _account(1.0, 0.3))


@pytest.mark.parametrize(
    "hedge", ["alvh-40-40-20", "tilted-counts", "staged-spending", "least-cost"]
)
def test_a_spread_that_costs_nothing_is_not_bought(hedge):
    """Every VIX option quotes one price, and trading is free: no amount of money is its size."""
    world = chains.levelled(_world(1))
    free = Account(1_000_000.0, 0.0, fee_scale=0.0, commission=0.0, debit_spread=0.01)
    _assert_agree(world, hedge, "monthly45", free)


@pytest.mark.parametrize("programme", STEPPED, ids=lambda p: f"by-{p.step:g}")
@pytest.mark.parametrize("seed", range(3))
def test_the_credit_is_stepped_to_alike(seed, programme):
    """Shorts step over quoted strikes, to the last of them and beyond it."""
    lines = differences(_world(seed), _hedge("none"), programme, _account(0.5))
    assert not lines, "\n".join(lines)


def test_the_made_up_chains_reach_what_can_differ():
    """Quoted, fitted and modelled fills of every kind of option; legs of one condor in part."""
    seen, parts = set(), Counter()
    for hedge, programme in (("synthetic", "monthly45"), ("weekly-calls", "cndr"),
                             ("backspreads", "fixed-number")):  # fmt: skip
        run = run_compiled(_world(0), _hedge(hedge), _programme(programme), _account(1.0))
        traded = [row for row in run.trades if row.action in ("open", "close")]
        seen |= {(row.provenance, row.root, row.right) for row in traded if row.right}
        condors = Counter()
        for row in traded:
            if row.sleeve == "condors" and row.action == "open":
                condors[row.day, row.expiry] += row.provenance == "quoted"
        parts.update(condors.values())
    options = {("SPXW", "C"), ("SPXW", "P"), ("SPX", "C"), ("SPX", "P"), ("VIX", "C"), ("VIX", "P")}
    assert {(root, right) for p, root, right in seen if p == "quoted"} == options
    assert {p for p, _, _ in seen} == {"quoted", "fitted", "modelled"}
    assert {0, 4} < set(parts)  # and some number between


@pytest.fixture(scope="module")
def real(shared_data, tmp_path_factory):
    """A few sessions with real chains among others without."""
    folder = tmp_path_factory.mktemp("chains")
    sources = [shared_data / "chains" / "spx_eod_2019" / f"SPX_{day.replace('-', '')}.csv"
               for day in SESSIONS]  # fmt: skip
    import_chains(sources, folder)
    return worlds.world_of(alvh.load_history(shared_data, chains=folder))


@pytest.mark.parametrize("programme", ["monthly45", "stopped", "range-gated"])
def test_agrees_on_real_chains(real, programme):
    world = real.between("2019-05-06", "2019-06-14")
    assert (world.days["quote_end"] > world.days["quote_first"]).sum() == len(SESSIONS)
    assert set(world.quotes["root"]) <= {codes.SPX, codes.SPXW}
    for fill in FILLS:
        _assert_agree(world, "spx-puts", programme, _account(fill))
