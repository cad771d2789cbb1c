"""Reading YAML for what people write by hand: YAML 1.2's core schema, with the line of every key.

PyYAML's own schema is YAML 1.1's, where ``NO`` is false, ``12:30`` is 750, ``010`` is 8 and ``1e-3`` is text; and a
date becomes an object that JSON cannot hold. Here they are a text, a text, 10, a number, and a text. Tags, merge keys
and duplicate keys are refused: nothing but plain data comes out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.errors import InputError

if TYPE_CHECKING:
    import yaml

Place = tuple[str | int, ...]
"""Where a value stands: the keys and indices that lead to it."""

MAX_BYTES = 1 << 20
"""What people write by hand is shorter."""
_LARGEST = 2**53 - 1
"""The largest whole number that an event can hold (docs/format.md, section 1)."""
_MAX_NODES = 50_000
_MAX_DEPTH = 64
_SPECIAL = (
    (re.compile(r"~|null|Null|NULL|"), lambda text: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,308}"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"), lambda text: float(text.replace(".", ""))),
)


@dataclass(frozen=True)
class Document:
    """Plain data, and the line on which each part of it begins."""

    value: Any
    source: str
    lines: Mapping[Place, int] = field(default_factory=dict)

    def error(self, place: Place, message: str) -> InputError:
        """An error about the part at ``place``, which names the file and, where the data came from text, the line."""
        return InputError(f"{self.where(place)}: {message}")

    def where(self, place: Place) -> str:
        """The file and, where the data came from text, the line of the part at ``place`` or of what it is in."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.source + (f", line {self.lines[place]}" if place in self.lines else "")


def read(path: Path, what: str, source: str = "", hint: str = "") -> Document:
    """Read a file that holds one YAML document.

    Args:
        path: the file.
        what: what it should be, in words: ``specification``.
        source: how errors name it; its path where nothing is said.
        hint: what to do where there is none, in words.

    Raises:
        InputError: it is not there, cannot be read, is larger than 1 MiB, is not UTF-8 text, or no YAML; the line is named.
    """
    source = source or str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        if hint and isinstance(error, FileNotFoundError):
            raise InputError(f"{path} is not there; {hint}") from None
        raise InputError(f"the {what} {path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{source} is larger than 1 MiB; is it a {what}?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{source}, line {line}: the {what} is not UTF-8 text; save it as UTF-8") from None
    return load(text, source)


def load(text: str, source: str) -> Document:
    """Read one YAML document.

    Args:
        text: the YAML.
        source: the file's name, for errors.

    Raises:
        InputError: it is no YAML, or more than plain data; the line is named.
    """
    import yaml

    try:
        depth = 0
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            where = f"{source}, line {token.start_mark.line + 1}"
            if isinstance(token, yaml.TagToken):
                raise InputError(f"{where}: tags (!{token.value[1]}) are not known here; write plain values")
            depth += isinstance(token, _opening(yaml)) - isinstance(token, _closing(yaml))
            if depth > _MAX_DEPTH:  # what is deeper takes time with the square of its depth
                raise InputError(f"{where}: too deeply nested; {_MAX_DEPTH} levels are the most")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{source}{where}: {error.problem or error.context}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{source}: {' '.join(str(error).split())}") from None
    reader = _Reader(source)
    return Document(None if node is None else reader.value(node, ()), source, reader.lines)


def _opening(yaml: Any) -> tuple[type, ...]:
    """The tokens that begin a level."""
    starts = (yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken)
    return (*starts, yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)


def _closing(yaml: Any) -> tuple[type, ...]:
    """The tokens that end one."""
    return (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)


def scalar(text: str) -> Any:
    """The value of one plain word: ``3`` is a number, ``true`` a truth value, ``2007-01-02`` a text."""
    for pattern, convert in _SPECIAL:
        if pattern.fullmatch(text):
            return convert(text)
    return text


class _Reader:
    def __init__(self, source: str) -> None:
        self.lines: dict[Place, int] = {}
        self._source = source
        self._nodes = 0

    def value(self, node: yaml.Node, place: Place) -> Any:
        import yaml

        self._nodes += 1
        if self._nodes > _MAX_NODES or len(place) > _MAX_DEPTH:
            raise self._error(node, "too large or too deeply nested (an alias that repeats itself?)")
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*place, index)) for index, each in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        text: str = node.value
        # A style is a quote or a block: such a value is always a text.
        found = text if node.style else scalar(text)
        if isinstance(found, int) and abs(found) > _LARGEST:
            raise self._error(node, f"{text[:40]} is too large for a whole number; quote it if it is a name")
        return found

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        import yaml

        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or not isinstance(key, str):
                raise self._error(key_node, "a key must be a plain word")
            if key == "<<":
                raise self._error(key_node, "merge keys (<<) are not known here; write the values out")
            if key in found:
                raise self._error(key_node, f"{key!r} is given twice")
            self.lines[(*place, key)] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, (*place, key))
        return found

    def _error(self, node: yaml.Node, message: str) -> InputError:
        return InputError(f"{self._source}, line {node.start_mark.line + 1}: {message}")
