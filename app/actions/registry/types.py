"""What the registry is made of: an action and its arguments, as light data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from app.actions.answers import Answer
    from app.actions.reviews import Review

Kind = Literal["text", "integer", "number", "flag", "path"]
Arity = Literal["one", "optional", "many", "some"]
Completes = Literal[
    "",
    "ref",
    "artifact",
    "model",
    "run",
    "request",
    "alert",
    "deployment",
    "monitor",
    "person",
    "project",
    "event",
    "event_type",
]
GROUPS = ("start", "look", "prove", "make", "decide", "watch", "people")
"""The groups of ``assay --help``, by use, in order."""

GROUP_TITLES = {
    "start": "Start",
    "look": "Look",
    "prove": "Prove",
    "make": "Make and register",
    "decide": "Decide and deploy",
    "watch": "Watch",
    "people": "People and keys",
}

SCOPES = (
    "everywhere",
    "maturity",
    "lineage",
    "registry",
    "approvals",
    "rollouts",
    "monitoring",
    "pipelines",
    "risks",
    "audit",
)
"""Where a key works in the dashboard; a key is unique in its scope, and none hides one that works everywhere."""


class Argument(NamedTuple):
    """One argument: ``name`` is the action's parameter; without ``flags`` it is positional.

    ``arity``: ``one``; ``optional`` (a positional that may be left out); ``many`` (none or more; an option that may be
    repeated); ``some`` (one or more).
    """

    name: str
    help: str
    flags: tuple[str, ...] = ()
    kind: Kind = "text"
    arity: Arity = "one"
    choices: tuple[str, ...] = ()
    default: Any = None
    completes: Completes = ""
    metavar: str = ""
    required: bool = False

    @property
    def shown(self) -> str:
        """How usage lines name its value: ``REF``, ``FILE``."""
        return self.metavar or self.name.upper().replace("_", "-")


COUNT = Argument(
    "count",
    "at most this many, the newest; 0 for all",
    ("-n", "--count"),
    kind="integer",
    default=50,
    metavar="N",
)
"""How many a listing shows: what a person can read, unless more is asked for."""


class Example(NamedTuple):
    """A command line that works in the demo's workspace or a new one, and what it does."""

    command: str
    says: str


class Action(NamedTuple):
    """One thing that people do, with one name, one key, one command and one help line.

    ``module`` and ``function`` are imported when it is run: ``function(context, **arguments) -> Answer``. ``writes``:
    it may append to the ledger. ``at``: it takes a moment to look as of. ``gives``: the members of its JSON document,
    in the words of :mod:`app.actions.registry.shapes`. ``confirms``: the function of :mod:`app.actions.reviews` that says
    what would be done, and which word a person types before the dashboard does it; for what cannot be taken back.
    """

    name: str
    summary: str
    group: str
    scope: str
    key: str
    module: str
    function: str
    arguments: tuple[Argument, ...] = ()
    examples: tuple[Example, ...] = ()
    description: str = ""
    writes: bool = False
    at: bool = False
    gives: str = ""
    confirms: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The command's words: ``("artifact", "list")``."""
        return tuple(self.name.split())

    def load(self) -> Callable[..., Answer]:
        """Import the function that does it."""
        from importlib import import_module

        function: Callable[..., Answer] = getattr(import_module(self.module), self.function)
        return function

    def review(self) -> Callable[..., Review]:
        """Import the function that says what it would do; only where ``confirms`` names one."""
        from importlib import import_module

        function: Callable[..., Review] = getattr(import_module("app.actions.reviews"), self.confirms)
        return function
