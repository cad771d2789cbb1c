"""A sweep: settings with several values each, as one run for every combination."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from math import prod

from ledger.errors import InputError

MAX_RUNS = 1000
"""A sweep of more runs than this is a mistake."""

# A value in quotes may hold commas; a doubled single quote or a backslash keeps a quote inside, as in YAML.
_VALUE = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?=,|$)|([^,]*)""")


def combinations(settings: Iterable[str]) -> list[tuple[str, ...]]:
    """Every combination of the settings' values, the last setting varying fastest.

    Args:
        settings: ``key=value`` or ``key=value,value,…`` each; a value that holds a comma stands in quotes. Of a key that
            is given twice, the last counts.

    Returns:
        For each run its settings, ``key=value`` with a single value each; one empty tuple where there are none.

    Raises:
        InputError: a setting has no ``=``, one of several values is empty, or there are more than ``MAX_RUNS`` runs.
    """
    choices: dict[str, list[str]] = {}
    for each in settings:
        key, sign, text = each.partition("=")
        if not sign or not key:
            raise InputError(f"--set {each}: write it as key=value")
        values = list(dict.fromkeys(_values(text)))
        if len(values) > 1 and "" in values:
            raise InputError(f'--set {each}: one of the values is empty; write {key}=a,b or, for a comma, {key}="a,b"')
        choices[key] = [f"{key}={value}" for value in values]
    count = prod(map(len, choices.values()))
    if count > MAX_RUNS:
        raise InputError(f"--set: that is {count:,} runs, and a sweep has at most {MAX_RUNS:,}")
    return list(product(*choices.values()))


def _values(text: str) -> list[str]:
    """What stands between the commas, quotes and all; spaces around a value are no part of it."""
    found, position = [], 0
    while True:
        match = _VALUE.match(text, position)
        assert match is not None
        found.append((match[1] if match[1] is not None else match[2]).strip())
        position = match.end()
        if position >= len(text):
            return found
        position += 1
        if position == len(text):
            return [*found, ""]
