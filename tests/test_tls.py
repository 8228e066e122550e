from __future__ import annotations

import asyncio
import ssl
import stat
from pathlib import Path

import pytest

from bridge import tls
from bridge.errors import InputError


def test_the_first_run_makes_a_certificate_and_the_next_keeps_it(tmp_path: Path) -> None:
    certificate, key = tls.own_certificate(tmp_path / "tls")
    first = certificate.read_bytes(), key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert tls.own_certificate(tmp_path / "tls") == (certificate, key)
    assert (certificate.read_bytes(), key.read_bytes()) == first


def test_a_new_address_makes_a_new_certificate_with_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tls.own_certificate(tmp_path)
    before = certificate.read_bytes(), key.read_bytes()
    monkeypatch.setattr(tls, "local_addresses", lambda: ["192.0.2.7"])
    tls.own_certificate(tmp_path)
    assert certificate.read_bytes() != before[0]
    assert key.read_bytes() == before[1]


def test_damaged_files_are_made_again(tmp_path: Path) -> None:
    certificate, key = tls.own_certificate(tmp_path)
    certificate.write_bytes(b"nonsense")
    key.write_bytes(b"")
    tls.own_certificate(tmp_path)
    tls.server_context(certificate, key)


async def test_a_client_that_trusts_it_connects_by_name_and_address(tmp_path: Path) -> None:
    certificate, key = tls.own_certificate(tmp_path)

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(
        greet, "127.0.0.1", 0, ssl=tls.server_context(certificate, key)
    )
    port = server.sockets[0].getsockname()[1]
    trust = ssl.create_default_context(cafile=str(certificate))
    async with server:
        for name in ("localhost", "127.0.0.1"):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=trust, server_hostname=name
            )
            assert await reader.read() == b"hello"
            writer.close()
            await writer.wait_closed()


def test_files_that_do_not_belong_together_are_named(tmp_path: Path) -> None:
    certificate, _ = tls.own_certificate(tmp_path / "a")
    _, other = tls.own_certificate(tmp_path / "b")
    with pytest.raises(InputError, match=r"certificate\.pem"):
        tls.server_context(certificate, other)
    with pytest.raises(InputError, match=r"nowhere\.pem"):
        tls.server_context(tmp_path / "nowhere.pem", other)


def test_a_folder_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot keep a certificate"):
        tls.own_certificate(tmp_path / "file")
