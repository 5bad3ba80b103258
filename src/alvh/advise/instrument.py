"""One thing that can be held: its symbol, and the codes that the engine knows it by.

Options are written as OSI symbols, SPX and SPXW, VIX and VIXW apart as they are listed. A VX
future is ``VX200318``, root and settlement date; a futures basket and the index fund are their
names. The engine knows one root for all VIX options: which of the two a symbol carries follows
from the calendar.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from alvh.calendars import contract_expiry, vix_expiry
from alvh.contracts import OptionSymbol, parse_osi
from alvh.errors import PricingError
from alvh.kernel import codes
from alvh.kernel.quotes import multiplier

_FUTURE = re.compile(r"VX(\d{2})(\d{2})(\d{2})")
_SHARES = ("ETP_SHORT", "ETP_MID", "INDEX")


@dataclass(frozen=True, order=True)
class Instrument:
    """An option, a future, a futures basket or the index fund, as the engine names it.

    Attributes
    ----------
    root : str
        ``SPX``, ``SPXW``, ``VIX``, ``VX``, ``ETP_SHORT``, ``ETP_MID`` or ``INDEX``.
    expiry : datetime.date or None
        Settlement date; None for shares.
    put_call : str
        ``P``, ``C`` or empty.
    strike : float
        Points; 0 without one.
    """

    root: str
    expiry: date | None
    put_call: str = ""
    strike: float = 0.0

    @property
    def symbol(self) -> str:
        """The symbol in which books and statements write it."""
        if self.root in _SHARES or self.expiry is None:
            return self.root
        if self.root == "VX":
            return f"VX{self.expiry:%y%m%d}"
        return self.option.osi

    @property
    def option(self) -> OptionSymbol:
        """The listed option.

        Raises
        ------
        PricingError
            If it is no option.
        """
        if not self.put_call or self.expiry is None:
            raise PricingError(f"{self.root} is no option; an option was wanted")
        root = self.root
        if root == "VIX" and vix_expiry(self.expiry.year, self.expiry.month) != self.expiry:
            root = "VIXW"
        return OptionSymbol(root, self.expiry, self.put_call, self.strike)

    @property
    def code(self) -> int:
        """The engine's code of the root."""
        return codes.ROOTS.index(self.root)

    @property
    def right(self) -> int:
        """The engine's code of call, put or neither."""
        return codes.RIGHTS.index(self.put_call)

    @property
    def multiplier(self) -> float:
        """USD per point of one contract."""
        return float(multiplier(self.code))

    @property
    def pays_premium(self) -> bool:
        """Whether buying it takes its price in cash; a future settles its moves daily instead."""
        return self.root != "VX"

    def __str__(self) -> str:
        return self.symbol


@lru_cache(maxsize=4096)
def parse_instrument(symbol: str) -> Instrument:
    """Read a symbol.

    Parameters
    ----------
    symbol : str
        OSI option symbol, padded or compact; ``VX`` and a settlement date; or a share's name.

    Returns
    -------
    Instrument

    Raises
    ------
    PricingError
        If it is no symbol, or no such contract was ever listed.

    Examples
    --------
    >>> parse_instrument("VIXW  200325C00030000").root
    'VIX'
    """
    text = symbol.strip().upper()
    if text in _SHARES:
        return Instrument(text, None)
    future = _FUTURE.fullmatch(text)
    if future is not None:
        return Instrument("VX", _future_day(text, future))
    option = parse_osi(text)
    listed = contract_expiry(option)
    day = date.fromordinal(int(listed["date"]) + date(1970, 1, 1).toordinal())
    root = option.root
    if root == "XSP":
        raise PricingError(f"{symbol!r}: XSP is not traded by the engine; use SPX or SPXW")
    if root == "VIXW":
        root = "VIX"
    elif root == "SPXW" and listed["am"] == 1:
        root = "SPX"  # weeklys settled at the open until December 2010
    return Instrument(root, day, option.put_call, option.strike)


def _future_day(text: str, found: re.Match[str]) -> date:
    try:
        return date(2000 + int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise PricingError(f"future {text!r}: no such day; write it as VX200318") from None


def instrument_of(root: int, right: int, expiry: int, strike: float) -> Instrument:
    """Return the instrument of a row of the engine's logs or books."""
    name = codes.ROOTS[root]
    if name in _SHARES:
        return Instrument(name, None)
    day = date.fromordinal(int(expiry) + date(1970, 1, 1).toordinal())
    put_call = codes.RIGHTS[right]
    return Instrument(name, day, put_call, float(strike) if put_call else 0.0)
