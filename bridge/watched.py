"""Videos in, hands to learn from out: which is which, and where cameras are, the hands tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import InputError
from bridge.model.nets import HandNets
from bridge.model.pose import FloatArray, ViewHands
from bridge.model.selfcal.agreement import agreement
from bridge.model.selfcal.identity import with_sides_kept
from bridge.model.selfcal.whose import calibrate_views
from bridge.model.tracker import HandTracker
from bridge.offline import view_names
from bridge.offsets import VideoOffset, find_offsets, watch
from bridge.streams import VideoFile, synchronised
from bridge.streams.merge import check_offsets

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.model.hamuco.recording import Recorded

__all__ = ["Watched", "watch_videos"]

_ENOUGH_S = 30.0
_MOST_INSTANTS = 2000
"""More of a recording is thinned out evenly: pictures of one second are much the same."""

Progress = Callable[[int, int | None], None]
Instants = Sequence[tuple[int, Sequence[ViewHands]]]
"""``(time in nanoseconds, what each view sees)``, in the order of time."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen in some videos.

    Attributes:
        hands: Those that two views see at once, in the order of time.
        offsets: When each video begins, by its view's name; empty where that was given.
        rotation: ``(V, 3, 3)`` from the first camera's axes to each one's; None where the hands do
            not tell. Of a view that was left out it means nothing.
        notes: What was wrong with the videos and put right, for people.
    """

    hands: list[Recorded]
    offsets: dict[str, VideoOffset]
    rotation: FloatArray | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What views see once they agree whose hands they are; those that do not are left out."""

    instants: Instants
    rotation: FloatArray | None = None
    mirrored: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def watch_videos(
    videos: Sequence[Path],
    nets: HandNets,
    crop_px: int | None,
    *,
    offsets_s: Sequence[float] | None = None,
    on_progress: Progress = lambda _done, _total: None,
) -> Watched:
    """Finds the hands of some videos, and by them how the cameras are turned.

    Views whose nets take left for right are put right, mirrored ones too, and those that show
    something else left out, as `reconstruct` does. Videos with pictures are read twice: which hand
    a crop shows is only known at the end.

    Args:
        videos: One file a view.
        nets: The hand nets.
        crop_px: Width of the pictures that the network takes; None for one that takes none.
        offsets_s: How much later each begins than the first; found as `reconstruct` does if None.
        on_progress: Called with frames done and, where the files say, about how many there are.

    Raises:
        InputError: Not one usable offset for each video, or no hand that two views see at once.
        VideoError: A file is not a readable video.
    """
    if offsets_s is not None:
        check_offsets(offsets_s, len(videos))
    names = view_names(videos)
    offsets: dict[str, VideoOffset] = {}
    with ExitStack() as stack:
        files = [
            stack.enter_context(VideoFile(path, view=name, allow_cut_short=True))
            for path, name in zip(videos, names, strict=True)
        ]
        if offsets_s is None:
            found = find_offsets(videos, see=lambda k: watch(files[k], nets, max_s=_ENOUGH_S))
            offsets = dict(zip(names, found, strict=True))
            offsets_s = [offset.offset_s for offset in found]
        instants = _tracked(files, nets, offsets_s, on_progress)
        agreed = _agreed(instants, names)
        hands = list(_cut(files, offsets_s, agreed, crop_px))
    if not hands:
        raise InputError(_why_none(agreed.instants))
    return Watched(hands, offsets, agreed.rotation, agreed.notes)


def _tracked(
    files: Sequence[VideoFile], nets: HandNets, offsets_s: Sequence[float], on_progress: Progress
) -> Instants:
    """What the tracker sees in each video."""
    counts = [file.frame_count for file in files]
    total = None if None in counts else max(filter(None, counts), default=None)
    tracker, instants = HandTracker(nets), []
    for frames in synchronised(files, offsets_s=offsets_s):
        seen = tracker.track({frame.view: frame.rgb() for frame in frames.frames})
        instants.append((frames.time_ns, seen))
        on_progress(len(instants), total)
    return instants


def _cut(
    files: Sequence[VideoFile], offsets_s: Sequence[float], agreed: _Agreed, crop_px: int | None
) -> Iterator[Recorded]:
    """Hands at instants evenly over the recording, with their pictures if these are wanted."""
    from bridge.model.hamuco.recording import cut_hands

    every = max(1, -(-len(agreed.instants) // _MOST_INSTANTS))
    wanted = {time_ns: {v.view: v for v in views} for time_ns, views in agreed.instants[::every]}
    names = [file.view for file in files]
    if crop_px is None:
        for time_ns, views in wanted.items():
            yield from cut_hands(time_ns / 1e9, None, [views.get(name) for name in names], None)
        return
    for frames in synchronised(files, offsets_s=offsets_s):
        if (known := wanted.get(frames.time_ns)) is None:
            continue
        pictures = {
            frame.view: frame.rgb()[:, :: -1 if frame.view in agreed.mirrored else 1]
            for frame in frames.frames
        }
        yield from cut_hands(
            frames.time_ns / 1e9,
            [pictures.get(name) for name in names],
            [known.get(name) for name in names],
            crop_px,
        )


def _agreed(instants: Instants, names: Sequence[str]) -> _Agreed:
    """Cameras, and hands under the names that they have in all views; as they were if not told."""
    used, mirrored = tuple(names), frozenset[str]()
    notes: tuple[str, ...] = ()
    calibration = calibrate_views(_in_seconds(instants), names)
    agreed = agreement(instants, names, calibration)
    if agreed.notes and len(agreed.views) > 1:
        used, notes, mirrored = agreed.views, agreed.notes, frozenset(agreed.mirrored)
        instants = [
            (time_ns, [view for view in views if view.view in used])
            for time_ns, views in agreed.frame_sets
        ]
        calibration = calibrate_views(_in_seconds(instants), used)
    if calibration is None or not calibration.usable.all():
        return _Agreed(instants, None, mirrored, notes)
    if calibration.believed is not None:
        kept = with_sides_kept(_in_seconds(instants), used, calibration)
        instants = [
            (time_ns, views) for (time_ns, _), (_, views) in zip(instants, kept, strict=True)
        ]
    rotation = np.tile(np.eye(3), (len(names), 1, 1))
    rotation[[names.index(view) for view in used]] = calibration.cameras.rotation
    return _Agreed(instants, rotation, mirrored, notes)


def _in_seconds(instants: Instants) -> list[tuple[float, Sequence[ViewHands]]]:
    return [(time_ns / 1e9, views) for time_ns, views in instants]


def _why_none(instants: Instants) -> str:
    """What to do where no hand is seen by two views at once."""
    if not any(len(views) > 1 for _, views in instants):
        return "the videos are of different moments: no two of them overlap in time; check --offset"
    if any(sum(any(view.hands) for view in views) > 1 for _, views in instants):
        return (
            "the views see hands at once, but never one that they call by the same side: is one of"
            " the videos mirrored? Switch mirroring off in that camera's settings"
        )
    return (
        "no hand was seen by two views at once: film them from nearer, in even light, with the"
        " wrists in view, and all videos at the same time"
    )
