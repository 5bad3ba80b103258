"""Fit the VIX option smile and check it; print the tables of docs/calibration/vix.md.

    python calibration/vix_smile.py --data ../shared/data

The strike shape and the decay of volatility with distance are fitted to the one listed chain at
hand (2022-07-15, package ``stochvolmodels``). What moves them from day to day is fitted to VX
futures and VVIX of 2007–2018 and held out on 2019 on.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from scipy.optimize import least_squares
from stochvolmodels.data.sample_option_chains import get_vix_test_chain_data

from alvh.contracts.vix_spread import vix_half_spread
from alvh.kernel import vix_smile as kernel
from alvh.kernel.black import black_call, black_delta
from alvh.kernel.vix_curve import AM_SHARE, vix_forward
from alvh.market import vix_surface as surface
from alvh.market.curve import VixCurve, vix_curve
from alvh.market.history import History, load_history
from alvh.market.settlements import vix_settlements
from alvh.market.vix_surface import thirty_day_forward, vix_smile_parameters

YEAR = 365.0
CHAIN_DAY = np.datetime64("2022-07-15")
CHAIN_DAYS = (19, 33, 68, 159)  # calendar days to the four settlements
# The chain's years count a day as 1/360 and end at 16:00 New York time of the day before.


class Market:
    """What the fits need of a history, from 2006 on."""

    def __init__(self, history: History) -> None:
        keep = history.dates >= np.datetime64("2004-01-02")
        self.dates = history.dates[keep]
        self.days = self.dates.astype(np.int32)
        self.year = self.dates.astype("datetime64[Y]").astype(int) + 1970
        self.vix, self.vvix = history["vix"][keep], history["vvix"][keep]
        self.vix3m, self.vix_open = history["vix3m"][keep], history["vix_open"][keep]
        self.history = history
        self.curve = vix_curve(
            dates=self.dates, vix=self.vix, vix3m=self.vix3m, futures=history.futures
        )
        self.params = vix_smile_parameters(
            dates=self.dates, vix=self.vix, vvix=self.vvix, curve=self.curve
        )
        self.forward = thirty_day_forward(self.dates, self.vix, self.curve)
        self.log_vvix = surface.credible_vvix(self.dates, self.vvix)
        self.fitted = (self.year >= 2007) & (self.year <= 2018)
        self.held_out = self.year >= 2019
        self.quoted = np.where(self.curve.quoted == 1, self.curve.forward, np.nan)
        self.changes = _same_contract_changes(self.curve, self.quoted)
        self.tau = self.curve.expiry - self.days[:, None] - AM_SHARE


def _same_contract_changes(curve: VixCurve, quoted: np.ndarray) -> np.ndarray:
    """Return each node's log change since the day before, same contract, shape (n, nodes)."""
    changes = np.full(quoted.shape, np.nan)
    same = curve.expiry[1:, 0] == curve.expiry[:-1, 0]
    held = np.log(quoted[1:] / quoted[:-1])
    rolled = np.log(quoted[1:, :-1] / quoted[:-1, 1:])
    changes[1:][same] = held[same]
    changes[1:, :-1][~same] = rolled[~same]
    return changes


def chain() -> pl.DataFrame:
    """Return the listed chain in this project's units, one row an out-of-the-money option."""
    listed = get_vix_test_chain_data()
    rows = []
    for i, days in enumerate(CHAIN_DAYS):
        tau = days - AM_SHARE
        scale = np.sqrt(listed.ttms[i] / (tau / YEAR))
        for strike, bid, ask in zip(
            listed.strikes_ttms[i], listed.bid_ivs[i], listed.ask_ivs[i], strict=True
        ):
            rows.append((days, tau, listed.forwards[i], strike, bid * scale, ask * scale))
    return pl.DataFrame(
        rows, schema=["days", "tau", "forward", "strike", "bid", "ask"], orient="row"
    )


def _otm_price(forward: float, strike: float, sigma: float, tau: float) -> float:
    call = black_call(forward, strike, sigma, tau / YEAR)
    return call if strike >= forward else call - forward + strike


def _vector(level: float, reversion: float, share: float, slope: float, rho: float) -> np.ndarray:
    return np.array([level, level * reversion, share, slope, rho, 0.0, 0.0, 1.0])


def model_sigmas(vector: np.ndarray, table: pl.DataFrame) -> np.ndarray:
    """Return the model's volatility of every row of a chain."""
    slices = {
        (tau, forward): kernel.vix_slice(vector, forward, tau)
        for tau, forward in table.select("tau", "forward").unique().rows()
    }
    return np.array(
        [kernel.vix_sigma(slices[tau, forward], strike)
         for tau, forward, strike in table.select("tau", "forward", "strike").rows()]
    )  # fmt: skip


def fit_chain(market: Market, table: pl.DataFrame) -> np.ndarray:
    """Fit level, share, slope and correlation to the chain's mids, in units of its half-spread."""
    row = int(np.searchsorted(market.dates, CHAIN_DAY))
    reversion = market.params[row, 1] / market.params[row, 0]
    mid = 0.5 * (table["bid"] + table["ask"]).to_numpy()
    half = 0.5 * (table["ask"] - table["bid"]).to_numpy()

    def miss(x: np.ndarray) -> np.ndarray:
        vector = _vector(np.exp(x[0]), reversion, x[1], x[2], x[3])
        return (model_sigmas(vector, table) - mid) / (half + 0.005)

    found = least_squares(
        miss, [0.0, 0.48, 0.3, 0.84], bounds=([-2, 0.1, 0.05, 0.3], [2, 0.9, 0.6, 0.99])
    )
    names = ("level ξ", "share", "slope ψ at 27.2", "correlation ρ")
    values = [np.exp(found.x[0]), *found.x[1:]]
    print("\nchain of 2022-07-15, four parameters for four expiries:",
          ", ".join(f"{n} {v:.3f}" for n, v in zip(names, values, strict=True)))  # fmt: skip
    return _vector(values[0], reversion, *values[1:])


def report_chain(title: str, vector: np.ndarray, table: pl.DataFrame) -> None:
    """Print errors of a vector on the chain by expiry: vols, points, share within the spread."""
    sigma = model_sigmas(vector, table)
    print(title)
    for days in CHAIN_DAYS:
        rows = table["days"].to_numpy() == days
        part = table.filter(pl.Series(rows))
        strike, forward, tau = (part[c].to_numpy() for c in ("strike", "forward", "tau"))
        bid, ask = part["bid"].to_numpy(), part["ask"].to_numpy()
        prices = [
            np.array([_otm_price(*x) for x in zip(forward, strike, vol, tau, strict=True)])
            for vol in (sigma[rows], bid, ask)
        ]
        error = prices[0] - 0.5 * (prices[1] + prices[2])
        width = prices[2] - prices[1]
        delta = np.array([
            black_delta(f, k, s, t / YEAR, False)
            for f, k, s, t in zip(forward, strike, sigma[rows], tau, strict=True)
        ])  # fmt: skip
        calls = (delta >= 0.10) & (delta <= 0.50)
        vols = 100 * (sigma[rows] - 0.5 * (bid + ask))
        print(
            f"  {days:4d} d: rms {np.sqrt(np.mean(vols**2)):4.1f} vols, bias {vols.mean():+4.1f}; "
            f"10–50 delta calls: mean |error| {np.abs(error[calls]).mean():.3f} pts, "
            f"mean width {width[calls].mean():.3f}, "
            f"within one width {np.mean(np.abs(error[calls]) <= width[calls]):.0%}, "
            f"inside bid–ask {np.mean(np.abs(error[calls]) <= 0.5 * width[calls]):.0%}"
        )


def report_widths(market: Market, table: pl.DataFrame) -> None:
    """Print quoted and modelled widths of the chain by premium, points."""
    row = int(np.searchsorted(market.dates, CHAIN_DAY))
    rows = []
    for tau, forward, strike, bid, ask in table.select(
        "tau", "forward", "strike", "bid", "ask"
    ).rows():
        low, high = (_otm_price(forward, strike, vol, tau) for vol in (bid, ask))
        mid = 0.5 * (low + high)
        half = vix_half_spread(mid, tau, market.vix[row], int(market.days[row]))
        rows.append((mid, high - low, 2 * half))
    mid, quoted, modelled = np.array(rows).T
    print("widths on the chain by premium: quoted, modelled (points)")
    for low, high in pairwise((0.1, 0.3, 0.6, 1.0, 2.0, 3.0, 6.0)):
        use = (mid >= low) & (mid < high)
        print(f"  {low:3.1f}–{high:3.1f}: n {use.sum():2d}  {quoted[use].mean():.3f}  "
              f"{modelled[use].mean():.3f}")  # fmt: skip


def elasticity(market: Market) -> None:
    """Fit how the elasticity of VVIX to the 30-day future falls with its level."""
    weight = np.clip((30.0 - AM_SHARE - market.tau[:, 0]) / np.diff(market.tau[:, :2])[:, 0], 0, 1)
    change = (1 - weight) * market.changes[:, 0] + weight * market.changes[:, 1]
    response = np.concatenate([[np.nan], np.diff(market.log_vvix)])
    level = np.concatenate([[np.nan], market.forward[:-1]])

    def fit(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = rows & np.isfinite(change + response + level)
        x, y, f = change[rows], response[rows], level[rows]

        def miss(p: np.ndarray) -> np.ndarray:
            return y - p[0] - p[1] * (f / 20.0) ** (-p[2]) * x

        found = least_squares(miss, [0.0, 1.0, 0.8], loss="soft_l1", f_scale=0.03)
        covariance = np.linalg.inv(found.jac.T @ found.jac) * np.mean(found.fun**2)
        return found.x, np.sqrt(np.diag(covariance))

    print("\nelasticity of VVIX to the 30-day future = b·(forward/20)^−γ")
    both = market.fitted | market.held_out
    for name, rows in (("2007–2018", market.fitted), ("2019 on", market.held_out), ("all", both)):
        p, error = fit(rows)
        print(f"  {name}: b {p[1]:.2f} ± {error[1]:.2f}, γ {p[2]:.2f} ± {error[2]:.2f}")
    print("  forward      elasticity (correlation), 2007–2018 | 2019 on")
    for low, high in (
        (9, 14),
        (14, 16),
        (16, 18),
        (18, 21),
        (21, 25),
        (25, 30),
        (30, 40),
        (40, 80),
    ):
        cells = []
        for window in (market.fitted, market.held_out):
            rows = window & np.isfinite(change + response) & (level >= low) & (level < high)
            if rows.sum() < 40:
                cells.append("      –     ")
                continue
            slope = np.polyfit(change[rows], response[rows], 1)[0]
            corr = np.corrcoef(change[rows], response[rows])[0, 1]
            cells.append(f"{slope:5.2f} ({corr:4.2f})")
        print(f"  {low:3d}–{high:3d}      {cells[0]} | {cells[1]}")


def realised_by_distance(market: Market) -> None:
    """Fit the decay of futures' volatility with distance, and its dependence on the level."""
    print("\nrealised volatility of futures = B + A·e^(−days/h)")
    edges = (0, 10, 20, 30, 45, 60, 90, 120, 150, 180, 220, 261)
    before = np.concatenate([np.full((1, market.tau.shape[1]), np.nan), market.tau[:-1]])
    for name, window in (("2007–2018", market.fitted), ("2019 on", market.held_out)):
        centre, vol = [], []
        for low, high in pairwise(edges):
            # A node's distance when its change began: one calendar step earlier than its own.
            use = window[:, None] & np.isfinite(market.changes)
            use &= (market.tau >= low) & (market.tau < high) & np.isfinite(before)
            centre.append(market.tau[use].mean())
            vol.append(np.sqrt(np.mean(market.changes[use] ** 2) * 252))
        c, v = np.array(centre), np.array(vol)
        found = least_squares(
            lambda p, c=c, v=v: p[0] + p[1] * np.exp(-c / p[2]) - v, [0.3, 0.5, 55]
        )
        b, a, h = found.x
        print(f"  {name}: A {a:.2f}, B {b:.2f}, h {h:.0f} days, share {b / (a + b):.2f};  "
              + " ".join(f"{x:.0f}d {y:.0%}" for x, y in zip(c, v, strict=True)))  # fmt: skip


def level_of_share(market: Market) -> None:
    """Fit how far futures' relative volatility depends on the 30-day forward."""
    print("\nlog realised volatility over 21 sessions on ln VVIX and ln forward, by node")
    n = len(market.dates)
    for name, window in (("2007–2018", market.fitted), ("2019 on", market.held_out)):
        cells = []
        for node in (0, 2, 4, 6):
            squares = market.changes[:, node] ** 2
            ahead = np.full(n, np.nan)
            for i in range(n - 22):
                part = squares[i + 1 : i + 22]
                if np.isfinite(part).sum() > 15 and np.nansum(part) > 0:
                    ahead[i] = 0.5 * np.log(np.nanmean(part) * 252)
            rows = window & np.isfinite(ahead + market.log_vvix + market.forward)
            rows &= np.arange(n) % 5 == 0
            x = np.stack([np.ones(rows.sum()), market.log_vvix[rows] - 4.5,
                          np.log(market.forward[rows] / 20)], axis=1)  # fmt: skip
            b = np.linalg.lstsq(x, ahead[rows], rcond=None)[0]
            cells.append(f"VX{node + 1}: VVIX {b[1]:+.2f} forward {b[2]:+.2f}")
        print(f"  {name}: " + "; ".join(cells))


def slow_level(market: Market) -> None:
    """Fit VVIX 21, 63 and 126 sessions ahead on VVIX and its yearly average."""
    average = surface._averages(market.log_vvix, surface.SLOW_HALF_LIFE, surface.SLOW_CENTRE)
    print("\nln VVIX ahead less 4.5 = constant + now·(ln VVIX − 4.5) + past·(average − 4.5)")
    for name, window in (("2009–2018", market.fitted & (market.year >= 2009)),
                         ("2019 on", market.held_out)):  # fmt: skip
        for ahead in (21, 63, 126):
            target = np.concatenate([market.log_vvix[ahead:], np.full(ahead, np.nan)]) - 4.5
            rows = window & np.isfinite(target + market.log_vvix + average)
            x = np.stack([np.ones(rows.sum()), market.log_vvix[rows] - 4.5, average[rows] - 4.5], 1)
            b = np.linalg.lstsq(x, target[rows], rcond=None)[0]
            left = target[rows] - x @ b
            used = surface.SLOW_CONSTANT - 4.5 + x @ [0, surface.SLOW_NOW, surface.SLOW_PAST]
            w = 0.5 ** (ahead * 365 / 252 / 26.0)
            shipped = target[rows] - (used + w * (x[:, 1] - used))
            errors = f"rmse {left.std():.3f}, as shipped {np.sqrt(np.mean(shipped**2)):.3f}"
            print(f"  {name} {ahead:3d} sessions: {b[0]:+.3f} {b[1]:+.2f} {b[2]:+.2f}, {errors}")


def proxy(market: Market) -> None:
    """Fit the estimate of VVIX from VIX alone."""
    features = surface.vvix_features(market.vix)
    ok = np.isfinite(features).all(axis=1) & np.isfinite(market.log_vvix)
    rows = ok & market.fitted
    coefficients = np.linalg.lstsq(features[rows], market.log_vvix[rows], rcond=None)[0]
    print("\nestimate of ln VVIX from VIX, fitted here:", np.round(coefficients, 3))
    for name, window in (("2007–2018", market.fitted), ("2019 on", market.held_out)):
        e = (features @ surface.PROXY - market.log_vvix)[ok & window]
        print(f"  as shipped, {name}: rmse {np.sqrt(np.mean(e**2)):.3f}, bias {e.mean():+.3f}")


def strip_check(market: Market) -> None:
    """Compare the strip of every day's vector with VVIX, and show at-the-money volatility."""
    rows = np.flatnonzero(np.isfinite(market.log_vvix) & np.isfinite(market.params[:, 0]))
    worst = 0.0
    for i in rows:
        p = market.params[i]
        root = np.sqrt(kernel.vix_total_variance(p[0], p[1], p[2], 30.0))
        strip = kernel.vix_strip(root, kernel.slope_at(p[3], p[6]), p[4])
        worst = max(worst, abs(100 * np.sqrt(strip * YEAR / 30.0) - np.exp(market.log_vvix[i])))
    print(f"\nstrip against VVIX over {len(rows)} days: worst {worst:.1e} points")
    print("  by 30-day forward: ATM/VVIX, σ of a 25-delta call/ATM, 180-day ATM/30-day ATM")
    for low, high in ((9, 14), (14, 17), (17, 21), (21, 27), (27, 35), (35, 50), (50, 80)):
        use = rows[(market.forward[rows] >= low) & (market.forward[rows] < high)]
        if use.size == 0:
            continue
        wing, far = [], []
        for i in use[:: max(1, use.size // 60)]:
            s = kernel.vix_slice(market.params[i], market.forward[i], 30.0)
            strikes = market.forward[i] * np.exp(np.linspace(0.0, 1.2, 121))
            deltas = np.array([black_delta(market.forward[i], k, kernel.vix_sigma(s, k),
                                           30 / YEAR, False) for k in strikes])  # fmt: skip
            k = strikes[np.argmin(np.abs(deltas - 0.25))]
            wing.append(kernel.vix_sigma(s, k) / s[2])
            far.append(kernel.vix_slice(market.params[i], market.forward[i], 180.0)[2] / s[2])
        ratio = 100 * market.params[use, 5] / np.exp(market.log_vvix[use])
        level = 100 * market.params[use, 5].mean()
        print(f"  {low:3d}–{high:3d}: n {use.size:4d}  ATM {level:5.1f}"
              f"  {ratio.mean():.2f}  {np.mean(wing):.2f}  {np.mean(far):.2f}")  # fmt: skip


def monthly_calls(market: Market) -> None:
    """Buy the 30-delta one-month call at each settlement, hold it to the next; print returns."""
    expiries = np.unique(market.curve.expiry)
    published = {d: v for d, (v, _) in market.history.settlements.items()}
    final, _ = vix_settlements(
        dates=market.dates, vix=market.vix, vix_open=market.vix_open,
        expiries=expiries.astype("datetime64[D]"), published=published,
    )  # fmt: skip
    entries = np.flatnonzero(np.isfinite(final) & (market.dates >= np.datetime64("2006-12-20")))
    rows = []
    for i, j in pairwise(entries):
        expiry, tau = int(market.days[j]), float(market.days[j] - market.days[i]) - AM_SHARE
        if not np.isfinite(market.params[i, 0]) or market.curve.quoted[i, 0] != 1:
            continue
        forward = vix_forward(market.curve.expiry[i], market.curve.forward[i], market.vix[i],
                              int(market.days[i]), expiry)  # fmt: skip
        smile = kernel.vix_slice(market.params[i], forward, tau)
        step = 0.5 if forward < 13 else 1.0
        strikes = np.arange(np.ceil(forward / step) * step, 3.0 * forward, step)
        sigmas = [kernel.vix_sigma(smile, k) for k in strikes]
        deltas = [black_delta(forward, k, s, tau / YEAR, False)
                  for k, s in zip(strikes, sigmas, strict=True)]  # fmt: skip
        pick = int(np.argmin(np.abs(np.array(deltas) - 0.30)))
        price = black_call(forward, strikes[pick], sigmas[pick], tau / YEAR)
        at_money = 2.0 * black_call(forward, forward, smile[2], tau / YEAR)
        half = vix_half_spread(price, tau, market.vix[i], int(market.days[i]))
        rows.append((int(market.year[i]), forward, price, max(final[j] - strikes[pick], 0.0), half,
                     at_money, abs(final[j] - forward)))  # fmt: skip
    table = pl.DataFrame(
        rows, schema=["year", "forward", "price", "pays", "half", "straddle", "move"], orient="row"
    ).with_columns(((pl.col("pays") / pl.col("price")) - 1).alias("gain"))
    print(
        "\n30-delta one-month call, bought at the mid on each settlement day, "
        f"{table.height} months"
    )
    groups = {
        "all": pl.lit(True), "2007–2018": pl.col("year") <= 2018, "2019 on": pl.col("year") > 2018,
        "without 2008 and 2020": ~pl.col("year").is_in([2008, 2020]),
        "forward ≤ 15": pl.col("forward") <= 15.0,
        "15–20": (pl.col("forward") > 15.0) & (pl.col("forward") <= 20.0),
        "20–30": (pl.col("forward") > 20.0) & (pl.col("forward") <= 30.0),
        "> 30": pl.col("forward") > 30.0,
    }  # fmt: skip
    for name, rule in groups.items():
        part = table.filter(rule)
        print(f"  {name:22s} n {part.height:3d}: mean gain {part['gain'].mean():+.0%}, median "
              f"{part['gain'].median():+.0%}, paid {part['pays'].sum() / part['price'].sum():.2f} "
              f"of premium, half-spread {(part['half'] / part['price']).mean():.1%} of mid, "
              f"|move| / straddle {part['move'].sum() / part['straddle'].sum():.2f}")  # fmt: skip


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    market = Market(load_history(parser.parse_args().data))
    table = chain()
    row = int(np.searchsorted(market.dates, CHAIN_DAY))
    report_chain("  fitted, level free", fit_chain(market, table), table)
    report_chain("  as shipped, level from VVIX of that close", market.params[row], table)
    report_widths(market, table)
    elasticity(market)
    realised_by_distance(market)
    level_of_share(market)
    slow_level(market)
    proxy(market)
    strip_check(market)
    monthly_calls(market)


if __name__ == "__main__":
    main()
