"""The bridge on one port: WHIP for publishers, a WebSocket for watchers, and the pages."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgpack
from aiohttp import web

import bridge
from bridge.config import Settings
from bridge.connection import Connection
from bridge.errors import InputError
from bridge.model.hand import mesh_document
from bridge.model.nets import HandNets, load_nets
from bridge.model.selfcal.worker import end_worker
from bridge.protocol.joints import Side
from bridge.rooms import Rooms
from bridge.streams import WhipSettings, add_whip_routes
from bridge.tls import own_certificate, server_context

__all__ = ["STATIC_FOLDER", "make_app", "run"]

_LOG = logging.getLogger(__name__)

_WEB_FOLDER = Path(__file__).parent / "web"
STATIC_FOLDER = _WEB_FOLDER / "dist"
"""The pages' scripts and styles, as built by ``npm run build`` in ``bridge/web``."""

_PAGES = {"/": "index.html", "/capture": "capture.html", "/viewer": "viewer.html"}

_HEADERS = {
    "Content-Security-Policy": (
        # Older Safari does not take WebSockets of the page's own origin for 'self'.
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; "
        "media-src 'self' blob:; "
        "worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), xr-spatial-tracking=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_ROOMS = web.AppKey("rooms", Rooms)
_SETTINGS = web.AppKey("settings", Settings)


def make_app(settings: Settings, nets: HandNets) -> web.Application:
    """The bridge as an aiohttp application; its rooms close with it.

    Args:
        settings: The bridge's settings.
        nets: The hand nets, shared by all rooms.
    """
    app = web.Application(middlewares=[_safe], client_max_size=settings.max_message_bytes)
    app[_SETTINGS] = settings
    app[_ROOMS] = Rooms(settings, nets)

    for path in _PAGES:
        app.router.add_get(path, _page)
    if STATIC_FOLDER.is_dir():
        app.router.add_static("/static", STATIC_FOLDER)
    app.router.add_get("/hands/{side:left|right}.msgpack", _hand)
    app.router.add_get("/health", _health)
    app.router.add_get("/rooms/{room}", _room)
    app.router.add_get("/ws/{room}", _websocket)
    add_whip_routes(app, app[_ROOMS], _whip_settings(settings))
    app.cleanup_ctx.append(_rooms_open)
    return app


async def run(
    settings: Settings,
    data_folder: Path,
    *,
    on_ready: Callable[[int], None] = lambda _: None,
) -> None:
    """Runs the bridge until it is cancelled, then closes everything in order.

    Args:
        settings: The bridge's settings.
        data_folder: Where the self-made certificate is kept.
        on_ready: Called with the port once it listens.

    Raises:
        InputError: The port is in use, or a setting cannot be used.
        ModelError: The nets cannot be loaded.
    """
    tls = None
    if not settings.insecure:
        if settings.certificate is not None and settings.private_key is not None:
            tls = server_context(settings.certificate, settings.private_key)
        else:
            tls = server_context(*own_certificate(data_folder / "tls"))
    if settings.record is not None:
        _make_folder(settings.record)
    nets = await asyncio.to_thread(load_nets, settings.provider)
    runner = web.AppRunner(make_app(settings, nets), access_log=None, shutdown_timeout=3.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, ssl_context=tls)
        try:
            await site.start()
        except OSError as error:
            raise InputError(
                f"cannot listen on {settings.host} port {settings.port}: {error.strerror}; "
                "choose another with --port, or 0 for a free one"
            ) from error
        on_ready(runner.addresses[0][1])
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await asyncio.to_thread(end_worker)


def _whip_settings(settings: Settings) -> WhipSettings:
    return WhipSettings(
        start_kbps=settings.start_bitrate_kbps,
        max_kbps=settings.max_bitrate_kbps,
        max_sessions=settings.max_rooms * settings.max_views,
        silence_timeout_s=settings.silence_s,
        ice_servers=settings.ice_servers,
    )


def _make_folder(folder: Path) -> None:
    """Finds out now, not in the middle of a lesson, whether recordings can be kept there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(f"cannot record into {folder}: {error.strerror}") from error


async def _rooms_open(app: web.Application) -> Any:
    rooms = app[_ROOMS]
    rooms.open()
    yield
    await rooms.close()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _safe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Adds the security headers to every answer, errors too."""
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(_HEADERS)
        raise
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


async def _page(request: web.Request) -> web.StreamResponse:
    if not STATIC_FOLDER.is_dir():
        raise web.HTTPServiceUnavailable(
            text="The pages are not built. Run: make demo (or npm ci && npm run build in "
            "bridge/web), then start the bridge again.\n"
        )
    return web.FileResponse(_WEB_FOLDER / _PAGES[request.path])


async def _hand(request: web.Request) -> web.Response:
    side = Side[request.match_info["side"].upper()]
    return web.Response(
        body=msgpack.packb(mesh_document(side)),
        content_type="application/msgpack",
        headers={"Cache-Control": "max-age=3600"},
    )


async def _health(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "version": bridge.__version__,
            "rooms": {room.name: room.summary() for room in request.app[_ROOMS]},
        }
    )


async def _room(request: web.Request) -> web.Response:
    room = request.app[_ROOMS].get(request.match_info["room"])
    if room is None:
        raise web.HTTPNotFound(text="no such room; a device that publishes to it opens it\n")
    return web.json_response(room.summary())


async def _websocket(request: web.Request) -> web.StreamResponse:
    settings = request.app[_SETTINGS]
    name = request.match_info["room"]
    connection = Connection(
        name,
        request.app[_ROOMS].get(name),
        ack_window=settings.ack_window,
        max_message_bytes=settings.max_message_bytes,
    )
    return await connection.serve(request)
