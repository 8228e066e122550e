"""Frame sets of real video for benchmarks; needs only PyAV and numpy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import av
import numpy as np

FIRST_FRAME = 30
"""Before it the hand of ``desk_two_views`` is not yet in both pictures."""

WIDTH, HEIGHT = 1280, 720


def read_frame_sets(videos: Sequence[str], scene: str, count: int) -> list[list[np.ndarray]]:
    """The first sets of simultaneous frames, each ``(H, W, 3)`` RGB.

    Args:
        videos: One file a view.
        scene: ``"one_hand"``: the frames as they are. ``"two_hands"``: each beside its mirror
            image, cut to 1280 x 720, so that a picture with one right hand shows a left one too.
        count: Sets to read.
    """
    per_view = []
    for video in videos:
        with av.open(video) as container:
            frames = islice(container.decode(video=0), FIRST_FRAME, FIRST_FRAME + count)
            per_view.append([_compose(f.to_ndarray(format="rgb24"), scene) for f in frames])
    return [list(images) for images in zip(*per_view, strict=True)]


def _compose(image: np.ndarray, scene: str) -> np.ndarray:
    if scene == "one_hand":
        return image
    surplus = image.shape[1] - WIDTH // 2
    half = image[:HEIGHT, surplus // 2 : surplus // 2 + WIDTH // 2]
    return np.ascontiguousarray(np.hstack([half, half[:, ::-1]]))
