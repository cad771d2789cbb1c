"""From the European Central Bank's file to the panel. The file is read as it is; every mapping is configuration."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ABSENT = ("", "N/A")


def ingest(inputs: dict[str, Path], outputs: dict[str, Path], config: dict[str, Any], seed: int) -> dict[str, float]:
    """Write the panel as it stood on a day.

    Inputs: ``rates``, the ECB's zip. Outputs: ``panel``, a CSV with ``date`` and one column per currency, oldest first.
    Config: ``currencies``; ``until``, the last day; ``mappings``, a list of {source, target, factor, before}: before the
    day ``before``, the target's rate is the source's times the factor.

    Raises:
        ValueError: a currency of the panel has no fixing on a day that others have.
    """
    header, rows = _raw(inputs["rates"])
    place = {name: index for index, name in enumerate(header)}
    currencies = list(config["currencies"])
    mappings = {each["target"]: each for each in config["mappings"]}
    for code in (*currencies, *(each["source"] for each in mappings.values())):
        if code not in place:
            raise ValueError(f"the file has no column {code}")
    until = str(config["until"])
    days = mapped = 0
    with outputs["panel"].open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(["date", *currencies])
        for row in sorted((row for row in rows if row and row[0] <= until), key=lambda row: row[0]):
            cells = [_cell(row, place, code, mappings.get(code)) for code in currencies]
            mapped += sum(_applies(mappings.get(code), row[0]) for code in currencies)
            out.writerow([row[0], *cells])
            days += 1
    return {"days": float(days), "currencies": float(len(currencies)), "mapped_fixings": float(mapped)}


def _raw(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the one CSV in the zip."""
    with zipfile.ZipFile(path) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".csv"))
        lines = csv.reader(io.StringIO(archive.read(name).decode("utf-8")))
        header = next(lines)
        return header, list(lines)


def _applies(mapping: Mapping[str, Any] | None, day: str) -> bool:
    return mapping is not None and day < str(mapping["before"])


def _cell(row: list[str], place: Mapping[str, int], code: str, mapping: Mapping[str, Any] | None) -> str:
    """One rate as text: the file's own digits, or a mapped value with ten significant ones."""
    source = mapping["source"] if mapping is not None and _applies(mapping, row[0]) else code
    text = row[place[source]]
    if text in ABSENT:
        raise ValueError(f"{code} has no fixing on {row[0]}; a code that continues another needs an approved mapping")
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{code} on {row[0]} is {text!r}, which is no rate")
    return text if source == code or mapping is None else f"{value * float(mapping['factor']):.10g}"
