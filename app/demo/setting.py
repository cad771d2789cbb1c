"""The setting: the demo's folder, its project and data, its ledger, its people."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import ledger.ledger as ledgers
from app.actions import people as people_actions
from app.demo import cast
from app.demo.stage import PROJECT, Stage
from app.profiling import registration
from app.workspace import DEMO_KEYS, FILE, FOLDER, LEDGER
from ledger.errors import InputError
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.documents import DocumentAttached
from ledger.format.names import quote
from ledger.keystore import Keystore
from ledger.ledger import Entry, Ledger
from ledger.projections import artifacts, documents, people

ORIGIN = "demo.assay.example/fx-hedging"
RAW = "ecb-rates"
"""The name of the dataset that is the ECB's file, byte for byte."""

_TOML = """\
# The demo's workspace. Its clock is simulated and its people are invented; the exchange rates are real
# (Source: ECB statistics). The record lies in .assay/ledger.db, the bytes that it names in .assay/objects.
project = "{project}"
environments = ["dev", "staging", "prod"]

[projects.{project}]
title = "Currency hedging"
team = "quant"

# Who acts here where nobody is named: the open request waits for this signature.
[demo]
persona = "{persona}"
"""


def sample_data() -> Path:
    """Where the ECB's file and the demo's project lie: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "sample_data"
    return installed if installed.is_dir() else package.parent / "sample_data"


def is_demo(root: Path) -> bool:
    """Whether ``root`` is a demo's workspace, finished or begun."""
    return (root / FOLDER / DEMO_KEYS).is_dir()


@contextmanager
def laid_out(root: Path) -> Iterator[None]:
    """Make the demo's folder with its project, or find one that was begun; nobody else tells a story there meanwhile.

    Raises:
        InputError: ``root`` is something else, and nothing in it is touched; or another telling is at work.
        OSError: it cannot be written.
    """
    if root.exists() and not root.is_dir():
        raise InputError(f"{root} is a file; name a folder for the demo")
    if root.is_dir() and not is_demo(root) and not _is_empty(root):
        raise InputError(f"{root} is not empty and no demo; name a new folder, and nothing here is touched")
    keys = root / FOLDER / DEMO_KEYS
    keys.mkdir(parents=True, exist_ok=True)
    handle = os.open(keys, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"another `assay demo` is at work in {root}; let it finish, or name another folder"
            ) from None
        _sweep(root)
        _copy_project(root)
        yield
    finally:
        os.close(handle)


def opened(root: Path, begins: date) -> Ledger:
    """The demo's ledger, made where it is not there yet."""
    place = root / FOLDER / LEDGER
    if not place.exists():
        keys = root / FOLDER / DEMO_KEYS
        shutil.rmtree(keys / "ledgers", ignore_errors=True)  # of a ledger that was never finished
        keystore = Keystore(keys, demo=True)
        name = cast.ADMINISTRATOR.name
        public = keystore.public(name) if keystore.has_person(name) else keystore.make_person(name)
        administrators = {name: str(public)}
        ledgers.create(
            place, origin=ORIGIN, administrators=administrators, clock="simulated", keys=keys, at=f"{begins}T08:00:00Z"
        ).close()
    return ledgers.open(place)


def begun(root: Path) -> date | None:
    """The day on which the story in ``root`` opened, or ``None`` where it has not."""
    place = root / FOLDER / LEDGER
    if not place.exists():
        return None
    with ledgers.open(place, read_only=True) as ledger:
        first = next(ledger.events(0, 1), None)
    return None if first is None else date.fromisoformat(first.event.at[:10])


def enrol(stage: Stage) -> None:
    """Everybody gets a key and roles."""
    for member in cast.ENROLLED:
        if people.get(stage.view, member.name) is None:
            people_actions.add(
                stage.as_(cast.ADMINISTRATOR),
                name=member.name,
                roles=member.roles,
                project=PROJECT,
                title=member.title,
                team=member.team,
                automation=member.automation,
            )


def register_data(stage: Stage) -> artifacts.Artifact:
    """The ECB's file goes into the object store as it is, and its provenance is attached to it."""
    existing = artifacts.latest(stage.view, "dataset", PROJECT, RAW)
    if existing is not None and documents.listed(stage.view, existing.ref):
        return existing
    source = stage.root / "data" / "eurofxref-hist.zip"
    kept = stage.ledger.objects.put_file(source)
    provenance = stage.ledger.objects.put_file(stage.root / "data" / "PROVENANCE.md")
    registered = ArtifactRegistered(
        kind="dataset",
        name=RAW,
        version=1,
        sha256=kept.digest,
        size=kept.size,
        uri=f"file:data/{quote(source.name)}",
        source_system="European Central Bank",
        media_type="application/zip",
        **registration.facts(stage.ledger.objects, kept.digest, source.name)[0],
    )
    attached = DocumentAttached(doc_kind="data_source", sha256=provenance.digest, title="Source: ECB statistics")
    ref = f"dataset/{PROJECT}/{RAW}@1"
    owner = cast.DATA_OWNER.name
    stage.record_many([Entry(registered, actor=owner, project=PROJECT), Entry(attached, ref, owner, PROJECT)])
    made = artifacts.get(stage.view, ref)
    assert made is not None
    return made


def _is_empty(root: Path) -> bool:
    """Whether nothing is in ``root``, but for the folder with which a demo that was cut off at once began."""
    inside = [each.name for each in root.iterdir()]
    return not inside or (inside == [FOLDER] and not any((root / FOLDER).iterdir()))


def _sweep(root: Path) -> None:
    """Remove what a telling that was killed left half written."""
    for left in ((root / FOLDER).glob("*.new*"), (root / FOLDER / DEMO_KEYS).rglob("*.new")):
        for path in left:
            path.unlink(missing_ok=True)


def _copy_project(root: Path) -> None:
    """The demo's project and data, as files of the user's own; what is there already stays as it is."""
    source = sample_data()
    (root / "data").mkdir(exist_ok=True)
    for name in ("eurofxref-hist.zip", "PROVENANCE.md"):
        _copy(source / name, root / "data" / name)
    for path in sorted((source / "project").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            _copy(path, root / path.relative_to(source / "project"))
    toml = root / FILE
    if not toml.exists():
        draft = toml.with_suffix(".new")
        draft.write_text(_TOML.format(project=PROJECT, persona=cast.PERSONA.name), encoding="utf-8")
        draft.replace(toml)


def _copy(source: Path, target: Path) -> None:
    """Copy a file in one step: a copy cut short by a crash is never taken for the whole."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.new")
    try:
        shutil.copyfile(source, draft)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        error.filename, error.filename2 = str(target), None
        raise
