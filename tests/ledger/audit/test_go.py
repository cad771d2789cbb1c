"""Go's own ``sumdb/note`` and ``sumdb/tlog`` on what leaves a ledger: the checkpoint, the tiles, proofs.

The sources are those that the Go distribution itself vendors; they are copied into a module of their own at test time.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import bundle, proving
from ledger.format import tlogproof
from tests.ledger.audit.test_bundle import made
from tests.ledger.story import Story

GO = shutil.which("go")
PACKAGES = ("note", "tlog")

PROGRAM = """
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"interop/note"
	"interop/tlog"
)

type proof struct {
	Index  int64
	Leaf   string
	Path   []string
}

type reader struct{ folder string }

func (r reader) Height() int { return 8 }

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		// sumdb names tiles tile/<height>/<level>/…; the layout for other logs leaves the height out.
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(r.folder, name))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\\n", what, err)
		os.Exit(1)
	}
}

func main() {
	folder := os.Args[1]
	key, err := os.ReadFile(filepath.Join(folder, "keys/ledger.vkey"))
	must(err, "key")
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	must(err, "verifier")
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err, "checkpoint")
	opened, err := note.Open(text, note.VerifierList(verifier))
	must(err, "note.Open")
	lines := strings.Split(opened.Text, "\\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	root, err := tlog.ParseHash(lines[2])
	must(err, "root")
	tree := tlog.Tree{N: size, Hash: root}

	// The tiles, authenticated against the signed root, give the hash of every record: held against the entries.
	hashes := tlog.TileHashReader(tree, reader{folder})
	count := int64(0)
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(width)}
		name := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(folder, name))
		must(err, "entries")
		for len(data) > 0 {
			length := int(data[0])<<8 | int(data[1])
			entry := data[2 : 2+length]
			data = data[2+length:]
			stored, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, count)})
			must(err, fmt.Sprintf("tiles at %d", count))
			if stored[0] != tlog.RecordHash(entry) {
				must(fmt.Errorf("another hash"), fmt.Sprintf("entry %d", count))
			}
			count++
		}
	}
	if count != size {
		must(fmt.Errorf("%d entries, want %d", count, size), "entries")
	}

	// Proofs made by the ledger, verified by Go; proofs made by Go out of our tiles, compared with the ledger's.
	raw, err := os.ReadFile(os.Args[2])
	must(err, "proofs")
	var proofs []proof
	must(json.Unmarshal(raw, &proofs), "proofs")
	for _, each := range proofs {
		var path tlog.RecordProof
		for _, text := range each.Path {
			hash, err := tlog.ParseHash(text)
			must(err, "path")
			path = append(path, hash)
		}
		leaf, err := tlog.ParseHash(each.Leaf)
		must(err, "leaf")
		must(tlog.CheckRecord(path, size, root, each.Index, leaf), "CheckRecord")
		own, err := tlog.ProveRecord(size, each.Index, hashes)
		must(err, "ProveRecord")
		if fmt.Sprint(own) != fmt.Sprint(path) {
			must(fmt.Errorf("another proof"), fmt.Sprintf("record %d", each.Index))
		}
	}
	var old int64
	if len(os.Args) > 3 {
		old, err = strconv.ParseInt(os.Args[3], 10, 64)
		must(err, "old")
		way, err := tlog.ProveTree(size, old, hashes)
		must(err, "ProveTree")
		before, err := tlog.TreeHash(old, hashes)
		must(err, "TreeHash")
		must(tlog.CheckTree(way, size, root, old, before), "CheckTree")
		var texts []string
		for _, hash := range way {
			texts = append(texts, base64.StdEncoding.EncodeToString(hash[:]))
		}
		out, _ := json.Marshal(map[string]interface{}{"root": before.String(), "proof": texts})
		fmt.Println(string(out))
	}
}
"""


def vendored() -> Path | None:
    """Where the Go distribution keeps its copy of sumdb."""
    if GO is None:
        return None
    root = subprocess.run([GO, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    place = Path(root) / "src/cmd/vendor/golang.org/x/mod/sumdb"
    return place if all((place / each).is_dir() for each in PACKAGES) else None


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built without a network."""
    source = vendored()
    if source is None:
        pytest.skip("go, or its vendored copy of golang.org/x/mod/sumdb, is not installed")
    folder = tmp_path_factory.mktemp("interop")
    for each in PACKAGES:
        (folder / each).mkdir()
        for file in (source / each).glob("*.go"):
            if not file.name.endswith("_test.go"):
                # golang.org/x/crypto/ed25519 is a wrapper of the standard library's package, by its own word.
                source_text = file.read_text().replace("golang.org/x/crypto/ed25519", "crypto/ed25519")
                (folder / each / file.name).write_text(source_text)
    (folder / "go.mod").write_text("module interop\n\ngo 1.19\n")
    (folder / "main.go").write_text(PROGRAM)
    environment = {
        "PATH": str(Path(GO or "").parent) + ":/usr/bin:/bin",
        "HOME": str(folder),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
    done = subprocess.run(
        [GO or "go", "build", "-o", "interop", "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "interop"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory, told: Path) -> tuple[Path, Path, Story]:
    """A bundle of 600 events, and proofs of some of them."""
    folder = tmp_path_factory.mktemp("bundled")
    story = Story.resume(folder / "work", told)
    story.observe("model/fx-hedging/fx-vol@1", 600 - story.ledger.size)
    story.ledger.checkpoint()
    made(story, folder / "bundle")
    proofs = []
    for seq in (0, 1, 100, 255, 256, 511, 598, 599):
        parts = tlogproof.parse(proving.prove(story.ledger.connection, seq))
        recorded = next(story.ledger.events(seq, seq + 1))
        proofs.append({"Index": seq, "Leaf": text(recorded.hash), "Path": [text(each) for each in parts.path]})
    (folder / "proofs.json").write_text(json.dumps(proofs))
    return folder / "bundle", folder / "proofs.json", story


def text(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


def run(program: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)


def test_go_opens_the_checkpoint_and_agrees_on_tiles_and_proofs(
    program: Path, bundled: tuple[Path, Path, Story]
) -> None:
    folder, proofs, story = bundled
    old = 300
    done = run(program, folder, proofs, old)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    from ledger.format import proof
    from ledger.store import journal

    node = journal.node_getter(story.ledger.connection)
    assert found["root"] == text(story.ledger.root(old))
    assert found["proof"] == [text(each) for each in proof.consistency(old, 600, node)]


@pytest.mark.parametrize(
    ("name", "at"),
    [("checkpoint", 30), ("checkpoint", 120), ("tile/0/001", 100), ("tile/1/000.p/2", 3), ("tile/entries/000", 9)],
)
def test_go_refuses_what_was_changed(
    program: Path, bundled: tuple[Path, Path, Story], tmp_path: Path, name: str, at: int
) -> None:
    """The program is no rubber stamp: one changed bit, and it says no."""
    folder, proofs, _ = bundled
    shutil.copytree(folder, tmp_path / "copy")
    path = tmp_path / "copy" / name
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert run(program, tmp_path / "copy", proofs).returncode != 0


def test_go_opens_a_cosigned_checkpoint(program: Path, story: Story, tmp_path: Path) -> None:
    """Signatures of keys that Go does not know, and of a kind that it does not know, do not disturb it."""
    from ledger import vouching
    from ledger.audit.witnessing import Witness
    from ledger.format.keys import SecretKey

    witness = Witness("witness.example/w", SecretKey(b"\x01" * 32), tmp_path / "memory")
    assert story.ledger.verifier is not None
    witness.trust(story.ledger.verifier)
    vouching.add(story.ledger, witness.cosign(vouching.request(story.ledger, 0), 1_790_000_000), [witness.key], "ivy")
    head = bundle.choose(story.ledger.connection)
    assert head.note.count("\n\u2014 ") == 2
    made(story, tmp_path / "bundle")
    (tmp_path / "proofs.json").write_text("[]")
    done = run(program, tmp_path / "bundle", tmp_path / "proofs.json")
    assert done.returncode == 0, done.stderr
