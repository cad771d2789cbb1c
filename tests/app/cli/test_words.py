"""Words on a terminal: paint only where it is wanted, signs that the terminal can say, nothing that it obeys."""

from __future__ import annotations

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actions.answers import GLYPHS, ROLES, Answer, Line, Mark, number, say, state, table, width
from app.cli import words


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def narrow() -> io.TextIOWrapper:
    """A stream that can say ASCII alone."""
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


def test_paint_is_for_terminals_alone() -> None:
    assert words.paints(Terminal(), {"TERM": "xterm"})
    assert not words.paints(io.StringIO(), {"TERM": "xterm"})
    assert not words.paints(Terminal(), {"TERM": "dumb"})
    assert not words.paints(Terminal(), {"NO_COLOR": "1"})
    assert words.paints(Terminal(), {"NO_COLOR": ""})
    assert not words.paints(Terminal(), {}, plain=True)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_paint_that_ends(role: str) -> None:
    painted = words.paint(say("a ", Mark(role, "b"), " c"))
    assert re.fullmatch(r"a \x1b\[\d+mb\x1b\[0m c", painted)


def test_states_have_a_glyph_and_a_word() -> None:
    assert len(set(GLYPHS.values())) == len(GLYPHS)
    assert state("good", "intact").text == "✓ intact"


def test_a_terminal_without_utf8_gets_signs_it_has() -> None:
    stream = narrow()
    assert words.spell("✓ held — ├─ x… ≥ 3", stream) == "+ held - |- x... >= 3"
    assert words.spell("Zoë", stream) == "Zo\\xeb"
    assert all(words.spell(glyph, stream).isascii() for glyph in GLYPHS.values())


def test_show_prints_one_document_or_the_lines_or_the_raw_text(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer({"name": "Zoë\x1b\x7f\u202e"}, ["a line"])
    words.show(answer, as_json=True, plain=False)
    printed = capsys.readouterr().out
    assert json.loads(printed) == answer.document
    assert printed.isascii()
    assert not set(printed) & {"\x1b", "\x7f"}
    words.show(answer, as_json=False, plain=True)
    assert capsys.readouterr().out == "a line\n"
    words.show(answer._replace(raw="exactly\n— this"), as_json=False, plain=False)
    assert capsys.readouterr().out == "exactly\n— this"


@given(st.lists(st.tuples(st.sampled_from(["", *ROLES]), st.text(max_size=20)), max_size=6))
def test_whatever_is_said_a_terminal_obeys_none_of_it(parts: list[tuple[str, str]]) -> None:
    line = say(*(Mark(role, text) if role else text for role, text in parts))
    assert isinstance(line, Line)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", line)
    assert re.sub(r"\x1b\[\d+m", "", words.paint(line)) == line
    for start, stop, role in line.spans:
        assert 0 <= start <= stop <= len(line)
        assert role in ROLES


cell = st.one_of(st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=12))


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cell, min_size=n, max_size=n), min_size=1, max_size=6)))
def test_tables_are_aligned(rows: list[list[str | int | float | None]]) -> None:
    head = [f"h{n}" for n in range(len(rows[0]))]
    lines = table(rows, head, indent="  ")
    assert len(lines) == len(rows) + 1
    assert all(line.startswith("  ") for line in lines)
    assert not any("\n" in line for line in lines)
    assert all(line == line.rstrip(" ") for line in table([("a", ""), ("b", "c")]))


def test_a_table_of_wide_and_narrow_text_keeps_its_columns() -> None:
    lines = table([("漢字", 1), ("é", 22), ("e\u0301", None)], ("name", "n"))
    starts = {width(line[: re.search(r"\S+$", line).start()]) + width(line.split()[-1]) for line in lines}  # type: ignore[union-attr]
    assert len(starts) == 1
    assert table([]) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234567, "1,234,567"), (0.5, "0.5"), (2.0, "2"), (1 / 3, "0.333333"), (1e300, "1e+300"), (True, "yes")],
)
def test_numbers(value: float, shown: str) -> None:
    assert number(value) == shown


def test_progress_draws_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    progress = words.Progress(quiet=False)
    progress(1, 2, "fold\x1bing")
    progress(2, 2, "too soon to be drawn again")
    progress.close()
    assert "50%" in stream.getvalue()
    assert "fold\\u{1b}ing" in stream.getvalue()
    assert "too soon" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")
    for quiet, other in ((True, Terminal()), (False, io.StringIO())):
        monkeypatch.setattr("sys.stderr", other)
        words.Progress(quiet=quiet)(1, None, "x")
        assert other.getvalue() == ""


def test_sentences_stand_above_the_progress_and_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    progress = words.Progress(quiet=False)
    progress(1, 4, "on the way")
    progress.above("it \x1bhappened")
    progress.close()
    drawn, kept, rest = stream.getvalue().partition("it \\u{1b}happened\n")
    assert drawn.endswith("\r\x1b[K")
    assert kept
    assert "25%" in rest
    assert rest.endswith("\r\x1b[K")


def test_sentences_are_plain_lines_where_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for quiet, stream in ((True, Terminal()), (False, io.StringIO())):
        monkeypatch.setattr("sys.stderr", stream)
        progress = words.Progress(quiet=quiet)
        progress(1, 4, "on the way")
        progress.above("it happened")
        progress.close()
        assert stream.getvalue() == "it happened\n"


@given(st.integers(0, 120), st.integers(1, 100), st.text(max_size=80))
def test_progress_never_wraps(columns: int, done: int, text: str) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr("sys.stderr", Terminal())
        monkeypatch.setattr(words, "_columns", lambda: columns)
        line = words.Progress(quiet=False)._line(done, 100, text, 60.0)
        assert width(line) <= max(columns, 31)
        assert width(words.Progress(quiet=False)._line(done, None, text, 60.0)) <= columns
