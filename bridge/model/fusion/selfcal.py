"""The self-calibrating fuser: at once by hand-space fusion, after seconds by known cameras."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.model.fusion.hand_space import HandSpaceFuser
from bridge.model.fusion.interface import FUSERS
from bridge.model.pose import HandPose, Hands, ViewHands
from bridge.model.selfcal.calibrate import Calibration
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.follow import Followed, HandFollower
from bridge.model.selfcal.handover import Handover
from bridge.model.selfcal.tracks import HandTrack, tracks_of
from bridge.model.selfcal.watch import Adjuster, KeyframeBuffer, MotionWatch
from bridge.model.selfcal.worker import Runner, in_process
from bridge.protocol.joints import Side

__all__ = ["SelfCalFuser"]

_STAGE_FROM_CAMERA = np.array([1.0, -1.0, -1.0])
"""OpenCV camera axes to the stage's OpenXR axes."""


class SelfCalFuser:
    """Fuses any number of views whose cameras nobody calibrated; see ``bridge.model.selfcal``.

    The stage is the first view's camera, turned to OpenXR axes. Hands are there from the first
    frame (``HandSpaceFuser``); while keyframes come in the cameras are adjusted in another process,
    and what changes by that fades in. Then they rest, and are watched: if one has been moved, its
    errors tell, and all begins anew with what was seen since.

    Args:
        run: Where adjustments run.
    """

    def __init__(self, run: Runner = in_process) -> None:
        self._simple = HandSpaceFuser()
        self._buffer = KeyframeBuffer()
        self._adjuster = Adjuster(run)
        self._names: tuple[str, ...] = ()
        self._known: _Known | None = None
        self._handovers = tuple(Handover() for _ in Side)

    @property
    def calibration(self) -> Calibration | None:
        """What is known of the cameras, None while hands are fused without."""
        return None if self._known is None else self._known.calibration

    @property
    def views(self) -> tuple[str, ...]:
        """The views whose cameras `calibration` has, in its order."""
        return () if self._known is None else self._known.names

    def fuse(self, time_ns: int, views: Sequence[ViewHands]) -> Hands:
        """See ``Fuser.fuse``."""
        time_s = time_ns / 1e9
        self._join(views)
        self._buffer.add(time_s, views)
        if self._known is None or not self._known.watch.suspicious:
            done = self._adjuster.step(self._buffer, self._names)
            if done is not None:
                self._take(*done)
        poses: list[HandPose | None] = [None, None]
        bases: list[object] = ["simple", "simple"]
        known = self._known
        if known is None:
            poses[:] = self._simple.fuse(time_ns, views).hands
        else:
            errors = []
            for track in tracks_of([(time_s, views)], known.names):
                followed = known.follow(track)
                if followed is None:
                    continue
                errors.append(followed.error)
                poses[track.side] = known.followers[track.side].pose(followed, _STAGE_FROM_CAMERA)
                bases[track.side] = (known.number, tuple(track.seen[0]))
            since = known.watch.moved(time_s, errors)
            if since is not None:
                self._begin_anew(since)
        left, right = (
            None if pose is None else self._handovers[side].step(time_s, pose, bases[side])
            for side, pose in zip(Side, poses, strict=True)
        )
        return Hands(time_ns, (left, right))

    def forget(self, view: str) -> None:
        """See ``Fuser.forget``."""
        self._simple.forget(view)
        self._names = tuple(name for name in self._names if name != view)
        self._buffer = KeyframeBuffer()
        self._adjuster.begin_anew()
        if self._known is not None and view in self._known.names:
            self._known = self._known.without(view)

    def _join(self, views: Sequence[ViewHands]) -> None:
        new = [view.view for view in views if view.view not in self._names]
        if new:
            self._names = (*self._names, *new)
            self._adjuster.begin_anew()

    def _take(self, names: tuple[str, ...], calibration: Calibration) -> None:
        if calibration.usable.sum() < 2:
            return
        number = 0 if self._known is None else self._known.number + 1
        self._known = _Known(names, calibration, number)

    def _begin_anew(self, since_s: float) -> None:
        self._buffer.since(since_s)
        self._adjuster.begin_anew()
        self._known = None
        self._simple = HandSpaceFuser()


class _Known:
    """A calibration in use."""

    def __init__(self, names: tuple[str, ...], calibration: Calibration, number: int) -> None:
        self.names, self.calibration, self.number = names, calibration, number
        self.followers = tuple(HandFollower(side, calibration.shape) for side in Side)
        self.watch = MotionWatch(np.array([report.error for report in calibration.reports]))

    def follow(self, track: HandTrack) -> Followed | None:
        """Fits one hand with the views whose cameras are known; None if none sees it."""
        usable = self.calibration.usable
        if not usable.all():
            track.trust[:, ~usable] = 0
        if not track.trust.any():
            return None
        return self.followers[track.side].follow(track, self.calibration.cameras)

    def without(self, view: str) -> _Known | None:
        """The rest, if the stage's camera and another one are among it."""
        at = self.names.index(view)
        keep = np.arange(len(self.names)) != at
        if at == 0 or keep.sum() < 2:
            return None
        old = self.calibration
        cameras = Cameras(
            old.cameras.rotation[keep], old.cameras.offset_m[keep], old.cameras.focal[keep]
        )
        reports = tuple(r for r, kept in zip(old.reports, keep, strict=True) if kept)
        calibration = Calibration(cameras, old.shape, reports, old.margin, old.usable[keep])
        names = tuple(name for name in self.names if name != view)
        return _Known(names, calibration, self.number + 1)


FUSERS["selfcal"] = SelfCalFuser
