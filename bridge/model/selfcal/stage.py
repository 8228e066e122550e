"""Where the stage lies to the first camera: its own axes, or an instrument's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.pose import FloatArray, HandPose

__all__ = ["CAMERA_STAGE", "Stage"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Takes a point X in the first camera's OpenCV axes to ``rotation X + offset_m``.

    Attributes:
        rotation: ``(3, 3)``, a rotation.
        offset_m: ``(3,)``.
    """

    rotation: FloatArray
    offset_m: FloatArray

    def place(self, pose: HandPose) -> HandPose:
        """A pose in the first camera's OpenCV axes, in the stage."""
        wrist = Rotation.from_matrix(self.rotation) * Rotation.from_quat(pose.pose_quat[0])
        pose_quat = pose.pose_quat.copy()
        pose_quat[0] = wrist.as_quat(canonical=True)
        return replace(
            pose,
            wrist_m=self.points(pose.wrist_m),
            pose_quat=pose_quat,
            joints_m=self.points(pose.joints_m),
        )

    def points(self, points_m: FloatArray) -> FloatArray:
        """Points ``(..., 3)`` in the first camera's OpenCV axes, in the stage."""
        moved: FloatArray = points_m @ self.rotation.T + self.offset_m
        return moved

    def after(self, stage: Stage) -> Stage:
        """The stage that `stage` leads to when this one begins where it ends."""
        return Stage(self.rotation @ stage.rotation, self.rotation @ stage.offset_m + self.offset_m)

    @property
    def inverse(self) -> Stage:
        """From the stage to the first camera."""
        return Stage(self.rotation.T, -self.rotation.T @ self.offset_m)


CAMERA_STAGE = Stage(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
"""The first camera's place, turned to OpenXR axes: the stage while no instrument is known."""
