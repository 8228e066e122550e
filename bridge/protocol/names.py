"""Names of rooms, views and learners: what a person can read out and a URL can carry."""

from __future__ import annotations

import hashlib
import re

from bridge.errors import InputError

__all__ = ["check_name", "learner_name"]

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


def learner_name(session: str) -> str:
    """What a bridge calls the learner whose ``welcome`` had this secret (SPEC.md, section 4).

    >>> learner_name("secret")
    'learner-2bb80d53'
    """
    return f"learner-{hashlib.sha256(session.encode()).hexdigest()[:8]}"
