"""What policies came to in worlds: one row a world, and the distribution over them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from alvh.measures import cvar

HALF = 0.5  # an account that has lost so much is counted as ruined
COLUMNS = ("growth", "max_drawdown", "hedge_pnl", "costs")
KEPT = tuple(f"{book}_{name}" for book in ("hedged", "twin") for name in COLUMNS)


@dataclass(frozen=True)
class WorldsResult:
    """What one hedge, and no hedge, came to in every world.

    Attributes
    ----------
    table : polars.DataFrame
        One row a world: ``growth`` a year, ``max_drawdown``, ``hedge_pnl`` and ``costs`` as
        fractions of the equity at the start, each for the ``hedged`` book and its unhedged
        ``twin``.
    years : float
        Of one world.
    meta : dict
        Hashes, model, seed and what else made it.
    """

    table: pl.DataFrame
    years: float
    meta: dict[str, Any]

    def summary(self) -> dict[str, dict[str, float]]:
        """Return the distribution over worlds of both books, and of the difference, fractions.

        ``error`` is 1.96 standard errors of the mean difference: of the drawing of worlds only.
        That history has seen few crises, which all worlds are made of, is not in it.
        """
        books = {book: self._book(book) for book in ("hedged", "twin")}
        gap = (self.table["hedged_growth"] - self.table["twin_growth"]).to_numpy()
        depth = (self.table["hedged_max_drawdown"] - self.table["twin_max_drawdown"]).to_numpy()
        error = 1.96 / np.sqrt(max(len(gap) - 1, 1))
        return books | {
            "difference": {
                "growth": float(gap.mean()),
                "growth_error": float(error * gap.std()),
                "max_drawdown": float(depth.mean()),
                "max_drawdown_error": float(error * depth.std()),
                "hedged_is_ahead": float((gap > 0.0).mean()),
                "hedged_falls_less": float((depth > 0.0).mean()),
            }
        }

    def _book(self, book: str) -> dict[str, float]:
        growth = self.table[f"{book}_growth"].to_numpy()
        depth = self.table[f"{book}_max_drawdown"].to_numpy()
        low, middle, high = np.quantile(growth, [0.05, 0.5, 0.95])
        return {
            "growth": float(growth.mean()),
            "growth_05": float(low),
            "growth_50": float(middle),
            "growth_95": float(high),
            "growth_cvar_95": cvar(growth),
            "max_drawdown": float(depth.mean()),
            "max_drawdown_cvar_95": cvar(depth),
            "ruined": float((depth <= -HALF).mean()),
            "hedge_pnl_per_year": self._a_year(f"{book}_hedge_pnl"),
            "costs_per_year": self._a_year(f"{book}_costs"),
        }

    def _a_year(self, name: str) -> float:
        return float(self.table[name].to_numpy().mean()) / self.years
