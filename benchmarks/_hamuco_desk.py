"""HaMuCo on the recording desk_two_views: as trained on rendered hands, and adapted to it.

Adapted on the recording's first 80 % by ``ghosthands adapt``'s own code, its offset found by it;
scored on the last 20 % only, against calibrated triangulation of the landmark net's keypoints
(``_desk``), whose calibration nothing else uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import torch
from _desk import VIEWS, reference_m, videos
from _hamuco_tables import mean

from bridge.adapt import adapt_to_videos
from bridge.model.hamuco.adaptation import split_in_time
from bridge.model.hamuco.recording import Recorded, RecordedHands, cut_hands
from bridge.model.metrics import procrustes_align
from bridge.model.nets import HandNets
from bridge.model.tracker import HandTracker
from bridge.model.training.weights import load_network
from bridge.protocol.joints import Side


def desk(weights: Path, folder: Path, steps: int) -> dict[str, Any]:
    """Adapts and scores; errors in mm after Procrustes alignment, with intervals."""
    nets = HandNets()
    adapted = folder / "adapted.safetensors"
    done = adapt_to_videos(
        videos(), adapted, nets=nets, weights=weights, steps=steps, device="cpu", overwrite=True
    )
    before, _ = load_network(weights)
    after, _ = load_network(adapted)
    before.config = after.config
    size = before.config.crop_px if before.config.stem == "rgb" else None
    hands, pixels, world = watched(nets, size)
    _, held_out = split_in_time(hands, 0.2)
    last = slice(len(hands) - len(held_out), None)
    truth = reference_m(pixels[last, 0], pixels[last, 1])
    source = RecordedHands(held_out, videos=2, size=size)
    scores: dict[str, Any] = {
        f"landmark_net_view_{k}": mean(aligned_mm(world[last, k], truth)) for k in (0, 1)
    }
    for name, network in (("before", before), ("after", after)):
        joints = predicted(network, source)
        scores |= {
            f"{name}_{output}": mean(aligned_mm(found, truth)) for output, found in joints.items()
        }
    return {
        "adaptation": done.to_dict() | {"steps": steps},
        "held_out_frames": len(held_out),
        "pa_mpjpe_mm_to_calibrated_triangulation": scores,
    }


def watched(nets: HandNets, crop_px: int | None) -> tuple[list[Recorded], np.ndarray, np.ndarray]:
    """The right hand at every frame that both views see it in: crops, pixels, the net's own 3D."""
    tracker = HandTracker(nets)
    hands, pixels, world = [], [], []
    containers = [av.open(str(path)) for path in videos()]
    for number, pair in enumerate(zip(*(c.decode(video=0) for c in containers), strict=False)):
        images = [picture.to_ndarray(format="rgb24") for picture in pair]
        seen = tracker.track(dict(zip(VIEWS, images, strict=True)))
        for hand in cut_hands(number / 30, images, seen, crop_px):
            if hand.side is Side.RIGHT:
                hands.append(hand)
                pixels.append([view.hands[Side.RIGHT].landmarks_px for view in seen])
                world.append([view.hands[Side.RIGHT].world_m for view in seen])
    for container in containers:
        container.close()
    return hands, np.array(pixels, np.float64), np.array(world, np.float64)


def predicted(network: Any, source: RecordedHands) -> dict[str, np.ndarray]:
    """Keypoints ``(S, 21, 3)`` of each output."""
    parts: dict[str, list[np.ndarray]] = {}
    for first in range(0, len(source), 16):
        numbers = list(range(first, min(first + 16, len(source))))
        with torch.inference_mode():
            output = network(source.batch(numbers, views=2, augment=False))
        for name, joints in (
            ("single_view_0", output.single.joints_m[:, 0]),
            ("single_view_1", output.single.joints_m[:, 1]),
            ("interact_view_0", output.interact.joints_m[:, 0]),
            ("interact_view_1", output.interact.joints_m[:, 1]),
            ("fusion", output.joints_m),
        ):
            parts.setdefault(name, []).append(joints.double().numpy())
    return {name: np.concatenate(values) for name, values in parts.items()}


def aligned_mm(joints: np.ndarray, truth: np.ndarray) -> np.ndarray:
    aligned = procrustes_align(joints, truth)
    return 1000 * np.linalg.norm(aligned - truth, axis=-1).mean(-1)
