"""A policy file as text: its values, the line of every key, and the source beside every number.

Only a plain subset of YAML is read: one mapping, no anchors, no tags, no duplicate keys. What is
read is what the eye sees.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from alvh.errors import PolicyError
from alvh.formats import hushed, quoted

KeyPath = tuple[str | int, ...]

_SOURCE = re.compile(r"#\s*source:\s*(\S.*?)\s*$")


@dataclass(frozen=True)
class PolicySource:
    """What one policy file says and where it says it.

    Attributes
    ----------
    label : str
        How the file is named in messages.
    text : str
        The file as it is.
    values : mapping of str to object
        Plain values, nested.
    lines : mapping of KeyPath to int
        Line of every key, from 1.
    origins : mapping of KeyPath to str
        Text of the trailing ``# source:`` comment of every leaf that has one.
    """

    label: str
    text: str
    values: Mapping[str, object]
    lines: Mapping[KeyPath, int]
    origins: Mapping[KeyPath, str]

    def line(self, path: KeyPath) -> int:
        """Return the line of a key, or of the nearest enclosing one that is in the file.

        Parameters
        ----------
        path : KeyPath
            Keys and list positions from the root.

        Returns
        -------
        int
            Line number, from 1.
        """
        for depth in range(len(path), 0, -1):
            if path[:depth] in self.lines:
                return self.lines[path[:depth]]
        return 1


def read_source(text: str, label: str) -> PolicySource:
    """Parse the text of a policy file.

    Parameters
    ----------
    text : str
        YAML.
    label : str
        How the file is named in messages.

    Returns
    -------
    PolicySource
        Values, lines and sources.

    Raises
    ------
    PolicyError
        If the text is not YAML of the plain subset.
    """
    try:
        node = _compose(text, label)
        reader = _Reader(text, label)
        values = reader.read(node, ())
    except yaml.YAMLError as error:
        raise PolicyError(_syntax_message(error, text, label)) from None  # it shows the line
    except RecursionError as error:
        raise PolicyError(
            f"{label}: is nested too deeply to be a policy; write plain keys and lists"
        ) from error
    if not isinstance(values, dict):
        raise PolicyError(
            f"{label}:1: the file is {_shown(values)}; wanted lines of `key: value`; "
            "start with `name: my-policy`"
        )
    return PolicySource(label, text, values, reader.lines, reader.origins)


def _compose(text: str, label: str) -> yaml.Node:
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, (yaml.AnchorToken, yaml.AliasToken)):
            raise PolicyError(
                f"{label}:{token.start_mark.line + 1}: an anchor or alias ({quoted(token.value)}); "
                "wanted plain values; write the values out"
            )
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        raise PolicyError(
            f"{label}:1: the file is empty; wanted lines of `key: value`; "
            "start from a preset, shown by `alvh policy show`"
        )
    return node


class _Reader:
    """Walks the node tree once, noting lines and source comments on the way."""

    def __init__(self, text: str, label: str) -> None:
        self.label = label
        self.rows = text.splitlines()
        self.lines: dict[KeyPath, int] = {}
        self.origins: dict[KeyPath, str] = {}
        self._loader = yaml.SafeLoader("")

    def read(self, node: yaml.Node, path: KeyPath) -> object:
        if isinstance(node, yaml.MappingNode):
            return {key: self.read(value, (*path, key)) for key, value in self._pairs(node, path)}
        if isinstance(node, yaml.SequenceNode):
            return [self._item(child, (*path, place)) for place, child in enumerate(node.value)]
        self._note_origin(node, path)
        return self._scalar(node, path)

    def _scalar(self, node: yaml.Node, path: KeyPath) -> object:
        try:
            return self._loader.construct_object(node)
        except (ValueError, LookupError, OverflowError):
            key = str(path[-1]) if path else "the file"
            kind = quoted(node.tag.rpartition(":")[2]).strip("'")
            raise PolicyError(
                f"{self.label}:{node.start_mark.line + 1}: {key} is {quoted(node.value)}, which "
                f"reads as {kind} but is none; wanted a plain value; quote it if it is a text"
            ) from None

    def _item(self, node: yaml.Node, path: KeyPath) -> object:
        self.lines[path] = node.start_mark.line + 1
        return self.read(node, path)

    def _pairs(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, yaml.Node]]:
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise PolicyError(f"{self.label}:{line}: a key is a list or mapping; wanted a word")
            key = " ".join(str(key_node.value).split())  # a message stays one line
            if (*path, key) in self.lines:
                raise PolicyError(
                    f"{self.label}:{line}: {key} is given twice, first on line "
                    f"{self.lines[*path, key]}; wanted once; remove one of them"
                )
            self.lines[*path, key] = line
            yield key, value_node

    def _note_origin(self, node: yaml.Node, path: KeyPath) -> None:
        if node.end_mark.line < len(self.rows):
            found = _SOURCE.search(self.rows[node.end_mark.line][node.end_mark.column :])
            if found:
                self.origins[path] = found[1]


def _syntax_message(error: yaml.YAMLError, text: str, label: str) -> str:
    mark = getattr(error, "problem_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark else text.count("\n", 0, position or 0) + 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    return (
        f"{label}:{line}: cannot be read as YAML ({hushed(' '.join(str(problem).split()))}); "
        "wanted lines "
        "of `key: value`; look at this line and the one before it"
    )


def _shown(value: object) -> str:
    return "a list" if isinstance(value, list) else quoted(value)
