"""thinkorswim's order line, as its clipboard takes it.

A line that begins with BUY costs its price, one that begins with SELL brings it: an order for a
credit is written as the sale of its legs turned round, whatever it is called. At 0.00, where
neither is paid, it is a SELL where every leg is sold.

References
----------
Order lines as shown by the platform, e.g. ``SELL -2 IRON CONDOR SPX 100 (Weeklys) 28 JUL 23
4450/4460/4450/4440 CALL/PUT @9.60 LMT`` (public examples of 2016 to 2026). Month-end options are
marked (Weeklys) here; the platform may want (EOM) or (Quarterlys).
"""

import re
from datetime import date
from decimal import Decimal

from alvh.advise.instrument import Instrument, parse_instrument
from alvh.contracts.net_price import NetPrice
from alvh.desk.forms.form import OrderForm, check_sign, future_code
from alvh.desk.statement_rows import MONTHS, future_symbol
from alvh.errors import BookError

Legs = tuple[tuple[Instrument, int], ...]
_RIGHTS = {"C": "CALL", "P": "PUT"}
_LINE = re.compile(
    r"(?P<side>BUY \+|SELL -)(?P<quantity>\d+) (?P<what>.+) @(?P<price>\d*\.?\d+) LMT"
)
_OPTION = re.compile(
    r"(?:(?P<ratios>-?\d+(?:/-?\d+)+) )?(?:(?P<kind>IRON CONDOR|VERTICAL|CUSTOM) )?"
    r"(?P<root>SPX|VIX) 100 (?P<weekly>\(Weeklys\) )?"
    r"(?P<days>\d+ [A-Z]{3} \d\d(?:/\d+ [A-Z]{3} \d\d)*) "
    r"(?P<strikes>[\d.]+(?:/[\d.]+)*) (?P<rights>(?:CALL|PUT)(?:/(?:CALL|PUT))*)"
)


def order_line(form: OrderForm) -> str:
    """Return an order as one line.

    Raises
    ------
    BookError
        If a line cannot say it: futures spreads, and legs of which some are weeklys.
    """
    check_sign(form)
    sells = form.limit.is_credit or max(ratio for _, ratio in form.legs) < 0  # at 0.00 too
    sign = -1 if sells else 1
    legs = tuple((leg, sign * ratio) for leg, ratio in form.legs)  # as bought, for a debit
    start = f"SELL -{form.quantity}" if sells else f"BUY +{form.quantity}"
    return f"{start} {_what(form, legs)} @{form.limit.plain()} LMT"


def _what(form: OrderForm, legs: Legs) -> str:
    first = legs[0][0]
    if first.root == "VX":
        if len(legs) > 1:
            raise BookError(f"order {form.name}: a spread of futures has no such line; use another")
        return f"/VX{future_code(first, 2)}"
    if len({_weekly(leg) for leg, _ in legs}) > 1:
        raise BookError(f"order {form.name}: weeklys and others have no line in common")
    name = f"{'VIX' if first.root == 'VIX' else 'SPX'} 100 {'(Weeklys) ' if _weekly(first) else ''}"
    condor = _as_condor(legs)
    if condor is not None:
        strikes = "/".join(f"{leg.strike:g}" for leg in condor)
        return f"IRON CONDOR {name}{_day(first)} {strikes} CALL/PUT"
    if len(legs) == 1:
        return f"{name}{_day(first)} {first.strike:g} {_RIGHTS[first.put_call]}"
    if _is_vertical(legs):
        strikes = "/".join(f"{leg.strike:g}" for leg, _ in legs)
        return f"VERTICAL {name}{_day(first)} {strikes} {_RIGHTS[first.put_call]}"
    columns = (
        "/".join(_day(leg) for leg, _ in legs),
        "/".join(f"{leg.strike:g}" for leg, _ in legs),
        "/".join(_RIGHTS[leg.put_call] for leg, _ in legs),
    )
    return f"{'/'.join(str(ratio) for _, ratio in legs)} CUSTOM {name}{' '.join(columns)}"


def _weekly(leg: Instrument) -> bool:
    return leg.option.root in ("SPXW", "VIXW")


def _day(leg: Instrument) -> str:
    if leg.expiry is None:
        raise BookError(f"{leg} does not expire; an option was wanted")
    return f"{leg.expiry.day} {MONTHS[leg.expiry.month - 1]} {leg.expiry:%y}"


def _as_condor(legs: Legs) -> tuple[Instrument, ...] | None:
    """Return short call, long call, short put, long put where the legs as bought are a condor.

    The platform calls a condor by what its seller is short of.
    """
    puts = sorted((leg.strike, leg, ratio) for leg, ratio in legs if leg.put_call == "P")
    calls = sorted((leg.strike, leg, ratio) for leg, ratio in legs if leg.put_call == "C")
    if len(legs) != 4 or len(puts) != 2 or len({leg.expiry for leg, _ in legs}) != 1:
        return None
    if [ratio for *_, ratio in (*puts, *calls)] != [-1, 1, 1, -1]:
        return None
    return calls[0][1], calls[1][1], puts[1][1], puts[0][1]


def _is_vertical(legs: Legs) -> bool:
    same = len({(leg.expiry, leg.put_call) for leg, _ in legs}) == 1
    return same and [ratio for _, ratio in legs] == [1, -1]


def read_order_line(text: str) -> OrderForm:
    """Read back a line; it has neither name nor whether it opens, which is taken as open.

    Raises
    ------
    BookError
        If it is no such line.
    """
    line = _LINE.fullmatch(text.strip())
    if line is None:
        raise BookError(f"{text!r} is no order line; one such as BUY +1 VIX 100 … was wanted")
    legs, price = _legs(line["what"]), Decimal(line["price"])
    credit = line["side"].startswith("SELL")
    if credit:
        legs = tuple((leg, -ratio) for leg, ratio in legs)
    limit = NetPrice.credit(price) if credit else NetPrice.debit(price)
    form = OrderForm("", int(line["quantity"]), legs, limit, True)
    check_sign(form)
    return form


def _legs(what: str) -> Legs:
    if what.startswith("/"):
        future = future_symbol(what, date(2000, 1, 1), what)
        if future is None:
            raise BookError(f"{what!r} is no VX future; write it as /VXH20")
        return ((future, 1),)
    told = _OPTION.fullmatch(what)
    if told is None:
        raise BookError(f"{what!r} is no order of options on SPX or VIX")
    strikes, rights = told["strikes"].split("/"), told["rights"].split("/")
    kind, days = told["kind"], told["days"].split("/")
    ratios = [int(ratio) for ratio in (told["ratios"] or "1").split("/")]
    if kind == "IRON CONDOR":
        ratios, rights = [1, -1, 1, -1], ["CALL", "CALL", "PUT", "PUT"]
    elif kind == "VERTICAL":
        ratios, rights = [1, -1], rights * 2
    count = len(ratios)
    days = days * count if len(days) == 1 else days
    if not len(strikes) == len(rights) == len(days) == count:
        raise BookError(f"{what!r} has not as many strikes as legs")
    root = told["root"] + ("W" if told["weekly"] else "")
    parts = zip(days, strikes, rights, ratios, strict=True)
    return tuple((_option(root, *part[:3]), part[3]) for part in parts)


def _option(root: str, day: str, strike: str, right: str) -> Instrument:
    number, month, year = day.split(" ")
    stamp = f"{year}{MONTHS.index(month) + 1:02d}{int(number):02d}"
    return parse_instrument(f"{root}{stamp}{right[0]}{round(1000 * float(strike)):08d}")
