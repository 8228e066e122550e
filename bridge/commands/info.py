"""``ghosthands info``: what is in a recording or a video."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from bridge.commands.console import console
from bridge.errors import InputError
from bridge.protocol.recording import RecordingMetadata

__all__ = ["info"]

_MCAP_MAGIC = b"\x89MCAP"


def info(
    path: Annotated[Path, typer.Argument(help="A recording (.mcap) or a video.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """Say what is in a recording or a video."""
    if not path.is_file():
        raise InputError(f"no file at {path}")
    with path.open("rb") as file:
        is_recording = path.suffix == ".mcap" or file.read(len(_MCAP_MAGIC)) == _MCAP_MAGIC
    facts = _recording_facts(path) if is_recording else _video_facts(path)
    if as_json:
        typer.echo(json.dumps(facts))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        table.add_row(name.replace("_", " "), escape(shown))
    console.print(table)


def _recording_facts(path: Path) -> dict[str, Any]:
    from sdk_python import Recording

    recording = Recording.open(path)
    present = np.isfinite(recording.wrist_m[..., 0])
    share = present.mean(axis=0) if len(recording) else np.zeros(2)
    rate = (len(recording) - 1) / recording.duration_s if recording.duration_s > 0 else 0.0
    return {
        "file": str(path),
        "room": recording.metadata.room,
        "views": list(recording.metadata.views),
        "made": recording.metadata.created,
        "by": recording.metadata.software,
        "source": recording.metadata.source,
        **_provenance(recording.metadata),
        "poses": len(recording),
        "duration_s": round(recording.duration_s, 3),
        "rate_hz": round(rate, 2),
        "left_hand_share": round(float(share[0]), 4),
        "right_hand_share": round(float(share[1]), 4),
        "cut_off": recording.recovered,
        **({} if recording.lost is None else {"lost": str(recording.lost)}),
    }


def _provenance(about: RecordingMetadata) -> dict[str, Any]:
    """What is known of how a recording was made; what is not is left out."""
    facts: dict[str, Any] = {}
    if about.recorded_by:
        facts["recorded_by"] = about.recorded_by
    if about.anchor is not None:
        width, depth = (round(float(size), 3) for size in about.anchor.size_m)
        facts["instrument"] = f"{about.anchor.instrument}, {width} by {depth} m"
    if about.devices:
        facts["devices"] = [
            f"{device.view}: {device.width_px} x {device.height_px}, {device.rate_hz:g} Hz"
            + (f", {device.name}" if device.name else "")
            for device in about.devices
        ]
    if about.versions:
        facts["versions"] = [f"{name} {version}" for name, version in about.versions.items()]
    if about.calibration:
        facts["cameras"] = [
            f"{camera.view}: +-{np.degrees(camera.turn_rad):.1f} degrees, "
            f"+-{camera.place_m * 1000:.0f} mm, focal length +-{camera.focal:.1%}"
            + ("" if camera.usable else ", not used")
            for camera in about.calibration
        ]
    return facts


def _video_facts(path: Path) -> dict[str, Any]:
    from bridge.streams import VideoFile

    with VideoFile(path) as video:
        return {
            "file": str(path),
            "width": video.size_px[0],
            "height": video.size_px[1],
            "frames": video.frame_count,
            "rate_hz": round(video.fps, 3),
            "duration_s": round(video.duration_s, 3),
        }
