"""The open hand: a CC0 hand mesh with MANO's joints, posed by linear blend skinning in NumPy."""

from __future__ import annotations

import zipfile
import zlib
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError, ModelError
from bridge.model.pose import FloatArray
from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_BETAS, Side
from bridge.protocol.kinematics import global_rotations, keypoints_from_pose

__all__ = ["OpenHand", "open_hand"]

_JOINT_KEYPOINTS = list(KEYPOINT_OF_JOINT)
_UNREADABLE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


class OpenHand:
    """The hand model that is shipped; see ``HandModel`` for frames and shapes.

    A fingertip keypoint is the centre of the last 6 mm of its finger. Betas are standard deviations
    along principal components of a population; ``data/NOTICE.md`` says where the data is from.

    Example::

        hand = open_hand(Side.RIGHT)
        pose_quat = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))
        mesh = hand.vertices(np.zeros(10), pose_quat, wrist_m=np.zeros(3))  # (1609, 3)

    Raises:
        ModelError: The model's file is missing or damaged.
    """

    def __init__(self, side: Side) -> None:
        self._side = side
        name = f"open_hand_{side.name.lower()}.npz"
        try:
            with (
                resources.files(__package__).joinpath("data", name).open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                data: dict[str, NDArray[np.generic]] = dict(arrays)
            self._template: FloatArray = data["vertices_m"].astype(np.float64)
            self._shape_dirs: FloatArray = data["shape_dirs_m"].astype(np.float64)
            self._keypoints: FloatArray = data["keypoints_m"].astype(np.float64)
            self._keypoint_dirs: FloatArray = data["keypoint_dirs_m"].astype(np.float64)
            self._faces = data["faces"].astype(np.int64)
            weights = data["weights"].astype(np.float64)
            axes = data["flexion_axes"].astype(np.float64)
        except _UNREADABLE as error:
            raise ModelError(f"{name} cannot be read ({error}): reinstall ghosthands") from error
        # The file has single precision: what must be exact is made so.
        self._weights: FloatArray = weights / weights.sum(axis=1, keepdims=True)
        axes[1:] /= np.linalg.norm(axes[1:], axis=1, keepdims=True)
        self._flexion_axes = axes
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                array.flags.writeable = False

    @property
    def side(self) -> Side:
        """Which hand."""
        return self._side

    @property
    def faces(self) -> NDArray[np.integer]:
        """``(3196, 3)`` vertex indices, outward by the right-hand rule."""
        return self._faces

    @property
    def weights(self) -> FloatArray:
        """``(1609, 16)`` skinning weights."""
        return self._weights

    @property
    def flexion_axes(self) -> FloatArray:
        """``(16, 3)`` unit axes of flexion: a positive turn closes the hand; wrist zero."""
        return self._flexion_axes

    @property
    def shape_dirs(self) -> FloatArray:
        """``(1609, 3, 10)`` change of the rest vertices for a beta of 1, metres."""
        return self._shape_dirs

    def rest_vertices(self, betas: ArrayLike) -> FloatArray:
        """Vertices ``(..., 1609, 3)`` at rest, metres, for ``betas (..., 10)``."""
        return self._template + _along(self._shape_dirs, betas)

    def rest_keypoints(self, betas: ArrayLike) -> FloatArray:
        """Keypoints ``(..., 21, 3)`` at rest, metres, for ``betas (..., 10)``."""
        return self._keypoints + _along(self._keypoint_dirs, betas)

    def vertices(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed vertices ``(..., 1609, 3)``, metres; arguments as for ``HandModel.vertices``."""
        rest = self.rest_keypoints(betas)
        rest_joints = rest[..., _JOINT_KEYPOINTS, :]
        joints = keypoints_from_pose(rest, pose_quat, wrist_m)[..., _JOINT_KEYPOINTS, :]
        rotations = global_rotations(pose_quat)
        shifts = joints - (rotations @ rest_joints[..., None])[..., 0]
        transforms = np.concatenate([rotations, shifts[..., None]], axis=-1)
        blended = self._weights @ transforms.reshape(*transforms.shape[:-2], 12)
        blended = blended.reshape(*blended.shape[:-1], 3, 4)
        turned: FloatArray = (blended[..., :3] @ self.rest_vertices(betas)[..., None])[..., 0]
        return turned + blended[..., 3]

    def joints(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed joints ``(..., 16, 3)``, metres; arguments as for ``HandModel.vertices``."""
        joints: FloatArray = self.keypoints(betas, pose_quat, wrist_m)[..., _JOINT_KEYPOINTS, :]
        return joints

    def keypoints(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed keypoints ``(..., 21, 3)``, metres; arguments as for ``HandModel.vertices``."""
        return keypoints_from_pose(self.rest_keypoints(betas), pose_quat, wrist_m)


@cache
def open_hand(side: Side) -> OpenHand:
    """The open hand of one side, loaded once."""
    return OpenHand(Side(side))


def _along(dirs: FloatArray, betas: ArrayLike) -> FloatArray:
    """``dirs (N, 3, 10)`` times ``betas (..., 10)``: ``(..., N, 3)``."""
    shape = np.asarray(betas, dtype=np.float64)
    if shape.shape[-1:] != (N_BETAS,):
        raise InputError(f"betas need shape (..., {N_BETAS}), not {shape.shape}")
    flat: FloatArray = shape @ dirs.reshape(-1, N_BETAS).T
    return flat.reshape(*shape.shape[:-1], *dirs.shape[:-1])
