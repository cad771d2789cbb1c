"""What may be recorded of features."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.events.artifacts import ArtifactRetired
from ledger.events.features import FeatureMaterialized, FeatureRetrieved
from ledger.format.hashes import digest
from tests.ledger.rules.test_registry import refuse
from tests.ledger.story import PROJECT, Story

VIEW = f"feature_view/{PROJECT}/momentum"
DATA = f"dataset/{PROJECT}/momentum-features@1"


@pytest.fixture
def story(fresh: Story) -> Story:
    """A view and a dataset of its features."""
    fresh.register("feature_view", "momentum", "view")
    fresh.register("dataset", "momentum-features", "rows")
    return fresh


def written(version: int = 1, **more: Any) -> FeatureMaterialized:
    return FeatureMaterialized(VIEW, version, "offline", 60, "2008-09-30T16:00:00Z", **more)


def read(version: int = 1, *, passed: bool = True, **more: Any) -> FeatureRetrieved:
    return FeatureRetrieved(VIEW, version, "desk", passed, **more)


def test_what_is_written_is_of_registered_things(story: Story) -> None:
    story.record(written(dataset=DATA, sha256=digest(b"rows")), "ada")
    story.record(written(), "ada")
    assert refuse(story, written(2)) == f"the feature view {VIEW}@2 is not registered"
    assert "is not registered" in refuse(story, written(dataset=f"dataset/{PROJECT}/other@1"))
    assert "has the digest" in refuse(story, written(dataset=DATA, sha256=digest(b"others")))
    assert "is not the version that the value names" in refuse(story, written(), f"{VIEW}@2")


def test_a_retired_view_is_written_no_more_and_may_still_be_read(story: Story) -> None:
    story.record(ArtifactRetired(f"{VIEW}@1", "too slow"), "ada")
    assert refuse(story, written()) == f"{VIEW}@1 is retired (too slow) and no longer to be used"
    story.record(read(count=5), "ada")


def test_what_was_read_is_recorded_whatever_it_was(story: Story) -> None:
    story.record(read(), "ada")
    story.record(read(9), "ada")
    story.record(read(9, passed=False, count=2, reasons={"version": 2}), "ada")
    assert refuse(story, read(count=0)) == "0 reads are none"
    assert "no reasons" in refuse(story, read(reasons={"stale": 1}))
    assert "is not the version that the value names" in refuse(story, read(), f"{VIEW}@2")
