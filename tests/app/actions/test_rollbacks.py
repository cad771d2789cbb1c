"""Going back: by hand, by a breached gate within the day, and after a crash between two events; routers follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.actions.context import Context
from app.actions.rolling import Rollout
from app.rollout.router import Router
from ledger.ledger import Ledger
from ledger.projections import deployments
from tests.app.demo import tellings
from tests.app.story import Shell

MODEL = "model/fx-hedging/fx-vol"
ACCOUNTS = [f"M{n:04}" for n in range(1, 501)]


def routes(shell: Shell) -> Router:
    shell.ok("route")
    return Router(shell.root / ".assay" / "routes" / "prod" / "fx-hedging" / "fx-vol.json", refresh=0)


def of(shell: Shell, *types: str) -> list[dict[str, Any]]:
    return [each for each in tellings.recorded(shell.root) if each["type"] in types]


@pytest.fixture
def begun(demo: Shell) -> Shell:
    demo.ok("--as", "svc:deployer", "canary", "start", "fx-vol@2", "--maximum-days", "25")
    return demo


class Worse:
    """A service whose candidate loses more on every account and every day."""

    days = tuple(f"2009-12-{n:02}" for n in range(1, 29))

    def load(self, model: Any) -> str:
        return str(model.ref)

    def after(self, day: str, until: str | None = None) -> list[str]:
        return [each for each in self.days if each > day and (until is None or each <= until)]

    def score(self, day: str, models: list[str], accounts: list[str] | None = None) -> dict[str, Any]:
        count = len(accounts or [])
        one = {"loss": [1.0] * count, "deviation": [0.1] * count}
        two = {"loss": [1.9] * count, "deviation": [0.1] * count}
        parts = zip(models, (one, two), strict=True)
        return {
            "features": {"rv1": [0.1, 0.2]},
            "models": {name: {"accounts": part, "book": {"exception": False}} for name, part in parts},
        }


def context(shell: Shell) -> Context:
    return Context(start=shell.root, actor="svc:monitor", writes=True)


def rollout(acting: Context) -> Rollout:
    from app.actions.serving import declared

    (found,) = [each for each in deployments.listed(acting.ledger.view()) if each.status == "under way"]
    scoring: Any = Worse()
    return Rollout(acting, declared(acting), scoring, found)


def test_a_canary_serves_its_slice_and_a_promotion_or_its_end_moves_the_routes(begun: Shell) -> None:
    served = routes(begun)
    plan = of(begun, "deployment.started")[-1]["value"]["plan"]
    inside = [each for each in ACCOUNTS if served.route(each) == f"{MODEL}@2"]
    assert len(inside) == plan["realised"]["accounts"]
    said = begun.json("route", inside[0])["tables"][0]
    assert (said["version"], said["champion"]) == (f"{MODEL}@2", f"{MODEL}@3")
    begun.ok("canary", "run")
    assert set(served.route_many(ACCOUNTS)) == {f"{MODEL}@3"}, "inconclusive: the champion stays"


def test_a_shadow_is_evaluated_and_serves_nobody(demo: Shell) -> None:
    demo.ok("--as", "svc:deployer", "canary", "start", "fx-vol@2", "--maximum-days", "25", "--shadow")
    served = routes(demo)
    assert served.table.shadow == f"{MODEL}@2"
    assert set(served.route_many(ACCOUNTS)) == {f"{MODEL}@3"}
    assert demo.json("canary", "run")["deployment"]["strategy"] == "shadow"


def test_a_breach_rolls_back_within_the_day_that_shows_it(begun: Shell) -> None:
    with context(begun) as acting:
        under_way = rollout(acting)
        verdicts = [under_way.evaluate(day) for day in under_way.days() if not under_way.ended]
    assert verdicts[-1].step.decision == "roll_back"
    assert [each.event.type for each in verdicts[-1].recorded] == [
        "deployment.step",
        "deployment.completed",
        "deployment.rolled_back",
    ]
    last = of(begun, "deployment.rolled_back")[-1]["value"]
    assert (last["cause"], last["drill"], last["to_version"]) == ("breach", False, f"{MODEL}@3")
    assert set(routes(begun).route_many(ACCOUNTS)) == {f"{MODEL}@3"}
    assert begun.json("verify")["ok"]


@pytest.mark.parametrize("kept", [0, 1])
def test_cut_off_between_its_events_it_is_resumed(begun: Shell, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Ledger.record_many

    def cut(self: Ledger, entries: Any) -> Any:
        entries = list(entries)
        if len(entries) < 3:
            return whole(self, entries)
        if kept:
            whole(self, entries[:kept])
        raise KeyboardInterrupt

    with context(begun) as acting, monkeypatch.context() as patch:
        under_way = rollout(acting)
        patch.setattr(Ledger, "record_many", cut)
        with pytest.raises(KeyboardInterrupt):
            all(under_way.evaluate(day) for day in under_way.days())
    if kept == 1:
        assert set(routes(begun).route_many(ACCOUNTS)) == {f"{MODEL}@3"}, "the decision counts, not its end"
        said = begun("canary", "run", "--json")
        assert said.code == 1
        assert json.loads(said.out)["deployment"]["status"] == "rolled_back"
    else:
        with context(begun) as acting:
            again = rollout(acting)
            assert again.evaluate(again.days()[0]).step.decision == "roll_back"
    name = of(begun, "deployment.started")[-1]["value"]["deployment"]
    days = [each["value"]["day"] for each in of(begun, "deployment.step") if each["value"]["deployment"] == name]
    assert len(days) == len(set(days)), "no day is evaluated twice"
    assert of(begun, "deployment.rolled_back")[-1]["value"]["cause"] == "breach"
    assert begun.json("verify")["ok"]


def test_by_hand_the_version_before_serves_again(demo: Shell) -> None:
    assert set(routes(demo).route_many(ACCOUNTS)) == {f"{MODEL}@3"}
    said = demo.json("--as", "svc:deployer", "rollback", "--reason", "orders were rejected")
    assert said["to_version"] == f"{MODEL}@1"
    assert said["deployment"]["status"] == "rolled_back"
    assert set(routes(demo).route_many(ACCOUNTS)) == {f"{MODEL}@1"}
    assert demo.json("artifact", "show", "fx-vol@champion")["artifact"]["ref"] == f"{MODEL}@1"
    assert demo.json("verify")["ok"]
    refused = demo("rollback", "--reason", "again")
    assert (refused.code, "has no predecessor" in refused.err) == (2, True)


def test_a_canary_is_taken_back_by_hand(begun: Shell) -> None:
    said = begun.json("rollback", "--reason", "the desk asked")
    assert said["deployment"]["subject"] == f"{MODEL}@2"
    assert said["deployment"]["status"] == "rolled_back"
    assert set(routes(begun).route_many(ACCOUNTS)) == {f"{MODEL}@3"}
    assert "no canary is under way" in begun("canary", "run").err


def test_blue_green_stands_ready_and_takes_over_at_once(shell: Shell) -> None:
    said = shell("--as", "lea", "deploy", "fx-vol@1", "--to", "staging", "--strategy", "blue_green")
    assert said.code == 2
    assert "nothing of" in said.err
    shell.ok("--as", "lea", "deploy", "fx-vol@1", "--to", "staging")
    ready = shell.json("--as", "lea", "deploy", "fx-vol@2", "--to", "staging", "--strategy", "blue_green")
    assert (ready["deployment"]["status"], ready["deployment"]["slice"]) == ("under way", 0.0)
    table = shell.root / ".assay" / "routes" / "staging" / "fx-hedging" / "fx-vol.json"
    served = Router(table, refresh=0)
    assert served.route("a") == f"{MODEL}@1"
    done = shell.json("--as", "lea", "switch")
    assert done["deployment"]["status"] == "ok"
    assert served.route("a") == f"{MODEL}@2"
    assert "nothing stands ready" in shell("--as", "lea", "switch").err
    back = shell.json("--as", "lea", "rollback", done["deployment"]["deployment"], "--reason", "slow")
    assert back["to_version"] == f"{MODEL}@1"
    assert served.route("a") == f"{MODEL}@1"


def test_what_is_not_there_is_said(shell: Shell, tmp_path: Path) -> None:
    assert "nothing is live" in shell("route").err
    assert "nothing is live or under way" in shell("--as", "lea", "rollback", "--reason", "x").err
    assert "is not known" in shell("--as", "lea", "rollback", "nothing", "--reason", "x").err
