"""What the front page shows to whoever runs the bridge: links and QR codes that let people in.

``GET /lobby`` answers everybody, and invites only a browser on the bridge's own machine::

    {"invited": false}

    {"invited": true, "certificate": "own",
     "addresses": [{"url": "https://192.168.1.20:8443", "kind": "network"}, …], "chosen": 0,
     "rooms": [{"room": "lesson", "codes": {"watch": "ABCD-EFGH", "publish": "…"},
                "links": [{"page": "capture", "url": "https://…#token=…",
                           "qr": {"size": 57, "path": "M4 4h7v1h-7z…"}}, …]}, …]}

``?address=1`` chooses another of the addresses. ``certificate`` is ``own`` where browsers warn.
``codes`` is null where rooms ask for no token.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from aiohttp import web

from bridge.access import Keyring
from bridge.access.codes import join_code
from bridge.access.errors import AccessError
from bridge.access.peer import is_own_browser
from bridge.access.tokens import SCOPES
from bridge.config import Settings
from bridge.errors import InputError
from bridge.links import PAGES, page_link
from bridge.qr import matrix, svg_path
from bridge.reach import Address, addresses

__all__ = ["Lobby", "add_lobby_route"]


class Lobby:
    """Invitations into the rooms of a bridge.

    Args:
        settings: The bridge's settings.
        keyring: Its secret and tokens; None where nobody needs one.
        rooms: The names of the rooms that are open.
        now_s: The time, seconds since 1970.

    Attributes:
        name: The bridge's name in the local network, once it has one.
    """

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring | None,
        rooms: Callable[[], Iterable[str]],
        *,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.name: str | None = None
        self._settings = settings
        self._keyring = keyring if settings.needs_tokens else None
        self._rooms = rooms
        self._now_s = now_s
        self._tokens: dict[tuple[str, str], tuple[str, float]] = {}

    def invitations(self, port: int, *, address: int = 0) -> dict[str, Any]:
        """Links and join codes of all rooms, ready for JSON.

        Args:
            port: The port that the bridge listens on.
            address: Which of its addresses the links name; one that it has not is its first.

        Raises:
            InputError: The bridge's secret cannot be read, or its list of tokens not written.
        """
        everywhere = addresses(self._settings, port, name=self.name)
        # One that only this machine reaches is of use where there is no other.
        found = [one for one in everywhere if one.kind != "machine"] or everywhere
        chosen = address if 0 <= address < len(found) else 0
        rooms = dict.fromkeys((*(self._settings.rooms or ("lesson",)), *self._rooms()))
        own = not self._settings.insecure and self._settings.certificate is None
        return {
            "invited": True,
            "certificate": "own" if own else "none" if self._settings.insecure else "given",
            "addresses": [{"url": one.url, "kind": one.kind} for one in found],
            "chosen": chosen,
            "rooms": [self._room(room, found[chosen]) for room in rooms],
        }

    def _room(self, room: str, address: Address) -> dict[str, Any]:
        links = []
        for page, scope in PAGES.items():
            url = page_link(address.url, page, room, token=self._token(room, scope))
            links.append({"page": page, "url": url})
        codes = None
        if self._keyring is not None:
            secret = self._keyring.secret
            codes = {scope: join_code(secret, room, scope) for scope in SCOPES}
        return {"room": room, "codes": codes, "links": links}

    def _token(self, room: str, scope: str) -> str:
        """A token that lets in for half its time at least; the one given before while it does."""
        if self._keyring is None:
            return ""
        settings = self._settings
        lifetime_s = settings.publish_token_s if scope == "publish" else settings.watch_token_s
        token, renew_s = self._tokens.get((room, scope), ("", 0.0))
        if self._now_s() >= renew_s or not self._lets_in(token):
            token = self._keyring.make(room, scope, lifetime_s=lifetime_s, note="front page")
            self._tokens[room, scope] = token, self._now_s() + lifetime_s / 2
        return token

    def _lets_in(self, token: str) -> bool:
        try:
            return self._keyring is not None and bool(self._keyring.check(token))
        except AccessError:  # Revoked, or the secret is another.
            return False


def _draw(answer: dict[str, Any]) -> None:
    """Adds the QR codes of the links."""
    for room in answer["rooms"]:
        for link in room["links"]:
            link["qr"] = _code(link["url"])


@lru_cache(maxsize=256)
def _code(url: str) -> dict[str, Any]:
    modules = matrix(url)
    return {"size": len(modules), "path": svg_path(modules)}


def add_lobby_route(app: web.Application, lobby: Lobby, *, invites: bool) -> None:
    """Serves ``GET /lobby``.

    Args:
        app: The application, not started yet.
        lobby: Makes the invitations.
        invites: Whether anybody is invited here at all.
    """

    async def show(request: web.Request) -> web.Response:
        if not invites or not await is_own_browser(request):
            return web.json_response({"invited": False})
        wanted = request.query.get("address", "")
        address = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 4 else 0
        try:
            answer = lobby.invitations(request.url.port or 0, address=address)
        except InputError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from error
        # Beside a lesson: drawing takes some 10 ms a code.
        await asyncio.to_thread(_draw, answer)
        return web.json_response(answer)

    app.router.add_get("/lobby", show)
