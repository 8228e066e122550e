"""Recordings by name: only files of the folder, whatever is asked for and whatever lies there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bridge.errors import RecordingError
from bridge.playback import Library
from tests.playback.lessons import both, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two recordings, and one outside it."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    for k, name in enumerate(["Fuer-Elise_2", "lesson-20261121-164700"]):
        path = write(folder / f"{name}.mcap", both(30))
        os.utime(path, (1000 + k, 1000 + k))
    write(tmp_path / "secret.mcap", both(30))
    return folder


def test_names_are_the_newest_first(folder: Path) -> None:
    assert Library(folder).names() == ("lesson-20261121-164700", "Fuer-Elise_2")


def test_a_recording_is_opened_by_its_name(folder: Path) -> None:
    with Library(folder).open("Fuer-Elise_2") as lesson:
        assert lesson.duration_s == pytest.approx(29 * 0.02)
        assert str(folder) not in lesson.name  # strangers are not told where files are


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret",
        "..\\secret",
        "/etc/passwd",
        "secret/../../secret",
        "lessons/Fuer-Elise_2",
        "Fuer-Elise_2.mcap",
        "Fuer-Elise_2\n",
        "Fuer-Elise_2\0",
        "-rf",
        "~root",
        "a" * 65,
        "füer",
        "%2e%2e%2fsecret",
        "$HOME",
        "C:secret",
        "CON:",
    ],
)
def test_what_is_no_name_is_no_recording(folder: Path, name: str) -> None:
    with pytest.raises(RecordingError, match="is no name of a recording") as caught:
        Library(folder).open(name)
    assert len(str(caught.value)) < 200


def test_a_name_that_nothing_has(folder: Path) -> None:
    with pytest.raises(RecordingError, match="there is no recording 'other'"):
        Library(folder).open("other")


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "link.mcap").symlink_to(tmp_path / "secret.mcap")
    (folder / "inside.mcap").symlink_to(folder / "Fuer-Elise_2.mcap")
    (folder / "dead.mcap").symlink_to(tmp_path / "nowhere")
    library = Library(folder)
    for name in ("link", "inside", "dead"):
        assert name not in library.names()
        with pytest.raises(RecordingError, match="there is no recording"):
            library.open(name)


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to(folder)
    library = Library(tmp_path / "here")
    assert len(library.names()) == 2
    library.open("Fuer-Elise_2").close()


def test_what_is_no_file_is_no_recording(folder: Path) -> None:
    (folder / "folder.mcap").mkdir()
    os.mkfifo(folder / "pipe.mcap")
    library = Library(folder)
    for name in ("folder", "pipe"):
        assert name not in library.names()
        with pytest.raises(RecordingError, match="there is no recording"):
            library.open(name)  # and does not wait for a writer


def test_files_with_other_names_are_not_seen(folder: Path) -> None:
    for name in (".hidden.mcap", "a b.mcap", "lesson.mcap.part", "notes.txt", "x.MCAP", ".mcap"):
        (folder / name).write_bytes(b"")
    assert len(Library(folder).names()) == 2


def test_a_file_that_is_no_recording_says_so(folder: Path) -> None:
    (folder / "notes.mcap").write_text("a lesson")
    with pytest.raises(RecordingError, match="recording notes is not an MCAP file"):
        Library(folder).open("notes")


def test_at_most_64_are_listed(folder: Path) -> None:
    for k in range(100):
        path = folder / f"many-{k}.mcap"
        path.touch()
        os.utime(path, (5000 + k, 5000 + k))
    assert Library(folder).names() == tuple(f"many-{k}" for k in range(99, 35, -1))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    library = Library(tmp_path / "nowhere")
    assert library.names() == ()
    with pytest.raises(RecordingError, match="there is no recording"):
        library.open("a")
