"""Running a recorded run again and holding its results against the record; where they differ, finding out what made it.

The culprit is found by experiment: fresh runs that differ in one thing alone. What is said of a cause was seen, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.pipelines import recipe as recipes
from app.pipelines import runtime, swaps
from app.pipelines.comparison import Results, differences
from app.pipelines.execution import Execution, execute
from app.pipelines.place import Material
from app.pipelines.recipe import ASPECTS, Recipe
from ledger import lifecycle
from ledger.events.runs import Difference, RunCompleted, RunReproduced, RunStarted
from ledger.events.vocabulary import Artifact
from ledger.format import canonical
from ledger.ledger import Ledger
from ledger.lifecycle import Made
from ledger.projections import artifacts, runs
from ledger.projections.runs import Run
from ledger.store.journal import Recorded
from ledger.store.objects import Stored

NONDETERMINISM = "nondeterminism"
UNRECORDED = "unrecorded"

Told = Callable[[str], None]
"""Told what is run next."""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How a run came out when it was run again.

    Attributes:
        fact: what was recorded of it; ``None`` where it was interrupted, which proves nothing.
        run: the fresh run as it stands in the record.
        of: the run that was reproduced.
        runtime: how the runtime of the fresh run differs from that of the run, a line each.
        recorded: the event ``run.reproduced``.
    """

    fact: RunReproduced | None
    run: Run
    of: Run
    runtime: tuple[str, ...]
    recorded: Recorded | None


def reproduce(
    ledger: Ledger,
    run: Run,
    *,
    actor: str | None,
    exchange: Sequence[str] = (),
    other: Run | None = None,
    start: Path = Path(),
    told: Told = lambda text: None,
    stop: Callable[[], bool] | None = None,
) -> Reproduction:
    """Run a recorded run again from the store alone, in a fresh folder, compare, and record the result as evidence.

    Args:
        ledger: open for writing.
        run: the run; it ended well.
        actor: who reproduces it.
        exchange: what to exchange on purpose; see ``swaps.exchanged``.
        other: another run of the same form: what it was made of otherwise is exchanged, to find what of it matters.
        start: what the paths in ``exchange`` are relative to.
        told: told what is run next.
        stop: asked a few times per second; the reproduction is interrupted once it returns true.

    Raises:
        InputError: the run cannot be run again; the message says why. Nothing is recorded then.
        LedgerError: the store or the ledger cannot be read or written.
    """
    want = recipes.recorded(run)
    base = recipes.of(ledger, run)
    plain = recipes.here(ledger, base)
    meant = recipes.recorded(other) if other is not None else None
    if other is not None:
        theirs = recipes.here(ledger, recipes.of(ledger, other))
        said = swaps.against(plain, theirs)
        changed = plain.taking(theirs, said)
    else:
        changed, said = swaps.exchanged(ledger, plain, exchange, start)
    laboratory = _Laboratory(ledger, run.project, base.spec.tolerance, told, stop)
    told(f"running {run.job} again")
    fresh, got = _recorded_run(ledger, run, changed, said, actor, laboratory)
    described = _moved(ledger, base.runtime, changed.runtime)
    if fresh.status != "interrupted":
        moved = run.runtime != plain.runtime or (other is not None and other.runtime != changed.runtime)
        fact = _judged(fresh, run, other, _Search(laboratory, plain, changed, said, want, got, meant, moved))
        if not laboratory.stopped:
            done = ledger.record(fact, actor=actor, project=run.project, cause=fresh.ended_seq)
            return Reproduction(fact, fresh, run, described, done)
    return Reproduction(None, fresh, run, described, None)


def _judged(fresh: Run, run: Run, other: Run | None, search: _Search) -> RunReproduced:
    """What a fresh run says of the record and, where they differ, what made the difference."""
    laboratory, tolerance = search.laboratory, search.plain.spec.tolerance
    differing = laboratory.differences(search.want, search.got)
    apart = bool(differing) or (search.meant is not None and not laboratory.same(search.meant, search.got))
    culprits = search.culprits() if apart else []
    return RunReproduced(
        run=fresh.run,
        of_run=run.run,
        equal=not differing,
        compared=search.want.names(),
        tolerance=tolerance,
        swapped=dict(search.said),
        against=other.run if other else None,
        differing=differing,
        culprits=culprits,
        trials=laboratory.count,
    )


class _Interrupted(Exception):
    """A fresh run was interrupted: no more are begun."""


class _Laboratory:
    """Where fresh runs are made. Those after the first leave their bytes in the store, and no event."""

    def __init__(
        self,
        ledger: Ledger,
        project: str | None,
        tolerance: float | None,
        told: Told,
        stop: Callable[[], bool] | None,
    ) -> None:
        self.count = 0
        self.stopped = False
        self.told = told
        self._objects = ledger.objects
        self._project = project
        self._tolerance = tolerance
        self._stop = stop

    def execution(self, recipe: Recipe) -> Execution:
        """Run a recipe once, in a fresh folder."""
        self.count += 1
        return execute(
            recipe.spec,
            self._objects,
            code=Material(recipe.code, directory=True),
            paths=recipe.paths,
            inputs=recipe.given(),
            stop=self._stop,
            python=recipe.python,
        )

    def results(self, recipe: Recipe, ended: Execution) -> Results:
        """What an execution gave, by the names without version."""
        named = {
            name: lifecycle.artifact_base(each.artifact, self._project) for name, each in recipe.spec.outputs.items()
        }
        outputs = {named[name]: stored.digest for name, stored in ended.outputs.items()}
        return Results(ended.status, outputs, ended.metrics, ended.reason)

    def fresh(self, recipe: Recipe, what: str) -> Results:
        """Run a recipe once more, and say what it gave.

        Raises:
            _Interrupted: it was interrupted.
        """
        self.told(what)
        ended = self.execution(recipe)
        if ended.status == "interrupted":
            raise _Interrupted
        return self.results(recipe, ended)

    def differences(self, want: Results, got: Results) -> list[Difference]:
        """What differs between two results, beyond the tolerance."""
        return differences(self._objects, want, got, self._tolerance)

    def same(self, one: Results, other: Results) -> bool:
        """Whether two results are the same, within the tolerance."""
        return not self.differences(one, other)


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for what makes a difference.

    ``plain`` is what was recorded, ``changed`` what was run and gave ``got``, ``said`` what is not the same in them.
    ``want`` is what the record has for ``plain``, ``meant`` what it has for ``changed``, if anything. ``moved`` says that
    the record was made in another runtime than this.
    """

    laboratory: _Laboratory
    plain: Recipe
    changed: Recipe
    said: Mapping[str, str]
    want: Results
    got: Results
    meant: Results | None
    moved: bool

    def culprits(self) -> list[str]:
        """The names of what makes the difference, in the order of ``ASPECTS``."""
        try:
            found = self._found()
        except _Interrupted:
            self.laboratory.stopped = True
            return []
        order = (*ASPECTS, NONDETERMINISM, UNRECORDED)
        return sorted(set(found), key=order.index)

    def _found(self) -> list[str]:
        same, fresh = self.laboratory.same, self.laboratory.fresh
        # Where a run does not even agree with itself, comparing it with others says nothing.
        if not same(self.got, fresh(self.changed, "once more, to see whether it agrees with itself")):
            return [NONDETERMINISM]
        # Why the same gives something else here than it once did: the runtime, where that is another.
        elsewhere = "runtime" if self.moved else UNRECORDED
        if not self.said:
            return [elsewhere]
        plain = fresh(self.plain, "as it was recorded")
        found = [elsewhere] if self.meant is not None and not same(self.meant, self.got) else []
        if not same(plain, self.want):
            if not same(plain, fresh(self.plain, "as it was recorded, once more")):
                return [NONDETERMINISM]
            found.append(elsewhere)
        return found + self._swapped(plain)

    def _swapped(self, plain: Results) -> list[str]:
        """Which of the exchanged aspects make a difference, each by itself; all of them, where only together they do."""
        same = self.laboratory.same
        if same(plain, self.got):
            return []
        if len(self.said) == 1:
            return list(self.said)
        alone = [
            name
            for name in self.said
            if not same(
                plain, self.laboratory.fresh(self.plain.taking(self.changed, [name]), f"with other {name} alone")
            )
        ]
        return alone or list(self.said)


def _recorded_run(
    ledger: Ledger, run: Run, recipe: Recipe, said: Mapping[str, str], actor: str | None, laboratory: _Laboratory
) -> tuple[Run, Results]:
    """The first fresh run, with its beginning and its end in the record.

    Its outputs are no new versions: those that equal the original's are named as what they are, the others are kept in
    the store, and their digests stand in ``run.reproduced``. Where something was exchanged, none is named: a version
    has not come from what was tried out.
    """
    objects = ledger.objects
    config = objects.put_bytes(canonical.encode(dict(recipe.spec.config)))
    spec = objects.put_bytes(canonical.encode(recipe.spec.document()))
    parameters: dict[str, Any] = {"spec": spec.digest, "paths": list(recipe.paths), "reproduces": run.run}
    if said:
        parameters["swapped"] = dict(said)
    if recipe.spec.callable:
        parameters["callable"] = recipe.spec.callable
    if recipe.spec.image:
        parameters["image"] = recipe.spec.image
    if recipe.code == run.code and "patch" in run.parameters:
        parameters["patch"] = run.parameters["patch"]
    fact = RunStarted(
        run=lifecycle.new_run(),
        job=run.job,
        job_type=run.job_type,
        inputs=list({each.ref: each for each in recipe.inputs.values()}.values()),
        code=recipe.code,
        commit=recipe.commit,
        dirty=run.dirty if recipe.code == run.code else None,
        config=config.digest,
        runtime=recipe.runtime,
        seed=recipe.spec.seed,
        trigger="reproduction",
        command=list(recipe.spec.command),
        parameters=parameters,
    )
    with lifecycle.claimed(ledger, fact.run) as release:
        sources = _runtime_version(ledger, run, recipe)
        started = lifecycle.begin(ledger, fact, sources, actor=actor, project=run.project, cause=run.ended_seq)
        try:
            ended = laboratory.execution(recipe)
        except KeyboardInterrupt:
            ended = Execution("interrupted", reason="interrupted from the keyboard")
        got = laboratory.results(recipe, ended)
        _end(ledger, started, run, ended, {} if said else got.outputs)
        release()
    found = runs.get(ledger.view(), fact.run)
    assert found is not None
    return found, got


def _runtime_version(ledger: Ledger, run: Run, recipe: Recipe) -> list[Made]:
    """The runtime as a version, where no version has its bytes yet."""
    if recipe.runtime is None or run.project is None or artifacts.by_digest(ledger.view(), recipe.runtime):
        return []
    data = ledger.objects.read(recipe.runtime)
    short = runtime.short_name(canonical.decode(data))
    stored = Stored(recipe.runtime, len(data))
    return [Made(f"runtime/{run.project}/{short}", stored, {"media_type": "application/json"})]


def _end(ledger: Ledger, started: Recorded, run: Run, ended: Execution, outputs: Mapping[str, str]) -> None:
    equal = [Artifact(ref, digest) for ref, digest in run.outputs if outputs.get(ref.rpartition("@")[0]) == digest]
    fact = RunCompleted(
        run=started.event.value["run"],
        status=ended.status,
        outputs=equal,
        metrics=dict(ended.metrics),
        exit_code=ended.exit_code,
        seconds=ended.seconds,
        log=ended.log,
        reason=ended.reason,
    )
    ledger.record(fact, actor=started.event.actor, project=run.project, cause=started.seq)


def _moved(ledger: Ledger, before: str | None, after: str | None) -> tuple[str, ...]:
    """How two runtimes differ, as far as the store tells."""
    if before == after:
        return ()
    if before is None or not ledger.objects.has(before) or after is None:
        return (
            "the runtime is not recorded"
            if before is None
            else "the recorded runtime's description is not in the store",
        )
    one, other = (canonical.decode(ledger.objects.read(each)) for each in (before, after))
    return tuple(runtime.differences(one, other))
