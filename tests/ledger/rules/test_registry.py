"""What may be registered and run: immutable versions, known inputs, runs that begin before they end."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import Refused
from ledger.events import VOCABULARY
from ledger.events.approvals import ApprovalRequested
from ledger.events.artifacts import AliasMoved, ArtifactRegistered, ArtifactRetired
from ledger.events.documents import DocumentAttached
from ledger.events.ledgers import LedgerCreated
from ledger.events.runs import RunCompleted, RunStarted
from ledger.events.vocabulary import Artifact
from ledger.format.hashes import digest
from ledger.rules import RULES
from tests.ledger.story import PROJECT, Story

DATA = f"dataset/{PROJECT}/rates"
ONE = digest(b"one")


@pytest.fixture
def registered(fresh: Story) -> Story:
    assert fresh.register("dataset", "rates", "one") == f"{DATA}@1"
    return fresh


def refuse(story: Story, fact: Any, subject: str | None = None, **more: Any) -> str:
    size = story.ledger.size
    with pytest.raises(Refused) as caught:
        story.record(fact, "ada", subject, **more)
    assert story.ledger.size == size
    return "; ".join(gap.what for gap in caught.value.missing)


def version(number: int = 2, kind: str = "dataset", name: str = "rates", sha256: str = ONE) -> ArtifactRegistered:
    return ArtifactRegistered(kind, name, number, sha256, 3)


class TestArtifacts:
    @pytest.mark.parametrize("number", [0, 1, 3, -1, 99])
    def test_versions_count_up_and_are_never_given_twice(self, registered: Story, number: int) -> None:
        assert refuse(registered, version(number)) == f"the next version of {DATA} is 2"

    def test_the_same_bytes_again_are_a_new_version(self, registered: Story) -> None:
        registered.record(version(2), "ada")

    def test_a_new_name_begins_at_1(self, registered: Story) -> None:
        assert "is 1" in refuse(registered, version(2, name="other"))
        assert "is 1" in refuse(registered, version(2, kind="model"))
        registered.record(version(1, kind="model"), "ada")

    @pytest.mark.parametrize(
        ("fact", "message"),
        [
            (version(kind="song"), "'song' is no kind of artifact; the kinds are code, config, dataset"),
            (version(1, name="a/b"), "'a/b' cannot name an artifact"),
            (version(1, name="a@2"), "'a@2' cannot name an artifact"),
            (version(1, name=""), "'' cannot name an artifact"),
            (version(sha256="sha256:1234"), "'sha256:1234' is no digest"),
            (version(sha256=ONE.upper()), "is no digest; it is sha256: and 64 hex digits"),
        ],
    )
    def test_what_cannot_be_registered(self, registered: Story, fact: Any, message: str) -> None:
        assert message in refuse(registered, fact, "dataset/x/y@1")

    def test_a_home_is_needed(self, registered: Story) -> None:
        said = refuse(registered, version(1), "dataset/x/rates@1", project=None)
        assert "an artifact needs a project to be at home in" in said

    def test_the_subject_names_the_version(self, registered: Story) -> None:
        assert "does not name the version that the value registers" in refuse(registered, version(2), f"{DATA}@3")

    def test_an_alias_of_nothing(self, registered: Story) -> None:
        assert refuse(registered, AliasMoved(DATA, "champion", 7)) == f"{DATA}@7 is not registered"
        registered.record(AliasMoved(DATA, "champion", 1), "ada")


class TestRetirement:
    def test_what_is_retired_was_registered_and_is_retired_once(self, registered: Story) -> None:
        assert refuse(registered, ArtifactRetired(f"{DATA}@2", "old")) == f"{DATA}@2 is not registered"
        gone = refuse(registered, ArtifactRetired(f"{DATA}@1", "old", f"{DATA}@7"))
        assert gone == f"{DATA}@7, which is to take its place, is not registered"
        itself = refuse(registered, ArtifactRetired(f"{DATA}@1", "old", f"{DATA}@1"))
        assert itself == f"{DATA}@1 cannot take its own place"
        registered.record(ArtifactRetired(f"{DATA}@1", "old"), "ada")
        assert refuse(registered, ArtifactRetired(f"{DATA}@1", "old")) == f"{DATA}@1 is retired already"


class TestDocuments:
    def test_a_document_is_about_what_is_registered_and_has_a_digest(self, registered: Story) -> None:
        card = DocumentAttached("data_source", ONE)
        assert refuse(registered, card, f"{DATA}@2") == f"{DATA}@2 is not registered"
        assert refuse(registered, DocumentAttached("data_source", "x"), f"{DATA}@1").startswith("'x' is no digest")
        registered.record(card, "ada", f"{DATA}@1")
        registered.record(card, "ada", f"project/{PROJECT}")


class TestRuns:
    def test_a_name_is_new(self, registered: Story) -> None:
        registered.record(RunStarted("r1", "train", "training"), "ada")
        assert refuse(registered, RunStarted("r1", "other", "training")) == "run/r1 was started before"

    @pytest.mark.parametrize(
        ("item", "message"),
        [
            (Artifact(f"{DATA}@9", ONE), f"{DATA}@9 is not registered"),
            (Artifact(f"{DATA}@1", digest(b"two")), f"{DATA}@1 has the digest {ONE}, not {digest(b'two')}"),
        ],
    )
    def test_inputs_and_outputs_are_known_by_their_bytes(self, registered: Story, item: Artifact, message: str) -> None:
        assert refuse(registered, RunStarted("r1", "train", "training", [item])) == f"the input {message}"
        registered.record(RunStarted("r1", "train", "training"), "ada")
        assert refuse(registered, RunCompleted("r1", "ok", [item])) == f"the output {message}"

    def test_an_end_has_a_beginning_and_there_is_one(self, registered: Story) -> None:
        assert refuse(registered, RunCompleted("r1", "ok")) == "run/r1 was never started"
        registered.record(RunStarted("r1", "train", "training"), "ada")
        end = registered.record(RunCompleted("r1", "failed"), "ada").seq
        assert refuse(registered, RunCompleted("r1", "ok")) == f"run/r1 has ended before, at event {end}"

    def test_no_cycles(self, registered: Story) -> None:
        item = Artifact(f"{DATA}@1", ONE)
        registered.record(RunStarted("r1", "train", "training", [item]), "ada")
        assert refuse(registered, RunCompleted("r1", "ok", [item])) == (
            f"{DATA}@1 is an input of run/r1 and cannot be its output: lineage has no cycles"
        )

    def test_no_cycles_through_other_runs(self, registered: Story) -> None:
        """What came from a version cannot be what it comes from, however many runs lie between."""
        first = Artifact(f"{DATA}@1", ONE)
        registered.record(RunStarted("r1", "train", "training", [first]), "ada")
        registered.record(ArtifactRegistered("model", "between", 1, digest(b"between"), 7), "ada")
        between = Artifact("model/fx-hedging/between@1", digest(b"between"))
        registered.record(RunCompleted("r1", "ok", [between]), "ada")
        registered.record(RunStarted("r2", "train", "training", [between]), "ada")
        assert refuse(registered, RunCompleted("r2", "ok", [first])) == (
            f"run/r2 comes from {DATA}@1, which cannot be its output: lineage has no cycles"
        )


class TestRequests:
    def test_about_registered_bytes(self, registered: Story) -> None:
        fact = ApprovalRequested("prod", ["risk"], digest(b"two"))
        assert refuse(registered, fact, f"{DATA}@9") == f"{DATA}@9 is not registered"
        assert refuse(registered, fact, f"{DATA}@1") == f"{DATA}@1 has the digest {ONE}, not {digest(b'two')}"

    def test_nobody_is_asked(self, registered: Story) -> None:
        said = refuse(registered, ApprovalRequested("prod", [], ONE), f"{DATA}@1")
        assert said == "a request names the roles that may decide; an empty list would prove nothing"


def test_a_ledger_is_created_once(fresh: Story) -> None:
    fact = LedgerCreated("example.com/x", "key", [], "system")
    assert refuse(fresh, fact) == "a ledger is created by its first event, and only once"


def test_rules_speak_of_known_types_alone() -> None:
    assert RULES.keys() <= VOCABULARY.keys()
