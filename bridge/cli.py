"""The ``ghosthands`` command: its verbs live in ``bridge/commands``, one file each."""

from __future__ import annotations

import sys

from bridge.errors import GhostHandsError, InputError, MissingDependencyError

__all__ = ["main"]


def main() -> None:
    """Runs the command line; exit code 2 for wrong input, 1 for other failures, 130 for Ctrl-C.

    Errors that GhostHands raises on purpose are one line on standard error, never a traceback.
    """
    try:
        from bridge.commands import app
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("bridge", "sdk_python"):
            raise
        missing = MissingDependencyError(
            f"{error.name} is not installed. Run: pip install 'ghosthands[bridge]'"
        )
        sys.exit(f"error: {missing}")
    try:
        app(prog_name="ghosthands")
    except GhostHandsError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2 if isinstance(error, InputError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
