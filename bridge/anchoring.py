"""Tapped corners over HTTP: a device tells where it sees the room's instrument.

==============================  =================================  ================================
method and path                 body                               answer
==============================  =================================  ================================
POST /rooms/{room}/anchor       JSON: view, instrument, size_px,   200: what was understood;
                                corners_px                         422 with the reason where no
                                                                   instrument looks like that
DELETE /rooms/{room}/anchor     none                               200: the settings' anchor again,
                                                                   or none
OPTIONS                         none                               204, for pages of other bridges
==============================  =================================  ================================

A token to publish is needed. ``corners_px`` are four ``[x, y]``, pixels of a picture of ``size_px``
``[width, height]``, in the order of ``bridge.model.anchor.CORNERS``: front left, front right, back
right, back left as the player sees them. See docs/anchor.md.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import numpy as np
from aiohttp import web

from bridge.access import Gate
from bridge.access.body import json_body
from bridge.access.http import require_token
from bridge.counters import Counters
from bridge.errors import InputError
from bridge.model.anchor import Anchor, Instrument, Taps
from bridge.model.anchor.drawing import project
from bridge.model.anchor.keys import doubt_of_keys
from bridge.protocol.names import check_name
from bridge.room import Room
from bridge.rooms import Rooms
from bridge.streams import Frame

__all__ = ["MAX_BODY_BYTES", "add_anchor_routes", "read_taps"]

MAX_BODY_BYTES = 4096

_FIELDS = ("view", "instrument", "size_px", "corners_px")
_MAX_SIDE_PX = 16_384
_MAX_NAME = 64
_MOST_WAITING = 4
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
_PREFLIGHT = _CORS | {
    "Access-Control-Allow-Methods": "DELETE, OPTIONS, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}

Handler = Callable[[web.Request], Awaitable[web.Response]]


def add_anchor_routes(app: web.Application, rooms: Rooms, gate: Gate, counters: Counters) -> None:
    """Serves ``/rooms/{room}/anchor``.

    Args:
        app: The application, not started yet.
        rooms: Its rooms.
        gate: Who may.
        counters: Gets ``limited`` for requests that found too many before them.
    """
    anchoring = _Anchoring(rooms, counters)

    def guarded(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            require_token(gate, request, ("publish",))
            try:
                response = await handler(request)
            except web.HTTPException as error:
                error.headers.update(_CORS)
                raise
            response.headers.update(_CORS)
            return response

        return handle

    async def options(_request: web.Request) -> web.Response:
        return web.Response(status=204, headers=_PREFLIGHT)

    path = "/rooms/{room}/anchor"
    app.router.add_post(path, guarded(anchoring.post))
    app.router.add_delete(path, guarded(anchoring.delete))
    app.router.add_route("OPTIONS", path, options)


class _Anchoring:
    """One after the other, whichever the room: each costs a tenth of a second of calculation."""

    def __init__(self, rooms: Rooms, counters: Counters) -> None:
        self._rooms = rooms
        self._counters = counters
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def post(self, request: web.Request) -> web.Response:
        room = self._room(request)
        try:
            instrument, taps = read_taps(await json_body(request, MAX_BODY_BYTES))
        except InputError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        source = room.sources.get(taps.view)
        if source is None:
            raise web.HTTPConflict(
                text=f"{taps.view} does not send to room {room.name} now: press Start on that "
                "device, then tap the corners\n"
            )
        taps = Taps(taps.view, taps.size_px, taps.corners_px, source.focal)

        async def tap() -> web.Response:
            found = await asyncio.to_thread(room.instrument.with_taps(instrument, taps))
            doubt = await asyncio.to_thread(_doubt, source.latest, instrument, taps)
            await room.set_anchor(found)
            return web.json_response(_understood(found, taps.view, doubt))

        return await self._in_turn(tap)

    async def delete(self, request: web.Request) -> web.Response:
        room = self._room(request)

        async def remove() -> web.Response:
            await room.set_anchor(None)
            anchor = room.instrument.anchor
            return web.json_response({"instrument": anchor.instrument.name if anchor else None})

        return await self._in_turn(remove)

    def _room(self, request: web.Request) -> Room:
        room = self._rooms.get(request.match_info["room"])
        if room is None:
            raise web.HTTPNotFound(text="no such room; a device that publishes to it opens it\n")
        return room

    async def _in_turn(self, work: Callable[[], Awaitable[web.Response]]) -> web.Response:
        if self._waiting >= _MOST_WAITING:
            self._counters.add("limited", limit="anchors_waiting")
            raise web.HTTPServiceUnavailable(
                text="other devices are setting an instrument: try again in a moment\n",
                headers={"Retry-After": "1"},
            )
        self._waiting += 1
        try:
            async with self._turn:
                return await work()
        except InputError as error:
            raise web.HTTPUnprocessableEntity(text=f"{error}\n") from error
        finally:
            self._waiting -= 1


def read_taps(body: bytes) -> tuple[Instrument, Taps]:
    """The instrument and the taps of a request's body; whether they make sense is not looked at.

    Raises:
        InputError: It is not such a JSON object, and says where.
    """
    try:
        data = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError("the body is not valid JSON") from error
    if not isinstance(data, dict) or set(data) != set(_FIELDS):
        raise InputError(f"the body must be an object with exactly {', '.join(_FIELDS)}")
    view, instrument, size = data["view"], data["instrument"], data["size_px"]
    if not isinstance(view, str) or not isinstance(instrument, str) or len(instrument) > _MAX_NAME:
        raise InputError("view and instrument must be short texts")
    if not _is_pair(size) or not all(type(n) is int and 1 <= n <= _MAX_SIDE_PX for n in size):
        raise InputError(f"size_px must be [width, height], whole pixels up to {_MAX_SIDE_PX}")
    corners = data["corners_px"]
    if not isinstance(corners, list) or len(corners) != 4 or not all(map(_is_point, corners)):
        raise InputError("corners_px must be four positions [x, y], pixels")
    return Instrument.parse(instrument), Taps(
        check_name(view), (size[0], size[1]), np.array(corners, dtype=np.float64)
    )


def _is_pair(data: Any) -> bool:
    return isinstance(data, list) and len(data) == 2


def _is_point(data: Any) -> bool:
    # Comparisons of Python's integers are exact: a huge one never becomes an infinite float.
    return _is_pair(data) and all(
        type(n) in (int, float) and -_MAX_SIDE_PX <= n <= _MAX_SIDE_PX and math.isfinite(n)
        for n in data
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def _doubt(frame: Frame | None, instrument: Instrument, taps: Taps) -> str | None:
    """What the black keys in the device's newest picture say against the taps."""
    if frame is None:
        return None
    picture = frame.rgb()
    size_px = (picture.shape[1], picture.shape[0])
    shrunk = np.array(size_px) / np.array(taps.size_px)
    if abs(shrunk[0] / shrunk[1] - 1) > 0.02:
        return None  # the device was turned meanwhile: this is another picture
    return doubt_of_keys(picture, instrument, Taps(taps.view, size_px, taps.corners_px * shrunk))


def _understood(found: Anchor, view: str, doubt: str | None) -> dict[str, Any]:
    """The answer: sizes in metres, and where the bridge sees the instrument in the picture."""
    instrument = found.instrument
    seen = next(v for v in found.views if v.taps.view == view)
    width, depth = np.array([instrument.width_m, instrument.depth_m]) * found.size
    corners, gaps = instrument.corners_m, instrument.white_keys
    x = instrument.left_m + np.arange(1, max(gaps, 1)) / max(gaps, 1) * instrument.width_m
    across = np.stack(
        [np.stack([x, 0 * x, 0 * x], 1), np.stack([x, 0 * x, 0 * x - instrument.depth_m], 1)], 1
    )
    lines = np.concatenate([np.stack([corners, np.roll(corners, -1, axis=0)], 1), across])
    # In the size of this very instrument, by which its taps are explained.
    lines = lines * [found.size[0], 1, found.size[1]]
    shares = project(seen.pose, seen.taps.size_px, lines) / np.array(seen.taps.size_px)
    return {
        "instrument": instrument.name,
        "white_keys": gaps,
        "size_m": [round(float(width), 4), round(float(depth), 4)],
        "view": view,
        "views": [v.taps.view for v in found.views],
        "reprojection_px": round(seen.reprojection_px, 2),
        "camera_m": [round(float(n), 3) for n in seen.pose.centre_m - _middle(instrument)],
        "focal": round(seen.pose.focal, 4),
        "notes": [*seen.warnings, *([doubt] if doubt else [])],
        "lines": [
            [round(float(n), 4) for n in line.ravel()] for line in shares if np.isfinite(line).all()
        ],
    }


def _middle(instrument: Instrument) -> np.ndarray:
    middle: np.ndarray = instrument.corners_m.mean(axis=0)
    return middle
