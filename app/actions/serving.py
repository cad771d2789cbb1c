"""The live side of a workspace: the feed of days, and the service that scores them with the deployed models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from app.pipelines import code, execution, yamltext
from app.pipelines import spec as specs
from app.pipelines.place import Material
from app.pipelines.service import Service
from ledger.errors import InputError
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from ledger.ledger import Ledger

FILE = "serving.yaml"
_KEYS = frozenset({"model", "environment", "monitors", "service", "code", "feed", "reference", "accounts", "warm_up"})


@dataclass(frozen=True, slots=True)
class Feed:
    """Where days come from: the output of a specification, run with some of its configuration set otherwise."""

    spec: str
    output: str
    set: dict[str, str]


@dataclass(frozen=True, slots=True)
class Serving:
    """What a workspace's ``serving.yaml`` declares.

    ``service`` is a module in the folder ``code``; ``warm_up`` is in days.
    """

    model: str
    environment: str
    monitors: str
    service: str
    code: str
    feed: Feed
    reference: str
    accounts: str
    warm_up: int


def declared(context: Context) -> Serving:
    """Read the workspace's ``serving.yaml``.

    Raises:
        InputError: there is none, or it lacks a key or holds one that is not known.
    """
    path = context.workspace.root / FILE
    if not path.is_file():
        raise InputError(f"{path} is not there; it declares the live model, its feed and its service (see the demo's)")
    data = yamltext.load(path.read_text(encoding="utf-8"), FILE).value
    if not isinstance(data, dict) or set(data) != _KEYS:
        found = set(data) if isinstance(data, dict) else set()
        wrong = sorted(_KEYS - found) or sorted(found - _KEYS)
        raise InputError(f"{path}: {wrong[0]!r} is {'missing' if _KEYS - found else 'not known'}")
    feed = data["feed"]
    if not isinstance(feed, dict) or set(feed) != {"spec", "output", "set"}:
        raise InputError(f"{path}: feed needs spec, output and set")
    return Serving(**{**data, "feed": Feed(**feed)})


class Scoring:
    """The running service: days as they were published, scored by the models that are loaded. A context manager."""

    def __init__(self, context: Context, serving: Serving) -> None:
        """Lay out the feed, and start the service; nothing is recorded."""
        ledger = context.ledger
        self._ledger: Ledger = ledger
        self._workspace = context.workspace
        self._folder = ledger.path.parent / "live"
        self._folder.mkdir(exist_ok=True)
        panel = self._lay_out_feed(context, serving.feed)
        accounts = self.lay_out(artifacts.resolve(context.view, serving.accounts))
        self.accounts_file = accounts
        self._service = Service(self._workspace.inside(serving.code), serving.service)
        self._service.__enter__()
        request = {"open": {"panel": str(panel), "models": {}, "mandates": str(accounts)}}
        opened = self._service.ask(request)
        self.days: list[str] = opened["days"]
        self.currencies: tuple[str, ...] = tuple(opened["currencies"])
        self._loaded: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._service.__exit__(kind, error, traceback)

    def load(self, model: artifacts.Artifact) -> str:
        """Serve a model version, under its reference."""
        if model.ref not in self._loaded:
            path = self.lay_out(model)
            self._service.ask({"load": {"name": model.ref, "model": str(path)}})
            self._loaded.add(model.ref)
        return model.ref

    def score(self, day: str, models: list[str], accounts: list[str] | None = None) -> dict[str, Any]:
        """What the models say on a day, and the outcomes that have come in with it."""
        answer: dict[str, Any] = self._service.ask({"score": day, "models": models, "accounts": accounts or []})
        return answer

    def lay_out(self, artifact: artifacts.Artifact) -> Path:
        """A verified copy of an artifact's bytes for the service to read."""
        target = self._folder / artifact.digest.removeprefix("sha256:")
        if not target.exists():
            self._ledger.objects.restore(artifact.digest, target, directory=False)
        return target

    def _lay_out_feed(self, context: Context, feed: Feed) -> Path:
        """Run the feed's specification apart from the record: it lays out a file, and makes no version."""
        spec = specs.read(self._workspace.inside(feed.spec), [f"{key}={value}" for key, value in feed.set.items()])
        objects = self._ledger.objects
        captured = code.capture(objects, [spec.folder / path for path in spec.code] or [self._workspace.root])
        inputs = {
            name: Material(artifacts.resolve(context.view, ref).digest, directory=False)
            for name, ref in spec.inputs.items()
        }
        ended = execution.execute(
            spec, objects, code=Material(captured.digest, directory=True), paths=captured.paths, inputs=inputs
        )
        if ended.status != "ok":
            raise InputError(f"the feed's {feed.spec} {ended.status}: {ended.reason}")
        target = self._folder / ended.outputs[feed.output].digest.removeprefix("sha256:")
        if not target.exists():
            objects.restore(ended.outputs[feed.output].digest, target, directory=False)
        return target
