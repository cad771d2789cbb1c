"""What ``show`` says: gates that have not opened are no failures, long histories are folded, near names are offered."""

from __future__ import annotations

import pytest

from app.actions.deployments import _gates
from tests.app.story import RUN, Shell

HELD = {"name": "prediction ratio", "passed": True, "value": 0.07, "threshold": 0.1}
EARLY = {"name": "minimum days", "passed": False, "value": 3, "threshold": 20}
BROKEN = {"name": "parity", "passed": False, "value": 1.0, "threshold": 0.0}


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([HELD], "all hold"),
        ([HELD, EARLY], "not yet: minimum days 3 of 20"),
        ([HELD, BROKEN, EARLY], "failed: parity 1 of 0; not yet: minimum days 3 of 20"),
        ([{"name": "latency", "passed": False}], "failed: latency"),
        ([], "none"),
    ],
)
def test_what_has_not_opened_yet_has_not_failed(checks: list[dict[str, object]], said: str) -> None:
    assert _gates(checks) == said


def test_a_run_that_is_not_there_names_those_that_are(shell: Shell) -> None:
    said = shell("show", "run/zzz")
    assert said.code == 2
    assert f"there is no run/zzz; the newest: run/{RUN}" in said.err
    assert "there is no deployment yet" in shell("show", "deployment/zzz").err
    assert "the nearest: run/" in shell("show", f"run/{RUN[:-1]}0").err
