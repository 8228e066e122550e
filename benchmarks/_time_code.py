"""Pictures that carry their own number: a strip of black and white fields along the upper edge.

Sixteen fields: twelve bits of the number in Gray code (F. Gray, US patent 2632058), so that two
pictures blended into one read as one of them, and four bits of a checksum, its complement's
nibbles added up and 7, so that a strip which is none, all black or white, is not taken for one.
Fields are parts of the width: pictures may be scaled on the way.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BITS, CHECK_BITS = 12, 4
FIELDS = BITS + CHECK_BITS
HEIGHT = 1 / 24
"""The strip's, as a part of the picture's height."""

READ_IN_PAGE = """
// The number in a strip that is drawn into a canvas of 16 by 1, null where there is none.
(pixels) => {
  let bits = [];
  for (let i = 0; i < 16; i++) bits.push(pixels[i * 4 + 1] > 127 ? 1 : 0);
  let value = 0, bit = 0;
  for (let i = 0; i < 12; i++) { bit ^= bits[i]; value = value * 2 + bit; }
  const check = bits.slice(12).reduce((sum, b) => sum * 2 + b, 0);
  const sum = (~value & 15) + ((~value >> 4) & 15) + ((~value >> 8) & 15);
  return ((sum + 7) & 15) === check ? value : null;
}
"""


def _check(number: int) -> int:
    flipped = ~number
    return ((flipped & 15) + (flipped >> 4 & 15) + (flipped >> 8 & 15) + 7) & 15


def write_code(picture: NDArray[np.uint8], number: int) -> None:
    """Draws a number, 0 to 4095, into a picture ``(H, W, 3)``, in place."""
    gray = number ^ number >> 1
    word = gray << CHECK_BITS | _check(number)
    bits = [word >> (FIELDS - 1 - i) & 1 for i in range(FIELDS)]
    height, width = picture.shape[:2]
    edges = np.round(np.arange(FIELDS + 1) * width / FIELDS).astype(int)
    for bit, left, right in zip(bits, edges[:-1], edges[1:], strict=True):
        picture[: round(height * HEIGHT), left:right] = 255 * bit


def read_code(picture: NDArray[np.uint8]) -> int | None:
    """The number in a picture ``(H, W, 3)``; None where there is none."""
    height, width = picture.shape[:2]
    rows = slice(round(height * HEIGHT * 0.3), round(height * HEIGHT * 0.7))
    centres = ((np.arange(FIELDS) + 0.5) * width / FIELDS).astype(int)
    reach = max(1, width // FIELDS // 4)
    bits = [picture[rows, c - reach : c + reach].mean() > 127 for c in centres]
    number, bit = 0, False
    for one in bits[:BITS]:
        bit ^= bool(one)
        number = number * 2 + bit
    check = sum(int(b) << (CHECK_BITS - 1 - i) for i, b in enumerate(bits[BITS:]))
    return number if check == _check(number) else None


def coded_motion_jpeg(video: Path, path: Path) -> int:
    """Writes a video with numbers, as Chromium's fake camera reads it.

    Returns:
        How many pictures it has: their numbers are 0 and so on.
    """
    count = 0
    with av.open(str(video)) as source, av.open(str(path), "w", format="mjpeg") as sink:
        read = source.streams.video[0]
        write = sink.add_stream("mjpeg", rate=30, options={"qmin": "2", "qmax": "4"})
        write.width, write.height, write.pix_fmt = read.width, read.height, "yuvj420p"
        for count, picture in enumerate(source.decode(read)):
            pixels = picture.to_ndarray(format="rgb24")
            write_code(pixels, count)
            coded = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuvj420p")
            coded.pts, coded.time_base = count, Fraction(1, 30)
            sink.mux(write.encode(coded))
        sink.mux(write.encode())
    return count + 1
