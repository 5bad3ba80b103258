"""Refit the quoted-width model of S&P 500 options and state how far it is from real chains.

Run ``python -m calibration.spx_spread --data ../shared/data``. Widths are judged as ratios, since
a tick more or less matters by what it is a tick of: the printed error is the typical factor by
which a model width and a quoted width differ.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from alvh.contracts import spx_spread
from calibration.spx_chains import Expiry, read_chains, state_of
from calibration.spx_smile import FITTED, HELD_OUT

Floats = NDArray[np.float64]
FLOOR_ERA = ("2008-11-12", "2014-07-21")


@dataclass(frozen=True)
class Widths:
    """Quoted out-of-the-money options of some chains; arrays of one length."""

    chain: NDArray[np.str_]
    am: NDArray[np.bool_]
    tau: Floats
    mid: Floats
    width: Floats
    vix: Floats
    weight: Floats

    def of(self, days: Sequence[str]) -> "Widths":
        keep = np.isin(self.chain, days)
        return Widths(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


def widths_of(expiries: list[Expiry]) -> Widths:
    """Return the quotes worth fitting, each chain and settlement weighing the same."""
    days = defaultdict(list)
    for expiry in expiries:
        days[expiry.day.isoformat()].append(expiry)
    rows = []
    for day in (*FITTED, *HELD_OUT):
        vix = state_of(days[day]).vix
        for e in days[day]:
            use = (e.bid > 0) & (e.ask > e.bid) & (e.mid < 200) & (abs(e.log_moneyness) < 0.5)
            if e.tau < 400:
                pairs = zip(e.mid[use], (e.ask - e.bid)[use], strict=True)
                rows += [(day, e.am, e.tau, mid, width, vix) for mid, width in pairs]
    chain, am, tau, mids, widths, level = (np.array(column) for column in zip(*rows, strict=True))
    weight = np.empty(chain.size)
    for day in np.unique(chain):
        for settlement in (False, True):
            group = (chain == day) & (am == settlement)
            weight[group] = 1.0 / np.sqrt(max(group.sum(), 1))
    return Widths(chain, am, tau, mids, widths, level, weight * np.where(tau < 100, 1.0, 0.5))


def log_width(theta: Floats, data: Widths) -> Floats:
    """Return the logarithm of the model's width: knots, VIX power, tenor power, ln AM factor."""
    knots = spx_spread.PREMIUM_KNOTS.size
    calm = np.interp(np.log(data.mid), spx_spread.PREMIUM_KNOTS, theta[:knots])
    wide = data.am & np.isin(data.chain, FLOOR_ERA)
    return np.maximum(
        calm
        + theta[knots] * np.log(data.vix / spx_spread.CALM_VIX)
        + theta[knots + 1] * np.log(np.maximum(data.tau / spx_spread.TENOR_DAYS, 1.0))
        + theta[knots + 2] * wide,
        np.log(spx_spread.SMALLEST_WIDTH),
    )


def fit(data: Widths) -> Floats:
    """Return the parameters of least robust error in ln(width)."""
    start = np.concatenate([spx_spread.WIDTH_KNOTS, [0.6, 0.3, 1.2]])
    return least_squares(
        lambda theta: data.weight * (log_width(theta, data) - np.log(data.width)),
        start, loss="soft_l1", f_scale=0.02,
    ).x  # fmt: skip


def shipped(data: Widths) -> Floats:
    """Return the logarithm of the shipped model's width at every quote."""
    dates = {day: int(np.datetime64(day).astype(np.int64)) for day in np.unique(data.chain)}
    half = [
        spx_spread.spx_half_spread(m, t, v, bool(a), dates[c])
        for m, t, v, a, c in zip(data.mid, data.tau, data.vix, data.am, data.chain, strict=True)
    ]
    return np.log(2.0 * np.array(half))


def report(title: str, data: Widths, modelled: Floats) -> None:
    """Print by chain and settlement the model's width over the quoted one."""
    print(f"\n{title}")
    usual = data.mid > 0.3
    gap = modelled - np.log(data.width)
    for day in np.unique(data.chain):
        for am in (False, True):
            group = gap[usual & (data.chain == day) & (data.am == am)]
            if group.size:
                centre = np.median(group)
                spread = np.exp(np.median(abs(group - centre)))
                print(
                    f"  {day} {'AM' if am else 'PM'} n {group.size:5d}  "
                    f"median ratio {np.exp(centre):.2f}, spread about it ×{spread:.2f}"
                )
    bias = np.average(gap[usual], weights=data.weight[usual] ** 2)
    print(f"  all: median |ln ratio| {np.median(abs(gap[usual])):.2f}, bias {bias:+.2f}")


def main() -> None:
    """Refit, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = widths_of(read_chains(parser.parse_args().data))
    theta = fit(data)
    knots = spx_spread.PREMIUM_KNOTS.size
    print("widths, points:", np.round(np.exp(theta[:knots]), 3).tolist())
    print("in the module: ", np.exp(spx_spread.WIDTH_KNOTS).round(3).tolist())
    print(f"VIX power {theta[knots]:.3f} ({spx_spread.VIX_POWER}), tenor power "
          f"{theta[knots + 1]:.3f} ({spx_spread.TENOR_POWER}), AM factor "
          f"{np.exp(theta[knots + 2]):.2f} ({spx_spread.AM_FACTOR})")  # fmt: skip
    report("as shipped (fitted on all)", data, shipped(data))
    left_out = np.empty(data.mid.size)
    days = (*FITTED, *HELD_OUT)
    for day in days:
        rest = fit(data.of([d for d in days if d != day]))
        left_out[data.chain == day] = log_width(rest, data.of([day]))
    report("each day left out of the fit in turn", data, left_out)


if __name__ == "__main__":
    main()
