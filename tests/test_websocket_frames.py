from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from bridge.websocket_frames import ShortMessages, binary_frame


def frame(payload: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = True) -> bytes:
    """A frame as a client sends it, with a random mask."""
    return Frame(opcode, payload, fin).serialize(mask=True)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_a_frame_is_that_of_the_websockets_package(size: int) -> None:
    data = bytes(k % 251 for k in range(size))
    assert binary_frame(data) == Frame(Opcode.BINARY, data).serialize(mask=False)


@pytest.mark.parametrize("size", [1, 2, 17, 124, 125])
def test_a_short_message_is_found(size: int) -> None:
    data = bytes(range(size))
    messages = ShortMessages()
    assert [messages.find(frame(data)) for _ in range(2)] == [data, data]


@pytest.mark.parametrize(
    "other",
    [
        frame(b""),
        frame(bytes(126)),
        frame(bytes(70_000)),
        frame(b"text", Opcode.TEXT),
        frame(b"ping", Opcode.PING),
        frame(b"one") + frame(b"two"),
        frame(b"begun", fin=False) + frame(b", ended", Opcode.CONT),
        binary_frame(b"without a mask"),
    ],
    ids=["empty", "short", "long", "text", "ping", "two", "parts", "unmasked"],
)
def test_whatever_else_is_passed_over(other: bytes) -> None:
    messages = ShortMessages()
    assert messages.find(other) is None
    assert messages.find(frame(b"short")) == b"short"


@pytest.mark.parametrize("cut", range(1, 9))
def test_what_looks_like_a_frame_inside_another_is_none(cut: int) -> None:
    """A long message whose second part, alone, would be a short message."""
    inside = frame(b"looks like one")
    whole = binary_frame(bytes(200) + inside)
    messages = ShortMessages()
    for part in (whole[:cut], whole[cut : -len(inside)], inside):
        assert messages.find(part) is None
    assert messages.find(frame(b"a real one")) == b"a real one"


def test_a_message_between_the_fragments_of_another_is_none() -> None:
    messages = ShortMessages()
    assert messages.find(frame(b"begun", fin=False)) is None
    assert messages.find(frame(b"ping", Opcode.PING)) is None
    assert messages.find(frame(b"a broken protocol")) is None  # aiohttp shall see, and refuse it


_FRAMES = st.lists(
    st.tuples(
        st.sampled_from([Opcode.BINARY, Opcode.TEXT, Opcode.PING]),
        st.one_of(st.binary(max_size=125), st.integers(126, 400).map(bytes)),
    ),
    max_size=12,
)


@given(_FRAMES, st.data())
def test_however_the_bytes_are_cut_exactly_the_messages_that_come_whole_are_found(
    frames: list[tuple[Opcode, bytes]], draw: st.DataObject
) -> None:
    ends, stream = {0: (Opcode.TEXT, b"")}, b""
    for opcode, payload in frames:
        stream += frame(payload if opcode is not Opcode.PING else payload[:125], opcode)
        ends[len(stream)] = (opcode, payload)
    cuts = draw.draw(st.sets(st.integers(1, max(1, len(stream) - 1))))
    cuts |= draw.draw(st.sets(st.sampled_from(sorted(ends))))
    bounds = sorted({0, len(stream)} | {cut for cut in cuts if cut < len(stream)})
    messages, starts = ShortMessages(), sorted(ends)
    for begin, end in pairwise(bounds):
        alone = begin in ends and end in ends and starts.index(end) == starts.index(begin) + 1
        opcode, payload = ends.get(end, (Opcode.TEXT, b""))
        short = opcode is Opcode.BINARY and 0 < len(payload) < 126
        expected = payload if alone and short else None
        assert messages.find(stream[begin:end]) == expected
