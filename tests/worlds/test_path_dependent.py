"""Worlds of the path-dependent model: the day's parts are the market's own, the facts history's."""

import json

import numpy as np
import pytest

import alvh
from alvh.errors import DataError
from alvh.kernel.spx_smile import NODE_DAYS, SHAPE, spx_shape, strip_ratio
from alvh.kernel.vix_smile import vix_strip
from alvh.market.baskets import basket_levels
from alvh.market.curve import VixCurve, curve_features, modelled_curve
from alvh.market.history import History
from alvh.market.spx_surface import smile_shape, term_features
from alvh.market.vix_surface import vvix_features
from alvh.signals import path_dependent as pdv
from alvh.worlds.counter import GOLDEN, mixed, uniform, world_key
from alvh.worlds.ensemble import blocks
from alvh.worlds.facts import sampling_errors, stylised_facts
from alvh.worlds.memory import DECAYS, KERNELS, MEMORY, exponential_weights, kernels_of, remember
from alvh.worlds.path_days import shape_at
from alvh.worlds.path_dependent import path_dependent_model
from alvh.worlds.path_fit import drawn_with
from alvh.worlds.path_step import long_run

N_DAYS = 300


@pytest.fixture(scope="module")
def history():
    """Ten years: the five that are bundled are too few, a world drawn from them is long enough."""
    drawn = alvh.bootstrap_model(alvh.load_history("bundled"))
    worlds = alvh.simulate(drawn, 1, 2600, 9)
    day = worlds.shard(0, 1)[0]
    noise = np.random.default_rng(1).standard_normal((2, len(day)))
    columns = {
        "spx": day["spx"], "spx_open": day["spx"] * np.exp(0.003 * noise[0]),
        "vix": day["vix"], "vix_open": day["vix"] * np.exp(0.02 * noise[1]),
        "bill_rate": np.full(len(day), 0.01),
    }  # fmt: skip
    return History(worlds.dates, columns)


@pytest.fixture(scope="module")
def model(history):
    return path_dependent_model(history)


@pytest.fixture(scope="module")
def worlds(model):
    return alvh.simulate(model, 6, N_DAYS, 3)


@pytest.fixture(scope="module")
def days(worlds):
    return worlds.shard(0, 6)


# Numbers by counter


def test_numbers_are_those_of_splitmix():
    """First outputs of SplitMix64 from the state 1234567, as published with its C code's tests."""
    with np.errstate(over="ignore"):
        states = np.uint64(1234567) + np.arange(1, 4, dtype=np.uint64) * GOLDEN
    found = [int(mixed(state)) for state in states]
    assert found == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_numbers_are_even_and_unlike_their_neighbours():
    drawn = np.array(
        [[uniform(np.uint64(world_key(5, w)), t) for t in range(200)] for w in range(100)]
    )
    assert (drawn >= 0.0).all()
    assert (drawn < 1.0).all()
    counts = np.histogram(drawn, 20, (0.0, 1.0))[0]
    assert ((counts - 1000.0) ** 2 / 1000.0).sum() < 43.8  # chi-square of 19, one in a thousand
    # correlations of 20,000 pairs: four standard errors
    assert abs(np.corrcoef(drawn[1:].ravel(), drawn[:-1].ravel())[0, 1]) < 4 / np.sqrt(19800)
    assert abs(np.corrcoef(drawn[:, 1:].ravel(), drawn[:, :-1].ravel())[0, 1]) < 4 / np.sqrt(19900)


# Memory


def test_exponentials_follow_the_power_law():
    for alpha, delta in ((1.06, 0.020), (1.60, 0.052)):
        sums = (DECAYS[None, :] ** np.arange(1000)[:, None]) @ exponential_weights(alpha, delta)
        off = np.abs(sums / pdv.kernel(alpha, delta) - 1.0)
        assert off[:250].max() < 0.01
        assert off.max() < 0.06
        assert sums.sum() / 252.0 == pytest.approx(1.0)


def test_memory_is_what_the_market_s_own_functions_see(history):
    """The slow twins: the signal's kernels over 1000 returns, and every average of ln VIX."""
    vix, simple = history["vix"], pdv.daily_returns(history["spx"])
    parameters = pdv.yearly_fits()[2019]
    kernels, found = np.zeros(1, KERNELS), np.zeros(len(vix), MEMORY)
    kernels[0] = kernels_of(parameters)
    remember(simple, vix, kernels[0], found)
    explained = pdv.explained(simple, parameters)
    late = np.isfinite(explained) & (np.arange(len(vix)) > 1200)
    off = np.log(found["explained"][late] / explained[late])
    assert off.std() < 0.02  # what is longer ago than a thousand sessions is all the difference
    assert np.abs(off).max() < 0.06
    start = int(np.flatnonzero(np.isfinite(vix))[0])
    seen = vix[start:]
    known, log = np.isfinite(seen), np.log(seen)
    averages = found["averages"][start:]
    curve = curve_features(seen, np.full(len(seen), np.nan))[0][:, 2:] + 3.0
    np.testing.assert_allclose(averages[known, :3], curve[known], rtol=1e-12)
    np.testing.assert_allclose(
        log[known] - averages[known, 4], term_features(seen)[3, known], atol=1e-12
    )
    vvix = vvix_features(seen)
    np.testing.assert_allclose(log[known] - averages[known, 5], vvix[known, 2], atol=1e-12)
    spread = 0.5 * np.log(found["squares"][start:][known])
    np.testing.assert_allclose(spread[300:], vvix[known, 4][300:], atol=1e-3)


# A day


def test_curve_and_baskets_are_those_of_the_market(model, days):
    """A history without futures: nothing is left over of the curve, and it is the model's."""
    world = days[0]
    dates = world["date"].astype("datetime64[D]")
    curve = VixCurve(world["curve_expiry"], world["curve_forward"], world["curve_quoted"])
    short, mid = basket_levels(world["date"].astype(np.int32), curve, world["rate"])
    np.testing.assert_allclose(world["etp_short"], short, rtol=1e-9)
    np.testing.assert_allclose(world["etp_mid"], mid, rtol=1e-9)
    assert (model.fit.donors["innovation"][:, 1:3] == 0.0).all()
    tau = world["curve_expiry"] - world["date"][:, None] - 0.27
    alone = modelled_curve(world["vix"], np.full(len(dates), np.nan), tau)
    # the world remembers years before its first day, the plain curve does not
    assert np.log(world["curve_forward"] / alone)[-1].std() < 0.15


def test_strips_of_the_smiles_are_the_indices(days):
    """S&P 500: 30 days are VIX², 9 days VIX9D² where the order of time allows; VIX: VVIX²."""
    for day in days[1, ::17]:
        smile = day["spx_smile"]
        for node, index in ((1, day["vix"]), (0, day["vix9d"])):
            shape = spx_shape(smile, NODE_DAYS[node])
            strip = smile[node] * strip_ratio(np.sqrt(smile[node]), *shape)
            at_most = smile[1] / 1.5 * strip_ratio(np.sqrt(smile[node]), *shape)
            wanted = (0.01 * index) ** 2 * NODE_DAYS[node] / 365.0
            assert strip == pytest.approx(min(wanted, at_most) if node == 0 else wanted, rel=5e-3)
        assert np.isfinite(smile[SHAPE:]).all()
        level, _, share, slope, rho, sigma, forward, quoted = day["vix_smile"]
        assert quoted == 0.0
        root = sigma * np.sqrt(30.0 / 365.0)
        vvix = 100.0 * np.sqrt(vix_strip(root, slope * 1.0, rho) * 365.0 / 30.0)
        assert 45.0 < vvix < 300.0
        assert min(level, share, forward) > 0.0


def test_shapes_are_those_of_the_market():
    """VIX 30 and SKEW 120: the market's own shape at any excess of VVIX within its range."""
    for excess in (-0.05, 0.2, 0.63):
        shape = shape_at(np.log(30.0), np.array([120.0, 0.0]), excess)
        market = smile_shape(np.array([30.0]), np.array([120.0]), np.array([excess]))
        np.testing.assert_allclose(shape, market.ravel(), rtol=1e-12)


def test_days_are_ones_the_engine_may_read(days):
    for name in days.dtype.names:
        if name != "vix_settlement":
            assert np.isfinite(days[name]).all(), name
    assert (days["tradable"] == 1).all()
    assert (days["vix"] >= 8.0).all()
    settled = np.isfinite(days["vix_settlement"][0])
    assert 12 <= settled.sum() <= 80  # weeklies from 2015 on
    moves = np.log(days["vix_settlement"][:, 1:] / days["vix"][:, :-1])
    assert np.nanstd(moves) < 0.1


# Worlds


def test_a_world_depends_on_its_number_and_the_seed_alone(worlds, days):
    import numba

    parts = np.concatenate([worlds.shard(0, 2), worlds.shard(2, 1), worlds.shard(3, 3)])
    assert parts.tobytes() == days.tobytes()
    assert worlds[4].shard(0, 1).tobytes() == days[4:5].tobytes()
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert worlds.shard(0, 6).tobytes() == days.tobytes()
    finally:
        numba.set_num_threads(before)
    other = alvh.simulate(worlds.model, 6, N_DAYS, 4).shard(0, 6)
    assert other["spx"].tobytes() != days["spx"].tobytes()


def test_vix_returns_to_where_the_history_had_it(history, model):
    """Ten years each of a third of the paths that were matched."""
    starts = model.fit.memories[np.arange(0, len(model.fit.memories), 8)].copy()
    found = long_run(starts[:100], model.fit.moves, model.fit.donors)
    spread = found.std() / 10.0
    assert found.mean() == pytest.approx(np.nanmean(np.log(history["vix"])), abs=4 * spread)


def test_the_facts_are_those_of_the_years_fitted(shared_data):
    """Each within two standard errors of history's own; ``docs/calibration/worlds.md`` shows them.

    The mean over worlds as long as history: eighty know it to a tenth of the spread of one.
    """
    from alvh.market.surfaces import build_surfaces

    history = alvh.load_history(str(shared_data))
    fitted = path_dependent_model(history)
    assert str(fitted.fitted_to) == "2018-12-31"
    own = build_surfaces(history).days[fitted.fit.rows[0] : fitted.fit.rows[-1] + 1]
    worlds = alvh.simulate(fitted, 80, len(own), 2)
    found = [stylised_facts(worlds.shard(n, 1)[0]) for n in range(80)]
    mine, errors = stylised_facts(own), sampling_errors(own)
    for name, error in errors.items():
        drawn = np.array([one[name] for one in found])
        slack = 2.0 * drawn.std() / np.sqrt(len(drawn))
        assert abs(drawn.mean() - mine[name]) <= 2.0 * error + slack, name
        assert np.quantile(drawn, 0.025) <= mine[name] <= np.quantile(drawn, 0.975), name


def test_sampling_errors_are_those_of_independent_days(model):
    """White noise of known deviation: the mean of n days has σ/√n, its deviation σ/√(2n)."""
    days = np.zeros(2520, alvh.simulate(model, 1, 2, 0).shard(0, 1).dtype)
    rng = np.random.default_rng(3)
    days["spx"] = 1000.0 * np.exp(np.cumsum(0.01 * rng.standard_normal(len(days))))
    days["vix"] = 15.0 * np.exp(0.05 * rng.standard_normal(len(days)))
    days["curve_forward"], days["curve_expiry"] = 15.0, 60
    errors = sampling_errors(days)
    assert errors["return_mean_year"] == pytest.approx(252 * 0.01 / np.sqrt(2520), rel=0.3)
    assert errors["return_sd_year"] == pytest.approx(0.01 * np.sqrt(252 / 2 / 2520), rel=0.3)


def test_the_index_moves_more_after_falls_than_vix_says(shared_data):
    """Log likelihoods of 1994–2006 and 2007–2018, from the law's own function and without it."""
    from alvh.worlds.path_dependent import gather
    from alvh.worlds.path_fit import PULL, fit_paths, log_sigma

    data, _ = gather(alvh.load_history(str(shared_data)), None, "2018-12-31")
    move = fit_paths(data).moves[0]
    assert move["sigma"][2] < -1.0
    rows, returns = data.rows, data.returns()[data.rows]
    before = data.memories[rows - 1]
    level, pull = np.log(before["vix"] / 17.0), before["trend"][:, PULL] / (0.01 * before["vix"])
    logs = log_sigma(move, level, pull)
    plain = np.polynomial.polynomial.polyfit(level, logs, 1)
    without = plain[0] + plain[1] * level
    without += 0.5 * np.log(np.mean(returns**2 * np.exp(-2.0 * without)))
    gain = -(logs + 0.5 * returns**2 * np.exp(-2.0 * logs)).sum()
    gain += (without + 0.5 * returns**2 * np.exp(-2.0 * without)).sum()
    assert gain > 30.0  # the page says 56 over the best law without it


def test_a_crisis_has_the_shocks_of_crises():
    """As many days below as above: the window of the highest VIX holds its neighbours alone."""
    assert drawn_with(1500, 3000) == (1250, 500)
    assert drawn_with(100, 3000) == (0, 200)
    assert drawn_with(2990, 3000) == (2950, 50)
    assert drawn_with(3000, 3000) == (2950, 50)
    assert drawn_with(5, 30) == (0, 30)
    for place in range(0, 601, 7):
        first, near = drawn_with(place, 600)
        assert 0 <= first <= first + near <= 600
        assert near >= 50


def test_an_ensemble_doubts_its_parameters(history):
    made = alvh.path_ensemble(history, 3, seed=1)
    alone = path_dependent_model(history)
    sigmas = {one.fit.moves["sigma"].tobytes() for one in (*made.models, alone)}
    assert len(sigmas) == 4
    worlds = alvh.simulate(made, 60, 40, 7)
    whole = worlds.shard(0, 60)
    parts = np.concatenate([worlds.shard(0, 10), worlds.shard(10, 33), worlds.shard(43, 17)])
    assert parts.tobytes() == whole.tobytes()
    second = alvh.simulate(made.models[1], 60, 40, 7).shard(16, 16)
    assert whole[16:32].tobytes() == second.tobytes()
    again = alvh.path_ensemble(history, 3, seed=1)
    assert alvh.simulate(again, 60, 40, 7).shard(0, 60).tobytes() == whole.tobytes()
    assert made.name.startswith(alone.name)
    assert made.digest == alone.digest
    with pytest.raises(DataError, match="at least one"):
        alvh.path_ensemble(history, 0)


def test_years_are_drawn_again_in_blocks():
    """Blocks of 20 on average of 2000 places: 100 seams, and every place as likely as another."""
    drawn = [blocks(2000, np.random.default_rng(n), 20) for n in range(50)]
    seams = np.mean([((np.diff(one) % 2000) != 1).sum() for one in drawn])
    assert seams == pytest.approx(1999 / 20, rel=0.1)
    counts = np.bincount(np.concatenate(drawn), minlength=2000)
    assert counts[:1000].sum() == pytest.approx(counts[1000:].sum(), rel=0.1)
    assert (counts > 0).mean() > 0.99


def test_later_days_change_nothing_of_the_model(history):
    """Fitted to an evening, the model is the same whatever followed it."""
    early = path_dependent_model(history, end="2017-12-29")
    cut = path_dependent_model(history.between(end="2017-12-29"), end="2017-12-29")
    assert early.fit.moves.tobytes() == cut.fit.moves.tobytes()
    assert early.fit.donors.tobytes() == cut.fit.donors.tobytes()
    assert early.parameters == pdv.yearly_fits()[2018]


def test_the_engine_runs_in_them(worlds):
    found = alvh.backtest(worlds, "alvh-40-40-20", "monthly45")
    assert np.isfinite(found.table.to_numpy()).all()
    one = alvh.backtest(worlds[2], "alvh-40-40-20", "monthly45")
    assert one.summary()["final_nav"] / 1e6 == pytest.approx(
        (1 + found.table["hedged_growth"][2]) ** ((N_DAYS - 1) / 252), rel=1e-12
    )


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(DataError, match="504 are needed"):
        path_dependent_model(alvh.load_history("bundled"))


def test_the_command_makes_them(shared_data):
    from typer.testing import CliRunner

    from alvh.cli import app

    words = ["worlds", "--model", "path-dependent", "--paths", "4", "--days", "60"]
    words += ["--data", str(shared_data)]
    answer = CliRunner().invoke(app, [*words, "--json"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["meta"]["model"].startswith("path-dependent volatility")
    refused = CliRunner().invoke(app, [*words, "--block", "21"])
    assert refused.exit_code == 1
    assert "the path-dependent model has no blocks" in " ".join(refused.stderr.split())
    doubted = CliRunner().invoke(app, [*words, "--fits", "2"])
    assert doubted.exit_code == 0, doubted.output
    assert "share the parameters of one of 2 fits" in " ".join(doubted.stdout.split())
    bootstrap = CliRunner().invoke(app, ["worlds", "--fits", "2"])
    assert bootstrap.exit_code == 1
    assert "--fits belongs to the path-dependent model" in " ".join(bootstrap.stderr.split())
