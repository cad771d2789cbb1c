"""The actions by which a proof leaves the ledger, and others vouch for it."""

from __future__ import annotations

from app.actions.registry.types import Action, Argument, Example

PROOF = (
    Action(
        "prove",
        "prove one event to somebody who has nothing but the ledger's verifier key",
        group="prove",
        scope="audit",
        key="p",
        module="app.actions.proving",
        function="prove",
        arguments=(
            Argument("seq", "the event's number", completes="event", metavar="SEQ"),
            Argument("output", "write it to this file", ("-o", "--output"), kind="path", metavar="FILE"),
        ),
        examples=(
            Example("assay prove 42 -o event-42.tlog-proof", "a file of a few kB, with the event's exact bytes"),
            Example("assay prove 42 > event-42.tlog-proof", "the same"),
        ),
        description=(
            "A C2SP tlog-proof file: the event, the way to the Merkle root, the signed checkpoint of that root. "
            "`assay verify FILE --key VKEY` checks it anywhere, without the ledger. Where no checkpoint covers the event "
            "yet, one is signed."
        ),
        writes=True,
        gives="seq origin size root proof",
    ),
    Action(
        "bundle",
        "write a folder that an auditor verifies without us: the log, or what concerns one subject",
        group="prove",
        scope="audit",
        key="b",
        module="app.actions.bundles",
        function="bundle",
        arguments=(
            Argument("directory", "the folder to make", kind="path", metavar="DIR"),
            Argument(
                "subject", "only the proofs of what concerns this", ("--subject",), completes="ref", metavar="REF"
            ),
            Argument(
                "artifacts",
                "enclose this version's bytes (may be repeated)",
                ("--artifact",),
                arity="many",
                completes="artifact",
                metavar="REF",
            ),
            Argument(
                "policy",
                "rest on the newest checkpoint that meets this C2SP tlog-policy file",
                ("--policy",),
                kind="path",
                metavar="FILE",
            ),
        ),
        examples=(
            Example("assay bundle audit-2026 --artifact fx-vol@3", "the whole log, with a model's bytes"),
            Example("assay bundle fx-vol-3 --subject fx-vol@3 --artifact fx-vol@3", "what concerns one version"),
        ),
        description=(
            "The folder has the C2SP tlog-tiles layout, or proof files where --subject is given; the signed checkpoint, "
            "the ledger's key, a report to read, and verify.py, a verifier of one file that needs Python and cryptography "
            "alone. `assay verify DIR` checks it too."
        ),
        writes=True,
        gives="directory origin key size root subject events artifacts findings:[finding]",
    ),
    Action(
        "backup",
        "copy the ledger into one file while others append, and verify the copy",
        group="prove",
        scope="audit",
        key="m",
        module="app.actions.bundles",
        function="backup",
        arguments=(
            Argument("file", "the copy; must not exist yet", kind="path", metavar="FILE"),
            Argument("objects", "also copy the stored objects, into objects/ beside it", ("--objects",), kind="flag"),
        ),
        examples=(
            Example("assay backup backups/monday.db", "the ledger alone"),
            Example("assay backup elsewhere/ledger.db --objects", "all that a new workspace needs but the keys"),
        ),
        gives="file ok size root head objects findings:[finding]",
    ),
)
