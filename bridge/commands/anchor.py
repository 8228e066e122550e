"""``ghosthands anchor``: cameras and scale from the tapped corners of an instrument."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from bridge.commands.console import console
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.model.anchor import Anchor
    from bridge.model.anchor.drawing import Picture

__all__ = ["anchor"]

_PICTURES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def anchor(
    files: Annotated[list[Path], typer.Argument(metavar="VIDEO_OR_PICTURE...", help="One a view.")],
    instrument: Annotated[
        str,
        typer.Option(
            "--instrument",
            "-i",
            help="piano-88, -76, -61, -49; a part of one, piano-88:C3-B5; a3, a4, letter; or "
            "WIDTHxDEPTH in metres.",
        ),
    ],
    corners: Annotated[
        list[str],
        typer.Option(
            help='"x,y x,y x,y x,y" in pixels: front left, front right, back right, back left as '
            "the player sees them; once for each view."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The anchor to write (.json).")],
    preview: Annotated[
        Path | None, typer.Option(help="Draw the instrument that was found into a picture.")
    ] = None,
    at: Annotated[float, typer.Option(help="Seconds into a video to take the picture at.")] = 0.0,
    tap_px: Annotated[float, typer.Option(help="How exact a corner is, pixels.")] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the anchor as JSON.")] = False,
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the outputs.")] = False,
) -> None:
    """Find the cameras and the true scale from four corners of a keyboard or a rectangle."""
    from bridge.model.anchor import Instrument, Taps, find_anchor, parse_corners, save_anchor
    from bridge.model.anchor.drawing import draw_anchor, side_by_side
    from bridge.model.anchor.files import anchor_to_dict
    from bridge.model.anchor.keys import doubt_of_keys
    from bridge.offline import view_names

    if len(corners) != len(files):
        raise InputError(
            f"give --corners once for each view: {len(files)} times, not {len(corners)}"
        )
    for path in (output, preview):
        if path is not None and path.exists() and not force:
            raise InputError(f"{path} is there already: choose another name, or add --force")
    what = Instrument.parse(instrument)
    tapped = [parse_corners(text) for text in corners]
    pictures = [_picture(path, at) for path in files]
    taps = [
        Taps(name, (picture.shape[1], picture.shape[0]), four)
        for name, picture, four in zip(view_names(files), pictures, tapped, strict=True)
    ]
    found = find_anchor(what, taps, tap_px=tap_px)
    save_anchor(found, output)
    if preview is not None:
        drawn = [draw_anchor(p, what, v) for p, v in zip(pictures, found.views, strict=True)]
        _write(side_by_side(drawn), preview)
    doubts = [
        f"{one.view}: {doubt}"
        for picture, one in zip(pictures, taps, strict=True)
        if (doubt := doubt_of_keys(picture, what, one)) is not None
    ]
    if as_json:
        typer.echo(json.dumps(anchor_to_dict(found)))
    else:
        _table(found)
    for note in (*found.warnings, *doubts):
        console.print(f"Note: {escape(note)}.", style="yellow")


def _table(found: Anchor) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("view", "camera at x, y, z (m)", "focal length", "corners off by"):
        table.add_column(title)
    for view in found.views:
        place = ", ".join(f"{n:.2f}" for n in view.pose.centre_m)
        table.add_row(
            escape(view.taps.view),
            f"{place} ± {view.position_std_m:.2f}",
            f"{view.pose.focal:.3f} ± {view.focal_std:.3f}",
            f"{view.reprojection_px:.1f} px",
        )
    console.print(table)


def _picture(path: Path, at_s: float) -> Picture:
    """The RGB picture of a file, or of a video at a time."""
    import cv2

    from bridge.streams import VideoFile

    if path.suffix.lower() in _PICTURES:
        if not path.is_file():
            raise InputError(f"there is no file {path}")
        try:
            read = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_COLOR)
        except (cv2.error, OSError):
            read = None
        if read is None:
            raise InputError(f"{path} is not a readable picture")
        return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    with VideoFile(path, allow_cut_short=True) as video:
        for frame in video.frames():
            if frame.time_ns >= at_s * 1e9:
                return frame.rgb()
        raise InputError(f"{path} ends before {at_s:g} s: choose an earlier --at")


def _write(picture: Picture, path: Path) -> None:
    import cv2

    try:
        done, data = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    except cv2.error:
        done = False
    if not done:
        raise InputError(f"{path} is no kind of picture: end its name in .png or .jpg")
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
