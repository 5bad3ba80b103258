"""Where tests find a browser, and what is said where there is none."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "ALVH_BROWSER"
REMEDY = (
    "`make browser` gets one, or the package manager of the system (apt install chromium); "
    f"with {REQUIRED}=required in the environment these tests fail instead"
)


def found() -> str | None:
    """Return the browser of the system, or the one that playwright keeps; None without either."""
    of_system = next((path for path in map(shutil.which, NAMES) if path), None)
    return of_system or _kept_by_playwright()


def _kept_by_playwright() -> str | None:
    if find_spec("playwright") is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as maker:
        path = maker.chromium.executable_path
    return path if Path(path).is_file() else None


def needed() -> str:
    """Return a browser; without one the test is skipped, or fails where one is required."""
    path = found()
    if path is None:
        missing(f"no browser on this machine; {REMEDY}")
    return path


def missing(reason: str) -> None:
    """Skip for want of a browser, or fail where one is required."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
