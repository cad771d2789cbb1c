"""Lineage of columns: what was declared, both ways, at any moment; what nobody declared is said to be unknown."""

from __future__ import annotations

import pytest

from ledger.events.artifacts import ArtifactRegistered
from ledger.events.runs import RunCompleted, RunStarted
from ledger.events.vocabulary import Artifact
from ledger.format.hashes import digest
from ledger.projections import artifacts, columns
from ledger.projections.view import View
from tests.ledger.story import PROJECT, Story

RAW, PANEL, VIEW, MODEL = (
    f"dataset/{PROJECT}/raw@1",
    f"dataset/{PROJECT}/panel@1",
    f"feature_view/{PROJECT}/har@1",
    f"model/{PROJECT}/vol@1",
)


def made(story: Story, ref: str, sources: list[str], said: object) -> None:
    """A run that makes a version out of others, with what its registration says of columns."""
    kind, _, name = ref.partition("@")[0].split("/")
    bytes_of = digest(ref.encode())
    inputs = [Artifact(each, digest(each.encode())) for each in sources]
    run = f"make-{name}"
    summary = {"columns": said} if said is not None else {}
    if sources:
        story.record(RunStarted(run, "make", "ingest", inputs), "ada")
    story.record(ArtifactRegistered(kind, name, 1, bytes_of, 3, summary=summary, run=run if sources else None), "ada")
    if sources:
        story.record(RunCompleted(run, "ok", [Artifact(ref, bytes_of)]), "ada")


@pytest.fixture
def told(fresh: Story) -> Story:
    made(fresh, RAW, [], None)
    made(fresh, PANEL, [RAW], {"usd": [f"{RAW}#USD"], "try": [f"{RAW}#TRY", f"{RAW}#TRL", f"{RAW}#TRY"]})
    made(fresh, VIEW, [PANEL], {"rv5": [f"{PANEL}#usd", f"{PANEL}#try"], "odd": "x", "worse": [3, "no column"]})
    made(fresh, MODEL, [VIEW], None)
    return fresh


def view(story: Story) -> View:
    return story.ledger.view()


def test_back_to_the_file_and_on_to_the_features(told: Story) -> None:
    found = columns.graph(view(told), f"{PANEL}#try")
    assert {name: node.distance for name, node in found.graph.nodes.items()} == {
        f"{PANEL}#try": 0,
        f"{RAW}#TRY": -1,
        f"{RAW}#TRL": -1,
        f"{VIEW}#rv5": 1,
    }
    assert {(edge.source, edge.target) for edge in found.graph.edges} == {
        (f"{RAW}#TRY", f"{PANEL}#try"),
        (f"{RAW}#TRL", f"{PANEL}#try"),
        (f"{PANEL}#try", f"{VIEW}#rv5"),
    }
    assert found.unknown == ()
    assert found.graph.nodes[f"{VIEW}#rv5"].label == "har v1 rv5"


def test_a_few_steps_only(told: Story) -> None:
    assert set(columns.graph(view(told), f"{VIEW}#rv5", up=1, down=0).graph.nodes) == {
        f"{VIEW}#rv5",
        f"{PANEL}#usd",
        f"{PANEL}#try",
    }
    assert set(columns.graph(view(told), f"{VIEW}#rv5", up=0).graph.nodes) == {f"{VIEW}#rv5"}
    assert len(columns.graph(view(told), f"{RAW}#USD").graph.nodes) == 3


def test_what_nobody_declared_is_unknown_and_a_source_is_not(told: Story) -> None:
    assert columns.graph(view(told), f"{MODEL}#beta").unknown == (f"{MODEL}#beta",)
    assert columns.graph(view(told), f"{PANEL}#new").unknown == (f"{PANEL}#new",)
    assert columns.graph(view(told), f"{RAW}#USD").unknown == ()


def test_at_a_past_moment(told: Story) -> None:
    panel = artifacts.get(view(told), PANEL)
    assert panel is not None
    then = View(view(told).connection, panel.seq)
    assert set(columns.graph(then, f"{RAW}#USD", up=0).graph.nodes) == {f"{RAW}#USD"}, "the run had not ended"
    assert f"{VIEW}#rv5" not in columns.graph(then, f"{PANEL}#usd").graph.nodes


def test_what_is_no_declaration_is_passed_over(told: Story) -> None:
    found = artifacts.get(view(told), VIEW)
    assert found is not None
    assert columns.declared(found) == {"rv5": (f"{PANEL}#usd", f"{PANEL}#try"), "worse": ()}
