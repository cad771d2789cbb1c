"""Who acts, and why it is they."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from app.workspace import Workspace
from ledger.errors import InputError

LOGIN = "the login name"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*", re.ASCII)


class Identity(NamedTuple):
    """Who acts. ``why`` says what named them; ``demo`` marks a demo's persona, whose key anybody may use."""

    name: str
    why: str
    demo: bool = False


def identify(
    named: str | None, environ: Mapping[str, str], workspace: Workspace | None, *, or_login: bool = False
) -> Identity:
    """Who acts: ``--as``, else ASSAY_ACTOR, else a demo workspace's persona, else the user configuration's.

    The persona comes before the configuration: the name that a user has elsewhere means nobody in the demo's ledger.

    Args:
        named: what ``--as`` says.
        environ: the environment's variables.
        workspace: the workspace, where this is in one.
        or_login: fall back to the login name: for the first administrator of a new ledger.

    Raises:
        InputError: nobody is named, or the name cannot be one.
    """
    if named is not None:
        return Identity(check(named), "--as")
    if environ.get("ASSAY_ACTOR"):
        return Identity(check(environ["ASSAY_ACTOR"]), "ASSAY_ACTOR")
    if workspace is not None and workspace.persona:
        return Identity(
            check(workspace.persona), "the demo's persona, with a demo key; --as NAME is somebody else", demo=True
        )
    configured = _configured()
    if configured is not None:
        file, name = configured
        return Identity(check(name), str(file))
    if or_login:
        from getpass import getuser

        try:
            return Identity(check(getuser()), LOGIN)
        except (OSError, KeyError):
            pass
    raise InputError(f'nobody is named; give --as NAME, set ASSAY_ACTOR, or write actor = "NAME" in {configuration()}')


def check(name: str) -> str:
    """``name``, where it can be a person's or an automation's.

    Raises:
        InputError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be somebody's name; use letters, digits and . _ - (svc: before an automation's)"
        )
    return name


def configuration() -> Path:
    """The user's configuration file."""
    from platformdirs import user_config_path

    return user_config_path("assay", appauthor=False) / "config.toml"


def _configured() -> tuple[Path, str] | None:
    """The user configuration's file and the actor it names, or ``None`` where it names none."""
    import tomllib

    from app.workspace import nearest

    file = configuration()
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    for key in data:
        # The dashboard keeps its own settings in a table of the same file.
        if key not in ("actor", "dashboard"):
            raise InputError(f"{file}: unknown key {key!r}{nearest(key, ('actor', 'dashboard'))}")
    name = data.get("actor")
    if name is None:
        return None
    if not isinstance(name, str):
        raise InputError(f"{file}: actor must be a name, a text")
    return file, name
