"""Synthetic multi-view hands with exact truth: poses, cameras, rendering, landmark noise."""

from __future__ import annotations

from bridge.model.synthetic.fixed_set import SIZE, SyntheticTestSet, test_set
from bridge.model.synthetic.images import SyntheticImages
from bridge.model.synthetic.landmarks import SyntheticLandmarks

__all__ = ["SIZE", "SyntheticImages", "SyntheticLandmarks", "SyntheticTestSet", "test_set"]
