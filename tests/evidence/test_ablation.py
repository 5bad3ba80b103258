"""Every variant differs in one thing, and what it differs by is counted."""

import numpy as np
import pytest

import alvh
from alvh import measures as m
from alvh.evidence.ablation import ALL_SIGNALS, EVERYTHING, STATIC, ablation, variants
from alvh.policy import diff_policies, load_policy, load_programme
from alvh.signals import NAMES

HEDGE, ADAPTIVE = load_policy("alvh-40-40-20"), load_policy("alvh-adaptive")


@pytest.fixture(scope="module")
def found():
    return ablation(alvh.load_history("bundled"), start="2016-01-04", resamples=50)


def test_each_variant_changes_one_part_of_the_policy():
    asked = variants(HEDGE, load_programme("monthly45"), ADAPTIVE)
    assert asked[0][0] == STATIC
    names = [(name, group) for name, group, _, _ in asked]
    assert len(names) == len(set(names))
    for name, group, policy, programme in asked[1:]:
        changed = {one.key.split(".")[0] for one in diff_policies(HEDGE, policy)}
        if group == "condors":
            assert not changed
            assert programme != load_programme("monthly45")
        elif name != EVERYTHING:
            assert len(changed) == 1, name
            assert programme == load_programme("monthly45")
    alone = {name.split(" on ")[0] for name, group, _, _ in asked if group == "signal"}
    assert alone == {*NAMES, ALL_SIGNALS}


def test_the_static_hedge_comes_first_and_has_no_difference(found):
    assert found.rows[0].name == STATIC
    assert found.rows[0].same
    assert found.rows[0].difference is None


def test_trials_are_the_variants_that_ever_differ(found):
    assert found.trials == sum(not row.same for row in found.rows)
    assert 0 < found.trials < len(found.rows)
    assert found.beyond == sum(
        row.difference.cagr.excludes_zero for row in found.rows if row.difference
    )
    assert 0.0 <= found.spa <= 1.0
    # the bundled history has no VIX3M, so the slope is absent and moves nothing
    assert next(row for row in found.rows if row.name == "vix_slope on short").same


def test_differences_are_those_of_the_accounts(found):
    history = alvh.load_history("bundled")
    own = alvh.backtest(history, HEDGE, "monthly45", "2016-01-04")
    all_on = alvh.backtest(history, ADAPTIVE, "monthly45", "2016-01-04")
    years = m.years_between(own.dates)
    gap = m.cagr(all_on.nav, years) - m.cagr(own.nav, years)
    row = next(row for row in found.rows if row.name == EVERYTHING)
    assert row.cagr == pytest.approx(m.cagr(all_on.nav, years))
    assert row.difference.cagr.estimate == pytest.approx(gap, abs=1e-6)
    assert row.difference.cagr.low <= row.difference.cagr.high


def test_moves_are_the_changes_of_weights(found):
    history = alvh.load_history("bundled")
    for row in found.rows:
        if row.name == "rsi_gap on medium" and row.group == "signal, narrow band":
            break
    policy = next(p for n, g, p, _ in variants(HEDGE, load_programme("monthly45"), ADAPTIVE)
                  if (n, g) == (row.name, row.group))  # fmt: skip
    run = alvh.backtest(history, policy, "monthly45", "2016-01-04")
    changed = (np.diff(run.daily["weight"], axis=0) != 0).any(axis=1).sum()
    assert row.moves in (changed, changed + 1)  # a change on the first session has none before
    assert row.moves > 10


def test_plain_values_hold_everything(found):
    record = found.to_dict()
    assert len(record["rows"]) == len(found.rows)
    assert record["trials"] == found.trials
    assert record["rows"][0]["cagr_difference"] is None
