"""A bad wire between a client and a bridge: every byte of TCP passes through this program.

What packets suffer, TCP turns into waiting: jitter and loss are chunks that come late, an outage is
a while without any. No privileges are needed; for real packets there is ``tests/faults/link.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator


class Wire:
    """The wire; it may be changed while it is used.

    Attributes:
        url: Where to connect in place of the bridge.
        jitter_s: Each chunk is late by up to this.
        loss: The share of chunks that are late by another ``resend_s``.
        resend_s: How long TCP takes to send again.
    """

    def __init__(self, bridge: str) -> None:
        self.url = ""
        self.jitter_s = 0.0
        self.loss = 0.0
        self.resend_s = 0.2
        self._bridge = bridge
        self._random = random.Random(5)
        self._passes = asyncio.Event()
        self._passes.set()
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Nothing passes any more; both ends see nothing of it."""
        self._passes.clear()

    def mend(self) -> None:
        """What waited passes, and what comes."""
        self._passes.set()

    def reset(self) -> None:
        """Ends all connections at once, without a goodbye."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._bridge.rpartition("/")[2].split(":")
        there, to = await asyncio.open_connection(host, int(port))
        self._writers |= {writer, to}
        try:
            await asyncio.gather(self._pass(reader, to), self._pass(there, writer))
        finally:
            self._writers -= {writer, to}
            writer.close()
            to.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries one direction: in order, for so does TCP."""
        loop = asyncio.get_running_loop()
        last_s = 0.0
        chunks: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def give() -> None:
            while True:
                due_s, chunk = await chunks.get()
                await asyncio.sleep(max(0.0, due_s - loop.time()))
                await self._passes.wait()
                writer.write(chunk)
                await writer.drain()
                if not chunk:
                    return

        giving = asyncio.create_task(give())
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                late_s = self._random.random() * self.jitter_s
                late_s += self.resend_s * (self._random.random() < self.loss)
                last_s = max(last_s, loop.time() + late_s)
                chunks.put_nowait((last_s, chunk))
        giving.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await giving
        writer.close()


@contextlib.asynccontextmanager
async def wire_to(bridge: str) -> AsyncIterator[Wire]:
    """A wire that ends at a bridge."""
    wire = Wire(bridge)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        wire.mend()
        server.close()
        wire.reset()
        await asyncio.sleep(0)
