"""Option symbols in the form of the Options Symbology Initiative (OSI).

A symbol is 21 characters: the root padded to six, the expiry as YYMMDD, C or P, and the strike in
thousandths of a point as eight digits, as in ``SPXW  220916P03500000``. Vendors drop the padding
(``SPXW220916P03500000``) or pad with other white space; all of these are read, the first is
written. Whether the expiry is one that was ever listed is for ``alvh.calendars`` to say.

References
----------
Options Clearing Corporation, Options Symbology Initiative, 2010.
"""

import re
from dataclasses import dataclass
from datetime import date

from alvh.contracts.facts import contract_facts
from alvh.errors import PricingError
from alvh.formats import quoted

OPTION_ROOTS = ("SPX", "SPXW", "VIX", "VIXW", "XSP")
_PATTERN = re.compile(r"([A-Za-z]{1,6})\s*(\d{2})(\d{2})(\d{2})([CPcp])(\d{8})")
_CENTURY_TURN = 90  # two-digit years from 90 on belong to the 1900s
_HIGHEST_STRIKE = 99_999_999  # thousandths of a point in eight digits


@dataclass(frozen=True, slots=True, order=True)
class OptionSymbol:
    """One listed option.

    Parameters
    ----------
    root : str
        SPX, SPXW, VIX, VIXW or XSP.
    expiry : date
        Expiration date as the symbol carries it.
    put_call : str
        ``"P"`` or ``"C"``.
    strike : float
        Points; a whole multiple of the root's finest strike interval.

    Raises
    ------
    PricingError
        If no such option can exist; the message says which part is wrong.

    Examples
    --------
    >>> OptionSymbol("SPXW", date(2022, 9, 16), "P", 3500.0).osi
    'SPXW  220916P03500000'
    """

    root: str
    expiry: date
    put_call: str
    strike: float

    def __post_init__(self) -> None:
        if self.root not in OPTION_ROOTS:
            raise _refusal(self.compact, f"root {self.root!r} is unknown", _roots())
        if self.put_call not in ("P", "C"):
            raise _refusal(
                self.compact, f"right {self.put_call!r} is neither C nor P", "use C or P"
            )
        self._check_strike()
        first = contract_facts(self.root).first_traded
        if self.expiry < first:
            problem = f"{self.root} options did not exist on {self.expiry}"
            raise _refusal(self.compact, problem, f"they trade from {first}")

    def _check_strike(self) -> None:
        finest = contract_facts(self.root).finest_strike
        if not 0.0 < 1000.0 * self.strike <= _HIGHEST_STRIKE:
            problem = f"strike {self.strike:g} is not between 0 and 100,000"
            raise _refusal(self.root, problem, "give the strike in points times 1000")
        if self.strike % finest != 0.0:
            problem = f"strike {self.strike:g} is not a multiple of {finest:g}"
            raise _refusal(
                self.compact, problem, f"{self.root} strikes are listed every {finest:g}"
            )

    @property
    def osi(self) -> str:
        """The symbol in 21 characters, the root padded to six."""
        return f"{self.root:<6}{self._tail}"

    @property
    def compact(self) -> str:
        """The symbol without padding."""
        return f"{self.root}{self._tail}"

    @property
    def _tail(self) -> str:
        return f"{self.expiry:%y%m%d}{self.put_call}{round(1000 * self.strike):08d}"

    @property
    def is_put(self) -> bool:
        """Whether it is a put."""
        return self.put_call == "P"

    @property
    def code(self) -> int:
        """The root's code in the compiled rules (``facts.SPX`` …)."""
        return contract_facts(self.root).code

    def __str__(self) -> str:
        return self.osi


def parse_osi(symbol: str) -> OptionSymbol:
    """Read an option symbol, padded or compact.

    Parameters
    ----------
    symbol : str
        For example ``"SPXW  220916P03500000"`` or ``"VIX260617C00010500"``.

    Returns
    -------
    OptionSymbol

    Raises
    ------
    PricingError
        If the text is not a symbol, or the option cannot exist: unknown root, no such day,
        strike not above zero or off the root's strike grid, expiry before the root traded.

    Examples
    --------
    >>> parse_osi("VIX260617C00010500").strike
    10.5
    """
    match = _PATTERN.fullmatch(symbol.strip())
    if match is None:
        wanted = "write root, YYMMDD, C or P and strike × 1000, as in 'SPXW  220916P03500000'"
        raise _refusal(symbol, "it is not an OSI option symbol", wanted)
    root, year, month, day, right, thousandths = match.groups()
    century = 1900 if int(year) >= _CENTURY_TURN else 2000
    try:
        expiry = date(century + int(year), int(month), int(day))
    except ValueError:
        problem = f"{year}{month}{day} is not a calendar day"
        raise _refusal(symbol, problem, "write the expiry as YYMMDD") from None
    return OptionSymbol(root.upper(), expiry, right.upper(), int(thousandths) / 1000.0)


def format_osi(root: str, expiry: date, put_call: str, strike: float) -> str:
    """Return the 21-character symbol of an option; refuses what ``OptionSymbol`` refuses."""
    return OptionSymbol(root, expiry, put_call, strike).osi


def _roots() -> str:
    return "use one of " + ", ".join(root for root in OPTION_ROOTS if root != "XSP")  # not priced


def _refusal(symbol: str, problem: str, remedy: str) -> PricingError:
    return PricingError(f"option {quoted(symbol)}: {problem}; {remedy}")
