"""Binary glTF 2.0: both hands as skinned, animated meshes, for browsers, engines and Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bridge import __version__
from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_KEYPOINTS, Side
from sdk_python._whole_file import whole_file
from sdk_python.export._blocks import (
    Floats,
    Progress,
    Source,
    blocks,
    first_s,
    last_shape,
    nothing_to_draw,
)
from sdk_python.export._gltf import ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER, Buffer, write_glb
from sdk_python.export._hand_mesh import HandMesh, person_mesh
from sdk_python.export._skeleton import CHILDREN, JOINT_OF_KEYPOINT, node_name
from sdk_python.export._tracks import HandTracks

__all__ = ["to_glb"]

# Okabe and Ito's sky blue and orange, told apart by the colour-blind; linear, as glTF has colours.
_COLOURS = ((0.0931, 0.4564, 0.8148), (0.7913, 0.3467, 0.0))


def to_glb(
    recording: Source,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Writes one file with mesh, skeleton and animation of both hands.

    glTF's frame is the stage's: metres, right-handed, y up, so nothing is converted. The file's
    time 0 is the recording's first pose (``asset.extras.start_s`` says when that is). A hand is the
    node ``left_hand`` or ``right_hand`` with 21 nodes in it, named ``left_wrist``,
    ``left_thumb1`` to ``left_little4``: 16 joints that turn and move the open hand's mesh (CC0),
    fitted to ``rest_joints_m``, and five fingertips as leaves. Each node is where ``joints_m`` has
    it; bones change their length only where the recording's do.

    A hand that is absent has the scale 0, by a stepped channel on its own node: glTF itself has no
    channel for visibility, and every viewer knows scale. A hand that is never there is left out.

    Rotations are 16 bit (0.003 degrees at most), so a minute of both hands at 60 Hz takes 1 MB.

    Args:
        recording: What to write; a `RecordingFile` is read part by part.
        path: The file to make.
        overwrite: Replace one that exists.
        progress: Called with the poses done and their number.

    Raises:
        InputError: The recording has no hand at any time, or the file exists or cannot be written.

    Example:
        >>> import pathlib, tempfile, numpy as np, sdk_python as sdk
        >>> pose = np.tile([0.0, 0.0, 0.0, 1.0], (60, 2, 16, 1))
        >>> flat = sdk.Recording.from_arrays(
        ...     np.arange(60) / 60, pose_quat=pose, wrist_m=np.zeros((60, 2, 3))
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "flat.glb")
        ...     sdk.export.to_glb(flat, path)
        ...     path.read_bytes()[:4]
        b'glTF'
    """
    betas, rest = last_shape(recording)
    tracks = [HandTracks(side, rest[side], first_s(recording)) for side in Side]
    with whole_file(path, overwrite=overwrite) as file:
        for block in blocks(recording, progress):
            for hand in tracks:
                hand.add(block)
        hands = [hand for hand in tracks if hand.times]
        if not hands:
            raise nothing_to_draw()
        scene = _Scene()
        for hand in hands:
            scene.add_hand(hand, rest[hand.side], betas[hand.side])
        write_glb(file, scene.document(recording), scene.buffer)


class _Scene:
    """The JSON of a file as it grows."""

    def __init__(self) -> None:
        self.buffer = Buffer()
        self._roots: list[int] = []
        self._nodes: list[dict[str, Any]] = []
        self._meshes: list[dict[str, Any]] = []
        self._skins: list[dict[str, Any]] = []
        self._materials: list[dict[str, Any]] = []
        self._samplers: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []

    def add_hand(self, hand: HandTracks, rest_m: Floats, betas: Floats) -> None:
        """A hand's nodes, mesh, skin and channels."""
        name = Side(hand.side).name.lower()
        root = len(self._nodes)
        first = root + 1  # the wrist; the other keypoints follow in their order
        self._nodes.append({"name": f"{name}_hand", "children": [first]})
        for keypoint in range(N_KEYPOINTS):
            self._nodes.append(_node(hand, keypoint, first))
        joints = [first + keypoint for keypoint in KEYPOINT_OF_JOINT]
        mesh_node = {
            "name": f"{name}_mesh",
            "mesh": self._add_mesh(hand.side, person_mesh(Side(hand.side), rest_m, betas)),
            "skin": self._add_skin(joints, rest_m),
        }
        self._roots += [root, len(self._nodes)]
        self._nodes.append(mesh_node)
        self._animate(hand, root, first)

    def document(self, recording: Source) -> dict[str, Any]:
        """The JSON without what `write_glb` adds."""
        about = recording.metadata
        return {
            "asset": {
                "version": "2.0",
                "generator": f"ghosthands {__version__}",
                "copyright": "Hand mesh: CC0 1.0",
                "extras": {
                    "room": about.room,
                    "created": about.created,
                    "source": about.source,
                    "start_s": first_s(recording),
                },
            },
            "scene": 0,
            "scenes": [{"name": "stage", "nodes": self._roots}],
            "nodes": self._nodes,
            "meshes": self._meshes,
            "skins": self._skins,
            "materials": self._materials,
            "animations": [
                {"name": "hands", "samplers": self._samplers, "channels": self._channels}
            ],
        }

    def _add_mesh(self, side: int, mesh: HandMesh) -> int:
        name = Side(side).name.lower()
        vertices = {
            "POSITION": (mesh.vertices_m.astype("<f4"), {"bounds": True}),
            "NORMAL": (mesh.normals.astype("<f4"), {}),
            "JOINTS_0": (mesh.joints, {}),
            "WEIGHTS_0": (mesh.weights.astype("<u2"), {"normalized": True}),
        }
        attributes = {
            key: self.buffer.add(array, target=ARRAY_BUFFER, **options)
            for key, (array, options) in vertices.items()
        }
        indices = mesh.faces.astype("<u2").ravel()
        primitive = {
            "attributes": attributes,
            "indices": self.buffer.add(indices, target=ELEMENT_ARRAY_BUFFER),
            "material": len(self._materials),
        }
        self._materials.append(
            {
                "name": name,
                "pbrMetallicRoughness": {
                    "baseColorFactor": [*_COLOURS[side], 1.0],
                    "metallicFactor": 0.0,
                    "roughnessFactor": 0.7,
                },
                "doubleSided": True,  # the mesh is open at the wrist
            }
        )
        self._meshes.append({"name": f"{name}_mesh", "primitives": [primitive]})
        return len(self._meshes) - 1

    def _add_skin(self, joints: list[int], rest_m: Floats) -> int:
        binds = np.tile(np.eye(4, dtype="<f4"), (len(joints), 1, 1))
        # Rest frames are the identity, so the inverse only shifts; matrices go column by column.
        binds[:, 3, :3] = rest_m[0] - rest_m[list(KEYPOINT_OF_JOINT)]
        skin = {
            "joints": joints,
            "skeleton": joints[0],
            "inverseBindMatrices": self.buffer.add(binds),
        }
        self._skins.append(skin)
        return len(self._skins) - 1

    def _animate(self, hand: HandTracks, root: int, first: int) -> None:
        times = self.buffer.add(*hand.times, bounds=True)
        self._channel(first, "translation", times, self.buffer.add(*hand.wrist))
        for keypoint, joint in JOINT_OF_KEYPOINT.items():
            output = self.buffer.add(*hand.rotation(joint), normalized=True)
            self._channel(first + keypoint, "rotation", times, output)
        if hand.stretched:
            for keypoint in range(1, N_KEYPOINTS):
                output = self.buffer.add(*hand.offset(keypoint))
                self._channel(first + keypoint, "translation", times, output)
        if len(hand.shown) > 1 or not hand.shown[0][1]:
            when = np.array([time for time, _ in hand.shown], "<f4")
            scale = np.array([[shown] * 3 for _, shown in hand.shown], "<f4")
            self._channel(
                root,
                "scale",
                self.buffer.add(when, bounds=True),
                self.buffer.add(scale),
                interpolation="STEP",
            )

    def _channel(
        self, node: int, path: str, times: int, output: int, *, interpolation: str = "LINEAR"
    ) -> None:
        self._channels.append(
            {"sampler": len(self._samplers), "target": {"node": node, "path": path}}
        )
        self._samplers.append({"input": times, "output": output, "interpolation": interpolation})


def _node(hand: HandTracks, keypoint: int, first: int) -> dict[str, Any]:
    """A keypoint's node, standing as at the first key frame: what viewers of stills show."""
    offset = hand.wrist[0][0].tolist() if keypoint == 0 else hand.first_offset(keypoint)
    node: dict[str, Any] = {"name": node_name(hand.side, keypoint), "translation": offset}
    if keypoint in JOINT_OF_KEYPOINT:
        quat = hand.rotations[0][JOINT_OF_KEYPOINT[keypoint], 0].astype(np.float64)
        node["rotation"] = (quat / np.linalg.norm(quat)).tolist()
    if CHILDREN[keypoint]:
        node["children"] = [first + child for child in CHILDREN[keypoint]]
    return node
