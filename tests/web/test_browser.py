"""The pages in a real Chromium: dragged, typed at, narrow and dark."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.web.browser import Watched, chromium, serving

from alvh.formats import p_value
from alvh.web import Desk

YEAR = "start=2018-01-02&end=2018-12-31"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
SCREENS = ("today", "book", "layers", "lab", "verdict", "stress", "ledger", "data")


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    """A server of its own: long work that another test had done is not done here."""
    with serving(Desk(desk.history, "bundled", desk.hedges, desk.programmes)) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def _says(locator: Any, words: str) -> None:
    """Wait until an element says some words."""
    from playwright.sync_api import expect

    expect(locator).to_contain_text(words, timeout=10_000)


def _shown(page: Any) -> dict[str, str]:
    return {
        row.locator("th").inner_text(): row.locator("td").first.inner_text()
        for row in page.locator("table.figures tbody tr").all()
    }


def _drawn_value(page: Any, panel: str, line: int) -> float:
    """Read the last value of a line from the figure that plotly holds."""
    figure = page.locator(f"[data-panel={panel}] .plot")
    return float(figure.evaluate(f"box => box.data[{line}].y.at(-1)"))


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_a_screen_is_whole_and_asks_nothing_of_the_world(
    browser: Any, address: str, screen: str, options: dict[str, Any]
) -> None:
    watched = Watched(browser, address, **options)
    page = watched.open(f"{address}/{screen}?{YEAR}")
    assert watched.faults == []
    assert watched.outside == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]  # nothing to scroll sideways
    for panel in page.locator("[data-panel]").all():
        assert panel.locator(".plot svg.main-svg").count() > 0
    page.context.close()


def test_dragging_the_point_moves_the_numbers(browser: Any, address: str) -> None:
    watched = Watched(browser, address)
    page = watched.open(f"{address}/lab?{YEAR}")
    before = _shown(page)
    box = page.locator("#triangle .handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x, y - 10 * step)
    page.mouse.up()
    page.wait_for_url("**tail=*")
    _says(page.locator("#answer caption"), page.locator("#split-text").inner_text().split(" ")[0])
    split = page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
    assert int(split["tail"]) > 40
    asked = httpx.get(f"{address}/api/backtest", params=split).json()["summary"]
    after = _shown(page)
    assert after != before
    assert after["Growth a year"] == f"{100 * asked['cagr']:.2f} %"
    assert after["Account at the end, USD"] == f"{asked['final_nav']:,.0f}"
    assert _drawn_value(page, "equity", 1) == round(asked["final_nav"])
    assert f"{split['tail']} % tail" in page.locator("#split-text").inner_text()
    assert watched.faults == []
    page.context.close()


def test_the_keyboard_alone_is_enough(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/lab?{YEAR}")
    for _ in range(60):  # by Tab from the top of the page to the point
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "slider":
            break
    assert page.evaluate("document.activeElement.getAttribute('role')") == "slider"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    page.wait_for_url("**tail=21*")
    _says(page.locator("#answer caption"), "alvh-40-40-20 at 35/44/21")
    words = page.locator("#triangle .handle").get_attribute("aria-valuetext")
    assert words == "35 % short, 44 % medium, 21 % tail"
    page.context.close()


def test_a_choice_in_the_form_redraws_and_a_refusal_says_why(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/lab?{YEAR}")
    page.select_option("select[name=hedge]", "vxth")
    _says(page.locator("#split-text"), "no three layers")
    link = page.locator("nav a").first.get_attribute("href")
    assert "hedge=vxth" in link  # the settings go along
    page.fill("input[name=end]", "2017-06-01")  # before the start
    page.locator("input[name=end]").blur()
    refused = page.locator("#answer [role=alert]")
    refused.wait_for()
    assert "Refused" in refused.inner_text()
    page.context.close()


def test_the_file_behind_a_figure_is_downloaded(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/lab?{YEAR}")
    with page.expect_download() as waited:
        page.locator("[data-panel=equity] figcaption a").click()
    with open(waited.value.path(), encoding="utf-8") as file:
        assert file.readline().strip() == "date,none,alvh-40-40-20"
    page.context.close()


def test_another_site_can_neither_read_nor_post(browser: Any, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto("data:text/html,<p>elsewhere</p>")
    tried = page.evaluate(
        """async url => {
            const out = [];
            for (const method of ["GET", "POST"])
                out.push(await fetch(url, {method}).then(() => "read", () => "refused"));
            return JSON.stringify(out);
        }""",
        f"{address}/api/backtest",
    )
    assert json.loads(tried) == ["refused", "refused"]
    context.close()


@pytest.mark.parametrize(("screen", "panel"), [("layers", "payoff"), ("book", "surface")])
def test_the_slider_moves_the_days(browser: Any, address: str, screen: str, panel: str) -> None:
    page = Watched(browser, address).open(f"{address}/{screen}?{YEAR}")
    figure = page.locator(f"[data-panel={panel}]")
    read = "box => JSON.stringify(box.data[0].z || box.data[0].y)"
    before = figure.locator(".plot").evaluate(read)
    figure.locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    _says(figure.locator("output"), "days")
    assert figure.locator(".plot").evaluate(read) != before
    page.context.close()


def test_a_stress_slider_moves_the_table(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/stress?{YEAR}")
    page.locator("input[name=gap]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    _says(page.locator("#answer table").first, "S&P 500 -8 % overnight")
    _says(page.locator("#shown-gap"), "-8")
    asked = httpx.get(f"{address}/api/project?{YEAR}&spx=-8").json()["projection"]["gains"]
    _says(page.locator("#answer table tbody tr").first, f"{asked['total']:,.0f}")
    page.context.close()


def test_the_filter_leaves_the_rows_that_hold_its_words(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/data")
    rows = page.locator("#series-rows tr:visible")
    assert rows.count() > 3
    page.fill("[data-filter]", "spx_open")
    assert rows.count() == 1
    page.context.close()


def test_the_simplex_is_run_watched_and_drawn(browser: Any, address: str) -> None:
    watched = Watched(browser, address)
    page = watched.open(f"{address}/verdict?{YEAR}&step=25&resamples=20")
    page.get_by_role("button", name="Run every split").click()
    page.wait_for_selector("[data-panel=growth] svg.main-svg", timeout=60_000)
    found = httpx.get(f"{address}/api/verdict/simplex?{YEAR}&step=25&resamples=20").json()
    assert found["state"] == "done"
    _says(page.locator("#answer"), f"p {p_value(found['result']['spa'], 20)}")
    assert watched.faults == []
    page.context.close()


def test_the_ledger_is_verified_and_halted_by_its_buttons(
    browser: Any, desk: Desk, file: Path
) -> None:
    governed = Desk(desk.history, "bundled", desk.hedges, desk.programmes, ledger=file)
    with serving(governed) as address:
        watched = Watched(browser, address)
        page = watched.open(f"{address}/ledger")
        page.get_by_role("button", name="Verify the chain").click()
        _says(page.locator("#verified"), "4 events hold together")
        page.get_by_text("Halt: let nothing be opened").click()
        page.fill("input[name=reason]", "the feed is wrong & late")
        page.fill("input[name=by]", "ann")
        page.get_by_role("button", name="Halt", exact=True).click()
        _says(page.locator("#answer"), "halted by ann, event 5: the feed is wrong & late")
        assert watched.faults == []
        page.context.close()


def test_a_ticket_is_copied(browser: Any, address: str) -> None:
    watched = Watched(browser, address, permissions=["clipboard-read", "clipboard-write"])
    page = watched.open(f"{address}/today?end=2015-08-24")
    page.get_by_role("button", name="Copy").first.click()
    _says(page.locator(".ticket button").first, "Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".ticket pre").first.inner_text()
    assert "BUY" in copied
    rows = page.locator("#rules tr:visible")
    before = rows.count()
    page.fill("[data-filter=rules]", "condors")
    assert 0 < rows.count() < before
    page.context.close()


def test_the_triangle_is_coloured_by_every_split(browser: Any, address: str) -> None:
    watched = Watched(browser, address)
    page = watched.open(f"{address}/lab?{YEAR}")
    page.get_by_role("button", name="Colour the triangle").click()
    page.wait_for_selector("#dots circle >> nth=65", state="attached", timeout=60_000)
    asked = f"{YEAR}&step=10&resamples=0"
    found = httpx.get(f"{address}/api/verdict/simplex?{asked}").json()["result"]["splits"]
    growth = [100 * row["growth"] for row in found]
    _says(page.locator("#colour-legend"), f"Dark {min(growth):.2f} to light {max(growth):.2f}")
    removed = [100 * row["risk_removed"] for row in found]
    page.select_option("#criterion", "risk_removed")
    _says(page.locator("#colour-legend"), f"to light {max(removed):.2f}")
    page.locator("#triangle .handle").focus()
    page.keyboard.press("ArrowUp")
    _says(page.locator("#answer caption"), "at 35/40/25")
    assert page.locator("#dots circle").count() == 66  # the colours outlast a move of the point
    assert page.locator("#criterion").input_value() == "risk_removed"
    page.fill("input[name=fill]", "1")
    page.locator("input[name=fill]").blur()
    _says(page.locator("#colours"), "Colour the triangle")  # other settings, other colours
    page.wait_for_function("document.querySelectorAll('#dots circle').length === 0")
    assert watched.faults == []
    page.context.close()


@pytest.mark.parametrize("screen", ["layers", "stress", "data", "today"])
def test_on_a_telephone_days_stay_whole_and_wide_tables_say_so(
    browser: Any, address: str, screen: str
) -> None:
    page = Watched(browser, address, **PHONE).open(f"{address}/{screen}?end=2018-12-28")
    broken = page.evaluate(
        """() => {
            const out = [], texts = document.createTreeWalker(document.querySelector("main"), 4);
            while (texts.nextNode()) {
                const text = texts.currentNode;
                if (text.parentElement.closest("script, pre, option, [hidden]")) continue;
                for (const found of text.data.matchAll(/\\d{4}-\\d\\d-\\d\\d/g)) {
                    const range = document.createRange();
                    range.setStart(text, found.index);
                    range.setEnd(text, found.index + 10);
                    const tops = [...range.getClientRects()].map(box => Math.round(box.top));
                    const lines = new Set(tops);
                    if (lines.size > 1) out.push(found[0]);
                }
            }
            return out;
        }"""
    )
    assert broken == []
    wide = page.locator(".scroll:visible").all()
    assert wide
    hinted = 0
    for box in wide:
        over = box.evaluate("one => one.scrollWidth > one.clientWidth + 1")
        said = box.evaluate("one => getComputedStyle(one, '::before').content")
        assert ("scroll" in said) == over
        hinted += over
    assert hinted or screen == "today"
    page.context.close()
