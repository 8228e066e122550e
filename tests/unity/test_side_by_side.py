"""The C# and the Python decoder get the same bytes: same meaning, or same error."""

from __future__ import annotations

import math
import random
import struct
import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgpack
import numpy as np

from bridge.errors import ProtocolError
from bridge.protocol import Message, PosePacket, Side, decode, encode
from bridge.protocol.compact import HAND_BYTES
from bridge.protocol.messages import MAX_MESSAGE_BYTES
from bridge.protocol.packets import HandPacket

from .golden import GOOD_FILES, vectors

NUMBERS = (
    *(-1, 0, 1, 2, 3, 4, 63, 64, 65, 100, 101, 127, 128, 255, 256, 1000, 1001, 65535, 65536),
    *(10**6, 10**6 + 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1),
    *(-(2**31), -(2**63), -(10**9), -(10**9) - 1, 10**9, 10**9 + 1),
    *(0.0, -0.0, 0.009, 0.01, 0.24, 0.25, 1.5, 2.0, 2.01, 7.0, 100.0, 100.1, 1000.0, 1000.1, 1e9),
    *(1.1e9, -1e9, -1.1e9, math.nan, math.inf, -math.inf, 5e-324),
)
WORDS = (
    *("", "x", "-", "-a", "a-", "A", "a_b", "a" * 32, "a" * 33, "x" * 64, "x" * 65, "x" * 512),
    *("x" * 513, "x" * 1024, "x" * 1025, "é" * 32, "é" * 33, "\0", "😀" * 16, "\ufeff"),
)
OTHERS = (None, True, False, b"", b"x", [], [1], ["x"], {}, [None], msgpack.ExtType(1, b"x"))
LISTS = tuple([item] * count for item in (1, "x", 0.5) for count in (1, 2, 3, 16, 17, 64, 65))
SINGLE = (
    *(-0.0, 1e-45, 1.0, 1.0000001, -1.0, -1.0000001, 7.0, 7.0000005, 100.0, 100.00001, -100.00001),
    *(1000.0, 1000.0001, -1000.0, -1000.0001, 1e-4, 1.1e-4, math.nan, math.inf),
)
STRETCHES = (1.0, 0.9989, 0.9991, 1.0009, 1.0011, -1.0)


def same(conformance: tuple[str, ...], inputs: list[bytes]) -> tuple[Counter[str], list[bytes]]:
    """Asks both; returns how often what came out, and the poses as C# would send them."""
    done = subprocess.run(
        [*conformance, "verdicts"],
        input="".join(f"{data.hex()}\n" for data in inputs),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = done.stdout.splitlines()
    assert len(answers) == len(inputs)
    counts: Counter[str] = Counter()
    sent = []
    for data, answer in zip(inputs, answers, strict=True):
        expected, message = verdict(data)
        counts[expected if message is None else "taken"] += 1
        full, _, compact = answer.partition(" ")
        assert full == expected, data[:2000].hex()
        if message is not None:
            sent.append(bytes.fromhex(compact))
            # How C# rounds is its own affair: what counts is that Python reads it.
            assert type(decode(sent[-1])) is type(message)
    return counts, sent


def verdict(data: bytes) -> tuple[str, Message | None]:
    """The code of Python's error, or the message in full, as hex, and itself."""
    try:
        message = decode(data)
    except ProtocolError as error:
        return error.code, None
    return encode(message, precision="full").hex(), message


def test_damaged_bytes(conformance):
    counts, _ = same(conformance, damaged(6000))
    assert min(counts[name] for name in ("taken", "malformed", "unknown_type")) > 100


def damaged(count: int) -> list[bytes]:
    """Golden bytes with a few changes, the same ones every time."""
    numbers = random.Random(6)
    seeds = [
        bytes.fromhex(vector["hex"])
        for name in (*GOOD_FILES, "rejected.json")
        for vector in vectors(name)
        if 0 < len(vector.get("hex", "")) < 4000
    ]
    inputs = []
    for _ in range(count):
        data = bytearray(numbers.choice(seeds))
        for _ in range(numbers.choice((0, 1, 1, 2, 4))):
            at = numbers.randrange(len(data) + 1)
            match numbers.randrange(4):
                case 0:
                    data.insert(at, numbers.randrange(256))
                case 1:
                    del data[at : at + 1]
                case 2 if at < len(data):
                    data[at] = numbers.randrange(256)
                case 3 if at < len(data):  # a small step, which keeps more of what is valid
                    data[at] ^= 1
        inputs.append(bytes(data))
    return inputs


def test_the_edges_of_every_field(conformance):
    """Each field of each golden message, replaced by what is just in and just out of its limits."""
    inputs = []
    for vector in vectors("messages.json"):
        document = msgpack.unpackb(bytes.fromhex(vector["hex"]))
        inputs += [msgpack.packb(changed) for changed in varied(document)]
    inputs = list(dict.fromkeys(inputs))
    counts, _ = same(conformance, inputs)
    assert counts["taken"] > 1000
    assert counts["malformed"] > 1000


def varied(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in document.items():
        yield {k: v for k, v in document.items() if k != name}
        for other in replaced(value):
            yield document | {name: other}
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for item in varied(value[0]):
                yield document | {name: [item, *value[1:]]}


def replaced(value: Any) -> Iterator[Any]:
    yield from (*NUMBERS, *WORDS, *OTHERS, *LISTS)
    if isinstance(value, bytes):
        yield from (value[:-1], value + b"\0", value + bytes(4))
        array = np.frombuffer(value, "<f4")
        for at in {0, min(2, len(array) - 1), len(array) - 1}:
            for number in SINGLE:
                yield struct.pack(f"<{len(array)}f", *array[:at], number, *array[at + 1 :])
        yield from ((array * np.float32(stretch)).tobytes() for stretch in STRETCHES)


def test_the_edges_of_messages(conformance):
    """How large, how deep, how many: just within the limits, and just beyond."""
    ack = {"type": "ack", "seq": 1}
    head = msgpack.packb(ack | {"more": 1})[:-1]
    inputs = [head + b"\xc6" + struct.pack(">I", size) + bytes(size) for size in sizes(len(head))]
    inputs += [head + b"\x91" * depth + b"\xc0" for depth in (254, 255, 256)]
    inputs += [msgpack.packb(ack | {f"k{i}": i for i in range(n)}) for n in (61, 62, 63)]
    for items in (0, 62, 63, 64, 65):
        inputs.append(msgpack.packb(ack | {"more": [[{}] * 63] * 3 + [[]] * (items - 2)}))
    inputs += [head + bytes.fromhex(number) for number in SINGLE_FLOATS]
    status = {"type": "status", "views": [], "pose_rate_hz": 1, "recording": False}
    before = (
        b"\x82\xa4type\xa9subscribe\xabmax_rate_hz",
        b"\x85" + msgpack.packb(status)[1:] + b"\xaalatency_ms",
    )
    # A float32, where a float is meant.
    inputs += [field + bytes.fromhex(number) for number in SINGLE_FLOATS for field in before]
    inputs += [head + b"\xa4" + text for text in FOUR_BYTES]
    counts, _ = same(conformance, inputs)
    assert counts["taken"] > 10
    assert counts["malformed"] > 10
    assert counts["too_large"] == 1


def sizes(head: int) -> tuple[int, int]:
    """Sizes of a bin behind ``head`` bytes that fill a message, and go one byte beyond."""
    return MAX_MESSAGE_BYTES - head - 5, MAX_MESSAGE_BYTES - head - 4


SINGLE_FLOATS = (
    *("ca00000000", "ca80000000", "ca00000001", "ca80000001", "ca007fffff", "ca00800000"),
    *("ca3f800000", "ca447a0000", "ca447a0001", "ca3dcccccd", "cac2f6e979", "ca4e6e6b28"),
    *("ca7f7fffff", "ca7f800000", "caff800000", "ca7f800001", "ca7fc00000", "caffc00000"),
)
FOUR_BYTES = tuple(
    bytes.fromhex(text)
    for text in (
        *("f0908080", "f08fbfbf", "f48fbfbf", "f4908080", "f5808080", "f0808080", "f7bfbfbf"),
        *("eda08061", "edbfbf61", "ed9fbf61", "ee808061", "e0a08061", "e09fbf61", "efbfbd61"),
        *("c2806161", "c1bf6161", "c0806161", "dfbf6161", "80616161", "616161c2", "6161e282"),
        *("61f09080", "00616161", "ff616161", "fe616161", "f0908061", "e28261bf", "c2616161"),
    )
)


def test_compact_poses(conformance):
    """Every bit of a pose flipped, and rotations at the edge of what three numbers can be."""
    numbers = random.Random(7)
    poses = [encode(random_pose(numbers)) for _ in range(3)]
    inputs = []
    for data in poses:
        for bit in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            inputs.append(bytes(flipped))
    for joint in range(16):
        for levels in ((2, 2, 2), (2, 2, 1), (2, 1, 0), (2, 0, 1), (0, 0, 1), (1, 1, 1), (3, 1, 1)):
            for largest in range(4):
                hand = with_levels(poses[0][-HAND_BYTES:], joint, largest, levels)
                inputs.append(msgpack.packb([1, 2, hand]))
    four = 2 * poses[1][-2 * HAND_BYTES :]
    inputs += [msgpack.packb([1, 2, four[:n]]) for n in (0, 1, 70, 71, 72, 141, 142, 143, 213)]
    counts, _ = same(conformance, inputs)
    assert counts["taken"] > 1000
    assert counts["malformed"] > 100


def with_levels(hand: bytes, joint: int, largest: int, levels: tuple[int, int, int]) -> bytes:
    """A hand with another rotation: levels of 0, 1, 2 times the level of zero; 3: one too many."""
    bits = [13, *[10, 9, 9] * 5]
    shift = 77 + sum(2 + 3 * width for width in bits[:joint])
    half = 2 ** (bits[joint] - 1) - 1
    values = [2 * half + 1 if level == 3 else level * half for level in levels]
    field, width = largest, 2
    for value in values:
        field |= value << width
        width += bits[joint]
    number = int.from_bytes(hand, "little")
    number = number & ~(((1 << width) - 1) << shift) | field << shift
    return number.to_bytes(HAND_BYTES, "little")


def test_rounding_is_python_s(conformance):
    """Nobody asks for it, but the same choice of levels keeps the same promise on fingertips."""
    numbers = random.Random(8)
    poses = [random_pose(numbers) for _ in range(300)]
    counts, sent = same(conformance, [encode(pose, precision="full") for pose in poses])
    assert counts["taken"] == len(poses)
    alike = sum(data == encode(pose) for data, pose in zip(sent, poses, strict=True))
    # Where two ways are equally good, the last bit of a double decides.
    assert alike >= 0.99 * len(poses)


def random_pose(numbers: random.Random) -> PosePacket:
    """Both hands anywhere in the room, turned anyhow."""
    hands = []
    for side in Side:
        quat = np.array([[numbers.gauss(0, 1) for _ in range(4)] for _ in range(16)])
        quat /= np.linalg.norm(quat, axis=1, keepdims=True) * np.where(quat[:, 3:] < 0, -1, 1)
        wrist = [numbers.uniform(-26, 26) for _ in range(3)]
        hands.append(HandPacket(side, np.array(wrist), quat, np.array([0, 0.3, 0.5, 0.8, 1.0])))
    return PosePacket(numbers.randrange(2**32), numbers.randrange(2**62), tuple(hands))
