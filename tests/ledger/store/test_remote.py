"""Object stores behind URLs: the same as in a folder, and whatever fails there is told and leaves nothing half done."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from ledger.errors import InputError, LedgerError
from ledger.store.disk import BLOCK
from ledger.store.objects import Objects


class FaultyFileSystem(MemoryFileSystem):
    """Memory that fails at the call whose number is set, in the way that is set."""

    protocol = "faulty"
    cachable = False
    calls = 0
    fails_at: int | None = None
    gone = False
    how = "raise"

    @classmethod
    def _count(cls, what: str) -> None:
        cls.calls += 1
        if cls.gone or cls.calls - 1 == cls.fails_at:
            raise RuntimeError(f"503 Slow Down ({what})\nRequest ID: 1")

    def info(self, path, **kwargs):
        self._count("info")
        return super().info(path, **kwargs)

    def makedirs(self, path, exist_ok=False):
        self._count("makedirs")
        super().makedirs(path, exist_ok=exist_ok)

    def put_file(self, lpath, rpath, **kwargs):
        type(self).calls += 1
        if type(self).gone or type(self).calls - 1 == type(self).fails_at:
            if type(self).how == "half":
                self.pipe_file(rpath, Path(lpath).read_bytes()[:-1])
                return
            raise RuntimeError("503 Slow Down (put)")
        super().put_file(lpath, rpath, **kwargs)

    def mv(self, path1, path2, **kwargs):
        self._count("mv")
        super().mv(path1, path2, **kwargs)

    def find(self, path, **kwargs):
        self._count("find")
        return super().find(path, **kwargs)

    def open(self, path, mode="rb", **kwargs):
        self._count("open")
        return super().open(path, mode, **kwargs)


@pytest.fixture
def faulty() -> Iterator[type[FaultyFileSystem]]:
    fsspec.register_implementation("faulty", FaultyFileSystem, clobber=True)
    FaultyFileSystem.calls, FaultyFileSystem.fails_at = 0, None
    FaultyFileSystem.gone, FaultyFileSystem.how = False, "raise"
    yield FaultyFileSystem
    MemoryFileSystem.store.clear()


@pytest.fixture(params=["file", "local", "memory"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Objects]:
    where = f"/{secrets.token_hex(4)}/store" if request.param == "memory" else f"{tmp_path}/store"
    yield Objects(f"{request.param}://{where}")
    MemoryFileSystem.store.clear()


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def spoil(objects: Objects, digest: str, data: bytes | None) -> None:
    """Put other bytes in an object's place, or none."""
    system, path = fsspec.core.url_to_fs(objects.locate(digest))
    if str(path).startswith("/") and Path(path).exists():
        Path(path).chmod(0o644)
    if data is None:
        system.rm_file(path)
    else:
        system.pipe_file(path, data)


@pytest.mark.parametrize("size", [0, 1, BLOCK + 1])
def test_what_is_put_is_there_once_and_comes_back(objects: Objects, tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "source").write_bytes(data)
    for _ in range(2):
        stored = objects.put_file(tmp_path / "source")
        assert (stored.digest, stored.size) == (sha(data), size)
    assert objects.put_bytes(data) == stored
    assert list(objects.digests()) == [sha(data)]
    assert objects.has(stored.digest)
    assert objects.read(stored.digest) == data
    objects.restore(stored.digest, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    assert objects.check(stored.digest) == []


def test_folders_by_manifest(objects: Objects, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "b").write_bytes(b"b")
    (tmp_path / "in" / "run.sh").write_bytes(b"#!/bin/sh\n")
    stored = objects.put_directory(tmp_path / "in")
    objects.restore(stored.digest, tmp_path / "out", directory=True)
    assert (tmp_path / "out" / "deep" / "b").read_bytes() == b"b"
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o777 == 0o755, "a script can be run"
    assert (tmp_path / "out" / "deep" / "b").stat().st_mode & 0o777 == 0o644
    assert len(list(objects.digests())) == 3


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (None, "absent", "there is no "),
        (b"rate", "truncated", "holds 4 of 5 bytes"),
        (b"ratez", "damaged", "give " + sha(b"ratez")),
        (b"rates and more", "damaged", "give "),
    ],
)
def test_damage_is_found_and_never_handed_out(
    objects: Objects, tmp_path: Path, data: bytes | None, kind: str, says: str
) -> None:
    stored = objects.put_bytes(b"rates")
    spoil(objects, stored.digest, data)
    [damage] = objects.check(stored.digest, size=5)
    assert (damage.kind, damage.digest) == (kind, stored.digest)
    assert says in damage.detail
    assert damage.got == (None if data is None else sha(data))
    with pytest.raises(LedgerError):
        objects.read(stored.digest)
    with pytest.raises(LedgerError):
        objects.restore(stored.digest, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_an_object_of_another_length_is_put_anew(objects: Objects) -> None:
    stored = objects.put_bytes(b"rates")
    spoil(objects, stored.digest, b"rate")
    objects.put_bytes(b"rates")
    assert objects.check(stored.digest) == []


@pytest.mark.parametrize("how", ["raise", "half"])
@pytest.mark.parametrize("number", range(8))
def test_whichever_call_fails_an_object_is_whole_or_not_there(
    faulty: type[FaultyFileSystem], number: int, how: str
) -> None:
    objects = Objects("faulty://bucket/store")
    faulty.fails_at, faulty.how = number, how
    told = ""
    try:
        objects.put_bytes(b"rates")
    except LedgerError as error:
        told = str(error)
    assert told == "" or ("faulty://bucket/store fails" in told and "\n" not in told)
    faulty.fails_at = None
    held = list(objects.digests())
    assert held in ([], [sha(b"rates")])
    assert held or told, "what is told to be stored is there"
    assert objects.put_bytes(b"rates").digest == sha(b"rates")
    assert objects.read(sha(b"rates")) == b"rates"
    passing = [path for path in MemoryFileSystem.store if "incoming" in path]
    assert passing == [], "nothing is left beside the objects"


def test_a_store_that_vanishes_is_not_taken_for_missing_objects(faulty: type[FaultyFileSystem], tmp_path: Path) -> None:
    objects = Objects("faulty://bucket/store")
    stored = objects.put_bytes(b"rates")
    faulty.gone = True
    for ask in (
        lambda: objects.has(stored.digest),
        lambda: objects.check(stored.digest),
        lambda: objects.read(stored.digest),
        lambda: objects.put_bytes(b"other"),
        lambda: objects.restore(stored.digest, tmp_path / "copy", directory=False),
        lambda: list(objects.digests()),
    ):
        with pytest.raises(LedgerError, match="503 Slow Down"):
            ask()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "says"),
    [("nosuch://bucket/x", "no object store's URL"), ("s3://bucket/x", "needs a driver|fails|no object store")],
)
def test_a_url_that_nothing_answers_to_is_told(url: str, says: str) -> None:
    if url.startswith("s3") and _installed("s3fs"):
        pytest.skip("s3fs is installed here")
    with pytest.raises((InputError, LedgerError), match=says):
        Objects(url).put_bytes(b"x")


def _installed(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def test_a_remote_object_has_no_path() -> None:
    with pytest.raises(InputError, match="restore it"):
        Objects("memory://x").path(sha(b""))
