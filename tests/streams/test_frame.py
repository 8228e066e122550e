"""A picture and its conversion."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np

from bridge.streams import Frame


def test_threads_may_convert_one_picture_at_once() -> None:
    """A room reconstructs from the newest picture while an anchor is looked for in it."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        noise = rng.integers(0, 255, (1080, 1280), dtype=np.uint8)
        frame = Frame("phone", 0, 0, av.VideoFrame.from_ndarray(noise, format="yuv420p"))
        together = threading.Barrier(4)

        def convert(frame: Frame = frame, together: threading.Barrier = together) -> np.ndarray:
            together.wait()
            return frame.rgb()

        with ThreadPoolExecutor(4) as pool:
            pictures = [done.result() for done in [pool.submit(convert) for _ in range(4)]]
        assert pictures[0].shape == (720, 1280, 3)
        assert all((picture == pictures[0]).all() for picture in pictures)
