"""An evaluator written from docs/maturity.md alone: slow, plain, over the list of events, one moment at a time.

It shares nothing with ours but the model's document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ledger.format.event import Event

DAYS_180 = timedelta(days=180)
KEYS: dict[str, Callable[[Event], Any]] = {
    "check.executed": lambda e: (e.subject, e.value.get("check"), e.value.get("kind")),
    "monitor.observed": lambda e: (name(e.subject), e.value.get("monitor"), e.value.get("kind")),
    "monitor.configured": lambda e: (name(e.subject), e.value.get("monitor")),
    "owner.assigned": lambda e: (name(e.subject), e.value.get("role")),
    "tier.assigned": lambda e: name(e.subject),
    "criteria.set": lambda e: name(e.subject),
    "run.reproduced": lambda e: (e.value.get("of_run"), str(sorted(e.value.get("swapped", {}).items()))),
    "feature.retrieved": lambda e: (e.subject, e.value.get("consumer")),
    "approval.granted": lambda e: e.value.get("approval", e.seq),
    "risk.recorded": lambda e: (e.project, e.value.get("risk")),
    "sla.set": lambda e: (e.project, e.value.get("transition")),
    "ledger.verified": lambda e: 0,
}
ALSO = {"monitor.configured": "monitor.refused", "risk.recorded": "risk.closed", "approval.granted": "approval.revoked"}


def name(subject: str) -> str:
    return subject.split("@")[0]


def when(at: str) -> datetime:
    said = datetime.fromisoformat(at)
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def easter(year: int) -> date:
    """By the tables of the Book of Common Prayer (Gauss's algorithm, Gregorian)."""
    a, b, c = year % 19, year % 4, year % 7
    k = year // 100
    p = (13 + 8 * k) // 25
    m = (15 - p + k - k // 4) % 30
    n = (4 + k - k // 4) % 7
    d = (19 * a + m) % 30
    e = (2 * b + 4 * c + 6 * d + n) % 7
    if d == 29 and e == 6:
        return date(year, 4, 19)
    if d == 28 and e == 6 and (11 * m + 11) % 30 < 19:
        return date(year, 4, 18)
    return date(year, 3, 22) + timedelta(days=d + e)


def business(day: date, calendar: str) -> bool:
    if day.weekday() in (5, 6):
        return False
    if calendar == "weekdays":
        return True
    sunday = easter(day.year)
    closed = {(1, 1), (5, 1), (12, 25), (12, 26)}
    return (day.month, day.day) not in closed and day not in (sunday - timedelta(2), sunday + timedelta(1))


class Naive:
    """The events 0…s at the time t."""

    def __init__(self, events: Sequence[Event], model: dict[str, Any], t: datetime, in_hand: bool) -> None:
        self.events = [e for e in events if when(e.at) <= t]
        self.model = model
        self.t = t
        self.in_hand = in_hand

    def of(self, *types: str) -> Iterator[Event]:
        return (e for e in self.events if e.type in types)

    # Windows

    def settings(self, subject: str, project: str) -> tuple[str, str | None]:
        artifact = subject.count("/") >= 2 and subject.split("/")[0] not in ("run", "deployment", "alert", "person")
        home = subject.split("/")[1] if artifact else project
        tier, own, common = "tier_1", None, None
        for e in self.of("tier.assigned"):
            if artifact and name(e.subject) == name(subject):
                tier, own = e.value["tier"], e.value.get("calendar") or own
            elif e.subject == f"project/{home}":
                common = e.value.get("calendar") or common
        return tier, own or common

    def last(self, start: datetime, window: str, subject: str, project: str) -> datetime:
        """The last moment at which something of ``start`` counts."""
        tier, calendar = self.settings(subject, project)
        if window == "tier":
            window = self.model["windows"]["tier"][tier]
        if window == "ever":
            return datetime.max.replace(tzinfo=UTC)
        count = int(re.findall(r"\d+", window)[0])
        if window.upper().endswith("H"):
            return start + timedelta(hours=count)
        if window.endswith("B") and calendar is not None:
            day = start.date()
            while count:
                day += timedelta(days=1)
                count -= business(day, calendar)
            return datetime.combine(day, start.timetz())
        return start + timedelta(days=count)

    def fresh(self, e: Event, window: str, project: str) -> bool:
        return self.t <= self.last(when(e.at), window, e.subject, project)

    def superseded(self, e: Event, before: int | None = None) -> bool:
        key = KEYS.get(e.type)
        if key is None:
            return False
        return any(
            other.seq > e.seq and (before is None or other.seq < before) and key(other) == key(e)
            for other in self.of(e.type, ALSO.get(e.type, e.type))
        )

    # Who and what

    def kind(self, e: Event) -> str:
        kinds = [
            k.value.get("kind", "person")
            for k in self.of("key.enrolled")
            if k.seq < e.seq and k.value["name"] == e.actor
        ]
        return kinds[-1] if kinds else "person"

    def registered(self, version: str) -> Event | None:
        return next((e for e in self.of("artifact.registered") if e.subject == version), None)

    def producing(self, version: str) -> tuple[str, Event] | None:
        made = self.registered(version)
        if made is not None and made.value.get("run"):
            return made.value["run"], made
        for e in self.of("run.completed"):
            if version in [o["ref"] for o in e.value.get("outputs", [])]:
                return e.value["run"], e
        return None

    def start_of(self, run: str) -> Event | None:
        return next((e for e in self.of("run.started") if e.value["run"] == run), None)

    def authors(self, version: str, seq: int) -> set[str]:
        made = self.producing(version)
        start = self.start_of(made[0]) if made and made[1].seq < seq else None
        if start is None or start.seq >= seq:
            e = self.registered(version)
            return {e.actor} if e is not None and e.seq < seq else set()
        code = start.value.get("code")
        return {start.actor} | {
            e.actor
            for e in self.of("artifact.registered")
            if code and e.seq < seq and e.value["kind"] == "code" and e.value["sha256"] == code
        }

    def used_by(self, training: Event) -> dict[str, bool]:
        """The versions that a training run used, each with whether its producing run was known before it."""
        todo, seen = [i["ref"] for i in training.value.get("inputs", [])], {}
        while todo:
            version = todo.pop(0)
            if version in seen:
                continue
            made = self.producing(version)
            known = made is not None and made[1].seq < training.seq
            seen[version] = known
            start = self.start_of(made[0]) if made and known else None
            if start is not None and start.seq < training.seq:
                todo += [i["ref"] for i in start.value.get("inputs", [])]
        return {v: known for v, known in seen.items() if v.startswith("dataset/")}

    def trainings(self) -> Iterator[Event]:
        return (e for e in self.of("run.started") if e.value["job_type"] == "training")

    # Conditions

    def value(self, e: Event, field: str) -> Any:
        if field == "actor_kind":
            return self.kind(e)
        return getattr(e, field) if field in ("actor", "subject", "project") else e.value.get(field)

    def equal(self, found: Any, wanted: Any) -> bool:
        if isinstance(wanted, list):
            return any(self.equal(found, w) for w in wanted)
        if isinstance(wanted, str) and wanted.endswith("*"):
            return isinstance(found, str) and found.startswith(wanted[:-1])
        return type(found) is type(wanted) and found == wanted

    def matches(self, e: Event, where: dict[str, Any], version: str = "") -> bool:
        return all(self.condition(e, field, wanted, version) for field, wanted in where.items())

    def condition(self, e: Event, field: str, wanted: Any, version: str) -> bool:  # noqa: C901
        found = self.value(e, field)
        if isinstance(wanted, dict):
            return not isinstance(found, list) or all(any(self.equal(x, w) for x in found) for w in wanted["$all"])
        if not (isinstance(wanted, str) and wanted.startswith("$")):
            return self.equal(found, wanted)
        refs = [x["ref"] for x in found if "ref" in x] if isinstance(found, list) and field != "checks" else []
        match wanted:
            case "$present":
                return found is not None and found != "" and found != [] and found != {}
            case "$all_digested":
                return bool(found) and all(
                    re.fullmatch(r".*@\d+", x["ref"]) and re.fullmatch("sha256:[0-9a-f]{64}", x["sha256"])
                    for x in found
                )
            case "$any_failed_check":
                return any(self.failed(ref, e.seq) for ref in refs)
            case "$any_failed":
                return any(x.get("passed") is False for x in found or [])
            case "$includes_subject":
                return version in refs
            case "$unregistered":
                made = self.registered(found)
                return made is None or made.seq > e.seq
            case "$not_author":
                return found not in self.authors(e.subject, e.seq)
            case "$image":
                return any(
                    a.seq < e.seq and a.value["kind"] == "runtime" and a.value["name"] == "container"
                    for a in self.of("artifact.registered")
                    if a.value["sha256"] == found
                )
            case "$feature_view":
                return any(ref.startswith("feature_view/") for ref in refs)
            case "$environments":
                runs = [self.start_of(e.value[k]) for k in ("run", "of_run")]
                known = [r.value.get("runtime") for r in runs if r is not None and r.seq < e.seq]
                return len(set(e.value.get("environments", []))) > 1 or (len(known) == 2 and known[0] != known[1])
            case "$no_exception":
                return not any(
                    x.seq < e.seq
                    and x.subject == e.subject
                    and x.value["transition"] == e.value["environment"]
                    and when(x.value["expires"]) >= when(e.at)
                    and not any(
                        c.value["exception"] == x.value["exception"] and x.seq < c.seq < e.seq
                        for c in self.of("exception.closed")
                    )
                    for x in self.of("exception.recorded")
                )
            case "$past":
                return when(found) < self.t
            case "$unclosed":
                return not any(
                    c.value["exception"] == e.value["exception"] and c.seq > e.seq for c in self.of("exception.closed")
                )
            case "$first_use":
                uses = [r.seq for r in self.trainings() if version in self.used_by(r)]
                return bool(uses) and e.seq < min(uses)
            case "$first_proposal":
                asked = [r.seq for r in self.of("approval.requested", "promotion.recorded") if r.subject == version]
                return bool(asked) and e.seq < min(asked)
        raise AssertionError(wanted)

    def failed(self, ref: str, seq: int) -> bool:
        newest: dict[str, bool] = {}
        for e in self.of("check.executed"):
            if e.subject == ref and e.seq < seq and e.value["kind"] in ("schema", "quality"):
                newest[e.value["check"]] = e.value["passed"]
        return False in newest.values()

    # Sets

    def in_window(self, e: Event, window: str, project: str) -> bool:
        return self.fresh(e, window, project)

    def elements(self, of: str, p: str, window: str) -> list[Any]:
        retired = {e.value["artifact"] for e in self.of("artifact.retired")}
        kinds = {"datasets": "dataset", "feature_views": "feature_view", "models": "model", "code_units": "code"}
        if of in kinds:
            made = [e.subject for e in self.of("artifact.registered") if e.value["kind"] == kinds[of]]
            return [v for v in dict.fromkeys(made) if v.split("/")[1] == p and v not in retired]
        if of in ("used_datasets", "sources", "derived"):
            found = set()
            for run in self.trainings():
                if run.project == p and self.t <= when(run.at) + DAYS_180:
                    for v, known in self.used_by(run).items():
                        if of == "used_datasets" or known == (of == "derived"):
                            found.add(v)
            return sorted(found - retired)
        if of == "candidate_models":
            asked = [e for e in self.of("approval.requested", "promotion.recorded") if e.project == p]
            fresh = [e for e in asked if e.subject.startswith("model/") and self.in_window(e, window, p)]
            return sorted({e.subject for e in fresh})
        if of == "prod_models":
            return [v for v in self.live(p) if v not in retired]
        if of == "served_views":
            newest: dict[str, str] = {}
            for e in self.of("feature.materialized"):
                if e.value["store"] == "online" and e.subject.split("/")[1] == p:
                    newest[name(e.subject)] = e.subject
            return [v for v in newest.values() if v not in retired]
        return [e for e in self.happenings(of, p) if self.in_window(e, window, p)]

    def happenings(self, of: str, p: str) -> list[Event]:
        mine = [e for e in self.events if e.project == p]
        match of:
            case "training_runs":
                return [e for e in self.trainings() if e.project == p]
            case "finished_runs":
                ours = {e.value["run"]: e.seq for e in reversed(list(self.trainings())) if e.project == p}
                return [
                    e
                    for e in self.of("run.completed")
                    if e.value["status"] == "ok" and ours.get(e.value["run"], e.seq) < e.seq
                ]
            case "prod_deployments":
                return [e for e in mine if e.type == "deployment.started" and e.value["environment"] == "prod"]
            case "promotions":
                moved = [e for e in mine if e.type == "promotion.recorded" and e.subject.startswith("model/")]
                return [e for e in moved if e.value["to_stage"] in ("production", "prod")]
            case "pipeline_runs":
                return [e for e in mine if e.type == "pipeline.completed"]
            case "real_alerts":
                return [e for e in mine if e.type == "alert.raised" and e.value["injected"] is False]
        raise AssertionError(of)

    def live(self, p: str) -> list[str]:
        serving: list[tuple[str, str]] = []
        for e in self.of("deployment.completed", "deployment.rolled_back"):
            if e.type == "deployment.rolled_back":
                if e.value["drill"] is False:
                    serving = [s for s in serving if s[0] != e.value["deployment"]]
            elif e.value["status"] != "ok":
                serving = [s for s in serving if s[0] != e.value["deployment"]]
            elif e.value["environment"] == "prod" and e.project == p:
                serving = [s for s in serving if s[0] != e.value["deployment"]] + [(e.value["deployment"], e.subject)]
        return list({name(v): v for _, v in serving}.values())

    # Joins

    def about(self, e: Event, version: str) -> bool:
        by_name = ("owner.assigned", "tier.assigned", "check.configured", "criteria.set", "monitor.configured")
        if e.type in (*by_name, "monitor.observed", "deployment.rolled_back"):
            return name(e.subject) == name(version)
        if e.type == "document.attached":
            lasting = ("data_source", "transformation", "quality_standard", "datasheet", "runbook")
            same = name(e.subject) == name(version)
            return e.subject in (name(version), version) or (same and e.value["doc_kind"] in lasting)
        if e.type == "check.executed" and e.subject == name(version):
            made = self.registered(version)
            return made is not None and made.seq < e.seq
        if e.type in ("run.started", "run.reproduced"):
            made_by = self.producing(version)
            return made_by is not None and e.value["run" if e.type == "run.started" else "of_run"] == made_by[0]
        if e.type in ("run.completed", "import.completed"):
            return version in [o["ref"] for o in e.value.get("outputs", [])]
        return e.subject == version

    def belongs(self, e: Event, element: Event) -> bool:
        if e.type == element.type:
            return e.seq == element.seq
        if element.type in ("run.started", "run.completed"):
            return (
                e.type in ("run.started", "run.completed", "check.executed")
                and e.value.get("run") == element.value["run"]
            )
        if element.type in ("promotion.recorded", "deployment.started"):
            return e.subject == element.subject and e.seq < element.seq and not self.superseded(e, element.seq)
        if element.type == "alert.raised":
            if e.type in ("alert.acknowledged", "alert.resolved"):
                return bool(e.value["alert"] == element.value["alert"])
            return e.type == "retraining.triggered" and e.value["ref"] == f"alert/{element.value['alert']}"
        return False

    # Proofs

    def evidence(self, element: Any, has: dict[str, Any], c: dict[str, Any], p: str) -> bool:
        spread: list[Any] | None = None
        seen = []
        for match in has.get("any", [has]):
            where = match.get("where", {})
            types = match["type"] if isinstance(match["type"], list) else [match["type"]]
            version = element if isinstance(element, str) else ""
            for e in self.of(*types):
                if c.get("automated") and self.kind(e) != "automation":
                    continue
                if not (self.about(e, element) if version else self.belongs(e, element)):
                    continue
                if version and "before" not in where and (self.superseded(e) or not self.fresh(e, c["window"], p)):
                    continue
                if self.matches(e, where, version):
                    alls = next(((f, w["$all"]) for f, w in where.items() if isinstance(w, dict)), None)
                    if alls is None or isinstance(self.value(e, alls[0]), list):
                        return True
                    spread = alls[1]
                    seen.append(self.value(e, alls[0]))
        return spread is not None and all(any(self.equal(s, w) for s in seen) for w in spread)

    def proof(self, proof: dict[str, Any], c: dict[str, Any], p: str) -> str:
        (form, said), *_ = proof.items()
        result: str = getattr(self, f"_{form}")(said, c, p)
        return result

    def _all_of(self, said: list[Any], c: dict[str, Any], p: str) -> str:
        states = [self.proof(each, c, p) for each in said]
        if "open" in states:
            return "open"
        return "held" if "held" in states else "inapplicable"

    def counting(self, said: dict[str, Any], c: dict[str, Any], p: str, *, everywhere: bool = False) -> list[Event]:
        return [
            e
            for e in self.of(*([said["type"]] if isinstance(said["type"], str) else said["type"]))
            if (everywhere or e.project in (p, None))
            and self.matches(e, said.get("where", {}))
            and not (c.get("automated") and self.kind(e) != "automation")
            and not self.superseded(e)
            and self.fresh(e, c["window"], p)
        ]

    def _exists(self, said: dict[str, Any], c: dict[str, Any], p: str) -> str:
        return "held" if len(self.counting(said, c, p)) >= said.get("min", 1) else "open"

    def _every(self, said: dict[str, Any], c: dict[str, Any], p: str) -> str:
        elements = self.elements(said["of"], p, c["window"])
        done = [self.evidence(each, said["has"], c, p) for each in elements]
        if "grace" in said:
            days = timedelta(days=int(re.findall(r"\d+", said["grace"])[0]))
            done = [d for d, each in zip(done, elements, strict=True) if d or self.t > when(each.at) + days]
        if not done:
            return "inapplicable"
        return "held" if sum(done) >= said.get("at_least", 1.0) * len(done) else "open"

    _ratio = _every

    def _none(self, said: dict[str, Any], c: dict[str, Any], p: str) -> str:
        base = [
            e
            for e in self.of(said["type"])
            if e.project == p and self.matches(e, said.get("where", {})) and self.fresh(e, c["window"], p)
        ]
        if not base:
            return "inapplicable"
        wrong = any(self.matches(e, said["violating"]) for e in base)
        return "held" if not wrong and self.complete() else "open"

    def _pair(self, said: dict[str, Any], c: dict[str, Any], p: str) -> str:
        won = lost = 0
        for first in self.of(said["first"]["type"]):
            if first.project != p or not self.matches(first, said["first"].get("where", {})):
                continue
            if c.get("automated") and self.kind(first) != "automation":
                continue
            within = said["within"] if said["within"] != "$sla" else self.sla(first, p)
            if within is None:
                continue
            then = self.answer(first, said["then"])
            # The calendar that applies is the one at the time of the first event.
            due = Naive(self.events, self.model, when(first.at), False).last(when(first.at), within, first.subject, p)
            if then is not None and when(then.at) <= due:
                fresh = self.t <= self.last(when(then.at), c["window"], first.subject, p)
                won += fresh and not self.superseded(then)
            elif self.t > due:
                over = due + timedelta(microseconds=1)
                lost += over <= self.t <= self.last(over, c["window"], first.subject, p)
        enough = won >= said.get("min", 1) and won >= said.get("at_least", 0) * (won + lost)
        return "held" if enough else "open"

    def sla(self, first: Event, p: str) -> str | None:
        wanted = "alert" if first.type == "alert.raised" else first.value.get("transition")
        for project in (p, None):
            said = [
                e.value["within"]
                for e in self.of("sla.set")
                if e.project == project and e.seq < first.seq and e.value["transition"] == wanted
            ]
            if said:
                return str(said[-1])
        return None

    def answer(self, first: Event, then: dict[str, Any]) -> Event | None:
        types = then["type"] if isinstance(then["type"], list) else [then["type"]]
        for e in self.of(*types):
            if e.seq < first.seq or not self.matches(e, then.get("where", {})):
                continue
            same = {
                "target.set": lambda e=e: e.subject == first.subject,
                "approval.requested": lambda e=e: e.value["request"] == first.seq,
                "alert.raised": lambda e=e: e.value["alert"] == first.value["alert"],
                "retraining.triggered": lambda e=e: name(e.subject) == name(first.subject),
            }[first.type]
            if same():
                return e
        return None

    def _distinct(self, said: dict[str, Any], c: dict[str, Any], p: str) -> str:
        by = said.get("by")
        shared = by in ("feature_view", "template")
        groups: dict[Any, set[Any]] = {}
        for e in self.counting(said, c, p, everywhere=shared):
            for group in self.groups(e, by):
                if not shared or self.ours(group, by, p):
                    groups.setdefault(group, set()).add(self.value(e, said["field"]))
        return "held" if any(len(values) >= said.get("min", 1) for values in groups.values()) else "open"

    def groups(self, e: Event, by: str | None) -> set[Any]:
        if by == "feature_view":
            return {name(i["ref"]) for i in e.value.get("inputs", []) if i["ref"].startswith("feature_view/")}
        return {{"name": name(e.subject), "template": e.value.get("template")}.get(by or "", "")}

    def ours(self, group: Any, by: str | None, p: str) -> bool:
        if by == "feature_view":
            runs = [e for e in self.of("run.started") if e.project == p]
            return group.split("/")[1] == p or any(group in self.groups(e, by) for e in runs)
        return any(e.project == p and e.value.get("template") == group for e in self.of("pipeline.completed"))

    # The chain and the levels

    def verified(self) -> bool:
        return self.in_hand or self._recorded(lambda value: True)

    def complete(self) -> bool:
        return self.in_hand or self._recorded(lambda value: value.get("complete") is True)

    def _recorded(self, also: Callable[[Any], bool]) -> bool:
        said = list(self.of("ledger.verified"))
        if not said:
            return False
        last = said[-1]
        return last.value["ok"] is True and also(last.value) and self.t <= when(last.at) + timedelta(days=30)

    def states(self, p: str) -> dict[str, str]:
        """``held``, ``open`` or ``inapplicable`` for each criterion."""
        return {c["id"]: self.proof(c["proof"], c, p) for _, _, c in criteria(self.model)}

    def levels(self, states: dict[str, str]) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for track, by_level in self.model["tracks"].items():
            found[track] = -1 if self.verified() else None
            for n, level in enumerate(("L0", "L1", "L2", "L3", "L4")):
                held = [states[c["id"]] for c in by_level.get(level, [])]
                if found[track] is None or "open" in held or "held" not in held:
                    break
                found[track] = n
        return found


def criteria(model: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for track, levels in model["tracks"].items():
        for level, each in levels.items():
            for criterion in each:
                yield track, level, criterion
