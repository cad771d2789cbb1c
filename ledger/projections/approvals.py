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
    if "reason" in value:
        said = value["reason"]
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
    "gate.evaluated": _gated,
    "promotion.recorded": _promoted,
}


class Decision(NamedTuple):
    """One person's verdict on a request: ``approve`` or ``reject``."""

    seq: int
    request: int
    subject: str
    transition: str
    signer: str
    role: str
    verdict: str
    reason: str | None
    at: str


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

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """The decisions that approve."""
        return tuple(decision for decision in self.decisions if decision.verdict == "approve")

    @property
    def rejected(self) -> bool:
        """Whether somebody rejected it; one rejection ends a request."""
        return any(decision.verdict == "reject" for decision in self.decisions)


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
    values: list[Any] = [*row[:4], roles, *row[5:9], evidence, tuple(decisions(view, row[0]))]
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
    sql = (
        "SELECT seq, request, subject, transition, signer, role, verdict, reason, at FROM decisions "
        "WHERE request = :request AND seq <= :at ORDER BY seq"
    )
    return [Decision(*row) for row in view.rows(sql, {"request": request})]


def gates(view: View, subject: str, transition: str | None = None) -> list[Gate]:
    """The recorded gate verdicts on a subject, oldest first."""
    sql = "SELECT seq, subject, transition, policy, decision, reasons, inputs FROM gates WHERE subject = :subject"
    if transition is not None:
        sql += " AND transition = :transition"
    rows = view.rows(sql + " AND seq <= :at ORDER BY seq", {"subject": subject, "transition": transition})
    found: list[list[Any]] = [[*row[:5], tuple(json.loads(row[5])), json.loads(row[6])] for row in rows]
    return [Gate(*values) for values in found]


def promotions(view: View, subject: str | None = None) -> list[Promotion]:
    """Moves between stages, oldest first, of one version or of all."""
    narrowed = "" if subject is None else "subject = :subject AND "
    sql = (
        f"SELECT seq, subject, from_stage, to_stage, actor, at FROM promotions WHERE {narrowed}seq <= :at ORDER BY seq"
    )
    return [Promotion(*row) for row in view.rows(sql, {"subject": subject})]


def stage(view: View, subject: str) -> str:
    """Where a version stands in the registry: the last promotion's stage, ``candidate`` before the first."""
    moves = promotions(view, subject)
    return moves[-1].to_stage if moves else "candidate"
