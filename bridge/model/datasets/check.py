"""What a dataset's folder has and what it lacks."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.errors import InputError, MissingDependencyError
from bridge.model.datasets.catalogue import FORMATS, open_reader, recognise
from bridge.model.datasets.files import image_fault
from bridge.model.datasets.labels import Reader

__all__ = ["DatasetReport", "SplitReport", "check_dataset"]

_NAMED = 10
"""Files that a report names of all that are missing."""

_PICTURES = {".jpg", ".jpeg", ".png"}


@dataclass(slots=True)
class SplitReport:
    """One split of a dataset on disk.

    Attributes:
        hands: How many hands it has labels of, each at one time.
        views: How many pictures of them.
        files: How many files these need.
        missing: How many of those are not there.
        damaged: How many pictures are truncated; None where they were not looked at.
        problems: Why the split cannot be opened, and some of what is missing or damaged.
        notes: What it lacks of the official split.
    """

    hands: int = 0
    views: int = 0
    files: int = 0
    missing: int = 0
    damaged: int | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Whether all its samples can be made."""
        return self.hands > 0 and not self.problems


@dataclass(slots=True)
class DatasetReport:
    """A dataset's folder.

    Attributes:
        name: Which dataset.
        path: The folder.
        splits: By name.
    """

    name: str
    path: Path
    splits: dict[str, SplitReport]

    @property
    def usable(self) -> bool:
        """Whether any split can be used."""
        return any(split.usable for split in self.splits.values())

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        names = ("hands", "views", "files", "missing", "damaged", "problems", "notes")
        return {
            "name": self.name,
            "path": str(self.path),
            "usable": self.usable,
            "splits": {
                name: {"usable": split.usable} | {key: getattr(split, key) for key in names}
                for name, split in self.splits.items()
            },
        }


def check_dataset(
    path: Path | str,
    name: str = "auto",
    *,
    pictures: bool = False,
    on_progress: Callable[[str, int], None] | None = None,
) -> DatasetReport:
    """Looks through a dataset's folder.

    Args:
        path: The folder.
        name: Which dataset; ``auto`` recognises it.
        pictures: Also look whether pictures are whole, by their last bytes.
        on_progress: Called now and then with the split and how many files were looked at.

    Raises:
        InputError: The folder is none of a dataset that is known.
        MissingDependencyError: PyYAML is not installed.
    """
    folder = Path(path).expanduser()
    if name == "auto":
        name = recognise(folder)
    if name not in FORMATS:
        raise InputError(f"there is no dataset {name!r}: take one of {', '.join(FORMATS)}, or auto")
    splits: dict[str, SplitReport] = {}
    for split in FORMATS[name].splits:
        try:
            reader = open_reader(name, folder, split)
        except MissingDependencyError:
            raise
        except InputError as error:
            splits[split] = SplitReport(problems=[str(error)])
            continue
        told = None if on_progress is None else _telling(on_progress, split)
        splits[split] = _look(reader, told, pictures=pictures)
    return DatasetReport(name, folder, splits)


def _look(reader: Reader, told: Callable[[int], None] | None, *, pictures: bool) -> SplitReport:
    report = SplitReport(
        hands=len(reader.counts),
        views=int(reader.counts.sum()),
        notes=list(reader.notes),
        damaged=0 if pictures else None,
    )
    missing: list[str] = []
    damaged: list[str] = []
    there = _Folders()
    for path in reader.files():
        report.files += 1
        if told is not None:
            told(report.files)
        if path not in there:
            missing.append(str(path))
        elif pictures and path.suffix in _PICTURES:
            fault = image_fault(path)
            if fault:
                damaged.append(f"{path}: {fault}")
    report.missing = len(missing)
    if pictures:
        report.damaged = len(damaged)
    if missing:
        report.problems.append(_some(f"{len(missing)} of {report.files} files missing", missing))
    if damaged:
        report.problems.append(_some(f"{len(damaged)} pictures damaged", damaged))
    if not report.hands and not report.problems:
        report.notes.append("no hands")
    return report


class _Folders:
    """What is in folders, each listed once: a dataset has a million files in some thousands."""

    def __init__(self) -> None:
        self._listed: dict[str, frozenset[str]] = {}

    def __contains__(self, path: Path) -> bool:
        folder, name = os.path.split(path)
        if folder not in self._listed:
            try:
                names = frozenset(os.listdir(folder))  # noqa: PTH208
            except OSError:
                names = frozenset()
            self._listed[folder] = names
        return name in self._listed[folder]


def _telling(on_progress: Callable[[str, int], None], split: str) -> Callable[[int], None]:
    def tell(files: int) -> None:
        if files % 10_000 == 0:
            on_progress(split, files)

    return tell


def _some(what: str, names: list[str]) -> str:
    rest = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
    return f"{what}: {shown}"
