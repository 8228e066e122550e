"""What is known of a lens before anything is seen through it."""

from __future__ import annotations

__all__ = ["FOCAL_PRIOR"]

FOCAL_PRIOR = 0.8
"""Focal length over the longer image side, where nothing better is known.

A phone's main camera (24 to 28 mm equivalent, 36 mm film width) has 0.67 to 0.78; the crop of
video stabilisation adds about a tenth.
"""
