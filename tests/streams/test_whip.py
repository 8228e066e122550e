"""The WHIP endpoint over HTTP: RFC 9725, what it asks for and what it refuses."""

from __future__ import annotations

import asyncio
import re

import aiohttp
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from bridge.streams import ForbiddenError, FullError, TokenError, WhipSettings

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CANDIDATE = "a=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.9 50000 typ host\r\n"


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def offers():
    """Makes peer connections with an offer of one video track."""
    connections: list[RTCPeerConnection] = []

    async def make() -> RTCPeerConnection:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connections.append(connection)
        connection.addTransceiver("video", direction="sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        return connection

    yield make
    for connection in connections:
        await connection.close()


async def post(http, bridge, connection, *, view="phone", query="", **headers):
    return await http.post(
        f"{bridge.whip_url}?view={view}{query}",
        data=connection.localDescription.sdp,
        headers=SDP | headers,
    )


async def test_post_answers_with_all_that_the_rfc_asks_for(http, bridge, offers):
    connection = await offers()
    response = await post(http, bridge, connection)
    answer = await response.text()
    assert response.status == 201
    assert response.content_type == "application/sdp"
    assert response.headers["ETag"].startswith('"')
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    (session,) = bridge.endpoint.sessions
    assert response.headers["Location"] == f"/whip/lesson/{session.id}"
    assert "Link" not in response.headers
    assert "a=recvonly" in answer
    assert "a=candidate:" in answer
    assert "a=end-of-candidates" in answer
    assert "a=rtcp-mux" in answer
    assert "a=group:BUNDLE 0" in answer
    assert "x-google-start-bitrate=2500" in answer
    names = [line.split()[1] for line in answer.splitlines() if line.startswith("a=rtpmap:")]
    assert names[0] == "H264/90000"
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    assert bridge.rooms.log == [("add", "phone")]


@pytest.mark.parametrize(("query", "focal"), [("", None), ("&focal=0.83", 0.83)])
async def test_a_publisher_may_tell_its_lens(http, bridge, offers, query, focal):
    assert (await post(http, bridge, await offers(), query=query)).status == 201
    (session,) = bridge.endpoint.sessions
    assert session.source.focal == focal


async def test_delete_ends_the_session_once(http, bridge, offers):
    response = await post(http, bridge, await offers())
    location = bridge.url + response.headers["Location"]
    async with http.delete(location) as gone:
        assert gone.status == 200
    assert bridge.rooms.log == [("add", "phone"), ("remove", "phone")]
    assert bridge.endpoint.sessions == ()
    async with http.delete(location) as again:
        assert again.status == 404
    async with http.delete(f"{bridge.whip_url}/unknown") as unknown:
        assert unknown.status == 404
        assert "no such session" in await unknown.text()


async def test_a_session_is_found_in_its_own_room_only(http, bridge, offers):
    response = await post(http, bridge, await offers())
    location = response.headers["Location"].replace("/lesson/", "/other/")
    async with http.delete(bridge.url + location) as gone:
        assert gone.status == 404


async def test_options_says_what_may_be_sent_from_elsewhere(http, bridge):
    async with http.options(bridge.whip_url) as response:
        assert response.status == 204
        assert response.headers["Accept-Post"] == "application/sdp"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert {"POST", "PATCH", "DELETE"} <= set(
            response.headers["Access-Control-Allow-Methods"].split(", ")
        )
        assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    async with http.options(f"{bridge.whip_url}/session") as response:
        assert response.status == 204
        assert "If-Match" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
async def test_other_methods_are_not_allowed(http, bridge, method: str):
    async with http.request(method, bridge.whip_url) as response:
        assert response.status == 405


@pytest.mark.parametrize(
    ("query", "body", "headers", "status", "says"),
    [
        ("?view=phone", b"hello", SDP, 400, "not a session description"),
        ("?view=phone", b"", SDP, 400, "not a session description"),
        ("?view=phone", b"\xff\xfe\x00", SDP, 400, "UTF-8"),
        ("?view=phone", b"v=0", {"Content-Type": "application/json"}, 415, "application/sdp"),
        ("?view=phone", b"v=0", {}, 415, "application/sdp"),
        ("?view=phone", b"v=0" * 30_000, SDP, 413, "larger than 65536"),
        ("", b"v=0", SDP, 400, r"\?view=NAME"),
        ("?view=Phone%201", b"v=0", SDP, 400, "no name for a room or view"),
        ("?view=..%2f", b"v=0", SDP, 400, "no name for a room or view"),
        ("?view=phone&focal=long", b"v=0", SDP, 400, "longer image sides, 0.2 to 10"),
        ("?view=phone&focal=nan", b"v=0", SDP, 400, "longer image sides, 0.2 to 10"),
        ("?view=phone&focal=0.1", b"v=0", SDP, 400, "longer image sides, 0.2 to 10"),
    ],
)
async def test_requests_that_are_refused(http, bridge, query, body, headers, status, says):
    async with http.post(bridge.whip_url + query, data=body, headers=headers) as response:
        text = await response.text()
        assert response.status == status, text
        assert re.search(says, text)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert bridge.rooms.log == []


async def test_a_bad_room_name_is_refused(http, bridge):
    async with http.post(f"{bridge.url}/whip/Böse?view=phone", data=b"", headers=SDP) as response:
        assert response.status == 400


async def test_a_body_without_a_length_is_limited_too(http, bridge):
    async def endless():
        for _ in range(100):
            yield b"v" * 4096

    async with http.post(f"{bridge.whip_url}?view=phone", data=endless(), headers=SDP) as response:
        assert response.status == 413


async def test_an_offer_without_a_common_codec_leaves_nothing_behind(http, bridge, offers):
    sdp = (await offers()).localDescription.sdp.replace("VP8/", "AV1/").replace("H264/", "H265/")
    async with http.post(f"{bridge.whip_url}?view=phone", data=sdp, headers=SDP) as response:
        assert response.status == 422
        assert "H264 and VP8" in await response.text()
    # A profile that aiortc does not take passes the check of names and fails in aiortc.
    sdp = (await offers()).localDescription.sdp.replace("VP8/", "AV1/").replace("42e01f", "f4001f")
    sdp = sdp.replace("42001f", "f4001f")
    async with http.post(f"{bridge.whip_url}?view=phone", data=sdp, headers=SDP) as response:
        assert response.status == 422
    assert bridge.rooms.log == []
    assert bridge.endpoint.sessions == ()


@pytest.mark.parametrize(
    ("error", "status", "header"),
    [
        (TokenError("a token is needed"), 401, ("WWW-Authenticate", "Bearer")),
        (ForbiddenError("not this room"), 403, None),
        (FullError("the room is full"), 503, ("Retry-After", "5")),
    ],
)
async def test_the_host_may_refuse(http, bridge, offers, error, status, header):
    bridge.rooms.refuse = error
    response = await post(http, bridge, await offers(), Authorization="Bearer secret")
    assert response.status == status
    assert str(error) in await response.text()
    if header:
        assert response.headers[header[0]] == header[1]
    assert bridge.rooms.tokens == ["secret"]
    assert bridge.rooms.log == []


async def test_a_full_bridge_says_when_to_come_back(http, make_bridge, offers):
    bridge = await make_bridge(WhipSettings(max_sessions=1, retry_after_s=7))
    assert (await post(http, bridge, await offers(), view="phone")).status == 201
    refused = await post(http, bridge, await offers(), view="tablet")
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "7"
    # The phone itself may come back: it takes its own place.
    assert (await post(http, bridge, await offers(), view="phone")).status == 201
    assert len(bridge.endpoint.sessions) == 1


async def test_the_same_view_published_again_replaces_the_old_one(http, bridge, offers):
    await post(http, bridge, await offers())
    (old,) = bridge.endpoint.sessions
    await post(http, bridge, await offers())
    (new,) = bridge.endpoint.sessions
    assert new is not old
    assert old.state.value == "closed"
    assert bridge.rooms.log == [("add", "phone"), ("remove", "phone"), ("add", "phone")]


async def test_two_at_once_for_one_view_leave_one(http, bridge, offers):
    connections = [await offers() for _ in range(4)]
    responses = await asyncio.gather(*(post(http, bridge, c) for c in connections))
    assert {r.status for r in responses} == {201}
    assert len(bridge.endpoint.sessions) == 1
    assert bridge.rooms.log.count(("add", "phone")) == 4
    assert bridge.rooms.log.count(("remove", "phone")) == 3


async def test_ice_servers_are_named_when_configured(http, make_bridge, offers, monkeypatch):
    async def no_server(*_args):
        raise TimeoutError

    monkeypatch.setattr("aioice.ice.server_reflexive_candidate", no_server)
    bridge = await make_bridge(WhipSettings(ice_servers=("stun:127.0.0.1:9",)))
    response = await post(http, bridge, await offers())
    assert response.headers["Link"] == '<stun:127.0.0.1:9>; rel="ice-server"'


async def test_patch_takes_late_candidates(http, bridge, offers):
    response = await post(http, bridge, await offers())
    location, etag = bridge.url + response.headers["Location"], response.headers["ETag"]
    (session,) = bridge.endpoint.sessions

    async def patch(body: str, **headers: str):
        async with http.patch(location, data=body, headers=FRAGMENT | headers) as answer:
            return answer.status

    ufrag = f"a=ice-ufrag:{session.offer.username}\r\n"
    assert await patch(CANDIDATE, **{"If-Match": etag}) == 204
    assert await patch(ufrag + CANDIDATE, **{"If-Match": f'"x", {etag}'}) == 204
    assert await patch("a=end-of-candidates", **{"If-Match": etag}) == 204
    assert await patch(CANDIDATE, **{"If-Match": etag}) == 204
    assert await patch(CANDIDATE) == 428
    assert await patch(CANDIDATE, **{"If-Match": '"stale"'}) == 412
    assert await patch("a=ice-ufrag:Other\r\n" + CANDIDATE, **{"If-Match": etag}) == 422
    assert await patch("nonsense", **{"If-Match": etag}) == 400
    async with http.patch(location, data=CANDIDATE, headers=SDP | {"If-Match": etag}) as answer:
        assert answer.status == 415
    async with http.patch(f"{bridge.whip_url}/unknown", data="", headers=FRAGMENT) as answer:
        assert answer.status == 404


async def test_an_offer_nobody_follows_up_ends(http, make_bridge, offers, helpers):
    bridge = await make_bridge(WhipSettings(connect_timeout_s=0.5))
    await post(http, bridge, await offers())
    await helpers.until(lambda: bridge.rooms.log[-1] == ("remove", "phone"), within_s=5)


async def test_closing_twice_is_closing_once(http, bridge, offers):
    await post(http, bridge, await offers())
    (session,) = bridge.endpoint.sessions
    await asyncio.gather(session.close(), session.close(), bridge.endpoint.close())
    await session.close()
    assert bridge.rooms.log == [("add", "phone"), ("remove", "phone")]
