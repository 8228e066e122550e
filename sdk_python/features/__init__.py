"""What is read off hands: angles, posture, motion."""

from __future__ import annotations

from sdk_python.features.angles import ANGLE_FINGERS, ANGLE_NAMES, joint_angles
from sdk_python.features.motion import Press, hand_lag, key_presses, sparc, speed
from sdk_python.features.posture import curl, fingertip_height, palm_arch, span, wrist_angles
from sdk_python.features.tips import fingertips

__all__ = [
    "ANGLE_FINGERS",
    "ANGLE_NAMES",
    "Press",
    "curl",
    "fingertip_height",
    "fingertips",
    "hand_lag",
    "joint_angles",
    "key_presses",
    "palm_arch",
    "span",
    "sparc",
    "speed",
    "wrist_angles",
]
