"""Who is thrown out for flooding comes back later each time."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bridge.access.attempts import network_of

__all__ = ["Flooding"]

_FIRST_WAIT_S = 1.0
_MOST_NETWORKS = 4096
_MOST_DOUBLINGS = 20


@dataclass(slots=True)
class _Flooder:
    times: int = 0
    until_ns: int = 0


class Flooding:
    """Waits of those who were thrown out for too many messages.

    The first time costs an address nothing: a program has errors. After that it waits 1 s, and
    each time twice as long, up to ``max_wait_s``. Once it has been quiet for that long after its
    wait, all is forgotten. An IPv6 host counts with its whole /64 network. Connections that are
    open are not touched.

    Drop policy: of more than 4,096 addresses the one that flooded longest ago is forgotten.

    Args:
        max_wait_s: Longest wait, seconds; 0 for none at all.
        clock_ns: A monotonic clock.
    """

    def __init__(self, max_wait_s: float, *, clock_ns: Callable[[], int]) -> None:
        self._max_wait_s = max_wait_s
        self._clock_ns = clock_ns
        self._flooders: OrderedDict[str, _Flooder] = OrderedDict()

    def thrown_out(self, address: str | None) -> None:
        """Somebody from there was thrown out for flooding."""
        if self._max_wait_s <= 0:
            return
        self._forget_old()
        network, now_ns = network_of(address), self._clock_ns()
        flooder = self._flooders.pop(network, None) or _Flooder()
        flooder.times = min(flooder.times + 1, _MOST_DOUBLINGS)
        wait_s = 0.0
        if flooder.times > 1:
            wait_s = min(self._max_wait_s, _FIRST_WAIT_S * 2 ** (flooder.times - 2))
        flooder.until_ns = now_ns + round(wait_s * 1e9)
        self._flooders[network] = flooder
        while len(self._flooders) > _MOST_NETWORKS:
            self._flooders.popitem(last=False)

    def wait_s(self, address: str | None) -> int:
        """After how many whole seconds somebody from there may connect; 0 for now."""
        self._forget_old()
        flooder = self._flooders.get(network_of(address))
        if flooder is None:
            return 0
        return max(0, math.ceil((flooder.until_ns - self._clock_ns()) / 1e9))

    def _forget_old(self) -> None:
        """Forgets who has been quiet; the first ones flooded longest ago, though not all of them.

        A longer wait before it may keep one a little longer, never beyond twice ``max_wait_s``.
        """
        too_old = self._clock_ns() - round(self._max_wait_s * 1e9)
        while self._flooders:
            network, flooder = next(iter(self._flooders.items()))
            if flooder.until_ns > too_old:
                return
            del self._flooders[network]
