"""Where does a learner's take differ from the teacher's?

python examples/compare_two_takes.py teacher.mcap student.mcap
"""

from __future__ import annotations

import sys

import sdk_python as sdk


def main(teacher_path: str, student_path: str) -> None:
    teacher = sdk.Recording.open(teacher_path)
    student = sdk.Recording.open(student_path)
    result = sdk.compare(teacher, student)
    print(result.summary())
    for passage in result.passages[:3]:
        start_s, end_s = passage.student_s
        print(f"loop {start_s:.1f} to {end_s:.1f} s of {student_path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
