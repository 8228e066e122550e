"""What only root may do: network namespaces and disks of their own."""

from __future__ import annotations

import subprocess

import pytest

from tests.bridge_fixture import DEADLINE_S
from tests.conftest import FORBIDDEN


def as_root(*command: str) -> None:
    """Runs a command that needs root; skips the test where it is not there or not allowed."""
    try:
        subprocess.run(command, check=True, timeout=DEADLINE_S, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip(f"needs {command[0]} (Debian: iproute2, mount)")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{FORBIDDEN} {' '.join(command)}: {error.stderr.strip()}")
