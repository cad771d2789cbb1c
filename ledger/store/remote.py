"""Objects in any store that fsspec speaks to: S3, Google's, Azure's, SFTP, memory, …, by URL.

An object is written to a local file and hashed on the way, uploaded under a passing name, looked at, and only then given its
own name: a reader finds it whole or not at all. What the store says is never believed beyond that: bytes are hashed again
when they are read.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from ledger.errors import AssayError, InputError, LedgerError
from ledger.store.incoming import Incoming, trouble

_PASSING = "incoming"
_Result = TypeVar("_Result")


class Remote:
    """The objects below a URL. The store is spoken to when the first object is asked for.

    Raises:
        LedgerError: from every method but ``open``, where the store cannot be reached or refuses.
    """

    def __init__(self, url: str) -> None:
        self.root = url.rstrip("/")
        self._system: Any = None
        self._base = ""

    def locate(self, name: str) -> str:
        """The object's URL."""
        return f"{self.root}/{name[:2]}/{name[2:]}"

    def size(self, name: str) -> int | None:
        """How long the object is; ``None`` where it is not there."""
        try:
            found = self._asked(lambda system: system.info(self._path(name)))
        except FileNotFoundError:
            return None
        return int(found["size"]) if found.get("type") == "file" else None

    def open(self, name: str) -> BinaryIO:
        """The object's bytes. Raises FileNotFoundError where it is not there, OSError where reading fails."""
        return cast(
            "BinaryIO", _Guarded(self._asked(lambda system: system.open(self._path(name), "rb")), self.locate(name))
        )

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A new object on its way in: a local file until it is kept."""
        with tempfile.TemporaryDirectory(prefix="assay-object-") as folder:
            try:
                with Incoming(Path(folder)) as coming:
                    yield coming
            except OSError as error:
                raise trouble(error, Path(folder)) from None

    def keep(self, coming: Incoming, name: str) -> None:
        """Upload what has come in, and give it its name."""
        self._asked(lambda system: self._upload(system, coming, name))

    def names(self) -> Iterator[str]:
        """The hex digits of every object, in ascending order."""
        try:
            found = self._asked(lambda system: system.find(self._base))
        except FileNotFoundError:
            return
        for path in sorted(found):
            fan, _, rest = path.removeprefix(self._base).strip("/").partition("/")
            if len(fan) == 2 and len(rest) == 62:
                yield f"{fan}{rest}"

    def _upload(self, system: Any, coming: Incoming, name: str) -> None:
        goal, passing = self._path(name), f"{self._base}/{_PASSING}/{secrets.token_hex(8)}"
        try:
            system.makedirs(f"{self._base}/{_PASSING}", exist_ok=True)
            system.put_file(str(coming.path), passing)
            held = int(system.info(passing)["size"])
            if held != coming.size:
                raise OSError(f"it holds {held} of {coming.size} bytes")
            system.makedirs(goal.rpartition("/")[0], exist_ok=True)
            system.mv(passing, goal)
            if int(system.info(goal)["size"]) != coming.size:
                raise OSError("it does not hold what was put")
        except BaseException:
            with suppress(Exception):
                system.rm_file(passing)
            raise
        system.invalidate_cache()

    def _path(self, name: str) -> str:
        return f"{self._base}/{name[:2]}/{name[2:]}"

    def _asked(self, ask: Callable[[Any], _Result]) -> _Result:
        """What the store answers. Raises FileNotFoundError; LedgerError for all else, whatever its driver raises."""
        try:
            if self._system is None:
                import fsspec

                self._system, base = fsspec.core.url_to_fs(self.root)
                self._base = str(base).rstrip("/")
            return ask(self._system)
        except (FileNotFoundError, AssayError):
            raise
        except ImportError as error:
            raise InputError(f"the object store {self.root} needs a driver: {_first_line(error)}") from None
        except Exception as error:
            if self._system is None:
                raise InputError(f"{self.root} is no object store's URL: {_first_line(error)}") from None
            raise LedgerError(
                f"the object store {self.root} fails: {_first_line(error)}; nothing is left half written, try again later"
            ) from None


class _Guarded:
    """A stream from the store whose troubles are all OSError, whatever the driver raises."""

    def __init__(self, stream: Any, place: str) -> None:
        self._stream = stream
        self._place = place

    def read(self, size: int = -1) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except OSError:
            raise
        except Exception as error:
            raise OSError(f"{self._place}: {_first_line(error)}") from None

    def close(self) -> None:
        with suppress(Exception):
            self._stream.close()

    def __enter__(self) -> _Guarded:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
