"""A seeded sample of spoilt files; ten thousand are tried by ``tests.market.chains.fuzzing``."""

from collections import Counter

from tests.market.chains import fuzzing


def test_spoilt_files_give_no_traceback_and_no_silent_number() -> None:
    outcomes = fuzzing.run(120, seed=1)
    assert sum(outcomes.values()) == 120
    ways = {name.partition(":")[0] for name in outcomes}
    assert ways == {way.__name__ for way in fuzzing.WAYS} | {"message"}
    endings: Counter[str] = Counter()
    for name, count in outcomes.items():
        endings[name.rpartition(": ")[2]] += count
    assert set(endings) == {"kept", "refused", "given up"}
