"""`alvh chain fit` and `alvh chain parity`: what quotes say of smiles, futures and rates."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.chain_commands import SHORT_DIGEST, Folder, app
from alvh.cli.console import ABSENT, counting, say, say_json, show_table
from alvh.cli.formats import decimal, percent
from alvh.cli.options import DATE_FORMATS, AsJson
from alvh.cli.running import read_history

if TYPE_CHECKING:
    import polars as pl

    from alvh import History
    from alvh.market.chains.fitting import ChainFit, ParityDesk

Days = Annotated[
    list[datetime] | None,
    typer.Option("--date", metavar="DATE", formats=DATE_FORMATS,
                 help="A session; repeat. Default: all."),
]  # fmt: skip
Beside = Annotated[
    str | None,
    typer.Option("--data", metavar="FOLDER",
                 help="Market downloads, or `bundled`, to hold the chains against."),
]  # fmt: skip
__all__ = ["app"]
INDICES = ("vix", "skew", "vvix")


@app.command()
def fit(
    folder: Folder,
    roots: Annotated[
        list[str] | None,
        typer.Option("--root", metavar="NAME", help="SPX, SPXW, VIX or VIXW; repeat."),
    ] = None,
    days: Days = None,
    data: Beside = None,
    expiries: Annotated[
        bool, typer.Option("--expiries", help="One row an expiry, not one a session.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE.parquet", help="Write the smiles to a file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit forwards, rates and smiles; recompute VIX, SKEW and VVIX."""
    from alvh.market.chains.fitting import fit_folder

    history = None if data is None else read_history(data)
    with counting(f"fitting {folder}") as progress:
        found = fit_folder(folder, roots=roots or None, dates=_dates(days), progress=progress)
    indices = _beside(found.indices, history)
    if to is not None:
        _write(found.expiries, to)
    if as_json:
        say_json(_fitted(found, indices, history))
        return
    if found.left_out:
        say(f"nothing fitted, no quote of the session can be believed or lies ahead: "
            f"{', '.join(str(one) for one in found.left_out)}")  # fmt: skip
    (_say_expiries if expiries else _say_sessions)(found)
    _say_indices(indices, history is not None)
    _say_digests(found.digest, history)
    if to is not None:
        say(f"smiles: {to}")


@app.command()
def parity(folder: Folder, days: Days = None, data: Beside = None, as_json: AsJson = False) -> None:
    """Hold VIX forwards by options against the futures, and SPX boxes against rates."""
    from alvh.market.chains.fitting import parity_of_folder
    from alvh.market.sources.futures import empty_futures

    history = None if data is None else read_history(data)
    futures = empty_futures() if history is None else history.futures
    with counting(f"reading parity of {folder}") as progress:
        desk = parity_of_folder(folder, futures, dates=_dates(days), progress=progress)
    if as_json:
        say_json({"chain_digest": desk.digest, "data_digest": _history_digest(history),
                  "vix": desk.vix, "boxes": desk.boxes})  # fmt: skip
        return
    _say_vix(desk)
    _say_boxes(desk)
    _say_digests(desk.digest, history)


def _dates(days: Sequence[datetime] | None) -> list[date] | None:
    return [day.date() for day in days] if days else None


def _history_digest(history: "History | None") -> str | None:
    return None if history is None else history.digest


def _write(table: "pl.DataFrame", path: Path) -> None:
    from alvh.market.sources.manifest import whole_file
    from alvh.replacing import refuse_other

    with whole_file(path) as partial:
        table.write_parquet(partial)
        refuse_other(path, partial)


def _beside(indices: "pl.DataFrame", history: "History | None") -> "pl.DataFrame":
    """Add the published closes, null where there is none."""
    import polars as pl

    if history is None:
        return indices.with_columns(published=pl.lit(None, pl.Float64))
    closes = [
        pl.DataFrame({"date": history.dates.astype("datetime64[D]"), "published": history[name]})
        .with_columns(pl.col("date").cast(pl.Date), index=pl.lit(name))
        for name in INDICES
        if history.has(name)
    ]  # fmt: skip
    if not closes:
        return indices.with_columns(published=pl.lit(None, pl.Float64))
    published = pl.concat(closes).fill_nan(None)
    return indices.join(published, on=["date", "index"], how="left", maintain_order="left")


def _fitted(
    found: "ChainFit", indices: "pl.DataFrame", history: "History | None"
) -> dict[str, Any]:
    return {
        "chain_digest": found.digest,
        "data_digest": _history_digest(history),
        "liquid": found.expiries["liquid"].sum(),
        "inside": found.expiries["inside"].sum(),
        "left_out": found.left_out,
        "expiries": found.expiries,
        "indices": indices,
    }


def _say_sessions(found: "ChainFit") -> None:
    import polars as pl

    table = (
        found.expiries.with_columns(under=pl.col("root").str.slice(0, 3))
        .group_by("date", "time", "under", maintain_order=True)
        .agg(
            pl.len().alias("expiries"),
            pl.col("at_the_money").is_nan().sum().alias("without"),
            pl.col("quotes", "liquid", "inside", "refused").sum(),
            *((pl.col(name) * pl.col("liquid")).fill_nan(0).sum().alias(name)
              for name in ("miss", "half")),
            pl.col("butterfly", "calendar").fill_nan(None).min(),
        )
        .sort("date", "time", "under")
    )  # fmt: skip
    show_table(
        "Smiles within their quotes",
        ("session", "on", "expiries", "no smile", "quotes", "liquid", "inside", "mean miss",
         "half spread", "least g", "least gain", "parity refused"),
        (
            (_moment(row), row["under"], str(row["expiries"]), str(row["without"]),
             f"{row['quotes']:,}", f"{row['liquid']:,}", _share(row["inside"], row["liquid"]),
             _points(row["miss"], row["liquid"]), _points(row["half"], row["liquid"]),
             decimal(row["butterfly"], 4), decimal(row["calendar"], 4), str(row["refused"]))
            for row in table.iter_rows(named=True)
        ),
        numbers=("expiries", "no smile", "quotes", "liquid", "inside", "mean miss", "half spread",
                 "least g", "least gain", "parity refused"),
        spare=("parity refused", "least gain", "least g", "no smile", "quotes"),
    )  # fmt: skip
    say("liquid: a bid, a forward delta of 1 % and a width of at most half the mid; mean miss and "
        "half spread of those, in volatility points")  # fmt: skip


def _moment(row: dict[str, Any]) -> str:
    return f"{row['date']} {row['time']}" if row["time"] else f"{row['date']}"


def _share(part: int, whole: int) -> str:
    return percent(part / whole, 1) if whole else ABSENT


def _points(total: float, count: int) -> str:
    return decimal(100 * total / count, 3) if count else ABSENT


def _say_expiries(found: "ChainFit") -> None:
    columns = ("session", "root", "expiry", "forward", "± se", "rate", "± se ", "at the money",
               "liquid", "inside")  # fmt: skip
    show_table(
        "",
        columns,
        (
            (_moment(row), row["root"], str(row["expiry"]), decimal(row["forward"], 2),
             decimal(row["forward_error"], 3), percent(row["rate"], 2),
             percent(row["rate_error"], 2), percent(row["at_the_money"], 2), str(row["liquid"]),
             _share(row["inside"], row["liquid"]))
            for row in found.expiries.iter_rows(named=True)
        ),
        numbers=columns[3:],
    )  # fmt: skip


def _say_indices(indices: "pl.DataFrame", published: bool) -> None:
    show_table(
        "Recomputed by Cboe's formulas",
        ("session", "index", "chain", "published", "difference", "near", "next", "reason"),
        (
            (_moment(row), row["index"].upper(), decimal(row["value"]), decimal(row["published"]),
             decimal(_less(row["value"], row["published"])), str(row["near"] or ABSENT),
             str(row["next"] or ABSENT), row["reason"] or "")
            for row in indices.iter_rows(named=True)
        ),
        numbers=("chain", "published", "difference"),
        spare=("reason",),
    )  # fmt: skip
    if not published:
        say("the published closes are those of the history: give --data")


def _less(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _say_vix(desk: "ParityDesk") -> None:
    if desk.vix.is_empty():
        say("no VIX options here")
        return
    columns = ("session", "expiry", "forward", "± se", "sold at", "bought at", "future", "gap",
               "conversion USD", "reversal USD", "flag")  # fmt: skip
    show_table(
        "VIX forwards by calls and puts; conversion and reversal per future, after costs",
        columns,
        (
            (_moment(row), str(row["expiry"]), decimal(row["forward"], 3), decimal(row["error"], 3),
             decimal(row["low"], 3), decimal(row["high"], 3), decimal(row["future"], 3),
             decimal(row["gap"], 3), decimal(row["conversion"], 0), decimal(row["reversal"], 0),
             row["flag"])
            for row in desk.vix.iter_rows(named=True)
        ),
        numbers=columns[2:-1],
        spare=("sold at", "bought at"),
    )  # fmt: skip


def _say_boxes(desk: "ParityDesk") -> None:
    if desk.boxes.is_empty():
        say("no S&P 500 options here")
        return
    columns = ("session", "root", "expiry", "days", "rate", "± se", "lend", "borrow")
    show_table(
        "Financing by S&P 500 boxes; lend and borrow after spread and fees",
        columns,
        (
            (_moment(row), row["root"], str(row["expiry"]), decimal(row["tau"], 0),
             percent(row["rate"], 2), percent(row["error"], 2), percent(row["lend"], 2),
             percent(row["borrow"], 2))
            for row in desk.boxes.iter_rows(named=True)
        ),
        numbers=columns[3:],
    )  # fmt: skip


def _say_digests(chains: str, history: "History | None") -> None:
    data = "" if history is None else f"; data {history.digest[:SHORT_DIGEST]}"
    say(f"chains {chains[:SHORT_DIGEST]}{data}")
