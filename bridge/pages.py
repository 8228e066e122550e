"""The pages that a bridge serves, and the open hand's meshes that they draw."""

from __future__ import annotations

from pathlib import Path

import msgpack
from aiohttp import web

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


def add_page_routes(app: web.Application) -> None:
    """Serves the pages, what they are built of, and ``/hands/{left,right}.msgpack``."""
    for path in PAGES:
        app.router.add_get(path, _page)
    if STATIC_FOLDER.is_dir():
        app.router.add_static("/static", STATIC_FOLDER)
    app.router.add_get("/hands/{side:left|right}.msgpack", _hand)


async def _page(request: web.Request) -> web.StreamResponse:
    if not STATIC_FOLDER.is_dir():
        raise web.HTTPServiceUnavailable(
            text="The pages are not built. Run: make demo (or npm ci && npm run build in "
            "bridge/web), then start the bridge again.\n"
        )
    return web.FileResponse(WEB_FOLDER / PAGES[request.path])


async def _hand(request: web.Request) -> web.Response:
    side = Side[request.match_info["side"].upper()]
    return web.Response(
        body=msgpack.packb(mesh_document(side)),
        content_type="application/msgpack",
        headers={"Cache-Control": "max-age=3600"},
    )
