"""`alvh policy`: the presets, a policy beside its sources, its check and its differences."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from alvh.cli.console import ABSENT, note, say, say_json, show_table
from alvh.cli.options import AsJson
from alvh.errors import PolicyError

if TYPE_CHECKING:
    from alvh.policy.identity import Policy
    from alvh.policy.source import KeyPath, PolicySource

SHORT_HASH = 12  # digits shown where a whole hash would crowd out the rest

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="List, show, check and compare policy files."
)


class Kind(StrEnum):
    """The two kinds of policy file."""

    hedge = "hedge"
    programme = "programme"


Name = Annotated[str, typer.Argument(metavar="NAME", help="Preset, or path of a .yaml file.")]
OfKind = Annotated[
    Kind | None, typer.Option("--kind", help="Which of two presets of one name is meant.")
]


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """List the presets: hedges, and the condor programmes they hedge."""
    from alvh.policy import list_policies

    presets = list_policies()
    if as_json:
        say_json(presets)
        return
    show_table(
        "",
        ("name", "kind", "hash", "description"),
        ((p.name, p.kind, p.policy_hash[:SHORT_HASH], p.description) for p in presets),
    )


@app.command()
def show(
    name: Name,
    kind: OfKind = None,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="The file itself, to start from.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a policy, the source of each number, and its hash."""
    from alvh.policy import flat_values, policy_hash

    source, policy = _opened(name, kind)
    idle = _inactive(policy)
    origins = {_dotted(path, source): origin for path, origin in source.origins.items()}
    if as_yaml:
        say(source.text.rstrip("\n"))
    elif as_json:
        say_json(
            {
                "kind": _kind_of(policy),
                "policy": policy,
                "policy_hash": policy_hash(policy),
                "sources": origins,
                "inactive": idle,
            }
        )
    else:
        written = {_dotted(path, source) for path in source.lines}
        rows = (
            (key, _cell(value), _origin(key, origins, written, idle))
            for key, value in flat_values(policy).items()
            if value is not None
        )
        show_table("", ("key", "value", "source"), rows)
        say(f"policy hash {policy_hash(policy)}")


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Files or presets.")],
    as_json: AsJson = False,
) -> None:
    """Check files: a line each, exit code 1 if any is refused."""
    verdicts = [_verdict(file) for file in files]
    if as_json:
        say_json(verdicts)
    for verdict in verdicts:
        if verdict["refusal"]:
            note(f"alvh: {verdict['refusal']}")
        elif not as_json:
            what = f"a valid {verdict['kind']}, policy hash {verdict['policy_hash']}"
            say(f"{verdict['file']}: {what}")
    if any(verdict["refusal"] for verdict in verdicts):
        raise typer.Exit(1)


@app.command()
def diff(left: Name, right: Name, kind: OfKind = None, as_json: AsJson = False) -> None:
    """Show where two policies differ, side by side."""
    from alvh.policy import diff_policies, policy_hash

    (_, ours), (_, theirs) = _opened(left, kind), _opened(right, kind)
    if _kind_of(ours) != _kind_of(theirs):
        raise PolicyError(
            f"{left} is a {_kind_of(ours)} and {right} is a {_kind_of(theirs)}; wanted two of one "
            "kind; choose with --kind hedge or --kind programme"
        )
    found = diff_policies(ours, theirs)
    if as_json:
        sides = {"left": policy_hash(ours), "right": policy_hash(theirs)}
        say_json({"policy_hash": sides, "differences": found})
        return
    if not found:
        say(f"{left} and {right} are the same policy, hash {policy_hash(ours)}")
        return
    show_table("", ("key", left, right), ((d.key, _cell(d.left), _cell(d.right)) for d in found))
    say(f"policy hashes {policy_hash(ours)[:SHORT_HASH]} and {policy_hash(theirs)[:SHORT_HASH]}")


@app.command()
def schema(
    kind: Annotated[Kind, typer.Argument(help="Which of the two kinds of file.")],
    as_json: AsJson = False,
) -> None:
    """Print the JSON Schema of a policy file, with or without --json."""
    from alvh.policy import policy_schema

    say_json(policy_schema(kind.value))


def _opened(name: str, kind: Kind | None) -> "tuple[PolicySource, Policy]":
    from alvh.policy import open_policy

    return open_policy(name, kind.value if kind else None)


def _kind_of(policy: "Policy") -> str:
    return "hedge" if hasattr(policy, "layers") else "programme"


def _inactive(policy: "Policy") -> tuple[str, ...]:
    from alvh.policy import HedgePolicy, inactive_keys, inactive_programme_keys

    if isinstance(policy, HedgePolicy):
        return inactive_keys(policy)
    return inactive_programme_keys(policy)


def _origin(key: str, origins: dict[str, str], written: set[str], idle: tuple[str, ...]) -> str:
    origin = origins.get(key, "" if key in written else "default")
    return f"{origin}; changes nothing here".lstrip("; ") if key in idle else origin


def _verdict(file: str) -> dict[str, str | None]:
    from alvh.policy import policy_hash

    try:
        _, policy = _opened(file, None)
    except PolicyError as refusal:
        return {"file": file, "kind": None, "policy_hash": None, "refusal": str(refusal)}
    return {
        "file": file,
        "kind": _kind_of(policy),
        "policy_hash": policy_hash(policy),
        "refusal": None,
    }


def _dotted(path: "KeyPath", source: "PolicySource") -> str:
    """Write a path of the file as `flat_values` names it, layers by name and lists whole."""
    parts = list(path)
    layers = source.values.get("layers")
    if parts[0] == "layers" and isinstance(layers, list) and len(parts) > 1:
        parts[1] = layers[int(parts[1])]["name"]
    return ".".join(str(part) for part in parts if not isinstance(part, int))


def _cell(value: object) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or ABSENT
    return f"{value:.6g}" if isinstance(value, float) else str(value)
