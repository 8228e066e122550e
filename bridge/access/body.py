"""Bodies of requests that pages send: JSON, and short."""

from __future__ import annotations

from aiohttp import web

__all__ = ["json_body"]


async def json_body(request: web.Request, max_bytes: int) -> bytes:
    """The body as it came, not parsed yet; never more of it in memory than allowed.

    Args:
        request: Whose body was not read yet.
        max_bytes: How long it may be.

    Raises:
        HTTPUnsupportedMediaType: It is not said to be JSON. A page of another origin cannot send
            that type without asking first.
        HTTPRequestEntityTooLarge: It is longer.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json\n")
    body = bytearray()
    async for chunk in request.content.iter_chunked(max_bytes):
        body += chunk
        if len(body) > max_bytes:
            raise web.HTTPRequestEntityTooLarge(
                max_bytes, len(body), text=f"send at most {max_bytes} bytes\n"
            )
    return bytes(body)
