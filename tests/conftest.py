"""Fixtures shared by all tests."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples in every run, so that a failure is a change's and not the dice's.
# ALVH_EXPLORE=1 searches anew.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=500, deadline=None)
settings.load_profile("explore" if os.environ.get("ALVH_EXPLORE") else "fixed")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real market downloads beside the checkout; tests that need it skip without it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the folder of real market data is not beside this checkout")
    return SHARED_DATA


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say why tests were skipped, a line a reason, at the end of the run."""
    for line in skipped_lines(terminalreporter.stats.get("skipped", ())):
        terminalreporter.write_line(line)


def skipped_lines(reports: Iterable[Any]) -> list[str]:
    """Return each reason for which tests were skipped, with how many they were."""
    reasons = Counter(
        str(
            report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        ).removeprefix("Skipped: ")
        for report in reports
    )
    return [f"not run: {count} skipped: {reason}" for reason, count in reasons.most_common()]
