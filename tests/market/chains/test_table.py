"""The canonical table, written by hand and scanned back."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from alvh.errors import DataError
from alvh.market.chains.store import Source, Store, part_name
from alvh.market.chains.table import CHAIN_SCHEMA, load_chains


def row(day: date, root: str, strike: float, bid: float | None, time: str | None = None):
    return {
        **dict.fromkeys(CHAIN_SCHEMA),
        "date": day,
        "time": time,
        "root": root,
        "expiry": date(2019, 6, 21),
        "settlement": "AM" if root == "SPX" else "PM",
        "strike": strike,
        "put_call": "P",
        "bid": bid,
        "ask": None if bid is None else bid + 0.5,
        "source": "hand.csv#0123456789ab",
        "line": 2,
    }


def keep(store: Store, content: str, rows: list[dict[str, object]]) -> None:
    """Write rows as an import would: one part per root and month, listed last."""
    table, parts = pl.DataFrame(rows, schema=CHAIN_SCHEMA), []
    months = table.with_columns(month=pl.col("date").dt.strftime("%Y-%m"))
    for (root, month), part in months.partition_by("root", "month", as_dict=True).items():
        name = part_name(root, month, content)
        (store.folder / name).parent.mkdir(parents=True, exist_ok=True)
        part.select(list(CHAIN_SCHEMA)).write_parquet(store.folder / name)
        parts.append(name)
    store.add(content, Source("hand.csv", "hand", len(rows), 0, tuple(parts)))


APRIL, MAY = date(2019, 4, 25), date(2019, 5, 3)
FIRST = [row(MAY, "SPX", 2900.0, 20.0), row(APRIL, "SPXW", 2800.0, 9.0)]
SECOND = [
    row(APRIL, "SPX", 2800.0, 0.0),
    row(APRIL, "SPX", 2700.0, None),
    row(APRIL, "SPX", 2800.0, 0.1, "15:45"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store = Store.at(tmp_path)
    keep(store, "a" * 64, FIRST)
    keep(store, "b" * 64, SECOND)
    return tmp_path


def test_sorted_over_sources_the_end_of_the_day_last(folder: Path) -> None:
    found = load_chains(folder).collect()
    assert found.schema == CHAIN_SCHEMA
    assert found.select("date", "root", "strike", "time", "bid").rows() == [
        (date(2019, 4, 25), "SPX", 2800.0, "15:45", 0.1),
        (date(2019, 4, 25), "SPX", 2800.0, None, 0.0),
        (date(2019, 4, 25), "SPXW", 2800.0, None, 9.0),
        (date(2019, 5, 3), "SPX", 2900.0, None, 20.0),
    ]


def test_unquoted_contracts_are_there_only_when_asked_for(folder: Path) -> None:
    everything = load_chains(folder, unquoted=True).collect()
    assert everything.height == 5
    assert everything.filter(pl.col("bid").is_null())["strike"].to_list() == [2700.0]


def test_roots_and_dates_choose(folder: Path) -> None:
    assert load_chains(folder, roots=["SPXW"]).collect()["strike"].to_list() == [2800.0]
    may = load_chains(folder, dates=[date(2019, 5, 3)]).collect()
    assert may["strike"].to_list() == [2900.0]
    nothing = load_chains(folder, roots=["VIX"], dates=[date(2019, 5, 3)]).collect()
    assert nothing.schema == CHAIN_SCHEMA
    assert nothing.is_empty()


def test_a_part_that_no_source_lists_is_not_read(folder: Path) -> None:
    stray = folder / part_name("SPX", "2019-04", "c" * 64)
    pl.DataFrame([row(date(2019, 4, 25), "SPX", 1.0, 1.0)], schema=CHAIN_SCHEMA).write_parquet(
        stray
    )
    assert load_chains(folder).collect().height == 4


def test_the_digest_is_of_the_parts_not_of_their_order(tmp_path: Path, folder: Path) -> None:
    other = Store.at(tmp_path / "other")
    keep(other, "b" * 64, SECOND)
    assert other.digest != Store.of(folder).digest
    keep(other, "a" * 64, FIRST)
    assert other.digest == Store.of(folder).digest


def test_what_is_no_folder_of_chains_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(DataError, match="no imported chains"):
        load_chains(tmp_path / "nowhere")
    with pytest.raises(DataError, match="root 'SPY' has no chains"):
        load_chains(folder, roots=["SPY"])
    (folder / "chains.json").write_text("[]")
    with pytest.raises(DataError, match="not an index of chains"):
        load_chains(folder)
    (folder / "chains.json").write_text('{"version": 99, "sources": {}}')
    with pytest.raises(DataError, match="chains of version 99"):
        load_chains(folder)
