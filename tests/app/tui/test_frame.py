"""The frame around every screen: what it says, until when, and that no key is silent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Input

from app.tui.app import Dashboard
from app.tui.draw.glyphs import ASCII, UNICODE, chosen
from app.tui.preferences import settings
from app.tui.screens.approvals.signpanel import SignPanel
from app.tui.screens.overview.page import OverviewPage
from app.tui.screens.palette import PaletteScreen
from app.tui.widgets.frame import KeyLine
from ledger.errors import InputError
from tests.app.tui.driving import noticed, press, settled, shown

Opened = Callable[..., Dashboard]


def last(app: Dashboard) -> str:
    return shown(app).split("\n")[-1]


async def test_what_was_said_ends_with_the_next_key_and_with_leaving_the_screen(opened: Opened) -> None:
    async with opened("jon").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "5", "a", "escape")
        assert noticed(pilot.app) == "nothing was signed"
        await press(pilot, "a")
        assert "nothing was signed" not in shown(pilot.app)
        await press(pilot, "escape")
        pilot.app.current.notice("said here")
        await press(pilot, "7", "5")
        assert noticed(pilot.app) == ""


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 36)])
async def test_a_filter_is_told_until_it_is_cleared(opened: Opened, size: tuple[int, int]) -> None:
    async with opened().run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "7", "f", *"drift", "enter")
        assert "filter: drift" in last(pilot.app)
        await press(pilot, "j")
        assert "filter: drift" in last(pilot.app)
        assert ("esc shows all" in last(pilot.app)) == (size[0] >= 80)
        assert "? help" in last(pilot.app)
        await press(pilot, "4")
        assert "filter" not in last(pilot.app).replace("f filter", "")
        await press(pilot, "7", "escape")
        assert pilot.app.current.filter == ""
        await press(pilot, "j")
        assert "filter: drift" not in last(pilot.app)


async def test_no_key_is_silent(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "P")
        assert "playing begins in the past" in noticed(pilot.app)
        await press(pilot, "right_square_bracket")
        assert "this is live" in noticed(pilot.app)
        await press(pilot, "Z")
        assert noticed(pilot.app) == "nothing on Z here; ? tells the keys"
        await press(pilot, "f9")
        assert noticed(pilot.app) == "nothing on F9 here; ? tells the keys"
        await press(pilot, "j")
        assert noticed(pilot.app) == ""
        await press(pilot, "backspace")
        assert noticed(pilot.app) == "this is where you began"


async def test_what_is_typed_into_a_line_is_no_key(opened: Opened) -> None:
    async with opened("jon").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "5", "a")
        pilot.app.screen.query_one(SignPanel).query_one("#typed", Input).focus()
        await press(pilot, "Z")
        assert noticed(pilot.app) == ""
        assert "⏎ goes on" in last(pilot.app)
        await press(pilot, "escape")
        assert "⏎ goes on" not in last(pilot.app)


async def test_escape_stays_on_the_screen(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "7", "9", "escape", "escape")
        assert pilot.app.current.NAME == "Audit"
        await press(pilot, "backspace", "backspace")
        assert pilot.app.current.NAME == "Overview"


async def test_under_a_dialog_the_footer_shows_the_dialogs_keys(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        before = last(pilot.app)
        await press(pilot, "T")
        assert "⏎ does it   esc leaves" in last(pilot.app)
        assert "find" not in last(pilot.app)
        await press(pilot, "escape")
        assert last(pilot.app) == before


async def test_the_palette_begins_with_what_the_screen_does_and_ends_with_moving(opened: Opened) -> None:
    async with opened("jon").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "3", "ctrl+p")
        screen = pilot.app.screen
        assert isinstance(screen, PaletteScreen)
        offered = [each.value for each in screen._offers()]
        assert offered[0] == "page:centre"
        assert offered[-1].startswith(("page:walk", "page:scroll"))
        await press(pilot, "escape", "1", "ctrl+p", *"assay approve", "enter")
        assert pilot.app.current.NAME == "Approvals"
        assert noticed(pilot.app).startswith("a: ")
        await press(pilot, "ctrl+p", *"assay approve", "enter")
        assert pilot.app.current.query_one(SignPanel).proposing


async def test_panes_say_that_they_are_being_read(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dashboard, "_begin", lambda _: None)  # nothing is asked, so nothing is answered
    monkeypatch.setattr(OverviewPage, "load", lambda _: None)
    async with opened().run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert shown(pilot.app).count(" reading …") == 3
        assert "opening the ledger …" in shown(pilot.app)
        assert "not verified" not in shown(pilot.app), "nobody has looked yet"


async def test_a_picture_has_nothing_of_what_was_said(opened: Opened) -> None:
    async with opened().run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        for suffix in (".svg", ".txt"):
            pilot.app.current.notice("secret")
            await settled(pilot)
            assert "secret" in shown(pilot.app)
            picture = pilot.app.current.pictured(suffix)
            assert "secret" not in picture
            assert "Overview" in picture


@pytest.mark.parametrize(
    ("environ", "encoding", "glyphs"),
    [
        ({}, "utf-8", UNICODE), ({}, "ascii", ASCII), ({"LANG": "C"}, "utf-8", ASCII),
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, "utf-8", ASCII), ({"LC_ALL": "", "LANG": "en_GB.UTF-8"}, "ascii", UNICODE),
        ({"LC_CTYPE": "POSIX"}, "utf-8", ASCII), ({"LANG": "C.UTF-8"}, "ascii", UNICODE),
        ({"LANG": "de_DE.ISO-8859-1@euro"}, "utf-8", ASCII), ({"LANG": "de_DE"}, "utf-8", UNICODE),
    ],
)  # fmt: skip
def test_the_locale_decides_which_signs_are_drawn(environ: dict[str, str], encoding: str, glyphs: object) -> None:
    assert chosen(encoding, environ) is glyphs


async def test_the_settings_can_ask_for_ascii(opened: Opened, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "dashboard.toml").write_text("ascii = true\n", encoding="utf-8")
    assert settings(folder, (), ()).ascii
    (folder / "dashboard.toml").write_text('ascii = "yes"\n', encoding="utf-8")
    with pytest.raises(InputError, match="ascii is true or false"):
        settings(folder, (), ())
    async with opened().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        pilot.app.draw_plainly()
        await settled(pilot)
        assert pilot.app.current.query_one(KeyLine).glyphs is ASCII
        assert pilot.app.current.has_class("-ascii")
        assert not set("✓✗○◷●▸") & set(shown(pilot.app))
