"""Objects in a folder: ``<root>/<first two hex digits>/<the other 62>``, each complete and on the disk, or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ledger.store.incoming import Incoming, sweep, trouble


class Local:
    """A folder of objects; it is made when the first is put."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._swept = False

    def path(self, name: str) -> Path:
        """Where the object lies whose digest has these 64 hex digits."""
        return self.root / name[:2] / name[2:]

    def locate(self, name: str) -> str:
        """The same, as errors say it."""
        return str(self.path(name))

    def size(self, name: str) -> int | None:
        """How long the object is; ``None`` where it is not there."""
        try:
            path = self.path(name)
            return path.stat().st_size if path.is_file() else None
        except OSError:
            return None

    def open(self, name: str) -> BinaryIO:
        """The object's bytes. Raises OSError, FileNotFoundError where it is not there."""
        return self.path(name).open("rb")

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A new object on its way in. Raises LedgerError where the disk fails."""
        try:
            self.root.mkdir(exist_ok=True)
            if not self._swept:
                sweep(self.root)
                self._swept = True
            with Incoming(self.root) as coming:
                yield coming
        except OSError as error:
            raise trouble(error, self.root) from None

    def keep(self, coming: Incoming, name: str) -> None:
        """Give what has come in its name. Raises OSError as the disk does."""
        coming.keep(self.path(name))

    def names(self) -> Iterator[str]:
        """The hex digits of every object, in ascending order."""
        if not self.root.is_dir():
            return
        for fan in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for each in sorted(fan.iterdir()):
                if len(each.name) == 62:
                    yield f"{fan.name}{each.name}"
