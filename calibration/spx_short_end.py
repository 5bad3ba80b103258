"""Refit the first nine days of the S&P 500 smile and state how far they are from real chains.

Run ``python -m calibration.spx_short_end --data ../shared/data``. Everything is in terms of what
a seller of condors receives: spreads and condors with 16- and 10-delta shorts, wings at 5 and 2
delta or 25 points out. The days of ``calibration.spx_smile`` are fitted and held out as there; two
days with a handful of quotes each (2021-01-06, 2023-06-23) were never fitted.

"Before" is a lower bound of 0.4 on the variance of the shortest end over the mean of nine days.
"""

import argparse
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alvh.kernel import spx_smile as kernel
from alvh.market import spx_surface
from calibration.spx_chains import (
    Expiry,
    State,
    bill_rates,
    black,
    implied,
    index_closes,
    session_span,
)
from calibration.spx_smile import (
    FAMILY,
    FITTED,
    HELD_OUT,
    Chains,
    day_parameters,
    load,
    model_sigma,
    use,
)

Floats = NDArray[np.float64]
Quotes = dict[date, dict[float, dict[str, float]]]  # expiry → strike → "C"/"P" → mid

LONGEST = 9.5  # days to expiry
# short delta, long delta, width of the wing in points
STRUCTURES = ((0.16, 0.05, None), (0.10, 0.02, None), (0.16, None, 25.0), (0.10, None, 25.0))
BANDS = ((0.5, 1.0), (1.0, 3.0), (3.0, 9.0), (0.5, 9.0))  # sessions
BEFORE = (0.4, 1.9)
RATIOS = np.exp(np.linspace(np.log(0.3), np.log(3.0), 40))


@dataclass(frozen=True)
class NearError:
    """One expiry: model over market less one, structures × (put, call, condor), and σ_atm."""

    day: str
    sessions: float
    credit: Floats
    atm: float  # volatility points


def near_expiries(expiries: list[Expiry]) -> list[Expiry]:
    """Return the expiries within nine days, one of each date."""
    later = {e.expiry for e in expiries if not e.am}
    return [e for e in expiries if 0.5 < e.tau <= LONGEST and not (e.am and e.expiry in later)]


def spread(
    expiry: Expiry, price: Floats, put: bool, structure: tuple[float, float | None, float | None]
) -> tuple[float, float] | None:
    """Return the market's and the model's credit of one side, or None where it is not listed."""
    short, long, width = structure
    side = np.flatnonzero(np.isfinite(expiry.delta) & (expiry.is_put == put))
    if side.size < 3:
        return None
    delta, strike = abs(expiry.delta[side]), expiry.strike[side]
    near = side[np.argmin(abs(delta - short))]
    if long is not None:
        far = side[np.argmin(abs(delta - long))]
        listed = abs(abs(expiry.delta[far]) - long) <= 0.02
    else:
        target = expiry.strike[near] + (-1 if put else 1) * (width or 0.0)
        far = side[np.argmin(abs(strike - target))]
        listed = abs(expiry.strike[far] - target) <= 2.6
    market = expiry.mid[near] - expiry.mid[far]
    if not listed or near == far or market <= 0 or abs(abs(expiry.delta[near]) - short) > 0.04:
        return None
    return float(market), float(price[near] - price[far]) * expiry.discount


def near_error(expiry: Expiry, params: Floats) -> NearError:
    """Return the errors of one expiry; NaN where a structure is not listed."""
    price = black(
        expiry.forward, expiry.strike, model_sigma(params, expiry), expiry.years, expiry.is_put
    )
    rows = []
    for structure in STRUCTURES:
        put, call = (spread(expiry, price, side, structure) for side in (True, False))
        if put is None or call is None:
            rows.append([np.nan] * 3)
        else:
            both = (put[1] + call[1]) / (put[0] + call[0])
            rows.append([put[1] / put[0] - 1, call[1] / call[0] - 1, both - 1])
    atm = np.sqrt(kernel.spx_total_variance(params, expiry.tau, expiry.sessions) / expiry.years)
    return NearError(
        expiry.day.isoformat(), expiry.sessions, np.array(rows), 100 * (atm - expiry.atm)
    )


def judge_near(
    chains: Chains, states: dict[str, State], days: Sequence[str], given: bool = False
) -> list[NearError]:
    """Return the errors of every near expiry, at the market's own level where ``given``."""
    errors = []
    for day in days:
        for expiry in near_expiries(chains[day]):
            params = day_parameters(day, states[day])
            if given:
                total = kernel.spx_total_variance(params, expiry.tau, expiry.sessions)
                factor = expiry.atm**2 * expiry.years / total
                params[[0, kernel.SHORT_RATE]] *= factor
            errors.append(near_error(expiry, params))
    return errors


def report_near(title: str, errors: list[NearError]) -> None:
    """Print bias and mean absolute error by sessions to expiry and side."""
    print(f"\n{title}")
    for low, high in BANDS:
        chosen = [e for e in errors if low <= e.sessions <= high and (low < 1 or e.sessions > low)]
        if not chosen:
            continue
        credit = np.array([e.credit for e in chosen])
        atm = np.array([e.atm for e in chosen])
        bias, size = (np.nanmean(v, axis=(0, 1)) for v in (credit, abs(credit)))
        line = "  ".join(
            f"{name} {b:+6.1%} |e| {s:5.1%}"
            for name, b, s in zip(("put", "call", "condor"), bias, size, strict=True)
        )
        median = np.nanmedian(abs(credit[:, 0, 2]))
        print(
            f"  {low:.1f}–{high:.0f} sessions n {len(chosen):2d}  {line}  16/5 condor median |e| "
            f"{median:5.1%}  atm {atm.mean():+.2f} |{abs(atm).mean():.2f}|"
        )


def misses(chains: Chains, states: dict[str, State], days: Sequence[str]) -> dict[str, Floats]:
    """Return, per day, the mean |ln(model/market)| over ``RATIOS`` of the shortest end."""
    found = {}
    for day in days:
        params = day_parameters(day, states[day])
        mean = params[0] / params[kernel.CLOCK_9]
        near = near_expiries(chains[day])
        if len(near) < 3:
            continue
        found[day] = np.zeros(RATIOS.size)
        for i, ratio in enumerate(RATIOS):
            params[kernel.SHORT_RATE] = ratio * mean
            found[day][i] = np.mean(
                [np.nanmean(abs(np.log1p(near_error(e, params).credit))) for e in near]
            )
    return found


def fit_short_end(
    missed: dict[str, Floats], states: dict[str, State], days: Sequence[str]
) -> tuple[float, float, float]:
    """Return intercept, slope on ln(VIX9D/VIX) and the mean miss they leave."""
    grid = [(a, b) for a in np.arange(1.0, 1.3, 0.01) for b in np.arange(2.0, 7.1, 0.1)]
    found = [(short_miss(missed, states, days, pair), *pair) for pair in grid]
    miss, intercept, slope = min(found)
    return float(intercept), float(slope), miss


def short_miss(
    missed: dict[str, Floats], states: dict[str, State], days: Sequence[str],
    loadings: tuple[float, float],
) -> float:  # fmt: skip
    """Return the mean miss of the days under the given loadings."""
    total = []
    for day in (d for d in days if d in missed):
        slope = np.log(states[day].vix9d / states[day].vix)
        ratio = np.clip(loadings[0] + loadings[1] * slope, *spx_surface.SHORT_RANGE)
        total.append(np.interp(np.log(ratio), np.log(RATIOS), missed[day]))
    return float(np.mean(total))


def few_quotes(folder: Path) -> Iterator[tuple[date, Quotes]]:
    """Yield the two days of which a handful of quotes exist, mids at the close."""
    quotes: Quotes = {}
    with zipfile.ZipFile(next(folder.rglob("*20210106_quote_european.zip"))) as archive:
        for name in archive.namelist():
            found = re.search(r"_(put|call)_(\d+)_(\d{8})\.csv", name)
            if found is None:
                continue
            rows = list(csv.reader(io.TextIOWrapper(archive.open(name))))
            last = [row for row in rows if int(row[0]) <= 57_600_000][-1]
            expiry = datetime.strptime(found[3], "%Y%m%d").date()
            entry = quotes.setdefault(expiry, {}).setdefault(float(found[2]) / 1e4, {})
            entry[found[1][0].upper()] = (float(last[4] or 0) + float(last[9] or 0)) / 2e4
    yield date(2021, 1, 6), quotes
    quotes = {}
    with next(folder.rglob("*spxw_universe_20230623.csv")).open() as lines:
        for row in csv.reader(lines):
            if row[0].isdigit():
                expiry = datetime.strptime(row[0], "%Y%m%d").date()
                quotes.setdefault(expiry, {}).setdefault(float(row[1]), {})[row[2]] = float(row[6])
    yield date(2023, 6, 23), quotes


def check_few(folder: Path) -> None:
    """Print model and market volatilities of the days that were never fitted."""
    closes = [index_closes(folder, name) for name in FAMILY]
    rates = bill_rates(folder)
    for day, quotes in few_quotes(folder):
        params = day_parameters(day.isoformat(), State(*(series[day] for series in closes)))
        for expiry, table in sorted(quotes.items()):
            if expiry <= day:
                continue
            tau = float((expiry - day).days)
            discount = np.exp(-rates[day] * tau / 365)
            forward = float(np.median([k + (q["C"] - q["P"]) / discount for k, q in table.items()]))
            slice_ = kernel.spx_slice(params, tau, float(session_span(day, expiry)))
            shown = []
            for strike, quote in sorted(table.items()):
                side = np.array([strike < forward])
                price = np.array([quote["P" if side[0] else "C"] / discount])
                sigma = implied(forward, np.array([strike]), price, tau / 365, side)[0]
                model = kernel.spx_sigma(slice_, np.log(strike / forward))
                shown.append(f"{strike:.0f}{'P' if side[0] else 'C'} {100 * sigma:.2f} "
                             f"model {100 * (model - sigma):+.2f}")  # fmt: skip
            print(f"  {day} → {expiry}: " + ", ".join(shown))


def main() -> None:
    """Refit, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    days = [*FITTED, *HELD_OUT]
    chains, states = load(folder, days)
    shipped = spx_surface.SHORT_RANGE
    use(chains, states, days)
    missed = misses(chains, states, days)
    intercept, slope, miss = fit_short_end(missed, states, days)
    print(f"short end, all chains: {intercept:.2f}, {slope:.1f} (mean miss {miss:.3f}); in the "
          f"module {spx_surface.SHORT_LOADINGS} "
          f"({short_miss(missed, states, days, spx_surface.SHORT_LOADINGS):.3f})")  # fmt: skip

    for name, bounds in (("before", BEFORE), ("after", shipped)):
        spx_surface.SHORT_RANGE = bounds
        use(chains, states, FITTED)
        report_near(f"{name}: fitted chains", judge_near(chains, states, FITTED))
        report_near(f"{name}: held-out chains", judge_near(chains, states, HELD_OUT))
        print(f"{name}: days never fitted")
        check_few(folder)
        left_out, given = [], []
        for day in days:
            others = [d for d in days if d != day]
            use(chains, states, others)
            left_out += judge_near(chains, states, [day])
            given += judge_near(chains, states, [day], given=True)
        report_near(f"{name}: each day left out in turn", left_out)
        report_near(f"{name}: the same at the market's own level", given)
        use(chains, states, days)
        report_near(f"{name}: all chains", judge_near(chains, states, days))


if __name__ == "__main__":
    main()
