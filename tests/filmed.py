"""Small videos of the demo's hands, with exact truth: what a user's files may look like."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np

from bridge.demo.cameras import CAMERAS
from bridge.demo.motion import HandMotion, hands_at
from bridge.demo.scene import Scene
from bridge.model.metrics import pa_mpjpe_mm
from bridge.model.nets import HandNets
from sdk_python import Recording

RATE_HZ = 30
SIZES_PX = {"phone": (480, 270), "tablet": (400, 300)}


@cache
def camera(view: str):
    """The demo's camera with a smaller picture and a plain lens."""
    size_px = SIZES_PX[view]
    whole = CAMERAS[view]
    middle = ((size_px[0] - 1) / 2, (size_px[1] - 1) / 2)
    focal_px = whole.focal_px * size_px[1] / whole.size_px[1]
    return replace(
        whole, size_px=size_px, focal_px=focal_px, centre_px=middle, distortion=(0.0, 0.0)
    )


@cache
def scene(view: str) -> Scene:
    return Scene(camera(view), samples=1)


def film(view: str, time_s: np.ndarray) -> list[np.ndarray]:
    """Pictures ``(H, W, 3)`` at some times of the piece."""
    cv2.setNumThreads(1)
    motion: HandMotion = hands_at(time_s)
    return [scene(view).render(t, motion.at(slice(k, k + 1))) for k, t in enumerate(time_s)]


def encode(
    path: Path,
    pictures: list[np.ndarray],
    *,
    times_ms: list[int] | None = None,
    rotated: bool = False,
) -> Path:
    """Writes a video without loss; ``rotated`` stores it lying, with the matrix that rights it."""
    planes = [i420(picture, turned=rotated) for picture in pictures]
    with av.open(str(path), "w") as container:
        options = {"bf": "0", "preset": "ultrafast", "qp": "0"}
        stream = container.add_stream("libx264", rate=RATE_HZ, options=options)
        stream.height, stream.width = planes[0].shape[0] * 2 // 3, planes[0].shape[1]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 3000)
        if rotated:
            stream.set_display_rotation(90)
        for k, plane in enumerate(planes):
            frame = av.VideoFrame.from_ndarray(plane, format="yuv420p")
            frame.pts = 3 * times_ms[k] if times_ms else k * 3000 // RATE_HZ
            frame.time_base = Fraction(1, 3000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def i420(picture: np.ndarray, *, turned: bool) -> np.ndarray:
    """Planar YUV 4:2:0, on request a quarter turn clockwise, plane by plane: nothing is lost."""
    picture = picture[: picture.shape[0] // 4 * 4]
    height, width = picture.shape[:2]
    yuv = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    if not turned:
        return yuv
    luma, chroma = yuv[:height], yuv[height:].reshape(2, height // 2, width // 2)
    flat = [np.rot90(plane, -1).ravel() for plane in (luma, *chroma)]
    return np.concatenate(flat).reshape(width * 3 // 2, height)


def error_mm(recording: Recording, view: str) -> float:
    """PA-MPJPE of the recorded hands; time zero is zero of the piece."""
    exact = camera(view).to_camera(hands_at(recording.time_s).joints_m) * [1, -1, -1]
    there = np.isfinite(recording.joints_m).all((2, 3))
    return pa_mpjpe_mm(recording.joints_m[there], exact[there]).value


@cache
def nets() -> HandNets:
    return HandNets()
