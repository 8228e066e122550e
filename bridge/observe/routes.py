"""The addresses that tell how a bridge does.

============  =====================================================================================
``/healthz``  200 while the event loop answers: restart the bridge when it does not
``/readyz``   200 while the bridge can take a lesson, else 503 with the reasons
``/metrics``  Prometheus' text format; on loopback only, unless the settings make it public
============  =====================================================================================
"""

from __future__ import annotations

import asyncio
import ipaddress
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

import bridge
from bridge.access.origins import is_loopback_host
from bridge.observe.metrics import Metrics

__all__ = ["Readiness", "add_observe_routes", "is_local"]

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CHECK_INTERVAL_S = 1.0


class Readiness:
    """Whether the bridge can take a lesson.

    Args:
        record: Folder for recordings; None where nothing is recorded.
        failed_recordings: Names of rooms whose recording has failed.
        warnings: What is wrong, and keeps nobody from a lesson here.
        clock_s: A monotonic clock, seconds.

    Attributes:
        closing: The bridge is shutting down.
        warnings: As given.
    """

    def __init__(
        self,
        record: Path | None,
        failed_recordings: Callable[[], list[str]],
        *,
        warnings: Callable[[], list[str]] = list,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.closing = False
        self.warnings = warnings
        self._record = record
        self._failed_recordings = failed_recordings
        self._clock_s = clock_s
        self._checked_s: float | None = None
        self._folder_problem: str | None = None

    async def problems(self) -> list[str]:
        """What stands in the way; nothing, if it is ready.

        Whether the folder can be written is tried once a second at most, however often one asks.
        """
        found = ["the bridge is shutting down"] if self.closing else []
        if self._record is not None:
            now_s = self._clock_s()
            if self._checked_s is None or now_s - self._checked_s >= _CHECK_INTERVAL_S:
                self._checked_s = now_s
                self._folder_problem = await asyncio.to_thread(_try_to_write, self._record)
            if self._folder_problem is not None:
                found.append(self._folder_problem)
        found += [f"the recording of room {room} has failed" for room in self._failed_recordings()]
        return found


def add_observe_routes(
    app: web.Application,
    metrics: Metrics,
    readiness: Readiness,
    *,
    may_read_metrics: Callable[[web.Request], bool],
) -> None:
    """Serves ``/healthz``, ``/readyz`` and ``/metrics``.

    Args:
        app: The application, not started yet.
        metrics: What ``/metrics`` shows.
        readiness: What ``/readyz`` asks.
        may_read_metrics: Decides for each request of ``/metrics``; ``is_local`` is the least.
    """
    began_s = time.monotonic()

    async def alive(_request: web.Request) -> web.Response:
        uptime_s = round(time.monotonic() - began_s, 3)
        return web.json_response(
            {"alive": True, "version": bridge.__version__} | {"uptime_s": uptime_s}
        )

    async def ready(_request: web.Request) -> web.Response:
        problems, warnings = await readiness.problems(), readiness.warnings()
        return web.json_response(
            {"ready": not problems, "reasons": problems}
            | ({"warnings": warnings} if warnings else {}),
            status=503 if problems else 200,
            headers={"Retry-After": "5"} if problems else None,
        )

    async def show(request: web.Request) -> web.Response:
        if not may_read_metrics(request):
            raise web.HTTPForbidden(
                text="metrics are for this machine only, asked for at localhost; "
                "set metrics_public to show them to all\n"
            )
        return web.Response(body=metrics.text(), headers={"Content-Type": _CONTENT_TYPE})

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", show)


def is_local(request: web.Request) -> bool:
    """Whether a request comes from this machine, and not from a page whose name leads here."""
    host = request.headers.get("Host")
    if host is not None and not is_loopback_host(host):
        return False
    try:
        address = ipaddress.ip_address((request.remote or "").split("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _try_to_write(folder: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"ready")
            file.flush()
    except OSError as error:
        return f"recordings cannot be written to {folder}: {error.strerror}"
    return None
