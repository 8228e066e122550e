"""Times MediaPipe's own Python video pipeline on request; started by ``trackers.py``.

Runs in an environment of its own (mediapipe 0.10.21 needs numpy below 2). Each line on stdin is the
number of a frame set; the answer is one line with the milliseconds that MediaPipe took for it and
the hands it found in each view.
"""

from __future__ import annotations

import json
import sys
import time

import mediapipe as mp
from _frames import read_frame_sets


def main() -> None:
    """Reads the frame sets named on the command line, then answers until stdin ends."""
    scene, count, *videos = sys.argv[1:]
    sets = read_frame_sets(videos, scene, int(count))
    pipelines = [mp.solutions.hands.Hands(static_image_mode=False, max_num_hands=2) for _ in videos]
    print(json.dumps({"mediapipe": mp.__version__}), flush=True)
    for line in sys.stdin:
        images = sets[int(line)]
        start = time.perf_counter()
        found = [hands.process(image) for hands, image in zip(pipelines, images, strict=True)]
        elapsed_ms = (time.perf_counter() - start) * 1e3
        hands = [len(result.multi_hand_landmarks or ()) for result in found]
        print(json.dumps({"ms": elapsed_ms, "hands": hands}), flush=True)


if __name__ == "__main__":
    main()
