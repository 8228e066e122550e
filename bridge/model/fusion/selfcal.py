"""The self-calibrating fuser: at once by hand-space fusion, after seconds by known cameras."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from bridge.model.anchor import Anchor
from bridge.model.anchor.hold import (
    anchored_calibration,
    calibration_of_taps,
    lenses_of,
    stage_of_view,
)
from bridge.model.fusion.hand_space import HandSpaceFuser
from bridge.model.fusion.interface import ANCHORED, FUSERS
from bridge.model.pose import FloatArray, HandPose, Hands, ViewHands
from bridge.model.selfcal.calibrate import Calibration
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.follow import Followed, HandFollower
from bridge.model.selfcal.handover import Handover
from bridge.model.selfcal.identity import SideKeeper
from bridge.model.selfcal.lenses import TOLD_SPREAD, Lens, Lenses
from bridge.model.selfcal.stage import CAMERA_STAGE, Stage
from bridge.model.selfcal.tracks import HandTrack, tracks_of
from bridge.model.selfcal.watch import Adjuster, KeyframeBuffer, MotionWatch
from bridge.model.selfcal.worker import Runner, in_process
from bridge.protocol.joints import Side

__all__ = ["SelfCalFuser"]

_LOG = logging.getLogger(__name__)

_NEAREST_M = 0.1
"""No hand is looked for nearer to a camera."""


class SelfCalFuser:
    """Fuses any number of views whose cameras nobody calibrated; see ``bridge.model.selfcal``.

    The stage is the first view's camera, turned to OpenXR axes, or the anchor's instrument. Hands
    are there from the first frame (``HandSpaceFuser``); while keyframes come in the cameras are
    adjusted in another process, and what changes by that fades in. Then they rest, and are watched:
    if one has been moved, its errors tell, and all begins anew with what was seen since.

    Args:
        run: Where adjustments run.
        anchor: The instrument, if its corners were tapped: lenses, true size and stage.
        lenses: What is known of lenses besides, by the view's name.
    """

    def __init__(
        self,
        run: Runner = in_process,
        *,
        anchor: Anchor | None = None,
        lenses: Lenses | None = None,
    ) -> None:
        self._anchor = anchor
        self._lenses = {**(lenses or {}), **(lenses_of(anchor) if anchor else {})}
        self._simple = HandSpaceFuser()
        self._buffer = KeyframeBuffer()
        self._adjuster = Adjuster(run, self._lenses)
        self._names: tuple[str, ...] = ()
        self._known: _Known | None = None
        self._handovers = tuple(Handover() for _ in Side)
        self._seen: dict[Side, tuple[FloatArray, tuple[str, ...]]] = {}

    @property
    def calibration(self) -> Calibration | None:
        """What is known of the cameras, None while hands are fused without."""
        return None if self._known is None else self._known.calibration

    @property
    def tapped(self) -> bool:
        """Whether `calibration` is that of the anchor's taps alone, and no hand's yet."""
        known = self._known  # read once: others may ask while another thread fuses
        return known is not None and known.tapped

    @property
    def adjusting(self) -> bool:
        """Whether the cameras are being adjusted."""
        return self._adjuster.running

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
        self._seen = {}
        if known is None:
            poses[:] = self._at_once(time_ns, views)
        else:
            errors = []
            views = known.sides.sorted(time_s, views)
            for track in tracks_of([(time_s, views)], known.names):
                followed = known.follow(track)
                if followed is None:
                    continue
                known.sides.was(track.side, time_s, followed.keypoints_m, track.seen[0])
                errors.append(followed.error)
                self._seen[track.side] = followed.keypoints_m, known.seeing(track)
                poses[track.side] = known.followers[track.side].pose(followed, known.stage)
                bases[track.side] = (known.number, tuple(track.seen[0]))
            since = known.watch.moved(time_s, errors)
            if since is not None:
                self._begin_anew(since)
        left, right = (
            None if pose is None else self._handovers[side].step(time_s, pose, bases[side])
            for side, pose in zip(Side, poses, strict=True)
        )
        return Hands(time_ns, (left, right))

    def expected_landmarks(
        self, view: str, size_px: tuple[int, int]
    ) -> tuple[FloatArray | None, FloatArray | None]:
        """See ``ExpectingFuser.expected_landmarks``."""
        found: list[FloatArray | None] = [None, None]
        for side, (keypoints, views) in self._seen.items():
            if self._known is not None and any(other != view for other in views):
                found[side] = self._known.image(keypoints, view, size_px)
        return found[0], found[1]

    def _at_once(self, time_ns: int, views: Sequence[ViewHands]) -> list[HandPose | None]:
        """Hands without known cameras, on the instrument if the first view's taps tell where."""
        hands = list(self._simple.fuse(time_ns, views).hands)
        stage = stage_of_view(self._anchor, views[0].view) if self._anchor and views else None
        if stage is None:
            return hands
        turned = stage.after(CAMERA_STAGE.inverse)
        return [None if pose is None else turned.place(pose) for pose in hands]

    def know_lens(self, view: str, focal: float) -> None:
        """See ``LensFuser.know_lens``; an anchor knows better."""
        if self._anchor is None or view not in lenses_of(self._anchor):
            self._lenses[view] = Lens(focal, TOLD_SPREAD)
            self._adjuster.begin_anew()

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
            self._trust_taps()

    def _trust_taps(self) -> None:
        """Until hands tell more exactly, cameras are where the anchor's taps put them."""
        if self._anchor is None or (self._known is not None and not self._known.tapped):
            return
        tapped = calibration_of_taps(self._anchor, self._names)
        stage = stage_of_view(self._anchor, self._names[0])
        if tapped is not None and stage is not None:
            number = 0 if self._known is None else self._known.number + 1
            self._known = _Known(self._names, tapped, number, stage, tapped=True)

    def _take(self, names: tuple[str, ...], calibration: Calibration) -> None:
        if calibration.usable.sum() < 2:
            return
        stage = None
        if self._anchor is not None:
            told = len(calibration.warnings)
            calibration, stage = anchored_calibration(calibration, names, self._anchor)
            for warning in calibration.warnings[told:]:
                _LOG.warning("%s", warning)
        number = 0 if self._known is None else self._known.number + 1
        self._known = _Known(names, calibration, number, stage or CAMERA_STAGE)

    def _begin_anew(self, since_s: float) -> None:
        self._buffer.since(since_s)
        self._adjuster.begin_anew()
        self._known = None
        self._simple = HandSpaceFuser()


class _Known:
    """A calibration in use."""

    def __init__(
        self,
        names: tuple[str, ...],
        calibration: Calibration,
        number: int,
        stage: Stage,
        *,
        tapped: bool = False,
    ) -> None:
        self.names, self.calibration, self.number = names, calibration, number
        self.stage, self.tapped = stage, tapped
        self.followers = tuple(HandFollower(side, calibration.shape) for side in Side)
        self.sides = SideKeeper(names, calibration)
        self.watch = MotionWatch(np.array([report.error for report in calibration.reports]))

    def follow(self, track: HandTrack) -> Followed | None:
        """Fits one hand with the views whose cameras are known; None if none sees it."""
        usable = self.calibration.usable
        if not usable.all():
            track.trust[:, ~usable] = 0
        if not track.trust.any():
            return None
        return self.followers[track.side].follow(track, self.calibration.cameras)

    def seeing(self, track: HandTrack) -> tuple[str, ...]:
        """The views of known cameras that see one hand at one instant."""
        seen = track.seen[0] & self.calibration.usable
        return tuple(name for name, sees in zip(self.names, seen, strict=True) if sees)

    def image(
        self, keypoints_m: FloatArray, view: str, size_px: tuple[int, int]
    ) -> FloatArray | None:
        """A hand in a view, ``(21, 2)`` pixels; None if its camera is not known or turned away."""
        if view not in self.names or not self.calibration.usable[self.names.index(view)]:
            return None
        at = self.names.index(view)
        cameras = self.calibration.cameras
        if cameras.to_camera(keypoints_m)[at, :, 2].min() < _NEAREST_M:
            return None
        image: FloatArray = cameras.project(keypoints_m)[at] * max(size_px) + np.array(size_px) / 2
        return image

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
        return _Known(names, calibration, self.number + 1, self.stage)


FUSERS["selfcal"] = SelfCalFuser
ANCHORED["selfcal"] = lambda anchor: SelfCalFuser(anchor=anchor)
