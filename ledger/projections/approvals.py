"""Approvals: what was asked, who decided what, and where each request stands."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE requests (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    transition TEXT NOT NULL,
    roles TEXT NOT NULL,
    project TEXT,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    note TEXT,
    evidence TEXT NOT NULL
) STRICT""",
    "CREATE INDEX requests_by_subject ON requests (subject)",
    """CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY,
    request INTEGER NOT NULL,
    subject TEXT NOT NULL,
    transition TEXT NOT NULL,
    signer TEXT NOT NULL,
    role TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT,
    at TEXT NOT NULL
) STRICT""",
    "CREATE INDEX decisions_by_request ON decisions (request)",
    """CREATE TABLE gates (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    transition TEXT NOT NULL,
    policy TEXT NOT NULL,
    decision TEXT NOT NULL,
    reasons TEXT NOT NULL,
    inputs TEXT NOT NULL
) STRICT""",
    """CREATE TABLE promotions (
    seq INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    from_stage TEXT NOT NULL,
    to_stage TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    """CREATE TABLE request_terms (
    seq INTEGER PRIMARY KEY,
    due TEXT,
    expires TEXT
) STRICT""",
    """CREATE TABLE request_changes (
    seq INTEGER PRIMARY KEY,
    request INTEGER NOT NULL,
    change TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    number INTEGER,
    words TEXT
) STRICT""",
    "CREATE INDEX request_changes_by_request ON request_changes (request)",
)


def _json(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _requested(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield (
        "requests",
        (
            event.seq,
            event.subject,
            value["sha256"],
            value["transition"],
            _json(value["roles"]),
            event.project,
            event.actor,
            event.at,
            value.get("note"),
            _json(value.get("evidence", [])),
        ),
    )
    if value.get("due") is not None or value.get("expires") is not None:
        yield "request_terms", (event.seq, value.get("due"), value.get("expires"))


def _changed(change: str, number: str | None, words: str | None) -> Fold:
    """The fold of what becomes of a request: which of the value's members is its number, and which its words."""

    def fold(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
        said = value.get(words) if words else None
        told = ", ".join(said) if isinstance(said, list) else said
        counted = value[number] if number else None
        yield "request_changes", (event.seq, value["request"], change, event.actor, event.at, counted, told)

    return fold


def _decided(verdict: str) -> Fold:
    def fold(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
        yield (
            "decisions",
            (
                event.seq,
                value["request"],
                event.subject,
                value["transition"],
                event.actor,
                value["role"],
                verdict,
                _reason(value),
                event.at,
            ),
        )

    return fold


def _reason(value: Mapping[str, Any]) -> str | None:
    """Why somebody decided so: an approval says it in the signed statement alone, a rejection beside it too.

    Whether the statement is well formed and signed is for the rules and for verification to say; of an envelope that
    cannot be read the fold makes ``None``, and never raises.
    """
    if "reason" in value or "comment" in value:
        said = value.get("reason", value.get("comment"))
    else:
        try:
            said = json.loads(b64decode(value["dsse"]["payload"], validate=True))["predicate"]["reason"]
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            return None
    if not isinstance(said, str) or any("\ud800" <= character <= "\udfff" for character in said):
        return None
    return said or None


def _gated(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    reasons, inputs = _json(value.get("reasons", [])), _json(value.get("inputs", {}))
    yield "gates", (event.seq, event.subject, value["transition"], value["policy"], value["decision"], reasons, inputs)


def _promoted(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "promotions", (event.seq, event.subject, value["from_stage"], value["to_stage"], event.actor, event.at)


FOLDS: dict[str, Fold] = {
    "approval.requested": _requested,
    "approval.granted": _decided("approve"),
    "approval.rejected": _decided("reject"),
    "approval.changes_requested": _decided("change"),
    "approval.withdrawn": _changed("withdrawn", None, "reason"),
    "approval.revoked": _changed("revoked", "approval", "reason"),
    "approval.escalated": _changed("escalated", "level", "to"),
    "approval.expired": _changed("expired", None, None),
    "gate.evaluated": _gated,
    "promotion.recorded": _promoted,
}


class Decision(NamedTuple):
    """One person's verdict on a request: ``approve``, ``reject`` or ``change`` (changes are asked for).

    ``revoked`` is the event that took an approval back.
    """

    seq: int
    request: int
    subject: str
    transition: str
    signer: str
    role: str
    verdict: str
    reason: str | None
    at: str
    revoked: int | None = None


class Change(NamedTuple):
    """What became of a request besides decisions: ``withdrawn``, ``revoked`` (an approval), ``escalated``, ``expired``.

    ``number`` is the approval that was revoked or the step of the escalation, ``words`` the reason or who was told.
    """

    seq: int
    request: int
    change: str
    actor: str
    at: str
    number: int | None
    words: str | None


class Request(NamedTuple):
    """A request, named by the ``seq`` that made it, with the decisions so far."""

    seq: int
    subject: str
    digest: str
    transition: str
    roles: tuple[str, ...]
    project: str | None
    actor: str
    at: str
    note: str | None
    evidence: tuple[dict[str, Any], ...]
    decisions: tuple[Decision, ...]
    due: str | None = None
    expires: str | None = None
    changes: tuple[Change, ...] = ()

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """The decisions that approve, but for those that were revoked."""
        return tuple(each for each in self.decisions if each.verdict == "approve" and each.revoked is None)

    @property
    def rejected(self) -> bool:
        """Whether somebody rejected it or asked for changes; one such decision ends a request."""
        return any(decision.verdict in ("reject", "change") for decision in self.decisions)

    @property
    def withdrawn(self) -> bool:
        """Whether it was taken back."""
        return any(each.change == "withdrawn" for each in self.changes)

    def ended(self, now: str | None = None) -> str:
        """How it ended: ``rejected``, ``changes requested``, ``withdrawn``, ``expired`` by ``now``; empty while it counts."""
        for decision in self.decisions:
            if decision.verdict in ("reject", "change"):
                return "rejected" if decision.verdict == "reject" else "changes requested"
        if self.withdrawn:
            return "withdrawn"
        over = self.expires is not None and now is not None and now >= self.expires
        return "expired" if over or any(each.change == "expired" for each in self.changes) else ""


class Promotion(NamedTuple):
    """A version's move between stages."""

    seq: int
    subject: str
    from_stage: str
    to_stage: str
    actor: str
    at: str


class Gate(NamedTuple):
    """A policy's recorded verdict on a transition of the subject: ``allow`` or ``deny``, with reasons and inputs."""

    seq: int
    subject: str
    transition: str
    policy: str
    decision: str
    reasons: tuple[str, ...]
    inputs: dict[str, Any]


_REQUEST = "SELECT seq, subject, digest, transition, roles, project, actor, at, note, evidence FROM requests"


def _request(view: View, row: Any) -> Request:
    roles, evidence = tuple(json.loads(row[4])), tuple(json.loads(row[9]))
    terms = view.row("SELECT due, expires FROM request_terms WHERE seq = :seq", {"seq": row[0]}) or (None, None)
    made = changes(view, row[0])
    values: list[Any] = [
        *row[:4],
        roles,
        *row[5:9],
        evidence,
        tuple(_decisions(view, row[0], made)),
        *terms,
        tuple(made),
    ]
    return Request(*values)


def requests(view: View, *, subject: str | None = None, project: str | None = None) -> list[Request]:
    """Requests, oldest first, narrowed to a subject or a project."""
    sql = f"{_REQUEST} WHERE seq <= :at"
    if subject is not None:
        sql += " AND subject = :subject"
    if project is not None:
        sql += " AND project = :project"
    rows = view.rows(sql + " ORDER BY seq", {"subject": subject, "project": project})
    return [_request(view, row) for row in rows]


def get(view: View, seq: int) -> Request | None:
    """The request that event ``seq`` made, or ``None``."""
    row = view.row(f"{_REQUEST} WHERE seq = :seq AND seq <= :at", {"seq": seq})
    return None if row is None else _request(view, row)


def decisions(view: View, request: int) -> list[Decision]:
    """The decisions on a request, in the order they were recorded."""
    return _decisions(view, request, changes(view, request))


def changes(view: View, request: int) -> list[Change]:
    """What became of a request besides decisions, in the order it was recorded."""
    sql = "SELECT seq, request, change, actor, at, number, words FROM request_changes WHERE request = :request AND seq <= :at"
    return [Change(*row) for row in view.rows(sql + " ORDER BY seq", {"request": request})]


def _decisions(view: View, request: int, made: list[Change]) -> list[Decision]:
    sql = (
        "SELECT seq, request, subject, transition, signer, role, verdict, reason, at FROM decisions "
        "WHERE request = :request AND seq <= :at ORDER BY seq"
    )
    revoked: dict[int | None, int] = {}
    for each in made:
        if each.change == "revoked":
            revoked.setdefault(each.number, each.seq)
    found: list[list[Any]] = [[*row, revoked.get(row[0])] for row in view.rows(sql, {"request": request})]
    return [Decision(*values) for values in found]


def gates(view: View, subject: str, transition: str | None = None) -> list[Gate]:
    """The recorded gate verdicts on a subject, oldest first."""
    sql = "SELECT seq, subject, transition, policy, decision, reasons, inputs FROM gates WHERE subject = :subject"
    if transition is not None:
        sql += " AND transition = :transition"
    rows = view.rows(sql + " AND seq <= :at ORDER BY seq", {"subject": subject, "transition": transition})
    found: list[list[Any]] = [[*row[:5], tuple(json.loads(row[5])), json.loads(row[6])] for row in rows]
    return [Gate(*values) for values in found]


def promotions(view: View, subject: str | None = None, *, after: int = -1) -> list[Promotion]:
    """Moves between stages ``after`` an event, oldest first, of one version or of all."""
    narrowed = "" if subject is None else "subject = :subject AND "
    sql = (
        "SELECT seq, subject, from_stage, to_stage, actor, at FROM promotions "
        f"WHERE {narrowed}seq > :after AND seq <= :at ORDER BY seq"
    )
    return [Promotion(*row) for row in view.rows(sql, {"subject": subject, "after": after})]


def stage(view: View, subject: str) -> str:
    """Where a version stands in the registry: the last promotion's stage, ``candidate`` before the first."""
    moves = promotions(view, subject)
    return moves[-1].to_stage if moves else "candidate"
