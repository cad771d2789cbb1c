"""What code runs in: interpreter, platform and installed packages, by digest; and the environment that a run gets.

The environment is made for equal results: one thread per library, since sums split over threads round differently; a
fixed hash seed; UTC; plain UTF-8; and, on processors that differ in it, the vector instructions that they share.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

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


def document() -> dict[str, Any]:
    """This runtime as plain data: equal where interpreter, platform and the versions of all packages are."""
    return {
        "dependencies": [{"name": name, "version": version} for name, version in _dependencies()],
        "platform": {
            "libc": " ".join(platform.libc_ver()).strip(),
            "machine": platform.machine(),
            "system": platform.system(),
        },
        "python": {"implementation": platform.python_implementation(), "version": platform.python_version()},
    }


def name() -> str:
    """What to call this runtime: ``cpython-3.11``."""
    return f"{sys.implementation.name}-{sys.version_info.major}.{sys.version_info.minor}"


@cache
def encoded() -> bytes:
    """The canonical bytes of ``document``, whose digest names the runtime. Taken once: a process does not change it."""
    return canonical.encode(document())


@cache
def _dependencies() -> tuple[tuple[str, str], ...]:
    """The installed packages, by normalised name (PEP 503), with their versions.

    They are read off the names of their ``.dist-info`` folders, which hold both (the recording installed projects
    specification): ``importlib.metadata`` finds the same by parsing every package's metadata, thirty times slower.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        for each in sorted(Path(folder or ".").glob("*.dist-info")):
            name, _, version = each.name.removesuffix(".dist-info").partition("-")
            # The first on the path is the one that is imported.
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return tuple(sorted(found.items()))


def environment(seed: int, own: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a run: few, and the same wherever it runs.

    Args:
        seed: the run's seed, 0 to 2^32 - 1, which also seeds the hashes of texts.
        own: what the specification sets; it has the last word.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # A command's `python` is the interpreter that the runtime names.
    inherited["PATH"] = os.pathsep.join(filter(None, (str(Path(sys.executable).parent), inherited.get("PATH"))))
    return {
        **inherited,
        **dict.fromkeys(_THREADS, "1"),
        **_shared_instructions(),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": str(seed),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        **own,
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
