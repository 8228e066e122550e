"""What is seen of hands in one view, and what is known of them in the stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import Side

__all__ = ["BoolArray", "FloatArray", "HandPose", "Hands", "ViewHand", "ViewHands"]

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ViewHand:
    """One hand as one view's nets see it.

    Attributes:
        side: Which hand, as on the person.
        landmarks_px: ``(21, 2)`` keypoints, pixels of the full image, x right, y down.
        world_m: ``(21, 3)`` keypoints, metres, axes of that camera (OpenCV: x right, y down,
            z forward), origin near the hand's centre: monocular, so depth is a guess.
        confidence: ``(21,)`` trust in each keypoint, 0 to 1.
    """

    side: Side
    landmarks_px: FloatArray
    world_m: FloatArray
    confidence: FloatArray


@dataclass(frozen=True, slots=True)
class ViewHands:
    """All hands that one view sees at one instant.

    Attributes:
        view: The view's name within its room.
        size_px: Image ``(width, height)``.
        hands: Left and right hand, None where not seen.
    """

    view: str
    size_px: tuple[int, int]
    hands: tuple[ViewHand | None, ViewHand | None]


@dataclass(frozen=True, slots=True)
class HandPose:
    """One hand in the stage: a pose of the hand model and the keypoints it puts.

    Attributes:
        side: Which hand, as on the person.
        wrist_m: ``(3,)`` wrist position in the stage, metres.
        pose_quat: ``(16, 4)`` xyzw, MANO joint order; 0 turns the hand's rest frame into the
            stage, 1 to 15 are local joint rotations.
        betas: ``(10,)`` shape of the hand model.
        rest_m: ``(21, 3)`` the person's keypoints at rest, metres, wrist at the origin: those of
            the hand model with these betas, or as they were measured.
        joints_m: ``(21, 3)`` keypoints in the stage, metres, consistent with the fields above.
        finger_confidence: ``(5,)`` thumb to little, 0 to 1.
    """

    side: Side
    wrist_m: FloatArray
    pose_quat: FloatArray
    betas: FloatArray
    rest_m: FloatArray
    joints_m: FloatArray
    finger_confidence: FloatArray

    @property
    def confidence(self) -> float:
        """Trust in the whole hand, 0 to 1: the mean over its fingers."""
        return float(np.mean(self.finger_confidence))


@dataclass(frozen=True, slots=True)
class Hands:
    """Both hands at one instant.

    Attributes:
        time_ns: Capture time on the bridge's clock.
        hands: Left and right hand, None where absent.
    """

    time_ns: int
    hands: tuple[HandPose | None, HandPose | None]
