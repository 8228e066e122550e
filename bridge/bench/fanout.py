"""Fan-out: how many subscribers a bridge serves, beside a bare ``websockets.broadcast`` loop.

Three processes: the server under test, all subscribers, and this one, which plays poses and keeps
the time. Both servers send the same compact poses at the same rate to the same subscribers, who
speak the least WebSocket there is. All clocks are the machine's monotonic one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import websockets
from numpy.typing import NDArray
from websockets.asyncio.server import broadcast, serve

from bridge.bench.subscribers import Subscribers
from bridge.config import Settings
from bridge.protocol import ClientSession, HandPacket, PosePacket, ShapePacket, Side, encode

__all__ = ["measure_fanout"]

_ROOM = "lesson"
_SEED = 5
_CONTEXT = multiprocessing.get_context("spawn")


def measure_fanout(
    *,
    subscribers: int,
    seconds: float,
    rate_hz: float = 60.0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Serves subscribers with the bridge, then with a bare broadcast loop.

    Args:
        subscribers: How many.
        seconds: How long each server is measured.
        rate_hz: Poses a second.
        on_progress: Called with the servers done, and 2.

    Returns:
        For JSON: of each server the latency from the player's clock to a subscriber (ms: p50, p95,
        p99), what was delivered of what was sent, and messages delivered a second of CPU; and the
        ratio of the latter.
    """
    results: dict[str, Any] = {
        "subscribers": subscribers,
        "seconds": seconds,
        "rate_hz": rate_hz,
        "bytes_a_pose": len(encode(_pose(2**31, time.monotonic_ns()))),
    }
    on_progress(0, 2)
    for done, (name, server) in enumerate((("bridge", _bridge), ("websockets", _bare))):
        results[name] = _measure(server, name == "bridge", subscribers, seconds, rate_hz)
        on_progress(done + 1, 2)
    for name in ("delivered_a_second", "delivered_a_cpu_second"):
        ratio = results["bridge"][name] / max(results["websockets"][name], 1e-9)
        results[f"{name}_ratio"] = round(ratio, 3)
    return results


def _measure(
    server: Callable[[Pipe, float], None], bridge: bool, count: int, seconds: float, rate_hz: float
) -> dict[str, Any]:
    here, there = _CONTEXT.Pipe()
    serving = _CONTEXT.Process(target=server, args=(there, rate_hz), daemon=True)
    serving.start()
    ours, theirs = _CONTEXT.Pipe()
    watching = _CONTEXT.Process(target=_watch, args=(theirs,), daemon=True)
    watching.start()
    try:
        port = _take(here)
        ours.send((port, count, bridge))
        if _take(ours) != "ready":
            raise RuntimeError("subscribers could not connect")
        play = _play(port, rate_hz, seconds, ours, serving.pid or 0) if bridge else None
        if play is not None:
            sent, cpu_s = asyncio.run(play)
        else:
            here.send("go")
            time.sleep(1.0)
            ours.send("begin")
            before = _cpu_s(serving.pid or 0)
            time.sleep(seconds)
            cpu_s = _cpu_s(serving.pid or 0) - before
            ours.send("end")
            sent = round(seconds * rate_hz)
        latency_ms, delivered = _take(ours)
    finally:
        for process in (watching, serving):
            process.terminate()
            process.join()
    p50, p95, p99 = (round(float(v), 2) for v in np.percentile(latency_ms, [50, 95, 99]))
    return {
        "latency_ms": {"p50": p50, "p95": p95, "p99": p99},
        "delivered_share": round(delivered / (sent * count), 4),
        "delivered_a_second": round(delivered / seconds, 1),
        "server_cpu_cores": round(cpu_s / seconds, 3),
        "delivered_a_cpu_second": round(delivered / max(cpu_s, 1e-9), 1),
    }


def _take(pipe: Pipe) -> Any:
    if not pipe.poll(120):
        raise RuntimeError("a process of the benchmark did not answer")
    return pipe.recv()


async def _play(
    port: int, rate_hz: float, seconds: float, watching: Pipe, server_pid: int
) -> tuple[int, float]:
    """Plays into the bridge's room: a second to warm up, then the measured ones."""
    session = ClientSession(role="play", client="bench", clock_ns=time.monotonic_ns)
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/ws/{_ROOM}",
        subprotocols=[websockets.Subprotocol("ghosthands.v1")],
        compression=None,
    ) as socket_:

        async def flush() -> None:
            for data in session.outgoing():
                await socket_.send(data)

        await flush()
        session.receive(await socket_.recv())
        for side in Side:
            session.send(ShapePacket(side, _zeros(10), _zeros(21, 3)))
        begin_s, seq, before, first = time.monotonic() + 0.1, 0, 0.0, 0
        warm_s = 1.0
        while (due_s := begin_s + seq / rate_hz) < begin_s + warm_s + seconds:
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            if not first and due_s >= begin_s + warm_s:
                watching.send("begin")
                before, first = _cpu_s(server_pid), seq
            session.send(_pose(seq, time.monotonic_ns()), precision="full")
            await flush()
            seq += 1
        cpu_s = _cpu_s(server_pid) - before
        await asyncio.sleep(0.2)
        watching.send("end")
        return seq - first, cpu_s


def _zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


_NUMBERS = np.random.default_rng(_SEED)
_QUATERNIONS = _NUMBERS.normal(size=(2, 16, 4))
_QUATERNIONS *= np.where(_QUATERNIONS[..., 3:] < 0, -1, 1)
_QUATERNIONS /= np.linalg.norm(_QUATERNIONS, axis=-1, keepdims=True)


def _pose(seq: int, time_ns: int) -> PosePacket:
    hands = tuple(
        HandPacket(side, _zeros(3), _QUATERNIONS[side].astype(np.float32), _zeros(5))
        for side in Side
    )
    return PosePacket(seq, time_ns, hands)


def _bridge(pipe: Pipe, _rate_hz: float) -> None:
    """The bridge, as ``ghosthands serve --insecure`` runs it."""
    from bridge.server import run

    most = 100_000
    settings = Settings(
        host="127.0.0.1",
        port=0,
        insecure=True,
        access="open",
        max_subscribers=most,
        max_connections=most,
        max_pending_per_address=most,
    )
    with TemporaryDirectory() as folder:
        asyncio.run(run(settings, Path(folder), on_ready=pipe.send))


def _bare(pipe: Pipe, rate_hz: float) -> None:
    """The least that sends poses to everyone."""
    asyncio.run(_bare_loop(pipe, rate_hz))


async def _bare_loop(pipe: Pipe, rate_hz: float) -> None:
    connections: set[Any] = set()

    async def handle(connection: Any) -> None:
        connections.add(connection)
        try:
            await connection.wait_closed()
        finally:
            connections.discard(connection)

    async with serve(
        handle,
        "127.0.0.1",
        0,
        compression=None,
        ping_interval=None,
        subprotocols=[websockets.Subprotocol("ghosthands.v1")],
    ) as server:
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(pipe.recv)
        begin_s, seq = time.monotonic(), 0
        while True:
            await asyncio.sleep(max(0.0, begin_s + seq / rate_hz - time.monotonic()))
            broadcast(connections, encode(_pose(seq, time.monotonic_ns())))
            seq += 1


def _watch(pipe: Pipe) -> None:
    asyncio.run(_watch_loop(pipe))


async def _watch_loop(pipe: Pipe) -> None:
    port, count, bridge = await asyncio.to_thread(pipe.recv)
    subscribers = Subscribers(port, _ROOM, bridge=bridge)
    await subscribers.connect(count)
    pipe.send("ready")
    for order in ("begin", "end"):
        if await asyncio.to_thread(pipe.recv) != order:
            raise RuntimeError(f"expected {order}")
        subscribers.measuring = order == "begin"
    pipe.send((np.array(subscribers.latency_ms), subscribers.delivered))


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far, seconds, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
