"""A software renderer for triangle meshes: camera, z-buffer, shading, skin.

Needs no graphics card: the demo's picture and synthetic data come out of it anywhere. Images are
RGB, cameras are OpenCV's (x right, y down, z forward; the first pixel's centre is 0, 0).
"""

from __future__ import annotations

from bridge.model.render.camera import Camera
from bridge.model.render.raster import FAR_M, NEAR_M, Canvas
from bridge.model.render.shading import (
    Light,
    from_linear,
    shade,
    to_linear,
    vertex_normals,
)
from bridge.model.render.skin import (
    SKIN_FACTORS,
    SkinMarks,
    SkinTone,
    skin_albedo,
    skin_marks,
)

__all__ = [
    "FAR_M",
    "NEAR_M",
    "SKIN_FACTORS",
    "Camera",
    "Canvas",
    "Light",
    "SkinMarks",
    "SkinTone",
    "from_linear",
    "shade",
    "skin_albedo",
    "skin_marks",
    "to_linear",
    "vertex_normals",
]
