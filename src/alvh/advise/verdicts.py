"""The health of a book against the limits of its policy: which figures pass, and which bind."""

from dataclasses import dataclass

import numpy as np

from alvh.advise.health import Health
from alvh.policy import Limits


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure against its limit.

    Attributes
    ----------
    name : str
        Key of the policy's ``limits``.
    value, limit : float
        The figure, and where it must stand; NaN where it is not known, or no limit is set.
    least : bool
        Whether the limit is the least allowed, rather than the most.
    passed : bool or None
        None where either is not known.
    binding : bool
        Whether failing it blocks new condors.
    """

    name: str
    value: float
    limit: float
    least: bool
    passed: bool | None
    binding: bool


def verdicts(health: Health, limits: Limits, steward_score: float = float("nan")) -> list[Verdict]:
    """Hold the figures of an evening to the limits of a policy.

    Parameters
    ----------
    health : Health
    limits : Limits
        Of the policy.
    steward_score : float
        From ``alvh.advise.steward``; NaN where it was not worked out.

    Returns
    -------
    list of Verdict
        In the order of the policy's keys.
    """
    figures = health.figures()
    found = (
        ("quick_ratio", figures["quick_ratio"], True),
        ("steward_score", steward_score, True),
        ("protection_pe", figures["protection_pe"], False),
        ("dividend_value", figures["cost_to_dividend_value"], False),
        ("wacc_drag", figures["wacc_drag"], False),
        ("shortfall", figures["shortfall_share"], False),
    )
    out = []
    for name, value, least in found:
        given = getattr(limits, name)
        limit = float("nan") if given is None else float(given)
        known = not (np.isnan(value) or np.isnan(limit))
        passed = (value >= limit if least else value <= limit) if known else None
        out.append(Verdict(name, value, limit, least, passed, name in limits.binding))
    return out
