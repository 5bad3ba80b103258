"""What the pictures of the docs say of themselves."""

import struct
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from build_pictures import STILL, books_at_equal_carry

from alvh.evidence.comparison import compare
from evidence.synthetic import SyntheticEngine, SyntheticHistory, crashing_market, sessions

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_share_of_model_prices_is_that_of_the_books_drawn() -> None:
    dates = sessions("2017-06-01", 400)
    history = SyntheticHistory(
        dates, {"spx": np.linspace(2_400, 2_900, 400), "vix": np.full(400, 15.0)}, ()
    )
    engine = SyntheticEngine(dates, crashing_market(400))
    found = compare(history, equal="carry", backtest=engine, resamples=20, seed=9)
    rows = tuple(
        replace(row, model_priced_share=0.92 if row.name == "futures-40-40-20" else 1.0)
        for row in found.rows["carry"]
    )
    assert any(row.model_priced_share < 1.0 for row in rows)
    drawn = books_at_equal_carry(replace(found, rows=found.rows | {"carry": rows}))
    assert list(drawn) == ["account", "falls", "crises"]
    for one in drawn.values():
        assert "model-priced fills: 100%." in one.caption
        assert {line["name"] for line in one.figure["data"]} <= {
            "none", "alvh-40-40-20", "single-call", "fewer-condors"
        }  # fmt: skip
    assert date.fromisoformat(drawn["falls"].caption.split(". ")[1][:10]) == date(2017, 6, 1)


def test_a_picture_has_no_link() -> None:
    assert "a[download] { display: none; }" in STILL


def test_the_pictures_of_smiles_are_higher_than_what_is_drawn() -> None:
    """A window shows less than its size: at that of the figure the lowest titles were cut."""
    pictures = sorted((DOCS / "pictures").glob("smiles-*.png"))
    assert len(pictures) == 3
    for picture in pictures:
        width, height = struct.unpack(">II", picture.read_bytes()[16:24])  # PNG, its first chunk
        assert (width, height) == (1100, 860), picture.name
