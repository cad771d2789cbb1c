"""What the user set (``dashboard.toml``: theme and keys) and what the dashboard remembers from one time to the next.

Both live where the platform has them: settings in the user's configuration folder, memory in the state folder. A memory
that cannot be read or written costs nothing but itself.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from ledger.errors import InputError

SETTINGS = "dashboard.toml"
MEMORY = "dashboard.json"


@dataclass(frozen=True)
class Settings:
    """The theme's name (empty: ours, or the remembered one), keys by what they do: ``{"audit.verify": "ctrl+v"}``, and
    whether only ASCII is drawn whatever the locale says."""

    theme: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    ascii: bool = False


@dataclass(frozen=True)
class Memory:
    """The screen, its filter and the theme that were left last, of one ledger."""

    screen: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    theme: str = ""


def folders() -> tuple[Path, Path]:
    """Where settings and memory live."""
    from platformdirs import user_config_path, user_state_path

    return user_config_path("assay"), user_state_path("assay")


def settings(folder: Path, themes: Iterable[str], actions: Iterable[str]) -> Settings:
    """The user's settings; the usual where there is no file.

    Raises:
        InputError: the file cannot be read, or names a theme, an action or a setting that there is not.
    """
    file = folder / SETTINGS
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{file}: {error}") from None
    _known(file, "setting", found, ("theme", "keys", "ascii"))
    theme, keys, plain = found.get("theme", ""), found.get("keys", {}), found.get("ascii", False)
    if (
        not isinstance(theme, str)
        or not isinstance(keys, dict)
        or not all(isinstance(key, str) for key in keys.values())
        or not isinstance(plain, bool)
    ):
        raise InputError(
            f'{file}: theme is a name, ascii is true or false, and [keys] holds lines such as "audit.verify" = "ctrl+v"'
        )
    _known(file, "theme", [theme] if theme else [], themes)
    _known(file, "action", keys, actions)
    return Settings(theme, keys, plain)


def _known(file: Path, what: str, names: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"; is it {near[0]}?" if near else f"; there are {', '.join(sorted(known)[:8])}, …"
            raise InputError(f"{file} knows no {what} {name!r}{hint}")


def remembered(folder: Path, ledger: Path) -> Memory:
    """What was left last on this ledger; nothing where nothing can be read."""
    found = _read(folder).get(str(ledger))
    if not isinstance(found, dict):
        return Memory()
    filters = found.get("filters")
    kept = {str(key): str(text) for key, text in filters.items()} if isinstance(filters, dict) else {}
    return Memory(str(found.get("screen", "")), kept, str(found.get("theme", "")))


def remember(folder: Path, ledger: Path, memory: Memory) -> None:
    """Keep it for the next time; the file is replaced at once or not at all."""
    known = _read(folder)
    known[str(ledger)] = {"screen": memory.screen, "filters": dict(memory.filters), "theme": memory.theme}
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"{MEMORY}.{os.getpid()}"
        new.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        new.replace(folder / MEMORY)


def _read(folder: Path) -> dict[str, object]:
    with suppress(OSError, ValueError):
        found = json.loads((folder / MEMORY).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}
