"""The sample file is the European Central Bank's, byte for byte."""

from __future__ import annotations

import hashlib
import zipfile

from tests.sample_data import story

ZIP = "73db21584dd46cebf5cd6df75ebb6de7afcdeebff52f54d5046ca8e459c0fbb3"
CSV = "7ae8526817cea5c7374478a5a8d66eb1355c51b6775e161aa239bf46a48f554e"


def test_zip_and_csv_have_the_published_hashes():
    data = story.RATES.read_bytes()
    assert hashlib.sha256(data).hexdigest() == ZIP
    with zipfile.ZipFile(story.RATES) as archive:
        assert hashlib.sha256(archive.read("eurofxref-hist.csv")).hexdigest() == CSV


def test_provenance_names_the_source_and_both_hashes():
    text = (story.SAMPLE_DATA / "PROVENANCE.md").read_text(encoding="utf-8")
    assert "Source: ECB statistics" in text
    assert ZIP in text
    assert CSV in text
