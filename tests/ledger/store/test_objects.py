from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import InputError, LedgerError
from ledger.format.hashes import manifest
from ledger.store.disk import BLOCK
from ledger.store.objects import DIRECTORY_MEDIA_TYPE, Objects


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def in_store(objects: Objects) -> list[Path]:
    return sorted(each for each in objects.root.rglob("*") if each.is_file())


# Bytes and files


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17])
def test_a_file_lies_under_its_digest_read_only(objects: Objects, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    source = tmp_path / "source"
    source.write_bytes(data)
    stored = objects.put_file(source)
    assert (stored.digest, stored.size, stored.directory) == (sha(data), size, False)
    hexdigest = stored.digest[7:]
    place = objects.root / hexdigest[:2] / hexdigest[2:]
    assert objects.path(stored.digest) == place
    assert place.read_bytes() == data
    assert stat.S_IMODE(place.stat().st_mode) == 0o444
    assert objects.read(stored.digest) == data
    assert in_store(objects) == [place], "nothing is left beside the object"


def test_bytes_and_a_file_of_the_same_bytes_are_one_object(objects: Objects, tmp_path: Path) -> None:
    first = objects.put_bytes(b"rates")
    (tmp_path / "rates").write_bytes(b"rates")
    inode = objects.path(first.digest).stat().st_ino
    assert objects.put_file(tmp_path / "rates") == first
    assert objects.path(first.digest).stat().st_ino == inode
    assert list(objects.digests()) == [first.digest]


def test_an_object_cut_short_is_replaced_when_its_bytes_come_again(objects: Objects) -> None:
    stored = objects.put_bytes(b"the whole")
    place = objects.path(stored.digest)
    place.chmod(0o644)
    place.write_bytes(b"the")
    assert objects.put_bytes(b"the whole") == stored
    assert objects.check(stored.digest) == []


@pytest.mark.parametrize(
    "wrong", ["", "sha256:", "sha256:" + "A" * 64, "sha256:" + "0" * 63, "../" + "0" * 64, "md5:00"]
)
def test_what_is_no_digest_is_refused(objects: Objects, wrong: str) -> None:
    with pytest.raises(InputError, match="digest"):
        objects.read(wrong)


def test_an_absent_object_is_named_with_the_way_out(objects: Objects) -> None:
    digest = sha(b"never stored")
    assert not objects.has(digest)
    with pytest.raises(LedgerError, match=f"{digest} is not in .*restore it from a backup"):
        objects.open(digest)
    assert [(each.digest, each.kind) for each in objects.check(digest)] == [(digest, "absent")]


def test_a_changed_byte_is_found_by_every_way_of_reading(objects: Objects, tmp_path: Path) -> None:
    stored = objects.put_bytes(b"coefficients: -.541")
    place = objects.path(stored.digest)
    place.chmod(0o644)
    place.write_bytes(b"coefficients: -.641")
    assert [each.kind for each in objects.check(stored.digest)] == ["damaged"]
    with pytest.raises(LedgerError, match="is damaged"):
        objects.read(stored.digest)
    with pytest.raises(LedgerError, match="is damaged"):
        objects.restore(stored.digest, tmp_path / "model")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["objects"], "a failed restoring leaves nothing"


def test_a_source_that_cannot_be_read_is_the_users_error(objects: Objects, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, why in [("absent", "is not there"), ("pipe", "no regular file"), (".", "no regular file")]:
        with pytest.raises(InputError, match=why):
            objects.put_file(tmp_path / name)
    assert in_store(objects) == []


# Directories


def make(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_a_directory_is_its_manifest_by_code_point(objects: Objects, tmp_path: Path) -> None:
    # UTF-16 order would put the astral name before the private-use one; "a.txt" sorts before "a/b" as "." < "/".
    files = {"a/b": b"1", "a.txt": b"22", "\U00010000": b"333", "\ue000": b"", "B": b"1"}
    stored = objects.put_directory(make(tmp_path / "folder", files))
    expected = [
        {"digest": sha(files[name]), "name": name, "size": len(files[name])}
        for name in ["B", "a.txt", "a/b", "\ue000", "\U00010000"]
    ]
    data = json.dumps(expected, separators=(",", ":"), ensure_ascii=False).encode()
    assert objects.read(stored.digest) == data
    assert (stored.digest, stored.size, stored.directory) == (sha(data), 7, True)
    assert len(in_store(objects)) == 5, "equal files are stored once"


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("read_only", [True, False])
def test_restoring_gives_the_same_bytes(objects: Objects, tmp_path: Path, durable: bool, read_only: bool) -> None:
    files = {"deep/er/x": b"x" * (BLOCK + 1), "y": b"", "ü": b"1"}
    stored = objects.put_directory(make(tmp_path / "folder", files))
    target = tmp_path / "back"
    objects.restore(stored.digest, target, read_only=read_only, durable=durable)
    found = {p.relative_to(target).as_posix(): p for p in target.rglob("*") if p.is_file()}
    assert {name: path.read_bytes() for name, path in found.items()} == files
    assert {stat.S_IMODE(path.stat().st_mode) for path in found.values()} == {0o444 if read_only else 0o644}
    assert objects.put_directory(target) == stored
    assert sorted(each.name for each in tmp_path.iterdir()) == ["back", "folder", "objects"]


def test_restoring_never_overwrites(objects: Objects, tmp_path: Path) -> None:
    stored = objects.put_bytes(b"new")
    folder = objects.put_directory(make(tmp_path / "folder", {"x": b"1"}))
    (tmp_path / "there").write_bytes(b"old")
    (tmp_path / "dangling").symlink_to("nowhere")
    for taken in ["there", "dangling", "folder"]:
        with pytest.raises(InputError, match="exists"):
            objects.restore(stored.digest, tmp_path / taken)
    assert (tmp_path / "there").read_bytes() == b"old"
    with pytest.raises(InputError, match="exists"):
        objects.restore(folder.digest, tmp_path / "folder")
    with pytest.raises(InputError, match="does not exist"):
        objects.restore(stored.digest, tmp_path / "no" / "where")
    (tmp_path / "empty").mkdir()
    objects.restore(folder.digest, tmp_path / "empty")
    assert (tmp_path / "empty" / "x").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/../../escaped", "./x", "a//b", "", "x\x00y"])
def test_a_forged_manifest_restores_nothing_outside(objects: Objects, tmp_path: Path, name: str) -> None:
    inner = objects.put_bytes(b"evil")
    forged = json.dumps([{"digest": inner.digest, "name": name, "size": 4}], separators=(",", ":")).encode()
    stored = objects.put_bytes(forged)
    assert not objects.is_directory(stored.digest)
    with pytest.raises(InputError, match="is a file, not a directory"):
        objects.restore(stored.digest, tmp_path / "target", directory=True)
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "target").exists()


def test_a_directory_with_what_cannot_be_kept_is_refused(objects: Objects, tmp_path: Path) -> None:
    folder = make(tmp_path / "folder", {"real": b"1"})
    (folder / "link").symlink_to("real")
    with pytest.raises(InputError, match="link is a symbolic link"):
        objects.put_directory(folder)
    with pytest.raises(InputError, match="link is a symbolic link"):
        objects.put_directory(folder, ["link"])
    (folder / "link").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(InputError, match="neither a file nor a directory"):
        objects.put_directory(folder)
    (folder / "pipe").unlink()
    (Path(os.fsencode(folder).decode()) / os.fsdecode(b"\xff")).write_bytes(b"")
    with pytest.raises(InputError, match="cannot be stored as a directory"):
        objects.put_directory(folder)
    with pytest.raises(InputError, match="is not a directory"):
        objects.put_directory(folder / "real")


def test_only_the_named_files_are_put_and_none_from_outside(objects: Objects, tmp_path: Path) -> None:
    folder = make(tmp_path / "folder", {"a": b"1", "b": b"2"})
    (tmp_path / "outside").write_bytes(b"3")
    stored = objects.put_directory(folder, ["b"])
    assert [entry.name for entry in objects.entries(stored.digest)] == ["b"]
    with pytest.raises(InputError, match="not a path inside"):
        objects.put_directory(folder, ["../outside"])


def test_a_file_that_looks_like_a_manifest_can_be_told_apart(objects: Objects, tmp_path: Path) -> None:
    stored = objects.put_bytes(b"[]")
    objects.restore(stored.digest, tmp_path / "file", directory=False)
    assert (tmp_path / "file").read_bytes() == b"[]"
    objects.restore(stored.digest, tmp_path / "folder", directory=True)
    assert list((tmp_path / "folder").iterdir()) == []
    assert "directory" in DIRECTORY_MEDIA_TYPE


def test_checking_a_directory_checks_its_files(objects: Objects, tmp_path: Path) -> None:
    stored = objects.put_directory(make(tmp_path / "folder", {"a": b"1", "b": b"2", "c": b"3"}))
    assert objects.check(stored.digest) == []
    objects.path(sha(b"1")).unlink()
    objects.path(sha(b"2")).chmod(0o644)
    objects.path(sha(b"2")).write_bytes(b"9")
    found = {(each.digest, each.kind) for each in objects.check(stored.digest)}
    assert found == {(sha(b"1"), "absent"), (sha(b"2"), "damaged")}
    with pytest.raises(LedgerError):
        objects.restore(stored.digest, tmp_path / "back")
    assert not (tmp_path / "back").exists()


NAMES = st.lists(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\x00"), min_size=1, max_size=12).filter(
        lambda part: part not in (".", "..") and len(part.encode()) < 60
    ),
    min_size=1,
    max_size=3,
).map("/".join)


def writable(files: dict[str, bytes]) -> bool:
    return not any(name != other and other.startswith(name + "/") for name in files for other in files)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=40), max_size=8).filter(writable))
def test_a_directory_comes_back_as_it_was(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        objects = Objects(Path(scratch) / "objects")
        stored = objects.put_directory(make(Path(scratch) / "folder", files))
        entries = objects.entries(stored.digest)
        assert [(entry.name, entry.digest) for entry in entries] == sorted((n, sha(d)) for n, d in files.items())
        assert manifest(reversed(entries)) == objects.read(stored.digest), "the order of listing does not matter"
        objects.restore(stored.digest, Path(scratch) / "back", directory=True, durable=False)
        assert objects.put_directory(Path(scratch) / "back") == stored


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(NAMES, st.binary(max_size=10), min_size=1, max_size=5).filter(writable),
    st.data(),
)
def test_any_change_to_a_directory_changes_its_digest(files: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    changed = dict(files)
    match data.draw(st.sampled_from(["content", "removal", "renaming"])):
        case "content":
            changed[name] = files[name] + b"!"
        case "removal":
            del changed[name]
        case _:
            changed["renamed-" + name] = changed.pop(name)
    if changed == files or not writable(changed):
        return
    with tempfile.TemporaryDirectory() as scratch:
        objects = Objects(Path(scratch) / "objects")
        before = objects.put_directory(make(Path(scratch) / "before", files))
        assert objects.put_directory(make(Path(scratch) / "after", changed)).digest != before.digest


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.just(b"[]") | st.just(b'[{"digest":"x","name":"y","size":1}]'))
def test_only_an_exact_manifest_is_taken_for_one(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        objects = Objects(Path(scratch) / "objects")
        stored = objects.put_bytes(data)
        assert objects.is_directory(stored.digest) == (data == b"[]")


# Trouble with the disk


@pytest.mark.parametrize(
    ("number", "said"),
    [(28, "disk is full"), (122, "quota"), (30, "read-only"), (13, "permissions"), (5, "Input/output")],
)
def test_the_disks_trouble_is_one_clear_line(
    objects: Objects, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(LedgerError, match=said) as caught:
        objects.put_bytes(b"x")
    assert "\n" not in str(caught.value)
    assert in_store(objects) == []


def test_a_store_whose_folder_vanished_says_so(tmp_path: Path) -> None:
    objects = Objects(tmp_path / "gone" / "objects")
    with pytest.raises(LedgerError, match="folder is gone"):
        objects.put_bytes(b"x")
    assert not (tmp_path / "gone").exists()


def test_a_file_beyond_the_systems_limit_leaves_nothing(tmp_path: Path) -> None:
    script = """
import resource, sys
from ledger.errors import LedgerError
from ledger.store.objects import Objects
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    Objects(sys.argv[1]).put_bytes(bytes(3 << 20))
except LedgerError as error:
    sys.exit(f"one line: {error}")
"""
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "objects"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("one line: cannot write"), done.stderr
    assert list((tmp_path / "objects").iterdir()) == []


def test_a_killed_writer_leaves_no_wrong_object_and_its_rest_is_swept(tmp_path: Path) -> None:
    script = """
import os, sys
from ledger.store.objects import Objects
objects = Objects(sys.argv[1])
print("ready", flush=True)
while True:
    objects.put_bytes(os.urandom(1 << 21))
"""
    root = tmp_path / "objects"
    for moment in [0.0, 0.013, 0.031, 0.047, 0.08]:
        with subprocess.Popen([sys.executable, "-c", script, root], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(moment)
            writer.send_signal(signal.SIGKILL)
    objects = Objects(root)
    assert [damage for digest in objects.digests() for damage in objects.check(digest)] == []
    (root / ".incoming-left").write_bytes(b"half")
    objects.put_bytes(b"next")
    assert [each.name for each in root.iterdir() if each.name.startswith(".")] == []


def test_what_another_writer_is_writing_is_not_swept(tmp_path: Path) -> None:
    writing, other = Objects(tmp_path / "objects"), Objects(tmp_path / "objects")
    with writing._place.incoming() as incoming:
        incoming.write(b"long ")
        other.put_bytes(b"short")
        incoming.write(b"lasting")
        incoming.keep(writing.path(incoming.digest))
    assert other.read(sha(b"long lasting")) == b"long lasting"
