from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format.text import visible


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text, with signs: €%§",
        "Grüße, naïve café",
        "e\u0301 combining \u0915\u094d\u0937",
        "日本語 한국어 中文 العربية עברית ไทย",
        "😀 👍🏽 ❤️ 👨‍👩‍👧 🏳️‍🌈 1️⃣ 🇩🇪 ✔️ ⚠️",
        "box │─┐ ▁▂▃ ⣿",
        "a\u00a0b",
        "back\\slash \\u{202e}",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\u{1b}[31mred"),
        ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
        ("a\r\nb\tc", "a\\u{d}\\u{a}b\\u{9}c"),
        ("\x00\x7f\x9b", "\\u{0}\\u{7f}\\u{9b}"),
        ("user\u202egpj.exe", "user\\u{202e}gpj.exe"),
        (
            "\u061c\u200e\u200f\u202a\u202b\u202c\u202d",
            "\\u{61c}\\u{200e}\\u{200f}\\u{202a}\\u{202b}\\u{202c}\\u{202d}",
        ),
        ("\u2066\u2067\u2068\u2069", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"),
        ("ad\u200bmin", "ad\\u{200b}min"),
        ("a\u200db\u200cc", "a\\u{200d}b\\u{200c}c"),
        ("\ufeffx\u2060y\u00adz", "\\u{feff}x\\u{2060}y\\u{ad}z"),
        ("a\u2028b\u2029c", "a\\u{2028}b\\u{2029}c"),
        ("\ud800 \udfff", "\\u{d800} \\u{dfff}"),
        ("a\ufe0fb\U000e0100", "a\\u{fe0f}b\\u{e0100}"),
        ("tag\U000e0041\U000e007f", "tag\\u{e0041}\\u{e007f}"),
        ("\u3164\u115f\uffa0", "\\u{3164}\\u{115f}\\u{ffa0}"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f\\u{fe0f}"),
        ("👍\u200d", "👍\\u{200d}"),
        ("\u2060\ufe0f", "\\u{2060}\\u{fe0f}"),
    ],
)
def test_what_a_terminal_obeys_or_hides_is_spelled(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_line_feeds_stay_where_the_caller_lays_out_lines() -> None:
    assert visible("a\nb\r\x1b", newline=True) == "a\nb\\u{d}\\u{1b}"


def test_every_control_and_format_character_is_spelled() -> None:
    for point in range(0x110000):
        character = chr(point)
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or (
            # Signs that are drawn, though Unicode counts them as format: Arabic, Syriac, Kaithi and hieroglyphic ones.
            unicodedata.category(character) == "Cf"
            and point not in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)
            and point not in range(0x13430, 0x13456)
        ):
            assert visible(character) == f"\\u{{{point:x}}}"


@given(st.text(), st.booleans())
def test_the_result_is_safe_and_stable(text: str, newline: bool) -> None:
    shown = visible(text, newline=newline)
    shown.encode("utf-8")
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in shown if not (newline and c == "\n"))
    assert visible(shown, newline=newline) == shown
