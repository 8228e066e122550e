"""The user's own MANO hands, read from the official files without chumpy and without running them.

MANO (Romero, Tzionas and Black, "Embodied Hands", SIGGRAPH Asia 2017) is licensed to each user by
its owners and is no part of GhostHands; docs/mano.md says how to get it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, ModelError
from bridge.model.hand.hand_data import N_POSE_DIRS, HandData
from bridge.model.hand.inert_pickle import read_pickle
from bridge.model.hand.open_hand import open_hand
from bridge.model.hand.pca import N_PCA, PosePca
from bridge.model.hand.pickled_arrays import ARRAY_NAMES, array_of
from bridge.model.hand.skinned_hand import SkinnedHand
from bridge.model.pose import FloatArray
from bridge.protocol.joints import (
    FINGERTIPS,
    JOINT_NAMES,
    JOINT_PARENTS,
    KEYPOINT_OF_JOINT,
    N_BETAS,
    N_JOINTS,
    N_KEYPOINTS,
    Side,
)

__all__ = ["FINGERTIP_VERTICES", "MANO_VARIABLE", "Fingertips", "mano_folder", "mano_hand"]

MANO_VARIABLE = "GHOSTHANDS_MANO"
"""Environment variable with the folder of the MANO files."""

Fingertips = Literal["smplx", "manopth", "freihand"]
"""Whose choice of fingertip vertices: libraries and data sets differ by some millimetres."""

FINGERTIP_VERTICES: dict[tuple[Fingertips, Side], tuple[int, ...]] = {
    **{("smplx", side): (744, 320, 443, 554, 671) for side in Side},
    ("manopth", Side.RIGHT): (745, 317, 444, 556, 673),
    ("manopth", Side.LEFT): (745, 317, 445, 556, 673),
    **{("freihand", side): (744, 320, 443, 555, 672) for side in Side},
}
"""Fingertip vertices in the order of ``FINGERS``; DexYCB's labels are made with manopth."""

_SITE = "https://mano.is.tue.mpg.de"
_MOST_BYTES = 32 * 2**20
_N_VERTICES = 778
_N_FACES = 1538
_SHAPES = {
    "v_template": (_N_VERTICES, 3),
    "shapedirs": (_N_VERTICES, 3, N_BETAS),
    "posedirs": (_N_VERTICES, 3, N_POSE_DIRS),
    "J_regressor": (N_JOINTS, _N_VERTICES),
    "weights": (_N_VERTICES, N_JOINTS),
    "f": (_N_FACES, 3),
    "kintree_table": (2, N_JOINTS),
    "hands_components": (N_PCA, N_PCA),
    "hands_mean": (N_PCA,),
}
_MIDDLE = JOINT_NAMES.index("middle1")
# Wrist to middle knuckle is some 95 mm; a file in other units is told apart.
_PALM_M = (0.03, 0.2)
# How far sums that should be 1 may be off: the files have single precision and less.
_SUM_TOLERANCE = 1e-2
# The field's rule for the left hand's fault, see `mano_hand`.
_SAME_DIRS = 1.0


def mano_folder(folder: Path | str | None = None) -> Path:
    """The folder of the MANO files: the one given, or ``GHOSTHANDS_MANO``.

    Raises:
        InputError: Neither is given, or it is no folder.
    """
    named = os.environ.get(MANO_VARIABLE) if folder is None else folder
    if not named:
        raise InputError(
            f"no MANO files: register at {_SITE}, download the models, and set {MANO_VARIABLE} to"
            " the folder with MANO_RIGHT.pkl and MANO_LEFT.pkl (docs/mano.md)"
        )
    path = Path(named).expanduser()
    if not path.is_dir():
        raise InputError(f"{path} is not a folder; it should have MANO_RIGHT.pkl and MANO_LEFT.pkl")
    return path


def mano_hand(
    path: Path | str,
    side: Side,
    *,
    fingertips: Fingertips = "smplx",
    fix_left_shapedirs: bool | None = None,
) -> SkinnedHand:
    """Loads a MANO hand.

    The official left hand's shape blend shapes have the right hand's x components, not mirrored:
    betas change it the wrong way along x (vchoutas/smplx, issue 48). Labels that were made with
    the faulty file fit only the faulty file; DexYCB's are older than the fix.

    The files have no flexion axes: they are the open hand's, carried over joint by joint by the
    frames of bone and palm. Rest frames, wrist and fingertips are as `HandModel` has them;
    ``hand.origin_m(betas)`` is where the file has the wrist.

    Example::

        hand = mano_hand(mano_folder(), Side.RIGHT, fingertips="manopth")
        rotvecs = hand.data.pca.rotvecs(np.zeros(15))  # MANO's mean pose

    Args:
        path: A file, or a folder with ``MANO_RIGHT.pkl`` and ``MANO_LEFT.pkl`` in it or in its
            folder ``models``, as in the download.
        side: Which hand.
        fingertips: Whose fingertip vertices.
        fix_left_shapedirs: Mirror the left hand's x components: True or False, or None to do it if
            they equal those of the ``MANO_RIGHT.pkl`` beside the file.

    Raises:
        InputError: There is no such file or choice.
        ModelError: The file is not an official MANO file of that side; nothing in it was run.
    """
    if fingertips not in get_args(Fingertips):
        names = ", ".join(get_args(Fingertips))
        raise InputError(f"fingertips {fingertips!r} are not known: take one of {names}")
    file = _file(Path(path).expanduser(), side)
    arrays = _arrays(file, side)
    if side is Side.LEFT:
        if fix_left_shapedirs is None:
            fix_left_shapedirs = _has_right_shapes(file, arrays)
        if fix_left_shapedirs:
            arrays["shapedirs"] = arrays["shapedirs"] * np.array([-1.0, 1.0, 1.0])[:, None]
    try:
        return SkinnedHand(_data(arrays, side, FINGERTIP_VERTICES[fingertips, side]))
    except ModelError as error:
        raise _unusable(file, str(error)) from error


def _file(path: Path, side: Side) -> Path:
    name = f"MANO_{side.name}.pkl"
    if not path.is_dir():
        if path.is_file():
            return path
        raise InputError(f"no MANO file at {path}: download {name} from {_SITE} (docs/mano.md)")
    for folder in (path, path / "models"):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"no {name} in {path}: download it from {_SITE} (docs/mano.md)")


def _arrays(file: Path, side: Side) -> dict[str, NDArray[Any]]:
    """The arrays of an official file, each checked."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror or error})") from error
    if len(content) > _MOST_BYTES:
        raise _unusable(file, f"it has more than {_MOST_BYTES >> 20} MiB, official files have 4")
    try:
        value = read_pickle(content, ARRAY_NAMES)
    except ModelError as error:
        raise _unusable(file, str(error)) from error
    if not isinstance(value, dict):
        raise _unusable(file, "it has no named arrays")
    arrays = {}
    for name, shape in _SHAPES.items():
        if name not in value:
            raise _unusable(file, f"it has no {name}")
        try:
            array = array_of(value[name])
        except ModelError as error:
            raise _unusable(file, f"{name} {error}") from error
        if array.shape != shape:
            raise _unusable(file, f"{name} has shape {array.shape}, not {shape}")
        if not np.isfinite(array).all():
            raise _unusable(file, f"{name} has numbers that are not finite")
        arrays[name] = array
    fault = _fault(arrays, side)
    if fault:
        raise _unusable(file, fault)
    return arrays


def _fault(arrays: dict[str, NDArray[Any]], side: Side) -> str | None:
    """What is wrong with a file whose arrays have the right names and shapes, if anything."""
    for name in ("f", "kintree_table"):
        if arrays[name].dtype.kind not in "iu":
            return f"{name} has no whole numbers"
    if not 0 <= arrays["f"].min() <= arrays["f"].max() < _N_VERTICES:
        return "f names vertices that are not there"
    if tuple(arrays["kintree_table"][0, 1:]) != JOINT_PARENTS[1:]:
        return "kintree_table has other joints than MANO"
    for name in ("weights", "J_regressor"):
        sums = arrays[name].sum(axis=1, dtype=np.float64)
        if np.abs(sums - 1).max() > _SUM_TOLERANCE:
            return f"a row of {name} does not sum to 1"
    joints = arrays["J_regressor"] @ arrays["v_template"].astype(np.float64)
    palm = joints[_MIDDLE] - joints[0]
    if not _PALM_M[0] <= np.linalg.norm(palm) <= _PALM_M[1]:
        return f"its palm is {np.linalg.norm(palm):.3g} m long"
    if (palm[0] < 0) != (side is Side.RIGHT):
        return f"it is a {Side(1 - side).name.lower()} hand, not a {side.name.lower()} one"
    return None


def _has_right_shapes(file: Path, left: dict[str, NDArray[Any]]) -> bool:
    """Whether a left hand's shape blend shapes have the x components of the right hand's."""
    beside = file.with_name("MANO_RIGHT.pkl")
    if not beside.is_file():
        raise InputError(
            f"whether {file} has MANO's left-hand fault cannot be told without MANO_RIGHT.pkl"
            " beside it: put it there, or set fix_left_shapedirs to True or False"
        )
    right = _arrays(beside, Side.RIGHT)
    return bool(np.abs(left["shapedirs"][:, 0] - right["shapedirs"][:, 0]).sum() < _SAME_DIRS)


def _data(arrays: dict[str, NDArray[Any]], side: Side, tips: tuple[int, ...]) -> HandData:
    template, dirs, regressor = (
        arrays[name].astype(np.float64) for name in ("v_template", "shapedirs", "J_regressor")
    )
    keypoints = np.zeros((N_KEYPOINTS, 3))
    keypoint_dirs = np.zeros((N_KEYPOINTS, 3, N_BETAS))
    at_joints, at_tips = list(KEYPOINT_OF_JOINT), list(FINGERTIPS)
    keypoints[at_joints], keypoints[at_tips] = regressor @ template, template[list(tips)]
    keypoint_dirs[at_joints] = np.tensordot(regressor, dirs, 1)
    keypoint_dirs[at_tips] = dirs[list(tips)]
    # The wrist goes to the origin, whatever the shape.
    origin, origin_dirs = keypoints[0].copy(), keypoint_dirs[0].copy()
    keypoints = keypoints - origin
    return HandData(
        side=side,
        vertices_m=template - origin,
        shape_dirs_m=dirs - origin_dirs,
        keypoints_m=keypoints,
        keypoint_dirs_m=keypoint_dirs - origin_dirs,
        faces=_outward(arrays["f"].astype(np.int64), template - template.mean(0)),
        weights=arrays["weights"],
        flexion_axes=_flexion_axes(keypoints, side),
        pose_dirs_m=arrays["posedirs"],
        fingertip_vertices=tips,
        origin_m=origin,
        origin_dirs_m=origin_dirs,
        pca=PosePca(arrays["hands_mean"], arrays["hands_components"]),
    )


def _outward(faces: NDArray[np.integer], vertices: FloatArray) -> NDArray[np.integer]:
    """Faces that are outward by the right-hand rule: those of a mirrored mesh are turned around."""
    a, b, c = vertices[faces].swapaxes(0, 1)
    volume = np.einsum("ij,ij->", a, np.cross(b, c))
    return faces if volume >= 0 else faces[:, ::-1]


def _flexion_axes(keypoints_m: FloatArray, side: Side) -> FloatArray:
    """The open hand's flexion axes, in the same place between bone and palm, ``(16, 3)``.

    Exact where the two rest poses differ by how fingers point; a finger that one of them turns
    about its own bone at rest takes the other's turn.
    """
    hand = open_hand(side)
    there = _bone_frames(hand.rest_keypoints(np.zeros(N_BETAS)))
    here = _bone_frames(keypoints_m)
    axes = np.zeros((N_JOINTS, 3))
    axes[1:] = (here @ there.swapaxes(-1, -2) @ hand.flexion_axes[1:, :, None])[..., 0]
    return axes


def _bone_frames(keypoints_m: FloatArray) -> FloatArray:
    """For joints 1 to 15 a rotation whose columns are the bone, the palm's normal, their cross."""
    base = np.array(KEYPOINT_OF_JOINT[1:])
    along = keypoints_m[base + 1] - keypoints_m[base]
    index, little = keypoints_m[5] - keypoints_m[0], keypoints_m[17] - keypoints_m[0]
    normal = np.cross(index, little)
    x = along / np.linalg.norm(along, axis=1, keepdims=True)
    y = normal - (x @ normal)[:, None] * x
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def _unusable(file: Path, fault: str) -> ModelError:
    return ModelError(
        f"{file} is not a usable MANO file: {fault}. Download it again from {_SITE} (docs/mano.md)"
    )
