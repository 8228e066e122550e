"""Writes the golden vectors of protocol v1: bytes and what they mean, for every implementation.

``python scripts/make_golden.py`` writes bridge/protocol/golden/*.json; with ``--check`` it writes
nothing and fails when the committed files differ from what it would write.

messages.json   bytes <-> meaning, poses in full; where not ``canonical``, only bytes -> meaning.
compact.json    bytes of compact poses -> meaning, to 1e-6.
rejected.json   bytes that a receiver must refuse, and the error code it must give.
geometry.json   joint orders, changes of coordinate frames, keypoints of posed hands.

In a meaning, names ending in ``_ns`` hold decimal strings (a JavaScript number cannot hold them)
and arrays are nested lists of the exact float32 values.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from golden.geometry import geometry
from golden.messages import compact_poses, full, good_messages, lenient_inputs
from golden.rejected import rejected_inputs

from bridge import protocol
from bridge.protocol import Side

GOLDEN = Path(__file__).resolve().parent.parent / "bridge" / "protocol" / "golden"


def meaning(value: Any) -> Any:
    """A message as JSON."""
    if isinstance(value, np.ndarray):
        return value.astype(float).tolist()
    if isinstance(value, tuple):
        return [meaning(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        head = {"type": value.TYPE} if hasattr(value, "TYPE") else {}
        return head | {
            f.name: str(getattr(value, f.name))
            if f.name.endswith("_ns")
            else meaning(getattr(value, f.name))
            for f in fields(value)
        }
    return int(value) if isinstance(value, Side) else value


def documents() -> dict[str, Any]:
    """Every golden file by its name."""
    good = [
        {"name": name, "hex": full(m).hex(), "canonical": True, "message": meaning(m)}
        for name, m in good_messages().items()
    ]
    lenient = [
        {"name": name, "hex": data.hex(), "canonical": False, "message": meaning(m)}
        for name, (data, m) in lenient_inputs().items()
    ]
    rejected = [
        {"name": name, "hex": data.hex(), "code": code}
        for name, (data, code) in rejected_inputs().items()
    ]
    # A run of one byte instead of a megabyte of it.
    rejected.append(
        {
            "name": "one byte over 1 MiB",
            "repeat": {"hex": "90", "count": protocol.MAX_MESSAGE_BYTES + 1},
            "code": "too_large",
        }
    )
    compact = []
    for name, pose in compact_poses().items():
        data = protocol.encode(pose)
        message = meaning(protocol.decode(data))
        compact.append({"name": name, "hex": data.hex(), "message": message})
    return {
        "compact.json": {"protocol": protocol.SUBPROTOCOL, "vectors": compact},
        "messages.json": {"protocol": protocol.SUBPROTOCOL, "vectors": good + lenient},
        "rejected.json": {"protocol": protocol.SUBPROTOCOL, "vectors": rejected},
        "geometry.json": {"protocol": protocol.SUBPROTOCOL, **geometry()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    check = parser.parse_args().check
    stale = []
    for name, document in documents().items():
        text = json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
        path = GOLDEN / name
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
            print(f"{path.name}: {len(text)} characters")
    if stale:
        print(f"not what this script makes: {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
