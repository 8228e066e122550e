"""A server under load: the bridge, or a bare broadcast loop, with many watchers of one room.

Three processes: the server, all watchers, and this one, which plays poses and keeps the time; a
fourth may trouble the server. Both servers send the same compact poses at the same rate to the same
watchers, who speak the least WebSocket there is. Latency counts from when a pose was due, so a
server that falls behind shows it. All clocks are the machine's monotonic one.

The bare loop promises nothing: it makes and encodes each pose itself and reads nothing. What the
bridge does besides counts against it: a player's poses to receive, and a fifth as many
acknowledgements as poses, which cost its watchers time, too.
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
from typing import Any, Protocol

import numpy as np
import websockets
from numpy.typing import NDArray
from websockets.asyncio.server import broadcast, serve

from bridge.bench.subscribers import Subscribers
from bridge.config import Settings
from bridge.protocol import ClientSession, HandPacket, PosePacket, ShapePacket, Side, encode

__all__ = ["ROOM", "Counter", "bytes_a_pose", "measure_server"]

ROOM = "lesson"
_SEED = 5
_CONTEXT = multiprocessing.get_context("spawn")


class Counter(Protocol):
    """A number that processes share."""

    value: int


def bytes_a_pose() -> int:
    """Bytes of the poses that are sent."""
    return len(encode(_pose(2**31, time.monotonic_ns())))


def measure_server(
    name: str,
    watchers: int,
    *,
    seconds: float,
    rate_hz: float,
    trouble: Callable[[int, Counter], None] | None = None,
) -> dict[str, Any]:
    """Serves watchers for a while.

    Args:
        name: ``bridge``, or ``websockets`` for a bare broadcast loop.
        watchers: How many.
        seconds: How long it is measured, after a second to warm up.
        rate_hz: Poses a second.
        trouble: Runs in a process of its own meanwhile, with the server's port and what counts its
            connections; for a bridge.

    Returns:
        For JSON: latency from the player's clock to a watcher (ms), what was delivered, what it
        cost the server, and its memory over time (MB, once a second; of a bridge).
    """
    bridge = name == "bridge"
    server = _bridge if bridge else _bare
    here, there = _CONTEXT.Pipe()
    serving = _CONTEXT.Process(target=server, args=(there, rate_hz), daemon=True)
    serving.start()
    ours, theirs = _CONTEXT.Pipe()
    watching = _CONTEXT.Process(target=_watch, args=(theirs,), daemon=True)
    watching.start()
    others = [watching, serving]
    connections: Counter = _CONTEXT.Value("l", 0)
    try:
        port = _take(here)
        ours.send((port, watchers, bridge))
        if _take(ours) != "ready":
            raise RuntimeError("subscribers could not connect")
        pid, memory_mb = serving.pid or 0, list[float]()
        if bridge:
            if trouble is not None:
                troubling = _CONTEXT.Process(target=trouble, args=(port, connections), daemon=True)
                troubling.start()
                others.append(troubling)
            sent, cpu_s = asyncio.run(_play(port, rate_hz, seconds, ours, pid, memory_mb))
        else:
            here.send("go")
            time.sleep(1.0)
            ours.send("begin")
            before = _cpu_s(pid)
            time.sleep(seconds)
            cpu_s = _cpu_s(pid) - before
            ours.send("end")
            sent = round(seconds * rate_hz)
        latency_ms, delivered, watchers_cpu_s = _take(ours)
    finally:
        for process in others[2:] + others[:2]:
            process.terminate()
            process.join()
    p50, p95, p99 = (round(float(v), 2) for v in np.percentile(latency_ms, [50, 95, 99]))
    return {
        "latency_ms": {"p50": p50, "p95": p95, "p99": p99},
        "delivered_share": round(delivered / (sent * watchers), 4),
        "delivered_a_second": round(delivered / seconds, 1),
        "server_cpu_cores": round(cpu_s / seconds, 3),
        "watchers_cpu_cores": round(watchers_cpu_s / seconds, 3),
        "delivered_a_cpu_second": round(delivered / max(cpu_s, 1e-9), 1),
        "memory_mb": memory_mb,
    } | ({} if trouble is None else {"hostile_connections": connections.value})


def _take(pipe: Pipe) -> Any:
    if not pipe.poll(120):
        raise RuntimeError("a process of the benchmark did not answer")
    return pipe.recv()


async def _play(
    port: int,
    rate_hz: float,
    seconds: float,
    watching: Pipe,
    server_pid: int,
    memory_mb: list[float],
) -> tuple[int, float]:
    """Plays into the bridge's room: a second to warm up, then the measured ones."""
    session = ClientSession(role="play", client="bench", clock_ns=time.monotonic_ns)
    async with websockets.connect(
        f"ws://127.0.0.1:{port}/ws/{ROOM}",
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
            session.send(_pose(seq, round(due_s * 1e9)), precision="full")
            await flush()
            if first and (seq - first) % max(1, round(rate_hz)) == 0:
                memory_mb.append(_memory_mb(server_pid))
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
        max_connections_per_address=most,
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
            due_s = begin_s + seq / rate_hz
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            broadcast(connections, encode(_pose(seq, round(due_s * 1e9))))
            seq += 1


def _watch(pipe: Pipe) -> None:
    asyncio.run(_watch_loop(pipe))


async def _watch_loop(pipe: Pipe) -> None:
    port, count, bridge = await asyncio.to_thread(pipe.recv)
    subscribers = Subscribers(port, ROOM, bridge=bridge)
    await subscribers.connect(count)
    pipe.send("ready")
    cpu_s = 0.0
    for order in ("begin", "end"):
        if await asyncio.to_thread(pipe.recv) != order:
            raise RuntimeError(f"expected {order}")
        subscribers.measuring = order == "begin"
        cpu_s = time.process_time() - cpu_s
    pipe.send((np.array(subscribers.latency_ms), subscribers.delivered, cpu_s))


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far, seconds, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(pid: int) -> float:
    """Resident memory of a process, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
