"""Round trips of every message, and a decoder that survives anything."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from bridge import protocol
from bridge.errors import ProtocolError
from bridge.protocol import Side
from bridge.protocol.codec import ACK_BEGINS

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "bridge" / "protocol" / "golden"

counts = st.integers(0, 2**53 - 1)
times = st.integers(0, 2**63 - 1)
names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=16)
sides = st.sampled_from(Side)


def floats32(shape, low, high):
    elements = st.floats(low, high, width=32, allow_nan=False)
    return npst.arrays(np.float32, shape, elements=elements)


@st.composite
def unit_quaternions(draw, count):
    q = draw(floats32((count, 4), -1, 1)).astype(float)
    q[:, 3] = np.abs(q[:, 3])
    length = np.linalg.norm(q, axis=1, keepdims=True)
    return np.where(length > 0.1, q / np.maximum(length, 0.1), [0, 0, 0, 1]).astype(np.float32)


@st.composite
def shapes(draw):
    rest = draw(floats32((21, 3), -1, 1))
    rest[0] = 0
    return protocol.ShapePacket(draw(sides), draw(floats32((10,), -100, 100)), rest)


def hands(side):
    return st.builds(
        protocol.HandPacket,
        st.just(side),
        floats32((3,), -1000, 1000),
        unit_quaternions(16),
        floats32((5,), 0, 1),
    )


def one_of_each(hand_of):
    left, right = hand_of(Side.LEFT), hand_of(Side.RIGHT)
    return st.one_of(st.just(()), st.tuples(left), st.tuples(right), st.tuples(left, right))


two_hands = one_of_each(hands)


def openxr_hands():
    return one_of_each(
        lambda side: st.builds(
            protocol.OpenXRHand, st.just(side), floats32((26, 3), -1000, 1000), unit_quaternions(26)
        )
    )


def hand_scores():
    return one_of_each(
        lambda side: st.builds(
            protocol.HandScore,
            st.just(side),
            floats32((5,), 0, 1000),
            floats32((5,), 0, 7),
            floats32((5,), 0, 1),
        )
    )


seconds = st.floats(0, 1e6)


@st.composite
def loops(draw):
    begin = draw(st.floats(0, 1e5))
    return begin, begin + draw(st.floats(0.1, 100))


views = st.builds(
    protocol.ViewStatus,
    names,
    st.booleans(),
    st.floats(0, 1000),
    st.integers(0, 65535),
    st.integers(0, 65535),
    counts,
    st.integers(0, 3),
)


@st.composite
def pongs(draw):
    t1, t2 = sorted((draw(times), draw(times)))
    return protocol.Pong(draw(times), t1, t2)


messages = st.one_of(
    st.builds(
        protocol.Hello,
        st.lists(st.integers(0, 65535), min_size=1, max_size=16).map(tuple),
        st.sampled_from(["watch", "learn", "play"]),
        texts,
        st.none() | texts,
        st.none() | texts,
        st.lists(texts, max_size=16).map(tuple),
    ),
    st.builds(
        protocol.Welcome,
        st.integers(0, 65535),
        names,
        texts,
        times,
        st.integers(1, 1000),
        st.none() | texts,
        st.booleans(),
        st.lists(texts, max_size=16).map(tuple),
    ),
    st.builds(
        protocol.Subscribe,
        st.none() | st.floats(0.01, 1000),
        st.sampled_from(["compact", "full"]),
    ),
    st.builds(
        protocol.Anchor,
        texts,
        floats32((2,), 0, 100),
        floats32((3,), -1000, 1000),
        unit_quaternions(1).map(lambda rows: rows[0]),
    ),
    st.builds(protocol.LearnerHands, counts, times, texts, two_hands),
    st.builds(protocol.LearnerHands, counts, times, texts, st.just(()), openxr_hands()),
    st.builds(protocol.Score, times, texts, st.none() | st.floats(0, 100), hand_scores()),
    st.builds(protocol.PlaybackControl, st.just("load"), texts),
    st.builds(protocol.PlaybackControl, st.just("loop"), loop_s=st.none() | loops()),
    st.builds(
        protocol.PlaybackState,
        times,
        st.none() | texts,
        seconds,
        seconds,
        st.booleans(),
        st.floats(0.25, 2),
        st.none() | loops(),
        st.lists(texts, max_size=64).map(tuple),
        st.none() | texts,
    ),
    shapes(),
    st.builds(protocol.PosePacket, counts, times, two_hands),
    st.builds(protocol.Ack, counts),
    st.builds(
        protocol.Status,
        st.lists(views, max_size=16).map(tuple),
        st.floats(0, 1000),
        st.none() | st.floats(-1e9, 1e9),
        st.booleans(),
    ),
    st.builds(protocol.Ping, times),
    pongs(),
    st.builds(protocol.ErrorMessage, texts, texts),
    st.builds(protocol.Bye, texts),
)


def full(message: protocol.Message) -> bytes:
    return protocol.encode(message, precision="full")


@given(messages)
def test_round_trip(message):
    data = full(message)
    decoded = protocol.decode(data)
    assert decoded == message
    assert full(decoded) == data


@given(messages)
def test_type_comes_first(message):
    assert next(iter(msgpack.unpackb(full(message)))) == "type"


@given(messages, st.dictionaries(st.text("xyz", min_size=1), st.integers() | st.none(), max_size=3))
def test_unknown_fields_are_skipped(message, extra):
    document = msgpack.unpackb(full(message))
    extra = {key: value for key, value in extra.items() if value is None or abs(value) < 2**63}
    assert protocol.decode(msgpack.packb(document | extra)) == message


def survives(data: bytes) -> None:
    """The decoder returns a message that encodes again, or raises its own error."""
    try:
        message = protocol.decode(data)
    except ProtocolError as error:
        code = error.code
    else:
        code = None
        assert protocol.decode(full(message)) == message
    assert code in {None, "malformed", "unknown_type"}


@given(st.binary(max_size=200))
@example(b"\x81" * 5000)
@example(b"\xdc\xff\xff" * 5000)
def test_survives_random_bytes(data):
    survives(data)


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.binary(max_size=8)
    | st.sampled_from(["type", "pose", "ack", "seq", "hands", "side"]),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.integers(0, 9), children, max_size=4)
    ),
    max_leaves=20,
)


@given(anything)
def test_survives_any_document(document):
    survives(msgpack.packb(document))


@given(messages, st.sampled_from(["remove", "replace"]), st.data())
def test_survives_a_changed_field(message, change, data):
    document = msgpack.unpackb(full(message))
    key = data.draw(st.sampled_from(sorted(document)))
    if change == "remove" and key in type(message).OPTIONAL:
        del document[key]
        survives(msgpack.packb(document))
    elif change == "remove":
        del document[key]
        with pytest.raises(ProtocolError):
            protocol.decode(msgpack.packb(document))
    else:
        document[key] = data.draw(anything)
        survives(msgpack.packb(document))


def golden_bytes() -> list[bytes]:
    return [
        bytes.fromhex(vector["hex"])
        for name in ("compact.json", "messages.json", "rejected.json")
        for vector in json.loads((GOLDEN / name).read_text())["vectors"]
        if "hex" in vector
    ]


def mutated(data: bytes, numbers: random.Random) -> bytes:
    """Changes, cuts out, repeats or inserts some bytes."""
    result = bytearray(data)
    for _ in range(numbers.randint(1, 4)):
        at = numbers.randrange(len(result) + 1)
        match numbers.randrange(4):
            case 0 if at < len(result):
                result[at] ^= 1 << numbers.randrange(8)
            case 1:
                del result[at : at + numbers.randint(1, 8)]
            case 2:
                result[at:at] = numbers.randbytes(numbers.randint(1, 8))
            case _:
                result[at:at] = result[at : at + numbers.randint(1, 40)]
    return bytes(result)


def test_survives_mutated_golden_vectors():
    numbers = random.Random(2)
    for data in golden_bytes():
        for _ in range(40):
            survives(mutated(data, numbers))


def test_survives_every_cut_of_a_pose():
    data = next(d for d in golden_bytes() if len(d) > 700)
    for end in range(len(data)):
        with pytest.raises(ProtocolError):
            protocol.decode(data[:end])


# A megabyte each, made to cost as much as possible.
BOMBS = {
    "empty lists": b"\xdd" + (2**20 - 5).to_bytes(4, "big") + b"\x90" * (2**20 - 5),
    "full lists of lists": (b"\xdc\x00\x40" + b"\x90" * 64) * 15650,
    "nested lists": b"\x91" * 2**20,
    "nested maps": b"\x81\xa0" * 2**19,
    "nested wide lists": b"\xdc\x00\x40" * (2**20 // 3),
    "one text": b"\xdb" + (2**20 - 5).to_bytes(4, "big") + b"x" * (2**20 - 5),
    "text for a sequence number": b"\x82\xa4type\xa3ack\xa3seq\xdb\x00\x0f\xff\x00"
    + b"9" * 0xFFF00,
}


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_megabytes_cost_little_memory(name):
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError):
            protocol.decode(BOMBS[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20


def test_larger_than_a_mebibyte_is_refused_and_a_mebibyte_is_read():
    filled = b"\x83\xa4type\xa3ack\xa3seq\x07\xa1x\xc6"
    size = protocol.MAX_MESSAGE_BYTES - len(filled) - 4
    message = filled + size.to_bytes(4, "big") + bytes(size)
    assert protocol.decode(message) == protocol.Ack(7)
    longer = filled + (size + 1).to_bytes(4, "big") + bytes(size + 1)
    with pytest.raises(ProtocolError) as caught:
        protocol.decode(longer)
    assert caught.value.code == "too_large"


def test_pure_python_msgpack_refuses_the_same():
    """Without msgpack's C extension (PyPy, odd platforms) the same inputs are refused."""
    code = """if True:
        import json, pathlib, sys
        import msgpack.fallback
        from bridge import protocol
        from bridge.errors import ProtocolError
        assert msgpack.Unpacker is msgpack.fallback.Unpacker
        for name in ("compact.json", "messages.json", "rejected.json"):
            for vector in json.loads(pathlib.Path(sys.argv[1], name).read_text())["vectors"]:
                if "hex" not in vector:
                    continue
                try:
                    protocol.decode(bytes.fromhex(vector["hex"]))
                    code = None
                except ProtocolError as error:
                    code = error.code
                assert code == vector.get("code"), vector["name"]
        """
    done = subprocess.run(
        [sys.executable, "-c", code, str(GOLDEN)],
        cwd=ROOT,
        env=os.environ | {"MSGPACK_PUREPYTHON": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@given(st.one_of(st.integers(-(2**63), 2**64 - 1), st.floats(), st.booleans(), st.none()))
@example(0)
@example(2**53 - 1)
@example(2**53)
def test_the_short_way_to_an_ack_finds_what_the_long_one_finds(seq):
    short = ACK_BEGINS + msgpack.packb(seq)
    longer = msgpack.packb({"type": "ack", "seq": seq, "more": None})  # is skipped
    assert outcome(short) == outcome(longer)


def outcome(data):
    """The message, or what the error says."""
    try:
        return protocol.decode(data)
    except ProtocolError as error:
        return error.code, str(error)


@pytest.mark.parametrize(
    "tail", [b"", b"\xcd\x01", b"\x01\x01", b"\xc1", b"\x91\x01", b"\xd4\x00\x00"]
)
def test_no_ack_that_only_begins_like_one(tail):
    with pytest.raises(ProtocolError) as caught:
        protocol.decode(ACK_BEGINS + tail)
    assert caught.value.code == "malformed"
