"""A lineage graph as a diagram's source, for Mermaid or Graphviz. Pure: a graph in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.format.text import visible

if TYPE_CHECKING:
    from ledger.projections.lineage import Graph, Node

_MERMAID = {"run": ('["', '"]'), "deployment": ('{{"', '"}}'), "model": ('(["', '"])')}
_DOT = {"run": "box", "deployment": "hexagon", "model": "ellipse"}


def mermaid(graph: Graph) -> str:
    """A Mermaid flowchart: runs are boxes, models rounded, deployments hexagons, all else cylinders; the focus is bold."""
    names = _names(graph)
    lines = ["flowchart LR"]
    for node in _nodes(graph):
        left, right = _MERMAID.get(node.kind, ('[("', '")]'))
        lines.append(f"    {names[node.ref]}{left}{_mermaid_text(node.ref)}{right}")
    for edge in graph.edges:
        arrow = "==>" if edge.role == "deployed" else "-->"
        lines.append(f"    {names[edge.source]} {arrow} {names[edge.target]}")
    lines.append(f"    style {names[graph.focus]} stroke-width:3px")
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """A Graphviz digraph, shaped as ``mermaid`` shapes it."""
    names = _names(graph)
    lines = ["digraph lineage {", "    rankdir=LR;"]
    for node in _nodes(graph):
        bold = ", penwidth=3" if node.ref == graph.focus else ""
        shape = _DOT.get(node.kind, "cylinder")
        lines.append(f'    {names[node.ref]} [label="{_dot_text(node.ref)}", shape={shape}{bold}];')
    for edge in graph.edges:
        bold = " [penwidth=2]" if edge.role == "deployed" else ""
        lines.append(f"    {names[edge.source]} -> {names[edge.target]}{bold};")
    return "\n".join([*lines, "}"]) + "\n"


def _nodes(graph: Graph) -> list[Node]:
    return sorted(graph.nodes.values(), key=lambda node: (node.distance, node.ref))


def _names(graph: Graph) -> dict[str, str]:
    """Short names that need no quoting."""
    return {node.ref: f"n{n}" for n, node in enumerate(_nodes(graph))}


def _mermaid_text(text: str) -> str:
    """Recorded text in a Mermaid label: its entities are written ``#34;``, and ``#`` begins one."""
    unsafe = {"#": "#35;", '"': "#34;", "<": "#60;", ">": "#62;", "&": "#38;", "`": "#96;"}
    return "".join(unsafe.get(each, each) for each in visible(text))


def _dot_text(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
