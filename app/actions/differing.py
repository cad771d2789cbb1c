"""What changed between two versions: in what was registered of them, in how they were made, and in their bytes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.actions import describing
from app.actions.answers import Answer, Cell, Mark, counted, number, say, state, table
from app.actions.artifacts import is_directory
from app.actions.diffs import values
from ledger.errors import InputError
from ledger.projections import artifacts, runs

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.profiling.profile import Profile
    from ledger.projections.artifacts import Artifact
    from ledger.projections.view import View

_TEXT_LIMIT = 4 << 20
_LINES = 60
_SHOWN = 30
_MOVED = 0.05
"""A distribution that moved by less is not shown; ``--json`` has all."""


class _Pair(NamedTuple):
    """Two versions and where their bytes lie, verified."""

    was: Artifact
    now: Artifact
    one: Path
    other: Path


def diff(context: Context, *, first: str, second: str, key: str | None = None) -> Answer:
    """What changed from one version to another.

    Tables by columns, distributions and rows; JSON and YAML by key; folders by file; other text by line; of models also
    how the runs differ that made them.
    """
    view = context.view
    was, now = artifacts.resolve(view, first), artifacts.resolve(view, second)
    same = was.digest == now.digest and is_directory(was) == is_directory(now)
    document: dict[str, Any] = {
        "at": view.at,
        "a": _side(was),
        "b": _side(now),
        "same": same,
        "facts": [each.document() for each in _facts(was, now)],
        "made": _made(context, was, now),
    }
    lines: list[str] = [say(Mark("title", was.ref), " → ", Mark("title", now.ref))]
    lines += _told_facts(document)
    if same:
        document |= {"kind": "bytes", "changes": None}
        return Answer(document, [*lines, say(state("good", "same bytes"), f"  {was.digest}")])
    with tempfile.TemporaryDirectory(prefix="assay-diff-") as folder:
        pair = _Pair(was, now, Path(folder) / "a", Path(folder) / "b")
        for artifact, path in ((was, pair.one), (now, pair.other)):
            context.ledger.objects.restore(artifact.digest, path, directory=is_directory(artifact), durable=False)
        kind, changes, told = _content(context, pair, key.split(",") if key else [])
    return Answer(document | {"kind": kind, "changes": changes}, [*lines, *told])


def _content(context: Context, pair: _Pair, key: list[str]) -> tuple[str, Any, list[str]]:
    """What the bytes are, how they differ, and that in words."""
    if pair.one.is_dir() != pair.other.is_dir():
        return "bytes", None, [say(state("warn", "different"), "  one is a folder, the other a file")]
    if pair.one.is_dir():
        return _folders(context, pair)
    profiles = _profiles(context, pair)
    if profiles is not None:
        return _tables(pair, *profiles, key)
    if key:
        raise InputError("--key is for tables; these are none")
    texts = [_text(path) for path in (pair.one, pair.other)]
    if texts[0] is None or texts[1] is None:
        sizes = f"{pair.was.size:,} and {pair.now.size:,} bytes"
        return "bytes", None, [say(state("warn", "different"), f"  {sizes}, no text and no table")]
    parsed = [_parsed(text) for text in texts if text is not None]
    if all(isinstance(each, dict | list) for each in parsed):
        return _values(parsed[0], parsed[1])
    return _texts(pair, texts[0], texts[1])


# What was registered, and how it was made


def _side(artifact: Artifact) -> dict[str, Any]:
    return {
        "ref": artifact.ref,
        "sha256": artifact.digest,
        "size": artifact.size,
        "at": artifact.at,
        "actor": artifact.actor,
        "run": artifact.run,
    }


def _facts(was: Artifact, now: Artifact) -> list[values.Change]:
    """What differs in what was registered; profiles and columns are compared elsewhere."""
    sides = []
    for each in (was, now):
        summary = {k: v for k, v in (each.facts.get("summary") or {}).items() if k not in ("profile", "schema")}
        sides.append({"size": each.size, **each.facts, "summary": summary})
    return values.changes(*sides)[0]


def _made(context: Context, was: Artifact, now: Artifact) -> list[dict[str, Any]]:
    """How the runs differ that made them: parameters, inputs, metrics."""
    from app.actions import comparing

    found = [_run(context.view, each) for each in (was, now)]
    if found[0] is None or found[1] is None or found[0].run == found[1].run:
        return []
    rows = comparing.compared([found[0], found[1]], context.ledger.objects)
    return [
        {"kind": row.kind, "name": row.name, "was": row.values[0], "now": row.values[1]}
        for row in rows
        if row.differs and row.kind != "output"
    ]


def _run(view: View, artifact: Artifact) -> runs.Run | None:
    return runs.get(view, artifact.run) if artifact.run else None


def _told_facts(document: Mapping[str, Any]) -> list[str]:
    rows: list[tuple[Cell, ...]] = [
        (each["path"], _cell(each["was"]), "→", _cell(each["now"])) for each in document["facts"]
    ]
    rows += [
        (f"{each['kind']} {each['name']}", _cell(each["was"]), "→", _cell(each["now"])) for each in document["made"]
    ]
    return table(rows, indent="  ")


# Folders


def _folders(context: Context, pair: _Pair) -> tuple[str, Any, list[str]]:
    objects = context.ledger.objects
    before, after = ({each.name: each for each in objects.entries(side.digest)} for side in (pair.was, pair.now))
    files: list[dict[str, Any]] = []
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was is not None and now is not None and was.digest == now.digest:
            continue
        what = "added" if was is None else "removed" if now is None else "changed"
        files.append({"name": name, "what": what, "was": was.size if was else None, "now": now.size if now else None})
    rows: list[tuple[Cell, ...]] = [(_sign(each["what"]), each["name"], each["was"], each["now"]) for each in files]
    lines = [
        say(f"{counted(len(files), 'file')} of {len({*before, *after}):,} differ" + ("s" if len(files) == 1 else ""))
    ]
    shown = table(rows[:_SHOWN], ("", "file", "bytes", "now"), indent="  ")
    return "folder", {"files": files}, [*lines, *shown, *_rest(len(rows) - _SHOWN, "file")]


# Tables


def _profiles(context: Context, pair: _Pair) -> tuple[Profile, Profile] | None:
    """The profiles of both, where both are tables: those that were stored, or made now."""
    from app.profiling import profile as profiles

    found = []
    for artifact, path in ((pair.was, pair.one), (pair.now, pair.other)):
        if artifact.kind not in ("dataset", "feature_view") and "profile" not in (artifact.facts.get("summary") or {}):
            return None
        known = describing.kept(context.ledger.objects, artifact)
        if known is None and _is_json(path):
            return None
        try:
            found.append(known or profiles.profile(path))
        except InputError:
            return None
    return found[0], found[1]


def _is_json(path: Path) -> bool:
    """Whether a file begins as JSON does: its first line would pass for a table's head as well."""
    with path.open("rb") as file:
        return file.read(64).lstrip()[:1] in (b"{", b"[")


def _tables(pair: _Pair, was: Profile, now: Profile, key: list[str]) -> tuple[str, Any, list[str]]:
    from app.actions.diffs import tables
    from app.profiling import comparing

    found = comparing.compare(was, now)
    columns = [name for name in now.columns if name in was.columns]
    rows = None
    if columns and tables.small_enough(was, now):
        rows = tables.compare(pair.one, pair.other, columns, tables.choose(was, now, key))
    document = {
        "rows": {"was": was.rows, "now": now.rows},
        "columns": {
            "added": list(found.added),
            "removed": list(found.removed),
            "kinds": [{"column": name, "was": one, "now": other} for name, one, other in found.kinds],
            "reordered": found.order,
        },
        "shifts": [each._asdict() for each in found.shifts],
        "by_row": None if rows is None else rows.document(),
    }
    return "table", document, list(_told_table(found, rows, sum(len(each.columns) for each in (was, now))))


def _told_table(found: Any, rows: Any, columns: int) -> Iterator[str]:
    was, now = found.rows
    yield say(f"rows     {was:,} → {now:,}")
    told = [f"{name} is new" for name in found.added] + [f"{name} is gone" for name in found.removed]
    told += [f"{name} was {one}, is {other}" for name, one, other in found.kinds]
    told += ["in another order"] if found.order else []
    yield say("columns  ", "; ".join(told) or "the same")
    if rows is not None and rows.key:
        by = ", ".join(rows.key)
        yield say(f"by {by}: {counted(rows.added, 'row')} added, {rows.removed:,} removed, {rows.changed:,} changed")
        where = [f"{name} {count:,}" for name, count in list(rows.columns.items())[:8]]
        if where:
            yield say("  changed in ", ", ".join(where), ", …" if len(rows.columns) > len(where) else "")
        examples: list[tuple[Cell, ...]] = [
            (each["key"], each["column"], each["was"], "→", each["now"]) for each in rows.examples[:6]
        ]
        yield from table(examples, indent="    ")
    elif rows is not None:
        yield say(f"as wholes, for no column names them: {counted(rows.added, 'row')} added, {rows.removed:,} removed")
    else:
        yield say(Mark("dim", "too many rows to compare one by one; the distributions say what moved"))
    moved = [each for each in found.shifts if each.distance is not None and each.distance - each.error > _MOVED]
    moved.sort(key=lambda each: -each.distance)
    shifts: list[tuple[Cell, ...]] = [
        (each.column, f"{each.distance:.1%}", _brief(each.was), "→", _brief(each.now)) for each in moved[:_SHOWN]
    ]
    if shifts:
        yield say("distributions that moved by more than 5 %")
        yield from table(shifts, ("column", "moved", "was", "", "is"), indent="  ")


def _brief(side: Mapping[str, Any]) -> str:
    if "mean" in side:
        spread = f" ± {number(side['deviation'])}" if "deviation" in side else ""
        return f"{number(side['mean'])}{spread}"
    return f"{counted(int(side.get('distinct', 0)), 'value')}"


# Values and text


def _values(was: Any, now: Any) -> tuple[str, Any, list[str]]:
    found, count = values.changes(was, now)
    rows: list[tuple[Cell, ...]] = [
        (_sign(each.kind), each.path, _cell(each.was), "→", _cell(each.now)) for each in found[:_SHOWN]
    ]
    head = say(counted(count, "difference"))
    document = {"count": count, "values": [each.document() for each in found]}
    return "values", document, [head, *table(rows, indent="  "), *_rest(count - _SHOWN, "difference")]


def _texts(pair: _Pair, was: str | None, now: str | None) -> tuple[str, Any, list[str]]:
    from difflib import unified_diff

    one, other = ((text or "").splitlines() for text in (was, now))
    lines = list(unified_diff(one, other, pair.was.ref, pair.now.ref, lineterm="", n=2))
    marks = {"+": "good", "-": "bad", "@": "dim"}
    told: list[str] = [
        say(Mark(marks[each[0]], each)) if each[:1] in marks and n > 1 else say(each)
        for n, each in enumerate(lines[:_LINES])
    ]
    added, removed = (sum(each.startswith(sign) for each in lines[2:]) for sign in "+-")
    return "text", {"added": added, "removed": removed, "diff": lines}, [*told, *_rest(len(lines) - _LINES, "line")]


def _text(path: Path) -> str | None:
    if path.stat().st_size > _TEXT_LIMIT:
        return None
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def _parsed(text: str) -> Any:
    """A JSON, TOML or YAML document's value; ``None`` where the text is none, or nothing but words."""
    import tomllib

    from app.pipelines import yamltext

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        pass
    try:
        return yamltext.load(text, "").value
    except InputError:
        return None


def _sign(what: str) -> Mark:
    signs = {"added": Mark("good", "+"), "removed": Mark("bad", "-")}
    return signs.get(what, Mark("warn", "~"))


def _cell(item: Any) -> Cell:
    if item is None or (isinstance(item, int | float | str) and len(str(item)) <= 60):
        return item
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _rest(count: int, noun: str) -> list[str]:
    return (
        [say(Mark("dim", f"  and {count:,} more {noun if count == 1 else noun + 's'}; --json has them"))]
        if count > 0
        else []
    )
