"""Page's and Hinkley's test: river's published change point, and the monitor on standardised losses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.monitoring import changes, declaration, monitor
from ledger.errors import Refused

REFERENCE = Path(__file__).parents[3] / ".." / "shared" / "reference"
COMMON = {
    "monitor": "m",
    "kind": "change",
    "subject": "model/p/m",
    "window": 250,
    "severity": "warning",
    "route": "desk",
    "clear_after": 2,
    "series": "loss",
}


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the published figures are not beside the checkout")
def test_the_published_change_point() -> None:
    told = json.loads((REFERENCE / "river_streams.json").read_text())
    ((index, value),) = told["detections_index_value"]["PageHinkley"]
    up, down = changes.page_hinkley(told["data"], 0.005)
    found = np.nonzero((np.maximum(up, down) > 50) & (np.arange(len(up)) >= changes.LEAST - 1))[0]
    assert (int(found[0]), told["data"][int(found[0])]) == (index, value)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the published figures are not beside the checkout")
def test_least_squares_has_the_certified_digits() -> None:
    """NIST's hardest small regression, by the routine that the sample project's model is fitted with."""
    told = json.loads((REFERENCE / "nist_longley.json").read_text())
    data = np.array(told["data"])
    x = np.column_stack([np.ones(len(data)), data[:, 2:]])
    scale = np.abs(x).max(axis=0)
    found = np.linalg.lstsq(x / scale, data[:, 1], rcond=None)[0] / scale
    assert found == pytest.approx(told["certified"]["B"], rel=1e-8)


def made(reference: np.ndarray, **options: object) -> monitor.Monitor:
    (item,) = declaration.read({"monitors": [{**COMMON, **options}]}, "m.yaml")
    return monitor.configure(item, {"loss": reference})


def test_a_lasting_rise_is_found_and_calm_is_not() -> None:
    generator = np.random.default_rng(1)
    one = made(generator.normal(5, 2, (300, 4)))
    calm = generator.normal(5, 2, (250, 4))
    assert one.observe({"loss": calm}).verdict == "quiet"
    risen = calm.copy()
    risen[200:] += 6
    seen = one.observe({"loss": risen})
    assert seen.verdict == "breached"
    assert seen.value is not None
    assert seen.value > 20
    fallen = calm.copy()
    fallen[200:] -= 6
    assert one.observe({"loss": fallen}).verdict == "quiet", "a falling loss is no danger"


def test_open_labels_are_no_days() -> None:
    one = made(np.random.default_rng(1).normal(5, 2, 300))
    few = np.concatenate([np.full(240, np.nan), np.full(10, 9.0)])
    seen = one.observe({"loss": few})
    assert (seen.verdict, seen.value) == ("inconclusive", None)


@pytest.mark.parametrize(
    ("reference", "options", "words"),
    [
        (np.ones(300), {}, "never varies"),
        (np.arange(20.0), {}, "30 closed days"),
        (np.arange(300.0), {"window": 20}, "30 closed days"),
    ],
)
def test_what_could_never_tell_is_refused(reference: np.ndarray, options: dict[str, object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        made(reference, **options)
