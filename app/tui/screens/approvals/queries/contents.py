"""The bytes of a piece of evidence: whether they are those that were recorded, and what they say where they are text.

Nothing here is escaped; whoever draws it does that.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.store.objects import Objects

SHOWN = 256 * 1024
"""Bytes of a text that are shown."""
HASHED = 256 * 1024 * 1024
"""Bytes of an object up to which it is hashed while somebody waits."""
LINES = 4_000
LONGEST = 2_000
"""Characters of a line; a longer one is broken."""

_PART = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+')


@dataclass(frozen=True, slots=True)
class Content:
    """What lies in the store under a digest.

    ``state`` is ``match``, ``differ``, ``absent``, ``unread`` (the store cannot be read, or it is too large to be hashed
    now), with the reason in ``says``. ``kind`` is ``text``, ``csv``, ``json``, ``html``, ``directory`` or ``binary``;
    ``rows`` are a table's, ``lines`` all else. ``cut`` says whether there is more of it than is shown.
    """

    state: str
    says: str = ""
    size: int | None = None
    kind: str = ""
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    cut: bool = False


def look(objects: Objects, digest: str, media_type: str = "", name: str = "") -> Content:
    """What the store has under a digest: hashed again, and read as far as it is shown.

    Args:
        objects: the store.
        digest: the digest that was recorded.
        media_type: what was recorded of its form, where anything was.
        name: the file's name, where it is known.
    """
    from ledger.errors import AssayError

    try:
        if not objects.has(digest):
            return Content("absent", "the store does not hold it; a backup may")
        head, size, got = _read(objects, digest)
    except (AssayError, OSError) as error:
        return Content("unread", " ".join(str(error).split()))
    if got is None:
        return Content("unread", f"larger than {HASHED // 2**20} MB, so not hashed here; `assay verify` does", size)
    state = "match" if got == digest else "differ"
    says = "" if state == "match" else f"its bytes give {got}"
    found = shown(head, size > len(head), media_type, name)
    return Content(state, says, size, found.kind, found.lines, found.rows, found.cut)


def _read(objects: Objects, digest: str) -> tuple[bytes, int, str | None]:
    """The beginning of an object, its size, and the digest of all its bytes (None: too large)."""
    from ledger.format.hashes import Digester

    digester, head = Digester(), b""
    with objects.open(digest) as source:
        while block := source.read(1024 * 1024):
            digester.update(block)
            if len(head) < SHOWN:
                head = (head + block)[:SHOWN]
            if digester.size > HASHED:
                return head, digester.size, None
    return head, digester.size, digester.digest()


def shown(head: bytes, more: bool, media_type: str = "", name: str = "") -> Content:
    """The beginning of a file as text, a table or an outline; ``binary`` where it is none of them."""
    media, suffix = media_type.partition(";")[0].strip().lower(), name.rpartition(".")[2].lower()
    if "directory" in media:
        return _directory(head, more)
    text = _text(head)
    if text is None:
        return Content("", kind="binary")
    begins = text.lstrip()[:200].lower()
    if media == "text/html" or suffix in ("html", "htm") or begins.startswith(("<!doctype html", "<html")):
        return _lines("html", _Reader.said(text), more)
    if not more and (media.endswith("json") or begins[:1] in ("{", "[")):
        laid_out = _laid_out(text)
        if laid_out is not None:
            return _lines("json", laid_out, more)
    if media == "text/csv" or suffix == "csv" or (not media and _tabular(text)):
        return _table(text, more)
    return _lines("text", text, more)


def _text(head: bytes) -> str | None:
    """The bytes as UTF-8, where they are; the last sign may be cut."""
    if b"\0" in head:
        return None
    for cut in range(4):
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                return None
    return None


def _lines(kind: str, text: str, more: bool) -> Content:
    """A text in lines. Only a line feed ends one: what else some readers take for an end is shown as the sign it is."""
    found: list[str] = []
    for line in text.split("\n"):
        line = line.removesuffix("\r").expandtabs(4)
        found += [line[at : at + LONGEST] for at in range(0, len(line), LONGEST)] or [""]
        if len(found) > LINES:
            break
    return Content("", kind=kind, lines=tuple(found[:LINES]), cut=more or len(found) > LINES)


def _laid_out(text: str) -> str | None:
    """JSON with a member to a line, every value as it was written; None where it is no JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    parts: list[str] = []
    depth, before = 0, ""
    for part in _PART.findall(text):
        if part in ("}", "]"):
            depth -= 1
        if (part in ("}", "]") and before not in ("{", "[")) or before in (",", "{", "["):
            parts.append("" if part in ("}", "]") and before in ("{", "[") else "\n" + "  " * depth)
        if part in ("{", "["):
            depth += 1
        parts.append(f"{part} " if part == ":" else part)
        before = part
    return "".join(parts)


def _tabular(text: str) -> bool:
    """Whether the first lines have the same number of fields, more than one."""
    first = [line for line in text.split("\n", 12)[:10] if line.strip()]
    counts = {line.count(",") for line in first}
    return len(first) > 1 and len(counts) == 1 and counts != {0}


def _table(text: str, more: bool) -> Content:
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline="")):
            rows.append(tuple(cell[:LONGEST] for cell in row))
            if len(rows) > LINES:
                break
    except csv.Error:
        return _lines("text", text, more)
    return Content("", kind="csv", rows=tuple(rows[:LINES]), cut=more or len(rows) > LINES)


def _directory(head: bytes, more: bool) -> Content:
    """The files that a directory's manifest names, with their sizes."""
    try:
        entries = json.loads(head)
        rows = [("file", "bytes", "digest")]
        rows += [(str(each["name"]), f"{int(each['size']):,}", str(each["digest"])) for each in entries[:LINES]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return Content("", kind="directory", cut=more)
    return Content("", kind="directory", rows=tuple(rows), cut=more or len(entries) > LINES)


class _Reader(HTMLParser):
    """What a page says, without its tags, scripts and styles."""

    BREAKS = frozenset(
        (
            *("p", "div", "br", "tr", "li", "ul", "ol", "table", "section", "article", "header", "footer", "pre", "hr"),
            *("h1", "h2", "h3", "h4", "h5", "h6", "title", "blockquote"),
        )
    )
    SILENT = frozenset(("script", "style", "noscript", "template"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent = 0

    @classmethod
    def said(cls, text: str) -> str:
        """The text of a page: blocks on lines of their own, cells of a table apart."""
        reader = cls()
        reader.feed(text)
        reader.close()
        lines = [" ".join(line.split()) for line in "".join(reader._parts).split("\n")]
        kept = [line for n, line in enumerate(lines) if line or (n and lines[n - 1])]
        return "\n".join(kept).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block begins a line."""
        self._silent += tag in self.SILENT
        self._parts.append("\n" if tag in self.BREAKS else "   " if tag in ("td", "th") else "")
        if tag == "li":
            self._parts.append("- ")

    def handle_endtag(self, tag: str) -> None:
        """And ends one."""
        self._silent = max(self._silent - (tag in self.SILENT), 0)
        self._parts.append("\n" if tag in self.BREAKS else "  " if tag in ("td", "th") else "")

    def handle_data(self, data: str) -> None:
        """What is said; a line feed in it is a blank, as in a browser."""
        if not self._silent:
            self._parts.append(" ".join(data.split("\n")))
