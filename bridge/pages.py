"""The pages that a bridge serves, and the open hand's meshes that they draw."""

from __future__ import annotations

from pathlib import Path

import msgpack
from aiohttp import web

from bridge.model.ensemble import read_colours
from bridge.model.hand import mesh_document
from bridge.protocol.joints import Side

__all__ = ["PAGES", "STATIC_FOLDER", "WEB_FOLDER", "add_page_routes"]

WEB_FOLDER = Path(__file__).parent / "web"

STATIC_FOLDER = WEB_FOLDER / "dist"
"""The pages' scripts and styles, as built by ``npm run build`` in ``bridge/web``."""

PAGES = {
    "/": "index.html",
    "/capture": "capture.html",
    "/viewer": "viewer.html",
    "/learn": "learn.html",
}


def add_page_routes(app: web.Application, hand_colours: Path | None = None) -> None:
    """Serves the pages, what they are built of, and ``/hands/{left,right}.msgpack``.

    Args:
        app: Where to.
        hand_colours: Colours of a player's hands, as ``ghosthands ensemble --texture`` writes them.

    Raises:
        InputError: It is no such file, or of another hand model.
    """
    colours = {} if hand_colours is None else read_colours(hand_colours)
    hands = {
        side.name.lower(): msgpack.packb(mesh_document(side, colours.get(side))) for side in Side
    }

    # Another player's colours are wanted at once; the mesh alone never changes.
    cache = "max-age=3600" if hand_colours is None else "no-cache"

    async def hand(request: web.Request) -> web.Response:
        return web.Response(
            body=hands[request.match_info["side"]],
            content_type="application/msgpack",
            headers={"Cache-Control": cache},
        )

    for path in PAGES:
        app.router.add_get(path, _page)
    if STATIC_FOLDER.is_dir():
        app.router.add_static("/static", STATIC_FOLDER)
    app.router.add_get("/hands/{side:left|right}.msgpack", hand)


async def _page(request: web.Request) -> web.StreamResponse:
    if not STATIC_FOLDER.is_dir():
        raise web.HTTPServiceUnavailable(
            text="The pages are not built. Run: make demo (or npm ci && npm run build in "
            "bridge/web), then start the bridge again.\n"
        )
    return web.FileResponse(WEB_FOLDER / PAGES[request.path])
