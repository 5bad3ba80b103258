"""A version of the desk's rules: hedge policy, condor programme and charter, signed as one value.

A version says which version it follows, so that a signature cannot be used twice, and which halt
it ends, so that nothing signed before a halt can end it. Its identity is taken from the document as
it was signed, never from the models that read it: code that gains a key does not change the past.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from alvh.errors import GovernanceError
from alvh.ledger import GENESIS, SigningKey, canonical, is_signed
from alvh.policy.checks import Count, PolicyModel, Ratio, Text
from alvh.policy.identity import Difference, flatten, policy_hash
from alvh.policy.models import CondorProgramme, HedgePolicy

PURPOSE = "version of the rules"
_PUBLIC = re.compile("[0-9a-f]{64}")


class Caps(PolicyModel):
    """What no decision may exceed, whatever the policy says."""

    condor_share: Ratio = Field(
        default=0.10, gt=0, le=1, description="maximum loss of one condor, fraction of equity"
    )
    hedge_spend_per_year: Ratio = Field(
        default=0.06, ge=0, le=1, description="net hedge outlay of 365 days, fraction of equity"
    )
    orders_per_day: Count = Field(default=20, ge=0, description="tickets of one day in Chicago")


class Charter(PolicyModel):
    """Who may change the rules, how many of them it takes, and after what notice."""

    keys: dict[Text, Text] = Field(min_length=1, description="public keys by the names of owners")
    witnesses: dict[Text, Text] = Field(
        default={}, description="public keys that sign checkpoints and nothing else"
    )
    signatures: Count = Field(default=1, ge=1, description="signatures that a version needs")
    notice_days: Count = Field(
        default=5, ge=0, le=365, description="calendar days from the last signature to effect"
    )
    caps: Caps = Field(default=Caps(), description="what no decision may exceed")

    @model_validator(mode="after")
    def _check(self) -> Self:
        publics = [*self.keys.values(), *self.witnesses.values()]
        if not all(_PUBLIC.fullmatch(key) for key in publics):
            raise ValueError("a public key is 64 lower-case hexadecimal digits")
        if len(set(publics)) != len(publics):
            raise ValueError("one public key stands under two names; give each person one")
        if self.signatures > len(self.keys):
            raise ValueError(f"{self.signatures} signatures are wanted of {len(self.keys)} keys")
        return self

    @property
    def vouching(self) -> frozenset[str]:
        """Public keys that may sign checkpoints: the owners' and the witnesses'."""
        return frozenset((*self.keys.values(), *self.witnesses.values()))


@dataclass(frozen=True)
class Version:
    """One version of the rules, as it was or will be signed.

    Attributes
    ----------
    document : dict
        ``number`` (from 1), ``previous`` (SHA-256 of the version it follows), ``hedge``,
        ``condors``, ``charter``, and ``resumes``: SHA-256 of the halt that it ends, or None.
    """

    document: dict[str, Any]

    @cached_property
    def sha256(self) -> str:
        """The identity of the version, 64 hexadecimal digits."""
        return hashlib.sha256(canonical(self.document, PURPOSE).encode()).hexdigest()

    @property
    def number(self) -> int:
        """Count of versions up to and with this one."""
        return int(self.document["number"])

    @property
    def previous(self) -> str:
        """SHA-256 of the version that this one follows; zeros for the first."""
        return str(self.document["previous"])

    @property
    def resumes(self) -> str | None:
        """SHA-256 of the event of the halt that this version ends."""
        halt: str | None = self.document["resumes"]
        return halt

    @cached_property
    def charter(self) -> Charter:
        """Who may change it."""
        return Charter.model_validate(self.document["charter"])

    @cached_property
    def hedge(self) -> HedgePolicy:
        """The hedge policy."""
        return HedgePolicy.model_validate(self.document["hedge"])

    @cached_property
    def condors(self) -> CondorProgramme:
        """The condor programme."""
        return CondorProgramme.model_validate(self.document["condors"])

    @property
    def hedge_hash(self) -> str:
        """Policy hash of the hedge as it was signed."""
        return _hash(self.document["hedge"])

    @property
    def condors_hash(self) -> str:
        """Policy hash of the programme as it was signed."""
        return _hash(self.document["condors"])

    def means_what_was_signed(self) -> bool:
        """Return whether this code reads no more into the policies than was signed."""
        ours = policy_hash(self.hedge), policy_hash(self.condors)
        return ours == (self.hedge_hash, self.condors_hash)

    def signed_by(self, key: SigningKey) -> str:
        """Return the signature of the version by ``key``."""
        return key.sign(PURPOSE, self.document)

    def is_signed_by(self, public: str, signature: str) -> bool:
        """Return whether ``signature`` is that of this version by the key ``public``."""
        return is_signed(public, PURPOSE, self.document, signature)


def next_version(
    now: Version | None,
    hedge: HedgePolicy,
    condors: CondorProgramme,
    charter: Charter,
    resumes: str | None = None,
) -> Version:
    """Return the version that follows ``now``, unsigned.

    Parameters
    ----------
    now : Version or None
        The version in force; None where there is none yet.
    hedge, condors, charter : HedgePolicy, CondorProgramme, Charter
        What shall hold.
    resumes : str, optional
        SHA-256 of the event of the halt that it shall end.
    """
    return Version(
        {
            "number": now.number + 1 if now else 1,
            "previous": now.sha256 if now else GENESIS,
            "hedge": hedge.model_dump(mode="json"),
            "condors": condors.model_dump(mode="json"),
            "charter": charter.model_dump(mode="json"),
            "resumes": resumes,
        }
    )


def read_version(document: dict[str, Any], label: str) -> Version:
    """Return the version that ``document`` holds, judged as a whole.

    Raises
    ------
    GovernanceError
        Where a part is missing or not valid; ``label`` says where the document stands.
    """
    version = Version(document)
    try:
        _ = version.number, version.previous, version.resumes
        _ = version.charter, version.hedge, version.condors
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise GovernanceError(
            f"{label} holds no version of the rules that this code can read: "
            f"{' '.join(str(error).split())}; use the code that recorded it"
        ) from error
    return version


def differences(old: Version | None, new: Version) -> tuple[Difference, ...]:
    """List every value in which the rules of two versions differ; all of the new against none."""
    ours, theirs = _rules(old) if old else {}, _rules(new)
    keys = (*ours, *(key for key in theirs if key not in ours))
    return tuple(
        Difference(key, ours.get(key), theirs.get(key))
        for key in keys
        if ours.get(key) != theirs.get(key)
    )


def _rules(version: Version) -> dict[str, object]:
    parts = ("hedge", "condors", "charter")
    return dict(flatten({part: version.document[part] for part in parts}))


def _hash(policy: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(policy, "a policy").encode()).hexdigest()
