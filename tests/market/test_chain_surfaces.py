"""Days with chains: their smiles come from their quotes, every other day stays as it was."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import alvh
from alvh.errors import DataError
from alvh.kernel.quotes import half_spread, leg_mid
from alvh.market.chain_days import fit_days, snapshots
from alvh.market.chain_surfaces import _served
from alvh.market.chains.importing import import_chains
from alvh.market.surfaces import build_surfaces

SHORTS = (2850.0, 2990.0)
VENDOR_SIGMA = 0.1221  # of the 2990 call of 31 July in the file of 2019-06-21


@pytest.fixture(scope="module")
def chains(shared_data, tmp_path_factory):
    """Two of the chains of 2019, imported."""
    folder = tmp_path_factory.mktemp("chains")
    sources = [shared_data / "chains" / "spx_eod_2019" / f"SPX_{day}.csv"
               for day in ("20190621", "20190719")]  # fmt: skip
    import_chains(sources, folder)
    return folder


@pytest.fixture(scope="module")
def histories(shared_data, chains):
    return alvh.load_history(shared_data), alvh.load_history(shared_data, chains=chains)


def test_only_the_days_with_chains_change(histories):
    plain, quoted = (build_surfaces(history).days for history in histories)
    fitted = np.flatnonzero(quoted["spx_fitted"])
    assert quoted["date"][fitted].astype("datetime64[D]").astype(str).tolist() == [
        "2019-06-21", "2019-07-19",
    ]  # fmt: skip
    others = np.delete(np.arange(len(plain)), fitted)
    assert quoted[others].tobytes() == plain[others].tobytes()
    assert histories[0].digest != histories[1].digest
    assert any("SPX smiles of 2 sessions" in note for note in build_surfaces(histories[1]).notes)


def test_the_fit_lies_nearer_to_quotes_than_the_reconstruction(histories):
    """Out-of-the-money quotes of 7 to 60 days: the median miss falls below 1.5 % of volatility."""
    from alvh.market.chain_surfaces import _served, _sessions, _spx_sigmas

    surfaces = [build_surfaces(history) for history in histories]
    for one in snapshots(histories[1].chain_folder, [date(2019, 6, 21), date(2019, 7, 19)]):
        smiles = one.smiles
        assert one.under == "SPX"
        assert smiles is not None
        row = int(np.searchsorted(surfaces[0].dates, np.datetime64(one.date, "D")))
        table, served, owner = _served(smiles)
        tau = smiles.strips.tau[owner]
        near = np.isfinite(smiles.sigma) & np.isin(owner, served) & (tau >= 7) & (tau <= 60)
        sessions = _sessions(surfaces[0].days[row : row + 1], table)[owner]
        k = np.log(smiles.strips.strike / smiles.forwards.forward[owner])
        misses = [
            np.median(np.abs(_spx_sigmas(
                np.array(one.days["spx_smile"][row]), tau[near], sessions[near], k[near]
            ) / smiles.sigma[near] - 1.0))
            for one in surfaces
        ]  # fmt: skip
        assert misses[1] < 0.015 < 2 * misses[0]


def test_fills_of_such_days_say_so(histories):
    run = alvh.backtest(histories[1], "none", "daily1", "2019-06-03", "2019-07-31")
    trades = run.trades.filter(pl.col("action") == "open")
    quoted = trades.filter(pl.col("provenance") == "quoted")
    assert quoted["date"].unique().sort().cast(pl.String).to_list() == ["2019-06-21", "2019-07-19"]
    assert quoted.height == 8
    share = quoted.height / run.counts["fills"]
    assert run.fitted_share == 0.0
    assert run.model_priced_share == pytest.approx(1.0 - share)


def test_a_quoted_contract_is_its_quote(histories, chains):
    """A contract in the chain has the chain's bid and ask; one that is not is fitted."""
    chain = alvh.load_chains(chains).filter(
        (pl.col("date") == pl.date(2019, 6, 21)) & (pl.col("root") == "SPXW")
        & (pl.col("strike") == SHORTS[1]) & (pl.col("put_call") == "C")
        & (pl.col("expiry") == pl.date(2019, 7, 31))
    ).collect()  # fmt: skip
    assert chain.height == 1
    symbols = ["SPXW  190731C02990000", "SPXW  190731C09000000"]  # nobody lists the second
    rows = alvh.quote(histories[1], symbols, "2019-06-21")
    before = alvh.quote(histories[0], symbols, "2019-06-21")
    assert rows["provenance"].to_list() == ["quoted", "fitted"]
    assert (rows["bid"][0], rows["ask"][0]) == (chain["bid"][0], chain["ask"][0])
    assert rows["sigma"][0] == pytest.approx(VENDOR_SIGMA, rel=0.05)
    assert before["provenance"].to_list() == ["modelled", "modelled"]


def test_widths_follow_the_day(histories):
    """The median quoted width over the modelled one scales every width of the day alike."""
    plain, quoted = (build_surfaces(history).days for history in histories)
    row = int(np.flatnonzero(quoted["spx_fitted"])[0])
    scale = 1.0 + quoted["spx_widening"][row]
    assert 0.2 < scale < 5.0
    assert half_spread(quoted[row], 1, 5.0, 30.0) == pytest.approx(
        scale * half_spread(plain[row], 1, 5.0, 30.0)
    )
    assert half_spread(quoted[row], 2, 1.0, 30.0) == half_spread(plain[row], 2, 1.0, 30.0)
    expiry = int(quoted["date"][row]) + 40
    session = int(quoted["session"][row]) + 28
    assert leg_mid(quoted[row], 1, 0, expiry, session, SHORTS[0]) > 0.0


@pytest.mark.parametrize("quote", ["3510,3540", "0,35.4", "0,9999", "10,300", "35.1,999"])
def test_a_spoilt_quote_is_neither_fitted_nor_quoted(shared_data, histories, tmp_path, quote):
    """A hundredfold call, or one too wide: the fit hardly moves, and the quote is not believed."""
    source = shared_data / "chains" / "spx_eod_2019" / "SPX_20190621.csv"
    sound = ",32.3,-0.75,35.1,35.4,"  # last, change, bid and ask of the 2990 call of 31 July
    text = source.read_text(encoding="utf-8")
    assert text.count(sound) == 1
    spoilt = tmp_path / source.name
    spoilt.write_text(text.replace(sound, f",32.3,-0.75,{quote},"), encoding="utf-8")
    import_chains([spoilt], tmp_path / "chains")
    history = alvh.load_history(shared_data, chains=tmp_path / "chains")
    symbol = ["SPXW  190731C02990000"]
    row = alvh.quote(history, symbol, "2019-06-21")
    assert row["provenance"].to_list() == ["fitted"]
    assert row["sigma"][0] == pytest.approx(VENDOR_SIGMA, rel=0.05)
    vectors = [
        one.days["spx_smile"][one.dates == np.datetime64("2019-06-21")][0]
        for one in map(build_surfaces, (histories[1], history))
    ]
    np.testing.assert_allclose(vectors[1], vectors[0], rtol=0.01, atol=1e-4)


def test_a_quote_of_another_hour_says_that_it_is_stale(shared_data, tmp_path):
    """The same chain as if at an index 0.53 % above the close: the engine uses its smile."""
    source = shared_data / "chains" / "spx_eod_2019" / "SPX_20190621.csv"
    text = source.read_text(encoding="utf-8").replace("SPX,2957.5,", "SPX,2966.0,")
    (tmp_path / source.name).write_text(text, encoding="utf-8")
    import_chains([tmp_path / source.name], tmp_path / "chains")
    history = alvh.load_history(shared_data, chains=tmp_path / "chains")
    row = alvh.quote(history, ["SPXW  190731C02990000"], "2019-06-21").row(0, named=True)
    assert (row["provenance"], row["bid"], row["ask"]) == ("quoted, stale", 35.1, 35.4)
    run = alvh.backtest(history, "none", "monthly45", "2019-06-20", "2019-06-24")
    assert "quoted" not in run.trades["provenance"].to_list()


def test_a_day_without_a_chain_is_priced_as_before(histories):
    symbol = ["SPXW  190731C02990000"]
    plain, quoted = (alvh.quote(one, symbol, "2019-06-24") for one in histories)
    assert quoted.equals(plain)


def test_a_thin_chain_is_left_alone_and_named(histories, chains):
    """A day of two quotes keeps its reconstruction; the note says what was lacking."""
    days = build_surfaces(histories[0]).days.copy()
    before = days.copy()
    empty = days[days["date"] < np.datetime64("2019-06-01", "D").astype(np.int64)]
    found = fit_days(empty, chains)
    assert (len(found.quotes), found.notes) == (0, ())
    assert not empty["spx_fitted"].any()
    assert days.tobytes() == before.tobytes()


def test_two_folders_of_chains_are_refused(shared_data, chains, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "chains.json").write_text((chains / "chains.json").read_text())
    for name in ("spx/SPX_OHLC_1927_2026.csv", "cboe/VIX_History.csv"):
        source = shared_data / name
        (tmp_path / source.name).write_bytes(source.read_bytes())
    with pytest.raises(DataError, match="2 folders of imported chains"):
        alvh.load_history(tmp_path)
    with pytest.raises(DataError, match="no imported chains"):
        alvh.load_history(tmp_path, chains=tmp_path)


def test_an_expiry_without_a_number_at_the_money_does_not_serve() -> None:
    table = pl.DataFrame(
        {"at_the_money": [0.2, np.inf, np.nan, 0.2], "half": [0.01, 0.01, 0.01, np.nan]}
    )
    strips = SimpleNamespace(tau=np.full(4, 30.0), start=np.arange(5))
    smiles = SimpleNamespace(smile=np.ones((4, 5)), strips=strips, table=lambda: table)
    assert _served(smiles)[1].tolist() == [0]  # type: ignore[arg-type]
