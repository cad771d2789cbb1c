"""The other side of a run: started by its path in a process of its own, it meets the user's code and never ours.

It imports nothing but the standard library, reads what to do from a JSON file, and does one of three things: become a
command, call a function once, or be a module that answers requests. The packages around it never import it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import json
import math
import numbers
import os
import random
import runpy
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_OURS = ("app", "ledger")
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Do the job that the file named by the first argument describes."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    os.environ.update(job["variables"])
    if job["kind"] == "service":
        # It ends with its input. Its parent may be a thread that ends before, and the kernel counts threads.
        _isolate(job["path"], job["hidden"])
        _serve(job)
        return
    _die_with_parent(job["parent"])
    if job["kind"] == "command":
        _become(job["argv"])
    _isolate(job["path"], job["hidden"])
    _call(job)


def _die_with_parent(parent: int) -> None:
    """Have the kernel kill this process where its parent is killed, so that no run goes on unrecorded (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _become(argv: list[str]) -> None:
    # Python ignores these, and what is ignored stays so in the command.
    for each in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(each, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606
    except OSError as error:
        sys.exit(f"{argv[0]} cannot be started: {error.strerror}")


# The import path


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the user's ``app`` and ``ledger``, with or without ``__init__.py``, and never those of this installation."""

    def __init__(self, hidden: str) -> None:
        self._hidden = os.path.realpath(hidden)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if path is not None or fullname not in _OURS:
            return None
        theirs = [each for each in sys.path if not self._is_ours(each)]
        spec = importlib.machinery.PathFinder.find_spec(fullname, theirs)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return spec

    def _is_ours(self, entry: str) -> bool:
        """Whether our packages, or the parts of them that an editable installation lays out, lie in a folder of the path."""
        return os.path.realpath(entry) == self._hidden or next(Path(entry).glob("assay-*.dist-info"), None) is not None


class _Seeder(importlib.abc.MetaPathFinder):
    """Seeds NumPy's global generator at the moment that user code first imports it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "numpy.random":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        loader: Any = spec.loader if spec else None
        if loader is None:
            return spec
        execute: Callable[[ModuleType], None] = loader.exec_module

        def execute_and_seed(module: ModuleType) -> None:
            execute(module)
            module.__dict__["seed"](self._seed)

        loader.exec_module = execute_and_seed
        return spec


def _isolate(path: list[str], hidden: str) -> None:
    """Put the user's folders first on the import path, and take ours off it.

    Args:
        path: the user's folders.
        hidden: the folder that our packages lie in. A checkout leaves the path; ``site-packages`` stays, since the
            user's dependencies may lie there too, and our two packages are hidden by name.
    """
    shared = next(Path(hidden).glob("*.dist-info"), None) is not None
    sys.path[:] = path + [
        each for each in sys.path if each not in path and (shared or os.path.realpath(each) != os.path.realpath(hidden))
    ]
    sys.meta_path.insert(0, _Finder(hidden))


def _find(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{target} is not callable")
    return found  # type: ignore[no-any-return]  # mypy narrows Any to an object that is callable


# One call


def _call(job: dict[str, Any]) -> None:
    random.seed(job["seed"])
    sys.meta_path.insert(0, _Seeder(job["seed"]))
    result: dict[str, Any]
    try:
        function = _find(job["target"])
        inputs = {name: Path(path) for name, path in job["inputs"].items()}
        outputs = {name: Path(path) for name, path in job["outputs"].items()}
        result = {"metrics": _metrics(function(inputs, outputs, job["config"], job["seed"]))}
    except BaseException as error:
        result = {"error": _said(error)}
        _print(error)
    Path(job["result"]).write_text(json.dumps(result), encoding="utf-8")
    sys.stdout.flush()
    if "error" in result:
        sys.exit(1)


def _metrics(returned: Any) -> dict[str, int | float]:
    """What a function returned, as metrics: a mapping from names to finite numbers, or nothing."""
    if returned is None:
        return {}
    if not hasattr(returned, "items"):
        raise TypeError(
            f"the function must return its metrics, a dict from name to number, not {type(returned).__name__}"
        )
    found: dict[str, int | float] = {}
    for name, value in returned.items():
        if not isinstance(name, str):
            raise TypeError(f"a metric's name must be a text, not {name!r}")
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"metric {name!r} must be a number, not {value!r}")
        found[name] = int(value) if isinstance(value, numbers.Integral) else float(value)
        if not math.isfinite(found[name]):
            raise ValueError(f"metric {name!r} is {found[name]}, which is no finite number")
    return found


def _said(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, SystemExit):
        return f"the code called sys.exit({error.code!r})"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _print(error: BaseException) -> None:
    """The error's traceback, without the frames of this file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


# Many calls


def _serve(job: dict[str, Any]) -> None:
    """Be the module, as ``python -m`` would be: it reads requests from its input until that ends."""
    random.seed(job["seed"])
    sys.meta_path.insert(0, _Seeder(job["seed"]))
    sys.argv = [job["module"], *job["arguments"]]
    runpy.run_module(job["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
