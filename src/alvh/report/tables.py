"""Tables of the page: every cell already text, every long list already compact."""

import base64
import gzip
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from alvh.evidence.curves import FillPoint
from alvh.evidence.intervals import Interval
from alvh.evidence.rows import LAYERS, Row

LEDGER_ROWS = 12_000  # rows of the ledger kept readable in the page; the rest is in the download
DECISION_ROWS = 60
PLAIN_CSV_BYTES = 600_000  # above it the download is compressed

_HEADLINE: tuple[tuple[str, str], ...] = (
    ("Hedge", "name of the policy"),
    ("Size", "multiple of the policy's own size; of the book's for fewer-condors"),
    ("CAGR", "compound growth a year"),
    ("Vol.", "standard deviation of daily returns, a year"),
    ("Sharpe", "mean over standard deviation of daily returns over bills, a year"),
    ("Max. drawdown", "deepest fall from an earlier high, at closes"),
    ("CVaR month", "mean of the worst twentieth of 21-session returns"),
    ("CVaR day", "mean of the worst twentieth of daily returns"),
    ("Ulcer", "root mean square of all drawdowns"),
    ("Hedge cost / yr", "loss of the hedge with its fees and slippage, of the average account"),
    ("Carry / yr", "loss of the hedge in an unchanged market, of the average account"),
    ("Capital", "market value and margin of the hedge, average share of the account"),
    ("Costs / yr", "fees and slippage of the whole book, of the average account"),
    ("Put-side losses", "sum of the losing months of the condors' put spreads, USD"),
    ("Call-side losses", "sum of the losing months of the condors' call spreads, USD"),
    ("Δ CAGR", "against unhedged, points, with its 95 % interval"),
    ("Δ CVaR month", "against unhedged, points, with its 95 % interval; above 0 is safer"),
    ("Trades", "fills, one per leg"),
    ("Model-priced", "share of the fills whose price came from a model"),
    ("Policy", "first digits of the policy's hash"),
)


def headline_columns() -> list[dict[str, str]]:
    """Return the columns of the headline table: title and meaning."""
    return [{"title": title, "meaning": meaning} for title, meaning in _HEADLINE]


def headline_cells(row: Row) -> list[str]:
    """Return the cells of one row of the headline table, in the order of its columns."""
    both = row.differences
    return [
        row.name,
        f"{row.scale:.2f}" + ("" if row.reached else " ≠"),
        percent(row.cagr),
        percent(row.volatility),
        number(row.sharpe),
        percent(row.max_drawdown),
        percent(row.cvar_month),
        percent(row.cvar_day),
        percent(row.ulcer),
        percent(row.hedge_cost_per_year),
        percent(row.carry_per_year),
        percent(row.capital_in_hedge),
        percent(row.costs_per_year),
        usd(row.put_side_losses),
        usd(row.call_side_losses),
        interval(-row.cagr_given_up, both.cagr if both else None),
        interval(row.cvar_removed, both.cvar if both else None),
        f"{row.trades:,}",
        f"{row.model_priced_share:.0%}",
        row.policy_hash[:8],
    ]


def fill_cells(point: FillPoint) -> list[str]:
    """Return the cells of one fill parameter."""
    return [
        f"{point.fill:g}",
        percent(point.unhedged_cagr),
        percent(point.hedged_cagr),
        percent(point.cagr_given_up),
        percent(point.hedge_cost_per_year),
        percent(point.costs_per_year),
        percent(point.unhedged_max_drawdown),
        percent(point.hedged_max_drawdown),
        percent(point.unhedged_cvar_month),
        percent(point.hedged_cvar_month),
    ]


def crisis_rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return one mapping per crisis: texts, and whether the data hold it."""
    rows = []
    for row in table.iter_rows(named=True):
        hedge = None
        if row["total"] is not None:
            hedge = sum(row[layer] for layer in LAYERS)
        vix = "–"
        if row["vix_from"] is not None and row["vix_to"] is not None:
            vix = f"{row['vix_from']:.1f} → {row['vix_to']:.1f}"
        cells = [
            percent(row["spx"]),
            vix,
            usd(row["condors"]),
            *(usd(row[layer]) for layer in LAYERS),
            usd(hedge),
            usd(row["cash"]),
            usd(row["costs"]),
            percent(row["unhedged"]),
            percent(row["hedged"]),
            percent(row["difference"]),
        ]
        part = {"all": "", "part": "in part", "none": "not in the data"}[row["coverage"]]
        window = f"{row['start']} – {row['end']}"
        rows.append({"name": row["crisis"], "window": window, "part": part, "cells": cells})
    return rows


def series_rows(report: Iterable[Any]) -> list[dict[str, str]]:
    """Return one mapping per series of a history: source, range, gaps and refusals in words."""
    rows = []
    for series in report:
        missing = sum(gap.sessions for gap in series.gaps)
        refused = Counter(refusal.reason for refusal in series.refused)
        said = "; ".join(f"{count} × {reason}" for reason, count in refused.most_common(3))
        if len(refused) > 3:
            said += f"; and {len(refused) - 3} reasons more"
        rows.append(
            {
                "name": str(series.name),
                "source": ", ".join(series.sources[:3])
                + (f" and {len(series.sources) - 3} more" if len(series.sources) > 3 else ""),
                "range": f"{series.first} – {series.last}" if series.first else "no values",
                "count": f"{series.count:,}",
                "gaps": f"{missing:,} in {len(series.gaps):,} runs" if missing else "none",
                "refused": said or "none",
            }
        )
    return rows


def decision_rows(decisions: pl.DataFrame) -> tuple[list[dict[str, Any]], int]:
    """Count the decisions by sleeve, action and reason, figures left out of the reasons.

    Returns
    -------
    rows : list of dict
        sleeve, action, reason, count; the most frequent first.
    left_out : int
        Decisions of the rarer reasons that are not among the rows.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    grouped = decisions.group_by("sleeve", "action", "reason").len()
    for sleeve, action, reason, count in grouped.iter_rows():
        counts[(str(sleeve), str(action), without_figures(str(reason)))] += count
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        {"sleeve": key[0], "action": key[1], "reason": key[2], "count": f"{count:,}"}
        for key, count in ordered[:DECISION_ROWS]
    ]
    return rows, sum(count for _, count in ordered[DECISION_ROWS:])


def without_figures(reason: str) -> str:
    """Replace the figures of a reason by a sign, so that like reasons count together."""
    return re.sub(r"(?<![\w.])[-−+]?\d[\d,]*(\.\d+)?", "#", reason)


def with_sentences(trades: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """Put the sentences of the decisions in place of the short reasons of the trades.

    A day may hold several decisions of one sleeve and action; all their sentences are given then.
    A trade without a decision keeps its short reason.
    """
    key = ["date", "sleeve", "action"]
    if not set(key) <= set(trades.columns) & set(decisions.columns):
        return trades
    said = decisions.group_by(key, maintain_order=True).agg(
        pl.col("reason").unique(maintain_order=True).str.join("; ").alias("sentence")
    )
    full = trades.join(said, on=key, how="left", maintain_order="left")
    return full.with_columns(pl.coalesce("sentence", "reason").alias("reason")).drop("sentence")


def ledger(trades: pl.DataFrame) -> dict[str, Any]:
    """Pack a ledger of trades for the page and for download.

    Parameters
    ----------
    trades : polars.DataFrame
        As `Result.trades`.

    Returns
    -------
    dict
        ``columns`` (name, values: numbers, or codes into ``words``), ``rows``, ``total``, and
        ``file`` (name and data URI of the whole ledger as CSV, compressed where it is long).
    """
    shown = trades.tail(LEDGER_ROWS)
    columns = [_packed(shown[name]) for name in shown.columns]
    return {
        "columns": columns,
        "rows": shown.height,
        "total": trades.height,
        "file": download("trades", trades.write_csv(float_precision=4).encode()),
    }


def percent(value: float | None) -> str:
    """Print a fraction as per cent with two places; a dash for none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{round(100 * value, 2) + 0.0:.2f} %".replace("-", "−")


def number(value: float) -> str:
    """Print a plain number with two places; a dash for none."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−") if math.isfinite(value) else "–"


def usd(value: float | None) -> str:
    """Print USD to the dollar; a dash for none."""
    return "–" if value is None else f"{round(value) + 0:,d}".replace("-", "−")


def interval(estimate: float, found: Interval | None) -> str:
    """Print a difference in points with the range that holds it."""
    text = f"{100 * estimate + 0.0:+.2f}"
    if found is not None:
        text += f" [{100 * found.low + 0.0:+.2f}, {100 * found.high + 0.0:+.2f}]"
    return text.replace("-", "−")


def _packed(column: pl.Series) -> dict[str, Any]:
    if column.dtype.is_numeric():
        return {"name": column.name, "values": _numbers(column)}
    texts = column.cast(pl.String).fill_null("")
    words = texts.unique(maintain_order=True).to_list()
    code = {word: place for place, word in enumerate(words)}
    return {"name": column.name, "words": words, "values": [code[text] for text in texts]}


def _numbers(column: pl.Series) -> Sequence[float | int | None]:
    if column.dtype.is_integer():
        return column.to_list()
    exact = (None if v is None or not math.isfinite(v) else round(v, 4) for v in column)
    return [int(v) if v is not None and v == int(v) else v for v in exact]


def download(name: str, text: bytes) -> dict[str, str]:
    """Return name and data URI of a CSV, compressed where it is long."""
    if len(text) <= PLAIN_CSV_BYTES:
        return {"name": f"{name}.csv", "uri": _uri("text/csv;charset=utf-8", text)}
    # A fixed time stamp: the same table gives the same bytes.
    packed = gzip.compress(text, compresslevel=9, mtime=0)
    return {"name": f"{name}.csv.gz", "uri": _uri("application/gzip", packed)}


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
