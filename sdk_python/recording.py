"""A recording as arrays over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.protocol.recording import RecordingMetadata
from sdk_python import editing, resampling
from sdk_python.lost import Lost

__all__ = ["Recording", "made_of"]


Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Both hands over time. Arrays are read-only; hands are left 0, right 1, as on the person.

    A hand that is absent is NaN in every array over time. T poses are in the order of time.

    Attributes:
        metadata: Room, views, time zero, and what wrote it when.
        time_s: ``(T,)`` seconds since the first frame of the first named view; may begin below 0.
        time_ns: ``(T,)`` the same instants on the bridge's clock, int64 nanoseconds.
        joints_m: ``(T, 2, 21, 3)`` keypoints in the stage, metres.
        wrist_m: ``(T, 2, 3)`` wrist positions in the stage, metres.
        pose_quat: ``(T, 2, 16, 4)`` xyzw, w >= 0, MANO joint order: 0 turns the hand's rest frame
            into the stage, 1 to 15 are local joint rotations.
        finger_confidence: ``(T, 2, 5)`` thumb to little, 0 to 1.
        confidence: ``(T, 2)`` the mean over the fingers.
        betas: ``(2, 10)`` shape of each hand at the end of the recording; NaN for one never seen.
        rest_joints_m: ``(2, 21, 3)`` rest keypoints of that shape, metres.
        recovered: The file was cut off or damaged, and this is what could be read of it.
        lost: What could not be read of it; None where nothing was lost.
    """

    metadata: RecordingMetadata
    time_s: NDArray[np.float64]
    time_ns: NDArray[np.int64]
    joints_m: Floats
    wrist_m: Floats
    pose_quat: Floats
    finger_confidence: Floats
    confidence: Floats
    betas: Floats
    rest_joints_m: Floats
    recovered: bool
    lost: Lost | None = None

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Reads a recording file.

        A file whose writer was killed is read up to where it is cut off; ``recovered`` is then
        True and a warning is logged.

        Raises:
            RecordingError: It is missing, empty, not MCAP, no recording of hands, or holds
                messages that no bridge writes.
        """
        from sdk_python.opening import open_recording  # 40 ms of import that only files need

        return open_recording(Path(path))

    @classmethod
    def from_arrays(
        cls,
        time_s: ArrayLike,
        joints_m: ArrayLike | None = None,
        *,
        pose_quat: ArrayLike | None = None,
        wrist_m: ArrayLike | None = None,
        rest_joints_m: ArrayLike | None = None,
        confidence: ArrayLike | None = None,
        betas: ArrayLike | None = None,
        room: str = "",
        views: Sequence[str] = (),
        source: str = "arrays",
        recorded_by: str = "",
        **metadata: Any,
    ) -> Recording:
        """A recording of what another program measured: keypoints, or joint rotations.

        From keypoints alone the rotations are found: each hand's bones get their median lengths on
        the average hand's directions (``rest_joints_m``), the palm turns as its keypoints do, and
        each joint by the smallest rotation that points its bone as the keypoints do; a twist about
        a bone cannot be seen. ``joints_m`` stays what was given. From rotations alone the keypoints
        follow.

        A hand is absent, and NaN in all arrays, where its rotations or wrist are NaN, or its
        keypoints do not say how the palm lies (two fingers' knuckles and the wrist or the thumb's
        base). Of a present hand a missing keypoint is put where the posed hand has it, and a finger
        with one gets confidence 0.

        Args:
            time_s: ``(T,)`` seconds, rising.
            joints_m: ``(T, 2, 21, 3)`` keypoints, metres, left hand first.
            pose_quat: ``(T, 2, 16, 4)`` xyzw of any length but zero, MANO joint order, as in a
                recording.
            wrist_m: ``(T, 2, 3)`` wrist positions, metres; together with ``pose_quat``.
            rest_joints_m: ``(2, 21, 3)`` rest keypoints, metres. None: found from ``joints_m``, or
                else the average open hand.
            confidence: ``(T, 2)`` or ``(T, 2, 5)``, 0 to 1; None: 1 wherever there is a hand.
            betas: ``(2, 10)`` shape of the hands; None: 0, and ``rest_joints_m`` has their size.
            room: The metadata's room.
            views: The metadata's views.
            source: Where the poses come from.
            recorded_by: Who played.
            metadata: Other fields of `RecordingMetadata`: ``origin_ns``, ``created``, ...

        Raises:
            InputError: Empty, of another shape, infinite, not metres, or times that do not rise.

        Example:
            >>> import numpy as np, sdk_python as sdk
            >>> pose_quat = np.zeros((50, 2, 16, 4)); pose_quat[..., 3] = 1
            >>> flat = sdk.Recording.from_arrays(
            ...     np.arange(50) / 50, pose_quat=pose_quat, wrist_m=np.zeros((50, 2, 3))
            ... )
            >>> flat.joints_m.shape, flat.duration_s
            ((50, 2, 21, 3), 0.98)
        """
        from sdk_python.from_arrays import new_metadata, parts_from_arrays

        about = new_metadata(
            time_s,
            room=room,
            views=tuple(views),
            source=source,
            recorded_by=recorded_by,
            **metadata,
        )
        parts = parts_from_arrays(
            time_s,
            joints_m,
            pose_quat=pose_quat,
            wrist_m=wrist_m,
            rest_joints_m=rest_joints_m,
            confidence=confidence,
            betas=betas,
            origin_ns=about.origin_ns,
        )
        return made_of(about, **parts._asdict())

    def slice(self, start_s: float | None = None, end_s: float | None = None) -> Recording:
        """The part from a time on, up to but without another; both in ``time_s``.

        Args:
            start_s: Its begin, seconds; None: the recording's.
            end_s: Its end, seconds; None: the recording's, with the last pose.

        Raises:
            InputError: It ends before it begins.

        Example:
            >>> import numpy as np, sdk_python as sdk
            >>> pose_quat = np.zeros((50, 2, 16, 4)); pose_quat[..., 3] = 1
            >>> flat = sdk.Recording.from_arrays(
            ...     np.arange(50) / 50, pose_quat=pose_quat, wrist_m=np.zeros((50, 2, 3))
            ... )
            >>> flat.slice(0.2, 0.4).time_s[[0, -1]].tolist()
            [0.2, 0.38]
            >>> len(flat.resample(100.0)), len(flat.slice(0.5).mirror())
            (99, 25)
        """
        return editing.part(self, start_s, end_s)

    def resample(self, rate_hz: float, *, max_gap_s: float | None = None) -> Recording:
        """The same motion at another rate, from the first pose on.

        Rotations go the short way at constant speed (slerp), positions and confidences straight.
        Where a hand is missing for longer, it is not made up.

        Args:
            rate_hz: Poses a second.
            max_gap_s: Longest time between two poses of a hand that is bridged, seconds. None:
                0.1 s, or twice the usual time between poses where that is longer.

        Raises:
            InputError: A rate or gap that is not above 0.
        """
        return resampling.resampled(self, rate_hz, max_gap_s)

    def retimed(self, time_s: ArrayLike) -> Recording:
        """The same poses at other times.

        Args:
            time_s: ``(T,)`` rising, seconds since the same time zero.

        Raises:
            InputError: Not as many as poses, or not rising.
        """
        return editing.retimed(self, time_s)

    def trim(self) -> Recording:
        """Without what comes before the first hand and after the last one."""
        return editing.trimmed(self)

    def mirror(self) -> Recording:
        """As in a mirror, for left-handed players: the left hand plays what the right one did.

        The mirror stands in the middle of the instrument, across its front edge, or without an
        anchor in the stage's plane x = 0.
        """
        return editing.mirrored(self)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Writes a recording file, which `open` reads to the same values.

        It appears under its name once it is whole and on the disk, never before.

        Args:
            path: The file, by convention ``*.mcap``.
            overwrite: Replace a file that exists.

        Returns:
            The path.

        Raises:
            InputError: It exists, or cannot be written.
        """
        from sdk_python.saving import save

        return save(self, path, overwrite=overwrite)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Its arrays by the names that `from_arrays` takes, for ``numpy.savez`` and others."""
        names = ("time_s", "joints_m", "pose_quat", "wrist_m", "rest_joints_m", "betas")
        arrays = {name: getattr(self, name) for name in names}
        return arrays | {"confidence": self.finger_confidence}

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def duration_s(self) -> float:
        """From the first pose to the last, seconds; 0 with fewer than two."""
        return float(self.time_s[-1] - self.time_s[0]) if len(self) else 0.0

    def __repr__(self) -> str:
        return (
            f"<Recording of {self.metadata.room!r}: {len(self)} poses in {self.duration_s:.2f} s"
            f"{', recovered' if self.recovered else ''}>"
        )


def made_of(
    metadata: RecordingMetadata,
    *,
    time_ns: NDArray[np.int64],
    joints_m: Floats,
    wrist_m: Floats,
    pose_quat: Floats,
    finger_confidence: Floats,
    betas: Floats,
    rest_joints_m: Floats,
    lost: Lost | None = None,
) -> Recording:
    """A recording of these arrays, which it takes for its own; what follows from them is added."""
    made = Recording(
        metadata=metadata,
        time_s=np.asarray((time_ns - metadata.origin_ns) / 1e9, np.float64),
        time_ns=time_ns,
        joints_m=joints_m,
        wrist_m=wrist_m,
        pose_quat=pose_quat,
        finger_confidence=finger_confidence,
        confidence=finger_confidence.mean(axis=-1),
        betas=betas,
        rest_joints_m=rest_joints_m,
        recovered=lost is not None,
        lost=lost,
    )
    for name in ("time_s", "time_ns", "confidence", *editing.OVER_TIME, "betas", "rest_joints_m"):
        getattr(made, name).flags.writeable = False
    return made
