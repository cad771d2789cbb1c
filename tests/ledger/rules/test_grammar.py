"""Policies as people write them: what may stand where, refused with its place; and the schema says the same."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.rules import grammar
from ledger.rules.grammar import PolicyError, parse
from ledger.rules.policy import All, Approvals, AtLeast, CriteriaMet, rule_words
from ledger.rules.schema import schema

ASK = {"approvals": {"count": 1, "roles": ["risk"]}}


def policy(**transition: Any) -> dict[str, Any]:
    return {"policy": "models", "transitions": [{"to": "prod", "require": ASK, **transition}]}


def test_what_a_policy_says() -> None:
    found = parse(
        policy(
            **{"from": "staging"},
            tiers=["tier_1"],
            require={"all": [ASK, {"any": [{"criteria": "met"}, {"document": "model_card"}]}]},
            sla="36h",
            expires="2w",
            unapproved_slice=0.1,
        )
    )
    [rule] = found.rules
    assert (rule.to, rule.came_from, rule.tiers, rule.kinds) == (("prod",), ("staging",), ("tier_1",), ("model",))
    assert (rule.sla, rule.expires, rule.unapproved_slice) == (36 * 3600, 14 * 86400, 0.1)
    assert isinstance(rule.require, All)
    ask, either = rule.require.of
    assert ask == Approvals(1, ("risk",))
    assert isinstance(either, AtLeast)
    assert (either.least, either.of[0]) == (1, CriteriaMet())
    assert rule_words(rule) == (
        "1 approval by risk and (the acceptance criteria set beforehand are met or a model card is attached) and it stood "
        "in staging before prod of tier_1; neither an author nor the requester may sign; an answer is due within 36 hours; "
        "a request expires after 2 weeks"
    )


def test_a_time_to_acknowledge_alerts_stands_alone() -> None:
    [rule] = parse({"policy": "models", "transitions": [{"to": "alert", "sla": "2d"}]}).rules
    assert (rule.to, rule.sla, rule.require) == (("alert",), 2 * 86400, None)
    assert rule_words(rule) == "an alert is acknowledged within 2 days"


REFUSED: list[tuple[Any, tuple[Any, ...], str]] = [
    (None, (), "must be a mapping"),
    ({"transitions": []}, (), "lacks 'policy'"),
    ({"policy": "a b", "transitions": [1]}, ("policy",), "cannot be a policy's name"),
    ({"policy": "m", "transitions": []}, ("transitions",), "an empty one proves nothing"),
    ({"policy": "m", "transition": []}, ("transition",), "did you mean 'transitions'"),
    (policy(sla="2 days"), ("transitions", 0, "sla"), "write 90m, 36h, 2d or 1w"),
    (policy(sla="3d", expires="2d"), ("transitions", 0, "sla"), "after the request has expired"),
    (policy(require={"criteria": "met"}, sla="3d"), ("transitions", 0, "sla"), "requires none"),
    ({"policy": "m", "transitions": [{"to": "alert"}]}, ("transitions", 0), "requires nothing"),
    (
        {"policy": "m", "transitions": [{"to": "alert", "sla": "2d", "expires": "1w"}]},
        ("transitions", 0, "sla"),
        "none",
    ),
    ({"policy": "m", "transitions": [{"to": ["alert", "prod"], "sla": "2d"}]}, ("transitions", 0, "sla"), "none"),
    (policy(require={"all": []}), ("transitions", 0, "require", "all"), "an empty one proves nothing"),
    (policy(require={"any": []}), ("transitions", 0, "require", "any"), "an empty one proves nothing"),
    (policy(require={}), ("transitions", 0, "require"), "exactly one of"),
    (policy(require={"all": [ASK], "any": [ASK]}), ("transitions", 0, "require"), "exactly one of"),
    (policy(require={"al": [ASK]}), ("transitions", 0, "require", "al"), "did you mean 'all'"),
    (
        policy(require={"at_least": {"count": 3, "of": [ASK, ASK]}}),
        ("transitions", 0, "require", "at_least", "count"),
        "at least 3 of 2 can never hold",
    ),
    (
        policy(require={"approvals": {"count": 0}}),
        ("transitions", 0, "require", "approvals", "count"),
        "from 1 to 100, not 0",
    ),
    (
        policy(require={"approvals": {"count": True}}),
        ("transitions", 0, "require", "approvals", "count"),
        "not True",
    ),
    (
        policy(require={"approvals": {"count": 1, "roles": []}}),
        ("transitions", 0, "require", "approvals", "roles"),
        "an empty one proves nothing",
    ),
    (
        policy(require={"check": {"kinds": ["qualiti"]}}),
        ("transitions", 0, "require", "check", "kinds"),
        "did you mean 'quality'",
    ),
    (policy(require={"check": {}}), ("transitions", 0, "require", "check"), "by one of them"),
    (policy(require={"criteria": "set"}), ("transitions", 0, "require", "criteria"), "write met"),
    (policy(require={"owner": "boss"}), ("transitions", 0, "require", "owner"), "no RACI role"),
    (policy(**{"from": "prod"}), ("transitions", 0, "from"), "leads from prod to itself"),
    (policy(tiers=["tier_9"]), ("transitions", 0, "tiers"), "not known"),
    (policy(unapproved_slice=1.5), ("transitions", 0, "unapproved_slice"), "from 0 to 1"),
    (policy(author_may_sign="no"), ("transitions", 0, "author_may_sign"), "true or false"),
    (
        policy(automation={"identities": ["svc:x"], "when": ASK}),
        ("transitions", 0, "automation", "when"),
        "not by approvals",
    ),
    (policy(exceptions={"roles": ["risk"]}), ("transitions", 0, "exceptions"), "lacks 'at_most'"),
    ({"policy": "m", "transitions": [{"to": "prod"}]}, ("transitions", 0), "requires nothing"),
    ({**policy(), "transitions": policy()["transitions"] * 2}, ("transitions", 1), "the same as number 1"),
    ({**policy(), "access": {"delpoy": ["x"]}}, ("access", "delpoy"), "did you mean 'deploy'"),
    ({**policy(), "access": {"deploy": []}}, ("access", "deploy"), "an empty one proves nothing"),
]


@pytest.mark.parametrize(("document", "place", "said"), REFUSED, ids=[said for *_, said in REFUSED])
def test_what_is_wrong_is_named_with_its_place(document: Any, place: tuple[Any, ...], said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(document)
    assert caught.value.place == place
    assert said in str(caught.value)


def test_nesting_has_a_limit() -> None:
    condition: dict[str, Any] = ASK
    for _ in range(20):
        condition = {"all": [condition]}
    with pytest.raises(PolicyError, match="nested too deeply"):
        parse(policy(require=condition))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["policy", "transitions", "to", "require", "all", "approvals"]), inner)
        ),
        max_leaves=12,
    )
)
def test_whatever_is_written_is_read_or_refused(document: Any) -> None:
    with suppress(PolicyError):
        parse(document)


def test_the_published_schema_is_the_one_of_the_code() -> None:
    page = Path(__file__).parents[3] / "docs" / "policy.schema.json"
    assert json.loads(page.read_text(encoding="utf-8")) == schema()


def test_the_schema_knows_every_word_of_the_grammar() -> None:
    found = schema()
    assert found["$defs"]["condition"]["properties"].keys() == grammar._READERS.keys()
    text = json.dumps(found)
    for word in (*grammar.TIERS, *grammar.CHECK_KINDS, *grammar.RACI):
        assert f'"{word}"' in text
    for key in ("from", "require", "automation", "exceptions", "sla", "notify", "runs_signed", "peers_may_sign"):
        assert key in found["$defs"]["transition"]["properties"]
