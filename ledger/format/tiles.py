"""Tiles (C2SP tlog-tiles v0.1.0): a Merkle tree and its entries as files, 256 hashes or entries to each.

A tile at level ``l`` holds the hashes of nodes at tree level ``8 * l``. Paths group the index by three digits, all
groups but the last prefixed by ``x``: 1234067 is ``x001/x234/067``. A partial tile's path ends in ``.p/<width>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ledger.format import event, tree
from ledger.format.errors import FormatError

HEIGHT = 8
WIDTH = 256

_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
    re.ASCII,
)
_MAX_LEVEL = 63


class TileError(FormatError):
    """A tile's path, place or bytes are malformed."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One file: ``level`` None for a bundle of entries; ``width`` how many it holds, 1 to 256 (full)."""

    level: int | None
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= _MAX_LEVEL:
            raise TileError(f"tile: level {self.level}, want 0 to {_MAX_LEVEL}")
        if self.index < 0 or not 1 <= self.width <= WIDTH:
            raise TileError(f"tile: index {self.index}, width {self.width}, want 0 or more, and 1 to {WIDTH}")

    @property
    def path(self) -> str:
        """The file's path in a log's folder, with ``/``."""
        level = "entries" if self.level is None else self.level
        suffix = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.index)}{suffix}"

    def places(self) -> list[tree.Node]:
        """Return the tree's nodes ``(level, index)`` whose hashes, or entries at level 0, the file holds in order."""
        level = HEIGHT * (self.level or 0)
        return [(level, self.index * WIDTH + i) for i in range(self.width)]


def parse_path(path: str) -> Tile:
    """Return the tile whose path this is.

    :raises TileError: if it is none, or not the one spelling of one.
    """
    found = _PATH.fullmatch(path)
    if not found:
        raise TileError(f"tile: {ascii(path)[:80]} is not a tile's path")
    level, groups, width = found.groups()
    index = int(groups.replace("x", "").replace("/", ""))
    tile = Tile(None if level == "entries" else int(level), index, WIDTH if width is None else int(width))
    if tile.path != path:
        raise TileError(f"tile: {ascii(path)[:80]} is spelled {tile.path}")
    return tile


def hash_tiles(size: int) -> Iterator[Tile]:
    """Yield the tiles of hashes that a tree of ``size`` leaves has, level by level from the leaves; none is empty."""
    level = 0
    while size:
        yield from _row(level, size)
        size //= WIDTH
        level += 1


def entry_bundles(size: int) -> Iterator[Tile]:
    """Yield the bundles of entries that a log of ``size`` entries has."""
    return _row(None, size)


def tile_of(level: int, index: int, size: int) -> tuple[Tile, tree.Node]:
    """Return the tile of a tree of ``size`` leaves from which node ``(level, index)`` follows, and its place in the
    tile.

    The place is a node of the small tree over the tile's hashes: ``(0, i)`` is its hash number i.

    :raises TileError: if the node is not complete in a tree of this size.
    """
    if level < 0 or index < 0 or (index + 1) << level > size:
        raise TileError(f"tile: no complete node ({level}, {index}) in a tree of {size}")
    tile_level, inner = divmod(level, HEIGHT)
    first = index << inner
    number, offset = divmod(first, WIDTH)
    width = min(WIDTH, (size >> HEIGHT * tile_level) - number * WIDTH)
    return Tile(tile_level, number, width), (inner, offset >> inner)


def pack(entries: Iterable[bytes]) -> bytes:
    """Return a bundle: each entry after its length as u16 big-endian.

    :raises TileError: if an entry is longer than that can say.
    """
    parts = []
    for entry in entries:
        if len(entry) > event.MAX_BYTES:
            raise TileError(f"bundle: an entry of {len(entry):,} bytes, more than {event.MAX_BYTES:,}")
        parts.append(len(entry).to_bytes(2, "big") + entry)
    return b"".join(parts)


def unpack(data: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    :raises TileError: if it ends within an entry, or holds more than 256.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise TileError(f"bundle: ends within entry {len(entries)}")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) > WIDTH:
        raise TileError(f"bundle: {len(entries)} entries, more than {WIDTH}")
    return entries


def _row(level: int | None, count: int) -> Iterator[Tile]:
    full, rest = divmod(count, WIDTH)
    for index in range(full):
        yield Tile(level, index)
    if rest:
        yield Tile(level, full, rest)


def _index_path(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
