"""A network link in user space that delays, loses and reorders, as ``tc netem`` does in the kernel.

Not every kernel has netem. This needs none: both ends are TUN devices, each in a network namespace
of its own, and every IP packet passes through this program: WebRTC's UDP, TLS, ICMP.

    python -m tests.faults.link NAMESPACE NAMESPACE

It prints ``ready``. Each line of its input is a JSON object that sets ``loss`` (share of packets,
1 cuts the link), ``delay_ms`` and ``jitter_ms`` (added, evenly spread over 0 to that: so packets
overtake each other); an empty line asks for the counts so far. It ends with its input.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import random
import struct
import sys
from pathlib import Path

DEVICE = "wire"

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_MTU = 65_536


def open_tun(namespace: str) -> int:
    """A TUN device in a namespace, which this process enters."""
    with Path("/run/netns", namespace).open() as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH", DEVICE.encode(), _IFF_TUN | _IFF_NO_PI)
    fcntl.ioctl(device, _TUNSETIFF, request.ljust(40, b"\0"))
    return device


class Link:
    """Both directions of the link."""

    def __init__(self, ends: tuple[int, int]) -> None:
        self._random = random.Random(7)
        self._wanted = {"loss": 0.0, "delay_ms": 0.0, "jitter_ms": 0.0}
        self._counts = {"passed": 0, "lost": 0, "overtaken": 0}
        self._last: dict[int, int] = {}
        loop = asyncio.get_running_loop()
        for here, there in (ends, ends[::-1]):
            loop.add_reader(here, self._take, here, there)

    def order(self, line: str) -> None:
        """One line of the input."""
        if line.strip():
            self._wanted.update(json.loads(line))
        print(json.dumps(self._counts), flush=True)  # noqa: T201

    def _take(self, here: int, there: int) -> None:
        try:
            packet = os.read(here, _MTU)
        except OSError:  # The device is down.
            return
        if self._random.random() < self._wanted["loss"]:
            self._counts["lost"] += 1
            return
        wait_ms = self._wanted["delay_ms"] + self._random.random() * self._wanted["jitter_ms"]
        number = self._counts["passed"] = self._counts["passed"] + 1
        if wait_ms:
            asyncio.get_running_loop().call_later(wait_ms / 1e3, self._give, there, packet, number)
        else:
            self._give(there, packet, number)

    def _give(self, there: int, packet: bytes, number: int) -> None:
        self._counts["overtaken"] += number < self._last.get(there, 0)
        self._last[there] = max(number, self._last.get(there, 0))
        try:
            os.write(there, packet)
        except OSError:
            self._counts["lost"] += 1


async def main(near: str, far: str) -> None:
    """Runs the link until the input ends."""
    link = Link((open_tun(near), open_tun(far)))
    print("ready", flush=True)  # noqa: T201
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        link.order(line.decode())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
