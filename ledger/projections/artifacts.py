"""Artifacts: every version, by whom, of which digest; aliases that move; retirement; and references resolved to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ledger.errors import InputError
from ledger.format.event import Event
from ledger.projections.view import Fold, Row, View

TABLES = (
    """CREATE TABLE artifacts (
    seq INTEGER PRIMARY KEY,
    ref TEXT NOT NULL,
    kind TEXT NOT NULL,
    project TEXT,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    run TEXT,
    facts TEXT NOT NULL
) STRICT""",
    "CREATE INDEX artifacts_by_ref ON artifacts (ref)",
    "CREATE INDEX artifacts_by_name ON artifacts (kind, project, name, version)",
    "CREATE INDEX artifacts_by_digest ON artifacts (digest)",
    """CREATE TABLE aliases (
    seq INTEGER PRIMARY KEY,
    artifact TEXT NOT NULL,
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT""",
    """CREATE TABLE retirements (
    seq INTEGER PRIMARY KEY,
    ref TEXT NOT NULL,
    reason TEXT NOT NULL,
    replaced_by TEXT
) STRICT""",
)


def _registered(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    ref = f"{value['kind']}/{event.project}/{value['name']}@{value['version']}"
    columns = {"kind", "name", "version", "sha256", "size", "run"}
    facts = {key: item for key, item in sorted(value.items()) if key not in columns}
    yield (
        "artifacts",
        (
            event.seq,
            ref,
            value["kind"],
            event.project,
            value["name"],
            value["version"],
            value["sha256"],
            value["size"],
            event.actor,
            event.at,
            value.get("run"),
            json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        ),
    )


def _moved(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "aliases", (event.seq, value["artifact"], value["alias"], value["version"], event.actor, event.at)


def _retired(event: Event, value: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    yield "retirements", (event.seq, value["artifact"], value["reason"], value.get("replaced_by"))


FOLDS: dict[str, Fold] = {
    "artifact.registered": _registered,
    "alias.moved": _moved,
    "artifact.retired": _retired,
}


class Artifact(NamedTuple):
    """One version. ``facts`` holds what else was recorded of it: ``rows``, ``span``, ``uri``, ``summary``, …"""

    seq: int
    ref: str
    kind: str
    project: str | None
    name: str
    version: int
    digest: str
    size: int
    actor: str
    at: str
    run: str | None
    facts: dict[str, Any]

    @property
    def base(self) -> str:
        """The reference without its version: ``model/fx-hedging/fx-vol``."""
        return self.ref.rpartition("@")[0]


class Alias(NamedTuple):
    """Where a moving name pointed from event ``seq`` on."""

    seq: int
    artifact: str
    alias: str
    version: int
    actor: str
    at: str


class Retirement(NamedTuple):
    """A version that is no longer to be used, why, and which version takes its place, where one does."""

    seq: int
    ref: str
    reason: str
    replaced_by: str | None


class UnknownRef(InputError):
    """A reference that names nothing, or more than one thing. ``nearest`` lists what it may have meant."""

    def __init__(self, message: str, nearest: list[str]) -> None:
        super().__init__(message)
        self.nearest = nearest


_COLUMNS = "seq, ref, kind, project, name, version, digest, size, actor, at, run, facts"


def _artifact(row: Any) -> Artifact:
    values: list[Any] = [*row[:-1], json.loads(row[-1])]
    return Artifact(*values)


def get(view: View, ref: str) -> Artifact | None:
    """The version that a full reference (``model/fx-hedging/fx-vol@3``) names, or ``None``."""
    row = view.row(f"SELECT {_COLUMNS} FROM artifacts WHERE ref = :ref AND seq <= :at ORDER BY seq", {"ref": ref})
    return None if row is None else _artifact(row)


def versions(
    view: View,
    *,
    kind: str | None = None,
    project: str | None = None,
    name: str | None = None,
    facts_with: str | None = None,
    newest: int = 0,
) -> list[Artifact]:
    """All versions in the order they were registered, narrowed to a kind, a project, a name, facts that hold a text.

    ``newest``: only so many, those that were registered last; 0 is all.
    """
    narrowed = _narrowed(kind, project, name)
    if facts_with is not None:
        narrowed += " AND instr(facts, :facts)"
    wanted = {"kind": kind, "project": project, "name": name, "facts": facts_with, "newest": newest or -1}
    sql = f"SELECT {_COLUMNS} FROM artifacts WHERE {narrowed} ORDER BY seq"
    rows = view.rows(f"{sql} DESC LIMIT :newest", wanted)[::-1] if newest else view.rows(sql, wanted)
    return [_artifact(row) for row in rows]


def count(view: View, *, kind: str | None = None, project: str | None = None, name: str | None = None) -> int:
    """How many versions there are, narrowed as :func:`versions`."""
    sql = f"SELECT count(*) FROM artifacts WHERE {_narrowed(kind, project, name)}"
    return int(view.row(sql, {"kind": kind, "project": project, "name": name})[0])


def kinds(view: View) -> dict[str, int]:
    """How many versions of each kind there are."""
    return dict(view.rows("SELECT kind, count(*) FROM artifacts WHERE seq <= :at GROUP BY kind ORDER BY min(seq)"))


def _narrowed(kind: str | None, project: str | None, name: str | None) -> str:
    columns = (("kind", kind), ("project", project), ("name", name))
    return " AND ".join(["seq <= :at", *(f"{column} = :{column}" for column, wanted in columns if wanted is not None)])


def bases(view: View) -> list[str]:
    """Every ``kind/project/name`` that has a version, in alphabetical order.

    From name to name in the index, so that it takes as long as there are names, however many versions these have.
    """
    following = ", ".join(
        f"(SELECT a.seq FROM artifacts a WHERE {where} ORDER BY a.kind, a.project, a.name, a.version LIMIT 1)"
        for where in (
            "a.kind = b.kind AND a.project IS b.project AND a.name > b.name",
            "a.kind = b.kind AND b.project IS NULL AND a.project IS NOT NULL",
            "a.kind = b.kind AND a.project > b.project",
            "a.kind > b.kind",
        )
    )
    rows = view.rows(
        "WITH RECURSIVE firsts(seq) AS ("
        "SELECT * FROM (SELECT a.seq FROM artifacts a ORDER BY a.kind, a.project, a.name, a.version LIMIT 1) UNION ALL "
        f"SELECT coalesce({following}) FROM firsts JOIN artifacts b ON b.seq = firsts.seq) "
        "SELECT kind, project, name FROM firsts JOIN artifacts USING (seq) WHERE seq <= :at"
    )
    return sorted("/".join(map(str, row)) for row in rows)


def latest(view: View, kind: str, project: str | None, name: str) -> Artifact | None:
    """The version with the highest number, or ``None``."""
    row = view.row(
        f"SELECT {_COLUMNS} FROM artifacts WHERE kind = :kind AND project IS :project AND name = :name AND seq <= :at "
        "ORDER BY version DESC LIMIT 1",
        {"kind": kind, "project": project, "name": name},
    )
    return None if row is None else _artifact(row)


def by_digest(view: View, digest: str) -> list[Artifact]:
    """Every version that has these bytes."""
    sql = f"SELECT {_COLUMNS} FROM artifacts WHERE digest = :digest AND seq <= :at ORDER BY seq"
    return [_artifact(row) for row in view.rows(sql, {"digest": digest})]


def aliases(view: View, artifact: str | None = None) -> list[Alias]:
    """Every move of every alias so far, oldest first; of one artifact (``kind/project/name``) or of all."""
    narrowed = "" if artifact is None else "artifact = :artifact AND "
    sql = f"SELECT seq, artifact, alias, version, actor, at FROM aliases WHERE {narrowed}seq <= :at ORDER BY seq"
    return [Alias(*row) for row in view.rows(sql, {"artifact": artifact})]


def aliased(view: View, artifact: str, alias: str) -> Artifact | None:
    """The version that an alias points to as of the view, or ``None``."""
    row = view.row(
        "SELECT version FROM aliases WHERE artifact = :artifact AND alias = :alias AND seq <= :at ORDER BY seq DESC LIMIT 1",
        {"artifact": artifact, "alias": alias},
    )
    return None if row is None else get(view, f"{artifact}@{row[0]}")


def retired(view: View, ref: str) -> str | None:
    """Why a version was retired, or ``None`` where it was not."""
    row = view.row("SELECT reason FROM retirements WHERE ref = :ref AND seq <= :at ORDER BY seq", {"ref": ref})
    return None if row is None else str(row[0])


def retirements(view: View) -> list[Retirement]:
    """Every retirement so far, oldest first."""
    sql = "SELECT seq, ref, reason, replaced_by FROM retirements WHERE seq <= :at ORDER BY seq"
    return [Retirement(*row) for row in view.rows(sql)]


def resolve(view: View, text: str) -> Artifact:
    """The one version that a user's words name.

    ``text`` may be a full reference, one without its version (the newest is meant), with an alias (``@champion``), the
    bare name where it is unambiguous, a unique prefix of a reference, or a digest.

    Raises:
        UnknownRef: nothing answers to it, or more than one artifact does; the message gives the nearest names.
    """
    found = get(view, text)
    if found is not None:
        return found
    if text.startswith("sha256:"):
        matches = view.rows(
            f"SELECT {_COLUMNS} FROM artifacts WHERE digest >= :low AND digest < :high AND seq <= :at ORDER BY seq",
            {"low": text, "high": text + "g"},
        )
        if matches and len({row[6] for row in matches}) == 1:
            return _artifact(matches[0])
        raise UnknownRef(f"{len(matches) or 'no'} artifacts have a digest that starts with {text}", [])
    base, _, suffix = text.partition("@")
    base = _one_base(view, base, text)
    if not suffix:
        kind, _, rest = base.partition("/")
        project, _, name = rest.partition("/")
        newest = latest(view, kind, project, name)
        if newest is not None:
            return newest
    named = get(view, f"{base}@{suffix}") if suffix.isdigit() else aliased(view, base, suffix)
    if named is not None:
        return named
    kind, project, name = base.split("/", 2)
    known = [artifact.ref for artifact in versions(view, kind=kind, project=project, name=name)]
    moving = sorted({f"{base}@{alias.alias}" for alias in aliases(view, base)})
    nearest = known[-3:] + moving
    raise UnknownRef(f"{base} has no version or alias {suffix!r}; it has {', '.join(nearest)}", nearest)


def _one_base(view: View, wanted: str, text: str) -> str:
    """The one ``kind/project/name`` that ``wanted`` is, ends with, or begins."""
    known = bases(view)
    for matches in (
        [base for base in known if base == wanted],
        [base for base in known if base.endswith("/" + wanted)],
        [base for base in known if _without_project(base) == wanted],
        [base for base in known if base.startswith(wanted) or base.rpartition("/")[2].startswith(wanted)],
    ):
        if len(matches) == 1:
            return str(matches[0])
        if matches and wanted:
            raise UnknownRef(f"{text!r} is ambiguous; it may be {', '.join(matches[:5])}", matches)
    nearest = _nearest(wanted, known)
    hint = f"; the nearest: {', '.join(nearest)}" if nearest else "; `assay artifact list` shows what there is"
    raise UnknownRef(f"no artifact is called {text!r}{hint}", nearest)


def _without_project(base: str) -> str:
    kind, _, rest = base.partition("/")
    return f"{kind}/{rest.partition('/')[2]}"


def _nearest(wanted: str, bases: list[str]) -> list[str]:
    from difflib import get_close_matches

    tails = {base.rpartition("/")[2]: base for base in bases}
    found = get_close_matches(wanted, bases, 3, 0.5)
    found += [tails[tail] for tail in get_close_matches(wanted.rpartition("/")[2], list(tails), 3, 0.5)]
    return list(dict.fromkeys(found))[:3]
