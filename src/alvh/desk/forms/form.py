"""An order reduced to what every form says of it."""

from dataclasses import dataclass

from alvh.advise.instrument import Instrument
from alvh.advise.orders import Order
from alvh.calendars import vix_expiry
from alvh.contracts.net_price import NetPrice
from alvh.errors import BookError

_LETTERS = "FGHJKMNQUVXZ"


@dataclass(frozen=True)
class OrderForm:
    """What a form must carry.

    Attributes
    ----------
    name : str
        The ticket's name; it travels with the order where a form has room for it.
    quantity : int
        Structures, positive.
    legs : tuple of (Instrument, int)
        Signed contracts per structure, without a common factor.
    limit : NetPrice
        Points for one structure.
    opens : bool
        Whether it opens a position or closes one.
    """

    name: str
    quantity: int
    legs: tuple[tuple[Instrument, int], ...]
    limit: NetPrice
    opens: bool

    @property
    def same(self) -> tuple[int, frozenset[tuple[Instrument, int]], NetPrice]:
        """What must be equal for two forms to be the same trade: names and order of legs aside."""
        return self.quantity, frozenset(self.legs), self.limit


def form_of(order: Order, quantity: int | None = None) -> OrderForm:
    """Return an order as a form, for fewer structures where they were cut.

    Raises
    ------
    BookError
        If it trades a futures basket, which is a model's share and no listed fund, or a price that
        contradicts its legs: nothing is received for buying alone, nor paid for selling.
    """
    for leg in order.legs:
        if leg.instrument.expiry is None:
            raise BookError(
                f"order {order.name}: {leg.instrument} is a basket of futures in the model, not a "
                "fund that is listed; choose the fund and its price by hand"
            )
    legs = tuple((leg.instrument, leg.ratio) for leg in order.legs)
    form = OrderForm(order.name, quantity or order.quantity, legs, order.limit, order.opens)
    check_sign(form)
    return form


def check_sign(form: OrderForm) -> None:
    """Refuse a price on the wrong side of an order whose legs are all bought or all sold.

    Raises
    ------
    BookError
    """
    ratios = [ratio for _, ratio in form.legs]
    wrong = (min(ratios) > 0 and form.limit.is_credit) or (
        max(ratios) < 0 and form.limit.received < 0
    )
    if wrong:
        raise BookError(f"order {form.name}: {form.limit} contradicts its legs; look at the prices")


def future_code(instrument: Instrument, digits: int) -> str:
    """Return the month code of a VX future, as ``H20``.

    Raises
    ------
    BookError
        If it is a weekly future, which has no month code.
    """
    day = instrument.expiry
    if day is None or vix_expiry(day.year, day.month) != day:
        raise BookError(f"{instrument} is no monthly VX future; trade it by hand")
    return f"{_LETTERS[day.month - 1]}{day.year % 10**digits:0{digits}d}"
