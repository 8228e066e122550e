"""What a camera sees of the piece at any time: room, keyboard, hands, arms and their shadow.

The room and the keys at rest are painted once a camera. A frame redraws the rectangle that holds
the hands: keys that moved, the hands' shadow, hands and arms.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from bridge.demo.body import SKIN_SURFACE, body, body_albedo
from bridge.demo.keyboard import FIRST_KEY, keys
from bridge.demo.motion import HandMotion, hands_at, key_depressions
from bridge.demo.room import furniture, paint_room
from bridge.demo.shadow import Rectangle, bounds, darken, soft_shadows
from bridge.demo.solids import Solid, merge
from bridge.model.hand.open_hand import open_hand
from bridge.model.render import Camera, Canvas, Light, SkinTone, shade
from bridge.protocol.joints import N_BETAS, Side

__all__ = ["Scene"]

Array = NDArray[np.float64]

_LIGHT = Light(direction=(-0.25, 1.0, 0.30))
_SLEEVE = (0.055, 0.085, 0.16)
_SEED = 7
_GRAIN = 2.0
_EDGE_M = 0.09
_BETAS = np.zeros(N_BETAS)


class Scene:
    """The demo's scene, seen by one camera.

    Example::

        picture = Scene(CAMERAS["phone"]).render(1.5)  # (720, 1280, 3) uint8 RGB
    """

    def __init__(
        self, camera: Camera, *, samples: int = 2, tone: SkinTone = SkinTone.LIGHT
    ) -> None:
        """Paints what stands still.

        Args:
            camera: The camera, in the keyboard's frame.
            samples: Samples a pixel along each axis, for smooth edges.
            tone: The player's skin.
        """
        self._camera = camera
        self._bare = paint_room(camera, samples=samples, light=_LIGHT, seed=_SEED)
        self._draw_solid(self._bare, furniture(_SEED))
        width, height = camera.size_px
        self._rest = self._bare.crop(0, 0, width, height)
        self._draw_solid(self._rest, merge(*(key.solid(0.0) for key in keys())))
        self._outlines = tuple(self._outline(key.solid(0.0), key.solid(1.0)) for key in keys())
        self._still = self._rest.image()
        rng = np.random.default_rng(_SEED)
        self._skin = tuple(body_albedo(side, tone=tone, cloth=_SLEEVE, rng=rng) for side in Side)
        self._grain = rng.normal(0, _GRAIN, (height + 64, width + 64)).astype(np.float32)

    def render(self, time_s: float, motion: HandMotion | None = None) -> NDArray[np.uint8]:
        """The picture at a time, ``(height, width, 3)`` RGB.

        Args:
            time_s: The time.
            motion: ``hands_at([time_s])``, where a caller has it: many times are worked out at
                little more than the cost of one.
        """
        hands = hands_at([time_s]) if motion is None else motion
        bodies = [
            self._body(side, hands.pose_quat[0, side], hands.wrist_m[0, side]) for side in Side
        ]
        moved = key_depressions(time_s)
        shadows = soft_shadows(
            self._camera,
            merge(*bodies),
            _LIGHT.towards,
            samples=self._rest.samples,
            edge_m=_EDGE_M,
        )
        parts = [rectangle for rectangle, _ in shadows]
        parts += [self._outlines[number - FIRST_KEY] for number in moved]
        parts += [self._outline(part) for part in bodies]
        x, y, w, h = _around(parts)
        canvas = self._rest.crop(x, y, w, h)
        self._draw_keys(canvas, moved)
        for rectangle, light in shadows:
            darken(canvas, rectangle, light)
        self._draw_solid(canvas, merge(*bodies), **SKIN_SURFACE)
        picture = self._still.copy()
        picture[y : y + h, x : x + w] = canvas.image()
        return self._with_grain(picture, time_s)

    def _draw_solid(self, canvas: Canvas, solid: Solid, **surface: float) -> None:
        """Draws a solid; ``surface`` is how `shade` treats it."""
        towards = self._camera.position_m - solid.vertices
        colours = shade(solid.albedo, solid.normals, towards, _LIGHT, **surface)
        points, depth = self._camera.project(solid.vertices)
        canvas.draw(points, depth, solid.faces, colours, cull=True)

    def _outline(self, *solids: Solid) -> Rectangle:
        """The part of the image that solids fill."""
        points, _ = self._camera.project(merge(*solids).vertices)
        return bounds(points, self._camera.size_px)

    def _draw_keys(self, canvas: Canvas, moved: dict[int, float]) -> None:
        """Paints the places of the keys that moved anew, with all keys that reach into them."""
        for number in moved:
            place = self._outlines[number - FIRST_KEY]
            patch = self._bare.crop(*place)
            reaching = [
                key.solid(moved.get(key.number, 0.0))
                for key, outline in zip(keys(), self._outlines, strict=True)
                if _overlap(outline, place)
            ]
            self._draw_solid(patch, merge(*reaching))
            where = _samples(canvas, place)
            canvas.colour[where] = patch.colour
            canvas.inverse_depth[where] = patch.inverse_depth

    def _body(self, side: Side, pose_quat: Array, wrist_m: Array) -> Solid:
        vertices = np.asarray(open_hand(side).vertices(_BETAS, pose_quat, wrist_m), np.float64)
        turn = Rotation.from_quat(pose_quat[0]).as_matrix()
        return body(side, vertices, turn, self._skin[side])

    def _with_grain(self, picture: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        """Sensor noise: one sheet of it, laid elsewhere each time."""
        height, width = picture.shape[:2]
        rng = np.random.default_rng(round(time_s * 1e6) % (1 << 32))
        dy, dx = rng.integers(0, 64, 2)
        grain = self._grain[dy : dy + height, dx : dx + width]
        return np.asarray(cv2.add(picture, cv2.merge([grain] * 3), dtype=cv2.CV_8U), np.uint8)


def _samples(canvas: Canvas, rectangle: Rectangle) -> tuple[slice, slice]:
    """Where a part of the image is in a canvas's arrays."""
    x, y, w, h = rectangle
    s = canvas.samples
    top, left = (y - canvas.origin_px[1]) * s, (x - canvas.origin_px[0]) * s
    return slice(top, top + h * s), slice(left, left + w * s)


def _around(parts: list[Rectangle]) -> Rectangle:
    """The smallest rectangle that holds all parts."""
    corners = np.array([[(x, y), (x + w, y + h)] for x, y, w, h in parts])
    x, y, right, bottom = (int(n) for n in (*corners.min((0, 1)), *corners.max((0, 1))))
    return x, y, right - x, bottom - y


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
