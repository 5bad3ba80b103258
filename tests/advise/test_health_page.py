"""docs/health.md: its examples are what the program says, and no figure goes without a section."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import alvh
from alvh.advise.health import health

PAGE = Path(__file__).resolve().parents[2] / "docs" / "health.md"
EXAMPLE = re.compile(r"^- `(\w+)`: 2017-11-03 (\S+); 2020-03-16 (\S+)$", re.MULTILINE)


def examples() -> dict[str, tuple[str, str]]:
    found = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    return {name: (first, second) for name, first, second in found}


@pytest.fixture(scope="module")
def figures(shared_data):
    spec = importlib.util.spec_from_file_location("build_health", PAGE.with_name("build_health.py"))
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    history = alvh.load_history(shared_data)
    return [builder.figures(history, end) for end in builder.EVENINGS]


def test_every_figure_has_its_example() -> None:
    bare = health(alvh.load_history("bundled"), alvh.backtest(
        alvh.load_history("bundled"), "alvh-40-40-20", "monthly45", end="2014-06-30"
    )).figures()  # fmt: skip
    assert set(bare) - {"nav_usd", "vix"} <= set(examples())


def test_examples_are_what_the_program_says(figures) -> None:
    for name, written in examples().items():
        for text, found in zip(written, figures, strict=True):
            if text == "none":
                assert np.isnan(found[name]), name
                continue
            places = len(text.partition(".")[2])
            shown = float(text.replace(",", ""))
            assert shown == pytest.approx(found[name], abs=0.51 * 10.0**-places), name
