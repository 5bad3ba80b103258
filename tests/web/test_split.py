"""A split chosen in the Lab is named wherever the policy is, can be put back, and is no rule."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.web.browser import Watched, chromium, serving
from tests.web.conftest import TOKEN
from tests.web.test_lab import _drawn
from tests.web.test_panels import _wait

from alvh.web import Desk

YEAR = {"start": "2018-01-02", "end": "2018-12-31"}
SPLIT = {"short": "10", "medium": "20", "tail": "70"}
WORDS = "alvh-40-40-20 at 10/20/70"


@pytest.mark.parametrize("screen", ["book", "layers", "stress", "verdict", "today"])
def test_the_split_is_told_and_can_be_put_back(client: TestClient, screen: str) -> None:
    asked = {"end": YEAR["end"]} if screen == "today" else YEAR
    text = client.get(f"/{screen}", params=asked | SPLIT).text
    assert "The split chosen in the Lab, 10/20/70, stands in place of alvh-40-40-20's own" in text
    query = "&amp;".join(f"{name}={value}" for name, value in asked.items())
    assert f'<a href="/{screen}?{query}">Use its own</a>' in text
    if screen in ("book", "layers", "stress"):
        assert f"with {WORDS} would hold" in text
    assert "The split chosen" not in client.get(f"/{screen}", params=asked).text


def test_the_star_is_named_with_its_split(client: TestClient) -> None:
    asked = YEAR | SPLIT | {"step": "50", "resamples": "0"}
    client.post("/verdict/simplex/start", params=asked, headers={"x-alvh-token": TOKEN})
    _wait(client, asked)
    text = client.get("/verdict", params=asked).text
    for one in _drawn(text).values():
        assert one["data"][-1]["name"] == WORDS
    assert f"Rank of {WORDS} among" in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def test_it_goes_along_but_not_to_today(browser: Any, desk: Desk) -> None:
    with serving(desk) as address:
        page = Watched(browser, address).open(
            f"{address}/lab?end=2018-12-31&short=10&medium=20&tail=70"
        )
        links = {one.inner_text(): one.get_attribute("href") for one in page.locator("nav a").all()}
        assert links["Today"] == "/today?end=2018-12-31"
        assert "short=10&medium=20&tail=70" in links["Book"]
        page.context.close()
