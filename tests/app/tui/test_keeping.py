"""Settings, memory from one time to the next, copies and exports."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.tui.app import Dashboard
from app.tui.preferences import Memory, Settings, remember, remembered, settings
from ledger.errors import InputError
from tests.app import story
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]


@pytest.fixture
def kept(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Dashboard]:
    """Makes dashboards that read settings and remember, below ``tmp_path``."""
    monkeypatch.setattr("app.tui.keeping.folders", lambda: (tmp_path / "config", tmp_path / "state"))

    def make() -> Dashboard:
        dashboard = opened()
        dashboard.keeps = True
        return dashboard

    return make


async def test_screen_filter_and_theme_are_there_again_the_next_time(kept: Callable[[], Dashboard]) -> None:
    async with kept().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        pilot.app.theme = "assay-light"
        await press(pilot, "4", "f", *"kind:model", "enter")
    async with kept().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert pilot.app.current.NAME == "Registry"
        assert pilot.app.theme == "assay-light"
        assert "nothing fits the filter" in shown(pilot.app)


async def test_keys_and_theme_are_set_in_a_file(kept: Callable[[], Dashboard], tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "dashboard.toml").write_text('theme = "nord"\n[keys]\n"overview.sign" = "ctrl+s"\n')
    async with kept().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert pilot.app.theme == "nord"
        pilot.app.current.reframe()
        await settled(pilot)
        assert "ctrl+s sign" in shown(pilot.app).split("\n")[-1]
        await press(pilot, "s")
        assert pilot.app.current.NAME == "Overview"
        await press(pilot, "ctrl+s")
        assert pilot.app.current.NAME == "Approvals"


async def test_settings_that_cannot_be_meant_are_left_aside_and_told(
    kept: Callable[[], Dashboard], tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "dashboard.toml").write_text('[keys]\n"audit.verfy" = "x"\n')
    async with kept().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert "is it audit.verify?" in noticed(pilot.app)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("theme = 3", "theme is a name"),
        ('theme = "nrd"', "is it nord"),
        ("colour = 1", "no setting 'colour'"),
        ("theme = ", "dashboard.toml"),
        ('keys = "x"', r"\[keys\] holds lines"),
    ],
)
def test_settings_are_refused_with_file_and_reason(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "dashboard.toml").write_text(text)
    with pytest.raises(InputError, match=says):
        settings(tmp_path, ["nord"], ["audit.verify"])


def test_without_files_everything_is_as_usual(tmp_path: Path) -> None:
    assert settings(tmp_path, [], []) == Settings()
    assert remembered(tmp_path, Path("a.db")) == Memory()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"a.db": 3}', '{"a.db": {"filters": []}}'])
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, damage: str) -> None:
    (tmp_path / "dashboard.json").write_text(damage)
    assert remembered(tmp_path, Path("a.db")) == Memory()
    remember(tmp_path, Path("a.db"), Memory("4", {"4": "kind:model"}, "nord"))
    assert remembered(tmp_path, Path("a.db")) == Memory("4", {"4": "kind:model"}, "nord")
    assert json.loads((tmp_path / "dashboard.json").read_text())
    assert [path.name for path in tmp_path.iterdir()] == ["dashboard.json"]


async def test_the_reference_under_the_cursor_is_copied(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "4", "y")
        assert pilot.app.clipboard == pilot.app.current.subject
        assert "OSC 52" in noticed(pilot.app)


async def test_what_is_shown_is_exported(opened: Opened, shell: story.Shell) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        size = pilot.app.standing.size
        for screen, key, suffix in (
            ("4", "t", "txt"),
            ("4", "s", "svg"),
            ("3", "m", "mmd"),
            ("3", "d", "dot"),
            ("9", "c", "csv"),
        ):
            await press(pilot, screen, "x", key)
            name = pilot.app.current.NAME.lower()
            file = shell.root / f"assay-{name}-{size - 1}.{suffix}"
            assert f"written to {file}" in noticed(pilot.app)
            assert file.stat().st_size > 40
        rows = list(csv.reader((shell.root / f"assay-audit-{size - 1}.csv").open(encoding="utf-8")))
        assert len(rows) == size + 1
        assert "MODELS" in (shell.root / f"assay-registry-{size - 1}.txt").read_text(encoding="utf-8")
        assert (shell.root / f"assay-lineage-{size - 1}.dot").read_text(encoding="utf-8").startswith("digraph")
