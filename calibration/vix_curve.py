"""Fit the modelled VIX curve and the interpolation clock to VX settlements; print the errors.

    python calibration/vix_curve.py --data ../shared/data

Fitted on 2007–2018, held out 2019 on. The printed tables are those of docs/calibration/curve.md.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np

from alvh.kernel.records import CURVE_NODES
from alvh.kernel.vix_curve import AM_SHARE
from alvh.market import curve as module
from alvh.market.curve import curve_basis, curve_features, curve_nodes, modelled_curve, vix_curve
from alvh.market.history import History, load_history

TENORS = (0, 8, 15, 30, 60, 90, 120, 150, 180, 220, 261)
LONGEST = 260.0


class Panel:
    """Real settlements on the grid of days and monthly nodes."""

    def __init__(self, history: History) -> None:
        keep = history.dates >= np.datetime64("1990-01-02")
        self.dates = history.dates[keep]
        self.vix = history["vix"][keep]
        self.vix3m = history["vix3m"][keep]
        self.year = self.dates.astype("datetime64[Y]").astype(int) + 1970
        full = vix_curve(dates=self.dates, vix=self.vix, vix3m=self.vix3m, futures=history.futures)
        self.expiry = full.expiry
        self.quoted = np.where(full.quoted == 1, full.forward, np.nan)
        days = self.dates.astype(np.int32)
        self.tau = curve_nodes(self.dates) - days[:, None] - AM_SHARE
        self.fitted = (self.year >= 2007) & (self.year <= 2018)
        self.held_out = self.year >= 2019


def design(features: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """Return regressors: each speed's basis times each feature, shape (n, nodes, 2·k)."""
    basis = curve_basis(tau)
    return np.einsum("nmj,nk->nmjk", basis, features).reshape(*tau.shape, -1)


def fit(panel: Panel, features: np.ndarray) -> np.ndarray:
    """Return least-squares coefficients on log forwards, shape (2, k)."""
    regressors = design(features, panel.tau)
    target = np.log(panel.quoted) - np.log(panel.vix)[:, None]
    use = panel.fitted[:, None] & np.isfinite(target) & (panel.tau <= LONGEST)
    use &= np.isfinite(regressors).all(axis=-1)
    solution, *_ = np.linalg.lstsq(regressors[use], target[use], rcond=None)
    return solution.reshape(2, -1)


def by_tenor(title: str, panel: Panel, forward: np.ndarray, rows: np.ndarray) -> None:
    """Print root-mean-square and mean errors of ``forward`` by tenor, fitted and held out."""
    print(f"\n{title}")
    print("days        fitted: n  rmse pts  rmse %  bias %   held out: n  rmse pts  rmse %  bias %")
    for low, high in [*pairwise(TENORS), (0, 261)]:
        cells = []
        for window in (panel.fitted, panel.held_out):
            use = (window & rows)[:, None] & (panel.tau >= low) & (panel.tau < high)
            use &= np.isfinite(panel.quoted) & np.isfinite(forward)
            points = (forward - panel.quoted)[use]
            logs = np.log(forward / panel.quoted)[use]
            cells.append(
                f"{use.sum():6d} {np.sqrt(np.mean(points**2)):9.2f} "
                f"{100 * np.sqrt(np.mean(logs**2)):7.1f} {100 * logs.mean():+7.1f}"
            )
        print(f"{low:3d}-{high:3d}   {cells[0]}        {cells[1]}")


def start_weights(panel: Panel) -> None:
    """Print how much of ln VIX each average holds on a typical day, 1990–2018."""
    spot, _ = curve_features(panel.vix, panel.vix3m)
    use = (panel.year >= 1995) & (panel.year <= 2018) & np.isfinite(spot).all(axis=1)
    weights = [np.polyfit(spot[use, 1], spot[use, k], 1)[0] for k in (2, 3, 4)]
    print("start weights of the averages", np.round(weights, 2))


def clock(panel: Panel) -> None:
    """Predict VX1 from spot and VX2, and each later node from its neighbours, by exponent."""
    print("\nexponent of the clock: rmse %, bias % (fitted) | (held out)")
    values = np.concatenate([panel.vix[:, None], panel.quoted], axis=1)
    tau = np.concatenate([np.zeros((len(values), 1)), panel.tau], axis=1)
    for power in (0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 1.0):
        cells = []
        for node in (1, 2, 3):
            low, mid, high = (values[:, node + k] for k in (-1, 0, 1))
            t = [tau[:, node + k] ** power if node + k else 0 * tau[:, 0] for k in (-1, 0, 1)]
            share = (t[1] - t[0]) / (t[2] - t[0])
            error = np.log(np.sqrt(low**2 * (1 - share) + high**2 * share) / mid)
            for window in (panel.fitted, panel.held_out):
                e = 100 * error[window & np.isfinite(error)]
                cells.append(f"{np.sqrt(np.mean(e**2)):5.2f} {e.mean():+5.2f}")
        print(f"  {power:4.2f}   VX1 {cells[0]} | {cells[1]}   VX2 {cells[2]} | {cells[3]}"
              f"   VX3 {cells[4]} | {cells[5]}")  # fmt: skip


def weeklies(panel: Panel, history: History) -> None:
    """Compare the interpolation with settlements of weekly contracts."""
    from alvh.kernel.vix_curve import vix_forward

    full = vix_curve(dates=panel.dates, vix=panel.vix, vix3m=panel.vix3m, futures=history.futures)
    days = panel.dates.astype(np.int32)
    monthly = set(np.unique(full.expiry).tolist())
    table = history.futures
    traded = table["date"].to_numpy().astype("datetime64[D]").astype(np.int32)
    due = table["expiry"].to_numpy().astype("datetime64[D]").astype(np.int32)
    settle = table["settle"].to_numpy()
    errors: dict[str, list[float]] = {"before VX1": [], "between VX1 and VX2": []}
    for t, expiry, value in zip(traded, due, settle, strict=True):
        row = np.searchsorted(days, t)
        if expiry in monthly or row >= len(days) or days[row] != t:
            continue
        nodes = full.expiry[row]
        if expiry > nodes[1] or not full.quoted[row, :2].all():
            continue
        model = vix_forward(nodes, full.forward[row], panel.vix[row], int(t), int(expiry))
        key = "before VX1" if expiry < nodes[0] else "between VX1 and VX2"
        # A weekly that never traded is settled at the monthly's price: not an observation.
        if np.isfinite(model) and not np.isin(value, np.round(full.forward[row, :2], 4)):
            errors[key].append(np.log(model / value))
    print("\nweekly contracts (settlements that differ from the neighbouring monthly's)")
    for key, values in errors.items():
        e = 100 * np.array(values)
        print(f"  {key}: n {len(e)}, rmse {np.sqrt(np.mean(e**2)):.1f} %, "
              f"median |error| {np.median(np.abs(e)):.1f} %, bias {e.mean():+.1f} %")  # fmt: skip


def tail(panel: Panel, history: History) -> None:
    """Hide every node past the fifth and extend the curve to it, by half-life of the gap."""
    print("\nextending past the fifth node: rmse %, bias % (fitted) | (held out)")
    known = panel.quoted.copy()
    known[:, 5:] = np.nan
    model = modelled_curve(panel.vix, panel.vix3m, panel.tau)
    rows = np.isfinite(known[:, 4])
    for half_life in (60.0, 120.0, 240.0, 480.0, 1e6):
        module.TAIL_DAYS = half_life
        extended = module._with_tail(known, known, model, panel.tau)
        cells = []
        for window in (panel.fitted, panel.held_out):
            use = (window & rows)[:, None] & np.isfinite(panel.quoted)
            use[:, :5] = False
            e = 100 * np.log(extended / panel.quoted)[use]
            cells.append(f"{np.sqrt(np.mean(e**2)):5.2f} {e.mean():+5.2f}")
        print(f"  half-life {half_life:9.0f} d   {cells[0]} | {cells[1]}")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    history = load_history(parser.parse_args().data)
    panel = Panel(history)
    print(f"quoted nodes {np.isfinite(panel.quoted).sum()} of {panel.quoted.size}, "
          f"{CURVE_NODES} a day; fitted 2007–2018, held out 2019–{panel.year[-1]}")  # fmt: skip
    start_weights(panel)
    spot, with_slope = curve_features(panel.vix, panel.vix3m)
    np.set_printoptions(precision=4, suppress=True)
    for title, features, rows in (
        ("SPOT_ONLY", spot, np.isfinite(panel.vix)),
        ("WITH_VIX3M", with_slope, np.isfinite(panel.vix3m)),
    ):
        coefficients = fit(panel, features)
        print(f"\n{title} fitted here:\n{coefficients}")
        without = np.full_like(panel.vix3m, np.nan) if title == "SPOT_ONLY" else panel.vix3m
        by_tenor(f"{title} as shipped", panel, modelled_curve(panel.vix, without, panel.tau), rows)
    clock(panel)
    weeklies(panel, history)
    tail(panel, history)


if __name__ == "__main__":
    main()
