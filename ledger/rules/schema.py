"""The JSON Schema (draft 2020-12) of a policy's document: what an editor needs to help while one is written."""

from __future__ import annotations

from typing import Any

from ledger.rules.grammar import CHECK_KINDS, CHECKED, DURATION, KINDS, NAME, RACI, TIERS
from ledger.rules.policy import ACTS

_WORD = {"type": "string", "pattern": f"^{NAME}$"}
_TIME = {"type": "string", "pattern": f"^{DURATION}$", "description": "90m, 36h, 2d or 1w"}
_COUNT = {"type": "integer", "minimum": 1, "maximum": 100}


def _words(item: dict[str, Any] | None = None) -> dict[str, Any]:
    one = item or _WORD
    return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}]}


def _object(required: tuple[str, ...], **members: dict[str, Any]) -> dict[str, Any]:
    named = {name.rstrip("_"): member for name, member in members.items()}
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": named}


def _conditions() -> dict[str, Any]:
    many = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/condition"}}
    kinds = {
        "all": many,
        "any": many,
        "at_least": _object(("count", "of"), count=_COUNT, of=many),
        "approvals": _object(("count",), count=_COUNT, roles=_words(), within=_TIME),
        "check": {
            **_object(
                (), kinds=_words({"enum": list(CHECK_KINDS)}), name=_WORD, within=_TIME, on={"enum": list(CHECKED)}
            ),
            "oneOf": [{"required": ["kinds"]}, {"required": ["name"]}],
        },
        "criteria": {"const": "met"},
        "document": _WORD,
        "owner": {"enum": list(RACI)},
        "reproduced": _object((), within=_TIME),
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": kinds,
    }


def schema() -> dict[str, Any]:
    """The schema as plain data. What it cannot say (a quorum larger than its role) `assay policy check` does."""
    flag = {"type": "boolean", "default": False}
    transition = _object(
        ("to",),
        to=_words(),
        from_=_words(),
        kinds=_words({"enum": list(KINDS)}),
        tiers=_words({"enum": list(TIERS)}),
        require={"$ref": "#/$defs/condition"},
        unapproved_slice={"type": "number", "minimum": 0, "maximum": 1, "default": 0},
        author_may_sign=flag,
        requester_may_sign=flag,
        peers_may_sign=flag,
        runs_signed=flag,
        sla=_TIME,
        expires=_TIME,
        notify=_words(),
        automation=_object(("identities", "when"), identities=_words(), when={"$ref": "#/$defs/condition"}),
        exceptions=_object(("roles", "at_most"), roles=_words(), at_most=_TIME),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Assay policy",
        "$defs": {"condition": _conditions(), "transition": transition},
        **_object(
            ("policy", "transitions"),
            policy=_WORD,
            title={"type": "string"},
            transitions={"type": "array", "minItems": 1, "maxItems": 200, "items": {"$ref": "#/$defs/transition"}},
            access=_object((), **{act: _words() for act in ACTS}),
            grants_signed=flag,
        ),
    }
