"""How figures are written for people; see `alvh.formats`."""

from alvh.formats import decimal, dollars, missing, percent

__all__ = ["decimal", "dollars", "missing", "percent"]
