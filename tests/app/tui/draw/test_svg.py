"""Pictures of the screen: what every viewer shows alike."""

from __future__ import annotations

from app.tui.draw.svg import self_contained

HEAD = '<svg>\n<style>\n@font-face {\n src: url("https://elsewhere/font.woff2");\n}\n.terminal-77-r1 { fill: #fff }\n</style>\n'
TEXT = '<text class="terminal-77-r1" x="12.2" y="20" textLength="{}" clip-path="url(#terminal-77-line-0)">{}</text>'


def test_nothing_is_fetched_and_nothing_is_random() -> None:
    found = self_contained(HEAD + TEXT.format("36.6", "abc") + "</svg>")
    assert "elsewhere" not in found
    assert "font-face" not in found
    assert "77" not in found
    assert (
        '<text class="terminal-r1" x="12.2" y="20" textLength="36.6" clip-path="url(#terminal-line-0)">abc</text>'
        in found
    )


def test_blanks_at_the_ends_move_the_text_and_those_within_stay() -> None:
    found = self_contained(HEAD + TEXT.format("85.4", "&#160;&#160;a&#160;b&#160;&#160;") + "</svg>")
    assert 'x="36.6" y="20" textLength="36.6"' in found
    assert ">a&#160;b<" in found
    assert "<text" not in self_contained(HEAD + TEXT.format("24.4", "&#160;&#160;") + "</svg>")
