"""Risks, targets, the plan and the inventory, by command."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from app.actions.registry.shapes import SHAPES
from tests.app.story import PROJECT, Shell

DUE = "2099-12-31"


def members(shape: str) -> set[str]:
    return {word.partition(":")[0] for word in SHAPES[shape].split()}


def add(shell: Shell, name: str, *words: str) -> dict[str, Any]:
    return dict(shell.json("--as", "mia", "risk", "add", name, *words)["risk"])


class TestRisks:
    def test_recorded_listed_closed(self, shell: Shell) -> None:
        made = add(shell, "stale", "--likelihood", "4", "--impact", "5", "--capability", "data.tests", "--owner", "mia")
        assert made.keys() == members("risk")
        assert (made["priority"], made["flags"]) == (20, [])
        add(shell, "lost", "--likelihood", "2", "--impact", "2", "--capability", "data.lineage", "--owner", "mia")
        assert [each["risk"] for each in shell.json("risk", "list")["risks"]] == ["stale", "lost"]
        shell.ok("--as", "mia", "risk", "close", "stale", "--outcome", "checked daily")
        assert [each["risk"] for each in shell.json("risk", "list")["risks"]] == ["lost"]
        assert [each["risk"] for each in shell.json("risk", "list", "--all")["risks"]] == ["lost", "stale"]
        assert shell("--as", "mia", "risk", "close", "stale", "--outcome", "again").code == 2
        again = add(shell, "stale", "--capability", "data.tests", "--owner", "mia")
        assert again["closed"] is None

    def test_what_nobody_answers_or_owns_is_flagged(self, shell: Shell) -> None:
        assert add(shell, "open")["flags"] == ["no capability answers it", "nobody owns it"]
        said = shell.ok("risk", "matrix").out
        assert "no capability answers it" in said
        assert "nobody owns it" in said

    def test_what_is_not_said_again_stays(self, shell: Shell) -> None:
        add(shell, "scope", "--likelihood", "2", "--impact", "5", "--area", "lineage", "--title", "growing")
        made = add(shell, "scope", "--owner", "jon")
        assert (made["likelihood"], made["impact"], made["area"], made["title"]) == (2, 5, "lineage", "growing")
        assert (made["owner"], made["capability"]) == ("jon", "")
        assert add(shell, "scope", "--capability", "data.tests")["flags"] == []

    def test_a_risk_rises_by_itself_when_its_answer_lapses(self, shell: Shell) -> None:
        """A check that passed and then failed: what stood on it has lapsed."""
        add(shell, "broken", "--likelihood", "3", "--impact", "3", "--capability", "code.tests", "--owner", "mia")
        run_check(shell, passed=True)
        (calm,) = shell.json("risk", "list")["risks"]
        assert (calm["priority"], calm["raised"]) == (9, 3)
        run_check(shell, passed=False)
        (risen,) = shell.json("risk", "list")["risks"]
        assert (risen["likelihood"], risen["raised"], risen["priority"]) == (3, 4, 12)
        assert risen["lapsed"] == ["C1.3"]
        assert risen["flags"] == ["raised: C1.3 lapsed, which code.tests stands on"]
        run_check(shell, passed=True)
        assert shell.json("risk", "show", "broken")["risk"]["priority"] == 9

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--likelihood", "6"), "--likelihood 6: a number from 1 to 5"),
            (("--impact", "0"), "--impact 0: a number from 1 to 5"),
            (("--capability", "data.test"), "did you mean 'data.tests'?"),
            (("--depends", "nothing"), "there is no risk 'nothing'"),
            (("--depends", "second"), "first would depend on itself, through second"),
        ],
    )
    def test_refused(self, shell: Shell, words: tuple[str, ...], message: str) -> None:
        add(shell, "first")
        add(shell, "second", "--depends", "first")
        before = shell.json("overview")["at"]
        said = shell("--as", "mia", "risk", "add", "first", *words)
        assert said.code == 2
        assert message in said.err
        assert shell.json("overview")["at"] == before

    def test_a_title_is_drawn_safely(self, shell: Shell) -> None:
        add(shell, "sly", "--title", "red \x1b[31m \u202e")
        for words in (("risk", "list"), ("risk", "show", "sly"), ("risk", "matrix")):
            said = shell.ok(*words).out
            assert "\x1b[31m" not in said
            assert "\u202e" not in said


def run_check(shell: Shell, *, passed: bool) -> None:
    import ledger
    from ledger.events.checks import CheckExecuted

    with ledger.open(shell.ledger) as book:
        fact = CheckExecuted(check="unit", kind="unit", passed=passed, value=1, threshold=1)
        book.record(fact, subject=f"code/{PROJECT}/src", actor="lea", project=PROJECT)


class TestTargets:
    def test_set_signed_planned(self, shell: Shell) -> None:
        shell.ok("--as", "ada", "verify", "--record")
        made = shell.json(
            "--as", "mia", "target", "set", "data", "L1", "--due", DUE, "--owner", "mia", "--milestone", "L0=2098-01-01"
        )
        assert {each["id"] for each in made["target"]["criteria"]} >= {"D0.1", "D1.5"}
        (target,) = shell.json("target", "list")["targets"]
        assert target.keys() == members("target")
        assert (target["signed"], target["now"], target["level"]) == (None, "unmapped", "L1")
        assert shell("--as", "jon", "target", "sign", "data", "--yes").code == 1
        shell.ok("--as", "ada", "people", "grant", "jon", "--role", "sponsor")
        shell.ok("--as", "jon", "target", "sign", "data", "--yes", "--reason", "agreed")
        (signed,) = shell.json("target", "list")["targets"]
        assert signed["signer"] == "jon"
        (project,) = shell.json("maturity")["projects"]
        assert next(each for each in project["criteria"] if each["id"] == "D1.4")["state"] == "held"
        steps = shell.json("plan")["milestones"]
        assert [(each["level"], each["due"]) for each in steps] == [("L0", "2098-01-01"), ("L1", DUE)]
        assert all(each.keys() == members("milestone") for each in steps)
        assert steps[1]["after"] == ["data L0"]
        assert steps[0]["open"][0]["next"]
        assert "to come" in shell.ok("plan").out

    def test_days_follow_the_levels(self, shell: Shell) -> None:
        shell.ok("--as", "ada", "verify", "--record")
        shell.ok("--as", "mia", "target", "set", "data", "L3", "--due", DUE, "--milestone", "L1=2050-01-01")
        steps = shell.json("plan")["milestones"]
        assert [each["level"] for each in steps] == ["L0", "L1", "L2", "L3"]
        assert [each["due"] for each in steps][1::2] == ["2050-01-01", DUE]
        assert "2050-01-01" < steps[2]["due"] < DUE

    def test_a_slip_is_shown(self, shell: Shell) -> None:
        shell.ok("--as", "mia", "target", "set", "model", "L0", "--due", DUE, "--owner", "mia")
        (step,) = shell.json("plan")["milestones"]
        assert step["late"] == 0
        from app.actions import evaluating, plan, targets
        from app.actions.context import Context
        from ledger.rules.maturity.moments import micros

        with Context(start=shell.root) as context:
            found = evaluating.ground(context)
            later = found._replace(moment=found.moment._replace(t=micros("2100-01-10T12:00:00.000000Z")))
            (slipped,) = plan.milestones(later, targets.standing(later, PROJECT)[0])
        assert slipped.late == 10

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("data", "L1", "--due", "soon"), "'soon' is no day"),
            (("data", "L1", "--due", "2001-01-01"), "is not after"),
            (("data", "L8", "--due", DUE), "'L8' is no level"),
            (("data", "L1", "--due", DUE, "--criterion", "be better"), "nothing can measure 'be better'"),
            (("data", "L1", "--due", DUE, "--criterion", "M1.1"), "nothing can measure 'M1.1'"),
            (("data", "L1", "--due", DUE, "--milestone", "L1=2098-01-01"), "a level below the target's"),
            (("data", "L2", "--due", "2098-01-01", "--milestone", "L1=2099-01-01"), "do not follow the levels"),
            (("data", "L1", "--due", DUE, "--depends", "data"), "another track"),
        ],
    )
    def test_refused(self, shell: Shell, words: tuple[str, ...], message: str) -> None:
        before = shell.json("overview")["at"]
        said = shell("--as", "mia", "target", "set", *words)
        assert said.code == 2
        assert message in said.err
        assert said.err.count("\n") == 1
        assert shell.json("overview")["at"] == before

    def test_nothing_to_sign_or_plan(self, shell: Shell) -> None:
        assert shell("--as", "jon", "target", "sign", "code", "--yes").code == 2
        assert "no target is set" in shell.ok("plan").out


class TestInventory:
    def test_tier_owner_and_validation(self, shell: Shell) -> None:
        (found,) = shell.json("inventory")["models"]
        assert found.keys() == members("model")
        assert (found["tier"], found["owner"], found["state"]) == (None, None, "not in use")
        assert "has no tier" in shell.ok("inventory").out
        shell.ok(
            "--as", "mia", "inventory", "tier", "fx-vol", "tier_1", "--purpose", "hedging", "--exposure", "EUR 3bn"
        )
        shell.ok("--as", "ada", "people", "raci", "fx-vol", "--accountable", "mia")
        (found,) = shell.json("inventory")["models"]
        assert (found["tier"], found["purpose"], found["exposure"], found["owner"]) == (
            "tier_1",
            "hedging",
            "EUR 3bn",
            "mia",
        )
        assert shell("--as", "mia", "inventory", "tier", "project/fx-hedging", "tier_9").code == 2

    def test_the_report_in_three_formats(self, shell: Shell) -> None:
        shell.ok(
            "--as", "mia", "inventory", "tier", "fx-vol", "tier_1", "--purpose", "=cmd() <b>|x\u202e", "--exposure", "1"
        )
        shell.ok("--as", "ada", "checkpoint")
        text = shell.ok("export", "inventory").out
        assert f"model/{PROJECT}/fx-vol" in text
        assert "checkpoint at size" in text
        assert "as of event" in text
        page = shell.ok("export", "inventory", "--format", "html").out
        assert "&lt;b&gt;" in page
        assert "<b>" not in page
        rows = list(csv.reader(io.StringIO(shell.ok("export", "inventory", "--format", "csv").out)))
        assert rows[0][0] == "model"
        assert rows[1][4].startswith("'=cmd()")
        assert {len(row) for row in rows} == {13}
        assert rows[0][-3:] == ["ledger", "taken", "checkpoint"]
        assert rows[1][-2].startswith("as of event")
        assert rows[1][-1].startswith("checkpoint at size")
        assert "\u202e" not in text + page + rows[1][4]
        shell.ok("export", "inventory", "--format", "md", "-o", "inventory.md")
        assert (shell.root / "inventory.md").read_text() == shell.ok("export", "inventory").out
        assert shell("export", "inventory", "--format", "pdf").code == 2
