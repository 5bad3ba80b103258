"""The verdict says over how many histories its intervals and tests are."""

import json
from pathlib import Path

from build_pictures import SPLIT_RESAMPLES
from build_verdict import rank_in_words

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_rank_of_the_split_has_its_number_of_histories() -> None:
    cards = json.loads((DOCS / "claims.json").read_text(encoding="utf-8"))
    words = rank_in_words(cards)
    assert words.endswith("p < 0.004 (250 resampled histories)")  # 1 / 250, as none was as good
    page = (DOCS / "verdict.md").read_text(encoding="utf-8")
    assert page.count(words) == page.count("p < 0.004") == 2
    assert f"The picture rests on {SPLIT_RESAMPLES} of them" in page
