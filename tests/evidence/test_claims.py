"""Claims: the rules, planted effects and nulls, and the trials against hand cases."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

import alvh
from alvh.errors import DataError
from alvh.evidence.claims import VERDICTS, Card, Condition, claims, load_claims
from alvh.evidence.claims.cards import SUPPORTED, TRIALS, try_claim, verdict
from alvh.evidence.claims.desk import Desk, Finding, NotTestable, Reading
from alvh.evidence.claims.market_trials import _shift_counts, mean_excess, near_events
from alvh.evidence.claims.trials import drawdown, growth, less
from alvh.evidence.workbench import Workbench
from alvh.kernel import codes
from alvh.measures import max_drawdown
from alvh.report.cards import amount, markdown, verdict_words

NO_DRAWS = np.empty(0)


@pytest.fixture(scope="module")
def history():
    return alvh.load_history("bundled")


@pytest.fixture(scope="module")
def desk(history):
    bench = Workbench(alvh.backtest, history, alvh.load_programme("monthly45"), fill=0.5)
    return Desk(bench, history, resamples=40, seed=1, level=0.95)


def test_every_claim_names_a_trial_and_a_rule_that_can_be_met_and_missed():
    found = load_claims()
    assert len(found) == len({claim.key for claim in found}) >= 18
    for claim in found:
        assert claim.trial in TRIALS
        for rule in claim.accept:
            assert rule.holds(np.inf) != rule.holds(-np.inf)
            assert not rule.holds(np.nan)


def test_a_condition_has_one_side():
    with pytest.raises(ValueError, match="either 'above' or 'below'"):
        Condition(reading="x", bound="low", above=0.0, below=1.0)
    rule = Condition(reading="growth", bound="high", below=0.1)
    assert rule.words() == "upper end of growth below 0.1"
    assert rule.holds(0.09)
    assert not rule.holds(0.1)
    assert rule.refuted(0.11, 0.2)
    assert not rule.refuted(0.05, 0.2)


@pytest.mark.parametrize(
    ("low", "estimate", "said"),
    [(0.01, 0.02, "supported"), (-0.01, 0.02, "not supported"), (np.nan, 0.02, "not supported")],
)
def test_the_rule_alone_decides(low, estimate, said):
    claim = next(one for one in load_claims() if one.key == "adaptive-over-static")
    reading = Reading("growth", "share a year", estimate, low, 0.05, NO_DRAWS)
    assert verdict(claim, [reading]) == said


def test_evidence_on_the_wrong_side_is_said():
    claim = next(one for one in load_claims() if one.key == "adaptive-over-static")
    worse = Reading("growth", "share a year", -0.02, -0.03, -0.01, NO_DRAWS)
    card = Card(claim, "not supported", Finding((worse,), "here"))
    assert card.refuted
    assert verdict_words(card) == "not supported; ruled out by the interval"


def test_files_of_claims_are_refused_with_the_remedy(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("- {key: a}\n")
    with pytest.raises(DataError, match="wanted a YAML list of claims"):
        load_claims(path)
    with pytest.raises(DataError, match="no claim 'x'; there are better-than-one-call"):
        load_claims(only=["x"])
    with pytest.raises(DataError, match="wanted a YAML list of claims"):
        load_claims(tmp_path / "absent.yaml")


def test_an_unknown_trial_is_refused(desk):
    claim = load_claims()[0].model_copy(update={"trial": "np"})
    with pytest.raises(DataError, match="asks for the trial 'np'"):
        try_claim(desk, claim)


def test_figures_agree_with_the_measures():
    nav = 1e6 * np.exp(np.cumsum(np.random.default_rng(0).normal(0.0, 0.01, 600)))
    logs = np.diff(np.log(nav))
    assert drawdown(logs) == pytest.approx(max_drawdown(nav).depth, abs=1e-12)
    assert growth(np.full(252, np.log(1.1) / 252)) == pytest.approx(0.1)


def test_a_planted_effect_is_found_and_a_null_is_not(desk):
    """4 % a year at 0.2 % a day over 14 years is t = 4.7; of nulls 2.5 % may be taken for more.

    Of 40 nulls at 2.5 %, at most 4 are found with chance 0.997 (binomial).
    """
    rng = np.random.default_rng(7)
    shared = rng.normal(0.0, 0.01, 3500)
    better = shared + rng.normal(0.04 / 252, 0.002, 3500)
    assert less(desk, "growth", "share a year", growth, better, shared).low > 0.0
    finds = 0
    for _ in range(40):
        base = rng.normal(0.0, 0.01, 1000)
        same = base + rng.normal(0.0, 0.002, 1000)
        finds += less(desk, "growth", "share a year", growth, same, base).low > 0.0
    assert finds <= 4


def test_an_interval_has_the_width_of_the_error(desk):
    """Of a mean of independent draws: 2 · 1.96 · sd / √n, within a quarter."""
    values = np.random.default_rng(3).normal(0.0, 1.0, 4000)
    wide = Desk(desk.bench, desk.history, resamples=400, seed=2, level=0.95)
    found = wide.reading("mean", "share", lambda x: float(x.mean()), values)
    width = 2 * norm.ppf(0.975) / np.sqrt(4000)
    assert found.high - found.low == pytest.approx(width, rel=0.25)
    assert found.p_value(found.estimate, above=True) == pytest.approx(0.5, abs=0.1)


def test_too_few_sessions_decide_nothing(desk):
    with pytest.raises(NotTestable, match="100 sessions; an interval needs 250"):
        desk.reading("mean", "share", lambda x: float(x.mean()), np.zeros(100))


def test_means_of_states_leave_the_unknown_out():
    values = np.array([1.0, 3.0, 10.0, 100.0])
    assert mean_excess(values, np.array([1.0, 1.0, 0.0, np.nan])) == pytest.approx(-8.0)
    assert np.isnan(mean_excess(values, np.ones(4)))


def test_events_flag_their_session_and_the_one_before(history):
    dates = history.dates[(history.dates >= np.datetime64("2018-06-01"))][:60]
    flag = near_events(history, dates, ["fomc"])
    days = dates[flag == 1.0].astype(str).tolist()
    # decisions of 2018-06-13 and 2018-08-01, Federal Reserve's calendar
    assert days == ["2018-06-12", "2018-06-13", "2018-07-31", "2018-08-01"]


def test_losers_made_good_are_counted_once():
    """Three losers: one shifted and made good, one shifted and lost, one that nothing covered."""
    rows = np.zeros(5, dtype=[("reason", np.int64), ("reading", np.float64)])
    rows["reason"] = [
        codes.R_SHIFT_ENDED, codes.R_SHIFT_INFEASIBLE, codes.R_SHIFT_ENDED,
        codes.R_SHIFT_INFEASIBLE, codes.R_SCHEDULED_ENTRY,
    ]  # fmt: skip
    rows["reading"] = [0.4, 1.0, -2.0, 1.0, 0.0]
    run = SimpleNamespace(logs=SimpleNamespace(decisions=rows), counts={"decisions": 5})
    assert _shift_counts(run) == (1, 3)


def test_cards_of_the_bundled_history(history):
    keys = [
        "less-decay",
        "reversals-when-distorted",
        "range-contains",
        "drawdown-cut",
        "macro-uncertainty",
        "contango-modest",
        "losers-recovered",
        "cost-into-alpha",
    ]
    found = claims(history, only=keys, resamples=40)
    by_key = {card.claim.key: card for card in found.cards}
    assert [card.claim.key for card in found.cards] == [
        claim.key for claim in load_claims() if claim.key in keys
    ]
    assert all(card.verdict in VERDICTS for card in found.cards)
    assert "agree by construction" in by_key["reversals-when-distorted"].why
    assert "no policy_uncertainty" in by_key["macro-uncertainty"].why
    assert "nothing to measure excess" in by_key["contango-modest"].why
    run = alvh.backtest(history, "alvh-40-40-20", "monthly45")
    twin = alvh.backtest(history, "none", "monthly45")
    cut = by_key["drawdown-cut"].finding.readings[0]
    wanted = 1.0 - max_drawdown(run.nav).depth / max_drawdown(twin.nav).depth
    assert cut.estimate == pytest.approx(wanted, abs=1e-9)
    assert by_key["drawdown-cut"].finding.model_priced_share == run.model_priced_share
    assert sum(found.counts().values()) == len(keys)
    json.dumps(found.to_dict(), allow_nan=False)
    page = "\n".join(markdown(found))
    assert page.count("### ") == len(keys)
    assert "nan" not in page


def test_the_same_seed_gives_the_same_cards(history):
    first, second = (claims(history, only=["drawdown-cut"], resamples=30) for _ in range(2))
    assert first.to_dict() == second.to_dict()
    assert (
        first.meta["claims_hash"]
        != claims(history, only=["range-contains"], resamples=1).meta["claims_hash"]
    )
    assert SUPPORTED in first.counts()


def test_amounts_have_the_places_they_need():
    assert amount(-0.0000213, "share") == "-0.002 %"
    assert amount(0.0127, "share a year") == "1.27 %"
    assert amount(-3.66, "share") == "-366 %"
    assert amount(22.84, "points") == "22.8 points"
    assert amount(float("nan"), "share") == "–"
