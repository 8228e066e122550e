"""The WHIP endpoint: WebRTC-HTTP Ingestion Protocol, RFC 9725, on aiohttp.

====================  ==============================  ==========================================
method and path       body                            answer
====================  ==============================  ==========================================
POST /whip/{room}     application/sdp: an offer       201, the answer with all candidates,
  ?view=NAME                                          ``Location`` and ``ETag`` of the session;
  [&focal=F]                                          307 where another bridge has the room
OPTIONS               none                            204, ``Accept-Post`` and CORS
PATCH {session}       application/trickle-ice-sdpfrag 204; needs ``If-Match`` (428, 412)
DELETE {session}      none                            200
====================  ==============================  ==========================================

``focal`` is the lens's focal length in longer image sides, where it is known.

Refusals are plain text with the statuses of `bridge.streams.errors`. A bearer token is passed on
to the host as it is.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import web

from bridge.errors import InputError
from bridge.protocol.names import check_name
from bridge.streams.aiortc_private import use_steady_clock
from bridge.streams.errors import (
    BadOfferError,
    FullError,
    NoMatchError,
    StaleError,
    TokenError,
    TooLargeError,
    UnknownError,
    WhipError,
    WrongTypeError,
)
from bridge.streams.newest import ViewSource
from bridge.streams.sdp import read_fragment, read_offer
from bridge.streams.session import WhipSession, WhipSettings

__all__ = ["WhipEndpoint", "WhipHost", "add_whip_routes"]

_SHORTEST, _LONGEST = 0.2, 10.0
"""Focal lengths of any camera in use: from 136 degrees across the longer side to 6."""

_OFFER_TYPE = "application/sdp"
_FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Retry-After",
}
_PREFLIGHT = _CORS | {
    "Access-Control-Allow-Methods": "DELETE, OPTIONS, PATCH, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
    "Accept-Post": _OFFER_TYPE,
    "Accept-Patch": _FRAGMENT_TYPE,
}


Route = Callable[[str], Awaitable[str | None]]
"""Takes a room; the address of the bridge that its devices publish to, None for this one."""


class WhipHost(Protocol):
    """The rooms, as the endpoint sees them. All calls come on the event loop.

    Each may raise a `WhipError`, whose status and message the publisher gets.
    """

    def authorise(self, room: str, view: str, token: str | None) -> None:
        """Checks a bearer token, None where none was sent, before anything else is done."""

    def add_view(self, room: str, source: ViewSource) -> None:
        """A publisher joins; its frames come once it is connected.

        A view of that name that was there before has been removed by then.
        """

    def remove_view(self, room: str, source: ViewSource) -> None:
        """A publisher has left. Called once for each ``add_view`` that returned."""


class WhipEndpoint:
    """Its sessions, by room and view; see `add_whip_routes`."""

    def __init__(
        self,
        host: WhipHost,
        settings: WhipSettings,
        *,
        on_limit: Callable[[str], None] = lambda _limit: None,
        route: Route | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._host = host
        self._settings = settings
        self._on_limit = on_limit
        self._route = route
        self._now_ns = now_ns
        self._views: dict[tuple[str, str], WhipSession] = {}
        self._answering = 0

    @property
    def sessions(self) -> tuple[WhipSession, ...]:
        """The open sessions."""
        return tuple(self._views.values())

    async def close(self) -> None:
        """Ends all sessions and returns when everything is released."""
        for session in self.sessions:
            await session.close("the bridge is closing")

    async def publish(self, request: web.Request) -> web.Response:
        """POST: an offer comes, an answer goes."""
        room, view = _names(request)
        focal = _focal(request)
        self._host.authorise(room, view, _token(request))
        if self._route is not None and (bridge := await self._route(room)) is not None:
            # RFC 9725, section 4.5: 307, so that the offer is sent there, and by POST.
            away = {"Location": f"{bridge}/whip/{room}?{request.rel_url.raw_query_string}"}
            return web.Response(status=307, headers=_CORS | away)
        body = await self._body(request, _OFFER_TYPE)
        offer = read_offer(body, max_candidates=self._settings.max_candidates)
        replaces = (room, view) in self._views
        if len(self._views) + self._answering - replaces >= self._settings.max_sessions:
            self._on_limit("max_sessions")
            raise FullError("the bridge has no place left for another device")

        session = WhipSession(
            room,
            view,
            self._settings,
            focal=focal,
            on_closed=self._forget,
            now_ns=self._now_ns,
        )
        self._answering += 1
        try:
            answer = await session.answer(offer)
            await self._admit(session)
        except BaseException:
            await session.close("refused")
            raise
        finally:
            self._answering -= 1
        headers = {"Location": f"/whip/{room}/{session.id}", "ETag": session.etag}
        response = web.Response(
            status=201, text=answer, content_type=_OFFER_TYPE, headers=_CORS | headers
        )
        for url in self._settings.ice_servers:
            response.headers.add("Link", f'<{url}>; rel="ice-server"')
        return response

    async def options(self, _request: web.Request) -> web.Response:
        """OPTIONS: what may be sent from where."""
        return web.Response(status=204, headers=_PREFLIGHT)

    async def trickle(self, request: web.Request) -> web.Response:
        """PATCH: candidates come late."""
        session = self._session(request)
        body = await self._body(request, _FRAGMENT_TYPE)
        tags = request.headers.get("If-Match")
        if tags is None:
            raise NoMatchError("send If-Match with the session's ETag")
        if session.offer is None or session.etag not in (tag.strip() for tag in tags.split(",")):
            raise StaleError("If-Match is not the session's ETag")
        fragment = read_fragment(
            body, mid=session.offer.first_mid, max_candidates=session.candidates_left
        )
        await session.add_candidates(fragment)
        return web.Response(status=204, headers=_CORS | {"ETag": session.etag})

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE: the publisher ends its session."""
        session = self._session(request)
        await session.close("the publisher left")
        return web.Response(status=200, headers=_CORS)

    async def _admit(self, session: WhipSession) -> None:
        key = (session.room, session.view)
        # A device that comes back has left its old session behind, dead or not.
        while (old := self._views.get(key)) is not None:
            await old.close("replaced by a new session")
        if session.source is None or session.source.ended:
            raise BadOfferError("the publisher left before it was answered")
        self._host.add_view(session.room, session.source)
        self._views[key] = session

    def _forget(self, session: WhipSession) -> None:
        if self._views.get((session.room, session.view)) is session and session.source:
            del self._views[session.room, session.view]
            self._host.remove_view(session.room, session.source)

    def _session(self, request: web.Request) -> WhipSession:
        room, name = request.match_info["room"], request.match_info["session"]
        for session in self.sessions:
            if session.room == room and session.id == name:
                self._host.authorise(room, session.view, _token(request))
                return session
        raise UnknownError("there is no such session; it may have ended")

    async def _body(self, request: web.Request, content_type: str) -> str:
        limit = self._settings.max_sdp_bytes
        if request.content_type != content_type:
            raise WrongTypeError(f"send {content_type}, not {request.content_type}")
        body = bytearray()
        async for chunk in request.content.iter_chunked(16_384):
            body += chunk
            if len(body) > limit:
                raise TooLargeError(f"the body is larger than {limit} bytes")
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            raise BadOfferError("the body is not UTF-8 text") from error

    def response_to(self, error: WhipError) -> web.Response:
        """The refusal that an error means."""
        if error.limit is not None:
            self._on_limit(error.limit)
        response = web.Response(status=error.status, text=f"{error}\n", headers=_CORS)
        if isinstance(error, TokenError):
            response.headers["WWW-Authenticate"] = "Bearer"
        if isinstance(error, FullError):
            response.headers["Retry-After"] = str(self._settings.retry_after_s)
        return response


def add_whip_routes(
    app: web.Application,
    host: WhipHost,
    settings: WhipSettings | None = None,
    *,
    on_limit: Callable[[str], None] = lambda _limit: None,
    route: Route | None = None,
) -> WhipEndpoint:
    """Serves WHIP under ``/whip/`` and ends all sessions when the application shuts down.

    Example::

        rooms = Rooms(...)                      # has authorise, add_view, remove_view
        endpoint = add_whip_routes(app, rooms, WhipSettings(max_sessions=8))

    Args:
        app: The application, not started yet.
        host: The rooms.
        settings: Limits and tuning; defaults if None.
        on_limit: Called with the name of a limit when a publisher meets it.
        route: Says where the devices of a room publish, if not here.

    Returns:
        The endpoint, for its list of sessions.
    """
    use_steady_clock()
    endpoint = WhipEndpoint(host, settings or WhipSettings(), on_limit=on_limit, route=route)
    Handler = Callable[[web.Request], Awaitable[web.Response]]

    def refusing(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            try:
                return await handler(request)
            except WhipError as error:
                return endpoint.response_to(error)

        return handle

    for path in ("/whip/{room}", "/whip/{room}/{session}"):
        app.router.add_route("OPTIONS", path, endpoint.options)
    app.router.add_post("/whip/{room}", refusing(endpoint.publish))
    app.router.add_patch("/whip/{room}/{session}", refusing(endpoint.trickle))
    app.router.add_delete("/whip/{room}/{session}", refusing(endpoint.delete))

    async def close(_app: web.Application) -> None:
        await endpoint.close()

    app.on_shutdown.append(close)
    return endpoint


def _names(request: web.Request) -> tuple[str, str]:
    view = request.query.get("view")
    if view is None:
        raise BadOfferError("name the view: add ?view=NAME to the address")
    try:
        return check_name(request.match_info["room"]), check_name(view)
    except InputError as error:
        raise BadOfferError(str(error)) from error


def _focal(request: web.Request) -> float | None:
    told = request.query.get("focal")
    if told is None:
        return None
    try:
        focal = float(told)
    except ValueError:
        focal = 0.0
    if not _SHORTEST <= focal <= _LONGEST:
        raise BadOfferError(
            f"focal is the focal length in longer image sides, {_SHORTEST} to {_LONGEST}"
        )
    return focal


def _token(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
