"""Every check fires on the quote that was spoilt for it, and on a sound chain none does.

The sound chain: forward 2900, no discount, calls worth (F − K)⁺ + s·50·exp(−|K − F|/100s), puts by
parity: convex, and falling by at most a point a point. Each quote is its mid ∓ 0.3.
"""

import math
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from alvh.market.chains.checks import believable, check_chains
from alvh.market.chains.faults import CHECKS, FATAL, NAMES, mark
from alvh.market.chains.importing import import_chains
from alvh.market.chains.table import CHAIN_SCHEMA, load_chains

DAY, JUNE, JULY = date(2019, 4, 25), date(2019, 6, 21), date(2019, 7, 19)
STRIKES = range(2600, 3205, 25)


def slice_of(root: str, expiry: date, scale: float = 1.0, day: date = DAY) -> list[dict[str, Any]]:
    rows = []
    for strike in STRIKES:
        value = scale * 50.0 * math.exp(-abs(strike - 2900) / (100.0 * scale))
        for right, inside in (("C", 2900 - strike), ("P", strike - 2900)):
            mid = max(inside, 0) + value
            rows.append(
                dict.fromkeys(CHAIN_SCHEMA)
                | {
                    "date": day,
                    "root": root,
                    "expiry": expiry,
                    "settlement": "AM" if root == "SPX" else "PM",
                    "strike": float(strike),
                    "put_call": right,
                    "bid": mid - 0.3,
                    "ask": mid + 0.3,
                    "underlying": 2890.0,
                    "source": "hand.csv#0123456789ab",
                    "line": len(rows) + 2,
                }
            )
    return rows


def sound() -> list[dict[str, Any]]:
    return [
        *slice_of("SPX", JUNE),
        *slice_of("SPXW", JUNE, 1.02),
        *slice_of("SPX", JULY, 1.3),
    ]


def table(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=CHAIN_SCHEMA)


def spoilt(rows: list[dict[str, Any]], at: tuple[Any, ...], **values: Any) -> pl.DataFrame:
    """Change the quote of (root, expiry, strike, right)."""
    found = [r for r in rows if (r["root"], r["expiry"], r["strike"], r["put_call"]) == at]
    assert len(found) == 1
    found[0].update(values)
    return table(rows)


def marked(chain: pl.DataFrame, check: str) -> set[tuple[Any, ...]]:
    found = mark(chain).filter(check)
    return set(found.select("root", "expiry", "strike", "put_call").rows())


ATM = ("SPX", JUNE, 2900.0, "C")  # 49.7 by 50.3
WING = ("SPX", JUNE, 3150.0, "C")  # 4.1 ∓ 0.3


def test_a_sound_chain_has_no_fault() -> None:
    found = mark(table(sound()))
    assert found.height == 3 * 2 * len(STRIKES)
    assert found.select(pl.col(NAMES).sum()).row(0) == (0,) * len(CHECKS)
    assert found.select(list(CHAIN_SCHEMA)).equals(
        table(sound()).sort("date", "root", "expiry", "strike", "put_call")
    )


@pytest.mark.parametrize(
    ("check", "at", "values"),
    [
        ("unquoted", ATM, {"bid": None, "ask": None}),
        ("zero_bid", ("SPX", JUNE, 3200.0, "C"), {"bid": 0.0}),
        ("crossed", ATM, {"bid": 50.4}),
        ("crossed", ATM, {"ask": 0.0}),
        ("locked", ATM, {"ask": 49.7}),
        # 25 points more than the calls beside it allow: the next strike is asked at 39.2
        ("butterfly", ("SPX", JUNE, 2925.0, "C"), {"bid": 46.0, "ask": 46.6}),
        # the call at 2600 is worth 300 less the puts' 2.5
        ("bounds", ("SPX", JUNE, 2600.0, "C"), {"bid": 290.0, "ask": 298.0}),
        ("bounds", ("SPX", JUNE, 3200.0, "P"), {"bid": 290.0, "ask": 298.0}),
        ("bounds", ("SPX", JUNE, 2600.0, "P"), {"bid": 2602.0, "ask": 2603.0}),
        ("bounds", ("SPX", JUNE, 3200.0, "C"), {"bid": 2902.0, "ask": 2903.0}),
        ("hundredfold", WING, {"bid": 376.0, "ask": 430.0}),
        # a call between ones at 49.7 by 50.3 and 30.0 by 30.6, each of which says what it is worth
        ("wide", ("SPX", JUNE, 2925.0, "C"), {"bid": 0.0, "ask": 39.2}),
        ("wide", ("SPX", JUNE, 2925.0, "C"), {"bid": 0.0, "ask": 9999.0}),
        ("wide", ("SPX", JUNE, 2925.0, "C"), {"bid": 10.0, "ask": 300.0}),
        ("wide", ("SPX", JUNE, 2875.0, "P"), {"bid": 0.0, "ask": 39.2}),
        ("wide", ("SPX", JUNE, 2875.0, "P"), {"bid": 10.0, "ask": 300.0}),
        ("wide", ("SPX", JUNE, 3200.0, "C"), {"bid": 0.5, "ask": 999.0}),
        ("off_grid", ATM, {"strike": 2902.5}),
        ("off_grid", ATM, {"strike": 29.0}),
        ("off_index", ATM, {"underlying": 289_000.0}),
        ("off_index", ATM, {"underlying": 28.9}),
    ],
)
def test_the_check_marks_the_quote_that_was_spoilt_for_it(
    check: str, at: tuple[Any, ...], values: dict[str, Any]
) -> None:
    wanted = {(*at[:2], values.get("strike", at[2]), at[3])}
    assert marked(spoilt(sound(), at, **values), check) == wanted


def test_a_spread_that_pays_its_buyer_marks_both_legs() -> None:
    # the call at 2925 is asked at 39.2; a bid of 40 for 2950 (30.3 mid) buys the spread for nothing
    chain = spoilt(sound(), ("SPX", JUNE, 2950.0, "C"), bid=40.0, ask=40.6)
    legs = {("SPX", JUNE, strike, "C") for strike in (2925.0, 2950.0)}
    assert marked(chain, "vertical") == legs
    # a put spread bid above its width of 25: 2700 at 6.77, 2675 asked at 5.57
    chain = spoilt(sound(), ("SPX", JUNE, 2700.0, "P"), bid=31.0, ask=31.6)
    assert ("SPX", JUNE, 2675.0, "P") in marked(chain, "vertical")


@pytest.mark.parametrize("factor", [0.01, 0.1, 0.6, 0.9, 1.1, 10.0])
def test_an_expiry_that_is_multiplied_is_marked_and_no_other(factor: float) -> None:
    rows = sound()
    for row in rows[-2 * len(STRIKES) :]:
        row.update(bid=row["bid"] * factor, ask=row["ask"] * factor)
    found = mark(table(rows))
    assert found["discount"].sum() == 2 * len(STRIKES)
    assert set(found.filter("discount")["expiry"]) == {JULY}
    assert believable(table(rows)).height == 4 * len(STRIKES)


def test_one_quote_does_not_make_an_expiry_absurd() -> None:
    """A call a hundredth of its price, as dear as its put: parity would be read off that strike."""
    rows = [row for row in sound() if row["strike"] != 2900.0]
    chain = spoilt(rows, ("SPX", JUNE, 2600.0, "C"), bid=2.2, ask=2.8)  # the put: 2.2 by 2.8
    found = mark(chain)
    assert not found["discount"].any()
    assert not found["off_level"].any()


def test_calls_shifted_against_their_puts_are_marked() -> None:
    rows = sound()
    for row in rows:
        if row["put_call"] == "C":  # a forward of 2950, the index at 2890
            row.update(bid=row["bid"] + 50.0, ask=row["ask"] + 50.0)
    found = mark(table(rows))
    assert found["off_level"].all()
    assert believable(table(rows)).is_empty()


@pytest.mark.parametrize(
    ("index", "time", "shift", "whole"),
    [
        (2890.0, None, 50.0, True),
        (4500.0, None, 50.0, True),
        (4500.0, None, -50.0, True),
        (4500.0, "15:45", 35.0, True),  # 0.78 %, of which 0.19 % may be carry
        (4500.0, "16:00", 35.0, False),
        (4500.0, "15:45", 15.0, False),
        (9000.0, None, 50.0, False),  # 0.55 %
    ],
)
def test_what_calls_are_shifted_by_is_held_against_the_index(
    index: float, time: str | None, shift: float, whole: bool
) -> None:
    """Half a per cent and the carry may pass, at the end of the day a quarter of one more."""
    rows = slice_of("SPXW", date(2019, 5, 3)) + slice_of("SPXW", date(2019, 5, 10), 1.2)
    for row in rows:
        up = shift if row["put_call"] == "C" else 0.0
        row.update(underlying=index, time=time, strike=row["strike"] + index - 2900.0,
                   bid=row["bid"] + up, ask=row["ask"] + up)  # fmt: skip
    chain = table(rows).filter(pl.col("bid") >= 0)
    found = mark(chain)
    assert found["off_level"].all() == whole == found["off_level"].any()


def test_a_put_is_worth_less_than_its_part_of_a_higher_strike() -> None:
    """P(0) = 0 and P is convex: at 1000 no more than half of what 2000 is asked at."""
    rows = sound()
    for strike, bid in ((1000.0, 50.0), (2000.0, 50.1), (2500.0, 66.0)):
        low = dict(rows[1], strike=strike, bid=bid, ask=bid + 0.5)
        rows.append(low)
    found = mark(table(rows)).filter(pl.col("strike") < 2600, "butterfly")
    # 2600 is asked at 2.8: none of the three can be
    assert found["strike"].to_list() == [1000.0, 2000.0, 2500.0]
    lone = [
        dict(rows[1], strike=k, bid=b, ask=b + 0.5) for k, b in ((1000.0, 50.0), (2000.0, 50.1))
    ]
    assert mark(table(lone)).filter("butterfly")["strike"].to_list() == [1000.0]
    lone[0].update(bid=0.0, ask=60.0)  # its middle above what the line leaves
    assert mark(table(lone)).filter("wide")["strike"].to_list() == [1000.0]
    lone[0].update(bid=25.3, ask=25.6)
    assert not mark(table(lone))["butterfly"].any()


def test_an_expiry_whose_forward_stands_apart_is_marked_and_no_other() -> None:
    friday = date(2019, 6, 28)
    expiries = [date(2019, 6, 7), date(2019, 6, 14), friday, date(2019, 7, 12), date(2019, 7, 26)]
    rows = [
        row for i, expiry in enumerate(expiries) for row in slice_of("SPXW", expiry, 1 + 0.1 * i)
    ]
    assert not mark(table(rows))["off_level"].any()
    for row in rows:
        if row["put_call"] == "C" and row["expiry"] == friday:
            row.update(bid=row["bid"] + 40.0, ask=row["ask"] + 40.0)
    found = mark(table(rows))
    assert found["off_level"].sum() == 2 * len(STRIKES)
    assert set(found.filter("off_level")["expiry"]) == {friday}


def test_strikes_in_cents_are_marked() -> None:
    chain = spoilt(sound(), ("SPX", JUNE, 3200.0, "C"), strike=320_000.0 / 1.0)
    assert marked(chain, "hundredfold") == {("SPX", JUNE, 320_000.0, "C")}
    low = spoilt(sound(), ATM, bid=0.497, ask=0.503)
    assert marked(low, "hundredfold") == {ATM}


def test_an_earlier_expiry_is_not_dearer_than_a_later_one() -> None:
    rows = [*slice_of("SPX", JUNE, 1.3), *slice_of("SPX", JULY, 1.2)]
    found = marked(table(rows), "calendar")
    # 65 − 0.3 against 60 + 0.3 at the money
    assert ("SPX", JUNE, 2900.0, "C") in found
    assert ("SPX", JUNE, 2900.0, "P") in found
    assert {expiry for _, expiry, *_ in found} == {JUNE}
    near = [*slice_of("SPX", JUNE, 1.005), *slice_of("SPX", JULY)]
    assert marked(table(near), "calendar") == set()
    vix = [row | {"root": "VIX", "underlying": None} for row in rows]
    assert marked(table(vix), "calendar") == set()


def test_settlements_taken_for_each_other_are_marked() -> None:
    rows = [*slice_of("SPX", JUNE, 1.05), *slice_of("SPXW", JUNE)]
    # straddles at 2900: 105 − 0.6 bid against 100 + 0.6 asked
    assert {root for root, *_ in marked(table(rows), "swapped")} == {"SPX", "SPXW"}
    rows = [*slice_of("SPX", JUNE, 1.005), *slice_of("SPXW", JUNE)]
    assert marked(table(rows), "swapped") == set()


def test_a_contract_that_settled_at_the_open_is_not_quoted_that_day() -> None:
    rows = [*slice_of("SPX", JUNE, day=JUNE), *slice_of("SPXW", JUNE, day=JUNE)]
    assert {root for root, *_ in marked(table(rows), "settled")} == {"SPX"}


def test_quotes_that_stand_still_while_the_index_moves_are_stale() -> None:
    friday = date(2019, 4, 26)
    today = slice_of("SPX", JUNE)
    tomorrow = [row | {"underlying": 2890.0 * 1.006} for row in slice_of("SPX", JUNE, 1.1, friday)]
    same = next(row for row in tomorrow if row["strike"] == 2900.0 and row["put_call"] == "C")
    same.update(bid=49.7, ask=50.3)
    assert marked(table(today + tomorrow), "stale") == {ATM}
    assert mark(table(tomorrow), table(today))["stale"].sum() == 1
    calm = [row | {"underlying": 2890.0 * 1.004} for row in tomorrow]
    assert marked(table(today + calm), "stale") == set()
    may = [row | {"date": date(2019, 5, 6)} for row in tomorrow]  # seven sessions on
    assert marked(table(today + may), "stale") == set()


@pytest.mark.parametrize("given", ["index", "forwards"])
@pytest.mark.parametrize("later", [date(2019, 4, 26), date(2019, 4, 29)])
@pytest.mark.parametrize("time", [None, "15:45"])
def test_quotes_stand_still_over_a_gap_at_any_time_and_without_an_index(
    given: str, later: date, time: str | None
) -> None:
    first = [row | {"time": time} for row in sound()]
    second = [row | {"date": later, "time": time, "underlying": 2861.0} for row in sound()]
    moving = [row for row in second if row["root"] == "SPXW"]
    still = [row for row in second if row["root"] == "SPX"]
    for row in moving:  # by parity the forward is 40 points lower
        if row["put_call"] == "P":
            row.update(bid=row["bid"] + 40.0, ask=row["ask"] + 40.0)
    if given == "forwards":
        first, still, moving = (
            [row | {"underlying": None} for row in rows] for rows in (first, still, moving)
        )
        still = [row for row in still if row["expiry"] == JULY]  # beyond the forwards looked at
    found = mark(table(still + moving), table(first)).filter("stale")
    assert set(found.filter(pl.col("put_call") == "P")["root"]) == {"SPX"}
    found = found.filter(pl.col("root") == "SPX")
    least = 1.0 if later == date(2019, 4, 26) else 10.0
    assert found.height == sum(row["ask"] >= least for row in still)
    other = [row | {"time": "16:00"} for row in still]
    found = mark(table(other + moving), table(first)).filter("stale")
    assert set(found["root"]) == {"SPXW"}


def test_believable_leaves_out_what_a_fatal_check_marks() -> None:
    chain = spoilt(sound(), ATM, bid=50.4)
    assert believable(chain).height == chain.height - 1
    assert set(FATAL) < set(NAMES)
    unquoted = spoilt(sound(), ATM, bid=None, ask=None)
    assert believable(unquoted).height == unquoted.height - 1


def test_tables_without_rows_and_without_pairs_have_no_fault() -> None:
    assert mark(table([])).height == 0
    assert mark(table(sound()[:1])).select(pl.col(NAMES).sum()).row(0) == (0,) * len(CHECKS)


def test_real_chains_are_sound(shared_data: Path, tmp_path: Path) -> None:
    import_chains([shared_data / "chains"], tmp_path)
    said: list[tuple[int, int]] = []
    report = check_chains(tmp_path, progress=lambda *one: said.append(one))
    counts = {one.check.name: one.count for one in report.findings if one.count}
    # read off the files: the seven crossed minutes of 2021-01-06, and a bid without an ask
    # and nineteen zero bids with an ask of 10 or 19.2 beside asks of 0.05 and 7.1, or as the
    # lowest strikes of their expiry, where a higher one leaves them a quarter of that
    assert counts == {
        "unquoted": 1680, "zero_bid": 9758, "crossed": 8, "locked": 64, "stale": 32, "wide": 19,
    }  # fmt: skip
    assert report.fatal == 27
    assert report.refused == {"one side": 1}
    assert said[-1] == (16, 16)
    assert (report.rows, report.first, report.last) == (
        165_793,
        date(2015, 12, 22),
        date(2025, 10, 1),
    )
    crossed = next(one for one in report.findings if one.check.name == "crossed")
    assert crossed.by_root == {"SPX": 1, "SPXW": 7}
    assert crossed.examples[0]["bid"] > crossed.examples[0]["ask"]
    quoted = load_chains(tmp_path).collect()
    assert believable(quoted).height == quoted.height - report.fatal
