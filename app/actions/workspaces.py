"""Beginning: a workspace with a ledger of its own; and the shell's completion."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions.answers import Answer, Mark, fields, say, state
from app.actions.identity import LOGIN, Identity, identify
from app.workspace import FILE, FOLDER, Workspace, render
from ledger.errors import InputError

if TYPE_CHECKING:
    from app.actions.context import Context


_PASSING = ("--as", LOGIN)
"""What names the administrator here and nobody in the next command."""


def init(
    context: Context,
    *,
    directory: str | None = None,
    origin: str | None = None,
    project: str | None = None,
    clock: str = "system",
) -> Answer:
    """Make a workspace: its file, its ledger, and a key for its administrator where they have none.

    A folder whose ``assay.toml`` is there already (from version control) keeps it, and gets its ledger.
    """
    import ledger.ledger as ledgers
    from ledger.format.names import check_origin
    from ledger.keystore import Keystore

    root = (context.start / directory if directory else context.start).absolute()
    workspace = Workspace(root)
    place = workspace.ledger_path
    if place.exists():
        raise InputError(f"{root} is a workspace already, with its ledger in {place}; nothing was changed")
    if root.exists() and not root.is_dir():
        raise InputError(f"{root} is a file; name a folder")
    who = identify(context.named_actor, context.environ, None, or_login=True)
    home = workspace.project(project) if workspace.file.is_file() else _name(project or root.name)
    named = check_origin(origin or f"{_name(platform.node() or 'localhost')}/{_name(root.name)}")
    keystore = Keystore.for_ledger(place)
    word = None if keystore.has_person(who.name) else context.passphrase(who.name, new=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    kept = workspace.file.is_file()
    if not kept:
        workspace.file.write_text(render(home), encoding="utf-8")
    public = keystore.public(who.name) if word is None else keystore.make_person(who.name, word)
    with ledgers.create(place, origin=named, administrators={who.name: str(public)}, clock=clock) as ledger:
        key = str(ledger.verifier)
        ledger.checkpoint()
    document = {
        "workspace": str(root),
        "ledger": str(place),
        "origin": named,
        "key": key,
        "administrator": who.name,
        "project": home,
        "clock": clock,
    }
    return Answer(document, _made(document, who, keystore.folder, kept=kept))


def _made(document: Mapping[str, str], who: Identity, keys: Path, *, kept: bool) -> list[str]:
    """What a new workspace is told by: where things lie, and what comes next."""
    rows = [
        ("ledger", f"{FOLDER}/{Path(document['ledger']).name}, its name is {document['origin']}"),
        ("its key", document["key"]),
        ("administrator", f"{who.name} (by {who.why}); the secret key lies in {keys}"),
        ("settings", FILE + (", as it was" if kept else "")),
    ]
    lines = [say(state("good", "made"), f"  a workspace in {document['workspace']}"), *fields(rows)]
    if who.why in _PASSING:
        lines.append(say(f"`export ASSAY_ACTOR={who.name}` makes you {who.name} in the commands that follow"))
    then = "`assay people add NAME --role ROLE` enrols the others; `assay --help` lists the commands"
    return [*lines, say(Mark("dim", then))]


def completion(context: Context, *, shell: str) -> Answer:
    """The shell's code that asks Assay itself what may follow."""
    from argcomplete.shell_integration import shellcode

    code = shellcode(["assay"], shell="bash" if shell == "zsh" else shell)
    if shell == "zsh":
        # argcomplete's code serves zsh too, once zsh speaks bash's completion.
        code = f"autoload -U compinit && compinit\nautoload -U bashcompinit && bashcompinit\n{code}"
    return Answer({"shell": shell, "code": code}, raw=code.rstrip("\n") + "\n")


def _name(text: str) -> str:
    """A folder's or host's name as one that a project or an origin may have."""
    made = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")
    if not made:
        raise InputError(f"{text!r} cannot name a project; give --project and --origin")
    return made
