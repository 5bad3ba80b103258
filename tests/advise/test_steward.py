"""Steward and promoter: the two programmes against brute force, and the score between."""

import itertools

import numpy as np
import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise.steward import book_gains, steward
from alvh.errors import DataError
from alvh.market.surfaces import build_surfaces
from alvh.measures import cvar
from alvh.stewardship.allocation import least_tail, most_gain, weighted_cvar
from alvh.stewardship.levels import StewardLevels, steward_levels
from alvh.stewardship.menu import ITEMS, MenuMaker
from alvh.stewardship.scenarios import Past

LIMITS = (0.5, 0.05)
MONTHLY = alvh.load_programme("monthly45")
LAYERED = alvh.load_policy("alvh-40-40-20")


def test_weighted_cvar_is_that_of_equal_weights() -> None:
    gains = np.random.default_rng(2).standard_normal(37)
    assert weighted_cvar(gains, np.full(37, 1 / 37)) == pytest.approx(cvar(gains))


def test_weighted_cvar_by_hand() -> None:
    # worst 5 %: 2 % at −10 and 3 % of the next at −4
    gains, weights = np.array([1.0, -10.0, -4.0]), np.array([0.88, 0.02, 0.10])
    assert weighted_cvar(gains, weights) == pytest.approx((0.02 * -10 + 0.03 * -4) / 0.05)


def scenarios(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    market = rng.standard_normal(80)
    condor = 0.004 - 0.02 * np.maximum(np.abs(market) - 1.0, 0.0)
    gains = np.stack([condor, *(-0.03 + 0.3 * np.maximum(-market - k, 0) for k in (1, 1.5, 2))], 1)
    weights = rng.random(80)
    return gains, weights / weights.sum()


def allocations(step: float, limits: tuple[float, float]):
    hedges = np.arange(0.0, limits[1] + 1e-12, step / 10)
    for x in np.arange(0.0, limits[0] + 1e-12, step):
        for y in itertools.product(hedges, repeat=3):
            if sum(y) <= limits[1] + 1e-12 and x + sum(y) <= limits[0] + 1e-12:
                yield np.array([x, *y])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_promoter_is_the_best_of_all(seed) -> None:
    gains, weights = scenarios(seed)
    found = most_gain(gains, weights, LIMITS)
    best = max(weights @ gains @ x for x in allocations(0.1, LIMITS))
    assert weights @ gains @ found == pytest.approx(best, abs=1e-9)  # corners are on the grid


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_steward_has_the_least_tail_of_all(seed) -> None:
    gains, weights = scenarios(seed)
    hurdle = 0.5 * float(weights @ gains @ most_gain(gains, weights, LIMITS))
    found = least_tail(gains, weights, hurdle, LIMITS)
    assert weights @ gains @ found >= hurdle - 1e-12
    mine = weighted_cvar(gains @ found, weights)
    # every mix of a grid, scaled until it earns just the hurdle: a tail grows with the size
    others = []
    for x in allocations(0.05, LIMITS):
        earned = weights @ gains @ x
        scaled = x * (hurdle / earned) if earned > 0 else x
        if earned > 0 and scaled.sum() <= LIMITS[0] and scaled[1:].sum() <= LIMITS[1]:
            others.append(weighted_cvar(gains @ scaled, weights))
    assert mine >= max(others) - 1e-9  # nothing on the grid is better
    assert mine == pytest.approx(max(others), rel=0.03)  # and the grid comes close


def test_what_is_not_on_the_menu_is_not_bought() -> None:
    gains, weights = scenarios(1)
    gains[:, 0] = np.nan
    assert most_gain(gains, weights, LIMITS)[0] == 0.0


def test_an_impossible_hurdle_is_refused() -> None:
    gains, weights = scenarios(1)
    with pytest.raises(DataError, match="lower the hurdle"):
        least_tail(gains, weights, 1.0, LIMITS)


def test_score_is_one_with_the_steward_s_tail_and_zero_with_the_promoter_s() -> None:
    day = np.array(["2016-01-04"], "datetime64[D]")
    levels = StewardLevels(day, np.array([-0.02]), np.array([-0.10]))
    for book, score in ((-0.02, 1.0), (-0.10, 0.0), (-0.06, 0.5), (-0.14, -0.5)):
        assert levels.score(np.array([book]))[0] == pytest.approx(score)
    cash = StewardLevels(day, np.zeros(1), np.zeros(1))
    assert cash.score(np.array([-0.01]))[0] == -np.inf
    assert cash.score(np.zeros(1))[0] == 1.0
    assert np.isnan(StewardLevels(day, np.full(1, np.nan), np.zeros(1)).score(np.zeros(1)))[0]


def test_levels_hold_until_the_next() -> None:
    days = np.array(["2016-01-04", "2016-01-11"], "datetime64[D]")
    levels = StewardLevels(days, np.array([-0.01, -0.02]), np.array([-0.1, -0.2]))
    held = levels.held_until(np.array(["2016-01-01", "2016-01-08", "2016-01-11"], "datetime64[D]"))
    assert np.isnan(held.cvar_steward[0])
    assert held.cvar_steward[1:].tolist() == [-0.01, -0.02]
    assert held.cvar_promoter[1:].tolist() == [-0.1, -0.2]


def test_the_menu_is_what_the_engine_bought() -> None:
    # on an entry day the condor on the menu is the condor of the log, and its credit the fill's
    result = run("alvh-40-40-20", "2016-02-24")
    surfaces = build_surfaces(bundled())
    entry = result.condors.row(-1, named=True)
    row = int(np.searchsorted(surfaces.dates, np.datetime64(entry["date"])))
    menu = MenuMaker(surfaces, MONTHLY, LAYERED, 0.5, 0.65).menu(row)
    strikes = [entry[name] for name in ("long_put", "short_put", "short_call", "long_call")]
    assert menu.legs[0]["strike"].tolist() == strikes
    assert menu.capital[0] == pytest.approx(entry["margin"] / entry["quantity"])
    trades = result.trades.filter(result.trades["sleeve"] == "short")
    bought = trades.filter(trades["action"] == "open").row(-1, named=True)
    row = int(np.searchsorted(surfaces.dates, np.datetime64(bought["date"])))
    menu = MenuMaker(surfaces, MONTHLY, LAYERED, 0.5, 0.65).menu(row)
    assert menu.legs[1]["strike"][0] == bought["strike"]
    paid = 100 * bought["price"] + bought["fees"] / bought["quantity"]
    assert menu.capital[1] == pytest.approx(paid)


def test_friction_is_spread_over_the_time_held() -> None:
    surfaces = build_surfaces(bundled())
    row = int(np.searchsorted(surfaces.dates, np.datetime64("2016-02-24")))
    menu = MenuMaker(surfaces, MONTHLY, LAYERED, 0.5, 0.65).menu(row)
    dear = MenuMaker(surfaces, MONTHLY, LAYERED, 1.0, 0.65).menu(row)
    assert (dear.friction > menu.friction).all()
    few = Past(surfaces.days["spx"], surfaces.days["vix"]).scenarios(row)
    # twice the friction lowers every gain by friction · 7 / days held
    from dataclasses import replace

    loss = menu.gains(few) - replace(menu, friction=2 * menu.friction).gains(few)
    expected = menu.friction * np.minimum(7 / menu.held, 1) / menu.capital
    assert loss == pytest.approx(np.broadcast_to(expected, loss.shape), abs=1e-12)


def test_steward_of_an_evening_and_its_levels_agree() -> None:
    found = steward(bundled(), run(), MONTHLY, LAYERED)
    day = np.array(["2016-02-24"], "datetime64[D]")
    levels = steward_levels(bundled(), MONTHLY, LAYERED, day)
    assert levels.cvar_steward[0] == pytest.approx(found.steward.cvar, abs=1e-12)
    assert levels.cvar_promoter[0] == pytest.approx(found.promoter.cvar, abs=1e-12)
    assert levels.score(np.array([found.book_cvar]))[0] == pytest.approx(found.score)
    assert found.promoter.cvar <= found.steward.cvar <= 0.0
    assert found.steward.expected >= 0.5 * found.promoter.expected * (1 - 1e-6)
    assert set(found.steward.capital) == set(ITEMS)


def test_book_tail_is_of_its_own_legs() -> None:
    held = evening()
    past = Past(held.surfaces.days["spx"], held.surfaces.days["vix"]).scenarios(held.row)
    gains = held.gains(7, past.spx_returns, past.vix_logs).sum(axis=1)
    found = steward(bundled(), run(), MONTHLY, LAYERED)
    assert book_gains(held, past) == pytest.approx(gains)
    assert found.book_cvar == pytest.approx(weighted_cvar(gains / held.book.nav, past.weights))


def test_levels_do_not_depend_on_what_came_after() -> None:
    days = np.array(["2015-11-18", "2016-02-24"], "datetime64[D]")
    whole = steward_levels(bundled(), MONTHLY, LAYERED, days)
    cut = steward_levels(bundled().between(end="2016-02-24"), MONTHLY, LAYERED, days)
    assert np.array_equal(whole.cvar_steward, cut.cvar_steward)
    assert np.array_equal(whole.cvar_promoter, cut.cvar_promoter)


def test_levels_of_days_without_a_past_are_absent() -> None:
    levels = steward_levels(bundled(), MONTHLY, LAYERED, np.array(["2014-02-03"], "datetime64[D]"))
    assert np.isnan(levels.cvar_steward[0])


def test_a_day_that_is_no_session_is_refused() -> None:
    with pytest.raises(DataError, match="2016-02-27 is no session"):
        steward_levels(bundled(), MONTHLY, LAYERED, np.array(["2016-02-27"], "datetime64[D]"))


def test_a_programme_of_a_day_is_judged_over_a_day() -> None:
    daily = alvh.load_programme("daily1")
    found = steward(bundled(), run("alvh-40-40-20", "2016-02-24", "daily1"), daily, LAYERED)
    assert -0.2 < found.book_cvar <= 0.0


def test_levels_come_with_the_moves_they_rest_on() -> None:
    days = np.array(["2014-02-03", "2016-02-24"], "datetime64[D]")
    levels = steward_levels(bundled(), MONTHLY, LAYERED, days)
    assert levels.scenarios[0] is None
    book = book_gains(evening(), levels.scenarios[1]) / evening().book.nav
    tail = weighted_cvar(book, levels.scenarios[1].weights)
    found = steward(bundled(), run(), MONTHLY, LAYERED)
    assert tail == found.book_cvar
    assert (tail >= levels.limit[1]) == (found.score >= 0.5)
    held = levels.held_until(np.array(["2014-01-06", "2016-02-25"], "datetime64[D]"))
    assert held.scenarios == (None, levels.scenarios[1])
