"""Look at a recording in the Rerun viewer (pip install 'ghosthands[viewer]').

python examples/view_in_rerun.py lesson.mcap [lesson.rrd]

With a second name it writes a Rerun file instead of opening a window.
"""

from __future__ import annotations

import sys

import sdk_python as sdk


def main(path: str, output: str | None) -> None:
    with sdk.RecordingFile(path) as lesson:
        if output is None:
            sdk.export.view_in_rerun(lesson)
        else:
            sdk.export.to_rerun(lesson, output)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
