"""Every screen as a picture, in a wide terminal and in a small one; each was looked at before it was kept."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from app.actions import deciding
from app.tui import signing
from app.tui.app import Dashboard
from app.tui.draw.glyphs import ASCII, UNICODE
from app.tui.screens.audit import verified, verifying
from app.tui.screens.judged import Judged
from app.tui.widgets.frame import KeyLine
from tests.app.tui import exhibit, snapshots
from tests.app.tui.driving import press, settled

WIDE, SMALL = (120, 36), (80, 24)
FIND_MODEL = ("slash", "type fx-vol@2", "enter")


class Walk(NamedTuple):
    """One opening of the dashboard: steps of a snapshot's name and the keys that lead to it (``type …`` fills a field), in
    which terminals, who looks at what."""

    steps: tuple[tuple[str, tuple[str, ...]], ...]
    sizes: tuple[tuple[int, int], ...] = (WIDE,)
    me: str | None = "mia"
    theme: str = "assay-dark"
    ascii: bool = False
    tampered: bool = False


SCREENS = (
    ("overview", ()),
    ("maturity", ("2", "l")),
    ("registry", ("4", "enter", "j")),
    ("approvals", ("5",)),
    ("sign", ("a",)),
    ("evidence", ("escape", "v", "j")),
    ("rollouts", ("escape", "6")),
    ("monitoring", ("7",)),
    ("risks", ("8",)),
    ("audit", ("9", "k k")),
    ("lineage", ("3", *FIND_MODEL, "i")),
)
WALKS = (
    Walk(SCREENS, (WIDE, SMALL)),
    Walk((("break", ("9", "v")),), (WIDE, SMALL), tampered=True),
    Walk((("help", ("9", "question_mark")),), (SMALL,)),
    Walk(
        (
            ("palette", ("ctrl+p", "type approve")),
            ("past", ("escape", "7", "T", "type 2008-08-01", "enter")),
            ("moments-diff", ("4", "T", "type 2008-06", "enter", "less_than_sign", "L")),
        )
    ),
    Walk((("versions-diff", ("4", "enter", "space j", "d", "enter")),)),
    Walk((("light", ("5",)),), theme="assay-light"),
    Walk((("ascii", ("3", *FIND_MODEL)),), (SMALL,), ascii=True),
    Walk((("nobody", ("5",)),), (SMALL,), me=None),
)
CASES = [
    pytest.param(walk, size, id=f"{walk.steps[0][0]}-{size[0]}x{size[1]}") for walk in WALKS for size in walk.sizes
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exhibit's workspace, made once."""
    root = tmp_path_factory.mktemp("exhibit") / "work"
    with pytest.MonkeyPatch.context() as monkeypatch:
        exhibit.made(root, monkeypatch)
    return root


@pytest.fixture
def root(told: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(told, tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No clock goes on."""
    monkeypatch.setattr(deciding, "_wall_time", lambda: exhibit.WALL)
    for module in (verified, verifying):
        monkeypatch.setattr(module, "monotonic", lambda: 1_000.0)
    monkeypatch.setattr(signing, "monotonic", lambda: 1_000.0)
    monkeypatch.setattr(KeyLine, "SECONDS", 3_600.0)
    monkeypatch.setattr(Judged, "surely", lambda self, group, ask: ask())  # at once, not once the playhead rests


def tamper(ledger: Path) -> None:
    """Change one byte of the first approval."""
    with sqlite3.connect(ledger) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        seq, body = connection.execute(
            "SELECT seq, body FROM events WHERE type = 'approval.granted' ORDER BY seq LIMIT 1"
        ).fetchone()
        connection.execute(
            "UPDATE events SET body = ? WHERE seq = ?", (body.replace(b'"role":"risk', b'"role":"bisk'), seq)
        )
        for _, sql in triggers:
            connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(("walk", "size"), CASES)
async def test_the_screens_look_as_they_did(walk: Walk, size: tuple[int, int], root: Path) -> None:
    ledger = root / ".assay" / "ledger.db"
    if walk.tampered:
        tamper(ledger)
    app = Dashboard(
        ledger,
        root=root,
        me=walk.me,
        why_nobody="nobody is named; give --as NAME",
        project=exhibit.PROJECT,
        glyphs=ASCII if walk.ascii else UNICODE,
    )
    async with app.run_test(size=size) as pilot:
        app.theme = walk.theme
        await settled(pilot)
        for name, keys in walk.steps:
            for key in keys:
                await step(pilot, key)
            snapshots.still(app)
            await settled(pilot)
            snapshots.check(app, f"{name}-{size[0]}x{size[1]}")


async def step(pilot: Pilot[int], key: str) -> None:
    """Press keys, or fill a field, and wait."""
    if key.startswith("type "):
        pilot.app.screen.query_one(Input).value = key.removeprefix("type ")
    else:
        await pilot.press(*key.split())
    await settled(pilot)


def test_every_snapshot_is_of_a_screen() -> None:
    names = {f"{name}-{size[0]}x{size[1]}" for walk in WALKS for size in walk.sizes for name, _ in walk.steps}
    assert len(names) >= 24
    assert {file.stem for file in snapshots.FOLDER.glob("*.svg")} == names
    assert {file.stem for file in snapshots.FOLDER.glob("*.txt")} == names


async def test_a_difference_is_told_as_text(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Dashboard(root / ".assay" / "ledger.db", root=root, me="mia", project=exhibit.PROJECT)
    kept = (snapshots.FOLDER / "risks-80x24.txt").read_text(encoding="utf-8")
    (tmp_path / "risks-80x24.txt").write_text(kept.replace("crisis", "cruise"), encoding="utf-8")
    monkeypatch.setattr(snapshots, "FOLDER", tmp_path)
    monkeypatch.setattr(snapshots, "REWRITE", False)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await press(pilot, "8")
        with pytest.raises(AssertionError, match=r"risks-80x24.txt differs(.|\n)*-.*cruise(.|\n)*\+.*crisis"):
            snapshots.check(app, "risks-80x24")
