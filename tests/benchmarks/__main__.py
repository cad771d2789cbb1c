"""``python -m tests.benchmarks [NAME …] [OPTION …]``: run all benchmarks, or those named; options go to each of them.

``python -m tests.benchmarks make-ledger N PATH`` writes a lifelike ledger of N events instead.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

_TOOLS = {"make-ledger": "lifelike"}
"""Commands that make something to measure; they are not run with the rest."""

_SUPPORT = frozenset({"__main__", "harness", "peer", "tui_terminal", *_TOOLS.values()})


def names() -> list[str]:
    """The benchmarks: every module here that is neither support nor a tool, in alphabetical order."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in _SUPPORT)


def main(argv: Sequence[str]) -> int:
    """Run benchmarks or a tool. Returns 0, 1 where a bar was missed, 2 where a name is unknown."""
    if argv and argv[0] in _TOOLS:
        return _run(_TOOLS[argv[0]], argv[1:])
    if {"-h", "--help"} & set(argv):
        print(f"{__doc__}\nBenchmarks: {', '.join(names())}")
        return 0
    split = next((n for n, word in enumerate(argv) if word.startswith("-")), len(argv))
    chosen, options = argv[:split], argv[split:]
    unknown = [name for name in chosen if name not in names()]
    if unknown:
        known = ", ".join([*names(), *_TOOLS])
        print(f"no benchmark is called {', '.join(unknown)}; there are {known}", file=sys.stderr)
        return 2
    return max((_run(name, options) for name in chosen or names()), default=0)


def _run(module: str, argv: Sequence[str]) -> int:
    code: int = import_module(f"tests.benchmarks.{module}").main(list(argv))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
