from __future__ import annotations

import asyncio

from bridge.heartbeat import Heartbeat

INTERVAL_S = 0.1


async def test_a_silent_peer_is_pinged_once_and_then_gone() -> None:
    pings, gone = [], asyncio.Event()
    heartbeat = Heartbeat(INTERVAL_S, ping=lambda: pings.append(gone.is_set()), gone=gone.set)
    heartbeat.start()
    assert not heartbeat.gone
    await asyncio.wait_for(gone.wait(), 30)
    assert heartbeat.gone
    assert pings == [False]


async def test_a_peer_that_answers_is_pinged_again_and_again() -> None:
    answered, gone = asyncio.Semaphore(0), asyncio.Event()

    def answer() -> None:
        heartbeat.heard()
        answered.release()

    heartbeat = Heartbeat(INTERVAL_S, ping=answer, gone=gone.set)
    heartbeat.start()
    async with asyncio.timeout(30):
        for _ in range(4):
            await answered.acquire()
    heartbeat.stop()
    assert not heartbeat.gone


async def test_nobody_looks_after_the_end() -> None:
    gone = asyncio.Event()
    heartbeat = Heartbeat(INTERVAL_S, ping=lambda: None, gone=gone.set)
    heartbeat.stop()  # before it has begun, too
    heartbeat.start()
    heartbeat.stop()
    await asyncio.sleep(3 * INTERVAL_S)
    assert not gone.is_set()
