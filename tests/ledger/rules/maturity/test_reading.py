"""The model is data: shipped, changed by a workspace, and refused with line and reason where it names what does not exist."""

from __future__ import annotations

import pytest

from ledger.errors import InputError
from ledger.events import VOCABULARY
from ledger.projections.evidence import TYPES
from ledger.rules.maturity import reading
from ledger.rules.maturity.model import TRACKS
from ledger.rules.maturity.proving import reads

EXTENDS = "extends: assay/maturity-model/1\n"


def criterion(proof: str, window: str = "P30D", more: str = "") -> str:
    return (
        f"{EXTENDS}tracks:\n  data:\n    L1:\n    - id: D1.9\n      need: something\n"
        f"      window: {window}\n      proof: {proof}\n{more}"
    )


def test_the_shipped_model_stands_on_types_that_exist() -> None:
    types = {t for each in reading.shipped().criteria for t in reads(each.proof).types}
    assert types <= VOCABULARY.keys()
    assert set(TYPES) <= VOCABULARY.keys()


def test_every_level_of_every_track_has_criteria() -> None:
    shipped = reading.shipped()
    assert {(each.track, each.level) for each in shipped.criteria} == {(t, n) for t in TRACKS for n in range(5)}
    assert all(each.do and each.need and each.src for each in shipped.criteria)


def test_every_capability_stands_for_criteria() -> None:
    assert all(reading.shipped().capabilities.values())


def test_a_workspace_changes_what_it_names() -> None:
    said = criterion("{exists: {type: check.executed, where: {kind: staleness}}}")
    own = reading.read(
        said + "without: [C3.6]\nwindows: {tier: {tier_1: P60D}}\npacks: [provenance]\n", "maturity.yaml"
    )
    ids = [each.id for each in own.criteria]
    assert "D1.9" in ids
    assert "C3.6" not in ids
    assert "M4.5" in ids
    assert own.tiers["tier_1"].spelled == "P60D"
    assert own.tiers["tier_3"].spelled == "P365D"
    assert own.digest != reading.shipped().digest
    assert reading.rebuilt(own.document, "again").digest == own.digest


def test_a_known_id_takes_the_shipped_one_s_place() -> None:
    said = criterion("{exists: {type: check.executed}}").replace("D1.9", "D1.1")
    own = reading.read(said, "maturity.yaml")
    assert len(own.criteria) == len(reading.shipped().criteria)
    assert next(each for each in own.criteria if each.id == "D1.1").need == "something"


def test_a_model_of_its_own() -> None:
    text = (
        "schema: assay/maturity-model/1\nwindows: {verified: P7D, tier: {tier_1: P1D, tier_2: P2D, tier_3: P3D}}\n"
        "tracks: {data: {L0: [{id: A, need: n, window: ever, proof: {exists: {type: run.started}}}]}}\n"
    )
    own = reading.read(text, "m")
    assert [each.id for each in own.criteria] == ["A"]


WRONG = [
    (criterion("{exists: {type: tea.made}}"), r"line 8: D1.9: the event type 'tea.made' does not exist"),
    (criterion("{exists: {type: person.left}}"), r"line 8: .*does not exist"),
    (criterion("{exists: {type: alias.moved}}"), r"line 8: .*'alias.moved' cannot be evidence"),
    (criterion("{exists: {type: run.started}}", "P3W"), r"line 7: 'P3W' is no window; say ever, tier, P90D"),
    (criterion("{exists: {type: run.started}}", "tier"), r"line 7: D1.9: a window by tier needs evidence of versions"),
    (criterion("{every: {of: teapots, has: {type: run.started}}}"), r"line 8: D1.9: there is no set 'teapots'"),
    (criterion("{sometimes: {type: run.started}}"), r"line 8: D1.9: there is no proof 'sometimes'"),
    (
        criterion("{exists: {type: run.started, where: {a: $wishful}}}"),
        r"line 8: D1.9: there is no condition '\$wishful'",
    ),
    (criterion("{exists: {type: run.started, where: {a: $past}}}"), r"there is no condition '\$past' here"),
    (criterion("{exists: {type: run.started, where: {before: $first_use}}}"), r"before is .* and stands in `has`"),
    (criterion("{exists: {type: run.started, where: {a: {$any: [1]}}}}"), r"\{\$all: \[\.\.\.\]\}, once"),
    (criterion("{exists: {type: run.started, whre: {}}}"), r"line 8: D1.9: exists has no 'whre'"),
    (criterion("{exists: {type: run.started, min: 0}}"), r"min is a number from 1 on"),
    (criterion("{none: {type: run.started}}"), r"none needs conditions under `violating`"),
    (
        criterion("{pair: {first: {type: run.started}, then: {type: run.completed}, within: P1D}}"),
        r"answered by nothing",
    ),
    (
        criterion("{pair: {first: {type: alert.raised}, then: {type: alert.acknowledged}, within: soon}}"),
        r"no time to answer",
    ),
    (
        criterion("{ratio: {of: models, has: {type: run.started}, at_least: 2}}"),
        r"at_least is a share above 0, up to 1",
    ),
    (criterion("{ratio: {of: models, has: {type: run.started}, at_least: 1, grace: P3D}}"), r"grace is a time"),
    (criterion("{distinct: {type: run.started, min: 2}}"), r"distinct needs a field"),
    (criterion("{distinct: {type: run.started, field: team, by: mood}}"), r"'mood' is nothing to group by"),
    (
        criterion("{exists: {type: monitor.observed, where: {value: 1}}}"),
        r"of an observation nothing but monitor, kind",
    ),
    (criterion("{all_of: []}"), r"all_of is a list of proofs that is not empty"),
    (criterion("{every: {of: models}}"), r"what the elements must have is missing"),
    (
        criterion("{exists: {type: run.started}}", more="      automated: maybe\n"),
        r"line 9: D1.9: automated is true or false",
    ),
    (criterion("{exists: {type: run.started}}", more="      colour: red\n"), r"line 9: a criterion has no 'colour'"),
    (f"{EXTENDS}without: [D9.9]\n", r"line 2: there is no criterion 'D9.9' to leave out"),
    (f"{EXTENDS}packs: [tea]\n", r"line 2: there is no pack 'tea'; there is provenance"),
    (f"{EXTENDS}colour: red\n", r"line 2: the model has no 'colour'"),
    (f"{EXTENDS}packs: [[]]\n", r"line 2: packs must be a list of names"),
    (f"{EXTENDS}packs: provenance\n", r"line 2: packs must be a list of names"),
    (f"{EXTENDS}without: 7\n", r"line 2: without must be a list of names"),
    (f"{EXTENDS}windows: soon\n", r"line 2: windows must be a mapping, not 'soon'"),
    (f"{EXTENDS}windows:\n  tier: [1]\n", r"line 3: tier must be a mapping"),
    (f"{EXTENDS}windows:\n  tier:\n    tier_1: 9\n", r"line 4: '?9'? is no window; say P90D or PT4H"),
    (f"{EXTENDS}windows:\n\n  verified: soon\n", r"line 4: 'soon' is no window"),
    (f"{EXTENDS}windows:\n  tier: {{tier_9: P1D}}\n", r"line 3: windows.tier has no 'tier_9'"),
    (f"{EXTENDS}capabilities: true\n", r"line 2: capabilities must be a mapping"),
    (f"{EXTENDS}capabilities:\n  a: b\n", r"line 3: the capability a is a list of criteria"),
    (f"{EXTENDS}tracks: [data]\n", r"line 2: tracks must be a mapping"),
    (f"{EXTENDS}tracks:\n  data:\n    L1: [7]\n", r"data L1 must be a list of criteria, each a mapping with an id"),
    (f"{EXTENDS}tracks: {{people: {{}}}}\n", r"line 2: there is no track 'people'"),
    (f"{EXTENDS}tracks:\n  data:\n    L9: []\n", r"line 4: 'L9' is no level"),
    (f"{EXTENDS}windows: {{tier: {{tier_1: soon}}}}\n", r"'soon' is no window; say P90D or PT4H"),
    (f"{EXTENDS}packs: [a]\npacks: [b]\n", r"line 3: 'packs' stands here twice"),
    ("extends: assay/maturity-model/9\n", r"line 1: this program knows assay/maturity-model/1"),
    ("[]\n", r"line 1: a model is a mapping"),
    ("", r"line 1: a model is a mapping"),
    ("tracks: {}\n", r"line 1: a model says `schema: assay/maturity-model/1`"),
    ("a: [1\n", r"maturity.yaml, line 2: "),
    ("a: !!python/object:os.system {}\n", r"maturity.yaml"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=lambda each: each[-40:] if len(each) > 40 else each)
def test_what_does_not_exist_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        reading.read(text, "maturity.yaml")
    assert "\n" not in str(raised.value)
