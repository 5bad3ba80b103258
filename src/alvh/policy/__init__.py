"""Policies: what may be decided, as data.

A hedge policy and a condor programme are files a person can read, checked when they are loaded
and never after. They hold every number the engine decides by, each preset with the source of each
number beside it; nothing here decides, prices or knows a market. The one idea: a policy is a value
with a hash, so that a result can say exactly which rule produced it.
"""

from alvh.policy.identity import Difference, canonical_json, diff_policies, flat_values, policy_hash
from alvh.policy.inactive import inactive_keys, inactive_programme_keys
from alvh.policy.loader import (
    Preset,
    list_policies,
    load_policy,
    load_programme,
    open_policy,
)
from alvh.policy.models import (
    CondorProgramme,
    Execution,
    HedgePolicy,
    Inversion,
    Layer,
    Limits,
    Monetisation,
    Rebalancing,
    Reentry,
    Schedule,
    SignalWeight,
    Sizing,
    Tilt,
    TimeShift,
)
from alvh.policy.schema import policy_schema

__all__ = [
    "CondorProgramme",
    "Difference",
    "Execution",
    "HedgePolicy",
    "Inversion",
    "Layer",
    "Limits",
    "Monetisation",
    "Preset",
    "Rebalancing",
    "Reentry",
    "Schedule",
    "SignalWeight",
    "Sizing",
    "Tilt",
    "TimeShift",
    "canonical_json",
    "diff_policies",
    "flat_values",
    "inactive_keys",
    "inactive_programme_keys",
    "list_policies",
    "load_policy",
    "load_programme",
    "open_policy",
    "policy_hash",
    "policy_schema",
]
