"""Random facts of every type in the vocabulary, made from the types of their fields."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

import msgspec
from hypothesis import strategies as st

from ledger.events import VOCABULARY, Fact

NAMES = ["a", "b", "fx-vol", "svc:monitor"]
REFS = ["dataset/fx/a@1", "dataset/fx/a@2", "model/fx/b@1", "model/other/b@1", "run/a", "deployment/a"]
DIGESTS = [f"sha256:{digit * 64}" for digit in "0f"]

_TEXTS: dict[str, list[str]] = {
    "sha256": DIGESTS,
    "ref": REFS,
    "artifact": ["dataset/fx/a", "model/fx/b"],
    "feature_view": ["feature_view/fx/vol"],
    "kind": ["dataset", "model", "drift"],
    "transition": ["prod", "staging"],
    "to_stage": ["production", "staging"],
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def of(type_: type[Fact]) -> st.SearchStrategy[Fact]:
    """Any fact of one type."""
    return _struct(type_)


def any_fact(*, but: typing.Collection[str] = ()) -> st.SearchStrategy[Fact]:
    """Any fact of any type but those named."""
    return st.one_of([of(type_) for name, type_ in sorted(VOCABULARY.items()) if name not in but])


def _struct(type_: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(type_)
    return st.builds(type_, **{name: _field(name, hints[name]) for name in type_.__struct_fields__})


def _field(name: str, hint: Any) -> st.SearchStrategy[Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([_field(name, each) for each in arguments])
    if origin is Literal:
        return st.sampled_from(arguments)
    if name == "administrators":
        return st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(NAMES), "key": st.sampled_from(NAMES)}), max_size=2
        )
    if origin is list:
        return st.lists(_field("", arguments[0]), max_size=3)
    if origin is dict:
        if name == "metrics":
            return st.dictionaries(st.sampled_from(NAMES), _field("", float), max_size=3)
        return st.dictionaries(st.text(max_size=5), _field("", arguments[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint)
    return _plain(name, hint)


def _plain(name: str, hint: Any) -> st.SearchStrategy[Any]:
    known: dict[Any, st.SearchStrategy[Any]] = {
        Any: json_values,
        type(None): st.none(),
        bool: st.booleans(),
        int: st.integers(0, 5) if name in ("version", "request") else st.integers(0, 2**40),
        float: st.floats(0, 1) if name == "slice" else st.floats(-1e15, 1e15),
        str: st.sampled_from(_TEXTS.get(name, NAMES)) if name else st.sampled_from(NAMES) | st.text(max_size=8),
    }
    return known[hint]
