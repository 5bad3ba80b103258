"""Turns what a model refuses into one line: where, which key, what it was, what is wanted."""

import difflib
from collections.abc import Iterable
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from alvh.formats import quoted
from alvh.policy.checks import REFUSAL
from alvh.policy.source import KeyPath, PolicySource

_KINDS = {
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "a text",
    "tuple_type": "a list",
    "model_type": "lines of `key: value`",
    "finite_number": "a finite number",
}
_BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")
_LONGEST_VALUE = 60


def explain(error: ValidationError, source: PolicySource, model: type[BaseModel]) -> str:
    """Say in one line what is wrong with a policy file, beginning with its first bad line.

    Parameters
    ----------
    error : pydantic.ValidationError
        What the model refused.
    source : PolicySource
        The file.
    model : type of pydantic.BaseModel
        The model that refused it.

    Returns
    -------
    str
        ``file:line: key is …; wanted …; remedy``, with the number of further problems, if any.
    """
    problems = sorted(
        (_problem(details, source, model) for details in error.errors()), key=lambda found: found[0]
    )
    line, sentence = problems[0]
    more = len(problems) - 1
    tail = f" (and {more} more problem{'s' if more > 1 else ''} below)" if more else ""
    return f"{source.label}:{line}: {sentence}{tail}"


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to one that may be a typing error.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What may be written.

    Returns
    -------
    str or None
        The nearest word, or None where nothing is near.
    """
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), None)


def key_text(path: KeyPath) -> str:
    """Write a key path as it is read aloud, ``layers[1].delta``.

    Parameters
    ----------
    path : KeyPath
        Keys and list positions from the root.

    Returns
    -------
    str
        The path, list positions from 0 in brackets.
    """
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).lstrip(".")


def _problem(
    details: ErrorDetails, source: PolicySource, model: type[BaseModel]
) -> tuple[int, str]:
    path: KeyPath = details["loc"]
    if details["type"] == REFUSAL:
        context = details["ctx"]
        path += tuple(int(part) if part.isdigit() else part for part in context["key"].split("."))
        was = "missing" if context["was"] == "None" else context["was"]
        sentence = f"is {was}; wanted {context['wanted']}; {context['remedy']}"
    elif details["type"] == "extra_forbidden":
        sentence = _unknown_key(path, model)
    else:
        sentence = _plain_problem(details, path, model)
    return source.line(path), f"{key_text(path)} {sentence}"


def _unknown_key(path: KeyPath, model: type[BaseModel]) -> str:
    owner = _model_at(model, path[:-1])
    known = list(owner.model_fields) if owner else []
    guess = closest(str(path[-1]), known)
    remedy = f"did you mean {guess}?" if guess else "remove the line"
    return f"is an unknown key; wanted one of {', '.join(known)}; {remedy}"


def _plain_problem(details: ErrorDetails, path: KeyPath, model: type[BaseModel]) -> str:
    field = _field_at(model, path)
    kind = details["type"]
    if kind == "missing":
        meaning = field.description if field else "a value"
        return f"is missing; wanted {meaning}; {_example(path, field, 'add')}"
    choices = [str(choice) for choice in _literals(field)]
    was = _value_text(details["input"], choices)
    remedy = _example(path, field, "write for example")
    if kind == "literal_error":
        guess = closest(str(details["input"]), choices)
        remedy = f"did you mean {guess}?" if guess else remedy
        return f"is {was}; wanted one of {', '.join(choices)}; {remedy}"
    if kind in _BOUNDS and field:
        return f"is {was}; wanted {_bounds(field)}; {remedy}"
    if kind in ("too_long", "too_short"):
        limit = details["ctx"]["max_length" if kind == "too_long" else "min_length"]
        bound = "at most" if kind == "too_long" else "at least"
        return f"is {was}; wanted {bound} {limit} of them; {remedy}"
    wanted = _KINDS.get(kind) or details["msg"][:1].lower() + details["msg"][1:]
    return f"is {was}; wanted {wanted}; {remedy}"


def _bounds(field: FieldInfo) -> str:
    words = {"gt": "above", "ge": "at or above", "lt": "below", "le": "at or below"}
    parts = [
        f"{word} {getattr(bound, name):g}"
        for bound in field.metadata
        for name, word in words.items()
        if hasattr(bound, name)
    ]
    return "a number " + " and ".join(parts)


def _example(path: KeyPath, field: FieldInfo | None, verb: str) -> str:
    if field is None or not field.examples:
        return "correct the line"
    names = [part for part in path if isinstance(part, str)]
    return f"{verb} `{names[-1]}: {_yaml_text(field.examples[0])}`"


def _yaml_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "{…}" if isinstance(value, dict) else str(value)


def _value_text(value: object, known: Iterable[str]) -> str:
    if value is None:
        return "empty"
    text = _yaml_text(value) if isinstance(value, bool) else quoted(value, known)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _field_at(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    """Return the field that a path names, or the list field that holds the named item."""
    names = [part for part in path if isinstance(part, str)]
    owner = _model_at(model, tuple(names[:-1]))
    return owner.model_fields.get(names[-1]) if owner and names else None


def _model_at(model: type[BaseModel] | None, path: KeyPath) -> type[BaseModel] | None:
    for part in path:
        if isinstance(part, str) and model is not None:
            field = model.model_fields.get(part)
            model = _nested(field.annotation) if field else None
    return model


def _nested(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_nested, get_args(annotation))), None)


def _literals(field: FieldInfo | None) -> tuple[object, ...]:
    return get_args(field.annotation) if field else ()
