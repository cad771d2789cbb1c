"""What is recorded of a pipeline's steps fits an event, however many they are."""

from __future__ import annotations

from app.pipelines.outcome import MOST_BYTES, Done, facts
from app.pipelines.plan import Step
from ledger.format import canonical


def done(n: int, reason: str | None) -> Done:
    step = Step(f"step-{n}", "run", "train", (), None, {}, {})
    return Done(step, "failed" if reason else "ok", run=f"{n:016x}", reason=reason)


def test_a_few_are_told_in_full() -> None:
    (one,) = facts([done(1, "it failed")])
    assert one == {"step": "step-1", "stage": "train", "status": "failed", "run": f"{1:016x}", "reason": "it failed"}


def test_many_are_told_shortly() -> None:
    found = facts([done(n, "x" * 400) for n in range(400)])
    assert len(canonical.encode(found)) <= MOST_BYTES
    assert {each["status"] for each in found} == {"failed"}
    assert all("run" in each for each in found)
