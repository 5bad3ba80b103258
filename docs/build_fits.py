"""Write docs/fits.md: what the fits of real chains are worth.

    python docs/build_fits.py --data ../shared/data

Imports every chain of the folder into a place that is thrown away, fits it, and tells the quotes
within the spread, the indices beside the published closes, rates by parity, and what a million
quotes cost. Figures in the text are computed here; the page is rewritten as a whole.
"""

import argparse
import resource
import tempfile
import time
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from alvh.market.chains.accept import Terms
from alvh.market.chains.fitting import ChainFit, closing_quotes, fit_folder, parity_of_folder
from alvh.market.chains.forwards import fit_forwards
from alvh.market.chains.importing import import_chains
from alvh.market.chains.smiles import fit_smiles
from alvh.market.chains.strips import pair_quotes
from alvh.market.chains.table import load_chains
from alvh.market.history import History, load_history

PAGE = Path(__file__).with_name("fits.md")
TENORS = ((0.5, 2.5), (2.5, 7.5), (7.5, 21.0), (21.0, 45.0), (45.0, 100.0), (100.0, 2000.0))
MILLION = 1_000_000


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def weighted(part: pl.DataFrame, name: str) -> float:
    """Return the mean of an expiry's figure over liquid quotes, volatility points."""
    return 100 * float((part[name].fill_nan(0) * part["liquid"]).sum() / part["liquid"].sum())


def quality_row(label: str, part: pl.DataFrame) -> list[str]:
    """Return one line of the table of fits."""
    calendar = part["calendar"].fill_nan(None).min()
    return [
        label, str(part.height), f"{part['liquid'].sum():,}",
        f"{part['inside'].sum() / part['liquid'].sum():.2%}", f"{weighted(part, 'miss'):.3f}",
        f"{weighted(part, 'half'):.3f}", f"{part['butterfly'].fill_nan(None).min():.4f}",
        "–" if calendar is None else f"{calendar:.5f}",
        f"{part['steepest'].fill_nan(None).max():.2f}",
    ]  # fmt: skip


def quality(found: ChainFit) -> str:
    """Return the tables of fits by session and by tenor."""
    heads = ["", "expiries", "liquid quotes", "within the spread", "mean miss", "half spread",
             "least g", "least gain", "steepest wing"]  # fmt: skip
    fitted = found.expiries.filter(pl.col("at_the_money").is_finite(), pl.col("liquid") > 0)
    by_day = [quality_row(str(day), part) for (day,), part in fitted.group_by(
        "date", maintain_order=True)]  # fmt: skip
    by_tau = [
        quality_row(f"{low:g}–{high:g} days", part)
        for low, high in TENORS
        if (part := fitted.filter(pl.col("tau").is_between(low, high))).height
    ]
    return table(heads, [*by_day, quality_row("all", fitted)]) + "\n" + table(heads, by_tau)


def indices(found: ChainFit, history: History) -> str:
    """Return VIX and SKEW beside the published ones."""
    rows = []
    for row in found.indices.filter(pl.col("value").is_not_null()).iter_rows(named=True):
        at = int(np.searchsorted(history.dates, np.datetime64(row["date"], "D")))
        close = history[row["index"]][at]
        day = ""
        if row["index"] == "vix":
            low, high = history["vix_low"][at], history["vix_high"][at]
            day = f"{low:.2f}–{high:.2f}"
        rows.append([str(row["date"]), row["index"].upper(), f"{row['value']:.2f}",
                     f"{close:.2f}", f"{row['value'] - close:+.2f}", day])  # fmt: skip
    return table(["session", "index", "of the chain", "published close", "difference",
                  "range of the day"], rows)  # fmt: skip


def rates(folder: Path, history: History) -> str:
    """Return the financing rates by parity beside bills."""
    boxes = parity_of_folder(folder, history.futures).boxes
    rows = []
    for (day,), part in boxes.group_by("date", maintain_order=True):
        near = part.filter(pl.col("tau").is_between(60, 250), pl.col("lend").is_not_null())
        if near.height < 3:
            continue
        at = int(np.searchsorted(history.dates, np.datetime64(day, "D")))
        bills = -np.log1p(-history["bill_rate"][at] * 91 / 360) * 365 / 91
        rows.append([str(day), str(near.height), f"{near['rate'].median():.2%}",
                     f"{near['error'].median():.3%}", f"{bills:.2%}",
                     f"{near['lend'].median():.2%}", f"{near['borrow'].median():.2%}"])  # fmt: skip
    return table(["session", "expiries, 60–250 days", "parity rate", "standard error",
                  "3-month bills", "box lent", "box borrowed"], rows)  # fmt: skip


def copies(folder: Path) -> pl.DataFrame:
    """Return the chains of 2019 so often, years apart, that they are a million quotes."""
    year = load_chains(folder, dates=None).filter(pl.col("date").dt.year() == 2019).collect()
    year = closing_quotes(year)
    parts = []
    for i in range(-(-MILLION // year.height)):
        shift = pl.duration(days=3000 * i)
        parts.append(year.with_columns(pl.col("date") + shift, pl.col("expiry") + shift))
    return pl.concat(parts).head(MILLION)


def cost(folder: Path) -> str:
    """Return what a million, half and a quarter of it cost: processor seconds and wall."""
    million = copies(folder)
    rows = []
    for share in (4, 2, 1):
        some = million.head(MILLION // share)
        clocks = [(time.process_time(), time.perf_counter())]
        strips = pair_quotes(some)
        clocks.append((time.process_time(), time.perf_counter()))
        forwards = fit_forwards(strips)
        smiles = fit_smiles(strips, forwards)
        clocks.append((time.process_time(), time.perf_counter()))
        cpu = [b[0] - a[0] for a, b in pairwise(clocks)]
        wall = clocks[-1][1] - clocks[0][1]
        rows.append([f"{strips.quotes:,}", f"{len(smiles.smile):,}", f"{cpu[0]:.1f}",
                     f"{cpu[1]:.1f}", f"{wall:.1f}"])  # fmt: skip
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    note = f"\nLargest memory of the process that wrote this page: {memory:.2f} GiB.\n"
    return table(["quotes", "expiries", "pairing, processor s", "fitting, processor s",
                  "wall s"], rows) + note  # fmt: skip


TEXT = """# Fits of real chains

Written by `python docs/build_fits.py --data ../shared/data`. `alvh chain fit` and
`alvh chain parity` print the same of any folder of imported chains.

## What is fitted
- **Forward and rate** of each expiry: a line through call less put over strikes, weighted by the
  quotes' own widths; a strike whose bid and ask the line misses is refused. A rate is drawn to its
  neighbours' by precision, and the forward fitted again (`market/chains/forwards.py`).
- **Smile**: an SVI slice with a local correction between its wings
  (`market/chains/smile_shape.py`). SVI's five numbers alone put 45 % of the liquid quotes of 2019
  within their spreads: its shape misses by 0.16 volatility points, half a spread is 0.1. The
  correction is nineteen cubic splines with a price on curvature; it ends before the wings, which
  stay SVI's and below Lee's bound. Butterflies are kept out by a penalty and, at the last, by
  shrinking the correction; calendar spreads by a penalty where the expiry before is liquid. VIX
  smiles lean upward and know no calendar.
- Beyond the last quotes nothing is known: drawn, call wings are seen to fall (2022-02-04) or to
  rise past the few bids of a tick (2019-06-21, 91 days), free of arbitrage but not to be traded on.
- A quote is liquid with a bid, a forward delta of 1 % and a width of at most half its mid.

![Smiles of four expiries of 2019-06-21](pictures/smiles-spx-2019-06-21.png)
![Smiles of four expiries of 2022-02-04](pictures/smiles-spx-2022-02-04.png)
![Smiles of four expiries of VIX options of 2022-07-15](pictures/smiles-vix-2022-07-15.png)

Bars are bid to ask in volatility of every quote with a bid, also those that are not liquid; lines
are the smiles (`python -m docs.build_smiles`). Through the liquid quotes the line cannot be told
from the bars. Outside them it can: of 2019-06-21 at 91 days puts of a delta below 1 % stand up to
seven points above the line, and the last calls up to four points below it; of 2022-02-04 the far
puts stand up to nine points above it at 7 and 84 days and the last ones below it at 378. What is
not quoted out there is not to be taken from the smile.

## Within the spread
Mean miss and half spread in volatility points. Least g: of Durrleman's function, negative where a
butterfly has a negative price. Least gain: of total variance over the expiry before, in units of
the at-the-money variance. Steepest wing: Lee's bound is 2.

{quality}
## Cboe's indices from the chains' own quotes
The 2019 files were not all taken at the close; a value inside the day's range with a difference is
the clock's. SKEW was published low from October 2018 to December 2019 (see
[calibration](calibration/spx.md)).

{indices}
Of the VIX chain of 2022-07-15 (package `stochvolmodels`) the same formula gives a VVIX of 86.5;
89.37 was published at the close, the quotes are of the middle of that day.

## Financing by parity
Medians over the expiries of 60 to 250 days; boxes after spread and fees.

{rates}
## What it costs
The chains of 2019, repeated, on the machine that wrote this page. {load}

{cost}
The first fit on a machine compiles for half a minute of processor time.
"""


def main() -> None:
    """Import, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    history = load_history(data)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        import_chains([data / "chains"], folder, terms=Terms(date.today(), None))
        found = fit_folder(folder)
        load = Path("/proc/loadavg").read_text().split()[0]
        page = TEXT.format(
            quality=quality(found), indices=indices(found, history),
            rates=rates(folder, history), cost=cost(folder),
            load=f"Other work was running on its two cores (load {load}).",
        )  # fmt: skip
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
