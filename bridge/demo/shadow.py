"""Soft shadows of hands and arms on what is flat beneath them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.demo.solids import Solid
from bridge.model.render import Camera, Canvas

__all__ = ["Rectangle", "bounds", "darken", "soft_shadows"]

Array = NDArray[np.float64]
Rectangle = tuple[int, int, int, int]
"""Of an image: x, y, width, height in pixels."""

_SHADE_M, _SHADE_STRENGTH, _SHADE_BLUR_PX = 0.12, 0.42, 7.0
_CONTACT_M, _CONTACT_STRENGTH, _CONTACT_BLUR_PX = 0.025, 0.45, 5.0
_FADING_M = 0.06


def soft_shadows(
    camera: Camera,
    body: Solid,
    lamp: Array,
    *,
    samples: int,
    edge_m: float,
    top_m: float = 0.0,
    softness: float = 1.0,
) -> list[tuple[Rectangle, NDArray[np.float32]]]:
    """What bodies leave of the light on a table: the lamp's, and the sky's at contact.

    Args:
        camera: The camera.
        body: What is over the table.
        lamp: ``(3,)`` direction towards the lamp, y up.
        samples: Samples a pixel of what is darkened.
        edge_m: Where the table ends towards the player (z); beyond nothing is darkened.
        top_m: Height of the table's top.
        softness: Factor on the width of the soft edge; 1 suits pictures of 1280 pixels.

    Returns:
        Parts of the image, and what to multiply their samples by, ``(rows, columns, 3)``.
    """
    out = []
    height = np.maximum(body.vertices[:, 1] - top_m, 0.0)
    for towards, reach_m, strength, blur_px in (
        (lamp, _SHADE_M, _SHADE_STRENGTH, softness * _SHADE_BLUR_PX),
        (np.array([0.0, 1.0, 0.0]), _CONTACT_M, _CONTACT_STRENGTH, softness * _CONTACT_BLUR_PX),
    ):
        flat = body.vertices - height[:, None] * towards / towards[1]
        # Over the table's edge there is nothing near for a shadow to fall on.
        fading = np.clip((edge_m - flat[:, 2]) / _FADING_M, 0, 1)
        weight = np.exp(-height / reach_m) * fading
        points, _ = camera.project(flat)
        falls = points[weight > 0]
        if not np.isfinite(falls).any():
            continue
        around = np.concatenate([falls - 3 * blur_px, falls + 3 * blur_px])
        x, y, w, h = bounds(around, camera.size_px)
        # Soft as it is, a shadow needs half of the image's resolution.
        mask = Canvas(((w + 1) // 2, (h + 1) // 2), samples=1)
        # Lower parts are drawn over higher ones: their shadow is the darker.
        halved = (points - (x, y) + 0.5) / 2 - 0.5
        mask.draw(halved, 1.0 + height, body.faces, np.repeat(weight[:, None], 3, axis=1))
        light = 1 - strength * cv2.GaussianBlur(mask.colour[..., 0], (0, 0), blur_px / 2)
        fine = cv2.resize(light, (w * samples, h * samples))
        out.append(((x, y, w, h), np.asarray(cv2.merge([fine] * 3), np.float32)))
    return out


def darken(canvas: Canvas, rectangle: Rectangle, light: NDArray[np.float32]) -> None:
    """Multiplies a part of the image, which the canvas must hold, by what light is left."""
    x, y, w, h = rectangle
    s = canvas.samples
    top, left = (y - canvas.origin_px[1]) * s, (x - canvas.origin_px[0]) * s
    below = canvas.colour[top : top + h * s, left : left + w * s]
    below *= light


def bounds(points: Array, size_px: tuple[int, int]) -> Rectangle:
    """The part of an image of some size around points ``(N, 2)``, with a pixel for their edges."""
    size = np.array(size_px)
    low = np.clip(np.floor(np.nanmin(points, 0)).astype(int) - 1, 0, size - 1)
    high = np.clip(np.ceil(np.nanmax(points, 0)).astype(int) + 2, low + 1, size)
    x, y, width, height = (int(n) for n in (*low, *(high - low)))
    return x, y, width, height
