"""How each vendor's table is laid out: which of its columns says what.

A layout has one view for each quote that a line holds: call and put side by side, or two moments
of a day. A view names a column for each field of ``FIELDS``, or gives its text where the layout
itself says it.

References
----------
Headers and rows of real files of Cboe DataShop, OptionsDX, ORATS, QuantConnect Lean and the
historicaloptiondata layout; Cboe quote-table downloads of 2020 to 2025.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

#: What a line may say of a quote, all as text. ``time`` is HH:MM, ``hours`` a number of them,
#: ``clock`` digits such as 1546: of these a line says one or none. ``index`` is SPX or VIX where no
#: root is given; ``right`` call or put; ``settlement`` AM or PM; ``underlying`` and
#: ``other_underlying`` a level, or bid and ask of it.
FIELDS: Final = (
    "date",
    "time",
    "hours",
    "clock",
    "index",
    "symbol",
    "root",
    "expiry",
    "settlement",
    "strike",
    "right",
    "bid",
    "ask",
    "bid_size",
    "ask_size",
    "sizes",
    "last",
    "volume",
    "open_interest",
    "sigma",
    "delta",
    "underlying",
    "other_underlying",
)


@dataclass(frozen=True, slots=True)
class View:
    """One quote of a line.

    Parameters
    ----------
    columns : mapping of str to str
        Field → column of the file.
    says : mapping of str to str
        Field → text that holds for every line.
    """

    columns: Mapping[str, str]
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """A vendor's table.

    Parameters
    ----------
    name : str
        As reports call it.
    views : tuple of View
        The quotes of a line.
    asks : tuple of str
        Fields that the file's name or its first lines must say.
    exact : tuple of str
        The whole header where columns are known by position, under names made unique.
    per_point : float
        Units of ``bid`` and ``ask`` in a point.
    spare : tuple of str
        Columns that a file may lack.
    lacks : tuple of str
        Columns that only a fuller layout has.
    """

    name: str
    views: tuple[View, ...]
    asks: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    per_point: float = 1.0
    spare: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    @property
    def reads(self) -> frozenset[str]:
        """Columns that any view reads."""
        return frozenset(column for view in self.views for column in view.columns.values())

    @property
    def needs(self) -> frozenset[str]:
        """Columns that a file must have to be of this layout."""
        return self.reads - set(self.spare)

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell whether a file with these columns is of this layout."""
        return self.needs <= columns and not columns & set(self.lacks)


def _plain(*names: str, **others: str) -> dict[str, str]:
    return {**{name: name for name in names}, **others}


DELTA_NEUTRAL: Final = Layout(
    "historicaloptiondata",
    (
        View(
            _plain(
                "expiry", "strike", "last", "bid", "ask", "volume", "delta",
                date="quotedate", index="underlying", symbol="optionroot", expiry="expiration",
                right="type", open_interest="openinterest", sigma="impliedvol",
                underlying="underlying_last",
            )
        ),
    ),
    spare=("openinterest", "impliedvol", "delta", "last", "volume", "underlying_last"),
)  # fmt: skip

_DATASHOP = _plain(
    "root", "strike", "open_interest",
    date="quote_date", index="underlying_symbol", expiry="expiration", right="option_type",
)  # fmt: skip


def _datashop(at: str, **others: str) -> dict[str, str]:
    return {
        **_DATASHOP,
        "bid": f"bid_{at}",
        "ask": f"ask_{at}",
        "bid_size": f"bid_size_{at}",
        "ask_size": f"ask_size_{at}",
        **others,
    }


_DATASHOP_EOD = View(
    _datashop(
        "eod",
        last="close",
        volume="trade_volume",
        underlying="underlying_bid_eod",
        other_underlying="underlying_ask_eod",
    )
)
#: A day's last trade and volume were not known at 15:45; that view has none.
DATASHOP_CALCS: Final = Layout(
    "Cboe DataShop EOD with calcs",
    (
        View(
            _datashop(
                "1545",
                sigma="implied_volatility_1545",
                delta="delta_1545",
                underlying="active_underlying_price_1545",
            ),
            {"time": "15:45"},
        ),
        _DATASHOP_EOD,
    ),
)
DATASHOP_QUOTES: Final = Layout(
    "Cboe DataShop EOD quotes",
    (
        View(
            _datashop(
                "1545",
                underlying="underlying_bid_1545",
                other_underlying="underlying_ask_1545",
            ),
            {"time": "15:45"},
        ),
        _DATASHOP_EOD,
    ),
    lacks=("implied_volatility_1545", "delta_1545", "active_underlying_price_1545"),
)


def _optionsdx(side: str) -> View:
    columns = {
        "date": "quote_date",
        "hours": "quote_time_hours",
        "expiry": "expire_date",
        "strike": "strike",
        "underlying": "underlying_last",
        "bid": f"{side}_bid",
        "ask": f"{side}_ask",
        "sizes": f"{side}_size",
        "last": f"{side}_last",
        "volume": f"{side}_volume",
        "sigma": f"{side}_iv",
        "delta": f"{side}_delta",
    }
    return View(columns, {"right": side})


OPTIONSDX: Final = Layout(
    "OptionsDX",
    (_optionsdx("c"), _optionsdx("p")),
    asks=("index",),
)


def _orats(side: str) -> View:
    columns = {
        "date": "tradedate",
        "clock": "snapshotesttime",
        "index": "ticker",
        "expiry": "expirdate",
        "settlement": "expirytod",
        "strike": "strike",
        "underlying": "stockprice",
        "bid": f"{side}bidprice",
        "ask": f"{side}askprice",
        "bid_size": f"{side}bidsize",
        "ask_size": f"{side}asksize",
        "volume": f"{side}volume",
        "open_interest": f"{side}openinterest",
        "sigma": f"{side}midiv",
    }
    if side == "call":  # the one delta of a line is the call's
        columns["delta"] = "delta"
    return View(columns, {"right": side})


def _orats_near_eod(side: str) -> View:
    columns = {
        "date": "trade_date",
        "index": "ticker",
        "symbol": f"{side}opra",
        "expiry": "expirdate",
        "strike": "strike",
        "underlying": "spot_px",
        "bid": f"{side}bidpx",
        "ask": f"{side}askpx",
        "volume": f"{side}volu",
        "open_interest": f"{side}oi",
    }
    return View(columns, {"right": side})


ORATS: Final = Layout(
    "ORATS strikes",
    (_orats("call"), _orats("put")),
    spare=(
        "expirytod", "callbidsize", "callasksize", "putbidsize",
        "putasksize", "callvolume", "putvolume", "callopeninterest", "putopeninterest",
        "callmidiv", "putmidiv", "delta",
    ),
)  # fmt: skip
ORATS_NEAR_EOD: Final = Layout(
    "ORATS near-EOD strikes",
    (_orats_near_eod("c"), _orats_near_eod("p")),
    spare=("cvolu", "pvolu", "coi", "poi"),
)

_SIDE = (
    "last sale", "net", "bid", "ask", "volume", "iv", "delta", "gamma", "open interest",
)  # fmt: skip
QUOTE_TABLE_HEADER: Final = ("expiration date", "calls", *_SIDE, "strike", "puts", *_SIDE)


def _quote_table(side: str) -> View:
    named = {
        "last": "last sale",
        "bid": "bid",
        "ask": "ask",
        "volume": "volume",
        "open_interest": "open interest",
        "sigma": "iv",
        "delta": "delta",
    }
    columns = {field: f"{side}:{name}" for field, name in named.items()}
    columns |= {"expiry": "expiration date", "symbol": f"{side}s", "strike": "strike"}
    return View(columns, {"right": side})


QUOTE_TABLE: Final = Layout(
    "Cboe quote table",
    (_quote_table("call"), _quote_table("put")),
    asks=("date",),
    exact=(
        "expiration date", "calls", *(f"call:{name}" for name in _SIDE),
        "strike", "puts", *(f"put:{name}" for name in _SIDE),
    ),
)  # fmt: skip

#: A Lean universe has a bar and no bid and ask: what it tells is what was listed.
LEAN_UNIVERSE: Final = Layout(
    "Lean universe",
    (
        View(
            _plain(
                "expiry", "strike", "right", "volume", "open_interest", "delta",
                expiry="#expiry", sigma="implied_volatility",
            )
        ),
    ),
    asks=("date", "root"),
)  # fmt: skip

LEAN_MINUTES_HEADER: Final = (
    "time", "bid open", "bid high", "bid low", "bid close", "bid size",
    "ask open", "ask high", "ask low", "ask close", "ask size",
)  # fmt: skip
LEAN_MINUTES: Final = Layout(
    "Lean minute quotes",
    (
        View(
            _plain(
                "time", "bid_size", "ask_size",
                bid="bid close", ask="ask close", bid_size="bid size", ask_size="ask size",
            )
        ),
    ),
    asks=("date", "root", "expiry", "strike", "right"),
    exact=LEAN_MINUTES_HEADER,
    per_point=10_000.0,
)  # fmt: skip

#: What an option of a delayed-quote message says; the moment is the message's.
DELAYED_QUOTES: Final = Layout(
    "Cboe delayed quotes",
    (
        View(
            _plain(
                "bid", "ask", "bid_size", "ask_size", "volume", "open_interest", "delta",
                symbol="option", sigma="iv", last="last_trade_price",
            )
        ),
    ),
    asks=("date",),
)  # fmt: skip

#: Tables that are known by the names of their columns; the first that fits is it.
BY_NAME: Final = (
    DELTA_NEUTRAL,
    DATASHOP_CALCS,
    DATASHOP_QUOTES,
    OPTIONSDX,
    ORATS,
    ORATS_NEAR_EOD,
    LEAN_UNIVERSE,
)
