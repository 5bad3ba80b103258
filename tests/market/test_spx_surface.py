"""The S&P 500 surface: the VIX family comes back out of it, and real chains agree with it."""

import csv
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from alvh.kernel import spx_smile as kernel
from alvh.market import spx_surface as surface
from alvh.market.vix_index import cboe_vix
from alvh.sessions import session_number, sessions

YEAR = 365.0
VIX_TOLERANCE = 0.01  # volatility points, continuous strip at thirty days
LISTED_TOLERANCE = 0.15  # two listed expiries, five-point strikes, no price below 0.05


def rows(dates, vix, **others):
    """Smile vectors with what is not given absent."""
    n = len(dates)
    absent = np.full(n, np.nan)
    names = ("vix9d", "vix3m", "vix6m", "skew", "vvix")
    series = {name: np.asarray(others.get(name, absent), float) for name in names}
    return surface.spx_smile_parameters(
        dates=np.asarray(dates, "datetime64[D]"), spx=np.full(n, 3000.0),
        vix=np.asarray(vix, float), rate=np.full(n, 0.02), dividend_yield=np.full(n, 0.018),
        **series,
    )  # fmt: skip


def prices(params, tau, span, k):
    """Out-of-the-money Black prices on a forward of one."""
    slice_ = kernel.spx_slice(params, tau, span)
    root = np.array([kernel.spx_sigma(slice_, x) for x in k]) * np.sqrt(tau / YEAR)
    d1 = -k / root + root / 2
    call = ndtr(d1) - np.exp(k) * ndtr(d1 - root)
    return np.where(k < 0, call - 1 + np.exp(k), call)


def node_index(params, node):
    """The VIX-type index of a node from a dense strip of option prices."""
    days = kernel.NODE_DAYS[node]
    clock = (
        params[kernel.CLOCK_9], params[kernel.CLOCK_30],
        params[kernel.CLOCK_30] + kernel.SPAN_93,
        params[kernel.CLOCK_30] + kernel.SPAN_93 + kernel.SPAN_184,
    )[node]  # fmt: skip
    weight = kernel.REST_DAY_WEIGHT
    span = (clock - weight * days) / (1.0 - weight)
    k = np.linspace(-30.0, 10.0, 4001) * np.sqrt(params[node])
    strip = 2.0 * np.trapezoid(prices(params, days, span, k) * np.exp(-k), k)
    return 100.0 * np.sqrt(strip * YEAR / days)


days_1990_2026 = st.dates(date(1990, 1, 2), date(2026, 7, 1))


@settings(deadline=None, max_examples=25)
@given(
    day=days_1990_2026,
    vix=st.floats(9.0, 85.0),
    skew=st.one_of(st.just(np.nan), st.floats(101.0, 183.0)),
    vvix=st.one_of(st.just(np.nan), st.floats(46.0, 250.0)),
    near=st.floats(0.75, 1.35),
    far=st.floats(0.75, 1.3),
)
def test_thirty_day_strip_is_vix(day, vix, skew, vvix, near, far):
    params = rows([day], [vix], skew=[skew], vvix=[vvix], vix9d=[vix * near], vix3m=[vix * far])[0]
    assert node_index(params, 1) == pytest.approx(vix, abs=VIX_TOLERANCE)


@settings(deadline=None, max_examples=20)
@given(vix=st.floats(10.0, 40.0), near=st.floats(0.8, 1.15), far=st.floats(0.9, 1.25))
def test_the_other_nodes_are_met(vix, near, far):
    params = rows(["2019-07-19"], [vix], vix9d=[vix * near], vix3m=[vix * far],
                  vix6m=[vix * far * 1.03], skew=[130.0])[0]  # fmt: skip
    assert node_index(params, 0) == pytest.approx(vix * near, abs=VIX_TOLERANCE)
    assert node_index(params, 2) == pytest.approx(vix * far, abs=2 * VIX_TOLERANCE)
    assert node_index(params, 3) == pytest.approx(vix * far * 1.03, abs=2 * VIX_TOLERANCE)


@settings(deadline=None, max_examples=25)
@given(
    vix=st.floats(9.5, 85.0), skew=st.floats(102.0, 170.0), near=st.floats(0.75, 1.3),
    noise=st.floats(0.88, 1.12), slope=st.floats(0.95, 1.1), tau=st.floats(1.0, 300.0),
    excess=st.floats(-0.5, 0.8),
)  # fmt: skip
def test_no_static_arbitrage(vix, skew, near, noise, slope, tau, excess):
    """Convex in strike within five deviations, and never cheaper later at the same moneyness.

    VIX3M and VIX6M lie around their means given VIX, as closes of 2009–2026 do (rms 5 %).
    """
    far = np.exp(0.11) * (vix / 17.0) ** -0.19 * noise
    params = rows(["2019-07-19"], [vix], vix9d=[vix * near], vix3m=[vix * far],
                  vix6m=[vix * far * slope * (vix / 17.0) ** -0.12], skew=[skew],
                  vvix=[given_vix(vix) * np.exp(excess)])[0]  # fmt: skip
    span = max(0.69 * tau, 0.7)
    k = np.linspace(-5, 5, 161) * np.sqrt(kernel.spx_total_variance(params, tau, span))
    strike, price = np.exp(k), prices(params, tau, span, k)
    call = np.where(k < 0, price + 1 - strike, price)
    slopes = np.diff(call) / np.diff(strike)
    assert np.all(np.diff(slopes) > -1e-9)
    later = prices(params, tau * 1.2, span * 1.2, k)
    near_money = slice(16, -16)  # four deviations
    assert np.all(later[near_money] >= price[near_money] * (1 - 2e-3))


def test_a_row_knows_nothing_of_later_rows():
    rng = np.random.default_rng(7)
    dates = sessions()[(sessions() >= np.datetime64("2006-01-03"))][:400]
    vix = 18.0 * np.exp(np.cumsum(rng.normal(0, 0.05, 400)))
    skew = 120 + rng.normal(0, 4, 400)
    whole = rows(dates, vix, skew=skew)
    vix[251:], skew[251:] = 40.0, np.nan
    assert np.array_equal(rows(dates, vix, skew=skew)[:251], whole[:251])


def test_a_day_without_vix_has_no_smile_and_harms_no_other():
    dates = np.arange("2004-06-08", "2004-06-12", dtype="datetime64[D]")
    whole = rows(dates, [15.0, 15.5, 15.2, 15.1])
    holed = rows(dates, [15.0, np.nan, 15.2, 15.1])
    assert np.isnan(holed[1]).all()
    assert np.isfinite(holed[[0, 2, 3]]).all()
    assert np.array_equal(holed[0], whole[0])


def test_tomorrow_is_not_cheaper_than_the_chains_show():
    """Where VIX9D is far under VIX the shortest rate stays at 0.7 of the nine-day mean.

    2019-05-03, VIX9D/VIX 0.88, has 0.70 at the money; 1.11 + 4.3·ln(0.75) would be negative.
    The line itself holds above the bound: 1.11 + 4.3·ln(0.95) = 0.889.
    """
    for near, ratio in ((0.75, 0.70), (0.88, 0.70), (0.95, 0.889), (1.0, 1.11)):
        params = rows(["2023-06-23"], [16.0], vix9d=[16.0 * near], skew=[130.0])[0]
        mean = params[0] / params[kernel.CLOCK_9]
        assert params[kernel.SHORT_RATE] / mean == pytest.approx(ratio, abs=1e-3)


def test_skew_steepens_the_put_wing_and_leaves_vix():
    low, high = (rows(["2015-06-15"], [15.0], skew=[s])[0] for s in (114.0, 138.0))
    put, atm = -2.0 * np.sqrt(low[1]), 0.0
    ratios = []
    for params in (low, high):
        slice_ = kernel.spx_slice(params, 30.0, 21.0)
        ratios.append(kernel.spx_sigma(slice_, put) / kernel.spx_sigma(slice_, atm))
    assert ratios[1] > ratios[0] + 0.1
    assert node_index(high, 1) == pytest.approx(node_index(low, 1), abs=2 * VIX_TOLERANCE)


def test_missing_skew_carries_and_then_gives_up():
    dates = sessions()[3000:3020]
    skew = np.full(20, np.nan)
    skew[2] = 131.0
    value = surface.published_skew(dates, skew)
    assert value[:2].tolist() == [surface.SKEW_TYPICAL] * 2
    assert np.all(value[2 : 3 + surface.SKEW_CARRY] == 131.0)
    assert np.all(value[3 + surface.SKEW_CARRY :] == surface.SKEW_TYPICAL)


def given_vix(vix):
    """VVIX as it is expected given VIX."""
    return np.exp(surface.VVIX_GIVEN_VIX[0] + surface.VVIX_GIVEN_VIX[1] * np.log(vix / 17.0))


def test_excess_of_vvix_by_hand():
    # 2020-03-20: VIX 66.04, VVIX 187.18; 4.473 + 0.097·ln(66.04/17) = 4.6047; ln 187.18 = 5.2321
    day = np.array(["2020-03-20"], "datetime64[D]")
    excess = surface.vvix_excess(day, np.array([66.04]), np.array([187.18]))
    assert excess[0] == pytest.approx(0.6274, abs=1e-4)


def test_without_vvix_the_shape_is_that_of_vvix_given_vix():
    given = rows(["2015-06-15"], [15.0], skew=[125.0], vvix=[given_vix(15.0)])
    without = rows(["2015-06-15"], [15.0], skew=[125.0])
    np.testing.assert_allclose(without, given, rtol=1e-12)
    other = rows(["2015-06-15"], [15.0], skew=[125.0], vvix=[1.4 * given_vix(15.0)])
    assert abs(other[0, kernel.SHAPE :] - given[0, kernel.SHAPE :]).max() > 0.01


def test_a_hole_of_vvix_fades_and_does_not_jump():
    """The last excess halves in forty sessions; misprints and days before any VVIX know none."""
    dates = sessions()[(sessions() >= np.datetime64("2015-01-02"))][:200]
    vix, vvix = np.full(200, 15.0), np.full(200, np.nan)
    vvix[5], vvix[6], vvix[120] = 1.3 * given_vix(15.0), 15.71, 1.1 * given_vix(15.0)
    excess = surface.vvix_excess(dates, vix, vvix)
    assert np.all(excess[:5] == 0.0)
    assert excess[5] == pytest.approx(np.log(1.3))
    assert excess[45] == pytest.approx(np.log(1.3) / 2)
    assert np.all(abs(np.diff(excess[5:120])) < 0.005)
    assert excess[120] == pytest.approx(np.log(1.1))
    early = sessions()[(sessions() >= np.datetime64("2006-12-20"))][:5]
    assert np.all(surface.vvix_excess(early, vix[:5], np.full(5, 90.0)) == 0.0)


def test_beyond_the_chains_vvix_moves_nothing():
    low, lowest, high, highest = (
        surface.smile_shape(np.array([30.0]), np.array([120.0]), np.array([excess]))
        for excess in (-0.05, -0.4, 0.63, 0.9)
    )
    assert np.array_equal(low, lowest)
    assert np.array_equal(high, highest)
    assert abs(low - high).max() > 0.01


def test_the_low_publication_of_2019_is_raised():
    # 2019-07-19: published 125.50; Cboe's formula on that day's chain gives 140.9
    dates = np.array(["2018-10-25", "2019-07-19", "2019-12-06"], "datetime64[D]")
    raised = surface.published_skew(dates, np.array([125.26, 125.50, 131.48]))
    assert raised.tolist() == pytest.approx([125.26, 138.25, 131.48])


def test_node_clock_by_hand():
    # Friday 2019-07-19: Fridays 28 and 35 days ahead hold 20 and 25 sessions; 30 days lies 2/7 in.
    # 20 + 0.1·8 = 20.8 and 25 + 0.1·10 = 26 → 20.8 + 5.2·2/7
    assert surface.node_clock(np.array(["2019-07-19"], "datetime64[D]"), 30)[0] == pytest.approx(
        20.8 + 5.2 * 2 / 7
    )
    # Friday 2025-06-06: the Friday after 28 days is 4 July, so the expiry is Thursday 3 July,
    # 27 days and 18 sessions ahead (19 June closed); next 11 July, 35 days and 23 sessions.
    first, second = 18 + 0.1 * 9, 23 + 0.1 * 12
    assert surface.node_clock(np.array(["2025-06-06"], "datetime64[D]"), 30)[0] == pytest.approx(
        first + (second - first) * 3 / 8
    )


def test_modelled_term_structure_slopes_the_right_way():
    calm, panic = np.full(300, 12.0), np.full(300, 12.0)
    panic[-3:] = 45.0
    absent = np.full((3, 300), np.nan)
    calm_day = surface.term_structure(calm, absent)[:, -1]
    panic_day = surface.term_structure(panic, absent)[:, -1]
    assert np.all(np.diff(calm_day) > 0)
    assert np.all(np.diff(panic_day) < 0)


def closes(folder, symbol):
    with next(folder.rglob(f"{symbol}_History.csv")).open() as lines:
        table = [row for row in list(csv.reader(lines))[1:] if row[-1]]
    return {datetime.strptime(row[0], "%m/%d/%Y").date(): float(row[-1]) for row in table}


@pytest.fixture(scope="module")
def history(shared_data):
    """Every day of VIX with the others where they are, and the smile vectors."""
    names = ("VIX", "VIX9D", "VIX3M", "VIX6M", "SKEW", "VVIX")
    files = {name: closes(shared_data, name) for name in names}
    days = [day for day in sorted(files["VIX"]) if day >= date(1990, 1, 2)]
    series = {name: np.array([files[name].get(d, np.nan) for d in days]) for name in names}
    params = rows(days, series["VIX"], vix9d=series["VIX9D"], vix3m=series["VIX3M"],
                  vix6m=series["VIX6M"], skew=series["SKEW"], vvix=series["VVIX"])  # fmt: skip
    return days, series, params


def test_every_day_of_history_has_a_rising_smile(history):
    _, series, params = history
    assert np.isfinite(params[np.isfinite(series["VIX"])]).all()
    assert np.all(np.diff(params[:, :4], axis=1) > 0)
    assert np.all(params[:, kernel.SHORT_RATE] > 0)


@pytest.mark.parametrize(
    "day", ["1990-08-23", "1998-10-08", "2004-06-15", "2008-11-20", "2017-11-03", "2018-02-05",
            "2020-03-16", "2024-08-05", "2025-04-08"],
)  # fmt: skip
def test_vix_of_real_days(history, day):
    """Calm, crisis and before the other indices existed: the strip is the published close."""
    days, series, params = history
    row = days.index(date.fromisoformat(day))
    assert node_index(params[row], 1) == pytest.approx(series["VIX"][row], abs=VIX_TOLERANCE)


@pytest.mark.parametrize("day", ["1995-11-13", "2008-12-03", "2013-09-26", "2022-09-01"])
def test_cboe_vix_of_listed_strikes(history, day):
    """Cboe's procedure over two listed Fridays, five-point strikes and nothing under 0.05."""
    days, series, params = history
    start = date.fromisoformat(day)
    row = days.index(start)
    spot = 1000.0
    strips = []
    for ahead in range(24, 38):
        expiry = date.fromordinal(start.toordinal() + ahead)
        if expiry.weekday() != 4:
            continue
        span = float(session_number(expiry) - session_number(start))
        strike = np.arange(300.0, 1600.0, 5.0)
        k = np.log(strike / spot)
        price = spot * prices(params[row], float(ahead), span, k)
        price = np.where(price < 0.05, 0.0, price)
        parity = spot - strike
        call = np.where(k < 0, price + parity, price)
        put = np.where(k < 0, price, price - parity)
        quotes = {"strike": strike, "call_bid": call, "call_ask": call}
        strips.append((quotes | {"put_bid": put, "put_ask": put}, ahead))
    (near, near_days), (next_, next_days) = strips[0], strips[1]
    vix = cboe_vix(near, next_, near_minutes=near_days * 1440, next_minutes=next_days * 1440,
                   near_rate=0.0, next_rate=0.0).vix  # fmt: skip
    assert vix == pytest.approx(series["VIX"][row], abs=LISTED_TOLERANCE)


def chain_2022(folder):
    """PM-settled expiries of the 2022-02-04 quote table: strike, call and put mids."""
    table = {}
    with next(folder.rglob("spx_2022-02-04.csv")).open(encoding="utf-8-sig") as lines:
        for row in csv.reader(lines):
            if len(row) >= 22 and row[1].startswith("SPXW"):
                expiry = datetime.strptime(row[0], "%a %b %d %Y").date()
                quote = [float(row[i]) for i in (11, 4, 5, 15, 16)]
                table.setdefault(expiry, []).append(quote)
    return {expiry: np.array(sorted(quotes)) for expiry, quotes in table.items()}


def condor_ratio(quotes, params, tau, span):
    """Model over market credit of the 16/5-delta condor, deltas by the model."""
    strike, call, put = quotes[:, 0], quotes[:, 1:3].mean(axis=1), quotes[:, 3:].mean(axis=1)
    centre = np.argsort(abs(call - put))[:6]
    forward = float(np.median((strike + call - put)[centre]))
    k = np.log(strike / forward)
    slice_ = kernel.spx_slice(params, tau, span)
    root = np.array([kernel.spx_sigma(slice_, x) for x in k]) * np.sqrt(tau / YEAR)
    delta = ndtr(-k / root + root / 2)
    model = forward * prices(params, tau, span, k)
    market = np.where(k < 0, put, call)
    legs = [int(np.argmin(abs(delta - target))) for target in (0.84, 0.95, 0.16, 0.05)]
    signs = np.array([1, -1, 1, -1])
    return float((signs * model[legs]).sum() / (signs * market[legs]).sum())


def test_condors_of_a_real_chain(history, shared_data):
    """Friday 2022-02-04 from the day's published closes alone, which the chain is close to."""
    days, _, params = history
    day = date(2022, 2, 4)
    row = params[days.index(day)]
    ratios = [
        condor_ratio(quotes, row, float((expiry - day).days),
                     float(session_number(expiry) - session_number(day)))
        for expiry, quotes in chain_2022(shared_data).items()
        if 7 <= (expiry - day).days <= 60
    ]  # fmt: skip
    assert len(ratios) >= 12
    assert np.median(np.abs(np.array(ratios) - 1.0)) < 0.06  # measured 0.03
    assert np.max(np.abs(np.array(ratios) - 1.0)) < 0.20


def test_smile_of_the_crisis_paper():
    """The 37-day strip of Cboe's 2009 VIX paper, VIX 61.22: σ over σ_atm by deviation.

    Quoted ratios at x = −3, −2, −1 and +1 are 1.632, 1.476, 1.262 and 0.730 (mids of the strip).
    """
    vix = 61.22
    params = rows(["2008-11-12"], [vix], vix9d=[68.76], vix3m=[52.65], vix6m=[48.97],
                  skew=[128.5], vvix=[123.26])[0]  # fmt: skip
    root = np.sqrt(kernel.spx_total_variance(params, 37.0, 25.4))
    slice_ = kernel.spx_slice(params, 37.0, 25.4)
    atm = kernel.spx_sigma(slice_, 0.0)
    assert atm == pytest.approx(0.522, abs=0.03)  # at-the-money of the strip
    for x, quoted in ((-3.0, 1.632), (-2.0, 1.476), (-1.0, 1.262), (1.0, 0.730)):
        assert kernel.spx_sigma(slice_, x * root) / atm == pytest.approx(quoted, abs=0.08)
