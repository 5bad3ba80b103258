"""Write docs/calibration/worlds.md: the path-dependent model beside history, and years held out.

Run with ``python docs/build_path_worlds.py --data ../shared/data``.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from held_out import BAND, YEAR, held_out

import alvh
from alvh.market.surfaces import build_surfaces
from alvh.measures import max_drawdown
from alvh.worlds import PathModel, path_ensemble
from alvh.worlds.facts import forward_beta, sampling_errors, stylised_facts
from alvh.worlds.memory import VVIX

PAGE = Path(__file__).with_name("calibration") / "worlds.md"
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
YEARS, LONG = 3_000, 200
FITS = 48  # to the years of the history as drawn again
HELD_FROM = 2019
MOST = 2.0  # standard errors of history's own fact that a world's may be off
CONDORS, HEDGE = "monthly45", "alvh-40-40-20"
TENORS = (15, 30, 60, 90, 120, 180)
JUMPS = (0.02, 0.03, 0.05)
FAR, BEFORE = (0.03, 0.05, 0.07, 0.1, 0.15), np.datetime64("2007-01-01")


def facts(own: Any, made: Any, long: list[Any]) -> Iterator[str]:
    """Write the stylised facts of the years fitted, of worlds, and of worlds as long."""
    mine, theirs, errors = stylised_facts(own), stylised_facts(made), sampling_errors(own)
    others = [stylised_facts(world) for world in long]
    yield (
        "| fact | history | tolerance | worlds as long: mean | within | off, standard errors | "
        "5 … 95 % of them | history inside | all worlds of a year together |"
    )
    yield "|---|---:|---:|---:|---|---:|---:|---|---:|"
    passed = held = 0
    for name, error in errors.items():
        drawn = [one[name] for one in others]
        middle, (low, high) = float(np.nanmean(drawn)), np.nanquantile(drawn, BAND)
        off, inside = (middle - mine[name]) / error, low <= mine[name] <= high
        passed, held = passed + (abs(off) <= MOST), held + inside
        yield (
            f"| {name.replace('_', ' ')} | {mine[name]:.3f} | {MOST * error:.3f} | {middle:.3f} | "
            f"{_yes(abs(off) <= MOST)} | {off:+.1f} | {low:.3f} … {high:.3f} | {_yes(inside)} | "
            f"{theirs[name]:.3f} |"
        )
    yield ""
    yield (
        f"{passed} of {len(errors)} facts lie within tolerance; history lies between the 5th and "
        f"the 95th of a hundred such worlds in {held}."
    )


def _yes(fits: bool) -> str:
    return "yes" if fits else "**no**"


def betas(own: Any, made: Any) -> Iterator[str]:
    """Write the log-beta to VIX of the monthly future nearest each tenor."""
    yield "| days ahead | " + " | ".join(map(str, TENORS)) + " |"
    yield "|---|" + "---:|" * len(TENORS)
    for words, days in (("history", own), ("worlds", made)):
        moves = np.diff(np.log(np.atleast_2d(days)["vix"]), axis=1)
        found = (forward_beta(np.atleast_2d(days), moves, tenor) for tenor in TENORS)
        yield f"| {words} | " + " | ".join(f"{beta:.3f}" for beta in found) + " |"


def jumps(own: Any, made: Any) -> Iterator[str]:
    """Write how often a year the index falls or rises far, and VIX rises far, in a day."""
    yield (
        "| a year | "
        + " | ".join(f"S&P 500 {sign}{size:.0%}" for size in JUMPS for sign in "-+")
        + " | VIX +20 % | VIX +40 % |"
    )
    yield "|---|" + "---:|" * (2 * len(JUMPS) + 2)
    for words, days in (("history", own), ("worlds", made)):
        returns = np.diff(np.log(np.atleast_2d(days)["spx"]), axis=1)
        rises = np.diff(np.log(np.atleast_2d(days)["vix"]), axis=1)
        counts = [share for size in JUMPS for share in ((returns < -size), (returns > size))]
        counts += [rises > np.log(1.2), rises > np.log(1.4)]
        cells = (f"{YEAR * count.mean():.2f}" for count in counts)
        yield f"| {words} | " + " | ".join(cells) + " |"


def far_moves(history: alvh.History, made: Any) -> Iterator[str]:
    """Write how often the index moves very far, in worlds and in years that no fit has seen."""
    known = np.isfinite(history["spx"])
    dates, returns = history.dates[known][1:], np.diff(np.log(history["spx"][known]))
    early = returns[dates < BEFORE]
    first = dates[0].astype("datetime64[Y]").astype(int) + 1970
    yield (
        "| a year | "
        + " | ".join(f"{sign}{size:.0%}" for size in FAR for sign in "-+")
        + " | deviation | excess kurtosis |"
    )
    yield "|---|" + "---:|" * (2 * len(FAR) + 2)
    for words, some in ((f"{first}–2006", early), ("worlds", np.diff(np.log(made["spx"]), axis=1))):
        counts = [share for size in FAR for share in ((some < -size), (some > size))]
        scaled = (some - some.mean()) / some.std()
        cells = [f"{YEAR * count.mean():.3f}" for count in counts]
        cells += [f"{np.sqrt(YEAR) * some.std():.3f}", f"{(scaled**4).mean() - 3.0:.1f}"]
        yield f"| {words} | " + " | ".join(cells) + " |"


def premium(own: Any, made: Any) -> str:
    """Say what is paid for and what comes: VIX against the volatility of the 21 sessions after."""
    ratios = []
    for days in (np.atleast_2d(own), np.atleast_2d(made)):
        squares = np.diff(np.log(days["spx"]), axis=1) ** 2
        sums = np.cumsum(np.insert(squares, 0, 0.0, axis=1), axis=1)
        came = (sums[:, 21:] - sums[:, :-21]) / 21.0 * 252.0
        ratios.append(came.mean() / ((0.01 * days["vix"][:, : came.shape[1]]) ** 2).mean())
    return (
        "Variance of the 21 sessions after a close over VIX squared, mean over mean: "
        f"{ratios[0]:.2f} in history, {ratios[1]:.2f} in worlds."
    )


def memory_of_returns(own: Any, made: Any) -> str:
    """Say how much less the index moves over six weeks than days without memory would make it."""
    words = []
    for days in (np.atleast_2d(own), np.atleast_2d(made)):
        log = np.log(days["spx"])
        far, near = log[:, 30:] - log[:, :-30], np.diff(log, axis=1)
        high = far / (0.01 * days["vix"][:, :-30] * np.sqrt(30.0 / YEAR)) > 1.3
        words.append(f"{far.var() / (30.0 * near.var()):.2f} and {high.mean():.1%}")
    return (
        "Variance of 30-session returns over thirty times a day's, and how often they exceed 1.3 "
        f"deviations of VIX: {words[0]} in history, {words[1]} in worlds."
    )


def condors(history: alvh.History, model: PathModel) -> str:
    """Say what condors and their hedge come to in worlds, and came to in the years fitted."""
    span = str(model.first), str(model.fitted_to)
    years = [alvh.backtest(history, name, CONDORS, *span) for name in ("none", HEDGE)]
    bare, hedged = (100.0 * one.summary()["cagr"] for one in years)
    found = alvh.run_worlds(alvh.simulate(model, YEARS, YEAR, 1), HEDGE, CONDORS).summary()
    gap = found["difference"]
    return (
        f"`{CONDORS}` without a hedge: {bare:.1f} % a year in the years fitted, "
        f"{100.0 * found['twin']['growth']:.1f} % in {YEARS:,} such years; `{HEDGE}` changed that "
        f"by {hedged - bare:+.1f} points, and by {100.0 * gap['growth']:+.1f} ± "
        f"{100.0 * gap['growth_error']:.1f} in worlds. All fills are priced by the model."
    )


def readings(days: Any) -> dict[str, float]:
    """Return what a year is judged by."""
    returns, vix = np.diff(np.log(days["spx"])), np.log(days["vix"])
    slope = np.log(days["curve_forward"][:, 3] / days["vix"])
    return {
        "S&P 500 return": float(days["spx"][-1] / days["spx"][0] - 1.0),
        "realised volatility": float(returns.std() * np.sqrt(252.0)),
        "worst day": float(returns.min()),
        "maximum drawdown": max_drawdown(days["spx"]).depth,
        "mean VIX": float(days["vix"].mean()),
        "highest VIX": float(days["vix"].max()),
        "largest rise of ln VIX in a day": float(np.diff(vix).max()),
        "mean ln fourth future over VIX": float(slope.mean()),
        "mean volatility of VIX options": float(days["vix_smile"][:, 5].mean()),
    }


def parameters(model: PathModel) -> Iterator[str]:
    """Write what was fitted."""
    move = model.fit.moves[0]
    yield "| what | fitted |"
    yield "|---|---|"
    yield f"| ln deviation of a day at VIX 17, slopes on ln VIX and on the pull | {_row(move['sigma'])} |"  # noqa: E501
    yield f"| range of the pull | {_row(move['pull'])} |"
    yield f"| drift of the S&P 500, a year | {252 * move['drift']:.4f} |"
    yield f"| return on sums of recent ones, half-lives 0.5, 3.6, 26 | {_row(move['reversal'])} |"
    yield f"| VIX's residual: 1, ρ, ρ̄, r, r·L, r·L², abs r, abs r·L | {_row(move['vix'])} |"
    names = ("curve, fast", "curve, slow", "VIX9D", "VIX3M", "VIX6M", "VVIX")
    for name, row in zip(names, move["others"][1 : VVIX + 1], strict=True):
        yield f"| {name}: 1, x, x̄, Δln VIX | {_row(row)} |"
    yield f"| share of the day's move at the open: VIX, S&P 500 | {move['vix_open']:.3f}, {move['spx_open']:.3f} |"  # noqa: E501


def _row(values: Any) -> str:
    return ", ".join(f"{value:.4f}" for value in values)


def measured(history: alvh.History) -> Iterator[str]:
    """Write everything between the marks."""
    model = alvh.path_dependent_model(history)
    surfaces = build_surfaces(history)
    own = surfaces.days[model.fit.rows[0] : model.fit.rows[-1] + 1]
    made = alvh.simulate(model, YEARS, YEAR, 1).shard(0, YEARS)
    yield f"Worlds: {model.name}; data {model.digest[:12]}, seed 1.\n"
    yield "### Fitted\n"
    yield from parameters(model)
    yield "\n### Are they like the years fitted?\n"
    many = alvh.simulate(model, LONG, len(own), 2)
    yield from facts(own, made, [many.shard(n, 1)[0] for n in range(LONG)])
    yield "\n" + premium(own, made) + "\n"
    yield memory_of_returns(own, made) + "\n"
    yield condors(history, model) + "\n"
    yield "### Futures on VIX, log-beta by tenor\n"
    yield from betas(own, made)
    yield "\n### Jumps\n"
    yield from jumps(own, made)
    yield "\n### Far moves, beside years that nothing was fitted to\n"
    yield from far_moves(history, made)
    yield "\n### Years held out\n"
    usable = surfaces.days[surfaces.days["tradable"] == 1]
    yield from held_out(usable, HELD_FROM, path_ensemble(history, FITS), readings, model)


def main() -> None:
    """Rewrite the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    history = alvh.load_history(parser.parse_args().data)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    text = "\n".join(measured(history))
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
