"""Names of rooms and views: what a person can read out and a URL can carry."""

from __future__ import annotations

import re

from bridge.errors import InputError

__all__ = ["check_name"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def check_name(name: str) -> str:
    """Returns a valid room or view name unchanged.

    Raises:
        InputError: It is not 1 to 32 lower-case letters, digits and dashes, first no dash.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name[:40]!r} is no name for a room or view: use 1 to 32 lower-case letters, digits "
            "and dashes, not starting with a dash"
        )
    return name
