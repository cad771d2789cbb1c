"""What a screen shows of an entity: from whatever the cursor stands on to what another screen can put its cursor on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.projections.view import View


def target(view: View, ref: str, screen: str) -> str | None:
    """What the screen with this number can open of ``ref``; None where it shows nothing of it."""
    if screen == "9":
        seq = _seq(view, ref)
        return None if seq is None else f"event/{seq}"
    if ref.partition("/")[0] in _OWN.get(screen, ()):
        return ref
    subject = _subject(view, ref)
    if subject is None:
        return None
    if screen in ("2", "8"):
        project = _project(view, subject)
        return f"project/{project}" if project else None
    if screen == "3":
        return subject if subject.partition("/")[0] != "project" else None
    if screen == "4":
        return subject if "@" in subject or subject.startswith("run/") else _deployed(view, subject)
    return _about(view, _deployed(view, subject) or subject, screen)


_OWN = {"5": ("request",), "6": ("deployment",), "7": ("alert", "monitor"), "2": ("project",), "8": ("project", "risk")}
"""What each screen lists by itself."""

_ABOUT = {
    "5": "SELECT 'request/' || seq FROM requests WHERE subject = :ref AND seq <= :at ORDER BY seq DESC LIMIT 1",
    "6": "SELECT 'deployment/' || deployment FROM deployments WHERE subject = :ref AND seq <= :at ORDER BY seq DESC LIMIT 1",
    "7": "SELECT 'alert/' || alert FROM alerts WHERE subject = :ref AND seq <= :at ORDER BY seq DESC LIMIT 1",
}
"""The newest request, rollout or alert about a version."""


def _about(view: View, ref: str, screen: str) -> str | None:
    row = view.row(_ABOUT[screen], {"ref": ref}) if screen in _ABOUT else None
    return None if row is None else str(row[0])


def _seq(view: View, ref: str) -> int | None:
    """The event to read first: the one that a number names, else the newest about the entity."""
    kind, _, rest = ref.partition("/")
    if kind in ("event", "request"):
        return int(rest) if rest.isdecimal() else None
    for sql in (
        "SELECT max(seq) FROM events WHERE subject = :ref AND seq <= :at",
        "SELECT max(seq) FROM deployment_steps WHERE 'deployment/' || deployment = :ref AND seq <= :at",
        "SELECT max(seq) FROM deployments WHERE 'deployment/' || deployment = :ref AND seq <= :at",
        "SELECT max(seq) FROM alerts WHERE 'alert/' || alert = :ref AND seq <= :at",
        "SELECT max(seq) FROM observations WHERE 'monitor/' || coalesce(project, '') || '/' || monitor = :ref AND seq <= :at",
    ):
        found = view.row(sql, {"ref": ref})[0]
        if found is not None:
            return int(found)
    return None


def _subject(view: View, ref: str) -> str | None:
    """The version, run, deployment or project that an event, a request, an alert or a monitor is about."""
    kind, _, rest = ref.partition("/")
    if kind in ("event", "request"):
        row = (
            view.row("SELECT subject FROM events WHERE seq = :seq AND seq <= :at", {"seq": int(rest)})
            if rest.isdecimal()
            else None
        )
    elif kind == "alert":
        row = view.row(
            "SELECT subject FROM alerts WHERE alert = :name AND seq <= :at ORDER BY seq DESC LIMIT 1", {"name": rest}
        )
    elif kind == "monitor":
        row = view.row(
            "SELECT subject FROM monitors WHERE 'monitor/' || coalesce(project, '') || '/' || monitor = :ref AND seq <= :at "
            "ORDER BY seq DESC LIMIT 1",
            {"ref": ref},
        )
    else:
        return ref
    if row is None:
        return None
    about = str(row[0])
    return about if about.partition("/")[0] not in ("event", "request", "alert", "monitor") else None


def _deployed(view: View, ref: str) -> str | None:
    """The version that a deployment is of."""
    if not ref.startswith("deployment/"):
        return None
    row = view.row(
        "SELECT subject FROM deployments WHERE deployment = :name AND seq <= :at ORDER BY seq DESC LIMIT 1",
        {"name": ref.partition("/")[2]},
    )
    return None if row is None else str(row[0])


def _project(view: View, ref: str) -> str | None:
    kind, _, rest = ref.partition("/")
    if kind == "run":
        row = view.row("SELECT project FROM runs WHERE run = :run AND seq <= :at", {"run": rest})
        return None if row is None or row[0] is None else str(row[0])
    ref = _deployed(view, ref) or ref
    return ref.split("/")[1] if ref.count("/") >= 1 else None
