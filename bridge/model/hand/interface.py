"""What every hand model offers, whatever its mesh: the open hand, or a user's own MANO."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.model.pose import FloatArray
from bridge.protocol.joints import Side

__all__ = ["HandModel"]


class HandModel(Protocol):
    """A parametric hand: 10 betas, 16 joint rotations and a wrist position give a mesh.

    At rest the wrist joint is at the origin, the fingers of a right hand point along -X (of a left
    hand along +X) and the back of the hand to +Y; all joints' rest frames are the identity. The
    shape is linear in the betas, with a standard normal prior. Leading axes of the arguments
    broadcast.
    """

    @property
    def side(self) -> Side:
        """Which hand."""
        ...

    @property
    def faces(self) -> NDArray[np.integer]:
        """``(F, 3)`` vertex indices, outward by the right-hand rule."""
        ...

    @property
    def weights(self) -> FloatArray:
        """``(V, 16)`` skinning weights, rows sum to 1."""
        ...

    @property
    def flexion_axes(self) -> FloatArray:
        """``(16, 3)`` unit axes of flexion: a positive turn closes the hand; wrist zero."""
        ...

    @property
    def pose_dirs(self) -> FloatArray | None:
        """Pose blend shapes ``(V, 3, 135)``, metres, as in MANO; None without.

        They move the vertices before skinning, by the 15 local rotation matrices less the
        identity, joint by joint, row by row.
        """
        ...

    @property
    def fingertip_vertices(self) -> tuple[int, ...] | None:
        """Vertices that are the posed fingertips, in the order of ``FINGERS``.

        None where a fingertip moves rigidly with its finger's last joint, as on the wire.
        """
        ...

    def rest_vertices(self, betas: ArrayLike) -> FloatArray:
        """Vertices ``(..., V, 3)`` at rest, metres, for ``betas (..., 10)``."""
        ...

    def rest_keypoints(self, betas: ArrayLike) -> FloatArray:
        """Keypoints ``(..., 21, 3)`` at rest, metres, for ``betas (..., 10)``."""
        ...

    def vertices(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed vertices ``(..., V, 3)``, metres.

        Args:
            betas: ``(..., 10)`` shape.
            pose_quat: ``(..., 16, 4)`` xyzw, MANO joint order.
            wrist_m: ``(..., 3)`` wrist position, metres.
        """
        ...

    def joints(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed joints ``(..., 16, 3)``, metres; arguments as for ``vertices``."""
        ...

    def keypoints(self, betas: ArrayLike, pose_quat: ArrayLike, wrist_m: ArrayLike) -> FloatArray:
        """Posed keypoints ``(..., 21, 3)``, metres; arguments as for ``vertices``."""
        ...
