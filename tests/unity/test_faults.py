"""Bad networks and hostile peers: the client says what is wrong, and goes on or gives up."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import websockets

from bridge.protocol import (
    SUBPROTOCOL,
    ErrorMessage,
    HandPacket,
    PosePacket,
    ShapePacket,
    Side,
    Welcome,
    encode,
)
from tests.bridge_fixture import running_bridge
from tests.faults.network import ADDRESSES, BRIDGE, DEVICES, two_networks

from .console import Console, joined, link_of
from .lessons import lesson
from .wire import wire_to

OUTAGE_S = float(os.environ.get("GHOSTHANDS_OUTAGE_S", "1.5"))
"""A longer one takes longer: ``GHOSTHANDS_OUTAGE_S=10 pytest tests/unity -k outage``."""

WELCOME = encode(Welcome(1, "lesson", "test", 5, 10))
SHAPES = [encode(ShapePacket(side, np.zeros(10), np.zeros((21, 3)))) for side in Side]


def pose(seq: int) -> bytes:
    still = np.tile(np.array([0.0, 0.0, 0.0, 1.0]), (16, 1))
    return encode(PosePacket(seq, 5, (HandPacket(Side.RIGHT, np.zeros(3), still, np.ones(5)),)))


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[str]:
    """One that plays a right wrist that moves half a metre a second."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    lesson(folder / "etude.mcap", 1500)
    async with running_bridge(tmp_path, lessons=folder) as url:
        yield url


async def play(console: Console) -> None:
    await console.wait("state Open")
    console.tell("load etude")
    await console.wait("message playback_state etude")
    console.tell("play")
    await console.wait("pose", count=50)


def drawn(lines: list[str]) -> list[tuple[float, float, float]]:
    """Milliseconds, right wrist's x (NaN where absent) and presence of each frame."""
    found = []
    for line in lines:
        if line.startswith("frame"):
            _, ms, x, presence, _ = line.split(" ")
            found.append((float(ms), float("nan") if x == "-" else float(x), float(presence)))
    return found


async def test_jitter_and_loss_are_played_out_evenly(bridge, client) -> None:
    async with (
        wire_to(bridge) as wire,
        joined(client, link_of(wire.url), "frames=90") as console,
    ):
        wire.jitter_s, wire.loss = 0.08, 0.01
        await play(console)
        since = len(console.lines)
        await console.wait("frame", since=since, count=150)
        check_motion(drawn(console.lines[since:]))
    assert not console.said("state Reconnecting")


def check_motion(frames: list[tuple[float, float, float]]) -> None:
    """A wrist that goes on at half a metre a second, with neither jumps nor steps back."""
    assert np.mean([presence for *_, presence in frames]) > 0.9
    speeds = [
        (x - before_x) / (ms - before_ms) * 1000
        for (before_ms, before_x, _), (ms, x, _) in pairwise(frames)
        if ms > before_ms and not np.isnan(x - before_x)
    ]
    assert np.median(speeds) == pytest.approx(0.5, abs=0.05)
    assert min(speeds) > -0.1 * max(speeds)


async def test_an_outage_fades_the_hand_and_ends_with_the_newest_pose(bridge, client) -> None:
    async with (
        wire_to(bridge) as wire,
        joined(client, link_of(wire.url), "frames=90") as console,
    ):
        await play(console)
        since = len(console.lines)
        wire.cut()
        await asyncio.sleep(OUTAGE_S)
        during = drawn(console.lines[since:])
        assert during[-1][2] == 0
        assert any(0 < presence < 1 for *_, presence in during)
        since = len(console.lines)
        wire.mend()
        await console.wait(r"frame \d+ [\d.]+ 1 ", since=since, count=20)
        before, after = during[0][1], drawn(console.lines[since:])[-1][1]
        # It is where the lesson is by now, not where it was.
        assert after - before > 0.5 * OUTAGE_S * 0.8
    lost = console.said("state Reconnecting")
    assert len(lost) == (1 if OUTAGE_S > 6.5 else 0), lost


async def test_a_connection_that_breaks_is_resumed(bridge, client) -> None:
    async with (
        wire_to(bridge) as wire,
        joined(client, link_of(wire.url), "role=learn") as console,
    ):
        await play(console)
        since = len(console.lines)
        wire.reset()
        lost = await console.wait("state Reconnecting", since=since)
        console.tell("retry")
        await console.wait("state Open", since=since)
        await console.wait("pose", since=since, count=20)
    assert lost.startswith("state Reconnecting lost ")


async def test_real_packets_are_lost_and_overtake_each_other(tmp_path, client) -> None:
    folder = tmp_path / "lessons"
    folder.mkdir()
    lesson(folder / "etude.mcap", 1500)
    async with two_networks() as network:
        serve = (
            *("serve", "--host", ADDRESSES[BRIDGE], "--port", "8443", "--access", "open"),
            *("--lessons", str(folder)),
        )
        async with (
            _served(network.at(BRIDGE), tmp_path, serve),
            joined(
                client,
                link_of(f"https://{ADDRESSES[BRIDGE]}:8443"),
                *("frames=90", "tls=any"),
                before=network.at(DEVICES),
            ) as console,
        ):
            console.tell("retry")
            await play(console)
            await network.set(loss=0.01, delay_ms=5.0, jitter_ms=40.0)
            since = len(console.lines)
            await console.wait("frame", since=since, count=90)
            await network.set()
            assert network.counts["lost"] > 0
            assert network.counts["overtaken"] > 10
            seqs = [int(line.split(" ")[1]) for line in console.said("pose")]
            assert seqs == sorted(seqs)
            assert not console.said("state Reconnecting", since=since)
            await network.set(loss=0.0, delay_ms=0.0, jitter_ms=0.0)


@contextlib.asynccontextmanager
async def _served(at: tuple[str, ...], home: Path, serve: tuple[str, ...]) -> AsyncIterator[None]:
    from tests.serving import COMMAND, environment

    process = await asyncio.create_subprocess_exec(
        *at, *COMMAND, *serve, env=environment(home), cwd=home, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        while not (line := await process.stdout.readline()).startswith(b"Overview"):
            assert line, "the bridge did not start"
        yield
    finally:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def peer(*messages: bytes | str, close: int = 0) -> AsyncIterator[str]:
    """A server that says this to whoever says hello, and then closes, if it has a code for that."""

    async def say(socket: websockets.ServerConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            await socket.recv()
            for message in messages:
                await socket.send(message)
            if close:
                await socket.close(close)
            await socket.wait_closed()

    protocols = [websockets.Subprotocol(SUBPROTOCOL)]
    async with websockets.serve(
        say, "127.0.0.1", 0, subprotocols=protocols, max_size=2**22, compression="deflate"
    ) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def refusal(code: str) -> bytes:
    return encode(ErrorMessage(code, "because"))


HOSTILE: dict[str, tuple[list[bytes | str], int, str]] = {
    "a pose cut off": ([WELCOME, *SHAPES, pose(1)[:-1]], 0, "Reconnecting malformed"),
    "bytes after it": ([WELCOME, *SHAPES, pose(1) + b"\0"], 0, "Reconnecting malformed"),
    "garbage": ([bytes(range(256))], 0, "Reconnecting malformed"),
    "nothing at all": ([WELCOME, b""], 0, "Reconnecting malformed"),
    "a deep nest": ([WELCOME, b"\x91" * 100_000], 0, "Reconnecting malformed"),
    "a list without end": ([WELCOME, b"\xdd\xff\xff\xff\xff"], 0, "Reconnecting malformed"),
    "text": ([WELCOME, "hello"], 0, "Reconnecting malformed"),
    "too much": ([WELCOME, bytes(2**20 + 1)], 0, "Reconnecting too_large"),
    "a type of tomorrow": ([WELCOME, b"\x81\xa4type\xa3new"], 0, "Reconnecting unknown_type"),
    "no welcome": ([pose(1)], 0, "Reconnecting unexpected"),
    "two welcomes": ([WELCOME, WELCOME], 0, "Reconnecting unexpected"),
    "a pose without its shape": ([WELCOME, pose(1)], 0, "Reconnecting unexpected"),
    "a pose twice": ([WELCOME, *SHAPES, pose(1), pose(1)], 0, "Reconnecting unexpected"),
    "version 2": ([encode(Welcome(2, "lesson", "test", 5, 10))], 0, "Refused unsupported_version"),
    "no common version": ([refusal("unsupported_version")], 4406, "Refused unsupported_version"),
    "only a close code": ([], 4401, "Refused unauthorised"),
    "forbidden": ([refusal("forbidden")], 4403, "Refused forbidden"),
    "a code of tomorrow": ([WELCOME, refusal("tired")], 4400, "Reconnecting tired"),
    "too slow": ([WELCOME, refusal("too_slow")], 4408, "Reconnecting too_slow"),
    "too often": ([refusal("rate_limited")], 4429, "Reconnecting rate_limited 1500"),
    "a fault of its own": ([WELCOME, refusal("internal")], 1011, "Reconnecting internal"),
    "a silent close": ([WELCOME], 1000, "Reconnecting lost"),
}


RAW: dict[str, tuple[bytes, str]] = {
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n", "Reconnecting not_a_bridge"),
    "a web server": (b"HTTP/1.1 404 Not Found\r\n\r\n", "Reconnecting not_a_bridge"),
    "a bridge that is asked too often": (
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 40\r\n\r\n",
        "Reconnecting rate_limited 40000",
    ),
    "a bridge that is full": (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "Reconnecting lost"),
    "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"a" * 65_536, "Reconnecting not_a_bridge"),
    "nothing": (b"", "Reconnecting lost"),
}


NOBODY = {
    "a name that nobody knows": (
        "http://no-such-name.invalid:8443",
        "Reconnecting unreachable",
    ),
    "a port where nobody listens": ("http://127.0.0.1:9", "Reconnecting unreachable"),
}


@contextlib.asynccontextmanager
async def no_bridge(answer: bytes) -> AsyncIterator[str]:
    """A server that answers any request with this."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture(scope="module")
def verdicts(client: tuple[str, ...]) -> dict[str, str]:
    """What one client said of each of the peers."""
    return asyncio.run(ask(client))


async def ask(client: tuple[str, ...]) -> dict[str, str]:
    async with contextlib.AsyncExitStack() as stack:
        urls = {
            name: await stack.enter_async_context(peer(*messages, close=close))
            for name, (messages, close, _) in HOSTILE.items()
        }
        urls |= {name: url for name, (url, _) in NOBODY.items()}
        for name, (answer, _) in RAW.items():
            urls[name] = await stack.enter_async_context(no_bridge(answer))
        process = await asyncio.create_subprocess_exec(
            *client, "verdicts", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        links = "".join(f"{link_of(url)}\n" for url in urls.values())
        said, _ = await process.communicate(links.encode())
    assert process.returncode == 0
    return dict(zip(urls, said.decode().splitlines(), strict=True))


@pytest.mark.parametrize("name", [*HOSTILE, *RAW, *NOBODY])
def test_a_hostile_peer_is_told_of(verdicts, name) -> None:
    expected = (HOSTILE | RAW | NOBODY)[name][-1]
    assert verdicts[name].startswith(expected)
    # There are words for people behind the code.
    assert len(verdicts[name].split(" ", 3)[3]) > 5
