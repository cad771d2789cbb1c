"""Feature views: registered from the workspace's declarations, listed, shown, and computed into the offline store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import events, offline
from app.actions.answers import Answer, Mark, fields, moment, say, state, table
from ledger.errors import InputError
from ledger.projections import artifacts, checks
from ledger.store.objects import DIRECTORY_MEDIA_TYPE

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.features.view import View as Declared
    from app.pipelines.code import Code
    from ledger.ledger import Entry, Ledger
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View

KIND = "feature_view"
_MOST_SUMMARY = 40_000


class Registered(NamedTuple):
    """A version of a view, and what was registered as it."""

    artifact: Artifact
    document: dict[str, Any]

    @property
    def ref(self) -> str:
        """``feature_view/fx-hedging/fx-momentum@2``."""
        return self.artifact.ref

    @property
    def name(self) -> str:
        """What the online store calls it: ``fx-hedging/fx-momentum``."""
        return f"{self.artifact.project}/{self.artifact.name}"


def find(ledger: Ledger, view: View, text: str) -> Registered:
    """The version of a view that a user's words name; the newest where they name none.

    Raises:
        InputError: there is none, or it is something else.
        LedgerError: its bytes are not in the store.
    """
    from ledger.format import canonical

    artifact = artifacts.resolve(view, text if text.startswith(("sha256:", f"{KIND}/")) else f"{KIND}/{text}")
    if artifact.kind != KIND:
        raise InputError(f"{artifact.ref} is no feature view")
    return Registered(artifact, canonical.decode(ledger.objects.read(artifact.digest)))


# Registering


def register(context: Context, *, view: str, project: str | None = None) -> Answer:
    """Record a declaration, with its code, as the next version of its view, unless the newest is the same."""
    from app.features.view import MEDIA_TYPE, columns, schema
    from ledger.format import canonical

    declared = declaration(context, view)
    actor, home = context.actor, context.workspace.project(project)
    ledger = context.ledger
    datasets = _datasets(ledger.view(), declared, home)
    code = _code(ledger, declared)
    document = declared.document(code.digest, code.paths, datasets)
    stored = ledger.objects.put_bytes(canonical.encode(document))
    last = artifacts.latest(ledger.view(), KIND, home, declared.name)
    if last is not None and last.digest == stored.digest:
        line = say(state("quiet", "unchanged"), f"  {last.ref} is this since event {last.seq}")
        return Answer(
            {"view": document_of(ledger.view(), Registered(last, document)), "registered": False, "events": []}, [line]
        )
    summary: dict[str, Any] = {
        "definition": declared.definition,
        "code": code.digest,
        "feature_schema": schema(document),
        "entity": [each["name"] for each in document["entity"]],
        "features": {each["name"]: each["type"] for each in document["features"]},
        "columns": columns(document),
    }
    summary = fitting(summary)
    if code.commit:
        summary |= {"dirty": bool(code.dirty), **_written(code)}
    entries = _code_entries(ledger.view(), code, actor, home)
    fact = {"media_type": MEDIA_TYPE, "summary": summary}
    entries.append(_entry(KIND, declared.name, 1 if last is None else last.version + 1, stored, actor, home, fact))
    recorded = ledger.record_many(entries)
    made = artifacts.latest(ledger.view(), KIND, home, declared.name)
    assert made is not None
    lines = events.listing(recorded)
    if code.dirty:
        lines.append(say(state("warn", "uncommitted"), "  the code differs from its commit; its digest is what counts"))
    answer = {"view": document_of(ledger.view(), Registered(made, document)), "registered": True}
    return Answer({**answer, "events": [events.described(each) for each in recorded]}, lines)


def declaration(context: Context, view: str) -> Declared:
    """A view's declaration, from the file that is named, or from ``features/NAME.yaml``.

    Raises:
        InputError: there is no such file, or it is no declaration; the line is named.
    """
    from app.features import declaration as declarations
    from app.features.view import FOLDER
    from app.pipelines import schedule, yamltext

    file = context.start / view
    if not view.endswith((".yaml", ".yml")):
        file = context.workspace.root / FOLDER / f"{view}.yaml"
    known = sorted(each.stem for each in (context.workspace.root / FOLDER).glob("*.yaml"))
    hint = f"declared are {', '.join(known)}" if known else f"views are declared in {FOLDER}/NAME.yaml"
    declared = declarations.read(yamltext.read(file, "feature view", hint=hint), file.absolute().parent)
    if declared.schedule is not None:
        try:
            schedule.parse(declared.schedule)
        except InputError as error:
            raise declared.error(("schedule",), str(error)) from None
    return declared


def _datasets(view: View, declared: Declared, project: str) -> dict[str, str]:
    """Each source's dataset: with a version where one is named, which then stays, else without."""
    found = {}
    for name, source in declared.sources.items():
        text = source["dataset"]
        try:
            dataset = _dataset(view, text, project)
            if dataset.kind != "dataset":
                raise InputError(f"{dataset.ref} is no dataset")
        except InputError as error:
            raise declared.error(("sources", name, "dataset"), f"source {name}: {error}") from None
        found[name] = dataset.ref if "@" in text else dataset.base
    return found


def _dataset(view: View, text: str, project: str) -> Artifact:
    """A dataset: a bare name is one of the view's own project."""
    return artifacts.resolve(view, text if "/" in text else f"dataset/{project}/{text}")


def _code(ledger: Ledger, declared: Declared) -> Code:
    """Store the code, once it is found to have the definition in it; nothing of it is run."""
    from app.pipelines import code as codes

    try:
        code = codes.capture(ledger.objects, [declared.folder / path for path in declared.code])
    except InputError as error:
        raise declared.error(("code",), str(error)) from None
    module, _, name = declared.definition.partition(":")
    there = {each.name: each.digest for each in ledger.objects.entries(code.digest)}
    prefixes = ["" if path == "." else f"{path}/" for path in code.paths]
    stem = module.replace(".", "/")
    candidates = [f"{prefix}{stem}{end}" for prefix in prefixes for end in (".py", "/__init__.py")]
    file = next((each for each in candidates if each in there), None)
    if file is None:
        raise declared.error(
            ("definition",), f"there is no module {module} in the code; looked for {', '.join(candidates)}"
        )
    if not _defines(ledger.objects.read(there[file]), name.partition(".")[0]):
        raise declared.error(("definition",), f"{file} defines no {name}")
    return code


def _defines(source: bytes, name: str) -> bool:
    """Whether a module's text gives a name, by definition, import or assignment."""
    import ast

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            if getattr(node, "name", None) == name:
                return True
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name:
            return True
        if isinstance(node, ast.alias) and (node.asname or node.name) in (name, "*"):
            return True
    return False


def fitting(summary: dict[str, Any]) -> dict[str, Any]:
    """A summary that fits an event: of a view with very many features, what its registered document says is left out."""
    from ledger.format import canonical

    for key in ("schema", "columns", "features"):
        if len(canonical.encode(summary)) > _MOST_SUMMARY:
            summary = {name: value for name, value in summary.items() if name != key}
    return summary


def _code_entries(view: View, code: Code, actor: str, project: str) -> list[Entry]:
    last = artifacts.latest(view, "code", project, code.name)
    if last is not None and last.digest == code.digest:
        return []
    summary = {"summary": _written(code)} if code.commit else {}
    version = 1 if last is None else last.version + 1
    return [
        _entry("code", code.name, version, code.stored, actor, project, {"media_type": DIRECTORY_MEDIA_TYPE, **summary})
    ]


def _written(code: Code) -> dict[str, Any]:
    """The commit of some code, and who wrote it."""
    return {"commit": code.commit} | ({"authors": list(code.authors)} if code.authors else {})


def _entry(
    kind: str, name: str, version: int, stored: Any, actor: str, project: str, facts: Mapping[str, Any]
) -> Entry:
    from ledger.events.artifacts import ArtifactRegistered
    from ledger.ledger import Entry

    fact = ArtifactRegistered(kind=kind, name=name, version=version, sha256=stored.digest, size=stored.size, **facts)
    return Entry(fact, actor=actor, project=project)


# Looking


def list_views(context: Context, *, project: str | None = None) -> Answer:
    """The newest version of every view: what it holds, whether it is materialised, and what its checks last said."""
    view = context.view
    newest: dict[str, Artifact] = {each.base: each for each in artifacts.versions(view, kind=KIND, project=project)}
    found = [find(context.ledger, view, each.ref) for each in newest.values()]
    listed = [document_of(view, each) for each in found]
    rows = [
        (
            each["ref"],
            ", ".join(each["entity"]),
            len(each["features"]),
            each["ttl"],
            each["offline"] or "—",
            (each["online"] or "—")[:16].replace("T", " "),
            _verdict(each["checks"]),
        )
        for each in listed
    ]
    lines = table(rows, ("view", "entity", "features", "ttl", "materialised as", "online as of", "checks"))
    return Answer({"at": view.at, "views": listed}, lines or [say(Mark("dim", "no feature view is registered"))])


def show_view(context: Context, *, view: str) -> Answer:
    """One version of a view: keys, sources, features with where they come from, its stores, checks and history."""
    at = context.view
    registered = find(context.ledger, at, view)
    facts, document = document_of(at, registered), registered.document
    lines = [say(Mark("title", registered.ref)), *fields(_facts(registered, facts))]
    sources = [(Mark("dim", "source"), name, each["dataset"]) for name, each in document["sources"].items()]
    given = [
        (
            Mark("dim", "feature"),
            each["name"],
            each["type"],
            "or null" if each["nullable"] else "",
            Mark("dim", ", ".join(each["from"])),
        )
        for each in document["features"]
    ]
    done = [(Mark("dim", "check"), _mark(each), each["check"], f"event {each['seq']}") for each in facts["checks"]]
    for rows in (sources, given, done):
        lines += table(rows, indent="  ")
    past = events.history(at, registered.ref)
    lines += ["", *events.listing(past)]
    return Answer({"at": at.at, "view": facts, "history": [events.described(each) for each in past]}, lines)


def _facts(registered: Registered, facts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A version in named facts."""
    from app.features.view import worded

    artifact, document = registered
    known = f"{worded(document['delay'])} later" if document["delay"] else "at once"
    if document["created"]:
        known = f"when {document['created']} says"
    return [
        ("about", document["description"]),
        ("entity", ", ".join(f"{each['name']} ({each['type']})" for each in document["entity"])),
        ("event time", document["event_time"]),
        ("known", known),
        ("ttl", facts["ttl"]),
        ("definition", document["definition"]),
        ("code", document["code"]["sha256"]),
        ("schema", facts["schema"]),
        ("registered", f"{moment(artifact.at)} by {artifact.actor}, event {artifact.seq}"),
        ("materialised as", facts["offline"]),
        ("online as of", facts["online"]),
        (
            "reads",
            f"{facts['reads']:,}, and {facts['refused']:,} refused" if facts["reads"] or facts["refused"] else None,
        ),
    ]


def document_of(view: View, registered: Registered) -> dict[str, Any]:
    """A version of a view as JSON."""
    from app.features.view import columns, schema, worded

    artifact, document = registered
    last = {each.check: each for each in checks.executed(view, artifact.ref)}
    made = offline.materializations(view, registered)
    past = [each.event for each in events.history(view, artifact.ref)]
    pushed = [
        each.value["as_of"] for each in past if each.type == "feature.materialized" and each.value["store"] == "online"
    ]
    reads = {True: 0, False: 0}
    for event in past:
        if event.type == "feature.retrieved":
            reads[event.value["gate_passed"]] += event.value.get("count", 1)
    return {
        "ref": artifact.ref,
        "project": artifact.project,
        "name": artifact.name,
        "version": artifact.version,
        "sha256": artifact.digest,
        "schema": schema(document),
        "entity": {each["name"]: each["type"] for each in document["entity"]},
        "event_time": document["event_time"],
        "ttl": worded(document["ttl"]),
        "definition": document["definition"],
        "code": document["code"]["sha256"],
        "sources": {name: each["dataset"] for name, each in document["sources"].items()},
        "features": {each["name"]: each["type"] for each in document["features"]},
        "columns": columns(document),
        "offline": made[-1].dataset.ref if made else None,
        "online": pushed[-1] if pushed else None,
        "reads": reads[True],
        "refused": reads[False],
        "checks": [
            {
                "seq": each.seq,
                "check": each.check,
                "kind": each.kind,
                "passed": each.passed,
                "verdict": each.verdict,
                "at": each.at,
            }
            for each in last.values()
        ],
    }


def _mark(check: Mapping[str, Any]) -> Mark:
    if check["passed"]:
        return state("good", "passed")
    return state("bad", "failed") if check["verdict"] else state("warn", "inconclusive")


def _verdict(found: list[dict[str, Any]]) -> Mark:
    if not found:
        return state("quiet", "none yet")
    bad = [each["check"].rpartition(".")[2] for each in found if not each["passed"]]
    return state("bad", ", ".join(bad)) if bad else state("good", "passed")
