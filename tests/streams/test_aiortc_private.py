"""The private touches: what they do on this aiortc, and that they do no harm on another."""

from __future__ import annotations

import asyncio
import queue
from datetime import timedelta
from types import SimpleNamespace

import aiortc
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, clock
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket, RtpPacket

from bridge.streams.aiortc_private import (
    ReceiverTap,
    SenderTap,
    add_loopback_candidates,
    discard_media,
    outlive_consent,
    unix_ns,
    use_steady_clock,
)

PREFIX = "_RTCRtpReceiver__"


@pytest.fixture
async def connection():
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    yield connection
    await connection.close()


def packet(sequence: int, timestamp: int, marker: int, payload: bytes = b"") -> RtpPacket:
    made = RtpPacket(payload_type=97, sequence_number=sequence, timestamp=timestamp, marker=marker)
    made.ssrc = 7
    made.payload = payload
    return made


KEYFRAME = b"\x10\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02"
"""A VP8 payload descriptor and the start of a key frame."""


def vp8_receiver(connection: RTCPeerConnection) -> RTCRtpReceiver:
    receiver = connection.addTransceiver("video", direction="recvonly").receiver
    codec = next(c for c in aiortc.codecs.CODECS["video"] if c.name == "VP8")
    getattr(receiver, f"{PREFIX}codecs")[97] = codec
    return receiver


async def test_a_frame_goes_to_the_decoder_with_its_own_last_packet(connection):
    receiver = vp8_receiver(connection)
    now = iter(range(1000, 2000))
    tap = ReceiverTap(receiver, now_ns=lambda: next(now))
    assert tap.releases_on_marker
    decoder: queue.Queue = getattr(receiver, f"{PREFIX}decoder_queue")
    await receiver._handle_rtp_packet(packet(10, 2**32 - 3000, 0, KEYFRAME), 0)
    assert decoder.qsize() == 0
    await receiver._handle_rtp_packet(packet(11, 2**32 - 3000, 1, b"\x00more"), 0)
    assert decoder.qsize() == 1
    await receiver._handle_rtp_packet(packet(12, 0, 1, b"\x10next"), 0)
    (_, first), (_, second) = decoder.get(), decoder.get()
    assert first.data == KEYFRAME[1:] + b"more"
    assert second.timestamp - first.timestamp == 3000
    assert tap.rtp_timestamp(first.timestamp) == 2**32 - 3000
    assert tap.rtp_timestamp(second.timestamp) == 0
    assert tap.arrival_ns(2**32 - 3000) == 1000
    assert tap.arrival_ns(1) is None
    assert tap.stats.released == 2


async def test_a_decoder_that_falls_behind_makes_it_skip(connection):
    receiver = vp8_receiver(connection)
    tap = ReceiverTap(receiver, now_ns=lambda: 0)
    decoder: queue.Queue = getattr(receiver, f"{PREFIX}decoder_queue")
    for index in range(200):
        payload = KEYFRAME if index == 0 else b"\x10\x01rest"
        await receiver._handle_rtp_packet(packet(index, index * 3000, 1, payload), 0)
    assert decoder.qsize() == 15
    assert tap.stats.skipped == 185


async def test_sender_reports_are_heard_except_those_without_a_time(connection):
    receiver = vp8_receiver(connection)
    heard = []
    ReceiverTap(receiver, now_ns=lambda: 0, on_sender_report=lambda *pair: heard.append(pair))
    for ntp in (0, (2_208_988_800 + 5) << 32 | 1 << 31):
        info = RtcpSenderInfo(ntp_timestamp=ntp, rtp_timestamp=77, packet_count=0, octet_count=0)
        await receiver._handle_rtcp_packet(RtcpSrPacket(ssrc=7, sender_info=info))
    assert heard == [(77, 5_500_000_000)]


def test_ntp_epoch():
    assert unix_ns(2_208_988_800 << 32) == 0


def test_an_aiortc_without_these_names_is_left_as_it_is(caplog):
    bare = SimpleNamespace()
    tap = ReceiverTap(bare, now_ns=lambda: 0)
    assert not tap.releases_on_marker
    assert tap.stats is None
    assert tap.rtp_timestamp(5) is None
    assert tap.arrival_ns(5) is None
    SenderTap(bare, on_keyframe_request=lambda: None)
    assert not discard_media(bare)
    assert vars(bare) == {}
    assert "one frame late" in caplog.text


def test_the_stock_buffer_still_tells_the_rtp_timestamp():
    mapper = SimpleNamespace(_origin=2**32 - 100)
    tap = ReceiverTap(SimpleNamespace(**{f"{PREFIX}timestamp_mapper": mapper}), now_ns=lambda: 0)
    assert tap.rtp_timestamp(300) == 200


async def test_the_senders_origin_is_known_after_its_first_frame():
    async def next_encoded_frame(_codec):
        return SimpleNamespace(timestamp=next(ticks))

    ticks = iter([0, 3000, 6000])
    sender = SimpleNamespace(
        _next_encoded_frame=next_encoded_frame,
        _send_keyframe=lambda: asked.append("aiortc"),
        _RTCRtpSender__rtp_timestamp=0,
    )
    asked: list[str] = []
    tap = SenderTap(sender, on_keyframe_request=lambda: asked.append("source"))
    await sender._next_encoded_frame(None)
    assert tap.rtp_origin is None
    sender._RTCRtpSender__rtp_timestamp = 4_294_967_000
    await sender._next_encoded_frame(None)
    assert tap.rtp_origin == 4_294_967_000
    sender._RTCRtpSender__rtp_timestamp = (4_294_967_000 + 3000) % 2**32
    await sender._next_encoded_frame(None)
    assert tap.rtp_origin == 4_294_967_000
    sender._send_keyframe()
    assert asked == ["source", "aiortc"]


async def test_the_real_sender_has_all_names(connection, caplog):
    transceiver = connection.addTransceiver("video")
    assert isinstance(transceiver.sender, RTCRtpSender)
    SenderTap(transceiver.sender, on_keyframe_request=lambda: None)
    ReceiverTap(transceiver.receiver, now_ns=lambda: 0)
    discard_media(connection.addTransceiver("audio").receiver)
    assert not caplog.records


@pytest.mark.parametrize("always", [False, True])
async def test_loopback_is_offered_where_asked_or_needed(connection, monkeypatch, always: bool):
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: [])
    connection.createDataChannel("clock")
    offer = await connection.createOffer()
    add_loopback_candidates(connection, always=always)
    await connection.setLocalDescription(offer)
    assert "127.0.0.1" in connection.localDescription.sdp


async def test_loopback_is_not_offered_beside_other_addresses(connection, monkeypatch):
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: ["127.0.0.2"])
    connection.addTransceiver("video")
    offer = await connection.createOffer()
    add_loopback_candidates(connection)
    await connection.setLocalDescription(offer)
    assert "127.0.0.2" in connection.localDescription.sdp
    assert "127.0.0.1 " not in connection.localDescription.sdp


@pytest.mark.parametrize("outlives", [False, True])
async def test_a_peer_that_answers_no_consent_checks_is_kept(monkeypatch, outlives: bool):
    monkeypatch.setattr("aioice.ice.CONSENT_INTERVAL", 0.01)
    monkeypatch.setattr("aioice.ice.CONSENT_FAILURES", 2)
    bridge, peer = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    peer.createDataChannel("clock")
    await peer.setLocalDescription(await peer.createOffer())
    await bridge.setRemoteDescription(peer.localDescription)
    if outlives:
        outlive_consent(bridge)
    # As FFmpeg does: answers the first checks, until connected, and none after.
    ice = peer.sctp.transport.transport._connection
    answer = ice.request_received
    ice.request_received = lambda *args: (
        None if peer.connectionState == "connected" else answer(*args)
    )
    await bridge.setLocalDescription(await bridge.createAnswer())
    await peer.setRemoteDescription(bridge.localDescription)
    ended = asyncio.Event()

    @bridge.on("connectionstatechange")
    def changed() -> None:
        if bridge.connectionState in ("closed", "failed"):
            ended.set()

    if outlives:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ended.wait(), 3)
        assert bridge.connectionState == "connected"
    else:
        await asyncio.wait_for(ended.wait(), 20)
    await peer.close()
    await bridge.close()


async def test_unused_audio_is_never_decoded(connection):
    receiver = connection.addTransceiver("audio", direction="recvonly").receiver
    assert discard_media(receiver)
    await receiver._handle_rtp_packet(packet(1, 1, 1, b"opus"), 0)
    assert getattr(receiver, f"{PREFIX}decoder_queue").qsize() == 0
    await asyncio.sleep(0)


def test_arrivals_are_not_measured_on_the_wall_clock(monkeypatch):
    use_steady_clock()
    steady, wall = clock.current_ms, clock.current_datetime
    use_steady_clock()
    assert clock.current_ms is steady  # Once is enough.
    before_ms = clock.current_ms()
    for hours in (-1, 1):
        monkeypatch.setattr(clock, "current_datetime", lambda h=hours: wall() + timedelta(hours=h))
        assert 0 <= clock.current_ms() - before_ms < 60_000
