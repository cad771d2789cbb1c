"""A telling may be killed at any moment: the ledger opens and verifies, and the next telling comes to the same story."""

from __future__ import annotations

import random
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ledger
from tests.app.demo import tellings
from tests.app.demo.tellings import Whole

SEED = 20080917
MOMENTS = 50
IN_CI = 2


def moments(count: int, seconds: float, events: int) -> list[tuple[str, float]]:
    """Seeded moments, by time and by the number of recorded events in turn, spread evenly over the whole story."""
    generator = random.Random(SEED)
    found = []
    for number in range(count):
        share = (number + generator.random()) / count
        found.append(("seconds", share * seconds) if number % 2 else ("events", float(int(share * events))))
    return found


def survives(root: Path, whole: Whole, kind: str, moment: float) -> str:
    """Kill a telling at a moment, look at what it left, tell it to its end; where it was cut."""
    if kind == "events":
        tellings.cut(root, events=int(moment))
    else:
        tellings.cut(root, seconds=moment)
    left = tellings.size(root)
    if left:
        report = ledger.verify(root / ".assay" / "ledger.db")
        assert report.ok, report.findings
    done = tellings.tell(root)
    where = f"{kind} {moment:.3f}, {left} events"
    assert done.returncode == 0, f"{where}: {done.stderr}"
    assert ledger.verify(root / ".assay" / "ledger.db").ok, where
    told, expected = tellings.story(root), tellings.story(whole.root)
    for name in tellings.Story.__dataclass_fields__:
        assert getattr(told, name) == getattr(expected, name), f"{where}: {name}"
    assert tellings.leftovers(root) == [], where
    return where


def campaign(count: int, whole: Whole, tmp_path: Path) -> None:
    """So many kills, two tellings at a time, and where each was cut."""

    def one(number: int, kind: str, moment: float) -> str:
        where = survives(tmp_path / f"{number}", whole, kind, moment)
        shutil.rmtree(tmp_path / f"{number}")
        return where

    chosen = moments(count, whole.seconds, tellings.size(whole.root))
    with ThreadPoolExecutor(max_workers=2) as pool:
        cuts = list(pool.map(one, range(count), *zip(*chosen, strict=True)))
    print(f"\n{len(cuts)} tellings killed, all came to the same story:")
    print("\n".join(f"  {each}" for each in cuts))


def test_a_killed_telling_comes_to_the_same_story(whole: Whole, tmp_path: Path) -> None:
    campaign(IN_CI, whole, tmp_path)


@pytest.mark.slow
def test_fifty_killed_tellings_come_to_the_same_story(whole: Whole, tmp_path: Path) -> None:
    campaign(MOMENTS, whole, tmp_path)


def test_a_telling_killed_again_and_again_comes_to_the_same_story(whole: Whole, tmp_path: Path) -> None:
    """Each kill a little later than the last, so that every part is cut while it goes on with what was cut before.

    The last telling is not asked for the shorter story: it goes on as what was begun.
    """
    root = tmp_path / "demo"
    total = tellings.size(whole.root)
    for share in (0.01, 0.03, 0.04, 0.5, 0.9, 0.98, 0.99):
        tellings.cut(root, events=int(share * total))
    done = tellings.tell(root, quick=False)
    assert done.returncode == 0, done.stderr
    assert ledger.verify(root / ".assay" / "ledger.db").ok
    assert tellings.story(root) == tellings.story(whole.root)
    assert tellings.leftovers(root) == []


def test_ctrl_c_is_one_line_and_the_next_telling_goes_on(whole: Whole, tmp_path: Path) -> None:
    root = tmp_path / "demo"
    for events in (0, 30, int(0.6 * tellings.size(whole.root))):
        process = tellings.begin(root)
        time.sleep(0.4)  # Python is there, and its first import may be cut
        while tellings.size(root) < events and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        last = err.splitlines()[-1]
        assert last in ("assay: interrupted", f"assay: interrupted; `assay demo {root}` goes on where it stopped")
        assert "Traceback" not in err
    done = tellings.tell(root)
    assert done.returncode == 0, done.stderr
    assert "an unfinished demo is here; going on where it stopped" in done.stderr
    assert tellings.story(root) == tellings.story(whole.root)
