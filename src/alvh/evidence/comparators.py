"""Who is compared: the hedges by name, and the one that the others are made equal to."""

from collections.abc import Iterable
from pathlib import Path

from alvh.errors import PolicyError
from alvh.evidence.workbench import UNHEDGED
from alvh.policy import HedgePolicy
from alvh.policy.loader import load_policy

Hedge = str | Path | HedgePolicy

FEWER = "fewer-condors"
REFERENCE = "alvh-40-40-20"
COMPARATORS: tuple[str, ...] = (
    "none",
    "single-call",
    REFERENCE,
    "alvh-4-4-2",
    "vxth",
    "spx-puts",
    "futures-40-40-20",
    FEWER,
)


def load_hedges(hedges: Iterable[Hedge]) -> dict[str, HedgePolicy]:
    """Load hedges by name, no hedge first.

    Raises
    ------
    PolicyError
        If one is not valid, has neither layers nor a meaning without them, or two share a name.
    """
    policies = {UNHEDGED.name: UNHEDGED}
    for hedge in hedges:
        policy = load_policy(hedge)
        if policy.name in policies and policy.name != UNHEDGED.name:
            raise PolicyError(f"two hedges are called {policy.name!r}; give one another name")
        if not policy.layers and policy.name not in (UNHEDGED.name, FEWER):
            raise PolicyError(f"hedge {policy.name!r} has no layers; leave it out, or add one")
        if policy.layers or policy.name == FEWER:
            policies[policy.name] = policy
    return policies


def pick_reference(policies: dict[str, HedgePolicy], reference: Hedge | None) -> str:
    """Return the name of the hedge that the others are made equal to, adding it where absent.

    Raises
    ------
    PolicyError
        If there is no hedge with layers.
    """
    if reference is not None:
        policy = load_policy(reference)
        policies.setdefault(policy.name, policy)
        if not policy.layers:
            raise PolicyError(f"reference {policy.name!r} is no hedge: it has no layers")
        return policy.name
    layered = [name for name, policy in policies.items() if policy.layers]
    if not layered:
        raise PolicyError("there is no hedge to compare; name at least one with layers")
    return REFERENCE if REFERENCE in layered else layered[0]
