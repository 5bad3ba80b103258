"""Parity: exact where quotes are exact, refusing what does not fit, plausible on real chains."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.market.chains.made import flat, made_chain
from tests.market.chains.real import vendor_chain

from alvh.errors import DataError
from alvh.market.chains.forwards import fit_forwards
from alvh.market.chains.strips import pair_quotes


def test_quotes_without_error_give_forward_and_rate_back() -> None:
    found = fit_forwards(pair_quotes(made_chain(flat(0.2), forward=4012.34, rate=0.031)))
    assert found.forward[0] == pytest.approx(4012.34, abs=1e-6)
    assert found.own_rate[0] == pytest.approx(0.031, abs=1e-8)
    assert found.refused[0] == 0


def test_an_expiry_at_an_absurd_rate_is_not_smoothed_into_the_others() -> None:
    sound = [made_chain(flat(0.2), days=days) for days in (20, 30, 40, 60)]
    spoilt = sound[1].with_columns(pl.col("bid", "ask") * 0.9)
    found = fit_forwards(pair_quotes(pl.concat([sound[0], spoilt, *sound[2:]])))
    assert found.own_rate[1] > 1.0
    assert found.rate == pytest.approx(0.03, abs=1e-6)


def test_by_hand() -> None:
    # strikes 90, 100, 110 and C − P = 11, 1.5, −8: slope −0.95, forward 100 + 1.5/0.95
    rows = [(k, s, b) for k, c, p in ((90.0, 12.0, 1.0), (100.0, 4.5, 3.0), (110.0, 1.0, 9.0))
            for s, b in (("C", c), ("P", p))]  # fmt: skip
    made = made_chain(flat(0.2), strikes=np.array([90.0, 100.0, 110.0]), forward=101.0)
    quotes = pl.DataFrame(rows, schema=["strike", "put_call", "mid"], orient="row")
    chain = made.drop("bid", "ask").join(quotes, on=["strike", "put_call"])
    chain = chain.with_columns(bid=pl.col("mid") - 0.5, ask=pl.col("mid") + 0.5)
    strips = pair_quotes(chain.with_columns(expiry=pl.col("date") + pl.duration(days=365)))
    found = fit_forwards(strips)
    assert np.exp(-found.own_rate[0]) == pytest.approx(0.95)
    assert found.forward[0] == pytest.approx(100 + 1.5 / 0.95, rel=1e-3)


def test_a_stale_quote_is_refused_and_changes_nothing() -> None:
    chain = made_chain(flat(0.2))
    stale = (pl.col("strike") == 4100.0) & (pl.col("put_call") == "C")
    moved = chain.with_columns(
        [pl.when(stale).then(pl.col(side) + 7.0).otherwise(pl.col(side)) for side in ("bid", "ask")]
    )
    strips = pair_quotes(moved)
    found = fit_forwards(strips)
    assert found.refused[0] == 1
    assert found.worst[0] == pytest.approx(7.0, abs=1e-6)
    assert found.forward[0] == pytest.approx(4000.0, abs=1e-6)
    assert not found.serves[strips.strike == 4100.0].any()


def test_standard_error_covers_the_forward_of_noisy_quotes() -> None:
    noise = np.random.default_rng(7)
    misses = []
    for _ in range(40):
        chain = made_chain(flat(0.2), half=0.3)
        shift = pl.Series(noise.uniform(-0.25, 0.25, chain.height))
        chain = chain.with_columns(bid=pl.col("bid") + shift, ask=pl.col("ask") + shift)
        found = fit_forwards(pair_quotes(chain), rate=0.03)
        misses.append((found.forward[0] - 4000.0) / found.forward_error[0])
    # standardised misses of 40 samples: their root mean square lies within a third of one
    assert np.sqrt(np.mean(np.square(misses))) == pytest.approx(1.0, abs=0.35)


def test_crossed_quotes_are_set_aside_and_counted() -> None:
    chain = made_chain(flat(0.2))
    wrong = (pl.col("strike") == 3900.0) & (pl.col("put_call") == "P")
    crossed = chain.with_columns(ask=pl.when(wrong).then(pl.col("bid") - 1.0).otherwise("ask"))
    strips = pair_quotes(crossed)
    assert strips.crossed.tolist() == [1]
    assert strips.put_bid[strips.strike == 3900.0].tolist() == [0.0]


def test_two_strikes_are_no_line() -> None:
    found = fit_forwards(pair_quotes(made_chain(flat(0.2), strikes=np.array([3990.0, 4010.0]))))
    assert np.isnan(found.forward[0])
    assert found.used[0] == 0


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"settlement not there"):
        pair_quotes(made_chain(flat(0.2)).drop("settlement"))


def test_an_expired_chain_is_refused() -> None:
    chain = made_chain(flat(0.2)).with_columns(expiry=pl.col("date"))
    with pytest.raises(DataError, match="lies ahead"):
        pair_quotes(chain)


def test_real_rates_and_forwards(shared_data: Path) -> None:
    chain = vendor_chain(shared_data / "chains/spx_eod_2019/SPX_20190425.csv")
    table = fit_forwards(pair_quotes(chain)).table(pair_quotes(chain))
    assert table["refused"].sum() == 0
    # three-month bills that day 2.38 % discount, 2.43 % continuously compounded (FRED DTB3); index
    # options finance 0.2–0.6 points above (docs/calibration/spx.md)
    rates = table.filter(pl.col("tau").is_between(30, 200))["rate"]
    assert rates.min() > 0.0243
    assert rates.max() < 0.0243 + 0.006
    # settled at the open and at the close of one date: the same forward but for a session's carry
    pairs = table.filter(root="SPX").join(table.filter(root="SPXW"), on="expiry")
    assert pairs.height >= 4
    assert (pairs["forward"] - pairs["forward_right"]).abs().max() < 0.25
