"""An overview of a bridge, drawn for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bridge.top.overview import Overview, RoomOverview

__all__ = ["screen"]

_STAGES = {
    "wait": "capture, decode, wait",
    "reconstruct": "reconstruct",
    "publish": "encode, offer",
    "capture_to_packet": "capture to packet",
}
_BUDGET_MS = {"p50": 120.0, "p95": 200.0}
"""Capture to packet, of the design: above it a number is shown in red."""

_BAR, _BAR_MS = 24, 240.0
_SLOW_S = 1.0


def screen(shown: Overview, url: str, *, problem: str | None = None) -> RenderableType:
    """The whole view.

    Args:
        shown: What to show.
        url: The bridge's address.
        problem: Why there is nothing newer, if there is not.
    """
    parts: list[RenderableType] = [_head(shown, url)]
    if problem is not None:
        parts.append(Text(f"{problem}; trying again", style="bold red"))
    parts += [_room(room) for room in shown.rooms]
    if not shown.rooms:
        parts.append(Text("No room is open.", style="dim"))
    if shown.connections:
        ended = ", ".join(f"{n} {how.replace('_', ' ')}" for how, n in shown.connections.items())
        parts.append(Text.assemble(("connections ended  ", "dim"), ended))
    return Group(*parts)


def _head(shown: Overview, url: str) -> Text:
    text = Text.assemble((f"GhostHands {shown.version}", "bold"), ("  " + url, "cyan"))
    if shown.processor_share is not None:
        text.append(f"   processor {shown.processor_share:.0%} of a core")
    if shown.memory_bytes is not None:
        text.append(f"   memory {shown.memory_bytes / 1e6:.0f} MB")
    return text


def _room(room: RoomOverview) -> Panel:
    title = Text.assemble(("room ", "dim"), (room.name, "bold"))
    state = Text()
    if room.recording:
        state.append("● recording ", "bold red")
    if room.playing:
        state.append("▶ played ", "bold green")
    parts: list[RenderableType] = []
    if room.views:
        parts += [_views(room), Rule(style="dim")]
    elif not room.playing:
        parts += [Text("no device publishes", style="dim"), Rule(style="dim")]
    if room.latency:
        parts += [_latencies(room), Rule(style="dim")]
    parts.append(_facts(room))
    return Panel(
        Group(*parts),
        title=title,
        title_align="left",
        subtitle=state or None,
        subtitle_align="right",
        padding=(0, 1),
    )


def _views(room: RoomOverview) -> Table:
    table = _table("view", "frames/s", "size", "hands", "dropped")
    for view in room.views:
        rate = Text(
            f"{view.rate_hz:.1f}", "green" if view.live and view.rate_hz >= 15 else "yellow"
        )
        table.add_row(
            Text(view.name) if view.live else Text(f"{view.name} (silent)", "red"),
            rate,
            f"{view.width} x {view.height}" if view.width else "-",
            str(view.hands) if view.hands else "-",
            "-" if view.dropped is None else f"{view.dropped:,}",
        )
    return table


def _latencies(room: RoomOverview) -> Table:
    table = _table("stage", "p50 ms", "p95 ms", "")
    for stage, name in _STAGES.items():
        if (found := room.latency.get(stage)) is None:
            continue
        whole = stage == "capture_to_packet"
        style = "bold" if whole else ""
        table.add_row(
            Text(name, style),
            _milliseconds(found.p50_ms, "p50" if whole else None),
            _milliseconds(found.p95_ms, "p95" if whole else None),
            _bar(found.p50_ms, found.p95_ms),
        )
    return table


def _milliseconds(value: float, budget: str | None) -> Text:
    over = budget is not None and value > _BUDGET_MS[budget]
    style = "bold red" if over else "bold green" if budget is not None else ""
    return Text(f"{value:.1f}", style)


def _bar(p50_ms: float, p95_ms: float) -> Text:
    """p50 solid, from there to p95 shaded."""
    half = min(_BAR, round(p50_ms / _BAR_MS * _BAR))
    most = min(_BAR, max(half, round(p95_ms / _BAR_MS * _BAR)))
    return Text.assemble(
        ("█" * half, "cyan"), ("▒" * (most - half), "cyan"), ("·" * (_BAR - most), "dim")
    )


def _facts(room: RoomOverview) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    if room.poses_hz is not None:
        table.add_row("poses", _poses(room))
    table.add_row("watchers", _watchers(room))
    table.add_row("cameras", _cameras(room))
    lost = {reason: number for reason, number in room.dropped.items() if number}
    table.add_row("dropped", _drops(lost, room) if lost else Text("nothing", "green"))
    if room.recording_path:
        table.add_row("recording", Text(room.recording_path, overflow="ellipsis", no_wrap=True))
    return table


def _poses(room: RoomOverview) -> Text:
    text = Text(f"{room.poses_hz:.1f} a second")
    if room.frame_sets_hz:
        text.append(f" from {room.frame_sets_hz:.1f} frame sets")
    if room.failures:
        text.append(f", {room.failures} failed", "bold red")
    return text


def _watchers(room: RoomOverview) -> Text:
    text = Text(str(room.watchers))
    if room.sent_bytes_s is not None:
        text.append(f", {_size(room.sent_bytes_s)}/s sent")
    if room.watchers:
        age_s = room.oldest_unacknowledged_s
        text.append("; slowest ")
        text.append(_age(age_s) + " behind", "bold red" if age_s > _SLOW_S else "default")
        if room.slowest is not None:
            text.append(f" ({room.slowest['client'] or 'nameless'})", "dim")
    return text


def _cameras(room: RoomOverview) -> Text:
    if room.calibration == "known":
        error = room.calibration_error
        text = Text(f"{room.cameras_known} known", "green")
        return text.append(f", error {error:.3f} of a hand" if error is not None else "", "default")
    if room.calibration == "adjusting":
        return Text("adjusting", "yellow")
    return Text("not known: hands are fused without", "dim")


def _drops(lost: dict[str, int], room: RoomOverview) -> Text:
    text = Text()
    for reason, number in sorted(lost.items(), key=lambda item: -item[1]):
        text.append(("" if not text else ", ") + f"{number:,} {reason.replace('_', ' ')}")
        if rate := room.dropped_hz.get(reason):
            text.append(f" ({rate:.1f}/s)", "yellow")
    return text


def _age(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column(first, min_width=22)
    for name in others:
        table.add_column(name, justify="right" if name else "left", min_width=9)
    return table
