"""Videos in, labelled pictures out: what the shipped nets see in them, as labels to learn from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.multihand.labelled import LABELS, Labelled, LabelledHand, LabelledSet
from bridge.model.nets import HandNets
from bridge.model.pose import ViewHand, ViewHands
from bridge.model.tracker import HandTracker
from bridge.offline import view_names
from bridge.protocol.joints import Side
from bridge.streams import VideoFile

__all__ = ["label_videos"]

_QUALITY = 92
_TRUSTED = 0.5
"""Mean confidence from which a hand is one to learn from."""

Progress = Callable[[int, int | None], None]


def label_videos(
    videos: Sequence[Path],
    folder: Path,
    *,
    nets: HandNets,
    most: int = 1000,
    size: int = 640,
    on_progress: Progress = lambda _done, _total: None,
) -> LabelledSet:
    """Writes pictures of videos, with the hands that the shipped nets follow in them.

    Pictures in which no hand was found, or one that cannot be trusted, are left out: a hand without
    a label would be learnt as none.

    Args:
        videos: Any number; each is looked at on its own.
        folder: Where to write; it must not have labels.
        nets: The hand nets.
        most: Most pictures of each video, evenly over its length.
        size: The longer side of the pictures, pixels, if they are larger.
        on_progress: Called with frames done and, where the files say, how many there are.

    Returns:
        What was written to ``labels.json``.

    Raises:
        InputError: There are no videos, the folder has labels, a number is out of range, or no
            picture shows a hand.
        VideoError: A file is not a readable video.
    """
    if not videos:
        raise InputError("give at least one video to label")
    if (folder / LABELS).exists():
        raise InputError(f"{folder} has labels already: give another folder")
    if most < 1 or not 64 <= size <= 4096:
        raise InputError("take at least 1 picture of each video, of 64 to 4096 pixels")
    files = [VideoFile(path, allow_cut_short=True) for path in videos]
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[Labelled] = []
    counts = [file.frame_count for file in files]
    total = None if None in counts else sum(count or 0 for count in counts)
    done = 0
    for file, name in zip(files, view_names(videos), strict=True):
        every = max(1, -(-(file.frame_count or 0) // most))
        tracker, kept = HandTracker(nets), 0
        for number, frame in enumerate(file.frames()):
            picture = frame.rgb()
            (seen,) = tracker.track({name: picture})
            if number % every == 0 and kept < most and (hands := _trusted(seen)) is not None:
                labelled = _labelled(f"{name}_{number:06d}.jpg", hands, picture, size)
                _write(folder / labelled.file, picture, size)
                pictures.append(labelled)
                kept += 1
            done += 1
            on_progress(done, total)
    if not pictures:
        raise InputError(
            "no hand was found in these videos: film from nearer, in even light, wrists in view"
        )
    found = LabelledSet(pictures=pictures)
    # The labels last: a set that was cut off has none.
    part = folder / f"{LABELS}.part"
    part.write_text(json.dumps(found.model_dump(mode="json")), encoding="utf-8")
    part.replace(folder / LABELS)
    return found


def _trusted(seen: ViewHands) -> list[ViewHand] | None:
    """The hands of a picture; None if there are none, or one is not to be trusted."""
    hands = [hand for hand in seen.hands if hand is not None]
    trusted = all(float(np.mean(hand.confidence)) >= _TRUSTED for hand in hands)
    return hands if hands and trusted else None


def _scale(picture: NDArray[np.uint8], size: int) -> float:
    return min(1.0, size / max(picture.shape[:2]))


def _labelled(
    file: str, hands: Sequence[ViewHand], picture: NDArray[np.uint8], size: int
) -> Labelled:
    """Labels of a picture as it is written."""
    scale = _scale(picture, size)

    def moved(hand: ViewHand) -> list[tuple[float, float]]:
        points = (np.asarray(hand.landmarks_px, float) + 0.5) * scale - 0.5
        return [(round(x, 2), round(y, 2)) for x, y in points.tolist()]

    found = [LabelledHand(left=h.side is Side.LEFT, keypoints_px=moved(h)) for h in hands]
    return Labelled(file=file, hands=found)


def _write(path: Path, picture: NDArray[np.uint8], size: int) -> None:
    scale = _scale(picture, size)
    height, width = picture.shape[:2]
    if scale < 1:
        small = max(1, round(width * scale)), max(1, round(height * scale))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8)
    options: Any = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    done, content = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise InputError(f"{path.name} cannot be written as JPEG")
    path.write_bytes(content.tobytes())
