"""The animated picture in the README."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from tests.app.tui import snapshots
from tests.recording import Recording

SVG = "{http://www.w3.org/2000/svg}"


def test_frames_follow_each_other_and_share_their_rows() -> None:
    made = Recording()
    names = ("overview-80x24", "approvals-80x24", "sign-80x24")
    for name in names:
        made.add((snapshots.FOLDER / f"{name}.svg").read_text(encoding="utf-8"), 2, f"<{name}>")
    drawn = made.svg()
    root = ElementTree.fromstring(drawn)
    frames = [each for each in root.iter(f"{SVG}g") if each.get("class") == "frame"]
    assert [each.find(f"{SVG}text").text for each in frames] == [f"<{name}>" for name in names]  # type: ignore[union-attr]
    rows = {each.get("id") for each in root.iter(f"{SVG}g")}
    uses = [each.get("href") for each in root.iter(f"{SVG}use")]
    assert {use[1:] for use in uses if use} <= rows
    assert len(set(uses)) < len(uses), "rows that stay are drawn once"
    moving = re.findall(r"#f(\d)\{(visibility:visible;)?animation:k\d 6s step-end infinite\}", drawn)
    assert moving == [("0", "visibility:visible;"), ("1", ""), ("2", "")], "where nothing moves, the first is seen"
    assert "@keyframes k1{0%{visibility:hidden}33.333%{visibility:visible}66.667%{visibility:hidden}}" in drawn
    assert all(use and use.startswith("#") for use in uses), "nothing is fetched from elsewhere"


def test_the_readme_shows_pictures_that_are_there_and_light() -> None:
    root = Path(__file__).parents[3]
    shown = re.findall(r"\]\((docs/pictures/[^)]+)\)", (root / "README.md").read_text(encoding="utf-8"))
    assert len(shown) >= 5
    for name in shown:
        assert 0 < (root / name).stat().st_size < 900_000
