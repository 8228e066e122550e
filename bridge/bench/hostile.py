"""A bridge among clients that mean harm: what everybody else notices of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any

import numpy as np
import websockets

from bridge.bench.serving import ROOM, Counter, measure_server
from bridge.protocol import SUBPROTOCOL, Hello, Ping, Subscribe, encode

__all__ = ["measure_hostile", "measure_soak"]

_VANISHING = 50
_MESSAGES_A_SECOND = 10_000
_BURST = 100
_BACK_AFTER_S = 1.0


def measure_hostile(
    *, subscribers: int, seconds: float, rate_hz: float = 60.0, rounds: int = 5
) -> dict[str, Any]:
    """Serves well-behaved watchers, without and with hostile clients, in turn.

    The hostile ones, all at once: one that reads nothing, one that sends garbage, one that sends
    10,000 messages a second, 50 that connect and vanish; each of them has an address of its own
    and comes back a second after it was thrown out, or went.

    Args:
        subscribers: Well-behaved watchers.
        seconds: How long each of the measurements is.
        rate_hz: Poses a second.
        rounds: Measurements of each kind; the medians count.

    Returns:
        For JSON: both kinds' latencies, the ratio of the p99, and the bridge's memory at the
        thirds of the last hostile round.
    """
    calm, troubled = [], []
    for _ in range(rounds):
        calm.append(measure_server("bridge", subscribers, seconds=seconds, rate_hz=rate_hz))
        troubled.append(
            measure_server(
                "bridge", subscribers, seconds=seconds, rate_hz=rate_hz, trouble=_trouble
            )
        )
    memory = troubled[-1]["memory_mb"]
    p99 = [_median([found["latency_ms"]["p99"] for found in kind]) for kind in (calm, troubled)]
    for found in (*calm, *troubled):
        del found["memory_mb"]
    return {
        "subscribers": subscribers,
        "seconds": seconds,
        "rate_hz": rate_hz,
        "calm": calm,
        "troubled": troubled,
        "p99_ms": {"calm": p99[0], "troubled": p99[1], "ratio": round(p99[1] / p99[0], 3)},
        "memory_mb": {
            "after_a_third": memory[len(memory) // 3],
            "after_two_thirds": memory[2 * len(memory) // 3],
            "at_the_end": memory[-1],
        },
    }


def measure_soak(*, subscribers: int, seconds: float, rate_hz: float = 60.0) -> dict[str, Any]:
    """The bridge's memory over minutes among the hostile clients of ``measure_hostile``.

    Args:
        subscribers: Well-behaved watchers.
        seconds: How long.
        rate_hz: Poses a second.

    Returns:
        For JSON: what the watchers noticed, and the bridge's resident memory: every ten seconds,
        and its slope (least squares, MB a minute) after the first third and in the last.
    """
    found = measure_server(
        "bridge", subscribers, seconds=seconds, rate_hz=rate_hz, trouble=_trouble
    )
    memory = found.pop("memory_mb")
    third = len(memory) // 3
    return {
        "subscribers": subscribers,
        "seconds": seconds,
        "rate_hz": rate_hz,
        "troubled": found,
        "memory_mb": {
            "every_10_s": memory[::10],
            "smallest_and_largest_after_a_third": [min(memory[third:]), max(memory[third:])],
            "slope_a_minute_after_a_third": _slope(memory[third:]),
            "slope_a_minute_in_the_last_third": _slope(memory[-third:]),
        },
    }


def _slope(memory_mb: list[float]) -> float:
    """MB a minute, of samples once a second."""
    return round(float(np.polyfit(np.arange(len(memory_mb)) / 60, memory_mb, 1)[0]), 3)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _trouble(port: int, connections: Counter) -> None:
    os.nice(19)  # They stand for other machines: what they do is not to take the watchers' time.
    asyncio.run(_trouble_all(port, connections))


async def _trouble_all(port: int, connections: Counter) -> None:
    clients = [_read_nothing, _send_garbage, _send_too_much] + [_vanish] * _VANISHING
    await asyncio.gather(
        *(
            _again_and_again(port, f"127.0.1.{k + 1}", do, k / len(clients), connections)
            for k, do in enumerate(clients)
        )
    )


async def _again_and_again(
    port: int, address: str, do: Any, first_s: float, connections: Counter
) -> None:
    """Lets one hostile client connect again whenever it is thrown out."""
    await asyncio.sleep(first_s)
    while True:
        with contextlib.suppress(OSError, TimeoutError, websockets.WebSocketException):
            async with websockets.connect(
                f"ws://127.0.0.1:{port}/ws/{ROOM}",
                subprotocols=[websockets.Subprotocol(SUBPROTOCOL)],
                compression=None,
                ping_interval=None,
                close_timeout=0.1,
                local_addr=(address, 0),
            ) as client:
                connections.value += 1
                await client.send(encode(Hello((1,), "watch", "hostile")))
                await do(client)
        await asyncio.sleep(_BACK_AFTER_S)


async def _read_nothing(client: websockets.ClientConnection) -> None:
    await client.send(encode(Subscribe()))
    client.transport.pause_reading()
    await asyncio.sleep(3600)


async def _send_garbage(client: websockets.ClientConnection) -> None:
    while True:
        await client.send(os.urandom(200))
        await asyncio.sleep(0)


async def _send_too_much(client: websockets.ClientConnection) -> None:
    await client.send(encode(Subscribe()))
    ping = encode(Ping(1))
    while True:
        for _ in range(_BURST):
            await client.send(ping)
        await asyncio.sleep(_BURST / _MESSAGES_A_SECOND)


async def _vanish(client: websockets.ClientConnection) -> None:
    client.transport.abort()
