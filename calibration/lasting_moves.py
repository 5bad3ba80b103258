"""Slopes of forwards and volatilities on VIX by how long a move has lasted.

    python -m calibration.lasting_moves --data ../shared/data

The tables of ``alvh.advise.shocks`` are what it prints, rounded.
"""

import argparse

import numpy as np

import alvh
from alvh.advise.shocks import HORIZONS, TENORS
from alvh.kernel.vix_curve import vix_forward
from alvh.market.surfaces import build_surfaces

SPAN = np.datetime64("2007-01-03"), np.datetime64("2018-12-31")


def levels(days):
    """Return logs, shape (n,) each: forwards by tenor, S&P 500 volatility by node, vol-of-vol."""
    forwards = [
        [vix_forward(d["curve_expiry"], d["curve_forward"], d["vix"], d["date"], d["date"] + int(t))
         for t in TENORS]
        for d in days
    ]  # fmt: skip
    groups = {
        "forwards": np.log(forwards).T,
        "S&P 500 volatility": 0.5 * np.log(days["spx_smile"][:, :4]).T,
        "vol-of-vol": 0.5 * np.log(days["vix_smile"][:, :2]).T,
        "S&P 500": np.log(days["spx"])[None],
    }
    return np.log(days["vix"]), groups


def slopes(vix, group, horizon):
    """Return slopes through the origin of changes over a horizon on those of ln VIX."""
    x, y = vix[horizon:] - vix[:-horizon], group[:, horizon:] - group[:, :-horizon]
    return y @ x / (x @ x)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    surfaces = build_surfaces(alvh.load_history(parser.parse_args().data))
    inside = (surfaces.dates >= SPAN[0]) & (surfaces.dates <= SPAN[1])
    days = surfaces.days[inside & (surfaces.days["tradable"] == 1)]
    vix, groups = levels(days)
    for name, group in groups.items():
        for horizon in HORIZONS.astype(int):
            print(name, horizon, slopes(vix, group, horizon).round(2))
    spx, moved = groups["S&P 500"][0], 63
    x, y = spx[moved:] - spx[:-moved], vix[moved:] - vix[:-moved]
    print("ln VIX on ln S&P 500 over 63 sessions", round(float(x @ y / (x @ x)), 2))


if __name__ == "__main__":
    main()
