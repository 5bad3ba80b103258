"""A seeded sample of spoilt files; ten thousand are tried by ``tests.market.chains.fuzzing``."""

from collections import Counter

from tests.market.chains import fuzzing


def test_spoilt_files_give_no_traceback_and_no_silent_number() -> None:
    outcomes = fuzzing.run(100, seed=1)
    assert sum(outcomes.values()) == 100
    ways = {name.partition(":")[0] for name in outcomes}
    assert ways == {way.__name__ for way in fuzzing.WAYS} | {"message"}
    endings: Counter[str] = Counter()
    for name, count in outcomes.items():
        endings[name.rpartition(": ")[2]] += count
    assert set(endings) == {"kept", "refused", "given up"}


def test_no_renamed_column_turns_one_number_into_another() -> None:
    universe = next(base for base in fuzzing.BASES if base.name == "spx_20190425.csv")
    assert fuzzing.break_every_header(universe) == 2 * 15
