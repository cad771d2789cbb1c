"""A disk that loses what was not synced: replays a trace of system calls up to any of them, and cuts the power there.

What a file held at its last ``fsync`` is there. Of every write after it, each sector is there or not; a truncation too.
Names (created, linked, renamed, removed) are there up to some point of those that came after their folder's last
``fsync``: file systems keep their order, and nothing else. Memory that is mapped (SQLite's ``-shm``) is lost.
"""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = (
    *("openat", "write", "pwrite64", "lseek", "ftruncate", "fallocate", "fsync", "fdatasync"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat"),
)
OPTIONS = ("-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", f"trace={','.join('?' + call for call in CALLS)}")
"""What strace must be told so that its trace can be replayed."""

_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?:<(.*?)>)?(?: .*)?")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"(\d+)<(.*?)>")


@dataclass
class File:
    """A file's bytes on the disk, and what was done to it since: ``(offset, bytes)``, or ``(size, None)`` cut or grown."""

    synced: bytes = b""
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def whole(self) -> bytes:
        """What a reader sees before the cut."""
        found = bytearray(self.synced)
        for at, data in self.since:
            _apply(found, at, data)
        return bytes(found)

    def torn(self, chance: random.Random) -> bytes:
        """What a reader finds after it."""
        found = bytearray(self.synced)
        kept = chance.choice((0.0, 0.5, 0.9, 1.0))
        for at, data in self.since:
            if data is None:
                if chance.random() < kept:
                    _apply(found, at, None)
                continue
            start = at
            while start < at + len(data):
                end = min(at + len(data), (start // SECTOR + 1) * SECTOR)
                if chance.random() < kept:
                    _apply(found, start, data[start - at : end - at])
                start = end
        return bytes(found)


def _apply(content: bytearray, at: int, data: bytes | None) -> None:
    end = at if data is None else at + len(data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if data is None:
        del content[at:]
    else:
        content[at:end] = data


class Disk:
    """A folder on a disk, and the calls that changed it."""

    def __init__(self, folder: Path) -> None:
        """Args: the folder as it is before the calls: all of it is on the disk."""
        self.folder = folder
        self.said: list[str] = []
        files = {str(path): File(path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
        self._files = dict(files)
        self._named = dict(files)
        self._renamed: list[tuple[str, str, File | None]] = []  # folder, path, what it names from then on
        self._offsets: dict[int, int] = {}

    def replay(self, trace: str) -> Iterator[str]:
        """Do what a trace says, call by call; yields the name of each that changed or synced something here."""
        for line in trace.splitlines():
            found = _LINE.fullmatch(line.strip())
            if found is None or int(found[3]) < 0:
                continue
            if self._do(found[1], found[2], int(found[3]), _decoded(found[4] or "")):
                yield found[1]

    def cut(self, target: Path, chance: random.Random) -> None:
        """Write what is left after a power cut at this moment to ``target``."""
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        named = dict(self._named)
        for _, path, file in self._renamed[: chance.randint(0, len(self._renamed))]:
            if file is None:
                named.pop(path, None)
            else:
                named[path] = file
        for path, file in named.items():
            if not path.endswith("-shm"):
                place = target / Path(path).relative_to(self.folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.torn(chance))

    def _do(self, call: str, words: str, result: int, path: str) -> bool:
        if call == "openat":
            self._offsets[result] = 0
            return self._opened(words, path)
        if call.startswith(("rename", "link", "unlink")):
            return self._moved(call, [_decoded(text) for text in _TEXT.findall(words)])
        descriptor = _DESCRIPTOR.match(words)
        if descriptor is None:
            return False
        number, path = int(descriptor[1]), _decoded(descriptor[2])
        if call == "lseek":
            self._offsets[number] = result
        elif call in ("fsync", "fdatasync"):
            return self._synced(path)
        elif call in ("ftruncate", "fallocate"):
            return self._changed(path, int(words.rpartition(", ")[2]), None)
        elif call in ("write", "pwrite64"):
            text = _TEXT.search(words)
            assert text is not None, words
            data = bytes.fromhex(text[1].replace("\\x", ""))[:result]
            if call == "write" and number == 1:
                self.said += data.decode().splitlines()
                return False
            at = self._offsets.get(number, 0) if call == "write" else int(words.rpartition(", ")[2])
            self._offsets[number] = at + len(data) if call == "write" else self._offsets.get(number, 0)
            return self._changed(path, at, data)
        return False

    def _inside(self, path: str) -> bool:
        return path.startswith(f"{self.folder}/")

    def _opened(self, words: str, path: str) -> bool:
        if not self._inside(path) or ("O_CREAT" not in words and "O_TRUNC" not in words):
            return False
        if path not in self._files:
            self._name(path, File())
            return True
        return "O_TRUNC" in words and self._changed(path, 0, None)

    def _changed(self, path: str, at: int, data: bytes | None) -> bool:
        file = self._files.get(path)
        if file is not None:
            file.since.append((at, data))
        return file is not None

    def _synced(self, path: str) -> bool:
        file = self._files.get(path)
        if file is not None:
            file.synced, file.since = file.whole(), []
            return True
        done = [each for each in self._renamed if each[0] == path]
        # What came before in other folders went through the same log of the file system.
        while done and self._renamed:
            first, *self._renamed = self._renamed
            if first[2] is None:
                self._named.pop(first[1], None)
            else:
                self._named[first[1]] = first[2]
            done = [each for each in done if each is not first]
        return self._inside(f"{path}/")

    def _moved(self, call: str, paths: list[str]) -> bool:
        if not any(self._inside(path) for path in paths):
            return False
        if call.startswith("unlink"):
            self._name(paths[0], None)
            return True
        source, target = paths
        self._name(target, self._files[source])
        if call.startswith("rename"):
            self._name(source, None)
        return True

    def _name(self, path: str, file: File | None) -> None:
        self._renamed.append((str(Path(path).parent), path, file))
        if file is None:
            self._files.pop(path, None)
        else:
            self._files[path] = file


def _decoded(text: str) -> str:
    """A name, whether strace wrote it in hex (as it does with ``-xx``) or as it is."""
    return bytes.fromhex(text.replace("\\x", "")).decode() if text.startswith("\\x") else text
