"""The publisher's side of WHIP (RFC 9725) over aiohttp: offer, answer, goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiortc import RTCPeerConnection, RTCSessionDescription
from yarl import URL

from bridge.bearer import bearer_header
from bridge.errors import ConnectionFailedError, InputError
from bridge.protocol.names import check_name
from bridge.streams.aiortc_private import add_loopback_candidates
from bridge.streams.reconnect import RefusedError

__all__ = ["WhipClient"]

_log = logging.getLogger(__name__)

_HTTP_TIMEOUT_S = 10.0
_MAX_ERROR_CHARACTERS = 300
_MAX_REDIRECTS = 3


class WhipClient:
    """Publishes peer connections to one view of a room.

    Args:
        url: The room's WHIP address, ``https://HOST:PORT/whip/ROOM``.
        view: The view's name.
        focal: The lens's focal length in longer image sides, where it is known.
        token: Bearer token.
        insecure: Accept any certificate.
        ca_file: Certificates to trust besides the system's, PEM; a self-made one is its own.

    Raises:
        InputError: The address, the view's name, the token or the certificate file cannot be used.
    """

    def __init__(
        self,
        url: str,
        view: str,
        *,
        focal: float | None = None,
        token: str | None = None,
        insecure: bool = False,
        ca_file: Path | None = None,
    ) -> None:
        self._endpoint = _endpoint(url, view)
        if focal is not None:
            self._endpoint = self._endpoint.update_query(focal=focal)
        self._headers = bearer_header(token)
        self._tls = _tls(insecure=insecure, ca_file=ca_file)

    @contextlib.asynccontextmanager
    async def session(self, connection: RTCPeerConnection) -> AsyncIterator[None]:
        """Offers what the connection sends and takes the answer; at the end says goodbye.

        Raises:
            ConnectionFailedError: The bridge cannot be reached, refuses, or answers nonsense.
        """
        async with aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(ssl=self._tls),
            timeout=aiohttp.ClientTimeout(total=_HTTP_TIMEOUT_S),
        ) as http:
            location = await self._publish(http, connection)
            try:
                yield
            finally:
                if location is not None:
                    await self._goodbye(http, location)

    async def _publish(
        self, http: aiohttp.ClientSession, connection: RTCPeerConnection
    ) -> URL | None:
        offer = await connection.createOffer()
        add_loopback_candidates(connection)
        await connection.setLocalDescription(offer)
        answer, location = await self._post(http, connection.localDescription.sdp)
        try:
            await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except Exception as error:  # aiortc's parser raises whatever it trips over.
            if location is not None:
                await self._goodbye(http, location)
            raise ConnectionFailedError(
                f"{self._endpoint} gave an answer that cannot be used: {error}"
            ) from error
        return location

    async def _post(self, http: aiohttp.ClientSession, offer: str) -> tuple[str, URL | None]:
        endpoint = self._endpoint
        for _ in range(_MAX_REDIRECTS + 1):
            answer, location = await self._post_to(endpoint, http, offer)
            if answer is not None:
                return answer, location
            # Another bridge has the room (RFC 9725, section 4.5). It is sent the token, too: the
            # bridge that was trusted with it says where to.
            if location is None or location.scheme not in (endpoint.scheme, "https"):
                raise ConnectionFailedError(f"{endpoint} sends the view to no usable address")
            endpoint = location
        raise ConnectionFailedError(
            f"{self._endpoint} and other bridges send the view around in circles: try again"
        )

    async def _post_to(
        self, endpoint: URL, http: aiohttp.ClientSession, offer: str
    ) -> tuple[str | None, URL | None]:
        """The answer and its session's address; or None and the address to ask instead."""
        headers = {"Content-Type": "application/sdp"}
        try:
            async with http.post(
                endpoint, data=offer, headers=headers, allow_redirects=False
            ) as response:
                text = await response.text(errors="replace")
                location = response.headers.get("Location")
                address = response.url.join(URL(location)) if location else None
                if response.status in (307, 308):
                    return None, address
                if response.status != 201:
                    reason = text.strip()[:_MAX_ERROR_CHARACTERS] or response.reason
                    raise RefusedError(
                        f"{endpoint} refused the view: {response.status} {reason}",
                        status=response.status,
                    )
                return text, address
        except aiohttp.ClientConnectorCertificateError as error:
            raise ConnectionFailedError(
                f"{endpoint} has a certificate that is not trusted: name its file as one "
                f"to trust, or allow insecure connections ({error.certificate_error})"
            ) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = str(error) or "no answer in time"
            raise ConnectionFailedError(f"cannot reach {endpoint}: {reason}") from error

    async def _goodbye(self, http: aiohttp.ClientSession, location: URL) -> None:
        try:
            async with asyncio.timeout(_HTTP_TIMEOUT_S), http.delete(location):
                pass
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The bridge has gone, or will notice the silence.
            _log.debug("DELETE %s: %s", location, error)


def _endpoint(url: str, view: str) -> URL:
    try:
        endpoint = URL(url)
    except ValueError as error:
        raise InputError(f"{url!r} is not an address") from error
    if endpoint.scheme not in ("http", "https") or not endpoint.host:
        raise InputError(f"{url!r} is not a WHIP address: https://HOST:PORT/whip/ROOM")
    return endpoint.update_query(view=check_name(view))


def _tls(*, insecure: bool, ca_file: Path | None) -> ssl.SSLContext | bool:
    if insecure:
        return False
    if ca_file is None:
        return True
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise InputError(f"{ca_file} is not a readable PEM certificate: {error}") from error
    return context
