"""Offers, answers and fragments: real ones, odd ones, hostile ones."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.streams.errors import BadOfferError, UnsupportedError, WhipError
from bridge.streams.sdp import read_fragment, read_offer, tune_answer

CANDIDATE = "a=candidate:1 1 udp 2130706431 192.168.1.7 50000 typ host"


async def _offer() -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("audio", direction="sendonly")
    connection.addTransceiver("video", direction="sendonly")
    connection.createDataChannel("clock")
    await connection.setLocalDescription(await connection.createOffer())
    try:
        return connection.localDescription.sdp
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def offer() -> str:
    return asyncio.run(_offer())


def test_a_real_offer(offer: str):
    read = read_offer(offer)
    assert read.kinds == ("audio", "video", "application")
    assert read.first_mid == "0"
    assert f"a=ice-ufrag:{read.username}" in offer


def test_useless_candidates_and_the_mark_of_their_end_are_left_out(offer: str):
    line = next(x for x in offer.splitlines() if x.startswith("a=candidate:"))
    hidden = "a=candidate:2 1 udp 2113937151 5b1c1c8e-1f0e.local 50001 typ host"
    tcp = "a=candidate:3 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active"
    text = offer.replace(line, "\r\n".join([hidden, tcp, CANDIDATE]), 1)
    read = read_offer(text).sdp
    assert CANDIDATE in read
    assert ".local" not in read
    assert "tcptype" not in read
    assert "end-of-candidates" in offer
    assert "end-of-candidates" not in read


def section(offer: str, kind: str) -> str:
    start = offer.index(f"m={kind}")
    following = offer.find("\r\nm=", start)
    return offer[start:] if following < 0 else offer[start : following + 2]


def without(offer: str, kind: str) -> str:
    return offer.replace(section(offer, kind), "")


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (lambda o: "", BadOfferError, "not a session description"),
        (lambda o: "hello", BadOfferError, "not a session description"),
        (lambda o: o[:60], BadOfferError, "not a session description"),
        (lambda o: o.replace("m=video", "m=text"), UnsupportedError, "m=text"),
        (lambda o: without(o, "video"), UnsupportedError, "one video track, not 0"),
        (lambda o: o + section(o, "video"), UnsupportedError, "one video track, not 2"),
        (lambda o: o + section(o, "audio"), UnsupportedError, "at most one audio"),
        (lambda o: o.replace("a=sendonly", "a=recvonly"), BadOfferError, "sendonly"),
        (lambda o: o.replace("a=sendonly", "a=inactive"), BadOfferError, "sendonly"),
        (lambda o: o.replace("a=rtcp-mux\r\n", ""), BadOfferError, "rtcp-mux"),
        (lambda o: o.replace("a=ice-ufrag", "a=x-ufrag"), BadOfferError, "ice-ufrag"),
        (lambda o: o.replace("a=ice-pwd", "a=x-pwd"), BadOfferError, "ice-pwd"),
        (lambda o: o.replace("a=fingerprint", "a=x-print"), BadOfferError, "fingerprint"),
        (lambda o: o.replace("a=setup", "a=x-setup"), BadOfferError, "setup"),
        (lambda o: o.replace("a=group:BUNDLE 0 1 2", "a=group:LS 0 1"), UnsupportedError, "BUNDLE"),
        (lambda o: o.replace("BUNDLE 0 1 2", "BUNDLE 0 1"), UnsupportedError, "BUNDLE"),
        (lambda o: o.replace("a=mid:1", "a=mid:0"), BadOfferError, "a=mid"),
        (lambda o: o.replace("VP8/", "AV1/").replace("H264/", "H265/"), UnsupportedError, "H264"),
        (lambda o: o.replace("a=mid:2", f"{CANDIDATE}\r\n" * 65 + "a=mid:2"), BadOfferError, "64"),
        (lambda o: o.replace("webrtc-datachannel", "other"), UnsupportedError, "datachannel"),
    ],
)  # fmt: skip
def test_offers_that_are_refused(offer: str, change, error, says):
    changed = change(offer)
    assert changed != offer
    with pytest.raises(error, match=says) as caught:
        read_offer(changed)
    assert caught.value.status == (422 if error is UnsupportedError else 400)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_offers_are_read_or_refused(offer: str, data):
    lines = offer.split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        action = data.draw(st.sampled_from(["drop", "cut", "junk", "double"]))
        if action == "drop" and len(lines) > 1:
            del lines[place]
        elif action == "cut":
            lines[place] = lines[place][: data.draw(st.integers(0, len(lines[place])))]
        elif action == "double":
            lines.insert(place, lines[place])
        else:
            lines[place] = lines[place][:3] + data.draw(st.text(max_size=12))
    try:
        read_offer("\r\n".join(lines))
    except WhipError:
        return


async def test_the_answer_asks_chromium_for_full_resolution(offer: str):
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    plain = connection.localDescription.sdp
    await connection.close()
    tuned = tune_answer(plain, start_kbps=2500, max_kbps=4000)
    rates = "x-google-start-bitrate=2500;x-google-max-bitrate=4000"
    video = section(tuned, "video").splitlines()
    names = {line.split()[0][9:]: line.split()[1] for line in video if line.startswith("a=rtpmap:")}
    formats = {line.split()[0][7:]: line.split()[1] for line in video if line.startswith("a=fmtp:")}
    assert {"VP8/90000", "H264/90000", "rtx/90000"} <= set(names.values())
    for payload_type, name in names.items():
        assert (rates in formats.get(payload_type, "")) is (name != "rtx/90000")
    h264 = next(formats[p] for p, name in names.items() if name == "H264/90000")
    assert "packetization-mode=1" in h264.split(";")
    assert section(tuned, "audio") == section(plain, "audio")
    for estimate in ("abs-send-time", "goog-remb"):
        assert estimate in plain
        assert estimate not in tuned
    assert "a=rtcp-fb:97 nack pli" in video


def test_a_fragment_with_candidates():
    text = (
        "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
        f"m=audio 9 RTP/AVP 0\r\na=mid:0\r\n{CANDIDATE}\r\na=end-of-candidates\r\n"
    )
    fragment = read_fragment(text, mid="0")
    assert fragment.username == "EsAw"
    (candidate,) = fragment.candidates
    assert (candidate.ip, candidate.port, candidate.sdpMid) == ("192.168.1.7", 50000, "0")


def test_a_bare_end_of_candidates():
    fragment = read_fragment("a=end-of-candidates\r\n", mid="0")
    assert fragment.candidates == ()
    assert fragment.username is None


@pytest.mark.parametrize(
    "text",
    ["", "hello", "a=candidate:1 1 udp x 192.168.1.7 50000 typ host", "a=candidate:1 1 udp 5 h",
     f"{CANDIDATE}\r\n" * 65],
)  # fmt: skip
def test_fragments_that_are_refused(text: str):
    with pytest.raises(BadOfferError):
        read_fragment(text, mid="0")
