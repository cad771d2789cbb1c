"""The evidence of a request: what its bytes are, what they say, and that they cannot rewrite the terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ledger
from app.tui.app import Dashboard
from app.tui.draw.clip import width
from app.tui.draw.glyphs import ASCII
from app.tui.draw.picture import measure, plain
from app.tui.draw.sections import draw as drawn
from app.tui.screens.approvals.draw import evidence as draw
from app.tui.screens.approvals.evidence import EvidenceScreen
from app.tui.screens.approvals.queries import contents, evidence
from app.tui.screens.approvals.queries.contents import Content, look, shown
from app.tui.screens.approvals.queries.evidence import Piece
from app.tui.widgets.lister import Lister
from ledger.events.approvals import ApprovalRequested, Evidence
from ledger.events.documents import DocumentAttached
from ledger.store.objects import DIRECTORY_MEDIA_TYPE, Objects
from tests.app import story
from tests.app.tui.driving import press, settled, until
from tests.app.tui.driving import shown as screen

Opened = Callable[..., Dashboard]
EVIL = (
    "\x1b[2J\x1b[31mred\x1b]0;title\x07 \u202egnp.exe\u200b\x9b1A\r forged\x0b\x0c\x85\u2028 [bold]markup[/] 漢字 "
    "👩\u200d💻 e\u0301 שלום\t" + "x" * 5_000
)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=12,
)


class TestForms:
    @pytest.mark.parametrize(
        ("data", "media_type", "name", "kind"),
        [
            (b"plain words\nin two lines\n", "", "", "text"),
            (b"day,usd\n2008-09-17,1.42\n", "", "", "csv"),
            (b"a;b\n", "text/csv; charset=utf-8", "", "csv"),
            (b"only one line, with a comma", "", "", "text"),
            (b'{"a": [1, 2]}', "", "", "json"),
            (b'{"a": [1, 2', "application/json", "", "text"),
            (b"<!DOCTYPE html><p>x</p>", "", "", "html"),
            (b"<p>x</p>", "", "s3://store/backtest.html", "html"),
            (b"\xef\xbb\xbfwith a mark of its order", "", "", "text"),
            (b"PK\x03\x04\x00\x00", "", "", "binary"),
            (b"\xff\xfe\x41\x42" * 10, "", "", "binary"),
            (b"", "", "", "text"),
        ],
    )
    def test_what_it_is(self, data: bytes, media_type: str, name: str, kind: str) -> None:
        assert shown(data, False, media_type, name).kind == kind

    def test_json_is_laid_out_and_every_value_stays_as_it_was_written(self) -> None:
        found = shown(b'{"a":1.50e3,"b":[1,{"c":"x, {\\"y\\"}"}],"d":{},"a":12345678901234567890123}', False)
        assert found.lines == (
            "{", '  "a": 1.50e3,', '  "b": [', "    1,", "    {", '      "c": "x, {\\"y\\"}"', "    }", "  ],", '  "d": {},',
            '  "a": 12345678901234567890123', "}",
        )  # fmt: skip

    @given(JSON)
    @settings(max_examples=30, deadline=None)
    def test_laid_out_json_says_the_same(self, value: object) -> None:
        found = contents._laid_out(json.dumps(value))
        assert found is not None
        assert json.loads(found) == value

    def test_a_page_is_its_text(self) -> None:
        page = (
            b"<html><head><title>Back test</title><style>p{color:red}</style><script>alert('x')</script></head>"
            b"<body><h1>Sharpe &amp; co</h1><p>it is\n<b>1.31</b></p><table><tr><td>a</td><td>1</td></tr></table></body>"
        )
        said = "\n".join(shown(page, False).lines)
        assert "alert" not in said
        assert "color" not in said
        assert [line for line in said.split("\n") if line] == ["Back test", "Sharpe & co", "it is 1.31", "a 1"]

    def test_what_is_too_long_is_cut_and_said(self) -> None:
        found = shown(b"line\n" * (contents.LINES + 5), False)
        assert len(found.lines) == contents.LINES
        assert found.cut
        assert not shown(b"line\n", False).cut
        assert shown(b"a,b\n1,2\n", True, "text/csv").cut
        assert all(len(line) <= contents.LONGEST for line in shown(b"y" * 9_000, False).lines)

    def test_only_a_line_feed_ends_a_line(self) -> None:
        assert shown("a\u2028b\x85c\x0bd\re\r\nf".encode(), False).lines == ("a\u2028b\x85c\x0bd\re", "f")


class TestBytes:
    def test_they_match_differ_are_absent_or_too_many(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        store = Objects(tmp_path)
        kept = store.put_bytes(b"words\n").digest
        assert look(store, kept).state == "match"
        store.path(kept).chmod(0o600)
        store.path(kept).write_bytes(b"other\n")
        found = look(store, kept)
        assert (found.state, found.lines) == ("differ", ("other", ""))
        assert "its bytes give sha256:" in found.says
        assert look(store, "sha256:" + "0" * 64).state == "absent"
        assert look(store, "no digest").state == "unread"
        monkeypatch.setattr(contents, "HASHED", 3)
        assert look(store, kept).state == "unread"

    def test_a_folder_lists_its_files(self, tmp_path: Path) -> None:
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "weights\u202e.json").write_text("{}")
        store = Objects(tmp_path / "objects")
        kept = store.put_directory(tmp_path / "model").digest
        found = look(store, kept, DIRECTORY_MEDIA_TYPE)
        assert found.rows[1][:2] == ("weights\u202e.json", "2")


HOSTILE = st.text(st.sampled_from("ab ,\n\x1b[31m\r\t\u202e\u200b\u200d漢👩e\u0301ש\x07\x9b{}\u2028"), max_size=200)


@given(HOSTILE, st.sampled_from(["text", "csv", "html", "json"]), st.integers(20, 110), st.booleans())
@settings(max_examples=40, deadline=None)
def test_no_evidence_leaves_its_line_or_width(text: str, kind: str, cells: int, ascii_only: bool) -> None:
    form = {"csv": "text/csv", "html": "text/html", "json": "application/json"}.get(kind, "")
    found = shown(text.encode(), False, form)
    content = Content("match", text, len(text), found.kind, found.lines, found.rows, True)
    piece = Piece(evidence.FROZEN, text, text, text, text, media_type=text, name=text, frozen="as frozen")
    glyphs = ASCII if ascii_only else draw.UNICODE
    lines = [
        *draw.piece(piece, content, cells, glyphs),
        *drawn(draw.listing([piece], {text: content}, glyphs), cells).lines,
    ]
    for line in lines:
        assert measure(line) == cells
        assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl"} for part, _ in line for sign in part)
        assert not set(plain((line,))) & set("\u202e\u200b\u200d")


def requested(shell: story.Shell) -> int:
    """A request with evidence of every kind, some of it hostile; its number."""
    with ledger.open(shell.ledger) as book:
        evil = book.objects.put_bytes(EVIL.encode())
        lost = "sha256:" + "77" * 32
        ref = f"model/{story.PROJECT}/fx-vol@1"
        sha = story.digest(shell, "fx-vol@1")
        book.record(
            DocumentAttached(doc_kind="model_card", sha256=evil.digest, title=EVIL[:300]), subject=ref, actor="lea",
            project=story.PROJECT,
        )  # fmt: skip
        book.record(
            DocumentAttached(doc_kind="validation_report", sha256=lost, title="Independent validation"),
            subject=ref, actor="lea", project=story.PROJECT,
        )  # fmt: skip
        rates = story.digest(shell, "ecb-rates@1")
        frozen = [
            Evidence(ref=f"dataset/{story.PROJECT}/ecb-rates@1", sha256=rates, title="the rates"),
        ]
        fact = ApprovalRequested(transition="prod", roles=["risk_officer"], sha256=sha, evidence=frozen)
        return book.record(fact, subject=ref, actor="lea", project=story.PROJECT).seq


@pytest.mark.parametrize("size", [(120, 50), (80, 24)], ids=["120x50", "80x24"])
async def test_evidence_is_listed_hashed_read_and_opened(
    opened: Opened, shell: story.Shell, size: tuple[int, int]
) -> None:
    number = requested(shell)
    async with opened("jon").run_test(size=size) as pilot:
        await settled(pilot)
        await press(pilot, "5")
        pilot.app.current.open(f"request/{number}")
        await until(pilot, lambda: pilot.app.current.subject == f"request/{number}")
        await press(pilot, "v")
        box = pilot.app.screen
        assert isinstance(box, EvidenceScreen)
        await until(pilot, lambda: len(box._found) == 4)
        seen = ""
        for _ in box._pieces:
            await settled(pilot)
            lines = screen(pilot.app).split("\n")
            seen += screen(pilot.app)
            assert len(lines) == size[1]
            for line in lines:
                assert width(line) == size[0]
                assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl"} for sign in line)
            await press(pilot, "j")
        for words in (
            "✓ bytes match", "✗ absent", "· recorded", "FROZEN WITH THE REQUEST", "ATTACHED",
            "RECORDED ABOUT IT", "day         usd", "assay artifact restore", "\\u{1b}[2J",
        ):  # fmt: skip
            assert words in seen, words
        pilot.app.screen.query_one(Lister).action_bottom()
        await press(pilot, "enter")
        await until(pilot, lambda: pilot.app.current.NAME == "Registry")
        await until(pilot, lambda: pilot.app.current.subject == f"run/{story.RUN}")


async def test_changed_bytes_are_told_and_shown_as_changed(opened: Opened, shell: story.Shell) -> None:
    with ledger.open(shell.ledger) as book:
        kept = book.objects.path(story.digest(shell, "ecb-rates@1"))
    kept.chmod(0o600)
    kept.write_text("day,usd\n2008-09-17,9.99\n")
    async with opened("jon").run_test(size=(120, 50)) as pilot:
        await settled(pilot)
        await press(pilot, "s", "v")
        await until(pilot, lambda: "✗ bytes differ" in screen(pilot.app))
        await press(pilot, "j")
        await until(pilot, lambda: "its bytes give sha256:" in screen(pilot.app))
        assert "9.99" in screen(pilot.app)
        await press(pilot, "escape")
        assert pilot.app.current.NAME == "Approvals"


async def test_without_a_request_there_is_no_evidence(opened: Opened) -> None:
    async with opened("jon").run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        pilot.app.go(0)
        await settled(pilot)
        await press(pilot, "5", "v")
        assert "there is no request" in screen(pilot.app)
        assert pilot.app.screen is pilot.app.current
