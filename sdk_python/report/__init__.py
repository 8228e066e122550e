"""A comparison as a page to read, keep and print.

::

    import sdk_python as sdk

    teacher = sdk.Recording.open("teacher.mcap")
    student = sdk.Recording.open("student.mcap")
    result = sdk.compare(teacher, student)
    sdk.report.to_html(result, "report.html", teacher=teacher, student=student)

================  =============================================================================
file              concept
================  =============================================================================
``page``          the page: all sections, in order, and what it may load (nothing)
``headline``      what was compared, and one result
``cards``         passages and habits, with pictures of both hands
``moments``       at which moment to look at the hands
``hand_picture``  a posed hand, from one viewpoint
``shapes``        outlines of round things
``timing``        tempo, pauses, repeats, leaps, which hand comes late
``tempo_plot``    their picture
``heat_map``      every joint over the lesson
``tables``        numbers by joint and fingertip
``places``        paths of the hands, from above
``about``         coverage, recordings, parameters, versions
``plot``          curves that fit every screen
``markup``        text, escaped; numbers, tables, sections
``words``         short names
``to_html``       the file
================  =============================================================================
"""

from __future__ import annotations

from sdk_python.report.page import html_of
from sdk_python.report.to_html import to_html

__all__ = ["html_of", "to_html"]
