"""The page: figures and tables of a comparison put into one file that needs no other."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alvh.errors import AlvhError
from alvh.evidence.comparison import BASES, Comparison
from alvh.evidence.crises import covered
from alvh.evidence.verdict import percent
from alvh.replacing import refuse_other
from alvh.report import tables
from alvh.report.exhibits import Exhibit, of_comparison

_BASIS_TITLES = {
    "preset": "Own sizes",
    "carry": "Equal carry",
    "outlay": "Equal outlay",
}
_BASIS_MEANING = {
    "preset": "Every hedge at the size its policy gives.",
    "carry": "Every hedge scaled until it would lose as much a year in an unchanged market as "
    "{reference} does.",
    "outlay": "Every hedge scaled until it ties up as large a share of the account, on average, "
    "as {reference} does.",
}


def write_report(comparison: Comparison, path: str | Path, history: Any = None) -> Path:
    """Write a comparison as one self-contained HTML file.

    The file appears whole or not at all: it is written beside its place and renamed.

    Parameters
    ----------
    comparison : Comparison
        From `alvh.compare`.
    path : str or Path
        Where to write; an older file is replaced.
    history : History, optional
        For the table of data; the comparison's own by default.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    AlvhError
        If the folder does not exist or cannot be written to.

    Examples
    --------
    >>> comparison = alvh.compare(alvh.load_history("bundled"))  # doctest: +SKIP
    >>> alvh.report.write_report(comparison, "report.html")  # doctest: +SKIP
    """
    return _write(Path(path), render(comparison, history))


def figure_page(
    path: str | Path, title: str, lines: Sequence[str], drawn: Mapping[str, Exhibit]
) -> Path:
    """Write a page of figures under a few lines of text, self-contained; see `write_report`."""
    from plotly.offline import get_plotlyjs

    page = (
        _environment()
        .get_template("figures.html.j2")
        .render(
            title=title,
            lines=lines,
            shown=_shown(drawn),
            figures=_script({name: one.figure for name, one in drawn.items()}),
            plotly=get_plotlyjs(),
        )
    )
    return _write(Path(path), page)


def _write(target: Path, page: str) -> Path:
    try:
        _write_whole(target, page)
    except OSError as error:
        raise AlvhError(
            f"the report cannot be written to {target}: {error.strerror}; name a file in a folder "
            "that exists and may be written to"
        ) from error
    return target


def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("alvh.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(comparison: Comparison, history: Any = None) -> str:
    """Return the page as text; the same comparison gives the same text."""
    from plotly.offline import get_plotlyjs

    data = history if history is not None else comparison.history
    run, exhibits = comparison.headline, of_comparison(comparison)
    trades = tables.ledger(tables.with_sentences(run.trades, run.decisions))
    file = trades.pop("file")
    page: str = (
        _environment()
        .get_template("page.html.j2")
        .render(
            plotly=get_plotlyjs(),
            figures=_script({name: one.figure for name, one in exhibits.items()}),
            shown=_shown(exhibits),
            ledger=_script(trades),
            ledger_file=file,
            ledger_rows=trades["rows"],
            ledger_total=trades["total"],
            series=tables.series_rows(getattr(data, "report", ())),
            **_texts(comparison),
        )
    )
    return page


def _shown(exhibits: Mapping[str, Exhibit]) -> dict[str, dict[str, Any]]:
    """Return title, caption and file of every figure."""
    return {
        name: {"title": one.title, "caption": one.caption, "file": one.file(name)}
        for name, one in exhibits.items()
    }


def _texts(comparison: Comparison) -> dict[str, Any]:
    meta, row = comparison.headline.meta, comparison.row(comparison.reference, "preset")
    shares = [r.model_priced_share for rows in comparison.rows.values() for r in rows]
    low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
    decisions, left_out = tables.decision_rows(comparison.headline.decisions)
    return {
        "title": f"{meta['programme']} hedged: {meta['start']} – {meta['end']}",
        "meta": meta,
        "notes": meta.get("notes", ()),
        "reference": comparison.reference,
        "equal": comparison.equal,
        "first_line": f"{row.model_priced_share:.0%} of the fills with {comparison.reference} were "
        f"priced by a model ({low if low == high else f'{low} to {high}'} over all books), "
        f"{row.fitted_share:.0%} by smiles fitted to quotes, "
        f"{max(1.0 - row.model_priced_share - row.fitted_share, 0.0):.0%} by quotes",
        "share_headline": f"Model-priced fills: {row.model_priced_share:.0%}.",
        "basis_note": _BASIS_MEANING[comparison.equal].format(reference=comparison.reference),
        "bases": [_basis(comparison, basis) for basis in BASES],
        "columns": tables.headline_columns(),
        "refused": comparison.refused,
        "fills": [tables.fill_cells(point) for point in comparison.fills],
        "crises": tables.crisis_rows(comparison.crises()),
        "any_crisis": bool(covered(comparison.twin.dates)),
        "sides": _sides(comparison),
        "curve_notes": [p for p in comparison.curve if p.note],
        "decisions": decisions,
        "decisions_left_out": left_out,
        "decisions_total": comparison.headline.decisions.height,
        "resampling": comparison.resampling,
        "seed": comparison.seed,
        "percent": percent,
    }


def _basis(comparison: Comparison, basis: str) -> dict[str, Any]:
    rows = comparison.rows[basis]
    return {
        "key": basis,
        "title": _BASIS_TITLES[basis],
        "meaning": _BASIS_MEANING[basis].format(reference=comparison.reference),
        "rows": [
            {"cells": tables.headline_cells(row), "lead": row.name == comparison.reference}
            for row in rows
        ],
        "notes": [f"{row.name}: {row.note}" for row in rows if row.note],
        "verdict": comparison.verdict(basis),
    }


def _sides(comparison: Comparison) -> list[list[str]]:
    """Net P&L and losing months of the two sides of the condors, unhedged and hedged, USD."""
    cells = []
    for name in ("none", comparison.reference):
        row = comparison.row(name, "preset")
        money = (row.put_side_pnl, row.put_side_losses, row.call_side_pnl, row.call_side_losses)
        cells.append([name, *(tables.usd(value) for value in money)])
    return cells


def _script(content: Any) -> str:
    """JSON that may stand inside a script element: no tag can be closed from within it."""
    text = json.dumps(content, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c")


def _write_whole(target: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        refuse_other(target, beside)
        beside.chmod(0o644)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
