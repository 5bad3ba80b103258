"""Write the measured part of docs/worlds.md: facts, bands over years held out, and the outcome.

Run with ``python docs/build_worlds.py --data ../shared/data``. Everything between the two marks
on the page is computed here; the rest of the page is written by hand.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from held_out import YEAR, held_out

import alvh
from alvh.measures import max_drawdown
from alvh.worlds import Bootstrap, WorldsResult
from alvh.worlds.facts import TOLERANCES, stylised_facts

PAGE = Path(__file__).with_name("worlds.md")
BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
START, DRAWN_TO, HELD_FROM = "2007-01-03", "2018-12-31", 2019
FACT_WORLDS, WORLDS = 2_000, 20_000
HEDGES = ("alvh-40-40-20", "single-call", "vxth", "spx-puts")


def percent(value: float, places: int = 2) -> str:
    """Write a fraction as per cent, without a minus sign before nought."""
    return f"{round(100 * value, places) + 0.0:.{places}f} %"


def facts(model: Bootstrap) -> Iterator[str]:
    """Write the stylised facts of history and of worlds."""
    own = stylised_facts(model.days[model.rows])
    drawn = stylised_facts(alvh.simulate(model, FACT_WORLDS, YEAR, 1).shard(0, FACT_WORLDS))
    yield "| fact | history | worlds | tolerance | within |"
    yield "|---|---:|---:|---:|---|"
    for name, most in TOLERANCES.items():
        within = "yes" if abs(own[name] - drawn[name]) <= most else "**no**"
        words = name.replace("_", " ")
        yield f"| {words} | {own[name]:.3f} | {drawn[name]:.3f} | {most:g} | {within} |"


def seams(model: Bootstrap) -> str:
    """Say how much rougher days at a seam are than days within a block."""
    rows = model.draw(0, FACT_WORLDS, YEAR, 1)
    moves = np.diff(np.log(model.days["vix"][rows]), axis=1)
    seam = np.diff(rows, axis=1) != 1
    return (
        f"A seam comes {seam.sum(axis=1).mean():.1f} times a year. The daily change of ln VIX "
        f"has a standard deviation of {moves[seam].std():.3f} across seams and "
        f"{moves[~seam].std():.3f} "
        f"within blocks, so that a seam adds one of "
        f"{np.sqrt(max(moves[seam].var() - moves[~seam].var(), 0.0)):.3f}."
    )


def readings(days: Any) -> dict[str, float]:
    """Return what a year is judged by."""
    returns = np.diff(np.log(days["spx"]))
    return {
        "S&P 500 return": float(days["spx"][-1] / days["spx"][0] - 1.0),
        "realised volatility": float(returns.std() * np.sqrt(252.0)),
        "worst day": float(returns.min()),
        "maximum drawdown": max_drawdown(days["spx"]).depth,
        "mean VIX": float(days["vix"].mean()),
        "highest VIX": float(days["vix"].max()),
        "largest rise of VIX in a day": float(np.diff(np.log(days["vix"])).max()),
    }


def bands(history: alvh.History) -> Iterator[str]:
    """Write whether the years held out lie in the bands of worlds drawn from the years before."""
    model = alvh.bootstrap_model(history, START, DRAWN_TO)
    days = model.days[model.days["tradable"] == 1]
    yield from held_out(days, HELD_FROM, model, readings)


def outcomes(found: list[tuple[str, WorldsResult]]) -> Iterator[str]:
    """Write what hedges came to in worlds, beside no hedge in the same worlds."""
    yield (
        "| hedge | growth | worst 5 % of years | drawdown, mean | drawdown, worst 5 % |"
        " less unhedged | ± | ahead | falls less |"
    )
    yield "|---|" + "---:|" * 8
    twin = found[0][1].summary()["twin"]
    rows = [("no hedge", twin, None)]
    rows += [(name, one.summary()["hedged"], one.summary()["difference"]) for name, one in found]
    for name, book, gap in rows:
        cells = [percent(book[key]) for key in ("growth", "growth_cvar_95")]
        cells += [percent(book[key], 1) for key in ("max_drawdown", "max_drawdown_cvar_95")]
        if gap is None:
            cells += [""] * 4
        else:
            cells += [percent(gap["growth"]), percent(gap["growth_error"])]
            cells += [percent(gap[key], 0) for key in ("hedged_is_ahead", "hedged_falls_less")]
        yield f"| {name} | " + " | ".join(cells) + " |"


def measured(history: alvh.History) -> Iterator[str]:
    """Write everything between the marks."""
    model = alvh.bootstrap_model(history, START)
    yield f"Worlds: {model.name}.\n"
    yield "### Are they like history?\n"
    yield from facts(model)
    yield "\n" + seams(model) + "\n"
    yield f"### Years held out: worlds drawn from {START[:4]} to {DRAWN_TO[:4]}\n"
    yield from bands(history)
    yield f"\n### `monthly45` in {WORLDS:,} years, fill 0.5, 100 % of fills priced by the model\n"
    worlds = alvh.simulate(model, WORLDS, YEAR, 0)
    found = [(name, alvh.run_worlds(worlds, name, "monthly45")) for name in HEDGES]
    yield from outcomes(found)
    yield (
        "\nHedges have the sizes of their policies, which differ; this table does not rank them at "
        "equal cost. *Ahead*: share of years that end higher than unhedged; *falls less*: share "
        "with the smaller drawdown."
    )
    meta = found[0][1].meta
    yield (
        f"\nSeed {meta['seed']}, programme {meta['programme_hash'][:12]}, data "
        f"{meta['data_digest'][:12]}, code {meta['code_version']}; policies "
        + ", ".join(f"{name} {one.meta['policy_hash'][:12]}" for name, one in found)
        + "."
    )


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
