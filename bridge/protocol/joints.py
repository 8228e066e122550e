"""Names and orders of hands, joints and keypoints, shared by wire, files and programs.

16 joints in MANO order (MANO, Romero et al. 2017: wrist, index, middle, little, ring, thumb, each
proximal to distal) carry rotations; 21 keypoints (wrist, thumb, index, middle, ring, little, each
base to tip) carry positions. Arrays over hands are left 0, right 1, as on the person.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "BONES",
    "FINGERS",
    "FINGERTIPS",
    "JOINT_NAMES",
    "JOINT_PARENTS",
    "KEYPOINT_NAMES",
    "KEYPOINT_OF_JOINT",
    "KEYPOINT_PARENT_JOINT",
    "N_BETAS",
    "N_JOINTS",
    "N_KEYPOINTS",
    "OPENXR_OF_KEYPOINT",
    "Side",
]


class Side(IntEnum):
    """Which hand, as on the person."""

    LEFT = 0
    RIGHT = 1


N_JOINTS = 16
N_KEYPOINTS = 21
N_BETAS = 10

FINGERS = ("thumb", "index", "middle", "ring", "little")
"""Keypoint order of the fingers; per-finger arrays ``(5,)`` use it too."""

_JOINT_FINGERS = ("index", "middle", "little", "ring", "thumb")
JOINT_NAMES = ("wrist", *(f"{finger}{k}" for finger in _JOINT_FINGERS for k in (1, 2, 3)))

JOINT_PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)
"""Parent of each of the 16 joints, -1 for the wrist."""

KEYPOINT_NAMES = ("wrist", *(f"{finger}{k}" for finger in FINGERS for k in (1, 2, 3, 4)))

FINGERTIPS = (4, 8, 12, 16, 20)
"""Keypoint index of each fingertip, in the order of ``FINGERS``."""

OPENXR_OF_KEYPOINT = (1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15, 17, 18, 19, 20, 22, 23, 24, 25)
"""Joint of XR_EXT_hand_tracking at each of the 21 keypoints: its palm and the metacarpals of four
fingers have none. WebXR's 25 joints are the same without the palm, so each is one less there."""

KEYPOINT_OF_JOINT = (0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3)
"""Keypoint at which each of the 16 joints lies."""


def _keypoint_parent_joints() -> tuple[int, ...]:
    """The joint whose frame carries a keypoint: its own parent joint, or, for tips, the last."""
    carrier = {k: JOINT_PARENTS[j] for j, k in enumerate(KEYPOINT_OF_JOINT)}
    carrier |= {tip: KEYPOINT_OF_JOINT.index(tip - 1) for tip in FINGERTIPS}
    return tuple(max(carrier[k], 0) for k in range(N_KEYPOINTS))


KEYPOINT_PARENT_JOINT = _keypoint_parent_joints()
"""Joint in whose frame each keypoint is fixed (a fingertip in its finger's last joint)."""

BONES = tuple(
    (0 if k % 4 == 1 else k - 1, k) for k in range(1, N_KEYPOINTS)
)  # fmt: skip
"""Keypoint pairs to draw as bones."""
