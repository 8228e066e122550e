"""Writes files in the layout of the official MANO pickles, with made-up contents.

The official files were written by Python 2 with protocol 2: strings of bytes, old module names,
``shapedirs`` as chumpy's Select of a Ch with more components, ``J_regressor`` as SciPy's sparse
columns. Nothing here comes from MANO: vertices are some of the open hand's, the rest is random.
"""

from __future__ import annotations

import io
import pickle
import struct
import sys
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

from bridge.model.hand import open_hand
from bridge.protocol.joints import FINGERTIPS, JOINT_PARENTS, KEYPOINT_OF_JOINT, Side

N_VERTICES, N_FACES = 778, 1538
TIP_SLOTS = ((744, 745), (317, 320), (443, 444, 445), (554, 555, 556), (671, 672, 673))


def _module(name: str, *classes: str) -> ModuleType:
    module = ModuleType(name)
    for one in classes:
        setattr(module, one, type(one, (), {"__module__": name}))
    return module


MODULES = {
    "chumpy": ModuleType("chumpy"),
    "chumpy.ch": _module("chumpy.ch", "Ch"),
    "chumpy.reordering": _module("chumpy.reordering", "Select"),
    "scipy.sparse.csc": _module("scipy.sparse.csc", "csc_matrix"),
}


def instance(module: str, name: str, **state: Any) -> Any:
    made = getattr(MODULES[module], name)()
    made.__dict__.update(state)
    return made


class Python2Pickler(pickle._Pickler):
    """Protocol 2 as Python 2 wrote it: str and bytes are both strings of bytes."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_text(self, value: str | bytes) -> None:
        raw = value.encode("latin-1") if isinstance(value, str) else value
        short = len(raw) < 256
        self.write(b"U" + bytes([len(raw)]) if short else b"T" + struct.pack("<i", len(raw)))
        self.write(raw)
        self.memoize(value)

    def save_global(self, value: Any, name: str | None = None) -> None:
        module = value.__module__.replace("numpy._core", "numpy.core")
        module = {"builtins": "__builtin__"}.get(module, module)
        self.write(f"c{module}\n{name or value.__qualname__}\n".encode())
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_text
    dispatch[type] = dispatch[type(len)] = dispatch[type(instance)] = save_global


def python2_pickle(value: object) -> bytes:
    file = io.BytesIO()
    with mock.patch.dict(sys.modules, MODULES):
        Python2Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def _kept(vertices: np.ndarray, keypoints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which vertices to take, so that all choices of fingertip vertices lie at fingertips."""
    order = rng.permutation(len(vertices))
    for slots, tip in zip(TIP_SLOTS, FINGERTIPS, strict=True):
        nearest = np.argsort(np.linalg.norm(vertices[order] - keypoints[tip], axis=1))
        for slot, near in zip(slots, order[nearest], strict=False):
            there = np.flatnonzero(order == near)[0]
            order[[slot, there]] = order[[there, slot]]
    return order[:N_VERTICES]


def mano_arrays(side: Side, seed: int = 0) -> dict[str, np.ndarray]:
    """Made-up contents as plain arrays: what the file's layout hides."""
    rng = np.random.default_rng(seed)
    hand = open_hand(side)
    kept = _kept(hand.rest_vertices(np.zeros(10)), hand.rest_keypoints(np.zeros(10)), rng)
    template = hand.rest_vertices(np.zeros(10))[kept] + [0.09, 0.006, 0.006]
    joints = hand.rest_keypoints(np.zeros(10))[list(KEYPOINT_OF_JOINT)] + [0.09, 0.006, 0.006]
    regressor = np.zeros((16, N_VERTICES))
    for j, joint in enumerate(joints):
        near = np.argsort(np.linalg.norm(template - joint, axis=1))[:6]
        # The combination of near vertices, summing to 1, that is the joint.
        system = np.vstack([template[near].T, np.ones(6)])
        regressor[j, near] = np.linalg.lstsq(system, [*joint, 1], rcond=None)[0]
    parents = np.array([JOINT_PARENTS, range(16)]).astype(np.uint32)
    faces = rng.integers(0, N_VERTICES, (N_FACES, 3)).astype(np.uint32)
    return {
        "v_template": template,
        "shapedirs": rng.normal(0, 0.002, (N_VERTICES, 3, 10)),
        "posedirs": rng.normal(0, 0.0005, (N_VERTICES, 3, 135)),
        "J_regressor": regressor,
        "weights": np.asarray(hand.weights[kept]),
        "f": faces if side is Side.RIGHT else faces[:, ::-1],
        "kintree_table": parents,
        "hands_components": np.linalg.qr(rng.normal(size=(45, 45)))[0],
        "hands_mean": rng.normal(0, 0.3, 45),
    }


def official(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The same in the objects that the official files have."""
    content: dict[str, Any] = dict(arrays)
    if "shapedirs" in arrays:
        dirs = arrays["shapedirs"]
        wide = np.concatenate([dirs, np.full_like(dirs, 7)], axis=-1)
        index = np.arange(wide.size).reshape(wide.shape)[..., : dirs.shape[-1]]
        content["shapedirs"] = instance(
            "chumpy.reordering",
            "Select",
            a=instance("chumpy.ch", "Ch", x=wide, _dirty_vars=set(), _itr=None),
            idxs=index.ravel(),
            preferred_shape=dirs.shape,
            _dirty_vars={"a"},
        )
    if "J_regressor" in arrays:
        dense = arrays["J_regressor"]
        columns, rows = np.nonzero(dense.T)
        content["J_regressor"] = instance(
            "scipy.sparse.csc",
            "csc_matrix",
            _shape=dense.shape,
            maxprint=50,
            indices=rows.astype(np.int32),
            indptr=np.searchsorted(columns, range(dense.shape[1] + 1)).astype(np.int32),
            data=dense[rows, columns],
        )
    return content | {"bs_style": "lbs", "bs_type": "lrotmin"}


def mano_bytes(side: Side, seed: int = 0, **changed: np.ndarray) -> bytes:
    """A whole file, some arrays replaced."""
    return python2_pickle(official(mano_arrays(side, seed) | changed))
