"""``assay drill``: only monitors raise alerts, on a copy, marked to the end; a loose threshold is silent, and by how much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.actions.drills import VALID
from app.monitoring import declaration, injection, monitor
from ledger.errors import InputError
from tests.app.demo import tellings
from tests.app.story import Shell

V = "model/fx-hedging/fx-vol"


def of(shell: Shell, since: int, *types: str) -> list[dict]:
    return [each for each in tellings.recorded(shell.root)[since:] if each["type"] in types]


def loosened(shell: Shell, old: str, new: str) -> None:
    path: Path = shell.root / "monitors.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_drift_rings_and_is_marked_to_the_end_of_its_chain(demo: Shell) -> None:
    since = tellings.size(demo.root)
    before = {each["monitor"]: each["looks"] for each in demo.json("monitor")["monitors"]}
    said = demo.json("--as", "svc:monitor", "drill", "drift", "--strength", "6")
    assert said["passed"]
    (name,) = [each for each in said["alerts"] if "feature-drift" in each]
    (check,) = of(demo, since, "check.executed")
    assert (check["value"]["kind"], check["value"]["passed"]) == ("drill", True)
    raised = next(each for each in of(demo, since, "alert.raised") if each["value"]["alert"] == name)
    assert (raised["value"]["injected"], raised["cause"]) == (True, check["seq"])
    assert raised["value"]["expires"] == said["expires"]
    assert VALID == 90
    demo.ok("--as", "hugo", "alerts", "ack", name, "--note", "it rang")
    demo.ok("--as", "hugo", "alerts", "resolve", name, "--action", "drill over")
    shown = demo.json("show", f"alert/{name}")["alert"]
    assert (shown["injected"], shown["state"]) == (True, "resolved")
    assert "drill" in demo.ok("alerts").out
    after = {each["monitor"]: each["looks"] for each in demo.json("monitor")["monitors"]}
    assert after == before, "no look of the stream itself was recorded"
    assert demo.json("verify")["ok"]


def test_with_a_loosened_threshold_the_same_drill_is_silent_and_says_by_how_much(demo: Shell) -> None:
    strength = ("--as", "svc:monitor", "drill", "drift", "--strength", "0.3", "--json")
    assert demo(*strength).document["passed"]
    loosened(demo, "sigmas: 3,", "sigmas: 6,")
    loosened(demo, "share: 0.5", "share: 1.0")
    said = demo(*strength)
    assert said.code == 1
    (silent,) = [each for each in said.document["monitors"] if each["monitor"] == "feature-drift"]
    assert silent["outcome"] == "silent"
    assert silent["missing"] == pytest.approx(silent["threshold"] - silent["value"])
    assert silent["missing"] > 0
    assert said.document["alerts"] == []


def test_a_weak_drift_is_silent_by_a_margin_that_is_told(demo: Shell) -> None:
    said = demo("--as", "svc:monitor", "drill", "drift", "--strength", "0.001", "--json")
    assert said.code == 1
    (silent,) = [each for each in said.document["monitors"] if each["monitor"] == "feature-drift"]
    assert (silent["outcome"], said.document["alerts"]) == ("silent", [])
    assert silent["missing"] > 0
    assert "silent by" in demo("--as", "svc:monitor", "drill", "drift", "--strength", "0.001").out


def test_missing_values_ring_the_quality_monitor(demo: Shell) -> None:
    said = demo.json("--as", "svc:monitor", "drill", "quality")
    assert any("data-quality" in each for each in said["alerts"])
    drift = [each for each in said["monitors"] if each["monitor"] == "feature-drift"]
    assert all(each["outcome"] == "inconclusive" for each in drift), "holes are no evidence of calm"


def test_without_a_monitor_for_it_the_drill_says_so(demo: Shell) -> None:
    text = (demo.root / "monitors.yaml").read_text()
    start, end = text.index("  # Every feature of every currency"), text.index("  # Days since the fixing before")
    (demo.root / "monitors.yaml").write_text(text[:start] + text[end:])
    said = demo("--as", "svc:monitor", "drill", "quality")
    assert said.code == 1
    assert "no accepted monitor looks for quality" in said.out


def test_the_way_back_is_walked_and_nothing_ends(demo: Shell) -> None:
    since = tellings.size(demo.root)
    said = demo.json("--as", "svc:deployer", "drill", "rollback")
    assert said["passed"]
    assert said["to_version"] == f"{V}@1"
    assert len(said["checks"]) == 4
    (event,) = of(demo, since, "deployment.rolled_back")
    assert (event["value"]["drill"], event["value"]["cause"]) == (True, "drill")
    assert said["deployment"]["status"] == "ok"
    assert demo.json("artifact", "show", "fx-vol@champion")["artifact"]["ref"] == f"{V}@3"
    assert demo.json("verify")["ok"]


def test_the_way_back_is_that_of_what_serves_although_a_canary_is_under_way(demo: Shell) -> None:
    demo.ok("--as", "svc:deployer", "canary", "start", "fx-vol@2")
    said = demo.json("--as", "svc:deployer", "drill", "rollback")
    assert (said["deployment"]["subject"], said["to_version"]) == (f"{V}@3", f"{V}@1")


def test_a_predecessor_that_is_damaged_blocks_the_way_back(demo: Shell) -> None:
    digest = demo.json("artifact", "show", "fx-vol@1")["artifact"]["sha256"].removeprefix("sha256:")
    stored = demo.root / ".assay" / "objects" / digest[:2] / digest[2:]
    stored.chmod(0o644)
    stored.write_bytes(b"{}")
    since = tellings.size(demo.root)
    said = demo("--as", "svc:deployer", "drill", "rollback", "--json")
    assert said.code == 1
    assert not said.document["passed"]
    assert not of(demo, since, "deployment.rolled_back")
    assert of(demo, since, "check.executed")[0]["value"]["passed"] is False


DECLARED = {
    "monitor": "m",
    "kind": "quality",
    "subject": "model/p/m",
    "window": 2,
    "severity": "warning",
    "route": "x",
    "clear_after": 1,
    "series": ["a"],
    "limit": 0.1,
}


def made(**changes):
    (item,) = declaration.read({"monitors": [{**DECLARED, **changes}]}, "m.yaml")
    return {"m": monitor.configure(item, {})}


def test_the_stream_is_not_touched_and_a_breach_that_was_there_is_no_proof():
    stream = {"a": np.array([1.0, 2.0, 3.0])}
    copy = injection.altered(stream, ["a"], "quality", strength=1.0, days=2)
    assert list(stream["a"]) == [1.0, 2.0, 3.0]
    assert np.isnan(copy["a"]).sum() == 2
    (rang,) = injection.run(made(), stream, copy)
    assert (rang.outcome, rang.after.value) == ("raised", 1.0)
    (there,) = injection.run(made(), copy, copy)
    assert there.outcome == "breached before"
    (silent,) = injection.run(
        made(limit=0.9), stream, injection.altered(stream, ["a"], "quality", strength=0.01, days=2)
    )
    assert (silent.outcome, silent.missing) == ("silent", pytest.approx(0.4))


@pytest.mark.parametrize(("names", "strength"), [([], 1.0), (["a"], 0.0), (["a"], 1.5), (["a"], float("nan"))])
def test_a_drill_that_alters_nothing_is_refused(names, strength):
    with pytest.raises(InputError):
        injection.altered({"a": np.ones(3)}, names, "quality", strength=strength, days=1)
