"""Identity: the hash against its definition, and what a difference lists."""

import hashlib
import json
import re

from alvh.policy import (
    HedgePolicy,
    canonical_json,
    diff_policies,
    flat_values,
    load_policy,
    load_programme,
    policy_hash,
    policy_schema,
)


def test_the_hash_is_sha256_of_sorted_compact_json() -> None:
    # For values whose shortest form Python's json also writes, RFC 8785 is sorted compact JSON;
    # the one difference is that a whole float is written without its ".0".
    policy = HedgePolicy(name="plain", description="ünïcode")
    plain = json.dumps(
        policy.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    plain = re.sub(r"(\d)\.0(?=[,\]}])", r"\1", plain)
    assert canonical_json(policy) == plain.encode()
    assert policy_hash(policy) == hashlib.sha256(plain.encode()).hexdigest()


def test_canonical_json_loads_back_to_the_same_policy() -> None:
    for name in ("alvh-40-40-20", "vxth", "futures-40-40-20"):
        policy = load_policy(name)
        assert HedgePolicy.model_validate_json(canonical_json(policy)) == policy


def test_a_difference_names_layers_and_shows_both_sides() -> None:
    left, right = load_policy("alvh-40-40-20"), load_policy("single-call")
    found = {d.key: (d.left, d.right) for d in diff_policies(left, right)}
    assert found["layers.short.delta"] == (0.5, 0.3)
    assert found["layers.tail.weight"] == (0.2, None)
    assert "sizing.budget" not in found
    assert diff_policies(left, left) == ()


def test_differences_are_symmetric() -> None:
    left, right = load_policy("vxth"), load_policy("spx-puts")
    there = {(d.key, repr(d.left), repr(d.right)) for d in diff_policies(left, right)}
    back = {(d.key, repr(d.right), repr(d.left)) for d in diff_policies(right, left)}
    assert there == back


def test_flat_values_hold_every_leaf() -> None:
    values = flat_values(load_programme("daily1"))
    assert (values["width"], values["credit_target"], values["stop"]) == (25.0, 1.15, None)


def test_the_schema_is_json_and_forbids_unknown_keys() -> None:
    for kind in ("hedge", "programme"):
        schema = json.loads(json.dumps(policy_schema(kind)))
        assert schema["additionalProperties"] is False
        assert all("description" in field for field in schema["properties"].values())
