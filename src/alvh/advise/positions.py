"""A book that the user holds, as option symbols and numbers, put beside an evening's market."""

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from alvh.advise.evening import Evening
from alvh.contracts import parse_osi
from alvh.engine import DEFAULT_EQUITY, backtest
from alvh.errors import DataError
from alvh.holdings import Holdings
from alvh.kernel import codes
from alvh.kernel.listed import leg_mark
from alvh.kernel.revalue import LEG
from alvh.market.history import History
from alvh.market.quote import listed_as, priced_day
from alvh.market.surfaces import build_surfaces

Records = NDArray[np.void]


def own_evening(
    history: History,
    positions: Mapping[str, float],
    as_of: str | date | None = None,
    equity: float = DEFAULT_EQUITY,
) -> Evening:
    """Return the evening of a book of listed options, marked by the model.

    Parameters
    ----------
    history : History
    positions : mapping of str to float
        OSI symbols with the roots SPX, SPXW, VIX or VIXW, and signed contracts.
    as_of : str or date, optional
        Session whose close marks them; the last with prices without it.
    equity : float
        Account value, USD.

    Returns
    -------
    Evening
        SPX options stand in the sleeve of the condors, VIX options in that of the short layer.

    Raises
    ------
    PricingError
        If the session has no prices, or a symbol names no contract that was alive on it.
    DataError
        If there is no position, or a number of contracts is none.
    """
    if not positions:
        raise DataError("a book without a position; wanted option symbols and signed contracts")
    surfaces = build_surfaces(history)
    usable = surfaces.priced
    day = priced_day(surfaces, str(surfaces.dates[usable[-1]]) if as_of is None else as_of)
    row = int(np.searchsorted(surfaces.days["date"], day["date"]))
    before = surfaces.dates[max(row - 1, 0)].astype(object)
    empty = backtest(
        history, "none", "none", before, surfaces.dates[row].astype(object), equity=equity
    )
    legs = np.concatenate(
        [_leg(day, surfaces.quotes, symbol, size) for symbol, size in positions.items()]
    )
    book = Holdings(surfaces.dates[row].astype(object), equity, equity, 0.0, (), (), legs)
    return Evening(empty, surfaces, row, book)


def _leg(day: np.void, quotes: Records, symbol: str, quantity: float) -> Records:
    if not np.isfinite(quantity) or quantity == 0.0:
        raise DataError(f"{quantity} contracts of {symbol}: a signed number other than 0 is wanted")
    option = parse_osi(symbol)
    root, expiry, session = listed_as(day, option)
    right = codes.PUT if option.is_put else codes.CALL
    leg = np.zeros(1, LEG)
    leg["sleeve"] = codes.SHORT if root == codes.VIX else codes.CONDORS
    leg["root"], leg["right"], leg["quantity"] = root, right, quantity
    leg["expiry"], leg["expiry_session"], leg["strike"] = expiry, session, option.strike
    mark = leg_mark(day, quotes, root, right, expiry, session, option.strike)
    leg["mid"], leg["gap"] = mark.mid, mark.gap
    return leg
