"""``ghosthands ensemble``: all hands of a picture or a video, however many there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer
from rich.markup import escape

from bridge.commands.console import console, progress_bar
from bridge.commands.outputs import check_outputs
from bridge.errors import InputError
from bridge.optional import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bridge.model.ensemble import FoundHand

    Write = Callable[[float, NDArray[np.uint8], list[FoundHand]], None]

__all__ = ["ensemble"]

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_MOST_PIXELS = 8192 * 8192  # as of videos
_CLOCK_HZ = 90_000


def ensemble(
    source: Annotated[Path, typer.Argument(help="A picture or a video.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The hands of every frame (.json), or the picture (.png) or video (.mp4) with the "
            "hands drawn on it.",
        ),
    ],
    network: Annotated[
        Path | None,
        typer.Option(help="What ghosthands models export multihand wrote; else the shipped one."),
    ] = None,
    texture: Annotated[
        Path | None,
        typer.Option(help="Also write the hands' median colours, for a ghost (.npz)."),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Least score of a hand; the network's own if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the outputs.")] = False,
) -> None:
    """Find all hands of any number of players, in one pass a picture."""
    from bridge.model.ensemble import MedianColours, MultiHand, write_colours
    from sdk_python._whole_file import whole_file, whole_path

    moving = source.suffix.lower() not in _PICTURES
    kinds = (".json", ".mp4" if moving else ".png")
    if output.suffix.lower() not in kinds:
        raise InputError(f"the output of {source.name} is {' or '.join(kinds)}, not {output.name}")
    if texture is not None and texture.suffix.lower() != ".npz":
        raise InputError(f"the texture is a .npz file, not {texture.name}")
    inputs = [source] if network is None else [source, network]
    outputs = [output] if texture is None else [output, texture]
    check_outputs(inputs, outputs, overwrite=force, flag="--force")
    finder, colours = MultiHand(network, threshold=threshold), MedianColours()
    writer = {".json": _json, ".png": _picture, ".mp4": _video}[output.suffix.lower()]
    frames = count = 0
    with (
        _opened(source, moving=moving) as (total, pictures),
        whole_file(output, overwrite=force) as file,
        writer(file) as write,
        progress_bar("Finding hands", "frames") as update,
    ):
        for time_s, picture in pictures:
            hands = finder(picture)
            frames, count = frames + 1, count + len(hands)
            colours.add(hands)
            write(time_s, picture, hands)
            update(frames, total)
        if texture is not None:  # before the output takes its name: both are written, or neither
            with whole_path(texture, overwrite=force) as draft:
                write_colours(draft, colours.colours())
    if texture is not None:
        console.print(f"{escape(str(texture))} has the hands' colours.")
    console.print(f"{escape(str(output))}: {count} hands in {frames} frames.")


@contextmanager
def _opened(
    source: Path, *, moving: bool
) -> Iterator[tuple[int | None, Iterator[tuple[float, NDArray[np.uint8]]]]]:
    """How many pictures there are, where the file says it; their times, and the pictures."""
    if moving:
        from bridge.streams.files import VideoFile

        with VideoFile(source, allow_cut_short=True) as video:
            yield video.frame_count, ((f.time_ns / 1e9, f.rgb()) for f in video.frames())
        return
    from bridge.model.pictures import decode_picture

    try:
        picture = decode_picture(source.read_bytes(), most_pixels=_MOST_PIXELS)
    except OSError as error:
        raise InputError(f"{source} cannot be read ({error.strerror or error})") from error
    if picture is None:
        raise InputError(
            f"{source} is no picture that can be decoded, or has more than "
            f"{_MOST_PIXELS // 10**6} million pixels: give another"
        )
    yield 1, iter([(0.0, picture)])


@contextmanager
def _json(file: BinaryIO) -> Iterator[Write]:
    frames: list[dict[str, Any]] = []

    def write(time_s: float, _picture: NDArray[np.uint8], hands: list[FoundHand]) -> None:
        frames.append({"time_s": round(time_s, 6), "hands": [_plain(hand) for hand in hands]})

    yield write
    file.write(f"{json.dumps({'frames': frames})}\n".encode())


@contextmanager
def _picture(file: BinaryIO) -> Iterator[Write]:
    from bridge.model.ensemble import draw_hands

    cv2 = require("cv2", extra="bridge")

    def write(_time_s: float, picture: NDArray[np.uint8], hands: list[FoundHand]) -> None:
        file.write(cv2.imencode(".png", draw_hands(picture, hands)[..., ::-1])[1].tobytes())

    yield write


@contextmanager
def _video(file: BinaryIO) -> Iterator[Write]:
    from bridge.model.ensemble import draw_hands

    av = require("av", extra="bridge")
    try:
        with av.open(file, "w", format="mp4") as container:
            streams: list[Any] = []
            ticks = -1

            def write(time_s: float, picture: NDArray[np.uint8], hands: list[FoundHand]) -> None:
                nonlocal ticks
                drawn = draw_hands(picture, hands)
                # The codec stores colours of 2 x 2 pixels together.
                height, width = (length - length % 2 for length in drawn.shape[:2])
                if not min(height, width):
                    raise InputError("the video is too small to draw on: write .json instead")
                if not streams:
                    stream = container.add_stream("libx264", options={"crf": "20"})
                    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                    stream.codec_context.time_base = Fraction(1, _CLOCK_HZ)
                    streams.append(stream)
                (stream,) = streams
                frame = av.VideoFrame.from_ndarray(drawn[:height, :width].copy(), format="rgb24")
                ticks = max(ticks + 1, round(time_s * _CLOCK_HZ))
                frame.pts, frame.time_base = ticks, Fraction(1, _CLOCK_HZ)
                container.mux(stream.encode(frame.reformat(stream.width, stream.height)))

            yield write
            for stream in streams:
                container.mux(stream.encode())
    except av.error.FFmpegError as error:
        reason = error.strerror or error
        raise InputError(f"the video cannot be encoded ({reason}): write .json instead") from error


def _plain(hand: FoundHand) -> dict[str, Any]:
    """A hand for JSON; its mesh follows from its rotations and betas."""
    return {
        "side": hand.side.name.lower(),
        "score": round(hand.score, 4),
        "focal_px": round(hand.focal_px, 2),
        "keypoints_px": hand.keypoints_px.astype(float).round(2).tolist(),
        "joints_m": hand.joints_m.astype(float).round(5).tolist(),
        "rotations": hand.rotations.astype(float).round(5).tolist(),
        "betas": hand.betas.astype(float).round(4).tolist(),
    }
