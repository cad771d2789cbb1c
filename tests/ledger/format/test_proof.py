from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import hashes, proof, tree
from ledger.format.proof import Frontier, ProofError
from tests.ledger.format import naive, vectors

MAX = 130
LEAVES = tuple(bytes([i]) for i in range(MAX))


def built(leaves: tuple[bytes, ...]) -> dict[tuple[int, int], bytes]:
    """All stored nodes of a tree, as appending gives them."""
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = Frontier()
    for number, leaf in enumerate(leaves):
        nodes[0, number] = hashes.leaf_hash(leaf)
        for level, index, value in frontier.append(nodes[0, number]):
            nodes[level, index] = value
    return nodes


NODES = built(LEAVES)


def node(level: int, index: int) -> bytes:
    return NODES[level, index]


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "", validate=True)


class TestTree:
    def test_completed_nodes_are_those_whose_last_leaf_arrived(self) -> None:
        seen = set()
        for leaf in range(MAX):
            for level, index in tree.completed(leaf):
                assert level >= 1
                assert (index + 1) << level == leaf + 1
                seen.add((level, index))
        assert seen == {(level, i) for level in range(1, 9) for i in range(MAX >> level)}

    def test_cover_joins_without_gap_and_with_fewest_nodes(self) -> None:
        for start in range(40):
            for end in range(start, 40):
                at = start
                nodes = tree.cover(start, end)
                for level, index in nodes:
                    assert index << level == at
                    at += 1 << level
                assert at == end
                # Two neighbours of one level and one parent would be that parent.
                assert not any(a[0] == b[0] and a[1] % 2 == 0 for a, b in pairwise(nodes))

    def test_peaks_are_the_set_bits(self) -> None:
        assert tree.peaks(0) == []
        assert tree.peaks(13) == [(3, 0), (2, 2), (0, 12)]

    @pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
    def test_no_inclusion_outside(self, index: int, size: int) -> None:
        with pytest.raises(ValueError, match="no leaf"):
            tree.inclusion(index, size)

    @pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
    def test_no_consistency_backwards(self, old: int, new: int) -> None:
        with pytest.raises(ValueError, match="no way"):
            tree.consistency(old, new)


class TestAgainstTheDefinition:
    def test_roots(self) -> None:
        frontier = Frontier()
        for size in range(MAX + 1):
            want = naive.mth(LEAVES[:size])
            assert proof.root(size, node) == want
            assert frontier.root() == want
            assert frontier.peaks == tuple(node(*place) for place in tree.peaks(size))
            loaded = Frontier.load(size, node)
            assert (loaded.size, loaded.root()) == (size, want)
            if size < MAX:
                completed = frontier.append(hashes.leaf_hash(LEAVES[size]))
                assert [(level, index) for level, index, _ in completed] == tree.completed(size)
                assert loaded.append(hashes.leaf_hash(LEAVES[size])) == completed

    def test_inclusion(self) -> None:
        for size in range(1, MAX + 1):
            root = naive.mth(LEAVES[:size])
            for index in range(size):
                path = proof.inclusion(index, size, node)
                assert path == naive.path(index, LEAVES[:size])
                proof.verify_inclusion(node(0, index), index, size, path, root)

    def test_consistency(self) -> None:
        for new in range(1, MAX + 1):
            root = naive.mth(LEAVES[:new])
            for old in range(1, new + 1):
                path = proof.consistency(old, new, node)
                assert path == naive.subproof(0, old, LEAVES[:new])
                proof.verify_consistency(old, naive.mth(LEAVES[:old]), new, root, path)

    @given(st.integers(1, 2**40), st.data())
    def test_proof_lengths_of_large_trees(self, size: int, data: st.DataObject) -> None:
        """The lengths that a verifier expects are those that the arithmetic gives, far beyond what can be built."""
        index = data.draw(st.integers(0, size - 1))
        zero, one = bytes(32), bytes([1]) * 32
        for path, want in ((tree.inclusion(index, size), True), ([*tree.inclusion(index, size), (0, 1)], False)):
            with pytest.raises(ProofError, match="wrong root" if want else "wrong number of hashes"):
                proof.verify_inclusion(zero, index, size, [zero] * len(path), one)
        old = index + 1
        spans = tree.consistency(old, size)
        if old < size:
            with pytest.raises(ProofError, match=r"wrong (old|new) root"):
                proof.verify_consistency(old, one, size, one, [zero] * len(spans))


def accumulate(lines: list[str]) -> str:
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def is_subtree(start: int, end: int) -> bool:
    size = end - start
    return size == 0 or start % (1 << (size - 1).bit_length()) == 0


class TestPublishedDigests:
    """One digest over all outputs up to 130 leaves (draft-ietf-plants-merkle-tree-certs, appendix C.1)."""

    @pytest.fixture
    def wanted(self) -> dict[str, str]:
        return vectors.load("merkle/constants.json")["accumulated_subtree_n130"]  # type: ignore[no-any-return]

    def test_the_definition_gives_the_consistency_digest(self, wanted: dict[str, str]) -> None:
        lines = []
        for n in range(MAX + 1):
            for end in range(n + 1):
                for start in range(end + 1):
                    if is_subtree(start, end):
                        path = naive.subproof(start, end, LEAVES[:n])
                        lines.append(" ".join([f"[{start}, {end}) {n}", *(h.hex() for h in path)]) + "\n")
        assert accumulate(lines) == wanted["consistency"]

    def test_ours_give_the_hash_and_inclusion_digests(self, wanted: dict[str, str]) -> None:
        roots, paths = [], []
        shifted: dict[int, Callable[[int, int], bytes]] = {}
        for end in range(MAX + 1):
            for start in range(end + 1):
                if not is_subtree(start, end):
                    continue
                if start not in shifted:
                    shifted[start] = built(LEAVES[start:]).__getitem__  # type: ignore[assignment]
                own = lambda level, index, of=shifted[start]: of((level, index))  # noqa: E731
                size = end - start
                root = proof.root(size, own)
                roots.append(f"[{start}, {end}) {root.hex()}\n")
                for index in range(size):
                    path = proof.inclusion(index, size, own)
                    shown = [f"{start + index} [{start}, {end})", *(h.hex() for h in path)]
                    paths.append(" ".join(shown) + "\n")
        assert accumulate(roots) == wanted["hash"]
        assert accumulate(paths) == wanted["inclusion"]

    def test_roots_of_the_well_known_leaves(self) -> None:
        constants = vectors.load("merkle/constants.json")
        frontier = Frontier()
        for number, want in enumerate(constants["roots_hex"]):
            assert frontier.root().hex() == want
            if number < len(constants["leaf_inputs_hex"]):
                frontier.append(hashes.leaf_hash(bytes.fromhex(constants["leaf_inputs_hex"][number])))


class TestPublishedProofs:
    @vectors.needed
    @pytest.mark.parametrize(
        "path", vectors.files("merkle/inclusion/**/*.json"), ids=lambda p: f"{p.parent.name}/{p.stem}"
    )
    def test_inclusion(self, path: Path) -> None:
        case = json.loads(path.read_text())
        arguments = (
            b64(case["leafHash"]),
            case["leafIdx"],
            case["treeSize"],
            [b64(h) for h in case["proof"] or []],
            b64(case["root"]),
        )
        if case["wantErr"]:
            with pytest.raises(ProofError):
                proof.verify_inclusion(*arguments)
        else:
            proof.verify_inclusion(*arguments)

    @vectors.needed
    @pytest.mark.parametrize(
        "path", vectors.files("merkle/consistency/**/*.json"), ids=lambda p: f"{p.parent.name}/{p.stem}"
    )
    def test_consistency(self, path: Path) -> None:
        case = json.loads(path.read_text())
        arguments = (
            case["size1"],
            b64(case["root1"]),
            case["size2"],
            b64(case["root2"]),
            [b64(h) for h in case["proof"] or []],
        )
        if case["wantErr"]:
            with pytest.raises(ProofError):
                proof.verify_consistency(*arguments)
        else:
            proof.verify_consistency(*arguments)


def flipped(value: bytes, bit: int) -> bytes:
    return bytes([*value[: bit // 8], value[bit // 8] ^ (1 << bit % 8), *value[bit // 8 + 1 :]])


def path_mutants(path: list[bytes]) -> dict[str, list[bytes]]:
    """Proofs that differ from a valid one."""
    junk = hashlib.sha256(b"junk").digest()
    mutants = {
        "junk before": [junk, *path],
        "junk after": [*path, junk],
        "empty hash after": [*path, b""],
        "zero hash after": [*path, bytes(32)],
        "doubled": [*path, *path],
    }
    for i in range(len(path)):
        mutants[f"without {i}"] = [*path[:i], *path[i + 1 :]]
        mutants[f"{i} twice"] = [*path[:i], path[i], *path[i:]]
        mutants[f"{i} short"] = [*path[:i], path[i][:-1], *path[i + 1 :]]
        mutants[f"{i} long"] = [*path[:i], path[i] + b"\x00", *path[i + 1 :]]
        for bit in (0, 4, 127, 255):
            mutants[f"{i} bit {bit}"] = [*path[:i], flipped(path[i], bit), *path[i + 1 :]]
    if len(path) > 1 and path != path[::-1]:
        mutants["reversed"] = path[::-1]
    return {name: mutant for name, mutant in mutants.items() if mutant != path}


def refused(verify: Callable[..., None], *arguments: int | bytes | Sequence[bytes]) -> bool:
    try:
        verify(*arguments)
    except ProofError:
        return True
    return False


class TestMutants:
    @pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 13, 64, 100])
    def test_inclusion(self, size: int) -> None:
        root = proof.root(size, node)
        for index in range(size):
            leaf, path = node(0, index), proof.inclusion(index, size, node)
            for name, mutant in path_mutants(path).items():
                assert refused(proof.verify_inclusion, leaf, index, size, mutant, root), f"{index} of {size}: {name}"
            others = [index - 1, index + 1, index ^ 2, index + size, -index - 1]
            for other in others:
                with pytest.raises(ProofError):
                    proof.verify_inclusion(leaf, other, size, path, root)
            for wrong in (flipped(leaf, 3), root if size > 1 else bytes(32), b"", leaf[:-1]):
                with pytest.raises(ProofError):
                    proof.verify_inclusion(wrong, index, size, path, root)
            for wrong in (flipped(root, 3), leaf if size > 1 else bytes(32), hashes.EMPTY_ROOT, b"", root + b"\x00"):
                with pytest.raises(ProofError):
                    proof.verify_inclusion(leaf, index, size, path, wrong)

    @pytest.mark.parametrize("new", [2, 3, 5, 7, 8, 13, 64, 100])
    def test_consistency(self, new: int) -> None:
        new_root = proof.root(new, node)
        for old in range(1, new):
            old_root, path = proof.root(old, node), proof.consistency(old, new, node)
            for name, mutant in path_mutants(path).items():
                arguments = (old, old_root, new, new_root, mutant)
                assert refused(proof.verify_consistency, *arguments), f"{old} to {new}: {name}"
            for a, a_root, b, b_root in (
                (old, new_root, new, old_root),
                (new, old_root, old, new_root),
                (old, flipped(old_root, 9), new, new_root),
                (old, old_root, new, flipped(new_root, 9)),
                (old, b"", new, new_root),
                (old, old_root, new, new_root + b"\x00"),
                (old, old_root, old, new_root),
                (0, old_root, new, new_root),
                (-old, old_root, new, new_root),
            ):
                with pytest.raises(ProofError):
                    proof.verify_consistency(a, a_root, b, b_root, path)


class TestEdges:
    def test_equal_sizes_take_an_empty_proof_only(self) -> None:
        root = proof.root(5, node)
        proof.verify_consistency(5, root, 5, root, [])
        proof.verify_consistency(0, hashes.EMPTY_ROOT, 0, hashes.EMPTY_ROOT, [])
        with pytest.raises(ProofError, match="wrong number of hashes: got 1, want 0"):
            proof.verify_consistency(5, root, 5, root, [bytes(32)])
        with pytest.raises(ProofError, match="two roots of one size"):
            proof.verify_consistency(5, root, 5, bytes(32), [])

    def test_the_empty_tree_proves_nothing(self) -> None:
        assert proof.consistency(0, 5, node) == []
        with pytest.raises(ProofError, match="the empty tree proves nothing"):
            proof.verify_consistency(0, hashes.EMPTY_ROOT, 5, proof.root(5, node), [])

    def test_errors_carry_got_and_want(self) -> None:
        root = proof.root(5, node)
        with pytest.raises(ProofError) as caught:
            proof.verify_inclusion(node(0, 1), 1, 5, proof.inclusion(1, 5, node), bytes(32))
        assert caught.value.got == root.hex()
        assert caught.value.want == "00" * 32
        assert str(caught.value) == f"inclusion proof: wrong root: got {root.hex()}, want {'00' * 32}"

    def test_length_is_refused_before_any_hashing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def never(left: bytes, right: bytes) -> bytes:
            raise AssertionError("hashed")

        root, path = proof.root(100, node), proof.inclusion(3, 100, node)
        old_root, way = proof.root(37, node), proof.consistency(37, 100, node)
        monkeypatch.setattr(proof, "node_hash", never)
        with pytest.raises(ProofError, match="wrong number of hashes"):
            proof.verify_inclusion(node(0, 3), 3, 100, path[:-1], root)
        for wrong in (way[:-1], [*way, bytes(32)], []):
            with pytest.raises(ProofError, match="wrong number of hashes"):
                proof.verify_consistency(37, old_root, 100, root, wrong)

    @pytest.mark.parametrize(("size", "peaks"), [(-1, []), (0, [bytes(32)]), (3, [bytes(32)]), (1, [bytes(31)])])
    def test_a_frontier_of_the_wrong_shape_is_refused(self, size: int, peaks: list[bytes]) -> None:
        with pytest.raises(ValueError, match="frontier"):
            Frontier(size, peaks)
