"""Key frames of one hand's nodes, as glTF's animations have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk_python.export._blocks import Block, Floats
from sdk_python.export._skeleton import bone_offsets, is_stretched, rest_offsets

__all__ = ["HandTracks"]


class HandTracks:
    """Collects a hand's key frames block by block, small enough to keep an hour of them.

    A pose is a key frame where the hand is there; in between viewers interpolate. Rotations are
    normalised 16 bit integers (glTF 2.0, section 3.11), off by at most 0.003 degrees; positions
    float32.

    Args:
        side: 0 left, 1 right.
        rest_m: ``(21, 3)`` rest keypoints.
        zero_s: Time of the recording that is 0 in the file.
    """

    def __init__(self, side: int, rest_m: Floats, zero_s: float) -> None:
        self.side = side
        self.rest_offsets_m = rest_offsets(rest_m)
        self._rest_m = rest_m
        self._zero_s = zero_s
        self._last_s = -1.0
        self._last_quat: Floats | None = None
        self._shown: list[tuple[float, bool]] = []
        self.times: list[NDArray[np.float32]] = []
        self.wrist: list[NDArray[np.float32]] = []
        self.rotations: list[NDArray[np.int16]] = []
        self._offsets: list[NDArray[np.float32] | None] = []

    def add(self, block: Block) -> None:
        """Takes the poses of one block."""
        present = block.present[:, self.side] & np.isfinite(self._rest_m).all()
        times = (block.time_s - self._zero_s).astype(np.float32)
        self._show(times, present)
        # Times that float32 cannot tell apart would be no rising times in the file.
        kept = np.flatnonzero(present)
        kept = kept[np.diff(times[kept], prepend=np.float32(self._last_s)) > 0]
        if not len(kept):
            return
        self._last_s = float(times[kept[-1]])
        quat = self._continuous(block.pose_quat[kept, self.side].astype(np.float64))
        joints = block.joints_m[kept, self.side]
        self.times.append(times[kept])
        self.wrist.append(joints[:, 0].astype(np.float32))
        levels = np.rint(quat * 32767).clip(-32767, 32767).astype(np.int16)
        self.rotations.append(np.ascontiguousarray(levels.swapaxes(0, 1)))
        offsets = None
        if is_stretched(self._rest_m, joints, quat):
            offsets = np.ascontiguousarray(bone_offsets(joints, quat).swapaxes(0, 1), np.float32)
        self._offsets.append(offsets)

    def rotation(self, joint: int) -> list[NDArray[np.int16]]:
        """Parts ``(n, 4)`` of one joint's key frames."""
        return [part[joint] for part in self.rotations]

    @property
    def stretched(self) -> bool:
        """Some pose needs bones that are not as long as at rest."""
        return any(part is not None for part in self._offsets)

    def offset(self, node: int) -> list[NDArray[np.float32]]:
        """Parts ``(n, 3)`` of the positions of nodes 1 to 20 against their parents."""
        rest = self.rest_offsets_m[node - 1].astype(np.float32)
        return [
            np.tile(rest, (len(times), 1)) if part is None else part[node - 1]
            for times, part in zip(self.times, self._offsets, strict=True)
        ]

    def first_offset(self, node: int) -> list[float]:
        """Where a node is at the first key frame."""
        found = self.offset(node)[0][0] if self.stretched else self.rest_offsets_m[node - 1]
        values: list[float] = found.tolist()
        return values

    @property
    def shown(self) -> list[tuple[float, bool]]:
        """When the hand appears or goes, with its state at the first time; seconds."""
        return self._shown

    def _show(self, times: NDArray[np.float32], present: NDArray[np.bool_]) -> None:
        before = self._shown[-1][1] if self._shown else not present[0]
        for at in np.flatnonzero(np.diff(present, prepend=before)):
            key = (float(times[at]), bool(present[at]))
            if self._shown and self._shown[-1][0] >= key[0]:
                self._shown.pop()
            self._shown.append(key)

    def _continuous(self, quat: Floats) -> Floats:
        """The same rotations, signed so that neighbours are near: viewers interpolate them."""
        quat = quat / np.linalg.norm(quat, axis=-1, keepdims=True)
        before: Any = quat[:1] if self._last_quat is None else self._last_quat
        dots = (quat * np.concatenate([before, quat[:-1]])).sum(axis=-1)
        signed: Floats = quat * np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)[..., None]
        self._last_quat = signed[-1:]
        return signed
