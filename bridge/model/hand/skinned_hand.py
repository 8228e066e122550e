"""Any hand model's arrays, posed by linear blend skinning in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.model.hand.hand_data import HandData
from bridge.model.pose import FloatArray
from bridge.protocol.joints import FINGERTIPS, KEYPOINT_OF_JOINT, N_BETAS, Side
from bridge.protocol.kinematics import global_rotations, keypoints_from_pose, matrix_from_quat

__all__ = ["SkinnedHand"]

_JOINT_KEYPOINTS = list(KEYPOINT_OF_JOINT)


class SkinnedHand:
    """A `HandModel` of any arrays: Romero et al., "Embodied Hands", 2017, eq. 1-3.

    Args:
        data: The model's arrays.
    """

    def __init__(self, data: HandData) -> None:
        self._data = data

    @property
    def data(self) -> HandData:
        """The model's arrays, read-only."""
        return self._data

    @property
    def side(self) -> Side:
        """Which hand."""
        return self._data.side

    @property
    def faces(self) -> NDArray[np.integer]:
        """``(F, 3)`` vertex indices, outward by the right-hand rule."""
        return self._data.faces

    @property
    def weights(self) -> FloatArray:
        """``(V, 16)`` skinning weights."""
        return self._data.weights

    @property
    def flexion_axes(self) -> FloatArray:
        """``(16, 3)`` unit axes of flexion: a positive turn closes the hand; wrist zero."""
        return self._data.flexion_axes

    @property
    def shape_dirs(self) -> FloatArray:
        """``(V, 3, 10)`` change of the rest vertices for a beta of 1, metres."""
        return self._data.shape_dirs_m

    @property
    def pose_dirs(self) -> FloatArray | None:
        """``(V, 3, 135)`` pose blend shapes, metres; None without."""
        return self._data.pose_dirs_m

    @property
    def fingertip_vertices(self) -> tuple[int, ...] | None:
        """The posed fingertips' vertices; None where fingertips move rigidly."""
        return self._data.fingertip_vertices

    def origin_m(self, betas: ArrayLike) -> FloatArray:
        """Where the model's file has the wrist at rest, ``(..., 3)`` metres, for ``(..., 10)``.

        A data set's translation moves the file's origin: the wrist is at this plus that.
        """
        return self._data.origin_m + _along(self._data.origin_dirs_m, betas)

    def rest_vertices(self, betas: ArrayLike) -> FloatArray:
        """Vertices ``(..., V, 3)`` at rest, metres, for ``betas (..., 10)``."""
        return self._data.vertices_m + _along(self._data.shape_dirs_m, betas)

    def rest_keypoints(self, betas: ArrayLike) -> FloatArray:
        """Keypoints ``(..., 21, 3)`` at rest, metres, for ``betas (..., 10)``."""
        return self._data.keypoints_m + _along(self._data.keypoint_dirs_m, betas)

    def vertices(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed vertices ``(..., V, 3)``, metres; arguments as for ``HandModel.vertices``."""
        return self._skin(betas, pose_quat, wrist_m, slice(None))

    def joints(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed joints ``(..., 16, 3)``, metres; arguments as for ``HandModel.vertices``."""
        chain = keypoints_from_pose(self.rest_keypoints(betas), pose_quat, wrist_m)
        joints: FloatArray = chain[..., _JOINT_KEYPOINTS, :]
        return joints

    def keypoints(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed keypoints ``(..., 21, 3)``, metres; arguments as for ``HandModel.vertices``.

        Fingertips are vertices of the posed mesh where the model names them (MANO's libraries and
        data sets mean those), and otherwise move rigidly, as they do for those who have no mesh.
        """
        keypoints = keypoints_from_pose(self.rest_keypoints(betas), pose_quat, wrist_m)
        tips = self._data.fingertip_vertices
        if tips is not None:
            keypoints[..., FINGERTIPS, :] = self._skin(betas, pose_quat, wrist_m, list(tips))
        return keypoints

    def _skin(
        self,
        betas: ArrayLike,
        pose_quat: ArrayLike,
        wrist_m: ArrayLike,
        which: slice | list[int],
    ) -> FloatArray:
        """Some of the posed vertices."""
        data = self._data
        rest = self.rest_keypoints(betas)
        rest_joints = rest[..., _JOINT_KEYPOINTS, :]
        joints = keypoints_from_pose(rest, pose_quat, wrist_m)[..., _JOINT_KEYPOINTS, :]
        rotations = global_rotations(pose_quat)
        shifts = joints - (rotations @ rest_joints[..., None])[..., 0]
        lead = np.broadcast_shapes(shifts.shape[:-2], rotations.shape[:-3])
        transforms = np.concatenate(
            [np.broadcast_to(rotations, (*lead, *rotations.shape[-3:])), shifts[..., None]], axis=-1
        )
        blended = data.weights[which] @ transforms.reshape(*lead, -1, 12)
        blended = blended.reshape(*blended.shape[:-1], 3, 4)
        vertices = data.vertices_m[which] + _along(data.shape_dirs_m[which], betas)
        if data.pose_dirs_m is not None:
            bent = matrix_from_quat(pose_quat)[..., 1:, :, :] - np.eye(3)
            vertices = vertices + _along(
                data.pose_dirs_m[which], bent.reshape(*bent.shape[:-3], -1)
            )
        turned: FloatArray = (blended[..., :3] @ vertices[..., None])[..., 0]
        return turned + blended[..., 3]


def _along(dirs: FloatArray, amounts: ArrayLike) -> FloatArray:
    """``dirs (..., n)`` times ``amounts (..., n)``: ``(..., ...)``, the amounts' axes first."""
    amount = np.asarray(amounts, dtype=np.float64)
    count = dirs.shape[-1]
    if amount.shape[-1:] != (count,):
        what = "betas" if count == N_BETAS else "pose blend shapes"
        raise InputError(f"{what} need shape (..., {count}), not {amount.shape}")
    flat: FloatArray = amount @ dirs.reshape(-1, count).T
    return flat.reshape(*amount.shape[:-1], *dirs.shape[:-1])
