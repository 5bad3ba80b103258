"""Finds a policy by preset name or by path, and judges it at the border."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from alvh.errors import PolicyError
from alvh.policy.explain import closest, explain
from alvh.policy.identity import diff_policies, policy_hash
from alvh.policy.models import CondorProgramme, HedgePolicy
from alvh.policy.source import PolicySource, read_source

__all__ = [
    "PolicyKind",
    "Preset",
    "diff_policies",
    "list_policies",
    "load_policy",
    "load_programme",
    "open_policy",
    "open_source",
    "policy_hash",
    "preset_names",
]

PolicyKind = Literal["hedge", "programme"]
_Model = TypeVar("_Model", HedgePolicy, CondorProgramme)

_FOLDERS: dict[PolicyKind, str] = {"hedge": "hedges", "programme": "programmes"}
_NOUNS: dict[PolicyKind, str] = {"hedge": "hedge policy", "programme": "condor programme"}
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Preset:
    """One policy that comes with the package.

    Attributes
    ----------
    name, kind, description : str
        What it is called, ``hedge`` or ``programme``, and what it is for.
    policy_hash : str
        Its identity, see :func:`alvh.policy.policy_hash`.
    """

    name: str
    kind: PolicyKind
    description: str
    policy_hash: str


def load_policy(policy: str | Path | HedgePolicy) -> HedgePolicy:
    """Load a hedge policy.

    Parameters
    ----------
    policy : str, Path or HedgePolicy
        Name of a preset, or path of a YAML file; a policy is returned as it is.

    Returns
    -------
    HedgePolicy
        The validated policy.

    Raises
    ------
    PolicyError
        If there is no such preset or file, or the file is not a valid policy; the message names
        file, line, key, what it was, what is wanted and the remedy.

    Examples
    --------
    >>> load_policy("alvh-40-40-20").sizing.budget
    0.01
    """
    if isinstance(policy, HedgePolicy):
        return policy
    if policy in _packaged("hedge"):
        return _hedge_preset(str(policy))
    return _validated(open_source(policy, "hedge"), HedgePolicy)


@cache
def _packaged(kind: PolicyKind) -> frozenset[str]:
    return frozenset(preset_names(kind))


@cache
def _hedge_preset(name: str) -> HedgePolicy:
    return _validated(open_source(name, "hedge"), HedgePolicy)


@cache
def _programme_preset(name: str) -> CondorProgramme:
    return _validated(open_source(name, "programme"), CondorProgramme)


def load_programme(programme: str | Path | CondorProgramme) -> CondorProgramme:
    """Load a condor programme.

    Parameters
    ----------
    programme : str, Path or CondorProgramme
        Name of a preset, or path of a YAML file; a programme is returned as it is.

    Returns
    -------
    CondorProgramme
        The validated programme.

    Raises
    ------
    PolicyError
        As for :func:`load_policy`.

    Examples
    --------
    >>> load_programme("monthly45").exit_days
    21
    """
    if isinstance(programme, CondorProgramme):
        return programme
    if programme in _packaged("programme"):
        return _programme_preset(str(programme))
    return _validated(open_source(programme, "programme"), CondorProgramme)


def open_policy(
    name_or_path: str | Path, kind: PolicyKind | None = None
) -> tuple[PolicySource, HedgePolicy | CondorProgramme]:
    """Load a policy of either kind together with the text it was read from.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a preset, or path of a YAML file.
    kind : {"hedge", "programme"}, optional
        What is wanted; without it a file is what it looks like, and a preset name that both
        kinds have is the hedge.

    Returns
    -------
    tuple of PolicySource and the policy
        The text with its lines and sources, and the validated value.

    Raises
    ------
    PolicyError
        As for :func:`load_policy`.
    """
    source = open_source(name_or_path, kind or _likely_kind(name_or_path))
    if kind is None:
        kind = "programme" if "kind" in source.values else "hedge"
    if kind == "hedge":
        return source, _validated(source, HedgePolicy)
    return source, _validated(source, CondorProgramme)


def list_policies() -> tuple[Preset, ...]:
    """List the presets that come with the package.

    Returns
    -------
    tuple of Preset
        Hedges, then programmes, each by name.
    """
    hedges = (load_policy(name) for name in preset_names("hedge"))
    programmes = (load_programme(name) for name in preset_names("programme"))
    found: list[Preset] = []
    found += (Preset(p.name, "hedge", p.description, policy_hash(p)) for p in hedges)
    found += (Preset(p.name, "programme", p.description, policy_hash(p)) for p in programmes)
    return tuple(found)


def preset_names(kind: PolicyKind) -> list[str]:
    """Return the names of the presets of one kind.

    Parameters
    ----------
    kind : {"hedge", "programme"}
        Which presets.

    Returns
    -------
    list of str
        Names, sorted.
    """
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in _preset_folder(kind).iterdir()
        if entry.name.endswith(".yaml")
    )


def open_source(name_or_path: str | Path, kind: PolicyKind) -> PolicySource:
    """Read a policy file, without judging it as a policy.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a preset of that kind, or path of a YAML file.
    kind : {"hedge", "programme"}
        Where to look for presets.

    Returns
    -------
    PolicySource
        Values, lines and sources.

    Raises
    ------
    PolicyError
        If there is no such preset or file, or it is not YAML.
    """
    path = _as_path(name_or_path)
    if path is not None:
        return read_source(_text_of(path), str(path))
    if name_or_path not in preset_names(kind):
        raise _unknown_preset(str(name_or_path), (kind,))
    file = _preset_folder(kind) / f"{name_or_path}.yaml"
    return read_source(file.read_text(encoding="utf-8"), f"preset {name_or_path}")


def _likely_kind(name_or_path: str | Path) -> PolicyKind:
    if _as_path(name_or_path) is not None or name_or_path in preset_names("hedge"):
        return "hedge"
    if name_or_path in preset_names("programme"):
        return "programme"
    raise _unknown_preset(str(name_or_path), ("hedge", "programme"))


def _validated(source: PolicySource, model: type[_Model]) -> _Model:
    _refuse_other_kind(source, model)
    try:
        return model.model_validate(source.values)
    except ValidationError as error:
        raise PolicyError(explain(error, source, model)) from error


def _refuse_other_kind(source: PolicySource, model: type[_Model]) -> None:
    if model is HedgePolicy and "kind" in source.values and "layers" not in source.values:
        given, wanted = _NOUNS["programme"], _NOUNS["hedge"]
    elif model is CondorProgramme and "layers" in source.values and "kind" not in source.values:
        given, wanted = _NOUNS["hedge"], _NOUNS["programme"]
    else:
        return
    raise PolicyError(
        f"{source.label}:1: the file is a {given}; wanted a {wanted}; "
        f"give it where a {given} is asked for"
    )


def _preset_folder(kind: PolicyKind) -> Traversable:
    return resources.files("alvh.policy") / "presets" / _FOLDERS[kind]


def _as_path(name_or_path: str | Path) -> Path | None:
    """Return the path that is meant, or None where a preset name is meant."""
    if isinstance(name_or_path, Path):
        return name_or_path
    looks_like_path = name_or_path.endswith(_SUFFIXES) or "/" in name_or_path
    return Path(name_or_path) if looks_like_path or "\\" in name_or_path else None


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise PolicyError(
            f"{path}: there is no such file; wanted a policy file or the name of a preset; "
            "see `alvh policy list`"
        ) from error
    except OSError as error:
        raise PolicyError(
            f"{path}: cannot be read ({error.strerror}); wanted a readable YAML file; "
            "check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise PolicyError(
            f"{path}: byte {error.start} is not UTF-8; wanted a text file; save it as UTF-8"
        ) from error


def _unknown_preset(name: str, kinds: tuple[PolicyKind, ...]) -> PolicyError:
    known = sorted({preset for kind in kinds for preset in preset_names(kind)})
    guess = closest(name, known)
    noun = " or ".join(_NOUNS[kind] for kind in kinds)
    remedy = f"did you mean {guess}?" if guess else "see `alvh policy list`"
    return PolicyError(
        f"no {noun} is called {name!r}; wanted one of {', '.join(known)}, or the path of a "
        f".yaml file; {remedy}"
    )
