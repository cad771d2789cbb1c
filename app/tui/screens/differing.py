"""What differs between two versions, or two runs: which two are compared, why none can be, and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tui.draw.refs import before

if TYPE_CHECKING:
    from app.tui.screens.action import ActionScreen


def uncompared(marked: str, here: str) -> str:
    """Why what the cursor stands on cannot be compared with what is marked, in words; empty where it can.

    Without a mark, a version is compared with the one before it.
    """
    run = here.startswith("run/")
    if "@" not in here and not run:
        return "only versions and runs can be compared"
    if marked and marked != here:
        kinds = [ref.partition("/")[0].replace("_", " ") for ref in (marked, here)]
        return "" if kinds[0] == kinds[1] else f"{kinds[0]} and {kinds[1]} cannot be compared"
    if run:
        return f"{'the cursor stands on the marked run itself' if marked else 'mark a run first, with space'}; d on another one"
    return "" if before(here) else "it is the first version; mark another one with space"


def difference(marked: str, here: str) -> ActionScreen:
    """The answer of the command line, which comes at once."""
    from app.actions import registry
    from app.tui.screens.action import ActionScreen

    first = marked if marked and marked != here else before(here)
    if here.startswith("run/"):
        return ActionScreen(registry.get("runs compare"), {"runs": f"{first} {here}"})
    return ActionScreen(registry.get("artifact diff"), {"first": first, "second": here})
