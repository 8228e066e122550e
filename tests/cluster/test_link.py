"""The connection to a real NATS server: refused, unsafe, lost, flooded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.cluster.client import shown
from bridge.cluster.link import NatsLink
from bridge.config import Settings, load_settings
from bridge.counters import Counters
from bridge.errors import ConnectionFailedError, InputError, ProtocolError
from bridge.tls import own_certificate
from tests.bridge_fixture import running_bridge, until
from tests.cluster.nats_server import NatsServer

SECRET = "sesame-open"


@contextlib.asynccontextmanager
async def opened(url: str, counters: Counters | None = None) -> AsyncIterator[NatsLink]:
    link = NatsLink(url, counters or Counters())
    try:
        await link.open()
        yield link
    finally:
        await link.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "http://localhost:4222",
        "nats://",
        f"nats://user:{SECRET}@host:port",
        f"nats://user:{SECRET}@host:4222/path",
        f"nats://user:{SECRET}@one:4222,two",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InputError, match="write nats://HOST:4222") as refused:
        NatsLink(url, Counters())
    assert SECRET not in str(refused.value)


def test_an_address_is_shown_without_its_secret() -> None:
    url = f"nats://user:{SECRET}@one:4222,tls://{SECRET}@two"
    assert shown(url) == "nats://one:4222, tls://two:4222"
    assert SECRET not in repr(Settings(cluster=url))
    with pytest.raises(InputError) as refused:
        load_settings(cluster=url, public_url="https://host/path")
    assert SECRET not in str(refused.value)


async def test_wrong_credentials_are_told_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = NatsServer(tmp_path, "--user", "ghost", "--pass", SECRET, user=f"ghost:{SECRET}@")
    server.start()
    try:
        async with opened(server.url) as link:
            assert link.connected
        wrong = server.url.replace(SECRET, f"{SECRET}-not")
        with pytest.raises(InputError, match="Authorization") as refused:
            async with running_bridge(tmp_path, cluster=wrong):
                pass
    finally:
        server.stop()
    assert SECRET not in str(refused.value)
    assert SECRET not in caplog.text


async def test_tls_is_spoken_and_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nats: NatsServer
) -> None:
    certificate, key = own_certificate(tmp_path / "tls")
    server = NatsServer(
        tmp_path, "--tls", "--tlscert", str(certificate), "--tlskey", str(key), user="ghost@"
    )
    server.start()
    try:
        url = server.url.replace("nats:", "tls:")
        async with opened(url) as link:
            assert "cannot trust" in link.problem
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with opened(url) as link:
            assert link.connected
    finally:
        server.stop()
    # No password goes to a server that was to speak TLS, and does not.
    with pytest.raises(InputError, match="no TLS"):
        async with opened(nats.url.replace("nats://", "tls://ghost:x@")):
            pass


async def test_it_comes_back_with_its_subscriptions(nats: NatsServer) -> None:
    counters = Counters()
    heard: list[bytes] = []
    async with opened(nats.url, counters) as link, opened(nats.url) as other:
        link.subscribe("a.*", lambda _subject, data, answer: (heard.append(data), answer(b"yes")))
        await until(lambda: asks(other), "an answer")
        nats.stop()
        await until(lambda: not link.connected, "the loss")
        link.publish("b", b"nobody hears this")
        assert dropped(counters, "not_connected") == 1
        with pytest.raises(ConnectionFailedError):
            await link.request("a.b", b"", timeout_s=1)
        assert "127.0.0.1" in link.problem
        nats.start()
        await until(lambda: link.connected and other.connected, "the connections")
        count, other.asking = len(heard), None
        await until(lambda: asks(other), "an answer after the loss")
        assert len(heard) > count
        link.unsubscribe("a.*")
        link.publish("c", b"")  # makes it known at once
        await asyncio.sleep(0.1)
        with pytest.raises(ConnectionFailedError):
            await other.request("a.b", b"?", timeout_s=5)


async def test_what_cannot_be_handled_is_counted_and_ends_nothing(nats: NatsServer) -> None:
    counters = Counters()
    heard: list[bytes] = []

    def handle(_subject: str, data: bytes, _answer: object) -> None:
        if data == b"malformed":
            raise ProtocolError("no")
        if data == b"fault":
            raise ZeroDivisionError
        heard.append(data)

    async with opened(nats.url, counters) as link, opened(nats.url) as other:
        link.subscribe("a", handle)
        link.publish("b", b"")
        await asyncio.sleep(0.1)
        for data in (b"malformed", b"fault", b"fine"):
            other.publish("a", data)
        await until(lambda: heard == [b"fine"], "the right one")
        assert (dropped(counters, "malformed"), dropped(counters, "internal")) == (1, 1)


async def test_a_flood_is_bounded(nats: NatsServer) -> None:
    counters = Counters()
    async with opened(nats.url, counters) as link:
        for k in range(1000):  # nothing is sent before the loop turns
            link.publish("a", b"%d" % k)
        assert dropped(counters, "outbox") == 1000 - 512
        link.publish("a", bytes(2 << 20))
        await until(lambda: dropped(counters, "too_large") == 1, "what NATS would not take")
        assert link.connected


async def asks_once(link: NatsLink) -> bool:
    with contextlib.suppress(ConnectionFailedError):
        return await link.request("a.b", b"?", timeout_s=5) == b"yes"
    return False


def asks(link: NatsLink) -> bool:
    """Whether a question has been answered: each call looks at the one before."""
    task: asyncio.Task[bool] | None = getattr(link, "asking", None)
    if task is None or (task.done() and not task.result()):
        link.asking = asyncio.create_task(asks_once(link))
        return False
    return task.done() and task.result()


def dropped(counters: Counters, reason: str) -> int:
    return counters.snapshot().get(("cluster_dropped", (("reason", reason),)), 0)
