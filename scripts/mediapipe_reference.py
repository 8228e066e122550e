"""Records what MediaPipe's own video mode sees, for the tracker's faithfulness test.

Run it in an environment of its own, because mediapipe 0.10.21 needs numpy below 2::

    uv run --no-project --python 3.11 --with mediapipe==0.10.21 --with av \\
        python scripts/mediapipe_reference.py VIDEO... --out tests/data

Each video becomes ``mediapipe_VIDEO.json.gz``: for every frame, in order, the hands that
``mediapipe.solutions.hands`` finds with its defaults (two hands, full nets, thresholds 0.5).
Frames are decoded by PyAV, as in the test, so that both see the same pixels.
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


def record(video: Path) -> dict[str, object]:
    """Runs MediaPipe's video mode over a whole video."""
    found, size = [], (0, 0)
    with mp.solutions.hands.Hands(static_image_mode=False, max_num_hands=2) as hands:
        for image in frames(video):
            size = (image.shape[1], image.shape[0])
            found.append(hands_of(hands.process(image), *size))
    return {"producer": f"mediapipe {mp.__version__}", "size_px": size, "frames": found}


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
        path = arguments.out / f"mediapipe_{video.stem}.json.gz"
        text = json.dumps(reference, separators=(",", ":"))
        # A fixed time stamp keeps the file the same from run to run.
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
        seen = sum(bool(hands) for hands in reference["frames"])
        print(f"{path}: hands in {seen} of {len(reference['frames'])} frames")


if __name__ == "__main__":
    main()
