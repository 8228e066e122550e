"""The hand fit against SciPy's least squares on the same problem.

``python benchmarks/hand_fit.py`` writes benchmarks/results/hand_fit.json. Both fit the same frames
in turns, each from its own frame before, with the same shape, noise, limits and priors; SciPy
(trust region reflective) takes the limits as bounds and has no robust loss, as its loss would weigh
coordinates, not keypoints. "analytic" is given our Jacobian; "numeric" makes its own and fits every
tenth frame, from where "analytic" was in the frame before. On the recordings of shared/data, where
present, the distance to the input is reported: their skeletons are not the open hand's.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from _report import write_report
from numpy.typing import NDArray
from scipy.optimize import least_squares

from bridge.model.hand import HandFitter, open_hand
from bridge.model.hand.articulation import LIMITS_RAD, N_ANGLES, Articulation
from bridge.model.hand.posterior import ANGLE_INFORMATION, HELD, N_POSE
from bridge.model.hand.rotation import matrix_from_rotvec, skew
from bridge.model.pose import HandPose
from bridge.protocol.joints import N_BETAS, Side
from bridge.protocol.kinematics import matrix_from_quat

Array = NDArray[np.float64]
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SEED = 11
WARM_UP = 30
NOISE_M = 0.006
NUMERIC_EVERY = 10
MODEL = open_hand(Side.RIGHT)
HAND = Articulation(MODEL)


def synthetic(frames: int) -> tuple[Array, Array, Array]:
    """Smooth motion of a random hand: true keypoints, keypoints with 4 mm of noise, and betas."""
    rng = np.random.default_rng(SEED)
    seconds = np.arange(frames)[:, None] / 30
    reach = 0.4 * (LIMITS_RAD[:, 1] - LIMITS_RAD[:, 0])
    reach.reshape(6, 5)[[2, 4]] = 0
    speed, phase = rng.uniform(2, 6, N_ANGLES), rng.uniform(0, 2 * np.pi, N_ANGLES)
    angles = LIMITS_RAD.mean(1) + reach * np.sin(speed * seconds + phase)
    turns = matrix_from_rotvec(np.sin(np.array([3.0, 2.0, 4.0]) * seconds))
    betas = rng.normal(size=N_BETAS)
    wrists = 0.2 * np.sin(np.array([2.0, 3.0, 4.0]) * seconds)
    keypoints, _ = HAND.keypoints(wrists, turns, angles, np.tile(betas, (frames, 1)))
    return keypoints, keypoints + rng.normal(0, 0.004, keypoints.shape), betas


class SciPyFitter:
    """One hand, frame after frame, with ``scipy.optimize.least_squares``."""

    def __init__(self, start: HandPose, *, analytic: bool) -> None:
        self._betas = start.betas
        self._analytic = analytic
        self._wrist = start.wrist_m
        self._rotation = matrix_from_quat(start.pose_quat[0])
        self._angles = HAND.angles_from_keypoints(
            start.joints_m, self._rotation, np.zeros(N_ANGLES)
        )

    def follow(self, other: SciPyFitter) -> None:
        """Goes on from where another one is."""
        self._wrist, self._rotation, self._angles = other._wrist, other._rotation, other._angles

    def fit(self, target: Array) -> Array:
        """Fits one frame ``(21, 3)``; returns the keypoints."""
        seen = np.isfinite(target).all(1)[:, None]
        goal = np.where(seen, target, 0)
        weight = np.where(seen, 1 / NOISE_M, 0)
        mean = np.where(HELD, self._angles, 0)
        rotation, sharpness = self._rotation, np.sqrt(ANGLE_INFORMATION)

        def evaluate(x: Array) -> tuple[Array, Array]:
            return HAND.keypoints(x[:3], matrix_from_rotvec(x[3:6]) @ rotation, x[6:], self._betas)

        def residuals(x: Array) -> Array:
            return np.r_[(weight * (evaluate(x)[0] - goal)).ravel(), (x[6:] - mean) * sharpness]

        def jacobian(x: Array) -> Array:
            rows = (evaluate(x)[1][:N_POSE] * weight).reshape(N_POSE, -1).T
            rows[:, 3:6] = rows[:, 3:6] @ left_jacobian(x[3:6])
            return np.r_[rows, np.c_[np.zeros((N_ANGLES, 6)), np.diag(sharpness)]]

        free = np.full(6, np.inf)
        solution = least_squares(
            residuals,
            np.r_[self._wrist, np.zeros(3), np.clip(self._angles, *(LIMITS_RAD * 0.999).T)],
            jac=jacobian if self._analytic else "2-point",
            bounds=(np.r_[-free, LIMITS_RAD[:, 0]], np.r_[free, LIMITS_RAD[:, 1]]),
            x_scale="jac",
            xtol=1e-4,
            ftol=1e-4,
        ).x
        self._wrist, self._angles = solution[:3], solution[6:]
        self._rotation = matrix_from_rotvec(solution[3:6]) @ rotation
        return evaluate(solution)[0]


def left_jacobian(rotvec: Array) -> Array:
    """Derivative of the left-applied turn with the rotation vector (Barfoot 2017, eq. 7.77)."""
    angle = float(np.linalg.norm(rotvec))
    if angle < 1e-8:
        return np.eye(3)
    k = skew(rotvec / angle)
    return np.eye(3) + (1 - np.cos(angle)) / angle * k + (1 - np.sin(angle) / angle) * k @ k


def summary(seconds: list[float]) -> dict[str, float]:
    ms = 1e3 * np.array(seconds)
    low, median, high, late = np.percentile(ms, [25, 50, 75, 95])
    return {
        "median_ms": round(float(median), 3),
        "iqr_ms": round(float(high - low), 3),
        "p95_ms": round(float(late), 3),
    }


def distance_mm(keypoints: list[Array], reference: Array) -> float:
    """Mean distance of ``(21, 3)`` keypoints of some frames from a reference ``(T, 21, 3)``."""
    distances = np.linalg.norm(np.array(keypoints) - reference, axis=-1)
    return round(1e3 * float(np.nanmean(distances)), 2)


def against_scipy(frames: Array, reference: Array, betas: Array) -> dict[str, object]:
    """Times the fits in turns; ``betas`` are the shape that all of them keep."""
    ours = HandFitter(MODEL, noise_m=NOISE_M)
    ours.freeze_shape(betas)
    start = ours.fit(frames[0])
    assert start is not None
    peers = {
        "scipy_numeric": SciPyFitter(start, analytic=False),
        "scipy_analytic": SciPyFitter(start, analytic=True),
    }
    seconds: dict[str, list[float]] = {"ghosthands": [], **{name: [] for name in peers}}
    fitted: dict[str, list[Array]] = {name: [] for name in seconds}
    asked: dict[str, list[int]] = {name: [] for name in seconds}
    for k, frame in enumerate(frames):
        for name in seconds:
            # Numeric derivatives are so slow that a subset of the frames must do.
            if name == "scipy_numeric":
                if k % NUMERIC_EVERY:
                    continue
                peers[name].follow(peers["scipy_analytic"])
            begin = time.perf_counter()
            if name == "ghosthands":
                pose = ours.fit(frame)
                keypoints = pose.joints_m if pose is not None else np.full((21, 3), np.nan)
            else:
                keypoints = peers[name].fit(frame)
            if k >= WARM_UP:
                seconds[name].append(time.perf_counter() - begin)
                fitted[name].append(keypoints)
                asked[name].append(k)
    rows: dict[str, dict[str, float]] = {}
    for name, times in seconds.items():
        rows[name] = summary(times)
        rows[name]["distance_mm"] = distance_mm(fitted[name], reference[asked[name]])
    base = rows["ghosthands"]["median_ms"]
    ratios = {f"{n}_over_ghosthands": round(rows[n]["median_ms"] / base, 1) for n in peers}
    return {"frames": len(seconds["ghosthands"]), **rows, **ratios}


def learning_cost(frames: Array) -> dict[str, object]:
    """Cost of a frame while the shape is still learned, and of a first frame."""
    ours = HandFitter(MODEL, noise_m=NOISE_M, freeze_after=None)
    learning, first = [], []
    for frame in frames:
        begin = time.perf_counter()
        ours.fit(frame)
        learning.append(time.perf_counter() - begin)
    for frame in frames[::10]:
        fresh = HandFitter(MODEL, noise_m=NOISE_M)
        begin = time.perf_counter()
        fresh.fit(frame)
        first.append(time.perf_counter() - begin)
    return {"learning": summary(learning[WARM_UP:]), "first_frame": summary(first)}


def desk_world_landmarks() -> dict[str, object]:
    """Distance to MediaPipe's monocular world landmarks on the desk recording, by view."""
    import desk

    seen = desk.track()
    rows: dict[str, object] = {}
    for v, view in enumerate(desk.VIEWS):
        fitter, times, distances = HandFitter(MODEL), [], []
        for views in seen:
            hand = views[v].hands[Side.RIGHT]
            if hand is None:
                continue
            begin = time.perf_counter()
            pose = fitter.fit(hand.world_m, hand.confidence)
            times.append(time.perf_counter() - begin)
            if pose is not None:
                distances.append(np.linalg.norm(pose.joints_m - hand.world_m, axis=1).mean())
        median, late = 1e3 * np.percentile(distances, [50, 95])
        rows[view] = {
            **summary(times[WARM_UP:]),
            "frames": len(distances),
            "distance_median_mm": round(float(median), 2),
            "distance_p95_mm": round(float(late), 2),
        }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=600, help="frames of synthetic motion")
    args = parser.parse_args()
    truth, noisy, betas = synthetic(args.frames)
    results: dict[str, object] = {
        "seed": SEED,
        "synthetic_4mm_noise": against_scipy(noisy, truth, betas),
        "shape_not_frozen": learning_cost(noisy),
    }
    for name in ("pinch", "three-claps"):
        path = SHARED / "leap" / f"leap_{name}.npz"
        if path.is_file():
            with np.load(path) as file:
                frames = file["joints_m"][:, Side.RIGHT]
            learned = HandFitter(MODEL, noise_m=NOISE_M)
            for frame in frames:
                learned.fit(frame)
            results[f"leap_{name}"] = against_scipy(frames, frames, learned.betas)
    if (SHARED / "desk_two_views").is_dir():
        results["desk_world_landmarks"] = desk_world_landmarks()
    print(write_report("hand_fit", results).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
