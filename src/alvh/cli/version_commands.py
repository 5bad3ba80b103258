"""`alvh policy propose` and `alvh policy sign`: how the rules of the desk are changed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alvh.cli.console import say, say_json, show_table
from alvh.cli.desk_options import DEFAULT_LEDGER, KeyFile, LedgerFile, now, open_ledger
from alvh.cli.options import AsJson
from alvh.errors import GovernanceError, PolicyError

if TYPE_CHECKING:
    from alvh.desk.standing import Standing
    from alvh.desk.versions import Charter, Version
    from alvh.ledger import SigningKey

FEWEST_DIGITS = 8  # of a hash, so that two versions are not taken for each other


def propose(
    key: KeyFile,
    hedge: Annotated[
        str | None, typer.Option("--hedge", metavar="NAME", help="Default: that in force.")
    ] = None,
    condors: Annotated[
        str | None, typer.Option("--condors", metavar="NAME", help="Default: that in force.")
    ] = None,
    charter: Annotated[
        Path | None,
        typer.Option("--charter", metavar="FILE", help="Keys, signatures, notice and caps (YAML)."),
    ] = None,
    ledger: LedgerFile = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Propose a version of the rules and sign it; the first one makes the ledger."""
    from alvh.desk.governance import propose as record_proposal
    from alvh.desk.governance import sign as record_signature
    from alvh.desk.standing import standing
    from alvh.desk.versions import differences
    from alvh.ledger import load_key

    signer = load_key(key)
    opened = open_ledger(ledger, "create")
    before = standing(opened, now())
    rules = _rules(before, hedge, condors), _charter(before, charter, signer)
    version = record_proposal(opened, *rules[0], rules[1], now())
    after = record_signature(opened, version.sha256, signer, now())
    changes = differences(before.version, version) if before.version else ()
    if as_json:
        say_json({**_outcome(version, after), "differences": changes})
        return
    if changes:
        show_table("", ("key", "old", "new"), [(d.key, str(d.left), str(d.right)) for d in changes])
    _say_outcome(version, after)


def sign(
    version: Annotated[str, typer.Argument(help="Hash of the version, or its first digits.")],
    key: KeyFile,
    ledger: LedgerFile = DEFAULT_LEDGER,
    as_json: AsJson = False,
) -> None:
    """Sign a proposed version of the rules."""
    from alvh.desk.governance import sign as record_signature
    from alvh.desk.standing import standing
    from alvh.ledger import load_key

    opened = open_ledger(ledger)
    proposed = _proposed(standing(opened, now()), version)
    after = record_signature(opened, proposed.sha256, load_key(key), now())
    if as_json:
        say_json(_outcome(proposed, after))
    else:
        _say_outcome(proposed, after)


def _rules(before: "Standing", hedge: str | None, condors: str | None) -> tuple[Any, Any]:
    from alvh.policy import load_policy, load_programme

    if before.version is None and (hedge is None or condors is None):
        raise GovernanceError("the first version needs --hedge and --condors")
    return (
        load_policy(hedge) if hedge else before.hedge,
        load_programme(condors) if condors else before.condors,
    )


def _charter(before: "Standing", file: Path | None, signer: "SigningKey") -> "Charter":
    """Return the charter of a file, or that in force, or one of the signer alone."""
    from pydantic import ValidationError

    from alvh.desk.versions import Charter
    from alvh.policy.source import read_source

    if file is None:
        alone = Charter(keys={"owner": signer.public})
        return before.version.charter if before.version else alone
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise PolicyError(f"{file}: is no UTF-8 text; save it as such") from None  # it shows bytes
    values = read_source(text, str(file)).values
    try:
        return Charter.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(f"{_place(one['loc'])}: {one['msg']}" for one in error.errors())
        raise PolicyError(
            f"{file}: {faults}; wanted keys, signatures, notice_days, caps"
        ) from error


def _place(keys: tuple[int | str, ...]) -> str:
    return ".".join(map(str, keys)) or "charter"


def _proposed(now: "Standing", digits: str) -> "Version":
    found = [one.version for one in now.proposals if one.version.sha256.startswith(digits)]
    if len(digits) < FEWEST_DIGITS or len(found) != 1:
        known = ", ".join(one.version.sha256[:12] for one in now.proposals) or "none"
        raise GovernanceError(
            f"{digits!r} names {len(found)} proposed versions; wanted one, by {FEWEST_DIGITS} "
            f"digits or more; proposed: {known}"
        )
    return found[0]


def _outcome(version: "Version", after: "Standing") -> dict[str, Any]:
    waiting = [one for one in after.proposals if one.version.sha256 == version.sha256]
    return {
        "version": version.sha256,
        "policy_hash": version.hedge_hash,
        "programme_hash": version.condors_hash,
        "signers": waiting[0].signers if waiting else (),
        "in_force": after.version == version,
        "effective": waiting[0].effective if waiting else None,
    }


def _say_outcome(version: "Version", after: "Standing") -> None:
    from alvh.desk.moments import in_chicago
    from alvh.desk.summaries import rules_line, state_line

    found = _outcome(version, after)
    if found["in_force"]:
        say(f"in force: {rules_line(after)}")
        say(state_line(after))
    elif found["effective"]:
        say(f"version {version.sha256} takes effect at {in_chicago(found['effective'])}")
    else:
        say(f"version {version.sha256} has {len(found['signers'])} signatures and needs more")
