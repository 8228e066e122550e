"""The rotation and offset from one still camera to another, gathered from hands both see."""

from __future__ import annotations

import numpy as np

from bridge.model.pose import FloatArray

__all__ = ["RunningAlignment", "rotation_between"]

_MEMORY = 300  # Frame sets; at 30 a second a nudged device is believed anew after some 10 s.
_OUTLIER_M = 0.05


def rotation_between(cross_covariance: FloatArray) -> FloatArray:
    """The rotation R that best turns points a into points b (Kabsch 1976; Wahba's problem).

    Args:
        cross_covariance: ``(3, 3)`` sum over points of ``w a b^T``, both about their centroids.

    Returns:
        ``(3, 3)`` proper rotation, ``R a ~ b``.
    """
    u, _, vt = np.linalg.svd(cross_covariance)
    proper = np.array([1.0, 1.0, np.linalg.det(vt.T @ u.T)])
    return (vt.T * proper) @ u.T


class RunningAlignment:
    """Where a still camera stands, in the stage camera's axes.

    Hand-space alignments of all frames so far are pooled: the cross-covariance of the centred
    keypoints is summed over time with a slow decay, so the rotation is the least-squares one over
    the whole clip and no single frame's monocular depth decides it.
    """

    def __init__(self) -> None:
        self._covariance = np.zeros((3, 3))
        self._offset = np.zeros(3)
        self._frames = 0.0
        self._rotation: FloatArray = np.eye(3)
        self._fixed = False

    @classmethod
    def of_stage(cls) -> RunningAlignment:
        """The camera whose axes are the stage's: it stands at the origin, whatever it is told."""
        alignment = cls()
        alignment._fixed = True
        return alignment

    @property
    def rotation(self) -> FloatArray:
        """``(3, 3)`` from this camera's axes to the stage camera's."""
        return self._rotation

    @property
    def offset_m(self) -> FloatArray:
        """``(3,)`` this camera's centre in the stage camera's axes, metres."""
        return self._offset

    def add(self, covariance: FloatArray) -> None:
        """Pools one frame set's ``(3, 3)`` cross-covariance of hands that both cameras see."""
        if self._fixed:
            return
        keep = 1 - 1 / _MEMORY
        self._covariance = keep * self._covariance + covariance
        self._rotation = rotation_between(self._covariance)
        self._frames = keep * self._frames + 1

    def add_place(self, in_stage_m: FloatArray, in_view_m: FloatArray) -> None:
        """Pools one hand's ``(3,)`` place as each camera sees it; outliers pull less."""
        if self._fixed:
            return
        seen = in_stage_m - self._rotation @ in_view_m
        gain = 1 / max(self._frames, 1)
        distance = float(np.linalg.norm(seen - self._offset))
        if self._frames > 1:
            gain *= min(1.0, _OUTLIER_M / max(distance, 1e-9))
        self._offset = self._offset + gain * (seen - self._offset)
