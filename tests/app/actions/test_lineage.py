"""Lineage as a diagram, between two moments, and what has none."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import ledger
from app.actions import diagrams, registry
from ledger.events.artifacts import AliasMoved
from ledger.projections.lineage import Edge, Graph, Node
from tests.app.actions.test_shapes import _hold
from tests.app.story import PROJECT, RUN, Shell

HOSTILE = 'dataset/p/a"];\\#<b>&`\u202e@1'
GRAPH = Graph(
    "model/p/m@1",
    {
        ref: Node(ref, ref.partition("/")[0], ref, distance)
        for ref, distance in ((HOSTILE, -2), ("run/r1", -1), ("model/p/m@1", 0), ("deployment/d1", 1))
    },
    (
        Edge(HOSTILE, "run/r1", "input", 3),
        Edge("run/r1", "model/p/m@1", "output", 4),
        Edge("model/p/m@1", "deployment/d1", "deployed", 5),
    ),
)


def test_a_graph_as_mermaid() -> None:
    assert diagrams.mermaid(GRAPH) == (
        "flowchart LR\n"
        '    n0[("dataset/p/a#34;];\\#35;#60;b#62;#38;#96;\\u{202e}@1")]\n'
        '    n1["run/r1"]\n'
        '    n2(["model/p/m@1"])\n'
        '    n3{{"deployment/d1"}}\n'
        "    n0 --> n1\n"
        "    n1 --> n2\n"
        "    n2 ==> n3\n"
        "    style n2 stroke-width:3px\n"
    )


def test_a_graph_as_dot() -> None:
    text = diagrams.dot(GRAPH)
    assert text.splitlines()[2:6] == [
        '    n0 [label="dataset/p/a\\"];\\\\#<b>&`\\\\u{202e}@1", shape=cylinder];',
        '    n1 [label="run/r1", shape=box];',
        '    n2 [label="model/p/m@1", shape=ellipse, penwidth=3];',
        '    n3 [label="deployment/d1", shape=hexagon];',
    ]
    assert text.splitlines()[6:] == ["    n0 -> n1;", "    n1 -> n2;", "    n2 -> n3 [penwidth=2];", "}"]
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=text.encode(), check=True, capture_output=True)


def test_a_diagram_goes_to_standard_output_as_it_is(shell: Shell) -> None:
    document = shell.json("lineage", "fx-vol@1", "--mermaid")
    _hold(document, registry.get("lineage").gives, "lineage")
    assert document["diagram"].startswith("flowchart LR\n")
    assert shell.ok("lineage", "fx-vol@1", "--mermaid").out == document["diagram"]
    assert shell.ok("lineage", "fx-vol@1", "--dot", "--up", "--depth", "1").out.count("label=") == 2
    assert shell("lineage", "fx-vol@1", "--dot", "--mermaid").code == 2


def test_what_came_between_two_moments_is_marked(shell: Shell) -> None:
    (started,) = shell.json("log", "--type", "run.started", "-n", "0")["events"]
    (ended,) = shell.json("log", "--type", "run.completed", "-n", "0")["events"]
    rates, model = f"dataset/{PROJECT}/ecb-rates@1", f"model/{PROJECT}/fx-vol@1"
    document = shell.json("lineage", "ecb-rates", "--since", str(started["seq"]), "--at", str(ended["seq"]))
    assert (document["since"], document["at"], document["appeared"]) == (started["seq"], ended["seq"], [model])
    before = str(started["seq"] - 1)
    assert set(shell.json("lineage", "ecb-rates", "--since", before)["appeared"]) >= {model, f"run/{RUN}"}
    assert rates in shell.json("lineage", "ecb-rates", "--since", "0")["appeared"], "it was not there at all"
    said = shell.ok("lineage", "ecb-rates", "--since", before).out
    assert f"run/{RUN}  ● new" in said
    assert "new since event" in said
    assert shell.json("lineage", "ecb-rates")["appeared"] is None
    backwards = shell("lineage", "ecb-rates", "--since", str(ended["seq"]), "--at", str(started["seq"]))
    assert backwards.code == 2
    assert "the earlier moment" in backwards.err


@pytest.fixture
def lonely(shell: Shell) -> Shell:
    (shell.root / "lonely.csv").write_text("day\n")
    shell.ok("--as", "lea", "artifact", "register", "lonely.csv", "--kind", "dataset")
    return shell


def test_a_version_that_stands_alone_is_an_orphan(lonely: Shell) -> None:
    found = {each["ref"] for each in lonely.json("orphans")["orphans"]}
    assert f"dataset/{PROJECT}/lonely@1" in found
    assert not found & {f"dataset/{PROJECT}/ecb-rates@1", f"model/{PROJECT}/fx-vol@1"}
    of_kind = lonely.json("orphans", "--kind", "dataset")["orphans"]
    assert [each["ref"] for each in of_kind] == [f"dataset/{PROJECT}/lonely@1"]
    assert lonely.json("orphans", "--project", "elsewhere")["orphans"] == []
    assert "no version stands alone" in lonely.ok("orphans", "--project", "elsewhere").out
    seq = of_kind[0]["seq"]
    assert lonely.json("orphans", "--kind", "dataset", "--at", str(seq - 1))["orphans"] == []


def test_what_a_run_used_or_made_is_no_orphan(lonely: Shell) -> None:
    (lonely.root / "code").mkdir()
    (lonely.root / "code" / "copy.py").write_text("import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])")
    (lonely.root / "copy.yaml").write_text(
        f"job: copy\ncommand: [python, copy.py, '{{inputs.a}}', '{{outputs.b}}']\ncode: code\n"
        f"inputs: {{a: dataset/{PROJECT}/lonely}}\noutputs: {{b: {{artifact: dataset/copied}}}}\n"
    )
    before = {each["ref"] for each in lonely.json("orphans")["orphans"]}
    lonely.ok("--as", "lea", "run", "copy.yaml")
    after = {each["ref"] for each in lonely.json("orphans")["orphans"]}
    assert after == before - {f"dataset/{PROJECT}/lonely@1"}, "nor are its code, configuration and runtime"


def test_the_version_that_was_taken_is_said(shell: Shell) -> None:
    assert (
        shell.ok("lineage", "fx-vol").out.splitlines()[0]
        == "fx-vol: the newest version, fx-vol@2; @challenger is fx-vol@2"
    )
    with ledger.open(shell.ledger) as book:
        book.record(AliasMoved(f"model/{PROJECT}/fx-vol", "champion", 1), actor="lea", project=PROJECT)
    first = shell.ok("lineage", "fx-vol").out.splitlines()[0]
    assert first == "fx-vol: the newest version, fx-vol@2; @challenger is fx-vol@2, @champion is fx-vol@1"
    assert shell.ok("lineage", "fx-vol@1").out.splitlines()[0].startswith(f"model/{PROJECT}/fx-vol@1")


def test_a_column_back_to_the_file(shell: Shell) -> None:
    """A specification says where its output's columns come from; what it does not say is told to be unknown."""
    (shell.root / "code").mkdir()
    (shell.root / "code" / "copy.py").write_text("import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])")
    spec = (
        "job: copy\ncommand: [python, copy.py, '{inputs.a}', '{outputs.b}']\ncode: code\n"
        "inputs: {a: dataset/ecb-rates}\n"
        "outputs: {b: {artifact: dataset/panel, path: panel.csv, columns: {usd: ['a#usd']}}}\n"
    )
    (shell.root / "copy.yaml").write_text(spec)
    shell.ok("--as", "lea", "run", "copy.yaml")
    facts = shell.json("artifact", "show", "panel")["artifact"]["facts"]
    assert (facts["rows"], [each["name"] for each in facts["summary"]["schema"]]) == (1, ["day", "usd"])
    document = shell.json("lineage", "panel#usd", "--up")
    _hold(document, registry.get("lineage").gives, "lineage")
    raw, panel = f"dataset/{PROJECT}/ecb-rates@1#usd", f"dataset/{PROJECT}/panel@1#usd"
    assert [(each["source"], each["target"], each["role"]) for each in document["edges"]] == [(raw, panel, "column")]
    assert shell.json("lineage", "ecb-rates#usd", "--down")["nodes"][1]["ref"] == panel
    assert shell.json("lineage", "panel#day")["unknown"] == [f"dataset/{PROJECT}/panel@1#day"]
    assert "nobody declared" in shell.ok("lineage", "panel#day").out
    assert "flowchart" in shell.ok("lineage", "panel#usd", "--mermaid").out
    wrong = shell("lineage", "panel#us")
    assert wrong.code == 2
    assert "did you mean 'usd'" in wrong.err
    assert shell("lineage", f"run/{RUN}#x").code == 2
    (shell.root / "copy.yaml").write_text(spec.replace("a#usd", "z#usd"))
    assert "names no input" in shell("--as", "lea", "run", "copy.yaml").err


def test_what_breaks_if_it_is_withdrawn(shell: Shell) -> None:
    shell.ok("--as", "lea", "deploy", "fx-vol@1", "--to", "staging")
    found = shell.json("lineage", "ecb-rates", "--impact")
    model = f"model/{PROJECT}/fx-vol@1"
    assert found["depending"][:2] == [f"run/{RUN}", model]
    assert [(each["subject"], each["environment"]) for each in found["live"]] == [(model, "staging")]
    assert len(found["requests"]) == 1
    said = shell.ok("lineage", "ecb-rates", "--impact").out
    assert "● live" in said or "! live" in said
    assert "nothing depends on it" in shell.ok("lineage", "fx-vol@2", "--impact").out
    assert shell("lineage", "ecb-rates", "--impact", "--up").code == 2


def test_a_moment_before_its_inputs_were_recorded_is_no_beginning(shell: Shell) -> None:
    model = shell.json("artifact", "show", "fx-vol@1")["artifact"]
    then = shell.ok("lineage", "fx-vol@1", "--at", str(model["seq"])).out
    assert "a run whose end was not recorded by then" in then
    assert "it is a source" in shell.ok("lineage", "ecb-rates").out
    assert "came from 2 things" in shell.ok("lineage", "fx-vol@1").out
