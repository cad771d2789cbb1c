"""What happened to the events that do not fit: one finding for one cause."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ledger.audit.evidence import COLUMNS, Evidence, Leaf, Place
from ledger.audit.meaning import malformation
from ledger.audit.order import Order, order
from ledger.audit.report import Finding
from ledger.audit.scan import BLOCK, PREFIX, Scan
from ledger.audit.spans import Spans
from ledger.format import event as events
from ledger.format.event import ZERO_PREV
from ledger.rules.logs import SUCCESSIONS


class Diagnosis:
    """What the events that do not fit are taken for.

    ``evidence`` looks events up by the seq that they claim; ``touched`` are the seqs whose bytes are not those that were
    recorded; ``gone`` those that are not there, or cannot be read.
    """

    def __init__(self, order: Order, evidence: Evidence, unreadable: Spans | None = None) -> None:
        self.order = order
        self.gone = Spans([*order.absent.spans, *(unreadable.spans if unreadable is not None else ())])
        self.evidence = evidence
        self.findings = list(order.findings)
        self.touched: set[int] = set()
        self.judged = {seq for own in order.suspects for seq in (own - 1, own) if seq >= 0}
        self.rewritten = order.size
        """The event from which on others were chained anew, as the stored tree betrays."""

    @classmethod
    def of_nothing(cls, size: int, evidence: Evidence) -> Diagnosis:
        """The diagnosis of a log of which every event fits."""
        return cls(Order(size, {}, Spans(), Spans(), [], []), evidence)

    def keys_known(self) -> int:
        """The first touched event that names, or may have named, a key of the ledger; the log's size where there is none."""
        gone = (start for start, _ in self.gone.spans if start == 0)
        named = (seq for seq in self.touched if seq == 0 or self._names_a_key(seq))
        return min([self.order.size, *gone, *named])

    def _names_a_key(self, seq: int) -> bool:
        row = self.evidence.event(seq)
        said = None if row is None else (row.members or {}).get("type")
        return row is not None and bool({said, _text(row.columns[0])} & set(SUCCESSIONS))

    def unsaid(self) -> Iterator[str]:
        """What was recorded and cannot be looked at: events that are not there, cannot be read, or were changed."""
        for spans, what in (
            (self.gone, "said: they are not there"),
            (Spans.of(self.touched), "said before they were changed"),
        ):
            told = [str(start) if stop - start == 1 else f"{start} to {stop - 1}" for start, stop in spans.spans]
            if told:
                more = ", …" if len(told) > _SHOWN else ""
                yield f"what the events {', '.join(told[:_SHOWN])}{more} {what}"

    def unknown(self) -> int:
        """The first event of which is not known what was recorded; the log's size where all are known."""
        unsure = (seq for seq in self.touched if not self.evidence.leaf(seq).fixed)
        return min([self.rewritten, *unsure])

    def leaf(self, seq: int) -> bytes | None:
        """What event ``seq`` hashed to when it was recorded; ``None`` where nothing tells."""
        if seq in self.judged or seq in self.order.absent or seq in self.order.moved:
            return self.evidence.leaf(seq).hash
        row = self.evidence.event(seq)
        return None if row is None else row.hash

    def blocks(self) -> set[int]:
        """The blocks that hold any event that does not fit, by number."""
        ends = (seq for start, stop in self.order.absent.spans for seq in (start, stop - 1))
        return {seq // BLOCK for seq in (*self.judged, *ends)}


_SHOWN = 10


def diagnose(noted: Scan, evidence: Evidence) -> Diagnosis:
    """Judge every place that a scan of whole rows noted."""
    arranged = order(noted, evidence)
    if arranged.findings:
        nowhere = Spans([*arranged.absent.spans, *arranged.intruders.spans])
        evidence = evidence.rearranged(arranged.moved, nowhere)
    found = Diagnosis(arranged, evidence, Spans((start, stop) for start, stop, _ in noted.unreadable))
    found.findings += [_damaged(*span) for span in noted.unreadable]
    for seq in sorted(found.judged):
        row = evidence.event(seq)
        if row is None:
            continue
        finding = _judge(row, seq, evidence, found.touched)
        if finding is not None:
            found.findings.append(finding)
            leaf = evidence.leaf(seq)
            if finding.kind in ("edited", "reordered") and not (leaf.fixed and leaf.hash == row.computed):
                found.touched.add(seq)
    return found


def _judge(row: Place, seq: int, evidence: Evidence, touched: Collection[int]) -> Finding | None:
    leaf = evidence.leaf(seq)
    if not row.intact:
        return _edited(row, seq, leaf)
    if leaf.hash is not None and leaf.hash != row.computed:
        detail = "the event was changed and its hash with it; what follows and the tree fix another hash"
        return Finding("edited", seq, f"{detail}, {leaf.hash.hex()}")
    before = evidence.leaf(seq - 1) if seq else Leaf(bytes.fromhex(ZERO_PREV), True)
    if before.hash is not None and row.prev != before.hash and row.members is not None:
        return Finding("reordered", seq, "the event does not follow the one before it: it names another as that")
    return next(_disagreements(row, seq, evidence, touched), None)


def _edited(row: Place, seq: int, leaf: Leaf) -> Finding:
    """The bytes do not give the stored hash: one of the two was changed."""
    if leaf.hash == row.hash:
        what = "the bytes were changed: the stored hash is the one that what follows fixes"
    elif leaf.hash == row.computed:
        what = "the stored hash was changed: the bytes give the hash that what follows fixes"
    else:
        what = "the bytes do not give the stored hash"
    if row.own is not None and row.own != seq:
        what += f"; these are bytes of event {row.own}"
    return Finding("edited", seq, f"{what}; stored {row.hash.hex()}, recomputed {row.computed.hex()}")


def _disagreements(row: Place, seq: int, evidence: Evidence, touched: Collection[int]) -> Iterator[Finding]:
    """What is wrong with an event whose bytes are as they were recorded: columns, form, clock."""
    said = row.members
    if said is None:
        yield Finding("malformed", seq, malformation(row.body))
        return
    wrong = [
        f"{name} is {_shown(stored)}, the event says {said.get(name)!r:.200}"
        for name, stored in zip(COLUMNS, row.columns, strict=True)
        if not _same(stored, said.get(name))
    ]
    if wrong:
        yield Finding("columns", seq, ", ".join(wrong))
        return
    cause = said.get("cause")
    if not _begins_as_prescribed(row, seq) or len(row.body) > events.MAX_BYTES or (cause is not None and cause >= seq):
        yield Finding("malformed", seq, malformation(row.body))
        return
    before = evidence.event(seq - 1) if seq and seq - 1 not in touched else None
    earlier = (before.members or {}).get("at") if before is not None else None
    if isinstance(earlier, str) and earlier > said["at"]:
        yield Finding("clock", seq, f"it was recorded at {said['at']}, before the event ahead of it ({earlier})")
    elif malformation(row.body):
        yield Finding("malformed", seq, malformation(row.body))


def _begins_as_prescribed(row: Place, seq: int) -> bool:
    type_, subject, project, actor, at, cause = row.columns
    texts = (actor, at, (row.prev or b"").hex().encode(), subject, type_)
    if not all(isinstance(text, bytes) for text in texts) or not (cause is None or type(cause) is int):
        return False
    shown = b"null" if project is None else b'"%b"' % project
    head = PREFIX % (actor, at, b"null" if cause is None else b"%d" % cause, texts[2], shown, seq, subject, type_)
    return row.body.startswith(head)


def _same(stored: object, said: object) -> bool:
    if isinstance(said, str):
        return stored == said.encode("utf-8", "surrogatepass")
    return type(stored) is type(said) and stored == said


def _text(stored: object) -> object:
    return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else stored


def _shown(stored: object) -> str:
    return repr(stored.decode("utf-8", "backslashreplace") if isinstance(stored, bytes) else stored)[:200]


def _damaged(start: int, stop: int, said: str) -> Finding:
    if "too big" in said and stop - start == 1:
        return Finding("malformed", start, "a value in its row is longer than any event can be")
    upto = "" if stop - start == 1 else f" (up to {stop - 1})"
    return Finding("damaged", start, f"the file cannot be read here{upto}: {said}")
