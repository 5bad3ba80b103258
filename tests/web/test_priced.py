"""What prices rest on is counted leg by leg on every screen, and said as the Lab says it."""

import re

import numpy as np
import pytest
from fastapi.testclient import TestClient
from tests.web.conftest import TOKEN
from tests.web.test_lab import _drawn
from tests.web.test_panels import _wait

import alvh
from alvh.holdings import holdings
from alvh.priced import Priced, priced_words
from alvh.web import Desk
from alvh.web.settings import Account

SPRING = {"start": "2019-04-24", "end": "2019-07-19"}
WITH_TOKEN = {"x-alvh-token": TOKEN}
SAID = re.compile(
    r"(\d+\.\d) % of the [\w ]+ (?:are priced by|come from) a model"
    r"(?:, (\d+\.\d) % (?:by|from) smiles fitted to quotes)?, (\d+\.\d) % (?:by|from) quotes"
)


def _shares(text: str) -> set[tuple[float, ...]]:
    return {tuple(float(one or 0.0) for one in found.groups()) for found in SAID.finditer(text)}


def _marks(desk: Desk) -> list[str]:
    """Return what each leg's mark rests on, from its own quote at the close, asked for by name."""
    held = holdings(desk.book(Account.model_validate(SPRING)).result)
    found = []
    for leg in held.legs:
        if leg.root == "VX":
            rows = desk.history.futures
            known = (rows["date"] == held.as_of) & (rows["expiry"] == leg.expiry)
            found.append("quoted" if known.any() else "modelled")
            continue
        symbol = f"{leg.root:<6}{leg.expiry:%y%m%d}{leg.put_call}{1000 * leg.strike:08.0f}"
        kind = str(alvh.quote(desk.history, [symbol], held.as_of)["provenance"][0])
        found.append("quoted" if kind == "quoted" else kind.split()[0])
    return found


def test_words() -> None:
    marks = ("modelled", "fitted", "quoted", "quoted")
    words = Priced.of(marks).words("marks")
    assert words == (
        "25.0 % of the marks are priced by a model, 25.0 % by smiles fitted to quotes, 50.0 % by "
        "quotes"
    )
    assert Priced.of(()).words("marks") == "there are no marks"
    assert (
        priced_words("fills", 1.0) == "100.0 % of the fills are priced by a model, 0.0 % by quotes"
    )


@pytest.mark.parametrize("screen", ["book", "stress"])
def test_the_marks_of_the_book_are_counted(
    quoted_client: TestClient, quoted_desk: Desk, screen: str
) -> None:
    marks = _marks(quoted_desk)
    assert "quoted" in marks
    share = 100.0 * np.array([marks.count(one) for one in ("modelled", "fitted", "quoted")])
    text = quoted_client.get(f"/{screen}", params=SPRING).text
    assert _shares(text) == {tuple((share / len(marks)).round(1))}
    captions = [one["caption"] for one in _drawn(text).values()]
    assert len(captions) == 2
    for caption in captions:
        assert _shares(caption) == _shares(text)


def test_layers_count_the_hedge_alone(quoted_client: TestClient, quoted_desk: Desk) -> None:
    held = holdings(quoted_desk.book(Account.model_validate(SPRING)).result)
    hedge = [mark for leg, mark in zip(held.legs, _marks(quoted_desk), strict=True)
             if leg.sleeve != "condors"]  # fmt: skip
    text = quoted_client.get("/layers", params=SPRING).text
    modelled = round(100.0 * hedge.count("modelled") / len(hedge), 1)
    assert {shares[0] for shares in _shares(text)} == {modelled}


def test_today_counts_the_legs_of_its_orders(quoted_client: TestClient) -> None:
    asked = {"end": "2019-04-26"}  # the day before, the chain was taken before the close
    orders = quoted_client.get("/api/today", params=asked).json()["orders"]
    legs = [leg["provenance"] for order in orders for leg in order["legs"]]
    assert {"quoted", "modelled"} <= set(legs)
    (shares,) = _shares(quoted_client.get("/today", params=asked).text)
    assert shares[0] == round(100.0 * legs.count("modelled") / len(legs), 1)
    assert shares[2] == round(100.0 * legs.count("quoted") / len(legs), 1)


def test_all_splits_count_their_fills(quoted_client: TestClient, quoted_desk: Desk) -> None:
    asked = SPRING | {"step": "50", "resamples": "0"}
    quoted_client.post("/verdict/simplex/start", params=asked, headers=WITH_TOKEN)
    _wait(quoted_client, asked)
    runs = [
        alvh.backtest(quoted_desk.history, alvh.with_split(quoted_desk.hedges["alvh-40-40-20"],
                      np.array(split) / 100.0), "monthly45", **SPRING)
        for split in ((0, 0, 100), (0, 50, 50), (0, 100, 0), (50, 0, 50), (50, 50, 0), (100, 0, 0),
                      (40, 40, 20))
    ]  # fmt: skip
    fills = sum(run.counts["fills"] for run in runs)
    modelled = sum(run.counts["fills_modelled"] for run in runs)
    assert 0 < modelled < fills
    drawn = _drawn(quoted_client.get("/verdict", params=asked).text)
    for one in drawn.values():
        assert {shares[0] for shares in _shares(one["caption"])} == {
            round(100.0 * modelled / fills, 1)
        }


def test_no_screen_says_that_every_price_is_a_models(quoted_client: TestClient) -> None:
    words = r"[Ee]very (price|mark)[^.;]* is the\s+model's|[Pp]rices[^.;]* are the\s+model's"
    for screen in ("today", "book", "layers", "lab", "stress", "verdict"):
        text = quoted_client.get(f"/{screen}", params=SPRING).text
        text = text.replace("every later price is the model", "").replace("after them are", "")
        assert not re.search(words, text), screen
