"""How figures are written for people; see `alvh.formats`."""

from alvh.formats import decimal, dollars, missing, p_value, percent

__all__ = ["decimal", "dollars", "missing", "p_value", "percent"]
