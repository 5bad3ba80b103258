"""The pages that say which real chains were taken before the close say by what rule."""

from pathlib import Path

from alvh.market.chain_quotes import OFF_VIX

ROOT = Path(__file__).parents[2]
NEAR_CLOSE = "0.25 points"  # of calibration/chain_errors.py


def test_the_page_of_errors_and_that_of_chains_name_both_rules() -> None:
    errors = " ".join((ROOT / "docs/calibration/errors.md").read_text().split())
    assert f"own VIX is more than {NEAR_CLOSE} off the published close" in errors
    assert f"{OFF_VIX:.0%}".replace("%", " %") in errors
    source = (ROOT / "calibration/chain_errors.py").read_text()
    assert f"NEAR_CLOSE = {NEAR_CLOSE.split()[0]} " in source
    chains = " ".join((ROOT / "docs/chains.md").read_text().split())
    assert f"by more than {NEAR_CLOSE}" in chains
    for day in ("2019-05-13", "2019-06-03", "2019-06-21"):
        assert day in chains
