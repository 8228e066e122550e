"""MCAP that Foxglove shows in its 3D panel: scene updates as JSON.

Message schemas ``foxglove.SceneUpdate`` and ``foxglove.FrameTransform`` of Foxglove's
documentation, "Message schemas"; MCAP specification, appendix "Well-known encodings".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridge import __version__
from bridge.protocol.joints import BONES, FINGERTIPS, N_KEYPOINTS, Side
from sdk_python._whole_file import whole_file
from sdk_python.export._blocks import Block, Floats, Progress, Source, blocks, nothing_to_draw
from sdk_python.export._foxglove_schemas import FRAME_TRANSFORM, SCENE_UPDATE

__all__ = ["to_foxglove"]

_SCENE_TOPIC = "/hands"
_FRAME_TOPIC = "/tf"
_STAGE, _WORLD = "stage", "world"
_COLOURS = ((0.337, 0.706, 0.914), (0.902, 0.624, 0.0))  # Okabe and Ito's sky blue and orange
_BONE_M = 0.006
_FINGERTIP_M = 0.014
_HALF = 0.5**0.5

_NONE = {"x": 0, "y": 0, "z": 0}
_UNTURNED = {"x": 0, "y": 0, "z": 0, "w": 1}


def to_foxglove(
    recording: Source,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Writes an MCAP file for Foxglove (and others that know its schemas); not one to open again.

    Topic ``/hands`` has a ``foxglove.SceneUpdate`` a pose, as JSON: entities ``left`` and
    ``right`` in frame ``stage``, bones as lines, fingertips as spheres, metres, 0.01 mm; an absent
    hand's entity is deleted. Topic ``/tf`` has one ``foxglove.FrameTransform``: in ``world``,
    whose z is up as Foxglove's, the stage stands upright. Times are those of ``time_ns``.

    Args:
        recording: What to write; a `RecordingFile` is read part by part.
        path: The file to make.
        overwrite: Replace one that exists.
        progress: Called with the poses done and their number.

    Raises:
        InputError: The recording has no hand at any time, or the file exists or cannot be written.
    """
    from mcap.writer import CompressionType, Writer  # 40 ms that only this needs

    with whole_file(path, overwrite=overwrite) as file:
        writer = Writer(file, compression=CompressionType.ZSTD)
        writer.start(profile="", library=f"ghosthands {__version__}")
        channels = {
            topic: writer.register_channel(
                topic,
                "json",
                writer.register_schema(name, "jsonschema", json.dumps(schema).encode()),
            )
            for topic, name, schema in (
                (_FRAME_TOPIC, "foxglove.FrameTransform", FRAME_TRANSFORM),
                (_SCENE_TOPIC, "foxglove.SceneUpdate", SCENE_UPDATE),
            )
        }
        drawn = False
        for k, block in enumerate(blocks(recording, progress)):
            if not k:
                first_ns = int(block.time_ns[0])
                text = json.dumps(_upright(first_ns))
                writer.add_message(channels[_FRAME_TOPIC], first_ns, text.encode(), first_ns)
            for time_ns, text in _updates(block):
                writer.add_message(channels[_SCENE_TOPIC], time_ns, text.encode(), time_ns)
            drawn = drawn or bool(block.present.any())
        if not drawn:
            raise nothing_to_draw()
        writer.finish()  # type: ignore[no-untyped-call]


def _upright(time_ns: int) -> dict[str, Any]:
    """The stage, whose y is up, in a world whose z is up: turned by a right angle about x."""
    return {
        "timestamp": _time(time_ns),
        "parent_frame_id": _WORLD,
        "child_frame_id": _STAGE,
        "translation": _NONE,
        "rotation": {"x": _HALF, "y": 0, "z": 0, "w": _HALF},
    }


def _updates(block: Block) -> Iterator[tuple[int, str]]:
    """The time and the JSON of each pose's message.

    Every message says all there is at its time, so a viewer may begin at any of them.
    """
    templates = [_template(side) for side in Side]
    present = block.present
    for k, time_ns in enumerate(block.time_ns.tolist()):
        stamp = json.dumps(_time(time_ns))
        entities, deletions = [], []
        for side in Side:
            if present[k, side]:
                entities.append(_entity(templates[side], stamp, block, k, side))
            else:
                name = side.name.lower()
                deletions.append(f'{{"timestamp":{stamp},"type":0,"id":"{name}"}}')
        yield (
            time_ns,
            f'{{"deletions":[{",".join(deletions)}],"entities":[{",".join(entities)}]}}',
        )


def _entity(template: str, stamp: str, block: Block, k: int, side: Side) -> str:
    points: Floats = block.joints_m[k, side]
    values = (*points.ravel().tolist(), *points[list(FINGERTIPS)].ravel().tolist())
    return template % (stamp, f"{block.confidence[k, side]:.3f}", *values)


def _template(side: Side) -> str:
    """An entity's JSON with places for its time, confidence, 21 points and 5 fingertips."""
    mark = "@"
    point = dict.fromkeys("xyz", mark)
    colour = dict(zip("rgba", (*_COLOURS[side], 1.0), strict=True))
    entity: dict[str, Any] = {
        "timestamp": "@time",
        "frame_id": _STAGE,
        "id": side.name.lower(),
        "lifetime": {"sec": 0, "nsec": 0},
        "frame_locked": True,
        "metadata": [{"key": "confidence", "value": "@confidence"}],
        "arrows": [],
        "cubes": [],
        "cylinders": [],
        "lines": [
            {
                "type": 2,  # a list of separate lines, by pairs of indices
                "pose": {"position": _NONE, "orientation": _UNTURNED},
                "thickness": _BONE_M,
                "scale_invariant": False,
                "points": [point] * N_KEYPOINTS,
                "color": colour,
                "colors": [],
                "indices": [end for bone in BONES for end in bone],
            }
        ],
        "spheres": [
            {
                "pose": {"position": point, "orientation": _UNTURNED},
                "size": dict.fromkeys("xyz", _FINGERTIP_M),
                "color": colour,
            }
        ]
        * len(FINGERTIPS),
        "triangles": [],
        "texts": [],
        "models": [],
    }
    text = json.dumps(entity, separators=(",", ":")).replace("%", "%%")
    text = text.replace('"@time"', "%s").replace("@confidence", "%s")
    return text.replace('"@"', "%.5f")


def _time(time_ns: int) -> dict[str, int]:
    return {"sec": time_ns // 10**9, "nsec": time_ns % 10**9}
