"""What code runs in: interpreter, platform and installed packages, by digest; and the environment that a run gets.

The environment is made for equal results: one thread per library, since sums split over threads round differently; a
fixed hash seed; UTC; plain UTF-8; and, on processors that differ in it, the vector instructions that they share.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from app.pipelines import interpreter
from ledger.errors import InputError
from ledger.format import canonical

_INHERITED = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH")
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
)


def name() -> str:
    """What to call this runtime: ``cpython-3.11``."""
    return f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"


def short_name(document: Mapping[str, Any]) -> str:
    """What to call a runtime by its document: ``cpython-3.11``, or ``container`` for an image."""
    python = document.get("python")
    if python is None:
        return "container"
    return f"{python['implementation'].lower()}-{'.'.join(python['version'].split('.')[:2])}"


@cache
def encoded() -> bytes:
    """The canonical bytes of ``interpreter.document``, whose digest names the runtime. A process does not change it."""
    return canonical.encode(interpreter.document())


def encoded_by(python: Path) -> bytes:
    """As ``encoded``, of another interpreter, which is asked.

    Raises:
        InputError: there is none at ``python``, or it is no Python from 3.8 on.
    """
    command = [str(python), "-I", str(Path(interpreter.__file__))]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{python} cannot be started as a Python interpreter: {error}") from None
    try:
        found = json.loads(done.stdout) if done.returncode == 0 else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or "python" not in found:
        raise InputError(f"{python} is no Python interpreter: it did not say which one it is")
    return canonical.encode(found)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What differs between two runtimes' documents, a line each: ``numpy 1.26.4 → 2.4.0``; nothing where they are equal."""
    before, after = _flat(one), _flat(other)
    return [
        f"{name} {before.get(name, 'absent')} → {after.get(name, 'absent')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _flat(document: Mapping[str, Any]) -> dict[str, str]:
    """A runtime's document as names and versions."""
    found = {each["name"]: str(each["version"]) for each in document.get("dependencies", ())}
    for part in ("platform", "python"):
        if isinstance(document.get(part), Mapping):
            found |= {f"{part} {key}": str(value) for key, value in document[part].items()}
    if "image" in document:
        found["image"] = str(document["image"])
    return found


def environment(seed: int, own: Mapping[str, str], python: Path | None = None) -> dict[str, str]:
    """The environment variables of a run: few, and the same wherever it runs.

    Args:
        seed: the run's seed, 0 to 2^32 - 1, which also seeds the hashes of texts.
        own: what the specification sets; it has the last word.
        python: the interpreter that a command's ``python`` is; this one where none is named.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # A command's `python` is the interpreter that the runtime names.
    inherited["PATH"] = os.pathsep.join(
        filter(None, (str((python or Path(sys.executable)).parent), inherited.get("PATH")))
    )
    return {
        **inherited,
        **settings(),
        **_shared_instructions(),
        "PYTHONHASHSEED": str(seed),
        **own,
    }


def settings() -> dict[str, str]:
    """The environment variables that are the same for every run on every machine."""
    return {
        **dict.fromkeys(_THREADS, "1"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


@cache
def _shared_instructions() -> dict[str, str]:
    """What keeps NumPy and BLAS to AVX2 on an x86-64 that has more: AVX-512's kernels round ``log`` and sums otherwise."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return {}
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return {}
    line = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    flags = set(line[1].split()) if line else set()
    if not {"avx2", "fma"} <= flags:
        return {}
    found = {"OPENBLAS_CORETYPE": "Haswell", "MKL_CBWR": "AVX2"}
    return {**found, "NPY_DISABLE_CPU_FEATURES": _NUMPY_AVX512} if "avx512f" in flags else found


# NumPy's names for what it may choose beyond AVX2, those of 2.4 and those before; a name that it does not know it passes
# over with a warning that is not shown.
_NUMPY_AVX512 = "X86_V4 AVX512F AVX512CD AVX512_KNL AVX512_KNM AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
