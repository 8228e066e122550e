"""Two network namespaces, joined by a link that can be made bad, or cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bridge_fixture import DEADLINE_S
from tests.conftest import FORBIDDEN
from tests.faults.link import DEVICE
from tests.faults.privileges import as_root

ROOT = Path(__file__).parents[2]

DEVICES, BRIDGE = "devices", "bridge"
ADDRESSES = {DEVICES: "10.77.0.1", BRIDGE: "10.77.0.2"}


class Network:
    """The link, and how to run a program at one of its ends.

    Attributes:
        counts: Packets passed, lost and overtaken, as of the last ``set``.
    """

    def __init__(self, link: asyncio.subprocess.Process, names: dict[str, str]) -> None:
        self.counts: dict[str, int] = {}
        self._link = link
        self._names = names

    def at(self, end: str) -> tuple[str, ...]:
        """What to put before a command so that it runs at this end."""
        return ("ip", "netns", "exec", self._names[end])

    async def set(self, **how: float) -> None:
        """Changes ``loss``, ``delay_ms`` or ``jitter_ms``; none: only updates the counts."""
        self._link.stdin.write(f"{json.dumps(how) if how else ''}\n".encode())
        line = await asyncio.wait_for(self._link.stdout.readline(), DEADLINE_S)
        self.counts = json.loads(line)

    def switch(self, end: str, state: str) -> None:
        """Switches an end's network device ``down`` or ``up``: its programs see errors."""
        as_root("ip", "-n", self._names[end], "link", "set", DEVICE, state)


@contextlib.asynccontextmanager
async def two_networks() -> AsyncIterator[Network]:
    """Two namespaces, `DEVICES` and `BRIDGE`, and nothing else in them but the link."""
    require_tun()
    names = {end: f"ghosthands-{end}-{os.getpid()}" for end in ADDRESSES}
    async with contextlib.AsyncExitStack() as stack:
        for name in names.values():
            as_root("ip", "netns", "add", name)
            stack.callback(as_root, "ip", "netns", "delete", name)
        link = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.link", *names.values()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        stack.push_async_callback(link.communicate, b"")  # Its input ends, and so does it.
        assert await asyncio.wait_for(link.stdout.readline(), DEADLINE_S) == b"ready\n"
        for end, name in names.items():
            as_root("ip", "-n", name, "address", "add", f"{ADDRESSES[end]}/24", "dev", DEVICE)
            as_root("ip", "-n", name, "link", "set", DEVICE, "up")
            as_root("ip", "-n", name, "link", "set", "lo", "up")
        yield Network(link, names)


def require_tun() -> None:
    if not Path("/dev/net/tun").exists():
        pytest.skip(f"{FORBIDDEN} TUN devices: there is no /dev/net/tun")
