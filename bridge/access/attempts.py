"""Token buckets: how often somebody may try a code, or a client may speak.

A bucket holds up to ``burst`` tokens and gains ``rate_hz`` a second; each event takes one.
"""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Attempts", "Bucket", "network_of"]

_MAX_ADDRESSES = 4096


class Bucket:
    """One token bucket, full at first.

    Args:
        rate_hz: Tokens gained a second.
        burst: Tokens it holds at most.
        clock_ns: A monotonic clock.
    """

    __slots__ = ("_burst", "_clock_ns", "_filled_ns", "_rate_hz", "_tokens")

    def __init__(self, rate_hz: float, burst: float, *, clock_ns: Callable[[], int]) -> None:
        self._rate_hz = rate_hz
        self._burst = burst
        self._clock_ns = clock_ns
        self._tokens = burst
        self._filled_ns = clock_ns()

    def take(self, count: float = 1.0) -> bool:
        """Takes tokens, all or none; False where there are not so many."""
        self._fill()
        if self._tokens < count:
            return False
        self._tokens -= count
        return True

    @property
    def wait_s(self) -> float:
        """How long until there is a token, seconds; 0 where there is one."""
        self._fill()
        return max(0.0, 1.0 - self._tokens) / self._rate_hz

    def _fill(self) -> None:
        now = self._clock_ns()
        gained = (now - self._filled_ns) * 1e-9 * self._rate_hz
        self._tokens = min(self._burst, self._tokens + gained)
        self._filled_ns = now


class Attempts:
    """Attempts to get in, limited for each address and for all of them together.

    Addresses are forgotten, the longest unused first, once there are 4,096: whoever has more of
    them still meets the limit for all.

    Args:
        per_address_per_min: Attempts a minute from one address; so many may come at once.
        in_all_per_min: Attempts a minute from everywhere.
        clock_ns: A monotonic clock.
    """

    def __init__(
        self, per_address_per_min: float, in_all_per_min: float, *, clock_ns: Callable[[], int]
    ) -> None:
        self._per_address = per_address_per_min
        self._clock_ns = clock_ns
        self._all = Bucket(in_all_per_min / 60, in_all_per_min, clock_ns=clock_ns)
        self._addresses: OrderedDict[str, Bucket] = OrderedDict()

    def wait_s(self, address: str | None) -> int:
        """Notes an attempt.

        Returns:
            0 if it may go on; else after how many whole seconds the address may try again.
        """
        own = self._bucket(network_of(address))
        wait_s = max(own.wait_s, self._all.wait_s)
        if wait_s > 0:
            return math.ceil(wait_s)
        own.take()
        self._all.take()
        return 0

    def _bucket(self, network: str) -> Bucket:
        bucket = self._addresses.pop(network, None)
        if bucket is None:
            rate_hz = self._per_address / 60
            bucket = Bucket(rate_hz, self._per_address, clock_ns=self._clock_ns)
            while len(self._addresses) >= _MAX_ADDRESSES:
                self._addresses.popitem(last=False)
        self._addresses[network] = bucket
        return bucket


def network_of(address: str | None) -> str:
    """Whom an address counts for: an IPv6 host has its whole /64 network to try from."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False).network_address)
