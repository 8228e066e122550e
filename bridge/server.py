"""The bridge on one port: WHIP for publishers, a WebSocket for watchers, and the pages."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

import bridge
from bridge.access import Gate, Keyring, RateError
from bridge.access.admission import Admission
from bridge.access.door import Door, GuardedSite, has_said_hello
from bridge.access.flooding import Flooding
from bridge.access.http import (
    add_join_route,
    bearer_token,
    guard,
    require_token,
    security_headers,
)
from bridge.anchoring import add_anchor_routes
from bridge.config import Settings
from bridge.connection import Connection
from bridge.downloads import add_download_routes
from bridge.errors import InputError
from bridge.lobby import Lobby, add_lobby_route
from bridge.mdns import NetworkName, network_name
from bridge.model.nets import HandNets, load_nets
from bridge.model.selfcal.worker import end_worker
from bridge.observe import Metrics, add_observe_routes
from bridge.observe.routes import Readiness, is_local
from bridge.pages import add_page_routes
from bridge.reach import addresses, own_addresses
from bridge.resume import ResumeStore
from bridge.rooms import Rooms
from bridge.streams import WhipEndpoint, WhipSettings, add_whip_routes
from bridge.takes import Takes
from bridge.tls import own_certificate, server_context

if TYPE_CHECKING:
    from bridge.cluster import Cluster

__all__ = ["close_rooms", "make_app", "run"]

_LOG = logging.getLogger(__name__)

_EVICT_INTERVAL_S = 1.0
_SHUTDOWN_S = 3.0

_ROOMS = web.AppKey("rooms", Rooms)
_GATE = web.AppKey("gate", Gate)
_WHIP = web.AppKey("whip", WhipEndpoint)
_SETTINGS = web.AppKey("settings", Settings)
_METRICS = web.AppKey("metrics", Metrics)
_READINESS = web.AppKey("readiness", Readiness)
_RESUMING = web.AppKey("resuming", ResumeStore)
_FLOODING = web.AppKey("flooding", Flooding)
_SOCKETS = web.AppKey("sockets", dict[Connection, asyncio.Task[Any] | None])
_LOBBY = web.AppKey("lobby", Lobby)
_CLUSTER: web.AppKey[Cluster | None] = web.AppKey("cluster")


def make_app(
    settings: Settings, nets: HandNets, *, keyring: Keyring | None = None
) -> web.Application:
    """The bridge as an aiohttp application; its rooms close with it.

    Args:
        settings: The bridge's settings.
        nets: The hand nets, shared by all rooms.
        keyring: The bridge's secret and tokens, where the settings ask for tokens.

    Raises:
        InputError: The settings ask for tokens and there is no keyring.
        MissingDependencyError: The settings name a cluster and NATS' client is not installed.
    """
    metrics = Metrics()
    cluster = _cluster(settings, keyring, metrics)
    gate = Gate(settings, keyring, metrics.counters, bridges=lambda: _bridges(app))
    app = web.Application(
        middlewares=[_safe, guard(gate, settings, metrics.counters)],
        client_max_size=settings.max_message_bytes,
    )
    app[_SETTINGS] = settings
    app[_METRICS] = metrics
    app[_GATE] = gate
    app[_CLUSTER] = cluster
    app[_ROOMS] = Rooms(settings, nets, metrics=metrics, gate=gate, cluster=cluster)
    app[_RESUMING] = ResumeStore(clock_ns=time.monotonic_ns, grace_s=settings.grace_s)
    app[_FLOODING] = Flooding(settings.max_flood_wait_s, clock_ns=time.monotonic_ns)
    app[_SOCKETS] = {}
    app[_READINESS] = Readiness(
        settings.record,
        lambda: [room.name for room in app[_ROOMS] if room.recording_failed],
        warnings=lambda: [] if cluster is None else cluster.problems,
    )

    add_page_routes(app, settings.hand_colours)
    app.router.add_get("/health", _health)
    app.router.add_get("/rooms/{room}", _room)
    add_observe_routes(app, app[_METRICS], app[_READINESS], may_read_metrics=_may_read_metrics)
    app.router.add_get("/ws/{room}", _websocket)
    add_join_route(app, gate)
    app[_LOBBY] = Lobby(settings, keyring, lambda: [room.name for room in app[_ROOMS]])
    add_lobby_route(app, app[_LOBBY], invites=settings.show_links)
    add_anchor_routes(app, app[_ROOMS], gate, metrics.counters)
    add_download_routes(app, app[_ROOMS], gate, settings, takes=Takes(settings.record))
    app[_WHIP] = add_whip_routes(
        app,
        app[_ROOMS],
        _whip_settings(settings),
        on_limit=lambda limit: metrics.counters.add("limited", limit=limit),
        route=None if cluster is None else cluster.route,
    )
    if cluster is not None:
        cluster.attach(app[_ROOMS], lambda room: _send_away(app, room))
    app.cleanup_ctx.append(_rooms_open)
    app.cleanup_ctx.append(_evicting)
    app.on_shutdown.insert(0, close_rooms)
    return app


async def run(
    settings: Settings,
    data_folder: Path,
    *,
    on_ready: Callable[[int], None] = lambda _: None,
    on_name: Callable[[str], None] = lambda _: None,
) -> None:
    """Runs the bridge until it is cancelled, then closes everything in order.

    Args:
        settings: The bridge's settings.
        data_folder: Where the self-made certificate and the bridge's secret are kept.
        on_ready: Called with the port once it listens.
        on_name: Called before that with its name in the local network, where it gets one.

    Raises:
        InputError: The port is in use, or a setting cannot be used.
        MissingDependencyError: A setting needs a library that is not installed.
        ModelError: The nets cannot be loaded.
    """
    if not settings.mdns:
        await _run(settings, data_folder, None, on_ready)
        return
    async with network_name(settings.mdns_name) as name:
        on_name(name.host)
        await _run(settings, data_folder, name, on_ready)


async def _run(
    settings: Settings,
    data_folder: Path,
    name: NetworkName | None,
    on_ready: Callable[[int], None],
) -> None:
    tls = None
    if not settings.insecure:
        if settings.certificate is not None and settings.private_key is not None:
            tls = server_context(settings.certificate, settings.private_key)
        else:
            names = () if name is None else (name.host,)
            tls = server_context(*own_certificate(data_folder / "tls", names=names))
    if settings.record is not None:
        _make_folder(settings.record)
    if settings.lessons is not None and not settings.lessons.is_dir():
        raise InputError(f"there is no folder of lessons at {settings.lessons}")
    nets = await asyncio.to_thread(load_nets, settings.provider)
    keyring = None
    if settings.needs_tokens:
        keyring = Keyring(settings.access_folder or data_folder / "access")
        keyring.tidy()
    app = make_app(settings, nets, keyring=keyring)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        door = Door(settings, app[_METRICS].counters)
        site = GuardedSite(runner, door, settings.host, settings.port, tls=tls)
        try:
            await site.start()
        except OSError as error:
            raise InputError(
                f"cannot listen on {settings.host} port {settings.port}: {error.strerror}; "
                "choose another with --port, or 0 for a free one"
            ) from error
        port = runner.addresses[0][1]
        if (cluster := app[_CLUSTER]) is not None:
            await cluster.join(addresses(settings, port)[0].url)
        if name is not None:
            await name.announce(port, own_addresses(settings))
            app[_LOBBY].name = name.host
        on_ready(port)
        await asyncio.Event().wait()
    finally:
        if (cluster := app[_CLUSTER]) is not None:
            await cluster.leave()
        # The port stays open until everyone has been told: who asks meanwhile learns why.
        await close_rooms(app)
        await runner.cleanup()
        await asyncio.to_thread(end_worker)


def _cluster(settings: Settings, keyring: Keyring | None, metrics: Metrics) -> Cluster | None:
    if settings.cluster is None:
        return None
    from bridge.cluster import Cluster  # NATS' client is an optional part

    key = keyring.key if settings.needs_tokens and keyring is not None else ""
    cluster = Cluster(settings.cluster.get_secret_value(), metrics.counters, key=key)
    metrics.show_value("cluster_peers", "Other bridges heard.", lambda: len(cluster.peers))
    metrics.show_value(
        "cluster_connected", "1 while connected to NATS.", lambda: cluster.link.connected
    )
    return cluster


def _bridges(app: web.Application) -> tuple[str, ...]:
    """The public addresses of the other bridges of the cluster."""
    cluster = app[_CLUSTER]
    return () if cluster is None else cluster.peers.origins


async def _send_away(app: web.Application, room: str) -> None:
    """Ends the sessions of a room that another bridge feeds: its devices ask again, and learn."""
    for session in app[_WHIP].sessions:
        if session.room == room:
            await session.close("its room is on another bridge")


def _whip_settings(settings: Settings) -> WhipSettings:
    return WhipSettings(
        start_kbps=settings.start_bitrate_kbps,
        max_kbps=settings.max_bitrate_kbps,
        max_sessions=settings.max_rooms * settings.max_views,
        silence_timeout_s=settings.silence_s,
        ice_servers=settings.ice_servers,
        max_sdp_bytes=settings.max_sdp_bytes,
        max_candidates=settings.max_ice_candidates,
    )


def _make_folder(folder: Path) -> None:
    """Finds out now, not in the middle of a lesson, whether recordings can be kept there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(f"cannot record into {folder}: {error.strerror}") from error


async def _rooms_open(app: web.Application) -> Any:
    app[_ROOMS].open()
    yield


async def close_rooms(app: web.Application) -> None:
    """Tells everyone that the bridge is closing, and ends recordings; nobody joins any more."""
    app[_READINESS].closing = True
    await asyncio.gather(app[_ROOMS].close(), _dismiss(app[_SOCKETS]))


async def _dismiss(sockets: dict[Connection, asyncio.Task[Any] | None]) -> None:
    """Tells those goodbye whom no room knows, as they have not said hello; waits for all."""
    for connection in sockets:
        if connection.session.hello is None:
            connection.bye("the bridge is closing")
    ending = [task for task in sockets.values() if task is not None]
    if ending:
        await asyncio.wait(ending, timeout=_SHUTDOWN_S)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _safe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Adds the security headers to every answer, errors too."""
    settings, bridges = request.app[_SETTINGS], _bridges(request.app)
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(security_headers(request, error, settings, bridges=bridges))
        raise
    if not response.prepared:
        response.headers.update(security_headers(request, response, settings, bridges=bridges))
    return response


async def _evicting(app: web.Application) -> AsyncIterator[None]:
    """Lets nobody stay whose token was revoked."""
    task = asyncio.create_task(_evict(app), name="evict")
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _evict(app: web.Application) -> None:
    gate, why = app[_GATE], "the token was revoked: ask for a new link or join code"
    while not gate.is_open:
        await asyncio.sleep(_EVICT_INTERVAL_S)
        for connection in [c for room in app[_ROOMS] for c in room.connections]:
            if connection.admission and not gate.may_stay(connection.admission.holder):
                connection.refuse("unauthorised", why)
        for session in app[_WHIP].sessions:
            if not gate.may_stay(app[_ROOMS].publisher(session.room, session.view)):
                await session.close("its token was revoked")


async def _health(request: web.Request) -> web.Response:
    """The bridge's version and its rooms, as far as the one who asks may know of them."""
    gate = request.app[_GATE]
    known = gate.room_of(bearer_token(request))
    rooms = {
        room.name: room.summary()
        for room in request.app[_ROOMS]
        if gate.is_open or room.name == known
    }
    access = "open" if gate.is_open else "token"
    return web.json_response({"version": bridge.__version__, "access": access, "rooms": rooms})


async def _room(request: web.Request) -> web.Response:
    require_token(request.app[_GATE], request)
    room = request.app[_ROOMS].get(request.match_info["room"])
    if room is None:
        raise web.HTTPNotFound(text="no such room; a device that publishes to it opens it\n")
    return web.json_response(room.summary())


async def _websocket(request: web.Request) -> web.StreamResponse:
    settings = request.app[_SETTINGS]
    name = request.match_info["room"]
    rooms, counters = request.app[_ROOMS], request.app[_METRICS].counters
    if rooms.closing:
        raise web.HTTPServiceUnavailable(
            text="the bridge is shutting down\n", headers={"Retry-After": "5"}
        )
    flooding = request.app[_FLOODING]
    if (wait_s := flooding.wait_s(request.remote)) > 0:
        counters.add("limited", limit="max_flood_wait_s")
        raise RateError(
            f"too many messages came from your address: connect again in {wait_s} s",
            retry_after_s=wait_s,
        )
    admission = Admission(
        request.app[_GATE],
        room=name,
        token=bearer_token(request),
        address=request.remote,
        max_messages_per_s=settings.max_messages_per_s,
        counters=counters,
        on_hello=lambda: has_said_hello(request),
        on_flood=lambda: flooding.thrown_out(request.remote),
    )

    def ended(outcome: str) -> None:
        counters.add("connections", outcome=outcome)
        if outcome == "too_large":
            counters.add("limited", limit="max_message_bytes")

    connection = Connection(
        name,
        rooms.find(name),
        ack_window=settings.ack_window,
        max_message_bytes=settings.max_message_bytes,
        store=request.app[_RESUMING],
        admission=admission,
        slow_after_s=settings.slow_after_s,
        ping_s=settings.ping_s,
        on_ended=ended,
    )
    sockets = request.app[_SOCKETS]
    sockets[connection] = asyncio.current_task()
    try:
        return await connection.serve(request)
    finally:
        del sockets[connection]


def _may_read_metrics(request: web.Request) -> bool:
    """Who may: this machine, or everyone where the settings say so."""
    return request.app[_SETTINGS].metrics_public or is_local(request)
