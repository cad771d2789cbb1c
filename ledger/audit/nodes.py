"""What differing tree nodes mean: nodes that were touched, or events chained anew that the stored tree betrays."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator

from ledger.audit.diagnosis import Diagnosis
from ledger.audit.report import CHAINED_ANEW, Finding
from ledger.audit.scan import Scan
from ledger.audit.spans import Spans
from ledger.audit.tree import Node, Tree
from ledger.format.hashes import node_hash

_MANY = 8


def findings(tree: Tree, noted: Scan, diagnosis: Diagnosis, agreed: int) -> list[Finding]:
    """What differing nodes mean: one finding for nodes that hang together, none for those above a touched event.

    A finding on an event that ends a stretch of history chained anew is taken out of the diagnosis: it is told here.

    Args:
        tree: the tree, compared.
        noted: the scan, for nodes that the file does not give out.
        diagnosis: what was found of the events.
        agreed: the size of the greatest checkpoint that the events agree with; where that is so, the nodes are wrong.
    """
    found = [
        Finding("damaged", first, f"the file cannot be read here: {said}") for first, said in noted.unreadable_nodes
    ]
    touched = Spans.of(diagnosis.touched)
    for together in _components(tree.wrong):
        if _derived_from(together, tree, diagnosis, touched):
            continue
        if _tells_another_history(together, tree, touched, agreed):
            history = _history(together, tree, agreed)
            diagnosis.findings = [each for each in diagnosis.findings if not _ends(each, together)]
            diagnosis.touched.add(history.seq or 0)
            diagnosis.rewritten = min(diagnosis.rewritten, history.seq or 0)
            found.append(history)
        else:
            found.append(Finding("tree", _first(together), _told(together, tree)))
    return found


def surplus(connection: sqlite3.Connection, size: int, told: bool) -> Iterator[Finding]:
    """Nodes over leaves that are not there: of a log that was longer, or put in by hand.

    Args:
        connection: the ledger.
        size: how many events there are.
        told: whether a checkpoint tells already that the log was longer.
    """
    query = "SELECT level, idx FROM nodes WHERE level BETWEEN 1 AND 62 AND idx >= ? >> level ORDER BY level, idx"
    impossible = "SELECT count(*) FROM nodes WHERE NOT level BETWEEN 1 AND 62 OR idx < 0 OR idx > (1 << 62) >> level"
    try:
        beyond: set[Node] = set(connection.execute(query, (size,)))
        odd = connection.execute(impossible).fetchone()[0]
    except sqlite3.DatabaseError as error:
        yield Finding("damaged", None, f"the tree's nodes cannot be read: {error}")
        return
    if odd:
        yield Finding("tree", None, f"{odd} nodes stand at places that no tree has")
    beyond = {(level, index) for level, index in beyond if index <= (1 << 62) >> level}
    if not beyond or told:
        return
    longest = max((index + 1) << level for level, index in beyond)
    if longest - size <= 4 * len(beyond) + 4 and beyond == _completed_between(size, longest):
        detail = f"the tree's nodes cover {longest} events; {longest - size} or more at the end of the log are gone"
        yield Finding("truncated", size, detail)
        return
    apart = list(_components(beyond))
    if len(apart) > _MANY:
        first = min(index << level for level, index in beyond)
        yield Finding("tree", min(first, size), f"{len(beyond)} nodes in {len(apart)} places cover no event")
        return
    for together in apart:
        level, index = min(together)
        what = (
            f"{len(together)} nodes, the first at {index} of level {level}, cover"
            if len(together) > 1
            else (f"the node {index} of level {level} covers")
        )
        yield Finding("tree", min(index << level, size), f"{what} no event")


def _derived_from(together: set[Node], tree: Tree, diagnosis: Diagnosis, touched: Spans) -> bool:
    """Whether the nodes only follow from touched events that lie below them: the tree was derived anew from these."""
    for level, index in together:
        if touched.before(index + 1 << level) == touched.before(index << level):
            return False
        rows = [diagnosis.evidence.event(index << 1 | side) for side in (0, 1)] if level == 1 else []
        pair = [row.computed for row in rows if row is not None]
        if level == 1 and (len(pair) < 2 or node_hash(*pair) != tree.stored(level, index)):
            return False
    return True


def _tells_another_history(together: set[Node], tree: Tree, touched: Spans, agreed: int) -> bool:
    """Whether the stored nodes are those of other events than now lie there, and not themselves what was touched.

    Nodes of another history hang together in themselves, differ all the way up, and go on to the end of the log or to
    where an event no longer names the one before it.
    """
    pairs = [index for level, index in together if level == 1]
    if not pairs or agreed >= min(pairs) + 1 << 1:
        return False
    for level, index in together:
        mine = tree.stored(level, index)
        if mine is None or ((index >> 1) + 1 << level + 1 <= tree.size and (level + 1, index >> 1) not in together):
            return False
        if level > 1:
            below = [tree.stored(level - 1, index << 1 | side) for side in (0, 1)]
            if any(each is None for each in below) or node_hash(*(each or b"" for each in below)) != mine:
                return False
    last = _last(together)
    return last >= tree.size - 1 or any(seq in touched for seq in range(last - 2, last + 1))


def _ends(finding: Finding, together: set[Node]) -> bool:
    """Whether a finding is on the event at which a stretch of history chained anew ends."""
    return (
        finding.kind == "edited"
        and finding.seq is not None
        and finding.seq in range(_last(together) - 2, _last(together) + 1)
    )


def _first(together: set[Node]) -> int:
    """The first leaf below the lowest of the nodes."""
    level, index = min(together)
    return index << level


def _last(together: set[Node]) -> int:
    return max(index for level, index in together if level == 1) + 1 << 1


def _history(together: set[Node], tree: Tree, agreed: int) -> Finding:
    first, last = _first(together), _last(together)
    if last - first == 2 and last == tree.size:
        first += 1
        what = f"event {first}, the last one, was changed and its hash with it"
    elif agreed == first + 1:
        first += 1
        what = f"event {first} {CHAINED_ANEW}"
    else:
        what = f"event {first} or {first + 1} {CHAINED_ANEW}"
    return Finding("edited", first, f"{what}; the stored tree fixes other hashes")


def _told(together: set[Node], tree: Tree) -> str:
    level, index = min(together)
    what = "is missing" if tree.stored(level, index) is None else "differs from the recomputed one"
    more = f", and so with {len(together) - 1} more beside and above it" if len(together) > 1 else ""
    return f"the stored node {index} of level {level} {what}{more}"


def _components(nodes: Collection[Node]) -> Iterator[set[Node]]:
    """Groups of nodes that lie beside or above one another, in the order of their first leaves."""
    left = set(nodes)
    for node in sorted(nodes, key=lambda node: (node[1] << node[0], node[0])):
        if node not in left:
            continue
        together, waiting = {node}, [node]
        left.discard(node)
        while waiting:
            level, index = waiting.pop()
            near = [(level, index - 1), (level, index + 1), (level + 1, index >> 1)]
            near += [(level - 1, index << 1), (level - 1, index << 1 | 1)]
            for each in near:
                if each in left:
                    left.discard(each)
                    together.add(each)
                    waiting.append(each)
        yield together


def _completed_between(size: int, longest: int) -> set[Node]:
    """The inner nodes that a log of ``longest`` events has and one of ``size`` has not."""
    found: set[Node] = set()
    level = 1
    while 1 << level <= longest:
        found.update((level, index) for index in range(size >> level, longest >> level))
        level += 1
    return found
