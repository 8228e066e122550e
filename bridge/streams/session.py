"""One publisher's WebRTC session: from its offer to its end."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from bridge.streams import clock_channel, sight_channel
from bridge.streams.aiortc_private import add_loopback_candidates, discard_media, outlive_consent
from bridge.streams.clock_channel import ClockPinger
from bridge.streams.errors import UnsupportedError
from bridge.streams.published import PublishedView
from bridge.streams.sdp import MAX_CANDIDATES, VIDEO_CODECS, Fragment, Offer, tune_answer

__all__ = ["SessionState", "WhipSession", "WhipSettings"]

_log = logging.getLogger(__name__)

_WATCH_INTERVAL_S = 0.25
_CLOSE_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WhipSettings:
    """Limits and tuning of the WHIP endpoint.

    Attributes:
        start_kbps: Video bitrate at which Chromium starts, kbit/s.
        max_kbps: Highest video bitrate that Chromium uses, kbit/s.
        max_sdp_bytes: Largest request body.
        max_candidates: ICE candidates of one session, in its offer and trickled later.
        max_sessions: Publishers at a time, over all rooms.
        connect_timeout_s: Longest time from offer to connection.
        silence_timeout_s: A publisher from which nothing comes for so long has gone.
        retry_after_s: When a refused publisher may try again.
        ice_servers: ``stun:`` and ``turn:`` addresses. None by default: on a local network an
            unanswering server only delays every connection by seconds.
        loopback: Whether to offer loopback addresses besides others; on a machine that has no
            other they are offered in any case.
    """

    start_kbps: int = 2500
    max_kbps: int = 4000
    max_sdp_bytes: int = 65_536
    max_candidates: int = MAX_CANDIDATES
    max_sessions: int = 16
    connect_timeout_s: float = 10.0
    silence_timeout_s: float = 2.0
    retry_after_s: int = 5
    ice_servers: tuple[str, ...] = ()
    loopback: bool = False


class SessionState(Enum):
    """NEW -> CONNECTING -> LIVE -> CLOSED; each may go to CLOSED."""

    NEW = "new"
    CONNECTING = "connecting"
    LIVE = "live"
    CLOSED = "closed"


class WhipSession:
    """Owns a peer connection and everything that hangs on it, and ends them together.

    Args:
        room: The room published to.
        view: The view's name within it.
        focal: What the publisher says of its lens, longer image sides.
        settings: Limits and tuning.
        on_closed: Called once when it ends, before its tracks stop.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        room: str,
        view: str,
        settings: WhipSettings,
        *,
        focal: float | None = None,
        on_closed: Callable[[WhipSession], None] = lambda _session: None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.id = secrets.token_urlsafe(18)
        self.etag = f'"{secrets.token_hex(8)}"'
        self.room = room
        self.view = view
        self.state = SessionState.NEW
        self.source: PublishedView | None = None
        self.offer: Offer | None = None
        self.candidates_left = 0
        self._settings = settings
        self._focal = focal
        self._on_closed = on_closed
        self._now_ns = now_ns
        servers = [RTCIceServer(urls=url) for url in settings.ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._pinger: ClockPinger | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: asyncio.Task[None] | None = None

    async def answer(self, offer: Offer) -> str:
        """Accepts an offer; frames flow into ``source`` once the publisher connects.

        Returns:
            The answer's SDP with all candidates.

        Raises:
            UnsupportedError: aiortc cannot agree to the offer.
        """
        self.offer = offer
        self.candidates_left = self._settings.max_candidates - offer.candidates
        self.state = SessionState.CONNECTING
        connection = self._connection
        connection.on("track", self._take_track)
        connection.on("datachannel", self._take_channel)
        connection.on("connectionstatechange", self._follow_connection)
        self._prefer_codecs(offer)
        try:
            await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            add_loopback_candidates(connection, always=self._settings.loopback)
            outlive_consent(connection)
            await connection.setLocalDescription(await connection.createAnswer())
        except (
            InternalError,
            InvalidAccessError,
            InvalidStateError,
            OperationError,
            ValueError,
        ) as error:
            raise UnsupportedError(f"the offer cannot be answered: {error}") from error
        if self.source is None:
            raise UnsupportedError("the offer has no video track to receive")
        self.source.start()
        self._tasks.append(asyncio.create_task(self._watch(), name=f"watch {self.view}"))
        return tune_answer(
            connection.localDescription.sdp,
            start_kbps=self._settings.start_kbps,
            max_kbps=self._settings.max_kbps,
        )

    async def add_candidates(self, fragment: Fragment) -> None:
        """Takes trickled candidates.

        Raises:
            UnsupportedError: They belong to a restart of ICE, which the bridge does not do: the
                publisher publishes again instead.
        """
        if self.offer and fragment.username not in (None, self.offer.username):
            raise UnsupportedError("ICE restarts are not supported: publish again")
        self.candidates_left -= fragment.count
        for candidate in fragment.candidates:
            await self._connection.addIceCandidate(candidate)

    async def close(self, reason: str = "closed") -> None:
        """Ends everything; idempotent, and returns when all is released."""
        await asyncio.shield(self._begin_close(reason))

    def _begin_close(self, reason: str, *, goodbye: bool = True) -> asyncio.Task[None]:
        if self._closing is None:
            self.state = SessionState.CLOSED
            _log.info("room %s: view %s ended: %s", self.room, self.view, reason)
            self._on_closed(self)
            self._closing = asyncio.create_task(self._release(goodbye), name=f"close {self.view}")
        return self._closing

    async def _release(self, goodbye: bool) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pinger is not None:
            await self._pinger.stop()
        if self.source is not None:
            await self.source.stop()
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                if not goodbye:
                    for transceiver in self._connection.getTransceivers():
                        await transceiver.receiver.transport.transport.stop()
                await self._connection.close()
        except TimeoutError:
            _log.warning("room %s: view %s: WebRTC did not close", self.room, self.view)

    def _prefer_codecs(self, offer: Offer) -> None:
        """Asks for H.264 before VP8: phones encode it in hardware, and it decodes for less."""
        for kind in offer.kinds:
            if kind == "application":
                continue
            # In the offer's order: aiortc bundles wrongly when a later section comes first.
            transceiver = self._connection.addTransceiver(kind, direction="recvonly")
            if kind == "video":
                capabilities = RTCRtpReceiver.getCapabilities("video")
                known = capabilities.codecs if capabilities else []
                ours = [c for name in VIDEO_CODECS for c in known if c.name.upper() == name]
                rtx = [c for c in known if c.name.lower() == "rtx"]
                transceiver.setCodecPreferences(ours + rtx)

    def _take_track(self, track: MediaStreamTrack) -> None:
        receiver = next(
            t.receiver for t in self._connection.getTransceivers() if t.receiver.track is track
        )
        if track.kind == "video":
            self.source = PublishedView(receiver, self.view, now_ns=self._now_ns, focal=self._focal)
            track.on("ended", lambda: self._begin_close("the publisher ended its track"))
        elif not discard_media(receiver):
            self._tasks.append(asyncio.create_task(_read_away(track), name="unused audio"))

    def _take_channel(self, channel: RTCDataChannel) -> None:
        if self.source is None:
            return
        if channel.label == clock_channel.LABEL and self._pinger is None:
            self._pinger = ClockPinger(channel, self.source.clock, now_ns=self._now_ns)
        elif channel.label == sight_channel.LABEL:
            self.source.sight.attach(channel)

    def _follow_connection(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and self.state is SessionState.CONNECTING:
            self.state = SessionState.LIVE
        elif state in ("failed", "closed"):
            self._begin_close(f"connection {state}")

    async def _watch(self) -> None:
        """Ends the session when nothing comes: a killed publisher says no goodbye."""
        received, changed_ns = -1, self._now_ns()
        while True:
            await asyncio.sleep(_WATCH_INTERVAL_S)
            count = await self._packets_received()
            if count != received:
                received, changed_ns = count, self._now_ns()
            live = self.state is SessionState.LIVE
            limit_s = self._settings.silence_timeout_s if live else self._settings.connect_timeout_s
            if self._now_ns() - changed_ns > limit_s * 1e9:
                silence = f"nothing came for {limit_s:g} s"
                reason = silence if live else f"no connection within {limit_s:g} s"
                # A goodbye would tell a publisher whom the network cut off not to come back.
                self._begin_close(reason, goodbye=False)
                return

    async def _packets_received(self) -> int:
        """Everything but ICE's own checks: media, reports, handshakes and data channels."""
        stats = await self._connection.getStats()
        return sum(s.packetsReceived for s in stats.values() if s.type == "transport")


async def _read_away(track: MediaStreamTrack) -> None:
    try:
        while True:
            await track.recv()
    except MediaStreamError:
        return
