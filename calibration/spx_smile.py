"""Refit the constants of the S&P 500 smile and state how far it is from real chains.

Run ``python -m calibration.spx_smile --data ../shared/data``. Prints the constants that stand in
``alvh.market.spx_surface`` and ``alvh.kernel.spx_smile``, then errors on three footings: on the
chains that were fitted, on chains held out of a fit to the others (a fixed split), and with each
day left out in turn; then how the form of VVIX's part was chosen. "Before" is one shape for all
days in units of at-the-money volatility.

Errors are of the whole product path: a chain's own VIX family goes in, volatilities and condor
credits come out. The 2019 files were taken minutes to an hour before the close on some days, so
the family is read from the quotes and not from the day's closes. The first nine days have a script
of their own, ``calibration/spx_short_end.py``.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alvh.kernel import spx_smile as kernel
from alvh.market import spx_surface
from calibration import crash_quotes
from calibration.spx_chains import (
    Expiry,
    State,
    black,
    expiry_of,
    index_closes,
    read_chains,
    state_of,
)

Floats = NDArray[np.float64]
Chains = dict[str, list[Expiry]]

FITTED = (
    "2008-11-12",
    "2019-04-25",
    "2019-05-07",
    "2019-05-31",
    "2019-06-21",
    "2019-07-19",
    "2022-02-04",
)
CRASH = crash_quotes.DAY.isoformat()
HELD_OUT = (
    "2014-07-21",
    "2019-04-26",
    "2019-05-03",
    "2019-05-09",
    "2019-05-13",
    "2019-06-03",
    CRASH,
)
FAMILY = ("VIX9D", "VIX", "VIX3M", "VIX6M", "SKEW", "VVIX")
RIDGE = 0.02  # on the loadings of SKEW and VIX; the constant is free
VVIX_RIDGE = 0.05  # see ``choose_ridge``
RIDGES = (0.002, 0.005, 0.02, 0.05, 0.1, 0.5, np.inf)  # without bound: no VVIX
TENORS = ((0.5, 2.1), (2.1, 7.1), (7.1, 21.0), (21.0, 45.0), (45.0, 100.0))
TRAIN_TO = np.datetime64("2019-01-01")


@dataclass(frozen=True)
class CondorError:
    """Model over market for one condor, and what half of its four quoted widths are of it."""

    day: str
    tau: float
    am: bool
    credit: float
    put: float
    call: float
    atm: float
    half_width: float


def shape_points(expiry: Expiry) -> tuple[Floats, Floats, Floats]:
    """Return standardised moneyness, σ/σ_atm and weights of the quotes worth fitting."""
    x = expiry.log_moneyness / (expiry.atm * np.sqrt(expiry.years))
    ratio = expiry.sigma / expiry.atm
    relative = (expiry.ask - expiry.bid) / np.maximum(expiry.mid, 1e-9)
    use = np.isfinite(ratio) & (x > -12.0) & (x < 5.0) & (relative < 1.2)
    weight = np.sqrt(np.gradient(x)) * np.clip(np.sqrt(abs(expiry.delta) / 0.05), 0.12, 1.0)
    weight = np.where(expiry.is_put, weight, 1.5 * weight)
    return x[use], ratio[use], weight[use]


def features(state: State) -> Floats:
    """Return what the shape loads on: 1, SKEW, the logarithm of VIX, the excess of VVIX."""
    return np.array(
        [1.0, (state.skew - 125.0) / 10.0, np.log(state.vix / 17.0), vvix_excess(state)]
    )


def vvix_excess(state: State) -> float:
    """Return ln VVIX less what it is given VIX."""
    constant, slope = spx_surface.VVIX_GIVEN_VIX
    return float(np.log(state.vvix) - constant - slope * np.log(state.vix / 17.0))


def tenor_weights(tau: float) -> Floats:
    """Return the weights of the three shape tenors at ``tau`` days."""
    knots = np.array(kernel.LOG_SHAPE_DAYS)
    return np.array([np.interp(np.log(tau), knots, unit) for unit in np.eye(3)])


def basis(x: Floats) -> Floats:
    """Return the three functions whose coefficients are the shape, (points, 3)."""
    put = np.hypot(x - kernel.PUT_CENTRE, kernel.PUT_WIDTH) - kernel.PUT_ORIGIN
    call = np.hypot(x - kernel.CALL_CENTRE, kernel.CALL_WIDTH) - kernel.CALL_ORIGIN
    return np.stack([x, put, call], axis=-1)


def fit_shape(
    chains: Chains, states: dict[str, State], days: Sequence[str], ridge: float = VVIX_RIDGE
) -> Floats:
    """Return loadings (tenor, coefficient, feature) by pooled least squares over quotes."""
    rows, targets = [], []
    for day in days:
        usable = [
            e for e in chains[day] if 0.5 < e.tau < 260 and not (e.am and _has_twin(e, chains))
        ]
        for expiry in usable:
            x, ratio, weight = shape_points(expiry)
            if x.size < 12:
                continue
            scale = (1.0 if 2 < expiry.tau < 70 else 0.6) / np.sqrt(np.sum(weight**2) * len(usable))
            full = np.einsum(
                "pc,t,f->ptcf", basis(x), tenor_weights(expiry.tau), features(states[day])
            )
            rows.append(full.reshape(x.size, -1) * (weight * scale)[:, None])
            targets.append((ratio - 1.0) * weight * scale)
    penalty = np.full((3, 3, 4), RIDGE)
    penalty[:, :, 0] = 1e-4
    penalty[:, :, 3] = min(ridge, 1e9)
    system = np.concatenate([*rows, np.diag(np.sqrt(penalty.ravel()))])
    solution = np.linalg.lstsq(system, np.concatenate([*targets, np.zeros(36)]), rcond=None)[0]
    return solution.reshape(3, 3, 4)


def use(
    chains: Chains,
    states: dict[str, State],
    days: Sequence[str],
    ridge: float = VVIX_RIDGE,
    crash: bool = False,
) -> None:
    """Put the shape fitted to the given days, and the range of VVIX they show, in place.

    The crash widens the range; it is fitted only where ``crash`` says so.
    """
    fitted = [day for day in days if crash or day != CRASH]
    spx_surface.SHAPE_LOADINGS = fit_shape(chains, states, fitted, ridge)
    excess = [vvix_excess(states[day]) for day in days]
    spx_surface.VVIX_RANGE = (round(min(excess), 2), round(max(excess), 2))


def _has_twin(expiry: Expiry, chains: Chains) -> bool:
    """Whether a PM-settled expiry of the same date makes an AM-settled one redundant."""
    return any(not e.am and e.expiry == expiry.expiry for e in chains[expiry.day.isoformat()])


def day_parameters(day: str, state: State) -> Floats:
    """Return the product's smile vector of a chain's day."""
    one = np.ones(1)
    date = np.array([day], dtype="datetime64[D]")
    low = bool((date >= spx_surface.SKEW_GAP[0])[0] and (date < spx_surface.SKEW_GAP[1])[0])
    skew = 100 + (state.skew - 100) / spx_surface.SKEW_GAP_FACTOR if low else state.skew
    return spx_surface.spx_smile_parameters(
        dates=date, spx=one, vix=state.vix * one, vix9d=state.vix9d * one, vix3m=state.vix3m * one,
        vix6m=state.vix6m * one, skew=skew * one, vvix=state.vvix * one, rate=0 * one,
        dividend_yield=0 * one,
    )[0]  # fmt: skip


def model_sigma(params: Floats, expiry: Expiry) -> Floats:
    """Return the model's volatilities at the strikes of an expiry."""
    slice_ = kernel.spx_slice(params, expiry.tau, expiry.sessions)
    return np.array([kernel.spx_sigma(slice_, k) for k in expiry.log_moneyness])


def condor(expiry: Expiry, params: Floats, short: float, long: float) -> CondorError | None:
    """Return the error of the condor at the quoted deltas, or None where it is not listed."""
    price = black(
        expiry.forward, expiry.strike, model_sigma(params, expiry), expiry.years, expiry.is_put
    )
    market, model, widths = [], [], 0.0
    for put in (True, False):
        side = np.flatnonzero(np.isfinite(expiry.delta) & (expiry.is_put == put))
        if side.size < 3:
            return None
        near, far = (side[np.argmin(abs(abs(expiry.delta[side]) - d))] for d in (short, long))
        gaps = abs(abs(expiry.delta[near]) - short), abs(abs(expiry.delta[far]) - long)
        if near == far or gaps[0] > 0.04 or gaps[1] > 0.025:
            return None
        market.append(expiry.mid[near] - expiry.mid[far])
        model.append((price[near] - price[far]) * expiry.discount)
        widths += sum(expiry.ask[i] - expiry.bid[i] for i in (near, far)) / 2
    atm = np.sqrt(kernel.spx_total_variance(params, expiry.tau, expiry.sessions) / expiry.years)
    return CondorError(
        expiry.day.isoformat(), expiry.tau, expiry.am, sum(model) / sum(market) - 1,
        model[0] / market[0] - 1, model[1] / market[1] - 1, 100 * (atm - expiry.atm),
        widths / sum(market),
    )  # fmt: skip


def judge(
    chains: Chains, states: dict[str, State], days: Sequence[str], short: float, long: float
) -> list[CondorError]:
    """Return condor errors of every expiry up to a hundred days of the given chains."""
    errors = []
    for day in days:
        params = day_parameters(day, states[day])
        errors += [condor(e, params, short, long) for e in chains[day] if 0.5 < e.tau < 100]
    return [e for e in errors if e is not None]


def sigma_errors(
    chains: Chains, states: dict[str, State], days: Sequence[str]
) -> dict[str, Floats]:
    """Return volatility errors, points, by tenor of 7–60 days and side of the smile."""
    found = defaultdict(list)
    bands = (("put 2–8Δ", True, 0.02, 0.08), ("put 8–25Δ", True, 0.08, 0.25),
             ("put 25–50Δ", True, 0.25, 0.6), ("call 25–50Δ", False, 0.25, 0.6),
             ("call 8–25Δ", False, 0.08, 0.25), ("call 2–8Δ", False, 0.02, 0.08))  # fmt: skip
    for day in days:
        params = day_parameters(day, states[day])
        for expiry in chains[day]:
            if not 7 < expiry.tau < 60:
                continue
            gap = 100 * (model_sigma(params, expiry) - expiry.sigma)
            for name, put, low, high in bands:
                delta = abs(expiry.delta)
                use = (expiry.is_put == put) & (delta > low) & (delta <= high) & np.isfinite(gap)
                found[name] += list(gap[use])
    return {name: np.array(found[name]) for name, *_ in bands}


def report(title: str, errors: list[CondorError]) -> None:
    """Print median and mean absolute errors by tenor."""
    print(f"\n{title}")
    for low, high in (*TENORS, (7.0, 60.0)):
        chosen = [e for e in errors if low < e.tau <= high]
        if not chosen:
            continue
        credit = np.array([e.credit for e in chosen])
        sides = [np.mean([abs(getattr(e, side)) for e in chosen]) for side in ("put", "call")]
        atm = np.array([e.atm for e in chosen])
        width = np.median([e.half_width for e in chosen])
        print(
            f"  {low:5.1f}–{high:5.1f} d  n {len(chosen):3d}  credit: median |e| "
            f"{np.median(abs(credit)):6.1%} mean |e| {np.mean(abs(credit)):6.1%} "
            f"bias {np.mean(credit):+6.1%}  put {sides[0]:5.1%} call {sides[1]:5.1%}  "
            f"atm {np.mean(abs(atm)):.2f} pts  half widths {width:.1%} of credit"
        )


def overnight_share(chains: Chains) -> Floats:
    """Return, per AM/PM pair of one date, the sessions that separate their variances.

    Total at-the-money variance lost by settling at the open, over the variance of a session.
    """
    lost = []
    for expiries in chains.values():
        for am in (e for e in expiries if e.am and 8 < e.tau < 100):
            for pm in (e for e in expiries if not e.am and e.expiry == am.expiry):
                total = pm.atm**2 * pm.years
                lost.append(
                    (1 - am.atm**2 * am.years / total) * kernel.variance_clock(pm.tau, pm.sessions)
                )
    return 1 - np.array(lost)


def fit_term(folder: Path) -> None:
    """Print the loadings of the fall-back term structure and its held-out error."""
    closes = {name: index_closes(folder, name) for name in ("VIX", "VIX9D", "VIX3M", "VIX6M")}
    days = sorted(closes["VIX"])
    dates = np.array(days, dtype="datetime64[D]")
    vix = np.array([closes["VIX"][d] for d in days])
    design = spx_surface.term_features(vix).T
    for row, name in enumerate(("VIX9D", "VIX3M", "VIX6M")):
        target = np.log([closes[name].get(d, np.nan) for d in days]) - np.log(vix)
        seen = np.isfinite(target)
        train = seen & (dates < TRAIN_TO)
        loadings = np.linalg.lstsq(design[train], target[train], rcond=None)[0]
        gap = target - design @ loadings
        held = seen & (dates >= TRAIN_TO)
        rms = np.sqrt(np.mean(gap[held] ** 2))
        print(
            f"  {name}: {np.round(loadings, 4).tolist()} (in the module "
            f"{spx_surface.TERM_LOADINGS[row].tolist()}); rms of ln {np.std(gap[train]):.3f} "
            f"to 2018, {rms:.3f} held out (bias {np.mean(gap[held]):+.3f}; "
            f"flat at VIX {np.sqrt(np.mean(target[held] ** 2)):.3f})"
        )


def skew_gap(folder: Path, states: dict[str, State]) -> None:
    """Print SKEW of the chains against SKEW as published."""
    published = index_closes(folder, "SKEW")
    for day, state in states.items():
        if day == CRASH:  # its SKEW is the published one
            continue
        value = published.get(next(d for d in published if d.isoformat() == day))
        print(f"  {day}: formula {state.skew:.1f}, published {value:.1f}, "
              f"ratio over 100: {(state.skew - 100) / (value - 100):.2f}")  # fmt: skip


def load(folder: Path, days: Sequence[str]) -> tuple[Chains, dict[str, State]]:
    """Return the chains of the days and the indices their quotes imply, VVIX as published.

    The crash is one expiry, from which no index can be read: its indices are all as published.
    """
    crash = expiry_of(
        CRASH, crash_quotes.DAY, crash_quotes.EXPIRY, True, crash_quotes.ROWS, crash_quotes.RATE
    )
    every: Chains = defaultdict(list)
    for expiry in [*read_chains(folder), *([crash] if crash else [])]:
        every[expiry.day.isoformat()].append(expiry)
    chains = {day: every[day] for day in days}
    closes = [index_closes(folder, name) for name in FAMILY]
    states = {}
    for day in days:
        published = State(*(series.get(date.fromisoformat(day), np.nan) for series in closes))
        states[day] = (
            published if day == CRASH else replace(state_of(chains[day]), vvix=published.vvix)
        )
    return chains, states


def fit_vvix(folder: Path) -> None:
    """Print ln VVIX given VIX, and what it leaves over before and after."""
    vix, vvix = index_closes(folder, "VIX"), index_closes(folder, "VVIX")
    days = [d for d in sorted(vvix) if d >= date(2007, 1, 3) and d in vix]
    x, y = (np.log([series[d] for d in days]) for series in (vix, vvix))
    design = np.stack([np.ones_like(x), x - np.log(17.0)], axis=1)
    train = np.array(days, dtype="datetime64[D]") < TRAIN_TO
    loadings = np.linalg.lstsq(design[train], y[train], rcond=None)[0]
    gap = y - design @ loadings
    print(f"VVIX given VIX: {np.round(loadings, 3).tolist()} (in the module "
          f"{spx_surface.VVIX_GIVEN_VIX}); excess: deviation {np.std(gap[train]):.3f} to 2018, "
          f"mean {np.mean(gap[~train]):+.3f} and deviation {np.std(gap[~train]):.3f} since; "
          f"beyond what the chains show {np.mean(gap < spx_surface.VVIX_RANGE[0]):.0%} below, "
          f"{np.sum(gap > spx_surface.VVIX_RANGE[1])} days above")  # fmt: skip


def left_out_days(
    chains: Chains, states: dict[str, State], ridge: float, crash: bool = False
) -> dict[str, list[CondorError]]:
    """Return 16/5-delta errors of 7–60 days, each day judged by a fit to the others."""
    errors = {}
    for day in chains:
        use(chains, states, [d for d in chains if d != day], ridge, crash)
        errors[day] = [e for e in judge(chains, states, [day], 0.16, 0.05) if 7 < e.tau < 60]
    return errors


def summary(errors: dict[str, list[CondorError]]) -> str:
    """Return, over days, the mean and median of the median credit error, and the sides' errors."""
    credit = [np.median([abs(e.credit) for e in found]) for found in errors.values()]
    put, call = (
        np.mean([np.mean([abs(getattr(e, side)) for e in found]) for found in errors.values()])
        for side in ("put", "call")
    )
    pooled = np.median([abs(e.credit) for found in errors.values() for e in found])
    crash = errors[CRASH][0]
    return (f"days: mean {np.mean(credit):.2%} median {np.median(credit):.2%}, all condors "
            f"{pooled:.2%}, put {put:.1%}, call {call:.1%}, {CRASH} {crash.credit:+.1%} "
            f"(put {crash.put:+.1%}, call {crash.call:+.1%})")  # fmt: skip


def choose_ridge(chains: Chains, states: dict[str, State]) -> None:
    """Print errors of days left out by the ridge on VVIX, the crash among the fitted or never.

    The rule: the least mean over the fourteen days.
    """
    for crash in (False, True):
        for ridge in RIDGES:
            errors = left_out_days(chains, states, ridge, crash)
            print(
                f"  crash {'fitted' if crash else 'never'}, ridge {ridge:5.3f}: {summary(errors)}"
            )


def main() -> None:
    """Refit, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data
    days = [*FITTED, *HELD_OUT]
    chains, states = load(folder, days)

    use(chains, states, days)
    shipped = spx_surface.SHAPE_LOADINGS
    print("shape loadings, all chains:\n", np.array2string(shipped, precision=4, separator=", "))
    print("range of the excess of VVIX:", spx_surface.VVIX_RANGE)
    fit_vvix(folder)
    share = overnight_share(chains)
    low, middle, high = np.quantile(share, (0.25, 0.5, 0.75))
    print(f"overnight share: {middle:.2f}, quartiles {low:.2f}–{high:.2f}, {share.size} pairs")
    print("term structure where an index is absent:")
    fit_term(folder)
    print("SKEW:")
    skew_gap(folder, states)

    report("16/5-delta, fitted on all, all chains", judge(chains, states, days, 0.16, 0.05))
    report("20/5-delta, fitted on all, all chains", judge(chains, states, days, 0.20, 0.05))
    print("volatility points, 7–60 days:")
    for name, gap in sigma_errors(chains, states, days).items():
        print(f"  {name:12s} mean |e| {np.mean(abs(gap)):.2f} bias {np.mean(gap):+.2f}")
    use(chains, states, FITTED)
    report("split: fitted chains", judge(chains, states, FITTED, 0.16, 0.05))
    report("split: held-out chains", judge(chains, states, HELD_OUT, 0.16, 0.05))
    left_out = []
    for day in days:
        use(chains, states, [d for d in days if d != day])
        left_out += judge(chains, states, [day], 0.16, 0.05)
    report("each day left out in turn", left_out)
    plain = left_out_days(chains, states, np.inf)
    for day in days:
        here = [e for e in left_out if e.day == day and 7 < e.tau < 60]
        medians = [np.median([abs(e.credit) for e in found]) for found in (here, plain[day])]
        sides = [np.mean([getattr(e, side) for e in here]) for side in ("put", "call")]
        print(f"  {day}: {medians[0]:.1%} of {len(here)}, put {sides[0]:+.1%} call "
              f"{sides[1]:+.1%}; without VVIX {medians[1]:.1%}")  # fmt: skip
    print("days left out, by the ridge on VVIX:")
    choose_ridge(chains, states)
    constant = shipped.copy()
    constant[:, :, 1:] = 0.0
    spx_surface.SHAPE_LOADINGS = constant
    report("before: one shape for all days", judge(chains, states, days, 0.16, 0.05))


if __name__ == "__main__":
    main()
