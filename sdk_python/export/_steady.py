"""A recorded hand at any times, for formats that have one steady pace and no absence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdk_python._quaternions import slerp
from sdk_python.export._blocks import Floats, blocks
from sdk_python.export._skeleton import bone_offsets, is_stretched, rest_offsets
from sdk_python.recording import Recording

__all__ = ["SteadyHand"]


class SteadyHand:
    """One hand between and beside its poses.

    Between two neighbouring poses it is interpolated; where it is absent it stays as it was last,
    before its first pose as it is then.

    Args:
        recording: Where the hand is seen at least once.
        side: 0 left, 1 right.
        present: ``(T,)`` the poses in which it is there.

    Attributes:
        rest_offsets_m: ``(20, 3)`` nodes 1 to 20 at rest, each against its parent.
        stretched: Bones change their length.
    """

    def __init__(self, recording: Recording, side: int, present: NDArray[np.bool_]) -> None:
        self.side = side
        rest = recording.rest_joints_m[side]
        self.rest_offsets_m = rest_offsets(rest)
        self._joints_m = recording.joints_m[:, side]
        self._quat = recording.pose_quat[:, side]
        self.stretched = any(
            is_stretched(rest, block.joints_m[now, side], block.pose_quat[now, side])
            for block in blocks(recording)
            if (now := block.present[:, side]).any()
        )
        self._seen = np.flatnonzero(present)
        self._times_s = recording.time_s[self._seen]

    def at(self, at_s: NDArray[np.float64]) -> tuple[Floats, Floats, Floats]:
        """Wrist ``(N, 3)``, offsets of the nodes ``(N, 20, 3)``, rotations ``(N, 16, 4)``."""
        last = len(self._seen) - 1
        before = np.clip(np.searchsorted(self._times_s, at_s, side="right") - 1, 0, last)
        after = np.minimum(before + 1, last)
        first, second = self._seen[before], self._seen[after]
        span_s = self._times_s[after] - self._times_s[before]
        share = np.clip((at_s - self._times_s[before]) / np.where(span_s > 0, span_s, 1), 0, 1)
        share[second - first != 1] = 0  # the hand is absent in between
        share = share[:, None]
        start, end = self._quat[first].astype(np.float64), self._quat[second].astype(np.float64)
        wrist = _between(self._joints_m[first, 0], self._joints_m[second, 0], share)
        offsets = np.broadcast_to(self.rest_offsets_m, (len(at_s), *self.rest_offsets_m.shape))
        if self.stretched:
            offsets = _between(
                bone_offsets(self._joints_m[first], start),
                bone_offsets(self._joints_m[second], end),
                share[..., None],
            )
        return wrist, offsets, slerp(start, end, share)


def _between(start: Floats, end: Floats, share: Floats) -> Floats:
    mixed: Floats = start + share * (end.astype(np.float64) - start)
    return mixed
