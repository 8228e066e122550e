"""``ghosthands publish``: be a phone, with a video file or a camera of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.commands.console import console, progress_bar, run_until_stopped

__all__ = ["publish"]
