"""Drawn recordings as the product sees them: pictures, the real nets, and how well they did."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from bridge.bench.drawn.scene import DrawnScene
from bridge.model.lift import shipped_lifter
from bridge.model.nets import HandNets
from bridge.model.pose import BoolArray, FloatArray, ViewHands
from bridge.model.synthetic.clips import SimulatedClip, clip_of
from bridge.model.synthetic.performance import random_performance
from bridge.model.tracker import HandTracker
from bridge.protocol.joints import Side

__all__ = ["LONG_SIDE_PX", "DrawnClip", "SeenHands", "compare_with_truth", "draw_clip"]

LONG_SIDE_PX = 640
"""Of the pictures: half of what phones send, so that a clip is drawn in a quarter of a minute."""

_APART_M = 0.025
_IN_SIGHT = 0.9
_SAME_HAND = 0.3


@dataclass(frozen=True, slots=True)
class SeenHands:
    """How what views report compares with the truth, each ``(T, V, 2)`` by hand.

    A reported hand is the nearest true one, if its keypoints are on average within 0.3 of that
    one's extent in the picture.

    Attributes:
        in_sight: Whether at least 90 % of this true hand's keypoints are in the picture and behind
            nothing but its own arm.
        found: Whether a reported hand is this one, left or right.
        wrong_side: Whether it is reported as the other side.
        elsewhere: Whether what is reported as this side is no hand.
    """

    in_sight: BoolArray
    found: BoolArray
    wrong_side: BoolArray
    elsewhere: BoolArray

    def shares(self) -> dict[str, float]:
        """Hands in sight among all, found among those in sight; of reported ones, the wrong."""
        reported = max(int(self.found.sum() + self.elsewhere.sum()), 1)
        due = max(int(self.in_sight.sum()), 1)
        return {
            "in_sight": float(self.in_sight.mean()),
            "found": float((self.found & self.in_sight).sum() / due),
            "wrong_side": float(self.wrong_side.sum() / reported),
            "elsewhere": float(self.elsewhere.sum() / reported),
        }


@dataclass(frozen=True, slots=True)
class DrawnClip:
    """A drawn recording.

    Attributes:
        clip: What the tracker reported, and the truth of motion and cameras.
        seen: The tracker against the truth.
        drawing_ms: Time to draw the pictures of one frame set.
        tracking_ms: Time to track the hands in them.
    """

    clip: SimulatedClip
    seen: SeenHands
    drawing_ms: float
    tracking_ms: float


def draw_clip(
    seed: int,
    nets: HandNets,
    *,
    seconds: float = 8.0,
    hiding: bool = False,
    long_side_px: int = LONG_SIDE_PX,
    lifted: bool = True,
) -> DrawnClip:
    """Draws a clip and tracks the hands in it, frame set by frame set, as live.

    People, pieces and devices are those of `simulate_clip` with the same seed, but for hands that
    would pass through each other: they keep apart.

    Args:
        seed: Another seed, another person, piece, room and set of devices.
        nets: The hand nets.
        seconds: How long, at 30 frames a second.
        hiding: Whether things come between a device and a hand now and then.
        long_side_px: Of the pictures.
        lifted: Whether hands have the shapes of the shipped lifter, as in the product.
    """
    rng = np.random.default_rng(seed)
    played = random_performance(seed, rng, seconds=seconds, apart_m=_APART_M)
    scene = DrawnScene(played, rng, long_side_px=long_side_px, hiding=hiding)
    tracker = HandTracker(nets, lift=shipped_lifter() if lifted else None)
    names = [f"cam{k}" for k in range(len(scene.cameras))]
    frame_sets: list[tuple[ViewHands, ...]] = []
    points, shown = [], []
    drawing, tracking = [], []
    for frame in range(len(played.time_s)):
        began = time.perf_counter()
        pictures, visible = scene.look(frame)
        drawn = time.perf_counter()
        frame_sets.append(tuple(tracker.track(dict(zip(names, pictures, strict=True)))))
        tracking.append(time.perf_counter() - drawn)
        drawing.append(drawn - began)
        points.append(scene.keypoints_px(frame))
        shown.append(visible)
    return DrawnClip(
        clip=clip_of(played, tuple(frame_sets)),
        seen=compare_with_truth(frame_sets, np.stack(points), np.stack(shown)),
        drawing_ms=float(1000 * np.median(drawing)),
        tracking_ms=float(1000 * np.median(tracking)),
    )


def compare_with_truth(
    frame_sets: list[tuple[ViewHands, ...]], points_px: FloatArray, shown: BoolArray
) -> SeenHands:
    """Which reported hands are which true ones.

    Args:
        frame_sets: T of them, V views each.
        points_px: ``(T, V, 2, 21, 2)`` the true keypoints, pixels.
        shown: ``(T, V, 2, 21)`` those that can be seen.
    """
    in_sight = shown.mean(-1) >= _IN_SIGHT
    found, wrong_side, elsewhere = (np.zeros_like(in_sight) for _ in range(3))
    extent = np.ptp(points_px, axis=-2).max(-1)
    for t, views in enumerate(frame_sets):
        for v, view in enumerate(views):
            for side in Side:
                hand = view.hands[side]
                if hand is None:
                    continue
                offsets = np.linalg.norm(points_px[t, v] - hand.landmarks_px, axis=-1)
                distance = offsets.mean(-1) / extent[t, v]
                nearest = int(np.nanargmin(distance))
                if distance[nearest] < _SAME_HAND:
                    found[t, v, nearest] = True
                    wrong_side[t, v, nearest] |= nearest != side
                else:
                    elsewhere[t, v, side] = True
    return SeenHands(in_sight, found, wrong_side, elsewhere)
