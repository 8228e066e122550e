"""Offsets between unsynchronised videos, found by their sound and by the hands' motion.

    python benchmarks/offsets.py

Motion: our tracker's landmarks on desk_two_views (tests/data/desk_landmarks.npz), one view shifted
in time, and simulated clips with exact truth. Sound: simulated microphones with exact truth.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import numpy as np
from _report import write_report
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from bridge.model.pose import ViewHand, ViewHands
from bridge.model.selfcal.motion_offset import MotionOffset, motion_offset
from bridge.model.selfcal.paths import hands_between
from bridge.model.synthetic.clips import simulate_clip
from bridge.protocol.joints import Side
from bridge.streams.audio import Audio
from bridge.streams.audio_offset import audio_offset

LANDMARKS = Path(__file__).resolve().parents[1] / "tests" / "data" / "desk_landmarks.npz"
DESK_RATE_HZ = 30
SHIFTS = 24
CLIPS, CLIP_S = 20, 10
UNRELATED = 20
SOUNDS, SOUND_S = 5, 20
RATE_HZ, WORLD_RATE_HZ = 16_000, 48_000
Seen = list[tuple[float, ViewHands]]


def desk() -> tuple[Seen, Seen]:
    """What our tracker sees in the desk recording."""
    with np.load(LANDMARKS) as file:
        pixels, trust = file["landmarks_px_20"] / 20, file["confidence_255"] / 255
    views: list[Seen] = [[], []]
    for v, view in enumerate(views):
        for k in range(len(pixels)):
            seen = trust[k, v].any()
            hand = ViewHand(Side.RIGHT, pixels[k, v], np.zeros((21, 3)), trust[k, v])
            hands = ViewHands(f"cam{v}", (720, 720), (None, hand if seen else None))
            view.append((k / DESK_RATE_HZ, hands))
    return views[0], views[1]


def later(seen: Seen, offset_s: float) -> Seen:
    """The same frames of a device whose clock began later."""
    return [(when - offset_s, hands) for when, hands in seen]


def between(seen: Seen, part: float) -> Seen:
    """What would have been seen a part of a frame later."""
    times = [(a, b, a[0] + part * (b[0] - a[0])) for a, b in itertools.pairwise(seen)]
    return [(when, hands_between(a, b, when)) for a, b, when in times]


def summary(found: list[MotionOffset], truth_s: list[float]) -> dict[str, object]:
    """Errors of the offsets that are trusted, and how many are."""
    pairs = [(f, t) for f, t in zip(found, truth_s, strict=True) if f.trusted]
    errors = np.array([1e3 * (f.offset_s - t) for f, t in pairs])
    spreads = np.array([1e3 * f.spread_s for f, _ in pairs])
    return {
        "cases": len(found),
        "trusted": len(pairs),
        "mean_error_ms": round(float(errors.mean()), 2),
        "rms_error_ms": round(float(np.sqrt((errors**2).mean())), 2),
        "largest_error_ms": round(float(np.abs(errors).max()), 2),
        "share_within_5_ms": round(float((np.abs(errors) <= 5).mean()), 3),
        "rms_error_over_stated_spread": round(float(np.sqrt(((errors / spreads) ** 2).mean())), 2),
        "least_margin": round(min(f.margin for f in found), 1),
    }


def on_desk(rng: np.random.Generator) -> dict[str, object]:
    first, second = desk()
    shifts = [float(s) for s in rng.uniform(-2, 2, SHIFTS)]
    parts = [float(p) for p in rng.uniform(0, 1, SHIFTS)]
    start = time.perf_counter()
    shifted = [motion_offset(first, later(second, s)) for s in shifts]
    seconds = (time.perf_counter() - start) / SHIFTS
    resampled = [
        motion_offset(first, later(between(second, p), s))
        for s, p in zip(shifts, parts, strict=True)
    ]
    alternate = [
        motion_offset(first[k % 2 :: 2], later(second[(k + 1) % 2 :: 2], s))
        for k, s in enumerate(shifts)
    ]
    parts_4s = [(f, s) for f, s in zip(range(0, 250, 10), shifts, strict=False)]
    short = [motion_offset(first[f : f + 120], later(second[f : f + 120], s)) for f, s in parts_4s]
    return {
        "clip_s": round(len(first) / DESK_RATE_HZ, 1),
        "seconds_each": round(seconds, 2),
        "shifted": summary(shifted, shifts),
        "shifted_and_resampled_between_frames": summary(resampled, shifts),
        "shifted_15_fps_exposed_in_turns": summary(alternate, shifts),
        "shifted_4_s_excerpts": summary(short, [s for _, s in parts_4s]),
    }


def on_clips(rng: np.random.Generator) -> dict[str, object]:
    found, refused, shifts = [], 0, [float(s) for s in rng.uniform(-2, 2, CLIPS)]
    for seed, shift_s in enumerate(shifts):
        first, second = views(seed)
        found.append(motion_offset(first, later(second, shift_s)))
    for seed in range(UNRELATED):
        refused += not motion_offset(views(seed)[0], views(seed + 1000)[1]).trusted
    return {
        "clip_s": CLIP_S,
        "same_scene": summary(found, shifts),
        "different_scenes": {"cases": UNRELATED, "refused": refused},
    }


def views(seed: int) -> tuple[Seen, Seen]:
    clip = simulate_clip(seed, seconds=CLIP_S, drop=0.1)
    frames = list(zip(clip.time_s, clip.frame_sets, strict=True))
    return [(float(t), f[0]) for t, f in frames], [(float(t), f[1]) for t, f in frames]


def notes(rng: np.random.Generator, seconds: float) -> CubicSpline:
    """Decaying harmonic notes with knocks at their beginnings."""
    sound = np.zeros(int(seconds * WORLD_RATE_HZ))
    t = np.arange(WORLD_RATE_HZ // 2) / WORLD_RATE_HZ
    for first in rng.integers(0, len(sound) - len(t), int(4 * seconds)):
        hz = 110 * 2 ** (int(rng.integers(0, 36)) / 12)
        note = sum(np.sin(2 * np.pi * hz * k * t + rng.uniform(0, 6)) / k for k in range(1, 5))
        note *= np.exp(-7 * t)
        note[:100] += rng.normal(size=100)
        sound[first : first + len(t)] += note
    # Devices take out what their sampling rate cannot hold.
    sound = sosfiltfilt(butter(8, 7000, fs=WORLD_RATE_HZ, output="sos"), sound)
    return CubicSpline(np.arange(len(sound)) / WORLD_RATE_HZ, sound / sound.std())


def heard(
    world: CubicSpline, rng: np.random.Generator, from_s: float, *, ppm: float, snr_db: float
) -> Audio:
    """Another gain, an echo and noise for each microphone."""
    own = np.arange(SOUND_S * RATE_HZ) / RATE_HZ
    at = from_s + (1 + ppm * 1e-6) * own
    sound = world(at) + 0.4 * world(at - rng.uniform(0.005, 0.03))
    sound += 10 ** (-snr_db / 20) * sound.std() * rng.normal(size=len(sound))
    return Audio((rng.uniform(0.01, 0.5) * sound).astype(np.float32), RATE_HZ, 0.0)


def on_sound(rng: np.random.Generator) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    worlds = [notes(rng, SOUND_S + 10) for _ in range(SOUNDS)]
    for ppm in (0.0, 50.0):
        for snr_db in (20, 6, 0, -6, -12):
            errors, drifts, cases = [], [], 0
            for world in worlds:
                for offset_s in rng.uniform(-2, 2, 4):
                    first = heard(world, rng, 5, ppm=0, snr_db=snr_db)
                    second = heard(world, rng, 5 + offset_s, ppm=ppm, snr_db=snr_db)
                    found = audio_offset(first, second)
                    cases += 1
                    if found.trusted:
                        errors.append(1e3 * abs(found.offset_s - offset_s))
                        drifts.append(abs(found.drift_ppm - ppm))
            rows.append(
                {
                    "snr_db": snr_db,
                    "drift_ppm": ppm,
                    "cases": cases,
                    "trusted": len(errors),
                    "median_error_ms": round(float(np.median(errors)), 4) if errors else None,
                    "largest_error_ms": round(float(max(errors)), 4) if errors else None,
                    "median_drift_error_ppm": round(float(np.median(drifts)), 2)
                    if drifts
                    else None,
                }
            )
    others = list(itertools.combinations([*worlds, notes(rng, SOUND_S + 10)], 2))
    refused = sum(
        not audio_offset(*(heard(w, rng, 5, ppm=0, snr_db=20) for w in pair)).trusted
        for pair in others
    )
    rows.append({"unrelated": True, "cases": len(others), "refused": refused})
    return rows


def main() -> None:
    rng = np.random.default_rng(0)
    results: dict[str, object] = {
        "seed": 0,
        "motion_desk": on_desk(rng),
        "motion_simulated": on_clips(rng),
        "sound_simulated": on_sound(rng),
    }
    print(write_report("offsets", results))


if __name__ == "__main__":
    main()
