"""The rows of HaMuCo's Table 4, and what the errors of those that were run show."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.model.training.bootstrap import bootstrap_mean

ROWS: dict[str, dict[str, Any]] = {
    "full": {},
    # Without the interaction network L_d is L_cf once more.
    "no-DCVI": {"interaction": False, "distillation": False},
    "no-L_c": {"consistency_2d": False, "consistency_fusion": False},
    "no-L_d": {"distillation": False},
    "procrustes": {"alignment": "procrustes"},
    "no-L_cf": {"consistency_fusion": False},
    "no-L_c2D": {"consistency_2d": False},
    "no-VSF": {"shared_features": False},
    "no-CVA": {"attention": False},
    "no-G1": {"location": False},
    "no-G2": {"global_features": False},
    "no-G3": {"local_features": False},
}
"""What each row changes; ``procrustes`` is Table 1's training without extrinsics."""

SHARES_WARM_UP = ("no-L_c", "no-L_d", "procrustes", "no-L_cf", "no-L_c2D")
"""Rows that are ``full`` until the warm-up ends."""

PAPER: dict[str, tuple[float, float | None, float]] = {
    "full": (11.17, 8.28, 7.75),
    "no-VSF": (11.21, 8.49, 7.81),
    "no-CVA": (11.31, 8.45, 7.81),
    "no-G1": (11.31, 8.56, 7.77),
    "no-G2": (11.33, 8.38, 7.83),
    "no-G3": (11.30, 8.99, 7.82),
    "no-L_c2D": (11.25, 8.43, 7.90),
    "no-L_cf": (11.74, 8.98, 8.38),
    "no-DCVI": (13.52, None, 11.99),
    "no-L_c": (14.04, 17.03, 10.32),
    "no-L_d": (17.05, 8.56, 8.01),
}
"""Table 4 (ResNet-18), N-JE in mm: Single, Interact, Fusion."""

OUTPUTS = ("single", "interact", "fusion")
PAPER_RATIO = 7.65 / 11.14
"""Fusion to Single, ResNet-50."""

Array = NDArray[np.float64]
Errors = dict[str, Array]


def mean(values: Array) -> dict[str, Any]:
    found = bootstrap_mean(values[np.isfinite(values)])
    return {
        "mean": round(found.mean, 3),
        "low": round(found.low, 3),
        "high": round(found.high, 3),
    }


def summary(rows: dict[str, dict[str, Errors]]) -> dict[str, Any]:
    """Everything for the report.

    Args:
        rows: By row and split (``test``, ``train``), `bridge.model.hamuco.protocol.score`'s.
    """
    shown: dict[str, Any] = {}
    for name, splits in rows.items():
        shown[name] = {
            split: {key: mean(values) for key, values in errors.items()}
            for split, errors in splits.items()
        }
        if name in PAPER:
            shown[name]["paper_n_mm"] = dict(zip(OUTPUTS, PAPER[name], strict=True))
    if "full" not in rows:
        return {"rows": shown}
    full = rows["full"]
    found: dict[str, Any] = {"rows": shown}
    found["against_labels_2d_px"] = {
        split: {output: gain(full[split], output) for output in ("single", "interact")}
        for split in full
    }
    test = full["test"]
    found["fusion_to_single"] = fusion_to_single(test) | {
        "paper_n": round(PAPER_RATIO, 3),
        "paper_pa": round(5.34 / 7.05, 3),
    }
    found["worse_than_full_mm"] = {
        name: {
            f"{output}_{kind}": mean(
                splits["test"][f"{output}_{kind}_mm"] - test[f"{output}_{kind}_mm"]
            )
            for output in OUTPUTS
            for kind in ("n", "pa")
        }
        for name, splits in rows.items()
        if name != "full"
    }
    found["order_of_single_n"] = {
        "here": order({name: float(r["test"]["single_n_mm"].mean()) for name, r in rows.items()}),
        "paper": order({name: PAPER[name][0] for name in rows if name in PAPER}),
    }
    found["order_of_fusion_n"] = {
        "here": order({name: float(r["test"]["fusion_n_mm"].mean()) for name, r in rows.items()}),
        "paper": order({name: PAPER[name][2] for name in rows if name in PAPER}),
    }
    return found


def fusion_to_single(errors: Errors) -> dict[str, Any]:
    """Mean error of the fused hand as a share of the single views', over hands."""
    hands = len(errors["fusion_n_mm"])
    pick = np.random.default_rng(0).integers(hands, size=(2000, hands))
    found = {}
    for kind in ("n", "pa"):
        fused, single = (errors[f"{output}_{kind}_mm"] for output in ("fusion", "single"))
        low, high = np.percentile(fused[pick].mean(1) / single[pick].mean(1), (2.5, 97.5))
        share = fused.mean() / single.mean()
        found[kind] = {"mean": share, "low": low, "high": high}
    return {
        kind: {k: round(float(v), 3) for k, v in values.items()} for kind, values in found.items()
    }


def gain(errors: Errors, output: str) -> dict[str, Any]:
    """Labels' 2D errors less the network's, hand by hand: positive where the network is better.

    Of the keypoints that the detector found; what it lost it has no label for.
    """
    difference = errors["labels_2d_found_px"] - errors[f"{output}_2d_found_px"]
    return mean(difference) | {
        "better_in": round(float((difference[np.isfinite(difference)] > 0).mean()), 3)
    }


def order(values: dict[str, float]) -> list[str]:
    """Rows, the best first."""
    return sorted(values, key=lambda name: values[name])
