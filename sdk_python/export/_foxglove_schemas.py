"""JSON schemas of the two Foxglove messages that are exported, as far as they are filled.

Names, types and required fields are those of Foxglove's documentation ("Message schemas"); of
primitives that are never drawn here it is only said that they are objects.
"""

from __future__ import annotations

from typing import Any

__all__ = ["FRAME_TRANSFORM", "SCENE_UPDATE"]

_Schema = dict[str, Any]

_NUMBER: _Schema = {"type": "number"}
_TEXT: _Schema = {"type": "string"}
_FLAG: _Schema = {"type": "boolean"}
_INDEX: _Schema = {"type": "integer", "minimum": 0}


def _object(title: str, **properties: _Schema) -> _Schema:
    return {
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _array(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _time(title: str, seconds: _Schema) -> _Schema:
    return _object(title, sec=seconds, nsec={**_INDEX, "maximum": 999_999_999})


_TIME = _time("time", _INDEX)
_DURATION = _time("duration", {"type": "integer"})
_VECTOR = _object("foxglove.Vector3", x=_NUMBER, y=_NUMBER, z=_NUMBER)
_POINT = _object("foxglove.Point3", x=_NUMBER, y=_NUMBER, z=_NUMBER)
_QUATERNION = _object("foxglove.Quaternion", x=_NUMBER, y=_NUMBER, z=_NUMBER, w=_NUMBER)
_COLOUR = _object("foxglove.Color", r=_NUMBER, g=_NUMBER, b=_NUMBER, a=_NUMBER)
_POSE = _object("foxglove.Pose", position=_VECTOR, orientation=_QUATERNION)

_LINE = _object(
    "foxglove.LinePrimitive",
    type={"enum": [0, 1, 2]},
    pose=_POSE,
    thickness=_NUMBER,
    scale_invariant=_FLAG,
    points=_array(_POINT),
    color=_COLOUR,
    colors=_array(_COLOUR),
    indices=_array(_INDEX),
)

_SPHERE = _object("foxglove.SpherePrimitive", pose=_POSE, size=_VECTOR, color=_COLOUR)

_ENTITY = _object(
    "foxglove.SceneEntity",
    timestamp=_TIME,
    frame_id=_TEXT,
    id=_TEXT,
    lifetime=_DURATION,
    frame_locked=_FLAG,
    metadata=_array(_object("foxglove.KeyValuePair", key=_TEXT, value=_TEXT)),
    arrows=_array({"type": "object"}),
    cubes=_array({"type": "object"}),
    spheres=_array(_SPHERE),
    cylinders=_array({"type": "object"}),
    lines=_array(_LINE),
    triangles=_array({"type": "object"}),
    texts=_array({"type": "object"}),
    models=_array({"type": "object"}),
)

_DELETION = _object(
    "foxglove.SceneEntityDeletion", timestamp=_TIME, type={"enum": [0, 1]}, id=_TEXT
)

SCENE_UPDATE = _object(
    "foxglove.SceneUpdate", deletions=_array(_DELETION), entities=_array(_ENTITY)
)

FRAME_TRANSFORM = _object(
    "foxglove.FrameTransform",
    timestamp=_TIME,
    parent_frame_id=_TEXT,
    child_frame_id=_TEXT,
    translation=_VECTOR,
    rotation=_QUATERNION,
)
