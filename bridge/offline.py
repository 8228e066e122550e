"""Videos in, a recording out: the live path with files for streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.feed import PoseFeed
from bridge.model.nets import HandNets
from bridge.model.pose import Hands, ViewHands
from bridge.model.reconstruct import Reconstructor
from bridge.model.selfcal.clip import reconstruct_clip
from bridge.model.tracker import HandTracker
from bridge.protocol.joints import Side
from bridge.recorder import Recorder
from bridge.streams import VideoFile, synchronised

__all__ = ["Summary", "reconstruct_videos"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a reconstruction.

    Attributes:
        frame_sets: Poses written.
        found: Frame sets in which each hand was found, left and right.
        notes: What is uncertain about the cameras, for people.
    """

    frame_sets: int
    found: tuple[int, int]
    notes: tuple[str, ...] = ()


def reconstruct_videos(
    videos: Sequence[Path],
    output: Path,
    *,
    nets: HandNets,
    offsets_s: Sequence[float] | None = None,
    fuser: str = "selfcal",
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Summary:
    """Reconstructs the hands seen by one or more videos of the same moment.

    Args:
        videos: One file a view; the first one's camera is the stage, its first frame time zero.
        output: The recording to write.
        nets: The hand nets.
        offsets_s: How much later each video begins than the first, seconds; zeros by default.
        fuser: How views are fused. ``selfcal`` looks at the whole recording at once and smooths
            it both ways; the others go through it as they would live.
        overwrite: Whether an existing output may be replaced.
        progress: Called with the frame sets done and, where the files say, how many there are.

    Raises:
        VideoError: A file is not a readable video.
        InputError: The output exists or cannot be written, or there are no videos.
    """
    if not videos:
        raise InputError("give at least one video")
    feed, found, notes = PoseFeed(), [0, 0], list[str]()
    names = view_names(videos)
    # Times on the wire are not negative, and a video may begin before the first one.
    origin_ns = round(max(0.0, *(-offset for offset in offsets_s or ()), 0.0) * 1e9)
    done = 0
    with ExitStack() as stack:
        files = [
            stack.enter_context(VideoFile(path, view=name, allow_cut_short=True))
            for path, name in zip(videos, names, strict=True)
        ]
        frame_sets = synchronised(files, offsets_s=offsets_s)
        recorder = stack.enter_context(
            Recorder(
                output,
                room="files",
                views=names,
                origin_ns=origin_ns,
                source="files",
                overwrite=overwrite,
            )
        )
        pictures = (
            (frames.time_ns + origin_ns, {frame.view: frame.rgb() for frame in frames.frames})
            for frames in frame_sets
        )
        total = files[0].frame_count
        if fuser == "selfcal":
            motions = _whole(pictures, names, nets, notes, lambda done: progress(done, total))
        else:
            motions = _one_by_one(pictures, nets, fuser, lambda done: progress(done, total))
        for hands in motions:
            shapes, pose = feed.packets(hands)
            for shape in shapes:
                recorder.write(shape, wait=True)
            recorder.write(pose, wait=True)
            for side in Side:
                found[side] += hands.hands[side] is not None
            done += 1
    if recorder.error is not None:
        raise InputError(f"{output} is incomplete: {recorder.error}")
    return Summary(done, (found[0], found[1]), tuple(notes))


Pictures = Iterator[tuple[int, dict[str, NDArray[np.uint8]]]]
"""Times in nanoseconds, and the picture of each view."""


def _one_by_one(
    pictures: Pictures, nets: HandNets, fuser: str, progress: Callable[[int], None]
) -> Iterator[Hands]:
    """Hands as they would be live."""
    reconstructor = Reconstructor(nets, fuser=fuser)
    for done, (time_ns, images) in enumerate(pictures, 1):
        yield reconstructor.step(time_ns, images).hands
        progress(done)


def _whole(
    pictures: Pictures,
    names: list[str],
    nets: HandNets,
    notes: list[str],
    progress: Callable[[int], None],
) -> Iterator[Hands]:
    """Hands of the whole recording, adjusted at once."""
    tracker = HandTracker(nets)
    seen: list[tuple[int, list[ViewHands]]] = []
    for done, (time_ns, images) in enumerate(pictures, 1):
        seen.append((time_ns, tracker.track(images)))
        progress(done)
    motion = reconstruct_clip(seen, names)
    if motion.calibration is not None:
        notes.extend(motion.calibration.warnings)
    elif len(names) > 1:
        notes.append("no two views ever see the same hand at once: only one of them was used")
    yield from motion.hands


def view_names(videos: Sequence[Path]) -> list[str]:
    """A valid, distinct view name for each file, as near to its own name as that allows."""
    names: list[str] = []
    for path in videos:
        plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in path.stem.lower())
        name = plain.strip("-")[:28] or "view"
        k = 2
        unique = name
        while unique in names:
            unique, k = f"{name}-{k}", k + 1
        names.append(unique)
    return names
