"""Which lines are quotes: the rules a line must meet, in order, and what becomes of those that do.

Each refusal has a kind, for counting, and a reason in words. Refused is what cannot be a quote of
a listed contract whatever the market did; what can be one and should not be believed (crossed,
stale, outside its bounds) is kept and is for ``checks`` to say.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alvh import calendars
from alvh.market.chains.identity import Identity, NoContract, Said, ThirdFriday, identify
from alvh.market.chains.layouts import Layout
from alvh.market.chains.reading import typed

#: Schema of what is refused: line, kind, reason.
REFUSED: Final = pl.Schema({"line": pl.Int64, "kind": pl.String, "reason": pl.String})

HIGHEST_STRIKE: Final = 99_999.999  # points; eight digits of an OSI symbol
HIGHEST_PRICE: Final = 100_000.0  # points; no option is worth more than the highest strike
HIGHEST_COUNT: Final = 1e9  # contracts
HIGHEST_SIGMA: Final = 1_000.0
_DELTA_SLACK: Final = 1.01  # vendors round, and discount or do not
_DELTA_ZERO: Final = 0.01
_OLD_SYMBOLS_UNTIL: Final = date(2010, 7, 1)  # [U] OSI symbols replaced them from February 2010
#: From a day on: points below and above which the S&P 500 has not been until the next one, by at
#: least a tenth below and a fifth above; options of its funds and of other indices are quoted far
#: below, or above. The last is to last for some years: it is twice the highest yet.
_SPX_LEVELS: Final = (
    (date(1990, 1, 1), 250.0, 600.0),
    (date(1995, 1, 1), 250.0, 1000.0),
    (date(1997, 1, 1), 600.0, 1900.0),
    (date(2010, 7, 1), 900.0, 2600.0),
    (date(2016, 3, 1), 1600.0, 4100.0),
    (date(2020, 4, 1), 2000.0, 6000.0),
    (date(2022, 11, 1), 3000.0, 6000.0),
    (date(2024, 1, 1), 3000.0, 9000.0),
    (date(2026, 1, 1), 3000.0, 15_000.0),
)
_HIGHEST_VIX: Final = 150.0  # points; it was at 89.5 in 2008
_TIME: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
_COUNTS: Final = ("bid_size", "ask_size", "volume", "open_interest")
Rule = tuple[str, pl.Expr, pl.Expr]  # kind of fault, where it is, why in words
_CONTRACT: Final = ("root", "index", "settlement", "said", "date")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an import goes by beside the files.

    Parameters
    ----------
    today : datetime.date or None
        Quotes of later days are refused; None lets any day pass.
    third_fridays : {"AM", "PM"} or None
        What SPX third Fridays are in files that do not say it; None refuses them.
    replace : bool
        Whether a file's quotes replace other quotes of the same contract and moment that the
        folder has from other files; else those stay.
    """

    today: date | None = None
    third_fridays: ThirdFriday | None = None
    replace: bool = False


def accept(text: pl.DataFrame, layout: Layout, terms: Terms) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judge the quotes of one view.

    Parameters
    ----------
    text : polars.DataFrame
        From ``reading.quotes``.
    layout : Layout
        What they were laid out as.
    terms : Terms
        What the import goes by.

    Returns
    -------
    rows : polars.DataFrame
        Of ``CHAIN_SCHEMA``, without ``source``, in the order of the file.
    refused : polars.DataFrame
        Of ``REFUSED``.
    """
    table = _identified(typed(text, layout), terms)
    rules = _rules(terms)
    kind = pl.coalesce(pl.when(rule).then(pl.lit(name)) for name, rule, _ in rules)
    judged = table.with_columns(kind.alias("kind"))
    bad = judged.filter(pl.col("kind").is_not_null())
    good = judged.filter(pl.col("kind").is_null()) if bad.height else judged
    return _rows(good), _refused(bad, rules)


def _refused(bad: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    if not bad.height:
        return pl.DataFrame(schema=REFUSED)
    kind = pl.col("kind")
    reason = pl.coalesce(pl.when((kind == name) & rule).then(why) for name, rule, why in rules)
    named = pl.when(kind == "contract").then("trouble_kind").otherwise("kind")
    return bad.select("line", named.alias("kind"), reason.alias("reason"))


def _identified(table: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Find the contract of every line; each different saying is looked up once."""
    sayings = table.select(*_CONTRACT, "symbol_day").unique()
    found = [_found(saying, terms) for saying in sayings.iter_rows(named=True)]
    schema = {
        "contract_root": pl.String,
        "contract_expiry": pl.Date,
        "contract_settlement": pl.String,
        "trouble_kind": pl.String,
        "trouble": pl.String,
    }
    answers = pl.DataFrame(found, schema=schema, orient="row")
    keys = [*_CONTRACT, "symbol_day"]
    return table.join(
        sayings.hstack(answers), on=keys, how="left", nulls_equal=True, maintain_order="left"
    )


def _found(saying: dict[str, Any], terms: Terms) -> tuple[Any, ...]:
    if saying["said"] is None or saying["date"] is None:
        return None, None, None, None, None  # another rule refuses it
    symbol_day = saying.pop("symbol_day")
    said = Said(
        saying["root"], saying["index"], saying["settlement"], saying["said"], saying["date"]
    )
    try:
        found = identify(said, terms.third_fridays)
        if symbol_day is not None and symbol_day != said.expiry:
            _same(found, said, symbol_day)
    except NoContract as fault:
        return None, None, None, fault.kind, str(fault)
    return found.root, found.expiry, found.settlement, None, None


def _same(found: Identity, said: Said, symbol_day: date) -> None:
    """Refuse a line whose symbol means another expiry than its column."""
    by_symbol = identify(Said(said.root, said.index, said.settlement, symbol_day, said.date))
    if by_symbol.expiry != found.expiry:
        raise NoContract("disagree", f"the symbol says {symbol_day}, its column {said.expiry}")


def _rules(terms: Terms) -> list[Rule]:
    """Return the rules in the order in which a line is judged."""
    return [*_readable(), *_of_a_day(terms), *_of_a_contract(), *_of_a_quote()]


def _readable() -> list[Rule]:
    col = pl.col
    return [
        ("number", col("odd").is_not_null(), pl.format("{} is no number", "odd")),
        ("date", col("date").is_null(), pl.format("'{}' is no date", _text("date_text"))),
        ("expiry", col("said").is_null(), pl.format("'{}' is no expiry", _text("expiry_text"))),
        (
            "time",
            ~col("time").str.contains(_TIME).fill_null(True),
            pl.format("'{}' is no time of day", _text("time")),
        ),
    ]


def _of_a_day(terms: Terms) -> list[Rule]:
    sessions = calendars.sessions()
    first, last = (pl.lit(str(day)) for day in (sessions[0], sessions[-1]))
    is_session = pl.col("date").is_in(_calendar(sessions))
    known = pl.format("{} is no session of {} to {}", "date", first, last)
    rules: list[Rule] = [("session", ~is_session, known)]
    if terms.today is not None:
        after = pl.format("{} is after {}", "date", pl.lit(str(terms.today)))
        rules.append(("future", pl.col("date") > terms.today, after))
    return rules


def _of_a_contract() -> list[Rule]:
    col = pl.col
    old = col("old") & (col("date") >= _OLD_SYMBOLS_UNTIL)
    other = (col("symbol_right") != col("right")) | (col("symbol_strike") != col("strike"))
    strike = col("strike")
    unlisted = strike.is_null() | (strike <= 0) | (strike > HIGHEST_STRIKE)
    symbol, right = _text("symbol"), _text("right_text")
    return [
        ("symbol", col("symbol_odd") | old, pl.format("'{}' is no option symbol", symbol)),
        ("right", col("right").is_null(), pl.format("'{}' is neither call nor put", right)),
        (
            "disagree",
            other,
            pl.format("the symbol '{}' and the columns name different options", symbol),
        ),
        ("contract", col("trouble").is_not_null(), col("trouble")),
        (
            "strike",
            unlisted,
            pl.format("strike {} is not between 0 and 100,000", _text("strike")),
        ),
    ]


def _of_a_quote() -> list[Rule]:
    bid, ask, delta = pl.col("bid"), pl.col("ask"), pl.col("delta")
    points = ("bid", "ask", "last", "underlying", "other_underlying")
    lowest, highest = pl.min_horizontal(*points, *_COUNTS), pl.max_horizontal(*points)
    counted = pl.max_horizontal(*_COUNTS)
    fraction = pl.max_horizontal(pl.col(_COUNTS) % 1)
    one_side = (bid.is_null() & (ask > 0)) | (ask.is_null() & (bid > 0))
    signed = pl.when(pl.col("right") == "P").then(-delta).otherwise(delta)
    sides = pl.format("bid '{}' with ask '{}': one is missing", _text("bid"), _text("ask"))
    sign = pl.format("delta {} has the sign of the other right", "delta")
    return [
        ("negative", lowest < 0, pl.format("{} is below zero", lowest)),
        ("huge", highest > HIGHEST_PRICE, pl.format("{} points are beyond any price", highest)),
        ("huge", counted > HIGHEST_COUNT, pl.format("{} contracts are beyond any count", counted)),
        ("fraction", fraction > 0, pl.format("a count of {} contracts and a fraction", counted)),
        ("huge", pl.col("sigma") > HIGHEST_SIGMA, pl.format("volatility {}", "sigma")),
        (
            "underlying",
            _off_every_level(),
            pl.format("an underlying of {} is no level of the {}", "underlying", "contract_root"),
        ),
        ("one side", one_side, sides),
        ("delta", delta.abs() > _DELTA_SLACK, pl.format("delta {} is beyond 1", "delta")),
        ("delta", signed < -_DELTA_ZERO, sign),
    ]


def _off_every_level() -> pl.Expr:
    level, spx = pl.col("underlying"), pl.col("contract_root").str.starts_with("SPX")
    outside = pl.lit(False)
    for first, lowest, highest in _SPX_LEVELS:
        since = pl.col("date") >= first
        outside = pl.when(since).then((level < lowest) | (level > highest)).otherwise(outside)
    return (level > 0) & pl.when(spx).then(outside).otherwise(level > _HIGHEST_VIX)


def _calendar(days: NDArray[np.datetime64]) -> pl.Series:
    return pl.Series(days.astype("datetime64[ms]")).cast(pl.Date).implode()


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("").str.slice(0, 40)


def _rows(good: pl.DataFrame) -> pl.DataFrame:
    """Return accepted lines in the columns of the table; what says nothing becomes null.

    Zero bid and ask are no quote, a volatility that is absent or not above zero is a
    solver's failure and its delta with it, and a last trade or an index at zero is none.
    """
    col = pl.col
    unquoted = (col("bid").fill_null(0) == 0) & (col("ask").fill_null(0) == 0)
    level, other = col("underlying"), col("other_underlying")
    both = (level > 0) & (other > 0)
    # On half days DataShop's afternoon snapshot is taken at 12:45, under the same column names.
    half_day = col("date").is_in(_calendar(calendars.half_days()))
    time = (
        pl.when(half_day & (col("time") == "15:45"))
        .then(pl.lit("12:45"))
        .when(half_day & (col("time") >= "13:15"))
        .then(None)
        .otherwise("time")
    )
    return good.select(
        "date",
        time.alias("time"),
        col("contract_root").alias("root"),
        col("contract_expiry").alias("expiry"),
        col("contract_settlement").alias("settlement"),
        "strike",
        col("right").alias("put_call"),
        *(pl.when(~unquoted).then(name).alias(name) for name in ("bid", "ask")),
        "bid_size",
        "ask_size",
        _positive("last"),
        "volume",
        "open_interest",
        _positive("sigma"),
        pl.when(col("sigma") > 0).then("delta").alias("delta"),
        pl.when(both).then((level + other) / 2).alias("underlying"),
        "line",
    )


def _positive(name: str) -> pl.Expr:
    return pl.when(pl.col(name) > 0).then(name).alias(name)


def refusals(lines: list[tuple[int, str, str]]) -> pl.DataFrame:
    """Return lines that were set aside before any cell was read, as ``REFUSED``."""
    rows = [(number, "fields", reason) for number, reason, _ in lines]
    return pl.DataFrame(rows, schema=REFUSED, orient="row")
