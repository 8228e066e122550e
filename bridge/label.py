"""Videos in, labelled pictures out: what the shipped nets see in them, as labels to learn from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model import landmarks
from bridge.model.multihand.labelled import (
    LABELS,
    MOST_PX,
    Labelled,
    LabelledHand,
    LabelledSet,
)
from bridge.model.nets import HandNets
from bridge.model.palm import detect
from bridge.model.pose import ViewHand
from bridge.model.roi import roi_from_landmarks
from bridge.model.tracker import HandTracker
from bridge.offline import view_names
from bridge.protocol.joints import Side
from bridge.streams import VideoFile

__all__ = ["label_videos", "reasons"]

_QUALITY = 92
_TRUSTED = 0.5
"""Mean confidence from which a hand is one to learn from."""

Progress = Callable[[int, int], None]


def label_videos(
    videos: Sequence[Path],
    folder: Path,
    *,
    nets: HandNets,
    most: int = 1000,
    size: int = 640,
    on_progress: Progress = lambda _done, _total: None,
) -> tuple[LabelledSet, Counter[str]]:
    """Writes pictures of videos, with the hands that the shipped nets follow in them.

    The nets follow the two hands of one person. A hand without a label would be learnt as none, so
    pictures are left out in which no hand was found, one cannot be trusted, one looks like a hand
    of the other side, or the palm net sees one that is not followed, such as another person's.

    Args:
        videos: Any number, of one person each; each is looked at on its own.
        folder: Where to write; it must be empty or not there.
        nets: The hand nets.
        most: Most pictures of each video, evenly over its length.
        size: The longer side of the pictures, pixels, if they are larger.
        on_progress: Called with frames done, and about how many there are.

    Returns:
        What was written to ``labels.json``, and why how many pictures were left out.

    Raises:
        InputError: There are no videos, the folder has files or cannot be written, a number is out
            of range, or no picture can be labelled.
        VideoError: A file is not a readable video.
    """
    if not videos:
        raise InputError("give at least one video to label")
    if most < 1 or not 64 <= size <= MOST_PX:
        raise InputError(f"take at least 1 picture of each video, of 64 to {MOST_PX} pixels")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} cannot be written: it is a file, name a folder")
    files = [VideoFile(path, allow_cut_short=True) for path in videos]
    # Browsers' recordings do not say how many frames they have.
    counts = [file.frame_count or round(file.duration_s * file.fps) for file in files]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder} has files already: give another folder")
        pictures: list[Labelled] = []
        left_out: Counter[str] = Counter()
        for k, name in enumerate(view_names(videos)):
            before = sum(counts[:k])
            every = max(1, -(-counts[k] // most))
            kept = 0
            tracker = HandTracker(nets, search_interval=1)
            for number, frame in enumerate(files[k].frames()):
                picture = frame.rgb()
                (seen,) = tracker.track({name: picture})
                if number % every == 0:
                    hands = [hand for hand in seen.hands if hand is not None]
                    if doubt := _doubt(nets, picture, hands):
                        left_out[doubt] += 1
                    else:
                        labelled = _labelled(f"{name}_{number:06d}.jpg", hands, picture, size)
                        _write(folder / labelled.file, picture, size)
                        pictures.append(labelled)
                        kept += 1
                on_progress(before + number + 1, sum(counts))
                if kept == most:
                    break
        if not pictures:
            raise InputError(
                f"none of {left_out.total()} pictures can be labelled ({reasons(left_out)}): film "
                "one person, from nearer, in even light, wrists in view"
            )
        found = LabelledSet(pictures=pictures)
        # The labels last: a set that was cut off has none.
        part = folder / f"{LABELS}.part"
        part.write_text(json.dumps(found.model_dump(mode="json")), encoding="utf-8")
        part.replace(folder / LABELS)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from error
    return found, left_out


def reasons(left_out: Counter[str]) -> str:
    """Why pictures were left out, the most frequent reason first."""
    return ", ".join(f"{doubt} in {count}" for doubt, count in left_out.most_common())


def _doubt(nets: HandNets, picture: NDArray[np.uint8], hands: Sequence[ViewHand]) -> str | None:
    """Why a picture is left out; None where all of its hands are known, and to be trusted."""
    if not hands:
        return "no hand was found"
    if min(float(np.mean(hand.confidence)) for hand in hands) < _TRUSTED:
        return "a hand is doubtful"
    # Sides are told as one person's: another's right hand beside a right one would be a left one.
    looks = [(picture, roi_from_landmarks(hand.landmarks_px)) for hand in hands]
    for hand, look in zip(hands, landmarks.find(nets, looks), strict=True):
        if (look.right >= 0.5) != (hand.side is Side.RIGHT):
            return "a hand looks like one of the other side"
    boxes = [(hand.landmarks_px.min(0), hand.landmarks_px.max(0)) for hand in hands]
    (palms,) = detect(nets, [picture])
    for palm in palms:
        centre = palm.box_px[:2]
        if not any(((centre >= low) & (centre <= high)).all() for low, high in boxes):
            return "a hand is not followed"
    return None


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
