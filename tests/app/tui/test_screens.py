"""What holds for every screen: keys, help, sizes, text that others recorded, themes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

import ledger
from app.actions import registry
from app.tui.app import Dashboard
from app.tui.docs import reference
from app.tui.draw.clip import width
from app.tui.draw.glyphs import ASCII
from app.tui.keys import EVERYWHERE, MOVING, Key
from app.tui.screens.catalogue import CATALOGUE
from app.tui.screens.palette import NATIVE, PaletteScreen
from app.tui.widgets.frame import KeyLine
from ledger.events.alerts import AlertRaised
from ledger.events.approvals import ApprovalRequested
from ledger.events.artifacts import ArtifactRegistered
from ledger.events.monitors import MonitorConfigured, MonitorObserved
from ledger.events.runs import Artifact, RunCompleted, RunStarted
from tests.app import story
from tests.app.tui.driving import press, settled, shown

Opened = Callable[..., Dashboard]
PAGES = [(entry.key, entry.name) for entry in CATALOGUE]


def names(keys: tuple[Key, ...]) -> set[str]:
    return {name for key in keys for name in key.keys.split(",")}


def all_keys() -> dict[str, tuple[Key, ...]]:
    return {entry.name: type(entry.make()).KEYS for entry in CATALOGUE}


def test_the_catalogue_names_its_screens_by_distinct_digits() -> None:
    assert len({entry.key for entry in CATALOGUE}) == len(CATALOGUE)
    assert [type(entry.make()).NAME for entry in CATALOGUE] == [entry.name for entry in CATALOGUE]


@pytest.mark.parametrize("name", [name for _, name in PAGES])
def test_no_key_means_two_things_on_a_screen(name: str) -> None:
    keys = all_keys()[name]
    for one, other in combinations(keys, 2):
        assert not names((one,)) & names((other,)), (one.help, other.help)
    digits = {entry.key for entry in CATALOGUE}
    assert not names(keys) & (names(EVERYWHERE) - {"escape", "backspace"} | digits)


def test_lists_and_what_works_everywhere_do_not_clash() -> None:
    assert not names(MOVING) & names(EVERYWHERE)
    for one, other in combinations((*MOVING, *EVERYWHERE), 2):
        assert not names((one,)) & names((other,))


def test_every_key_has_a_help_line_and_every_footer_word_is_short() -> None:
    for keys in (*all_keys().values(), EVERYWHERE, MOVING):
        for key in keys:
            assert len(key.help) > 8
            assert len(key.says) <= 12


def test_actions_have_the_registrys_keys_and_words() -> None:
    keys = all_keys()
    for screen, action, method in (
        ("Approvals", "approve", "approve"), ("Approvals", "reject", "reject"), ("Audit", "verify", "verify"),
        ("Monitoring", "alerts ack", "acknowledge"),
    ):  # fmt: skip
        found = next(key for key in keys[screen] if key.action == method)
        assert found.keys == registry.get(action).key
        assert found.help == registry.get(action).summary
    assert set(NATIVE) <= {action.name for action in registry.ACTIONS}


async def test_the_palette_offers_every_action_and_every_key(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+p")
        assert isinstance(pilot.app.screen, PaletteScreen)
        offered = {item.name for item in pilot.app.screen._items}
        assert {f"assay {action.name}" for action in registry.ACTIONS if action.name != "completion"} <= offered
        assert {key.help for key in pilot.app.current.KEYS} <= offered


@pytest.mark.parametrize(("key", "name"), PAGES)
async def test_help_lists_the_screens_keys(opened: Opened, key: str, name: str) -> None:
    async with opened().run_test(size=(120, 60)) as pilot:
        await settled(pilot)
        await press(pilot, key, "question_mark")
        text = shown(pilot.app)
        assert f"Help: {name}" in text
        assert all(line.help.split()[0] in text for line in pilot.app.current.KEYS)
        await press(pilot, "escape")
        assert pilot.app.screen is pilot.app.current


SIZES = [(120, 36), (80, 24), (66, 18), (200, 60)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_screen_fits_the_terminal(opened: Opened, size: tuple[int, int]) -> None:
    async with opened().run_test(size=size) as pilot:
        await settled(pilot)
        for key, name in PAGES:
            await press(pilot, key)
            lines = shown(pilot.app).split("\n")
            assert len(lines) == size[1]
            assert all(width(line) == size[0] for line in lines), name
            assert "? help" in lines[-1]
            assert story.ORIGIN[:10] in lines[0]


async def test_a_terminal_that_is_too_small_is_told_so_and_recovers(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        for key, _ in PAGES:
            await press(pilot, key)
            await pilot.resize_terminal(20, 5)
            await settled(pilot)
            assert "Assay needs" in shown(pilot.app)
            assert "20×5" in shown(pilot.app)
            await pilot.resize_terminal(120, 36)
            await settled(pilot)
            assert "Assay needs" not in shown(pilot.app)


HOSTILE = (
    "\x1b[31mred\x1b[0m\r\n\tforged line \u202egnp.exe [bold]markup[/] 漢字 👩‍💻 e\u0301 שלום \u200b\x07" + "x" * 3000
)


@pytest.fixture
def hostile(shell: story.Shell) -> story.Shell:
    """The story, with everything that others can write written by somebody who means harm."""
    project, sha = story.PROJECT, "sha256:" + "ab" * 32
    name = "n" * 1500
    with ledger.open(shell.ledger) as book:
        book.record(
            ArtifactRegistered(kind="model", name=name, version=1, sha256=sha, size=1, summary={HOSTILE[:300]: HOSTILE[:300]}),
            actor="lea", project=project,
        )  # fmt: skip
        ref = f"model/{project}/{name}@1"
        made = Artifact(ref=ref, sha256=sha)
        book.record(
            RunStarted(run="ff00", job=HOSTILE[:200], job_type="training", inputs=[made]), actor="lea", project=project
        )
        book.record(
            RunCompleted(run="ff00", status="ok", outputs=[], metrics={"m\x1b[2J": 1.0}), actor="lea", project=project
        )
        book.record(
            ApprovalRequested(transition="prod", roles=["risk_officer"], sha256=sha, note=HOSTILE),
            subject=ref, actor="lea", project=project,
        )  # fmt: skip
        raised = AlertRaised(
            alert="a\x1b]0;x\x07", monitor="m[b]", severity="high", message=HOSTILE, value=HOSTILE, day="2008-09-17"
        )
        book.record(raised, subject=ref, actor="svc:m", project=project)
        monitor = f"monitor/{project}/m%5Bb%5D"
        declared = MonitorConfigured(monitor="m[b]", kind="k\x1b", threshold={"a\n": HOSTILE}, route="r")
        book.record(declared, subject=monitor, actor="lea", project=project)
        for day, value in (("2008-09-17", 1e308), ("2008-09-18", -1e308), ("2008-09-19", None)):
            fact = MonitorObserved(monitor="m[b]", kind="k\x1b", value=value, breached=True, threshold=0.5, day=day)
            book.record(fact, subject=monitor, actor="svc:m", project=project)
    return shell


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_recorded_text_neither_breaks_the_layout_nor_forges_a_line(
    opened: Opened, hostile: story.Shell, size: tuple[int, int]
) -> None:
    async with opened("jon").run_test(size=size) as pilot:
        await settled(pilot)
        walks = {
            "1": "jjj",
            "2": "l",
            "3": "hlit",
            "4": "lcvGc",
            "5": "jka",
            "6": "cj",
            "7": "jja",
            "8": "j",
            "9": "kkkk",
            "slash": "",
            "ctrl+p": "",
        }
        for key, moves in walks.items():
            await press(pilot, key, *moves)
            lines = shown(pilot.app).split("\n")
            assert len(lines) == size[1]
            for line in lines:
                assert width(line) == size[0]
                assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl"} for sign in line)
                assert not set(line) & set("\u202e\u200b\u200d")
                assert not line.strip(" │").startswith("forged line")
            await press(pilot, "escape")


async def test_without_utf8_everything_is_ascii(opened: Opened) -> None:
    async with opened(glyphs=ASCII).run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        for key, _ in PAGES:
            await press(pilot, key)
            assert shown(pilot.app).isascii(), (key, {sign for sign in shown(pilot.app) if not sign.isascii()})
        for keys in (("1", "e"), ("2", "w"), ("question_mark",), ("x",), ("ctrl+p",)):
            await press(pilot, *keys)
            assert shown(pilot.app).isascii(), (keys, {sign for sign in shown(pilot.app) if not sign.isascii()})
            await press(pilot, "escape")


async def test_the_light_theme_paints_every_screen(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "ctrl+p", *"theme assay-light", "enter")
        assert pilot.app.theme == "assay-light"
        for key, _ in PAGES:
            await press(pilot, key)
            assert pilot.app.screen.styles.background.brightness > 0.5


async def test_no_color_leaves_signs_and_words(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert "▲ raised" in shown(pilot.app)
        assert "◷ sign" in shown(pilot.app)


async def test_keys_that_cannot_work_are_drawn_faint(opened: Opened) -> None:
    async with opened("lea").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "5")
        line = pilot.app.current.query_one(KeyLine).lines(120)[0]
        assert ("a", "faint") in line
        assert ("?", "key") in line


def test_the_reference_of_keys_is_current() -> None:
    written = (Path(__file__).parents[3] / "docs" / "keys.md").read_text(encoding="utf-8")
    assert written == reference(), "run: python -m app.tui.docs > docs/keys.md"
