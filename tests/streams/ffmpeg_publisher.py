"""Publishes a clip with FFmpeg's own ``whip`` muxer, as a process of its own.

Usage: python ffmpeg_publisher.py CLIP URL CERTIFICATE KEY [audio]

PyAV holds Python's lock while the muxer connects, so it cannot share a process with the server.
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction

import av


def main(clip: str, url: str, certificate: str, key: str, *extras: str) -> None:
    options = {
        # FFmpeg's default certificate is of a curve that OpenSSL's DTLS does not take.
        "cert_file": certificate,
        "key_file": key,
        "whip_flags": "dtls_active",
        "authorization": "secret",
    }
    with av.open(clip) as source, av.open(url, "w", format="whip", options=options) as container:
        video = container.add_stream_from_template(source.streams.video[0])
        sound = None
        if "audio" in extras:
            sound = container.add_stream("libopus", rate=48_000, layout="stereo")
        start = time.monotonic()
        for packet in source.demux(video=0):
            if packet.pts is None:
                continue
            seconds = float(packet.pts * packet.time_base)
            time.sleep(max(0.0, start + seconds - time.monotonic()))
            packet.stream = video
            container.mux(packet)
            if sound is not None:
                samples = av.AudioFrame(format="flt", layout="stereo", samples=1600)
                for plane in samples.planes:
                    plane.update(bytes(plane.buffer_size))
                samples.sample_rate = 48_000
                samples.pts = round(seconds * 48_000)
                samples.time_base = Fraction(1, 48_000)
                container.mux(sound.encode(samples))


if __name__ == "__main__":
    main(*sys.argv[1:])
