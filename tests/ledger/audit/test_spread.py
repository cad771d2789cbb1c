"""A verification spread over processes, or begun at a checkpoint, says what one over everything by one process says."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

import ledger
from ledger import InputError
from ledger.audit import verification
from ledger.audit.report import Report
from ledger.audit.scan import BLOCK, PREFIX
from ledger.audit.watching import STAGES, Step
from ledger.format.event import prefix
from tests.ledger.audit.forgery import Forger
from tests.ledger.story import Story, secret

EVENTS = 2 * BLOCK + 1500


@pytest.fixture(scope="module")
def long(told: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A ledger of some blocks, and a checkpoint in the middle of the second."""
    folder = tmp_path_factory.mktemp("long")
    story = Story.resume(folder, told)
    model = "model/fx-hedging/fx-vol@1"
    story.observe(model, BLOCK + 1000 - story.ledger.size)
    note = story.ledger.checkpoint()
    story.train("fx-vol", "dataset/fx-hedging/ecb-rates@2")
    story.observe(model, EVENTS - story.ledger.size - 2)
    request = story.ask("model/fx-hedging/fx-vol@3")
    story.approve(request, "grace", "risk")
    story.ledger.close()
    return folder, note


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events are worth another process."""
    monkeypatch.setattr(verification, "ENOUGH", 1)


def said(report: Report) -> Any:
    return {**report.document(), "findings": [each.document() for each in report.findings]}


@pytest.mark.usefixtures("several")
class TestProcesses:
    @pytest.mark.parametrize("processes", [2, 3, 9])
    @pytest.mark.parametrize("strict", [False, True])
    def test_a_sound_ledger(self, long: tuple[Path, str], processes: int, strict: bool) -> None:
        path = long[0] / "ledger.db"
        together = ledger.verify(path, processes=processes, strict=strict)
        assert together.ok
        assert said(together) == said(ledger.verify(path, processes=1, strict=strict))

    @pytest.mark.parametrize("seed", range(8))
    def test_a_touched_one(self, long: tuple[Path, str], tmp_path: Path, seed: int) -> None:
        random = Random(seed)
        forger = Forger(long[0], tmp_path / "forged")
        for _ in range(random.randrange(1, 4)):
            seq = random.randrange(1, EVENTS)
            random.choice(
                [
                    lambda seq=seq: forger("UPDATE events SET body = CAST(body || ' ' AS BLOB) WHERE seq = ?", seq),
                    lambda seq=seq: forger("UPDATE events SET actor = 'eve' WHERE seq = ?", seq),
                    lambda seq=seq: forger("DELETE FROM events WHERE seq = ?", seq),
                    lambda seq=seq: forger("DELETE FROM nodes WHERE level = 2 AND idx = ?", seq >> 2),
                    lambda seq=seq: forger("DELETE FROM observations WHERE seq = ?", seq),
                    lambda: forger("UPDATE nodes SET hash = x'00' WHERE level = 13"),
                ]
            )()
        path = forger.close()
        alone = ledger.verify(path, processes=1)
        assert not alone.ok
        assert said(ledger.verify(path, processes=3)) == said(alone)

    def test_where_no_process_can_be_started(self, long: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", shutil.which("false"))
        assert ledger.verify(long[0] / "ledger.db", processes=3).ok
        monkeypatch.setattr(sys, "executable", "")
        assert ledger.verify(long[0] / "ledger.db", processes=3).ok

    def test_progress_adds_up(self, long: tuple[Path, str]) -> None:
        told: list[tuple[str, int, int]] = []
        ledger.verify(long[0] / "ledger.db", processes=2, progress=lambda *each: told.append(each))
        for what in ("events", "meaning"):
            done = [done for each, done, _ in told if each == what]
            assert done == sorted(done)
            assert done[-1] == EVENTS

    @pytest.mark.parametrize("processes", [1, 3])
    def test_every_stage_and_every_process_is_told_of(self, long: tuple[Path, str], processes: int) -> None:
        steps: list[Step] = []
        report = ledger.verify(long[0] / "ledger.db", processes=processes, watch=steps.append)
        last = {each.what: each for each in steps}
        assert tuple(last) == STAGES
        assert all(each.done == each.total for each in last.values())
        for what in ("events", "meaning"):
            assert len(last[what].through) == min(processes, 2), "there are two whole blocks"
            assert last[what].through[0][0] == 0
            assert last[what].through[-1][1] == EVENTS
        assert last["checkpoints"].done == report.checked["checkpoints"]
        assert last["signatures"].done == report.checked["decisions"]
        assert not any(each.places for each in steps)

    @pytest.mark.parametrize("processes", [1, 3])
    def test_what_does_not_fit_is_told_of_as_it_turns_up(
        self, long: tuple[Path, str], tmp_path: Path, processes: int
    ) -> None:
        forger = Forger(long[0], tmp_path / "forged")
        forger("UPDATE events SET body = CAST(body || ' ' AS BLOB) WHERE seq = 700")
        forger("DELETE FROM events WHERE seq = ?", BLOCK + 900)
        steps: list[Step] = []
        ledger.verify(forger.close(), processes=processes, watch=steps.append)
        told = [seq for each in steps if each.what == "events" for seq in each.places]
        assert sorted(told) == [700, BLOCK + 900, BLOCK + 901]


class TestSince:
    def test_only_what_is_new(self, long: tuple[Path, str]) -> None:
        path, size = long[0] / "ledger.db", BLOCK + 1000
        report = ledger.verify(path, since=long[1])
        assert report.ok
        assert report.size == EVENTS
        assert report.root == ledger.verify(path).root
        assert report.checked["events"] == EVENTS - size + 1
        assert report.unchecked == [
            f"events 0 to {size - 2}: that the tree over them has the signed root is all that was looked at",
            "structure: the file's own pages and indexes",
        ]

    def test_nothing_is_new(self, story: Story) -> None:
        note = story.ledger.checkpoint()
        report = ledger.verify(story.ledger.path, since=note)
        assert report.ok
        assert report.checked["events"] == 1

    def test_a_decision_that_names_an_older_checkpoint(self, fresh: Story) -> None:
        """What was signed on another machine has seen less of the log than the verification begins at."""
        fresh.ledger.checkpoint()
        fresh.enrol("grace")
        report = ledger.verify(fresh.ledger.path, since=fresh.ledger.checkpoint())
        assert report.findings == []
        assert report.checked["decisions"] == 1

    @pytest.mark.parametrize("seq", [BLOCK + 999, BLOCK + 1000, BLOCK + 1001, 2 * BLOCK, EVENTS - 1])
    def test_a_break_after_it(self, long: tuple[Path, str], tmp_path: Path, seq: int) -> None:
        forger = Forger(long[0], tmp_path / "forged")
        forger("UPDATE events SET body = CAST(body || ' ' AS BLOB) WHERE seq = ?", seq)
        found = ledger.verify(forger.close(), since=long[1])
        assert [(each.kind, each.seq) for each in found.findings] == [("edited", seq)]

    def test_a_break_long_before_it_is_not_looked_for(self, long: tuple[Path, str], tmp_path: Path) -> None:
        forger = Forger(long[0], tmp_path / "forged")
        forger("UPDATE events SET body = CAST(body || ' ' AS BLOB) WHERE seq = 100")
        path = forger.close()
        assert ledger.verify(path, since=long[1]).ok
        assert not ledger.verify(path).ok

    def test_another_history_before_it(self, long: tuple[Path, str], tmp_path: Path) -> None:
        """Chained anew, with the tree and the ledger's stolen key: the checkpoint is not this log's, and all is verified."""
        forger = Forger(long[0], tmp_path / "forged")
        forger.change(100, lambda members: members.update(actor="eve"))
        forger.retree()
        forger.refold()
        forger.resign()
        found = ledger.verify(forger.close(), since=long[1])
        assert [each.kind for each in found.findings] == ["forked"]
        assert found.checked["events"] == EVENTS

    def test_a_shorter_log(self, long: tuple[Path, str], tmp_path: Path) -> None:
        forger = Forger(long[0], tmp_path / "forged")
        forger("DELETE FROM events WHERE seq >= 900")
        forger.retree()
        forger.refold()
        found = ledger.verify(forger.close(), since=long[1])
        assert ("truncated", 900) in [(each.kind, each.seq) for each in found.findings]

    def test_one_that_the_log_did_not_sign(self, long: tuple[Path, str]) -> None:
        with pytest.raises(InputError, match="nothing can be verified since this checkpoint: note has no verifiable"):
            ledger.verify(long[0] / "ledger.db", since=_by_eve(long[1]))


def _by_eve(note: str) -> str:
    from ledger.format.checkpoint import Checkpoint, sign_checkpoint

    origin, size, _ = note.split("\n")[:3]
    return sign_checkpoint(Checkpoint(origin, int(size), bytes(32)), secret("eve")).decode()


@pytest.mark.parametrize("project", [None, "fx"])
@pytest.mark.parametrize("cause", [None, 3])
def test_the_scan_s_prefix_is_the_format_s(project: str | None, cause: int | None) -> None:
    made = PREFIX % (
        b"ada",
        b"2026",
        b"null" if cause is None else b"%d" % cause,
        b"0f",
        b"null" if project is None else b'"%b"' % project.encode(),
        7,
        b"model/x@1",
        b"run.started",
    )
    assert made == prefix(7, "run.started", "model/x@1", project, "ada", "2026", cause, "0f")
