"""What a glTF viewer computes, from the specification: nodes at a time, vertices of a skin.

It shares nothing with the writer: pygltflib parses, SciPy turns.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pygltflib
from scipy.spatial.transform import Rotation, Slerp

_TYPES = {5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Viewer:
    def __init__(self, path: Path) -> None:
        self.gltf = pygltflib.GLTF2().load_binary(path)
        self.names = [node.name for node in self.gltf.nodes]
        self._blob = self.gltf.binary_blob()
        self._parents = {
            child: k for k, node in enumerate(self.gltf.nodes) for child in node.children or ()
        }
        self.channels = {
            (self.names[c.target.node], c.target.path): self.gltf.animations[0].samplers[c.sampler]
            for c in self.gltf.animations[0].channels
        }

    def array(self, index: int) -> np.ndarray:
        """An accessor's values, normalised integers as section 3.11 says."""
        accessor = self.gltf.accessors[index]
        view = self.gltf.bufferViews[accessor.bufferView]
        kind, width = np.dtype(_TYPES[accessor.componentType]), _WIDTHS[accessor.type]
        values = np.frombuffer(
            self._blob, kind, accessor.count * width, (view.byteOffset or 0) + accessor.byteOffset
        ).reshape(accessor.count, width)
        if accessor.normalized:
            return np.maximum(values / np.iinfo(kind).max, -1.0)
        return values

    def sample(self, name: str, path: str, time_s: float) -> np.ndarray | None:
        """A channel's value at a time; None where the animation has no such channel."""
        sampler = self.channels.get((name, path))
        if sampler is None:
            return None
        times, values = self.array(sampler.input)[:, 0].astype(float), self.array(sampler.output)
        time_s = float(np.clip(time_s, times[0], times[-1]))
        if sampler.interpolation == "STEP" or len(times) == 1:
            return values[np.searchsorted(times, time_s, "right") - 1]
        if path == "rotation":
            return Slerp(times, Rotation.from_quat(values))(time_s).as_quat()
        return np.array([np.interp(time_s, times, column) for column in values.T])

    def world(self, name: str, time_s: float) -> np.ndarray:
        """``(4, 4)`` of a node."""
        index: int | None = self.names.index(name)
        matrix = np.eye(4)
        while index is not None:
            matrix = self._local(index, time_s) @ matrix
            index = self._parents.get(index)
        return matrix

    def skinned(self, name: str, time_s: float) -> np.ndarray:
        """``(V, 3)`` vertices of a mesh node, section 3.7.3."""
        node = self.gltf.nodes[self.names.index(name)]
        skin = self.gltf.skins[node.skin]
        attributes = self.gltf.meshes[node.mesh].primitives[0].attributes
        binds = self.array(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
        joints = np.stack(
            [self.world(self.names[j], time_s) @ b for j, b in zip(skin.joints, binds, strict=True)]
        )
        weights, which = self.array(attributes.WEIGHTS_0), self.array(attributes.JOINTS_0)
        vertices = np.pad(self.array(attributes.POSITION), ((0, 0), (0, 1)), constant_values=1)
        matrices = np.einsum("vk,vkij->vij", weights, joints[which])
        return np.einsum("vij,vj->vi", matrices, vertices)[:, :3]

    def _local(self, index: int, time_s: float) -> np.ndarray:
        node, name = self.gltf.nodes[index], self.names[index]
        found = {}
        for path, default in (("translation", [0, 0, 0]), ("rotation", [0, 0, 0, 1]), ("scale", 1)):
            value = self.sample(name, path, time_s)
            if value is None:
                value = getattr(node, path)
            found[path] = default if value is None else value
        matrix = np.eye(4)
        turned = Rotation.from_quat(found["rotation"]).as_matrix()
        matrix[:3, :3] = turned * np.broadcast_to(found["scale"], 3)
        matrix[:3, 3] = found["translation"]
        return matrix
