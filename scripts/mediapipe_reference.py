"""Records what MediaPipe's own video mode sees, for the tracker's faithfulness test.

Run it in an environment of its own, because mediapipe 0.10.21 needs numpy below 2::

    uv run --no-project --python 3.11 --with mediapipe==0.10.21 --with av \\
        python scripts/mediapipe_reference.py VIDEO... --out tests/data

Each video becomes ``mediapipe_VIDEO.json.gz``: for every frame, in order, the hands that
``mediapipe.solutions.hands`` finds with its defaults (two hands, full nets, thresholds 0.5).
Frames are decoded by PyAV, as in the test, so that both see the same pixels.

Each region follows from the landmarks of the frame before, which makes the pipeline a feedback
loop: where a wrist is out of sight the smallest difference grows to several pixels. To tell a wrong
tracker from this, every video runs a second time with the lowest bit of 1 % of the first frames'
values flipped, and ``self_difference_px`` says how far MediaPipe then is from itself.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import av
import mediapipe as mp
import numpy as np

DISTURBED_FRAMES = 15

SAME_HAND = 0.1
"""Nearer than this on average, in diagonals of the hand's box, two sightings are of one hand."""


def frames(path: Path) -> Iterator[np.ndarray]:
    """The video's frames as ``(H, W, 3)`` RGB."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def hands_of(result, width: int, height: int) -> list[dict[str, object]]:
    """One frame's hands: pixels to 0.01, metres to 0.01 mm.

    ``label`` is MediaPipe's, which is right for a mirrored picture, ``score`` is its certainty.
    """
    if not result.multi_hand_landmarks:
        return []
    found = zip(
        result.multi_handedness,
        result.multi_hand_landmarks,
        result.multi_hand_world_landmarks,
        strict=True,
    )
    return [
        {
            "label": handedness.classification[0].label,
            "score": round(handedness.classification[0].score, 4),
            "landmarks_px": [
                [round(p.x * width, 2), round(p.y * height, 2)] for p in landmarks.landmark
            ],
            "world_m": [[round(c, 5) for c in (p.x, p.y, p.z)] for p in world.landmark],
        }
        for handedness, landmarks, world in found
    ]


def record(video: Path, *, disturbed: bool = False) -> dict[str, object]:
    """Runs MediaPipe's video mode over a whole video, its first frames disturbed or not."""
    found, size = [], (0, 0)
    rng = np.random.default_rng(0)
    with mp.solutions.hands.Hands(static_image_mode=False, max_num_hands=2) as hands:
        for i, image in enumerate(frames(video)):
            size = (image.shape[1], image.shape[0])
            if disturbed and i < DISTURBED_FRAMES:
                image = image ^ (rng.random(image.shape) < 0.01).astype(np.uint8)
            found.append(hands_of(hands.process(image), *size))
    return {"producer": f"mediapipe {mp.__version__}", "size_px": size, "frames": found}


def nearest(points: np.ndarray, hands: list[dict]) -> np.ndarray | None:
    """Distances ``(21,)`` to the same hand among others, None where it is not among them."""
    distances = [np.linalg.norm(points - np.array(h["landmarks_px"]), axis=1) for h in hands]
    best = min(distances, key=np.mean, default=None)
    limit = SAME_HAND * np.linalg.norm(np.ptp(points, axis=0))
    return best if best is not None and best.mean() < limit else None


def difference(reference: list, other: list) -> dict[str, float]:
    """Distances in pixels between the same hands in two runs, after the disturbed frames.

    Only hands that were there in the frame before count: what detection finds anew depends on this
    frame alone, and is the same in both runs.
    """
    distances = []
    for i in range(DISTURBED_FRAMES, len(reference)):
        for hand in reference[i]:
            points = np.array(hand["landmarks_px"])
            found = nearest(points, other[i])
            if found is not None and nearest(points, reference[i - 1]) is not None:
                distances.append(found)
    return {
        "mean": round(float(np.mean(distances)), 3),
        "p95": round(float(np.percentile(distances, 95)), 3),
        "hands": len(distances),
    }


def main() -> None:
    """Writes one reference for each video named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", type=Path, nargs="+", metavar="VIDEO")
    parser.add_argument("--out", type=Path, default=Path("tests/data"))
    arguments = parser.parse_args()
    for video in arguments.videos:
        reference = record(video)
        disturbed = record(video, disturbed=True)
        reference["self_difference_px"] = difference(reference["frames"], disturbed["frames"])
        path = arguments.out / f"mediapipe_{video.stem}.json.gz"
        text = json.dumps(reference, separators=(",", ":"))
        # A fixed time stamp keeps the file the same from run to run.
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
        seen = sum(bool(hands) for hands in reference["frames"])
        print(f"{path}: hands in {seen} of {len(reference['frames'])} frames, MediaPipe differs")
        print(f"  from itself by {reference['self_difference_px']} px")


if __name__ == "__main__":
    main()
