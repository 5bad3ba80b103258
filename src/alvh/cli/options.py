"""Options that several commands share, each said once."""

import math
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

DATE_FORMATS = ["%Y-%m-%d"]


def _finite(value: float) -> float:
    """Refuse NaN and infinities, which a range check lets through."""
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number.")
    return value


AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Data = Annotated[
    str,
    typer.Option("--data", metavar="FOLDER", help="Folder of market downloads, or `bundled`."),
]
Condors = Annotated[
    str, typer.Option("--condors", metavar="NAME", help="Condor programme: preset or .yaml file.")
]
OwnBook = Annotated[
    Path | None,
    typer.Option(
        "--book", metavar="FILE", help="Your own book, .yaml or .csv, in place of the policy's."
    ),
]
Start = Annotated[
    datetime | None,
    typer.Option(
        "--start",
        metavar="DATE",
        formats=DATE_FORMATS,
        help="First day, as 2007-01-03; default: the first possible.",
    ),
]
End = Annotated[
    datetime | None,
    typer.Option(
        "--end",
        metavar="DATE",
        formats=DATE_FORMATS,
        help="Last day; default: the last of the data.",
    ),
]
Equity = Annotated[
    float,
    typer.Option(
        "--equity", min=1.0, metavar="USD", callback=_finite, help="Account at the start, USD."
    ),
]
Fill = Annotated[
    float,
    typer.Option(
        "--fill",
        min=0.0,
        max=1.0,
        metavar="SHARE",
        callback=_finite,
        help="Price paid: 0 at mid, 1 at the touch.",
    ),
]
Improvement = Annotated[
    float,
    typer.Option(
        "--improvement",
        metavar="SHARE",
        help="Part of --fill that every leg of a package after the first saves, 0 to 1.",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Dask scheduler, as tcp://host:8786."),
]
