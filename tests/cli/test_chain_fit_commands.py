"""`alvh chain fit` and `alvh chain parity` on real chains, imported as a user would."""

import json
from pathlib import Path

import polars as pl
import pytest
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


def test_a_date_without_a_chain_is_refused(chains: Path) -> None:
    found = RUNNER.invoke(app, ["chain", "fit", str(chains), "--date", "2020-03-16"])
    assert found.exit_code == 1
    assert "no chain of the roots and dates asked for" in found.output
