"""One HTML page of all parts; needs no network, no scripts, no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from bridge.errors import InputError
from sdk_python.comparison.take import digest
from sdk_python.report.about import about, coverage
from sdk_python.report.cards import habits, passages
from sdk_python.report.headline import headline, title_of
from sdk_python.report.heat_map import heat_maps
from sdk_python.report.markup import text
from sdk_python.report.places import places
from sdk_python.report.tables import fingertip_table, joint_tables
from sdk_python.report.timing import timing

if TYPE_CHECKING:
    from sdk_python.comparison import Comparison
    from sdk_python.recording import Recording

__all__ = ["html_of"]

_CONTENTS = {
    "passages": "Passages",
    "habits": "Throughout",
    "time": "In time",
    "map": "Map",
    "joints": "Joints",
    "fingertips": "Fingertips",
    "places": "Places",
    "coverage": "Coverage",
    "about": "Recordings",
}

# Hatching, so that what it means does not hang on a colour; used by every picture of the page.
_PATTERNS = (
    '<svg width="0" height="0" class="patterns" aria-hidden="true"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect class="ground" width="6" height="6"/>'
    '<rect class="stripe" width="2" height="6"/></pattern></defs></svg>'
)


def html_of(
    result: Comparison,
    *,
    teacher: Recording,
    student: Recording,
    names: Sequence[str] = (),
    date: str = "",
) -> str:
    """A comparison as one HTML page.

    The same input gives the same page, byte for byte. All that comes from recordings is escaped,
    and a content security policy forbids whatever is not the page's own style.

    Args:
        result: What `sdk.compare` found.
        teacher: The lesson: the teacher's recording, or the first of several takes.
        student: The student's recording.
        names: What to call the recordings, for example their files: the teacher's takes in order,
            then the student's. Empty: by who played them.
        date: When it was compared, to be printed.

    Raises:
        InputError: These are not the recordings that were compared, or not as many names as
            recordings.
    """
    for recording, source, whose in (
        (teacher, result.teachers[0], "teacher's first"),
        (student, result.student, "student's"),
    ):
        if digest(recording) != source.sha256:
            raise InputError(
                f"this is not the {whose} recording that was compared: give the report the same "
                "recordings as compare()"
            )
    count = len(result.teachers) + 1
    if names and len(names) != count:
        raise InputError(f"{count} recordings were compared, but {len(names)} names given")
    title = title_of(names, teacher, student)
    lesson_name = names[0] if names else ""
    body = "\n".join(
        (
            headline(result, title),
            _contents(),
            passages(result, teacher, student, lesson_name),
            habits(result, teacher, student),
            timing(result),
            heat_maps(result),
            joint_tables(result),
            fingertip_table(result),
            places(teacher, student),
            coverage(result),
            about(result, names, date),
        )
    )
    style = _style()
    fingerprint = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{fingerprint}'; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(title)} – GhostHands report</title>\n"
        f"<style>{style}</style>\n</head>\n<body>\n{_PATTERNS}\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def _contents() -> str:
    links = "".join(f'<a href="#{name}">{words}</a> ' for name, words in _CONTENTS.items())
    return f'<nav aria-label="Contents">{links}</nav>'


@cache
def _style() -> str:
    return resources.files(__package__).joinpath("report.css").read_text("utf-8")
