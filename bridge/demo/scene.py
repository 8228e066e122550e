"""What a camera sees of the piece at any time: room, keyboard, hands, arms and their shadow.

The room and the keys at rest are painted once a camera. A frame redraws the rectangle that holds
the hands: keys that moved, the hands' shadow, hands and arms.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from bridge.demo.arm import SLEEVE_RING, arm_shape, grow_arm
from bridge.demo.keyboard import FIRST_KEY, Key, keys
from bridge.demo.motion import HandMotion, hands_at, key_depressions
from bridge.demo.room import furniture, paint_room
from bridge.demo.solids import Solid, merge
from bridge.model.hand.open_hand import open_hand
from bridge.model.render import (
    Camera,
    Canvas,
    Light,
    SkinTone,
    shade,
    skin_albedo,
    to_linear,
    vertex_normals,
)
from bridge.protocol.joints import N_BETAS, Side

__all__ = ["Scene"]

Array = NDArray[np.float64]
Rectangle = tuple[int, int, int, int]

_LIGHT = Light(direction=(-0.25, 1.0, 0.30))
_SLEEVES = ((0.055, 0.085, 0.16), (0.055, 0.085, 0.16))
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
        self._outlines = tuple(self._outline(key) for key in keys())
        self._still = self._rest.image()
        rng = np.random.default_rng(_SEED)
        self._skin = tuple(_body_albedo(side, tone, rng) for side in Side)
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
        shadows = self._shadows(merge(*bodies))
        parts = [rectangle for rectangle, _ in shadows]
        parts += [self._outlines[number - FIRST_KEY] for number in moved]
        parts += [self._bounds(self._camera.project(body.vertices)[0]) for body in bodies]
        x, y, w, h = _around(parts)
        canvas = self._rest.crop(x, y, w, h)
        self._draw_keys(canvas, moved)
        for rectangle, light in shadows:
            below = canvas.colour[_samples(canvas, rectangle)]
            below *= light
        self._draw_solid(canvas, merge(*bodies), wrap=0.25, gloss=0.10, shininess=14)
        picture = self._still.copy()
        picture[y : y + h, x : x + w] = canvas.image()
        return self._with_grain(picture, time_s)

    def _draw_solid(self, canvas: Canvas, solid: Solid, **surface: float) -> None:
        """Draws a solid; ``surface`` is how `shade` treats it."""
        towards = self._camera.position_m - solid.vertices
        colours = shade(solid.albedo, solid.normals, towards, _LIGHT, **surface)
        points, depth = self._camera.project(solid.vertices)
        canvas.draw(points, depth, solid.faces, colours, cull=True)

    def _outline(self, key: Key) -> Rectangle:
        """The part of the image that a key can fill, up or down."""
        both = np.concatenate([key.solid(0.0).vertices, key.solid(1.0).vertices])
        return self._bounds(self._camera.project(both)[0])

    def _bounds(self, points: Array) -> Rectangle:
        """The part of the image around points ``(N, 2)``, with a pixel for their edges."""
        size = np.array(self._camera.size_px)
        low = np.clip(np.floor(np.nanmin(points, 0)).astype(int) - 1, 0, size - 1)
        high = np.clip(np.ceil(np.nanmax(points, 0)).astype(int) + 2, low + 1, size)
        x, y, width, height = (int(n) for n in (*low, *(high - low)))
        return x, y, width, height

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

    def _shadows(self, body: Solid) -> list[tuple[Rectangle, NDArray[np.float32]]]:
        """What the hands leave of the light on the keys: the lamp's, and the sky's at contact.

        Returns:
            Parts of the image, and what to multiply their samples by, ``(rows, columns, 3)``.
        """
        out = []
        samples = self._rest.samples
        height = np.maximum(body.vertices[:, 1], 0.0)
        for towards, reach_m, strength, blur_px in (
            (_LIGHT.towards, 0.12, 0.42, 7.0),
            (np.array([0.0, 1.0, 0.0]), 0.025, 0.45, 5.0),
        ):
            flat = body.vertices - height[:, None] * towards / towards[1]
            # Over the table's edge there is no keyboard for a shadow to fall on.
            weight = np.exp(-height / reach_m) * np.clip((_EDGE_M - flat[:, 2]) / 0.06, 0, 1)
            points, _ = self._camera.project(flat)
            falls = points[weight > 0]
            x, y, w, h = self._bounds(np.concatenate([falls - 3 * blur_px, falls + 3 * blur_px]))
            # Soft as it is, a shadow needs half of the image's resolution.
            mask = Canvas(((w + 1) // 2, (h + 1) // 2), samples=1)
            # Lower parts are drawn over higher ones: their shadow is the darker.
            halved = (points - (x, y) + 0.5) / 2 - 0.5
            mask.draw(halved, 1.0 + height, body.faces, np.repeat(weight[:, None], 3, axis=1))
            light = 1 - strength * cv2.GaussianBlur(mask.colour[..., 0], (0, 0), blur_px / 2)
            fine = cv2.resize(light, (w * samples, h * samples))
            out.append(((x, y, w, h), np.asarray(cv2.merge([fine] * 3), np.float32)))
        return out

    def _body(self, side: Side, pose_quat: Array, wrist_m: Array) -> Solid:
        """Hand and arm."""
        hand = open_hand(side)
        vertices = np.asarray(hand.vertices(_BETAS, pose_quat, wrist_m), np.float64)
        arm = grow_arm(side, vertices, Rotation.from_quat(pose_quat[0]).as_matrix())
        both = np.concatenate([vertices, arm])
        faces = np.concatenate([hand.faces, arm_shape(side).faces + len(vertices)])
        return Solid(both, faces.astype(np.int32), vertex_normals(both, faces), self._skin[side])

    def _with_grain(self, picture: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        """Sensor noise: one sheet of it, laid elsewhere each time."""
        height, width = picture.shape[:2]
        rng = np.random.default_rng(round(time_s * 1e6) % (1 << 32))
        dy, dx = rng.integers(0, 64, 2)
        grain = self._grain[dy : dy + height, dx : dx + width]
        return np.asarray(cv2.add(picture, cv2.merge([grain] * 3), dtype=cv2.CV_8U), np.uint8)


def _body_albedo(side: Side, tone: SkinTone, rng: np.random.Generator) -> Array:
    """Linear albedo of the same mesh."""
    hand = open_hand(side)
    skin = skin_albedo(
        hand.rest_vertices(_BETAS), hand.rest_keypoints(_BETAS), hand.faces, tone=tone, rng=rng
    )
    rings = arm_shape(side).rings
    forearm = np.broadcast_to(to_linear(tone.value), (len(rings), 3))
    forearm = forearm * np.exp(0.04 * rng.normal(size=(len(rings), 1)))
    cloth = np.asarray(_SLEEVES[side]) * np.exp(0.10 * rng.normal(size=(len(rings), 1)))
    return np.concatenate([skin, np.where((rings < SLEEVE_RING)[:, None], forearm, cloth)])


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
