"""Policies: checking one, adopting it, showing which is in force, and what differs between two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.actions import deciding, events, moments, signing
from app.actions.answers import Answer, Mark, counted, moment, say, state, table
from ledger.errors import InputError
from ledger.format.times import parse_time
from ledger.projections import artifacts
from ledger.projections import policies as projection
from ledger.rules import adoption, grammar
from ledger.rules.policy import DEFAULT, Policy, in_force, of_adoption, rule_words

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.pipelines.yamltext import Document
    from ledger.projections.policies import Adoption
    from ledger.projections.view import View

FILE = "policy.yaml"
ANEW = 180
"""Days after which the policy in force may be adopted anew, unchanged: that it was looked at again is evidence, too."""


class Read:
    """A policy read from a file: what it says, where each part of it stands, and the bytes that it was read from."""

    def __init__(self, policy: Policy, source: Document, data: bytes) -> None:
        self.policy = policy
        self.source = source
        self.data = data

    def error(self, place: tuple[str | int, ...], message: str) -> InputError:
        """An error about a place in it, with file and line."""
        return self.source.error(place, message)


def check(context: Context, *, file: str = FILE, project: str | None = None) -> Answer:
    """Read a policy, and say what is wrong with it: by itself, and with the people that the ledger knows."""
    read = read_file(context, file)
    home = _project(context, project)
    found = list(_unknown_documents(context, read))
    if context.ledger_path_or_none is not None and home is not None:
        found += _flaws(context, read, home)
    lines = [
        say(
            state("bad", "cannot be satisfied") if found else state("good", "sound"),
            f"  {read.policy.name}, {counted(len(read.policy.rules), 'transition')}",
        )
    ]
    lines += [say("  ", str(read.error(flaw.place, flaw.what))) for flaw in found]
    lines += [say("  ", Mark("dim", rule_words(rule))) for rule in read.policy.rules]
    problems = [{"place": list(flaw.place), "message": str(read.error(flaw.place, flaw.what))} for flaw in found]
    answer = {"file": file, "policy": read.policy.name, "ok": not found, "findings": problems}
    return Answer({**answer, "digest": read.policy.digest()}, lines, int(bool(found)))


def adopt(
    context: Context,
    *,
    file: str = FILE,
    project: str | None = None,
    everywhere: bool = False,
    reason: str = "",
    yes: bool = False,
) -> Answer:
    """Register a policy and put it in force from the next event on, signed by the actor."""
    from ledger.events.policies import PolicyAdopted, SlaSet
    from ledger.ledger import Entry

    read, home = read_file(context, file), context.workspace.project(project)
    for flaw in (*_unknown_documents(context, read), *_flaws(context, read, home)):
        raise read.error(flaw.place, flaw.what)
    ledger, view, actor = context.ledger, context.view, context.actor
    before = projection.adopted(view, home)
    same = before is not None and (before.digest, before.scope == "ledger") == (read.policy.digest(), everywhere)
    if before is not None and same and (parse_time(ledger.now()) - parse_time(before.at)).days < ANEW:
        raise InputError(f"{before.policy} is in force already, and says the same")
    if not yes:
        _confirm(context, read, home, everywhere)
    ref, registered = _registered(context, read, home)
    secret = context.unlock(actor)
    digest = read.policy.digest()
    envelope = deciding.on_subject(view, actor, secret, ref, digest, "adopt", reason)
    source = ledger.objects.put_bytes(read.data).digest
    fact = PolicyAdopted(ref, digest, read.policy.document, envelope, "ledger" if everywhere else "project", source)
    entries = [*registered, Entry(fact, actor=actor, project=home)]
    times = {to: spelled for rule, spelled in _slas(read.policy) for to in rule}
    entries += [Entry(SlaSet(to, within), actor=actor, project=home) for to, within in times.items()]
    recorded = ledger.record_many(entries)
    now = ledger.view()
    made = projection.adopted(now, home)
    assert made is not None
    lines = [*events.listing(recorded), *described(of_adoption(made), made)]
    return Answer({"policy": document(made), "events": [events.described(each) for each in recorded]}, lines)


def show(context: Context, *, ref: str | None = None, project: str | None = None) -> Answer:
    """The policy in force in a project, or one that was adopted: what it demands."""
    view = context.view
    if ref is None:
        home = _project(context, project)
        made = projection.adopted(view, home)
    else:
        wanted = artifacts.resolve(view, ref if "/" in ref else f"policy/{ref}").ref
        made = next((each for each in reversed(projection.listed(view)) if each.policy == wanted), None)
        if made is None:
            raise InputError(f"{wanted} was never adopted; `assay policy list` shows what was")
    if made is None:
        lines: list[str] = [
            say(Mark("title", "two-approvals"), "  ", Mark("dim", "the default, where none was adopted")),
            say(f"  {DEFAULT.words()}"),
        ]
        return Answer({"at": view.at, "policy": None, "document": DEFAULT.document}, lines)
    lines = described(of_adoption(made), made)
    return Answer({"at": view.at, "policy": document(made), "document": made.document}, lines)


def list_policies(context: Context, *, project: str | None = None) -> Answer:
    """Every adoption, oldest first, and which of them are in force."""
    view = context.view
    found = projection.listed(view, project)
    current = {
        made.seq
        for home in {each.project for each in found} | {None}
        if (made := projection.adopted(view, home)) is not None
    }
    rows = [
        (
            state("live", "in force") if each.seq in current else state("quiet", "replaced"),
            each.policy,
            "every project without its own" if each.scope == "ledger" else f"project/{each.project}",
            Mark("dim", f"event {each.seq}, {moment(each.at)}, by {each.actor}"),
        )
        for each in found
    ]
    lines = table(rows) or [say(Mark("dim", "no policy was adopted; the default: "), DEFAULT.words())]
    return Answer({"at": view.at, "policies": [document(each) for each in found]}, lines)


def diff(context: Context, *, old: str, new: str = FILE) -> Answer:
    """What differs between two policies, rule by rule; code 1 where anything does."""
    first, second = _either(context, old), _either(context, new)
    left, right = _flat(first), _flat(second)
    rows = []
    for place in sorted(left.keys() | right.keys()):
        was, now = left.get(place), right.get(place)
        if was != now:
            mark = (
                state("good", "added")
                if was is None
                else state("bad", "gone")
                if now is None
                else state("warn", "changed")
            )
            rows.append((mark, place, was, now))
    lines = table([(mark, place, was or "", "" if now is None else f"→ {now}") for mark, place, was, now in rows])
    changes = [{"place": place, "old": was, "new": now} for _, place, was, now in rows]
    return Answer({"changes": changes}, lines or [say(state("good", "the same"))], int(bool(rows)))


def schema(context: Context) -> Answer:
    """The JSON Schema of policies, for an editor."""
    from ledger.rules.schema import schema as made

    found = made()
    return Answer({"schema": found}, raw=json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def read_file(context: Context, file: str) -> Read:
    """Read a policy from a YAML file.

    Raises:
        InputError: it cannot be read, or is no policy; the message names file and line.
    """
    from app.pipelines import yamltext

    path = context.start / Path(file)
    if not path.is_file() and context.workspace_or_none is not None and not Path(file).is_absolute():
        path = context.workspace.root / file
    source = yamltext.read(path, "policy", file, "write one, or name its file (see docs/governance.md)")
    try:
        policy = grammar.parse(source.value)
    except grammar.PolicyError as error:
        raise source.error(error.place, str(error)) from None
    return Read(policy, source, path.read_bytes())


def document(made: Adoption) -> dict[str, Any]:
    """An adoption as JSON."""
    return {
        "policy": made.policy,
        "digest": made.digest,
        "project": made.project,
        "scope": made.scope,
        "seq": made.seq,
        "actor": made.actor,
        "at": made.at,
    }


def described(policy: Policy, made: Adoption) -> list[str]:
    """An adopted policy as lines."""
    where = f"project/{made.project}" if made.scope == "project" else "every project without one of its own"
    rows = [(f"{act.replace('_', ' ')}", " or ".join(roles)) for act, roles in sorted(policy.access.items())]
    return [
        say(Mark("title", made.policy), "  ", Mark("dim", made.digest)),
        say(f"  adopted for {where} by {made.actor}, {moment(made.at)}, event {made.seq}"),
        *([say(f"  {policy.title}")] if policy.title else []),
        *(say("  ", rule_words(rule)) for rule in policy.rules),
        *table([(Mark("dim", "may"), *row) for row in rows], indent="  "),
    ]


def _registered(context: Context, read: Read, home: str) -> tuple[str, list[Any]]:
    """The version under which a policy is registered, and what registers it where that is still to be done."""
    from ledger.events.artifacts import ArtifactRegistered
    from ledger.format import canonical
    from ledger.ledger import Entry

    view, name = context.view, read.policy.name
    versions = artifacts.versions(view, kind="policy", project=home, name=name)
    same = next((each for each in versions if each.digest == read.policy.digest()), None)
    if same is not None:
        return same.ref, []
    data = canonical.encode(read.policy.document)
    kept = context.ledger.objects.put_bytes(data)
    version = 1 + max((each.version for each in versions), default=0)
    fact = ArtifactRegistered("policy", name, version, kept.digest, kept.size, media_type="application/json")
    return f"policy/{home}/{name}@{version}", [Entry(fact, actor=context.actor, project=home)]


def _confirm(context: Context, read: Read, home: str, everywhere: bool) -> None:
    where = "every project without one of its own" if everywhere else f"project {home}"
    lines = [
        say(Mark("title", f"You will sign as {context.actor} that {read.policy.name} is in force in {where}:")),
        *(say("  ", rule_words(rule)) for rule in read.policy.rules),
    ]
    signing.ask(lines, read.policy.digest().removeprefix("sha256:"))


def _flaws(context: Context, read: Read, home: str) -> list[adoption.Flaw]:
    return adoption.flaws(context.view, read.policy, home, moments.present(context.view))


def _unknown_documents(context: Context, read: Read) -> Iterator[adoption.Flaw]:
    """Wanted documents of a kind that nobody can attach and nobody did: a slip, after which nothing would pass.

    A kind is a free word of the format, so no rule of the ledger refuses one: a policy that was adopted so stays valid. One
    of the house's own is known from the first document of it on, which a program has to attach.
    """
    from app.actions.registry.artifacts import DOCUMENTS
    from app.workspace import nearest
    from ledger.projections import documents

    wanted = list(_documents(read.policy.document["transitions"], ("transitions",)))
    known = set(DOCUMENTS)
    if not {kind for _, kind in wanted} <= known and context.ledger_path_or_none is not None:
        known |= {each.doc_kind for each in documents.listed(context.view)}
    for place, kind in wanted:
        if kind not in known:
            hint = nearest(kind, sorted(known)) or f"; known are {', '.join(sorted(known))}"
            yield adoption.Flaw(
                place, f"no document of a kind {kind!r} was ever attached, and nobody can attach one{hint}"
            )


def _documents(item: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The conditions on documents in a part of a policy that was read, each with its place."""
    parts = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, each in parts:
        if key == "document":
            yield (*place, key), each
        else:
            yield from _documents(each, (*place, key))


def _slas(policy: Policy) -> list[tuple[tuple[str, ...], str]]:
    """The transitions for which a policy sets a time to answer, and how the policy spells it."""
    entries = policy.document["transitions"]
    return [(rule.to, entries[n]["sla"]) for n, rule in enumerate(policy.rules) if rule.sla is not None]


def _project(context: Context, name: str | None) -> str | None:
    workspace = context.workspace_or_none
    return name if workspace is None else workspace.project(name)


def _either(context: Context, text: str) -> dict[str, Any]:
    """A policy's document: in a file, the one in force (``current``), or one that was adopted."""
    if text == "current":
        home = _project(context, None)
        return in_force(context.view, home).document
    if (context.start / text).is_file() or text.endswith((".yaml", ".yml")):
        return read_file(context, text).policy.document
    view: View = context.view
    wanted = artifacts.resolve(view, text if "/" in text else f"policy/{text}").ref
    for each in reversed(projection.listed(view)):
        if each.policy == wanted:
            return each.document
    raise InputError(f"{wanted} was never adopted; `assay policy list` shows what was")


def _flat(item: Any, place: str = "") -> dict[str, str]:
    """Every leaf of a document with its place in words; transitions are named by where they lead, not by their number."""
    if isinstance(item, dict):
        return {k: v for key, each in item.items() for k, v in _flat(each, f"{place}.{key}" if place else key).items()}
    if isinstance(item, list) and any(isinstance(each, dict) for each in item):
        found: dict[str, str] = {}
        for n, each in enumerate(item):
            label = f"to {each['to']}" if isinstance(each, dict) and "to" in each else f"{n + 1}"
            tiers = f" of {each['tiers']}" if isinstance(each, dict) and "tiers" in each else ""
            found |= _flat(each, f"{place}[{label}{tiers}]")
        return found
    return {place: json.dumps(item, ensure_ascii=False)}
