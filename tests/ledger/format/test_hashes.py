from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from ledger.format import hashes
from ledger.format.errors import FormatError
from ledger.format.hashes import ManifestEntry
from tests.ledger.format import vectors

ZERO = "sha256:" + "0" * 64


def test_published_hashes() -> None:
    known = vectors.load("merkle/constants.json")["hashes"]
    assert hashes.leaf_hash(b"L123456").hex() == known["leaf L123456"]
    assert hashes.leaf_hash(b"").hex() == known["empty leaf"]
    assert hashes.node_hash(b"N123", b"N456").hex() == known["node(N123,N456)"]
    assert hashes.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class TestDigest:
    def test_forms(self) -> None:
        want = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert hashes.digest(b"abc") == want
        digester = hashes.Digester()
        for piece in (b"a", b"", b"bc"):
            digester.update(piece)
        assert (digester.digest(), digester.size) == (want, 3)
        assert hashes.check_digest(want) == want

    def test_files_larger_than_a_piece(self, tmp_path: Path) -> None:
        data = bytes(range(256)) * 4096 * 2 + b"end"
        path = tmp_path / "big"
        path.write_bytes(data)
        want = "sha256:" + hashlib.sha256(data).hexdigest()
        assert hashes.file_digest(path) == hashes.file_digest(str(path)) == want
        assert hashes.file_digest(io.BytesIO(data)) == want

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "sha256:",
            "0" * 64,
            "sha256:" + "0" * 63,
            ZERO + "0",
            "sha256:" + "A" * 64,
            "sha512:" + "0" * 64,
            ZERO + "\n",
            7,
        ],
    )
    def test_malformed(self, text: str) -> None:
        with pytest.raises(FormatError, match="not a digest"):
            hashes.check_digest(text)


class TestManifest:
    def test_is_canonical_and_sorted_by_code_point(self) -> None:
        names = ["b", "a/z", "a/b", "\U00010000", "\uffff", "Z"]
        entries = [ManifestEntry(name, ZERO, 3) for name in names]
        listed = hashes.manifest(entries).decode()
        places = [listed.index(f'"name":"{name}"') for name in ["Z", "a/b", "a/z", "b", "\uffff", "\U00010000"]]
        assert places == sorted(places)
        assert hashes.manifest([ManifestEntry("a", ZERO, 0)]) == f'[{{"digest":"{ZERO}","name":"a","size":0}}]'.encode()
        assert hashes.manifest(reversed(entries)) == hashes.manifest(entries)
        assert hashes.manifest([]) == b"[]"

    @pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\x00b"])
    def test_names_that_lead_elsewhere(self, name: str) -> None:
        with pytest.raises(FormatError, match="not a path inside the directory"):
            hashes.manifest([ManifestEntry(name, ZERO, 1)])

    @pytest.mark.parametrize(
        ("entries", "message"),
        [
            ([("a", ZERO, 1), ("a", ZERO, 1)], "'a' occurs twice"),
            ([("a", ZERO, 1), ("a/b", ZERO, 1)], "'a' is both a file and a folder"),
            ([("a", "0" * 64, 1)], "not a digest"),
            ([("a", ZERO, -1)], "size -1"),
            ([("a", ZERO, True)], "size True"),
        ],
    )
    def test_malformed_entries(self, entries: list[tuple[str, str, int]], message: str) -> None:
        with pytest.raises(FormatError, match=message):
            hashes.manifest([ManifestEntry(*entry) for entry in entries])
