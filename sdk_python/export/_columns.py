"""One row a pose and hand: the columns that CSV and Parquet share."""

from __future__ import annotations

import numpy as np

from bridge.protocol.joints import FINGERS, JOINT_NAMES, KEYPOINT_NAMES, Side
from sdk_python.export._blocks import Block, Floats

__all__ = ["HANDS", "KEYS", "NUMBERS", "numbers"]

HANDS = tuple(side.name.lower() for side in Side)

KEYS = ("time_s", "time_ns", "hand")
"""What a row is about: seconds of the recording, nanoseconds of its clock, left or right."""

NUMBERS = (
    "confidence",
    *(f"{finger}_confidence" for finger in FINGERS),
    *(f"{name}_{axis}_m" for name in KEYPOINT_NAMES for axis in "xyz"),
    *(f"{name}_q{axis}" for name in JOINT_NAMES for axis in "xyzw"),
)
"""What was measured: 6 confidences, 21 keypoints in metres, 16 quaternions."""


def numbers(block: Block) -> Floats:
    """``(2 T, 133)`` float32: ``NUMBERS`` of left and right in turn; NaN where absent."""
    rows = 2 * len(block.time_s)
    return np.concatenate(
        [
            block.confidence.reshape(rows, 1),
            block.finger_confidence.reshape(rows, -1),
            block.joints_m.reshape(rows, -1),
            block.pose_quat.reshape(rows, -1),
        ],
        axis=1,
        dtype=np.float32,
    )
