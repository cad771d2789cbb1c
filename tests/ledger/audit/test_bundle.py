"""Bundles, checked by the one-file verifier where nothing of ours can be imported, whole and systematically damaged."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import bundle, dossier, trust
from ledger.audit.bundle import Head
from ledger.audit.report import Report
from ledger.audit.witnessing import Witness
from ledger.errors import InputError, LedgerError
from ledger.format import tiles
from ledger.format.keys import SecretKey
from tests.ledger.story import ORIGIN, Story

BARE = """
import sys, runpy
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [sys.argv.pop(1)]
for name in ("ledger.audit", "app.actions"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise SystemExit(f"{name} can be imported")
sys.argv[:] = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs the verifier without this project: no site module, so no .pth file; only cryptography's folder is on the path.

An editable installation leaves folders of data there that bear our packages' names, so modules are asked for by name."""


def verified(folder: Path, *words: str, script: Path | None = None) -> tuple[int, dict[str, Any]]:
    """What ``verify.py`` says of a bundle: its exit code and its document."""
    packages = sysconfig.get_path("platlib")
    file = str(script or folder / "verify.py")
    command = [sys.executable, "-I", "-S", "-c", BARE, packages, file, str(folder), "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert "can be imported" not in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


def kinds(document: dict[str, Any]) -> set[tuple[str, int | None]]:
    return {(each["kind"], each["seq"]) for each in document["findings"]}


def made(story: Story, folder: Path, seqs: list[int] | None = None, artifact: Path | None = None) -> Head:
    """A bundle of the story, of the whole log or of single events."""
    connection = story.ledger.connection
    head = bundle.choose(connection)

    def fill(draft: Path) -> None:
        if seqs is None:
            bundle.write_log(connection, head, draft)
        else:
            bundle.write_proofs(connection, head, seqs, draft)
        if artifact is not None:
            (draft / "artifacts").mkdir()
            for stored in (
                story.ledger.objects.put_file(artifact),
                story.ledger.objects.put_directory(artifact.parent),
            ):
                story.ledger.objects.restore(stored.digest, draft / "artifacts" / stored.digest[7:])

    view = story.ledger.view(head.checkpoint.size - 1)
    text = dossier.markdown(
        view,
        head,
        Report(size=head.checkpoint.size),
        clock="simulated",
        made_at="2026-01-02T03:04:05.000000Z",
        seqs=seqs,
    )
    bundle.write(folder, head, fill, text, bundle.cosigned(connection, head))
    return head


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory, told: Path) -> tuple[Path, Head]:
    """A bundle of more than 256² + 256 events would take long; this has three levels of partial and full tiles: 700."""
    folder = tmp_path_factory.mktemp("big")
    story = Story.resume(folder / "work", told)
    story.observe("model/fx-hedging/fx-vol@1", 700 - story.ledger.size)
    story.ledger.checkpoint()
    head = made(story, folder / "bundle")
    story.ledger.close()
    return folder / "bundle", head


@pytest.fixture
def log(big: tuple[Path, Head], tmp_path: Path) -> Path:
    """A copy of the bundle with the whole log."""
    shutil.copytree(big[0], tmp_path / "log")
    return tmp_path / "log"


def test_a_whole_log_verifies_without_us(big: tuple[Path, Head]) -> None:
    folder, head = big
    code, document = verified(folder, "--key", str(head.key))
    assert (code, document["findings"]) == (0, [])
    assert document["origin"] == ORIGIN
    assert document["root"] == head.checkpoint.root.hex()
    assert document["events"] == document["size"] == 700
    assert int(document["decisions"]) > 10
    assert document["key"] == "as given"
    assert "proves nothing unless" in verified(folder)[1]["key"]


def test_the_layout_is_the_published_one(big: tuple[Path, Head]) -> None:
    folder, head = big
    paths = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    expected = {each.path for each in (*tiles.hash_tiles(700), *tiles.entry_bundles(700))}
    assert expected == {path for path in paths if path.startswith("tile/")}
    assert "tile/0/002.p/188" in expected
    assert "tile/1/000.p/2" in expected
    assert paths - expected == {"checkpoint", "keys/ledger.vkey", "report.md", "verify.py"}
    assert (folder / "checkpoint").read_text() == head.note


def test_the_verifier_is_one_file_that_needs_only_cryptography() -> None:
    import ast

    source = (Path(bundle.__file__).parent / "verifier.py").read_text()
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    assert found - set(sys.stdlib_module_names) == {"cryptography"}


def test_as_a_person_runs_it(big: tuple[Path, Head]) -> None:
    folder, head = big
    command = [sys.executable, "-I", str(folder / "verify.py"), "--key", str(head.key)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "nothing found" in done.stdout
    assert "700" in done.stdout


def entries(folder: Path, index: int) -> Path:
    (path,) = (each for each in folder.glob(f"tile/entries/{index:03}*") if each.exists())
    return path if path.is_file() else next(path.iterdir())


def repacked(folder: Path, seq: int, change: Callable[[bytes], bytes]) -> None:
    """One entry replaced, the bundle's form kept."""
    path = entries(folder, seq // 256)
    bodies = tiles.unpack(path.read_bytes())
    bodies[seq % 256] = change(bodies[seq % 256])
    path.write_bytes(tiles.pack(bodies))


def test_an_edited_entry_is_named(log: Path) -> None:
    for seq in (0, 17, 255, 256, 699):
        copy = log.with_name(f"copy{seq}")
        shutil.copytree(log, copy)
        repacked(copy, seq, lambda body: body.replace(b'"actor":"', b'"actor":"x', 1))
        code, document = verified(copy)
        assert code == 1
        assert kinds(document) == {("edited", seq)}, document


def test_an_edited_entry_with_its_tile_is_no_longer_what_was_signed(log: Path) -> None:
    from ledger.format.hashes import leaf_hash

    def change(body: bytes) -> bytes:
        changed = body.replace(b'"actor":"', b'"actor":"x', 1)
        tile = log / "tile/0/000"
        data = bytearray(tile.read_bytes())
        data[17 * 32 : 18 * 32] = leaf_hash(changed)
        tile.write_bytes(data)
        return changed

    repacked(log, 17, change)
    code, document = verified(log)
    assert code == 1
    assert {each["kind"] for each in document["findings"]} >= {"rewritten"}
    assert ("reordered", 18) in kinds(document)  # the next event names the hash that was there


def test_touched_tiles(log: Path) -> None:
    for name, expected in (("tile/0/001", ("tree", 300)), ("tile/1/000.p/2", ("tree", 0))):
        copy = log.with_name(name.replace("/", "-"))
        shutil.copytree(log, copy)
        data = bytearray((copy / name).read_bytes())
        at = 44 * 32 if name == "tile/0/001" else 0
        data[at] ^= 1
        (copy / name).write_bytes(data)
        code, document = verified(copy)
        assert (code, kinds(document)) == (1, {expected})


def test_absent_and_surplus_files(log: Path) -> None:
    (log / "tile/0/003").write_bytes(b"\0" * 8192)
    assert kinds(verified(log)[1]) == {("tree", None)}
    (log / "tile/0/003").unlink()
    shutil.move(log / "tile/1/000.p/2", log / "kept")
    assert ("missing", None) in kinds(verified(log)[1])
    shutil.move(log / "kept", log / "tile/1/000.p/2")
    path = entries(log, 1)
    data = path.read_bytes()
    path.unlink()
    code, document = verified(log)
    assert code == 1
    assert ("missing", None) in kinds(document)
    path.write_bytes(data[:-1])
    assert ("damaged", 511) in kinds(verified(log)[1])
    path.write_bytes(data + b"\0")
    assert any(kind == "damaged" for kind, _ in kinds(verified(log)[1]))


def test_the_checkpoint_and_its_key(log: Path) -> None:
    note = (log / "checkpoint").read_text()
    key = (log / "keys/ledger.vkey").read_text().strip()
    (log / "checkpoint").write_text(note.replace("\n700\n", "\n699\n"))
    assert any(kind == "signature" for kind, _ in kinds(verified(log)[1]))
    (log / "checkpoint").write_text("nonsense")
    assert verified(log)[0] == 2
    (log / "checkpoint").write_text(note)
    from ledger.format.keys import VerifierKey

    stranger = VerifierKey.ed25519(ORIGIN, SecretKey.generate().public)
    code, document = verified(log, "--key", str(stranger))
    assert (code, kinds(document)) == (1, {("signature", 699)})
    assert verified(log, "--key", "nonsense")[0] == 2
    assert verified(log, "--key", key)[0] == 0
    (log / "keys/ledger.vkey").write_text(str(stranger))
    assert kinds(verified(log)[1]) == {("signature", 699)}


def test_a_checkpoint_that_was_kept_elsewhere(log: Path, story: Story) -> None:
    kept = log / "kept.txt"
    kept.write_text(story.ledger.last_checkpoint() or "")
    assert verified(log, "--checkpoint", str(kept))[0] == 0
    story.observe("model/fx-hedging/fx-vol@2", 900)
    kept.write_text(story.ledger.checkpoint())
    assert {kind for kind, _ in kinds(verified(log, "--checkpoint", str(kept))[1])} == {"truncated"}
    other = Story.begin(log.parent / "other")
    kept.write_text(other.ledger.checkpoint())
    other.ledger.close()
    assert {kind for kind, _ in kinds(verified(log, "--checkpoint", str(kept))[1])} == {"signature"}


def test_random_damage_never_passes(log: Path) -> None:
    """Any one changed, lost or added byte in what is signed is found; seeded, so that a failure can be repeated."""
    rng = random.Random(20260102)
    script = log / "verify.py"
    files = sorted(path for path in log.rglob("*") if path.is_file() and path.suffix not in (".py", ".md"))
    for _ in range(60):
        path = rng.choice(files)
        before = path.read_bytes()
        at = rng.randrange(len(before))
        way = rng.choice(("bit", "cut", "put", "shorter"))
        after = {
            "bit": before[:at] + bytes([before[at] ^ 1 << rng.randrange(8)]) + before[at + 1 :],
            "cut": before[:at] + before[at + 1 :],
            "put": before[:at] + bytes([rng.randrange(256)]) + before[at:],
            "shorter": before[:at],
        }[way]
        path.write_bytes(after)
        code, document = verified(log, script=script)
        path.write_bytes(before)
        harmless = path.name == "ledger.vkey" and after.strip() == before.strip()
        assert code in ((0,) if harmless else (1, 2)), (path, way, at, document)


def test_a_decision_signed_by_another_key_is_found(story: Story, tmp_path: Path) -> None:
    """Whoever holds the ledger's key can sign a false history, but not for the people in it."""
    import ledger.rules
    from ledger.events.approvals import ApprovalGranted
    from tests.ledger.story import secret, sign

    model = story.train("fx-vol", "dataset/fx-hedging/ecb-rates@2")
    request = story.ask(model)
    drafted = story.draft(request, "grace")
    rules = ledger.rules.RULES.pop("approval.granted")
    try:
        forged = [
            (sign(drafted, secret("vera")), "not by a key of grace"),
            (sign(drafted, secret("grace"), origin="example.com/other"), "example.com/other"),
            (sign(drafted, secret("grace"), verdict="reject"), "reject"),
            (sign(drafted, secret("grace"), subject_sha256="sha256:" + "0" * 64), "another digest"),
            (sign(drafted, secret("grace"), subject_name="model/x@1"), "signed on model/x@1"),
            (sign(drafted, secret("grace"), request=None), "another request"),
            (sign(drafted, secret("grace"), checkpoint=None), ""),
            (sign(drafted, secret("mallory"), signer="mallory"), "not by a key of"),
        ]
        seqs = {}
        for envelope, wanted in forged:
            actor = "mallory" if "mallory" in str(base64.b64decode(envelope["payload"])) else "grace"
            fact = ApprovalGranted("prod", "risk", request, envelope)
            seqs[story.record(fact, actor, model).seq] = wanted
    finally:
        ledger.rules.RULES["approval.granted"] = rules
    story.ledger.checkpoint()
    made(story, tmp_path / "bundle")
    code, document = verified(tmp_path / "bundle")
    found = {each["seq"]: each["detail"] for each in document["findings"]}
    assert code == 1
    for seq, wanted in seqs.items():
        assert (wanted in found[seq]) if wanted else seq not in found


@pytest.fixture
def proofs(story: Story, tmp_path: Path) -> Path:
    """A bundle of single events: those about the first model, and the files that two of them name."""
    (tmp_path / "model").mkdir()
    weights = tmp_path / "model" / "weights.bin"
    weights.write_bytes(b"\0weights" * 1000)
    stored = story.ledger.objects.put_file(weights)
    tree = story.ledger.objects.put_directory(weights.parent)
    from ledger.events.documents import DocumentAttached

    for each in (stored, tree):
        story.record(DocumentAttached("model_card", each.digest), "ada", "model/fx-hedging/fx-vol@1")
    story.ledger.checkpoint()
    view = story.ledger.view()
    made(story, tmp_path / "proofs", bundle.related(view, "model/fx-hedging/fx-vol@1"), weights)
    return tmp_path / "proofs"


def test_single_events_verify_without_us(proofs: Path) -> None:
    code, document = verified(proofs)
    assert (code, document["findings"]) == (0, [])
    assert document["holds"].startswith("proofs of single events")
    assert document["artifacts"] == 2
    assert int(document["decisions"]) >= 9


def test_what_belongs_to_a_subject(story: Story) -> None:
    view = story.ledger.view()
    model = "model/fx-hedging/fx-vol@1"
    seqs = bundle.related(view, model)
    events = {each.seq: each.event for each in story.ledger.events() if each.seq in set(seqs)}
    types = {event.type for event in events.values()}
    assert {
        "ledger.created",
        "key.enrolled",
        "key.revoked",
        "run.started",
        "run.completed",
        "approval.granted",
    } <= types
    assert "alert.acknowledged" in types
    assert any(event.subject.startswith("dataset/") for event in events.values())
    assert all(event.cause in events for event in events.values() if event.cause is not None)
    with pytest.raises(InputError, match="no event is about model/fx-hedging/nothing@1"):
        bundle.related(view, "model/fx-hedging/nothing@1")


def test_damaged_proofs_and_artifacts(proofs: Path) -> None:
    event_in = {each: base64.b64decode(each.read_bytes().split(b"\n")[1][6:]) for each in (proofs / "proofs").iterdir()}
    (path,) = (each for each, body in event_in.items() if b"approval.requested" in body)
    seq = int(path.name.partition(".")[0])
    before = path.read_bytes()
    extra = before.split(b"\n")[1]
    body = base64.b64decode(extra[6:]).replace(b'"actor":"', b'"actor":"x', 1)
    for after in (
        before.replace(extra, b"extra " + base64.b64encode(body)),
        before.replace(b"index %d" % seq, b"index %d" % (seq - 1)),
        before[:-20],
        b"",
    ):
        path.write_bytes(after)
        code, document = verified(proofs)
        assert (code, kinds(document)) == (1, {("edited", seq)})
    path.write_bytes(before)
    for artifact in (proofs / "artifacts").iterdir():
        file = artifact if artifact.is_file() else artifact / "weights.bin"
        data = file.read_bytes()
        file.write_bytes(data + b"!")
        assert kinds(verified(proofs)[1]) == {("edited", None)}
        file.write_bytes(data)
    (proofs / "artifacts" / ("0" * 64)).write_bytes(b"stray")
    assert verified(proofs)[0] == 1


def test_a_rotated_key_and_witnesses(story: Story, tmp_path: Path) -> None:
    from ledger import vouching
    from tests.ledger.rules.test_succession import grow, new_key, rotate

    first = story.ledger.verifier
    rotate(story, new_key(story))
    story.ledger.checkpoint()
    grow(story)
    story.ledger.checkpoint()
    witness = Witness("witness.example/w", SecretKey(b"\x01" * 32), tmp_path / "memory")
    for key in story.ledger.log_keys():
        witness.trust(key.verifier)
    cosigned = witness.cosign(vouching.request(story.ledger, 0), 1_790_000_000)
    vouching.add(story.ledger, cosigned, [witness.key], "ivy")
    policy = trust.parse_policy(
        f"log {story.ledger.verifier}\nwitness w {witness.key}\nquorum w\n".encode(), "the policy"
    )
    head = bundle.choose(story.ledger.connection, policy)
    assert head.key != first
    story.ledger.checkpoint()
    made(story, tmp_path / "bundle")
    assert verified(tmp_path / "bundle")[0] == 0
    assert len(list((tmp_path / "bundle/checkpoints").iterdir())) == 1
    code, document = verified(tmp_path / "bundle", "--key", str(first))
    assert code == 1
    assert {kind for kind, _ in kinds(document)} == {"signature"}
    code, document = verified(tmp_path / "bundle", "--witness", str(witness.key))
    assert "not cosigned by witness.example/w" in document["findings"][0]["detail"]
    shutil.copy(next((tmp_path / "bundle/checkpoints").iterdir()), tmp_path / "bundle/kept")
    (tmp_path / "bundle/kept").write_text((tmp_path / "bundle/kept").read_text().replace("\n\n", "\n\n", 1))
    assert verified(tmp_path / "bundle", "--checkpoint", "kept")[0] == 0


def test_a_log_without_a_checkpoint_cannot_be_bundled(fresh: Story) -> None:
    with pytest.raises(InputError, match="no checkpoint yet"):
        bundle.choose(fresh.ledger.connection)


def test_what_cannot_be_bundled(story: Story, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()
    with pytest.raises(InputError, match="exists already"):
        made(story, tmp_path / "there")
    with pytest.raises(InputError, match="does not exist"):
        made(story, tmp_path / "no" / "where")
    head = bundle.choose(story.ledger.connection)
    wrong = head._replace(checkpoint=head.checkpoint._replace(root=b"\0" * 32))
    with pytest.raises(LedgerError, match="are not those that the checkpoint was signed for"):
        bundle.write_log(story.ledger.connection, wrong, tmp_path)
    assert not list(tmp_path.glob(".there*"))


def test_the_report_shows_recorded_text_as_it_is() -> None:
    assert dossier.escaped("a|b *c* <script> [x](y) \x1b[31m _d_ e_f") == (
        "a\\|b \\*c\\* \\<script\\> \\[x\\](y) \\\\u{1b}\\[31m \\_d\\_ e_f"
    )


def test_the_report_reads(proofs: Path, big: tuple[Path, Head]) -> None:
    text = (proofs / "report.md").read_text()
    for wanted in ("SIMULATED CLOCK", "grace approved, as risk", "What this does not say", "python3 verify.py --key"):
        assert wanted in text
    assert "The last 100 events" in (big[0] / "report.md").read_text()
