"""No log ever has a token, at any level, whoever writes it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import aiohttp
import pytest
import websockets

import sdk_python as sdk
from bridge.access.codes import join_code
from bridge.protocol import SUBPROTOCOL
from bridge.streams import publish
from tests.bridge_fixture import grey_video
from tests.security.helpers import SDP, Guarded, bearer, greet, raw, socket_url


async def test_no_log_has_a_token_a_code_or_a_secret(
    guarded: Guarded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):  # those that were made quieter before
        if name != "sdk_python._connection.websocket":  # whose level is what is tested
            logging.getLogger(name).setLevel(logging.NOTSET)
    video = grey_video(tmp_path / "grey.mp4")
    watch, play, wrong = guarded.token("watch"), guarded.token("publish"), guarded.expired("watch")
    code = join_code(guarded.keyring.secret, "lesson", "watch")

    # As programs do.
    stop = asyncio.Event()
    url = f"{guarded.url}/whip/lesson"
    publishing = asyncio.create_task(
        publish(video, url, view="phone", token=play, loop=True, copy=True, stop=stop)
    )
    async with sdk.connect(guarded.url, token=watch) as poses:
        await anext(poses)
        resume = poses._connection.session.welcome.session
    stop.set()
    await publishing
    with pytest.raises(sdk.ConnectionFailedError):
        async with sdk.connect(guarded.url, token=wrong):
            pass
    with pytest.raises(sdk.InputError) as refused:
        async with sdk.connect(guarded.url, token=f"{watch} {watch}"):
            pass
    assert watch not in str(refused.value)

    # As pages and strangers do, well and badly.
    caplog.set_level(logging.INFO, logger="websockets")  # The test's own client, not the bridge.
    for token in (watch, wrong):
        await greet(guarded.url, hello=token)
    async with websockets.connect(socket_url(guarded.url), subprotocols=[SUBPROTOCOL]) as client:
        await client.send(b"\x81\xa5token\xd9" + bytes([len(watch)]) + watch.encode())
        await client.recv()
    async with aiohttp.ClientSession() as http:
        for token in (watch, play, wrong):
            headers = bearer(token)
            await http.get(f"{guarded.url}/rooms/lesson", headers=headers)
            await http.delete(f"{url}/{token}", headers=headers)
            for body in ("v=0", "nonsense", f"v=0\r\na=token:{token}\r\n"):
                await http.post(f"{url}?view=phone", data=body, headers=SDP | headers)
            await http.get(f"{guarded.url}/viewer?token={token}", headers=headers)
        for typed in (code, "AAAA-AAAA"):
            await http.post(f"{guarded.url}/rooms/lesson/join", json={"code": typed})
    for head in (f"Authorization: Bearer {watch}" + "a" * 9000, f"Bad Header: Bearer {watch}"):
        await raw(guarded.url, f"GET / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())

    everything = "\n".join(
        [*(record.getMessage() for record in caplog.records), caplog.text]
        + [str(record.exc_info) for record in caplog.records if record.exc_info]
    )
    assert "room lesson" in everything  # There are logs at all.
    secrets = {"watch": watch, "play": play, "wrong": wrong, "code": code, "resume": resume}
    secrets["secret"] = guarded.keyring.secret.hex()
    for name, secret in secrets.items():
        part = secret.rpartition(".")[2]  # Of a token, its signature: the rest is no secret.
        assert not [line[:60] for line in everything.splitlines() if part in line], name
