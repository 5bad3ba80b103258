"""Fixtures shared by all tests."""

import os
from pathlib import Path

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
