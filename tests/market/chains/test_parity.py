"""The parity desk by hand: forwards, conversions, reversals and boxes of made quotes."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from tests.market.chains.made import DAY, flat, made_chain

from alvh.contracts.facts import VIX, VX
from alvh.contracts.rules import exchange_fee
from alvh.contracts.vix_spread import vx_half_spread
from alvh.market.chains.forwards import fit_forwards
from alvh.market.chains.parity import COMMISSION, spx_boxes, vix_parity
from alvh.market.chains.strips import pair_quotes

STRIKES = np.arange(15.0, 41.0, 1.0)


def desk(future: float | None, *, half: float = 0.05) -> dict[str, object]:
    chain = made_chain(flat(0.9), root="VIX", forward=20.0, rate=0.0, half=half, strikes=STRIKES)
    strips = pair_quotes(chain)
    rows = [] if future is None else [(DAY, DAY + timedelta(30), future)]
    futures = pl.DataFrame(
        rows, schema={"date": pl.Date, "expiry": pl.Date, "settle": pl.Float64}, orient="row"
    )
    return vix_parity(strips, fit_forwards(strips), futures).row(0, named=True)


def test_options_and_future_at_one_price_are_not_flagged() -> None:
    row = desk(20.0)
    # each leg is 0.10 wide, so the synthetic is 0.20 wide
    assert row["forward"] == pytest.approx(20.0, abs=1e-9)
    assert row["low"] == pytest.approx(19.9, abs=1e-9)
    assert row["high"] == pytest.approx(20.1, abs=1e-9)
    assert row["flag"] == ""
    assert row["conversion"] < 0 > row["reversal"]


def test_a_conversion_by_hand() -> None:
    row = desk(19.0)
    day = int(np.datetime64(DAY, "D").astype(int))
    # sell the synthetic at 19.90, buy the future at 19.00: 900 USD, less what it costs
    half = vx_half_spread(19.0, 29.73, 19.0, day)
    legs = [2 * COMMISSION + exchange_fee(VIX, c, day, False) + exchange_fee(VIX, p, day, False)
            for c, p in ((5.0, 0.5), (2.0, 2.0))]  # fmt: skip
    future = 1000 * half + exchange_fee(VX, 19.0, day, False) + COMMISSION
    dear, cheap = (900 - 10 * leg - future for leg in legs)
    assert min(dear, cheap) - 15 <= row["conversion"] <= max(dear, cheap) + 15
    assert row["conversion"] == pytest.approx(900 - row["costs"], abs=1e-6)
    assert row["flag"] == "options dear: conversion pays"


def test_a_reversal_and_no_future() -> None:
    assert desk(21.0)["flag"] == "options cheap: reversal pays"
    assert desk(None)["flag"] == "no future known"
    assert desk(None)["conversion"] is None


def test_a_gap_within_costs_is_said_to_be_one() -> None:
    assert desk(20.08)["flag"] == "apart, within costs"


def test_quotes_that_cross_each_other_are_flagged() -> None:
    chain = made_chain(flat(0.9), root="VIX", forward=20.0, rate=0.0, strikes=STRIKES)
    dear = (pl.col("strike") == 22.0) & (pl.col("put_call") == "C")
    moved = chain.with_columns(
        [pl.when(dear).then(pl.col(side) + 1.0).otherwise(side) for side in ("bid", "ask")]
    )
    strips = pair_quotes(moved)
    empty = pl.DataFrame(schema={"date": pl.Date, "expiry": pl.Date, "settle": pl.Float64})
    table = vix_parity(strips, fit_forwards(strips), empty)
    assert table["flag"].item() == "options disagree among themselves"


def test_a_box_by_hand() -> None:
    strikes = np.array([3900.0, 3950.0, 4000.0, 4050.0, 4100.0])
    chain = made_chain(flat(0.2), days=365, rate=0.04, strikes=strikes, half=0.25)
    strips = pair_quotes(chain)
    row = spx_boxes(strips, fit_forwards(strips)).row(0, named=True)
    day = int(np.datetime64(DAY, "D").astype(int))
    fees = 4 * (exchange_fee(0, 10.0, day, False) + COMMISSION) / 100
    assert row["rate"] == pytest.approx(0.04, abs=1e-6)
    # the widest box, 200 points: fair 200·e^−0.04, bought four half-spreads dearer
    fair = 200 * np.exp(-0.04)
    assert row["lend"] == pytest.approx(np.log(200 / (fair + 1.0 + fees)), abs=1e-9)
    assert row["borrow"] == pytest.approx(np.log(200 / (fair - 1.0 - fees)), abs=1e-9)
    assert (row["lend_low"], row["lend_high"]) == (3900.0, 4100.0)


def test_narrow_boxes_only_are_no_box() -> None:
    strikes = np.array([3990.0, 3995.0, 4000.0, 4005.0, 4010.0])
    strips = pair_quotes(made_chain(flat(0.2), strikes=strikes))
    row = spx_boxes(strips, fit_forwards(strips)).row(0, named=True)
    assert row["lend"] is None
    assert row["expiry"] == date(2021, 7, 1)
