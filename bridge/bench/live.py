"""How fast the live path is on this machine, stage by stage, from videos to packets.

The path itself is the room's: tracker, fuser, smoother, feed, codec. Only what is handed to it is
wrapped, so no clock ticks outside a benchmark.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.feed import PoseFeed
from bridge.model.fusion import Fuser, SelfCalFuser, make_fuser
from bridge.model.nets import HandNets
from bridge.model.pose import Hands
from bridge.model.reconstruct import Reconstructor
from bridge.model.selfcal.worker import end_worker
from bridge.model.smooth import OneEuroSmoother
from bridge.protocol import encode
from bridge.streams import Frame, FrameSet, VideoFile, synchronised

__all__ = ["STAGES", "measure_live"]

STAGES = {
    "decode": "next frames out of the files, as RGB",
    "palm_detector": "the net that finds new hands, when it runs",
    "landmark_net": "one call for all hands of all views",
    "landmark_net_a_hand": "the same, divided by the hands in it",
    "crops_and_tracks": "cutting hands out of pictures, following them",
    "fusion": "hands of all views to hands in the stage",
    "smoothing": "One-Euro",
    "packets": "messages, and their bytes",
    "whole": "all of it, one after the other",
}

_LONGEST_WARM_UP = 600
"""Frame sets after which cameras that are still unknown are waited for no longer."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def measure_live(
    videos: Mapping[str, Path],
    *,
    nets: HandNets,
    fuser: str = "selfcal",
    frame_sets: int = 300,
    warm_up: int = 60,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Takes videos through the live path as fast as it goes.

    The videos begin again when they end. The warm-up goes on until the cameras are known, for at
    most 600 frame sets; they are adjusted in a process of their own meanwhile, as live.

    Args:
        videos: One file a view, by view name.
        nets: The hand nets.
        fuser: How views are fused.
        frame_sets: How many to measure.
        warm_up: How many to leave out first, at least.
        on_progress: Called with the measured frame sets done, and in all.

    Returns:
        For JSON: frame sets a second, and for each of `STAGES` that ran its 50th and 95th
        percentile in milliseconds and the share of frame sets in which it ran.

    Raises:
        VideoError: A file is not a readable video.
        InputError: There are no videos, no frame sets to measure, or no such fuser.
    """
    if frame_sets < 1 or warm_up < 0:
        raise InputError(f"{frame_sets} frame sets after {warm_up}: give at least 1, after 0")
    watch, fusing, feed = _Stopwatch(), make_fuser(fuser), PoseFeed()
    reconstructor = _watched(watch, nets, fusing)
    rows, began_s, warmed = list[dict[str, float]](), time.perf_counter(), 0
    with ExitStack() as stack:
        stack.callback(end_worker)
        files = [
            stack.enter_context(VideoFile(path, view=view, allow_cut_short=True))
            for view, path in videos.items()
        ]
        for time_ns, frames in _again_and_again(files, watch):
            images = watch.timed("decode", _rgb)(frames)
            result = watch.timed("step", reconstructor.step)(time_ns, images)
            watch.timed("packets", _encode)(feed, result.hands)
            row = watch.take()
            if warmed < warm_up or (warmed < _LONGEST_WARM_UP and _waiting(fusing, len(files))):
                warmed, began_s = warmed + 1, time.perf_counter()
                continue
            rows.append(row)
            on_progress(len(rows), frame_sets)
            if len(rows) == frame_sets:
                break
        took_s = time.perf_counter() - began_s
    return {
        "provider": nets.provider,
        "fuser": fuser,
        "views": {file.view: list(file.size_px) for file in files},
        "frame_sets": frame_sets,
        "warm_up_frame_sets": warmed,
        "cameras_known": isinstance(fusing, SelfCalFuser) and fusing.calibration is not None,
        "hands_a_frame_set": round(float(np.mean([row["hands"] for row in rows])), 2),
        "frame_sets_a_second": round(frame_sets / took_s, 2),
        "stages_ms": {name: found for name in STAGES if (found := _spread(rows, name))},
    }


class _Stopwatch:
    """Adds up what each stage of one frame set takes."""

    def __init__(self) -> None:
        self._spent_s: dict[str, float] = {}
        self._hands = 0

    def timed(self, stage: str, function: Callable[_P, _T]) -> Callable[_P, _T]:
        """The function, with its time added to the stage's."""

        @wraps(function)
        def run(*arguments: _P.args, **options: _P.kwargs) -> _T:
            began_s = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                spent_s = time.perf_counter() - began_s
                self._spent_s[stage] = self._spent_s.get(stage, 0.0) + spent_s

        return run

    def counting_hands(self, function: Callable[[Any], _T]) -> Callable[[Any], _T]:
        """The function, with the length of its argument added to the hands looked at."""

        def run(crops: Any) -> _T:
            self._hands += len(crops)
            return function(crops)

        return run

    def take(self) -> dict[str, float]:
        """Milliseconds by stage of the frame set that ended, and its hands; begins the next."""
        row = {stage: 1000 * spent for stage, spent in self._spent_s.items()}
        nets = ("palm_detector", "landmark_net")
        step = row.pop("step")
        inside = sum(row.get(stage, 0.0) for stage in (*nets, "fusion", "smoothing"))
        row["crops_and_tracks"] = step - inside
        row["whole"] = row["decode"] + step + row["packets"]
        row["hands"] = self._hands
        if self._hands:
            row["landmark_net_a_hand"] = row["landmark_net"] / self._hands
        self._spent_s, self._hands = {}, 0
        return row


def _watched(watch: _Stopwatch, nets: HandNets, fuser: Fuser) -> Reconstructor:
    """The live path with a clock around each of its parts."""
    smoother = OneEuroSmoother()
    others = ("forget", "expected_landmarks")
    parts: dict[str, Any] = {
        "nets": SimpleNamespace(
            detect_palms=watch.timed("palm_detector", nets.detect_palms),
            find_landmarks=watch.counting_hands(watch.timed("landmark_net", nets.find_landmarks)),
        ),
        "fuser": SimpleNamespace(
            fuse=watch.timed("fusion", fuser.fuse),
            **{name: getattr(fuser, name) for name in others if hasattr(fuser, name)},
        ),
        "smoother": SimpleNamespace(smooth=watch.timed("smoothing", smoother.smooth)),
    }
    return Reconstructor(**parts)


def _again_and_again(
    files: list[VideoFile], watch: _Stopwatch
) -> Iterator[tuple[int, tuple[Frame, ...]]]:
    """Time and frames of each set; times go on rising when the videos begin again."""
    begin_ns = last_ns = 0
    while True:
        sets = iter(synchronised(files))
        while (frame_set := watch.timed("decode", _next)(sets)) is not None:
            last_ns = begin_ns + frame_set.time_ns
            yield last_ns, frame_set.frames
        begin_ns = last_ns + round(1e9 / max(file.fps for file in files))


def _next(sets: Iterator[FrameSet]) -> FrameSet | None:
    return next(sets, None)


def _rgb(frames: Sequence[Frame]) -> dict[str, NDArray[np.uint8]]:
    return {frame.view: frame.rgb() for frame in frames}


def _encode(feed: PoseFeed, hands: Hands) -> None:
    shapes, pose = feed.packets(hands)
    for shape in shapes:
        encode(shape)
    encode(pose)


def _waiting(fuser: Fuser, views: int) -> bool:
    """Whether the cameras are not known yet and may still become so."""
    return views > 1 and isinstance(fuser, SelfCalFuser) and fuser.calibration is None


def _spread(rows: list[dict[str, float]], stage: str) -> dict[str, float] | None:
    values = [row[stage] for row in rows if stage in row]
    if not values:
        return None
    p50, p95 = np.percentile(values, (50, 95))
    return {
        "p50": round(float(p50), 3),
        "p95": round(float(p95), 3),
        "share_of_frame_sets": round(len(values) / len(rows), 3),
    }
