"""A name in the local network, on the loopback interface and with another program that asks."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from zeroconf import AddressResolverIPv4, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from bridge import mdns, optional, server
from bridge.config import Settings
from bridge.errors import InputError, MissingDependencyError
from bridge.mdns import network_name
from bridge.tls import own_certificate

LOOPBACK = ["127.0.0.1"]
SERVICE = "_https._tcp.local."


@pytest.fixture
async def other() -> AsyncIterator[AsyncZeroconf]:
    """Another program in the same network."""
    zeroconf = AsyncZeroconf(interfaces=LOOPBACK, ip_version=IPVersion.V4Only)
    yield zeroconf
    await zeroconf.async_unregister_all_services()
    await zeroconf.async_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mdns, "_ANSWER_MS", 300)


async def addresses_of(host: str, zeroconf: AsyncZeroconf) -> list[str]:
    resolver = AddressResolverIPv4(f"{host}.")
    await resolver.async_request(zeroconf.zeroconf, 300)
    return resolver.parsed_addresses()


async def test_the_name_leads_to_the_bridge_and_is_listed_until_it_ends(
    other: AsyncZeroconf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with network_name("gh-test-one", interfaces=LOOPBACK) as name:
        assert name.host == "gh-test-one.local"
        await name.announce(8443, ["192.0.2.7"])
        assert await addresses_of(name.host, other) == ["192.0.2.7"]
        info = AsyncServiceInfo(SERVICE, f"GhostHands at gh-test-one.{SERVICE}")
        assert await info.async_request(other.zeroconf, 1000)
        assert (info.port, info.server) == (8443, "gh-test-one.local.")
        # A second one, meanwhile, is called something else. Who was just asked may wait for a
        # second before it answers again (RFC 6762, section 6).
        monkeypatch.setattr(mdns, "_ANSWER_MS", 2000)
        async with network_name("gh-test-one", interfaces=LOOPBACK) as second:
            assert second.host == "gh-test-one-2.local"
    other.zeroconf.cache.cache.clear()
    assert await addresses_of("gh-test-one.local", other) == []


async def test_all_names_taken_is_told(
    other: AsyncZeroconf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mdns, "_TRIES", 1)
    taken = AsyncServiceInfo(
        SERVICE,
        f"Somebody.{SERVICE}",
        addresses=[socket.inet_aton("192.0.2.9")],
        port=1,
        server="gh-test-two.local.",
    )
    await (await other.async_register_service(taken))
    with pytest.raises(InputError, match=r"gh-test-two\.local .* are taken"):
        async with network_name("gh-test-two", interfaces=LOOPBACK):
            pass


async def test_no_network_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with network_name("gh-test-three", interfaces=LOOPBACK) as name:
        with pytest.raises(InputError, match="in no network"):
            await name.announce(8443, [])

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", fail)
    with pytest.raises(InputError, match=r"No such device.*run without --mdns"):
        async with network_name("gh-test-three"):
            pass


async def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name="zeroconf")

    monkeypatch.setattr(optional.importlib, "import_module", missing)
    with pytest.raises(MissingDependencyError, match=r"pip install 'ghosthands\[mdns\]'"):
        async with network_name("ghosthands"):
            pass


def test_the_certificate_names_it(tmp_path: Path) -> None:
    certificate, _ = own_certificate(tmp_path)
    before = certificate.read_bytes()
    own_certificate(tmp_path, names=("ghosthands.local",))
    after = certificate.read_bytes()
    assert after != before
    names = x509.load_pem_x509_certificate(after).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert "ghosthands.local" in names.value.get_values_for_type(x509.DNSName)
    # Without the name it still fits: nobody is warned again.
    own_certificate(tmp_path)
    assert certificate.read_bytes() == after


async def test_a_bridge_goes_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "network_name", partial(network_name, interfaces=LOOPBACK))
    settings = Settings(port=0, mdns=True, mdns_name="gh-test-four")
    names: list[str] = []
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    bridge = asyncio.create_task(
        server.run(settings, tmp_path, on_ready=port.set_result, on_name=names.append)
    )
    await asyncio.wait([bridge, port], return_when=asyncio.FIRST_COMPLETED)
    try:
        assert names == ["gh-test-four.local"]
        url = f"https://localhost:{port.result()}/lobby"
        async with aiohttp.ClientSession() as http, http.get(url, ssl=False) as response:
            first = (await response.json())["addresses"][0]
        assert first == {"url": f"https://gh-test-four.local:{port.result()}", "kind": "name"}
        certificate = await asyncio.to_thread(_certificate, port.result())
        assert b"gh-test-four.local" in certificate
    finally:
        bridge.cancel()
        await asyncio.gather(bridge, return_exceptions=True)


def _certificate(port: int) -> bytes:
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))
