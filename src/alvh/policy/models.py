"""What a hedge policy and a condor programme are: immutable, validated values.

A policy says everything the engine may decide by, and nothing about how it decides. Money enters
as a fraction of equity, so that one policy fits every account. Deltas are absolute, strictly
between 0 and 1, and mean the undiscounted delta against the same-expiry forward.

The models live in one module each and are gathered here. Their defaults are the values of the
presets ``alvh-40-40-20`` and ``monthly45``, where the source of every number stands beside it.
"""

from alvh.policy.adaptive import (
    Execution,
    Inversion,
    Limits,
    Rebalancing,
    Reentry,
    SignalName,
    SignalWeight,
    Tilt,
)
from alvh.policy.checks import PolicyModel
from alvh.policy.hedge import HedgePolicy, Monetisation, Sizing
from alvh.policy.layers import (
    BACKSPREADS,
    BASKETS,
    FUTURES,
    LAYER_ORDER,
    SPREADS,
    Layer,
    LayerName,
    Schedule,
)
from alvh.policy.programme import CondorProgramme, TimeShift

__all__ = [
    "BACKSPREADS",
    "BASKETS",
    "FUTURES",
    "LAYER_ORDER",
    "SPREADS",
    "CondorProgramme",
    "Execution",
    "HedgePolicy",
    "Inversion",
    "Layer",
    "LayerName",
    "Limits",
    "Monetisation",
    "PolicyModel",
    "Rebalancing",
    "Reentry",
    "Schedule",
    "SignalName",
    "SignalWeight",
    "Sizing",
    "Tilt",
    "TimeShift",
]
