"""Clipping: exact widths for any text, and nothing recorded can act on the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tui.draw.clip import LONGEST, clip, fit, middle, safe, to_ascii, width, wrap

HOSTILE = st.text(st.characters() | st.sampled_from("\x1b\r\n\t\u202e\u200d\ufe0f\u0301漢👩🇩🇪ש"), max_size=60)


@given(HOSTILE)
def test_what_is_drawn_acts_on_nothing(text: str) -> None:
    shown = safe(text)
    assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200d\ufe0f")


@given(HOSTILE, st.integers(0, 40))
def test_clipped_text_is_never_wider(text: str, cells: int) -> None:
    assert width(clip(text, cells)) <= cells
    assert width(fit(text, cells)) == cells
    assert width(middle(text, cells)) <= cells
    assert all(width(line) <= max(cells, 2) for line in wrap(text, max(cells, 2)))


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [
        ("lineage", 7, "lineage"),
        ("lineage", 6, "linea…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("abc", 0, ""),
    ],
)
def test_clip(text: str, cells: int, shown: str) -> None:
    assert clip(text, cells) == shown


def test_a_long_name_costs_no_more_than_a_short_one() -> None:
    assert len(safe("x" * 60_000)) == LONGEST + 1


def test_hashes_are_cut_in_their_middle() -> None:
    assert middle("sha256:0123456789abcdef", 12) == "sha256…bcdef"
    assert middle("short", 12) == "short"


def test_wrapping() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("unbreakable", 4) == ["unbr", "eaka", "ble"]
    assert wrap("one two three four", 8, rows=2) == ["one two", "three…"]


@given(HOSTILE)
def test_ascii_is_just_as_wide(text: str) -> None:
    shown = safe(text)
    assert to_ascii(shown).isascii()
    assert len(to_ascii(shown)) == width(shown)
