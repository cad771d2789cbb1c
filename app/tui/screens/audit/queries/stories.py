"""What a finding of a verification means, in words for somebody who knows nothing of hashes; and what to do about it.

Pure: from the kind of a finding, and what hashes around it say, to sentences.
"""

from __future__ import annotations

from typing import NamedTuple

CHAIN = frozenset({"edited", "missing", "reordered", "truncated", "damaged", "malformed", "rewritten"})
"""Kinds of findings after which the chain of links is broken at that event."""


class Hashes(NamedTuple):
    """Three witnesses of what an event was, in hex: the hash stored beside it, the one that its bytes give, and the one
    that the next event names. Empty where there is none."""

    stored: str = ""
    recomputed: str = ""
    named: str = ""


NO_HASHES = Hashes()


class Story(NamedTuple):
    """``what`` happened, ``means``: what follows from it, and what to do ``next``."""

    what: str
    means: str
    next: str


def story(kind: str, hashes: Hashes = NO_HASHES, detail: str = "", gone: int = 1) -> Story:
    """What a finding of this kind means where the hashes say so.

    Args:
        kind: as in ``ledger.audit.report.KINDS``.
        hashes: those of the event that it names.
        detail: the finding's own words, which tell rows put in from rows moved, and checkpoints from events.
        gone: how many rows there are none of.
    """
    if kind == "edited":
        return _edited(hashes)
    if kind == "missing":
        return _CHECKPOINTS_GONE if "checkpoint" in detail else _missing(gone)
    if kind == "reordered":
        return _reordered(detail)
    if kind == "signature":
        return _UNSIGNED if touched(kind, detail) else _CHECKPOINT_UNSIGNED
    return _STORIES.get(kind, Story("Something here is not as it should be.", detail, _ASK))


def touched(kind: str, detail: str) -> bool:
    """Whether a finding is about the event that it names, and not about what stands beside it: a node, a checkpoint."""
    return kind != "tree" and not (kind == "signature" and "checkpoint" in detail and "decision" not in detail)


def _edited(hashes: Hashes) -> Story:
    stored, recomputed, named = hashes
    if not named:
        what = "The bytes and the stored hash no longer fit each other."
        return Story(what, "It is the last event, so none after it tells which of the two was changed.", _RESTORE)
    if named == stored != recomputed:
        return Story(
            "The bytes were changed; the stored hash is still the one that the next event names.",
            "One edited row, not a cut.",
            _RESTORE,
        )
    if named == recomputed != stored:
        return Story(
            "Only the stored hash was changed; the bytes are those that the next event names.",
            "Nothing that was recorded is lost.",
            _RESTORE,
        )
    if stored == recomputed:
        return Story(
            "The bytes were changed and the hash with them; the next event still names the old one.",
            "One edited row, not a cut, by somebody who knew of the hash.",
            _RESTORE,
        )
    return Story(
        "Bytes, stored hash and what the next event names all differ.",
        "More than one of the three was changed.",
        _RESTORE,
    )


def _missing(gone: int) -> Story:
    what = "One row was removed." if gone == 1 else f"{gone:,} rows were removed."
    return Story(what, "A cut out of the middle: what stood here is gone.", _RESTORE)


def _reordered(detail: str) -> Story:
    if "put in" in detail:
        return Story(
            "A row was put in that the log does not go on from.", "Nothing that was recorded is lost.", _RESTORE
        )
    if "names another" in detail:
        what = "This event does not follow the one that stands before it: it names another."
        return Story(what, "One of the two was exchanged.", _RESTORE)
    return Story(
        "Rows changed places; each still has its own bytes.", "A shuffle, not a cut: nothing is lost.", _RESTORE
    )


_KEEP = "Stop appending, and keep this file as it is for whoever looks into it."
_RESTORE = f"{_KEEP} A backup (`assay backup`) that was made before has the row as it was."
_REBUILD = "`assay rebuild` computes them anew; then find out who wrote to the file."
_ASK = f"{_KEEP} `assay verify --json` says it in full."

_CHECKPOINTS_GONE = Story(
    "A signed checkpoint that was stored is gone, or stands in another's place.",
    "The events are not touched by it; somebody wanted less to be vouched for.",
    f"{_KEEP} Checkpoints kept elsewhere (`assay verify --checkpoint FILE`) stand in for it.",
)
_CHECKPOINT_UNSIGNED = Story(
    "A stored checkpoint is not signed by the ledger's key.",
    "It vouches for nothing: it was forged, or changed after it was signed.",
    f"{_KEEP} Rely on the checkpoint before it, or on one kept elsewhere.",
)
_UNSIGNED = Story(
    "A signature does not hold.",
    "Nobody whose key was valid then signed this; the decision does not count.",
    f"{_KEEP} Ask the signer whether they decided this, and have it decided again.",
)

_STORIES = {
    "truncated": Story(
        "The end of the log is gone: a signed checkpoint covers more events than there are.",
        "The log was cut, or an older copy was put in its place.",
        f"{_KEEP} Put the newest copy back, or an administrator lets this one go on: `assay continue`.",
    ),
    "rewritten": Story(
        "The log fits together in itself, but it is not the one that was signed.",
        "History was written anew from here on, hashes and all.",
        f"{_KEEP} Trust nothing from here on; a copy that fits the checkpoint has what was recorded.",
    ),
    "forked": Story(
        "The ledger's key signed two histories, and no one log can be both.",
        "Whoever holds the key told different people different things.",
        f"{_KEEP} `assay verify --misbehaviour FILE` keeps the proof, which anyone can check.",
    ),
    "columns": Story(
        "The event is as it was recorded; the columns beside it, by which it is found, say something else.",
        "Lists and filters may be wrong about it; the record is not.",
        _ASK,
    ),
    "tree": Story(
        "The events fit; a stored node of the tree over them was changed, or is not there.",
        "Nothing that was recorded is lost, but proofs made from that node would not hold.",
        _ASK,
    ),
    "projections": Story(
        "The events fit; what was computed from them, and is shown everywhere, was changed.",
        "Nothing that was recorded is lost; screens and reports may have been wrong.",
        _REBUILD,
    ),
    "schema": Story(
        "The file's tables or the guards against changing rows are not as Assay makes them.",
        "Somebody changed the file with another program; the guards no longer keep rows from being changed.",
        _ASK,
    ),
    "clock": Story(
        "Time runs backwards here, or a decision lies outside the time that its checkpoint allows.",
        "When it was done cannot be what is recorded.",
        "Ask whoever recorded it which clock they had.",
    ),
    "malformed": Story(
        "The bytes are not an event as the format prescribes.",
        "It says nothing that could be relied on.",
        _RESTORE,
    ),
    "rule": Story(
        "It was recorded although a rule that was in force forbade it.",
        "The record is whole; what it records should not have happened.",
        "Whoever is responsible decides again, or records an exception.",
    ),
    "damaged": Story(
        "The file cannot be read there.",
        "The disk, a copy that was broken off, or somebody who wrote into the file.",
        f"{_KEEP} Copy it to another disk, then verify the copy.",
    ),
}


class Bracket(NamedTuple):
    """A checkpoint next to an event: how many events it covers, whether the ledger's key signed it, whether the stored
    tree gives its root (``None`` where that cannot be told), and how many of the events that it covers are gone."""

    size: int
    signed: bool
    agrees: bool | None
    gone: int = 0


def bracketed(before: Bracket | None, after: Bracket | None) -> str:
    """What the checkpoints on both sides say, in a sentence; each is named by how many events it covers."""
    if before is None and after is None:
        return "no checkpoint stands before or after it"
    return f"checkpoint before: {_standing(before)}; after: {_standing(after)}"


def _standing(each: Bracket | None) -> str:
    if each is None:
        return "none"
    said = f"{each.size:,}, {'signed' if each.signed else 'not signed'}"
    if each.gone:
        return f"{said}, {each.gone:,} gone"
    return said if each.agrees is None else f"{said}, {'agrees' if each.agrees else 'differs'}"
