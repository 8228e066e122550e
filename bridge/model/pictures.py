"""Pictures from files that may be anybody's."""

from __future__ import annotations

from io import BytesIO

import av
import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["decode_picture"]

_FORMATS = "bmp_pipe,jpeg_pipe,png_pipe,webp_pipe"


def decode_picture(content: bytes, *, most_pixels: int) -> NDArray[np.uint8] | None:
    """An RGB picture ``(H, W, 3)``, upright; None if it is none, damaged or larger.

    A file of some bytes can say that it has millions of pixels: its header is looked at first.

    Args:
        content: A BMP, JPEG, PNG or WebP file.
        most_pixels: Width times height at most.
    """
    try:
        limits = {"format_whitelist": _FORMATS, "max_pixels": str(most_pixels)}
        with av.open(BytesIO(content), options=limits) as container:
            # Of what is larger, or has no header, the width is 0.
            if not container.streams.video[0].width:
                return None
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    except (av.error.FFmpegError, cv2.error):
        return None
    return None if picture is None else picture.astype(np.uint8, copy=False)
