"""How far the per-view tracker is from MediaPipe 0.10.21's own video mode, on real video.

Usage: ``python benchmarks/faithfulness.py VIDEO...``; for each video ``tests/data`` holds what
MediaPipe saw (made by ``scripts/mediapipe_reference.py``). Two differences are measured:

- ``free``: each runs by itself over the whole video, as in use. A region follows from the landmarks
  before it, so small differences feed back; ``mediapipe_vs_itself`` is how far MediaPipe gets from
  itself when 1 % of the lowest bits of the first frames are flipped.
- ``one_step``: the region follows from MediaPipe's landmarks in the frame before, so that nothing
  feeds back.

Distances are in pixels at 720p: of a picture scaled to a short side of 720.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from bridge.model import landmarks
from bridge.model.nets import HandNets
from bridge.model.roi import roi_from_landmarks
from bridge.model.tracker import HandTracker

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"

SAME_HAND = 0.1
"""Nearer than this on average, in diagonals of the hand's box, two sightings are of one hand."""

STEP_EVERY = 3
"""Frames from one measurement of ``one_step`` to the next."""


def frames(video: Path) -> Iterator[np.ndarray]:
    """The video's frames as ``(H, W, 3)`` RGB."""
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def read_reference(video: Path) -> dict:
    """What MediaPipe saw in a video."""
    return json.loads(gzip.decompress((DATA / f"mediapipe_{video.stem}.json.gz").read_bytes()))


class Comparison:
    """Distances between the hands that two trackers find, and the hands that only one finds."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._distances: list[np.ndarray] = []
        self._only = [0, 0]

    def add(self, ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
        """Adds one frame's hands, ``(21, 2)`` each."""
        left = list(ours)
        for hand in theirs:
            distances = [np.linalg.norm(hand - other, axis=1) for other in left]
            nearest = min(range(len(left)), key=lambda i: distances[i].mean(), default=None)
            limit = SAME_HAND * np.linalg.norm(np.ptp(hand, axis=0))
            if nearest is None or distances[nearest].mean() > limit:
                self._only[1] += 1
            else:
                self._distances.append(distances[nearest])
                left.pop(nearest)
        self._only[0] += len(left)

    def summary(self) -> dict[str, object]:
        """Mean and 95th percentile over keypoints, and counts of hands."""
        distances = np.array(self._distances) * self._scale
        return {
            "mean_px": round(float(distances.mean()), 3),
            "p95_px": round(float(np.percentile(distances, 95)), 3),
            "hands_of_both": len(distances),
            "only_ours": self._only[0],
            "only_mediapipe": self._only[1],
        }


def compare(video: Path, nets: HandNets) -> dict[str, object]:
    """Both differences for one video."""
    reference = read_reference(video)
    scale = 720 / min(reference["size_px"])
    tracker = HandTracker(nets)
    free, one_step = Comparison(scale), Comparison(scale)
    before: list[np.ndarray] = []
    for i, (image, found) in enumerate(zip(frames(video), reference["frames"], strict=True)):
        theirs = [np.array(hand["landmarks_px"]) for hand in found]
        (seen,) = tracker.track({"view": image})
        free.add([hand.landmarks_px for hand in seen.hands if hand is not None], theirs)
        # Where MediaPipe's hands change in number, one came or went by detection.
        if i % STEP_EVERY == 0 and len(theirs) == len(before):
            crops = [(image, roi_from_landmarks(points)) for points in before]
            one_step.add([hand.landmarks_px for hand in landmarks.find(nets, crops)], theirs)
        before = theirs
    itself = reference["self_difference_px"]
    return {
        "frames": len(reference["frames"]),
        "free": free.summary(),
        "one_step": one_step.summary(),
        "mediapipe_vs_itself": {f"{k}_px": round(itself[k] * scale, 3) for k in ("mean", "p95")},
    }


def main() -> None:
    """Compares on each video and writes ``results/faithfulness.json``."""
    from _report import write_report

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", type=Path, nargs="+", metavar="VIDEO")
    arguments = parser.parse_args()
    nets = HandNets()
    results = {video.stem: compare(video, nets) for video in arguments.videos}
    print(json.dumps(results, indent=2))
    print(write_report("faithfulness", results))


if __name__ == "__main__":
    main()
