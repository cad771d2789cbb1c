"""What a user's words name: a version, a run, an event, a request, an alert, a deployment, a person."""

from __future__ import annotations

from typing import NamedTuple

from ledger.projections import alerts, artifacts, deployments, people, runs
from ledger.projections.artifacts import UnknownRef
from ledger.projections.view import View

_NEWEST = 3
_EVENT = ("seq:", "request/", "event/")


class Target(NamedTuple):
    """What was named: its full name, and whether it is an artifact, run, event, alert, deployment, person, ….

    ``monitor``, ``check``, ``project`` and ``ledger`` are named in full, and have a history alone.
    """

    kind: str
    ref: str


def find(view: View, text: str) -> Target:
    """What ``text`` names: a full reference, its unique beginning, an alias, a bare name, a number (an event's).

    Raises:
        UnknownRef: nothing answers to it, or more than one thing; the message gives the nearest names.
    """
    number = next((text.removeprefix(prefix) for prefix in _EVENT if text.startswith(prefix)), text)
    if number.isdecimal() and len(number) <= 15:
        return _event(view, int(number))
    kind, slash, name = text.partition("/")
    if slash and kind in ("run", "alert", "deployment", "person"):
        return Target(kind, _one(view, kind, name, text))
    if slash and kind in ("monitor", "project", "check", "ledger"):
        return _subject(view, text)
    try:
        return Target("artifact", artifacts.resolve(view, text).ref)
    except UnknownRef as error:
        if len(error.nearest) > 1:
            raise
        elsewhere = _elsewhere(view, text)
        if len(elsewhere) == 1:
            return elsewhere[0]
        if elsewhere:
            names = [target.ref for target in elsewhere]
            raise UnknownRef(f"{text!r} is ambiguous; it may be {', '.join(names[:5])}", names) from None
        raise _unknown(view, text, error) from None


def candidates(view: View, kind: str) -> list[str]:
    """The full names of all runs, alerts, deployments or people, in the order they were recorded."""
    if kind == "run":
        # Names alone: of a large ledger's runs the rest takes its time to read.
        return [f"run/{row[0]}" for row in view.rows("SELECT run FROM runs WHERE seq <= :at ORDER BY seq")]
    if kind == "alert":
        return [f"alert/{alert.alert}" for alert in alerts.listed(view)]
    if kind == "deployment":
        return [deployment.ref for deployment in deployments.listed(view)]
    return [f"person/{person.name}" for person in people.listed(view)]


def _event(view: View, seq: int) -> Target:
    if not 0 <= seq <= view.at:
        raise UnknownRef(f"there is no event {seq}; the log holds 0 to {view.at} at that moment", [])
    return Target("event", f"seq:{seq}")


def _one(view: View, kind: str, name: str, text: str) -> str:
    if kind == "run" and runs.get(view, name) is not None:
        return f"run/{name}"
    known = candidates(view, kind)
    if f"{kind}/{name}" in known:
        return f"{kind}/{name}"
    matches = [ref for ref in known if ref.startswith(f"{kind}/{name}")] if name else []
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UnknownRef(f"{text!r} is ambiguous; it may be {', '.join(matches[:5])}", matches)
    nearest = _close(text, known)
    if nearest:
        raise UnknownRef(f"there is no {text}; the nearest: {', '.join(nearest)}", nearest)
    # Names that chance gave, as runs have, resemble nothing: then the newest are what was probably meant.
    newest = known[: -_NEWEST - 1 : -1]
    hint = f"; the newest: {', '.join(newest)}" if newest else f"; there is no {kind} yet"
    raise UnknownRef(f"there is no {text}{hint}", newest)


def _subject(view: View, text: str) -> Target:
    row = view.row("SELECT 1 FROM events WHERE subject = :subject AND seq <= :at LIMIT 1", {"subject": text})
    if row is None:
        raise UnknownRef(f"no event is about {text}", [])
    return Target(text.partition("/")[0], text)


def _elsewhere(view: View, text: str) -> list[Target]:
    """What is no artifact and has this name, or, where nothing has, a name that begins so."""
    known = [(kind, ref) for kind in ("run", "alert", "deployment", "person") for ref in candidates(view, kind)]
    exact = [Target(kind, ref) for kind, ref in known if ref.partition("/")[2] == text]
    return exact or [Target(kind, ref) for kind, ref in known if ref.partition("/")[2].startswith(text)]


def _unknown(view: View, text: str, error: UnknownRef) -> UnknownRef:
    if error.nearest:
        return error
    known = [ref for kind in ("run", "alert", "deployment", "person") for ref in candidates(view, kind)]
    nearest = _close(text, known)
    if not nearest:
        return error
    return UnknownRef(f"nothing is called {text!r}; the nearest: {', '.join(nearest)}", nearest)


def _close(text: str, known: list[str]) -> list[str]:
    from difflib import get_close_matches

    tails = {ref.partition("/")[2]: ref for ref in known}
    found = get_close_matches(text, known, 3, 0.5)
    found += [tails[tail] for tail in get_close_matches(text.rpartition("/")[2], list(tails), 3, 0.5)]
    return list(dict.fromkeys(found))[:3]
