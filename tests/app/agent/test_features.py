"""The duty of features: computed when their time has come and something is new, pushed where they are served."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from app.actions.context import Context
from app.agent.duties import Troubled, features
from ledger.errors import AssayError
from tests.app.actions.test_features import CODE, RATES, VIEW, code, events, write
from tests.app.story import Shell

REF = "feature_view/fx-hedging/momentum"
DATA = "dataset/fx-hedging/momentum-features"


def scheduled(shell: Shell, *lines: str) -> None:
    write(shell, "features/momentum.yaml", VIEW + "".join(f"{each}\n" for each in lines))


@pytest.fixture
def ready(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A workspace whose view is computed each hour and served."""
    monkeypatch.setenv("ASSAY_ACTOR", "lea")
    write(shell, "rates.csv", RATES)
    shell.ok("artifact", "register", "rates.csv", "--kind", "dataset", "--name", "rates")
    scheduled(shell, "schedule: hourly", "online: true")
    code(shell)
    shell.ok("feature", "register", "momentum")
    return shell


def look(shell: Shell, hours: float = 2) -> list[str]:
    """What the duty does so many hours from now."""
    with closing(Context(start=shell.root, actor="lea", writes=True)) as context:
        return features.refresh(context, datetime.now(UTC) + timedelta(hours=hours))


def test_what_is_due_is_computed_once_and_pushed(ready: Shell) -> None:
    first = look(ready)
    assert [each.partition(", run/")[0] for each in first] == [
        f"computed {REF}@1 as {DATA}@1",
        f"pushed {DATA}@1 to the online store",
    ]
    assert look(ready) == [], "nothing is new"
    assert look(ready, 5) == []
    (run,) = [each for each in events(ready, "run.started") if each["job"] == "features-momentum"]
    assert run["trigger"] == "schedule"
    assert ready("feature", "get", "momentum", "USD").code == 0
    write(ready, "rates.csv", RATES + "2008-10-01,1.8,131,\n")
    ready.ok("artifact", "register", "rates.csv", "--kind", "dataset", "--name", "rates")
    assert [each.split()[0] for each in look(ready, 5)] == ["computed", "pushed"]
    assert look(ready, 5) == []
    write(ready, "project/app/views.py", CODE + "\n")
    assert look(ready, 5) == [], "it is the registered version that runs"
    ready.ok("feature", "register", "momentum")
    assert look(ready, 5)[0].startswith(f"computed {REF}@2 as {DATA}@")
    assert ready.json("verify")["ok"]


def test_before_its_time_nothing_is_done(ready: Shell) -> None:
    scheduled(ready, "schedule: 0 0 29 2 *")
    assert look(ready, -24 * 900) == []
    with closing(Context(start=ready.root, actor="lea", writes=True)) as context:
        assert features.refresh(context, datetime(2000, 1, 1, tzinfo=UTC)) == [], "a time before it was registered"


def test_a_push_that_was_cut_off_is_made_up_for(ready: Shell) -> None:
    ready.ok("feature", "materialize", "momentum")
    assert look(ready, -1000) == [f"pushed {DATA}@1 to the online store"]
    assert look(ready, -1000) == []
    ready.ok("feature", "materialize", "momentum", "--from", "2008-09-20")
    assert look(ready, 5) == [f"pushed {DATA}-part@1 to the online store"], "a part does not stand for the whole"


def test_what_failed_waits_for_the_next_time(ready: Shell) -> None:
    code(ready, CODE.replace("return rows", "").replace("for n, row in", "raise ValueError(1)\n    for n, row in"))
    ready.ok("feature", "register", "momentum")
    with pytest.raises(Troubled, match=rf"run/\S+ of {REF}@2 failed: "):
        look(ready)
    (failed,) = [each for each in ready.json("runs")["runs"] if each["job"] == "features-momentum"]
    assert failed["status"] == "failed"
    began = datetime.fromisoformat(failed["started_at"])
    with closing(Context(start=ready.root, actor="lea", writes=True)) as context:
        assert features.refresh(context, began) == [], "no hour begins in between"
    with pytest.raises(Troubled):
        look(ready, 3)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("schedule: often",), "line 15: 'often' is no schedule; write daily 06:30"),
        (("schedule: 7",), "line 15: schedule must be a text"),
        (("schedule: hourly", "online: yes"), "line 16: online must be true or false, not 'yes'"),
        (("online: true",), "line 15: online: true is about what the schedule computes; give schedule: too"),
    ],
)
def test_what_cannot_be_scheduled_is_named_by_its_line(ready: Shell, lines: tuple[str, ...], said: str) -> None:
    scheduled(ready, *lines)
    refused = ready("feature", "register", "momentum")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert said in refused.err
    with pytest.raises(Troubled, match=r"momentum.yaml, line"):
        look(ready)


def test_one_that_is_not_registered_is_told_and_the_others_are_done(ready: Shell) -> None:
    write(ready, "features/another.yaml", VIEW.replace("view: momentum", "view: another") + "schedule: hourly\n")
    with pytest.raises(Troubled, match=r"another.yaml, line 15: another is not registered in fx-hedging") as caught:
        look(ready)
    assert isinstance(caught.value, AssayError)
    assert len(caught.value.did) == 2
    scheduled(ready)
    (ready.root / "features/another.yaml").unlink()
    assert look(ready, 9) == [], "a view without a schedule is nobody's but the user's"


def test_a_round_of_the_agent_does_it(ready: Shell) -> None:
    scheduled(ready, "schedule: 0 0 29 2 *")
    said = ready.json("agent", "--once", "--only", "features")
    assert said["work"] == [], "its time has not come since it was registered"
    assert [each["duty"] for each in said["last"]["work"]] == ["features"]
