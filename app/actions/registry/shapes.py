"""The shapes that ``--json`` speaks: what each thing's document holds. Fields are only ever added.

An action's ``gives`` names the members of its document: ``at``, or ``events:[event]`` for a list of events.
"""

from __future__ import annotations

SHAPES: dict[str, str] = {
    "event": "seq hash type subject project actor at cause sentence",
    "artifact": (
        "ref kind project name version sha256 size seq actor at run facts stage aliases retired replaced_by live "
        "documents:[document]"
    ),
    "document": "seq doc_kind sha256 title",
    "run": (
        "run ref job job_type project actor status seq started_at ended_seq ended_at inputs:[input] outputs:[input] "
        "metrics parameters command code commit dirty config runtime seed seconds exit_code log reason "
        "trigger experiment series"
    ),
    "input": "ref sha256",
    "feature_view": (
        "ref project name version sha256 schema entity event_time ttl definition code sources features columns "
        "offline online reads refused checks:[view_check]"
    ),
    "view_check": "seq check kind passed verdict at",
    "request": (
        "seq subject sha256 transition roles project actor at note evidence state missing:[missing] "
        "decisions:[decision] due expires changes"
    ),
    "missing": "what action who",
    "decision": "seq signer role verdict reason at revoked",
    "exception": (
        "exception subject transition project state reason actor seq at expires outcome closed_seq closed_by closed_at"
    ),
    "signed": "request subject sha256 transition role verdict statement pae fingerprint",
    "condition": "what met seq missing",
    "alert": (
        "alert monitor subject project severity state injected message value threshold day seq at changes:[change]"
    ),
    "change": "seq state actor note ref at",
    "deployment": (
        "deployment ref subject environment strategy slice status project actor seq at ended_seq ended_at plan"
    ),
    "person": "name kind administrator title team teams since keys roles:[role]",
    "role": "scope role",
    "ledger_key": "key since seq",
    "watched": "origin keys size root time",
    "witness": "name key logs:[watched]",
    "node": "ref kind label distance alerts",
    "edge": "source target role seq",
    "finding": "kind seq detail",
    "damage": "ref sha256 kind detail depending live",
    "move": "artifact alias version ref seq actor since until",
    "project_standing": "project team verified levels overall claims criteria:[criterion]",
    "team_standing": "team projects levels",
    "criterion": (
        "id track level need state grade automated window evidence done total lacking against gained lost lapses reason next "
        "src"
    ),
    "risk": (
        "risk project title area likelihood impact raised priority capability owner depends objects lapsed flags seq at closed"
    ),
    "target": ("seq at ref project track level due owner criteria milestones depends request signed signer open now"),
    "milestone": "project track level due owner after reached late open:[criterion]",
    "model": ("model project version live tier purpose exposure owner validated validated_seq due state"),
    "guide_item": "page id title state found evidence advice failure",
    "symptom": "id title state cause evidence fix",
    "standing": "origin clock size head last_at checkpoint verified",
}
"""The members of each shape; after a colon the shape that a member has, in brackets where it is a list of such."""


def member(word: str) -> tuple[str, str, bool]:
    """A word of a shape taken apart: the member's name, its shape (empty where plain), and whether it is a list."""
    name, _, shape = word.partition(":")
    return name, shape.strip("[]"), shape.startswith("[")
