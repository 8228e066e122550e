"""Examples in docstrings run and give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import sdk_python

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(sdk_python.__path__, "sdk_python.")
)


def examples(name: str) -> list[doctest.DocTest]:
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder().find(module, name) if test.examples]


@pytest.mark.parametrize("name", [name for name in MODULES if examples(name)])
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for test in examples(name):
        report: list[str] = []
        failed, _ = runner.run(test, out=report.append)
        assert not failed, "".join(report)


def test_what_people_use_first_has_an_example():
    shown = {test.name for name in MODULES for test in examples(name)}
    for path in ("comparison.compare.compare", "follower.Follower", "features.angles.joint_angles"):
        assert f"sdk_python.{path}" in shown
