"""What ``ghosthands adapt`` gains: the shipped HaMuCo, fine-tuned without and with found cameras.

    python benchmarks/adapt.py --clips 8

Two sets: simulated recordings of 40 s (each another person, piece and pair of devices, with the
landmark net's measured errors and exact truth), and the recording desk_two_views (against
calibrated triangulation, ``_desk``, whose calibration nothing else uses). Learned from the first
80 %, scored on these and on the last 20 %: the one is what adaptation is worth to whoever then
reconstructs the same recording, the other what it is worth to what is played later. All networks
are scored as they are used, without cameras.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from _desk import RATE_HZ, VIEWS, reference_m, track
from _report import write_report
from numpy.typing import NDArray

from bridge.model.fusion.crop_camera import MIRROR
from bridge.model.hamuco import HaMuCo
from bridge.model.hamuco.adaptation import adapt, agreement, split_in_time
from bridge.model.hamuco.recording import Recorded, RecordedHands, cut_hands
from bridge.model.metrics import procrustes_align
from bridge.model.pose import ViewHands
from bridge.model.selfcal.whose import calibrate_views
from bridge.model.synthetic.clips import simulate_clip
from bridge.model.training.bootstrap import bootstrap_mean
from bridge.model.training.weights import load_network, shipped_weights
from bridge.protocol.joints import Side

FIRST_SEED, SECONDS, HELD_OUT = 100, 40.0, 0.2
SHIPPED, WITHOUT, WITH = "as shipped", "adapted, cameras unknown", "adapted, cameras found"
OUTPUTS = ("one view", "one view after interaction", "fused")

Array = NDArray[np.float64]
Seen = Sequence[tuple[float, Sequence[ViewHands]]]
Errors = dict[str, dict[str, Array]]


def measured(seen: Seen, names: Sequence[str], truth: Callable[[Recorded], Array]) -> Errors:
    """PA-MPJPE in mm of every hand, ``[way, part][output]``.

    Args:
        seen: ``(time in seconds, what each view sees)``.
        names: Of the views.
        truth: ``(21, 3)`` of a hand, mirrored for a left one.
    """
    cameras = calibrate_views(seen, names)
    if cameras is None or not cameras.usable.all():
        raise SystemExit("the hands do not tell where the cameras stand")
    hands = [hand for time_s, views in seen for hand in cut(time_s, views)]
    parts = dict(zip(("learned", "held out"), split_in_time(hands, HELD_OUT), strict=True))
    wanted = {part: np.array([truth(hand) for hand in own]) for part, own in parts.items()}
    errors: Errors = {}
    for way in (SHIPPED, WITHOUT, WITH):
        network, _ = load_network(shipped_weights("hamuco"))
        assert isinstance(network, HaMuCo)
        # As the command has it.
        network.config = replace(network.config, alignment="procrustes", warm_up=0.25)
        if way != SHIPPED:
            rotation = cameras.cameras.rotation if way == WITH else None
            source = RecordedHands(parts["learned"], videos=2, size=None, rotation=rotation)
            adapt(network, source, views=2, steps=300)
        for part, own in parts.items():
            source = RecordedHands(own, videos=2, size=None)
            for output, joints in predicted(network, source).items():
                aligned = procrustes_align(joints, wanted[part])
                off = 1000 * np.linalg.norm(aligned - wanted[part], axis=-1).mean(-1)
                errors.setdefault(f"{way}, {part}", {})[output] = off
            said = agreement(network, source, views=2)
            print(f"{way}, {part}: {said.interact_2d_px:.1f} px from the labels", flush=True)
    return errors


def cut(time_s: float, views: Sequence[ViewHands]) -> list[Recorded]:
    """The hands of an instant."""
    return cut_hands(time_s, None, views, None)


def predicted(network: HaMuCo, source: RecordedHands) -> dict[str, Array]:
    """Keypoints ``(S, 21, 3)`` of the first view's outputs, and of the fused hand."""
    parts: dict[str, list[Array]] = {output: [] for output in OUTPUTS}
    for first in range(0, len(source), 16):
        numbers = list(range(first, min(first + 16, len(source))))
        with torch.inference_mode():
            found = network(source.batch(numbers, views=2, augment=False))
        joints = (found.single.joints_m[:, 0], found.interact.joints_m[:, 0], found.joints_m)
        for output, value in zip(OUTPUTS, joints, strict=True):
            parts[output].append(value.double().numpy())
    return {output: np.concatenate(values) for output, values in parts.items()}


def simulated(seed: int) -> Errors:
    """A recording with exact truth."""
    clip = simulate_clip(seed, seconds=SECONDS)
    row = {float(time_s): k for k, time_s in enumerate(clip.time_s)}
    seen = list(zip(map(float, clip.time_s), clip.frame_sets, strict=True))

    def truth(hand: Recorded) -> Array:
        points = clip.keypoints_m[row[hand.time_s], hand.side]
        return points * MIRROR if hand.side is Side.LEFT else points

    return measured(seen, [view.view for view in clip.frame_sets[0]], truth)


def desk() -> Errors:
    """The right hand of the real recording."""
    frames = [
        [replace(view, hands=(None, view.hands[Side.RIGHT])) for view in views]
        for views in track(lifted=False)
    ]
    both = [k for k, views in enumerate(frames) if cut(0.0, views)]
    pixels = np.array([[view.hands[Side.RIGHT].landmarks_px for view in frames[k]] for k in both])  # type: ignore[union-attr]
    points = dict(zip(both, reference_m(pixels[:, 0], pixels[:, 1]), strict=True))
    seen = [(k / RATE_HZ, views) for k, views in enumerate(frames)]
    return measured(seen, VIEWS, lambda hand: points[round(hand.time_s * RATE_HZ)])


def told(recordings: Sequence[Errors]) -> dict[str, Any]:
    """Means with intervals, and what differs from the shipped network hand by hand.

    Several recordings are resampled as wholes: the hands of one are alike.
    """
    report: dict[str, Any] = {}
    for name in recordings[0]:
        part = name.rpartition(", ")[2]
        report[name] = {
            output: {
                "mm": interval([found[name][output] for found in recordings]),
                "change_mm": interval(
                    [
                        found[name][output] - found[f"{SHIPPED}, {part}"][output]
                        for found in recordings
                    ]
                ),
            }
            for output in OUTPUTS
        }
    return report


def interval(values: Sequence[Array]) -> dict[str, float]:
    samples = [float(own.mean()) for own in values] if len(values) > 1 else values[0]
    found = bootstrap_mean(samples)
    return {name: round(value, 3) for name, value in found._asdict().items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=8, help="simulated recordings")
    options = parser.parse_args()
    torch.set_num_threads(1)
    results: dict[str, Any] = {"desk_two_views": told([desk()])}
    recordings = [simulated(FIRST_SEED + k) for k in range(options.clips)]
    results["simulated"] = {"recordings": options.clips, "seconds": SECONDS} | told(recordings)
    print(write_report("adapt", results))


if __name__ == "__main__":
    main()
