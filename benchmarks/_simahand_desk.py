"""One real camera alone: SVR-Hand beside the landmark net's own shape, on the desk recording.

Scored against the calibrated triangulation of both cameras (benchmarks/_desk.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from _desk import RATE_HZ, reference_m, track

from bridge.model.fusion import A3NetSeer, HandSpaceFuser, SimaHandSeer
from bridge.model.fusion.seen import Seer, monocular
from bridge.model.metrics import jitter_m_s3, pa_mpjpe_mm
from bridge.model.pose import ViewHands
from bridge.model.training.bootstrap import bootstrap_mean
from bridge.protocol.joints import Side

RIGHT = Side.RIGHT
SEERS: dict[str, Callable[[], Seer]] = {
    "monocular": lambda: monocular,
    "simahand": SimaHandSeer,
    "a3net": A3NetSeer,
}


def one_view_on_the_desk() -> dict[str, Any]:
    """PA-MPJPE and jitter of each way to see, with either camera alone.

    ``seen`` is what the view's network says, ``fitted`` the pose of the hand model that goes out.
    """
    frames = track()
    both = [f for f, views in enumerate(frames) if all(v.hands[RIGHT] is not None for v in views)]
    pixels = [np.array([frames[f][k].hands[RIGHT].landmarks_px for f in both]) for k in (0, 1)]
    truth = reference_m(pixels[0].astype(float), pixels[1].astype(float))
    found: dict[str, Any] = {"frames": len(both)}
    for k in (0, 1):
        errors = {}
        for name, make in SEERS.items():
            see = make()
            fuser = HandSpaceFuser(see)
            seen, fitted = [], []
            for f in both:
                view = _right_only(frames[f][k])
                seen.append(see([view])[view.view][RIGHT].local_m)
                pose = fuser.fuse(f * 1_000_000_000 // RATE_HZ, [view]).hands[RIGHT]
                fitted.append(pose.joints_m)
            for stage, joints in (("seen", np.array(seen)), ("fitted", np.array(fitted))):
                errors[name, stage] = np.array(
                    [
                        pa_mpjpe_mm(a[None], b[None]).value
                        for a, b in zip(joints, truth, strict=True)
                    ]
                )
                row = found.setdefault(f"view {k}", {}).setdefault(name, {})
                row[f"{stage}_pa_mpjpe_mm"] = _interval(errors[name, stage])
                row[f"{stage}_jitter_m_s3"] = round(jitter_m_s3(joints, rate_hz=RATE_HZ).value, 2)
        for stage in ("seen", "fitted"):
            less = errors["simahand", stage] - errors["monocular", stage]
            found[f"view {k}"][f"simahand less monocular, {stage}"] = _interval(less)
    return found


def _right_only(view: ViewHands) -> ViewHands:
    return replace(view, hands=(None, view.hands[RIGHT]))


def _interval(values: np.ndarray) -> dict[str, float]:
    mean, low, high = bootstrap_mean(values)
    return {"mean": round(mean, 2), "low": round(low, 2), "high": round(high, 2)}
