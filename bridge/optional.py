"""Optional packages: imported when first needed, with one clear line when absent."""

from __future__ import annotations

import importlib
from types import ModuleType

from bridge.errors import MissingDependencyError

__all__ = ["require"]


def require(module: str, *, extra: str) -> ModuleType:
    """Imports an optional module.

    Args:
        module: Its import name, for example ``"torch"``.
        extra: The extra of the ``ghosthands`` distribution that installs it.

    Raises:
        MissingDependencyError: It is not installed; the message has the pip line to run.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingDependencyError(
            f"{module} is not installed. Run: pip install 'ghosthands[{extra}]'"
        ) from error
