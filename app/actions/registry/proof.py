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
)
