"""tastytrade's order as JSON: a positive price with its effect, and an action for every leg.

References
----------
tastytrade open API, order submission: ``price`` is for one unit, leg quantities are for all.
"""

import json
from collections.abc import Mapping
from datetime import date
from math import gcd
from typing import Any

from alvh.advise.instrument import Instrument, parse_instrument
from alvh.contracts.net_price import NetPrice
from alvh.desk.forms.form import OrderForm, check_sign, future_code
from alvh.desk.statement_rows import future_symbol
from alvh.errors import BookError


def order_json(form: OrderForm) -> str:
    """Return an order as JSON text."""
    check_sign(form)
    end = "Open" if form.opens else "Close"
    order = {
        "time-in-force": "Day",
        "order-type": "Limit",
        "price": form.limit.plain(),
        "price-effect": form.limit.effect,
        "external-identifier": form.name,
        "legs": [
            {
                "instrument-type": "Future" if leg.root == "VX" else "Equity Option",
                "symbol": _symbol(leg),
                "quantity": form.quantity * abs(ratio),
                "action": f"{'Buy' if ratio > 0 else 'Sell'} to {end}",
            }
            for leg, ratio in form.legs
        ],
    }
    return json.dumps(order, indent=2)


def _symbol(leg: Instrument) -> str:
    return f"/VX{future_code(leg, 1)}" if leg.root == "VX" else leg.symbol


def read_order_json(text: str, decade: int = 2020) -> OrderForm:
    """Read back an order.

    Parameters
    ----------
    text : str
    decade : int
        First year of the ten that a future's one digit may stand for.

    Raises
    ------
    BookError
        If it is no such order.
    """
    try:
        order = json.loads(text)
        sizes = [int(leg["quantity"]) for leg in order["legs"]]
        quantity = gcd(*sizes)
        legs = tuple(_leg(leg, quantity, decade) for leg in order["legs"])
        make = {"Credit": NetPrice.credit, "Debit": NetPrice.debit}[order["price-effect"]]
        opens = order["legs"][0]["action"].endswith("Open")
        form = OrderForm(order["external-identifier"], quantity, legs, make(order["price"]), opens)
    except (KeyError, ValueError, TypeError) as error:
        raise BookError(f"the text is no tastytrade order ({error}); take the file anew") from error
    check_sign(form)
    return form


def _leg(leg: Mapping[str, Any], quantity: int, decade: int) -> tuple[Instrument, int]:
    sign = {"Buy": 1, "Sell": -1}[leg["action"].split(" ")[0]]
    symbol = str(leg["symbol"])
    if leg["instrument-type"] == "Future":
        named = _future(symbol, decade)
    else:
        named = parse_instrument(symbol)
    return named, sign * int(leg["quantity"]) // quantity


def _future(symbol: str, decade: int) -> Instrument:
    found = future_symbol(symbol, date(decade, 1, 1), "leg")
    if found is None:
        raise ValueError(f"{symbol!r} is no VX future")
    return found
