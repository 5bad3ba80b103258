"""Stress: declared paths are what they say, books are the same whoever holds them."""

import json
from datetime import date

import numpy as np
import pytest
from tests.advise.books import bundled, evening, run

import alvh
from alvh.advise import shocks
from alvh.advise.project import project
from alvh.advise.shocks import FORWARD_BETAS, TENORS, Shock, declare, gap, shocked
from alvh.calendars import vix_expiries
from alvh.contracts import OptionSymbol
from alvh.errors import DataError, PolicyError, PricingError
from alvh.evidence.stress import stress
from alvh.holdings import holdings
from alvh.kernel.vix_curve import vix_forward

END = "2016-02-24"
LAYERS = ("short", "medium", "tail")


def _symbols(result):
    """The option legs of a book as a user would write them."""
    listed = vix_expiries(date(2016, 1, 4), date(2017, 12, 29))
    monthly = {str(np.datetime64(int(row["date"]), "D")) for row in listed if row["monthly"]}
    held = {}
    for leg in holdings(result).legs:
        root = "VIXW" if leg.root == "VIX" and str(leg.expiry) not in monthly else leg.root
        symbol = OptionSymbol(root, leg.expiry, leg.put_call, leg.strike).osi
        held[symbol] = held.get(symbol, 0.0) + leg.quantity
    return held


def test_a_shock_that_moves_nothing_is_the_passing_of_time():
    """As ``project`` without a move, but for the reading of the curve between its nodes."""
    now = evening(end=END)
    still = Shock("still", "", np.ones(5), np.full(5, now.vix))
    found = stress(bundled(), run(end=END), shocks=[still], crises=[]).paths[0]
    days = int((found.on[-1] - found.on[0]).astype(int))
    aged = project(bundled(), run(end=END), days)
    assert found.pnl["total"][0] == 0.0
    assert found.pnl["condors"][-1] == pytest.approx(aged.gains["condors"], rel=0.1)
    value = sum(layer.value for layer in now.book.layers)
    hedge = sum(aged.gains[name] for name in ("short", "medium", "tail"))
    mine = sum(found.pnl[name][-1] for name in ("short", "medium", "tail"))
    assert mine == pytest.approx(hedge, abs=0.01 * value)


def test_an_overnight_gap_is_the_projected_one(monkeypatch):
    """The index alone to 1 %; the hedge, once vol-of-vol stays as it does there, to 10 %."""
    now = evening(end=END)
    alone = Shock("alone", "", np.full(2, 0.92), np.full(2, now.vix))
    found = stress(bundled(), run(end=END), shocks=[alone], crises=[]).paths[0]
    aged = project(bundled(), run(end=END), 1, -0.08, vix=now.vix)
    assert found.pnl["condors"][1] == pytest.approx(aged.gains["condors"], rel=0.01)

    shock = gap(now.vix, -0.08, 2)
    whole = stress(bundled(), run(end=END), shocks=[shock], crises=[]).paths[0]
    monkeypatch.setattr(shocks, "VIX_BETAS", np.zeros_like(shocks.VIX_BETAS))
    still = stress(bundled(), run(end=END), shocks=[shock], crises=[]).paths[0]
    aged = project(bundled(), run(end=END), 1, -0.08, vix=float(shock.vix[0]))
    there, mine, all_of_it = (
        sum(float(np.ravel(gains[name])[-1 if one is aged else 1]) for name in LAYERS)
        for one, gains in ((aged, aged.gains), (still, still.pnl), (whole, whole.pnl))
    )
    assert mine == pytest.approx(there, rel=0.1)
    assert all_of_it > mine  # calls gain from vol-of-vol besides


def test_the_market_of_a_shock_is_the_declared_one():
    now = evening(end=END)
    shock = declare("grind", now.vix)
    days = shocked(now, shock).days
    np.testing.assert_allclose(days["spx"][1:] / now.day["spx"], shock.spx, rtol=1e-12)
    np.testing.assert_allclose(days["vix"][1:], shock.vix, rtol=1e-12)
    assert shock.spx[-1] == pytest.approx(0.8)
    # VIX by −2.6 of the log return: 0.8^−2.6 = 1.786
    assert shock.vix[-1] / now.vix == pytest.approx(1.786, abs=0.001)
    # the 60-day forward after 63 sessions: half of what VIX moved, 0.54
    day = days[63]
    there = [vix_forward(d["curve_expiry"], d["curve_forward"], d["vix"], d["date"], d["date"] + 60)
             for d in (now.day, day)]  # fmt: skip
    moved = np.log(there[1] / there[0]) / np.log(day["vix"] / now.vix)
    assert moved == pytest.approx(FORWARD_BETAS[3, list(TENORS).index(60.0)], abs=0.03)
    for field in ("curve_forward", "spx_smile", "vix_smile", "etp_short", "etp_mid", "hv20"):
        assert np.isfinite(days[field]).all(), field


def test_the_shocks_are_the_declared_ones():
    assert gap(20.0, -0.10, 16).vix[0] == pytest.approx(20.0 * 0.9**-6.4)  # elasticity at 15-20
    assert np.log(gap(20.0, -0.10, 16).vix[15] / 20.0) == pytest.approx(0.5 * 6.4 * -np.log(0.9))
    assert declare("melt-up", 11.0).vix.min() == 9.0
    assert declare("vol-crush", 30.0).vix[[0, -1]] == pytest.approx([30 * 0.6**0.5, 18.0])
    assert declare("gap", 40.0, -0.5).vix.max() == 90.0


def test_the_tables_are_those_of_history(shared_data):
    """Two cells made again, as ``calibration/lasting_moves.py`` makes all."""
    from calibration.lasting_moves import SPAN, levels, slopes

    surfaces = alvh.market.surfaces.build_surfaces(alvh.load_history(str(shared_data)))
    inside = (surfaces.dates >= SPAN[0]) & (surfaces.dates <= SPAN[1])
    vix, groups = levels(surfaces.days[inside & (surfaces.days["tradable"] == 1)])
    assert slopes(vix, groups["forwards"], 21) == pytest.approx(FORWARD_BETAS[2], abs=0.006)
    assert slopes(vix, groups["S&P 500"], 1).shape == (1,)


def test_a_book_is_the_same_whoever_holds_it():
    """By policy, by run, and as symbols: the same legs, the same losses."""
    names = ["gap", "melt-up"]
    by_run = stress(bundled(), run(end=END), shocks=names, crises=["2018-02"])
    by_name = stress(bundled(), shocks=names, crises=["2018-02"], as_of=END)
    own = stress(
        bundled(), _symbols(run(end=END)), shocks=names, crises=["2018-02"], as_of=END,
        equity=by_run.nav,
    )  # fmt: skip
    assert by_run.table().equals(by_name.table())
    for mine, theirs in zip(own.paths, by_run.paths, strict=True):
        np.testing.assert_allclose(mine.pnl["total"], theirs.pnl["total"], atol=1e-4)
        np.testing.assert_allclose(mine.pnl["spx_options"], theirs.pnl["condors"], atol=1e-4)
    assert own.table()["worst_share"].to_list() == pytest.approx(
        by_run.table()["worst_share"].to_list()
    )


def test_by_policy_the_book_is_traded():
    held, traded = (
        stress(bundled(), shocks=["grind"], crises=[], as_of=END, mode=mode).paths[0]
        for mode in ("hold", "policy")
    )
    assert traded.pnl["total"][0] == 0.0
    assert not np.allclose(held.pnl["condors"], traded.pnl["condors"])
    assert np.abs(np.diff(held.pnl["condors"][-20:])).max() == 0.0  # long expired
    assert np.abs(np.diff(traded.pnl["condors"][-20:])).max() > 0.0


def test_a_crisis_is_the_replay_of_its_days():
    from alvh.advise.replay import replay

    found = stress(bundled(), run(end=END), shocks=[], crises=["2018-02"]).paths[0]
    again = replay(bundled(), run(end=END), "2018-01-26", len(found.on) - 1)
    np.testing.assert_array_equal(found.pnl["total"], again.pnl["total"])
    assert str(again.dates[-1]) == "2018-02-08"


def test_what_cannot_be_done_is_refused():
    with pytest.raises(DataError, match="there is no shock 'crash'"):
        stress(bundled(), run(end=END), shocks=["crash"])
    with pytest.raises(DataError, match="there is no crisis '1929'"):
        stress(bundled(), run(end=END), shocks=[], crises=["1929"])
    with pytest.raises(DataError, match="does not hold Autumn 2008"):
        stress(bundled(), run(end=END), shocks=[], crises=["2008"])
    with pytest.raises(PolicyError, match="has no policy with it"):
        stress(bundled(), run(end=END), mode="policy")
    with pytest.raises(PolicyError, match="listens to signals"):
        stress(bundled(), "alvh-adaptive", as_of=END, crises=[], mode="policy")
    with pytest.raises(PricingError, match="had expired"):
        stress(bundled(), {"SPXW  160219P01800000": -1.0}, as_of=END)
    with pytest.raises(DataError, match="a signed number other than 0"):
        stress(bundled(), {"SPXW  160318P01800000": 0.0}, as_of=END)
    with pytest.raises(DataError, match="size -1"):
        declare("gap", 15.0, -1.0)


def test_the_command_prints_and_draws_what_the_function_finds(tmp_path):
    from typer.testing import CliRunner

    from alvh.cli import app

    words = ["stress", "--as-of", END, "--crisis", "2018-02", "--shock", "gap"]
    answer = CliRunner().invoke(app, [*words, "--json", "--report", str(tmp_path / "page.html")])
    assert answer.exit_code == 0, answer.output
    read = json.loads(answer.stdout)
    found = stress(bundled(), shocks=["gap"], crises=["2018-02"], as_of=END)
    assert read["table"][0]["worst_total"] == pytest.approx(found.table()["worst_total"][0])
    assert [one["name"] for one in read["paths"]] == ["gap", "2018-02"]
    assert "Gain of the whole book" in (tmp_path / "page.html").read_text()

    larger = CliRunner().invoke(app, [*words, "--size", "-0.2", "--sessions", "5"])
    assert "S&P 500 -20% overnight, then still for 4 sessions" in larger.stdout
    unclear = CliRunner().invoke(app, [*words, "--shock", "grind", "--size", "-0.2"])
    assert unclear.exit_code == 1

    book = tmp_path / "book.csv"
    book.write_text("symbol,quantity\nSPXW  160318P01800000,-2\nSPXW  160318P01750000,2\n")
    own = CliRunner().invoke(app, [*words, "--book", str(book)])
    assert own.exit_code == 0, own.output
    assert "2 own positions" in own.stdout
    book.write_text("symbol,number\nSPXW  160318P01800000,-2\n")
    refused = CliRunner().invoke(app, [*words, "--book", str(book)])
    assert refused.exit_code == 1
    assert "wanted symbol and quantity" in " ".join(refused.stderr.split())


def test_a_path_above_the_record_close_of_vix_is_told():
    now = evening(end=END)
    wild, calm = (Shock(name, "", np.ones(3), np.array([now.vix, high, now.vix]))
                  for name, high in (("wild", 82.70), ("calm", 82.69)))  # fmt: skip
    rows = stress(bundled(), run(end=END), shocks=[wild, calm], crises=[]).table().to_dicts()
    assert [row["vix_most"] for row in rows] == pytest.approx([82.70, 82.69])
    assert rows[0]["warning"].startswith("VIX reaches 82.70, above its record close of 82.69")
    assert rows[1]["warning"] == ""
