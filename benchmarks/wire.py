"""Size, error and cost of a pose on the wire, and of opening a recording.

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
from collections.abc import Callable, Iterator
from pathlib import Path

import msgpack
import numpy as np
from _desk import FOLDER
from _report import write_report
from scipy.spatial.transform import Rotation

import sdk_python as sdk
from bridge.model.hand import HandFitter, open_hand
from bridge.protocol import (
    FINGERTIPS,
    HandPacket,
    PosePacket,
    ShapePacket,
    Side,
    decode,
    encode,
    keypoints_from_pose,
)
from bridge.recorder import Recorder

SEED = 7
BATCH = 200
LEAP = FOLDER.parent / "leap"
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


def full(pose: PosePacket) -> bytes:
    return encode(pose, precision="full")


def json_bytes(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def from_lists(document: dict) -> PosePacket:
    """What any reader of lists does to have arrays, checks included."""
    hands = tuple(
        HandPacket(h["side"], h["wrist_m"], h["pose_quat"], h["finger_confidence"])
        for h in document["hands"]
    )
    return PosePacket(document["seq"], document["time_ns"], hands)


def varint(value: int) -> bytes:
    """An unsigned integer in groups of seven bits, as protobuf writes it."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def field(number: int, content: bytes) -> bytes:
    """A protobuf field of bytes: tag, length, content."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def packed(array: np.ndarray, step: float) -> bytes:
    """Multiples of a step as protobuf's packed ``sint32``: zigzag, then varints."""
    levels = np.rint(np.asarray(array, float) / step).astype(int).ravel().tolist()
    return b"".join(varint(2 * level if level >= 0 else -2 * level - 1) for level in levels)


def varints(pose: PosePacket) -> bytes:
    """A pose as a protobuf message of about the same errors would be."""
    hands = b"".join(
        field(
            3,
            varint(1 << 3)
            + varint(hand.side)
            + field(2, packed(hand.wrist_m, 5e-5))
            + field(3, packed(hand.pose_quat, 1 / 4095))
            + field(4, packed(hand.finger_confidence, 1 / 7)),
        )
        for hand in pose.hands
    )
    head = varint(1 << 3) + varint(pose.seq) + varint(2 << 3) + varint(pose.time_ns)
    return head + hands


def sizes(sample: list[PosePacket]) -> dict[str, dict[str, float]]:
    writers: dict[str, Callable[[PosePacket], bytes]] = {
        "json": lambda p: json_bytes(as_lists(p)),
        "json_5_digits": lambda p: json_bytes(as_lists(p, 5)),
        "msgpack_float64_lists": lambda p: msgpack.packb(as_lists(p)),
        "msgpack_float32_lists": lambda p: msgpack.packb(as_lists(p), use_single_float=True),
        "protobuf_varints": varints,
        "ghosthands_v1_full": full,
        "ghosthands_v1_compact": encode,
    }
    result = {}
    for name, writer in writers.items():
        lengths = [len(writer(pose)) for pose in sample]
        result[name] = {"two_hands_bytes": statistics.median(lengths), "worst_bytes": max(lengths)}
    return result


def compact_errors() -> dict[str, object]:
    """How far compact poses put keypoints from where full ones do, for hands of many shapes."""
    found: dict[str, object] = {"random": spread(random_hands(2000))}
    for path in sorted(LEAP.glob("*.npz")):
        found[path.stem] = spread(fitted_hands(path))
    return found


def random_hands(count: int) -> Iterator[HandPacket]:
    """Any rotation of any joint."""
    numbers = np.random.default_rng(SEED)
    for k in range(count):
        quaternions = Rotation.random(16, random_state=numbers).as_quat(canonical=True)
        yield HandPacket(Side(k % 2), numbers.uniform(-3, 3, 3), quaternions, numbers.random(5))


def fitted_hands(path: Path) -> Iterator[HandPacket]:
    """Real motion from an optical tracker, as the open hand's poses."""
    with np.load(path) as recording:
        joints = recording["joints_m"]
    for side in Side:
        fitter = HandFitter(open_hand(side))
        for keypoints in joints[:, side]:
            if (pose := fitter.fit(keypoints)) is not None:
                yield HandPacket(side, pose.wrist_m, pose.pose_quat, np.ones(5))


def spread(hands: Iterator[HandPacket]) -> dict[str, float]:
    numbers, errors = np.random.default_rng(SEED), []
    for hand in hands:
        got = decode(encode(PosePacket(0, 0, (hand,)))).hands[0]
        rest = open_hand(hand.side).rest_keypoints(numbers.normal(0, 1, 10))
        there, here = (keypoints_from_pose(rest, h.pose_quat, h.wrist_m) for h in (hand, got))
        errors.append(1000 * np.linalg.norm(there - here, axis=1)[list(FINGERTIPS)])
    every = np.array(errors)
    return {
        "hands": len(every),
        "median_fingertip": round(float(np.median(every)), 4),
        "worst_fingertip": round(float(every.max()), 4),
    }


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
    whole, compact = [full(pose) for pose in sample], [encode(pose) for pose in sample]
    text = [json_bytes(as_lists(pose)) for pose in sample]
    lists = [msgpack.packb(as_lists(pose), use_single_float=True) for pose in sample]
    return timed(
        {
            "encode_ghosthands_v1_compact": lambda i: encode(sample[i % n]),
            "encode_ghosthands_v1_full": lambda i: full(sample[i % n]),
            "encode_json": lambda i: json_bytes(as_lists(sample[i % n])),
            "encode_msgpack_float32_lists": lambda i: msgpack.packb(
                as_lists(sample[i % n]), use_single_float=True
            ),
            "decode_ghosthands_v1_compact": lambda i: decode(compact[i % n]),
            "decode_ghosthands_v1_full": lambda i: decode(whole[i % n]),
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
        "compact_error_mm": compact_errors(),
        "codec": codec_times(sample, rounds),
        "recording": recording_times(max(3, rounds // 6)),
        "import_sdk_python": import_time(max(3, rounds // 3)),
    }
    path = write_report("wire", results)
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
