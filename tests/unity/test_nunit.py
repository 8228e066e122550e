"""The package's own tests, which Unity's test runner runs, too: here NUnit runs them under Mono."""

from __future__ import annotations

import asyncio

import pytest

from . import nunit
from .conftest import TESTS, Assemblies

LEAST = 205
"""Fewer tests than this are not all."""


@pytest.fixture(scope="module")
def results(assemblies: Assemblies, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each NUnit test said: nothing, or why it failed or did not run."""
    nunit.need_nunit()
    references = ["GhostHands.Protocol", "GhostHands.Core"]
    library = assemblies.compile(
        "GhostHands.Tests.dll", TESTS / "Editor", references, f"-r:{nunit.FRAMEWORK}"
    )
    return asyncio.run(nunit.run(library, tmp_path_factory.mktemp("hands")))


def test_every_nunit_test_passes(results: dict[str, str]) -> None:
    nunit.assert_all_passed(results)


def test_none_is_left_out(results: dict[str, str]) -> None:
    assert nunit.classes(results) == {path.stem for path in (TESTS / "Editor").glob("*Tests.cs")}
    assert len(results) >= LEAST


def test_names_are_those_of_both_versions_of_nunit() -> None:
    """Debian has NUnit 2.6, Unity 3.5: each lacks names of the other."""
    only_one = (
        *("OneTimeSetUp", "OneTimeTearDown", "ThrowsAsync", "Does.", "Assert.Multiple", "Warn."),
        *("TestFixtureSetUp", "TestFixtureTearDown", "ExpectedException", "Is.StringContaining"),
        *("Is.StringStarting", "Is.StringEnding", "Is.StringMatching", "Is.InstanceOfType"),
    )
    for path in (TESTS / "Editor").glob("*.cs"):
        text = path.read_text(encoding="utf-8")
        assert [name for name in only_one if name in text] == [], path
