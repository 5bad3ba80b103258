"""On a day with a chain the book is chosen, marked and filled by the chain's own quotes."""

import shutil
from datetime import date

import numpy as np
import polars as pl
import pytest

import alvh
from alvh.holdings import holdings
from alvh.kernel import codes
from alvh.kernel.records import DAY
from alvh.market.chain_days import fit_days, snapshots
from alvh.market.chain_quotes import quotes_of, stale_snapshot
from alvh.market.chains.fitting import closing_quotes
from alvh.market.chains.importing import import_chains
from alvh.market.surfaces import build_surfaces

SESSIONS = ("2019-05-31", "2019-06-03")  # two in a row
DAYS = [date.fromisoformat(day) for day in SESSIONS]
PACKAGE_TICK = 0.05


@pytest.fixture(scope="module")
def chains(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("quoted")
    sources = [shared_data / "chains" / "spx_eod_2019" / f"SPX_{day.replace('-', '')}.csv"
               for day in SESSIONS]  # fmt: skip
    import_chains(sources, folder)
    return folder


@pytest.fixture(scope="module")
def history(shared_data, chains):
    return alvh.load_history(shared_data, chains=chains)


@pytest.fixture(scope="module")
def quotes(chains):
    return alvh.load_chains(chains).collect()


def _quote(quotes, leg):
    found = quotes.filter(
        (pl.col("date") == leg["date"]) & (pl.col("expiry") == leg["expiry"])
        & (pl.col("strike") == leg["strike"]) & (pl.col("put_call") == leg["put_call"])
        & (pl.col("root") == leg["root"])
    )  # fmt: skip
    assert found.height == 1, leg
    return found.row(0, named=True)


def _opened(history, fill, **options):
    run = alvh.backtest(
        history, "none", "monthly45", SESSIONS[1], "2019-06-05", fill=fill, **options
    )
    trades = run.trades.filter((pl.col("action") == "open") & (pl.col("provenance") == "quoted"))
    return run, trades


@pytest.mark.parametrize("fill", [0.0, 0.5, 1.0])
def test_a_condor_is_sold_at_its_quotes(history, quotes, fill):
    """The net credit is Σ mids less ``fill`` of Σ half-widths, to the nearest package tick."""
    _, trades = _opened(history, fill)
    assert trades["date"].unique().cast(pl.String).to_list() == [SESSIONS[1]]  # a Monday
    assert trades.height == 4
    net, mids, given = 0.0, 0.0, 0.0
    for leg in trades.iter_rows(named=True):
        quote = _quote(quotes, leg)
        side = np.sign(leg["quantity"])
        mid, half = (quote["bid"] + quote["ask"]) / 2, (quote["ask"] - quote["bid"]) / 2
        assert leg["mid"] == pytest.approx(mid, abs=1e-12)
        net += side * leg["price"]
        mids += side * mid
        given += fill * half
    assert net == pytest.approx(round((mids + given) / PACKAGE_TICK) * PACKAGE_TICK, abs=0.026)
    assert abs(net / PACKAGE_TICK - round(net / PACKAGE_TICK)) < 1e-9


def test_a_package_may_fill_better_than_its_legs(history, quotes):
    """Four legs as one order give up fill · (1 − improvement)³ of their half-widths."""
    for improvement, left in ((0.0, 1.0), (0.2, 0.512), (0.5, 0.125), (1.0, 0.0)):
        run, trades = _opened(history, 1.0, improvement=improvement)
        mid, given = 0.0, 0.0
        for leg in trades.iter_rows(named=True):
            quote = _quote(quotes, leg)
            mid -= np.sign(leg["quantity"]) * (quote["bid"] + quote["ask"]) / 2
            given += left * (quote["ask"] - quote["bid"]) / 2
        ticks = (mid - given) / PACKAGE_TICK
        assert run.condors["credit"][-1] in (
            pytest.approx(PACKAGE_TICK * np.floor(ticks + 0.5 + 1e-9)),
            pytest.approx(PACKAGE_TICK * np.ceil(ticks - 0.5 - 1e-9)),
        )
        assert run.meta.get("improvement", 0.0) == improvement


def test_marks_follow_the_quotes(history, quotes):
    """What was bought at the touch a session ago is marked at the middle of today's quote."""
    evening = alvh.backtest(history, "none", "monthly45", *SESSIONS, fill=1.0)
    legs = holdings(evening).legs
    assert len(legs) == 8  # one condor of each week
    for leg in legs:
        quote = _quote(quotes, {
            "date": date.fromisoformat(SESSIONS[1]), "expiry": leg.expiry, "root": leg.root,
            "strike": leg.strike, "put_call": leg.put_call,
        })  # fmt: skip
        assert leg.mid == pytest.approx((quote["bid"] + quote["ask"]) / 2, abs=1e-12)


def test_strikes_are_quoted_ones_nearest_the_delta(history, quotes, chains):
    """The short strikes are those whose delta on the chain's own smile is nearest 0.16."""
    _, trades = _opened(history, 0.5)
    one = next(
        found for found in snapshots(chains, DAYS[1:])
        if found.under == "SPX"
    )  # fmt: skip
    rows = quotes_of(one.chain, one.smiles)
    expiry = np.datetime64(trades["expiry"][0], "D").astype(np.int64)
    for right, code in (("P", codes.PUT), ("C", codes.CALL)):
        mine = rows[(rows["root"] == codes.SPXW) & (rows["expiry"] == expiry)
                    & (rows["right"] == code)]  # fmt: skip
        nearest = mine["strike"][np.nanargmin(np.abs(mine["delta"] - 0.16))]
        short = trades.filter((pl.col("put_call") == right) & (pl.col("quantity") < 0))
        assert short["strike"].to_list() == [nearest]


def test_deltas_are_those_of_the_vendor(chains):
    """Near the money and out to 5 deltas ours and the vendor's differ by little."""
    for one in snapshots(chains, DAYS):
        rows = quotes_of(one.chain, one.smiles)
        table = one.chain.filter(pl.col("delta").is_not_null() & ~pl.col("stale"))
        if table.is_empty():
            pytest.skip("this vendor gives no deltas")
        key = {(int(r["expiry"]), float(r["strike"]), int(r["right"])): float(r["delta"])
               for r in rows if r["root"] == codes.SPXW}  # fmt: skip
        misses = [
            abs(key[at] - abs(row["delta"]))
            for row in table.filter(pl.col("root") == "SPXW").iter_rows(named=True)
            if 0.05 < abs(row["delta"]) < 0.5
            and (at := ((row["expiry"] - date(1970, 1, 1)).days, row["strike"],
                        int(codes.PUT if row["put_call"] == "P" else codes.CALL))) in key
        ]  # fmt: skip
        assert np.median(misses) < 0.01


def test_a_chain_of_another_hour_gives_its_smile_only(history, chains):
    """Stale: more than half an hour before the close, or at another level of the index."""
    day = np.zeros(1, DAY)[0]
    one = next(iter(snapshots(chains, DAYS)))
    index = one.chain["underlying"].median()
    day["spx"], day["vix"] = index, 0.0
    assert stale_snapshot(one.chain, day, one.smiles) == ""
    for taken, stale in (("15:30", False), ("15:29", True), ("16:14", False), ("10:01", True)):
        moved = one.chain.with_columns(time=pl.lit(taken))
        assert bool(stale_snapshot(moved, day, one.smiles)) == stale
    half_day = one.chain.with_columns(time=pl.lit("12:45"), date=pl.lit(date(2019, 7, 3)))
    assert stale_snapshot(half_day, day, one.smiles) == ""
    day["spx"] = index * 1.006
    assert "off the close" in stale_snapshot(one.chain, day, one.smiles)
    silent = one.chain.with_columns(underlying=pl.lit(None, pl.Float64))
    assert "its forward of" in stale_snapshot(silent, day, one.smiles)
    day["spx"] = index
    assert stale_snapshot(silent, day, one.smiles) == ""
    day["vix"] = 18.71  # of 2019-05-31, whose chain comes to 18.52
    assert stale_snapshot(one.chain, day, one.smiles) == ""
    day["vix"] = 17.5
    assert "its own VIX of 18.52" in stale_snapshot(one.chain, day, one.smiles)


def test_a_few_late_quotes_do_not_hide_the_chain_before_them(chains):
    chain = next(iter(snapshots(chains, DAYS))).chain.with_columns(time=pl.lit("15:45"))
    few = chain.head(3).with_columns(time=pl.lit("16:01"))
    assert closing_quotes(pl.concat([chain, few])).equals(chain)
    most = chain.head(chain.height // 2 + 1).with_columns(time=pl.lit(None, pl.String))
    assert closing_quotes(pl.concat([chain, few, most])).equals(most)


def test_a_stale_quote_is_not_marked_by(chains):
    """A quote that stands as the session before though the index moved is left out."""
    first, second = (
        one for one in snapshots(chains, DAYS)
        if one.under == "SPX"
    )  # fmt: skip
    assert not first.chain["stale"].any()
    marked = second.chain.with_columns(stale=pl.col("strike") == 2700.0)
    assert (quotes_of(second.chain, second.smiles)["strike"] == 2700.0).any()
    assert not (quotes_of(marked, second.smiles)["strike"] == 2700.0).any()


def test_rows_are_sorted_and_each_day_has_its_own(history):
    surfaces = build_surfaces(history)
    days = surfaces.days[surfaces.days["quote_end"] > 0]
    assert days["date"].astype("datetime64[D]").astype(str).tolist() == list(SESSIONS)
    assert days["quote_first"][0] == 0
    assert days["quote_first"][1] == days["quote_end"][0]
    assert days["quote_end"][1] == len(surfaces.quotes)
    for day in days:
        rows = surfaces.quotes[day["quote_first"] : day["quote_end"]]
        order = np.lexsort([rows[name] for name in ("strike", "right", "expiry", "root")])
        assert (order == np.arange(len(rows))).all()
        assert (rows["ask"] > 0).all()
        assert (rows["bid"] <= rows["ask"]).all()


def test_the_greeks_and_the_gap_explain_the_profit(history):
    """The parts of an attribution still sum to the book's profit where quotes set the marks."""
    run = alvh.backtest(history, "none", "monthly45", "2019-05-20", "2019-06-14")
    parts = alvh.attribute(history, run)
    assert parts.by_day["pnl"].sum() == pytest.approx(float(run.daily["pnl"][-1].sum()), abs=0.01)


def test_a_month_is_kept_and_read_again(history, chains, shared_data):
    """The second time nothing is fitted; a damaged file, or other chains, are fitted anew."""
    fits = sorted((chains / "fits").glob("2019-0*.npz"))
    assert [file.name[:7] for file in fits] == ["2019-05", "2019-06"]
    surfaces = build_surfaces(history)
    rows = np.flatnonzero(surfaces.days["quote_end"] > 0)
    plain = build_surfaces(alvh.load_history(shared_data)).days
    known = history.dates >= surfaces.dates[0]
    span = np.column_stack([history["vix_low"], history["vix_high"]])[known]
    stamps = [file.stat().st_mtime_ns for file in fits]
    again = plain.copy()
    found = fit_days(again, chains, vix_range=span)
    assert again[rows].tobytes() == surfaces.days[rows].tobytes()
    assert found.quotes.tobytes() == surfaces.quotes.tobytes()
    assert [file.stat().st_mtime_ns for file in fits] == stamps
    fits[0].write_bytes(fits[0].read_bytes()[:1000])
    mended = plain.copy()
    assert fit_days(mended, chains, vix_range=span).quotes.tobytes() == surfaces.quotes.tobytes()
    assert mended.tobytes() == again.tobytes()
    assert fits[0].stat().st_size > 1000
    other = plain.copy()
    other["rate"] += 0.01  # another history: another key
    fit_days(other, chains, vix_range=span)
    assert len(list((chains / "fits").glob("2019-05-*.npz"))) == 2


def test_a_folder_that_cannot_be_written_to_is_fitted_all_the_same(chains, shared_data, tmp_path):
    copy = tmp_path / "chains"
    shutil.copytree(chains, copy, ignore=shutil.ignore_patterns("fits"))
    (copy / "fits").write_text("a file in the place of the folder", encoding="utf-8")
    days = build_surfaces(alvh.load_history(shared_data)).days.copy()
    said = list[tuple[int, int]]()
    found = fit_days(days, copy, lambda done, total: said.append((done, total)))
    assert len(found.quotes) > 20_000
    assert said == [(1, 2), (2, 2)]
