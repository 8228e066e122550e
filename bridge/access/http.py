"""Access over HTTP: the middleware before every handler, and the route for join codes."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection

from aiohttp import web
from aiohttp.typedefs import Middleware

from bridge.access.body import json_body
from bridge.access.door import has_said_what_it_wants
from bridge.access.errors import AccessError, RateError
from bridge.access.gate import Gate
from bridge.access.tokens import SCOPES
from bridge.config import Settings
from bridge.counters import Counters
from bridge.errors import InputError

__all__ = ["add_join_route", "bearer_token", "guard", "require_token", "security_headers"]

_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
_MAX_JOIN_BYTES = 1024
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guard(gate: Gate, settings: Settings, counters: Counters) -> Middleware:
    """The middleware that no request passes by: host, origin, time, and bad tokens counted.

    Args:
        gate: Decides.
        settings: The bridge's settings.
        counters: Gets ``limited`` for requests that took too long.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_socket = request.path.startswith("/ws/")
        has_said_what_it_wants(request, expects_hello=is_socket)
        try:
            gate.check_host(request.headers.get("Host"))
            if is_socket or request.method in _UNSAFE:
                gate.check_origin(
                    request.headers.get("Origin"), scheme=request.scheme, host=request.host
                )
            if is_socket:
                return await handler(request)
            response = await _in_time(request, handler)
        except AccessError as error:
            response = _refusal(error)
        return _challenged(request, response)

    def _challenged(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Counts bad tokens, and says in the way of RFC 6750 (section 3) what is asked for."""
        if response.status != 401:
            return response
        challenge = 'Bearer realm="ghosthands"'
        if bearer_token(request) is not None:
            try:
                gate.failed(request.match_info.get("room", ""), request.remote)
            except RateError as error:
                return _refusal(error)
            challenge += ', error="invalid_token"'
        response.headers["WWW-Authenticate"] = challenge
        return response

    async def _in_time(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            async with asyncio.timeout(settings.request_timeout_s) as timeout:
                return await handler(request)
        except TimeoutError:
            if not timeout.expired():
                raise
            counters.add("limited", limit="request_timeout_s")
            response = web.Response(status=408, text="the request took too long\n")
            response.force_close()
            return response

    return middleware


def require_token(gate: Gate, request: web.Request, scopes: Collection[str] = SCOPES) -> None:
    """Lets a request about its room go on.

    Raises:
        AccessError: It has not a token of the room, for one of these scopes.
    """
    gate.enter(request.match_info["room"], bearer_token(request), scopes)


def bearer_token(request: web.BaseRequest) -> str | None:
    """The token of a request's ``Authorization`` header (RFC 6750, section 2.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def add_join_route(app: web.Application, gate: Gate) -> None:
    """Serves ``POST /rooms/{room}/join``: a join code for a token.

    The body is ``{"code": "ABCD-EFGH"}``, the answer
    ``{"room", "scope", "token", "expires_s"}``; 401 for a wrong code, 429 after too many.
    """

    async def join(request: web.Request) -> web.StreamResponse:
        code = await _read_code(request)
        try:
            token, grant = gate.join(request.match_info["room"], code, request.remote)
        except InputError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        answer = {
            "room": grant.room,
            "scope": grant.scope,
            "token": token,
            "expires_s": grant.expires_s,
        }
        return web.json_response(answer)

    app.router.add_post("/rooms/{room}/join", join)


async def _read_code(request: web.Request) -> str:
    try:
        code = json.loads(await json_body(request, _MAX_JOIN_BYTES))["code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        code = None
    if not isinstance(code, str):
        raise web.HTTPBadRequest(text='send {"code": "ABCD-EFGH"}\n')
    return code


def _refusal(error: AccessError) -> web.Response:
    response = web.Response(status=error.status, text=f"{error}\n")
    # A page of another origin gets the reason, and nothing else.
    response.headers["Access-Control-Allow-Origin"] = "*"
    if isinstance(error, RateError):
        response.headers["Retry-After"] = str(error.retry_after_s)
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response


def security_headers(
    request: web.Request,
    response: web.StreamResponse,
    settings: Settings,
    *,
    bridges: Collection[str] = (),
) -> dict[str, str]:
    """The headers that every answer gets; those that a handler has set itself stay.

    Args:
        request: What is answered.
        response: The answer.
        settings: The bridge's settings.
        bridges: Origins of the other bridges of a cluster: pages publish there when sent there.
    """
    sockets = "".join(f" {origin}" for origin in bridges)
    if _HOST.fullmatch(request.host):
        # Older Safari does not take WebSockets of the page's own origin for 'self'.
        sockets += f" ws{'s' if request.secure else ''}://{request.host}"
    headers = {
        "Content-Security-Policy": (
            f"default-src 'self'; connect-src 'self'{sockets}; img-src 'self' data: blob:; "
            "media-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), xr-spatial-tracking=(self)",
        "Referrer-Policy": "no-referrer",
        "Server": "ghosthands",
        "X-Content-Type-Options": "nosniff",
    }
    if not (response.content_type == "text/html" or request.path.startswith("/static/")):
        headers["Cache-Control"] = "no-store"
    if not settings.insecure and settings.certificate is not None:
        # With a certificate that the bridge made itself this would lock people out: browsers
        # let nobody go on past a warning then.
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return {name: value for name, value in headers.items() if name not in response.headers}
