"""The sample's scene, a text file: what it refers to is there, and is what it is taken for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import PACKAGE

FOLDER = PACKAGE / "Samples~" / "FollowAlong"
SCENE = FOLDER / "FollowAlong.unity"


@dataclass(frozen=True)
class Item:
    """One object of a scene."""

    kind: int
    id: int
    body: str


@pytest.fixture(scope="module")
def items() -> list[Item]:
    head, *documents = re.split(r"^--- ", SCENE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert head == "%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:\n"
    found = []
    for document in documents:
        tag, _, body = document.partition("\n")
        match = re.fullmatch(r"!u!(\d+) &(\d+)", tag)
        assert match, tag
        found.append(Item(int(match[1]), int(match[2]), body))
    return found


@pytest.fixture(scope="module")
def scripts() -> dict[str, Path]:
    """Scripts by their GUIDs, as Unity would find them."""
    found = {}
    for meta in PACKAGE.rglob("*.cs.meta"):
        guid = meta.read_text(encoding="utf-8").split("guid: ")[1].split()[0]
        found[guid] = meta.with_suffix("")
    return found


def script_of(item: Item, scripts: dict[str, Path]) -> Path:
    match = re.search(r"m_Script: \{fileID: 11500000, guid: ([0-9a-f]{32}), type: 3\}", item.body)
    assert match, item
    return scripts[match[1]]


def test_objects_are_told_apart_and_refer_to_each_other(items: list[Item]) -> None:
    ids = [item.id for item in items]
    assert len(set(ids)) == len(ids)
    for item in items:
        for reference in re.findall(r"\{fileID: (\d+)\}", item.body):
            assert int(reference) in {0, *ids}, item


def test_components_belong_to_the_objects_that_list_them(items: list[Item]) -> None:
    objects = [item for item in items if item.kind == 1]
    assert len(objects) == 7
    for item in objects:
        for component in re.findall(r"component: \{fileID: (\d+)\}", item.body):
            (found,) = [other for other in items if other.id == int(component)]
            assert f"m_GameObject: {{fileID: {item.id}}}" in found.body


def test_children_and_parents_agree(items: list[Item]) -> None:
    transforms = {item.id: item.body for item in items if item.kind == 4}
    for id_, body in transforms.items():
        (father,) = re.findall(r"m_Father: \{fileID: (\d+)\}", body)
        children = [i for i, b in transforms.items() if f"m_Father: {{fileID: {id_}}}" in b]
        assert [
            int(c) for c in re.findall(r"^  - \{fileID: (\d+)\}", body, re.MULTILINE)
        ] == children
        assert int(father) in {0, *transforms}


def test_every_script_is_there(items: list[Item], scripts: dict[str, Path]) -> None:
    used = {script_of(item, scripts).stem for item in items if item.kind == 114}
    assert used == {
        *("BridgeConnection", "GhostHand", "GhostStage", "InstrumentAnchor", "LearnerHands"),
        *("LessonPlayer", "FollowAlong", "HeadPose"),
    }


def test_fields_are_those_of_the_scripts_and_none_is_left_out(
    items: list[Item], scripts: dict[str, Path]
) -> None:
    for item in items:
        if item.kind != 114:
            continue
        source = script_of(item, scripts).read_text(encoding="utf-8")
        declared = {
            name: type_
            for type_, name in re.findall(
                r"\[SerializeField\] private ([\w<>, .]+?) (\w+)(?: =.*)?;", source
            )
        }
        written = dict(re.findall(r"^  (?!m_)(\w+): ?(.*)$", item.body, re.MULTILINE))
        assert set(written) <= set(declared), item
        for name, value in written.items():
            reference = re.fullmatch(r"\{fileID: (\d+)\}", value)
            if not reference:
                continue
            (target,) = [other for other in items if other.id == int(reference[1])]
            is_a = "Transform" if target.kind == 4 else script_of(target, scripts).stem
            assert is_a == declared[name], name
        parts = {"BridgeConnection", "InstrumentAnchor", "LearnerHands", "LessonPlayer"}
        for name, type_ in declared.items():
            assert name in written or type_ not in {*parts, "GhostStage"}, name


def test_it_holds_no_secret(items: list[Item]) -> None:
    (settings,) = [item.body for item in items if "settings:" in item.body]
    for name in ("link", "host", "token", "fingerprint"):
        assert re.search(rf"^    {name}: $", settings, re.MULTILINE)
