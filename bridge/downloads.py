"""Recording a room by a button, and downloading what was recorded.

=====================================  =======  ===================================================
method and path                        token    answer
=====================================  =======  ===================================================
GET /rooms/{room}/recordings           any      200: what may be done here, and the room's takes
POST /rooms/{room}/recordings          publish  JSON ``{"record": true}`` or ``false``: the same
GET /rooms/{room}/recordings/X.mcap    any      the take X as a recording
GET /rooms/{room}/recordings/X.glb     any      the same as an animation; made when first asked for
=====================================  =======  ===================================================

A name is looked up among those that the bridge made for takes of this room: no path comes from
outside. Animations are made by a process of their own, one at a time, so that they do not slow a
lesson down.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from bridge.access import Gate
from bridge.access.body import json_body
from bridge.access.http import bearer_token, require_token
from bridge.access.tokens import SCOPES
from bridge.config import Settings
from bridge.errors import InputError
from bridge.playback.commands import may_control
from bridge.room import Room
from bridge.rooms import Rooms
from bridge.takes import MAX_TAKE_S, Take, Takes

__all__ = ["MAX_BODY_BYTES", "add_download_routes"]

MAX_BODY_BYTES = 256
_GLB_DEADLINE_S = 25.0
_MOST_WAITING = 4
_BUSY = "other animations are being made: try again in a few seconds\n"

_ONLY_PUBLISHERS = "only who may publish to this room can record it"
_MCAP, _GLB = "application/octet-stream", "model/gltf-binary"


def add_download_routes(
    app: web.Application, rooms: Rooms, gate: Gate, settings: Settings, *, takes: Takes
) -> None:
    """Serves ``/rooms/{room}/recordings``; takes end with the application.

    Args:
        app: The application, not started yet.
        rooms: Its rooms.
        gate: Who may.
        settings: Its settings.
        takes: Keeps the takes.
    """
    downloads = _Downloads(rooms, gate, settings, takes)
    path = "/rooms/{room}/recordings"
    app.router.add_get(path, downloads.overview)
    app.router.add_post(path, downloads.record)
    app.router.add_get(path + "/{name:[a-z0-9-]{1,96}}.{kind:mcap|glb}", downloads.file)

    async def end(_app: web.Application) -> None:
        await takes.close()

    app.on_shutdown.insert(0, end)


class _Downloads:
    def __init__(self, rooms: Rooms, gate: Gate, settings: Settings, takes: Takes) -> None:
        self._rooms = rooms
        self._gate = gate
        self._settings = settings
        self._takes = takes
        self._making = asyncio.Semaphore(1)
        self._waiting = 0

    async def overview(self, request: web.Request) -> web.Response:
        require_token(self._gate, request)
        return self._answer(request, self._room(request))

    async def record(self, request: web.Request) -> web.Response:
        require_token(self._gate, request, ("publish",))
        room, wanted = self._room(request), await _read_wanted(request)
        try:
            if wanted:
                await self._takes.start(room)
            else:
                await self._takes.stop(room.name)
        except InputError as error:
            raise web.HTTPConflict(text=f"{error}\n") from error
        room.tell_status()
        return self._answer(request, room)

    async def file(self, request: web.Request) -> web.StreamResponse:
        require_token(self._gate, request)
        take = self._takes.find(request.match_info["room"], request.match_info["name"])
        if take is None:
            raise web.HTTPNotFound(text="no such recording of this room\n")
        if take.ended_s is None:
            raise web.HTTPConflict(text="the recording goes on: end it first\n")
        kind = request.match_info["kind"]
        path = take.path if kind == "mcap" else await self._glb(take)
        headers = {
            "Content-Disposition": f'attachment; filename="{take.name}.{kind}"',
            "Content-Type": _MCAP if kind == "mcap" else _GLB,
        }
        return web.FileResponse(path, headers=headers)

    def _room(self, request: web.Request) -> Room:
        room = self._rooms.get(request.match_info["room"])
        if room is None:
            raise web.HTTPNotFound(text="no such room; a device that publishes to it opens it\n")
        return room

    def _answer(self, request: web.Request, room: Room) -> web.Response:
        scope = self._scope(request)
        may = scope in (None, "publish")
        active = self._takes.active(room.name)
        controls = may_control(self._settings.playback_control, scope)
        return web.json_response(
            {
                "may_record": may,
                "why_not": None if may else _ONLY_PUBLISHERS,
                "temporary": self._takes.temporary,
                "longest_s": MAX_TAKE_S,
                "recording": None if active is None else active.name,
                "may_control_playback": self._settings.lessons is not None and controls,
                "recordings": [self._about(take) for take in self._takes.of(room.name)],
            }
        )

    def _about(self, take: Take) -> dict[str, Any]:
        return {
            "name": take.name,
            "seconds": round(self._takes.seconds(take), 1),
            "poses": take.poses,
            "complete": take.ended_s is not None,
            "problem": take.failed,
        }

    def _scope(self, request: web.Request) -> str | None:
        """What the bearer's token is for; None where none is needed."""
        holder = self._gate.enter(request.match_info["room"], bearer_token(request), SCOPES)
        return None if holder is None else holder.grant.scope

    async def _glb(self, take: Take) -> Path:
        """The take as an animation: made once, by a process that has limited time."""
        if self._waiting >= _MOST_WAITING:
            raise web.HTTPServiceUnavailable(text=_BUSY, headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            async with asyncio.timeout(_GLB_DEADLINE_S), self._making:
                if take.glb is None or not take.glb.exists():
                    path = await asyncio.to_thread(self._takes.place_for_glb, take)
                    await _export(take.path, path)
                    take.glb = path
                return take.glb
        except TimeoutError:
            raise web.HTTPServiceUnavailable(
                text="the animation takes too long to make here: download the .mcap and run "
                "ghosthands export\n"
            ) from None
        finally:
            self._waiting -= 1


async def _export(recording: Path, output: Path) -> None:
    """Runs ``ghosthands export`` in a process of its own.

    Raises:
        web.HTTPUnprocessableEntity: It cannot be exported; the reason is the text.
    """
    # Only what a program needs to run: no settings, and no secrets they may hold.
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GHOSTHANDS_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge.cli", "export", str(recording), str(output), "--overwrite",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=kept | {"OPENBLAS_NUM_THREADS": "1", "NO_COLOR": "1"},
    )  # fmt: skip
    try:
        _, problem = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        nothing = b"no hand" in problem
        why = "the recording has no hands in it" if nothing else "the recording cannot be exported"
        raise web.HTTPUnprocessableEntity(text=f"{why}\n")


async def _read_wanted(request: web.Request) -> bool:
    try:
        wanted = json.loads(await json_body(request, MAX_BODY_BYTES))["record"]
    except (ValueError, LookupError, TypeError, RecursionError):
        wanted = None
    if not isinstance(wanted, bool):
        raise web.HTTPBadRequest(text='send {"record": true} or {"record": false}\n')
    return wanted
