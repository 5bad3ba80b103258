"""Every screen by keyboard alone, in light and dark, on a desk and on a telephone of 390 pixels."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.web.browser import Watched, chromium, serving
from tests.web.conftest import found_desk

from alvh.web import Desk
from alvh.web.pages import SCREENS

NAMES = [path.strip("/") for path, _ in SCREENS]
ASKED = "end=2015-08-24"
YEAR = "start=2018-01-02&end=2018-12-31"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
LOOKS = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
MOST_STOPS = 400
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}
INK = {"light": "rgb(27, 31, 36)", "dark": "rgb(230, 233, 237)"}

STOPS = """() => {
  const able = 'a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]';
  return [...document.querySelectorAll(able)].filter(one => !one.disabled
    && one.checkVisibility({visibilityProperty: true})).length;
}"""
HERE = """() => {
  const able = 'a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]';
  const all = [...document.querySelectorAll(able)].filter(one => !one.disabled
    && one.checkVisibility({visibilityProperty: true}));
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const css = getComputedStyle(one), named = one.getAttribute('aria-label')
    || (one.labels && one.labels[0] && one.labels[0].textContent) || one.textContent;
  const ring = css.outlineStyle !== 'none' && parseFloat(css.outlineWidth) > 0;
  const stroke = one instanceof SVGElement && parseFloat(css.strokeWidth) > 1;
  return {at: all.indexOf(one), name: (named || '').trim(), seen: ring || stroke,
          tag: one.tagName.toLowerCase()};
}"""
CUT_OFF = """() => {
  const found = [];
  for (const text of document.querySelectorAll('.plot svg.main-svg .xtick text, .legendtext')) {
    const box = text.getBoundingClientRect();
    if (box.width && (box.left < -1 || box.right > document.documentElement.clientWidth + 1))
      found.push(text.textContent);
  }
  return found;
}"""

INKS = """() => [...document.querySelectorAll('.plot')].map(one => one.querySelector('svg text'))
  .filter(Boolean).map(one => getComputedStyle(one).fill)"""


@pytest.fixture(scope="module")
def address(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a book and a ledger."""
    desked = found_desk(desk, tmp_path_factory.mktemp("desk"))
    whole = Desk(desk.history, "bundled", desk.hedges, desk.programmes, ledger=desked.ledger,
                 book_file=desked.book)  # fmt: skip
    with serving(whole) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def _look(size: str, scheme: str) -> dict[str, Any]:
    width, height = SIZES[size]
    return {"viewport": {"width": width, "height": height}, "color_scheme": scheme}


def _walk(page: Any) -> list[Any]:
    """Press Tab from the top until the page is left; return the stops, each once in a row."""
    found: list[Any] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None:
            return found
        if not found or here["at"] != found[-1]["at"]:  # a date has several stops within it
            found.append(here)
    raise AssertionError("the page cannot be left by the keyboard")


def _tab_to(page: Any, words: str) -> None:
    """Press Tab until what is focused says some words."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is not None and words in here["name"]:
            return
    raise AssertionError(f"{words} is not reached by the keyboard")


def _until(page: Any, true: str) -> None:
    """Ask again and again; the page lets no text be made into code, so it cannot ask itself."""
    for _ in range(200):
        if page.evaluate(true):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {true}")


def _says(locator: Any, words: str) -> None:
    from playwright.sync_api import expect

    expect(locator).to_contain_text(words, timeout=20_000)


@pytest.mark.parametrize("screen", NAMES)
def test_the_keyboard_reaches_everything_in_its_order(
    browser: Any, address: str, screen: str
) -> None:
    page = Watched(browser, address).open(f"{address}/{screen}?{ASKED}")
    count = page.evaluate(STOPS)
    stops = _walk(page)
    assert [one["at"] for one in stops] == list(range(count))  # all, once, from top to bottom
    assert [one for one in stops if not one["name"]] == []
    assert [one for one in stops if not one["seen"]] == []  # where one is can be seen
    assert stops[0]["name"] == "Skip to the content"
    page.context.close()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_screen_fits_in_every_look(
    browser: Any, address: str, size: str, scheme: str
) -> None:
    watched = Watched(browser, address, **_look(size, scheme))
    for screen in NAMES:
        page = watched.open(f"{address}/{screen}?{ASKED}")
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], screen
        assert page.evaluate(CUT_OFF) == [], screen  # no word of a figure
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == PAPER[scheme], screen
        inks = page.evaluate(INKS)
        assert set(inks) <= {INK[scheme]}, screen
    assert watched.faults == []
    assert watched.outside == []
    watched.page.context.close()


def test_the_skip_link_leads_past_the_bar(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/data")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.context.close()


def test_long_work_is_watched_and_cancelled_by_keyboard(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/verdict?{YEAR}&step=5&resamples=2000")
    _tab_to(page, "Run every split")
    page.keyboard.press("Enter")
    progress = page.locator("progress")
    progress.wait_for()
    _says(page.locator("[data-work=simplex] [role=status]"), "Working")
    _until(page, "() => document.querySelector('progress').value > 0")  # it moves
    assert page.evaluate("document.activeElement.id") == "work-simplex"  # the place is kept
    assert page.locator("#work-simplex").inner_text() == "Cancel"
    page.keyboard.press("Enter")
    _says(page.locator("[data-work=simplex] [role=status]"), "Cancelled.")
    assert page.locator("progress").count() == 0
    page.context.close()


def test_colours_of_the_lab_are_started_and_cancelled_by_keyboard(
    browser: Any, address: str
) -> None:
    page = Watched(browser, address).open(f"{address}/lab")
    _tab_to(page, "Colour the triangle")
    page.keyboard.press("Enter")
    page.locator("#colours progress").wait_for()
    _until(page, "() => document.activeElement.textContent === 'Cancel'")
    page.keyboard.press("Space")
    _says(page.locator("#colours [role=status]"), "Cancelled.")
    page.context.close()


def test_the_desk_is_verified_and_halted_by_keyboard(
    browser: Any, desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    desked = found_desk(desk, tmp_path_factory.mktemp("halt"))
    own = Desk(desk.history, "bundled", desk.hedges, desk.programmes, ledger=desked.ledger)
    with serving(own) as address:
        page = Watched(browser, address).open(f"{address}/ledger?{ASKED}")
        _tab_to(page, "Verify the chain")
        page.keyboard.press("Enter")
        _says(page.locator("#verified"), "events hold together")
        _tab_to(page, "Halt: let nothing be opened")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("a drill")
        page.keyboard.press("Tab")
        page.keyboard.type("ann")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        _says(page.locator("#answer"), "halted by ann")
        page.context.close()


def test_the_ledgers_rules_leave_nothing_to_choose(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/today?{ASKED}")
    hedge = page.locator("select[name=hedge]")
    assert hedge.is_disabled()
    page.select_option("select[name=rules]", "chosen")
    _says(page.locator("#answer"), "nothing was asked of a ledger")
    assert hedge.is_enabled()
    page.select_option("select[name=hedge]", "vxth")
    page.wait_for_url("**hedge=vxth*")
    page.context.close()


def test_whose_book_is_chosen_and_goes_along(browser: Any, address: str) -> None:
    page = Watched(browser, address).open(f"{address}/book?{ASKED}")
    _says(page.locator("#head"), "Your own book")
    page.select_option("select[name=book]", "policy")
    _says(page.locator("#head"), "The policy's book, not yours")
    links = {link.inner_text(): link.get_attribute("href") for link in page.locator("nav a").all()}
    assert "book=policy" in links["Stress"]
    assert "book=policy" not in links["Lab"]
    page.context.close()


def test_the_countdown_runs_to_the_close_in_chicago(browser: Any, desk: Desk) -> None:
    own = Desk(desk.history, "bundled", desk.hedges, desk.programmes,
               lambda: datetime(2015, 11, 27, 15, 0, tzinfo=UTC))  # fmt: skip
    with serving(own) as address:
        context = browser.new_context(timezone_id="Asia/Tokyo")  # wherever one sits
        page = context.new_page()
        page.clock.install(time=datetime(2015, 11, 27, 16, 44, 20, tzinfo=UTC))
        page.goto(f"{address}/today?end=2015-11-27")
        left = page.locator("[data-until]")
        _says(page.locator("#answer"), "close at 12:15 in Chicago")  # a half day
        _says(left, "in 1 h 30 min")  # 12:15 in Chicago is 18:15 UTC in winter
        page.clock.fast_forward("01:00:00")
        _says(left, "in 0 h ")
        page.clock.fast_forward("01:00:00")
        _says(left, "which has passed")
        context.close()
