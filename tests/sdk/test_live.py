"""Watching a room: poses, clocks, stalls, and every way a connection can fail or end."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import time

import numpy as np
import pytest
from websockets.asyncio.server import serve

import sdk_python as sdk
from bridge.protocol import (
    SUBPROTOCOL,
    Bye,
    Hello,
    Side,
    Status,
    Subscribe,
    Welcome,
    encode,
    keypoints_from_pose,
)


async def subscribed(kit, bridge):
    await kit.until(lambda: any(isinstance(m, Subscribe) for m in bridge.received))


async def test_poses_arrive_as_arrays(test_bridge, kit):
    async with sdk.connect(test_bridge.url, room="lesson") as poses:
        await subscribed(kit, test_bridge)
        assert (poses.room, poses.server) == ("lesson", "test bridge")
        packet = kit.pose(5, Side.LEFT, Side.RIGHT, time_ns=test_bridge.clock_ns())
        test_bridge.send(packet)
        pose = await anext(poses)
    assert (pose.seq, pose.time_ns) == (5, packet.time_ns)
    for hand in packet.hands:
        shape = kit.shape(hand.side)
        # As near as compact poses are.
        np.testing.assert_allclose(pose.wrist_m[hand.side], hand.wrist_m, atol=2.6e-5)
        np.testing.assert_allclose(pose.pose_quat[hand.side], hand.pose_quat, atol=6e-3)
        np.testing.assert_array_equal(pose.betas[hand.side], shape.betas)
        np.testing.assert_allclose(
            pose.joints_m[hand.side],
            keypoints_from_pose(shape.rest_joints_m, hand.pose_quat, hand.wrist_m),
            atol=3e-4,
        )
    np.testing.assert_allclose(pose.confidence, pose.finger_confidence.mean(axis=1))


async def test_an_absent_hand_is_nan(test_bridge, kit):
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        test_bridge.send(kit.pose(0, Side.RIGHT))
        pose = await anext(poses)
    for array in (pose.joints_m, pose.wrist_m, pose.pose_quat, pose.betas, pose.confidence):
        assert np.isnan(array[0]).all()
        assert np.isfinite(array[1]).all()


async def test_a_pose_keeps_the_shape_it_was_sent_with(test_bridge, kit):
    """A shape that comes while poses wait does not change those."""
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        test_bridge.send(kit.pose(0, Side.RIGHT))
        test_bridge.send(kit.shape(Side.RIGHT, 3.0))
        test_bridge.send(kit.pose(1, Side.RIGHT))
        test_bridge.send(Status((), 30.0, 80.0, True))
        await kit.until(lambda: poses.status)
        first, second = await anext(poses), await anext(poses)
    assert first.betas[1, 0] == 0.5
    assert second.betas[1, 0] == 3.0
    assert poses.status.latency_ms == 80.0


async def test_the_bridge_s_clock_is_known(test_bridge, kit):
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        captured = time.monotonic_ns() - 50_000_000
        test_bridge.send(kit.pose(0, time_ns=captured + kit.CLOCK_AHEAD_NS))
        pose = await anext(poses)
        elapsed_s = (time.monotonic_ns() - captured) * 1e-9
        error_s = poses.round_trip_s / 2
        assert abs(poses.clock_offset_ns - kit.CLOCK_AHEAD_NS) * 1e-9 <= error_s + 1e-6
    assert abs(pose.local_time_ns - captured) * 1e-9 <= error_s + 1e-6
    assert 0.05 - error_s <= pose.age_s <= elapsed_s + error_s


async def test_a_stalled_program_finds_few_stale_poses_and_the_newest(test_bridge, kit):
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        for seq in range(300):
            test_bridge.send(kit.pose(seq))
            if seq % 20 == 0:
                await asyncio.sleep(0)  # the poses flow while the program does not take them
        got = []
        while not got or got[-1] != 299:
            got.append((await anext(poses)).seq)
        window = test_bridge.sessions[0].window
        await kit.until(lambda: window.in_flight < window.size / 2)
    assert got == [*range(10), 299]
    assert window.dropped == 289
    assert poses.missed == 289


async def test_rate_limit_reaches_the_bridge(test_bridge, kit):
    async with sdk.connect(test_bridge.url, max_rate_hz=12.5):
        await subscribed(kit, test_bridge)
    assert Subscribe(12.5) in test_bridge.received
    assert any(isinstance(m, Hello) and m.role == "watch" for m in test_bridge.received)


async def test_leaving_says_bye_and_leaves_no_task(test_bridge, kit):
    before = asyncio.all_tasks()
    async with sdk.connect(test_bridge.url):
        await subscribed(kit, test_bridge)
    assert Bye("done") in test_bridge.received
    await kit.until(lambda: asyncio.all_tasks() <= before)


async def test_the_stream_ends_when_the_bridge_says_bye(test_bridge, kit):
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        test_bridge.send(kit.pose(0))
        test_bridge.end(lambda session: session.bye("the lesson is over"))
        assert [pose.seq async for pose in poses] == [0]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda b: b.cut(), "connection lost"),
        (lambda b: b.end(lambda s: s.refuse("too_slow", "keep up")), r"keep up \(too_slow\)"),
        (lambda b: b.end(lambda s: s.send_encoded(b"\xc1")), r"broke the protocol.*malformed"),
        (
            lambda b: b.end(lambda s: s.send(Welcome(1, "lesson", "", 0))),
            r"broke the protocol.*unexpected",
        ),
        (lambda b: b.end(lambda s: s.send_encoded(bytes(2**20 + 1))), "close code 1009"),
    ],
    ids=["cut", "refused", "garbage", "out of order", "too large"],
)
async def test_a_connection_that_fails_says_why(test_bridge, kit, how, words):
    async with sdk.connect(test_bridge.url) as poses:
        await subscribed(kit, test_bridge)
        how(test_bridge)
        with pytest.raises(sdk.ConnectionFailedError, match=words):
            await anext(poses)


async def test_an_error_of_the_program_goes_through(test_bridge):
    with pytest.raises(ZeroDivisionError):
        async with sdk.connect(test_bridge.url):
            raise ZeroDivisionError


# What cannot be connected to


async def refused(url, words, **options):
    with pytest.raises(sdk.ConnectionFailedError, match=words):
        async with sdk.connect(url, **options):
            pytest.fail("connected")


async def test_nothing_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    await refused(f"http://127.0.0.1:{port}", "cannot reach.*is the bridge running")


async def test_no_such_host():
    await refused("http://nowhere.invalid", "cannot reach ws://nowhere.invalid/ws/lesson")


async def test_unknown_room(test_bridge):
    await refused(test_bridge.url, "there is no room 'empty'.*unknown_room", room="empty")


async def answering(handler, **options):
    return await serve(handler, "127.0.0.1", 0, **options)


def url_of(server, scheme="http") -> str:
    return f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (encode(Welcome(9, "lesson", "", 0)), "unsupported_version"),
        (b"\xc1", "broke the protocol"),
        ("hello", "broke the protocol"),
        (encode(Bye("full")), "before its welcome"),
    ],
)
async def test_another_protocol_behind_the_same_name(answer, words):
    async def handler(websocket):
        await websocket.send(answer)
        await websocket.wait_closed()

    async with await answering(handler, subprotocols=[SUBPROTOCOL]) as server:
        await refused(url_of(server), words)


async def test_a_server_that_says_nothing(monkeypatch):
    async def handler(websocket):
        await websocket.wait_closed()

    monkeypatch.setattr("sdk_python._connection._OPEN_TIMEOUT_S", 0.2)
    async with await answering(handler, subprotocols=[SUBPROTOCOL]) as server:
        await refused(url_of(server), "no greeting within")


async def test_a_websocket_server_that_is_no_bridge():
    async def handler(websocket):
        await websocket.wait_closed()

    async with await answering(handler) as server:
        await refused(url_of(server), "does not speak ghosthands.v1")


async def test_a_web_server_that_is_no_bridge():
    def not_found(connection, request):
        return connection.respond(404, "not here")

    async def handler(websocket):
        await websocket.wait_closed()

    async with await answering(handler, process_request=not_found) as server:
        await refused(url_of(server), "HTTP status 404")


async def test_a_server_that_is_no_web_server():
    async def handler(_reader, writer):
        writer.write(b"220 mail\r\n")
        writer.close()

    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        await refused(url_of(server), "does not answer as a bridge")
        await refused(url_of(server, "https"), "does not speak TLS")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "bridge.local:8443"}, "no address of a bridge"),
        ({"url": "ftp://bridge.local"}, "no address of a bridge"),
        ({"url": "http://"}, "no address of a bridge"),
        ({"url": "http://bridge:99999"}, "no address of a bridge"),
        ({"url": "http://[::1"}, "no address of a bridge"),
        ({"room": "My Lesson"}, "is no name for a room"),
        ({"max_rate_hz": 0}, "max_rate_hz must be from"),
        ({"max_rate_hz": float("nan")}, "max_rate_hz must be from"),
        ({"url": "http://127.0.0.1", "ssl": ssl.create_default_context()}, "without TLS"),
        ({"url": "https://x", "ssl": ssl.create_default_context(), "insecure": True}, "either"),
    ],
)
async def test_arguments_that_cannot_be_used(options, words):
    with pytest.raises(sdk.InputError, match=words):
        async with sdk.connect(**{"url": "http://127.0.0.1:1"} | options):
            pytest.fail("connected")


# TLS and tokens


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-made certificate for 127.0.0.1, as a bridge makes on its first run."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bridge")])
    now = datetime.datetime.now(datetime.UTC)
    import ipaddress

    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "bridge.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def test_tls(test_bridge, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with await answering(
        test_bridge.handle, ssl=context, subprotocols=[SUBPROTOCOL]
    ) as server:
        url = url_of(server, "https")
        await refused(url, "certificate that is not trusted.*insecure=True")
        async with sdk.connect(url, insecure=True) as poses:
            assert poses.room == "lesson"
        trusting = ssl.create_default_context(cafile=certificate)
        async with sdk.connect(url, ssl=trusting, token="secret") as poses:
            assert poses.room == "lesson"
    assert test_bridge.tokens == [None, "Bearer secret"]
