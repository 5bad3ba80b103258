"""Indices recomputed from real chains beside what the exchange published."""

from pathlib import Path

import polars as pl
import pytest
from tests.market.chains.made import flat, made_chain
from tests.market.chains.real import quote_table_chain, vendor_chain, vix_chain

from alvh.market.chains.forwards import fit_forwards
from alvh.market.chains.indices import implied_indices
from alvh.market.chains.strips import pair_quotes


def indices_of(chain: pl.DataFrame) -> dict[str, float]:
    strips = pair_quotes(chain)
    table = implied_indices(strips, fit_forwards(strips))
    return dict(table.select("index", "value").iter_rows())


def test_a_flat_smile_is_its_own_vix_without_skew() -> None:
    # Fridays 24 and 31 days ahead of Tuesday 2021-06-01
    strikes = [float(k) for k in range(2000, 7001, 5)]
    chain = pl.concat([made_chain(flat(0.2), days=d, strikes=strikes, half=1e-4) for d in (24, 31)])
    found = indices_of(chain)
    assert found["vix"] == pytest.approx(20.0, abs=0.01)
    assert found["skew"] == pytest.approx(100.0, abs=0.1)  # zero skewness of the log return


def test_the_published_close_of_a_chain_taken_at_the_close(shared_data: Path) -> None:
    found = indices_of(quote_table_chain(shared_data / "chains/spx_2022-02-04.csv"))
    assert found["vix"] == pytest.approx(23.22, abs=0.01)  # VIX_History.csv
    assert found["skew"] == pytest.approx(129.29, abs=0.3)  # SKEW_History.csv


@pytest.mark.parametrize(
    ("day", "low", "high"),  # VIX_History.csv, the session's range
    [("20190426", 12.49, 13.62), ("20190507", 15.80, 21.84), ("20190719", 13.09, 14.45)],
)
def test_a_chain_taken_before_the_close_lies_in_the_days_range(
    shared_data: Path, day: str, low: float, high: float
) -> None:
    found = indices_of(vendor_chain(shared_data / f"chains/spx_eod_2019/SPX_{day}.csv"))
    assert low <= found["vix"] <= high


def test_vvix_of_the_listed_vix_chain() -> None:
    # docs/calibration/vix.md: the discrete strip over this chain's mids gives about 86
    assert indices_of(vix_chain())["vvix"] == pytest.approx(86.5, abs=0.5)


def test_one_expiry_is_no_index_and_says_why() -> None:
    strips = pair_quotes(made_chain(flat(0.2), days=24))
    table = implied_indices(strips, fit_forwards(strips))
    assert table["value"].null_count() == 2
    assert set(table["reason"]) == {"no expiries on both sides of thirty days"}
