"""Accuracy of the calibration-free path on real video, beside one view alone.

    python benchmarks/desk_accuracy.py

Scores against calibrated triangulation of the same 2D keypoints (benchmarks/_desk.py).
"""

from __future__ import annotations

import numpy as np
from _desk import RATE_HZ, reference_m, track
from _report import write_report
from numpy.typing import NDArray

from bridge.model.fusion import FUSERS, SelfCalFuser, make_fuser
from bridge.model.metrics import jitter_m_s3, pa_mpjpe_mm
from bridge.model.pose import ViewHands
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.smooth import OneEuroSmoother
from bridge.protocol.joints import Side

RIGHT = Side.RIGHT


def score(
    name: str, seen: list[list[ViewHands]], both: list[int], truth: NDArray[np.float64]
) -> dict[str, object]:
    """Errors of one fuser, before and after smoothing."""
    # The video goes by faster than in life: the cameras are adjusted at once, not beside it.
    fuser = SelfCalFuser(in_this_thread) if name == "selfcal" else make_fuser(name)
    smoother = OneEuroSmoother()
    raw, smooth = [], []
    for f, views in enumerate(seen):
        hands = fuser.fuse(f * 1_000_000_000 // RATE_HZ, views)
        raw.append(hands.hands[RIGHT])
        smooth.append(smoother.smooth(hands).hands[RIGHT])
    errors: dict[str, object] = {
        "right_hand_share": round(sum(pose is not None for pose in raw) / len(seen), 4)
    }
    for stage, poses in (("fused", raw), ("smoothed", smooth)):
        joints = np.array([poses[f].joints_m for f in both])
        errors[f"{stage}_pa_mpjpe_mm"] = round(pa_mpjpe_mm(joints, truth).value, 2)
        errors[f"{stage}_jitter_m_s3"] = round(jitter_m_s3(joints, rate_hz=RATE_HZ).value, 2)
    return errors


def main() -> None:
    seen = track()
    both = [f for f, views in enumerate(seen) if all(v.hands[RIGHT] is not None for v in views)]
    pixels = [np.array([seen[f][k].hands[RIGHT].landmarks_px for f in both]) for k in (0, 1)]
    truth = reference_m(pixels[0].astype(float), pixels[1].astype(float))

    results: dict[str, object] = {
        "frames": len(seen),
        "right_hand_in_both_views": len(both),
        "reference": "calibrated triangulation of the same 2D keypoints, at the open hand's size",
    }
    for k in (0, 1):
        world = np.array([seen[f][k].hands[RIGHT].world_m for f in both])
        results[f"view_{k}_alone_pa_mpjpe_mm"] = round(pa_mpjpe_mm(world, truth).value, 2)

    for name in FUSERS:
        results[name.replace("-", "_")] = score(name, seen, both, truth)
    write_report("desk_accuracy", results)


if __name__ == "__main__":
    main()
