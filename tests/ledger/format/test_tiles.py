from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import hashes, proof, tiles, tree
from ledger.format.proof import Frontier
from ledger.format.tiles import Tile, TileError


class TestPaths:
    @pytest.mark.parametrize(
        ("tile", "path"),
        [
            (Tile(0, 0), "tile/0/000"),
            (Tile(0, 1234067), "tile/0/x001/x234/067"),
            (Tile(1, 999, 17), "tile/1/999.p/17"),
            (Tile(0, 1000, 255), "tile/0/x001/000.p/255"),
            (Tile(63, 0, 1), "tile/63/000.p/1"),
            (Tile(None, 273, 112), "tile/entries/273.p/112"),
            (Tile(None, 0), "tile/entries/000"),
        ],
    )
    def test_spelling(self, tile: Tile, path: str) -> None:
        assert tile.path == path
        assert tiles.parse_path(path) == tile

    @given(st.none() | st.integers(0, 63), st.integers(0, 2**62), st.integers(1, 256))
    def test_round_trip(self, level: int | None, index: int, width: int) -> None:
        tile = Tile(level, index, width)
        assert tiles.parse_path(tile.path) == tile

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "tile/0",
            "tile/0/0",
            "tile/00/000",
            "tile/64/000",
            "tile/0/1234",
            "tile/0/001/000",
            "tile/0/x000/001",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/257",
            "tile/0/000.p/",
            "tile/-1/000",
            "tile/entry/000",
            "/tile/0/000",
            "tile/0/000\n",
            "tile/0/../000",
        ],
    )
    def test_one_spelling_only(self, path: str) -> None:
        with pytest.raises(TileError):
            tiles.parse_path(path)

    @pytest.mark.parametrize("arguments", [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
    def test_places_that_are_none(self, arguments: tuple[int, int, int]) -> None:
        with pytest.raises(TileError):
            Tile(*arguments)


class TestTrees:
    def test_the_specifications_example(self) -> None:
        listed = list(tiles.hash_tiles(70_000))
        assert sum(t.level == 0 and t.width == 256 for t in listed) == 273
        assert [t for t in listed if t.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
        assert sum(t.level == 1 and t.width == 256 for t in listed) == 1
        assert list(tiles.hash_tiles(256)) == [Tile(0, 0), Tile(1, 0, 1)]
        assert list(tiles.entry_bundles(300)) == [Tile(None, 0), Tile(None, 1, 44)]
        assert list(tiles.hash_tiles(0)) == list(tiles.entry_bundles(0)) == []

    @given(st.integers(1, 300_000))
    def test_widths_follow_the_formula(self, size: int) -> None:
        by_level: dict[int, int] = {}
        for tile in tiles.hash_tiles(size):
            assert tile.level is not None
            by_level[tile.level] = by_level.get(tile.level, 0) + tile.width
        assert by_level == {level: size // 256**level for level in range(4) if size // 256**level}

    def test_every_node_follows_from_its_tile(self) -> None:
        size = 700
        nodes = {}
        frontier = Frontier()
        for i in range(size):
            nodes[0, i] = hashes.leaf_hash(str(i).encode())
            for level, index, value in frontier.append(nodes[0, i]):
                nodes[level, index] = value
        existing = set(tiles.hash_tiles(size))
        for place, value in nodes.items():
            tile, (level, index) = tiles.tile_of(*place, size)
            assert tile in existing
            held = [nodes[at] for at in tile.places()]
            own = [*held[index << level : (index + 1) << level]]
            small = Frontier()
            for leaf in own:
                small.append(leaf)
            assert small.root() == value
            assert len(own) == 1 << level
        assert proof.root(size, lambda level, index: nodes[level, index]) == frontier.root()

    @pytest.mark.parametrize(("level", "index", "size"), [(0, 5, 5), (3, 0, 7), (-1, 0, 5), (0, -1, 5), (0, 0, 0)])
    def test_incomplete_nodes_have_no_tile(self, level: int, index: int, size: int) -> None:
        with pytest.raises(TileError, match="no complete node"):
            tiles.tile_of(level, index, size)

    def test_places_of_a_bundle_are_leaves(self) -> None:
        assert Tile(None, 2, 3).places() == [(0, 512), (0, 513), (0, 514)]
        assert Tile(2, 0, 2).places() == [(16, 0), (16, 1)]
        assert all(tree.cover(i << 16, (i + 1) << 16) == [(16, i)] for i in range(2))


class TestBundles:
    def test_form(self) -> None:
        assert tiles.pack([b"ab", b"", b"c"]) == b"\x00\x02ab\x00\x00\x00\x01c"
        assert tiles.unpack(b"\x00\x02ab\x00\x00\x00\x01c") == [b"ab", b"", b"c"]
        assert tiles.unpack(b"") == []

    @given(st.lists(st.binary(max_size=300), max_size=20))
    def test_round_trip(self, entries: list[bytes]) -> None:
        assert tiles.unpack(tiles.pack(entries)) == entries

    def test_limits(self) -> None:
        assert len(tiles.pack([bytes(65_535)])) == 65_537
        with pytest.raises(TileError, match="65,536 bytes, more than 65,535"):
            tiles.pack([bytes(65_536)])
        with pytest.raises(TileError, match="257 entries, more than 256"):
            tiles.unpack(b"\x00\x00" * 257)

    @pytest.mark.parametrize("data", [b"\x00", b"\x00\x01", b"\x00\x03ab", b"\x00\x01a\x00", b"\x00\x01a\x00\x02b"])
    def test_cut_short(self, data: bytes) -> None:
        with pytest.raises(TileError, match="ends within entry"):
            tiles.unpack(data)
