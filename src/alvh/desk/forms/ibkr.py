"""Interactive Brokers: a basket file for Trader Workstation, and order objects of ``ib_async``.

A combination is always bought; its legs carry the sides. What it costs is its limit, so a credit
is a negative limit. A single contract is bought or sold at a positive limit.

Trader Workstation names the legs of a combination by contract number, which only a connection
knows. Where numbers are given they are written, else the OSI symbols, which a person can follow
but Trader Workstation cannot look up.

References
----------
IBKR, *Manually create a basket file* and *Basket fields* (TWS guide); how the column ComboLegs is
read was not verified. ``ib_async`` 2.1: Contract, ComboLeg, LimitOrder.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from alvh.advise.instrument import Instrument, parse_instrument
from alvh.contracts.net_price import NetPrice
from alvh.desk.forms.form import OrderForm, check_sign
from alvh.errors import BookError

COLUMNS = (
    "Action", "Quantity", "Symbol", "SecType", "LastTradingDayOrContractMonth", "Strike", "Right",
    "Exchange", "Currency", "TimeInForce", "OrderType", "LmtPrice", "OrderRef", "Multiplier",
    "TradingClass", "ComboLegs",
)  # fmt: skip
ContractIds = Mapping[Instrument, int]


def basket(forms: Sequence[OrderForm], ids: ContractIds | None = None) -> str:
    """Return a basket file, one order a row.

    Parameters
    ----------
    forms : sequence of OrderForm
    ids : mapping of Instrument to int, optional
        Contract numbers at Interactive Brokers.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for form in forms:
        writer.writerow(_row(form, ids or {}))
    return out.getvalue()


def limit_price(form: OrderForm) -> Decimal:
    """Return the limit as Interactive Brokers signs it: what a bought combination costs."""
    if len(form.legs) == 1:
        return form.limit.points
    return -form.limit.received + 0


def _price(form: OrderForm) -> str:
    return f"{'-' if limit_price(form) < 0 else ''}{form.limit.plain()}"


def _row(form: OrderForm, ids: ContractIds) -> dict[str, Any]:
    check_sign(form)
    first, ratio = form.legs[0]
    row: dict[str, Any] = {
        "Action": "BUY" if ratio > 0 or len(form.legs) > 1 else "SELL",
        "Quantity": form.quantity,
        "Symbol": _underlying(first),
        "Currency": "USD",
        "TimeInForce": "DAY",
        "OrderType": "LMT",
        "LmtPrice": _price(form),
        "OrderRef": form.name,
        "Exchange": "CFE" if first.root == "VX" else "SMART",
    }
    if len(form.legs) > 1:
        return row | {"SecType": "BAG", "ComboLegs": ";".join(_legs(form, ids))}
    return row | _contract(first)


def _underlying(instrument: Instrument) -> str:
    return "VIX" if instrument.root in ("VIX", "VX") else "SPX"


def _contract(instrument: Instrument) -> dict[str, Any]:
    day = {"LastTradingDayOrContractMonth": f"{instrument.expiry:%Y%m%d}"}
    if instrument.root == "VX":
        return day | {"SecType": "FUT", "Multiplier": 1000, "TradingClass": "VX"}
    return day | {
        "SecType": "OPT",
        "Strike": f"{instrument.strike:g}",
        "Right": instrument.put_call,
        "Multiplier": 100,
        "TradingClass": instrument.option.root,
    }


def _legs(form: OrderForm, ids: ContractIds) -> list[str]:
    return [
        f"{ids.get(leg, leg.symbol)}/{abs(ratio)}/{'BUY' if ratio > 0 else 'SELL'}"
        for leg, ratio in form.legs
    ]


def read_basket(text: str, ids: ContractIds | None = None) -> list[OrderForm]:
    """Read back a basket file; which of its orders open is not in it and is taken as open.

    Raises
    ------
    BookError
        Names the first line that cannot be read.
    """
    back = {number: instrument for instrument, number in (ids or {}).items()}
    reader = csv.DictReader(io.StringIO(text))
    found = []
    for row in reader:
        try:
            found.append(_form(row, back))
        except (KeyError, ValueError, TypeError, ArithmeticError) as error:
            raise BookError(f"basket line {reader.line_num}: cannot be read ({error})") from error
    return found


def _form(row: Mapping[str, str], back: Mapping[int, Instrument]) -> OrderForm:
    price, side = Decimal(row["LmtPrice"]), {"BUY": 1, "SELL": -1}[row["Action"]]
    if row["SecType"] == "BAG":
        legs = tuple(_leg(text, back) for text in row["ComboLegs"].split(";"))
        received = -side * price
        legs = tuple((leg, side * ratio) for leg, ratio in legs)
    else:
        legs = ((_single(row), side),)
        received = -side * price
    form = OrderForm(row["OrderRef"], int(row["Quantity"]), legs, NetPrice.of_flow(received), True)
    check_sign(form)
    return form


def _leg(text: str, back: Mapping[int, Instrument]) -> tuple[Instrument, int]:
    symbol, ratio, action = text.split("/")
    sign = {"BUY": 1, "SELL": -1}[action]
    named = back[int(symbol)] if symbol.isdigit() else parse_instrument(symbol)
    return named, sign * int(ratio)


def _single(row: Mapping[str, str]) -> Instrument:
    day = row["LastTradingDayOrContractMonth"][2:]
    if row["SecType"] == "FUT":
        return parse_instrument(f"VX{day}")
    strike = round(1000 * float(row["Strike"]))
    return parse_instrument(f"{row['TradingClass']}{day}{row['Right']}{strike:08d}")


def ib_async_contracts(form: OrderForm) -> list[Any]:
    """Return the contracts of an order's legs, to have their numbers looked up over a connection.

    Raises
    ------
    BookError
        If the optional ``ib_async`` is not installed.
    """
    ib = _ib_async()
    found = []
    for leg, _ in form.legs:
        terms = _contract(leg)
        day, exchange = terms["LastTradingDayOrContractMonth"], "SMART"
        if leg.root == "VX":
            found.append(ib.Future("VIX", day, "CFE", tradingClass="VX", currency="USD"))
        else:
            found.append(
                ib.Option(
                    _underlying(leg), day, leg.strike, leg.put_call, exchange,
                    multiplier="100", currency="USD", tradingClass=terms["TradingClass"],
                )
            )  # fmt: skip
    return found


def ib_async_order(form: OrderForm, ids: ContractIds) -> tuple[Any, Any]:
    """Return (contract, order) of ``ib_async``; they are never sent from here.

    Parameters
    ----------
    form : OrderForm
    ids : mapping of Instrument to int
        Contract number of every leg of a combination.

    Raises
    ------
    BookError
        If a number is missing or the optional ``ib_async`` is not installed.
    """
    check_sign(form)
    ib = _ib_async()
    single = len(form.legs) == 1
    contract = ib_async_contracts(form)[0] if single else _bag(ib, form, ids)
    action = "BUY" if not single or form.legs[0][1] > 0 else "SELL"
    order = ib.LimitOrder(
        action, form.quantity, float(limit_price(form)), tif="DAY", orderRef=form.name,
        transmit=False,
    )  # fmt: skip
    return contract, order


def _bag(ib: Any, form: OrderForm, ids: ContractIds) -> Any:
    missing = [leg.symbol for leg, _ in form.legs if leg not in ids]
    if missing:
        raise BookError(
            f"order {form.name}: the contract number of {missing[0]} is missing; look it up with "
            "qualifyContracts of ib_async"
        )
    exchange = "CFE" if form.legs[0][0].root == "VX" else "SMART"
    legs = [
        ib.ComboLeg(conId=ids[leg], ratio=abs(ratio), action="BUY" if ratio > 0 else "SELL",
                    exchange=exchange)
        for leg, ratio in form.legs
    ]  # fmt: skip
    return ib.Contract(
        secType="BAG", symbol=_underlying(form.legs[0][0]), exchange=exchange, currency="USD",
        comboLegs=legs,
    )  # fmt: skip


def read_ib_async(contract: Any, order: Any, ids: ContractIds) -> OrderForm:
    """Read back an order object; which of the orders open is not in it and is taken as open."""
    back = {number: instrument for instrument, number in ids.items()}
    side = {"BUY": 1, "SELL": -1}[order.action]
    if contract.secType == "BAG":
        legs = tuple(
            (back[leg.conId], side * leg.ratio * (1 if leg.action == "BUY" else -1))
            for leg in contract.comboLegs
        )
    else:
        legs = ((_instrument(contract), side),)
    received = -side * Decimal(repr(order.lmtPrice))
    quantity = int(order.totalQuantity)
    return OrderForm(order.orderRef, quantity, legs, NetPrice.of_flow(received), True)


def _instrument(contract: Any) -> Instrument:
    return _single(
        {
            "SecType": contract.secType,
            "LastTradingDayOrContractMonth": contract.lastTradeDateOrContractMonth,
            "Strike": str(contract.strike),
            "Right": contract.right,
            "TradingClass": contract.tradingClass,
        }
    )


def _ib_async() -> Any:
    try:
        import ib_async
    except ImportError as error:
        raise BookError(
            "order objects need the optional ib_async; install it with `pip install alvh[ibkr]`"
        ) from error
    return ib_async
