"""The claims that are made for the hedge, each put to a test that was fixed beforehand.

``claims.yaml`` says for each claim what is measured and when it counts as supported; ``trials``
measures; ``cards`` runs them and gives the verdict.
"""

from alvh.evidence.claims.cards import SUPPORTED, VERDICTS, Card, Claims, claims
from alvh.evidence.claims.model import Claim, Condition, load_claims

__all__ = [
    "SUPPORTED",
    "VERDICTS",
    "Card",
    "Claim",
    "Claims",
    "Condition",
    "claims",
    "load_claims",
]
