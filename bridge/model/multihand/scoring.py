"""How good found hands are: detection, side, pixels, millimetres, colours (section IV-B)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from bridge.errors import InputError
from bridge.model.metrics import procrustes_align
from bridge.model.multihand.config import MultiHandConfig
from bridge.model.multihand.network import MultiHandNet
from bridge.model.multihand.output import MultiHandOutput
from bridge.model.multihand.pasting import PastedHands, open_pasted
from bridge.model.multihand.reconstruction import photometric, true_hands
from bridge.model.multihand.scenes import HandScenes
from bridge.model.training.bootstrap import Interval, bootstrap_mean
from bridge.model.training.sample import ROOT, SampleSource

__all__ = ["Scores", "match", "score_scenes", "scored_pictures"]

Array = NDArray[np.float64]

_BATCH, _SEED = 16, 7
_NEAR = 0.5
"""A found hand is a labelled one if its keypoints' mean lies this near, in sides of its box."""
_FAR = 1e3
"""The distance, so measured, of all that lies farther."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Of a set of pictures.

    Attributes:
        pictures: How many.
        labelled: Hands that they show.
        found: Hands that were found.
        matched: Found hands that are labelled ones.
        metrics: By name, with 95 % intervals over matched hands: ``side`` (share whose side is
            right), ``pixel`` (2D joints, pixels), ``epe_mm`` and ``mpvpe_mm`` (relative to the
            root), ``pa_mpjpe_mm``, ``pa_mpvpe_mm`` (after Procrustes alignment with scale),
            ``depth_mm`` (the root's, absolute); over batches of 16 pictures: ``photometric``
            (eq. 9). Of pictures with labels in 2D alone only the first two; none where nothing is
            matched.
        per_hand: Each metric's values.
    """

    pictures: int
    labelled: int
    found: int
    matched: int
    metrics: dict[str, Interval]
    per_hand: dict[str, Array]

    @property
    def precision(self) -> float:
        """Share of found hands that are labelled ones; NaN where none was found."""
        return self.matched / self.found if self.found else float("nan")

    @property
    def recall(self) -> float:
        """Share of labelled hands that were found."""
        return self.matched / self.labelled

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "pictures": self.pictures,
            "hands": self.labelled,
            "found": self.found,
            "precision": round(self.precision, 4) if self.found else None,
            "recall": round(self.recall, 4),
            "metrics": {
                name: {"mean": round(i.mean, 4), "low": round(i.low, 4), "high": round(i.high, 4)}
                for name, i in self.metrics.items()
            },
        }


def match(output: MultiHandOutput, scenes: HandScenes) -> tuple[Tensor, Tensor, Tensor]:
    """Which found hand is which labelled one: the assignment with the least distances.

    Returns:
        Rows of ``output.hands`` ``(M,)``, and the pictures and slots of the labels ``(M,)``.
    """
    centres = output.hands.keypoints_px.mean(1)
    sides = (scenes.box_px[..., 2:] - scenes.box_px[..., :2]).amax(-1).clamp(min=1)
    truth = scenes.keypoints_px.mean(2)
    rows: list[int] = []
    pictures: list[int] = []
    slots: list[int] = []
    for picture in range(len(scenes.images)):
        ours = (output.picture == picture).nonzero()[:, 0]
        theirs = scenes.valid[picture].nonzero()[:, 0]
        apart = torch.cdist(centres[ours], truth[picture, theirs]) / sides[picture, theirs]
        # Capped: a find that is far from all hands must not draw one away from its own.
        cost = torch.where(apart < _NEAR, apart, _FAR).cpu().numpy()
        for i, j in zip(*linear_sum_assignment(cost), strict=True):
            if cost[i, j] < _NEAR:
                rows.append(int(ours[i]))
                pictures.append(picture)
                slots.append(int(theirs[j]))
    return torch.tensor(rows, dtype=torch.long), torch.tensor(pictures), torch.tensor(slots)


def scored_pictures(path: Path, config: MultiHandConfig, trained: Mapping[str, Any]) -> PastedHands:
    """The pictures that a network is scored on: whole ones, always the same.

    Hands that were ``upright`` in training point straight up: `score_scenes` does not augment, so
    that ``rotation_deg``, by which they were turned from there, has no effect.

    Args:
        path: A rendered set, of another seed than that of training.
        config: The network's.
        trained: Options of the samples that it learnt from: ``sides``, how large hands are, and
            ``upright`` are used.

    Raises:
        InputError: The folder holds no rendered set.
    """
    alike = {name: trained[name] for name in ("sides", "upright") if name in trained}
    return open_pasted(path, seed=_SEED, size=config.size, **alike)


def score_scenes(
    network: MultiHandNet,
    source: SampleSource[HandScenes],
    *,
    pictures: int,
    first: int = 0,
    located: bool = False,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Scores:
    """Runs a network over pictures and scores what it finds.

    Args:
        network: In evaluation mode.
        source: Pictures with 2D labels, and 3D truth if they have it.
        pictures: How many.
        first: Number of the first.
        located: Tell the network where the labelled hands' centres are, and their sides: what is
            scored is then the reconstruction alone.
        on_progress: Called with pictures done.

    Raises:
        InputError: The pictures show no hand.
    """
    parts: dict[str, list[Array]] = {}
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    labelled = found = 0
    for start in range(first, first + pictures, _BATCH):
        numbers = list(range(start, min(start + _BATCH, first + pictures)))
        scenes = source.batch(numbers, views=1, augment=False).to(device)
        with torch.inference_mode():
            output = network(scenes) if located else network.detect(scenes.images)
            rows = torch.arange(len(output.picture)), output.picture, output.slot
            values = _errors(output, scenes, network, rows if located else match(output, scenes))
            if len(output.picture) and scenes.skin.any():
                colour = photometric(output, scenes, network.hand, pixel=2, pictures=len(numbers))
                values["photometric"] = np.array([float(colour)])
        for name, value in values.items():
            parts.setdefault(name, []).append(value)
        labelled += int(scenes.valid.sum())
        found += len(output.picture)
        on_progress(numbers[-1] + 1 - first)
    if not labelled:
        raise InputError(f"no hand can be seen in these {pictures} pictures: score on others")
    # Colours alone say nothing of hands that are elsewhere.
    matched = parts if "side" in parts else {}
    per_hand = {name: np.concatenate(value) for name, value in matched.items()}
    return Scores(
        pictures=pictures,
        labelled=labelled,
        found=found,
        matched=len(per_hand.get("side", ())),
        metrics={name: bootstrap_mean(value) for name, value in per_hand.items()},
        per_hand=per_hand,
    )


def _errors(
    output: MultiHandOutput,
    scenes: HandScenes,
    network: MultiHandNet,
    matched: tuple[Tensor, Tensor, Tensor],
) -> dict[str, Array]:
    """Each metric of the matched hands of one batch."""
    rows, picture, slot = matched
    if not len(rows):
        return {}
    hands = output.hands
    pixel = (hands.keypoints_px[rows] - scenes.keypoints_px[picture, slot]).norm(dim=-1)
    seen = {
        "side": _numpy((hands.left[rows] == scenes.left[picture, slot]).double()),
        "pixel": _numpy(pixel.mean(-1)),
    }
    truth = true_hands(scenes, picture, slot, network.hand)
    if truth is None:
        return seen
    joints, true_joints = _numpy(hands.joints_m[rows]), _numpy(truth[0])
    vertices, true_vertices = _numpy(hands.vertices_m[rows]), _numpy(truth[1])
    root, true_root = joints[:, ROOT, None], true_joints[:, ROOT, None]
    return seen | {
        "epe_mm": _apart_mm(joints - root, true_joints - true_root),
        "pa_mpjpe_mm": _apart_mm(procrustes_align(joints, true_joints), true_joints),
        "mpvpe_mm": _apart_mm(vertices - root, true_vertices - true_root),
        "pa_mpvpe_mm": _apart_mm(procrustes_align(vertices, true_vertices), true_vertices),
        "depth_mm": 1000 * np.abs(root - true_root)[:, 0, 2],
    }


def _apart_mm(found: Array, true: Array) -> Array:
    apart: Array = 1000 * np.linalg.norm(found - true, axis=-1).mean(-1)
    return apart


def _numpy(values: Tensor) -> Array:
    array: Array = values.detach().cpu().double().numpy()
    return array
