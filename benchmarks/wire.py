"""Size and cost of a pose on the wire, and of opening a recording.

``python benchmarks/wire.py`` writes benchmarks/results/wire.json. Times are medians of batches
after a warm-up, in microseconds a message; the encodings are timed in turns within one run, so
their ratios hold on a busy machine, too.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgpack
import numpy as np
from _report import write_report

import sdk_python as sdk
from bridge.protocol import HandPacket, PosePacket, ShapePacket, Side, decode, encode
from bridge.recorder import Recorder

SEED = 7
BATCH = 200
RECORDING_POSES = 36_000  # ten minutes at 60 a second


def poses(count: int) -> list[PosePacket]:
    """Two hands that move smoothly: numbers as long as real ones."""
    numbers = np.random.default_rng(SEED)
    start, speed = numbers.normal(size=(2, 2, 16, 4)), numbers.normal(size=(2, 2, 16, 4)) / 40
    made = []
    for k in range(count):
        quaternions = start[0] + speed[0] * np.sin(k / 20) + [0, 0, 0, 2]
        quaternions *= np.where(quaternions[..., 3:] < 0, -1, 1)
        quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
        hands = tuple(
            HandPacket(
                side,
                [0.3 * side - 0.15, 0.1 + 0.01 * np.sin(k / 9), -0.4],
                quaternions[side],
                0.5 + 0.5 * np.abs(np.sin(k / 30 + np.arange(5))),
            )
            for side in Side
        )
        made.append(PosePacket(100_000 + k, 10**15 + k * 16_666_667, hands))
    return made


def as_lists(pose: PosePacket, digits: int | None = None) -> dict[str, object]:
    """A pose as JSON would have it, optionally rounded."""

    def numbers(array: np.ndarray) -> list[object]:
        wide = array.astype(float)
        return (wide if digits is None else np.round(wide, digits)).tolist()

    return {
        "type": "pose",
        "seq": pose.seq,
        "time_ns": pose.time_ns,
        "hands": [
            {
                "side": int(hand.side),
                "wrist_m": numbers(hand.wrist_m),
                "pose_quat": numbers(hand.pose_quat),
                "finger_confidence": numbers(hand.finger_confidence),
            }
            for hand in pose.hands
        ],
    }


def json_bytes(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def from_lists(document: dict) -> PosePacket:
    """What any reader of lists does to have arrays, checks included."""
    hands = tuple(
        HandPacket(h["side"], h["wrist_m"], h["pose_quat"], h["finger_confidence"])
        for h in document["hands"]
    )
    return PosePacket(document["seq"], document["time_ns"], hands)


def sizes(sample: list[PosePacket]) -> dict[str, dict[str, float]]:
    writers: dict[str, Callable[[PosePacket], bytes]] = {
        "json": lambda p: json_bytes(as_lists(p)),
        "json_5_digits": lambda p: json_bytes(as_lists(p, 5)),
        "msgpack_float64_lists": lambda p: msgpack.packb(as_lists(p)),
        "msgpack_float32_lists": lambda p: msgpack.packb(as_lists(p), use_single_float=True),
        "ghosthands_v1": encode,
    }
    result = {}
    for name, writer in writers.items():
        lengths = [len(writer(pose)) for pose in sample]
        result[name] = {"two_hands_bytes": statistics.median(lengths), "worst_bytes": max(lengths)}
    return result


def timed(functions: dict[str, Callable[[int], object]], rounds: int) -> dict[str, object]:
    """Median and interquartile range of each, microseconds a call, measured in turns."""
    samples: dict[str, list[float]] = {name: [] for name in functions}
    for k in range(rounds + 3):
        for name, function in functions.items():
            start = time.perf_counter_ns()
            for i in range(BATCH):
                function(i)
            if k >= 3:  # the first rounds warm up
                samples[name].append((time.perf_counter_ns() - start) / BATCH / 1000)
    result = {}
    for name, values in samples.items():
        low, median, high = statistics.quantiles(values, n=4)
        result[name] = {"median_us": round(median, 2), "iqr_us": round(high - low, 2)}
    return result


def codec_times(sample: list[PosePacket], rounds: int) -> dict[str, object]:
    n = len(sample)
    wire = [encode(pose) for pose in sample]
    text = [json_bytes(as_lists(pose)) for pose in sample]
    lists = [msgpack.packb(as_lists(pose), use_single_float=True) for pose in sample]
    return timed(
        {
            "encode_ghosthands_v1": lambda i: encode(sample[i % n]),
            "encode_json": lambda i: json_bytes(as_lists(sample[i % n])),
            "encode_msgpack_float32_lists": lambda i: msgpack.packb(
                as_lists(sample[i % n]), use_single_float=True
            ),
            "decode_ghosthands_v1": lambda i: decode(wire[i % n]),
            "decode_json": lambda i: from_lists(json.loads(text[i % n])),
            "decode_msgpack_float32_lists": lambda i: from_lists(msgpack.unpackb(lists[i % n])),
        },
        rounds,
    )


def recording_times(rounds: int) -> dict[str, object]:
    shapes = [ShapePacket(side, np.zeros(10), np.zeros((21, 3))) for side in Side]
    sample = poses(600)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ten-minutes.mcap"
        start = time.perf_counter()
        with Recorder(path, room="lesson", views=["a"], origin_ns=10**15) as recorder:
            for shape in shapes:
                recorder.write(shape)
            for k in range(RECORDING_POSES):
                pose = sample[k % len(sample)]
                moved = PosePacket(k, 10**15 + k * 16_666_667, pose.hands)
                recorder.write(moved, wait=True)
        written_s = time.perf_counter() - start
        opened = []
        for _ in range(rounds):
            start = time.perf_counter()
            recording = sdk.Recording.open(path)
            opened.append(time.perf_counter() - start)
        if len(recording) != RECORDING_POSES:
            raise RuntimeError("the recording is not what was written")
        return {
            "poses": RECORDING_POSES,
            "file_mb": round(path.stat().st_size / 1e6, 2),
            "write_us_a_pose": round(written_s / RECORDING_POSES * 1e6, 1),
            "open_s_median": round(statistics.median(opened), 3),
            "open_s_worst": round(max(opened), 3),
        }


def import_time(rounds: int) -> dict[str, float]:
    code = "import time; s = time.perf_counter(); import sdk_python; print(time.perf_counter() - s)"
    root = Path(__file__).resolve().parent.parent
    taken = [
        float(subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True,
                             check=True).stdout)
        for _ in range(rounds)
    ]  # fmt: skip
    return {"median_s": round(statistics.median(taken), 3), "worst_s": round(max(taken), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sample = poses(64)
    results = {
        "seed": SEED,
        "rounds": rounds,
        "sizes": sizes(sample),
        "codec": codec_times(sample, rounds),
        "recording": recording_times(max(3, rounds // 6)),
        "import_sdk_python": import_time(max(3, rounds // 3)),
    }
    path = write_report("wire", results)
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
