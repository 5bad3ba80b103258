"""Tickets as files: whatever is to be worked of a session, in the form of every broker."""

from collections.abc import Collection, Sequence
from pathlib import Path

from alvh.advise.orders import Order
from alvh.desk.book_files import remove, write_text
from alvh.desk.forms import OrderForm, form_of
from alvh.desk.forms.ibkr import basket
from alvh.desk.forms.tastytrade import order_json
from alvh.desk.forms.thinkorswim import order_line
from alvh.errors import BookError

_BASKET, _LINES, _WARNING = "basket.csv", "thinkorswim.txt", "NOT-TO-BE-SENT.txt"


def write_tickets(
    folder: Path, orders: Sequence[Order], gone: Collection[str] = (), warning: str = ""
) -> dict[str, str]:
    """Write tickets in every form; return what a form could not say, by file.

    ``basket.csv`` for Interactive Brokers, one ``NAME.json`` each for tastytrade, and
    ``thinkorswim.txt`` with a line each. What was written there before of other orders is taken
    away first, so that the folder holds what is to be worked and nothing else.

    Parameters
    ----------
    folder : Path
    orders : sequence of Order
        To be worked.
    gone : collection of str
        Names of orders of the session that are not.
    warning : str
        What whoever works them must know: the first line of ``thinkorswim.txt``, and for the forms
        that have no room for a remark a file ``NOT-TO-BE-SENT.txt`` beside them.

    Raises
    ------
    BookError
        If the folder cannot be written.
    """
    for file in (_BASKET, _LINES, _WARNING, *(f"{name}.json" for name in gone)):
        remove(folder / file)
    forms, unsaid = list[OrderForm](), dict[str, str]()
    for order in orders:
        try:
            forms.append(form_of(order))
        except BookError as error:
            unsaid[order.name] = str(error)
    if not forms:
        return unsaid
    if warning:
        write_text(folder / _WARNING, warning + "\n")
    write_text(folder / _BASKET, basket(forms))
    lines = []
    for form in forms:
        try:
            write_text(folder / f"{form.name}.json", order_json(form) + "\n")
            lines.append(order_line(form))
        except BookError as error:
            unsaid[form.name] = str(error)
    if lines:
        write_text(folder / _LINES, "\n".join([*([warning] if warning else []), *lines]) + "\n")
    return unsaid
