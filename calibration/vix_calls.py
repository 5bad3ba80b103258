"""Compare the VIX smile with real mids of one-month VIX calls; try to fit its level dependence.

    python -m calibration.vix_calls --data ../shared/data

The mids come from a public study of VIX call hedges, github.com/bsiranosian/vix_hedge, file
results/current_data_extension/figure1_growth_of_1_daily.csv: daily values of the S&P 500 and of a
portfolio that holds it and one VIX call. Between two rolls the portfolio is
NAV_roll·[(1 − w)·SPX/SPX_roll + w·mid/mid_roll], so each day's mid relative to the first follows;
that every mid is a multiple of half a tick fixes the first. A strike is known only where the call
finished in the money (pay-off = VIX close − strike), so known strikes mean months that ended in a
spike. The same-expiry futures are the settlements in the data folder.

The trial fits use the cycles in ``FITTED``; the rest, and all entries without a known strike, are
held out. Nothing in ``alvh`` is set from this file: see docs/calibration/vix.md for why.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from alvh.contracts.vix_spread import vix_half_spread
from alvh.kernel import vix_smile as kernel
from alvh.kernel.black import black_call, black_delta
from alvh.kernel.vix_curve import AM_SHARE, vix_forward
from alvh.market import vix_surface as surface
from alvh.market.history import load_history
from calibration.vix_smile import CHAIN_DAY, YEAR, Market, chain

FITTED = ("2007-07-18", "2008-09-17", "2011-07-20", "2020-02-19", "2024-11-20")
SMALLEST_MID = 0.10
SHORTEST = 3  # days to expiry; marks this close and closer are left out
DELTAS = (0.10, 0.60)  # beyond these a mid says more about its future than about volatility
REGIMES = (("forward < 18", 0.0, 18.0), ("18–28", 18.0, 28.0), ("> 28", 28.0, 999.0))

# First day, expiry, strike, then month and day with the mid of the call, points. Year of the first
# day until the calendar turns.
PROVEN = """
2007-07-18 2007-08-22 20 0718:.725 0719:.675 0720:.875 0723:.725 0724:1.025 0725:.85 0726:1.625
  0727:2.15 0730:1.85 0731:2.725 0801:3.25 0802:2.45 0803:3.75 0806:3.05 0807:1.85 0808:1.5
  0809:4.35 0810:7.55 0813:6.4 0814:7.1 0815:9.15 0816:11.05 0817:10.15 0820:6.5 0821:5.35
2008-08-20 2008-09-17 25 0820:1.125 0821:1.025 0822:.825 0825:1.125 0826:1 0827:.775 0828:.475
  0829:.575 0902:.65 0903:.5 0904:1.1 0905:.75 0908:.375 0909:1.05 0910:.625 0911:.7 0912:1.2
  0915:4.2 0916:4.65
2008-09-17 2008-10-22 32.5 0917:1.3 0918:1 0919:.65 0922:1.075 0923:1.65 0924:1.625 0925:1.25
  0926:1.675 0929:3.9 0930:2.525 1001:2.9 1002:4.25 1003:5.1 1006:6.8 1007:10.2 1008:13.35
  1009:19.8 1010:24.25 1013:18.25 1014:16.7 1015:25.65 1016:31.35 1017:30.95 1020:19.8 1021:20.6
2008-10-22 2008-11-19 65 1022:2.55 1023:3 1024:5.1 1027:6.9 1028:4.05 1029:4.8 1030:4.1 1031:3.4
  1103:2.275 1104:1.025 1105:1.625 1106:4.4 1107:2.075 1110:2.2 1111:2.425 1112:4.25 1113:1.275
  1114:2.475 1117:4.1 1118:3.15
2010-04-21 2010-05-19 22.5 0421:.8 0422:.825 0423:.85 0426:.85 0427:1.9 0428:1.7 0429:1.05
  0430:1.9 0503:1.25 0504:2.275 0505:2.975 0506:7.1 0507:10.6 0510:5.05 0511:4.85 0512:3 0513:3.6
  0514:7.7 0517:7.9 0518:10.2
2011-07-20 2011-08-17 24 0720:.8 0721:.575 0722:.55 0725:.825 0726:.925 0727:1.525 0728:1.625
  0729:1.55 0801:1.025 0802:1.65 0803:1.35 0804:4.9 0805:6 0808:12.85 0809:6.95 0810:12.05
  0811:11.1 0812:11.05 0815:8.05 0816:9.45
2015-08-19 2015-09-16 20 0819:.775 0820:1.5 0821:3.2 0824:7.2 0825:6.8 0826:5.2 0827:5.35
  0828:5.45 0831:7.05 0901:9.9 0902:6.35 0903:6.1 0904:8.25 0908:5 0909:6.05 0910:4.9 0911:3.9
  0914:3.8 0915:2.525
2020-02-19 2020-03-18 20 0219:.825 0220:.975 0221:1.45 0224:3.15 0225:4.9 0226:4.15 0227:7.25
  0228:9.5 0302:7.2 0303:10.5 0304:8.2 0305:13.1 0306:16.75 0309:26.55 0310:22.6 0311:27.6
  0312:39.65 0313:34.9 0316:55.35 0317:51
2024-11-20 2024-12-18 21 1120:.925 1121:.85 1122:.66 1125:.46 1126:.405 1127:.41 1129:.335
  1202:.29 1203:.235 1204:.235 1205:.235 1206:.19 1209:.225 1210:.205 1211:.165 1212:.16 1213:.15
  1216:.045 1217:.015
2025-02-19 2025-04-16 24 0219:1.195 0221:1.515 0224:1.55 0225:1.525 0226:1.465 0227:1.735
  0228:1.54 0303:2.11 0304:2.28 0305:1.795 0306:2.625 0307:2.105 0310:3.05 0311:2.935 0312:2.165
  0313:2.49 0314:1.43 0317:1.14 0318:1.335 0319:1.03 0320:.875 0321:.84 0324:.495 0325:.595
  0326:.7 0327:.68 0328:1.3 0331:1.11 0401:1.05 0402:.9 0403:3.775 0404:9.125 0407:9.675
  0408:15.975 0409:4.95 0410:11.925 0411:10.825 0414:5.825 0415:5.775
"""

# First day and expiry with the mid, points; strike unknown, chosen by the study at 30 delta.
ENTRIES = """
2007-06-20:2007-07-18:.575 2007-08-22:2007-09-19:1.25 2007-09-19:2007-10-17:1
2007-10-17:2007-11-21:1.225 2009-02-18:2009-03-18:1.725 2009-03-18:2009-04-15:1.525
2009-04-15:2009-05-20:1.125 2009-05-20:2009-06-17:1.25 2009-06-17:2009-07-22:1.4
2009-07-22:2009-08-19:.85 2010-03-17:2010-04-21:.775 2010-05-19:2010-06-16:2
2010-06-16:2010-07-21:1.45 2010-07-21:2010-08-18:1.5 2011-06-15:2011-07-20:1.225
2011-08-17:2011-09-21:1.55 2011-09-21:2011-10-19:1.725 2011-10-19:2011-11-16:1.7
2011-11-16:2011-12-21:2.1 2015-06-17:2015-07-22:.875 2015-09-16:2015-10-21:1.1
2015-10-21:2015-11-18:1 2015-11-18:2015-12-16:.925 2018-02-14:2018-03-21:1.15
2018-03-21:2018-04-18:1 2018-04-18:2018-05-16:.8 2020-01-22:2020-02-19:.7
2020-04-15:2020-05-20:2.55 2020-05-20:2020-06-17:1.625 2024-08-21:2024-09-18:.935
2024-09-18:2024-10-16:1.05 2024-10-16:2024-11-20:1.195 2025-04-16:2025-05-21:1.84
2025-05-21:2025-06-18:1.2 2025-06-18:2025-07-16:1.15 2025-07-16:2025-08-20:1.045
2025-08-20:2025-09-17:.95
"""


@dataclass(frozen=True)
class Mark:
    """One recovered mid; strike NaN where unknown."""

    cycle: str
    row: int
    forward: float
    strike: float
    mid: float
    half: float
    tau: float


@dataclass(frozen=True)
class Shape:
    """Powers of the 30-day forward in slope, correlation and share; of VVIX in the slope."""

    slope: float = kernel.SLOPE_POWER
    correlation: float = surface.CORRELATION_POWER
    share: float = surface.SHARE_POWER
    vvix: float = 0.0


def _mark(
    market: Market, cycle: str, day: str, expiry: str, strike: float, mid: float
) -> Mark | None:
    """Return a mark beside its future, or None where that future is not in the data."""
    row = int(np.searchsorted(market.dates, np.datetime64(day)))
    due = int(np.datetime64(expiry, "D").astype(int))
    quoted = (market.curve.expiry[row] == due) & (market.curve.quoted[row] == 1)
    tau = due - int(market.days[row]) - AM_SHARE
    if not quoted.any() or mid < SMALLEST_MID or tau <= SHORTEST:
        return None
    forward = vix_forward(market.curve.expiry[row], market.curve.forward[row], market.vix[row],
                          int(market.days[row]), due)  # fmt: skip
    half = vix_half_spread(mid, tau, market.vix[row], int(market.days[row]))
    return Mark(cycle, row, forward, strike, mid, half, tau)


def proven_marks(market: Market) -> list[Mark]:
    """Return the usable daily mids of the ten cycles whose strike is known."""
    marks: list[Mark | None] = []
    cycle = expiry = ""
    strike = np.nan
    words = iter(PROVEN.split())
    for word in words:
        if ":" not in word:
            cycle, expiry, strike = word, next(words), float(next(words))
            continue
        date, mid = word.split(":")
        year = int(cycle[:4]) + (date < cycle[5:7])
        day = f"{year}-{date[:2]}-{date[2:]}"
        marks.append(_mark(market, cycle, day, expiry, strike, float(mid)))
    return [mark for mark in marks if mark is not None]


def entry_marks(market: Market) -> list[Mark]:
    """Return the mids at entry of the calls whose strike is unknown."""
    parts = [word.split(":") for word in ENTRIES.split()]
    marks = [_mark(market, d, d, expiry, np.nan, float(mid)) for d, expiry, mid in parts]
    return [mark for mark in marks if mark is not None]


def day_vector(market: Market, row: int, shape: Shape) -> np.ndarray:
    """Return a day's vector under a trial shape, its 30-day strip still VVIX²."""
    shipped = market.params[row]
    height = np.log(market.forward[row] / kernel.REFERENCE_FORWARD)
    there = int(np.searchsorted(market.dates, CHAIN_DAY))
    psi = surface.REFERENCE_SLOPE * np.exp(
        shape.vvix * (market.log_vvix[row] - market.log_vvix[there])
    )
    rho = surface.REFERENCE_CORRELATION * np.exp(-shape.correlation * height)
    rho = np.clip(rho, surface.CORRELATION_LOWEST, surface.CORRELATION_HIGHEST)
    share = surface.REFERENCE_SHARE * np.exp(shape.share * height)
    share = np.clip(share, surface.SHARE_LOWEST, surface.SHARE_HIGHEST)
    days = float(surface.NODE_DAYS)
    strip = np.exp(2.0 * market.log_vvix[row]) * 1e-4 * days / YEAR
    root = kernel.vix_at_the_money(strip, psi * np.exp(-shape.slope * height), rho)
    reversion = shipped[1] / shipped[0]
    level = root * root / kernel.vix_total_variance(1.0, reversion, share, days)
    return np.array([level, level * reversion, share, psi, rho, 0.0, 0.0, 1.0])


def trial_slice(vector: np.ndarray, forward: float, tau: float, shape: Shape) -> kernel.Slice:
    """Return an expiry's smile where the slope follows the forward with the trial's power."""
    moved = vector.copy()
    height = np.log(kernel.REFERENCE_FORWARD / forward)
    moved[3] *= np.exp((shape.slope - kernel.SLOPE_POWER) * height)
    return kernel.vix_slice(moved, forward, tau)


def thirty_delta(smile: kernel.Slice, forward: float, tau: float) -> float:
    """Return the strike at 30 forward delta, between listed strikes where need be."""
    strikes = forward * np.exp(np.linspace(0.0, 1.0, 201))
    deltas = [black_delta(forward, k, kernel.vix_sigma(smile, k), tau / YEAR, False)
              for k in strikes]  # fmt: skip
    return float(np.interp(-0.30, -np.array(deltas), strikes))


def model_prices(market: Market, marks: Sequence[Mark], shape: Shape) -> np.ndarray:
    """Return the model's price of each mark; of the 30-delta call where its strike is unknown."""
    vectors = {row: day_vector(market, row, shape) for row in {mark.row for mark in marks}}
    prices = []
    for m in marks:
        smile = trial_slice(vectors[m.row], m.forward, m.tau, shape)
        k = m.strike if np.isfinite(m.strike) else thirty_delta(smile, m.forward, m.tau)
        prices.append(black_call(m.forward, k, kernel.vix_sigma(smile, k), m.tau / YEAR))
    return np.array(prices)


def deltas(market: Market, marks: Sequence[Mark]) -> np.ndarray:
    """Return the shipped model's delta of each mark, by which marks are chosen for every trial."""
    found = []
    for m in marks:
        smile = kernel.vix_slice(market.params[m.row], m.forward, m.tau)
        sigma = kernel.vix_sigma(smile, m.strike)
        found.append(black_delta(m.forward, m.strike, sigma, m.tau / YEAR, False))
    return np.array(found)


def misses(market: Market, marks: Sequence[Mark], shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """Return model less market, as a share of the mid and in half-spreads."""
    mid = np.array([m.mid for m in marks])
    gap = model_prices(market, marks, shape) - mid
    return gap / mid, gap / np.array([m.half for m in marks])


def chain_misses(market: Market, shape: Shape) -> Callable[[float], np.ndarray]:
    """Return what gives the misses on the listed chain, in half-spreads, for a factor on ξ."""
    table = chain()
    mid = 0.5 * (table["bid"] + table["ask"]).to_numpy()
    half = 0.5 * (table["ask"] - table["bid"]).to_numpy()
    vector = day_vector(market, int(np.searchsorted(market.dates, CHAIN_DAY)), shape)
    keys = table.select("tau", "forward", "strike").rows()

    def miss(factor: float) -> np.ndarray:
        scaled = vector * np.array([factor, factor, 1, 1, 1, 1, 1, 1])
        slices = {(t, f): trial_slice(scaled, f, t, shape) for t, f in {k[:2] for k in keys}}
        sigma = np.array([kernel.vix_sigma(slices[t, f], k) for t, f, k in keys])
        return (sigma - mid) / (half + 0.005)

    return miss


def fit(
    market: Market, marks: Sequence[Mark], names: Sequence[str], weights: np.ndarray
) -> OptimizeResult:
    """Fit the named powers to the marks and the chain of 2022-07-15 (its level free)."""

    def miss(x: np.ndarray) -> np.ndarray:
        shape = Shape(**dict(zip(names, x[:-1], strict=True)))
        calls = weights * misses(market, marks, shape)[1]
        return np.concatenate([calls, chain_misses(market, shape)(x[-1])])

    start = [getattr(Shape(), name) for name in names]
    return least_squares(miss, [*start, 1.0], loss="soft_l1", diff_step=1e-3, x_scale=0.3,
                         bounds=([-2.0 if n != "vvix" else -6.0 for n in names] + [0.5],
                                 [3.0] * len(names) + [2.0]), max_nfev=40)  # fmt: skip


def line(forward: np.ndarray, share: np.ndarray, halves: np.ndarray) -> str:
    """Return mean and root-mean-square misses, all and by regime."""
    cells = []
    for name, low, high in (("all", 0.0, 999.0), *REGIMES):
        use = (forward >= low) & (forward < high)
        if use.any():
            s, h = share[use], halves[use]
            cells.append(f"{name}: n {use.sum():3d} {s.mean():+.1%} ({np.sqrt(np.mean(s * s)):.1%})"
                         f" {h.mean():+.2f} ({np.sqrt(np.mean(h * h)):.2f})")  # fmt: skip
    return " | ".join(cells)


def report(market: Market, title: str, shape: Shape, groups: dict[str, list[Mark]]) -> None:
    """Print the misses of one shape on every group, and on the chain."""
    miss = chain_misses(market, shape)(1.0)
    inside = np.mean(np.abs(miss) < 1.0)
    print(f"\n{title}; chain, level from VVIX: rms {np.sqrt(np.mean(miss**2)):.2f} half-spreads, "
          f"{inside:.0%} within one")  # fmt: skip
    for name, marks in groups.items():
        forward = np.array([m.forward for m in marks])
        print(f"  {name}\n    {line(forward, *misses(market, marks, shape))}")


def vega_weights(market: Market, marks: Sequence[Mark]) -> np.ndarray:
    """Return each mark's vega relative to the money's, at the volatility VVIX names."""
    weights = []
    for m in marks:
        root = np.exp(market.log_vvix[m.row]) / 100.0 * np.sqrt(m.tau / YEAR)
        weights.append(np.exp(-0.5 * (np.log(m.strike / m.forward) / root) ** 2))
    return np.array(weights)


def by_tenor(market: Market, marks: Sequence[Mark]) -> None:
    """Print the misses of the shipped model by delta and days, the two halves side by side."""
    delta, share = deltas(market, marks), misses(market, marks, Shape())[0]
    tau = np.array([m.tau for m in marks])
    fitted = np.array([m.cycle in FITTED for m in marks])
    print("\nas shipped, mean miss by delta and days (n), fitted cycles | held-out cycles")
    for low, high in ((0.0, 0.2), (0.2, 0.35), (0.35, 0.6), (0.6, 0.9), (0.9, 1.01)):
        cells = []
        for least, most in ((3, 8), (8, 15), (15, 23), (23, 60)):
            both = []
            for half in (fitted, ~fitted):
                use = half & (delta >= low) & (delta < high) & (tau >= least) & (tau < most)
                both.append(f"{share[use].mean():+4.0%} ({use.sum()})" if use.any() else "–")
            cells.append(f"{least}–{most} d: {' | '.join(both)}")
        print(f"  {low:.2f}–{high:.2f}  " + "   ".join(cells))


def trials(market: Market, groups: dict[str, list[Mark]]) -> None:
    """Fit each trial to the fitted cycles, then show it on everything."""
    for weighting, group in (("vega", "fitted cycles"), ("10–60 delta", "fitted cycles, 10–60 Δ")):
        marks = groups[group]
        ones = np.ones(len(marks))
        weights = vega_weights(market, marks) if weighting == "vega" else ones
        for names in (["slope"], ["slope", "vvix"], ["slope", "correlation", "share"]):
            x = fit(market, marks, names, weights).x[:-1]
            cells = []
            for cycle in FITTED if names == ["slope"] else ():
                keep = np.array([m.cycle != cycle for m in marks])
                rest = [m for m, k in zip(marks, keep, strict=True) if k]
                cells.append(f"{fit(market, rest, names, weights[keep]).x[0]:.2f}")
            title = f"fitted by {weighting}: " + ", ".join(
                f"{n} {v:.2f}" for n, v in zip(names, x, strict=True)
            )
            left = f" (one cycle left out: {' '.join(cells)})" if cells else ""
            report(market, title + left, Shape(**dict(zip(names, x, strict=True))), groups)


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    market = Market(load_history(parser.parse_args().data))
    marks = proven_marks(market)
    inner = (deltas(market, marks) >= DELTAS[0]) & (deltas(market, marks) <= DELTAS[1])
    groups: dict[str, list[Mark]] = {}
    for name, fitted in (("fitted cycles", True), ("held-out cycles", False)):
        pairs = [(m, i) for m, i in zip(marks, inner, strict=True) if (m.cycle in FITTED) == fitted]
        groups[name] = [m for m, _ in pairs]
        groups[f"{name}, 10–60 Δ"] = [m for m, i in pairs if i]
    groups["held-out entries, strike unknown"] = entry_marks(market)
    print("mean miss (root mean square): share of the mid, then half-spreads")
    report(market, "as shipped", Shape(), groups)
    by_tenor(market, marks)
    trials(market, groups)


if __name__ == "__main__":
    main()
