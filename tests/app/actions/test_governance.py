"""Governance as its users do it: policies, requests and their ends, exceptions, criteria, delegations, people, notices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ledger
from ledger.events.documents import DocumentAttached
from ledger.format import times
from ledger.projections import approvals
from tests.app.story import PROJECT, RUN, Shell, digest, request_number

POLICY = """\
policy: models
transitions:
  - to: prod
    require:
      all:
        - approvals: {count: 1, roles: [risk_officer]}
        - approvals: {count: 1, roles: [model_owner]}
    sla: 1d
    expires: 3d
    exceptions: {roles: [model_owner], at_most: 2d}
"""
V1 = f"model/{PROJECT}/fx-vol@1"


def adopted(shell: Shell, text: str = POLICY) -> None:
    (shell.root / "policy.yaml").write_text(text)
    shell.ok("--as", "ada", "policy", "adopt", "--yes")


def asked(shell: Shell) -> str:
    return str(shell.json("--as", "lea", "request", "fx-vol@1")["request"]["seq"])


class TestPolicies:
    def test_from_a_file_into_force(self, shell: Shell) -> None:
        (shell.root / "policy.yaml").write_text(POLICY)
        assert shell.ok("policy", "check").out.startswith("✓ sound  models, 1 transition\n")
        assert "the default" in shell.ok("policy", "show").out
        assert shell.json("policy", "show")["policy"] is None
        before = shell.json("log", "-n", "1")["events"][0]["seq"]
        made = shell.json("--as", "ada", "policy", "adopt", "--yes", "--reason", "the board")
        assert [each["type"] for each in made["events"]] == ["artifact.registered", "policy.adopted", "sla.set"]
        assert shell.json("policy", "show")["policy"]["policy"] == f"policy/{PROJECT}/models@1"
        assert shell.json("policy", "show", "models@1")["policy"] == made["policy"]
        assert shell.json("policy", "show", "--at", str(before))["policy"] is None
        assert "in force" in shell.ok("policy", "list").out
        again = shell("--as", "ada", "policy", "adopt", "--yes")
        assert again.err == f"assay: policy/{PROJECT}/models@1 is in force already, and says the same\n"
        assert shell.ok("verify").code == 0

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("count: 1, roles: [risk", "count: 2, roles: [risk", "line 6: 2 approvals are wanted, and 1 (jon) holds"),
            ("policy: models", "policie: models", "line 1: unknown key 'policie'; did you mean 'policy'?"),
            ("sla: 1d", "sla: soon", "line 8: 'soon' is no time; write 90m, 36h, 2d or 1w"),
            ("roles: [model_owner], at", "roles: [boss], at", "line 10: nobody holds the role boss"),
            ("- approvals", "- aprovals", "line 6: unknown condition 'aprovals'; did you mean 'approvals'?"),
            ("to: prod", "to: [prod", "line"),
            (
                "        - approvals",
                "        - any: [{document: model_crad}, {document: runbook}]\n        - approvals",
                "line 6: no document of a kind 'model_crad' was ever attached, and nobody can attach one; "
                "did you mean 'model_card'?",
            ),
        ],
    )
    def test_what_is_wrong_is_named_by_line_and_nothing_is_recorded(
        self, shell: Shell, old: str, new: str, said: str
    ) -> None:
        (shell.root / "policy.yaml").write_text(POLICY.replace(old, new, 1))
        before = shell.bytes()
        checked = shell("policy", "check")
        assert said in checked.out + checked.err
        refused = shell("--as", "ada", "policy", "adopt", "--yes")
        assert (refused.code, refused.err.startswith("assay: policy.yaml, line")) == (2, True)
        assert said in refused.err
        assert len(refused.err.splitlines()) == 1
        assert shell.bytes() == before

    def test_a_kind_of_document_of_the_house_s_own_is_known_once_there_is_one(self, shell: Shell) -> None:
        """The format leaves kinds free: a program may attach others than the command line knows."""
        text = POLICY.replace("all:", "all:\n        - document: stress_report")
        (shell.root / "policy.yaml").write_text(text)
        told = shell("policy", "check", "--json")
        assert told.code == 1
        assert told.document["findings"][0]["place"] == ["transitions", 0, "require", "all", 0, "document"]
        with ledger.open(shell.ledger) as book:
            fact = DocumentAttached(doc_kind="stress_report", sha256=digest(shell, "ecb-rates"))
            book.record(fact, subject=V1, actor="lea", project=PROJECT)
        shell.ok("policy", "check")
        adopted(shell, text)
        assert shell.ok("verify").code == 0

    def test_who_may_not_adopt(self, shell: Shell) -> None:
        (shell.root / "policy.yaml").write_text(POLICY)
        refused = shell("--as", "lea", "policy", "adopt", "--yes")
        assert refused.code == 1
        assert "lea may not adopt a policy: administrators do that" in refused.err

    def test_there_is_no_file(self, shell: Shell) -> None:
        assert shell("policy", "check", "none.yaml").code == 2

    def test_difference(self, shell: Shell) -> None:
        adopted(shell)
        (shell.root / "new.yaml").write_text(POLICY.replace("sla: 1d", "sla: 2d"))
        assert shell("policy", "diff", "current", "policy.yaml").code == 0
        told = shell("policy", "diff", "models@1", "new.yaml", "--json")
        assert told.code == 1
        assert told.document["changes"] == [{"place": "transitions[to prod].sla", "old": '"1d"', "new": '"2d"'}]

    def test_trying_one_on_the_past(self, shell: Shell) -> None:
        request = request_number(shell)
        for who in ("jon", "mia"):
            shell.ok("--as", who, "approve", request, "--yes")
        shell.ok("--as", "ada", "deploy", "fx-vol@1", "--to", "prod")
        (shell.root / "policy.yaml").write_text(POLICY)
        before = {name: data for name, data in shell.bytes().items() if name != "policy.yaml"}
        assert "would have stopped nothing" in shell.ok("policy", "try").out
        (shell.root / "policy.yaml").write_text(POLICY.replace("all:", "all:\n        - document: model_card"))
        told = shell("policy", "try", "--json")
        assert told.code == 1
        assert {each["type"] for each in told.document["stopped"]} == {
            "deployment.started",
            "deployment.completed",
            "promotion.recorded",
        }
        assert told.document["stopped"][0]["missing"][0]["what"] == f"no model card is attached to {V1}"
        assert {name: data for name, data in shell.bytes().items() if name != "policy.yaml"} == before

    def test_schema(self, shell: Shell) -> None:
        assert json.loads(shell.ok("policy", "schema").out)["title"] == "Assay policy"

    def test_the_demo_s_policy_fits_the_demo(self, demo: Shell) -> None:
        assert demo.ok("policy", "check").out.startswith("✓ sound")
        assert demo("policy", "try", "--json").document["judged"] > 0
        assert "in force already, and says the same" in demo("--as", "ivy", "policy", "adopt", "--yes").err
        path = demo.root / "policy.yaml"
        path.write_text(path.read_text().replace("sla: 2d", "sla: 3d"))
        demo.ok("--as", "ivy", "policy", "adopt", "--yes")
        assert demo("gate", "fx-vol", "--to", "prod").code == 1
        assert demo.ok("verify").code == 0


class TestRequests:
    def test_the_policy_s_roles_and_times(self, shell: Shell) -> None:
        adopted(shell)
        request = shell.json("--as", "lea", "request", "fx-vol@1")["request"]
        assert request["roles"] == ["model_owner", "risk_officer"]
        made = times.parse_time(request["at"])
        assert (times.parse_time(request["due"]) - made).total_seconds() <= 86_400
        assert (times.parse_time(request["expires"]) - made).days in (2, 3)
        assert "due" in shell.ok("approvals").out

    def test_changes_withdrawal_and_revocation(self, shell: Shell) -> None:
        adopted(shell)
        first, second, third = asked(shell), asked(shell), asked(shell)
        shell.ok("--as", "jon", "approvals", "changes", first, "--comment", "show 2008", "--yes")
        shell.ok("--as", "lea", "approvals", "withdraw", second, "--reason", "too early")
        approval = shell.json("--as", "jon", "approve", third, "--yes")["event"]["seq"]
        shell.ok("--as", "mia", "approve", third, "--yes")
        assert shell("gate", "fx-vol@1", "--to", "prod").code == 0
        refused = shell("--as", "mia", "approvals", "revoke", str(approval), "--reason", "no")
        assert "mia may not revoke the approval of jon" in refused.err
        shell.ok("--as", "jon", "approvals", "revoke", str(approval), "--reason", "the report was wrong")
        assert shell("gate", "fx-vol@1", "--to", "prod").code == 1
        told = {str(each["seq"]): each for each in shell.json("approvals", "--all")["requests"]}
        assert [told[each]["state"] for each in (first, second, third)] == ["changes requested", "withdrawn", "open"]
        assert told[third]["decisions"][0]["revoked"] == told[third]["changes"][0]["seq"]
        lines = shell.ok("approvals", "--all").out
        assert "asked for changes" in lines
        assert "by lea: too early" in lines
        assert f"by jon: approval {approval}, the report was wrong" in lines
        assert shell.ok("verify").code == 0

    def test_what_is_missing_is_refused_in_a_line(self, shell: Shell) -> None:
        request = request_number(shell)
        assert "--comment TEXT" in shell("--as", "jon", "approvals", "changes", request).err
        assert "--reason TEXT" in shell("--as", "jon", "approvals", "revoke", request).err
        assert "is no approval" in shell("--as", "jon", "approvals", "revoke", request, "--reason", "x").err
        assert "is no request" in shell("--as", "jon", "approvals", "withdraw", "0").err

    def test_two_sign_at_once(self, shell: Shell) -> None:
        """Two processes, one moment: both votes are in, each once; and whoever signs twice at once signs once."""
        adopted(shell)
        request = asked(shell)
        done = _at_once(shell, *[("--as", who, "approve", request, "--yes") for who in ("jon", "mia", "jon", "mia")])
        assert sorted(done) == [0, 0, 1, 1]
        [told] = [each for each in shell.json("approvals", "--all")["requests"] if str(each["seq"]) == request]
        assert sorted(each["signer"] for each in told["decisions"]) == ["jon", "mia"]
        assert told["state"] == "approved"
        done = _at_once(shell, *[("--as", "ada", "deploy", "fx-vol@1", "--to", "prod")] * 2)
        assert sorted(done)[0] == 0
        assert sorted(done)[1] != 0, "one quorum, one transition"
        live = shell.json("log", "--type", "deployment.completed", "-n", "0")["events"]
        assert len(live) == 1
        assert shell.ok("verify").code == 0


def _at_once(shell: Shell, *commands: tuple[str, ...]) -> list[int]:
    words = [[sys.executable, "-m", "app.cli", "-C", str(shell.root), *each] for each in commands]
    started = [
        subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)) for each in words
    ]
    for each in started:
        each.communicate(timeout=240)
    return [each.returncode for each in started]


class TestExceptions:
    def test_loud_until_closed(self, shell: Shell) -> None:
        adopted(shell)
        for words in (("--for", "4h"), ()):
            refused = shell("--as", "jon", "exception", "record", "fx-vol@1", "--reason", "feed down", *words)
            assert "the policy leaves that to model_owner" in refused.err
        assert (
            "lasts 2 days at most"
            in shell("--as", "mia", "exception", "record", "fx-vol@1", "--reason", "feed down", "--for", "1w").err
        )
        made = shell.json("--as", "mia", "exception", "record", "fx-vol@1", "--reason", "feed down", "--for", "4h")
        name = made["exception"]["exception"]
        assert "EXCEPTION open" in shell.ok("overview").out
        assert shell.json("overview")["exceptions"][0]["exception"] == name
        gate = shell.ok("gate", "fx-vol@1", "--to", "prod").out
        assert "! waived  EXCEPTION" in gate
        assert "EXCEPTION" in shell.ok("log", "-n", "1").out
        assert "EXCEPTION" in shell.ok("show", "fx-vol@1").out
        assert "EXCEPTION" in shell.ok("exception", "list").out
        shell.ok("--as", "ada", "deploy", "fx-vol@1", "--to", "prod")
        assert "--outcome TEXT" in shell("--as", "mia", "exception", "close", name).err
        shell.ok("--as", "mia", "exception", "close", name, "--outcome", "approved afterwards")
        assert shell.json("exception", "list")["exceptions"] == []
        assert shell.json("exception", "list", "--all")["exceptions"][0]["outcome"] == "approved afterwards"
        assert shell("gate", "fx-vol@1", "--to", "prod").code == 1
        assert "there is no exception" in shell("--as", "mia", "exception", "close", "x", "--outcome", "y").err
        assert shell.ok("verify").code == 0

    @pytest.mark.parametrize("text", ["soon", "-4h", "2001-01-01", "9" * 30 + "d"])
    def test_for_how_long(self, shell: Shell, text: str) -> None:
        adopted(shell)
        said = shell("--as", "mia", "exception", "record", "fx-vol@1", "--reason", "x", f"--for={text}")
        assert said.code == 2
        assert "--for" in said.err


class TestCriteria:
    def test_set_before_the_run(self, shell: Shell) -> None:
        made = shell.json("--as", "mia", "criteria", "set", "fx-vol", "mae <= 2.5", "r2>=0.4")
        assert made["criteria"]["subject"] == f"model/{PROJECT}/fx-vol"
        assert made["criteria"]["bounds"] == [
            {"metric": "mae", "at_least": None, "at_most": 2.5},
            {"metric": "r2", "at_least": 0.4, "at_most": None},
        ]
        assert "in force" in shell.ok("criteria", "list", "fx-vol").out
        shell.ok("--as", "mia", "criteria", "set", "not-there-yet", "mae <= 1")

    @pytest.mark.parametrize("bound", ["mae", "mae < 2", "mae <= two", "mae <= 1.2.3"])
    def test_no_criterion(self, shell: Shell, bound: str) -> None:
        said = shell("--as", "mia", "criteria", "set", "fx-vol", bound)
        assert (said.code, "is no criterion" in said.err) == (2, True)


class TestPeople:
    def test_delegation(self, shell: Shell) -> None:
        adopted(shell)
        request = asked(shell)
        assert (
            "does not hold the role" in shell("--as", "ada", "approve", request, "--role", "risk_officer", "--yes").err
        )
        shell.ok("--as", "jon", "delegate", "ada", "--until", "2d")
        assert "in a circle" in shell("--as", "ada", "delegate", "jon", "--role", "risk_officer", "--until", "1d").err
        assert "jon to ada" in shell.ok("delegate", "list").out
        shell.ok("--as", "ada", "approve", request, "--yes")
        assert "acts for" not in shell("--as", "mia", "approve", request, "--yes").err
        refused = shell("--as", "jon", "delegate", "end", "none")
        assert refused.err == "assay: there is no delegation none; `assay delegate list` shows them\n"
        shell.ok("--as", "jon", "delegate", "end", "jon-ada-risk_officer")
        assert shell.json("delegate", "list")["delegations"] == []
        assert len(shell.json("delegate", "list", "--all")["delegations"]) == 1

    def test_roles_and_teams(self, shell: Shell) -> None:
        shell.ok("--as", "ada", "people", "grant", "lea", "--role", "member", "--project", "team/quant")
        shell.ok("--as", "ada", "people", "grant", "team/quant", "--role", "validator")
        person = shell.json("people", "show", "lea")["person"]
        assert person["teams"] == ["quant"]
        assert {"scope": PROJECT, "role": "validator"} in person["roles"]
        assert shell.json("people", "show", "team/quant")["members"] == ["lea"]
        assert "holds validator" in shell("--as", "ada", "people", "grant", "team/quant", "--role", "validator").err
        shell.ok("--as", "ada", "people", "take", "lea", "--role", "member", "--project", "team/quant")
        assert shell.json("people", "show", "lea")["person"]["teams"] == []
        assert "only administrators" in shell("--as", "lea", "people", "take", "jon", "--role", "risk_officer").err
        assert "is not enrolled" in shell("--as", "ada", "people", "grant", "nobody", "--role", "x").err
        assert shell("people", "show", "team/none").code == 2

    def test_who_could_do_what_at_that_time(self, shell: Shell) -> None:
        def may(*words: str) -> dict[str, bool]:
            [jon] = shell.json("people", "can", "jon", *words)["people"]
            return {each["act"]: each["may"] for each in jon["rights"]}

        then = str(shell.json("log", "-n", "1")["events"][0]["seq"])
        adopted(shell, POLICY + "access: {deploy: [model_owner], adopt: [administrator]}\n")
        assert may()["approve prod"]
        assert not may()["deploy"]
        assert not may()["except prod"]
        assert may("--at", then)["deploy"]
        assert "by the policy keeps it to" not in shell.ok("people", "can", "jon").out
        assert "jon" in shell.ok("people", "can").out
        refused = shell("--as", "lea", "deploy", "fx-vol@1", "--to", "staging")
        assert "lea may not deploy here: the policy keeps it to model_owner" in refused.err

    def test_raci(self, shell: Shell) -> None:
        assert "nobody" in shell.ok("people", "raci", "fx-vol").out
        made = shell.json("--as", "ada", "people", "raci", "fx-vol", "--accountable", "mia", "--responsible", "lea")
        assert made["raci"]["accountable"]["principal"] == "mia"
        assert made["raci"]["consulted"] is None
        assert "is not enrolled" in shell("--as", "ada", "people", "raci", "fx-vol", "--informed", "nobody").err

    def test_charter_and_signed_run(self, shell: Shell) -> None:
        (shell.root / "charter.md").write_text("We stand for this.\n")
        made = shell.json("--as", "mia", "people", "charter", "charter.md", "--title", "Charter")
        assert [each["type"] for each in made["events"]] == ["document.attached", "charter.signed"]
        assert shell.json("--as", "lea", "runs", "sign", RUN)["event"]["type"] == "run.signed"
        assert "cannot vouch for it" in shell("--as", "jon", "runs", "sign", RUN).err
        assert shell.ok("verify").code == 0
        assert digest(shell, "fx-vol")


class TestNotices:
    ROUTES = '\n[routes.desk]\nfile = "told.jsonl"\n[notices]\napprovals = ["desk"]\nexceptions = ["desk"]\n'

    def told(self, shell: Shell) -> list[dict[str, object]]:
        file = shell.root / "told.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def routed(self, shell: Shell) -> None:
        with (shell.root / "assay.toml").open("a") as toml:
            toml.write(self.ROUTES)

    def test_who_may_sign_is_told_and_of_exceptions_everybody(self, shell: Shell) -> None:
        self.routed(shell)
        adopted(shell)
        request = asked(shell)
        [notice] = self.told(shell)
        assert (notice["key"], notice["to"]) == (f"approval/{request}/asked", ["jon", "mia"])
        shell.ok("--as", "mia", "exception", "record", "fx-vol@1", "--reason", "feed down")
        assert self.told(shell)[1]["severity"] == "high"

    def test_a_route_that_fails_stops_nothing(self, shell: Shell) -> None:
        with (shell.root / "assay.toml").open("a") as toml:
            toml.write('\n[routes.desk]\ncommand = ["./none"]\n[notices]\napprovals = ["desk"]\n')
        said = shell.ok("--as", "lea", "request", "fx-vol@1")
        assert "not told" in said.out

    def test_the_agent_escalates_expires_and_tells(self, empty: Shell) -> None:
        shell = simulated(empty)
        self.routed(shell)
        adopted(shell)
        shell.ok("--as", "ada", "people", "raci", "vol", "--responsible", "lea", "--accountable", "mia")
        request = asked_of(shell, "vol@1")
        shell.ok("--as", "ada", "agent", "--once", "--only", "escalation")
        assert len(self.told(shell)) == 1, "nothing is due, and nobody is told twice"
        for hours, key, to in ((25, "escalated-1", ["lea"]), (24, "escalated-2", ["mia"]), (24, "expired", ["lea"])):
            wait(shell, hours)
            shell.ok("--as", "ada", "agent", "--once", "--only", "escalation")
            shell.ok("--as", "ada", "agent", "--once", "--only", "escalation")
            last = self.told(shell)[-1]
            assert (last["key"], last["to"]) == (f"approval/{request}/{key}", to)
        assert len(self.told(shell)) == 4
        [told] = shell.json("approvals", "--all")["requests"]
        assert told["state"] == "expired"
        assert [each["change"] for each in told["changes"]] == ["escalated", "escalated", "expired"]
        assert shell.ok("verify").code == 0

    def test_the_agent_approves_what_the_policy_lets_it(self, empty: Shell) -> None:
        shell = simulated(empty)
        shell.ok("--as", "ada", "people", "add", "svc:gate", "--role", "gatekeeper", "--automation")
        adopted(
            shell,
            "policy: p\ntransitions:\n  - to: staging\n    require: {approvals: {count: 1, roles: [gatekeeper]}}\n"
            "    automation: {identities: [svc:gate], when: {document: model_card}}\n",
        )
        request = asked_of(shell, "vol@1", "--to", "staging")
        shell.ok("--as", "ada", "agent", "--once", "--only", "escalation")
        assert shell("gate", "vol@1", "--to", "staging").code == 1
        with ledger.open(shell.ledger) as book:
            fact = DocumentAttached("model_card", digest(shell, "vol"))
            book.record(fact, subject=f"model/{PROJECT}/vol@1", actor="lea", project=PROJECT)
        shell.ok("--as", "ada", "agent", "--once", "--only", "escalation")
        assert shell("gate", "vol@1", "--to", "staging").code == 0
        with ledger.open(shell.ledger, read_only=True) as book:
            found = approvals.get(book.view(), int(request))
            assert found is not None
            assert [each.signer for each in found.decisions] == ["svc:gate"]
            assert "a model card is attached" in (found.decisions[0].reason or "")
        assert shell.ok("verify").code == 0


def simulated(shell: Shell) -> Shell:
    """A workspace whose clock only its events move, with a model that lea registered."""
    words = ("init", "--origin", "example.com/fast", "--project", PROJECT, "--clock", "simulated")
    shell.ok("--as", "ada", *words)
    for name, role in (("lea", "ml_engineer"), ("jon", "risk_officer"), ("mia", "model_owner")):
        shell.ok("--as", "ada", "people", "add", name, "--role", role)
    (shell.root / "m.json").write_text("{}")
    shell.ok("--as", "lea", "artifact", "register", "m.json", "--kind", "model", "--name", "vol")
    return shell


def asked_of(shell: Shell, ref: str, *more: str) -> str:
    return str(shell.json("--as", "lea", "request", ref, *more)["request"]["seq"])


def wait(shell: Shell, hours: float) -> None:
    """Let so much time pass in the ledger."""
    from datetime import timedelta

    with ledger.open(shell.ledger) as book:
        at = times.parse_time(book.now()) + timedelta(hours=hours)
        book.record(
            DocumentAttached("note", digest(shell, "vol")),
            subject=f"model/{PROJECT}/vol@1",
            actor="lea",
            project=PROJECT,
            at=at,
        )


def test_the_page_names_every_command() -> None:
    from app.actions.registry import family

    page = (Path(__file__).parents[3] / "docs" / "governance.md").read_text(encoding="utf-8")
    for word in ("policy", "exception", "criteria", "delegate", "approvals"):
        for action in family(word):
            assert f"assay {action.name}" in page, action.name


def test_the_dashboard_s_overview_shows_an_exception_first(shell: Shell) -> None:
    from app.tui.draw.glyphs import UNICODE
    from app.tui.screens.overview.draw.overview import sections
    from app.tui.screens.overview.queries import overview

    adopted(shell)
    with ledger.open(shell.ledger, read_only=True) as book:
        assert "EXCEPTIONS" not in str(
            [each.title for each in sections(overview.load(book.view(), "mia"), UNICODE, "mia")]
        )
    shell.ok("--as", "mia", "exception", "record", "fx-vol@1", "--reason", "feed \u202edown")
    with ledger.open(shell.ledger, read_only=True) as book:
        first = sections(overview.load(book.view(), "mia"), UNICODE, "mia")[0]
    assert first.title.startswith("EXCEPTIONS")
    assert "open" in str(first.rows[0])
