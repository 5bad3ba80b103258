"""Tests that need a browser say so where there is none, once, and fail where one is required."""

from types import SimpleNamespace

import pytest
from tests import browsers
from tests.conftest import skipped_lines


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine on which no browser is installed."""
    monkeypatch.setattr(browsers, "found", lambda: None)
    monkeypatch.delenv(browsers.REQUIRED, raising=False)
    return monkeypatch


def test_without_a_browser_a_test_is_skipped_with_the_remedy(
    without: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"no browser .* `make browser` gets one"):
        browsers.needed()


def test_where_a_browser_is_required_the_test_fails(without: pytest.MonkeyPatch) -> None:
    without.setenv(browsers.REQUIRED, "required")
    with pytest.raises(pytest.fail.Exception, match=r"no browser .* `make browser` gets one"):
        browsers.needed()


def test_a_browser_of_the_system_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsers.shutil, "which", lambda name: f"/bin/{name}")
    assert browsers.found() == "/bin/chromium"


def test_playwright_s_own_browser_is_taken_where_the_system_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(browsers.shutil, "which", lambda name: None)
    monkeypatch.setattr(browsers, "_kept_by_playwright", lambda: "/cache/chrome")
    assert browsers.found() == "/cache/chrome"


def test_the_summary_says_each_reason_once() -> None:
    skipped = [SimpleNamespace(longrepr=("x.py", line, "Skipped: no browser")) for line in (1, 2)]
    other = SimpleNamespace(longrepr=("y.py", 3, "Skipped: no data"))
    assert skipped_lines([*skipped, other]) == [
        "not run: 2 skipped: no browser",
        "not run: 1 skipped: no data",
    ]
