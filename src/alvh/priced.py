"""What prices rest on, counted and said: quotes, smiles fitted to quotes, or a model."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from alvh.formats import percent

MODELLED, FITTED, QUOTED = "modelled", "fitted", "quoted"


@dataclass(frozen=True)
class Priced:
    """How many of some prices rest on what.

    Attributes
    ----------
    count : int
        All of them.
    modelled, fitted : int
        A model's, and those of a smile fitted to the quotes of their day. The rest are quotes,
        exchange settlements or publications.
    """

    count: int
    modelled: int
    fitted: int

    @classmethod
    def of(cls, provenances: Iterable[str]) -> Self:
        """Count prices by the words of their provenance, as marks, fills and tickets name it."""
        found = Counter(provenances)
        return cls(found.total(), found[MODELLED], found[FITTED])

    @property
    def shares(self) -> dict[str, float]:
        """Shares ``modelled``, ``fitted`` and ``quoted``, 0 … 1; empty where there is no price."""
        if not self.count:
            return {}
        modelled, fitted = self.modelled / self.count, self.fitted / self.count
        quoted = (self.count - self.modelled - self.fitted) / self.count
        return {"modelled": modelled, "fitted": fitted, "quoted": quoted}

    def words(self, what: str) -> str:
        """Say it in one sentence without its full stop; ``what`` in the plural, as ``marks``."""
        if not self.count:
            return f"there are no {what}"
        return priced_words(what, self.shares["modelled"], self.shares["fitted"])


def priced_words(what: str, modelled: float, fitted: float = 0.0) -> str:
    """Say what prices rest on, by shares from 0 to 1; what is priced, or prices themselves.

    Examples
    --------
    >>> priced_words("fills", 0.25, 0.125)
    '25.0 % of the fills are priced by a model, 12.5 % by smiles fitted to quotes, 62.5 % by quotes'
    >>> priced_words("prices of these orders", 1.0)
    '100.0 % of the prices of these orders come from a model, 0.0 % from quotes'
    """
    verb, by = ("come", "from") if what.startswith("prices") else ("are priced", "by")
    middle = f", {percent(fitted, 1)} {by} smiles fitted to quotes" if modelled < 1.0 else ""
    quoted = percent(max(1.0 - modelled - fitted, 0.0), 1)
    first = f"{percent(modelled, 1)} of the {what} {verb} {by} a model"
    return f"{first}{middle}, {quoted} {by} quotes"
