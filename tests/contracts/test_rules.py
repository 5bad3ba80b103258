"""Ticks, strikes, fees and margins against published figures, real chains and brute force."""

import csv
from collections import defaultdict
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh.contracts import rules
from alvh.contracts.facts import SPX, SPXW, VIX, VX, XSP, day_number
from alvh.contracts.osi import parse_osi

TODAY = day_number(date(2024, 12, 2))
TICKS = st.sampled_from([0.01, 0.05, 0.10, 0.0625, 0.125])
PRICES = st.floats(-200.0, 500.0)
FORWARDS = st.floats(800.0, 9000.0)
MONEYNESS = st.floats(0.5, 1.5)
TAUS = st.floats(0.3, 1500.0)


# Ticks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "price", "day", "net", "tick"),
    [
        # Cboe SPX specification: 0.05 below 3.00, 0.10 from it, package net 0.05.
        (SPX, 2.95, date(2024, 1, 2), False, 0.05),
        (SPX, 3.00, date(2024, 1, 2), False, 0.10),
        (SPXW, 0.50, date(2010, 1, 4), False, 0.05),
        (SPXW, 25.0, date(2024, 1, 2), True, 0.05),
        # Cboe notice of November 2022: VIX 0.05 / 0.10 became 0.01 / 0.05, package net 0.01.
        (VIX, 1.0, date(2022, 11, 25), False, 0.05),
        (VIX, 4.0, date(2022, 11, 25), False, 0.10),
        (VIX, 1.0, date(2022, 11, 28), False, 0.01),
        (VIX, 3.0, date(2022, 11, 28), False, 0.05),
        (VIX, 3.0, date(2022, 11, 28), True, 0.01),
        # Traded prices of CFE's contract files: cents until January 2009.
        (VX, 40.0, date(2009, 1, 30), False, 0.01),
        (VX, 40.0, date(2009, 2, 2), False, 0.05),
        (XSP, 5.0, date(2024, 1, 2), False, 0.01),
    ],
)
def test_tick_size(code, price, day, net, tick):
    assert rules.tick_size(code, price, day_number(day), net) == tick


def test_vx_prices_of_the_contract_files_are_on_the_tick(shared_data):
    # Outright trades are on the tick; a leg of a spread may trade on 0.01, so not all closes are.
    on_tick = defaultdict(list)
    for path in (shared_data / "cfe" / "contracts_legacy").glob("CFE_*09_VX.csv"):
        for row in csv.reader(path.open(encoding="latin-1")):
            if len(row) > 8 and row[0][:1].isdigit() and float(row[8]) > 0:
                day = datetime.strptime(row[0], "%m/%d/%Y").date()
                if date(2009, 1, 2) <= day < date(2009, 3, 1):
                    tick = rules.tick_size(VX, 40.0, day_number(day), False)
                    steps = float(row[2]) / tick
                    on_tick[tick].append(abs(steps - round(steps)) < 1e-6)
    assert np.mean(on_tick[0.01]) == 1.0
    assert np.mean(on_tick[0.05]) > 0.9


@settings(deadline=None)  # the first call compiles
@given(PRICES, TICKS)
def test_rounding_never_favours_the_trader(price, tick):
    slack = 1e-6 * tick
    bought, sold = rules.round_to_tick(price, tick, 1), rules.round_to_tick(price, tick, -1)
    assert price - slack <= bought < price + tick
    assert price + slack >= sold > price - tick
    nearest = rules.round_to_tick(price, tick, 0)
    assert nearest in (bought, sold)
    assert abs(nearest - price) <= 0.5 * tick + slack


@settings(deadline=None)  # the first call compiles
@given(st.integers(-4000, 10_000), TICKS, st.sampled_from([-1, 0, 1]))
def test_a_price_on_the_grid_stays(steps, tick, direction):
    price = steps * tick  # carries the error of the multiplication
    rounded = rules.round_to_tick(price, tick, direction)
    assert rounded == pytest.approx(price, abs=1e-9)
    assert rules.round_to_tick(rounded, tick, direction) == rounded


def test_rounded_prices_are_decimal():
    assert rules.round_to_tick(0.1500001, 0.05, -1) == 0.15
    assert rules.round_to_tick(1.13, 0.05, 1) == 1.15
    assert rules.round_to_tick(-1.13, 0.05, 1) == -1.10  # a credit shrinks
    assert rules.round_to_tick(2.675, 0.01, 1) == 2.68


# Strikes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strike", "day", "step"),
    [
        # Chain of February 2012 (macroption): 15 to 30 by 1, to 50 by 2.5, above by 5.
        (15.0, date(2012, 2, 1), 1.0),
        (30.0, date(2012, 2, 1), 2.5),
        (50.0, date(2012, 2, 1), 5.0),
        (14.5, date(2015, 1, 5), 0.5),
        # Cboe VIX specification: 0.50 below 15, 1 below 200, 5 above.
        (14.5, date(2024, 1, 2), 0.5),
        (15.0, date(2024, 1, 2), 1.0),
        (199.0, date(2024, 1, 2), 1.0),
        (200.0, date(2024, 1, 2), 5.0),
    ],
)
def test_vix_step(strike, day, step):
    assert rules.strike_step(VIX, strike, 20.0, 30.0, day_number(day)) == step


def listed(code, strike, forward, tau):
    return strike % rules.strike_step(code, strike, forward, tau, TODAY) == 0.0


@settings(deadline=None)  # the first call compiles
@given(st.sampled_from([SPX, SPXW, XSP]), FORWARDS, MONEYNESS, TAUS)
def test_strikes_around_a_target(code, forward, moneyness, tau):
    forward = forward / 10.0 if code == XSP else forward
    target = forward * moneyness
    below = rules.strike_below(code, target, forward, tau, TODAY)
    above = rules.strike_above(code, target, forward, tau, TODAY)
    nearest = rules.nearest_strike(code, target, forward, tau, TODAY)
    finest = 1.0 if code == XSP else 5.0
    assert below <= target + 1e-6 <= above + 2e-6
    for strike in (below, above, nearest):
        assert listed(code, strike, forward, tau)
    between = np.arange(below + finest, above, finest)
    assert not any(listed(code, strike, forward, tau) for strike in between)
    assert abs(nearest - target) == pytest.approx(min(target - below, above - target), abs=1e-6)


@settings(deadline=None)  # the first call compiles
@given(st.floats(0.1, 300.0))
def test_vix_strikes_around_a_target(target):
    below = rules.strike_below(VIX, target, 20.0, 30.0, TODAY)
    above = rules.strike_above(VIX, target, 20.0, 30.0, TODAY)
    assert 0.5 <= below <= max(target, 0.5) + 1e-6
    assert above >= target - 1e-6
    assert 0.0 <= above - below <= 5.0


def test_strikes_golden():
    # By hand on the 5, 10 and 25 point zones of a 30-day weekly around 4000.
    assert rules.nearest_strike(SPXW, 4012.0, 4000.0, 30.0, TODAY) == 4010.0
    assert rules.nearest_strike(SPXW, 4012.6, 4000.0, 30.0, TODAY) == 4015.0
    assert rules.nearest_strike(SPXW, 3644.0, 4000.0, 30.0, TODAY) == 3640.0
    assert rules.strike_above(SPXW, 3476.0, 4000.0, 30.0, TODAY) == 3500.0
    assert rules.nearest_strike(VIX, 14.8, 14.0, 30.0, TODAY) == 15.0
    assert rules.strike_below(VIX, 14.9, 14.0, 30.0, TODAY) == 14.5
    assert rules.strike_below(SPX, 3.0, 4000.0, 30.0, TODAY) == 100.0  # the lowest there is


def chain_strikes(path):
    strikes, spot = defaultdict(set), 0.0
    with path.open() as lines:
        for row in csv.DictReader(lines):
            option = parse_osi(row["optionroot"])
            strikes[option.code, option.expiry].add(option.strike)
            spot = float(row["underlying_last"])
    return spot, strikes


def judge(path, as_of, spot, strikes, longest):
    """Count (our strikes listed, our strikes, listed near strikes of ours, listed near)."""
    tally = np.zeros(4)
    for (code, expiry), chain in strikes.items():
        tau = float((expiry - as_of).days)
        if not 1.0 <= tau <= longest:
            continue
        grid = np.arange(5.0 * round(0.85 * spot / 5), 1.06 * spot, 5.0)
        for strike in grid:
            step = rules.strike_step(code, strike, spot, tau, day_number(as_of))
            ours, theirs = strike % step == 0.0, strike in chain
            near = theirs and 0.93 <= strike / spot <= 1.03
            tally += (ours and theirs, ours, near and ours, near)
    return tally


@pytest.mark.parametrize("day", ["20190425", "20190603", "20190719"])
def test_lattice_of_2019_is_listed(shared_data, day):
    as_of = datetime.strptime(day, "%Y%m%d").date()
    path = shared_data / "chains" / "spx_eod_2019" / f"SPX_{day}.csv"
    spot, strikes = chain_strikes(path)
    tally = judge(path, as_of, spot, strikes, longest=60.0)
    assert tally[0] / tally[1] >= 0.98  # what we would trade was there
    assert tally[2] == tally[3] > 1000  # and near the money we miss nothing that was


def test_lattice_of_the_white_paper_is_listed(shared_data):
    # The two strips of Cboe's VIX white paper: AM-settled at 25 days, weekly at 32 days.
    for name, code, tau in (("near", SPX, 25.0), ("next", SPXW, 32.0)):
        path = shared_data / "vix_whitepaper" / f"vix_wp2019_{name}.csv"
        with path.open() as lines:
            chain = {float(row["Strike"]) for row in csv.DictReader(lines)}
        for strike in np.arange(1670.0, 2080.0, 5.0):
            step = rules.strike_step(code, strike, 1962.0, tau, day_number(date(2014, 9, 2)))
            assert strike % step or strike in chain, (name, strike)


# Fees -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "price", "complex_order", "fee"),
    [
        # Cboe fee schedule in force on 2024-11-01; CFE fee page.
        (SPX, 0.95, False, 0.36),
        (SPX, 1.00, False, 0.45),
        (SPXW, 12.0, True, 0.45),
        (VIX, 0.05, False, 0.10),
        (VIX, 0.10, False, 0.10),
        (VIX, 0.11, False, 0.25),
        (VIX, 0.99, False, 0.25),
        (VIX, 1.00, False, 0.40),
        (VIX, 1.99, False, 0.40),
        (VIX, 2.00, False, 0.45),
        (VIX, 0.10, True, 0.05),
        (VIX, 0.50, True, 0.17),
        (VIX, 1.50, True, 0.30),
        (VIX, 5.00, True, 0.45),
        (VX, 18.0, False, 1.51),
        (XSP, 2.0, False, 0.07),
    ],
)
def test_fee_of_2024(code, price, complex_order, fee):
    assert rules.exchange_fee(code, price, TODAY, complex_order) == fee


def test_the_last_bit_of_a_price_makes_no_fee():
    # half-way fills sum to 0.9999999999999999 or to 1.0 by the order in which legs are added
    assert rules.exchange_fee(SPX, 1.0 - 2e-16, TODAY, True) == rules.exchange_fee(
        SPX, 1.0, TODAY, True
    )
    assert rules.exchange_fee(SPX, 0.95, TODAY, True) < rules.exchange_fee(SPX, 1.0, TODAY, True)


@settings(deadline=None)  # the first call compiles
@given(st.sampled_from([SPX, SPXW, VIX, VX, XSP]), st.floats(0.0, 500.0), st.integers(7305, 22644))
def test_fees_are_positive_and_packages_not_dearer(code, price, day):
    simple = rules.exchange_fee(code, price, day, False)
    assert 0.0 < rules.exchange_fee(code, price, day, True) <= simple <= 1.51


def test_unknown_codes_are_refused():
    for call in (
        lambda: rules.tick_size(5, 1.0, TODAY, False),
        lambda: rules.exchange_fee(5, 1.0, TODAY, False),
        lambda: rules.strike_step(VX, 20.0, 20.0, 30.0, TODAY),
    ):
        with pytest.raises(ValueError, match="unknown root code"):
            call()


# Margin -----------------------------------------------------------------------------------------


@settings(deadline=None)  # the first call compiles
@given(
    st.integers(1, 40).map(lambda n: 5.0 * n),
    st.integers(1, 40).map(lambda n: 5.0 * n),
    st.floats(0.0, 30.0),
)
def test_condor_margin_is_its_worst_loss(put_width, call_width, credit):
    index = np.arange(3000.0, 5001.0, 5.0)
    put_spread = np.clip(3900.0 - index, 0.0, put_width)
    call_spread = np.clip(index - 4100.0, 0.0, call_width)
    worst = 100.0 * (put_spread + call_spread - credit).max()
    margin = rules.condor_margin(put_width, call_width, credit)
    assert margin == pytest.approx(max(worst, 0.0), abs=1e-9)
    assert margin == rules.spread_margin(max(put_width, call_width), credit)


def test_margins_golden():
    # By hand: the wider wing of 50 less 3.20 credit; 4 points paid in full, three quarters beyond
    # nine months; VIX 20 % of 18.00 less 7 out of the money is below the floor of 10 %.
    assert rules.condor_margin(25.0, 50.0, 3.20) == pytest.approx(4680.0)
    assert rules.long_option_margin(4.0, 270.0) == 400.0
    assert rules.long_option_margin(4.0, 300.0) == 300.0
    assert rules.short_vix_option_margin(0.80, 25.0, 18.0, False) == pytest.approx(260.0)
    assert rules.short_vix_option_margin(1.50, 18.0, 18.0, True) == pytest.approx(510.0)
    assert rules.short_option_margin(SPX, 10.0, 3800.0, 4000.0, True) == pytest.approx(41_000.0)


def test_future_margin_is_of_the_size_seen():
    # Broker and clearing-house levels: about 21,300 USD in March 2020 with the front near 50 to
    # 60, 6,800 to 10,900 USD in 2017 and 2018 with it between 12 and 20.
    assert 17_000 < rules.future_margin(50.0, 20.0) < 30_000
    assert 6_000 < rules.future_margin(14.0, 20.0) < 11_000


@settings(deadline=None)  # the first call compiles
@given(st.floats(8.0, 90.0), st.floats(1.0, 300.0), st.floats(0.0, 200.0))
def test_future_margin_rises_with_the_price_and_falls_along_the_curve(price, tau, later):
    margin = rules.future_margin(price, tau)
    assert rules.future_margin(price, tau + later) <= margin
    assert rules.future_margin(1.5 * price, tau) == pytest.approx(1.5 * margin)
    assert 0.25 * 1000.0 * price <= margin <= 0.60 * 1000.0 * price


def test_compiled_rules_are_the_python_rules():
    # The slow twin of each compiled function is its own source, run by the interpreter.
    rng = np.random.default_rng(20_240_801)
    for _ in range(200):
        price, strike = rng.uniform(0.0, 6.0), 5.0 * rng.integers(300, 1400)
        day, code = int(rng.integers(12_000, 22_000)), int(rng.integers(0, 3))
        forward, tau = rng.uniform(1500.0, 7000.0), rng.uniform(0.5, 500.0)
        for function, arguments in (
            (rules.tick_size, (code, price, day, False)),
            (rules.exchange_fee, (code, price, day, True)),
            (rules.strike_step, (code, strike, forward, tau, day)),
            (rules.round_to_tick, (price, 0.05, 1)),
            (rules.future_margin, (price, tau)),
        ):
            assert function(*arguments) == function.py_func(*arguments)
