"""Videos in, a recording out: the live path with files for streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import InputError
from bridge.feed import PoseFeed
from bridge.model.nets import HandNets
from bridge.model.reconstruct import Reconstructor
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
    """

    frame_sets: int
    found: tuple[int, int]


def reconstruct_videos(
    videos: Sequence[Path],
    output: Path,
    *,
    nets: HandNets,
    offsets_s: Sequence[float] | None = None,
    fuser: str = "hand-space",
    overwrite: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Summary:
    """Reconstructs the hands seen by one or more videos of the same moment.

    Args:
        videos: One file a view; the first one's camera is the stage, its first frame time zero.
        output: The recording to write.
        nets: The hand nets.
        offsets_s: How much later each video begins than the first, seconds; zeros by default.
        fuser: How views are fused.
        overwrite: Whether an existing output may be replaced.
        progress: Called with the frame sets done and, where the files say, how many there are.

    Raises:
        VideoError: A file is not a readable video.
        InputError: The output exists or cannot be written, or there are no videos.
    """
    if not videos:
        raise InputError("give at least one video")
    reconstructor, feed, found = Reconstructor(nets, fuser=fuser), PoseFeed(), [0, 0]
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
        for frames in frame_sets:
            images = {frame.view: frame.rgb() for frame in frames.frames}
            result = reconstructor.step(frames.time_ns + origin_ns, images)
            shapes, pose = feed.packets(result.hands)
            for shape in shapes:
                recorder.write(shape, wait=True)
            recorder.write(pose, wait=True)
            for side in Side:
                found[side] += result.hands.hands[side] is not None
            done += 1
            progress(done, files[0].frame_count)
    if recorder.error is not None:
        raise InputError(f"{output} is incomplete: {recorder.error}")
    return Summary(done, (found[0], found[1]))


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
