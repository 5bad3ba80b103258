"""The real history, read once."""

from pathlib import Path

import pytest

from alvh.market.history import History, load_history


@pytest.fixture(scope="session")
def real(shared_data: Path) -> History:
    """All real series from 1990 on, when VIX begins."""
    return load_history(shared_data).between("1990-01-02")
