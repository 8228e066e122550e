"""Videos in, a recording out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from bridge.errors import InputError
from bridge.feed import PoseFeed, anchor_message
from bridge.model.anchor import Anchor
from bridge.model.fusion import make_fuser
from bridge.model.nets import HandNets
from bridge.model.pose import Hands
from bridge.model.reconstruct import Reconstructor
from bridge.model.selfcal.agreement import agreement
from bridge.model.selfcal.clip import reconstruct_clip
from bridge.model.selfcal.lenses import TOLD_SPREAD, Lens, Lenses
from bridge.model.selfcal.paths import Seen
from bridge.model.selfcal.together import ClockMap, together
from bridge.offsets import VideoOffset, find_offsets, watch
from bridge.protocol.joints import Side
from bridge.protocol.provenance import CameraUncertainty
from bridge.provenance import KnownCameras, about_files, cameras_of
from bridge.recorder import Recorder
from bridge.streams import VideoFile, synchronised
from bridge.streams.merge import check_offsets

__all__ = ["Summary", "reconstruct_videos"]

_ENOUGH_S = 30.0
"""This much of a video shows enough motion to tell when it begins."""

_MOST_EARLIER_S = 60.0
"""Room for each further video to begin before the first: times on the wire are not negative."""

_BLACK = 32
"""A picture whose brightest hundredth is darker, of 255, shows nothing."""

_LOOKS = 10

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a reconstruction.

    Attributes:
        frame_sets: Poses written.
        found: Frame sets in which each hand was found, left and right.
        notes: What is wrong or uncertain about the videos and their cameras, for people.
        offsets: When each video begins, by its view's name; empty where that was not looked for.
    """

    frame_sets: int
    found: tuple[int, int]
    notes: tuple[str, ...] = ()
    offsets: dict[str, VideoOffset] = field(default_factory=dict)


def reconstruct_videos(
    videos: Sequence[Path],
    output: Path,
    *,
    nets: HandNets,
    offsets_s: Sequence[float] | None = None,
    look_for_offsets: bool = True,
    fuser: str = "selfcal",
    anchor: Anchor | None = None,
    focal: Sequence[float] | None = None,
    recorded_by: str = "",
    overwrite: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> Summary:
    """Reconstructs the hands seen by one or more videos of the same moment.

    Args:
        videos: One file a view; the first one's camera is the stage, its first frame time zero.
        output: The recording to write.
        nets: The hand nets.
        offsets_s: How much later each video begins than the first, seconds; None to find out by
            their sound, else by the hands' motion.
        look_for_offsets: Whether to find out; else all begin together.
        fuser: How views are fused. ``selfcal`` looks at the whole recording at once, between the
            frames of the videos too, leaves out views that show something else, and smooths both
            ways in time; the others go through it frame by frame as they would live.
        anchor: The instrument, by the views' names: its frame is the stage, its size everything's.
        focal: Each video's focal length in longer image sides, where they are known.
        recorded_by: Who plays, in any words.
        overwrite: Whether an existing output may be replaced.
        progress: Called with the frames done and, where the files say, how many there are.

    Raises:
        VideoError: A file is not a readable video.
        InputError: The output exists or cannot be written, there are no videos, not a usable
            offset or focal length for each, or the fuser has no use for what is given.
    """
    if not videos:
        raise InputError("give at least one video")
    if offsets_s is not None:
        check_offsets(offsets_s, len(videos))
    if focal is not None and len(focal) != len(videos):
        raise InputError(f"{len(videos)} videos need {len(videos)} focal lengths, not {len(focal)}")
    if focal is not None and (fuser != "selfcal" or min(focal) <= 0):
        raise InputError("focal lengths are above 0, and only the fuser selfcal uses them")
    if offsets_s is None and (len(videos) == 1 or not look_for_offsets):
        offsets_s = [0.0] * len(videos)
    names = view_names(videos)
    lenses = {n: Lens(f, TOLD_SPREAD) for n, f in zip(names, focal or (), strict=False)}
    if anchor is not None and not {v.taps.view for v in anchor.views} & set(names):
        tapped = ", ".join(v.taps.view for v in anchor.views)
        raise InputError(
            f"the anchor is of {tapped}, the videos are {', '.join(names)}: name them alike"
        )
    earlier_s = _MOST_EARLIER_S * (len(videos) - 1) if offsets_s is None else -min(0.0, *offsets_s)
    origin_ns = round(earlier_s * 1e9)
    feed, found, done = PoseFeed(), [0, 0], 0
    with ExitStack() as stack:
        files = [
            stack.enter_context(VideoFile(path, view=name, allow_cut_short=True))
            for path, name in zip(videos, names, strict=True)
        ]
        recorder = stack.enter_context(
            Recorder(
                output,
                room="files",
                views=names,
                origin_ns=origin_ns,
                source="files",
                recorded_by=recorded_by,
                overwrite=overwrite,
                **about_files(
                    None if anchor is None else anchor_message(anchor),
                    files,
                    dict(zip(names, focal or (), strict=False)),
                    fuser,
                ),
            )
        )
        method = _Whole if fuser == "selfcal" else _OneByOne
        motion = method(files, nets, offsets_s, origin_ns, fuser, anchor, lenses, progress)
        for hands in motion.hands():
            shapes, pose = feed.packets(hands)
            for shape in shapes:
                recorder.write(shape, wait=True)
            recorder.write(pose, wait=True)
            for side in Side:
                found[side] += hands.hands[side] is not None
            done += 1
        recorder.know_cameras(motion.cameras)
    if recorder.error is not None:
        raise InputError(f"{output} is incomplete: {recorder.error}")
    return Summary(done, (found[0], found[1]), tuple(motion.notes), motion.offsets)


@dataclass
class _Method:
    """A way through the videos: hands one after the other, and what is to be said of them."""

    files: Sequence[VideoFile]
    nets: HandNets
    offsets_s: Sequence[float] | None
    origin_ns: int
    fuser: str
    anchor: Anchor | None
    lenses: Lenses
    progress: Progress
    notes: list[str] = field(default_factory=list)
    offsets: dict[str, VideoOffset] = field(default_factory=dict)
    cameras: tuple[CameraUncertainty, ...] = ()

    def clocks(self, which: Sequence[int], see: Callable[[int], Seen]) -> list[ClockMap]:
        """Where some of the videos lie on the time line; the first of them sets it."""
        if self.offsets_s is not None:
            return [ClockMap(self.offsets_s[k]) for k in which]
        files = [self.files[k] for k in which]
        found = find_offsets([file.path for file in files], see=lambda k: see(which[k]))
        for file, offset in zip(files, found, strict=True):
            self.offsets[file.view] = offset
            if not offset.known:
                self.notes.append(
                    f"when {file.view} begins is not to be found ({offset.reason}): together with "
                    f"{files[0].view} is assumed; give its offset if you know better"
                )
        return [offset.clock for offset in found]


class _OneByOne(_Method):
    """Frame sets fused as they would be live."""

    def hands(self) -> Iterator[Hands]:
        def see(k: int) -> Seen:
            return watch(self.files[k], self.nets, max_s=_ENOUGH_S)

        offsets_s = [clock.offset_s for clock in self.clocks(range(len(self.files)), see)]
        fuser = make_fuser(self.fuser, anchor=self.anchor)
        reconstructor, known = Reconstructor(self.nets, fuser=fuser), KnownCameras(fuser)
        for done, frames in enumerate(synchronised(self.files, offsets_s=offsets_s), 1):
            images = {frame.view: frame.rgb() for frame in frames.frames}
            yield reconstructor.step(frames.time_ns + self.origin_ns, images).hands
            self.cameras = known.now()
            self.progress(done, self.files[0].frame_count)


class _Whole(_Method):
    """The whole recording adjusted at once, from the views that show the same hands."""

    def hands(self) -> Iterator[Hands]:
        seen = self._watched()
        seeing = self._seeing(seen)
        names = [self.files[k].view for k in seeing]
        clocks = self.clocks(seeing, lambda k: seen[k])
        frame_sets = [
            (round(time_s * 1e9) + self.origin_ns, views)
            for time_s, views in together([seen[k] for k in seeing], clocks)
        ]
        solve = partial(reconstruct_clip, anchor=self.anchor, lenses=self.lenses)
        motion = solve(frame_sets, names)
        if any(any(hands.hands) for hands in motion.hands):
            agreed = agreement(frame_sets, names, motion.calibration)
            if agreed.notes:
                self.notes.extend(agreed.notes)
                names = list(agreed.views)
                motion = solve(agreed.frame_sets, names)
        if motion.calibration is not None:
            self.notes.extend(motion.calibration.warnings)
            self.cameras = cameras_of(names, motion.calibration)
        yield from motion.hands

    def _watched(self) -> list[Seen]:
        """What each view sees, at its own frame times."""
        counts = [file.frame_count for file in self.files]
        total = None if None in counts else sum(filter(None, counts))
        done = count(1)
        return [
            watch(file, self.nets, progress=lambda _: self.progress(next(done), total))
            for file in self.files
        ]

    def _seeing(self, seen: Sequence[Seen]) -> list[int]:
        """The views that see a hand at all; all of them if none does."""
        seeing = [k for k, view in enumerate(seen) if any(any(v.hands) for _, v in view)]
        if not seeing:
            return list(range(len(seen)))
        for k in sorted(set(range(len(seen))) - set(seeing)):
            what = "its picture is black" if _is_black(self.files[k]) else "hands are not in sight"
            self.notes.append(f"{self.files[k].view} shows no hand ({what}): it is left out")
        if 0 not in seeing:
            self.notes.append(
                f"{self.files[seeing[0]].view}'s camera is the stage, and its first frame time zero"
            )
        return seeing


def _is_black(file: VideoFile) -> bool:
    """Whether a video shows nothing, by some of its pictures."""
    step = max(1, (file.frame_count or round(file.duration_s * file.fps)) // _LOOKS)
    return all(
        np.percentile(frame.rgb(), 99) < _BLACK
        for frame in file.frames()
        if frame.sequence % step == 0
    )


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
