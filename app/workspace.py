"""The workspace: a folder with ``assay.toml`` and ``.assay/``, found upwards like git's, and what its file declares.

The file is read when something in it is first asked for: a command that needs only the ledger's place never parses it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ledger.errors import InputError

FILE = "assay.toml"
FOLDER = ".assay"
LEDGER = "ledger.db"
OBJECTS = "objects"
DEMO_KEYS = "demo-keys"
ENVIRONMENTS = ("dev", "staging", "prod")

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_KEYS = ("project", "environments", "objects", "projects", "routes", "notices", "demo")
_PROJECT_KEYS = ("title", "team")
_ROUTE_GOALS = ("file", "command", "webhook")
_ROUTE_KEYS = (*_ROUTE_GOALS, "secret_env", "secret_file", "timeout")
_NOTICE_KINDS = ("approvals", "exceptions", "alerts")
_DEMO_KEYS = ("persona",)


class Project(NamedTuple):
    """A project that the workspace declares: what maturity, risks and targets belong to."""

    name: str
    title: str = ""
    team: str = ""


class Route(NamedTuple):
    """Where notices go besides the dashboard: a file inside the workspace, a command that gets each on its standard input, or
    a webhook, which is signed where a secret is named: by a variable of the environment, or a file. ``timeout`` in seconds.
    """

    name: str
    file: str = ""
    command: tuple[str, ...] = ()
    webhook: str = ""
    secret_env: str = ""
    secret_file: str = ""
    timeout: float = 0.0


class Config(NamedTuple):
    """What ``assay.toml`` says. ``persona`` is set in a demo workspace alone: the actor where none is named. ``notices``
    says over which routes each kind of notice goes: ``approvals``, ``exceptions``, ``alerts``. ``objects`` is the object
    store's URL or folder, where it is not the workspace's own.
    """

    project: str | None
    environments: tuple[str, ...]
    projects: dict[str, Project]
    routes: dict[str, Route]
    persona: str | None
    notices: dict[str, tuple[str, ...]] = {}  # noqa: RUF012  (never changed)
    objects: str | None = None


class Workspace:
    """A folder with ``assay.toml``; where its record and objects lie, and what the file declares."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def find(cls, start: Path) -> Workspace:
        """The workspace that ``start`` lies in, looked for upwards.

        Raises:
            InputError: neither ``start`` nor a folder above it has an ``assay.toml``, or ``start`` is no folder.
        """
        folder = start.absolute()
        if not folder.is_dir():
            raise InputError(f"there is no folder {start}")
        for candidate in (folder, *folder.parents):
            if (candidate / FILE).is_file():
                return cls(candidate)
        raise InputError(
            f"{folder} is not in a workspace (no {FILE} here or above); "
            "`assay init` makes one, `assay demo` a worked example"
        )

    @property
    def file(self) -> Path:
        """``assay.toml``."""
        return self.root / FILE

    @property
    def ledger_path(self) -> Path:
        """The workspace's own ledger; ``--ledger`` and ``ASSAY_LEDGER`` name another."""
        return self.root / FOLDER / LEDGER

    @property
    def objects(self) -> Path | str:
        """Where artifacts lie, by digest: a folder, or the URL of a store elsewhere."""
        declared = self.config.objects
        if declared is None:
            return self.root / FOLDER / OBJECTS
        return declared if "://" in declared else self.root / declared

    @property
    def demo_keys(self) -> Path:
        """The secret keys of the demo's people. Only a demo workspace has them, and they are marked as such."""
        return self.root / FOLDER / DEMO_KEYS

    @cached_property
    def config(self) -> Config:
        """What ``assay.toml`` declares.

        Raises:
            InputError: the file cannot be read, is no TOML, or holds what is not known; the line is named.
        """
        try:
            text = self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.file} cannot be read: {error}") from None
        return parse(text, self.file)

    @property
    def persona(self) -> str | None:
        """Who acts in a demo workspace where nobody is named."""
        return self.config.persona if self.demo_keys.is_dir() else None

    def project(self, name: str | None = None) -> str:
        """The project that a command means: the one it names, else the file's, else the only one declared.

        Raises:
            InputError: none is named where several or none are declared, or the name cannot be a project's.
        """
        config = self.config
        if name is None:
            name = config.project or (next(iter(config.projects)) if len(config.projects) == 1 else None)
        if name is None:
            raise InputError(f'no project is named; give --project, or set project = "…" in {self.file}')
        if not re.fullmatch(_NAME, name):
            raise InputError(f"{name!r} cannot be a project's name; use letters, digits and . _ -")
        return name

    def environment(self, name: str) -> str:
        """``name``, where ``assay.toml`` declares such an environment.

        Raises:
            InputError: it does not; the message lists those it does.
        """
        known = self.config.environments
        if name not in known:
            raise InputError(
                f"there is no environment {name!r}{nearest(name, known)}; {FILE} declares {', '.join(known)}"
            )
        return name

    def inside(self, path: str | os.PathLike[str]) -> Path:
        """A path from outside, taken as relative to the workspace, resolved.

        Raises:
            InputError: it leads out of the workspace, by ``..``, by being absolute, or through a link.
        """
        root = self.root.resolve()
        resolved = (root / path).resolve()
        if resolved != root and root not in resolved.parents:
            raise InputError(f"{os.fspath(path)} leads out of the workspace {self.root}; name a path inside it")
        return resolved


def nearest(word: str, known: tuple[str, ...] | list[str]) -> str:
    """``; did you mean 'x'?`` where one of ``known`` comes close to ``word``, else nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def parse(text: str, file: Path) -> Config:
    """Read the text of an ``assay.toml``; ``file`` is for the errors.

    Raises:
        InputError: it is no TOML, or a key or value is not as it must be; the message names the line.
    """
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = max(1, len(text.splitlines()))
        raise InputError(f"{file}: {str(error).replace('at end of document', f'at line {last}, the end')}") from None
    return _Reader(text, file).config(data)


class _Reader:
    """Turns parsed TOML into a Config, and knows the text for the line numbers of its errors."""

    def __init__(self, text: str, file: Path) -> None:
        self._lines = text.splitlines()
        self._file = file

    def config(self, data: Mapping[str, Any]) -> Config:
        self._only(data, _KEYS, ())
        projects = {name: self._project(name, each) for name, each in self._tables(data, "projects")}
        routes = {name: self._route(name, each) for name, each in self._tables(data, "routes")}
        demo = self._table(data.get("demo", {}), ("demo",))
        self._only(demo, _DEMO_KEYS, ("demo",))
        project = self._text(data, "project", ())
        if project and projects and project not in projects:
            raise self._error(("project",), f"project {project!r} is not declared{nearest(project, list(projects))}")
        return Config(
            project=self._name(project, ("project",)) if project else None,
            environments=self._environments(data),
            projects=projects,
            routes=routes,
            persona=self._text(demo, "persona", ("demo",)) or None,
            notices=self._notices(data, routes),
            objects=self._text(data, "objects", ()) or None,
        )

    def _notices(self, data: Mapping[str, Any], routes: Mapping[str, Route]) -> dict[str, tuple[str, ...]]:
        table = self._table(data.get("notices", {}), ("notices",))
        self._only(table, _NOTICE_KINDS, ("notices",))
        for kind, names in table.items():
            where = ("notices", kind)
            if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
                raise self._error(where, f"notices.{kind} must be a list of routes that is not empty")
            for name in names:
                if name not in routes:
                    raise self._error(where, f"there is no route {name!r}{nearest(name, list(routes))}")
        return {kind: tuple(names) for kind, names in table.items()}

    def _environments(self, data: Mapping[str, Any]) -> tuple[str, ...]:
        names = data.get("environments", list(ENVIRONMENTS))
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise self._error(
                ("environments",), "environments must be a list of names, in the order versions pass them"
            )
        if len(set(names)) < len(names):
            raise self._error(("environments",), "environments names one twice")
        return tuple(self._name(name, ("environments",)) for name in names)

    def _project(self, name: str, data: Mapping[str, Any]) -> Project:
        where = ("projects", name)
        self._only(data, _PROJECT_KEYS, where)
        return Project(self._name(name, where), self._text(data, "title", where), self._text(data, "team", where))

    def _route(self, name: str, data: Mapping[str, Any]) -> Route:
        where = ("routes", name)
        self._only(data, _ROUTE_KEYS, where)
        if sum(key in data for key in _ROUTE_GOALS) != 1:
            raise self._error(where, f"route {name} needs exactly one of {', '.join(_ROUTE_GOALS)}")
        command = data.get("command", [])
        if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
            raise self._error((*where, "command"), 'command must be a list of words, such as ["notify", "--urgent"]')
        if "command" in data and not command:
            raise self._error((*where, "command"), "command is empty")
        webhook = self._text(data, "webhook", where)
        if webhook and not re.match(r"https?://[^/?#@\s]+(?:[/?]|$)", webhook):
            raise self._error(
                (*where, "webhook"), "webhook must be an http:// or https:// address without a name and password in it"
            )
        variable, kept = self._text(data, "secret_env", where), self._text(data, "secret_file", where)
        if (variable or kept) and not (webhook and not (variable and kept)):
            raise self._error(
                where, "a secret signs a webhook, and stands in secret_env or in secret_file, not in both"
            )
        timeout = data.get("timeout", 0)
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 <= timeout <= 120:
            raise self._error((*where, "timeout"), "timeout is in seconds, more than 0 and up to 120")
        file = self._text(data, "file", where)
        return Route(self._name(name, where), file, tuple(command), webhook, variable, kept, float(timeout))

    def _tables(self, data: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(name, self._table(each, (key, name))) for name, each in self._table(data.get(key, {}), (key,)).items()]

    def _table(self, item: Any, where: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(item, dict):
            raise self._error(where, f"{'.'.join(where)} must be a table, [{'.'.join(where)}]")
        return item

    def _text(self, data: Mapping[str, Any], key: str, where: tuple[str, ...]) -> str:
        item = data.get(key, "")
        if not isinstance(item, str) or (key in data and not item):
            raise self._error((*where, key), f"{'.'.join((*where, key))} must be a text that is not empty")
        return item

    def _name(self, name: str, where: tuple[str, ...]) -> str:
        if not re.fullmatch(_NAME, name):
            raise self._error(where, f"{name!r} cannot be a name; use letters, digits and . _ -")
        return name

    def _only(self, data: Mapping[str, Any], known: tuple[str, ...], where: tuple[str, ...]) -> None:
        for key in data:
            if key not in known:
                place = f" in [{'.'.join(where)}]" if where else ""
                hint = nearest(key, known) or f"; known are {', '.join(known)}"
                raise self._error((*where, key), f"unknown key {key!r}{place}{hint}")

    def _error(self, where: tuple[str, ...], message: str) -> InputError:
        line = self._line(where)
        return InputError(f"{self._file}{f', line {line}' if line else ''}: {message}")

    def _line(self, where: tuple[str, ...]) -> int:
        """The line on which the key ``where`` or its table begins; 0 where the text does not spell it plainly."""
        table: tuple[str, ...] = ()
        for number, text in enumerate(self._lines, 1):
            header = re.match(r"\s*\[\[?([^\]]+)\]", text)
            if header:
                table = _dotted(header[1])
            key = None if header else re.match(r"\s*([^=#\[]+?)\s*=", text)
            if (header and table == where) or (key and (*table, *_dotted(key[1])) == where):
                return number
        return 0


def _dotted(key: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in key.split("."))


TEMPLATE = """\
# This folder is an Assay workspace. The record lies in .assay/ledger.db, the bytes it names in .assay/objects.
# Secret keys never lie here.

# What runs, artifacts and monitors belong to where a command does not say --project.
project = "{project}"

# Where versions are deployed, in the order they pass through. Into prod, the ledger demands its approvals.
environments = ["dev", "staging", "prod"]

# Where the bytes of artifacts lie, by digest, if not in .assay/objects: a folder, or any URL that fsspec speaks to.
# objects = "s3://bucket/assay"

[projects.{project}]
# title = "Currency hedging"
# team = "quant"

# Where notices go besides the dashboard: a file in this folder, a command that gets each on its standard input, or a
# webhook, signed with a secret that never stands here.
# [routes.desk]
# file = "alerts.log"
# [routes.chat]
# webhook = "https://chat.example.com/hooks/ml"
# secret_env = "ASSAY_CHAT_SECRET"

# Over which routes who is asked to sign is told, and other things.
# [notices]
# approvals = ["desk"]
"""


def render(project: str) -> str:
    """The text of a new workspace's ``assay.toml``, commented."""
    return TEMPLATE.format(project=project)
