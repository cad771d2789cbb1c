"""The live side of a workspace: the feed of days, and the service that scores them with the deployed models."""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from app.monitoring import series
from app.pipelines import code, execution, yamltext
from app.pipelines import spec as specs
from app.pipelines.fields import Fields
from app.pipelines.place import Material
from app.pipelines.service import Service
from ledger.errors import InputError
from ledger.projections import artifacts

if TYPE_CHECKING:
    from app.actions.context import Context
    from app.monitoring.series import Series

FILE = "serving.yaml"
_KEYS = ("model", "environment", "monitors", "service", "code", "feed", "reference", "accounts", "warm_up")
_LOGGED_KEYS = ("model", "environment", "monitors", "source", "reference", "warm_up")
SERVE_LOG = "serve-log"
"""The source of a workspace whose own code serves: days come from the inference records that it logs."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Where days come from: the output of a specification, run with some of its configuration set otherwise."""

    spec: str
    output: str
    set: dict[str, str]


@dataclass(frozen=True, slots=True)
class Serving:
    """What a workspace's ``serving.yaml`` declares.

    ``service`` is a module in the folder ``code``; ``warm_up`` is in days. Where days come from inference records, ``source``
    says so, and ``reference`` is a span of such days, ``2026-01-01..2026-03-31``.
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
    source: str = ""


def declared(context: Context) -> Serving:
    """Read the workspace's ``serving.yaml``.

    Raises:
        InputError: there is none, or it lacks a key or holds one that is not known.
    """
    hint = "it declares the live model, its feed and its service (see the demo's)"
    document = yamltext.read(context.workspace.root / FILE, "declaration of the live side", FILE, hint)
    fields = Fields(document, (), "serving")
    found = _logged(fields) if "source" in fields.value else _served(fields)
    return replace(found, model=whole(found.model, context.workspace.project(None)))


def whole(name: str, project: str) -> str:
    """A model's name, or a kind and a name, with all that was left out: ``model/project/name``."""
    kind, _, rest = name.partition("/") if "/" in name else ("model", "", name)
    return f"{kind}/{project}/{rest}" if "/" not in rest else name


def _served(fields: Fields) -> Serving:
    """What is declared where a service of this workspace scores days."""
    fields.only(_KEYS)
    feed = fields.table("feed")
    feed.only(("spec", "output", "set"))
    texts = {key: fields.text(key) for key in _KEYS if key not in ("feed", "warm_up")}
    laid_out = Feed(feed.text("spec"), feed.text("output"), dict(feed.table("set").value))
    return Serving(**texts, feed=laid_out, warm_up=fields.whole("warm_up"))


def _logged(fields: Fields) -> Serving:
    """What is declared where days come from inference records."""
    fields.only(_LOGGED_KEYS)
    texts = {key: fields.text(key) for key in _LOGGED_KEYS if key != "warm_up"}
    if texts["source"] != SERVE_LOG:
        raise fields.error("source", f"the source is {SERVE_LOG}, not {texts['source']!r}")
    return Serving(**texts, warm_up=fields.whole("warm_up"), service="", code="", feed=Feed("", "", {}), accounts="")


class Scoring:
    """The running service: days as they were published, scored by the models that are loaded. A context manager."""

    def __init__(self, context: Context, serving: Serving) -> None:
        """Lay out the feed, and start the service; nothing is recorded."""
        self._objects = context.ledger.objects
        self._workspace = context.workspace
        self._scratch = tempfile.TemporaryDirectory(prefix="assay-live-")
        self._folder = Path(self._scratch.name)
        self._loaded: set[str] = set()
        self._service: Service | None = None
        try:
            panel = self._lay_out_feed(context, serving.feed)
            accounts = self.lay_out(artifacts.resolve(context.view, serving.accounts))
            self._service = Service(self._workspace.inside(serving.code), serving.service)
            opened = self._ask({"open": {"panel": str(panel), "models": {}, "mandates": str(accounts)}})
        except BaseException:
            self.close()
            raise
        self.days: list[str] = opened["days"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the service, and remove what was laid out for it."""
        if self._service is not None:
            self._service.close()
        self._scratch.cleanup()

    def after(self, day: str, until: str | None = None) -> list[str]:
        """The days that come after ``day``, up to and with ``until``; all of them where ``None``."""
        stop = len(self.days) if until is None else bisect_right(self.days, until)
        return self.days[bisect_right(self.days, day) : stop]

    def load(self, model: artifacts.Artifact) -> str:
        """Serve a model version, under its reference."""
        if model.ref not in self._loaded:
            path = self.lay_out(model)
            self._ask({"load": {"name": model.ref, "model": str(path)}})
            self._loaded.add(model.ref)
        return model.ref

    def score(self, day: str, models: list[str], accounts: list[str] | None = None) -> dict[str, Any]:
        """What the models say on a day, and the outcomes that have come in with it."""
        return self._ask({"score": day, "models": models, "accounts": accounts or []})

    def reference(self, context: Context, name: str) -> Series:
        """What monitors are calibrated on: the registered series of this name."""
        return series.read(self.lay_out(artifacts.resolve(context.ledger.view(), name)))

    def values(self, day: str, model: str) -> dict[str, Any]:
        """A day as monitors look at it, scored with a model that is loaded; an open label is missing, and no zero."""
        answer = self.score(day, [model])
        own = answer["models"][model]
        place = bisect_right(self.days, day) - 1
        before = self.days[place - 1] if place > 0 else day
        return {
            **answer["features"],
            "prediction": own["prediction"],
            "log_error": own["label"]["log_error"],
            "exception": float(own["book"]["exception"]),
            "age": float((date.fromisoformat(day) - date.fromisoformat(before)).days),
            **{name: own[name] for name in ("latency", "cost") if name in own},
        }

    def lay_out(self, artifact: artifacts.Artifact) -> Path:
        """A verified copy of an artifact's bytes for the service to read."""
        return self._restored(artifact.digest)

    def _lay_out_feed(self, context: Context, feed: Feed) -> Path:
        """Run the feed's specification apart from the record: it lays out a file, and makes no version."""
        spec = specs.read(self._workspace.inside(feed.spec), [f"{key}={value}" for key, value in feed.set.items()])
        captured = code.capture(self._objects, [spec.folder / path for path in spec.code] or [self._workspace.root])
        inputs = {
            name: Material(artifacts.resolve(context.view, ref).digest, directory=False)
            for name, ref in spec.inputs.items()
        }
        ended = execution.execute(
            spec,
            self._objects,
            code=Material(captured.digest, directory=True),
            paths=captured.paths,
            inputs=inputs,
        )
        if ended.status == "interrupted":
            raise KeyboardInterrupt
        if ended.status != "ok":
            raise InputError(f"the feed's {feed.spec} {ended.status}: {ended.reason}")
        return self._restored(ended.outputs[feed.output].digest)

    def _restored(self, digest: str) -> Path:
        target = self._folder / digest.removeprefix("sha256:")
        if not target.exists():
            self._objects.restore(digest, target, directory=False, durable=False)
        return target

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._service is not None
        answer: dict[str, Any] = self._service.ask(request)
        return answer
