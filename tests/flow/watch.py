"""A watcher or a player in a process of its own, to be stopped or killed by a test."""

from __future__ import annotations

import asyncio
import sys

import sdk_python as sdk
from tests.flow.clients import playing


async def main(role: str, bridge: str) -> None:
    if role == "play":
        async with playing(bridge):
            print("ready", flush=True)  # noqa: T201
            await asyncio.Event().wait()
    async with sdk.connect(bridge) as poses:
        print("ready", flush=True)  # noqa: T201
        async for _ in poses:
            pass


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
