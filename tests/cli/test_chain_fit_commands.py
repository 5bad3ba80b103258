"""`alvh chain fit` and `alvh chain parity` on real chains, imported as a user would."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from tests.market.chains.samples import DELTA_NEUTRAL
from typer.testing import CliRunner

from alvh.cli.app import app

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def chains(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chains")
    names = ("spx_2022-02-04.csv", "lean_spxw_20210106_quote_european.zip")
    sources = [str(shared_data / "chains" / name) for name in names]
    done = RUNNER.invoke(app, ["chain", "import", *sources, "--to", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def test_fit_says_what_lies_within_the_spread(chains: Path) -> None:
    found = RUNNER.invoke(app, ["chain", "fit", str(chains), "--date", "2022-02-04"])
    assert found.exit_code == 0, found.output
    assert "Smiles within their quotes" in found.output
    assert "23.22" in found.output  # VIX of that close
    assert "give --data" in found.output


def test_fit_as_json_and_as_a_file(chains: Path, tmp_path: Path) -> None:
    file = tmp_path / "smiles.parquet"
    found = RUNNER.invoke(
        app, ["chain", "fit", str(chains), "--date", "2022-02-04", "--json", "--to", str(file)]
    )
    answer = json.loads(found.output)
    assert answer["inside"] / answer["liquid"] >= 0.95
    assert len(answer["chain_digest"]) == 64
    smiles = pl.read_parquet(file)
    assert smiles.height == len(answer["expiries"])
    assert {"forward", "discount", "a", "rho", "c0"} <= set(smiles.columns)


def test_minute_snapshots_are_fitted_at_their_last_moment(chains: Path) -> None:
    found = RUNNER.invoke(app, ["chain", "fit", str(chains), "--date", "2021-01-06", "--json"])
    answer = json.loads(found.output)
    assert {row["time"] for row in answer["expiries"]} == {"16:15"}


def test_parity_tells_the_financing_rate(chains: Path) -> None:
    found = RUNNER.invoke(app, ["chain", "parity", str(chains), "--date", "2022-02-04", "--json"])
    boxes = json.loads(found.output)["boxes"]
    half_year = [b for b in boxes if 150 < b["tau"] < 230]
    # six-month bills that day about 0.55 %; index options finance 0.2–0.6 points above
    assert all(0.006 < b["rate"] < 0.0115 for b in half_year)
    assert all(b["lend"] < b["rate"] < b["borrow"] for b in boxes if b["lend"] is not None)


def test_where_every_quote_is_marked_the_commands_say_so(chains: Path, tmp_path: Path) -> None:
    """The one quote has its bid above its ask; beside another session the rest is fitted."""
    head, line, *_ = DELTA_NEUTRAL.splitlines()
    source, folder = tmp_path / "chain.csv", tmp_path / "out"
    source.write_text("\n".join([head, line.replace("62.1,63.0", "64.1,63.0"), ""]))
    RUNNER.invoke(app, ["chain", "import", str(source), "--to", str(folder)])
    for command in ("fit", "parity"):
        answer = RUNNER.invoke(app, ["chain", command, str(folder)])
        assert answer.exit_code == 1
        assert (
            f"{folder}: all quotes of the 1 sessions asked for are marked as not to be priced by; "
            f"`alvh chain check {folder}` says why"
        ) in answer.stderr
    both = tmp_path / "both"
    shutil.copytree(chains, both)
    RUNNER.invoke(app, ["chain", "import", str(source), "--to", str(both)])
    answer = RUNNER.invoke(app, ["chain", "fit", str(both)])
    assert "no quote of the session can be believed or lies ahead: 2019-04-25" in answer.output


def test_a_date_without_a_chain_is_refused(chains: Path) -> None:
    found = RUNNER.invoke(app, ["chain", "fit", str(chains), "--date", "2020-03-16"])
    assert found.exit_code == 1
    assert "no chain of the roots and dates asked for" in found.output
