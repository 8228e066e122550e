"""Where the command line keeps things between runs."""

from __future__ import annotations

from pathlib import Path

import typer

__all__ = ["data_folder"]


def data_folder() -> Path:
    """This user's folder for certificates; the platform's usual place."""
    return Path(typer.get_app_dir("ghosthands"))
