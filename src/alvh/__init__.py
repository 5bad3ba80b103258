"""ALVH: an adaptive layered VIX hedge around a book of SPX iron condors, priced as one book.

The names below are the whole public face; everything else may change. They are loaded when first
used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from alvh._compiled_cache import use_content_addressed_cache

use_content_addressed_cache()

if TYPE_CHECKING:
    from alvh.engine import backtest
    from alvh.errors import AlvhError
    from alvh.evidence.comparison import Comparison, compare
    from alvh.market.futures_index import futures_index
    from alvh.market.history import History, load_history
    from alvh.market.quote import quote
    from alvh.market.vix_index import cboe_vix
    from alvh.policy import CondorProgramme, HedgePolicy, load_policy, load_programme
    from alvh.result import Result

_HOMES = {
    "AlvhError": "alvh.errors",
    "Comparison": "alvh.evidence.comparison",
    "CondorProgramme": "alvh.policy",
    "HedgePolicy": "alvh.policy",
    "History": "alvh.market.history",
    "Result": "alvh.result",
    "backtest": "alvh.engine",
    "cboe_vix": "alvh.market.vix_index",
    "compare": "alvh.evidence.comparison",
    "futures_index": "alvh.market.futures_index",
    "load_history": "alvh.market.history",
    "load_policy": "alvh.policy",
    "load_programme": "alvh.policy",
    "quote": "alvh.market.quote",
}

__all__ = [
    "AlvhError",
    "Comparison",
    "CondorProgramme",
    "HedgePolicy",
    "History",
    "Result",
    "backtest",
    "cboe_vix",
    "compare",
    "futures_index",
    "load_history",
    "load_policy",
    "load_programme",
    "quote",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'alvh' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__
