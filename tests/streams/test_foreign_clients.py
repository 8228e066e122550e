"""WHIP clients that nobody here wrote: FFmpeg's muxer and Chromium."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from itertools import pairwise
from pathlib import Path

import av
import pytest
from aiohttp import web


@pytest.mark.skipif("whip" not in av.formats_available, reason="this PyAV has no whip muxer")
@pytest.mark.parametrize("extras", [[], ["audio"]], ids=["video", "video and audio"])
async def test_ffmpeg(bridge, certificate, clip, helpers, extras):
    script = Path(__file__).with_name("ffmpeg_publisher.py")
    url = f"{bridge.whip_url}?view=phone"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(clip), url, *map(str, certificate), *extras
    )
    ended = asyncio.create_task(process.wait())
    ended.add_done_callback(lambda _: bridge.rooms.views.close())
    seen = []
    while (frames := await bridge.rooms.views.next_set()) is not None:
        (frame,) = frames.frames
        seen.append((helpers.read_index(frame.picture), frame.time_ns))
    assert await ended == 0
    await helpers.until(lambda: not bridge.endpoint.sessions)
    assert bridge.rooms.log == [("add", "phone"), ("remove", "phone")]
    assert bridge.rooms.tokens[0] == "secret"
    indices = [index for index, _ in seen]
    assert indices == sorted(set(indices))
    assert len(indices) >= 60
    steps = [b[1] - a[1] for a, b in pairwise(seen) if b[0] == a[0] + 1]
    assert sorted(steps)[len(steps) // 2] == pytest.approx(1e9 / 30, rel=0.1)


CHROMIUM = shutil.which("chromium")

PAGE = """<!doctype html><script>
const nowNs = () => Math.round((performance.timeOrigin + performance.now()) * 1e6);
async function publish(url, audio) {
  const stream = await navigator.mediaDevices.getUserMedia(
    {audio, video: {width: 1280, height: 720, frameRate: 30}});
  const connection = new RTCPeerConnection();
  for (const track of stream.getTracks())
    connection.addTransceiver(track, {direction: "sendonly", streams: [stream]});
  const clock = connection.createDataChannel("clock");
  clock.onmessage = ({data}) => {
    const {type, t0_ns} = JSON.parse(data);
    clock.send(JSON.stringify({type: "pong", t0_ns, t1_ns: nowNs()}));
  };
  await connection.setLocalDescription();
  const answer = await fetch(url, {method: "POST", body: connection.localDescription.sdp,
    headers: {"Content-Type": "application/sdp"}});
  if (!answer.ok) throw new Error(await answer.text());
  await connection.setRemoteDescription({type: "answer", sdp: await answer.text()});
  window.connection = connection;
  return new URL(answer.headers.get("Location"), url).href;
}
</script>"""


@pytest.fixture
async def chromium_page(helpers, tmp_path: Path):
    """A page in headless Chromium whose camera plays coded pictures; any origin may publish."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    from playwright.async_api import async_playwright

    camera = helpers.write_clip(
        tmp_path / "camera.mjpeg", 60, size=(1280, 720), codec="mjpeg", pixels="yuvj420p"
    )
    app = web.Application()

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                # On a machine with no other network, as some build machines are.
                "--allow-loopback-in-peer-connection",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={camera}",
            ],
        )
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        yield page
        await browser.close()
    await runner.cleanup()


BITRATE = """async () => {
  for (const report of (await connection.getStats()).values())
    if (report.type === "outbound-rtp" && report.kind === "video") return report.targetBitrate;
}"""


@pytest.mark.browser
@pytest.mark.slow
async def test_chromium(bridge, chromium_page, helpers):
    session = await chromium_page.evaluate("url => publish(url)", f"{bridge.whip_url}?view=phone")
    source = bridge.rooms.sources["phone"]
    sizes, ages, previous = set(), [], 0
    started = time.monotonic()
    while time.monotonic() - started < 5:
        (frame,) = (await bridge.rooms.views.next_set()).frames
        assert frame.time_ns > previous
        previous = frame.time_ns
        ages.append(time.monotonic_ns() - frame.time_ns)
        sizes.add((frame.picture.width, frame.picture.height))
    # Full resolution from the first frame, not after a minute of growing.
    assert sizes == {(1280, 720)}
    # And no estimate that takes a still scene for a slow network.
    assert await chromium_page.evaluate(BITRATE) > 2e6
    assert len(ages) > 30
    assert source.stats().clock == "sender_report"
    # Chromium's reports lead back to the moment at which it had the picture.
    assert 0 < sorted(ages)[len(ages) // 2] < 500e6

    goodbye = "url => fetch(url, {method: 'DELETE'}).then(response => response.status)"
    assert await chromium_page.evaluate(goodbye, session) == 200
    await helpers.until(lambda: not bridge.endpoint.sessions)
    assert bridge.rooms.log == [("add", "phone"), ("remove", "phone")]


@pytest.mark.browser
@pytest.mark.slow
async def test_chromium_with_sound_comes_back_after_a_closed_tab(bridge, chromium_page, helpers):
    for count in (1, 2):
        url = f"{bridge.whip_url}?view=phone"
        await chromium_page.evaluate("url => publish(url, true)", url)
        source = bridge.rooms.sources["phone"]
        await helpers.until(lambda s=source: s.stats().decoded > 5, within_s=20)
        await chromium_page.reload()
        assert bridge.rooms.log.count(("add", "phone")) == count
    await helpers.until(lambda: not bridge.endpoint.sessions, within_s=10)
    assert bridge.rooms.log == [("add", "phone"), ("remove", "phone")] * 2
